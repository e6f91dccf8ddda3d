/* SPDX-License-Identifier: MIT
 *
 * asyncio: N:1 on a loop that goes in turns, as Python's has it. A turn looks at the
 * poller (and sleeps there only if nothing is ready), then at the timers, then runs
 * those that are ready now: who becomes ready meanwhile, or yields, is for the next
 * turn. Declared blocking calls go to an executor; without one they freeze the loop,
 * as a coroutine does that makes a plain blocking call.
 *
 * As in green.c nobody else touches the queues; pool threads leave what they
 * made ready in an inbox.
 */
#include "runtime/policy/callback.h"
#include "runtime/policy/executor.h"
#include "runtime/policy/inbox.h"
#include "runtime/io/loop.h"
#include "runtime/core/native.h"
#include "runtime/sim/sim.h"
#include "runtime/policy/solo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum executor { EXECUTOR_THREADS, EXECUTOR_NONE, EXECUTOR_PROCESSES };

/* The default executor's threads: cores and four, at most 32. */
#define EXECUTOR_EXTRA 4u
#define EXECUTOR_MAX   32u

struct line {
	struct gt *first, *last; /* last is valid if first is */
};

static struct {
	struct line ready;   /* for the next turn */
	struct gt *turn;     /* what is left of the present one */
	uint64_t slow_ns;    /* 0: nobody would hear of a slow step */
	uint64_t step_began; /* if slow_ns */
	enum executor executor;
	uint32_t verbose; /* a slow step is still to be said on stderr */
	struct gt__inbox inbox;
	struct gt__worker worker;
	struct gt loop; /* who is current while a callback runs: id 0 */
} a;

static inline void push(struct gt *gt)
{
	gt->next = NULL;
	if (a.ready.first)
		a.ready.last->next = gt;
	else
		a.ready.first = gt;
	a.ready.last = gt;
}

/* NULL: the turn is over, or a callback comes next, which is the hub's to call. */
static inline struct gt *pop(void)
{
	struct gt *gt = a.turn;

	if (!gt || !gt->id)
		return NULL;
	a.turn = gt->next;
	return gt;
}

/* Begins the next turn, without waiting: the present one is over. */
static __attribute__((noinline)) void turn(struct gt__os *os)
{
	if (gt__inbox_has_some(&a.inbox))
		gt__inbox_empty(&a.inbox, push);
	if (gt__reactor_waiters())
		gt__reactor_poll(os, 0);
	a.turn = a.ready.first;
	a.ready.first = NULL;
}

/* --------------------------------------------------------------- slow steps */

/* The current green thread has run for too long: a mark, and the first time a line. */
static void tell_slow(struct gt__os *os, uint64_t ns)
{
	union {
		struct {
			uint32_t obj, seq;
			uint64_t arg;
		} f;
		char text[GTV_TEXT_CHUNK];
	} mark = {.text = "slow callback"};
	struct gt *gt = os->current;

	gt__emit(&os->tr, GTV_EV_MARK, 0, 0, gt->id, mark.f.obj, mark.f.seq, mark.f.arg);
	if (!a.verbose)
		return;
	a.verbose = 0;
	if (gt->id)
		fprintf(stderr, "gt: green thread %u held the loop for %" PRIu64 " ms\n",
			gt->id, ns / 1000000);
	else
		fprintf(stderr, "gt: a callback held the loop for %" PRIu64 " ms\n",
			ns / 1000000);
}

static __attribute__((noinline)) void judge_step(struct gt__os *os)
{
	uint64_t ns = gt__sys_now_ns() - a.step_began;

	if (ns > a.slow_ns)
		tell_slow(os, ns);
}

/* Before the current green thread stops. */
static inline void step_ends(struct gt__os *os)
{
	if (__builtin_expect(a.slow_ns != 0, 0))
		judge_step(os);
}

/* Just before one goes on. */
static inline void step_begins(void)
{
	if (__builtin_expect(a.slow_ns != 0, 0))
		a.step_began = gt__sys_now_ns();
}

/* ---------------------------------------------------------------- switching */

static void asyncio_yield(struct gt__os *os)
{
	struct gt *self = os->current, *next;

	step_ends(os);
	push(self);
	if (!a.turn)
		turn(os);
	next = pop();
	step_begins();
	if (next == self)
		return;
	GT_COUNT(os, YIELDS);
	gt__tell_switch(os, GTV_EV_SWITCH_YIELD, 0, self, next, 0);
	gt__fiber_go(gt__worker_of(os), &self->ctx, next);
}

/* It may be in the poller already and must not be made ready before it has stopped: a
 * turn that is over leaves the next one to the hub. */
static struct gt__os *asyncio_park(struct gt__os *os, uint16_t kind, uint8_t aux,
				   uint32_t what, void (*publish)(void *), void *arg)
{
	step_ends(os);
	step_begins();
	return gt__fiber_park(os, pop(), kind, aux, what, publish, arg);
}

