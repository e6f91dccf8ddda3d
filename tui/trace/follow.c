/* SPDX-License-Identifier: MIT
 *
 * Of several edges that lead on from a span the last comes first, for it says where the
 * thread went. Whoever goes back and on again gets the one before it, and so around.
 */
#include "tui/trace/follow.h"

#include <string.h>

/* An edge that touches the end of a span lies within so much of it. */
#define NEAR_NS 1000u
/* Finer than any tile: exact spans and edges, please. */
#define EXACT_CELL 1u

static int same_lane(struct gtv_lane a, struct gtv_lane b)
{
	return a.kind == b.kind && a.id == b.id;
}

static int same_span(const struct gtv_span *a, const struct gtv_span *b)
{
	return a->to_ns > a->from_ns && b->to_ns > b->from_ns &&
	       same_lane(a->lane, b->lane) && a->from_ns == b->from_ns;
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

/* ---- which one ---- */

/* Those that fit, as they are met: the best, and the best behind the one that was followed
 * before. */
struct choice {
	const struct tui_follow *q;
	int dir;
	struct gtv_edge best, next;
	int has_best, has_next;
	unsigned count, before; /* before: of them, up to the one that was followed */
};

static int by_number(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* The better one first; no two are alike but the very same. */
static int edge_order(const struct choice *c, const struct gtv_edge *a,
		      const struct gtv_edge *b)
{
	const struct gtv_span *s = &c->q->span;
	int by = by_number(misfit(a, s, c->dir), misfit(b, s, c->dir));

	if (!by)
		by = by_number(a->to_ns, b->to_ns);
	if (!by)
		by = by_number(a->kind, b->kind);
	if (!by)
		by = by_number((uint64_t)a->to.kind << 32 | a->to.id,
			       (uint64_t)b->to.kind << 32 | b->to.id);
	return by ? by
		  : by_number((uint64_t)a->from.kind << 32 | a->from.id,
			      (uint64_t)b->from.kind << 32 | b->from.id);
}

static void consider(struct choice *c, const struct gtv_edge *e)
{
	int is_next = c->dir > 0 && c->q->is_next;

	if (misfit(e, &c->q->span, c->dir) == UINT64_MAX)
		return;
	c->count++;
	if (!c->has_best || edge_order(c, e, &c->best) < 0)
		c->best = *e;
	c->has_best = 1;
	if (!is_next || edge_order(c, e, &c->q->last) <= 0) {
		c->before += is_next ? 1 : 0;
		return;
	}
	if (!c->has_next || edge_order(c, e, &c->next) < 0)
		c->next = *e;
	c->has_next = 1;
}

static int consider_all(struct gtv_window *w, uint64_t from_ns, uint64_t to_ns,
			uint64_t cell_ns, struct choice *c)
{
	const struct gtv_edge *edges;
	size_t count;
	int rc = gtv_window_look(w, from_ns, to_ns, cell_ns);

	if (rc)
		return rc;
	edges = gtv_window_edges(w, &count);
	for (size_t i = 0; i < count; i++)
		consider(c, &edges[i]);
	return 0;
}

/* In a span too long to be decoded whole, edges are sought at its two ends. */
static int find_edge(struct gtv_window *w, const struct tui_follow *q, int dir,
		     struct tui_followed *out)
{
	uint64_t from_ns = q->span.from_ns, to_ns = q->span.to_ns;
	uint64_t before_ns = from_ns > NEAR_NS ? from_ns - NEAR_NS : 0;
	struct choice c = {.q = q, .dir = dir};
	int rc = consider_all(w, before_ns, to_ns + NEAR_NS, (to_ns - from_ns) / 1000 + 1,
			      &c);
	int is_whole = gtv_window_exact(w);

	if (!rc && !is_whole) {
		rc = consider_all(w, before_ns, from_ns + NEAR_NS, EXACT_CELL, &c);
		if (!rc)
			rc = consider_all(w, to_ns > NEAR_NS ? to_ns - NEAR_NS : 0,
					  to_ns + NEAR_NS, EXACT_CELL, &c);
	}
	if (rc)
		return rc;
	if (!c.has_best)
		return -GTV_ENOTFOUND;
	out->edge = c.has_next ? c.next : c.best;
	out->nth = c.has_next ? c.before + 1 : 1;
	out->count = is_whole ? c.count : 0;
	return 0;
}

/* ---- where it leads ---- */

/* One end of an edge; in a core's row the core where that happened. */
static int look_at(struct gtv_window *w, const struct tui_follow *q, struct gtv_lane lane,
		   uint64_t ts_ns, struct tui_followed *out)
{
	int rc = gtv_window_span_at(w, lane, ts_ns, &out->span);

	if (rc)
		return rc;
	out->lane = lane;
	if (!q->by_core || out->span.core < 0)
		return 0;
	out->lane =
		(struct gtv_lane){.kind = GTV_LANE_CORE, .id = (uint32_t)out->span.core};
	rc = gtv_window_span_at(w, out->lane, ts_ns, &out->span);
	if (rc)
		memset(&out->span, 0, sizeof(out->span));
	return rc == -GTV_ENOTFOUND ? 0 : rc;
}

int tui_follow(struct gtv_window *w, const struct tui_follow *q, struct tui_followed *out)
{
	const struct gtv_edge *e = &out->edge;
	int rc;

	memset(out, 0, sizeof(*out));
	if (q->is_back) {
		out->edge = q->last;
		out->span = q->origin;
		out->lane = q->origin.lane;
		return 0;
	}
	rc = find_edge(w, q, q->dir, out);
	if (!rc)
		/* What acts at an instant is the span that ends there or goes on. */
		return q->dir < 0 ? look_at(w, q, e->from, e->from_ns ? e->from_ns - 1 : 0,
					    out)
				  : look_at(w, q, e->to, e->to_ns, out);
	/* A wait causes nothing itself: on from it is where its own thread wakes. */
	if (rc == -GTV_ENOTFOUND && q->dir > 0 && !find_edge(w, q, -1, out) &&
	    e->to_ns >= q->span.to_ns) {
		out->count = 0;
		out->is_wake = 1;
		return look_at(w, q, e->to, e->to_ns, out);
	}
	return rc;
}

/* ---- of a trace ---- */

int tui_follow_ask(const struct tui_trace *t, int dir, struct tui_follow *q)
{
	const struct gtv_span *now = &t->nav.span;

	*q = (struct tui_follow){.span = *now,
				 .dir = dir,
				 .by_core = t->nav.selected.kind == GTV_LANE_CORE,
				 .last = t->followed.edge,
				 .origin = t->followed.from};
	if (now->to_ns <= now->from_ns)
		return -GTV_ENOTFOUND;
	q->is_next = dir > 0 && same_span(now, &t->followed.from);
	q->is_back = dir < 0 && same_span(now, &t->followed.to);
	return 0;
}

void tui_follow_take(struct tui_trace *t, const struct tui_follow *q,
		     const struct tui_followed *out)
{
	if (out->span.to_ns > out->span.from_ns)
		tui_nav_select(&t->nav, &out->span);
	else
		tui_nav_choose(&t->nav, out->lane);
	/* Back is not remembered: on from there is the next one. */
	if (q->dir < 0)
		return;
	memset(&t->followed, 0, sizeof(t->followed));
	if (out->is_wake)
		return;
	t->followed.from = q->span;
	t->followed.to = out->span;
	t->followed.edge = out->edge;
	t->followed.nth = out->nth;
	t->followed.count = out->count;
}
