/* SPDX-License-Identifier: MIT
 *
 * A line of green threads that wait for something, first come first served, perhaps
 * for so long only: what conditions, reader-writer locks, semaphores and wait groups
 * are made of. Whoever lets one go takes it out under the guard, and makes it ready
 * once the guard is released.
 */
#ifndef GT_WAIT_H
#define GT_WAIT_H

#include "runtime/core/cancel.h"
#include "runtime/io/timer.h"

/* One that waits, on its own stack. */
struct gt__waiting {
	struct gt__timer timer; /* first: one is the other */
	struct gt__waiting *next, *prev;
	struct gt *gt;
	struct gt__waitline *line;
	uint32_t state;
	uint32_t writes; /* reader-writer locks: wants it alone */
};

static inline void gt__wait_guard(struct gt__waitline *line)
{
	gt__guard_lock(&line->guard);
}

static inline void gt__wait_unguard(struct gt__waitline *line)
{
	gt__guard_unlock(&line->guard);
}

/* Its number among channels or locks, told to the trace with its name at first use;
 * `kind` is what it is called without a name, and the kind of a lock. */
uint32_t gt__wait_chan_id(struct gt__os *os, struct gt__waitline *line, const char *kind);
uint32_t gt__wait_lock_id(struct gt__os *os, struct gt__waitline *line, const char *kind);

/* Before the guard is taken: from here on the wait is over at timeout_ns (negative:
 * never). 0 or -errno. */
int gt__wait_until(struct gt__os *os, struct gt__waitline *line, struct gt__waiting *me,
		   int64_t timeout_ns);
/* The guard is held, and released. 0: somebody took us out; -ETIMEDOUT; GT__CANCELLED. */
int gt__wait_here(struct gt__os *os, struct gt__waitline *line, struct gt__waiting *me,
		  const struct gt__wait_how *how, uint16_t kind, uint32_t what);
/* For struct gt__wait_how. */
int gt__wait_leave(struct gt__os *os, struct gt *gt);
/* After a wait with a timeout, or without it: nothing refers to `me` any more. */
void gt__wait_over(struct gt__waiting *me, int64_t timeout_ns);

/* Takes the first out, NULL if there is none. The guard is held. */
struct gt__waiting *gt__wait_take(struct gt__waitline *line);
/* All that a list of them, linked by next, names go on. The guard is not held. */
void gt__wait_release(struct gt__os *os, struct gt__waiting *list);

#endif
