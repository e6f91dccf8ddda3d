/* SPDX-License-Identifier: MIT */
#include "tui/trace/select.h"

#include "tui/trace/patience.h"
#include "tui/trace/span.h"

/* An edge that touches the end of a span lies within so much of it. */
#define NEAR_NS 1000u
/* Finer than any tile: exact spans and edges, please. */
#define EXACT_CELL 1u
/* How often a dense piece is looked at nearer: each time a thousandth of it. */
#define NEARER_MAX 6
#define BEYOND_NS  100000000u /* a key looks no longer for what is far */

static int same_lane(struct gtv_lane a, struct gtv_lane b)
{
	return a.kind == b.kind && a.id == b.id;
}

int tui_select_at(struct tui_trace *t, struct gtv_lane lane, uint64_t ts_ns)
{
	int rc = tui_span_select(t, lane, ts_ns);

	return rc == -GTV_ENOTFOUND ? 0 : rc;
}

static uint64_t cursor_in_window(const struct tui_nav *nav)
{
	uint64_t ts_ns = nav->cursor_ns;

	if (ts_ns >= nav->to_ns)
		ts_ns = nav->to_ns - 1;
	if (ts_ns < nav->from_ns)
		ts_ns = nav->from_ns;
	if (ts_ns >= nav->last_ns)
		ts_ns = nav->last_ns - 1;
	return ts_ns;
}

int tui_select_row(struct tui_trace *t, int cols, int rows, int dir)
{
	struct tui_scene scene;
	struct gtv_lane lane;

	tui_trace_scene(t, &scene);
	tui_span_hurry(t);
	int rc = tui_timeline_step(&scene, cols, rows, t->nav.selected, dir, &lane);
	tui_trace_whole(t);
	return rc ? rc : tui_select_at(t, lane, cursor_in_window(&t->nav));
}

int tui_select_any(struct tui_trace *t, int cols, int rows)
{
	int rc = 0;

	if (!t->nav.selected.kind)
		rc = tui_select_row(t, cols, rows, 1);
	else if (t->nav.span.to_ns <= t->nav.span.from_ns && !t->nav.sought.kind)
		rc = tui_select_at(t, t->nav.selected, cursor_in_window(&t->nav));
	/* Whoever asks wants the span. */
	if (!rc)
		tui_span_now(t);
	return rc;
}

void tui_select_none(struct tui_trace *t)
{
	tui_nav_choose(&t->nav, (struct gtv_lane){0});
}

/* The first (dir > 0) or last piece of a lane that lies in a stretch of time; NULL: it has
 * none there, or none is known at this cost. */
static const struct gtv_piece *end_piece(struct tui_trace *t, struct gtv_lane lane,
					 uint64_t from_ns, uint64_t to_ns, int dir)
{
	const struct gtv_piece *p, *best = NULL;
	size_t count;

	if (from_ns >= to_ns ||
	    gtv_window_look(t->window, from_ns, to_ns, (to_ns - from_ns) / 1000 + 1))
		return NULL;
	p = gtv_window_pieces(t->window, lane, &count);
	for (size_t i = 0; i < count && !(best && dir > 0); i++)
		if (p[i].span.from_ns >= from_ns && p[i].span.to_ns <= to_ns)
			best = &p[i];
	return best;
}

/* A lane's next span behind a time at which it has none: what is dense is looked at again,
 * nearer. */
static int span_beyond(struct tui_trace *t, struct gtv_lane lane, uint64_t ts_ns, int dir,
		       struct gtv_span *out)
{
	uint64_t from_ns = dir > 0 ? ts_ns : t->nav.first_ns;
	uint64_t to_ns = dir > 0 ? t->nav.last_ns + 1 : ts_ns;

	for (int i = 0; i < NEARER_MAX; i++) {
		const struct gtv_piece *p = end_piece(t, lane, from_ns, to_ns, dir);

		if (!p)
			return -GTV_ENOTFOUND;
		from_ns = p->span.from_ns;
		to_ns = p->span.to_ns;
		if (p->spans == 1)
			break;
	}
	return gtv_window_span_at(t->window, lane, dir > 0 ? from_ns : to_ns - 1, out);
}

static int select_beyond(struct tui_trace *t, uint64_t ts_ns, int dir)
{
	struct gtv_span span;

	tui_trace_hurry(t, BEYOND_NS, NULL, NULL);
	int rc = span_beyond(t, t->nav.selected, ts_ns, dir, &span);

	tui_trace_whole(t);
	if (!rc)
		tui_nav_select(&t->nav, &span);
	return rc;
}

int tui_select_span(struct tui_trace *t, int cols, int rows, int dir)
{
	const struct tui_nav *nav = &t->nav;
	int rc;

	/* The first press shows where one is, the next ones step. */
	if (nav->span.to_ns <= nav->span.from_ns) {
		if (nav->selected.kind && nav->sought.kind)
			return 0;
		rc = nav->selected.kind
			     ? tui_select_at(t, nav->selected, cursor_in_window(nav))
			     : tui_select_row(t, cols, rows, 1);
		if (rc || nav->sought.kind || nav->span.to_ns > nav->span.from_ns)
			return rc;
		return select_beyond(t, cursor_in_window(nav), dir);
	}
	rc = tui_span_step(t, dir);
	return rc == -GTV_ENOTFOUND
		       ? select_beyond(t, dir > 0 ? nav->span.to_ns : nav->span.from_ns,
				       dir)
		       : rc;
}

