/* SPDX-License-Identifier: MIT */
#include "runtime/reactor.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BUCKETS	    1024u
#define NOT_IN_HEAP UINT32_MAX
#define EVENTS_MAX  64

/* One green thread's wait, on its own stack. */
struct wait {
	struct gt *gt;
	struct wait *next; /* in its bucket, then in the list of those to make ready */
	uint64_t deadline_ns;
	uint32_t heap_idx;
	int fd; /* -1: time only */
	short events, revents;
};

static struct {
	uint32_t lk;
	int epoll_fd, event_fd;
	struct wait *bucket[BUCKETS]; /* by descriptor */
	struct wait **heap;	      /* by deadline */
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

static void heap_set(uint32_t idx, struct wait *wait)
{
	r.heap[idx] = wait;
	wait->heap_idx = idx;
}

static void heap_up(uint32_t idx, struct wait *wait)
{
	while (idx && r.heap[(idx - 1) / 2]->deadline_ns > wait->deadline_ns) {
		heap_set(idx, r.heap[(idx - 1) / 2]);
		idx = (idx - 1) / 2;
	}
	heap_set(idx, wait);
}

static void heap_down(uint32_t idx, struct wait *wait)
{
	for (;;) {
		uint32_t child = 2 * idx + 1;

		if (child >= r.heap_count)
			break;
		if (child + 1 < r.heap_count &&
		    r.heap[child + 1]->deadline_ns < r.heap[child]->deadline_ns)
			child++;
		if (r.heap[child]->deadline_ns >= wait->deadline_ns)
			break;
		heap_set(idx, r.heap[child]);
		idx = child;
	}
	heap_set(idx, wait);
}

static int heap_add(struct wait *wait)
{
	if (r.heap_count == r.heap_max) {
		uint32_t max = r.heap_max ? r.heap_max * 2 : 64;
		struct wait **heap = realloc(r.heap, max * sizeof *heap);

		if (!heap)
			return -ENOMEM;
		r.heap = heap;
		r.heap_max = max;
	}
	heap_up(r.heap_count++, wait);
	return 0;
}

static void heap_remove(struct wait *wait)
{
	uint32_t idx = wait->heap_idx;
	struct wait *last;

	if (idx == NOT_IN_HEAP)
		return;
	wait->heap_idx = NOT_IN_HEAP;
	last = r.heap[--r.heap_count];
	if (last == wait)
		return;
	if (last->deadline_ns < wait->deadline_ns)
		heap_up(idx, last);
	else
		heap_down(idx, last);
}

/* ------------------------------------------------------------ descriptors */

static struct wait **bucket_of(int fd)
{
	return &r.bucket[(unsigned)fd % BUCKETS];
}

/* Arms fd, once, for all that is waited for on it; nothing if nobody waits. */
static int arm(int fd)
{
	struct epoll_event ev = {.events = 0, .data.fd = fd};
	int err;

	for (struct wait *wait = *bucket_of(fd); wait; wait = wait->next)
		if (wait->fd == fd)
			ev.events |= (uint32_t)(unsigned short)wait->events;
	if (!ev.events)
		return 0;
	ev.events |= EPOLLONESHOT;
	err = gt__sys_epoll_ctl(r.epoll_fd, EPOLL_CTL_MOD, fd, &ev);
	if (err == -ENOENT)
		err = gt__sys_epoll_ctl(r.epoll_fd, EPOLL_CTL_ADD, fd, &ev);
	return err;
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

int gt__reactor_sleep(struct gt__os *os, uint64_t deadline_ns)
{
	struct wait wait = {.gt = os->current, .deadline_ns = deadline_ns, .fd = -1};

	gt__guard_lock(&r.lk);
	if (heap_add(&wait)) {
		gt__guard_unlock(&r.lk);
		return -ENOMEM;
	}
	wait_here(os, GTV_EV_SWITCH_SLEEP, 0, &wait);
	return 0;
}

int gt__reactor_io(struct gt__os *os, int fd, short events, uint64_t deadline_ns,
		   short *revents)
{
	struct wait wait = {.gt = os->current,
			    .deadline_ns = deadline_ns,
			    .heap_idx = NOT_IN_HEAP,
			    .fd = fd,
			    .events = events};
	unsigned aux =
		(events & POLLIN ? GTV_IO_READ : 0) | (events & POLLOUT ? GTV_IO_WRITE : 0);
	int err = 0;

	if (fd < 0)
		return -EBADF;
	gt__guard_lock(&r.lk);
	wait.next = *bucket_of(fd);
	*bucket_of(fd) = &wait;
	err = arm(fd);
	if (!err && deadline_ns != GT__NEVER)
		err = heap_add(&wait);
	if (err) {
		bucket_remove(&wait);
		gt__guard_unlock(&r.lk);
		return err;
	}
	__atomic_store_n(&r.io_count, r.io_count + 1, __ATOMIC_RELAXED);
	wait_here(os, GTV_EV_SWITCH_IO, (uint8_t)aux, &wait);
	*revents = wait.revents;
	return 0;
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

/* Takes out who waits for what fd has now. Lists keep the order of arrival. */
static void collect_io(int fd, short got, struct wait ***tail, unsigned *count)
{
	struct wait **at = bucket_of(fd);

	while (*at) {
		struct wait *wait = *at;

		if (wait->fd != fd || !(got & (wait->events | POLLERR | POLLHUP))) {
			at = &wait->next;
			continue;
		}
		*at = wait->next;
		heap_remove(wait);
		wait->revents = (short)(got & (wait->events | POLLERR | POLLHUP));
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
	struct epoll_event events[EVENTS_MAX];
	struct wait *list = NULL, **tail = &list;
	unsigned count = 0;
	int n = gt__sys_epoll_wait(r.epoll_fd, events, EVENTS_MAX, timeout_ns);

	gt__guard_lock(&r.lk);
	r.polling_until = 0;
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == r.event_fd)
			gt__sys_event_clear(r.event_fd);
		else
			collect_io(events[i].data.fd, (short)events[i].events, &tail,
				   &count);
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
	while (r.heap_count && r.heap[0]->deadline_ns <= now) {
		struct wait *wait = r.heap[0];

		heap_remove(wait);
		if (wait->fd >= 0) {
			bucket_remove(wait);
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
	if (r.heap_count && r.heap[0]->deadline_ns < until_ns)
		until_ns = r.heap[0]->deadline_ns;
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
	struct epoll_event ev = {.events = EPOLLIN};

	r.epoll_fd = gt__sys_epoll_new();
	if (r.epoll_fd < 0)
		return r.epoll_fd;
	r.event_fd = gt__sys_event_new();
	if (r.event_fd < 0) {
		close(r.epoll_fd);
		return r.event_fd;
	}
	ev.data.fd = r.event_fd;
	return gt__sys_epoll_ctl(r.epoll_fd, EPOLL_CTL_ADD, r.event_fd, &ev);
}

int gt__reactor_open(void)
{
	memset(&r, 0, sizeof r);
	return open_fds();
}

void gt__reactor_close(void)
{
	close(r.epoll_fd);
	close(r.event_fd);
	free(r.heap);
	memset(&r, 0, sizeof r);
}

void gt__reactor_forked(void)
{
	close(r.epoll_fd);
	close(r.event_fd);
	r.lk = 0;
	r.polling_until = 0;
	if (open_fds())
		return;
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct wait *wait = r.bucket[i]; wait; wait = wait->next)
			arm(wait->fd);
}
