/* SPDX-License-Identifier: MIT
 *
 * A small simulated machine for the model's tests: cores, OS threads, green
 * threads and locks that only ever do what a true machine can, at random but by
 * seed. It tells its events as the sources would, and it knows the truth: after
 * each step it notes the state of every lane. The model, which only hears the
 * events, must say the same.
 */
#ifndef MODEL_SIM_H
#define MODEL_SIM_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/base/event.h"
#include "tracer/model/model.h"

#define SIM_CORES   4
#define SIM_THREADS 6
#define SIM_GTS	    4096
#define SIM_LOCKS   3 /* the first is a GIL */
#define SIM_PID	    1000
#define SIM_FOREIGN 500 /* tids of other programs */

struct sim_gt {
	int state; /* enum gtv_state: RUNNING while the runtime runs it */
	uint32_t seq;
	int thread; /* where it runs, -1 */
	int wait_lock, join;
	int held; /* locks it holds */
	int alive;
};

struct sim_thread {
	int on; /* enum gtv_state: RUNNING, RUNNABLE, PREEMPTED, SLEEPING, DISK, NONE */
	int core;
	int gt; /* 0 none */
};

struct sim_lock {
	int owner; /* 0 free */
	uint32_t seq;
	int last;
	int seen;
};

/* What the truth says of a lane: one change. */
struct sim_fact {
	uint64_t ts_ns;
	struct gtv_lane lane;
	uint32_t state, a, b;
};

struct sim {
	uint64_t rng, now_ns;
	uint32_t step_ns;  /* from one thing to the next, at most */
	uint32_t pause_ns; /* how long at most nothing happens at times */
	int level;
	int blind; /* long runs: the truth is not noted */
	struct sim_gt gt[SIM_GTS + 1];
	int gts, alive;
	struct sim_thread thread[SIM_THREADS];
	uint32_t core_tid[SIM_CORES]; /* 0 idle */
	struct sim_lock lock[SIM_LOCKS + 1];
	struct gtv_ev *ev;
	size_t count, cap;
	struct sim_fact *fact;
	size_t facts, fact_cap;
	struct sim_fact last[4][SIM_GTS + 1];
};

static inline uint64_t sim_rand(struct sim *s)
{
	s->rng ^= s->rng << 13;
	s->rng ^= s->rng >> 7;
	s->rng ^= s->rng << 17;
	return s->rng * 0x2545f4914f6cdd1dull >> 16;
}

static inline uint32_t sim_below(struct sim *s, uint32_t n)
{
	return (uint32_t)(sim_rand(s) % n);
}

static inline uint32_t sim_tid(int thread)
{
	return SIM_PID + (uint32_t)thread;
}

static inline struct gtv_ev *sim_ev(struct sim *s, unsigned kind, uint32_t tid)
{
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 1024;
		s->ev = realloc(s->ev, s->cap * sizeof *s->ev);
		if (!s->ev)
			abort();
	}
	struct gtv_ev *ev = &s->ev[s->count++];
	*ev = (struct gtv_ev){
		.ts_ns = s->now_ns, .kind = (uint16_t)kind, .core = -1, .tid = tid};
	return ev;
}

/* ---- the truth ---- */

static inline void sim_note(struct sim *s, unsigned kind, uint32_t id, uint32_t state,
			    uint32_t a, uint32_t b)
{
	struct sim_fact *last = &s->last[kind - 1][id];

	if (last->state == state && last->a == a && last->b == b)
		return;
	*last = (struct sim_fact){s->now_ns, {(uint8_t)kind, id}, state, a, b};
	if (s->facts == s->fact_cap) {
		s->fact_cap = s->fact_cap ? s->fact_cap * 2 : 1024;
		s->fact = realloc(s->fact, s->fact_cap * sizeof *s->fact);
		if (!s->fact)
			abort();
	}
	s->fact[s->facts++] = *last;
}

static inline uint32_t sim_gt_state(const struct sim *s, int gt)
{
	const struct sim_gt *g = &s->gt[gt];

	if (!g->alive)
		return GTV_ST_NONE;
	if (g->state != GTV_ST_RUNNING || s->level == 0)
		return (uint32_t)g->state;
	switch (s->thread[g->thread].on) {
	case GTV_ST_RUNNING:
		return GTV_ST_RUNNING;
	case GTV_ST_RUNNABLE:
	case GTV_ST_PREEMPTED:
		return GTV_ST_PREEMPTED;
	default:
		return GTV_ST_STALLED;
	}
}

