/* SPDX-License-Identifier: MIT
 *
 * Green threads. The runtime's word (`run`, and what it waits for) comes from
 * user events; while it says "running", the kernel's word about the OS thread
 * refines it. gtv__gt_show is the only place where the two meet:
 *
 *   a declared wait, ready          -> that, whatever the kernel says (rules 1, 3)
 *   running, its thread on a core   -> RUNNING
 *            runnable off core      -> PREEMPTED
 *            asleep                 -> STALLED
 *            not known              -> UNKNOWN          (level 0: RUNNING, rule 4)
 *
 * Every transition of a green thread carries the next number. If one is
 * missing, the state after the last event we have is right until the first
 * instant at which something was lost, and unknown from there: the boundary is
 * set in the past. That is exact because a green thread that waits or is ready
 * has one span only (nothing of the kernel's splits it), and one that runs can
 * only be moved by an event of its own OS thread, whose loss is announced in
 * that thread's stream before anything else: gtv__gt_unknown is called then.
 */
#include "tracer/model/model_priv.h"

/* A green thread's place in the list of its process: only alive ones. */
void gtv__gt_link(struct gtv__gt *g, struct gtv__proc *proc)
{
	g->proc = proc;
	g->prev = NULL;
	g->next = proc->gts;
	if (g->next)
		g->next->prev = g;
	proc->gts = g;
}

static void gt_unlink(struct gtv__gt *g)
{
	if (g->prev)
		g->prev->next = g->next;
	else
		g->proc->gts = g->next;
	if (g->next)
		g->next->prev = g->prev;
	g->next = g->prev = NULL;
}

static struct gtv_lane gt_lane(uint32_t id)
{
	return gtv__lane_of(GTV_LANE_GT, id);
}

/* What the kernel makes of a green thread that the runtime runs. */
static void running_content(const struct gtv_model *m, const struct gtv__thread *t,
			    struct gtv_span *s)
{
	s->tid = t->tid;
	if (m->level == 0) {
		s->state = GTV_ST_RUNNING;
		return;
	}
	s->core = (int16_t)t->core;
	switch (t->on) {
	case GTV__K_ON:
		s->state = GTV_ST_RUNNING;
		break;
	case GTV__K_RUNNABLE:
	case GTV__K_PREEMPTED:
		s->state = GTV_ST_PREEMPTED;
		s->who = t->taker;
		s->flags = t->taker ? GTV_SP_WHO_TID : 0;
		break;
	case GTV__K_UNKNOWN:
		s->state = GTV_ST_UNKNOWN;
		break;
	default:
		s->state = GTV_ST_STALLED;
		s->call = t->call;
		s->flags |= t->io ? GTV_SP_IO : 0;
		gtv__futex_content(t, s);
	}
}

void gtv__gt_show(struct gtv_model *m, struct gtv__gt *g, uint64_t ts_ns)
{
	struct gtv_span s = {.core = -1};

	switch (g->run) {
	case GTV__RUN_NEW:
	case GTV__RUN_DONE:
		return;
	case GTV__RUN_RUNNING:
		running_content(m, g->thread, &s);
		break;
	case GTV__RUN_UNKNOWN:
		s.state = GTV_ST_UNKNOWN;
		break;
	default:
		s.state = g->state;
		s.flags = g->flags;
		s.who = g->who;
		s.call = g->call;
		s.tid = gtv__gt_tid(g);
		s.lock = g->wait ? g->wait->id : 0;
	}
	gtv__lane_set(m, &g->lane, ts_ns, &s);
	for (struct gtv__lock *l = g->held; l; l = l->next_held)
		gtv__lock_show(m, l, ts_ns);
}

/* It is no longer the one that its thread runs. */
static void gt_detach(struct gtv__gt *g)
{
	if (g->thread && g->thread->gt == g)
		g->thread->gt = NULL;
}

void gtv__gt_unknown(struct gtv_model *m, struct gtv__gt *g, uint64_t ts_ns)
{
	if (g->run == GTV__RUN_NEW || g->run == GTV__RUN_DONE)
		return;
	m->retro++;
	gtv__lock_unwait(m, g, ts_ns);
	gt_detach(g);
	g->run = GTV__RUN_UNKNOWN;
	gtv__gt_show(m, g, ts_ns);
	m->retro--;
}

