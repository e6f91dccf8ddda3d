/* SPDX-License-Identifier: MIT
 *
 * Perfetto's trace format: a stream of packets, by a small encoder of our own.
 *
 * The kernel's switches are what the viewer makes core lanes and thread states of
 * (sched.h). All else are tracks: for each process a group of its green threads, of
 * its OS threads (which say more than the viewer's own: who took the core, in which
 * system call it sleeps) and of its locks; a group of cores that shows the green
 * thread inside. Children of a process's own track would not nest, so the groups
 * stand between; and tracks of one name would be merged, so each says "none".
 */
#include <stdlib.h>
#include <string.h>

#include "tracer/export/export_priv.h"
#include "tracer/export/proto.h"
#include "tracer/export/sched.h"

enum { BEGIN = 1, END = 2, INSTANT = 3, COUNTER = 4 }; /* TrackEvent.Type */

/* Of TracePacket. */
enum { FTRACE = 1, TREE = 2, TIME = 8, SEQUENCE = 10, EVENT = 11, FLAGS = 13, TRACK = 60 };

struct state {
	struct gtv__bytes packet;
	struct gtv__sched sched;
};

static struct gtv__bytes *packet_begin(struct gtv_export *x)
{
	struct state *st = x->state;

	st->packet.len = 0;
	return &st->packet;
}

/* Closes a packet and writes it. */
static void packet_write(struct gtv_export *x)
{
	struct state *st = x->state;
	uint8_t head[11] = {1 << 3 | 2}; /* Trace.packet, a message */
	size_t len = 1, size;

	gtv__put_number(&st->packet, SEQUENCE, 1);
	x->no_memory |= st->packet.no_memory;
	for (size = st->packet.len; size > 0x7f; size >>= 7)
		head[len++] = (uint8_t)(size | 0x80);
	head[len++] = (uint8_t)size;
	fwrite(head, 1, len, x->f);
	fwrite(st->packet.p, 1, st->packet.len, x->f);
}

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

/* Tracks. */

static void put_track(struct gtv_export *x, uint64_t uuid, uint64_t parent,
		      const char *name, int counter)
{
	struct gtv__bytes *b = packet_begin(x);
	size_t at = gtv__put_begin(b, TRACK);

	gtv__put_number(b, 1, uuid);
	gtv__put_text(b, 2, name);
	if (parent)
		gtv__put_number(b, 5, parent);
	if (counter)
		gtv__put_bytes(b, 8, NULL, 0);
	gtv__put_number(b, 15, 2); /* SIBLING_MERGE_BEHAVIOR_NONE */
	gtv__put_end(b, at);
	packet_write(x);
}

static uint64_t process_track(struct gtv_export *x, uint32_t pid)
{
	uint64_t uuid = gtv__track(GTV__TRACK_PROCESS, pid);
	char text[4 * GTV_NAME_BYTES];
	struct gtv_name name;

	if (!first(x, uuid))
		return uuid;
	gtv_names_get(x->names, GTV_CLASS_PROCESS, pid, &name);

	struct gtv__bytes *b = packet_begin(x);
	size_t at = gtv__put_begin(b, TRACK), inside;

	gtv__put_number(b, 1, uuid);
	inside = gtv__put_begin(b, 3);
	gtv__put_number(b, 1, pid);
	gtv__put_text(b, 6, gtv_names_escape(name.text, text, sizeof text));
	gtv__put_end(b, inside);
	gtv__put_end(b, at);
	packet_write(x);
	return uuid;
}

static uint64_t group_track(struct gtv_export *x, unsigned kind, uint32_t pid)
{
	static const char *const name[] = {"green threads", "OS threads", "locks", "cores"};
	uint64_t uuid = gtv__track(kind, pid), parent = 0;

	if (!first(x, uuid))
		return uuid;
	if (kind != GTV__TRACK_GROUP_CORE)
		parent = process_track(x, pid);
	put_track(x, uuid, parent, name[kind - GTV__TRACK_GROUP_GT], 0);
	return uuid;
}

static uint64_t lane_track(struct gtv_export *x, struct gtv_lane lane)
{
	static const uint8_t group[GTV_LANE_KIND_MAX] = {
		[GTV_LANE_CORE] = GTV__TRACK_GROUP_CORE,
		[GTV_LANE_THREAD] = GTV__TRACK_GROUP_THREAD,
		[GTV_LANE_GT] = GTV__TRACK_GROUP_GT,
		[GTV_LANE_LOCK] = GTV__TRACK_GROUP_LOCK,
	};
	uint64_t uuid = gtv__lane_track(lane);
	char label[4 * GTV_NAME_BYTES];

	if (first(x, uuid))
		put_track(x, uuid, group_track(x, group[lane.kind], gtv__lane_pid(x, lane)),
			  gtv__lane_label(x, lane, label, sizeof label), 0);
	return uuid;
}

