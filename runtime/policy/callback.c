/* SPDX-License-Identifier: MIT
 *
 * callback.h is the idea. One lock; functions are called without it. A cancelled timer
 * stays in the heap until its time, or until there are more than a hundred timers and
 * more than half of them are cancelled: the way of Python's asyncio, which makes
 * cancelling cheap where timeouts hardly ever come.
 */
#include "runtime/policy/callback.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PURGE_PAST 100u
#define EVENTS_MAX 32

enum state { PENDING, CANCELLED, CALLED };

struct gt_callback {
	struct gt node; /* first; in a loop's line. Only `next` and the id, 0, are used */
	struct gt_callback *next; /* among those due, or the watches */
	void (*fn)(void *arg);
	void *arg;
	uint64_t deadline_ns, order; /* order: the first come of those at one time */
	uint32_t call_id;
	enum state state;
	int held;     /* somebody has a handle */
	int timed;    /* it is in the heap */
	int fd;	      /* -1: not a watch */
	short events; /* POLLIN or POLLOUT */
	int due;      /* a watch: its function is about to be called, or is being called */
};

static struct {
	uint32_t lk;
	uint32_t serving;  /* "callbacks" is there */
	uint32_t sleeping; /* it waits, or is about to */
	int epoll_fd, event_fd;
	pid_t pid;			  /* whose they are */
	struct gt_callback *first, *last; /* due, for "callbacks" to call */
	struct gt_callback *watches;
	struct gt_callback **heap;
	uint32_t count, max, cancelled; /* of the heap */
	uint64_t order;
} c;

uint32_t gt__callback_timers(void)
{
	return c.count;
}

/* ------------------------------------------------------------------- heap */

static int is_before(const struct gt_callback *a, const struct gt_callback *b)
{
	return a->deadline_ns != b->deadline_ns ? a->deadline_ns < b->deadline_ns
						: a->order < b->order;
}

static void sift_down(uint32_t idx, struct gt_callback *cb)
{
	for (;;) {
		uint32_t child = 2 * idx + 1;

		if (child + 1 < c.count && is_before(c.heap[child + 1], c.heap[child]))
			child++;
		if (child >= c.count || is_before(cb, c.heap[child]))
			break;
		c.heap[idx] = c.heap[child];
		idx = child;
	}
	c.heap[idx] = cb;
}

static int heap_add(struct gt_callback *cb)
{
	uint32_t idx = c.count;

	if (c.count == c.max) {
		uint32_t max = c.max ? c.max * 2 : 64;
		struct gt_callback **heap = realloc(c.heap, max * sizeof(void *));

		if (!heap)
			return -ENOMEM;
		c.heap = heap;
		c.max = max;
	}
	c.count++;
	while (idx && is_before(cb, c.heap[(idx - 1) / 2])) {
		c.heap[idx] = c.heap[(idx - 1) / 2];
		idx = (idx - 1) / 2;
	}
	c.heap[idx] = cb;
	cb->timed = 1;
	return 0;
}

static struct gt_callback *heap_take(void)
{
	struct gt_callback *cb = c.heap[0], *last = c.heap[--c.count];

	if (c.count)
		sift_down(0, last);
	cb->timed = 0;
	return cb;
}

/* Throws out all that are cancelled. */
static void purge(void)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < c.count; i++) {
		if (c.heap[i]->state == CANCELLED)
			free(c.heap[i]);
		else
			c.heap[kept++] = c.heap[i];
	}
	c.count = kept;
	c.cancelled = 0;
	for (uint32_t i = kept / 2; i--;)
		sift_down(i, c.heap[i]);
}

/* ---------------------------------------------------------------- watches */

/* Arms fd, once, for all its watches that are not due already. */
static int arm(int fd)
{
	struct epoll_event ev = {.events = 0, .data.fd = fd};
	int err;

	for (struct gt_callback *w = c.watches; w; w = w->next)
		if (w->fd == fd && !w->due)
			ev.events |= (uint32_t)(unsigned short)w->events;
	if (ev.events)
		ev.events |= EPOLLONESHOT;
	err = gt__sys_epoll_ctl(c.epoll_fd, EPOLL_CTL_MOD, fd, &ev);
	if (err == -ENOENT && ev.events)
		err = gt__sys_epoll_ctl(c.epoll_fd, EPOLL_CTL_ADD, fd, &ev);
	return err;
}

