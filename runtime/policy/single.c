/* SPDX-License-Identifier: MIT
 *
 * single: one green thread after the other, as MS-DOS ran programs; every demo's
 * "sequential". A green thread that has begun runs to its end before another begins. The
 * one exception is a join, as a program waits for one that it started: meanwhile those
 * that have not begun run, in the order of their starts, and the joiner goes on as soon
 * as the one that it waits for has ended.
 *
 * Everything else is waited for right here, on the one OS thread: sleeps, descriptors,
 * blocking calls. What only another green thread could end (a channel, a lock) would
 * wait for ever, and is told as a deadlock at once. A yield does nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/core/native.h"
#include "runtime/io/reactor.h"
#include "runtime/policy/solo.h"

static uint32_t woken; /* the one that waits right here was made ready */

static void stuck(const struct gt *self) __attribute__((noreturn));
static void stuck(const struct gt *self)
{
	char line[160];
	int len = snprintf(line, sizeof line,
			   "gt: deadlock: green thread %u waits for another, and under "
			   "single none begins before it has ended\n",
			   self->id);

	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		exit(2);
	exit(2);
}

/* Nobody else runs until it goes on; only a timer or a descriptor can wake it. */
static void wait_here(struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
		      void (*publish)(void *), void *arg)
{
	struct gt *self = os->current;

	gt__tell_wait(os, kind, aux, self, NULL, what);
	woken = 0;
	publish(arg);
	while (!woken) {
		if (!gt__reactor_waiters())
			stuck(self);
		gt__reactor_poll(os, GT__NEVER);
	}
	gt__tell_switch(os, GTV_EV_SWITCH_RUN, 0, NULL, self, 0);
}

static struct gt__os *single_park(struct gt__os *os, uint16_t kind, uint8_t aux,
				  uint32_t what, void (*publish)(void *), void *arg)
{
	if (kind == GTV_EV_SWITCH_JOIN)
		return gt__solo_park(os, kind, aux, what, publish, arg);
	wait_here(os, kind, aux, what, publish, arg);
	return os;
}

/* Who waited has begun, and goes before all that have not. */
static void single_ready(struct gt__os *os, struct gt *gt)
{
	if (gt == os->current)
		woken = 1;
	else
		gt__solo_push_front(gt);
}

static void single_yield(struct gt__os *os)
{
	(void)os;
}

static int single_run(struct gt *first, struct gt__os *os)
{
	return gt__solo_run(first, os, NULL);
}

const struct gt__policy gt__policy_single = {
	.name = "single",
	.flags = GT__POLICY_SINGLE,
	.os_new = gt__solo_os_new,
	.os_free = gt__solo_os_free,
	.workers = gt__solo_workers,
	.run = single_run,
	.alloc = gt__solo_alloc,
	.free = gt__fiber_free,
	.start = gt__solo_start,
	.yield = single_yield,
	.park = single_park,
	.ready = single_ready,
	.sleep_until = gt__native_sleep,
	.io_wait = gt__native_io,
	.blocking = gt__native_blocking,
	.forked = gt__solo_forked,
};
