/* SPDX-License-Identifier: MIT
 *
 * gil2: 1:1 under a global lock, as CPython had it until 3.1.
 *
 * A counter of ticks, shared by all threads: each gt_tick counts one, and at every
 * `interval`-th (100) the holder releases the lock and takes it again at once. It does
 * not wait in between. On one core that is enough, for the kernel switches now and then
 * while the lock is free. On two, the thread that was woken needs longer to reach its
 * core than the holder needs to have the lock back: it finds it gone and waits again, a
 * false wake-up, told as such (ready, run, wait).
 *
 * The lock is a flag with a line of waiters; a release wakes the first of them but hands
 * nothing over. It is released around everything that waits. Each operation is an event,
 * futile ones too: they are what is to be seen.
 */
#include <string.h>

#include "runtime/native.h"

static struct {
	uint32_t lk; /* guards the rest */
	uint32_t id, seq;
	uint32_t locked;
	uint32_t last;		  /* id of the last holder */
	uint64_t ticks_left;	  /* only the holder counts */
	struct gt *owner;	  /* atomic: each thread asks only whether it is itself */
	struct gt *first, *final; /* who waits, by next */
	uint64_t interval;
} gil;

static void gil_guard(void)
{
	gt__lk_lock(&gil.lk);
	gt__acquired();
}

static int holds(const struct gt *self)
{
	return __atomic_load_n(&gil.owner, __ATOMIC_RELAXED) == self;
}

static void enqueue(struct gt *self)
{
	self->next = NULL;
	if (gil.first)
		gil.final->next = self;
	else
		gil.first = self;
	gil.final = self;
}

static void tell_take(struct gt__os *os, const struct gt *self)
{
	int another = gil.last != self->id;

	GT_COUNT(os, GIL_TAKES);
	if (another)
		GT_COUNT(os, GIL_HANDOFFS);
	gt__emit(&os->tr, another ? GTV_EV_GIL_TAKE : GTV_EV_GIL_RETAKE, 0, 0, self->id,
		 gil.id, ++gil.seq, 0);
	gil.last = self->id;
}

static void take(struct gt__os *os)
{
	struct gt *self = os->current;

	gil_guard();
	while (gil.locked) {
		gt__tell_wait(os, GTV_EV_SWITCH_GIL, 0, self, NULL, gil.id);
		enqueue(self);
		gt__lk_unlock(&gil.lk);
		gt__native_wait(self, GT__NEVER);
		gil_guard();
		gt__native_resumed(os);
	}
	gil.locked = 1;
	__atomic_store_n(&gil.owner, self, __ATOMIC_RELAXED);
	tell_take(os, self);
	gt__lk_unlock(&gil.lk);
}

static void drop(struct gt__os *os)
{
	struct gt *self = os->current, *woken;

	gil_guard();
	GT_COUNT(os, GIL_DROPS);
	gt__emit(&os->tr, GTV_EV_GIL_DROP, 0, 0, self->id, gil.id, ++gil.seq, 0);
	gil.locked = 0;
	__atomic_store_n(&gil.owner, NULL, __ATOMIC_RELAXED);
	woken = gil.first;
	if (woken) {
		gil.first = woken->next;
		gt__tell_ready(os, woken, GTV_BY_GT, self->id);
	}
	gt__lk_unlock(&gil.lk);
	if (woken)
		gt__native_wake(woken);
}

/* Around what waits: 1 if it was held and must be taken again. */
static int drop_around(struct gt__os *os)
{
	if (!holds(os->current))
		return 0;
	drop(os);
	return 1;
}

static void gil2_tick(struct gt__os *os)
{
	if (!holds(os->current) || --gil.ticks_left)
		return;
	gil.ticks_left = gil.interval;
	drop(os);
	take(os);
}

/* ------------------------------------------- 1:1, with the GIL around it */

static struct gt__os *gil2_park(struct gt__os *os, uint16_t kind, uint8_t aux,
				uint32_t what, void (*publish)(void *), void *arg)
{
	int held = drop_around(os);

	gt__native_park(os, kind, aux, what, publish, arg);
	if (held)
		take(os);
	return os;
}

static void gil2_yield(struct gt__os *os)
{
	int held = drop_around(os);

	gt__native_yield(os);
	if (held)
		take(os);
}

static int gil2_sleep(struct gt__os *os, uint64_t deadline_ns)
{
	int held = drop_around(os), err = gt__native_sleep(os, deadline_ns);

	if (held)
		take(os);
	return err;
}

static int gil2_io(struct gt__os *os, int fd, short events, uint64_t deadline_ns,
		   short *revents)
{
	int held = drop_around(os),
	    err = gt__native_io(os, fd, events, deadline_ns, revents);

	if (held)
		take(os);
	return err;
}

static long gil2_blocking(struct gt__os *os, uint32_t call_id, long (*fn)(void *),
			  void *arg)
{
	int held = drop_around(os);
	long result = gt__native_blocking(os, call_id, fn, arg);

	if (held)
		take(os);
	return result;
}

static void gil2_gil(struct gt__os *os, int acquire)
{
	if (!acquire)
		drop_around(os);
	else if (!holds(os->current))
		take(os);
}

static void begin(struct gt__os *os)
{
	take(os);
}

static void end(struct gt__os *os)
{
	drop_around(os);
}

static int gil2_run(struct gt *first, struct gt__os *os)
{
	static const struct gt__native_hooks hooks = {begin, end};
	int err;

	memset(&gil, 0, sizeof gil);
	gil.interval = gil.ticks_left = gt__param("interval");
	gil.id = gt__next_id(&gt__rt.lock_ids);
	gt__trace_text(&os->tr, GTV_TEXT_LOCK_KIND, gil.id, "gil2");
	gt__trace_text(&os->tr, GTV_TEXT_LOCK, gil.id, "GIL");
	/* Every tick counts. */
	__atomic_store_n(&gt__tick_wanted, 1, __ATOMIC_RELAXED);
	err = gt__native_run(first, os, &hooks);
	__atomic_store_n(&gt__tick_wanted, 0, __ATOMIC_RELAXED);
	return err;
}

static void gil2_forked(struct gt__os *os)
{
	gil.lk = 0;
	gil.first = NULL;
	gt__native_forked(os);
}

const struct gt__policy gt__policy_gil2 = {
	.name = "gil2",
	.flags = GT__POLICY_ONE_TO_ONE | GT__POLICY_GIL,
	.params = {{"interval", GT__UNIT_COUNT, 1, 1000000000, 100},
		   {"cores", GT__UNIT_COUNT, 1, 1024, 0}},
	.os_new = gt__native_os_new,
	.os_free = gt__native_os_free,
	.workers = gt__native_workers,
	.run = gil2_run,
	.alloc = gt__native_alloc,
	.free = gt__native_free,
	.start = gt__native_start,
	.yield = gil2_yield,
	.park = gil2_park,
	.ready = gt__native_ready,
	.sleep_until = gil2_sleep,
	.io_wait = gil2_io,
	.blocking = gil2_blocking,
	.tick = gil2_tick,
	.gil = gil2_gil,
	.forked = gil2_forked,
};
