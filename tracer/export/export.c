/* SPDX-License-Identifier: MIT
 *
 * Events through the model to a writer. What all formats have in common is here:
 * which spans are worth writing, loss, depths, the holders and waiters of locks.
 */
#include "tracer/export/export_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FLUSH_EVENTS 65536u

enum gtv_export_format gtv_export_format(const char *name)
{
	return !strcmp(name, "chrome")	   ? GTV_EXPORT_CHROME
	       : !strcmp(name, "perfetto") ? GTV_EXPORT_PERFETTO
					   : GTV_EXPORT_NONE;
}

/* A lock's counters change where its spans begin. */
static void lock_counters(struct gtv_export *x, const struct gtv_span *span)
{
	const struct gtv__writer *w = x->writer;
	int unknown = span->state == GTV_ST_UNKNOWN;
	uint64_t *seen =
		gtv__keys_at(&x->seen, gtv__track(GTV__TRACK_LOCK_UNKNOWN, span->lane.id));
	int was = seen && *seen;

	if (seen)
		*seen = (uint64_t)unknown; /* valid until a writer looks for a key */
	w->counter(x, GTV__TRACK_HOLDERS, span->lane.id, span->from_ns,
		   !unknown && span->state != GTV_ST_FREE);
	w->counter(x, GTV__TRACK_WAITERS, span->lane.id, span->from_ns,
		   unknown ? 0 : span->waiters);
	/* A counter has no word for "unknown", so that is one of its own. */
	if (unknown || was)
		w->counter(x, GTV__TRACK_LOCK_UNKNOWN, span->lane.id, span->from_ns,
			   unknown);
}

static void on_span(void *arg, const struct gtv_span *span)
{
	struct gtv_export *x = arg;

	gtv__depth_span(&x->depth, span);
	if (span->lane.kind == GTV_LANE_LOCK)
		lock_counters(x, span);
	if (gtv__span_shown(span))
		x->writer->span(x, span);
}

static void on_edge(void *arg, const struct gtv_edge *edge)
{
	struct gtv_export *x = arg;

	x->writer->edge(x, edge, ++x->flows);
}

static void on_depth(void *arg, uint32_t series, uint64_t ts_ns, int64_t value)
{
	struct gtv_export *x = arg;

	x->writer->counter(x, GTV__TRACK_DEPTH, series, ts_ns, value);
}

static uint32_t lane_pid(void *arg, struct gtv_lane lane)
{
	return gtv__lane_pid(arg, lane);
}

struct gtv_export *gtv_export_new(enum gtv_export_format format, FILE *f,
				  const struct gtv_store *store, uint64_t start_ns)
{
	struct gtv_export *x = calloc(1, sizeof *x);

	if (!x)
		return NULL;
	struct gtv_model_sink sink = {.arg = x, .span = on_span, .edge = on_edge};

	x->f = f;
	x->names = gtv_store_names(store);
	gtv_store_get_info(store, &x->info);
	x->start_ns = x->now_ns = start_ns;
	x->writer = format == GTV_EXPORT_CHROME ? &gtv__chrome : &gtv__perfetto;
	x->depth.pid = lane_pid;
	x->depth.tell = on_depth;
	x->depth.arg = x;
	x->model = gtv_model_new(x->info.level, x->names, &sink);
	if (!x->model || x->writer->begin(x)) {
		gtv_export_free(x);
		return NULL;
	}
	return x;
}

void gtv_export_free(struct gtv_export *x)
{
	if (!x)
		return;
	x->writer->free(x);
	gtv_model_free(x->model);
	gtv__keys_free(&x->seen);
	gtv__depth_free(&x->depth);
	free(x);
}

static void flush(struct gtv_export *x)
{
	gtv__depth_flush(&x->depth, x->model, x->now_ns);
	x->writer->batch_end(x);
	x->since_flush = 0;
}

static void tell_loss(struct gtv_export *x, const struct gtv_ev *ev)
{
	const char *kind = gtv_event_name(ev->seq);
	char text[96];

	snprintf(text, sizeof text, "%" PRIu64 " %s lost", ev->arg, kind ? kind : "events");
	x->writer->loss(x, gtv_ev_loss_from(ev), ev->ts_ns,
			ev->obj == GTV_SRC_RING ? GTV_CORE_NONE : ev->core, text);
}

/* One by one, so that a writer hears of an event before the spans that it ends. */
int gtv_export_events(struct gtv_export *x, const struct gtv_ev *evs, size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++) {
		if (evs[i].kind == GTV_EV_LOSS)
			tell_loss(x, &evs[i]);
		else
			x->writer->event(x, &evs[i]);
		x->now_ns = evs[i].ts_ns;
		rc = gtv_model_feed(x->model, &evs[i], 1);
	}
	/* All lanes are looked at then: worth it only after so many events. */
	x->since_flush += count;
	if (x->since_flush >= FLUSH_EVENTS + gtv_model_gt_count(x->model))
		flush(x);
	return rc || x->no_memory || x->depth.no_memory ? -GTV_ENOMEM : 0;
}

int gtv_export_gap(struct gtv_export *x, uint64_t from_ns, uint64_t to_ns, uint64_t bytes)
{
	char text[96];

	snprintf(text, sizeof text, "%" PRIu64 " bytes of the file cannot be read", bytes);
	x->writer->loss(x, from_ns, to_ns, GTV_CORE_NONE, text);
	return gtv_model_gap(x->model, from_ns, to_ns);
}

int gtv_export_finish(struct gtv_export *x, uint64_t end_ns)
{
	x->now_ns = end_ns;
	gtv_model_finish(x->model, end_ns);
	flush(x);
	x->writer->end(x);
	return x->no_memory || x->depth.no_memory ? -GTV_ENOMEM : 0;
}
