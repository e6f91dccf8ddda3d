/* SPDX-License-Identifier: MIT
 *
 * Explain: each kind of wait has one lane that tells where its time went:
 *
 *   waits for a lock or the GIL   the lock's lane: who held it, on core or off
 *   waits for a green thread      that one's lane: what it did meanwhile
 *   ready                         the worker's lane: whom it ran meanwhile
 *   preempted, runnable           the core's lane: who had it
 *   held off core                 the owner's lane
 *   asleep in the kernel          nothing but its own call and its waker
 *
 * The pieces of that lane, clipped to the span, are the parts; what they leave is
 * told as a part without evidence. So the parts sum to the span by construction.
 */
#include "tracer/model/explain_priv.h"
#include "tracer/model/window_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENT_BLOCKS_MAX 64 /* searched for requests */

static uint64_t span_ns(const struct gtv_span *s)
{
	return s->to_ns - s->from_ns;
}

/* ---- walking another lane during the span ---- */

typedef void walk_fn(struct gtv__asked *q, const struct gtv_span *s, uint64_t ns);

/* Calls for each piece of the lane within the span; tiles come state by state. The
 * piece that took most is left in *most (to_ns 0: none). */
static void walk(struct gtv__asked *q, struct gtv_lane lane, walk_fn *each,
		 struct gtv_span *most)
{
	size_t count;
	const struct gtv_piece *p = gtv_window_pieces(q->w, lane, &count);
	uint64_t best = 0;

	if (most)
		memset(most, 0, sizeof *most);
	for (size_t i = 0; i < count; i++) {
		struct gtv_span s = p[i].span;
		if (s.from_ns < q->span.from_ns)
			s.from_ns = q->span.from_ns;
		if (s.to_ns > q->span.to_ns)
			s.to_ns = q->span.to_ns;
		if (s.to_ns <= s.from_ns)
			continue;
		if (p[i].spans == 1) {
			each(q, &s, span_ns(&s));
			if (most && span_ns(&s) > best) {
				best = span_ns(&s);
				*most = p[i].span;
			}
			continue;
		}
		double part = (double)span_ns(&s) / (double)span_ns(&p[i].span);
		for (unsigned st = 0; st < GTV_ST_MAX; st++) {
			s.state = (uint8_t)st;
			uint64_t ns = (uint64_t)((double)gtv_piece_ns(&p[i], st) * part);
			if (ns)
				each(q, &s, ns);
		}
	}
}

/* Of the lock's owner in `who`. */
static uint64_t lane_state_ns(struct gtv__asked *q, struct gtv_lane lane,
			      const struct gtv_span *who, uint32_t states)
{
	size_t count;
	const struct gtv_piece *p = gtv_window_pieces(q->w, lane, &count);
	uint64_t ns = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t from = p[i].span.from_ns, to = p[i].span.to_ns;
		from = from > q->span.from_ns ? from : q->span.from_ns;
		to = to < q->span.to_ns ? to : q->span.to_ns;
		if (to > from && p[i].spans == 1 && p[i].span.gt == who->gt &&
		    (who->gt || p[i].span.tid == who->tid) && states >> p[i].span.state & 1)
			ns += to - from;
	}
	return ns;
}

/* ---- locks ---- */

static void holder_share(struct gtv__asked *q, const struct gtv_span *s, uint64_t ns)
{
	char who[GTV__WORD], by[GTV__WORD];

	gtv__word_holder(q, s, who);
	switch (s->state) {
	case GTV_ST_HELD:
		gtv__share_add(q, ns, GTV_ST_RUNNING, s->gt, s->tid, "%s runs and holds it",
			       s->gt || s->tid ? who : "its owner");
		break;
	case GTV_ST_HELD_PREEMPTED:
		if (s->who)
			gtv__share_add(q, ns, GTV_ST_PREEMPTED, s->gt, s->who,
				       "%s holds it off core: %s has its place", who,
				       gtv__word_who(q, s, by));
		else
			gtv__share_add(q, ns, GTV_ST_PREEMPTED, s->gt, s->gt ? 0 : s->tid,
				       "%s holds it, waiting for a core", who);
		break;
	case GTV_ST_HELD_ASLEEP:
		gtv__share_add(q, ns, GTV_ST_STALLED, s->gt, s->call,
			       "%s holds it, asleep in %s", who,
			       s->call || s->flags & GTV_SP_IO ? gtv__word_sleep(q, s, by)
							       : "a wait of its own");
		break;
	case GTV_ST_FREE:
		gtv__share_add(q, ns, GTV_ST_READY, q->span.gt, 1,
			       "it is free, and nobody has taken it yet");
		break;
	default:
		gtv__share_add(q, ns, GTV_ST_UNKNOWN, 0, 2, "who has it is not known");
	}
}