/* Events on tracks. */

/* Begins a packet with a track event; *at is for event_end. */
static struct gtv__bytes *event_begin(struct gtv_export *x, unsigned type, uint64_t track,
				      uint64_t ts_ns, size_t *at)
{
	struct gtv__bytes *b = packet_begin(x);

	gtv__put_number(b, TIME, ts_ns);
	*at = gtv__put_begin(b, EVENT);
	gtv__put_number(b, 9, type);
	gtv__put_number(b, 11, track);
	return b;
}

static void event_end(struct gtv_export *x, struct gtv__bytes *b, size_t at)
{
	gtv__put_end(b, at);
	packet_write(x);
}

static void put_event(struct gtv_export *x, unsigned type, uint64_t track, uint64_t ts_ns,
		      const char *name)
{
	size_t at;
	struct gtv__bytes *b = event_begin(x, type, track, ts_ns, &at);

	if (name)
		gtv__put_text(b, 23, name);
	event_end(x, b, at);
}

static void put_args(struct gtv__bytes *b, const struct gtv__arg *args, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = gtv__put_begin(b, 4);

		gtv__put_text(b, 10, args[i].key);
		if (args[i].text[0])
			gtv__put_text(b, 6, args[i].text);
		else
			gtv__put_number(b, 4, (uint64_t)args[i].number);
		gtv__put_end(b, at);
	}
}

static void write_span(struct gtv_export *x, const struct gtv_span *span)
{
	uint64_t track = lane_track(x, span->lane);
	struct gtv__arg args[GTV__ARGS_MAX];
	char title[4 * GTV_NAME_BYTES];
	size_t at;
	struct gtv__bytes *b = event_begin(x, BEGIN, track, span->from_ns, &at);

	gtv__put_text(b, 23, gtv__span_title(x, span, title, sizeof title));
	put_args(b, args, gtv__span_args(x, span, args));
	event_end(x, b, at);
	put_event(x, END, track, span->to_ns, NULL);
}

static void put_flow(struct gtv_export *x, struct gtv_lane lane, uint64_t ts_ns,
		     const char *name, unsigned field, uint64_t id)
{
	uint64_t track = lane_track(x, lane);
	size_t at;
	struct gtv__bytes *b = event_begin(x, INSTANT, track, ts_ns, &at);

	gtv__put_text(b, 23, name);
	gtv__put_fixed64(b, field, id);
	event_end(x, b, at);
}

static void write_edge(struct gtv_export *x, const struct gtv_edge *edge, uint64_t id)
{
	const char *name = gtv__edge_name(edge->kind);

	put_flow(x, edge->from, edge->from_ns, name, 47, id);
	put_flow(x, edge->to, edge->to_ns, name, 48, id);
}

/* Regions go over states' borders, so they have a track of their own, below the green
 * thread's. The value of its key: 1 + how many are open. */
static void write_region(struct gtv_export *x, const struct gtv_ev *ev)
{
	uint64_t uuid = gtv__track(GTV__TRACK_REGIONS, ev->gt), *open;
	char text[4 * GTV_TEXT_CHUNK + 1];
	int begins = ev->kind == GTV_EV_REGION_BEGIN;

	if (!ev->gt)
		return;
	if (first(x, uuid))
		put_track(x, uuid, lane_track(x, (struct gtv_lane){GTV_LANE_GT, ev->gt}),
			  "regions", 0);
	open = gtv__keys_at(&x->seen, uuid);
	if (!open || (!begins && *open < 2))
		return;
	*open += begins ? 1 : (uint64_t)-1;
	put_event(x, begins ? BEGIN : END, uuid, ev->ts_ns,
		  begins ? gtv__note_text(ev, text, sizeof text) : NULL);
}

static void write_event(struct gtv_export *x, const struct gtv_ev *ev)
{
	struct state *st = x->state;
	char text[4 * GTV_TEXT_CHUNK + 1];

	switch (ev->kind) {
	case GTV_EV_MARK:
		put_event(
			x, INSTANT,
			lane_track(x, ev->gt ? (struct gtv_lane){GTV_LANE_GT, ev->gt}
					     : (struct gtv_lane){GTV_LANE_THREAD, ev->tid}),
			ev->ts_ns, gtv__note_text(ev, text, sizeof text));
		break;
	case GTV_EV_REGION_BEGIN:
	case GTV_EV_REGION_END:
		write_region(x, ev);
		break;
	default:
		gtv__sched_event(&st->sched, ev);
	}
}

static void write_loss(struct gtv_export *x, uint64_t from_ns, uint64_t to_ns, int core,
		       const char *text)
{
	struct state *st = x->state;
	uint64_t uuid = gtv__track(GTV__TRACK_LOSS, 1);

	if (first(x, uuid))
		put_track(x, uuid, 0, "lost", 0);
	put_event(x, BEGIN, uuid, from_ns, text);
	put_event(x, END, uuid, to_ns, NULL);
	gtv__sched_lost(&st->sched, core, from_ns);
}