static inline uint32_t sim_lock_state(const struct sim *s, int lock)
{
	if (!s->lock[lock].owner)
		return GTV_ST_FREE;
	switch (sim_gt_state(s, s->lock[lock].owner)) {
	case GTV_ST_RUNNING:
		return GTV_ST_HELD;
	case GTV_ST_READY:
	case GTV_ST_PREEMPTED:
		return GTV_ST_HELD_PREEMPTED;
	default:
		return GTV_ST_HELD_ASLEEP;
	}
}

static inline void sim_observe(struct sim *s)
{
	for (int g = 1; g <= s->gts; g++) {
		if (s->gt[g].alive || s->last[GTV_LANE_GT - 1][g].state)
			sim_note(s, GTV_LANE_GT, (uint32_t)g, sim_gt_state(s, g), 0, 0);
	}
	for (int l = 1; l <= SIM_LOCKS; l++) {
		uint32_t waiters = 0;
		for (int g = 1; g <= s->gts; g++)
			waiters += s->gt[g].alive && s->gt[g].wait_lock == l;
		if (s->lock[l].seen)
			sim_note(s, GTV_LANE_LOCK, (uint32_t)l, sim_lock_state(s, l),
				 (uint32_t)s->lock[l].owner, waiters);
	}
	if (s->level == 0)
		return;
	for (int t = 0; t < SIM_THREADS; t++)
		sim_note(s, GTV_LANE_THREAD, (uint32_t)t, (uint32_t)s->thread[t].on,
			 (uint32_t)s->thread[t].gt, 0);
	for (uint32_t c = 0; c < SIM_CORES; c++) {
		uint32_t tid = s->core_tid[c];
		int ours = tid >= SIM_PID;
		sim_note(s, GTV_LANE_CORE, c,
			 ours  ? GTV_ST_BUSY
			 : tid ? GTV_ST_OTHER
			       : GTV_ST_IDLE,
			 tid, ours ? (uint32_t)s->thread[tid - SIM_PID].gt : 0);
	}
}

/* ---- the kernel ---- */

static inline int sim_runnable(struct sim *s)
{
	int from = (int)sim_below(s, SIM_THREADS);

	for (int i = 0; i < SIM_THREADS; i++) {
		int t = (from + i) % SIM_THREADS;
		if (s->thread[t].on == GTV_ST_RUNNABLE ||
		    s->thread[t].on == GTV_ST_PREEMPTED)
			return t;
	}
	return -1;
}

static inline void sim_kernel_switch(struct sim *s, uint32_t core)
{
	uint32_t prev = s->core_tid[core];
	int next = sim_below(s, 8) ? sim_runnable(s) : -1;
	uint32_t next_tid = next >= 0	      ? sim_tid(next)
			    : sim_below(s, 2) ? SIM_FOREIGN + core
					      : 0;

	if (next_tid == prev)
		return;
	struct gtv_ev *ev = sim_ev(s, GTV_EV_K_SWITCH, prev);
	ev->core = (int32_t)core;
	ev->obj = next_tid;
	if (prev >= SIM_PID) {
		struct sim_thread *t = &s->thread[prev - SIM_PID];
		ev->flags |= GTV_KF_PREV_OURS;
		switch (sim_below(s, 3)) {
		case 0:
			t->on = GTV_ST_PREEMPTED;
			ev->state = GTV_OFF_PREEMPTED;
			ev->flags |= GTV_KF_PREEMPTED;
			break;
		case 1:
			t->on = GTV_ST_SLEEPING;
			ev->state = GTV_OFF_SLEEP;
			ev->seq = 203;
			break;
		default:
			t->on = GTV_ST_DISK;
			ev->state = GTV_OFF_DISK;
		}
		t->core = -1;
	}
	if (next >= 0) {
		ev->flags |= GTV_KF_NEXT_OURS;
		s->thread[next].on = GTV_ST_RUNNING;
		s->thread[next].core = (int)core;
	}
	s->core_tid[core] = next_tid;
}

