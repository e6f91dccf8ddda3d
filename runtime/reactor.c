/* SPDX-License-Identifier: MIT */
#include "runtime/reactor.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/cancel.h"
#include "runtime/loop.h"

#define BUCKETS	    1024u
#define NOT_IN_HEAP UINT32_MAX
/* Few: what an answer touches, the waiter's stack above all, is still in the nearest cache
 * when it runs. An echo of 100 connections cost a third more with 64. */
#define EVENTS_MAX 16

/* One green thread's wait, on its own stack. */
struct wait {
	struct gt *gt;
	struct wait *next; /* in its bucket, then in the list of those to make ready */
	uint64_t deadline_ns;
	uint32_t heap_idx; /* if it waits for fd, too */
	int fd;		   /* -1: time only */
	short events, revents;
	int left; /* was cancelled */
};

struct deadline {
	uint64_t ns;
	struct wait *wait;
	uint32_t *place; /* where the heap notes its index; NULL: nobody asks */
};

static struct {
	uint32_t lk;
	const struct gt__loop *loop; /* its kernel interface */
	int event_fd;
	struct wait *bucket[BUCKETS]; /* by descriptor */
	struct deadline *heap;	      /* the earliest first, a heap of four */
	uint32_t heap_count, heap_max;
	uint32_t io_count;	/* atomic: of these, for descriptors */
	uint32_t waiters;	/* atomic: all of them */
	uint64_t polling_until; /* a poll waits until then; 0: none does */
} r;

uint32_t gt__reactor_waiters(void)
{
	return __atomic_load_n(&r.waiters, __ATOMIC_ACQUIRE);
}

/* ------------------------------------------------------------------- heap */

/* The deadlines lie in the heap itself, four children side by side, and a wait learns
 * its place only if it may be taken out before its time: so a hundred thousand sleepers'
 * stacks are not touched when others wake. */
static void heap_set(uint32_t idx, struct deadline deadline)
{
	r.heap[idx] = deadline;
	if (deadline.place)
		*deadline.place = idx;
}

static void heap_up(uint32_t idx, struct deadline deadline)
{
	while (idx && r.heap[(idx - 1) / 4].ns > deadline.ns) {
		heap_set(idx, r.heap[(idx - 1) / 4]);
		idx = (idx - 1) / 4;
	}
	heap_set(idx, deadline);
}

static uint32_t earliest_child(uint32_t idx)
{
	uint32_t child = 4 * idx + 1, end = child + 4, best = child;

	if (end > r.heap_count)
		end = r.heap_count;
	while (++child < end)
		if (r.heap[child].ns < r.heap[best].ns)
			best = child;
	return best;
}

static void heap_down(uint32_t idx, struct deadline deadline)
{
	while (4 * idx + 1 < r.heap_count) {
		uint32_t child = earliest_child(idx);

		if (r.heap[child].ns >= deadline.ns)
			break;
		heap_set(idx, r.heap[child]);
		idx = child;
	}
	heap_set(idx, deadline);
}

static int heap_add(struct wait *wait)
{
	struct deadline deadline = {wait->deadline_ns, wait,
				    wait->fd < 0 ? NULL : &wait->heap_idx};

	if (r.heap_count == r.heap_max) {
		uint32_t max = r.heap_max ? r.heap_max * 2 : 64;
		struct deadline *heap = realloc(r.heap, max * sizeof *heap);

		if (!heap)
			return -ENOMEM;
		r.heap = heap;
		r.heap_max = max;
	}
	heap_up(r.heap_count++, deadline);
	return 0;
}

static void heap_take(uint32_t idx)
{
	uint64_t gone_ns = r.heap[idx].ns;
	struct deadline last = r.heap[--r.heap_count];

	if (r.heap[idx].place)
		*r.heap[idx].place = NOT_IN_HEAP;
	if (idx == r.heap_count)
		return;
	if (last.ns < gone_ns)
		heap_up(idx, last);
	else
		heap_down(idx, last);
}

/* Of one that waits for a descriptor. */
static void heap_remove(struct wait *wait)
{
	if (wait->heap_idx != NOT_IN_HEAP)
		heap_take(wait->heap_idx);
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
	__atomic_fetch_add(&r.waiters, 1, __ATOMIC_RELEASE);
	if (wait->deadline_ns < r.polling_until)
		gt__reactor_kick();
	gt__park(os, kind, aux, wait->fd < 0 ? 0 : (uint32_t)wait->fd, publish, NULL);
}

static int sleeper_remove(const struct wait *wait)
{
	for (uint32_t i = 0; i < r.heap_count; i++)
		if (r.heap[i].wait == wait) {
			heap_take(i);
			return 1;
		}
	return 0;
}

static int io_remove(struct wait *wait)
{
	struct wait *at = *bucket_of(wait->fd);

	while (at && at != wait)
		at = at->next;
	if (!at)
		return 0;
	bucket_remove(wait);
	heap_remove(wait);
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
	wait->left = wait->fd < 0 ? sleeper_remove(wait) : io_remove(wait);
	if (wait->left)
		__atomic_fetch_sub(&r.waiters, 1, __ATOMIC_RELEASE);
	gt__guard_unlock(&r.lk);
	return wait->left;
}

static const struct gt__wait_how how = {NULL, leave};

int gt__reactor_sleep(struct gt__os *os, uint64_t deadline_ns)
{
	struct gt *self = os->current;
	struct wait wait = {.gt = self, .deadline_ns = deadline_ns, .fd = -1};
	int err;

	gt__guard_lock(&r.lk);
	err = gt__wait_begin(self, &how, NULL, &wait) ? GT__CANCELLED : heap_add(&wait);
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
	if (!err && wait->deadline_ns != GT__NEVER)
		err = heap_add(wait);
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
			    .deadline_ns = deadline_ns,
			    .heap_idx = NOT_IN_HEAP,
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
		__atomic_fetch_sub(&r.waiters, 1, __ATOMIC_RELEASE);
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
		heap_remove(wait);
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
	unsigned count = 0;
	uint64_t now = 0;

	gt__guard_lock(&r.lk);
	if (r.heap_count)
		now = gt__sys_now_ns();
	while (r.heap_count && r.heap[0].ns <= now) {
		struct wait *wait = r.heap[0].wait;

		heap_take(0);
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

/* How long a poll may wait; announces that to those who come with earlier deadlines. */
static uint64_t timeout_until(uint64_t until_ns)
{
	uint64_t now;

	if (!until_ns)
		return 0;
	gt__guard_lock(&r.lk);
	if (r.heap_count && r.heap[0].ns < until_ns)
		until_ns = r.heap[0].ns;
	r.polling_until = until_ns;
	gt__guard_unlock(&r.lk);
	if (until_ns == GT__NEVER)
		return until_ns;
	now = gt__sys_now_ns();
	return until_ns > now ? until_ns - now : 0;
}

unsigned gt__reactor_poll(struct gt__os *os, uint64_t until_ns)
{
	uint64_t timeout_ns = timeout_until(until_ns);
	unsigned count = 0;

	if (until_ns || __atomic_load_n(&r.io_count, __ATOMIC_RELAXED))
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
	free(r.heap);
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
