/* SPDX-License-Identifier: MIT
 *
 * Green threads: who was ready how long and was passed over, who kept a worker how
 * long, who went to and fro between workers, and who waits for whom.
 *
 * A worker that is kept harms those who are ready meanwhile. Where there is one worker,
 * it also looks for timers and descriptors: nobody is told to be ready while it is
 * kept. So a long hold waits for what comes next (`pending`): if the next to run was
 * made ready by the loop right after the hold, it was this one that was kept waiting.
 */
#include "tracer/model/findings_priv.h"

#include <string.h>

/* Its state, counted with its process. */
static void enter(struct gtv_findings *f, struct gtv__f_gt *g, struct gtv__f_proc *p,
		  unsigned state, uint64_t ns)
{
	int fresh = g->epoch != f->epoch;

	if (!fresh && g->proc) {
		gtv__f_proc_advance(g->proc, ns);
		g->proc->in[g->state]--;
	}
	if (p != g->proc || fresh) {
		if (g->proc && !fresh)
			g->proc->live--;
		p->live++;
	}
	if (fresh) {
		g->epoch = f->epoch;
		g->want = g->waits_lock = g->waits_gt = 0;
		g->cycle = 0;
		g->share_lock = 0;
		for (int i = 0; i < 2; i++)
			g->need[i].lock = 0;
	}
	gtv__f_proc_advance(p, ns);
	g->ready_before = p->in[GTV__F_READY];
	g->proc = p;
	g->state = (uint8_t)state;
	g->mark = gtv__f_mark(p, ns);
	p->in[state]++;
	p->changed_ns = ns;
}

struct gtv__f_gt *gtv__f_gt(struct gtv_findings *f, uint32_t id, struct gtv__f_thread *t)
{
	struct gtv__f_gt *g = id ? gtv__f_make(&f->gts, id) : NULL;

	if (!g)
		return NULL;
	f->saw_gt = 1;
	f->saw_shared |= !t->proc->one_to_one;
	if (g->epoch != f->epoch)
		enter(f, g, t->proc, GTV__F_NEW, f->now_ns);
	return g;
}

/* ---- wait cycles ---- */

/* Whom it waits for, 0 nobody known. */
static uint32_t waits_for(const struct gtv_findings *f, const struct gtv__f_gt *g)
{
	const struct gtv__f_lock *l =
		g->waits_lock ? gtv__f_peek(&f->locks, g->waits_lock) : NULL;

	if (l)
		return l->epoch == f->epoch ? l->owner : 0;
	return g->waits_gt;
}

/* g has begun to wait: does what it waits for wait for g? */
static void look_for_cycle(struct gtv_findings *f, struct gtv__f_gt *g, uint64_t ns)
{
	struct gtv__f_cycle c = {.proc = g->proc, .from_ns = ns};
	struct gtv__f_gt *at = g;

	for (int depth = 0; depth < 64; depth++) {
		uint32_t next = waits_for(f, at);
		if (c.members < GTV__F_MEMBERS) {
			c.lock[c.members] = at->waits_lock;
			c.member[c.members++] = at->id;
		}
		if (!next)
			return;
		if (next == g->id)
			break;
		at = gtv__f_peek(&f->gts, next);
		if (!at || at->epoch != f->epoch || at->cycle)
			return;
		if (depth == 63)
			return;
	}
	uint8_t idx;
	if (!gtv__f_cycle_new(f, &c, &idx))
		return;
	for (int m = 0; m < c.members; m++) {
		struct gtv__f_gt *member = gtv__f_peek(&f->gts, c.member[m]);
		if (member)
			member->cycle = idx;
	}
}

struct gtv__f_cycle *gtv__f_cycle_new(struct gtv_findings *f, const struct gtv__f_cycle *c,
				      uint8_t *idx)
{
	for (int i = 0; i < GTV__F_CYCLES; i++) {
		if (f->cycle[i].proc)
			continue;
		f->cycle[i] = *c;
		*idx = (uint8_t)(i + 1);
		return &f->cycle[i];
	}
	return NULL;
}