static inline void sim_kernel_wake(struct sim *s)
{
	int t = (int)sim_below(s, SIM_THREADS);

	if (s->thread[t].on != GTV_ST_SLEEPING && s->thread[t].on != GTV_ST_DISK)
		return;
	struct gtv_ev *ev = sim_ev(s, GTV_EV_K_WAKING, s->core_tid[0]);
	ev->obj = sim_tid(t);
	ev->core = 0;
	s->thread[t].on = GTV_ST_RUNNABLE;
	if (sim_below(s, 2)) {
		ev = sim_ev(s, GTV_EV_K_MIGRATE, s->core_tid[0]);
		ev->obj = sim_tid(t);
		ev->arg = sim_below(s, SIM_CORES);
	}
}

/* ---- the runtime ---- */

static inline int sim_pick(struct sim *s, int state)
{
	if (!s->gts)
		return 0;
	for (int i = 0; i < 16; i++) {
		int g = 1 + (int)sim_below(s, (uint32_t)s->gts);
		if (s->gt[g].alive && s->gt[g].state == state)
			return g;
	}
	return 0;
}

static inline void sim_spawn(struct sim *s, int t)
{
	if (s->gts == SIM_GTS || s->alive > 40)
		return;
	int g = ++s->gts;
	struct gtv_ev *ev = sim_ev(s, GTV_EV_SPAWN, sim_tid(t));
	ev->gt = (uint32_t)g;
	ev->obj = (uint32_t)s->thread[t].gt;
	s->gt[g] = (struct sim_gt){.state = GTV_ST_READY, .thread = -1, .alive = 1};
	s->alive++;
}

/* What the stopping green thread does next. */
static inline unsigned sim_stop(struct sim *s, int g, uint32_t *what)
{
	struct sim_gt *gt = &s->gt[g];
	int l = 1 + (int)sim_below(s, SIM_LOCKS);

	*what = 0;
	gt->thread = -1;
	switch (sim_below(s, 9)) {
	case 0:
		gt->state = GTV_ST_CHAN;
		*what = 7;
		return GTV_EV_SWITCH_CHAN;
	case 1:
		gt->state = GTV_ST_IO;
		*what = 5;
		return GTV_EV_SWITCH_IO;
	case 2:
		gt->state = GTV_ST_SLEEP;
		return GTV_EV_SWITCH_SLEEP;
	case 3:
		gt->state = GTV_ST_SYSCALL;
		*what = 2;
		return GTV_EV_SWITCH_SYSCALL;
	case 4:
		if (!gt->held && s->alive > (s->gts < SIM_GTS ? 3 : 20)) {
			gt->alive = 0;
			s->alive--;
			return GTV_EV_SWITCH_EXIT;
		}
		break;
	case 5:
	case 6:
		if (s->lock[l].owner && s->lock[l].owner != g) {
			gt->state = l == 1 ? GTV_ST_GIL : GTV_ST_LOCK;
			gt->wait_lock = l;
			*what = (uint32_t)l;
			return l == 1 ? GTV_EV_SWITCH_GIL : GTV_EV_SWITCH_LOCK;
		}
		break;
	default:
		break;
	}
	gt->state = GTV_ST_READY;
	return sim_below(s, 2) ? GTV_EV_SWITCH_YIELD : GTV_EV_SWITCH_PREEMPT;
}

static inline void sim_switch(struct sim *s, int t)
{
	int stop = s->thread[t].gt;
	int go = sim_below(s, 5) ? sim_pick(s, GTV_ST_READY) : 0;
	uint32_t what = 0;

	if (!stop && !go)
		return;
	unsigned kind = stop ? sim_stop(s, stop, &what) : GTV_EV_SWITCH_RUN;
	struct gtv_ev *ev = sim_ev(s, kind, sim_tid(t));
	ev->gt = (uint32_t)stop;
	ev->seq = stop ? ++s->gt[stop].seq : 0;
	ev->arg = what;
	s->thread[t].gt = 0;
	if (go) {
		ev->obj = (uint32_t)go;
		ev->arg |= (uint64_t)++s->gt[go].seq << 32;
		s->gt[go].state = GTV_ST_RUNNING;
		s->gt[go].thread = t;
		s->thread[t].gt = go;
	}
}

