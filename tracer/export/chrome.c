/* SPDX-License-Identifier: MIT
 *
 * Chrome's trace event format, in JSON: what chrome://tracing, Perfetto and
 * speedscope open. Times are microseconds with three decimals after the trace's
 * start.
 *
 * A thread of the format is a lane here: OS threads under their own numbers; cores,
 * and the green threads and locks of a process, under numbers that no thread has
 * (Linux has none above 2^22). Green threads live as nested async events too, with
 * their regions inside.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/export/export_priv.h"

#define NO_TID	  (1u << 22) /* PID_MAX_LIMIT: the kernel gives no number from here */
#define CORES_PID (NO_TID + 1)
#define LOSS_PID  (NO_TID + 2)

struct place {
	uint32_t pid;
	uint64_t tid;
};

static struct place place_of(const struct gtv_export *x, struct gtv_lane lane)
{
	struct place at = {gtv__lane_pid(x, lane), lane.id};

	switch (lane.kind) {
	case GTV_LANE_CORE:
		at.pid = CORES_PID;
		break;
	case GTV_LANE_GT:
		at.tid += 1ull << 32;
		break;
	case GTV_LANE_LOCK:
		at.tid += 2ull << 32;
		break;
	default:
		break;
	}
	return at;
}

static void put_text(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', f);
		putc(*text, f);
	}
}

/* ,"KEY":MICROSECONDS */
static void put_us(FILE *f, const char *key, int64_t ns)
{
	uint64_t n = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

	fprintf(f, ",\"%s\":%s%" PRIu64 ".%03" PRIu64, key, ns < 0 ? "-" : "", n / 1000,
		n % 1000);
}

/* Begins an event; its closing brace is the caller's. */
static void put_head(struct gtv_export *x, const char *ph, struct place at,
		     const char *name, const char *cat)
{
	fprintf(x->f,
		",\n{\"ph\":\"%s\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu64 ",\"name\":\"", ph,
		at.pid, at.tid);
	put_text(x->f, name);
	if (cat)
		fprintf(x->f, "\",\"cat\":\"%s\"", cat);
	else
		putc('"', x->f);
}

static void put_ts(struct gtv_export *x, uint64_t ts_ns)
{
	put_us(x->f, "ts", (int64_t)(ts_ns - x->start_ns));
}

static void put_meta(struct gtv_export *x, const char *what, struct place at,
		     const char *name)
{
	put_head(x, "M", at, what, NULL);
	fprintf(x->f, ",\"args\":{\"name\":\"");
	put_text(x->f, name);
	fprintf(x->f, "\"}}");
}

/* Whether the key comes for the first time. */
static int first(struct gtv_export *x, uint64_t key)
{
	uint64_t *seen = gtv__keys_at(&x->seen, key);

	if (!seen) {
		x->no_memory = 1;
		return 0;
	}
	if (*seen)
		return 0;
	*seen = 1;
	return 1;
}

static void name_process(struct gtv_export *x, uint32_t pid)
{
	char label[4 * GTV_NAME_BYTES];

	if (!first(x, gtv__track(GTV__TRACK_PROCESS, pid)))
		return;
	if (pid == CORES_PID)
		snprintf(label, sizeof label, "cores");
	else if (pid == LOSS_PID)
		snprintf(label, sizeof label, "lost");
	else
		gtv_names_label(x->names, GTV_CLASS_PROCESS, pid, label, sizeof label);
	put_meta(x, "process_name", (struct place){pid, 0}, label);
}

static struct place known_place(struct gtv_export *x, struct gtv_lane lane)
{
	struct place at = place_of(x, lane);
	char label[4 * GTV_NAME_BYTES];

	if (first(x, gtv__lane_track(lane))) {
		name_process(x, at.pid);
		put_meta(x, "thread_name", at,
			 gtv__lane_label(x, lane, label, sizeof label));
		put_head(x, "M", at, "thread_sort_index", NULL);
		fprintf(x->f, ",\"args\":{\"sort_index\":%" PRIu64 "}}", at.tid);
	}
	return at;
}