/* Whose edges are the span's: a green thread, else an OS thread. */
static struct gtv_lane edge_lane(const struct gtv_span *span)
{
	if (span->lane.kind == GTV_LANE_GT || span->lane.kind == GTV_LANE_THREAD)
		return span->lane;
	if (span->gt)
		return (struct gtv_lane){.kind = GTV_LANE_GT, .id = span->gt};
	return (struct gtv_lane){.kind = GTV_LANE_THREAD, .id = span->tid};
}

/* How well an edge fits the span, smaller is better; UINT64_MAX not at all. Back:
 * it arrives in the span, or it ends the wait that the span is. On: it leaves from
 * the span, the last one first: that is where the thread went from here. */
static uint64_t misfit(const struct gtv_edge *e, const struct gtv_span *s, int dir)
{
	struct gtv_lane lane = edge_lane(s);

	if (dir < 0 && same_lane(e->to, lane)) {
		if (e->to_ns >= s->from_ns && e->to_ns <= s->to_ns)
			return e->to_ns - s->from_ns;
		if (e->from_ns >= s->from_ns && e->from_ns <= s->to_ns)
			return s->to_ns - e->from_ns;
	}
	if (dir > 0 && same_lane(e->from, lane) && e->from_ns >= s->from_ns &&
	    e->from_ns <= s->to_ns)
		return s->to_ns - e->from_ns;
	return UINT64_MAX;
}

/* The best edge of those in a stretch of time, if they are known at this cost. */
static int best_edge(struct tui_trace *t, uint64_t from_ns, uint64_t to_ns,
		     uint64_t cell_ns, int dir, struct gtv_edge *best, uint64_t *best_fit)
{
	const struct gtv_edge *edges;
	size_t count;
	int rc = gtv_window_look(t->window, from_ns, to_ns, cell_ns);

	if (rc)
		return rc;
	edges = gtv_window_edges(t->window, &count);
	for (size_t i = 0; i < count; i++) {
		uint64_t fit = misfit(&edges[i], &t->nav.span, dir);

		if (fit >= *best_fit)
			continue;
		*best_fit = fit;
		*best = edges[i];
	}
	return 0;
}

/* In a span too long to be decoded whole, edges are sought at its two ends. */
static int find_edge(struct tui_trace *t, int dir, struct gtv_edge *best)
{
	uint64_t from_ns = t->nav.span.from_ns, to_ns = t->nav.span.to_ns;
	uint64_t before_ns = from_ns > NEAR_NS ? from_ns - NEAR_NS : 0;
	uint64_t fit = UINT64_MAX;
	int rc = best_edge(t, before_ns, to_ns + NEAR_NS, (to_ns - from_ns) / 1000 + 1, dir,
			   best, &fit);

	if (!rc && !gtv_window_exact(t->window)) {
		rc = best_edge(t, before_ns, from_ns + NEAR_NS, EXACT_CELL, dir, best,
			       &fit);
		if (!rc)
			rc = best_edge(t, to_ns > NEAR_NS ? to_ns - NEAR_NS : 0,
				       to_ns + NEAR_NS, EXACT_CELL, dir, best, &fit);
	}
	if (rc)
		return rc;
	return fit == UINT64_MAX ? -GTV_ENOTFOUND : 0;
}

/* Goes to one end of an edge; in a core's row to the core where that happened. */
static int go_to(struct tui_trace *t, struct gtv_lane lane, uint64_t ts_ns)
{
	int by_core = t->nav.selected.kind == GTV_LANE_CORE;
	struct gtv_span span;
	int rc = gtv_window_span_at(t->window, lane, ts_ns, &span);

	if (rc)
		return rc;
	if (by_core && span.core >= 0)
		return tui_select_at(
			t,
			(struct gtv_lane){.kind = GTV_LANE_CORE, .id = (uint32_t)span.core},
			ts_ns);
	tui_nav_select(&t->nav, &span);
	return 0;
}

int tui_select_edge(struct tui_trace *t, int dir)
{
	struct gtv_edge edge;
	int rc;

	tui_span_now(t);
	if (t->nav.span.to_ns <= t->nav.span.from_ns)
		return -GTV_ENOTFOUND;
	rc = find_edge(t, dir, &edge);
	if (!rc)
		/* What acts at an instant is the span that ends there or goes on. */
		return dir < 0 ? go_to(t, edge.from, edge.from_ns ? edge.from_ns - 1 : 0)
			       : go_to(t, edge.to, edge.to_ns);
	/* A wait causes nothing itself: on from it is where its own thread wakes. */
	if (rc == -GTV_ENOTFOUND && dir > 0 && !find_edge(t, -1, &edge) &&
	    edge.to_ns >= t->nav.span.to_ns)
		return go_to(t, edge.to, edge.to_ns);
	return rc;
}
