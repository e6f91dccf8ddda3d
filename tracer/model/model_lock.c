/* SPDX-License-Identifier: MIT
 *
 * Locks. A lock's facts are its owner and who waits; its state is the owner's:
 * on a core HELD, taken off it by the kernel or the runtime HELD_PREEMPTED,
 * asleep or in a declared wait HELD_ASLEEP.
 *
 * A wait for a lock is two things: the state of the green thread, which ends
 * when it is made ready, and the want, which ends when it takes the lock. A
 * green thread that was woken for the lock, ran, and waits for it again was
 * woken in vain.
 */
#include "tracer/model/model_priv.h"

void gtv__lock_hold(struct gtv__lock *l, struct gtv__gt *owner)
{
	struct gtv__gt *old = l->owner;

	if (old) {
		struct gtv__lock **p = &old->held;
		while (*p && *p != l)
			p = &(*p)->next_held;
		if (*p) {
			*p = l->next_held;
			old->held_count--;
		}
		l->next_held = NULL;
	}
	/* Nobody holds so many; a hostile trace that says so stays cheap. */
	if (owner && owner->held_count >= GTV__HELD_MAX) {
		owner = NULL;
		l->known = 0;
	}
	l->owner = owner;
	if (owner) {
		l->next_held = owner->held;
		owner->held = l;
		owner->held_count++;
	}
	for (int i = 0; i < 2; i++) {
		struct gtv__gt *g = i ? owner : old;
		if (!g)
			continue;
		g->top = g->held;
		for (struct gtv__lock *h = g->held; h; h = h->next_held) {
			if (h->gil) {
				g->top = h;
				break;
			}
		}
	}
}

/* How a lock is held, by what its owner does now. */
static void held_content(const struct gtv__gt *g, struct gtv_span *s)
{
	const struct gtv_span *cur = &g->lane.cur;

	s->gt = g->id;
	s->tid = gtv__gt_tid(g);
	s->core = cur->core;
	switch (cur->state) {
	case GTV_ST_RUNNING:
		s->state = GTV_ST_HELD;
		break;
	case GTV_ST_PREEMPTED:
		s->state = GTV_ST_HELD_PREEMPTED;
		s->who = cur->who;
		s->flags |= cur->flags & GTV_SP_WHO_TID;
		break;
	case GTV_ST_READY: /* the runtime took its worker: who has that */
		s->state = GTV_ST_HELD_PREEMPTED;
		if (g->thread && g->thread->gt)
			s->who = g->thread->gt->id;
		break;
	case GTV_ST_STALLED:
		s->state = GTV_ST_HELD_ASLEEP;
		s->call = cur->call;
		s->flags |= cur->flags & GTV_SP_IO;
		break;
	case GTV_ST_UNKNOWN:
		s->state = GTV_ST_UNKNOWN;
		break;
	case GTV_ST_NONE: /* never seen to run; or ended and took it to the grave */
		s->state = g->run == GTV__RUN_DONE ? GTV_ST_HELD_ASLEEP : GTV_ST_UNKNOWN;
		break;
	default:
		s->state = GTV_ST_HELD_ASLEEP;
	}
}

/*
 * If something was lost after a lock's last event it may have changed hands since,
 * unless its owner runs (then the owner's own thread would have told the loss). A
 * green thread can wait for its next number to tell; a lock can't, for its spans
 * end whenever its waiters change.
 */
static int in_doubt(const struct gtv_model *m, const struct gtv__lock *l, uint64_t *at_ns)
{
	const struct gtv__gt *g = l->owner;

	if (g && g->run == GTV__RUN_RUNNING)
		return 0;
	if (gtv__user_loss_after(m, l->proc, l->last_ns, at_ns))
		return 1;
	return g && gtv__user_loss_after(m, g->proc, g->last_ns, at_ns);
}

void gtv__lock_show(struct gtv_model *m, struct gtv__lock *l, uint64_t ts_ns)
{
	uint64_t at;

	if (l->addr) {
		gtv__futex_show(m, l, ts_ns);
		return;
	}
	struct gtv_span s = {.core = -1};

	s.flags = l->gil ? GTV_SP_GIL : 0;
	s.waiters = l->waiters;
	if (!l->known)
		s.state = GTV_ST_UNKNOWN;
	else if (in_doubt(m, l, &at)) {
		gtv__lane_unknown(m, &l->lane, at);
		s.state = GTV_ST_UNKNOWN;
	} else if (!l->held)
		s.state = GTV_ST_FREE;
	else if (l->owner)
		held_content(l->owner, &s);
	else
		s.state = GTV_ST_HELD; /* by something that is no green thread */
	gtv__lane_set(m, &l->lane, ts_ns, &s);
}

void gtv__lock_unknown(struct gtv_model *m, struct gtv__lock *l, uint64_t ts_ns)
{
	if (l->addr) {
		gtv__futex_unknown(m, l, ts_ns);
		return;
	}
	gtv__lock_hold(l, NULL);
	if (!gtv__lane_alive(&l->lane))
		return;
	m->retro++;
	l->known = 0;
	l->drop_ns = 0;
	gtv__lock_show(m, l, ts_ns);
	m->retro--;
}

void gtv__lock_wait(struct gtv_model *m, struct gtv__gt *g, struct gtv__lock *l,
		    uint64_t ts_ns)
{
	if (g->want == l) {
		/* A time-out is no false wake-up: nobody said that it was free. */
		l->false_wakeups += g->woken_by != GTV_BY_TIMER;
	} else {
		g->want = l;
		g->want_ns = ts_ns;
	}
	l->waits++;
	if (l->gone)
		return;
	g->wait = l;
	l->waiters++;
	gtv__lock_show(m, l, ts_ns);
}