void gtv__gt_end(struct gtv_model *m, struct gtv__gt *g, uint64_t ts_ns, int exited)
{
	if (g->run == GTV__RUN_DONE)
		return;
	gtv__lock_unwait(m, g, ts_ns);
	gt_detach(g);
	gtv__lane_end(m, &g->lane, ts_ns);
	gt_unlink(g);
	g->run = GTV__RUN_DONE;
	g->exited = (uint8_t)exited;
	g->want = NULL;
	for (struct gtv__lock *l = g->held; l; l = l->next_held)
		gtv__lock_show(m, l, ts_ns);
}

/*
 * Its next number. Returns 0 if its state before this event is not known (first
 * sight, a gap): then nothing can be said about how it came here.
 */
static int gt_number(struct gtv_model *m, struct gtv__gt *g, uint32_t seq, uint64_t ts_ns)
{
	uint64_t at = g->last_ns;
	int known = g->run != GTV__RUN_NEW && g->run != GTV__RUN_UNKNOWN && !g->doubt;

	if (g->run != GTV__RUN_NEW && !g->doubt && seq != g->seq + 1) {
		if (!gtv__user_loss_after(m, g->proc, g->last_ns, &at))
			gtv__suspect(
				m, GTV_FAULT_SEQ, g->proc, g->last_ns, ts_ns,
				"G%u: transition %u came after %u, and nothing is known "
				"lost",
				g->id, seq, g->seq);
		gtv__gt_unknown(m, g, at);
		known = 0;
	}
	g->doubt = 0;
	g->seq = seq;
	g->last_ns = ts_ns;
	return known;
}

/* Its edge from whoever woke or made it ends where it runs. */
static void wake_edge_end(struct gtv_model *m, struct gtv__gt *g, uint64_t ts_ns)
{
	if (g->wake_ns && g->waker)
		gtv__edge(m, g->wake_edge, g->wake_ns, gt_lane(g->waker), ts_ns,
			  gt_lane(g->id), 0);
	g->wake_ns = 0;
}

static void ev_spawn(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev)
{
	struct gtv__gt *g = ev->gt ? gtv__gt(m, ev->gt, t) : NULL;

	if (!g)
		return;
	/* A rundown may have told of it before it told of itself. */
	if (g->run != GTV__RUN_NEW && (!g->doubt || g->run == GTV__RUN_DONE)) {
		gtv__fault(m, GTV_FAULT_SEQ, ev->ts_ns, "G%u: made twice", g->id);
		return;
	}
	gtv__lock_unwait(m, g, ev->ts_ns);
	gt_detach(g);
	g->doubt = 0;
	g->seq = ev->seq;
	g->last_ns = ev->ts_ns;
	g->run = GTV__RUN_READY;
	g->state = GTV_ST_READY;
	g->who = ev->obj;
	g->waker = ev->obj;
	g->wake_ns = ev->ts_ns;
	g->wake_edge = GTV_EDGE_SPAWN;
	gtv__gt_show(m, g, ev->ts_ns);
}

/* What a switch says about the one who stops: the state it is in from now. */
static void stop_content(struct gtv_model *m, struct gtv__thread *t, struct gtv__gt *g,
			 const struct gtv_ev *ev)
{
	uint32_t what = (uint32_t)ev->arg;
	struct gtv__lock *l;

	if (ev->kind != GTV_EV_SWITCH_LOCK && ev->kind != GTV_EV_SWITCH_GIL) {
		gtv__gt_stops(g, ev);
		return;
	}
	g->flags = 0;
	g->who = g->call = 0;
	g->run = GTV__RUN_WAIT;
	g->state = ev->kind == GTV_EV_SWITCH_GIL ? GTV_ST_GIL : GTV_ST_LOCK;
	l = what ? gtv__lock(m, what, t) : NULL;
	if (l) {
		if (ev->kind == GTV_EV_SWITCH_GIL)
			l->gil = 1;
		g->flags = l->gil ? GTV_SP_GIL : 0;
		g->who = l->known && l->held && l->owner ? l->owner->id : 0;
		gtv__lock_wait(m, g, l, ev->ts_ns);
	}
	g->waits++;
}

static void gt_stop(struct gtv_model *m, struct gtv__thread *t, struct gtv__gt *g,
		    const struct gtv_ev *ev)
{
	int here = g->run == GTV__RUN_RUNNING && g->thread == t;

	if (g->run == GTV__RUN_DONE) {
		gtv__fault(m, GTV_FAULT_TWO_PLACES, ev->ts_ns, "G%u: stops after its exit",
			   g->id);
		return;
	}
	if (gt_number(m, g, ev->seq, ev->ts_ns) && !here)
		gtv__fault(m, GTV_FAULT_TWO_PLACES, ev->ts_ns,
			   "G%u: stops on thread %u, where it was not running", g->id,
			   t->tid);
	g->switches++;
	gtv__lock_unwait(m, g, ev->ts_ns);
	gt_detach(g);
	g->thread = t;
	g->wake_ns = 0;
	if (ev->kind != GTV_EV_SWITCH_EXIT) {
		stop_content(m, t, g, ev);
		gtv__gt_show(m, g, ev->ts_ns);
		return;
	}
	/* First seen at its very end: alive for no time, but it was there. */
	if (g->run == GTV__RUN_NEW) {
		g->run = GTV__RUN_UNKNOWN;
		gtv__gt_show(m, g, ev->ts_ns);
	}
	gtv__gt_end(m, g, ev->ts_ns, 1);
}

