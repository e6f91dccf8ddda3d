/* SPDX-License-Identifier: MIT
 *
 * Deadlock here is a count: `life` holds how many green threads have not ended, and
 * how many wait for another one (lock, channel, join). A thread adds itself to the
 * second only after it can be found by its waker, who subtracts it: so the two are
 * equal only if all wait, all can be found, and nobody was woken. Both are in one
 * word, so that they are compared at one instant.
 */
#include "runtime/core/native.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/attach.h"
#include "runtime/core/cancel.h"
#include "runtime/policy/pool.h"
#include "runtime/core/registry.h"

#define ALIVE	      ((uint64_t)1 << 32)
#define WAITING	      ((uint64_t)1)
#define RESERVE_BYTES (64u << 10) /* of a thread's stack: libc's, ours, the tracer's */

/* An OS thread that has ended, to be joined. It outlives its struct gt. */
struct finished {
	struct finished *next;
	pthread_t thread;
};

struct native {
	struct gt gt; /* first: one is the other */
	struct finished *finished;
};

static struct {
	uint64_t life;	  /* atomic: see above; may be short of waiting for a moment */
	uint32_t over;	  /* futex: all have ended */
	uint32_t indices; /* atomic: workers started */
	uint32_t lk;
	struct finished *finished;
	const struct gt__native_hooks *hooks;
	cpu_set_t cpus_before;
} n;

static uint32_t alive_of(uint64_t life)
{
	/* `waiting` may be below zero for a moment: it then borrowed one. */
	return (uint32_t)((life + (ALIVE >> 1)) >> 32);
}

static void life_check(uint64_t life)
{
	uint32_t alive = alive_of(life);

	if (alive && (uint32_t)life == alive)
		gt__deadlock(alive);
}

/* ------------------------------------------------------------ the threads */

/* Joins OS threads that have ended: their stacks are not kept for the whole run. */
static void reap(void)
{
	struct finished *list;

	gt__lk_lock(&n.lk);
	list = n.finished;
	n.finished = NULL;
	gt__lk_unlock(&n.lk);
	while (list) {
		struct finished *next = list->next;

		gt__sys_thread_join(list->thread);
		free(list);
		list = next;
	}
}

static void leave_to_reaper(struct finished *me)
{
	gt__lk_lock(&n.lk);
	me->next = n.finished;
	n.finished = me;
	gt__lk_unlock(&n.lk);
}

static void body(struct gt__os *os, struct gt *self, uint32_t index)
{
	gt__os_worker_start(os, index);
	os->current = self;
	if (self->priority)
		gt__sys_nice(self->priority);
	if (self->cores)
		gt__sys_cpu_only(self->cores);
	gt__native_resumed(os);
	if (n.hooks->begin)
		n.hooks->begin(os);
	gt__call_body(self);
	gt__cancel_over(self);
	if (n.hooks->end)
		n.hooks->end(os);
	GT_COUNT(os, EXITS);
	gt__tell_switch(os, GTV_EV_SWITCH_EXIT, 0, self, NULL, 0);
	os->current = NULL;
	/* The joiner is woken while we still count as alive: else it might seem that
	 * only waiting threads are left. */
	gt__ended(os, self);
	gt__os_worker_stop(os, index);
}

/* One fewer alive; the last one ends the run. */
static void leave(void)
{
	uint64_t life = __atomic_sub_fetch(&n.life, ALIVE, __ATOMIC_ACQ_REL);

	life_check(life);
	if (!alive_of(life)) {
		__atomic_store_n(&n.over, 1, __ATOMIC_RELEASE);
		gt__sys_futex_wake(&n.over, 1);
	}
}

static void *thread_main(void *arg)
{
	struct native *me = arg;
	struct finished *finished = me->finished;
	struct gt__os os;

	gt__native_wait(&me->gt, GT__NEVER);
	finished->thread = gt__sys_thread_self();
	gt__os_begin(&os);
	os.is_worker = 1;
	body(&os, &me->gt, __atomic_fetch_add(&n.indices, 1, __ATOMIC_RELAXED));
	gt__os_end(&os);
	leave_to_reaper(finished);
	leave();
	return NULL;
}

/* The OS thread is made here, and waits: so a start cannot fail. */
struct gt *gt__native_alloc(size_t stack_bytes)
{
	struct native *new = calloc(1, sizeof *new);
	pthread_t thread;

	reap();
	if (!new)
		return NULL;
	new->gt.stack_bytes = stack_bytes; /* to be told; where it lies, libc knows */
	new->finished = malloc(sizeof *new->finished);
	if (new->finished &&
	    !gt__sys_thread_start(&thread, stack_bytes + RESERVE_BYTES, thread_main, new)) {
		gt__registry_add(&new->gt);
		return &new->gt;
	}
	free(new->finished);
	free(new);
	return NULL;
}

void gt__native_free(struct gt *gt)
{
	gt__registry_remove(gt);
	free(gt);
}

static void wake(struct gt *gt)
{
	__atomic_store_n(&gt->wake, 1, __ATOMIC_RELEASE);
	/* It may be gone by now: then this wakes nobody. */
	gt__sys_futex_wake(&gt->wake, 1);
}

void gt__native_start(struct gt__os *os, struct gt *gt)
{
	(void)os;
	__atomic_fetch_add(&n.life, ALIVE, __ATOMIC_RELAXED);
	wake(gt);
}

