/* SPDX-License-Identifier: MIT
 *
 * Each kind of wait has one lane that tells whose doing it was (explain.c lists them).
 * A cause is who takes most of that lane meanwhile; the chain follows that one's own
 * lane, as long as it waits itself for most of the time.
 */
#include "tracer/model/cause.h"
#include "tracer/model/extra.h"

#include <string.h>

#define SHARES_MAX 16

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Somebody's part of a lane. */
struct share {
	struct gtv_lane who;
	uint32_t gt;
	uint64_t ns, from_ns;
};

struct shares {
	struct share share[SHARES_MAX];
	int count;
};

static void add(struct shares *s, struct gtv_lane who, uint32_t gt, uint64_t from_ns,
		uint64_t ns)
{
	int i = 0;

	while (i < s->count &&
	       (s->share[i].who.kind != who.kind || s->share[i].who.id != who.id))
		i++;
	if (i == SHARES_MAX)
		return;
	if (i == s->count)
		s->share[s->count++] =
			(struct share){.who = who, .gt = gt, .from_ns = from_ns};
	if (s->share[i].gt != gt)
		s->share[i].gt = 0;
	s->share[i].ns += ns;
}

static const struct share *most(const struct shares *s)
{
	const struct share *best = NULL;

	for (int i = 0; i < s->count; i++) {
		if (!best || s->share[i].ns > best->ns)
			best = &s->share[i];
	}
	return best;
}

/* Exact pieces of a lane within [from, to), one at a time. */
struct walk {
	const struct gtv_piece *p;
	size_t count, i;
	uint64_t from_ns, to_ns;
};

static struct walk walk_of(struct gtv_window *w, struct gtv_lane lane, uint64_t from_ns,
			   uint64_t to_ns)
{
	struct walk walk = {.from_ns = from_ns, .to_ns = to_ns};

	walk.p = gtv_window_pieces(w, lane, &walk.count);
	return walk;
}

/* The next piece, cut to the stretch; 0: no more. */
static int next(struct walk *walk, struct gtv_span *s)
{
	while (walk->i < walk->count) {
		const struct gtv_piece *p = &walk->p[walk->i++];
		if (p->spans != 1)
			continue;
		*s = p->span;
		s->from_ns = later(s->from_ns, walk->from_ns);
		s->to_ns = earlier(s->to_ns, walk->to_ns);
		if (s->from_ns < s->to_ns)
			return 1;
	}
	return 0;
}

static struct gtv_lane thread_lane(uint32_t tid)
{
	return (struct gtv_lane){.kind = GTV_LANE_THREAD, .id = tid};
}

static struct gtv_lane gt_lane(uint32_t gt)
{
	return (struct gtv_lane){.kind = GTV_LANE_GT, .id = gt};
}

/* ---- the lanes that tell ---- */

static void lock_shares(struct gtv_window *w, const struct gtv_span *span,
			struct shares *out)
{
	struct gtv_lane lane = {.kind = GTV_LANE_LOCK, .id = span->lock};
	struct walk walk = walk_of(w, lane, span->from_ns, span->to_ns);
	struct gtv_span s;

	while (next(&walk, &s)) {
		if (s.state != GTV_ST_HELD && s.state != GTV_ST_HELD_PREEMPTED &&
		    s.state != GTV_ST_HELD_ASLEEP)
			continue;
		if (s.gt)
			add(out, gt_lane(s.gt), 0, s.from_ns, s.to_ns - s.from_ns);
		else if (s.tid)
			add(out, thread_lane(s.tid), 0, s.from_ns, s.to_ns - s.from_ns);
	}
}

/* What interrupts had of it: nobody's who was on the core. */
static uint64_t stolen_ns(struct gtv_window *w, uint32_t core, uint64_t from_ns,
			  uint64_t to_ns)
{
	uint64_t sum;

	gtv_extra_stolen(w, (int)core, from_ns, to_ns, NULL, 0, &sum);
	return sum;
}

static void core_shares(struct gtv_window *w, uint32_t core, uint64_t from_ns,
			uint64_t to_ns, struct shares *out)
{
	struct gtv_lane lane = {.kind = GTV_LANE_CORE, .id = core};
	struct walk walk = walk_of(w, lane, from_ns, to_ns);
	struct gtv_span s;

	while (next(&walk, &s)) {
		if (s.state == GTV_ST_BUSY || s.state == GTV_ST_OTHER ||
		    s.state == GTV_ST_IDLE)
			add(out, thread_lane(s.tid), s.gt, s.from_ns,
			    s.to_ns - s.from_ns - stolen_ns(w, core, s.from_ns, s.to_ns));
	}
}

