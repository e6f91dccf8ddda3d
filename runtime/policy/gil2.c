/* SPDX-License-Identifier: MIT
 *
 * gil2: 1:1 under a global lock, as CPython had it until 3.1.
 *
 * A counter of ticks, shared by all threads: each gt_tick counts one, and at every
 * `interval`-th (100) the holder releases the lock and takes it again at once. It does
 * not wait in between. On one core that is enough, for the kernel switches now and then
 * while the lock is free. On two, the thread that was woken needs longer to reach its
 * core than the holder needs to have the lock back: it finds it gone and waits again, a
 * false wake-up.
 */
#include "runtime/policy/gil.h"

static uint64_t interval, ticks_left; /* only the holder counts */

static void gil2_tick(struct gt__os *os)
{
	if (!gt__gil_holds(os->current) || --ticks_left)
		return;
	ticks_left = interval;
	gt__gil_drop(os, 0);
	if (gt__gil_is_wanted())
		gt__sys_fight();
	gt__gil_take(os, 0);
}

static int gil2_run(struct gt *first, struct gt__os *os)
{
	int err;

	interval = ticks_left = gt__param("interval");
	/* Every tick counts. */
	__atomic_store_n(&gt__tick_wanted, 1, __ATOMIC_RELAXED);
	err = gt__gil_run(first, os, "gil2", 0);
	__atomic_store_n(&gt__tick_wanted, 0, __ATOMIC_RELAXED);
	return err;
}

const struct gt__policy gt__policy_gil2 = {
	.name = "gil2",
	.flags = GT__POLICY_ONE_TO_ONE | GT__POLICY_GIL,
	.params = {{"interval", GT__UNIT_COUNT, 1, 1000000000, 100, NULL},
		   {"cores", GT__UNIT_COUNT, 1, 1024, 0, NULL}},
	.os_new = gt__native_os_new,
	.os_free = gt__native_os_free,
	.workers = gt__native_workers,
	.run = gil2_run,
	.alloc = gt__native_alloc,
	.free = gt__native_free,
	.start = gt__native_start,
	.yield = gt__gil_yield,
	.park = gt__gil_park,
	.ready = gt__native_ready,
	.sleep_until = gt__gil_sleep,
	.io_wait = gt__gil_io,
	.blocking = gt__gil_blocking,
	.tick = gil2_tick,
	.gil = gt__gil_set,
	.forked = gt__gil_forked,
};
