/* SPDX-License-Identifier: MIT
 *
 * Locks. A want begins with the first wait for a lock and ends when it is taken; what
 * lies between, false wake-ups too, is one wait. Of a green thread its waits and holds
 * of a lock are summed (a "need"), for two locks at a time.
 *
 * Locks that spin have no waits: nobody tells that he tries. Of those only what is
 * told is counted: who took them how often, and for how long he ran meanwhile.
 */
#include "tracer/model/findings_priv.h"

#include <stdlib.h>
#include <string.h>

static int is_spin(const char *kind)
{
	static const char *const spin[] = {"test-and-set", "ticket", "mcs", "spin",
					   "spinlock"};

	for (size_t i = 0; i < sizeof spin / sizeof spin[0]; i++)
		if (!strcmp(kind, spin[i]))
			return 1;
	return 0;
}

static void look_up(const struct gtv_findings *f, struct gtv__f_lock *l)
{
	struct gtv_name name = {0};

	if (f->names)
		gtv_names_get(f->names, GTV_CLASS_LOCK, l->id, &name);
	l->spins = (uint8_t)is_spin(name.extra);
}

struct gtv__f_lock *gtv__f_lock(struct gtv_findings *f, uint32_t id)
{
	struct gtv__f_lock *l = id ? gtv__f_make(&f->locks, id) : NULL;

	if (!l)
		return NULL;
	if (l->epoch == f->epoch)
		return l;
	if (!l->epoch) {
		look_up(f, l);
		l->first_ns = f->now_ns;
	}
	l->epoch = f->epoch;
	l->owner = l->waiters = 0;
	return l;
}

/* ---- waiting ---- */

static struct gtv__f_need *need_of(struct gtv__f_gt *g, uint32_t lock)
{
	for (int i = 0; i < 2; i++)
		if (g->need[i].lock == lock)
			return &g->need[i];
	return NULL;
}

static void need_begin(struct gtv__f_gt *g, uint32_t lock, uint64_t ns)
{
	struct gtv__f_need *n = &g->need[0];

	if (need_of(g, lock))
		return;
	/* The one that is waited for less makes room. */
	if (n->lock && (!g->need[1].lock || g->need[1].wait_ns < n->wait_ns))
		n = &g->need[1];
	*n = (struct gtv__f_need){.lock = lock, .since_ns = ns};
}

void gtv__f_lock_wait(struct gtv_findings *f, struct gtv__f_gt *g, uint32_t lock,
		      uint64_t ns)
{
	struct gtv__f_lock *l = gtv__f_lock(f, lock);

	if (!l)
		return;
	if (g->want == lock) {
		l->false_wakes += g->woken;
		g->want_false += g->woken;
	} else {
		g->want = lock;
		g->want_ns = ns;
		g->want_takes = l->takes;
		g->want_ahead = l->waiters;
		g->want_false = 0;
		need_begin(g, lock, ns);
	}
	g->woken = 0;
	g->waits_lock = lock;
	l->waiters++;
	l->waits++;
}

void gtv__f_lock_unwait(struct gtv_findings *f, struct gtv__f_gt *g, int woken)
{
	struct gtv__f_lock *l = gtv__f_lock(f, g->waits_lock);

	g->waits_lock = 0;
	if (!l)
		return;
	l->waiters -= l->waiters > 0;
	l->wakes += woken != 0;
	g->woken = woken != 0;
}

/* Short needs behind long holds: waits that dwarf the holds they are for. */
static void convoy(struct gtv__f_lock *l, struct gtv__f_gt *g, struct gtv__f_need *n,
		   uint64_t wait, uint64_t ns)
{
	struct gtv__found *a = &l->found[GTV__L_CONVOY];
	uint64_t own = n->holds ? n->hold_ns / n->holds : 0, holds = l->holds - n->holds;
	uint64_t others = holds ? (l->hold_ns - n->hold_ns) / holds : 0;
	int fresh = !n->flagged;

	if (fresh && (n->waits < GTV__CONVOY_WAITS ||
		      n->wait_ns / n->waits < GTV__CONVOY_RATIO * own ||
		      n->wait_ns * GTV__CONVOY_SHARE < ns - n->since_ns ||
		      own * GTV__CONVOY_HOLD > others || !others))
		return;
	n->flagged = 1;
	a->victims += (uint32_t)fresh;
	if (fresh)
		a->times += n->waits - 1;
	if (gtv__found(a, ns - wait, ns, fresh ? n->wait_ns : wait, n->wait_ns)) {
		a->who = gtv__f_lane(GTV_LANE_GT, g->id);
		a->extra[0] = n->waits;
		a->extra[1] = own;
		a->from_ns = n->worst_from_ns;
		a->to_ns = n->worst_from_ns + n->worst_ns;
		a->by = gtv__f_lane(GTV_LANE_GT, n->worst_by);
	}
	if (fresh && n->since_ns < a->first_ns)
		a->first_ns = n->since_ns;
	if (fresh)
		gtv_where_add(&a->where, n->since_ns, ns);
}