static void gt_go(struct gtv_model *m, struct gtv__thread *t, struct gtv__gt *g,
		  const struct gtv_ev *ev)
{
	uint64_t ts = ev->ts_ns;

	if (g->run == GTV__RUN_DONE) {
		gtv__fault(m, GTV_FAULT_TWO_PLACES, ts, "G%u: runs after its exit", g->id);
		return;
	}
	if (gt_number(m, g, (uint32_t)(ev->arg >> 32), ts)) {
		if (g->run == GTV__RUN_RUNNING)
			gtv__fault(m, GTV_FAULT_TWO_PLACES, ts,
				   "G%u: runs on thread %u while it runs on %u", g->id,
				   t->tid, g->thread->tid);
		if (g->run == GTV__RUN_WAIT)
			gtv__fault(m, GTV_FAULT_WAKE, ts,
				   "G%u: runs, though nothing ended its %s", g->id,
				   gtv_state_name(g->state));
	}
	gtv__lock_unwait(m, g, ts);
	gt_detach(g);
	g->run = GTV__RUN_RUNNING;
	g->thread = t;
	t->gt = g;
	gtv__gt_show(m, g, ts);
	wake_edge_end(m, g, ts);
}

static void ev_switch(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev)
{
	struct gtv__gt *stop = NULL, *old = t->gt;

	if (ev->gt)
		stop = old && old->id == ev->gt ? old : gtv__gt(m, ev->gt, t);
	if (old && old != stop) {
		/* Someone else was running here, we thought. A loss that explains it
		 * would have made it unknown. */
		if (!old->doubt) /* only a rundown said so */
			gtv__fault(m, GTV_FAULT_TWO_PLACES, ev->ts_ns,
				   "thread %u: switches from G%u, but G%u was running",
				   t->tid, ev->gt, old->id);
		gtv__gt_unknown(m, old, ev->ts_ns);
		old->doubt = 1;
	}
	if (stop)
		gt_stop(m, t, stop, ev);
	t->gt_known = 1;
	struct gtv__gt *go = ev->obj ? gtv__gt(m, ev->obj, t) : NULL;
	if (go)
		gt_go(m, t, go, ev);
	/* Who has its worker now is known only here. */
	if (stop && stop->held && stop->run == GTV__RUN_READY)
		gtv__gt_show(m, stop, ev->ts_ns);
	gtv__place_show(m, t, ev->ts_ns);
}

/* A joiner wakes because the joined one ended: an edge of its own. Who ends wakes it, and
 * libgt tells that first. */
static void join_edge(struct gtv_model *m, const struct gtv__gt *g, uint32_t waker,
		      uint64_t ts_ns)
{
	const struct gtv__gt *target = g->call ? gtv__map_get(&m->gt_map, g->call) : NULL;
	int is_done = target && target->run == GTV__RUN_DONE;

	if ((g->flags & GTV_SP_JOIN) && target && (is_done || waker == target->id))
		gtv__edge(m, GTV_EDGE_JOIN, is_done ? target->lane.end_ns : ts_ns,
			  gt_lane(target->id), ts_ns, gt_lane(g->id), 0);
}

static void ev_ready(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev)
{
	struct gtv__gt *g = ev->gt ? gtv__gt(m, ev->gt, t) : NULL;

	if (!g)
		return;
	if (g->run == GTV__RUN_DONE) {
		gtv__fault(m, GTV_FAULT_TWO_PLACES, ev->ts_ns, "G%u: ready after its exit",
			   g->id);
		return;
	}
	if (gt_number(m, g, ev->seq, ev->ts_ns) && g->run != GTV__RUN_WAIT)
		gtv__fault(m, GTV_FAULT_WAKE, ev->ts_ns,
			   "G%u: woken, but it was not waiting", g->id);
	if (g->run == GTV__RUN_WAIT)
		join_edge(m, g, ev->state == GTV_BY_GT ? ev->obj : 0, ev->ts_ns);
	struct gtv__thread *was = g->run == GTV__RUN_RUNNING ? g->thread : NULL;
	gtv__lock_unwait(m, g, ev->ts_ns);
	gt_detach(g);
	g->run = GTV__RUN_READY;
	g->state = GTV_ST_READY;
	g->flags = 0;
	g->call = 0;
	g->who = g->waker = ev->obj;
	g->woken_by = ev->state;
	g->wake_ns = ev->ts_ns;
	g->wake_edge = GTV_EDGE_WAKE;
	gtv__gt_show(m, g, ev->ts_ns);
	if (was)
		gtv__place_show(m, was, ev->ts_ns);
}

