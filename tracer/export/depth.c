/* SPDX-License-Identifier: MIT */
#include "tracer/export/depth.h"

#include <stdlib.h>

static void put(struct gtv__depth *d, uint64_t ts_ns, uint32_t series, int32_t by)
{
	if (d->count == d->cap) {
		size_t cap = d->cap ? 2 * d->cap : 1024;
		struct gtv__step *step = realloc(d->step, cap * sizeof *step);

		if (!step) {
			d->no_memory = 1;
			return;
		}
		d->step = step;
		d->cap = cap;
	}
	/* The model may think better of a span that was open: too late for the past. */
	if (ts_ns < d->told_ns)
		ts_ns = d->told_ns;
	d->step[d->count++] = (struct gtv__step){ts_ns, series, by};
}

static int waits(const struct gtv_span *span)
{
	if (span->lane.kind == GTV_LANE_THREAD)
		return span->state == GTV_ST_RUNNABLE || span->state == GTV_ST_PREEMPTED;
	return span->lane.kind == GTV_LANE_GT && span->state == GTV_ST_READY;
}

/* One more, or one fewer, in the series that the lane counts in. */
static void step(struct gtv__depth *d, uint64_t ts_ns, struct gtv_lane lane,
		 uint64_t core_series, int32_t by)
{
	if (lane.kind == GTV_LANE_GT) {
		put(d, ts_ns, GTV__DEPTH_GREEN | (d->pid(d->arg, lane) & GTV__DEPTH_NUMBER),
		    by);
		return;
	}
	put(d, ts_ns, GTV__DEPTH_ALL, by);
	if (core_series)
		put(d, ts_ns, (uint32_t)(core_series - 1), by);
}

static uint64_t core_series(const struct gtv_span *span)
{
	return span->core < 0 ? 0 : (GTV__DEPTH_CORE | (uint32_t)span->core) + 1;
}

static uint64_t lane_key(struct gtv_lane lane)
{
	return (uint64_t)lane.kind << 40 | lane.id;
}

void gtv__depth_span(struct gtv__depth *d, const struct gtv_span *span)
{
	uint64_t *open, series = 0;

	if (span->lane.kind != GTV_LANE_THREAD && span->lane.kind != GTV_LANE_GT)
		return;
	open = gtv__keys_at(&d->open, lane_key(span->lane));
	if (open && *open) {
		uint64_t *where = gtv__keys_at(&d->where, lane_key(span->lane));

		series = where ? *where : 0;
		int same = *open == span->from_ns + 1;

		step(d, same ? span->to_ns : span->from_ns, span->lane, series, -1);
		*open = 0;
		if (same)
			return;
	}
	if (!waits(span))
		return;
	step(d, span->from_ns, span->lane, core_series(span), 1);
	step(d, span->to_ns, span->lane, core_series(span), -1);
}

/* An open span that waits: its step up cannot wait for its end. */
static void count_open(void *arg, const struct gtv_span *span)
{
	struct gtv__depth *d = arg;
	uint64_t *open, *where;

	if (!waits(span))
		return;
	where = gtv__keys_at(&d->where, lane_key(span->lane));
	open = gtv__keys_at(&d->open, lane_key(span->lane));
	if (!open || !where) {
		d->no_memory = 1;
		return;
	}
	if (*open)
		return;
	*open = span->from_ns + 1;
	*where = core_series(span);
	step(d, span->from_ns, span->lane, *where, 1);
}

static int earlier(const void *a, const void *b)
{
	const struct gtv__step *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return (x->series > y->series) - (x->series < y->series);
}

void gtv__depth_flush(struct gtv__depth *d, const struct gtv_model *m, uint64_t now_ns)
{
	gtv_model_open_spans(m, now_ns, count_open, d);
	if (d->count)
		qsort(d->step, d->count, sizeof *d->step, earlier);
	for (size_t i = 0; i < d->count;) {
		const struct gtv__step at = d->step[i];
		int64_t by = 0;

		while (i < d->count && d->step[i].ts_ns == at.ts_ns &&
		       d->step[i].series == at.series)
			by += d->step[i++].by;

		uint64_t *value = gtv__keys_at(&d->value, (uint64_t)at.series + 1);

		if (!value) {
			d->no_memory = 1;
			break;
		}
		if (!by)
			continue;
		*value += (uint64_t)by;
		d->tell(d->arg, at.series, at.ts_ns, (int64_t)*value);
	}
	d->count = 0;
	d->told_ns = now_ns;
}

void gtv__depth_free(struct gtv__depth *d)
{
	free(d->step);
	gtv__keys_free(&d->open);
	gtv__keys_free(&d->where);
	gtv__keys_free(&d->value);
}