static struct gt_callback **watch_of(int fd, short events)
{
	struct gt_callback **at = &c.watches;

	while (*at && ((*at)->fd != fd || (*at)->events != events))
		at = &(*at)->next;
	return at;
}

static void unlink_watch(struct gt_callback *watch)
{
	struct gt_callback **at = watch_of(watch->fd, watch->events);

	if (*at == watch)
		*at = watch->next;
}

/* ------------------------------------------------------------ what is due */

/* "callbacks" sleeps: it is to look again. */
static void wake_service(void)
{
	if (!c.serving || !c.sleeping)
		return;
	c.sleeping = 0;
	gt__sys_event_set(c.event_fd);
}

/* The list of those due is not that of the watches, so a watch that is due is known by
 * the node of its own. */
static void deliver(struct gt__os *os, struct gt_callback *cb)
{
	if (gt__rt.policy->call_soon) {
		gt__rt.policy->call_soon(os, &cb->node);
		return;
	}
	cb->node.next = NULL;
	if (c.first)
		c.last->node.next = &cb->node;
	else
		c.first = cb;
	c.last = cb;
	wake_service();
}

static void take_due(struct gt__os *os)
{
	uint64_t now = c.count ? gt__sys_now_ns() : 0;

	while (c.count &&
	       (c.heap[0]->state == CANCELLED || c.heap[0]->deadline_ns <= now)) {
		struct gt_callback *cb = heap_take();

		if (cb->state == CANCELLED) {
			c.cancelled--;
			free(cb);
		} else {
			deliver(os, cb);
		}
	}
}

static void take_ready(struct gt__os *os)
{
	struct epoll_event events[EVENTS_MAX];
	int n = gt__sys_epoll_wait(c.epoll_fd, events, EVENTS_MAX, 0);

	for (int i = 0; i < n; i++) {
		uint32_t got = events[i].events;
		int fd = events[i].data.fd;

		if (fd == c.event_fd) {
			gt__sys_event_clear(fd);
			continue;
		}
		for (struct gt_callback *w = c.watches; w; w = w->next) {
			uint32_t wanted =
				(uint32_t)(unsigned short)w->events | EPOLLERR | EPOLLHUP;

			if (w->fd != fd || w->due || !(got & wanted))
				continue;
			w->due = 1;
			deliver(os, w);
		}
		arm(fd);
	}
}

/* Calls its function as `self`; gt_exit in it ends it and nothing else. Returns where
 * it has ended. */
static struct gt__os *call(struct gt *self, void (*fn)(void *), void *arg, uint32_t id)
{
	struct gt__os *os = gt__os();
	struct gt_cleanup *cleanups = self->cleanups;
	void (*own_fn)(void *) = self->fn;
	void *own_arg = self->arg, **leave = self->leave;

	GT_COUNT(os, CALLBACKS);
	gt__emit(&os->tr, GTV_EV_CALLBACK_BEGIN, 0, 0, 0, id, 0, 0);
	self->fn = fn;
	self->arg = arg;
	self->cleanups = NULL;
	self->no_wait = 1;
	gt__call_body(self);
	self->no_wait = 0;
	self->fn = own_fn;
	self->arg = own_arg;
	self->cleanups = cleanups;
	self->leave = leave;
	os = gt__os();
	gt__emit(&os->tr, GTV_EV_CALLBACK_END, 0, 0, 0, id, 0, 0);
	return os;
}

static void call_watch(struct gt *self, struct gt_callback *watch)
{
	int gone;

	call(self, watch->fn, watch->arg, watch->call_id);
	gt__guard_lock(&c.lk);
	watch->due = 0;
	gone = watch->state == CANCELLED;
	if (!gone && arm(watch->fd)) { /* the descriptor was closed */
		unlink_watch(watch);
		gone = 1;
	}
	wake_service();
	gt__guard_unlock(&c.lk);
	if (gone)
		free(watch);
}