static void overtaken(struct gtv__f_lock *l, const struct gtv__f_gt *g, uint64_t ns)
{
	struct gtv__found *a = &l->found[GTV__L_UNFAIR];
	uint64_t others = l->takes - g->want_takes;

	if (others <= (uint64_t)g->want_ahead + GTV__OVERTAKEN)
		return;
	l->overtaken++;
	if (gtv__found(a, g->want_ns, ns, ns - g->want_ns, others)) {
		a->who = gtv__f_lane(GTV_LANE_GT, g->id);
		a->by = gtv__f_lane(GTV_LANE_GT, l->last_owner);
		a->extra[0] = g->want_ahead;
	}
}

/* g takes what it wants; l still says what was so before. */
static void want_ends(struct gtv__f_lock *l, struct gtv__f_gt *g, uint64_t ns)
{
	struct gtv__f_need *n = need_of(g, l->id);
	uint64_t wait = ns > g->want_ns ? ns - g->want_ns : 0;
	struct gtv__found *a = &l->found[GTV__L_FALSE];

	g->want = 0;
	l->wants++;
	overtaken(l, g, ns);
	if (g->want_false && gtv__found(a, g->want_ns, ns, 0, g->want_false))
		a->who = gtv__f_lane(GTV_LANE_GT, g->id);
	if (!n)
		return;
	n->waits++;
	n->wait_ns += wait;
	if (wait >= n->worst_ns) {
		n->worst_ns = wait;
		n->worst_from_ns = ns - wait;
		n->worst_by = l->last_owner;
	}
	convoy(l, g, n, wait, ns);
}

/* ---- shares of locks that spin ---- */

static struct gtv__f_share *share_of(struct gtv__f_lock *l, struct gtv__f_gt *g)
{
	if (!l->share)
		l->share = calloc(GTV__F_SHARES, sizeof *l->share);
	if (!l->share)
		return NULL;
	if (g->share_lock == l->id && l->share[g->share].gt == g->id)
		return &l->share[g->share];
	for (uint32_t i = 0; i < GTV__F_SHARES; i++) {
		struct gtv__f_share *s = &l->share[i];
		if (s->gt && (s->gt != g->id || s->end_ns))
			continue;
		if (!s->gt)
			l->takers++;
		g->share_lock = l->id;
		g->share = i;
		return s;
	}
	return NULL;
}

/* They are compared from when the last of them came: who came first was alone a while. */
static void shares_restart(const struct gtv_findings *f, struct gtv__f_lock *l, uint64_t ns)
{
	const struct gtv__f_gt *g;

	l->first_ns = ns;
	for (int i = 0; i < GTV__F_SHARES; i++) {
		struct gtv__f_share *s = &l->share[i];
		if (!s->gt || s->end_ns)
			continue;
		g = gtv__f_peek(&f->gts, s->gt);
		s->takes = 0;
		s->first_ns = ns;
		s->run_ns = g ? g->run_ns : 0;
	}
}

static void count_share(const struct gtv_findings *f, struct gtv__f_lock *l,
			struct gtv__f_gt *g, uint64_t ns)
{
	struct gtv__f_share *s = share_of(l, g);

	if (!s)
		return;
	if (!s->gt) {
		*s = (struct gtv__f_share){.gt = g->id};
		shares_restart(f, l, ns);
	}
	s->takes++;
}

void gtv__f_lock_leave(struct gtv_findings *f, struct gtv__f_gt *g, uint64_t ns)
{
	struct gtv__f_lock *l = g->share_lock ? gtv__f_get(&f->locks, g->share_lock) : NULL;
	struct gtv__f_share *s = l && l->share ? &l->share[g->share] : NULL;

	if (!s || s->gt != g->id || s->end_ns)
		return;
	s->end_ns = ns;
	s->run_ns = g->run_ns - s->run_ns;
}

/* What it has by now, if it was there for most of the time in which l was fought for. */
static int share_now(const struct gtv_findings *f, const struct gtv__f_lock *l,
		     const struct gtv__f_share *s, struct gtv__f_share *out)
{
	const struct gtv__f_gt *g;

	if (!s->gt)
		return 0;
	*out = *s;
	if (!s->end_ns) {
		g = gtv__f_peek(&f->gts, s->gt);
		out->end_ns = f->now_ns;
		out->run_ns = g ? g->run_ns - s->run_ns : 0;
	}
	if (out->end_ns > l->last_ns)
		out->end_ns = l->last_ns;
	return out->end_ns > out->first_ns &&
	       2 * (out->end_ns - out->first_ns) >= l->last_ns - l->first_ns;
}

int gtv__f_lock_unequal(const struct gtv_findings *f, const struct gtv__f_lock *l,
			struct gtv__found *found)
{
	struct gtv__f_share most = {0}, least = {0}, s;
	uint64_t ratio;