/*
 * A send and its receive name each other, and either may be told first: a
 * receiver that finds a waiting sender completes before the sender does. The
 * edge leaves the sender when its send completed, or, if that is still to come,
 * at the receive itself.
 */
static void ev_chan(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev)
{
	uint32_t sender_id = ev->kind == GTV_EV_CHAN_SEND ? ev->gt : (uint32_t)ev->arg;
	uint32_t receiver_id = ev->kind == GTV_EV_CHAN_SEND ? (uint32_t)ev->arg : ev->gt;

	if (!sender_id || !receiver_id)
		return;
	struct gtv__gt *s = gtv__gt(m, sender_id, t);
	if (!s)
		return;
	if (ev->kind == GTV_EV_CHAN_SEND) {
		int owed = s->owed_peer == receiver_id && s->owed_chan == ev->obj;
		s->owed_peer = 0;
		s->send_ns = owed ? 0 : ev->ts_ns;
		s->send_chan = ev->obj;
		s->send_peer = receiver_id;
		return;
	}
	uint64_t from = ev->ts_ns;
	if (s->send_ns && s->send_peer == receiver_id && s->send_chan == ev->obj) {
		from = s->send_ns;
		s->send_ns = 0;
	} else {
		s->owed_peer = receiver_id;
		s->owed_chan = ev->obj;
	}
	gtv__edge(m, GTV_EDGE_CHAN, from, gt_lane(sender_id), ev->ts_ns,
		  gt_lane(receiver_id), ev->obj);
}

static void ev_steal(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev)
{
	const struct gtv__proc *p = t->proc;

	if (ev->obj >= p->worker_cap || !p->worker_tid[ev->obj])
		return;
	gtv__edge(m, GTV_EDGE_STEAL, ev->ts_ns,
		  gtv__lane_of(GTV_LANE_THREAD, p->worker_tid[ev->obj]), ev->ts_ns,
		  gtv__lane_of(GTV_LANE_THREAD, t->tid), ev->gt);
}

/* What it does, told by another when gtviz attached: taken if nothing better is known,
 * and only until its own next event, whatever that says. */
static void ev_state(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev)
{
	struct gtv__gt *g = ev->gt ? gtv__gt(m, ev->gt, t) : NULL;
	struct gtv_ev stop = *ev;
	struct gtv__thread *on;

	if (!g || g->run != GTV__RUN_NEW)
		return;
	g->seq = ev->seq;
	g->last_ns = ev->ts_ns;
	g->doubt = 1;
	if (ev->state == GTV_EV_SWITCH_RUN) {
		on = ev->obj ? gtv__thread(m, ev->obj) : NULL;
		g->run = on && !on->gt && !on->gt_known ? GTV__RUN_RUNNING
							: GTV__RUN_UNKNOWN;
		if (g->run == GTV__RUN_RUNNING) {
			g->thread = on;
			on->gt = g;
			gtv__place_show(m, on, ev->ts_ns);
		}
	} else if (ev->state == GTV_EV_READY) {
		g->run = GTV__RUN_READY;
		g->state = GTV_ST_READY;
	} else {
		stop.kind = ev->state;
		stop_content(m, t, g, &stop);
		g->waits = 0; /* it began before */
	}
	gtv__gt_show(m, g, ev->ts_ns);
}

void gtv__gt_event(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev)
{
	switch (ev->kind) {
	case GTV_EV_SPAWN:
		ev_spawn(m, t, ev);
		break;
	case GTV_EV_READY:
		ev_ready(m, t, ev);
		break;
	case GTV_EV_CHAN_SEND:
	case GTV_EV_CHAN_RECV:
		ev_chan(m, t, ev);
		break;
	case GTV_EV_GT_STATE:
		ev_state(m, t, ev);
		break;
	case GTV_EV_STEAL:
		ev_steal(m, t, ev);
		break;
	default:
		ev_switch(m, t, ev);
	}
}
