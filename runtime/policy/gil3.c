/* SPDX-License-Identifier: MIT
 *
 * gil3: 1:1 under a global lock, as CPython has it since 3.2.
 *
 * Who has waited for `interval` (5 ms) asks for the lock, if nobody took it meanwhile;
 * the holder sees that at its next gt_tick, drops it, and waits until another has it.
 */
#include "runtime/policy/gil.h"

static void gil3_tick(struct gt__os *os)
{
	struct gt__gil_forced forced;

	if (!gt__gil_holds(os->current))
		return;
	forced = gt__gil_drop(os, 1);
	gt__gil_forced_wait(&forced);
	gt__gil_take(os, 1);
}

static int gil3_run(struct gt *first, struct gt__os *os)
{
	return gt__gil_run(first, os, "gil3", gt__param("interval"));
}

const struct gt__policy gt__policy_gil3 = {
	.name = "gil3",
	.flags = GT__POLICY_ONE_TO_ONE | GT__POLICY_GIL,
	.params = {{"interval", GT__UNIT_TIME, 1000, 10000000000, 5000000, NULL},
		   {"cores", GT__UNIT_COUNT, 1, 1024, 0, NULL}},
	.os_new = gt__native_os_new,
	.os_free = gt__native_os_free,
	.workers = gt__native_workers,
	.run = gil3_run,
	.alloc = gt__native_alloc,
	.free = gt__native_free,
	.start = gt__native_start,
	.yield = gt__gil_yield,
	.park = gt__gil_park,
	.ready = gt__native_ready,
	.sleep_until = gt__gil_sleep,
	.io_wait = gt__gil_io,
	.blocking = gt__gil_blocking,
	.tick = gil3_tick,
	.gil = gt__gil_set,
	.forked = gt__gil_forked,
};
