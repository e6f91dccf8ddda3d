/* SPDX-License-Identifier: MIT
 *
 * The net poller and the timers of fiber policies: one of the kernel's interfaces
 * (loop.h) and one heap, so that a wait with a timeout is in both and leaves both at once.
 *
 * A descriptor is asked for each time somebody waits for it. Nothing has to be known about
 * it between waits (loop_kept.c knows, and checks), so closing and reusing one is harmless.
 */
#ifndef GT_REACTOR_H
#define GT_REACTOR_H

#include "runtime/core/rt.h"

struct gt__loop;

/* On epoll. 0 or -errno. */
int gt__reactor_open(void);
/* On another interface; on epoll under the simulation. Only where one OS thread runs
 * all green threads. -EINVAL: see loop.h. */
int gt__reactor_open_on(const struct gt__loop *loop);
void gt__reactor_close(void);
/* After fork: what was asked of the kernel is the parent's; asks again. */
void gt__reactor_forked(void);

/* For struct gt__policy. */
int gt__reactor_sleep(struct gt__os *os, uint64_t deadline_ns);
int gt__reactor_io(struct gt__os *os, int fd, short events, uint64_t deadline_ns,
		   short *revents);

/* Makes ready whose event or time has come; waits for that until `until_ns` (0: does
 * not wait) or a kick. One OS thread at a time. Returns how many. */
unsigned gt__reactor_poll(struct gt__os *os, uint64_t until_ns);
/* Ends a wait in poll. Any OS thread. */
void gt__reactor_kick(void);
/* Green threads that wait here. */
uint32_t gt__reactor_waiters(void);

#endif
