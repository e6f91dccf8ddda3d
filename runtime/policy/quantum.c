/* SPDX-License-Identifier: MIT
 *
 * quantum: N:1 with time slices, as Windows NT or a classic Unix on one CPU. A clock
 * ticks every `tick`; whoever has run for `quantum` ticks goes to the end of the line
 * (or `slice`, in time: rounded up to whole ticks). Sleeps and descriptors are waits
 * like any other; a declared blocking call holds up everybody.
 *
 * Windows NT counts in thirds of a tick: `units` of 9 are 3 ticks.
 *
 * The clock is an OS thread of its own that runs no green threads and emits nothing. It
 * asks for the core through gt__tick_wanted, so a slice ends at the next safe point
 * (gt_tick), and by signal (preempt.h), tick after tick, until it has ended.
 *
 * While nothing is ready the clock stands still: an idle program costs nothing.
 */
#include "runtime/core/attach.h"
#include "runtime/core/native.h"
#include "runtime/os/preempt.h"
#include "runtime/io/reactor.h"
#include "runtime/policy/solo.h"

#define CLOCK_STACK_BYTES (64u << 10)
#define UNITS_PER_TICK	  3u

enum { STILL, TICKS, STOP };

static struct {
	uint32_t state;	  /* futex, for the clock */
	uint32_t left;	  /* atomic: units left of the slice; 0: it is over */
	uint32_t quantum; /* units of a slice */
	uint32_t started;
	uint64_t tick_ns;
	pthread_t thread;		  /* the clock */
	struct gt__preempt_target runner; /* who runs green threads */
} q;