static void worker_shares(struct gtv_window *w, uint32_t tid, const struct gtv_span *span,
			  struct shares *out)
{
	struct walk walk = walk_of(w, thread_lane(tid), span->from_ns, span->to_ns);
	struct gtv_span s;

	while (next(&walk, &s)) {
		if (s.gt)
			add(out, gt_lane(s.gt), 0, s.from_ns, s.to_ns - s.from_ns);
	}
}

/* ---- one cause ---- */

static int by_share(struct gtv_link *out, unsigned kind, const struct shares *s,
		    uint32_t obj)
{
	const struct share *best = most(s);

	if (!best)
		return 0;
	out->kind = (uint8_t)kind;
	out->from = best->who;
	out->from_ns = best->from_ns;
	out->ns = best->ns;
	out->obj = obj;
	return 1;
}

static int by_peer(struct gtv_link *out, struct gtv_lane peer, uint32_t obj)
{
	if (!peer.id)
		return 0;
	out->kind = GTV_CAUSE_PEER;
	out->from = peer;
	out->from_ns = out->span.from_ns;
	out->ns = out->span.to_ns - out->span.from_ns;
	out->obj = obj;
	return 1;
}

/* The kernel's edge that ended a sleep. */
static void find_waker(struct gtv_window *w, uint32_t tid, struct gtv_link *out)
{
	size_t count;
	const struct gtv_edge *e = gtv_window_edges(w, &count);

	for (size_t i = 0; i < count; i++) {
		if (e[i].kind != GTV_EDGE_KWAKE || e[i].to.id != tid ||
		    e[i].from_ns < out->span.from_ns || e[i].from_ns > out->span.to_ns)
			continue;
		out->from = e[i].from;
		out->from_ns = e[i].from_ns;
		return;
	}
}

static int by_call(struct gtv_window *w, uint32_t tid, struct gtv_link *out)
{
	out->kind = GTV_CAUSE_CALL;
	out->obj = out->span.call;
	out->ns = out->span.to_ns - out->span.from_ns;
	if (tid)
		find_waker(w, tid, out);
	return 1;
}

static int asleep_cause(struct gtv_window *w, const struct gtv_span *span,
			struct gtv_link *out)
{
	uint32_t tid = span->lane.kind == GTV_LANE_THREAD ? span->lane.id : span->tid;
	struct shares shares = {.count = 0};

	if (span->lock)
		lock_shares(w, span, &shares);
	if (by_share(out, GTV_CAUSE_HELD, &shares, span->lock))
		return 1;
	if (span->flags & GTV_SP_JOIN)
		return by_peer(out, thread_lane(span->who), 0);
	return by_call(w, tid, out);
}

/* Interrupts on the core in this time: 1 if there were more than `least` ns of one. */
static int by_interrupts(struct gtv_window *w, int core, uint64_t least,
			 struct gtv_link *out)
{
	struct gtv_extra_share most[2];
	uint64_t sum;

	if (!gtv_extra_stolen(w, core, out->span.from_ns, out->span.to_ns, most, 2, &sum) ||
	    sum <= least)
		return 0;
	out->kind = GTV_CAUSE_IRQ;
	out->from = (struct gtv_lane){.kind = GTV_LANE_CORE, .id = (uint32_t)core};
	out->from_ns = out->span.from_ns;
	out->ns = sum;
	out->obj = most[0].nr | (most[0].kind == GTV_EV_K_SOFTIRQ ? GTV_CAUSE_SOFT : 0);
	return 1;
}

static int core_cause(struct gtv_window *w, const struct gtv_span *span,
		      const struct gtv_span *then, struct gtv_link *out)
{
	int core = then->to_ns && then->core >= 0 ? then->core : span->core;
	uint32_t self = span->lane.kind == GTV_LANE_THREAD ? span->lane.id : span->tid;
	struct shares shares = {.count = 0};

	if (core >= 0)
		core_shares(w, (uint32_t)core, span->from_ns, span->to_ns, &shares);
	for (int i = 0; i < shares.count; i++) {
		if (shares.share[i].who.id == self || !shares.share[i].who.id)
			shares.share[i].ns = 0;
	}
	const struct share *best = most(&shares);
	if (by_interrupts(w, core, best ? best->ns : 0, out))
		return 1;
	return best && best->ns && by_share(out, GTV_CAUSE_TAKEN, &shares, (uint32_t)core);
}

static int ready_cause(struct gtv_window *w, const struct gtv_span *span,
		       const struct gtv_span *then, struct gtv_link *out)
{
	uint32_t tid = then->to_ns && then->tid ? then->tid : span->tid;
	struct shares shares = {.count = 0};

	if (tid)
		worker_shares(w, tid, span, &shares);
	return by_share(out, GTV_CAUSE_WORKER, &shares, tid);
}

