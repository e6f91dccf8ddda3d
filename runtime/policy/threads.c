/* SPDX-License-Identifier: MIT
 *
 * threads: 1:1. Each green thread is an OS thread, and the kernel decides. cores=N
 * keeps them all on the first N CPUs.
 */
#include "runtime/core/native.h"

static int threads_run(struct gt *first, struct gt__os *os)
{
	static const struct gt__native_hooks none;

	return gt__native_run(first, os, &none);
}

const struct gt__policy gt__policy_threads = {
	.name = "threads",
	.flags = GT__POLICY_ONE_TO_ONE,
	.params = {{"cores", GT__UNIT_COUNT, 1, 1024, 0, NULL}},
	.os_new = gt__native_os_new,
	.os_free = gt__native_os_free,
	.workers = gt__native_workers,
	.run = threads_run,
	.alloc = gt__native_alloc,
	.free = gt__native_free,
	.start = gt__native_start,
	.yield = gt__native_yield,
	.park = gt__native_park,
	.ready = gt__native_ready,
	.sleep_until = gt__native_sleep,
	.io_wait = gt__native_io,
	.blocking = gt__native_blocking,
	.forked = gt__native_forked,
};
