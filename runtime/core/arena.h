/* SPDX-License-Identifier: MIT
 *
 * Memory that all processes of a run under `procs` share, at the same address in each:
 * mapped before the first fork, inherited by all. Green threads, their stacks and their
 * channels lie in it, so that a queue of those who wait is valid wherever it is looked at.
 */
#ifndef GT_ARENA_H
#define GT_ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/core/registry.h"

/* What the processes of a run know in common. */
struct gt__common {
	uint64_t life;	   /* atomic: see native.c */
	uint32_t deadlock; /* all wait for one another: the run is to end */
	struct gt__registry registry;
	uint32_t ids[3]; /* the counters of struct gt__runtime, in their order */
};

/* A new arena for a new run; the last one's goes. -ENOMEM. */
int gt__arena_open(void);
/* The run is over: nothing more is taken from it, and what it holds stays readable. */
void gt__arena_close(void);
/* A process of the run is dead, and not yet reaped. May be called in a signal handler. */
void gt__arena_died(pid_t pid);
/* NULL: no arena is open. */
struct gt__common *gt__arena_common(void);
/* Owned, 16-byte aligned, not cleared; NULL: none left. By any process of the run. */
void *gt__arena_alloc(size_t bytes);
void gt__arena_free(void *at);
int gt__arena_has(const void *at);
/* A stack of whole pages, with a page below that may not be touched: by this process and
 * those it makes from now on. Returns its low end above that page; NULL: none left. */
void *gt__arena_stack_alloc(size_t bytes);
void gt__arena_stack_free(void *low, size_t bytes);
/* gt_shared_alloc, not cleared; gt_shared_free frees it. */
void *gt__shared_alloc(size_t bytes);

#endif