int gt__native_run(struct gt *first, struct gt__os *os,
		   const struct gt__native_hooks *hooks)
{
	n.hooks = hooks;
	gt__native_start(os, first);
	gt__attach_helper(1);
	while (!__atomic_load_n(&n.over, __ATOMIC_ACQUIRE))
		gt__sys_futex_wait(&n.over, 0, GT__NEVER);
	gt__attach_helper(0);
	reap();
	return 0;
}

/* Threads inherit the CPUs they may use from who starts them: us, first. */
struct gt__os *gt__native_os_new(void)
{
	uint64_t cores = gt__param("cores");

	memset(&n, 0, sizeof n);
	if (cores)
		gt__sys_cpu_limit((unsigned)cores, &n.cpus_before);
	return malloc(sizeof(struct gt__os));
}

void gt__native_os_free(struct gt__os *os)
{
	gt__sys_cpu_restore(&n.cpus_before);
	free(os);
}

uint32_t gt__native_workers(void)
{
	return 0;
}

/* ------------------------------------------------------------------ waits */

int gt__native_wait(struct gt *self, uint64_t deadline_ns)
{
	while (!__atomic_load_n(&self->wake, __ATOMIC_ACQUIRE))
		if (gt__sys_futex_wait(&self->wake, 0, deadline_ns) == -ETIMEDOUT)
			return 0;
	__atomic_store_n(&self->wake, 0, __ATOMIC_RELAXED);
	gt__acquired();
	return 1;
}

void gt__native_wake(struct gt *gt)
{
	wake(gt);
}

void gt__native_resumed(struct gt__os *os)
{
	gt__tell_switch(os, GTV_EV_SWITCH_RUN, 0, NULL, os->current, 0);
}

struct gt__os *gt__native_park(struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
			       void (*publish)(void *), void *arg)
{
	struct gt *self = os->current;

	gt__tell_wait(os, kind, aux, self, NULL, what);
	publish(arg);
	life_check(__atomic_add_fetch(&n.life, WAITING, __ATOMIC_ACQ_REL));
	gt__native_wait(self, GT__NEVER);
	gt__native_resumed(os);
	return os;
}

void gt__native_ready(struct gt__os *os, struct gt *gt)
{
	(void)os;
	__atomic_fetch_sub(&n.life, WAITING, __ATOMIC_ACQ_REL);
	wake(gt);
}

void gt__native_yield(struct gt__os *os)
{
	GT_COUNT(os, YIELDS);
	gt__tell_switch(os, GTV_EV_SWITCH_YIELD, 0, os->current, NULL, 0);
	gt__sys_yield();
	gt__native_resumed(os);
}

/* For struct gt__wait_how: it comes back by itself. */
static int leave_kernel(struct gt__os *os, struct gt *gt)
{
	(void)os;
	gt__stop(gt->wait_arg);
	return 0;
}

int gt__native_goes(struct gt__os *os, struct gt__stoppable *s)
{
	static const struct gt__wait_how how = {NULL, leave_kernel};

	s->thread = gt__sys_thread_self();
	if (!gt__wait_begin(os->current, &how, NULL, s))
		return 0;
	__atomic_store_n(&s->back, 1, __ATOMIC_RELEASE);
	gt__wait_end(os->current);
	return GT__CANCELLED;
}

int gt__native_came_back(struct gt__os *os, struct gt__stoppable *s, enum gtv_by by)
{
	__atomic_store_n(&s->back, 1, __ATOMIC_RELEASE);
	gt__tell_ready(os, os->current, by, 0);
	gt__native_resumed(os);
	if (gt__wait_end(os->current) && __atomic_load_n(&s->stop, __ATOMIC_ACQUIRE))
		return GT__CANCELLED;
	return 0;
}

int gt__native_sleep(struct gt__os *os, uint64_t deadline_ns)
{
	struct gt__stoppable s = {.pid = 0};
	int err = gt__native_goes(os, &s);

	if (err)
		return err;
	gt__tell_wait(os, GTV_EV_SWITCH_SLEEP, 0, os->current, NULL, 0);
	gt__sys_sleep_unless(deadline_ns, &s.stop);
	return gt__native_came_back(os, &s, GTV_BY_TIMER);
}

int gt__native_io(struct gt__os *os, int fd, short events, uint64_t deadline_ns,
		  short *revents)
{
	unsigned aux =
		(events & POLLIN ? GTV_IO_READ : 0) | (events & POLLOUT ? GTV_IO_WRITE : 0);
	struct gt__stoppable s = {.pid = 0};
	int count, err = gt__native_goes(os, &s);

	if (err)
		return err;
	gt__tell_wait(os, GTV_EV_SWITCH_IO, (uint8_t)aux, os->current, NULL, (uint32_t)fd);
	count = gt__sys_poll_unless(fd, events, deadline_ns, &s.stop, revents);
	err = gt__native_came_back(os, &s, count ? GTV_BY_POLLER : GTV_BY_TIMER);
	/* What came is there: who is asked to end sees to that next time. */
	return count ? (count < 0 ? count : 0) : err;
}

long gt__native_blocking(struct gt__os *os, uint32_t call_id, long (*fn)(void *), void *arg)
{
	long result;

	gt__tell_wait(os, GTV_EV_SWITCH_SYSCALL, 0, os->current, NULL, call_id);
	result = gt__call_run(os, os->current->id, call_id, fn, arg);
	gt__tell_ready(os, os->current, GTV_BY_POOL, 0);
	gt__native_resumed(os);
	return result;
}

void gt__native_forked(struct gt__os *os)
{
	(void)os;
	n.lk = 0;
	n.finished = NULL;
}
