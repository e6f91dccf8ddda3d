/* SPDX-License-Identifier: MIT
 *
 * One OS thread and one line of green threads that are ready: what the policies share
 * that have a single core and no threads beside it (single, coop, quantum). Nobody else
 * touches the line, so it needs no atomics and no inbox.
 *
 * green stays apart: its paths are measured by the nanosecond, and its pool of threads
 * makes green threads ready from outside.
 */
#ifndef GT_SOLO_H
#define GT_SOLO_H

#include "runtime/core/fiber.h"

/* gt__solo_run: `turn`, unless NULL, is told each time a green thread is chosen (1), and
 * when none is ready and the OS thread is about to sleep (0). */
int gt__solo_run(struct gt *first, struct gt__os *os, void (*turn)(int runs));

/* How a policy waits whose green threads are made ready by other OS threads, too, and
 * not by the poller. */
struct gt__solo_outside {
	void (*collect)(void); /* pushes who was made ready outside; before each choice */
	void (*idle)(struct gt__os *os); /* nobody is ready: sleeps until somebody may be */
};
int gt__solo_run_outside(struct gt *first, struct gt__os *os,
			 const struct gt__solo_outside *outside);

void gt__solo_push(struct gt *gt);
void gt__solo_push_front(struct gt *gt);
/* Takes who is next, NULL: nobody. Now and then it serves the poller, which may make
 * others ready: not for a caller that is about to wait, and could be among them. */
struct gt *gt__solo_next(struct gt__os *os);
/* The same for a caller that is about to wait: then the poller is left to the hub. */
struct gt *gt__solo_next_waiting(void);

/* For struct gt__policy. */
struct gt__os *gt__solo_os_new(void);
void gt__solo_os_free(struct gt__os *os);
uint32_t gt__solo_workers(void);
struct gt *gt__solo_alloc(size_t stack_bytes);
void gt__solo_start(struct gt__os *os, struct gt *gt);
void gt__solo_yield(struct gt__os *os);
struct gt__os *gt__solo_park(struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
			     void (*publish)(void *), void *arg);
void gt__solo_ready(struct gt__os *os, struct gt *gt);
void gt__solo_forked(struct gt__os *os);

#endif
