/* SPDX-License-Identifier: MIT
 *
 * OS threads and cores, from what the kernel says: switches, wakings,
 * migrations (levels 3 and 2), on and off (level 1); at level 0 only what the runtime
 * claims.
 *
 * The kernel source filters: of a core it tells the switches to and from the
 * program's threads, and all others only while one of them waits for that core.
 * So if a core is left by another thread than the one that we saw coming, and
 * neither is ours, nothing went wrong: that core was away, with others or idle, and
 * that is all there is to know.
 *
 * Kernel events carry no numbers. A lost one shows as a contradiction (a thread
 * leaves a core where it was not); then its lane is unknown from the first loss
 * after its last event.
 */
#include "tracer/model/model_priv.h"

#include <stdlib.h>

/* ---- lanes ---- */

static uint8_t thread_state(const struct gtv_model *m, const struct gtv__thread *t)
{
	static const uint8_t state[GTV__K_MAX] = {
		[GTV__K_UNKNOWN] = GTV_ST_UNKNOWN,   [GTV__K_ON] = GTV_ST_RUNNING,
		[GTV__K_RUNNABLE] = GTV_ST_RUNNABLE, [GTV__K_PREEMPTED] = GTV_ST_PREEMPTED,
		[GTV__K_SLEEPING] = GTV_ST_SLEEPING, [GTV__K_DISK] = GTV_ST_DISK,
		[GTV__K_STOPPED] = GTV_ST_STOPPED,   [GTV__K_DEAD] = GTV_ST_NONE,
	};

	/* Without the kernel a green thread on it claims to run. */
	if (m->level == 0 && t->gt)
		return GTV_ST_RUNNING;
	return state[t->on];
}

/* Asleep, `lock` is what it waits for: what it holds meanwhile, that lock's lane says. */
static int is_asleep(unsigned state)
{
	return state == GTV_ST_SLEEPING || state == GTV_ST_DISK || state == GTV_ST_STOPPED;
}

static void inside_content(const struct gtv__thread *t, struct gtv_span *s)
{
	const struct gtv__gt *g = t->gt;
	const struct gtv__lock *held = t->has ? gtv__futex_held(t) : NULL;

	int asleep = is_asleep(s->state);

	if (held && !s->lock && !asleep)
		s->lock = held->id;
	if (!g)
		return;
	s->gt = g->id;
	if (g->top && !asleep) {
		s->lock = g->top->id;
		s->flags |= g->top->gil ? GTV_SP_GIL : 0;
	}
}

void gtv__thread_show(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns)
{
	struct gtv_span s = {.core = (int16_t)t->core, .tid = t->tid};

	if (t->on == GTV__K_DEAD)
		return;
	s.state = thread_state(m, t);
	if (s.state == GTV_ST_RUNNABLE || s.state == GTV_ST_PREEMPTED) {
		s.who = t->taker;
		s.flags = t->taker ? GTV_SP_WHO_TID : 0;
	} else if (s.state != GTV_ST_RUNNING) {
		s.core = GTV_CORE_NONE;
		s.call = s.state == GTV_ST_UNKNOWN ? 0 : t->call;
		s.flags = t->io && s.state != GTV_ST_UNKNOWN ? GTV_SP_IO : 0;
		gtv__futex_content(t, &s);
	}
	inside_content(t, &s);
	gtv__lane_set(m, &t->lane, ts_ns, &s);
}

void gtv__core_show(struct gtv_model *m, struct gtv__core *c, uint64_t ts_ns)
{
	struct gtv_span s = {.core = (int16_t)c->core, .tid = c->tid};

	if (c->known != GTV__CORE_KNOWN) {
		s.state = c->known == GTV__CORE_AWAY ? GTV_ST_AWAY : GTV_ST_UNKNOWN;
		s.tid = 0;
	} else if (c->thread) {
		s.state = GTV_ST_BUSY;
		s.flags = GTV_SP_OURS;
		inside_content(c->thread, &s);
	} else {
		s.state = c->tid ? GTV_ST_OTHER : GTV_ST_IDLE;
	}
	gtv__lane_set(m, &c->lane, ts_ns, &s);
}