/* The requests to drop it, and how it was dropped. */
struct requests {
	uint32_t lock, by;   /* the first who asked */
	uint64_t asked_ns;   /* then; 0: nobody */
	uint64_t dropped_ns; /* first drop after it */
	int forced, count;
};

static void find_requests(struct gtv__asked *q, uint32_t lock, struct requests *r)
{
	const struct gtv_store *st = gtv__window_store(q->w);
	struct gtv_ev *evs = malloc(GTV_BLOCK_MAX * sizeof *evs);
	size_t first = gtv_store_find(st, q->span.from_ns);
	struct gtv_block_info block;

	*r = (struct requests){.lock = lock};
	for (size_t i = first; evs && i < first + EVENT_BLOCKS_MAX; i++) {
		if (gtv_store_block(st, i, &block) || block.from_ns > q->span.to_ns)
			break;
		long n = gtv_store_read(st, i, evs);
		for (long k = 0; k < n; k++) {
			const struct gtv_ev *ev = &evs[k];
			/* The drop that ends the wait is of its last instant. */
			if (ev->obj != lock || ev->ts_ns < q->span.from_ns ||
			    ev->ts_ns + (ev->kind != GTV_EV_GIL_DROP) > q->span.to_ns)
				continue;
			if (ev->kind == GTV_EV_GIL_REQUEST) {
				if (!r->count++) {
					r->by = ev->gt;
					r->asked_ns = ev->ts_ns;
				}
			} else if (ev->kind == GTV_EV_GIL_DROP && r->count &&
				   !r->dropped_ns) {
				r->dropped_ns = ev->ts_ns;
				r->forced = (ev->flags & GTV_GIL_FORCED) != 0;
			}
		}
	}
	free(evs);
}

static void tell_requests(struct gtv__asked *q, uint32_t lock, const struct gtv_span *held)
{
	char who[GTV__WORD], after[GTV__WORD], then[GTV__WORD];
	struct requests r;
	struct gtv_cause *c;

	find_requests(q, lock, &r);
	if (!r.count) {
		c = gtv__cause(q, held, span_ns(&q->span),
			       "nobody asked for it to be dropped");
		gtv__detail(c, "its owner lets go only at a wait of its own");
		return;
	}
	c = gtv__cause(q, held, r.asked_ns - q->span.from_ns, "%s asked for it after %s",
		       gtv__word_gt(q, r.by, who),
		       gtv__word_ns(r.asked_ns - q->span.from_ns, after));
	if (r.dropped_ns)
		gtv__detail(c, "dropped %s later%s",
			    gtv__word_ns(r.dropped_ns - r.asked_ns, then),
			    r.forced ? ", forced by the request" : ", by itself");
	else
		gtv__detail(c, "it was not dropped within this wait");
	if (r.count > 1)
		gtv__detail(c, "%d requests in all", r.count);
}

/* Why was a lock held off core: the kernel gave the core away, or a call sleeps. */
static void tell_off_core(struct gtv__asked *q, const struct gtv_span *s)
{
	char who[GTV__WORD], by[GTV__WORD], len[GTV__WORD];

	if (s->state == GTV_ST_HELD_PREEMPTED && s->who)
		gtv__cause(q, s, span_ns(s), "%s was off its core for %s: %s had it",
			   gtv__word_holder(q, s, who), gtv__word_ns(span_ns(s), len),
			   gtv__word_who(q, s, by));
	else if (s->state == GTV_ST_HELD_ASLEEP && s->call)
		gtv__cause(q, s, span_ns(s), "%s slept for %s in %s, holding it",
			   gtv__word_holder(q, s, who), gtv__word_ns(span_ns(s), len),
			   gtv__word_sleep(q, s, by));
}

static void longest_off_core(struct gtv__asked *q, struct gtv_lane lane,
			     struct gtv_span *out)
{
	size_t count;
	const struct gtv_piece *p = gtv_window_pieces(q->w, lane, &count);

	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < count; i++) {
		const struct gtv_span *s = &p[i].span;
		if (p[i].spans == 1 &&
		    (s->state == GTV_ST_HELD_PREEMPTED || s->state == GTV_ST_HELD_ASLEEP) &&
		    span_ns(s) > span_ns(out))
			*out = *s;
	}
}

