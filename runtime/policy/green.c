/* SPDX-License-Identifier: MIT
 *
 * green: N:1, as gevent has it. One OS thread runs all green threads in the order in
 * which they became ready; the hub, the loop's own context, waits for descriptors and
 * timers when none is. A green thread runs until it waits or yields. Declared blocking
 * calls go to a pool of ten.
 *
 * While green threads are ready the loop looks at the clock after every 50 of them, and
 * at the poller once 5 ms are over. A monitor says when it is held up for over `slow`
 * (0.1 s).
 *
 * Nobody else touches the queue, so it needs no atomics; pool threads leave what they
 * made ready in an inbox.
 */
#include "runtime/policy/inbox.h"
#include "runtime/policy/solo.h"
#include "runtime/policy/watch.h"

#include <stdlib.h>

#define POOL_THREADS 10u
/* gevent's CALLBACK_CHECK_COUNT, and its switch interval. */
#define PICKS_PER_LOOK 50u
#define INTERVAL_NS    5000000u

static struct {
	struct gt *first, *last; /* ready; last is valid if first is */
	struct gt__watched loop;
	uint64_t began_ns; /* the interval; 0: at the next look at the clock */
	struct gt__inbox inbox;
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

/* One more choice: 1: none is left until there is more to see to. */
static inline int is_last(void)
{
	uint64_t picks = __atomic_load_n(&g.loop.picks, __ATOMIC_RELAXED) - 1;

	/* Hardly anybody else writes it: see watch.c. */
	__atomic_store_n(&g.loop.picks, picks, __ATOMIC_RELAXED);
	return (uint32_t)picks == 0;
}

static void look_again_in(uint32_t picks)
{
	gt__watch_left(&g.loop, __atomic_load_n(&g.loop.picks, __ATOMIC_RELAXED), picks);
}

/* None is left: is the interval over, and there is something to poll for? */
static __attribute__((noinline)) int interval_is_over(struct gt__os *os)
{
	uint64_t now;

	gt__watch_tell(os, &g.loop);
	look_again_in(PICKS_PER_LOOK);
	if (!gt__inbox_has_some(&g.inbox) && !gt__reactor_waiters()) {
		g.began_ns = 0;
		return 0;
	}
	now = gt__sys_now_ns();
	if (!g.began_ns)
		g.began_ns = now;
	return now - g.began_ns >= INTERVAL_NS;
}

/* One turn of the loop without waiting, if it is time. */
static __attribute__((noinline)) void turn(struct gt__os *os)
{
	if (!interval_is_over(os))
		return;
	g.began_ns = 0;
	if (gt__inbox_has_some(&g.inbox))
		gt__inbox_empty(&g.inbox, push);
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
	if (__builtin_expect(is_last(), 0))
		turn(os);
	return pop();
}

/* For one that is about to wait. It may be in the poller already and must not be made
 * ready before it has stopped: so it leaves a turn that is due to the hub. */
static inline struct gt *pick_for_waiting(struct gt__os *os)
{
	if (__builtin_expect(is_last(), 0) && interval_is_over(os)) {
		look_again_in(1);
		return NULL;
	}
	return pop();
}

/* Takes who is next and queues up behind. Of two that take turns, each takes the other's
 * place: then who comes after it need not be known. */
static inline struct gt *exchange(struct gt *self)
{
	struct gt *next = g.first;

	if (!next)
		return NULL;
	self->next = NULL;
	if (next == g.last) {
		g.first = g.last = self;
		return next;
	}
	g.first = next->next;
	g.last->next = self;
	g.last = self;
	return next;
}

static void green_yield(struct gt__os *os)
{
	struct gt *self = os->current, *next;

	if (__builtin_expect(is_last(), 0))
		turn(os);
	next = exchange(self);
	if (!next)
		return;
	GT_COUNT(os, YIELDS);
	gt__tell_switch(os, GTV_EV_SWITCH_YIELD, 0, self, next, 0);
	gt__fiber_go(gt__worker_of(os), &self->ctx, next);
}

static struct gt__os *green_park(struct gt__os *os, uint16_t kind, uint8_t aux,
				 uint32_t what, void (*publish)(void *), void *arg)
{
	return gt__fiber_park(os, pick_for_waiting(os), kind, aux, what, publish, arg);
}

static inline void green_ready(struct gt__os *os, struct gt *gt)
{
	if (os->is_worker) {
		push(gt);
		return;
	}
	gt__inbox_put(&g.inbox, gt);
}

static void green_start(struct gt__os *os, struct gt *gt)
{
	(void)os;
	gt__alive_add();
	push(gt);
}

static void green_entry(void *message)
{
	struct gt__os *os;
	gt__after_fn *after;

	gt__fiber_body(message);
	os = gt__os();
	after = gt__fiber_ending(os, green_ready);
	gt__fiber_exit(os, pick(os), after);
}

static void idle(struct gt__os *os)
{
	gt__inbox_sleep(os, &g.inbox);
	gt__watch_on(&g.loop);
	gt__inbox_empty(&g.inbox, push);
	g.began_ns = 0;
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
	g.began_ns = 0;
	look_again_in(PICKS_PER_LOOK);
	gt__watch_open(os, &g.loop, &g.inbox.sleeping, gt__param("slow"));
	gt__os_worker_start(os, 0);
	green_start(os, first);
	gt__hub_run(w, find);
	gt__os_worker_stop(os, 0);
	gt__watch_close();
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

static struct gt__os *green_os_new(void)
{
	return &g.worker.os;
}

static void green_forked(struct gt__os *os)
{
	(void)os;
	g.inbox.queue.lk = 0;
	gt__watch_forked();
	gt__reactor_forked();
	gt__pool_forked();
}

const struct gt__policy gt__policy_green = {
	.name = "green",
	.flags = GT__POLICY_SINGLE,
	.params = {{"slow", GT__UNIT_TIME, 1000, 3600000000000, 100000000, NULL}},
	.os_new = green_os_new,
	.os_free = gt__solo_os_free,
	.workers = gt__solo_workers,
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
