/* SPDX-License-Identifier: MIT
 *
 * gil3: 1:1 under a global lock, as CPython has it since 3.2 (Antoine Pitrou's GIL).
 *
 * take: while it is held, wait on it for `interval` (5 ms); if that time ran out, it
 *   is still held and nobody took it meanwhile, ask its holder to drop it.
 * drop: release it and wake one that waits. If a drop was asked for and we were its
 *   last holder, wait until somebody else has taken it ("forced switching"): else we
 *   would have it back before the one that was woken reaches a core.
 *
 * The holder sees the request at its next gt_tick. Who is woken and finds the lock
 * held again waits again: a false wake-up, told as such (ready, run, wait). The lock
 * is dropped around everything that waits.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/native.h"

static struct {
	uint32_t lk; /* guards the rest */
	uint32_t id, seq;
	uint32_t locked, request;
	uint32_t last;		  /* id of the last holder */
	uint32_t switches;	  /* futex: changes when another than the last takes it */
	struct gt *owner;	  /* atomic: each thread asks only whether it is itself */
	struct gt *first, *final; /* who waits, by next */
	uint64_t interval_ns;
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

static void want_tick(uint32_t wanted)
{
	gil.request = wanted;
	__atomic_store_n(&gt__tick_wanted, wanted, __ATOMIC_RELAXED);
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

/* The lock is guarded and we are in the queue. Returns once a dropper took us out. */
static void wait_turn(struct gt__os *os, struct gt *self)
{
	for (;;) {
		uint32_t seen = gil.switches;
		int woken;

		gt__lk_unlock(&gil.lk);
		woken = gt__native_wait(self, gt__sys_now_ns() + gil.interval_ns);
		gil_guard();
		/* A wake may have come between the time's end and the guard. */
		if (woken || __atomic_load_n(&self->wake, __ATOMIC_ACQUIRE)) {
			__atomic_store_n(&self->wake, 0, __ATOMIC_RELAXED);
			return;
		}
		if (gil.locked && gil.switches == seen && !gil.request) {
			want_tick(1);
			GT_COUNT(os, GIL_REQUESTS);
			gt__emit(&os->tr, GTV_EV_GIL_REQUEST, 0, 0, self->id, gil.id, 0, 0);
		}
	}
}

static void tell_take(struct gt__os *os, const struct gt *self, int another)
{
	GT_COUNT(os, GIL_TAKES);
	if (another)
		GT_COUNT(os, GIL_HANDOFFS);
	gt__emit(&os->tr, another ? GTV_EV_GIL_TAKE : GTV_EV_GIL_RETAKE, 0, 0, self->id,
		 gil.id, ++gil.seq, 0);
}

/* `waits`: it is told already that we wait for the GIL. */
static void take(struct gt__os *os, int waits)
{
	struct gt *self = os->current;
	int another;

	gil_guard();
	while (gil.locked) {
		if (!waits)
			gt__tell_wait(os, GTV_EV_SWITCH_GIL, 0, self, NULL, gil.id);
		enqueue(self);
		wait_turn(os, self);
		gt__native_resumed(os);
		waits = 0;
	}
	if (waits) { /* whoever took it has dropped it again */
		gt__tell_ready(os, self, GTV_BY_GT, gil.last);
		gt__native_resumed(os);
	}
	another = gil.last != self->id;
	gil.locked = 1;
	__atomic_store_n(&gil.owner, self, __ATOMIC_RELAXED);
	want_tick(0);
	tell_take(os, self, another);
	if (another) {
		gil.last = self->id;
		__atomic_fetch_add(&gil.switches, 1, __ATOMIC_RELEASE);
	}
	gt__lk_unlock(&gil.lk);
	if (another)
		gt__sys_futex_wake(&gil.switches, INT32_MAX);
}

/* What drop leaves to do. */
struct forced {
	int wait;
	uint32_t seen;
};

/* Another will take it: who asked for it was in the queue. */
static void forced_wait(const struct forced *forced)
{
	while (forced->wait &&
	       __atomic_load_n(&gil.switches, __ATOMIC_ACQUIRE) == forced->seen)
		gt__sys_futex_wait(&gil.switches, forced->seen, GT__NEVER);
}

/* Releases it; `asked`: because we were asked to, and we want it back. */
static struct forced drop(struct gt__os *os, int asked)
{
	struct gt *self = os->current, *heir;
	struct forced forced;

	gil_guard();
	forced.wait = gil.request && gil.last == self->id;
	forced.seen = gil.switches;
	GT_COUNT(os, GIL_DROPS);
	gt__emit(&os->tr, GTV_EV_GIL_DROP, asked ? GTV_GIL_FORCED : 0, 0, self->id, gil.id,
		 ++gil.seq, 0);
	gil.locked = 0;
	__atomic_store_n(&gil.owner, NULL, __ATOMIC_RELAXED);
	if (asked)
		gt__tell_wait(os, GTV_EV_SWITCH_GIL, 0, self, NULL, gil.id);
	heir = gil.first;
	if (heir) {
		gil.first = heir->next;
		gt__tell_ready(os, heir, GTV_BY_GT, self->id);
	}
	gt__lk_unlock(&gil.lk);
	if (heir)
		gt__native_wake(heir);
	return forced;
}

/* Around what waits: 1 if it was held and must be taken again. */
static int drop_around(struct gt__os *os)
{
	struct forced forced;

	if (!holds(os->current))
		return 0;
	forced = drop(os, 0);
	forced_wait(&forced);
	return 1;
}

static void gil3_tick(struct gt__os *os)
{
	struct forced forced;

	if (!holds(os->current))
		return;
	forced = drop(os, 1);
	forced_wait(&forced);
	take(os, 1);
}

/* ------------------------------------------- 1:1, with the GIL around it */

struct publication {
	void (*publish)(void *);
	void *arg;
	struct forced forced;
};

/* A guard must not be held while we wait for others to run. */
static void publish_first(void *arg)
{
	struct publication *p = arg;

	p->publish(p->arg);
	forced_wait(&p->forced);
}

static struct gt__os *gil3_park(struct gt__os *os, uint16_t kind, uint8_t aux,
				uint32_t what, void (*publish)(void *), void *arg)
{
	struct publication p = {.publish = publish, .arg = arg};
	int held = holds(os->current);

	if (held)
		p.forced = drop(os, 0);
	gt__native_park(os, kind, aux, what, publish_first, &p);
	if (held)
		take(os, 0);
	return os;
}

static void gil3_yield(struct gt__os *os)
{
	int held = drop_around(os);

	gt__native_yield(os);
	if (held)
		take(os, 0);
}

static int gil3_sleep(struct gt__os *os, uint64_t deadline_ns)
{
	int held = drop_around(os), err = gt__native_sleep(os, deadline_ns);

	if (held)
		take(os, 0);
	return err;
}

static int gil3_io(struct gt__os *os, int fd, short events, uint64_t deadline_ns,
		   short *revents)
{
	int held = drop_around(os),
	    err = gt__native_io(os, fd, events, deadline_ns, revents);

	if (held)
		take(os, 0);
	return err;
}

static long gil3_blocking(struct gt__os *os, uint32_t call_id, long (*fn)(void *),
			  void *arg)
{
	int held = drop_around(os);
	long result = gt__native_blocking(os, call_id, fn, arg);

	if (held)
		take(os, 0);
	return result;
}

static void gil3_gil(struct gt__os *os, int acquire)
{
	if (!acquire)
		drop_around(os);
	else if (!holds(os->current))
		take(os, 0);
}

static void begin(struct gt__os *os)
{
	take(os, 0);
}

static void end(struct gt__os *os)
{
	drop_around(os);
}

static int gil3_run(struct gt *first, struct gt__os *os)
{
	static const struct gt__native_hooks hooks = {begin, end};

	memset(&gil, 0, sizeof gil);
	gil.interval_ns = gt__param("interval");
	gil.id = gt__next_id(&gt__rt.lock_ids);
	gt__trace_text(&os->tr, GTV_TEXT_LOCK_KIND, gil.id, "gil3");
	gt__trace_text(&os->tr, GTV_TEXT_LOCK, gil.id, "GIL");
	return gt__native_run(first, os, &hooks);
}

static void gil3_forked(struct gt__os *os)
{
	gil.lk = 0;
	gil.first = NULL;
	gt__native_forked(os);
}

const struct gt__policy gt__policy_gil3 = {
	.name = "gil3",
	.flags = GT__POLICY_ONE_TO_ONE | GT__POLICY_GIL,
	.params = {{"interval", GT__UNIT_TIME, 1000, 10000000000, 5000000},
		   {"cores", GT__UNIT_COUNT, 1, 1024, 0}},
	.os_new = gt__native_os_new,
	.os_free = gt__native_os_free,
	.workers = gt__native_workers,
	.run = gil3_run,
	.alloc = gt__native_alloc,
	.free = gt__native_free,
	.start = gt__native_start,
	.yield = gil3_yield,
	.park = gil3_park,
	.ready = gt__native_ready,
	.sleep_until = gil3_sleep,
	.io_wait = gil3_io,
	.blocking = gil3_blocking,
	.tick = gil3_tick,
	.gil = gil3_gil,
	.forked = gil3_forked,
};
