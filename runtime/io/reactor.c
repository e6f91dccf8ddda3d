/* SPDX-License-Identifier: MIT */
#include "runtime/io/reactor.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/core/cancel.h"
#include "runtime/io/deadlines.h"
#include "runtime/io/loop.h"

#define BUCKETS 1024u
/* Few: what an answer touches, the waiter's stack above all, is still in the nearest cache
 * when it runs. An echo of 100 connections cost a third more with 64. */
#define EVENTS_MAX 16

/* One green thread's wait, on its own stack. */
struct wait {
	struct gt__due due; /* first: wait_of */
	int fd;		    /* -1: time only */
	struct gt *gt;
	struct wait *next; /* in its bucket, then in the list of those to make ready */
	short events, revents;
	int left; /* was cancelled */
};

static struct wait *wait_of(struct gt__due *due)
{
	return (struct wait *)due; /* its first */
}

static struct {
	uint32_t lk;
	const struct gt__loop *loop; /* its kernel interface */
	int event_fd;
	struct wait *bucket[BUCKETS]; /* by descriptor */
	struct gt__deadlines deadlines;
	uint32_t io_count;	/* atomic: of these, for descriptors */
	uint32_t waiters;	/* atomic: all of them */
	uint64_t polling_until; /* a poll waits until then; 0: none does */
} r;

uint32_t gt__reactor_waiters(void)
{
	return __atomic_load_n(&r.waiters, __ATOMIC_ACQUIRE);
}

/* All waits there are. On one OS thread nobody else counts: a locked instruction would
 * wait there until all that was stored before, on stacks that have gone from the cache,
 * has found its place. */
static inline void waiters_add(uint32_t n)
{
	if (gt__rt.single)
		__atomic_store_n(&r.waiters, r.waiters + n, __ATOMIC_RELAXED);
	else
		__atomic_fetch_add(&r.waiters, n, __ATOMIC_RELEASE);
}

/* ------------------------------------------------------------ descriptors */

static struct wait **bucket_of(int fd)
{
	return &r.bucket[(unsigned)fd % BUCKETS];
}

/* Watches fd, once, for all that is waited for on it; not any more if nobody waits. */
static int arm(int fd)
{
	unsigned events = 0, waits = 0;

	for (struct wait *wait = *bucket_of(fd); wait; wait = wait->next) {
		if (wait->fd != fd)
			continue;
		waits = 1;
		events |= (unsigned short)wait->events;
	}
	if (waits)
		return r.loop->watch(fd, (short)events);
	if (r.loop->forget)
		r.loop->forget(fd);
	return 0;
}

static void bucket_remove(struct wait *wait)
{
	struct wait **at = bucket_of(wait->fd);

	while (*at != wait)
		at = &(*at)->next;
	*at = wait->next;
}

/* ---------------------------------------------------------------- waiting */

static void publish(void *unused)
{
	(void)unused;
	gt__guard_unlock(&r.lk);
}

/* The lock is held, and released once we can be found. A poll that would sleep past
 * our deadline is woken to look again. */
static void wait_here(struct gt__os *os, uint16_t kind, uint8_t aux, struct wait *wait)
{
	waiters_add(1);
	if (wait->due.ns < r.polling_until)
		gt__reactor_kick();
	gt__park(os, kind, aux, wait->fd < 0 ? 0 : (uint32_t)wait->fd, publish, NULL);
}

static int io_remove(struct wait *wait)
{
	struct wait *at = *bucket_of(wait->fd);

	while (at && at != wait)
		at = at->next;
	if (!at)
		return 0;
	bucket_remove(wait);
	gt__deadlines_remove(&r.deadlines, &wait->due);
	if (r.loop->forget)
		arm(wait->fd);
	__atomic_store_n(&r.io_count, r.io_count - 1, __ATOMIC_RELAXED);
	return 1;
}

/* For struct gt__wait_how. */
static int leave(struct gt__os *os, struct gt *gt)
{
	struct wait *wait = gt->wait_arg;

	(void)os;
	gt__guard_lock(&r.lk);
	wait->left = wait->fd < 0 ? gt__deadlines_find_and_remove(&r.deadlines, &wait->due)
				  : io_remove(wait);
	if (wait->left)
		waiters_add(-1u);
	gt__guard_unlock(&r.lk);
	return wait->left;
}