void gt__callback_call(struct gt *self, struct gt *node)
{
	struct gt_callback *cb = (struct gt_callback *)node;
	void (*fn)(void *) = cb->fn;
	void *arg = cb->arg;
	uint32_t id = cb->call_id;
	int cancelled, held;

	gt__guard_lock(&c.lk);
	cancelled = cb->state == CANCELLED;
	held = cb->held;
	if (!cancelled && cb->fd < 0)
		cb->state = CALLED;
	gt__guard_unlock(&c.lk);
	if (!cancelled && cb->fd >= 0) {
		call_watch(self, cb);
		return;
	}
	if (cancelled || !held)
		free(cb);
	if (!cancelled)
		call(self, fn, arg, id);
}

/* ---------------------------------------------------------------- service */

static void service_end(void)
{
	purge();
	c.serving = 0;
	close(c.epoll_fd);
	close(c.event_fd);
	free(c.heap);
	c.heap = NULL;
	c.max = 0;
}

/* Nothing is due: waits for a time, a descriptor or a kick. */
static void wait_for_more(void)
{
	uint64_t until = c.count ? c.heap[0]->deadline_ns : GT__NEVER;
	short revents;

	c.sleeping = 1;
	gt__guard_unlock(&c.lk);
	gt__rt.policy->io_wait(gt__os(), c.epoll_fd, POLLIN, until, &revents);
	gt__guard_lock(&c.lk);
	c.sleeping = 0;
}

/* The body of "callbacks". A copy of it in the child of a fork goes. */
static void service(void *unused)
{
	struct gt *self = gt_self();
	pid_t pid = c.pid;

	(void)unused;
	gt__guard_lock(&c.lk);
	for (;;) {
		struct gt *node;

		take_ready(gt__os());
		take_due(gt__os());
		node = c.first ? &c.first->node : NULL;
		c.first = NULL;
		if (!node && c.count == c.cancelled && !c.watches)
			break;
		if (!node)
			wait_for_more();
		gt__guard_unlock(&c.lk);
		if (pid != getpid())
			return;
		while (node) {
			struct gt *next = node->next;

			gt__callback_call(self, node);
			node = next;
		}
		gt__guard_lock(&c.lk);
	}
	service_end();
	gt__guard_unlock(&c.lk);
}

static int open_fds(void)
{
	struct epoll_event ev = {.events = EPOLLIN};
	int err;

	c.epoll_fd = gt__sys_epoll_new();
	if (c.epoll_fd < 0)
		return c.epoll_fd;
	c.event_fd = gt__sys_event_new();
	if (c.event_fd < 0) {
		close(c.epoll_fd);
		return c.event_fd;
	}
	ev.data.fd = c.event_fd;
	err = gt__sys_epoll_ctl(c.epoll_fd, EPOLL_CTL_ADD, c.event_fd, &ev);
	if (err) {
		close(c.epoll_fd);
		close(c.event_fd);
	}
	return err;
}

/* It cannot look at c before the lock is released. */
static int service_needed(void)
{
	const struct gt_attr attr = {.name = "callbacks"};
	int err;

	if (gt__rt.shared_ids) /* it would be another process */
		return -ENOTSUP;
	if (c.serving)
		return 0;
	err = open_fds();
	if (err)
		return err;
	c.pid = getpid();
	err = gt_spawn_attr(NULL, &attr, service, NULL);
	if (err) {
		close(c.epoll_fd);
		close(c.event_fd);
		return err;
	}
	c.serving = 1;
	return 0;
}

/* -------------------------------------------------------------------- API */

static struct gt__os *calling(void)
{
	struct gt__os *os = gt__os();

	return os && os->current ? os : NULL;
}

