/* SPDX-License-Identifier: MIT
 *
 * An OS thread of ours: a worker, a pool thread, a green thread's own under 1:1. It
 * has a ring to write events to and counters of its own. The counters are the
 * runtime's truth: they are added to where the thing is done, traced or not, and
 * never derived from events (GT_STATS prints their sum).
 */
#ifndef GT_OS_H
#define GT_OS_H

#include "runtime/os/overflow.h"
#include "runtime/os/ticks.h"
#include "runtime/core/trace.h"

struct gt;

struct gt__os {
	struct gtv_producer tr;
	struct gt *current; /* the green thread that runs here, NULL none */
	uint32_t is_worker; /* it may switch: not a pool thread */
	uint32_t number;    /* as it told the trace, plus 1; 0: it is no worker (now) */
	uint32_t homed;	    /* green threads that are to go on here; its own */
	uint32_t tid;
	uint64_t n[GTV_COUNT_MAX];
	uint64_t about;		     /* gt__ticks of not long ago */
	uint64_t seldom;	     /* a mask: of how many waits one reads them */
	struct gt__os *next, **link; /* of all that are alive */
	/* Last: the stack of its signal handlers; touched only by them. */
	char alternate[GT__ALTERNATE_BYTES] __attribute__((aligned(16)));
};

/* gt__ticks, or what they were: reading them costs more than a wait may, so where green
 * threads switch in user space every 64th wait does, and who goes on from the hub. */
static inline uint64_t gt__os_about(struct gt__os *os, uint64_t count)
{
	if (__builtin_expect(!(count & os->seldom), 0))
		os->about = gt__ticks();
	return os->about;
}

#define GT_COUNT(os, ID) ((os)->n[GTV_COUNT_##ID]++)

/* The calling OS thread's, NULL if it is not one of ours. A green thread may go on
 * elsewhere after a switch, so a function asks once, before it switches; what
 * switches returns the new one. */
#ifdef __x86_64__
extern _Thread_local struct gt__os *gt__os_tls __attribute__((tls_model("initial-exec")));
static inline struct gt__os *gt__os(void)
{
	return gt__os_tls;
}
#else
/* Elsewhere compilers keep the thread pointer in a register across the switch. */
struct gt__os *gt__os(void);
#endif

/* For the simulation, whose threads share a real one. */
void gt__os_tls_set(struct gt__os *os);

/* Makes the calling OS thread one of ours: claims a ring, joins the registry. */
void gt__os_begin(struct gt__os *os);
/* The end of that: closes the ring, adds the counters to the process's. */
void gt__os_end(struct gt__os *os);

/* The calling OS thread is a worker from now on, and no longer. */
void gt__os_worker_start(struct gt__os *os, uint32_t index);
void gt__os_worker_stop(struct gt__os *os, uint32_t index);

/* Whether an OS thread of ours runs gt now; 0 too if that cannot be found out. */
int gt__os_runs(const struct gt *gt);

/* 0, or -EBUSY: the list of OS threads is being changed, perhaps by whom a signal
 * interrupted. */
int gt__os_all_try(void);
void gt__os_all_leave(void);
/* Within the two: has all of them look at the trace at their next event; the OS thread
 * that runs gt, 0 none; PROC_START and the policy, for a trace that begins now. */
void gt__os_all_switch_on(void);
uint32_t gt__os_tid_of(const struct gt *gt);
void gt__os_all_tell_workers(struct gtv_producer *tr); /* WORKER_STATE */
void gt__process_tell(struct gtv_producer *tr);

/* Once a process: reads GT_STATS and the tracer's environment, sees to fork. */
void gt__process_begin(void);
/* Before _exit: what exit would do for us. */
void gt__process_leave(void);
/* Once a run: PROC_START (again only if it says something new) and the policy. */
void gt__process_announce(struct gt__os *os, uint32_t workers, uint32_t flags,
			  const char *policy);
/* A blocking call's name as a small number, the same for the same text; 0 when there
 * are too many. Tells the trace at its first use. */
uint32_t gt__call_id(struct gt__os *os, const char *name);
/* The sum over all OS threads, and what the rings dropped. */
void gt__process_counts(uint64_t counts[GTV_COUNT_MAX], uint64_t *lost);

#endif
