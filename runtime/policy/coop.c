/* SPDX-License-Identifier: MIT
 *
 * coop: N:1 and cooperative, as Windows 1.0 had it. A green thread runs until it yields
 * or waits; who never does freezes all the others. Sleeps and declared blocking calls
 * are made right here, on the one OS thread, and hold up everybody: nothing makes them
 * cooperative.
 *
 * Waiting for a descriptor is a wait: it is this system's get-message, which gives the
 * core away while the queue is empty. (Its sockets did just that: a "blocking" receive
 * ran the other applications meanwhile.)
 *
 * Looking into a queue without waiting (a select with timeout 0, its PeekMessage) keeps
 * the core: peek=keeps. Documents disagree; with peek=yields it gives it away, as later
 * Windows did.
 */
#include "runtime/core/native.h"
#include "runtime/io/reactor.h"
#include "runtime/policy/solo.h"

enum { PEEK_KEEPS, PEEK_YIELDS };

static int coop_run(struct gt *first, struct gt__os *os)
{
	gt__rt.peek_yields = gt__param("peek") == PEEK_YIELDS;
	return gt__solo_run(first, os, NULL);
}

const struct gt__policy gt__policy_coop = {
	.name = "coop",
	.flags = GT__POLICY_SINGLE,
	.params = {{"peek", GT__UNIT_CHOICE, 0, 0, PEEK_KEEPS, "keeps|yields"}},
	.os_new = gt__solo_os_new,
	.os_free = gt__solo_os_free,
	.workers = gt__solo_workers,
	.run = coop_run,
	.alloc = gt__solo_alloc,
	.free = gt__fiber_free,
	.start = gt__solo_start,
	.yield = gt__solo_yield,
	.park = gt__solo_park,
	.ready = gt__solo_ready,
	.sleep_until = gt__native_sleep,
	.io_wait = gt__reactor_io,
	.blocking = gt__native_blocking,
	.forked = gt__solo_forked,
};
