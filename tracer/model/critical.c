/* SPDX-License-Identifier: MIT
 *
 * The walk keeps one place, a lane and a time, and moves it back. In a span in which the
 * lane ran, to the span's begin. In a wait, to the lane that caused its end: that one is
 * followed from the instant at which it did so, and the stretch from there to the end of
 * the wait (the waking itself) is the waiter's. A cause from which time would not move
 * back, or that was met at this very instant, is left alone: then the wait itself is the
 * piece.
 */
#include "tracer/model/critical.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tracer/model/window_priv.h"

#define PIECES_MAX 65536
#define HOPS_MAX   8 /* from lane to lane at one instant */

static int add(struct gtv_critical *c, struct gtv_lane who, unsigned state,
	       uint64_t from_ns, uint64_t to_ns)
{
	struct gtv_critical_piece *last = c->count ? &c->piece[c->count - 1] : NULL;

	if (from_ns >= to_ns)
		return 0;
	if (last && last->who.kind == who.kind && last->who.id == who.id &&
	    last->state == state && last->from_ns == to_ns) {
		last->from_ns = from_ns;
		return 0;
	}
	if (c->count == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 64;
		struct gtv_critical_piece *grown = realloc(c->piece, cap * sizeof *grown);
		if (!grown)
			return -GTV_ENOMEM;
		c->piece = grown;
		c->cap = cap;
	}
	c->piece[c->count++] = (struct gtv_critical_piece){
		.from_ns = from_ns, .to_ns = to_ns, .who = who, .state = (uint8_t)state};
	return 0;
}

/* A state in which the lane goes on: nobody is waited for. */
static int goes_on(unsigned state)
{
	return state == GTV_ST_RUNNING || state == GTV_ST_BUSY || state == GTV_ST_HELD ||
	       state == GTV_ST_OTHER;
}

struct walk {
	const struct gtv_critical_source *source;
	struct gtv_critical *out;
	uint64_t from_ns, at_ns; /* the walk's end, and where it is */
	struct gtv_lane lane;
	int hops;
};

/* One step back: a piece, or another lane. */
static int step(struct walk *w)
{
	struct gtv_span s;
	struct gtv_lane who;
	uint64_t cause_ns;

	/* What was just before: a span is half-open. */
	if (w->source->span_at(w->source->arg, w->lane, w->at_ns - 1, &s) ||
	    s.from_ns >= w->at_ns) {
		int err = add(w->out, (struct gtv_lane){0}, GTV_ST_UNKNOWN, w->from_ns,
			      w->at_ns);
		w->at_ns = w->from_ns;
		return err;
	}
	uint64_t begin = s.from_ns > w->from_ns ? s.from_ns : w->from_ns;
	s.to_ns = s.to_ns > w->at_ns ? w->at_ns : s.to_ns;
	if (!goes_on(s.state) && s.state != GTV_ST_UNKNOWN && w->hops < HOPS_MAX &&
	    w->source->cause(w->source->arg, &s, &who, &cause_ns) && cause_ns > begin &&
	    cause_ns <= w->at_ns && (who.kind != w->lane.kind || who.id != w->lane.id)) {
		int err = add(w->out, w->lane, s.state, cause_ns, w->at_ns);
		w->hops = cause_ns < w->at_ns ? 0 : w->hops + 1;
		w->at_ns = cause_ns;
		w->lane = who;
		return err;
	}
	int err = add(w->out, w->lane, s.state, begin, w->at_ns);
	w->at_ns = begin;
	w->hops = 0;
	return err;
}

int gtv_critical_walk(const struct gtv_critical_source *source, struct gtv_lane lane,
		      uint64_t from_ns, uint64_t to_ns, struct gtv_critical *out)
{
	struct walk w = {source, out, from_ns, to_ns, lane, 0};
	int err = 0;

	memset(out, 0, sizeof *out);
	while (!err && w.at_ns > from_ns) {
		if (out->count == PIECES_MAX - 1) {
			out->cut = 1;
			err = add(out, (struct gtv_lane){0}, GTV_ST_UNKNOWN, from_ns,
				  w.at_ns);
			break;
		}
		err = step(&w);
	}
	if (err)
		gtv_critical_fini(out);
	return err;
}

void gtv_critical_fini(struct gtv_critical *c)
{
	free(c->piece);
	memset(c, 0, sizeof *c);
}

/* ---- through a window ---- */

/* A window and its edges in order of whom they reach and when they left: there may be a
 * hundred thousand of each, edges and steps. */
struct through {
	struct gtv_window *window;
	struct gtv_edge *edge; /* copies: the window may look elsewhere */
	size_t edges;
};

static uint64_t lane_key(struct gtv_lane lane)
{
	return (uint64_t)lane.kind << 32 | lane.id;
}

