/* SPDX-License-Identifier: MIT */
#include "tui/trace/threads.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tui/scene/locks.h"
#include "tui/trace/reading.h"

#define LIST_NS 300000000ull /* rows of what grows are made so seldom */
#define WORK	4096	     /* lanes that are looked at, until the clock is */

/* The view's data is the first: tui_trace.threads points there. */
struct gathering {
	struct tui_threads shown;
	struct gtv_attribution *attr;
	struct tui_reading *reading;
	uint64_t listed_ns; /* real time; 0: never */
	uint64_t begun_ns;
	int unlisted;
	int counting; /* what is open is counted up to now_ns: so far `at` */
	struct gtv_model_at at;
	uint64_t now_ns;
	uint64_t window_ns; /* where the window was when rows were filtered: its ends added
			     */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static struct gathering *of(const struct tui_trace *t)
{
	return (struct gathering *)t->threads;
}

static void on_span(void *arg, const struct gtv_span *span)
{
	gtv_attribution_span(((struct gathering *)arg)->attr, span);
}

static void on_edge(void *arg, const struct gtv_edge *edge)
{
	gtv_attribution_edge(((struct gathering *)arg)->attr, edge);
}

static const struct tui_reading_ops ops = {.span = on_span, .edge = on_edge};

static void stop(struct gathering *g)
{
	tui_reading_free(g->reading);
	gtv_attribution_free(g->attr);
	g->reading = NULL;
	g->attr = NULL;
	g->shown.attr = NULL;
	g->shown.count = g->shown.all = 0;
	g->shown.done = g->counting = g->shown.making.on = 0;
	g->listed_ns = 0;
}

void tui_trace_forget_threads(struct tui_trace *t)
{
	struct gathering *g = of(t);

	t->threads = NULL;
	if (!g)
		return;
	stop(g);
	tui_threads_fini(&g->shown);
	free(g);
}

/* Begins to read, for the range that is shown. */
static int begin(struct tui_trace *t, struct gathering *g)
{
	struct tui_threads *s = &g->shown;
	int part = s->range.kind != TUI_RANGE_ALL;

	s->from_ns = s->upto_ns = s->range.from_ns;
	g->begun_ns = now_ns();
	g->attr = gtv_attribution_new(part ? s->from_ns : 0, s->range.to_ns);
	g->reading = g->attr ? tui_reading_new(t, &ops, g) : NULL;
	if (g->reading &&
	    (!part || !tui_reading_part(g->reading, s->from_ns, s->range.to_ns)))
		return 0;
	stop(g);
	return -GTV_ENOMEM;
}

static struct gathering *make(struct tui_trace *t)
{
	struct gathering *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	t->threads = &g->shown;
	g->shown.kind =
		gtv_names_count(t->names, GTV_CLASS_GT) ? GTV_LANE_GT : GTV_LANE_THREAD;
	if (t->nav.selected.kind == GTV_LANE_GT ||
	    t->nav.selected.kind == GTV_LANE_THREAD) {
		g->shown.lane = t->nav.selected;
		g->shown.kind = t->nav.selected.kind;
	}
	return g;
}

/* ---- rows ---- */

/* A part of them; a small table is done with the first. */
static int list_on(struct tui_trace *t, struct gathering *g)
{
	/* Without memory the rows stay few. */
	return tui_threads_list_on(&g->shown, t->names, t->window, WORK) == 1;
}

static int list_again(struct tui_trace *t)
{
	struct gathering *g = of(t);

	if (!g || !g->shown.attr)
		return 0;
	tui_threads_relist(&g->shown);
	return list_on(t, g);
}

/* What was read is to be shown. */
static void count_now(struct gathering *g)
{
	const struct tui_threads *s = &g->shown;

	g->now_ns = tui_reading_upto_ns(g->reading);
	if (g->now_ns > s->range.to_ns)
		g->now_ns = s->range.to_ns;
	g->at = (struct gtv_model_at){0};
	g->counting = 1;
	g->listed_ns = now_ns();
	g->unlisted = 0;
}

static void count_on(struct gathering *g)
{
	struct tui_threads *s = &g->shown;

	if (gtv_attribution_now_some(g->attr, tui_reading_model(g->reading), g->now_ns,
				     &g->at, WORK))
		return;
	g->counting = 0;
	s->upto_ns = g->now_ns;
	s->done = tui_reading_done(g->reading);
	s->attr = g->attr;
	tui_threads_relist(s);
}

/* Another filter, or what else the window holds, asks for other rows. */
static int is_filtered_anew(const struct tui_trace *t, const struct gathering *g)
{
	int moved = g->window_ns != t->nav.from_ns + t->nav.to_ns;

	return strcmp(g->shown.filter.text, t->nav.filter.text) != 0 ||
	       (moved && !tui_filter_is_empty(&g->shown.filter));
}

static int filter_again(struct tui_trace *t, struct gathering *g)
{
	struct tui_threads *s = &g->shown;

	g->window_ns = t->nav.from_ns + t->nav.to_ns;
	s->filter = t->nav.filter;
	s->line = 0;
	return list_again(t);
}

/* Another range is to be counted. */
static int is_stale(const struct tui_trace *t, const struct gathering *g)
{
	return tui_range_is_due(&g->shown.range, &t->nav, t->scope, g->begun_ns, now_ns());
}

/* A piece of what is to be done. Returns whether there is more just now; *changed: rows may
 * be others. */
static int go_on(struct tui_trace *t, struct gathering *g, uint64_t budget_ns, int *changed)
{
	if (g->counting) {
		count_on(g);
		return 1;
	}
	if (g->shown.making.on) {
		*changed |= list_on(t, g);
		return g->shown.making.on || !g->shown.done;
	}
	if (g->shown.done || (!g->reading && begin(t, g)))
		return 0;
	g->unlisted |= tui_reading_go(g->reading, budget_ns);
	if (!g->unlisted || (!tui_reading_done(g->reading) && g->listed_ns &&
			     now_ns() - g->listed_ns < LIST_NS))
		return 0;
	count_now(g);
	return 1;
}

int tui_trace_threads(struct tui_trace *t, uint64_t budget_ns)
{
	struct gathering *g = t->threads ? of(t) : make(t);
	uint64_t began_ns = now_ns(), past_ns = 0;
	int changed = 0;

	if (g && is_stale(t, g)) {
		stop(g);
		if (t->locks)
			t->locks->attr = NULL;
		g->shown.range = tui_range_of(&t->nav, t->scope);
	}
	if (!g)
		return 0;
	if (is_filtered_anew(t, g))
		changed = filter_again(t, g);
	while (past_ns < budget_ns && go_on(t, g, budget_ns - past_ns, &changed) &&
	       !t->patience.answering)
		past_ns = now_ns() - began_ns;
	return changed;
}

int tui_trace_threads_unread(const struct tui_trace *t)
{
	const struct gathering *g = of(t);

	return !g || !g->shown.done || g->counting || g->shown.making.on || is_stale(t, g);
}

const struct gtv_model *tui_trace_threads_model(const struct tui_trace *t)
{
	const struct gathering *g = of(t);

	return g && g->reading ? tui_reading_model(g->reading) : NULL;
}

void tui_trace_threads_kind(struct tui_trace *t)
{
	struct tui_threads *s = t->threads;

	if (!s)
		return;
	s->kind = s->kind == GTV_LANE_GT ? GTV_LANE_THREAD : GTV_LANE_GT;
	s->lane.kind = 0;
	s->line = 0;
	s->count = s->all = 0; /* these were of the other kind */
	(void)list_again(t);
}

void tui_trace_threads_sort(struct tui_trace *t)
{
	if (!t->threads)
		return;
	t->threads->sort = (uint8_t)((t->threads->sort + 1) % TUI_SORT_MAX);
	(void)list_again(t);
}
