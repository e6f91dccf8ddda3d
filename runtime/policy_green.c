/* SPDX-License-Identifier: MIT
 *
 * green: N:1, as gevent has it. One OS thread runs all green threads in the order in
 * which they became ready; the hub, the loop's own context, waits for descriptors and
 * timers when none is. A green thread runs until it waits or yields. Declared blocking
 * calls go to a pool of ten.
 *
 * Nobody else touches the queue, so it needs no atomics; pool threads leave what they
 * made ready in an inbox.
 */
#include "runtime/fiber.h"
#include "runtime/pool.h"
#include "runtime/reactor.h"

#include <stdlib.h>

#define POOL_THREADS 10u
/* Picks after which the poller is looked at although green threads are ready. */
#define PICKS_PER_TURN 64u

static struct {
	struct gt *first, *last; /* ready; last is valid if first is */
	uint32_t picks_left;
	uint32_t sleeping; /* atomic: the hub waits in the poller */
	struct gt__queue inbox;
	struct gt__worker worker;
} g;

static inline void push(struct gt *gt)
{
	gt->next = NULL;
	if (g.first)
		g.last->next = gt;
	else
		g.first = gt;
	g.last = gt;
}

static void empty_inbox(void)
{
	uint32_t count;
	struct gt *gt = gt__queue_take(&g.inbox, UINT32_MAX, &count);

	while (gt) {
		struct gt *next = gt->next;

		push(gt);
		gt = next;
	}
}

/* One turn of the loop without waiting. */
static __attribute__((noinline)) void turn(struct gt__os *os)
{
	g.picks_left = PICKS_PER_TURN;
	if (gt__queue_count(&g.inbox))
		empty_inbox();
	if (gt__reactor_waiters())
		gt__reactor_poll(os, 0);
}

static inline struct gt *pop(void)
{
	struct gt *gt = g.first;

	if (gt)
		g.first = gt->next;
	return gt;
}

static inline struct gt *pick(struct gt__os *os)
{
	if (__builtin_expect(--g.picks_left == 0, 0))
		turn(os);
	return pop();
}

/* For one that is about to wait. It may be in the poller already and must not be made
 * ready before it has stopped: so it leaves a turn that is due to the hub. */
static inline struct gt *pick_for_waiting(struct gt__os *os)
{
	(void)os;
	if (__builtin_expect(--g.picks_left == 0, 0)) {
		g.picks_left = 1;
		if (gt__queue_count(&g.inbox) || gt__reactor_waiters())
			return NULL;
		g.picks_left = PICKS_PER_TURN;
	}
	return pop();
}

static void green_yield(struct gt__os *os)
{
	struct gt *self = os->current, *next = pick(os);

	if (!next)
		return;
	push(self);
	GT_COUNT(os, YIELDS);
	gt__tell_switch(os, GTV_EV_SWITCH_YIELD, 0, self, next, 0);
	gt__fiber_go(gt__worker_of(os), &self->ctx, next);
}

static struct gt__os *green_park(struct gt__os *os, uint16_t kind, uint8_t aux,
				 uint32_t what, void (*publish)(void *), void *arg)
{
	return gt__fiber_park(os, pick_for_waiting(os), kind, aux, what, publish, arg);
}

static void green_ready(struct gt__os *os, struct gt *gt)
{
	if (os->is_worker) {
		push(gt);
		return;
	}
	gt__queue_push(&g.inbox, gt);
	if (__atomic_load_n(&g.sleeping, __ATOMIC_SEQ_CST))
		gt__reactor_kick();
}

static void green_start(struct gt__os *os, struct gt *gt)
{
	(void)os;
	gt__alive_add();
	push(gt);
}

static void after_joined(void *unused)
{
	(void)unused;
	gt__alive_sub();
}

static void after_exit(void *gt)
{
	gt__ended(gt__os(), gt);
	gt__alive_sub();
}

/* A joiner that waits already is made ready first, so that it can be next: it frees
 * the stack that we stand on, but does not run before we have left it. */
static void green_entry(void *message)
{
	struct gt__os *os;
	struct gt *self, *joiner;

	gt__fiber_body(message);
	os = gt__os();
	self = os->current;
	joiner = gt__joiner_take(self);
	if (joiner)
		gt__ready(os, joiner, GTV_BY_GT, self->id);
	gt__fiber_exit(os, pick(os), joiner ? after_joined : after_exit);
}

/* Nothing is ready: sleeps in the poller, unless nothing could end that sleep. The
 * inbox is looked at once more after `sleeping` is set: who fills it later kicks. */
static void idle(struct gt__os *os)
{
	int hopeless;

	__atomic_store_n(&g.sleeping, 1, __ATOMIC_SEQ_CST);
	hopeless = !gt__reactor_waiters() && !gt__pool_pending();
	if (!gt__queue_count(&g.inbox)) {
		if (hopeless)
			gt__deadlock(gt__alive);
		gt__emit(&os->tr, GTV_EV_PARK, 0, 0, 0, 0, 0, 0);
		gt__reactor_poll(os, GT__NEVER);
		gt__emit(&os->tr, GTV_EV_UNPARK, 0, 0, 0, 0, 0, 0);
	}
	__atomic_store_n(&g.sleeping, 0, __ATOMIC_RELAXED);
	empty_inbox();
}

static struct gt *find(struct gt__worker *w)
{
	struct gt *gt;

	while (!(gt = pick(&w->os))) {
		if (!gt__alive)
			return NULL;
		idle(&w->os);
	}
	return gt;
}

static int green_run(struct gt *first, struct gt__os *os)
{
	struct gt__worker *w = gt__worker_of(os);
	int err = gt__reactor_open();

	if (err)
		return err;
	gt__pool_open(POOL_THREADS);
	g.picks_left = PICKS_PER_TURN;
	gt__emit(&os->tr, GTV_EV_WORKER_START, 0, 0, 0, 0, 0, 0);
	green_start(os, first);
	gt__hub_run(w, find);
	gt__emit(&os->tr, GTV_EV_WORKER_STOP, 0, 0, 0, 0, 0, 0);
	gt__pool_close();
	gt__reactor_close();
	gt__magazine_empty(&w->magazine);
	gt__stack_pool_drain();
	return 0;
}

static struct gt *green_alloc(size_t stack_bytes)
{
	return gt__fiber_alloc(stack_bytes, green_entry);
}

static uint32_t green_workers(void)
{
	return 1;
}

static struct gt__os *green_os_new(void)
{
	return &g.worker.os;
}

static void green_os_free(struct gt__os *os)
{
	(void)os;
}

static void green_forked(struct gt__os *os)
{
	(void)os;
	g.inbox.lk = 0;
	gt__reactor_forked();
	gt__pool_forked();
}

const struct gt__policy gt__policy_green = {
	.name = "green",
	.flags = GT__POLICY_SINGLE,
	.os_new = green_os_new,
	.os_free = green_os_free,
	.workers = green_workers,
	.run = green_run,
	.alloc = green_alloc,
	.free = gt__fiber_free,
	.start = green_start,
	.yield = green_yield,
	.park = green_park,
	.next = pick_for_waiting,
	.ready = green_ready,
	.sleep_until = gt__reactor_sleep,
	.io_wait = gt__reactor_io,
	.blocking = gt__pool_call,
	.forked = green_forked,
};
