/* SPDX-License-Identifier: MIT
 *
 * The monitor of a loop, as gevent has one: an OS thread of its own that looks now and
 * then whether the loop has gone on, and says so if it has not for too long: a mark in
 * the trace, "loop is blocked", and with GT_VERBOSE=1 one line on stderr. The loop itself
 * adds who it was, once that one has let go of it.
 *
 * There is one only if somebody would hear it; while the loop sleeps, it sleeps too.
 */
#ifndef GT_WATCH_H
#define GT_WATCH_H

#include "runtime/core/rt.h"

/* The loop's words, atomic. */
struct gt__watched {
	/* Changes with each of its choices, which is how one sees that it goes on: the
	 * lower half says how many are left until it has something else to see to, the
	 * upper how often it had. */
	uint64_t picks;
	uint32_t blocked; /* the monitor has said so; that is with the next choice */
	uint32_t rests;	  /* futex: the monitor sleeps until the loop goes on */
};

/* So many choices are left from now on. */
static inline void gt__watch_left(struct gt__watched *loop, uint64_t seen, uint32_t left)
{
	__atomic_store_n(&loop->picks, ((seen >> 32) + 1) << 32 | left, __ATOMIC_RELAXED);
}

/* `sleeping`: not 0 while the loop waits for events. Without an OS thread to be had there
 * is no monitor. */
void gt__watch_open(struct gt__os *os, struct gt__watched *loop, const uint32_t *sleeping,
		    uint64_t over_ns);
void gt__watch_close(void);
/* After fork the monitor is not there. */
void gt__watch_forked(void);
void gt__watch_wake(struct gt__watched *loop);
/* The loop slept, and goes on. */
static inline void gt__watch_on(struct gt__watched *loop)
{
	if (__builtin_expect(__atomic_load_n(&loop->rests, __ATOMIC_RELAXED), 0))
		gt__watch_wake(loop);
}
/* When no choice is left, by the loop, before the current green thread stops. */
void gt__watch_tell(struct gt__os *os, struct gt__watched *loop);

#endif