static void explain_lock(struct gtv__asked *q)
{
	struct gtv_lane lane = {.kind = GTV_LANE_LOCK, .id = q->span.lock};
	char name[GTV__WORD], who[GTV__WORD], on[GTV__WORD], off[GTV__WORD];
	struct gtv_span most, worst;

	walk(q, lane, holder_share, &most);
	if (!most.to_ns || (!most.gt && !most.tid))
		return;
	uint64_t on_ns = lane_state_ns(q, lane, &most, 1u << GTV_ST_HELD);
	uint64_t off_ns = lane_state_ns(
		q, lane, &most, 1u << GTV_ST_HELD_PREEMPTED | 1u << GTV_ST_HELD_ASLEEP);
	struct gtv_cause *c = gtv__cause(q, &most, on_ns + off_ns, "%s is held by %s",
					 gtv__word_lock(q, q->span.lock, name),
					 gtv__word_holder(q, &most, who));
	if (!off_ns)
		gtv__detail(c, "on a core all of it: never held off core in this wait");
	else
		gtv__detail(c, "%s on a core, %s off it", gtv__word_ns(on_ns, on),
			    gtv__word_ns(off_ns, off));
	longest_off_core(q, lane, &worst);
	if (worst.to_ns)
		tell_off_core(q, &worst);
	if (q->span.flags & GTV_SP_GIL)
		tell_requests(q, q->span.lock, &most);
}

/* ---- waiting for another green thread ---- */

static void peer_share(struct gtv__asked *q, const struct gtv_span *s, uint64_t ns)
{
	char who[GTV__WORD];
	unsigned state = s->state == GTV_ST_NONE ? (unsigned)GTV_ST_UNKNOWN : s->state;

	gtv__word_lane(q, s->lane, who);
	gtv__share_add(q, ns, state, s->lane.kind == GTV_LANE_GT ? s->lane.id : 0, 0,
		       "%s: %s", who, gtv_state_name(s->state));
}

static void explain_peer(struct gtv__asked *q)
{
	int join = q->span.flags & GTV_SP_JOIN;
	uint32_t peer = join ? q->span.call : 0;
	char who[GTV__WORD];
	struct gtv_span most;

	/* Who ended the wait is whom it waited for. */
	if (!peer && q->next.to_ns && !(q->next.flags & GTV_SP_WHO_TID))
		peer = q->next.state == GTV_ST_READY ? q->next.who : 0;
	if (!peer) {
		gtv__share_add(q, span_ns(&q->span), q->span.state, q->span.lane.id, 0,
			       "nobody in this trace came to the other end");
		return;
	}
	walk(q, (struct gtv_lane){.kind = GTV_LANE_GT, .id = peer}, peer_share, &most);
	if (most.to_ns) {
		struct gtv_cause *c = gtv__cause(q, &most, span_ns(&most),
						 join ? "it waits for %s to end"
						      : "%s came to the other end at last",
						 gtv__word_gt(q, peer, who));
		gtv__detail(c, "which meanwhile was mostly %s", gtv_state_name(most.state));
	}
}

/* ---- waiting for a worker or a core ---- */

static void worker_share(struct gtv__asked *q, const struct gtv_span *s, uint64_t ns)
{
	char who[GTV__WORD], on[GTV__WORD];

	gtv__word_tid(q, s->lane.id, on);
	if (s->state == GTV_ST_RUNNING && s->gt)
		gtv__share_add(q, ns, GTV_ST_RUNNING, s->gt, 0, "%s runs %s", on,
			       gtv__word_gt(q, s->gt, who));
	else if (s->state == GTV_ST_RUNNING)
		gtv__share_add(q, ns, GTV_ST_READY, 0, 1, "%s is in the scheduler", on);
	else
		gtv__share_add(q, ns, s->state, 0, 2, "%s is %s", on,
			       gtv_state_name(s->state));
}

