/* SPDX-License-Identifier: MIT
 *
 * offset: N:1 and a pool, as benoitc's offset has it, the Go model on one Python thread.
 * One queue: who is spawned or made ready goes to its end, and the running one gives way
 * at channels, yields, and whatever blocks. Everything that blocks (sleeps and waits for
 * descriptors too) is a call in a pool of max(cores, 2) threads; who comes back from it
 * goes to the *front*, so that calls that end together come back last in, first out.
 * With nobody ready the thread waits on the pool, 50 ms at a time.
 *
 * quirks=1, as it was: timers are served by a green thread that sleeps through the pool
 * like any other, and a timer set meanwhile for an earlier time waits for that sleep's
 * end. quirks=0 wakes it.
 */
#include <poll.h>

#include "runtime/core/cancel.h"
#include "runtime/policy/pool.h"
#include "runtime/policy/solo.h"

#define IDLE_NS 50000000u

static struct {
	struct gt__queue back; /* from the pool, in the order of their calls' ends */
	uint32_t came;	       /* futex: counts those */
} o;

/* Each goes before those that came back earlier. */
static void collect(void)
{
	uint32_t count;
	struct gt *gt;

	if (!gt__queue_count(&o.back))
		return;
	gt = gt__queue_take(&o.back, UINT32_MAX, &count);
	while (gt) {
		struct gt *next = gt->next;

		gt__solo_push_front(gt);
		gt = next;
	}
}

static void idle(struct gt__os *os)
{
	uint32_t seen = __atomic_load_n(&o.came, __ATOMIC_SEQ_CST);
	int hopeless = !gt__pool_pending();

	if (gt__queue_count(&o.back))
		return;
	if (hopeless)
		gt__deadlock(gt__alive);
	gt__emit(&os->tr, GTV_EV_PARK, 0, 0, 0, 0, 0, 0);
	gt__sys_futex_wait(&o.came, seen, gt__sys_now_ns() + IDLE_NS);
	gt__emit(&os->tr, GTV_EV_UNPARK, 0, 0, 0, 0, 0, 0);
}

static void offset_ready(struct gt__os *os, struct gt *gt)
{
	if (os->is_worker) {
		gt__solo_push(gt);
		return;
	}
	gt__queue_push(&o.back, gt);
	__atomic_fetch_add(&o.came, 1, __ATOMIC_SEQ_CST);
	gt__sys_futex_wake(&o.came, 1);
}

struct nap {
	uint64_t deadline_ns;
	struct gt__stoppable stoppable;
};

static long sleep_call(void *arg)
{
	struct nap *nap = arg;

	gt__sys_sleep_unless(nap->deadline_ns, &nap->stoppable.stop);
	return 0;
}

static int offset_sleep(struct gt__os *os, uint64_t deadline_ns)
{
	struct nap nap = {.deadline_ns = deadline_ns};

	return (int)gt__pool_wait(os, GTV_EV_SWITCH_SLEEP, 0, 0, "sleep", sleep_call, &nap,
				  &nap.stoppable);
}

struct io {
	uint64_t deadline_ns;
	int fd;
	short events, revents;
	struct gt__stoppable stoppable;
};

static long poll_call(void *arg)
{
	struct io *io = arg;

	return gt__sys_poll_unless(io->fd, io->events, io->deadline_ns, &io->stoppable.stop,
				   &io->revents);
}

static int offset_io(struct gt__os *os, int fd, short events, uint64_t deadline_ns,
		     short *revents)
{
	struct io io = {.deadline_ns = deadline_ns, .fd = fd, .events = events};
	unsigned aux =
		(events & POLLIN ? GTV_IO_READ : 0) | (events & POLLOUT ? GTV_IO_WRITE : 0);
	long count = gt__pool_wait(os, GTV_EV_SWITCH_IO, (uint8_t)aux, (uint32_t)fd, "poll",
				   poll_call, &io, &io.stoppable);

	*revents = io.revents;
	return count < 0 ? (int)count : 0;
}

static int offset_run(struct gt *first, struct gt__os *os)
{
	static const struct gt__solo_outside outside = {collect, idle};
	uint32_t threads = gt__sys_cpu_count();
	uint64_t wanted = gt__param("pool");
	int err;

	o.came = 0;
	if (wanted)
		threads = (uint32_t)wanted;
	gt__rt.timers_late = gt__param("quirks") != 0;
	gt__pool_open(threads < 2 && !wanted ? 2 : threads);
	err = gt__solo_run_outside(first, os, &outside);
	gt__pool_close();
	return err;
}

static void offset_forked(struct gt__os *os)
{
	o.back.lk = 0;
	gt__solo_forked(os);
	gt__pool_forked();
}

const struct gt__policy gt__policy_offset = {
	.name = "offset",
	.flags = GT__POLICY_SINGLE,
	.params = {{"pool", GT__UNIT_COUNT, 1, 256, 0, NULL},
		   {"quirks", GT__UNIT_COUNT, 0, 1, 1, NULL}},
	.os_new = gt__solo_os_new,
	.os_free = gt__solo_os_free,
	.workers = gt__solo_workers,
	.run = offset_run,
	.alloc = gt__solo_alloc,
	.free = gt__fiber_free,
	.start = gt__solo_start,
	.yield = gt__solo_yield,
	.park = gt__solo_park,
	.ready = offset_ready,
	.sleep_until = offset_sleep,
	.io_wait = offset_io,
	.blocking = gt__pool_call,
	.forked = offset_forked,
};