void gtv__f_cycle_add(struct gtv__found *a, const struct gtv__f_cycle *c, uint64_t ns,
		      int open)
{
	uint64_t lost = (ns - c->from_ns) * c->members;

	if (gtv__found(a, c->from_ns, ns, lost, ns - c->from_ns) || open) {
		a->from_ns = c->from_ns;
		a->to_ns = ns;
		a->who = gtv__f_lane(c->threads ? GTV_LANE_THREAD : GTV_LANE_GT,
				     c->member[0]);
		a->members = c->members;
		memcpy(a->member, c->member, sizeof a->member);
		memcpy(a->lock, c->lock, sizeof a->lock);
	}
	a->open |= (uint8_t)open;
}

/* The cycle with that number (1 + its place), of green threads, is no more. */
static void end_cycle(struct gtv_findings *f, uint8_t idx, uint64_t ns, int open)
{
	struct gtv__f_cycle *c = &f->cycle[idx - 1];

	if (!c->proc || c->threads)
		return;
	gtv__f_cycle_add(&c->proc->found[GTV__P_CYCLE], c, ns, open);
	for (int m = 0; m < c->members; m++) {
		struct gtv__f_gt *member = gtv__f_peek(&f->gts, c->member[m]);
		/* One that was forgotten and came again may be in another. */
		if (member && member->cycle == idx)
			member->cycle = 0;
	}
	c->proc = NULL;
}

/* g waits no longer: its cycle is broken, by a time-out or who was cancelled. */
static void leave_cycle(struct gtv_findings *f, struct gtv__f_gt *g, uint64_t ns)
{
	end_cycle(f, g->cycle, ns, 0);
	g->cycle = 0;
}

void gtv__f_gt_cycles(const struct gtv_findings *f, const struct gtv__f_proc *p,
		      uint64_t ns, struct gtv__found *found)
{
	for (int i = 0; i < GTV__F_CYCLES; i++)
		if (f->cycle[i].proc == p)
			gtv__f_cycle_add(found, &f->cycle[i], ns, 1);
}

/* ---- a worker that is kept ---- */

static uint64_t part(uint64_t whole, uint64_t less)
{
	return whole > less ? whole - less : 0;
}

/* g ran from its mark to now: was it long, and did it harm? 1 yes, with *lost the time of
 * those who were ready; -1 not those; 0 no. */
static int hog(const struct gtv__f_gt *g, const struct gtv__f_proc *p,
	       const struct gtv__f_mark *now, uint64_t busy, uint64_t *lost)
{
	uint64_t any = now->any_ns - g->mark.any_ns;

	if (p->one_to_one || busy < GTV__HOG_NS)
		return 0;
	*lost = now->sum_ns - g->mark.sum_ns;
	/* Others could run beside it: then it was no lack of a worker. */
	if (p->runs != g->mark.runs)
		return 0;
	return any * 2 >= now->ns - g->mark.ns ? 1 : -1;
}

static void add_hog(struct gtv__found *a, uint32_t gt, uint64_t from_ns, uint64_t to_ns,
		    uint64_t lost)
{
	if (gtv__found(a, from_ns, to_ns, lost, to_ns - from_ns))
		a->who = gtv__f_lane(GTV_LANE_GT, gt);
}

static void run_ends(struct gtv__f_gt *g, struct gtv__f_proc *p, uint64_t ns)
{
	struct gtv__f_mark now = gtv__f_mark(p, ns);
	uint64_t from = g->mark.ns, lost;
	int harm = hog(g, p, &now, part(part(ns - from, g->off_ns), g->asleep_ns), &lost);

	if (harm > 0)
		add_hog(&p->found[GTV__P_HOG], g->id, from, ns, lost);
	else if (harm < 0 && p->workers == 1)
		gtv__f_pend(p, &(struct gtv__f_pending){.kind = GTV__P_HOG,
							.from_ns = from,
							.to_ns = ns,
							.gt = g->id});
}

