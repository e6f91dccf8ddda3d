/* SPDX-License-Identifier: MIT
 *
 * The machine of tracegen: cores, OS threads, a kernel that switches them, and what
 * its program is made of. tracegen.c says what the program does with it.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/model/model.h"
#include "tracer/model/zoom.h"
#include "tracer/store/store.h"

#define CORES_MAX    256
#define THREADS_MAX  (3 * CORES_MAX + 8)
#define GTS_PER_CORE 12
#define GTS_MAX	     (GTS_PER_CORE * CORES_MAX + 2 * CHANS)
#define LOCKS	     4 /* the first is the GIL */
#define CHANS	     8
#define CHAN_ROOM    4
#define NEVER	     UINT64_MAX
#define NOBODY	     (-1)
#define PID	     1000u
#define US	     1000u
#define MS	     1000000u

/* System calls, as the kernel source tells them: number + 1. */
#define CALL_READ  1
#define CALL_POLL  8
#define CALL_FUTEX 203

enum role {
	ROLE_MAIN,
	ROLE_LOCKER,
	ROLE_SENDER,
	ROLE_RECEIVER,
	ROLE_SLEEPER,
	ROLE_CALLER,
	ROLE_INTERP,
	ROLE_SPINNER,
	ROLES
};

static const char *const role_names[ROLES] = {"main",	 "locker", "send",   "recv",
					      "sleeper", "caller", "interp", "spin"};

struct list {
	int head, tail, count; /* linked through gt.next */
};

struct gt {
	uint32_t id, seq;
	int alive, next;
	enum role role;
	int phase, rounds;
	int lock, chan; /* which of them its role uses */
	uint64_t wake_ns;
};

struct lock {
	uint32_t id, seq, last_owner;
	int owner;
	struct list waiters;
};

struct chan {
	uint32_t id;
	int filled, alive[2]; /* receivers, senders */
	struct list senders, receivers;
};

enum kind { WORKER, POOL, OTHER };

struct thread {
	enum kind kind;
	uint32_t tid;
	int index; /* worker number */
	int core;  /* where it is, or last was */
	int asleep;
	uint64_t wake_ns; /* a time-out or device that wakes it */
	int gt;		  /* worker: what it runs; pool: whose call it makes */
	int phase;
	struct list ready;  /* worker */
	struct list timers; /* worker: sleeping green threads, in no order */
};

struct core {
	uint64_t clock, since; /* when `running` came */
	int running;	       /* thread, NOBODY: idle */
	int queue[THREADS_MAX];
	int queued;
	uint64_t next_wake; /* no sleeper of this core wakes before */
};

struct sim {
	uint64_t rnd, now_ns, events, target;
	int cores, threads, gts_alive, gts_wanted;
	struct core core[CORES_MAX];
	struct thread thread[THREADS_MAX];
	struct gt gt[GTS_MAX];
	struct lock lock[LOCKS];
	struct chan chan[CHANS];
	struct list calls; /* green threads whose call no pool thread has begun */
	uint32_t last_gt;

	struct gtv_ev batch[4096];
	size_t batched;
	void (*batch_full)(struct sim *s);
	struct gtv_store *store;
	struct gtv_names *names;
	struct gtv_model *model;
	struct gtv_zoom *zoom;
	uint64_t zoom_ns;
	size_t checkpoint_block;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "tracegen: %s: %s\n", what, why);
	exit(1);
}

/* ---- Chance ---- */

static uint64_t chance(struct sim *s)
{
	s->rnd ^= s->rnd >> 12;
	s->rnd ^= s->rnd << 25;
	s->rnd ^= s->rnd >> 27;
	return s->rnd * 0x2545f4914f6cdd1dull >> 11;
}

static uint64_t between(struct sim *s, uint64_t low, uint64_t high)
{
	return low + chance(s) % (high - low + 1);
}

/* Mostly near `typical`, sometimes much longer, as times in programs are. */
static uint64_t spread(struct sim *s, uint64_t typical)
{
	uint64_t ns = between(s, typical / 2, typical * 3 / 2);
	while (chance(s) % 8 == 0)
		ns *= 2;
	return ns;
}

/* An event on core c at its clock. The caller fills in the rest, before the next. */
static struct gtv_ev *emit(struct sim *s, int c, unsigned kind, uint32_t tid)
{
	struct core *core = &s->core[c];

	if (s->batched == sizeof s->batch / sizeof *s->batch)
		s->batch_full(s);
	if (core->clock <= s->now_ns)
		core->clock = s->now_ns + 1;
	s->now_ns = core->clock;
	core->clock += between(s, 30, 90);
	s->events++;
	struct gtv_ev *ev = &s->batch[s->batched++];
	*ev = (struct gtv_ev){.ts_ns = s->now_ns, .kind = (uint16_t)kind, .tid = tid};
	ev->core = kind < GTV_EV_USER_MAX ? GTV_CORE_NONE : c;
	return ev;
}

/* ---- Lists of green threads ---- */

static struct list empty(void)
{
	return (struct list){.head = NOBODY, .tail = NOBODY};
}

static void push(struct sim *s, struct list *l, int g)
{
	s->gt[g].next = NOBODY;
	if (l->tail == NOBODY)
		l->head = g;
	else
		s->gt[l->tail].next = g;
	l->tail = g;
	l->count++;
}