static struct gtv__core *core_of(const struct gtv_model *m, const struct gtv__thread *t)
{
	if (t->on != GTV__K_ON || t->core < 0 || (size_t)t->core >= m->core_cap)
		return NULL;
	struct gtv__core *c = m->core[t->core];
	return c && c->thread == t ? c : NULL;
}

void gtv__place_show(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns)
{
	struct gtv__core *c = core_of(m, t);

	gtv__thread_show(m, t, ts_ns);
	if (c)
		gtv__core_show(m, c, ts_ns);
}

/* The kernel's word about t changed: it and the green thread on it. */
static void thread_changed(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns)
{
	gtv__thread_show(m, t, ts_ns);
	if (t->gt)
		gtv__gt_show(m, t->gt, ts_ns);
	for (struct gtv__lock *l = t->has; l; l = l->next_has)
		gtv__futex_show(m, l, ts_ns);
}

void gtv__thread_unknown(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns)
{
	if (t->on == GTV__K_DEAD)
		return;
	m->retro++;
	t->on = GTV__K_UNKNOWN;
	t->core = GTV_CORE_NONE;
	t->wake_ns = 0;
	gtv__futex_thread_gone(m, t, ts_ns);
	thread_changed(m, t, ts_ns);
	m->retro--;
}

void gtv__core_unknown(struct gtv_model *m, struct gtv__core *c, uint64_t ts_ns)
{
	m->retro++;
	c->known = GTV__CORE_UNKNOWN;
	c->thread = NULL;
	c->tid = 0;
	gtv__core_show(m, c, ts_ns);
	m->retro--;
}

/* The whole open span was not what it seemed. */
static void core_was_away(struct gtv_model *m, struct gtv__core *c)
{
	uint64_t from = c->lane.cur.from_ns, at;

	if (gtv__losses_after(&m->kernel_losses, from, &at)) {
		gtv__core_unknown(m, c, at);
		return;
	}
	c->known = GTV__CORE_AWAY;
	c->tid = 0;
	gtv__core_show(m, c, from);
}

/*
 * What we thought of t is contradicted: from when is it unknown? From the first
 * loss after its last event; without any it is a fault, and unknown from there.
 */
static void thread_contradicted(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns,
				const char *how)
{
	uint64_t at = t->last_ns;

	if (t->on == GTV__K_UNKNOWN)
		return;
	if (!gtv__losses_after(&m->kernel_losses, t->last_ns, &at))
		gtv__suspect(m, GTV_FAULT_TWO_CORES, NULL, t->last_ns, ts_ns,
			     "thread %u: %s", t->tid, how);
	gtv__thread_unknown(m, t, at);
}

/*
 * The next kernel event of a thread that told something while it was off: it came on
 * its core only now, or it leaves one without having come. Neither is true of a true
 * trace, if nothing was lost. (That a switch was hidden is told before this; at the
 * end of a trace that was cut off there may be no next event, and nothing to say.)
 */
static void was_early(struct gtv_model *m, struct gtv__thread *t)
{
	uint64_t at;

	if (t->early_ns && !gtv__losses_after(&m->kernel_losses, t->left_ns, &at))
		gtv__suspect(m, GTV_FAULT_OFF_CORE, NULL, t->left_ns, t->early_ns,
			     "thread %u: a user event while the kernel has it off its core",
			     t->tid);
	t->early_ns = 0;
}

void gtv__thread_evidence(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns)
{
	uint64_t at;

	if (t->on == GTV__K_ON)
		return;
	if (m->level == 0) {
		if (!gtv__lane_alive(&t->lane))
			gtv__thread_show(m, t, ts_ns);
		return;
	}
	if (t->on != GTV__K_UNKNOWN) {
		if (!gtv__losses_after(&m->kernel_losses, t->last_ns, &at)) {
			if (m->level < 3)
				return;
			t->early_ns = ts_ns;
		} else {
			gtv__thread_unknown(m, t, at);
		}
	}
	/* It runs, on a core that we can't name. */
	t->on = GTV__K_ON;
	t->core = GTV_CORE_NONE;
	t->last_ns = ts_ns;
	thread_changed(m, t, ts_ns);
}

/* ---- leaving and coming ---- */

/*
 * A waking that comes while its thread is still on its way off the core is told
 * before the switch. If the thread then runs again without another waking, that
 * one was it: in all of this time it was runnable, not asleep.
 */