/* The lock is taken if it returns one. The child of a fork begins with nothing. */
static struct gt_callback *make(struct gt__os *os, const char *name, void (*fn)(void *),
				void *arg)
{
	struct gt_callback *cb = calloc(1, sizeof *cb);

	if (!cb)
		return NULL;
	cb->fn = fn;
	cb->arg = arg;
	cb->fd = -1;
	cb->call_id = gt__call_id(os, name ? name : "callback");
	gt__guard_lock(&c.lk);
	if (c.serving && c.pid != getpid())
		memset(&c, 0, sizeof c);
	cb->order = ++c.order;
	return cb;
}

/* Releases the lock; after an error the callback is gone. */
static int made(struct gt_callback *cb, int err)
{
	gt__guard_unlock(&c.lk);
	if (err)
		free(cb);
	return err;
}

int gt_call_soon(const char *name, void (*fn)(void *arg), void *arg)
{
	struct gt__os *os = calling();
	struct gt_callback *cb;
	int err;

	if (!os)
		return -EPERM;
	cb = make(os, name, fn, arg);
	if (!cb)
		return -ENOMEM;
	err = gt__rt.policy->call_soon ? 0 : service_needed();
	if (!err)
		deliver(os, cb);
	return made(cb, err);
}

int gt_call_later(uint64_t ns, const char *name, void (*fn)(void *arg), void *arg,
		  struct gt_callback **handle)
{
	struct gt__os *os = calling();
	struct gt_callback *cb;
	uint64_t now = gt__sys_now_ns();
	int err;

	if (!os)
		return -EPERM;
	cb = make(os, name, fn, arg);
	if (!cb)
		return -ENOMEM;
	cb->deadline_ns = ns < GT__NEVER - now ? now + ns : GT__NEVER - 1;
	cb->held = handle != NULL;
	err = service_needed();
	if (!err)
		err = heap_add(cb);
	if (!err && handle)
		*handle = cb;
	wake_service();
	return made(cb, err);
}

int gt_call_cancel(struct gt_callback *handle)
{
	int called;

	if (!calling())
		return -EPERM;
	gt__guard_lock(&c.lk);
	called = handle->state == CALLED;
	if (!called) {
		/* One that is due is freed by who would call it. */
		handle->state = CANCELLED;
		c.cancelled += (uint32_t)handle->timed;
	}
	if (c.count > PURGE_PAST && c.cancelled > c.count / 2)
		purge();
	wake_service();
	gt__guard_unlock(&c.lk);
	if (called)
		free(handle);
	return called ? -EALREADY : 0;
}

static int watch(int fd, short events, const char *name, void (*fn)(void *), void *arg)
{
	struct gt__os *os = calling();
	struct gt_callback *cb;
	int err;

	if (!os)
		return -EPERM;
	if (fd < 0)
		return -EBADF;
	cb = make(os, name, fn, arg);
	if (!cb)
		return -ENOMEM;
	cb->fd = fd;
	cb->events = events;
	err = *watch_of(fd, events) ? -EEXIST : service_needed();
	if (!err) {
		cb->next = c.watches;
		c.watches = cb;
		err = arm(fd);
		if (err)
			unlink_watch(cb);
		wake_service();
	}
	return made(cb, err);
}

static int unwatch(int fd, short events)
{
	struct gt_callback *cb;
	int due;

	if (!calling())
		return -EPERM;
	gt__guard_lock(&c.lk);
	cb = *watch_of(fd, events);
	if (!cb) {
		gt__guard_unlock(&c.lk);
		return -ENOENT;
	}
	unlink_watch(cb);
	arm(fd);
	due = cb->due;
	cb->state = CANCELLED;
	wake_service();
	gt__guard_unlock(&c.lk);
	if (!due)
		free(cb);
	return 0;
}

int gt_on_readable(int fd, const char *name, void (*fn)(void *arg), void *arg)
{
	return watch(fd, POLLIN, name, fn, arg);
}

int gt_on_writable(int fd, const char *name, void (*fn)(void *arg), void *arg)
{
	return watch(fd, POLLOUT, name, fn, arg);
}

int gt_off_readable(int fd)
{
	return unwatch(fd, POLLIN);
}

int gt_off_writable(int fd)
{
	return unwatch(fd, POLLOUT);
}