static const struct gt__wait_how how = {NULL, leave};

int gt__reactor_sleep(struct gt__os *os, uint64_t deadline_ns)
{
	struct gt *self = os->current;
	struct wait wait = {.gt = self, .due = {.ns = deadline_ns}, .fd = -1};
	int err;

	gt__guard_lock(&r.lk);
	err = gt__wait_begin(self, &how, NULL, &wait)
		      ? GT__CANCELLED
		      : gt__deadlines_add(&r.deadlines, &wait.due, 0);
	if (err) {
		gt__guard_unlock(&r.lk);
		gt__wait_end(self);
		return err;
	}
	wait_here(os, GTV_EV_SWITCH_SLEEP, 0, &wait);
	return gt__wait_end(self) && wait.left ? GT__CANCELLED : 0;
}

/* The lock is held. */
static int add_io(struct wait *wait)
{
	int err;

	wait->next = *bucket_of(wait->fd);
	*bucket_of(wait->fd) = wait;
	err = arm(wait->fd);
	if (!err && wait->due.ns != GT__NEVER)
		err = gt__deadlines_add(&r.deadlines, &wait->due, 1);
	if (err) {
		bucket_remove(wait);
		arm(wait->fd);
		return err;
	}
	__atomic_store_n(&r.io_count, r.io_count + 1, __ATOMIC_RELAXED);
	return 0;
}

int gt__reactor_io(struct gt__os *os, int fd, short events, uint64_t deadline_ns,
		   short *revents)
{
	struct gt *self = os->current;
	struct wait wait = {.gt = self,
			    .due = {deadline_ns, GT__DUE_NOWHERE},
			    .fd = fd,
			    .events = events};
	unsigned aux =
		(events & POLLIN ? GTV_IO_READ : 0) | (events & POLLOUT ? GTV_IO_WRITE : 0);
	int err;

	if (fd < 0)
		return -EBADF;
	gt__guard_lock(&r.lk);
	err = gt__wait_begin(self, &how, NULL, &wait) ? GT__CANCELLED : add_io(&wait);
	if (err) {
		gt__guard_unlock(&r.lk);
		gt__wait_end(self);
		return err;
	}
	wait_here(os, GTV_EV_SWITCH_IO, (uint8_t)aux, &wait);
	if (gt__wait_end(self) && wait.left)
		return GT__CANCELLED;
	*revents = wait.revents;
	return wait.revents & POLLNVAL ? -EBADF : 0;
}

/* ---------------------------------------------------------------- polling */

static void make_ready(struct gt__os *os, struct wait *list, enum gtv_by by)
{
	while (list) {
		struct wait *wait = list;

		list = wait->next; /* it lies on a stack that runs again at once */
		gt__ready(os, wait->gt, by, 0);
		waiters_add(-1u);
	}
}

/* Told to everybody who waits for a descriptor. */
#define ALWAYS (POLLERR | POLLHUP | POLLNVAL)

/* Takes out who waits for what fd has now. Lists keep the order of arrival. */
static void collect_io(int fd, short got, struct wait ***tail, unsigned *count)
{
	struct wait **at = bucket_of(fd);

	while (*at) {
		struct wait *wait = *at;

		if (wait->fd != fd || !(got & (wait->events | ALWAYS))) {
			at = &wait->next;
			continue;
		}
		*at = wait->next;
		gt__deadlines_remove(&r.deadlines, &wait->due);
		wait->revents = (short)(got & (wait->events | ALWAYS));
		wait->next = NULL;
		**tail = wait;
		*tail = &wait->next;
		__atomic_store_n(&r.io_count, r.io_count - 1, __ATOMIC_RELAXED);
		(*count)++;
	}
	arm(fd);
}

