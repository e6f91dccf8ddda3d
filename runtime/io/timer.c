/* SPDX-License-Identifier: MIT
 *
 * timer.h is the idea. One heap of deadlines under one lock, which is also held while
 * a timer fires: so stopping one and its firing cannot meet. Locks are always taken in
 * the order timers, object.
 */
#include "runtime/io/timer.h"

#include "runtime/policy/procs.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOT_IN_HEAP UINT32_MAX
#define LINGER_NS   10000000u

static struct {
	uint32_t lk;
	uint32_t serving; /* the green thread "timers" is there */
	int event_fd;	  /* its sleep is ended by this */
	pid_t pid;	  /* whose event_fd it is */
	uint64_t sleeping_until;
	struct gt__timer **heap;
	uint32_t count, max;
} t;

uint64_t gt__deadline_in(uint64_t ns)
{
	uint64_t now = gt__sys_now_ns();

	return ns < GT__NEVER - now ? now + ns : GT__NEVER - 1;
}

/* ------------------------------------------------------------------- heap */

static void heap_set(uint32_t idx, struct gt__timer *timer)
{
	t.heap[idx] = timer;
	timer->heap_idx = idx;
}

/* Puts a timer where it belongs, from a place that is free. */
static void heap_settle(uint32_t idx, struct gt__timer *timer)
{
	while (idx && t.heap[(idx - 1) / 2]->deadline_ns > timer->deadline_ns) {
		heap_set(idx, t.heap[(idx - 1) / 2]);
		idx = (idx - 1) / 2;
	}
	for (;;) {
		uint32_t child = 2 * idx + 1;

		if (child + 1 < t.count &&
		    t.heap[child + 1]->deadline_ns < t.heap[child]->deadline_ns)
			child++;
		if (child >= t.count || t.heap[child]->deadline_ns >= timer->deadline_ns)
			break;
		heap_set(idx, t.heap[child]);
		idx = child;
	}
	heap_set(idx, timer);
}

static int heap_add(struct gt__timer *timer)
{
	if (t.count == t.max) {
		uint32_t max = t.max ? t.max * 2 : 64;
		struct gt__timer **heap = realloc(t.heap, max * sizeof(struct gt__timer *));

		if (!heap)
			return -ENOMEM;
		t.heap = heap;
		t.max = max;
	}
	t.count++;
	heap_settle(t.count - 1, timer);
	return 0;
}

static void heap_remove(struct gt__timer *timer)
{
	uint32_t idx = timer->heap_idx;
	struct gt__timer *last = t.heap[--t.count];

	timer->heap_idx = NOT_IN_HEAP;
	if (last != timer)
		heap_settle(idx, last);
}

/* ---------------------------------------------------------------- service */

static void fire_due(struct gt__os *os)
{
	uint64_t now = t.count ? gt__sys_now_ns() : 0;

	while (t.count && t.heap[0]->deadline_ns <= now) {
		struct gt__timer *timer = t.heap[0];
		uint64_t again;

		/* Out first: once it has fired, its owner may be gone. */
		heap_remove(timer);
		again = timer->fire(os, timer);
		if (again) {
			timer->deadline_ns = again;
			t.count++; /* its place is still there */
			heap_settle(t.count - 1, timer);
		}
	}
}

static void heap_free(void)
{
	free(t.heap);
	t.heap = NULL;
	t.max = 0;
}

static void service_end(void)
{
	t.serving = 0;
	close(t.event_fd);
	heap_free();
}

/* The body of "timers". The child of a fork gets another with a descriptor of its own;
 * the copy of its parent's goes when it sees that. */
static void service(void *arg)
{
	int fd = (int)(intptr_t)arg, lingered = 0;

	gt_gil_release();
	for (;;) {
		struct gt__os *os = gt__os();
		short revents = 0;
		uint64_t until;

		gt__guard_lock(&t.lk);
		if (fd != t.event_fd) {
			gt__guard_unlock(&t.lk);
			close(fd);
			return;
		}
		fire_due(os);
		if (!t.count && lingered)
			break;
		lingered = !t.count;
		until = lingered ? gt__deadline_in(LINGER_NS) : t.heap[0]->deadline_ns;
		t.sleeping_until = until;
		gt__guard_unlock(&t.lk);
		gt__rt.policy->io_wait(os, fd, POLLIN, until, &revents);
		if (revents)
			gt__sys_event_clear(fd);
	}
	service_end();
	gt__guard_unlock(&t.lk);
}

static int service_begin(void)
{
	const struct gt_attr attr = {.name = "timers"};
	int fd = gt__sys_event_new(), err;

	if (fd < 0)
		return fd;
	/* It cannot look at t before we release the lock. */
	err = gt_spawn_attr(NULL, &attr, service, (void *)(intptr_t)fd);
	if (err) {
		close(fd);
		return err;
	}
	t.serving = 1;
	t.event_fd = fd;
	t.pid = getpid();
	t.sleeping_until = 0;
	return 0;
}

/* The service sleeps too long. Once is enough: then it looks for itself. */
static void kick(void)
{
	t.sleeping_until = 0;
	gt__sys_event_set(t.event_fd);
}

/* ------------------------------------------------ each process for itself */

uint64_t gt__timer_next(void)
{
	return t.count ? t.heap[0]->deadline_ns : GT__NEVER;
}

void gt__timer_serve(struct gt__os *os)
{
	uint32_t before = t.count;

	fire_due(os);
	if (before && !t.count)
		gt__procs_timers(0);
}

void gt__timer_forked(void)
{
	memset(&t, 0, sizeof t);
}

static int start_own(struct gt__timer *timer)
{
	int err = heap_add(timer);

	if (!err && t.count == 1)
		gt__procs_timers(1);
	return err;
}

static int stop_own(struct gt__timer *timer)
{
	if (timer->heap_idx == NOT_IN_HEAP)
		return 0;
	heap_remove(timer);
	if (!t.count)
		gt__procs_timers(0);
	return 1;
}

/* --------------------------------------------------------- start and stop */

int gt__timer_start(struct gt__os *os, struct gt__timer *timer)
{
	int err;

	(void)os;
	timer->heap_idx = NOT_IN_HEAP;
	if (gt__rt.shared_ids) /* a service would be another process */
		return start_own(timer);
	gt__guard_lock(&t.lk);
	err = heap_add(timer);
	if (!err && (!t.serving || t.pid != getpid())) {
		err = service_begin();
		if (err)
			heap_remove(timer);
		if (err && !t.count && !t.serving)
			heap_free();
	}
	if (!err && timer->deadline_ns < t.sleeping_until && !gt__rt.timers_late)
		kick();
	gt__guard_unlock(&t.lk);
	return err;
}

int gt__timer_stop(struct gt__timer *timer)
{
	int pending;

	if (gt__rt.shared_ids)
		return stop_own(timer);
	gt__guard_lock(&t.lk);
	pending = timer->heap_idx != NOT_IN_HEAP;
	if (pending)
		heap_remove(timer);
	/* The service is not to keep the run alive for what will not come. */
	if (pending && !t.count && t.sleeping_until > gt__deadline_in(LINGER_NS))
		kick();
	gt__guard_unlock(&t.lk);
	return pending;
}