/* g is the next to run after a hold that may have harmed. */
static void settle(struct gtv__f_proc *p, const struct gtv__f_gt *g, uint64_t ready_ns)
{
	struct gtv__f_pending *h = &p->pending;
	struct gtv__found *a = &p->found[h->kind];
	int by_loop = g->by && g->by != GTV_BY_GT;

	if (by_loop && g->state == GTV__F_READY && ready_ns >= h->to_ns &&
	    ready_ns - h->to_ns <= h->ns / 10 &&
	    gtv__found(a, h->from_ns, h->to_ns, h->ns, h->ns)) {
		a->who = h->gt ? gtv__f_lane(GTV_LANE_GT, h->gt)
			       : gtv__f_lane(GTV_LANE_THREAD, h->tid);
		a->by = gtv__f_lane(GTV_LANE_GT, g->id);
		a->call = h->call;
		a->call_name = h->call_name;
	}
	h->to_ns = 0;
}

/* ---- events ---- */

static void unwait(struct gtv_findings *f, struct gtv__f_gt *g, uint64_t ns, int woken)
{
	if (g->waits_lock)
		gtv__f_lock_unwait(f, g, woken);
	g->waits_gt = 0;
	if (g->cycle)
		leave_cycle(f, g, ns);
}

static void gt_exit(struct gtv_findings *f, struct gtv__f_gt *g, uint64_t ns)
{
	struct gtv__f_proc *p = g->proc;

	gtv__f_lock_leave(f, g, ns);
	gtv__f_proc_advance(p, ns);
	p->in[g->state]--;
	p->live--;
	if (p->main == g->id)
		p->main = 0;
	gtv__f_drop(&f->gts, g->id);
}

static void stop(struct gtv_findings *f, struct gtv__f_thread *t, struct gtv__f_gt *g,
		 const struct gtv_ev *ev)
{
	uint64_t ns = ev->ts_ns;
	uint32_t what = (uint32_t)ev->arg;

	if (g->state == GTV__F_RUN)
		run_ends(g, g->proc, ns);
	unwait(f, g, ns, 0);
	switch (ev->kind) {
	case GTV_EV_SWITCH_EXIT:
		gt_exit(f, g, ns);
		break;
	case GTV_EV_SWITCH_LOCK:
	case GTV_EV_SWITCH_GIL:
		enter(f, g, t->proc, GTV__F_PEER, ns);
		gtv__f_lock_wait(f, g, what, ns);
		look_for_cycle(f, g, ns);
		break;
	case GTV_EV_SWITCH_JOIN:
		enter(f, g, t->proc, GTV__F_PEER, ns);
		g->waits_gt = what;
		look_for_cycle(f, g, ns);
		break;
	case GTV_EV_SWITCH_CHAN:
		enter(f, g, t->proc, GTV__F_PEER, ns);
		break;
	case GTV_EV_SWITCH_IO:
	case GTV_EV_SWITCH_SLEEP:
	case GTV_EV_SWITCH_SYSCALL:
		enter(f, g, t->proc, GTV__F_OTHER, ns);
		break;
	default:
		enter(f, g, t->proc, GTV__F_READY, ns);
		g->by = 0;
	}
}

/* From worker to worker: what thread.c does for OS threads and cores. */
static void ping(struct gtv__f_gt *g, struct gtv__f_proc *p, uint32_t tid, uint64_t ns)
{
	struct gtv__found *a = &p->found[GTV__P_PING];

	g->goes++;
	if (g->tid == tid)
		return;
	if (g->old_tid == tid && !p->one_to_one) {
		if (!g->backs)
			g->first_back_ns = ns;
		if (gtv__f_ping(g->goes, &g->backs)) {
			a->victims += !g->ping;
			a->times += g->ping ? 0 : g->backs - 1;
			g->ping = 1;
			if (gtv__found(a, g->first_back_ns, ns, 0, g->backs)) {
				a->who = gtv__f_lane(GTV_LANE_GT, g->id);
				a->by = gtv__f_lane(GTV_LANE_THREAD, g->tid);
				a->extra[0] = tid;
				a->extra[1] = g->goes;
			}
		}
	}
	g->old_tid = g->tid;
	g->tid = tid;
}