	for (int i = 0; l->share && i < GTV__F_SHARES; i++) {
		if (!share_now(f, l, &l->share[i], &s))
			continue;
		if (s.takes > most.takes)
			most = s;
		/* Who took it last before the others came may not want it any more. */
		if (s.takes && (!least.gt || s.takes < least.takes))
			least = s;
	}
	if (!least.gt || most.gt == least.gt || most.takes < GTV__UNEQUAL_TAKES)
		return 0;
	ratio = most.takes / least.takes;
	/* Who ran much less had less time to try. */
	if (ratio < GTV__UNEQUAL || 2 * least.run_ns < most.run_ns)
		return 0;
	*found = (struct gtv__found){.times = 1,
				     .measure = ratio,
				     .first_ns = l->first_ns,
				     .from_ns = least.first_ns,
				     .to_ns = least.end_ns};
	found->who = gtv__f_lane(GTV_LANE_GT, least.gt);
	found->by = gtv__f_lane(GTV_LANE_GT, most.gt);
	found->extra[0] = most.takes;
	found->extra[1] = least.takes;
	return 1;
}

/* ---- events and spans ---- */

static void take(struct gtv_findings *f, struct gtv__f_lock *l, struct gtv__f_gt *g,
		 uint64_t ns)
{
	if (g && g->want == l->id)
		want_ends(l, g, ns);
	l->takes++;
	if (l->takes == 64)
		look_up(f, l); /* live, its name may have come late */
	l->owner = g ? g->id : 0;
	l->last_owner = l->owner;
	l->hold_from_ns = l->last_ns = ns;
	if (g && l->spins)
		count_share(f, l, g, ns);
}

static void drop(struct gtv__f_lock *l, struct gtv__f_gt *g, uint64_t ns)
{
	struct gtv__f_need *n = g ? need_of(g, l->id) : NULL;
	uint64_t hold = ns - l->hold_from_ns;

	if (g && l->owner == g->id) {
		l->hold_ns += hold;
		l->holds++;
		if (n) {
			n->hold_ns += hold;
			n->holds++;
		}
	}
	l->owner = 0;
}

void gtv__f_lock_event(struct gtv_findings *f, struct gtv__f_thread *t,
		       const struct gtv_ev *ev)
{
	struct gtv__f_lock *l = gtv__f_lock(f, ev->obj);
	struct gtv__f_gt *g = gtv__f_gt(f, ev->gt, t);

	if (!l)
		return;
	f->saw_lock = l->told = 1;
	if (ev->kind == GTV_EV_LOCK_DROP || ev->kind == GTV_EV_GIL_DROP)
		drop(l, g, ev->ts_ns);
	else
		take(f, l, g, ev->ts_ns);
}

void gtv__f_lock_span(struct gtv_findings *f, const struct gtv_span *s)
{
	int off = s->state == GTV_ST_HELD_PREEMPTED || s->state == GTV_ST_HELD_ASLEEP;
	uint64_t ns = s->to_ns - s->from_ns;
	const struct gtv__f_thread *t;
	const struct gtv__f_gt *g;
	struct gtv__f_lock *l;
	struct gtv__found *a;

	if (!off && s->state != GTV_ST_HELD)
		return;
	l = gtv__f_lock(f, s->lane.id);
	if (!l)
		return;
	a = &l->found[GTV__L_OFF];
	f->saw_futex |= !l->told;
	if (!l->told && s->tid)
		gtv__f_futex_held(f, l, s);
	l->held_ns += ns;
	if (!off)
		return;
	l->off_ns += ns;
	g = gtv__f_peek(&f->gts, s->gt);
	t = s->gt ? NULL : gtv__f_peek(&f->threads, s->tid);
	/* In a wait cycle, all that its members hold is held asleep: the cycle says it. */
	if ((!s->waiters && !l->spins) || (g && g->cycle) || (t && t->cycle))
		return;
	/* The most waiters at once: for the words. */
	if (s->waiters > a->victims)
		a->victims = s->waiters;
	if (gtv__found(a, s->from_ns, s->to_ns, ns * (s->waiters ? s->waiters : 1), ns)) {
		a->who = s->gt ? gtv__f_lane(GTV_LANE_GT, s->gt)
			       : gtv__f_lane(GTV_LANE_THREAD, s->tid);
		a->by = gtv__f_lane(
			s->flags & GTV_SP_WHO_TID ? GTV_LANE_THREAD : GTV_LANE_GT, s->who);
		a->call = s->call;
		a->extra[0] = s->state;
		if (g && s->state == GTV_ST_HELD_ASLEEP && g->state != GTV__F_RUN) {
			a->extra[0] = GTV_ST_LOCK; /* a wait that it declared */
			a->by = gtv__f_lane(GTV_LANE_LOCK, g->waits_lock);
		}
		a->extra[1] = s->core >= 0 ? (uint64_t)s->core + 1 : 0;
	}
}
