/* SPDX-License-Identifier: MIT */
#include "tui/trace/latency.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tui/scene/histogram.h"
#include "tui/trace/reading.h"
#include "tui/trace/span.h"

struct tui_latency_reader {
	struct tui_reading *reading;
	struct tui_latency *lat;
	uint64_t begun_ns; /* real time */
	int no_memory;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- what the reading tells ---- */

static void on_span(void *arg, const struct gtv_span *span)
{
	struct tui_latency_reader *r = arg;

	r->no_memory |= gtv_latency_span(r->lat->data, span) != 0;
}

static void on_edge(void *arg, const struct gtv_edge *edge)
{
	struct tui_latency_reader *r = arg;

	r->no_memory |= gtv_latency_edge(r->lat->data, edge) != 0;
}

static void on_events(void *arg, const struct gtv_ev *evs, size_t count)
{
	struct tui_latency_reader *r = arg;

	for (size_t i = 0; i < count; i++)
		r->no_memory |= gtv_latency_event(r->lat->data, &evs[i]) != 0;
}

static void on_gap(void *arg, uint64_t from_ns, uint64_t to_ns)
{
	struct tui_latency_reader *r = arg;

	(void)from_ns;
	(void)to_ns;
	gtv_latency_gap(r->lat->data);
}

static void on_open(void *arg, const struct gtv_span *span)
{
	gtv_latency_open(arg, span);
}

/* What still waits at the end has not ended: it is told, not counted. */
static void tell_open(struct tui_latency *lat, const struct gtv_model *model,
		      uint64_t end_ns)
{
	gtv_latency_open_clear(lat->data);
	if (!lat->range.kind)
		gtv_model_open_spans(model, end_ns, on_open, lat->data);
}

static void on_finish(void *arg, struct gtv_model *model, uint64_t end_ns)
{
	struct tui_latency_reader *r = arg;

	tell_open(r->lat, model, end_ns);
}

static const struct tui_reading_ops ops = {
	.span = on_span,
	.edge = on_edge,
	.events = on_events,
	.gap = on_gap,
	.finish = on_finish,
};

/* ---- the reading ---- */

static void stop(struct tui_latency *lat)
{
	if (lat->reader)
		tui_reading_free(lat->reader->reading);
	free(lat->reader);
	gtv_latency_free(lat->data);
	lat->reader = NULL;
	lat->data = NULL;
}

static int start(struct tui_trace *t)
{
	struct tui_latency *lat = t->latency;
	struct tui_latency_reader *r = calloc(1, sizeof(*r));

	stop(lat);
	lat->range = tui_range_of(&t->nav, t->scope);
	lat->from_ns = lat->upto_ns = lat->range.from_ns;
	lat->done = lat->failed = lat->caught_up = 0;
	lat->generation++;
	lat->data = lat->range.kind ? gtv_latency_new(lat->from_ns, lat->range.to_ns - 1)
				    : gtv_latency_new(0, UINT64_MAX);
	lat->reader = r;
	if (r) {
		r->lat = lat;
		r->begun_ns = now_ns();
		r->reading = tui_reading_new(t, &ops, r);
	}
	if (!r || !r->reading || !lat->data) {
		stop(lat);
		lat->done = lat->failed = 1;
		return -1;
	}
	if (lat->range.kind)
		tui_reading_range(r->reading, lat->from_ns, lat->range.to_ns);
	return 0;
}

/* What is counted is not what is asked for. */
static int is_stale(const struct tui_trace *t)
{
	struct tui_range wanted = tui_range_of(&t->nav, t->scope);

	return tui_range_differs(&wanted, &t->latency->range);
}

/* …and it is time to begin again: a window that moves with a live trace is let be. */
static int should_restart(const struct tui_trace *t)
{
	const struct tui_latency *lat = t->latency;

	if (!lat->data && !lat->failed)
		return 1;
	if (!is_stale(t))
		return 0;
	return !lat->reader || tui_range_is_due(&lat->range, &t->nav, t->scope,
						lat->reader->begun_ns, now_ns());
}

static int read_on(struct tui_latency *lat, uint64_t budget_ns)
{
	struct tui_latency_reader *r = lat->reader;
	int changed = tui_reading_go(r->reading, budget_ns);

	lat->upto_ns = tui_reading_upto_ns(r->reading);
	lat->done = tui_reading_done(r->reading) || r->no_memory;
	lat->caught_up = tui_reading_caught_up(r->reading);
	lat->failed = tui_reading_failed(r->reading) || r->no_memory;
	if (changed && lat->caught_up && !lat->done)
		tell_open(lat, tui_reading_model(r->reading), lat->upto_ns);
	tui_reading_release(r->reading);
	return changed;
}

int tui_latency_read(struct tui_trace *t, uint64_t budget_ns)
{
	int begun = 0;

	if (!t->latency) {
		t->latency = calloc(1, sizeof(*t->latency));
		if (!t->latency)
			return 0;
		t->latency->kind = GTV_LAT_MAX;
		for (int k = 0; k < GTV_LAT_MAX; k++)
			t->latency->bucket[k] = TUI_HISTOGRAM_MOST;
	}
	if (should_restart(t)) {
		if (start(t))
			return 1;
		begun = 1;
	}
	if (t->latency->done || !t->latency->reader)
		return begun;
	return read_on(t->latency, budget_ns) || begun;
}

int tui_latency_unread(const struct tui_trace *t)
{
	return !t->latency || !t->latency->done || is_stale(t);
}

void tui_latency_forget(struct tui_trace *t)
{
	if (t->latency)
		stop(t->latency);
	free(t->latency);
	t->latency = NULL;
}

/* ---- the table of calls ---- */

static uint64_t sort_key(const struct gtv_call_row *r, enum tui_calls_sort sort)
{
	uint64_t count = gtv_histogram_count(r->histogram);

	switch (sort) {
	case TUI_CALLS_COUNT:
		return count;
	case TUI_CALLS_MEAN:
		return count ? gtv_histogram_sum_ns(r->histogram) / count : 0;
	case TUI_CALLS_P99:
		return gtv_histogram_percentile_ns(r->histogram, 990);
	case TUI_CALLS_MAX:
		return gtv_histogram_max_ns(r->histogram);
	case TUI_CALLS_ERRORS:
		return r->errors;
	default:
		return gtv_histogram_sum_ns(r->histogram);
	}
}

struct keyed {
	uint64_t key;
	struct gtv_call_row row;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key > y->key ? -1 : 1;
	if (x->row.source != y->row.source)
		return x->row.source < y->row.source ? -1 : 1;
	return (x->row.number > y->row.number) - (x->row.number < y->row.number);
}

/* Timed calls, if there are any, else those in which threads slept; and what the
 * runtime handed out. */
static size_t gather(struct tui_calls *c, struct keyed *out)
{
	const struct gtv_latency *data = c->latency->data;
	size_t count = 0, all = gtv_latency_call_count(data);
	struct gtv_call_row row;

	c->timed = gtv_latency_histogram(data, GTV_LAT_CALL) != NULL;
	for (size_t i = 0; i < all; i++) {
		if (gtv_latency_call(data, i, &row) ||
		    row.source == (c->timed ? GTV_CALL_ASLEEP : GTV_CALL_TIMED))
			continue;
		out[count++] = (struct keyed){sort_key(&row, c->sort), row};
	}
	return count;
}

void tui_calls_order(struct tui_trace *t, int next)
{
	struct tui_calls *c = t->calls;
	struct gtv_call_row was = {0};
	struct keyed *sorted;

	if (!c)
		return;
	if (!c->latency || !c->latency->data) {
		c->count = c->chosen = 0;
		return;
	}
	c->generation = c->latency->generation;
	c->upto_ns = c->latency->upto_ns;
	if (next)
		c->sort = (c->sort + 1) % TUI_CALLS_SORT_MAX;
	if (c->chosen < c->count && c->chosen)
		was = c->row[c->chosen];
	sorted = calloc(GTV_CALLS_MAX, sizeof(*sorted));
	c->count = sorted && c->row ? gather(c, sorted) : 0;
	if (c->count)
		qsort(sorted, c->count, sizeof(*sorted), by_key);
	/* The first stays the first: the eye is on the top of the table. */
	c->chosen = 0;
	for (size_t i = 0; i < c->count; i++) {
		c->row[i] = sorted[i].row;
		if (was.histogram && c->row[i].source == was.source &&
		    c->row[i].number == was.number)
			c->chosen = i;
	}
	free(sorted);
}

int tui_calls_read(struct tui_trace *t, uint64_t budget_ns)
{
	int changed = tui_latency_read(t, budget_ns);

	if (!t->calls) {
		t->calls = calloc(1, sizeof(*t->calls));
		if (!t->calls)
			return changed;
		t->calls->row = calloc(GTV_CALLS_MAX, sizeof(*t->calls->row));
		changed = 1;
	}
	t->calls->latency = t->latency;
	/* Rows borrow what is counted: it may have been made anew for the other view. */
	if (changed || (t->latency && (t->calls->generation != t->latency->generation ||
				       t->calls->upto_ns != t->latency->upto_ns))) {
		tui_calls_order(t, 0);
		return 1;
	}
	return 0;
}

void tui_calls_forget(struct tui_trace *t)
{
	if (t->calls)
		free(t->calls->row);
	free(t->calls);
	t->calls = NULL;
}

/* ---- to the timeline ---- */

size_t tui_latency_cases(const struct tui_latency *lat, struct gtv_case *out, size_t max)
{
	int kind = lat ? tui_latency_chosen(lat) : -1;
	const struct gtv_histogram *h =
		kind < 0 ? NULL : gtv_latency_histogram(lat->data, (unsigned)kind);
	int bucket = h ? tui_histogram_chosen(h, lat->bucket[kind]) : -1;

	return bucket < 0 ? 0 : gtv_histogram_worst(h, bucket, out, max);
}

static enum tui_rows rows_of(struct gtv_lane lane)
{
	return lane.kind == GTV_LANE_THREAD ? TUI_ROWS_THREAD
	       : lane.kind == GTV_LANE_GT   ? TUI_ROWS_GT
	       : lane.kind == GTV_LANE_LOCK ? TUI_ROWS_LOCK
					    : TUI_ROWS_CORE;
}

int tui_latency_show(struct tui_trace *t, const struct gtv_case *c, int mid)
{
	struct tui_nav *nav = &t->nav;
	uint64_t margin = gtv_case_ns(c) / 3 + 1000, at = c->from_ns;
	int rc;

	if (mid)
		at += gtv_case_ns(c) / 2;
	tui_nav_remember(nav);
	nav->rows = rows_of(c->lane);
	tui_nav_window(nav, c->from_ns > margin ? c->from_ns - margin : 0,
		       c->to_ns + margin);
	nav->selected = c->lane;
	nav->span = (struct gtv_span){0};
	nav->cursor_ns = at;
	rc = tui_span_select(t, c->lane, at);
	return rc == -GTV_ENOTFOUND ? 0 : rc;
}