static void explain_ready(struct gtv__asked *q)
{
	uint32_t tid = q->next.to_ns && q->next.tid ? q->next.tid : q->span.tid;
	char who[GTV__WORD], on[GTV__WORD];
	struct gtv_span most;

	if (q->span.who)
		gtv__cause(q, &q->span, span_ns(&q->span), "made ready by %s",
			   gtv__word_who(q, &q->span, who));
	else if (q->span.flags & GTV_SP_PREEMPT)
		gtv__cause(q, &q->span, span_ns(&q->span), "the runtime preempted it");
	if (!tid)
		return;
	walk(q, (struct gtv_lane){.kind = GTV_LANE_THREAD, .id = tid}, worker_share, &most);
	if (most.to_ns && most.gt)
		gtv__cause(q, &most, span_ns(&most), "meanwhile %s ran %s",
			   gtv__word_tid(q, tid, on), gtv__word_gt(q, most.gt, who));
	else if (most.to_ns)
		gtv__cause(q, &most, span_ns(&most), "%s, where it ran next, was %s",
			   gtv__word_tid(q, tid, on), gtv_state_name(most.state));
}

static void core_share(struct gtv__asked *q, const struct gtv_span *s, uint64_t ns)
{
	char who[GTV__WORD];

	switch (s->state) {
	case GTV_ST_BUSY:
	case GTV_ST_OTHER:
		ns = gtv__share_stolen(q, s, ns);
		gtv__share_add(q, ns, GTV_ST_PREEMPTED, s->gt, s->tid, "%s has C%u",
			       s->gt ? gtv__word_gt(q, s->gt, who)
				     : gtv__word_tid(q, s->tid, who),
			       s->lane.id);
		break;
	case GTV_ST_IDLE:
		ns = gtv__share_stolen(q, s, ns);
		gtv__share_add(q, ns, GTV_ST_READY, 0, 1, "C%u is idle: on its way",
			       s->lane.id);
		break;
	default:
		gtv__share_add(q, ns, GTV_ST_UNKNOWN, 0, 2, "who has C%u is not known",
			       s->lane.id);
	}
}

static void explain_core_taken(struct gtv__asked *q)
{
	int core = q->next.to_ns && q->next.core >= 0 ? q->next.core : q->span.core;
	char who[GTV__WORD], len[GTV__WORD], shares[120];
	struct gtv_span most;
	uint64_t sum;

	if (core < 0)
		return;
	walk(q, (struct gtv_lane){.kind = GTV_LANE_CORE, .id = (uint32_t)core}, core_share,
	     &most);
	if (*gtv__word_stolen(q, core, q->span.from_ns, q->span.to_ns, &sum, shares,
			      sizeof shares))
		gtv__detail(gtv__cause(q, &q->span, sum, "interrupts had C%d for %s of it",
				       core, gtv__word_ns(sum, len)),
			    "%s", shares);
	if (!most.to_ns || !most.tid)
		return;
	struct gtv_cause *c = gtv__cause(q, &most, span_ns(&most), "%s had C%d for %s",
					 gtv__word_tid(q, most.tid, who), core,
					 gtv__word_ns(span_ns(&most), len));
	gtv__detail(c, most.flags & GTV_SP_OURS ? "a thread of the same program"
						: "a thread of another program");
	if (*gtv__word_core_shares(q, (uint32_t)core, q->span.from_ns, q->span.to_ns,
				   shares, sizeof shares))
		gtv__detail(c, "meanwhile: %s", shares);
}

/* ---- asleep ---- */

/* Who woke the thread: the kernel's edge that ends where the span does, or after. */
static void tell_waker(struct gtv__asked *q, uint32_t tid)
{
	size_t count;
	const struct gtv_edge *e = gtv_window_edges(q->w, &count);
	char who[GTV__WORD];
	struct gtv_span s;

	for (size_t i = 0; i < count; i++) {
		if (e[i].kind != GTV_EDGE_KWAKE || e[i].to.id != tid ||
		    e[i].from_ns < q->span.from_ns || e[i].from_ns > q->span.to_ns)
			continue;
		struct gtv_edge edge = e[i];
		gtv__word_tid(q, edge.from.id, who);
		if (gtv_window_span_at(q->w, edge.from, edge.from_ns, &s))
			s = q->span;
		gtv__cause(q, &s, edge.to_ns - edge.from_ns, "%s woke it", who);
		return;
	}
}

