/* SPDX-License-Identifier: MIT
 *
 * The loop's kernel interface: how the reactor asks which descriptors are ready. One
 * file each, from select to io_uring, behind this table; all give the same answers, so
 * a program behaves alike on each and only the cost differs.
 *
 * A descriptor is watched for one answer, in poll's bits, and then no more until it is
 * watched again. One of these is open at a time. Only epoll may be told to watch while
 * another OS thread waits; the others are for a loop on one OS thread.
 *
 * What differs, as in the kernel: select takes no descriptor from FD_SETSIZE up, and
 * knows no POLLHUP and POLLERR: it says POLLIN or POLLOUT then. A descriptor that is
 * closed while somebody waits for it is told (POLLNVAL) by select and poll alone.
 */
#ifndef GT_LOOP_H
#define GT_LOOP_H

#include <stddef.h>
#include <stdint.h>

struct gt__loop_event {
	int fd;
	short events;
};

struct gt__loop {
	const char *name;
	/* 0, or -errno: this kernel refuses it. NULL: it is always there. */
	int (*probe)(void);
	/* Watches kick_fd for reading for ever. 0 or -errno; -EINVAL: see watch. */
	int (*open)(int kick_fd);
	void (*close)(void);
	/* In place of what fd was watched for. 0, -ENOMEM, -EBADF; -EPERM: cannot be
	 * polled; -EINVAL: select's FD_SETSIZE. */
	int (*watch)(int fd, short events);
	/* Nobody waits for fd any more. NULL: to watch it in vain does no harm. */
	void (*forget)(int fd);
	/* Waits for at least one; timeout_ns: 0 does not wait, GT__NEVER waits for ever.
	 * How many, 0 too if interrupted, or -errno. */
	int (*wait)(struct gt__loop_event *events, int max, uint64_t timeout_ns);
};

/* What epoll is where all green threads are on one OS thread (loop_kept.c). */
extern const struct gt__loop gt__loop_kept;
extern const struct gt__loop gt__loop_select, gt__loop_poll, gt__loop_epoll, gt__loop_uring;

/* For a policy's parameter, and the table in that order. */
#define GT__LOOP_NAMES "select|poll|epoll|uring"
enum { GT__LOOP_SELECT, GT__LOOP_POLL, GT__LOOP_EPOLL, GT__LOOP_URING, GT__LOOPS };
extern const struct gt__loop *const gt__loops[GT__LOOPS];

/* 0; otherwise `error` says why this kernel does not let a program use it. */
int gt__loop_check(const struct gt__loop *loop, char *error, size_t error_bytes);
/* What epoll says of fd where other interfaces would call it ready: -EPERM, a file that
 * does not wait, -EBADF; 0. */
int gt__loop_pollable(int fd);
/* Makes room for index `fd` in a table of `one_bytes` each, new ones zero. 0, -ENOMEM. */
int gt__loop_grow(void **table, size_t one_bytes, uint32_t *max, int fd);

#endif