static void was_never_asleep(struct gtv__thread *t)
{
	uint8_t flag = t->taker ? GTV_SP_WHO_TID : 0;
	struct gtv_span *s = &t->lane.cur;

	s->state = GTV_ST_RUNNABLE;
	s->call = s->lock = 0;
	s->who = t->taker;
	s->flags =
		(uint8_t)((s->flags & ~(GTV_SP_WHO_TID | GTV_SP_JOIN | GTV_SP_IO)) | flag);
	for (struct gtv__lock *l = t->has; l; l = l->next_has) {
		struct gtv_span *h = &l->lane.cur;
		if (l->trial || h->state != GTV_ST_HELD_ASLEEP || h->tid != t->tid)
			continue;
		h->state = GTV_ST_HELD_PREEMPTED;
		h->call = 0;
		h->who = t->taker;
		h->flags = (uint8_t)((h->flags & ~GTV_SP_IO) | flag);
	}
	if (!t->gt || t->gt->lane.cur.state != GTV_ST_STALLED)
		return;
	s = &t->gt->lane.cur;
	s->state = GTV_ST_PREEMPTED;
	s->call = 0;
	s->who = t->taker;
	s->flags = (uint8_t)((s->flags & ~GTV_SP_IO) | flag);
	for (struct gtv__lock *l = t->gt->held; l; l = l->next_held) {
		s = &l->lane.cur;
		if (s->state != GTV_ST_HELD_ASLEEP)
			continue;
		s->state = GTV_ST_HELD_PREEMPTED;
		s->call = 0;
		s->who = t->taker;
		s->flags = (uint8_t)((s->flags & ~GTV_SP_IO) | flag);
	}
}

static void thread_on(struct gtv_model *m, struct gtv__thread *t, int32_t core,
		      uint64_t ts_ns)
{
	if (t->on == GTV__K_ON && !t->early_ns)
		thread_contradicted(m, t, ts_ns, "goes on a core while it is on one");
	was_early(m, t);
	if ((t->on == GTV__K_SLEEPING || t->on == GTV__K_DISK) && t->wake_ns)
		was_never_asleep(t);
	if (t->wake_ns && t->waker)
		gtv__edge(m, GTV_EDGE_KWAKE, t->wake_ns,
			  gtv__lane_of(GTV_LANE_THREAD, t->waker), ts_ns,
			  gtv__lane_of(GTV_LANE_THREAD, t->tid), 0);
	if (t->on == GTV__K_PREEMPTED && t->taker)
		gtv__edge(m, GTV_EDGE_PREEMPT, t->left_ns,
			  gtv__lane_of(GTV_LANE_THREAD, t->taker), ts_ns,
			  gtv__lane_of(GTV_LANE_THREAD, t->tid), (uint32_t)t->last_core);
	t->migrations += t->last_core >= 0 && t->last_core != core;
	t->wake_ns = 0;
	t->on = GTV__K_ON;
	t->core = t->last_core = core;
	t->taker = t->call = 0;
	t->io = 0;
	t->last_ns = ts_ns;
	gtv__futex_on(m, t, ts_ns);
	thread_changed(m, t, ts_ns);
}

static void thread_off(struct gtv_model *m, struct gtv__thread *t, int32_t core,
		       const struct gtv_ev *ev, enum gtv__on on, uint32_t taker)
{
	uint64_t ts = ev->ts_ns;

	was_early(m, t);
	/* It slept when gtviz attached, and the first switch to it was told to nobody. */
	if (!t->left_ns && (t->on == GTV__K_SLEEPING || t->on == GTV__K_DISK))
		gtv__thread_unknown(m, t, t->last_ns);
	else if (t->on != GTV__K_ON && gtv__lane_alive(&t->lane))
		thread_contradicted(m, t, ts, "leaves a core while it is off");
	else if (t->on == GTV__K_ON && t->core >= 0 && t->core != core)
		thread_contradicted(m, t, ts, "leaves a core where it was not");
	t->on = (uint8_t)on;
	t->core = t->last_core = core;
	t->taker = taker;
	t->call = on == GTV__K_PREEMPTED ? 0 : ev->seq;
	if (!t->call && ev->kind == GTV_EV_K_SWITCH && ev->flags & GTV_KF_FAULT)
		t->call = GTV_CALL_FAULT;
	t->io = on != GTV__K_PREEMPTED && ev->kind == GTV_EV_K_SWITCH &&
		ev->flags & GTV_KF_IO;
	t->last_ns = ts;
	t->switches++;
	t->voluntary += on != GTV__K_PREEMPTED;
	t->left_ns = ts;
	gtv__futex_off(m, t, ev, on == GTV__K_SLEEPING);
	thread_changed(m, t, ts);
}