void gtv__lock_unwait(struct gtv_model *m, struct gtv__gt *g, uint64_t ts_ns)
{
	struct gtv__lock *l = g->wait;

	if (!l)
		return;
	g->wait = NULL;
	if (l->waiters)
		l->waiters--;
	gtv__lock_show(m, l, ts_ns);
}

/* As gt_number in model_gt.c, for a lock. */
static int lock_number(struct gtv_model *m, struct gtv__lock *l, uint32_t seq,
		       uint64_t ts_ns)
{
	uint64_t at = l->last_ns;
	int known = l->seen && l->known && !l->doubt;

	if (l->seen && !l->doubt && seq != l->seq + 1) {
		if (!gtv__user_loss_after(m, l->proc, l->last_ns, &at))
			gtv__suspect(
				m, GTV_FAULT_SEQ, l->proc, l->last_ns, ts_ns,
				"lock %u: change %u came after %u, and nothing is known "
				"lost",
				l->id, seq, l->seq);
		gtv__lock_unknown(m, l, at);
		known = 0;
	}
	l->seen = 1;
	l->doubt = 0;
	l->seq = seq;
	l->last_ns = ts_ns;
	return known;
}

static void show_owner_place(struct gtv_model *m, struct gtv__gt *g, uint64_t ts_ns)
{
	if (g && g->run == GTV__RUN_RUNNING)
		gtv__place_show(m, g->thread, ts_ns);
}

static void want_ends(struct gtv__lock *l, struct gtv__gt *g, uint64_t ts_ns)
{
	uint64_t ns = ts_ns > g->want_ns ? ts_ns - g->want_ns : 0;

	l->wait_ns += ns;
	if (ns > l->wait_max_ns)
		l->wait_max_ns = ns;
	g->want = NULL;
}

static void ev_take(struct gtv_model *m, struct gtv__thread *t, struct gtv__lock *l,
		    const struct gtv_ev *ev)
{
	struct gtv__gt *g = ev->gt ? gtv__gt(m, ev->gt, t) : NULL;
	uint64_t ts = ev->ts_ns;
	struct gtv__gt *old = NULL;

	if (lock_number(m, l, ev->seq, ts) && l->held) {
		gtv__fault(m, GTV_FAULT_LOCK, ts, "lock %u: taken by G%u while held by G%u",
			   l->id, ev->gt, l->owner ? l->owner->id : 0);
		old = l->owner;
	}
	l->takes++;
	if (ev->kind == GTV_EV_GIL_TAKE ||
	    (ev->kind == GTV_EV_LOCK_TAKE && l->last_owner && l->last_owner != ev->gt))
		l->handoffs++;
	if (g && g->want == l)
		want_ends(l, g, ts);
	if (l->drop_ns && l->last_owner && ev->gt && l->last_owner != ev->gt)
		gtv__edge(m, GTV_EDGE_HANDOFF, l->drop_ns,
			  gtv__lane_of(GTV_LANE_GT, l->last_owner), ts,
			  gtv__lane_of(GTV_LANE_GT, ev->gt), l->id);
	l->known = l->held = 1;
	l->last_owner = ev->gt;
	l->drop_ns = 0;
	gtv__lock_hold(l, g);
	gtv__lock_show(m, l, ts);
	show_owner_place(m, old, ts);
	show_owner_place(m, g, ts);
}

static void ev_drop(struct gtv_model *m, struct gtv__lock *l, const struct gtv_ev *ev)
{
	uint64_t ts = ev->ts_ns;

	if (lock_number(m, l, ev->seq, ts) &&
	    (!l->held || (l->owner ? l->owner->id : 0) != ev->gt))
		gtv__fault(m, GTV_FAULT_LOCK, ts,
			   "lock %u: dropped by G%u, which did not hold it", l->id, ev->gt);
	struct gtv__gt *old = l->owner;
	l->known = 1;
	l->held = 0;
	l->last_owner = ev->gt;
	l->drop_ns = ts;
	gtv__lock_hold(l, NULL);
	gtv__lock_show(m, l, ts);
	show_owner_place(m, old, ts);
}

/* As ev_state in model_gt.c. */
static void ev_lock_state(struct gtv_model *m, struct gtv__thread *t, struct gtv__lock *l,
			  const struct gtv_ev *ev)
{
	struct gtv__gt *g = ev->gt ? gtv__gt(m, ev->gt, t) : NULL;

	if (l->seen)
		return;
	l->seen = l->doubt = l->known = 1;
	l->seq = ev->seq;
	l->last_ns = ev->ts_ns;
	l->held = ev->gt != 0;
	l->last_owner = ev->gt;
	gtv__lock_hold(l, g);
	gtv__lock_show(m, l, ev->ts_ns);
}

void gtv__lock_event(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev)
{
	struct gtv__lock *l = ev->obj ? gtv__lock(m, ev->obj, t) : NULL;

	if (!l || l->gone || l->addr)
		return;
	if (ev->kind >= GTV_EV_GIL_TAKE && ev->kind <= GTV_EV_GIL_REQUEST)
		l->gil = 1;
	switch (ev->kind) {
	case GTV_EV_LOCK_TAKE:
	case GTV_EV_GIL_TAKE:
	case GTV_EV_GIL_RETAKE:
		ev_take(m, t, l, ev);
		break;
	case GTV_EV_LOCK_STATE:
		ev_lock_state(m, t, l, ev);
		break;
	case GTV_EV_LOCK_DROP:
	case GTV_EV_GIL_DROP:
		ev_drop(m, l, ev);
		break;
	default: /* a request changes nothing but the count */
		l->requests++;
		if (!gtv__lane_alive(&l->lane))
			gtv__lock_show(m, l, ev->ts_ns);
	}
}