static void explain_asleep(struct gtv__asked *q)
{
	uint32_t tid = q->span.lane.kind == GTV_LANE_THREAD ? q->span.lane.id : q->span.tid;
	char call[GTV__WORD], who[GTV__WORD];

	gtv__tell_result(q, &q->span, &q->out->cause[0]);
	if (q->span.lock) {
		explain_lock(q);
		tell_waker(q, tid);
		return;
	}
	if (q->span.flags & GTV_SP_JOIN && q->span.who) {
		struct gtv_lane peer = {.kind = GTV_LANE_THREAD, .id = q->span.who};
		walk(q, peer, peer_share, NULL);
		gtv__cause(q, &q->span, span_ns(&q->span), "it waits for %s to end",
			   gtv__word_lane(q, peer, who));
		return;
	}
	gtv__share_add(q, span_ns(&q->span), q->span.state, 0, 0, "asleep in %s",
		       gtv__word_sleep(q, &q->span, call));
	tell_waker(q, tid);
}

static void explain_declared(struct gtv__asked *q)
{
	char what[GTV__WORD];
	const struct gtv_span *s = &q->span;

	switch (s->state) {
	case GTV_ST_IO:
		gtv__share_add(q, span_ns(s), GTV_ST_IO, s->lane.id, 0,
			       "descriptor %u is not ready", s->call - 1);
		break;
	case GTV_ST_SYSCALL:
		gtv_names_label(q->names, GTV_CLASS_CALL, s->call, what, sizeof what);
		gtv__share_add(q, span_ns(s), GTV_ST_SYSCALL, s->lane.id, 0,
			       "in the blocking call %s", s->call ? what : "");
		break;
	default:
		gtv__share_add(q, span_ns(s), GTV_ST_SLEEP, s->lane.id, 0,
			       "it asked to sleep");
	}
	if (q->next.to_ns && q->next.state == GTV_ST_READY && q->next.who)
		gtv__cause(q, &q->next, span_ns(&q->next), "made ready by %s",
			   gtv__word_who(q, &q->next, what));
}

/* ---- the other lanes ---- */

static void explain_held(struct gtv__asked *q)
{
	struct gtv_lane owner = {.kind = q->span.gt ? GTV_LANE_GT : GTV_LANE_THREAD,
				 .id = q->span.gt ? q->span.gt : q->span.tid};
	char who[GTV__WORD];

	if (!owner.id)
		return;
	walk(q, owner, peer_share, NULL);
	gtv__cause(q, &q->span, span_ns(&q->span), "held by %s",
		   gtv__word_lane(q, owner, who));
	if (q->span.waiters)
		gtv__cause(q, &q->span, span_ns(&q->span), "%u wait%s for it",
			   q->span.waiters, q->span.waiters == 1 ? "s" : "");
}

static void explain_unknown(struct gtv__asked *q)
{
	size_t count;
	const struct gtv_loss *l = gtv_window_losses(q->w, &count);
	uint64_t lost = 0;

	for (size_t i = 0; i < count; i++)
		lost += l[i].count;
	if (lost)
		gtv__share_add(q, span_ns(&q->span), GTV_ST_UNKNOWN, 0, 0,
			       "%llu events lost around here", (unsigned long long)lost);
	else
		gtv__share_add(q, span_ns(&q->span), GTV_ST_UNKNOWN, 0, 0,
			       "nothing in the trace tells");
}

/* "0.408 479": seconds since the trace's begin, as the screen writes them. */
static const char *moment(char buf[GTV__WORD], uint64_t ns)
{
	int64_t us = (int64_t)ns / 1000;

	snprintf(buf, GTV__WORD, "%s%lld.%03d %03d", us < 0 ? "-" : "",
		 (long long)(us < 0 ? -us : us) / 1000000, (int)(llabs(us) / 1000 % 1000),
		 (int)(llabs(us) % 1000));
	return buf;
}

/* The sentence about the span itself. */
static void tell_span(struct gtv__asked *q)
{
	const struct gtv_span *s = &q->span;
	char lane[GTV__WORD], what[2 * GTV__WORD], lock[GTV__WORD], len[GTV__WORD];
	char from[GTV__WORD], to[GTV__WORD];

	gtv__word_lane(q, s->lane, lane);
	gtv__word_ns(span_ns(s), len);
	if (s->state == GTV_ST_LOCK || s->state == GTV_ST_GIL ||
	    (s->lock && (s->state == GTV_ST_SLEEPING || s->state == GTV_ST_STALLED)))
		snprintf(what, sizeof what, "waits for %s",
			 gtv__word_lock(q, s->lock, lock));
	else if (s->flags & GTV_SP_JOIN && s->lane.kind == GTV_LANE_THREAD)
		snprintf(what, sizeof what, "waits for a thread's end");
	else if (s->state == GTV_ST_CHAN)
		snprintf(what, sizeof what, "waits for another green thread");
	else if (s->state == GTV_ST_SLEEPING || s->state == GTV_ST_DISK)
		snprintf(what, sizeof what, "sleeps in %s", gtv__word_sleep(q, s, lock));
	else
		snprintf(what, sizeof what, "is %s", gtv_state_name(s->state));
	struct gtv_cause *c = gtv__cause(q, s, span_ns(s), "%s %s for %s", lane, what, len);
	gtv__detail(c, "from %s to %s s", moment(from, s->from_ns - q->start_ns),
		    moment(to, s->to_ns - q->start_ns));
	if (s->flags & GTV_SP_OPEN)
		gtv__detail(c, "not over yet");
}

