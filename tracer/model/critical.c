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

static int window_span_at(void *arg, struct gtv_lane lane, uint64_t ts_ns,
			  struct gtv_span *out)
{
	return gtv_window_span_at(arg, lane, ts_ns, out);
}

/* The edge that ended the wait: it arrives at the waiter, and leaves within the wait. The
 * last to leave counts. */
static int window_cause(void *arg, const struct gtv_span *span, struct gtv_lane *who,
			uint64_t *at_ns)
{
	size_t count;
	const struct gtv_edge *e = gtv_window_edges(arg, &count), *best = NULL;

	for (size_t i = 0; i < count; i++) {
		if (e[i].to.kind != span->lane.kind || e[i].to.id != span->lane.id ||
		    e[i].from_ns <= span->from_ns || e[i].from_ns > span->to_ns ||
		    e[i].to_ns < span->to_ns)
			continue;
		if (!best || e[i].from_ns > best->from_ns)
			best = &e[i];
	}
	if (!best || !best->from.kind || !best->from.id)
		return 0;
	*who = best->from;
	*at_ns = best->from_ns;
	return 1;
}

int gtv_critical_find(struct gtv_window *w, struct gtv_lane lane, uint64_t from_ns,
		      uint64_t to_ns, struct gtv_critical *out)
{
	const struct gtv_critical_source source = {w, window_span_at, window_cause};

	memset(out, 0, sizeof *out);
	if (from_ns >= to_ns)
		return -GTV_EUSAGE;
	int err = gtv_window_look(w, from_ns, to_ns, (to_ns - from_ns) / 1000 + 1);
	if (err)
		return err;
	if (!gtv_window_exact(w))
		return -GTV_EUSAGE;
	return gtv_critical_walk(&source, lane, from_ns, to_ns, out);
}