static void go(struct gtv_findings *f, struct gtv__f_thread *t, struct gtv__f_gt *g,
	       uint64_t ns)
{
	struct gtv__f_proc *p = t->proc;

	unwait(f, g, ns, 0);
	if (p->pending.to_ns && p->pending.gt != g->id)
		settle(p, g, g->mark.ns);
	enter(f, g, p, GTV__F_RUN, ns);
	g->mark.runs = ++p->runs;
	g->off_ns = g->asleep_ns = g->call_ns = 0;
	g->call = 0;
	ping(g, p, t->tid, ns);
	t->gt = g->id;
}

static void ready(struct gtv_findings *f, struct gtv__f_gt *g, struct gtv__f_proc *p,
		  const struct gtv_ev *ev)
{
	int woken = ev->state != GTV_BY_TIMER;

	if (g->state == GTV__F_RUN)
		run_ends(g, g->proc, ev->ts_ns);
	unwait(f, g, ev->ts_ns, woken);
	enter(f, g, p, GTV__F_READY, ev->ts_ns);
	g->by = ev->state;
}

void gtv__f_gt_event(struct gtv_findings *f, struct gtv__f_thread *t,
		     const struct gtv_ev *ev)
{
	struct gtv__f_gt *g = gtv__f_gt(f, ev->gt, t);

	switch (ev->kind) {
	case GTV_EV_SPAWN:
		if (!g)
			return;
		enter(f, g, t->proc, GTV__F_READY, ev->ts_ns);
		g->by = GTV_BY_GT;
		if (!ev->obj && !t->proc->main)
			t->proc->main = g->id;
		break;
	case GTV_EV_READY:
		/* Of another process (procs): it stays where it is counted. */
		if (g)
			ready(f, g, g->proc, ev);
		break;
	default:
		if (g)
			stop(f, t, g, ev);
		g = gtv__f_gt(f, ev->obj, t);
		if (g)
			go(f, t, g, ev->ts_ns);
	}
}

/* ---- spans ---- */

/* Was it passed over from its mark to ns, and how often? */
static int starved(const struct gtv__f_gt *g, const struct gtv__f_proc *p, uint64_t ns,
		   uint64_t *runs)
{
	*runs = p->runs - g->mark.runs;
	return !p->one_to_one && ns - g->mark.ns >= GTV__STARVED_NS &&
	       *runs >= GTV__STARVED_RUNS + GTV__STARVED_TURNS * (uint64_t)g->ready_before;
}

static void add_starved(struct gtv__found *a, const struct gtv__f_gt *g, uint64_t ns,
			uint64_t runs)
{
	uint64_t from = g->mark.ns;

	if (gtv__found(a, from, ns, ns - from, ns - from)) {
		a->who = gtv__f_lane(GTV_LANE_GT, g->id);
		a->extra[0] = runs;
		a->extra[1] = g->ready_before;
	}
}

void gtv__f_gt_span(struct gtv_findings *f, const struct gtv_span *s)
{
	struct gtv__f_gt *g = gtv__f_get(&f->gts, s->lane.id);
	uint64_t ns = s->to_ns - s->from_ns, runs;

	if (!g || g->epoch != f->epoch)
		return;
	switch (s->state) {
	case GTV_ST_RUNNING:
		g->run_ns += ns;
		break;
	case GTV_ST_PREEMPTED:
		g->off_ns += ns;
		break;
	case GTV_ST_STALLED:
		g->asleep_ns += ns;
		if (ns > g->call_ns) {
			g->call_ns = ns;
			g->call = s->call;
		}
		break;
	case GTV_ST_READY:
		if (g->state == GTV__F_READY && s->from_ns == g->mark.ns &&
		    starved(g, g->proc, s->to_ns, &runs) && !f->finished)
			add_starved(&g->proc->found[GTV__P_STARVED], g, s->to_ns, runs);
		break;
	case GTV_ST_UNKNOWN:
		/* What it wanted and since when is not known any more. */
		g->want = 0;
		g->mark = gtv__f_mark(g->proc, f->now_ns);
		break;
	default:
		break;
	}
}