static void put_args(FILE *f, const struct gtv__arg *args, size_t count)
{
	fputs(",\"args\":{", f);
	for (size_t i = 0; i < count; i++) {
		fprintf(f, "%s\"%s\":", i ? "," : "", args[i].key);
		if (args[i].text[0]) {
			putc('"', f);
			put_text(f, args[i].text);
			putc('"', f);
		} else {
			fprintf(f, "%" PRId64, args[i].number);
		}
	}
	fputs("}}", f);
}

static void put_async(struct gtv_export *x, const char *ph, uint32_t gt, uint64_t ts_ns,
		      const char *name)
{
	struct place at = known_place(x, (struct gtv_lane){GTV_LANE_GT, gt});

	put_head(x, ph, at, name, "green thread");
	put_ts(x, ts_ns);
	fprintf(x->f, ",\"id\":%" PRIu32 "}", gt);
}

/* A green thread's life as an async event: begins with its first span; ends with its
 * exit, or the trace. The value of its key: 0 none, 1 begun, 2 + open regions. */
static void live(struct gtv_export *x, const struct gtv_span *span)
{
	char label[4 * GTV_NAME_BYTES];

	if (first(x, gtv__track(GTV__TRACK_REGIONS, span->lane.id)))
		put_async(x, "b", span->lane.id, span->from_ns,
			  gtv__lane_label(x, span->lane, label, sizeof label));
}

static void write_span(struct gtv_export *x, const struct gtv_span *span)
{
	static const char *const cat[] = {"", "core", "thread", "gt", "lock"};
	struct place at = known_place(x, span->lane);
	struct gtv__arg args[GTV__ARGS_MAX];
	char title[4 * GTV_NAME_BYTES];

	if (span->lane.kind == GTV_LANE_GT)
		live(x, span);
	put_head(x, "X", at, gtv__span_title(x, span, title, sizeof title),
		 cat[span->lane.kind]);
	put_ts(x, span->from_ns);
	put_us(x->f, "dur", (int64_t)(span->to_ns - span->from_ns));
	put_args(x->f, args, gtv__span_args(x, span, args));
}

static void put_flow(struct gtv_export *x, const char *ph, struct gtv_lane lane,
		     uint64_t ts_ns, const char *name, uint64_t id)
{
	put_head(x, ph, known_place(x, lane), name, "edge");
	put_ts(x, ts_ns);
	fprintf(x->f, ",\"id\":%" PRIu64 "%s}", id, *ph == 'f' ? ",\"bp\":\"e\"" : "");
}

static void write_edge(struct gtv_export *x, const struct gtv_edge *edge, uint64_t id)
{
	const char *name = gtv__edge_name(edge->kind);

	put_flow(x, "s", edge->from, edge->from_ns, name, id);
	put_flow(x, "f", edge->to, edge->to_ns, name, id);
}

/* The async events of a green thread end as they began: regions first. */
static void end_life(struct gtv_export *x, uint32_t gt, uint64_t ts_ns)
{
	uint64_t *open = gtv__keys_at(&x->seen, gtv__track(GTV__TRACK_REGIONS, gt));
	char label[4 * GTV_NAME_BYTES];

	if (!open || !*open)
		return;

	uint64_t regions = *open - 1;

	*open = 0;
	while (regions--)
		put_async(x, "e", gt, ts_ns, "region");
	put_async(x, "e", gt, ts_ns,
		  gtv__lane_label(x, (struct gtv_lane){GTV_LANE_GT, gt}, label,
				  sizeof label));
}

static void write_region(struct gtv_export *x, const struct gtv_ev *ev)
{
	uint64_t *open = gtv__keys_at(&x->seen, gtv__track(GTV__TRACK_REGIONS, ev->gt));
	char text[4 * GTV_TEXT_CHUNK + 1];
	int begins = ev->kind == GTV_EV_REGION_BEGIN;

	/* A green thread that no span was told of yet has no life to nest in. */
	if (!open || !ev->gt || (!begins && *open < 2))
		return;
	if (!*open) {
		struct gtv_span span = {.lane = {GTV_LANE_GT, ev->gt},
					.from_ns = ev->ts_ns};

		live(x, &span);
		open = gtv__keys_at(&x->seen, gtv__track(GTV__TRACK_REGIONS, ev->gt));
	}
	*open += begins ? 1 : (uint64_t)-1;
	put_async(x, begins ? "b" : "e", ev->gt, ev->ts_ns,
		  gtv__note_text(ev, text, sizeof text));
}