static int chan_cause(const struct gtv_span *span, const struct gtv_span *then,
		      struct gtv_link *out)
{
	if (span->flags & GTV_SP_JOIN)
		return by_peer(out, gt_lane(span->call), 0);
	/* Who ended the wait is whom it waited for. */
	if (then->to_ns && then->state == GTV_ST_READY && !(then->flags & GTV_SP_WHO_TID))
		return by_peer(out, gt_lane(then->who), span->call);
	return 0;
}

int gtv_cause_of(struct gtv_window *w, const struct gtv_span *span, struct gtv_link *out)
{
	struct shares shares = {.count = 0};
	struct gtv_span then;

	memset(out, 0, sizeof *out);
	out->span = *span;
	out->to = span->lane;
	out->to_ns = span->to_ns;
	if (gtv_window_span_at(w, span->lane, span->to_ns, &then))
		memset(&then, 0, sizeof then);
	switch (span->state) {
	case GTV_ST_LOCK:
	case GTV_ST_GIL:
		lock_shares(w, span, &shares);
		return by_share(out, GTV_CAUSE_HELD, &shares, span->lock);
	case GTV_ST_CHAN:
		return chan_cause(span, &then, out);
	case GTV_ST_READY:
		return ready_cause(w, span, &then, out);
	case GTV_ST_PREEMPTED:
	case GTV_ST_RUNNABLE:
		return core_cause(w, span, &then, out);
	case GTV_ST_STALLED:
	case GTV_ST_SLEEPING:
	case GTV_ST_DISK:
	case GTV_ST_STOPPED:
		return asleep_cause(w, span, out);
	case GTV_ST_IO:
	case GTV_ST_SLEEP:
	case GTV_ST_SYSCALL:
		return by_call(w, 0, out);
	case GTV_ST_HELD_PREEMPTED:
	case GTV_ST_HELD_ASLEEP: /* a lock, that its owner does not get on with */
		if (!by_peer(out, span->gt ? gt_lane(span->gt) : thread_lane(span->tid), 0))
			return 0;
		out->kind = GTV_CAUSE_HELD;
		out->obj = span->lane.id;
		return 1;
	case GTV_ST_RUNNING: /* it does not wait, but may have been held up */
		return by_interrupts(w, span->core, 0, out);
	default:
		return 0;
	}
}

/* ---- the chain ---- */

/* The longest wait of a lane within the stretch. 0: it ran for most of it. */
static int longest_wait(struct gtv_window *w, struct gtv_lane lane, uint64_t from_ns,
			uint64_t to_ns, struct gtv_span *out)
{
	struct walk walk = walk_of(w, lane, from_ns, to_ns);
	uint64_t ran = 0, told = 0;
	struct gtv_span s;

	memset(out, 0, sizeof *out);
	while (next(&walk, &s)) {
		uint64_t ns = s.to_ns - s.from_ns;
		told += ns;
		if (s.state == GTV_ST_RUNNING)
			ran += ns;
		else if (s.state != GTV_ST_UNKNOWN && ns > out->to_ns - out->from_ns)
			*out = s;
	}
	return out->to_ns && ran <= told / 2;
}

static int seen(const struct gtv_link *chain, int count, struct gtv_lane lane)
{
	for (int i = 0; i < count; i++) {
		if (chain[i].to.kind == lane.kind && chain[i].to.id == lane.id)
			return 1;
	}
	return 0;
}

int gtv_cause_chain(struct gtv_window *w, const struct gtv_span *span,
		    struct gtv_link out[GTV_CHAIN_MAX])
{
	struct gtv_span s = *span;
	int n = 0;

	while (n < GTV_CHAIN_MAX && gtv_cause_of(w, &s, &out[n])) {
		const struct gtv_link *l = &out[n++];
		/* Whoever had a core, or woke somebody, ran. */
		if (l->kind == GTV_CAUSE_TAKEN || l->kind == GTV_CAUSE_CALL ||
		    l->kind == GTV_CAUSE_IRQ || seen(out, n, l->from) ||
		    !longest_wait(w, l->from, later(l->from_ns, s.from_ns), s.to_ns, &s))
			break;
	}
	return n;
}

int gtv_cause_core(struct gtv_window *w, uint32_t core, uint64_t from_ns, uint64_t to_ns,
		   struct gtv_core_share *out, int max)
{
	struct shares shares = {.count = 0};
	int n = 0;

	core_shares(w, core, from_ns, to_ns, &shares);
	while (n < max && shares.count) {
		struct share *best = &shares.share[most(&shares) - shares.share];
		out[n++] = (struct gtv_core_share){
			.tid = best->who.id, .gt = best->gt, .ns = best->ns};
		*best = shares.share[--shares.count];
	}
	return n;
}