/* ---- what goes on ---- */

void gtv__f_gt_open(const struct gtv_findings *f, const struct gtv__f_gt *g,
		    const struct gtv__f_proc *p, uint64_t ns, struct gtv__found *found)
{
	uint64_t runs, lost, busy;
	const struct gtv__f_thread *t;
	struct gtv__f_mark now;

	if (g->epoch != f->epoch || g->proc != p || ns <= g->mark.ns)
		return;
	if (g->state == GTV__F_READY && starved(g, p, ns, &runs))
		add_starved(&found[GTV__P_STARVED], g, ns, runs);
	if (g->state != GTV__F_RUN)
		return;
	now = p->sums; /* advanced by the caller */
	now.ns = ns;
	busy = part(part(ns - g->mark.ns, g->off_ns), g->asleep_ns);
	t = gtv__f_peek(&f->threads, g->tid);
	if (t && t->off && !f->finished)
		busy = part(busy, ns - t->off_mark.ns);
	if (hog(g, p, &now, busy, &lost) > 0) {
		add_hog(&found[GTV__P_HOG], g->id, g->mark.ns, ns, lost);
		found[GTV__P_HOG].open = 1;
	}
}

void gtv__f_gt_hung(const struct gtv_findings *f, const struct gtv__f_proc *p, uint64_t ns,
		    struct gtv__found *found)
{
	struct gtv__f_cycle c = {.from_ns = p->changed_ns};
	const struct gtv__f_gt *g;
	uint32_t at = 0;

	if (!p->live || p->in[GTV__F_PEER] != p->live || !p->main || found->open)
		return;
	c.member[c.members++] = p->main;
	while ((g = gtv__f_next(&f->gts, &at)) && c.members < GTV__F_MEMBERS)
		if (g->epoch == f->epoch && g->proc == p && g->id != p->main)
			c.member[c.members++] = g->id;
	gtv__f_cycle_add(found, &c, ns, 1);
	found->lost_ns += (ns - p->changed_ns) * (p->live - c.members);
	found->victims = p->live;
}

void gtv__f_gt_end(struct gtv_findings *f, struct gtv__f_proc *p, uint64_t ns)
{
	struct gtv__found *cycle = &p->found[GTV__P_CYCLE];
	uint32_t id[64], count, at;
	struct gtv__f_gt *g;

	gtv__f_proc_advance(p, ns);
	for (int i = 0; i < GTV__F_CYCLES; i++)
		if (f->cycle[i].proc == p)
			end_cycle(f, (uint8_t)(i + 1), ns, 1);
	gtv__f_gt_hung(f, p, ns, cycle);
	for (at = 0; (g = gtv__f_next(&f->gts, &at));)
		gtv__f_gt_open(f, g, p, ns, p->found);
	/* Nothing may be dropped on a walk. */
	do {
		for (at = count = 0; count < 64 && (g = gtv__f_next(&f->gts, &at));)
			if (g->proc == p)
				id[count++] = g->id;
		for (uint32_t i = 0; i < count; i++) {
			g = gtv__f_get(&f->gts, id[i]);
			gtv__f_lock_leave(f, g, ns);
			gtv__f_drop(&f->gts, id[i]);
		}
	} while (count == 64);
	memset(p->in, 0, sizeof p->in);
	p->live = p->main = 0;
	p->pending.to_ns = 0;
}
