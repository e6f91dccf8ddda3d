/* SPDX-License-Identifier: MIT
 *
 * The pool of OS threads that make blocking calls for fibers. Threads are started as
 * they are needed, up to a maximum, and stay until the run is over.
 */
#ifndef GT_POOL_H
#define GT_POOL_H

#include "runtime/core/rt.h"

struct gt__stoppable;

void gt__pool_open(uint32_t threads_max);
/* Waits for the threads' ends. Nothing may be pending. */
void gt__pool_close(void);
/* After fork none of the threads is there. */
void gt__pool_forked(void);
/* For struct gt__policy. */
long gt__pool_call(struct gt__os *os, uint32_t call_id, long (*fn)(void *), void *arg);
/* The same for any kind of wait, GTV_EV_SWITCH_*, that a call of fn stands for: `aux`
 * and `what` are the event's, `name` is the call's in the trace. fn gives up when
 * `stoppable` says so; then, GT__CANCELLED. Only where one OS thread runs all green
 * threads. */
long gt__pool_wait(struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
		   const char *name, long (*fn)(void *), void *arg,
		   struct gt__stoppable *stoppable);
/* Calls not yet returned to a queue. */
uint32_t gt__pool_pending(void);

/* The call itself, told to the trace. */
long gt__call_run(struct gt__os *os, uint32_t gt_id, uint32_t call_id, long (*fn)(void *),
		  void *arg);

#endif
