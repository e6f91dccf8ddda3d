/* SPDX-License-Identifier: MIT
 *
 * What the simulated kernel does, as events: which thread is on which core, who wakes
 * and starts whom. All threads of a process share one ring, in the order in which the
 * simulation lets things happen; so a seed gives the same bytes each time. Nothing here
 * costs virtual time. When nobody listens, all do nothing.
 */
#ifndef GT_SIM_TRACE_H
#define GT_SIM_TRACE_H

#include <stdint.h>

struct gt__sim_thread;

/* A run begins on `cores` cores. Returns the virtual pid, which is the first thread's
 * tid, and moves *clock_ns on to where those before in this trace have come. */
uint32_t gt__sim_trace_begin(unsigned cores, uint64_t *clock_ns);
/* The simulation is on: tells of the process and of `first`, on the first core. */
void gt__sim_trace_begun(const struct gt__sim_thread *first, uint64_t now_ns);
/* t comes to a core, leaves it (why: GTV_SIM_*), wakes another (NULL: time does, or the
 * world outside), starts one. */
void gt__sim_trace_on(const struct gt__sim_thread *t, unsigned core, uint64_t now_ns);
void gt__sim_trace_off(const struct gt__sim_thread *t, uint8_t why, uint64_t now_ns);
void gt__sim_trace_wake(const struct gt__sim_thread *t, const struct gt__sim_thread *woken,
			uint64_t now_ns);
void gt__sim_trace_start(const struct gt__sim_thread *t, const struct gt__sim_thread *child,
			 uint64_t now_ns);
/* Around fork: the child's pid (0: not traced); and in the child, with its first thread. */
uint32_t gt__sim_trace_fork(const struct gt__sim_thread *t, uint64_t now_ns);
void gt__sim_trace_forked(const struct gt__sim_thread *first, unsigned cores,
			  uint64_t now_ns);

#endif