static int pop(struct sim *s, struct list *l)
{
	int g = l->head;
	if (g == NOBODY)
		return g;
	l->head = s->gt[g].next;
	if (l->head == NOBODY)
		l->tail = NOBODY;
	l->count--;
	return g;
}

/* ---- The kernel ---- */

static int is_ours(const struct sim *s, int t)
{
	return t != NOBODY && s->thread[t].kind != OTHER;
}

static uint32_t tid_of(const struct sim *s, int t)
{
	return t == NOBODY ? 0 : s->thread[t].tid;
}

/* The thread on core c stops for that reason; the first in its queue goes on. */
static void switch_core(struct sim *s, int c, enum gtv_off why, uint32_t call, uint64_t arg)
{
	struct core *core = &s->core[c];
	int prev = core->running, next = NOBODY;

	if (core->queued) {
		next = core->queue[0];
		memmove(core->queue, core->queue + 1,
			(size_t)--core->queued * sizeof *core->queue);
	}
	if (prev == next)
		return;
	struct gtv_ev *ev = emit(s, c, GTV_EV_K_SWITCH, tid_of(s, prev));
	ev->obj = tid_of(s, next);
	ev->state = (uint8_t)(prev == NOBODY ? GTV_OFF_IDLE : why);
	ev->flags = (uint8_t)((is_ours(s, prev) ? GTV_KF_PREV_OURS : 0) |
			      (is_ours(s, next) ? GTV_KF_NEXT_OURS : 0) |
			      (prev != NOBODY && why == GTV_OFF_PREEMPTED ? GTV_KF_PREEMPTED
									  : 0));
	ev->seq = call;
	ev->arg = arg;
	if (prev != NOBODY && why == GTV_OFF_PREEMPTED)
		core->queue[core->queued++] = prev;
	core->running = next;
	core->since = core->clock;
	if (next != NOBODY) {
		s->thread[next].core = c;
		core->clock += between(s, 800, 2000);
	}
}

static void sleep_thread(struct sim *s, int c, enum gtv_off why, uint32_t call,
			 uint64_t arg, uint64_t wake_ns)
{
	struct thread *t = &s->thread[s->core[c].running];

	t->asleep = 1;
	t->wake_ns = wake_ns;
	if (wake_ns < s->core[c].next_wake)
		s->core[c].next_wake = wake_ns;
	switch_core(s, c, why, call, arg);
}

static int idle_core(const struct sim *s, int first)
{
	for (int i = 0; i < s->cores; i++) {
		int c = (first + i) % s->cores;
		if (s->core[c].running == NOBODY && !s->core[c].queued)
			return c;
	}
	return NOBODY;
}

/* Puts a runnable thread on core c's queue; an idle core notices a little later. */
static void enqueue(struct sim *s, int t, int c)
{
	struct core *core = &s->core[c];
	core->queue[core->queued++] = t;
	if (core->running == NOBODY)
		core->clock = s->now_ns + between(s, 700, 2500);
}

/* From core `by`, whoever runs there (or an interrupt while it idles). */
static void wake_thread(struct sim *s, int by, int t)
{
	struct thread *th = &s->thread[t];
	uint32_t waker = tid_of(s, s->core[by].running);

	if (!th->asleep)
		return;
	th->asleep = 0;
	th->wake_ns = NEVER;
	if (th->kind != OTHER)
		emit(s, by, GTV_EV_K_WAKING, waker)->obj = th->tid;
	int to = idle_core(s, th->core);
	if (to == NOBODY || th->kind == OTHER)
		to = th->core;
	if (to != th->core) {
		struct gtv_ev *ev = emit(s, by, GTV_EV_K_MIGRATE, waker);
		ev->core = th->core;
		ev->obj = th->tid;
		ev->arg = (uint64_t)to;
		th->core = to;
	}
	enqueue(s, t, to);
}

/* Sleepers of this core whose time has come. */
static void wake_due(struct sim *s, int c)
{
	struct core *core = &s->core[c];
	uint64_t now = core->clock, next = NEVER;

	if (now < core->next_wake)
		return;
	for (int t = 0; t < s->threads; t++) {
		struct thread *th = &s->thread[t];
		if (th->core != c || !th->asleep)
			continue;
		if (th->wake_ns <= now)
			wake_thread(s, c, t);
		else if (th->wake_ns < next)
			next = th->wake_ns;
	}
	core->next_wake = next;
}

/* Somebody waits for this core: has its thread had enough? */
static void tick(struct sim *s, int c)
{
	struct core *core = &s->core[c];
	int first = core->queue[0];

	if (!core->queued)
		return;
	int to = idle_core(s, c + 1);
	if (to != NOBODY && s->thread[first].kind != OTHER) {
		/* The balancer, running on the idle core, takes it away. */
		memmove(core->queue, core->queue + 1,
			(size_t)--core->queued * sizeof *core->queue);
		struct gtv_ev *ev = emit(s, to, GTV_EV_K_MIGRATE, 0);
		ev->core = c;
		ev->obj = s->thread[first].tid;
		ev->arg = (uint64_t)to;
		s->thread[first].core = to;
		enqueue(s, first, to);
	} else if (core->clock - core->since > 1 * MS ||
		   (s->thread[first].kind != WORKER && chance(s) % 4 == 0)) {
		switch_core(s, c, GTV_OFF_PREEMPTED, 0, 0);
	}
}

#endif
