/* SPDX-License-Identifier: MIT
 *
 * Green threads as OS threads (1:1): what the policies share that leave scheduling to
 * the kernel. Events are the same as those of fibers: a thread that waits switches to
 * the scheduler (obj 0), and one that goes on is run by it.
 */
#ifndef GT_NATIVE_H
#define GT_NATIVE_H

#include "runtime/core/rt.h"

/* Called in the thread, after its first SWITCH_RUN and before its SWITCH_EXIT. Set by
 * the policy before the run; NULL: nothing to do. */
struct gt__native_hooks {
	void (*begin)(struct gt__os *os);
	void (*end)(struct gt__os *os);
};

int gt__native_run(struct gt *first, struct gt__os *os,
		   const struct gt__native_hooks *hooks);
struct gt__os *gt__native_os_new(void);
void gt__native_os_free(struct gt__os *os);
uint32_t gt__native_workers(void);
struct gt *gt__native_alloc(size_t stack_bytes);
void gt__native_free(struct gt *gt);
void gt__native_start(struct gt__os *os, struct gt *gt);
struct gt__os *gt__native_park(struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
			       void (*publish)(void *), void *arg);
void gt__native_ready(struct gt__os *os, struct gt *gt);
void gt__native_yield(struct gt__os *os);
int gt__native_sleep(struct gt__os *os, uint64_t deadline_ns);
int gt__native_io(struct gt__os *os, int fd, short events, uint64_t deadline_ns,
		  short *revents);
long gt__native_blocking(struct gt__os *os, uint32_t call_id, long (*fn)(void *),
			 void *arg);
void gt__native_forked(struct gt__os *os);

/* Around a sleep or poll in the kernel, which others may end: `stop` of *s says so. Goes:
 * GT__CANCELLED: it is not to begin. Came back: told as ready; 0 or GT__CANCELLED. */
struct gt__stoppable;
int gt__native_goes(struct gt__os *os, struct gt__stoppable *s);
int gt__native_came_back(struct gt__os *os, struct gt__stoppable *s, enum gtv_by by);

/* The calling green thread sleeps until ready wakes it, or deadline_ns. Returns
 * whether it was woken. */
int gt__native_wait(struct gt *self, uint64_t deadline_ns);
void gt__native_wake(struct gt *gt);
/* It goes on: the SWITCH_RUN. */
void gt__native_resumed(struct gt__os *os);

#endif
