/* SPDX-License-Identifier: MIT */
#include "runtime/policy/gil.h"

#include <string.h>

#include "runtime/core/registry.h"

static struct {
	uint32_t lk; /* guards the rest */
	uint32_t id, seq;
	uint32_t locked, request;
	uint32_t last;	  /* id of the last holder */
	uint32_t wanting; /* threads that found it held, until they have it; read outside */
	uint32_t switches;	  /* futex: changes when another than the last takes it */
	struct gt *owner;	  /* atomic: each thread asks only whether it is itself */
	struct gt *first, *final; /* who waits, by next */
	uint64_t ask_ns;	  /* 0: nobody asks */
} gil;

static void gil_guard(void)
{
	gt__lk_lock(&gil.lk);
	gt__acquired();
}

int gt__gil_holds(const struct gt *self)
{
	return __atomic_load_n(&gil.owner, __ATOMIC_RELAXED) == self;
}

int gt__gil_is_wanted(void)
{
	return __atomic_load_n(&gil.wanting, __ATOMIC_RELAXED) != 0;
}

static void want_tick(uint32_t wanted)
{
	if (!gil.ask_ns)
		return;
	gil.request = wanted;
	if (wanted)
		gt__tick_ask();
	else
		gt__tick_calm();
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

/* -------------------------------------------------------------------- take */

static uint64_t ask_at(void)
{
	return gil.ask_ns ? gt__sys_now_ns() + gil.ask_ns : GT__NEVER;
}

/* The lock is guarded and we are in the queue. Returns once a dropper took us out. */
static void wait_turn(struct gt__os *os, struct gt *self)
{
	for (;;) {
		uint32_t seen = gil.switches;
		int woken;

		gt__lk_unlock(&gil.lk);
		woken = gt__native_wait(self, ask_at());
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

void gt__gil_take(struct gt__os *os, int waits)
{
	struct gt *self = os->current;
	uint32_t wanting;
	int another;

	gil_guard();
	wanting = gil.locked != 0;
	__atomic_store_n(&gil.wanting, gil.wanting + wanting, __ATOMIC_RELAXED);
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
	__atomic_store_n(&gil.wanting, gil.wanting - wanting, __ATOMIC_RELAXED);
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

/* -------------------------------------------------------------------- drop */

/* Another will take it: who asked for it was in the queue. */
void gt__gil_forced_wait(const struct gt__gil_forced *forced)
{
	while (forced->wait &&
	       __atomic_load_n(&gil.switches, __ATOMIC_ACQUIRE) == forced->seen)
		gt__sys_futex_wait(&gil.switches, forced->seen, GT__NEVER);
}

struct gt__gil_forced gt__gil_drop(struct gt__os *os, int asked)
{
	struct gt *self = os->current, *heir;
	struct gt__gil_forced forced;

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
	struct gt__gil_forced forced;

	if (!gt__gil_holds(os->current))
		return 0;
	forced = gt__gil_drop(os, 0);
	gt__gil_forced_wait(&forced);
	return 1;
}

/* ------------------------------------------- 1:1, with the GIL around it */

struct publication {
	void (*publish)(void *);
	void *arg;
	struct gt__gil_forced forced;
};

/* A guard must not be held while we wait for others to run. */
static void publish_first(void *arg)
{
	struct publication *p = arg;

	p->publish(p->arg);
	gt__gil_forced_wait(&p->forced);
}

static void take_again(struct gt__os *os, int held)
{
	if (held)
		gt__gil_take(os, 0);
}

struct gt__os *gt__gil_park(struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
			    void (*publish)(void *), void *arg)
{
	struct publication p = {.publish = publish, .arg = arg};
	int held = gt__gil_holds(os->current);

	if (held)
		p.forced = gt__gil_drop(os, 0);
	gt__native_park(os, kind, aux, what, publish_first, &p);
	take_again(os, held);
	return os;
}

void gt__gil_yield(struct gt__os *os)
{
	int held = drop_around(os);

	gt__native_yield(os);
	take_again(os, held);
}

int gt__gil_sleep(struct gt__os *os, uint64_t deadline_ns)
{
	int held = drop_around(os), err = gt__native_sleep(os, deadline_ns);

	take_again(os, held);
	return err;
}

int gt__gil_io(struct gt__os *os, int fd, short events, uint64_t deadline_ns,
	       short *revents)
{
	int held = drop_around(os),
	    err = gt__native_io(os, fd, events, deadline_ns, revents);

	take_again(os, held);
	return err;
}

long gt__gil_blocking(struct gt__os *os, uint32_t call_id, long (*fn)(void *), void *arg)
{
	int held = drop_around(os);
	long result = gt__native_blocking(os, call_id, fn, arg);

	take_again(os, held);
	return result;
}

int gt__gil_set(struct gt__os *os, int acquire)
{
	int held = gt__gil_holds(os->current);

	if (held && !acquire)
		drop_around(os);
	if (!held && acquire)
		gt__gil_take(os, 0);
	return held;
}

static void begin(struct gt__os *os)
{
	gt__gil_take(os, 0);
}

static void end(struct gt__os *os)
{
	drop_around(os);
}

int gt__gil_run(struct gt *first, struct gt__os *os, const char *kind, uint64_t ask_ns)
{
	static const struct gt__native_hooks hooks = {begin, end};

	memset(&gil, 0, sizeof gil);
	gil.ask_ns = ask_ns;
	gil.id = gt__next_id(&gt__rt.lock_ids);
	gt__trace_text(&os->tr, GTV_TEXT_LOCK_KIND, gil.id, kind);
	gt__trace_text(&os->tr, GTV_TEXT_LOCK, gil.id, "GIL");
	return gt__native_run(first, os, &hooks);
}

/* Read while others write it: as near as it can be told. */
#ifdef GT_TSAN
__attribute__((no_sanitize("thread")))
#endif
void gt__gil_tell(struct gtv_producer *tr)
{
	const struct gt *owner = __atomic_load_n(&gil.owner, __ATOMIC_RELAXED);
	uint32_t id = 0, seq = gil.seq;

	if (owner && !gt__peek(&id, &owner->id, sizeof id))
		return;
	gt__trace_text(tr, GTV_TEXT_LOCK_KIND, gil.id, gt__rt.policy->name);
	gt__trace_text(tr, GTV_TEXT_LOCK, gil.id, "GIL");
	gt__emit(tr, GTV_EV_LOCK_STATE, 0, 0, id, gil.id, seq, 0);
}

void gt__gil_forked(struct gt__os *os)
{
	gil.lk = 0;
	gil.first = NULL;
	gil.wanting = 0;
	gt__native_forked(os);
}