void gtv__thread_end(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns)
{
	struct gtv__core *c = core_of(m, t);
	struct gtv__gt *g = t->gt;

	if (t->on == GTV__K_DEAD)
		return;
	was_early(m, t);
	if (c) { /* who comes is told next, or never (level 1) */
		c->known = GTV__CORE_AWAY;
		c->tid = 0;
		c->thread = NULL;
		gtv__core_show(m, c, ts_ns);
	}
	if (!t->exiting && t->proc->live_threads)
		t->proc->live_threads--;
	gtv__futex_thread_gone(m, t, ts_ns);
	gtv__lane_end(m, &t->lane, ts_ns);
	t->on = GTV__K_DEAD;
	t->call = 0;
	if (m->last_thread == t)
		m->last_thread = NULL;
	if (!g)
		return;
	/* Nobody will ever run it again: it hangs until its process is gone. */
	t->gt = NULL;
	g->thread = NULL;
	g->run = GTV__RUN_WAIT;
	g->state = GTV_ST_STALLED;
	g->flags = 0;
	g->who = g->call = 0;
	gtv__gt_show(m, g, ts_ns);
}

void gtv__proc_end(struct gtv_model *m, struct gtv__proc *p, uint64_t ts_ns)
{
	while (p->gts)
		gtv__gt_end(m, p->gts, ts_ns, 0);
	for (struct gtv__lock *l = p->locks; l; l = l->next) {
		if (l->addr)
			gtv__futex_lock_gone(m, l);
		gtv__lane_end(m, &l->lane, ts_ns);
		gtv__lock_hold(l, NULL);
		l->gone = 1;
	}
	p->locks = NULL;
	free(p->worker_tid);
	p->worker_tid = NULL;
	p->worker_cap = 0;
}

/* ---- events ---- */

static enum gtv__on off_state(unsigned why)
{
	switch (why) {
	case GTV_OFF_PREEMPTED:
		return GTV__K_PREEMPTED;
	case GTV_OFF_SLEEP:
	case GTV_OFF_IDLE:
		return GTV__K_SLEEPING;
	case GTV_OFF_DISK:
		return GTV__K_DISK;
	case GTV_OFF_STOPPED:
		return GTV__K_STOPPED;
	default:
		return GTV__K_UNKNOWN;
	}
}

/* Core c is left by tid: is that the one we thought was there? */
static void core_left_by(struct gtv_model *m, struct gtv__core *c, uint32_t tid,
			 uint64_t ts_ns)
{
	if (c->known != GTV__CORE_KNOWN || c->tid == tid)
		return;
	if (c->thread) {
		struct gtv__thread *t = c->thread;
		uint64_t at = t->last_ns;
		gtv__losses_after(&m->kernel_losses, t->last_ns, &at);
		thread_contradicted(m, t, ts_ns, "another one leaves its core");
		gtv__core_unknown(m, c, at);
	} else {
		core_was_away(m, c);
	}
}

static void ev_k_switch(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__core *c = gtv__core(m, ev->core);
	struct gtv__thread *prev, *next;
	uint64_t ts = ev->ts_ns;

	if (!c)
		return;
	core_left_by(m, c, ev->tid, ts);
	prev = ev->flags & GTV_KF_PREV_OURS && ev->state != GTV_OFF_DEAD
		       ? gtv__thread(m, ev->tid)
		       : gtv__thread_find(m, ev->tid);
	if (prev && ev->state == GTV_OFF_DEAD)
		gtv__thread_end(m, prev, ts);
	else if (prev)
		thread_off(m, prev, ev->core, ev, off_state(ev->state), ev->obj);
	next = ev->flags & GTV_KF_NEXT_OURS ? gtv__thread(m, ev->obj)
					    : gtv__thread_find(m, ev->obj);
	if (next)
		thread_on(m, next, ev->core, ts);
	c->switches++;
	c->known = GTV__CORE_KNOWN;
	c->tid = ev->obj;
	c->thread = next;
	gtv__core_show(m, c, ts);
}