static void explain_state(struct gtv__asked *q)
{
	switch (q->span.state) {
	case GTV_ST_LOCK:
	case GTV_ST_GIL:
		explain_lock(q);
		break;
	case GTV_ST_CHAN:
		explain_peer(q);
		break;
	case GTV_ST_READY:
		explain_ready(q);
		break;
	case GTV_ST_PREEMPTED:
	case GTV_ST_RUNNABLE:
		explain_core_taken(q);
		break;
	case GTV_ST_STALLED:
	case GTV_ST_SLEEPING:
	case GTV_ST_DISK:
	case GTV_ST_STOPPED:
		explain_asleep(q);
		break;
	case GTV_ST_IO:
	case GTV_ST_SLEEP:
	case GTV_ST_SYSCALL:
		explain_declared(q);
		break;
	case GTV_ST_HELD:
	case GTV_ST_HELD_PREEMPTED:
	case GTV_ST_HELD_ASLEEP:
		explain_held(q);
		break;
	case GTV_ST_UNKNOWN:
		explain_unknown(q);
		break;
	default: /* it waits for nothing */
		gtv__explain_on_core(q);
	}
}

/* ---- is it always so? ---- */

static int by_length(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The same wait in the window as it was looked at. Tiles don't know each wait. */
void gtv_explain_similar(struct gtv_window *w, const struct gtv_span *span,
			 struct gtv_explanation *out)
{
	size_t count, n = 0;
	const struct gtv_piece *p = gtv_window_pieces(w, span->lane, &count);
	uint64_t *ns = count ? malloc(count * sizeof *ns) : NULL;

	out->similar = out->similar_median_ns = 0;
	out->similar_known = gtv_window_exact(w);
	for (size_t i = 0; ns && out->similar_known && i < count; i++) {
		const struct gtv_span *s = &p[i].span;
		if (p[i].spans == 1 && s->state == span->state && s->lock == span->lock)
			ns[n++] = span_ns(s);
	}
	if (n) {
		qsort(ns, n, sizeof *ns, by_length);
		out->similar = n;
		out->similar_median_ns = ns[n / 2];
	}
	free(ns);
}

int gtv_explain_wait(struct gtv_window *w, const struct gtv_names *names,
		     const struct gtv_span *span, struct gtv_explanation *out)
{
	struct gtv__asked q = {.w = w, .names = names, .span = *span, .out = out};
	struct gtv_store_info info;
	int err;

	memset(out, 0, sizeof *out);
	if (span->to_ns <= span->from_ns || !span->lane.kind)
		return -GTV_EUSAGE;
	gtv_store_get_info(gtv__window_store(w), &info);
	q.start_ns = info.start_ns;
	if (gtv_window_span_at(w, span->lane, span->to_ns, &q.next))
		memset(&q.next, 0, sizeof q.next);
	/* Exact where that is cheap, else by tiles fine enough for a figure. */
	err = gtv_window_look(w, span->from_ns, span->to_ns,
			      span_ns(span) / 256 + GTV_ZOOM_TILE_NS(0));
	if (err)
		return err;
	tell_span(&q);
	explain_state(&q);
	gtv__tell_chain(&q);
	gtv__shares_settle(&q);
	return 0;
}

int gtv_explain(struct gtv_window *w, const struct gtv_names *names,
		const struct gtv_span *span, struct gtv_explanation *out)
{
	struct gtv_explanation seen;
	int err;

	gtv_explain_similar(w, span, &seen);
	err = gtv_explain_wait(w, names, span, out);
	out->similar = seen.similar;
	out->similar_median_ns = seen.similar_median_ns;
	out->similar_known = seen.similar_known;
	return err;
}
