/* SPDX-License-Identifier: MIT
 *
 * The plain switch: one green thread gives way to another on a thread of which nothing else
 * is to be told. A program may make ten million of them a second, and each ends three spans
 * (of both, and of the OS thread). Here is what model_gt.c does for them, with all that
 * cannot be the case left out: no locks, no loss, no doubt, nothing out of order. Whatever
 * is different goes the long way. tests/unit/model_switch.c takes random events both ways.
 */
#include "tracer/model/model_priv.h"

/* Of the kinds of switches those after which the one that stops waits for no lock. */
static int is_plain_kind(unsigned kind)
{
	return gtv_event_is_switch(kind) && kind != GTV_EV_SWITCH_LOCK &&
	       kind != GTV_EV_SWITCH_GIL && kind != GTV_EV_SWITCH_EXIT;
}

static int lane_at(const struct gtv__lane *lane, uint64_t ts_ns)
{
	return gtv__lane_alive(lane) && lane->cur.from_ns <= ts_ns;
}

/* Runs here, and its number is the next. */
static int can_stop(const struct gtv__thread *t, const struct gtv__gt *g,
		    const struct gtv_ev *ev)
{
	return g->id == ev->gt && g->run == GTV__RUN_RUNNING && g->thread == t &&
	       !g->doubt && g->seq + 1 == ev->seq && !g->held && !g->wait &&
	       lane_at(&g->lane, ev->ts_ns);
}

/* Is ready, and its number is the next. */
static int can_go(const struct gtv__gt *g, const struct gtv_ev *ev)
{
	return g->run == GTV__RUN_READY && !g->doubt &&
	       g->seq + 1 == (uint32_t)(ev->arg >> 32) && !g->held && !g->wait &&
	       lane_at(&g->lane, ev->ts_ns);
}

/* A thread that the kernel has on no core that is shown, or that nobody asked about. */
static int is_plain_place(const struct gtv_model *m, const struct gtv__thread *t,
			  uint64_t ts_ns)
{
	return m->level == 0 && t->on != GTV__K_DEAD && !t->has && t->core < 0 &&
	       t->lane.cur.state == GTV_ST_RUNNING && lane_at(&t->lane, ts_ns);
}

static inline void take_state(struct gtv_span *cur, unsigned state, unsigned flags,
			      uint32_t gt, uint32_t tid, uint32_t who, uint32_t call)
{
	cur->state = (uint8_t)state;
	cur->flags = (uint8_t)flags;
	cur->core = -1;
	cur->gt = gt;
	cur->tid = tid;
	cur->lock = 0;
	cur->who = who;
	cur->call = call;
	cur->waiters = 0;
}

int gtv__switch_plain(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev)
{
	struct gtv__gt *stop = t->gt, *go;
	uint64_t ts_ns = ev->ts_ns;

	if (!stop || !ev->obj || ev->obj == ev->gt || !is_plain_kind(ev->kind) ||
	    !is_plain_place(m, t, ts_ns) || !can_stop(t, stop, ev) || m->all_the_way)
		return 0;
	go = gtv__map_get(&m->gt_map, ev->obj);
	if (!go || !can_go(go, ev))
		return 0;

	stop->seq = ev->seq;
	stop->last_ns = ts_ns;
	stop->switches++;
	stop->wake_ns = 0;
	gtv__gt_stops(stop, ev);
	gtv__lane_close(m, &stop->lane, ts_ns);
	take_state(&stop->lane.cur, stop->state, stop->flags, 0, t->tid, stop->who,
		   stop->call);

	go->seq = (uint32_t)(ev->arg >> 32);
	go->last_ns = ts_ns;
	go->run = GTV__RUN_RUNNING;
	go->thread = t;
	gtv__lane_close(m, &go->lane, ts_ns);
	take_state(&go->lane.cur, GTV_ST_RUNNING, 0, 0, t->tid, 0, 0);
	if (go->wake_ns && go->waker)
		gtv__edge(m, go->wake_edge, go->wake_ns,
			  gtv__lane_of(GTV_LANE_GT, go->waker), ts_ns,
			  gtv__lane_of(GTV_LANE_GT, go->id), 0);
	go->wake_ns = 0;

	t->gt = go;
	t->gt_known = 1;
	gtv__lane_close(m, &t->lane, ts_ns);
	take_state(&t->lane.cur, GTV_ST_RUNNING, 0, go->id, t->tid, 0, 0);
	return 1;
}