/* Who has the core that t is queued on. */
static uint32_t taker_on(const struct gtv_model *m, int32_t core, uint32_t self)
{
	if (core < 0 || (size_t)core >= m->core_cap || !m->core[core] ||
	    m->core[core]->known != GTV__CORE_KNOWN)
		return 0;
	return m->core[core]->tid == self ? 0 : m->core[core]->tid;
}

static void thread_woken(struct gtv_model *m, struct gtv__thread *t,
			 const struct gtv_ev *ev, int32_t core)
{
	t->on = GTV__K_RUNNABLE;
	t->core = core;
	t->taker = taker_on(m, core, t->tid);
	t->last_ns = ev->ts_ns;
	thread_changed(m, t, ev->ts_ns);
}

static void ev_waking(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__thread *t = gtv__thread_find(m, ev->obj);

	if (!t || t->on == GTV__K_RUNNABLE || t->on == GTV__K_PREEMPTED)
		return;
	t->wake_ns = ev->ts_ns;
	t->waker = ev->tid;
	if (t->futex)
		gtv__futex_woken(m, t, ev);
	/* On a core: it may be about to sleep. Unknown: it stays so. */
	if (t->on != GTV__K_ON && t->on != GTV__K_UNKNOWN)
		thread_woken(m, t, ev, t->core);
}

static void ev_new(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__thread *t = gtv__thread_find(m, ev->obj);

	if (!t || t->on != GTV__K_UNKNOWN)
		return;
	t->wake_ns = ev->ts_ns;
	t->waker = ev->tid;
	thread_woken(m, t, ev, ev->arg < GTV__CORES_MAX ? (int32_t)ev->arg : GTV_CORE_NONE);
}

/* One that waits for a core waits for another now: who has that? The open spans
 * are told, not split: it is the same wait, and the first answer was premature. */
static void ev_migrate(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__thread *t = gtv__thread_find(m, ev->obj);
	uint8_t flag;

	if (!t || t->on == GTV__K_ON || ev->arg >= GTV__CORES_MAX)
		return;
	t->core = (int32_t)ev->arg;
	if (t->on != GTV__K_RUNNABLE)
		return;
	t->taker = taker_on(m, t->core, t->tid);
	flag = t->taker ? GTV_SP_WHO_TID : 0;
	struct gtv_span *s[2] = {&t->lane.cur, t->gt ? &t->gt->lane.cur : NULL};
	for (int i = 0; i < 2 && s[i]; i++) {
		if (s[i]->state != GTV_ST_RUNNABLE && s[i]->state != GTV_ST_PREEMPTED)
			continue;
		s[i]->core = (int16_t)t->core;
		s[i]->who = t->taker;
		s[i]->flags = (uint8_t)((s[i]->flags & ~GTV_SP_WHO_TID) | flag);
	}
}

static void ev_born(struct gtv_model *m, const struct gtv_ev *ev, int existed)
{
	uint32_t tid = existed ? ev->tid : ev->obj;
	struct gtv__thread *t = gtv__thread_find(m, tid);

	if (!tid || ev->flags & GTV_KF_FOREIGN)
		return;
	if (t && !existed) {
		gtv__thread_end(m, t,
				ev->ts_ns); /* its end was lost: the id is used again */
		t = NULL;
	}
	if (!t)
		t = gtv__thread_new(m, tid, (uint32_t)ev->arg);
	if (!t || !existed || ev->state == GTV_OFF_STOPPED || gtv__lane_alive(&t->lane))
		return;
	/* What it did when we came, as far as that could be told. */
	if (ev->state == GTV_OFF_SLEEP || ev->state == GTV_OFF_DISK) {
		t->on = (uint8_t)off_state(ev->state);
		t->call = ev->seq;
		t->last_ns = ev->ts_ns;
	}
	gtv__thread_show(m, t, ev->ts_ns);
}