static unsigned poll_io(struct gt__os *os, uint64_t timeout_ns)
{
	struct gt__loop_event events[EVENTS_MAX];
	struct wait *list = NULL, **tail = &list;
	unsigned count = 0;
	int n = r.loop->wait(events, EVENTS_MAX, timeout_ns);

	gt__guard_lock(&r.lk);
	r.polling_until = 0;
	for (int i = 0; i < n; i++) {
		if (events[i].fd == r.event_fd)
			gt__sys_event_clear(r.event_fd);
		else
			collect_io(events[i].fd, events[i].events, &tail, &count);
	}
	gt__guard_unlock(&r.lk);
	make_ready(os, list, GTV_BY_POLLER);
	return count;
}

static unsigned expire(struct gt__os *os)
{
	struct wait *list = NULL, **tail = &list;
	struct gt__due *due;
	unsigned count = 0;
	uint64_t now;

	gt__guard_lock(&r.lk);
	now = gt__deadlines_next(&r.deadlines) != GT__NEVER ? gt__sys_now_ns() : 0;
	while ((due = gt__deadlines_take(&r.deadlines, now))) {
		struct wait *wait = wait_of(due);

		/* It runs soon. */
		__builtin_prefetch(wait->gt, 1);
		__builtin_prefetch(&wait->gt->wait_since, 1);
		if (wait->fd >= 0) {
			bucket_remove(wait);
			if (r.loop->forget)
				arm(wait->fd);
			__atomic_store_n(&r.io_count, r.io_count - 1, __ATOMIC_RELAXED);
		}
		wait->next = NULL;
		*tail = wait;
		tail = &wait->next;
		count++;
	}
	gt__guard_unlock(&r.lk);
	make_ready(os, list, GTV_BY_TIMER);
	return count;
}

/* How long a poll may wait; if it may, that is announced to those who come with earlier
 * deadlines. */
static uint64_t timeout_until(uint64_t until_ns)
{
	uint64_t now = 0, first_ns;

	if (!until_ns)
		return 0;
	gt__guard_lock(&r.lk);
	first_ns = gt__deadlines_next(&r.deadlines);
	if (first_ns < until_ns)
		until_ns = first_ns;
	if (until_ns != GT__NEVER)
		now = gt__sys_now_ns();
	if (until_ns > now)
		r.polling_until = until_ns;
	gt__guard_unlock(&r.lk);
	if (until_ns == GT__NEVER)
		return until_ns;
	return until_ns > now ? until_ns - now : 0;
}

/* The kernel is not asked when it is not to wait and has nothing to say. */
unsigned gt__reactor_poll(struct gt__os *os, uint64_t until_ns)
{
	uint64_t timeout_ns = timeout_until(until_ns);
	unsigned count = 0;

	if (timeout_ns || __atomic_load_n(&r.io_count, __ATOMIC_RELAXED))
		count = poll_io(os, timeout_ns);
	return count + expire(os);
}

void gt__reactor_kick(void)
{
	gt__sys_event_set(r.event_fd);
}

/* --------------------------------------------------------------- lifetime */

static int open_fds(void)
{
	int err;

	r.event_fd = gt__sys_event_new();
	if (r.event_fd < 0)
		return r.event_fd;
	err = r.loop->open(r.event_fd);
	if (err)
		close(r.event_fd);
	return err;
}

static void close_fds(void)
{
	r.loop->close();
	close(r.event_fd);
}

int gt__reactor_open_on(const struct gt__loop *loop)
{
	memset(&r, 0, sizeof r);
	r.loop = gt__sim_on ? &gt__loop_epoll : loop;
	if (r.loop == &gt__loop_epoll && gt__rt.single && !gt__sim_on)
		r.loop = &gt__loop_kept;
	return open_fds();
}

int gt__reactor_open(void)
{
	return gt__reactor_open_on(&gt__loop_epoll);
}

void gt__reactor_close(void)
{
	close_fds();
	gt__deadlines_free(&r.deadlines);
	memset(&r, 0, sizeof r);
}

void gt__reactor_forked(void)
{
	close_fds();
	r.lk = 0;
	r.polling_until = 0;
	if (open_fds())
		return;
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct wait *wait = r.bucket[i]; wait; wait = wait->next)
			arm(wait->fd);
}