/* A slice may begin meanwhile: then it is that one's tick. */
static void charge(void)
{
	uint32_t left = __atomic_load_n(&q.left, __ATOMIC_RELAXED), rest;

	do {
		rest = left > UNITS_PER_TICK ? left - UNITS_PER_TICK : 0;
	} while (left && !__atomic_compare_exchange_n(&q.left, &left, rest, 0,
						      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	if (left && rest)
		return;
	gt__tick_ask();
	gt__preempt_ask(&q.runner);
}

/* Ticks that it slept through (the machine was busy) are not made up for. */
static void *clock_main(void *unused)
{
	uint64_t next = gt__sys_now_ns() + q.tick_ns;
	uint32_t state;

	(void)unused;
	gt__attach_helper(1);
	while ((state = __atomic_load_n(&q.state, __ATOMIC_ACQUIRE)) != STOP) {
		int due;

		gt__sys_futex_wait(&q.state, state, state == TICKS ? next : GT__NEVER);
		due = gt__sys_now_ns() >= next;
		if (state == TICKS && due)
			charge();
		/* From after the charge: two are never less than a tick apart, though the
		 * clock itself may have been kept waiting. */
		if (state != TICKS || due)
			next = gt__sys_now_ns() + q.tick_ns;
	}
	gt__attach_helper(0);
	return NULL;
}

static int clock_start(void)
{
	int err = gt__sys_thread_start(&q.thread, CLOCK_STACK_BYTES, clock_main, NULL);

	q.started = !err;
	return err;
}

static void clock_set(uint32_t state)
{
	if (__atomic_load_n(&q.state, __ATOMIC_RELAXED) == state)
		return;
	__atomic_store_n(&q.state, state, __ATOMIC_RELEASE);
	if (!q.started && state == TICKS)
		clock_start();
	else if (state != STILL) /* that one it sees for itself, a tick later */
		gt__sys_futex_wake(&q.state, 1);
}

static void slice_begins(void)
{
	gt__tick_calm();
	__atomic_store_n(&q.left, q.quantum, __ATOMIC_RELAXED);
}

static void turn(int runs)
{
	clock_set(runs ? TICKS : STILL);
	if (runs)
		slice_begins();
}

/* The slice may have ended just as another's began: then nothing is left to do. */
static void stop(struct gt__os *os, uint8_t how)
{
	struct gt *self = os->current, *next;

	gt__tick_calm();
	if (__atomic_load_n(&q.left, __ATOMIC_RELAXED))
		return;
	/* Sleepers whose time has come get their turn although somebody computes. */
	if (gt__reactor_waiters())
		gt__reactor_poll(os, 0);
	gt__emit(&os->tr, GTV_EV_PREEMPT_ASK, 0, 0, self->id, 0, 0, 0);
	next = gt__solo_next(os);
	if (!next) {
		slice_begins();
		return;
	}
	gt__solo_push(self);
	GT_COUNT(os, PREEMPTIONS);
	gt__tell_switch(os, GTV_EV_SWITCH_PREEMPT, how, self, next, 0);
	gt__fiber_go(gt__worker_of(os), &self->ctx, next);
}

static void quantum_tick(struct gt__os *os)
{
	stop(os, 0);
}

static void quantum_signal(struct gt__os *os)
{
	stop(os, GTV_PREEMPT_SIGNAL);
}

/* It holds up everybody, and is not cut short by our signal. */
static long quantum_blocking(struct gt__os *os, uint32_t call_id, long (*fn)(void *),
			     void *arg)
{
	long result;

	gt__preempt_away(&q.runner);
	result = gt__native_blocking(os, call_id, fn, arg);
	gt__preempt_back(&q.runner);
	return result;
}

static uint32_t quantum_in_units(void)
{
	uint64_t slice_ns = gt__param("slice"), units = gt__param("units");

	if (slice_ns)
		return (uint32_t)((slice_ns + q.tick_ns - 1) / q.tick_ns) * UNITS_PER_TICK;
	return units ? (uint32_t)units : (uint32_t)gt__param("quantum") * UNITS_PER_TICK;
}

static int quantum_run(struct gt *first, struct gt__os *os)
{
	int err;

	q.tick_ns = gt__param("tick");
	q.quantum = quantum_in_units();
	q.state = STILL;
	q.left = 0;
	q.runner = (struct gt__preempt_target){.thread = pthread_self()};
	gt__preempt_open((enum gt__preempt_way)gt__param("preempt"), quantum_signal);
	err = clock_start();
	if (err) {
		gt__preempt_close();
		return err;
	}
	err = gt__solo_run(first, os, turn);
	clock_set(STOP);
	if (q.started)
		gt__sys_thread_join(q.thread);
	gt__preempt_close();
	__atomic_store_n(&gt__tick_wanted, 0, __ATOMIC_RELAXED);
	return err;
}

/* The clock stayed with the parent: the child has its own once it switches. If that
 * cannot start, the child still switches at waits. */
static void quantum_forked(struct gt__os *os)
{
	gt__solo_forked(os);
	q.started = 0;
	q.state = STILL;
}

const struct gt__policy gt__policy_quantum = {
	.name = "quantum",
	.flags = GT__POLICY_SINGLE | GT__POLICY_PREEMPTS,
	.params = {{"tick", GT__UNIT_TIME, 100000, 1000000000, 4000000, NULL},
		   {"quantum", GT__UNIT_COUNT, 1, 10000, 5, NULL},
		   {"slice", GT__UNIT_TIME, 100000, 10000000000, 0, NULL},
		   {"units", GT__UNIT_COUNT, 1, 30000, 0, NULL},
		   {"preempt", GT__UNIT_CHOICE, 0, 1, 0, "signal|points"}},
	.os_new = gt__solo_os_new,
	.os_free = gt__solo_os_free,
	.workers = gt__solo_workers,
	.run = quantum_run,
	.alloc = gt__solo_alloc,
	.free = gt__fiber_free,
	.start = gt__solo_start,
	.yield = gt__solo_yield,
	.park = gt__solo_park,
	.ready = gt__solo_ready,
	.sleep_until = gt__reactor_sleep,
	.io_wait = gt__reactor_io,
	.blocking = quantum_blocking,
	.tick = quantum_tick,
	.forked = quantum_forked,
};