static void ev_exit(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__thread *t = gtv__thread_find(m, ev->tid);

	if (!t || t->exiting)
		return;
	t->exiting = 1;
	if (t->proc->live_threads)
		t->proc->live_threads--;
	if (!t->proc->live_threads)
		gtv__proc_end(m, t->proc, ev->ts_ns);
	/* At levels 3 and 2 it still runs to its last switch. */
	if (m->level < 2)
		gtv__thread_end(m, t, ev->ts_ns);
}

/*
 * t came on its core by a switch that the kernel kept to itself. The open spans of
 * t, of its green thread and of the core end when it came, which may be a little
 * ago; what t told meanwhile was no fault.
 */
static void ev_on_recovered(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__core *c = gtv__core(m, ev->core);
	struct gtv__thread *t = gtv__thread_find(m, ev->tid);
	uint64_t at = ev->arg, left;

	if (!c || !t || (t->on == GTV__K_ON && t->core != GTV_CORE_NONE))
		return;
	left = t->left_ns ? t->left_ns : t->lane.first_ns;
	if (at < left)
		at = left;
	if (at > ev->ts_ns)
		at = ev->ts_ns;
	gtv__absolve(m, 1, NULL, left, ev->ts_ns);
	m->retro++;
	t->on = GTV__K_UNKNOWN; /* whatever it told: no contradiction */
	t->early_ns = 0;
	thread_on(m, t, ev->core, at);
	c->switches++;
	c->known = GTV__CORE_KNOWN;
	c->tid = ev->tid;
	c->thread = t;
	gtv__core_show(m, c, at);
	m->retro--;
}

static void ev_on(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__core *c = gtv__core(m, ev->core);
	struct gtv__thread *t = c ? gtv__thread(m, ev->tid) : NULL;

	if (!t)
		return;
	if (c->known == GTV__CORE_KNOWN && c->tid != ev->tid)
		core_left_by(m, c, 0, ev->ts_ns);
	thread_on(m, t, ev->core, ev->ts_ns);
	c->switches++;
	c->known = GTV__CORE_KNOWN;
	c->tid = ev->tid;
	c->thread = t;
	gtv__core_show(m, c, ev->ts_ns);
}

static void ev_off(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__core *c = gtv__core(m, ev->core);
	struct gtv__thread *t = gtv__thread_find(m, ev->tid);

	if (!c)
		return;
	if (t)
		thread_off(m, t, ev->core, ev,
			   ev->flags & GTV_KF_PREEMPTED ? GTV__K_PREEMPTED
							: GTV__K_SLEEPING,
			   0);
	/* Only the program's own threads are told, at this level. */
	c->known = GTV__CORE_AWAY;
	c->tid = 0;
	c->thread = NULL;
	gtv__core_show(m, c, ev->ts_ns);
}

void gtv__kernel_event(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__thread *t;

	switch (ev->kind) {
	case GTV_EV_K_SWITCH:
		ev_k_switch(m, ev);
		break;
	case GTV_EV_K_WAKING:
		ev_waking(m, ev);
		break;
	case GTV_EV_K_NEW:
		ev_new(m, ev);
		break;
	case GTV_EV_K_MIGRATE:
		ev_migrate(m, ev);
		break;
	case GTV_EV_K_FORK:
		ev_born(m, ev, 0);
		break;
	case GTV_EV_K_THREAD:
		ev_born(m, ev, 1);
		break;
	case GTV_EV_K_EXIT:
		ev_exit(m, ev);
		break;
	case GTV_EV_K_EXEC:
		t = gtv__thread_find(m, ev->tid);
		if (t)
			gtv__proc_end(m, t->proc, ev->ts_ns);
		break;
	case GTV_EV_K_ON:
		if (ev->flags & GTV_KF_RECOVERED)
			ev_on_recovered(m, ev);
		else
			ev_on(m, ev);
		break;
	case GTV_EV_K_OFF:
		ev_off(m, ev);
		break;
	case GTV_EV_K_FUTEX:
	case GTV_EV_FUTEX_LOCK:
		gtv__futex_event(m, ev);
		break;
	case GTV_EV_K_SYSCALL:
	case GTV_EV_K_IRQ:
	case GTV_EV_K_SOFTIRQ:
		gtv__extra_event(m, ev);
		break;
	default:
		break;
	}
}