static void write_event(struct gtv_export *x, const struct gtv_ev *ev)
{
	char text[4 * GTV_TEXT_CHUNK + 1];

	switch (ev->kind) {
	case GTV_EV_MARK:
		put_head(x, "i",
			 known_place(x,
				     ev->gt ? (struct gtv_lane){GTV_LANE_GT, ev->gt}
					    : (struct gtv_lane){GTV_LANE_THREAD, ev->tid}),
			 gtv__note_text(ev, text, sizeof text), "mark");
		put_ts(x, ev->ts_ns);
		fputs(",\"s\":\"t\"}", x->f);
		break;
	case GTV_EV_REGION_BEGIN:
	case GTV_EV_REGION_END:
		write_region(x, ev);
		break;
	default:
		break;
	}
}

static void write_loss(struct gtv_export *x, uint64_t from_ns, uint64_t to_ns, int core,
		       const char *text)
{
	struct place at = {LOSS_PID, 0};

	name_process(x, LOSS_PID);
	put_head(x, "X", at, text, "loss");
	put_ts(x, from_ns);
	put_us(x->f, "dur", (int64_t)(to_ns - from_ns));
	if (core >= 0)
		fprintf(x->f, ",\"args\":{\"core\":%d}", core);
	putc('}', x->f);
}

static void write_counter(struct gtv_export *x, unsigned track, uint32_t id, uint64_t ts_ns,
			  int64_t value)
{
	struct place at = {CORES_PID, 0};
	char name[5 * GTV_NAME_BYTES];

	if (track != GTV__TRACK_DEPTH)
		at.pid = gtv__lane_pid(x, (struct gtv_lane){GTV_LANE_LOCK, id});
	else if (id & GTV__DEPTH_GREEN)
		at.pid = id & GTV__DEPTH_NUMBER;
	name_process(x, at.pid);
	put_head(x, "C", at, gtv__counter_name(x, track, id, name, sizeof name), NULL);
	put_ts(x, ts_ns);
	fprintf(x->f, ",\"args\":{\"value\":%" PRId64 "}}", value);
}

static int begin(struct gtv_export *x)
{
	char text[4 * sizeof x->info.command];

	fprintf(x->f,
		"{\"displayTimeUnit\":\"ns\",\n\"otherData\":{\"tool\":\"gtviz " GTV_VERSION
		"\",\"start_ns\":%" PRIu64 ",\"level\":%d,\"cores\":%" PRIu32
		",\"command\":\"",
		x->start_ns, x->info.level, x->info.core_count);
	put_text(x->f, gtv_names_escape(x->info.command, text, sizeof text));
	fputs("\",\"host\":\"", x->f);
	put_text(x->f, gtv_names_escape(x->info.host, text, sizeof text));
	/* An event that every file has: the others begin with a comma. */
	fprintf(x->f,
		"\"},\n\"traceEvents\":[\n{\"ph\":\"M\",\"pid\":%u,\"tid\":0,"
		"\"name\":\"process_sort_index\",\"args\":{\"sort_index\":-1}}",
		CORES_PID);
	return 0;
}

static void end(struct gtv_export *x)
{
	struct gtv_gt_totals gt;

	for (size_t i = 0; i < gtv_model_gt_count(x->model); i++)
		if (!gtv_model_gt_totals(x->model, i, &gt))
			end_life(x, gt.id, gt.end_ns);
	fputs("\n]}\n", x->f);
}

static void nothing(struct gtv_export *x)
{
	(void)x;
}

const struct gtv__writer gtv__chrome = {
	.begin = begin,
	.span = write_span,
	.edge = write_edge,
	.event = write_event,
	.loss = write_loss,
	.counter = write_counter,
	.batch_end = nothing,
	.end = end,
	.free = nothing,
};
