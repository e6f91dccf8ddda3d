/* SPDX-License-Identifier: MIT
 *
 * Locks of programs without a runtime: what the kernel tells are waits, and who had the
 * lock while somebody waited. That is enough for a convoy: how long a thread waited is
 * known, and how long it can have had the lock at most, from the end of one wait to the
 * next, or until another is seen to have it. If even that is little, it waits for the
 * holds of others. Whether it got the lock each time, or was woken in vain and went back to
 * sleep, looks the same from outside: so what is overtaken, and what is a false wake-up, is
 * not judged here.
 */
#include "tracer/model/findings_priv.h"

/* It had it until ns at the latest. */
static void own_ends(struct gtv__f_futex *x, uint64_t ns)
{
	if (!x->take_ns)
		return;
	if (x->end_ns < ns)
		ns = x->end_ns;
	x->own_ns += ns > x->take_ns ? ns - x->take_ns : 0;
	x->owns++;
	x->take_ns = 0;
}

/* The means are compared as for green threads (findings_lock.c). */
static void convoy(struct gtv__f_lock *l, const struct gtv__f_thread *t,
		   struct gtv__f_futex *x, const struct gtv_span *s)
{
	struct gtv__found *a = &l->found[GTV__L_CONVOY];
	uint64_t own = x->owns ? x->own_ns / x->owns : 0, holds = l->told_holds - x->told;
	uint64_t others = holds ? (l->told_ns - x->told_ns) / holds : 0;
	uint64_t wait = s->to_ns - s->from_ns;
	int fresh = !x->flagged;

	if (fresh && (x->waits < GTV__CONVOY_WAITS ||
		      x->wait_ns / x->waits < GTV__CONVOY_RATIO * own ||
		      x->wait_ns * GTV__CONVOY_SHARE < s->to_ns - x->since_ns ||
		      own * GTV__CONVOY_HOLD > others || !others))
		return;
	x->flagged = 1;
	a->victims += (uint32_t)fresh;
	if (fresh)
		a->times += x->waits - 1;
	if (gtv__found(a, s->from_ns, s->to_ns, fresh ? x->wait_ns : wait, x->wait_ns)) {
		a->who = gtv__f_lane(GTV_LANE_THREAD, t->tid);
		a->extra[0] = x->waits;
		a->extra[1] = own;
		a->from_ns = x->worst_from_ns;
		a->to_ns = x->worst_from_ns + x->worst_ns;
		a->by = gtv__f_lane(GTV_LANE_THREAD, x->worst_by);
	}
	if (fresh && x->since_ns < a->first_ns)
		a->first_ns = x->since_ns;
	if (fresh)
		gtv_where_add(&a->where, x->since_ns, s->to_ns);
}

void gtv__f_futex_wait(struct gtv_findings *f, struct gtv__f_thread *t,
		       const struct gtv_span *s)
{
	struct gtv__f_lock *l = gtv__f_lock(f, s->lock);
	struct gtv__f_futex *x = &t->futex;
	uint64_t wait = s->to_ns - s->from_ns;

	if (!l || l->told)
		return;
	f->saw_futex = 1;
	/* One lock at a time: who waits for many is in no convoy for one. */
	if (x->lock != s->lock)
		*x = (struct gtv__f_futex){.lock = s->lock, .since_ns = s->from_ns};
	own_ends(x, s->from_ns);
	x->waits++;
	x->wait_ns += wait;
	if (wait >= x->worst_ns) {
		x->worst_ns = wait;
		x->worst_from_ns = s->from_ns;
		x->worst_by = l->holder;
	}
	convoy(l, t, x, s);
	x->take_ns = s->to_ns;
	x->end_ns = UINT64_MAX;
	l->taker = t->tid;
}

void gtv__f_futex_held(struct gtv_findings *f, struct gtv__f_lock *l,
		       const struct gtv_span *s)
{
	uint64_t ns = s->to_ns - s->from_ns;
	uint32_t fresh = s->tid != l->holder || s->from_ns != l->told_to_ns;
	struct gtv__f_thread *t = gtv__f_get(&f->threads, s->tid);

	l->holder = s->tid;
	l->told_to_ns = s->to_ns;
	l->told_ns += ns;
	l->told_holds += fresh;
	if (t && t->futex.lock == l->id) {
		t->futex.told_ns += ns;
		t->futex.told += fresh;
	}
	t = l->taker && l->taker != s->tid ? gtv__f_get(&f->threads, l->taker) : NULL;
	if (t && t->futex.lock == l->id && t->futex.take_ns &&
	    s->from_ns >= t->futex.take_ns && s->from_ns < t->futex.end_ns)
		t->futex.end_ns = s->from_ns;
}