static void asyncio_ready(struct gt__os *os, struct gt *gt)
{
	if (os->is_worker) {
		push(gt);
		return;
	}
	gt__inbox_put(&a.inbox, gt);
}

static void asyncio_start(struct gt__os *os, struct gt *gt)
{
	(void)os;
	gt__alive_add();
	push(gt);
}

static void asyncio_entry(void *message)
{
	struct gt__os *os;
	gt__after_fn *after;

	gt__fiber_body(message);
	os = gt__os();
	step_ends(os);
	after = gt__fiber_ending(os, asyncio_ready);
	step_begins();
	gt__fiber_exit(os, pop(), after);
}

/* --------------------------------------------------------------------- loop */

/* A run lasts until its callbacks have been called. */
static void asyncio_call_soon(struct gt__os *os, struct gt *node)
{
	(void)os;
	gt__alive_add();
	push(node);
}

static void call_back(struct gt__os *os, struct gt *node)
{
	a.turn = node->next;
	os->current = &a.loop;
	step_begins();
	gt__callback_call(&a.loop, node);
	step_ends(os);
	os->current = NULL;
	gt__alive_sub();
}

static struct gt *find(struct gt__worker *w)
{
	struct gt *gt;

	while (!(gt = pop())) {
		if (a.turn) {
			call_back(&w->os, a.turn);
			continue;
		}
		if (!gt__alive)
			return NULL;
		turn(&w->os);
		if (!a.turn)
			gt__inbox_sleep(&w->os, &a.inbox);
	}
	step_begins();
	return gt;
}

static long asyncio_blocking(struct gt__os *os, uint32_t call_id, long (*fn)(void *),
			     void *arg)
{
	return a.executor == EXECUTOR_NONE ? gt__native_blocking(os, call_id, fn, arg)
					   : gt__pool_call(os, call_id, fn, arg);
}

static void take_params(struct gt__os *os)
{
	const char *verbose = getenv("GT_VERBOSE");

	a.verbose = verbose && !strcmp(verbose, "1");
	a.slow_ns = a.verbose || os->tr.on ? gt__param("slow") : 0;
	a.executor = (enum executor)gt__param("executor");
}

static int asyncio_run(struct gt *first, struct gt__os *os)
{
	struct gt__worker *w = gt__worker_of(os);
	uint32_t threads = gt__sys_cpu_count() + EXECUTOR_EXTRA;
	int err = gt__reactor_open_on(gt__loops[gt__param("loop")]);

	if (err)
		return err;
	take_params(os);
	gt__pool_open(threads < EXECUTOR_MAX ? threads : EXECUTOR_MAX);
	gt__os_worker_start(os, 0);
	asyncio_start(os, first);
	gt__hub_run(w, find);
	gt__os_worker_stop(os, 0);
	gt__pool_close();
	gt__reactor_close();
	gt__magazine_empty(&w->magazine);
	gt__stack_pool_drain();
	return 0;
}

static int asyncio_check(char *error, size_t error_bytes)
{
	return gt__loop_check(gt__loops[gt__param("loop")], error, error_bytes);
}

static struct gt *asyncio_alloc(size_t stack_bytes)
{
	return gt__fiber_alloc(stack_bytes, asyncio_entry);
}

static struct gt__os *asyncio_os_new(void)
{
	if (gt__param("executor") != EXECUTOR_PROCESSES)
		return &a.worker.os;
	if (gt__sim_on) {
		fprintf(stderr,
			"gt: policy asyncio: executor=processes cannot be simulated\n");
		exit(2);
	}
	return gt__executor_open(gt__sys_cpu_count()) ? NULL : &a.worker.os;
}

static void asyncio_os_free(struct gt__os *os)
{
	(void)os;
	gt__executor_close();
}

static void asyncio_forked(struct gt__os *os)
{
	(void)os;
	a.inbox.queue.lk = 0;
	gt__reactor_forked();
	gt__pool_forked();
	gt__executor_forked();
}

const struct gt__policy gt__policy_asyncio = {
	.name = "asyncio",
	.flags = GT__POLICY_SINGLE,
	.params = {{"executor", GT__UNIT_CHOICE, 0, 0, EXECUTOR_THREADS,
		    "threads|none|processes"},
		   {"slow", GT__UNIT_TIME, 1000, 3600000000000, 100000000, NULL},
		   {"loop", GT__UNIT_CHOICE, 0, 0, GT__LOOP_EPOLL, GT__LOOP_NAMES}},
	.check = asyncio_check,
	.os_new = asyncio_os_new,
	.os_free = asyncio_os_free,
	.workers = gt__solo_workers,
	.run = asyncio_run,
	.alloc = asyncio_alloc,
	.free = gt__fiber_free,
	.start = asyncio_start,
	.yield = asyncio_yield,
	.park = asyncio_park,
	.ready = asyncio_ready,
	.sleep_until = gt__reactor_sleep,
	.io_wait = gt__reactor_io,
	.blocking = asyncio_blocking,
	.call_soon = asyncio_call_soon,
	.forked = asyncio_forked,
};