static inline void sim_ready(struct sim *s, int t)
{
	static const int waits[] = {GTV_ST_CHAN,    GTV_ST_IO,	 GTV_ST_SLEEP,
				    GTV_ST_SYSCALL, GTV_ST_LOCK, GTV_ST_GIL};
	int g = sim_pick(s, waits[sim_below(s, 6)]);

	if (!g)
		return;
	struct gtv_ev *ev = sim_ev(s, GTV_EV_READY, sim_tid(t));
	ev->gt = (uint32_t)g;
	ev->obj = (uint32_t)s->thread[t].gt;
	ev->state = GTV_BY_GT;
	ev->seq = ++s->gt[g].seq;
	s->gt[g].state = GTV_ST_READY;
	s->gt[g].wait_lock = 0;
}

static inline void sim_lock_op(struct sim *s, int t)
{
	int l = 1 + (int)sim_below(s, SIM_LOCKS);
	int g = s->thread[t].gt;
	struct sim_lock *lock = &s->lock[l];
	unsigned kind;

	if (!g || (lock->owner && lock->owner != g))
		return;
	if (lock->owner) {
		kind = l == 1 ? GTV_EV_GIL_DROP : GTV_EV_LOCK_DROP;
		lock->owner = 0;
		s->gt[g].held--;
	} else {
		kind = l != 1		 ? GTV_EV_LOCK_TAKE
		       : lock->last == g ? GTV_EV_GIL_RETAKE
					 : GTV_EV_GIL_TAKE;
		lock->owner = lock->last = g;
		s->gt[g].held++;
	}
	lock->seen = 1;
	struct gtv_ev *ev = sim_ev(s, kind, sim_tid(t));
	ev->gt = (uint32_t)g;
	ev->obj = (uint32_t)l;
	ev->seq = ++lock->seq;
}

static inline void sim_init(struct sim *s, uint64_t seed, int level)
{
	memset(s, 0, sizeof *s);
	s->rng = seed * 0x9e3779b97f4a7c15ull | 1;
	s->level = level;
	s->now_ns = 5000000000ull;
	s->step_ns = 900;
	s->pause_ns = 3000000;
	for (int t = 0; t < SIM_THREADS; t++)
		s->thread[t] = (struct sim_thread){
			.on = level ? GTV_ST_NONE : GTV_ST_RUNNING, .core = -1};
	for (int t = 0; level && t < SIM_CORES; t++)
		sim_ev(s, GTV_EV_K_THREAD, sim_tid(t))->arg = SIM_PID;
	/* All cores start with a switch that tells who is there. */
	for (uint32_t c = 0; level && c < SIM_CORES; c++) {
		struct gtv_ev *ev;
		s->now_ns += 10;
		ev = sim_ev(s, GTV_EV_K_SWITCH, 0);
		ev->core = (int32_t)c;
		ev->obj = sim_tid((int)c);
		ev->flags = GTV_KF_NEXT_OURS;
		s->core_tid[c] = sim_tid((int)c);
		s->thread[c].on = GTV_ST_RUNNING;
		s->thread[c].core = (int)c;
	}
	for (int t = SIM_CORES; level && t < SIM_THREADS; t++) {
		struct gtv_ev *ev;
		s->now_ns += 10;
		ev = sim_ev(s, GTV_EV_K_FORK, sim_tid(0));
		ev->obj = sim_tid(t);
		ev->arg = SIM_PID;
		ev = sim_ev(s, GTV_EV_K_NEW, sim_tid(0));
		ev->obj = sim_tid(t);
		s->thread[t].on = GTV_ST_RUNNABLE;
	}
	if (level)
		sim_observe(s);
}

/* One step: time passes, and one thing happens. */
static inline void sim_step(struct sim *s)
{
	int t = (int)sim_below(s, SIM_THREADS);

	s->now_ns += 1 + sim_below(s, sim_below(s, 50) ? s->step_ns : s->pause_ns);
	if (s->level && sim_below(s, 3) == 0) {
		if (sim_below(s, 3))
			sim_kernel_wake(s);
		else
			sim_kernel_switch(s, sim_below(s, SIM_CORES));
	} else if (s->thread[t].on == GTV_ST_RUNNING) {
		switch (sim_below(s, 8)) {
		case 0:
			sim_spawn(s, t);
			break;
		case 1:
		case 2:
			sim_ready(s, t);
			break;
		case 3:
		case 4:
			sim_lock_op(s, t);
			break;
		default:
			sim_switch(s, t);
		}
	}
	if (!s->blind)
		sim_observe(s);
}

static inline void sim_fini(struct sim *s)
{
	free(s->ev);
	free(s->fact);
}

#endif