static void write_counter(struct gtv_export *x, unsigned track, uint32_t id, uint64_t ts_ns,
			  int64_t value)
{
	uint64_t uuid = gtv__track(track, id), parent = 0;
	char name[5 * GTV_NAME_BYTES];
	size_t at;

	if (first(x, uuid | 1ull << 39)) {
		if (track != GTV__TRACK_DEPTH)
			parent = group_track(
				x, GTV__TRACK_GROUP_LOCK,
				gtv__lane_pid(x, (struct gtv_lane){GTV_LANE_LOCK, id}));
		put_track(x, uuid, parent,
			  gtv__counter_name(x, track, id, name, sizeof name), 1);
	}

	struct gtv__bytes *b = event_begin(x, COUNTER, uuid, ts_ns, &at);

	gtv__put_number(b, 30, (uint64_t)value);
	event_end(x, b, at);
}

/* Frame. */

static void put_process(struct gtv_export *x, struct gtv__bytes *b, size_t idx)
{
	char text[4 * GTV_NAME_BYTES];
	struct gtv_name name;

	if (gtv_names_at(x->names, GTV_CLASS_PROCESS, idx, &name))
		return;

	size_t at = gtv__put_begin(b, 1);

	gtv__put_number(b, 1, name.id);
	gtv__put_number(b, 2, name.local);
	gtv__put_text(b, 3, gtv_names_escape(name.text, text, sizeof text));
	gtv__put_end(b, at);
}

static void put_thread(struct gtv_export *x, struct gtv__bytes *b, size_t idx)
{
	char text[4 * GTV_NAME_BYTES];
	struct gtv_name name;

	if (gtv_names_at(x->names, GTV_CLASS_THREAD, idx, &name) || !name.pid)
		return;

	size_t at = gtv__put_begin(b, 2);

	gtv__put_number(b, 1, name.id);
	gtv__put_text(b, 2, gtv_names_escape(name.text, text, sizeof text));
	gtv__put_number(b, 3, name.pid);
	gtv__put_end(b, at);
}

static int begin(struct gtv_export *x)
{
	struct state *st = calloc(1, sizeof *st);

	if (!st)
		return -GTV_ENOMEM;
	x->state = st;
	st->sched.names = x->names;

	struct gtv__bytes *b = packet_begin(x);

	gtv__put_number(b, TIME, x->start_ns);
	gtv__put_number(b, FLAGS, 1); /* nothing came before */

	size_t at = gtv__put_begin(b, TREE);

	for (size_t i = 0; i < gtv_names_count(x->names, GTV_CLASS_PROCESS); i++)
		put_process(x, b, i);
	for (size_t i = 0; i < gtv_names_count(x->names, GTV_CLASS_THREAD); i++)
		put_thread(x, b, i);
	gtv__put_end(b, at);
	packet_write(x);
	return 0;
}

static void emit_bundle(void *arg, const struct gtv__bytes *bundle)
{
	struct gtv_export *x = arg;
	struct gtv__bytes *b = packet_begin(x);

	gtv__put_bytes(b, FTRACE, bundle->p, bundle->len);
	packet_write(x);
}

static void batch_end(struct gtv_export *x)
{
	struct state *st = x->state;

	gtv__sched_flush(&st->sched, 0, emit_bundle, x);
	x->no_memory |= st->sched.no_memory;
}

static void end(struct gtv_export *x)
{
	struct state *st = x->state;
	struct gtv_gt_totals gt;

	for (size_t i = 0; i < gtv_model_gt_count(x->model); i++) {
		if (gtv_model_gt_totals(x->model, i, &gt))
			continue;

		uint64_t uuid = gtv__track(GTV__TRACK_REGIONS, gt.id);
		uint64_t *open = gtv__keys_at(&x->seen, uuid);

		for (uint64_t n = open && *open ? *open - 1 : 0; n; n--)
			put_event(x, END, uuid, gt.end_ns, NULL);
	}
	gtv__sched_flush(&st->sched, 1, emit_bundle, x);
	x->no_memory |= st->sched.no_memory;
}

static void state_free(struct gtv_export *x)
{
	struct state *st = x->state;

	if (!st)
		return;
	gtv__sched_free(&st->sched);
	gtv__bytes_free(&st->packet);
	free(st);
}

const struct gtv__writer gtv__perfetto = {
	.begin = begin,
	.span = write_span,
	.edge = write_edge,
	.event = write_event,
	.loss = write_loss,
	.counter = write_counter,
	.batch_end = batch_end,
	.end = end,
	.free = state_free,
};