static int by_target(const void *a, const void *b)
{
	const struct gtv_edge *x = a, *y = b;
	uint64_t kx = lane_key(x->to), ky = lane_key(y->to);

	if (kx != ky)
		return kx < ky ? -1 : 1;
	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

static int through_init(struct through *t, struct gtv_window *w)
{
	const struct gtv_edge *e = gtv_window_edges(w, &t->edges);

	t->window = w;
	t->edge = malloc((t->edges + 1) * sizeof *t->edge);
	if (!t->edge)
		return -GTV_ENOMEM;
	if (t->edges)
		memcpy(t->edge, e, t->edges * sizeof *e);
	qsort(t->edge, t->edges, sizeof *t->edge, by_target);
	return 0;
}

/* What is still open at the end of what was decoded is known up to there, and that is
 * enough: the walk comes from before. */
static int window_span_at(void *arg, struct gtv_lane lane, uint64_t ts_ns,
			  struct gtv_span *out)
{
	struct through *t = arg;

	if (!gtv__window_known_at(t->window, lane, ts_ns, out))
		return 0;
	return gtv_window_span_at(t->window, lane, ts_ns, out);
}

/* The number of edges that reach a lower lane, or this one and left until `ts_ns`. */
static size_t edges_until(const struct through *t, struct gtv_lane lane, uint64_t ts_ns)
{
	const struct gtv_edge key = {.to = lane, .from_ns = ts_ns};
	size_t lo = 0, hi = t->edges;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_target(&t->edge[mid], &key) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* When the one who woke a joiner ended, if that was before it was told: from then on it did
 * nothing. i: the edge of the wake-up. */
static uint64_t join_ns(const struct through *t, size_t i, const struct gtv_span *span)
{
	const struct gtv_edge *wake = &t->edge[i];

	while (i-- > 0) {
		const struct gtv_edge *e = &t->edge[i];

		if (lane_key(e->to) != lane_key(span->lane) || e->from_ns <= span->from_ns)
			break;
		if (e->kind == GTV_EDGE_JOIN && lane_key(e->from) == lane_key(wake->from))
			return e->from_ns;
	}
	return wake->from_ns;
}

/* Until when somebody was there who is told to have done something at `at_ns`: who ends may
 * tell whom it woke after its own end, and be kept from that for long. From its end on
 * nobody but the one who waits has anything to show. */
static uint64_t alive_ns(struct through *t, struct gtv_lane lane, uint64_t at_ns)
{
	const struct gtv_piece *piece;
	struct gtv_span s;
	size_t count;

	if (!window_span_at(t, lane, at_ns - 1, &s) && s.from_ns < at_ns)
		return at_ns;
	piece = gtv_window_pieces(t->window, lane, &count);
	return count && piece[count - 1].span.to_ns < at_ns ? piece[count - 1].span.to_ns
							    : at_ns;
}

/* Nothing in sight ended it: who had the lock then, or is not at the end that is waited
 * for, is followed. */
static int window_had(struct through *t, const struct gtv_span *span, struct gtv_lane *who,
		      uint64_t *at_ns)
{
	struct gtv_lane lock = {GTV_LANE_LOCK, span->lock};
	struct gtv_span held;
	uint32_t gt = 0;

	if (span->state == GTV_ST_CHAN && span->flags & GTV_SP_JOIN)
		gt = span->who;
	else if ((span->state == GTV_ST_LOCK || span->state == GTV_ST_GIL) && span->lock &&
		 !window_span_at(t, lock, span->to_ns - 1, &held))
		gt = held.gt;
	*who = (struct gtv_lane){GTV_LANE_GT, gt};
	*at_ns = span->to_ns;
	return gt != 0;
}

/* The edge that ended the wait: it arrives at the waiter, and leaves within the wait. The
 * last to leave counts. */
static int window_cause(void *arg, const struct gtv_span *span, struct gtv_lane *who,
			uint64_t *at_ns)
{
	struct through *t = arg;

	for (size_t i = edges_until(t, span->lane, span->to_ns); i-- > 0;) {
		const struct gtv_edge *e = &t->edge[i];

		if (lane_key(e->to) != lane_key(span->lane) || e->from_ns <= span->from_ns)
			break;
		if (e->to_ns < span->to_ns)
			continue;
		if (!e->from.kind || !e->from.id)
			return 0;
		*who = e->from;
		*at_ns = alive_ns(t, e->from, join_ns(t, i, span));
		return 1;
	}
	return window_had(t, span, who, at_ns);
}

int gtv_critical_find(struct gtv_window *w, struct gtv_lane lane, uint64_t from_ns,
		      uint64_t to_ns, struct gtv_critical *out)
{
	struct through through = {0};
	const struct gtv_critical_source source = {&through, window_span_at, window_cause};

	memset(out, 0, sizeof *out);
	if (from_ns >= to_ns)
		return -GTV_EUSAGE;
	int err = gtv_window_look(w, from_ns, to_ns, (to_ns - from_ns) / 1000 + 1);
	if (err)
		return err;
	if (!gtv_window_exact(w))
		return -GTV_EUSAGE;
	err = through_init(&through, w);
	if (!err)
		err = gtv_critical_walk(&source, lane, from_ns, to_ns, out);
	free(through.edge);
	return err;
}
