/* SPDX-License-Identifier: MIT
 *
 * Preemption by signal: a green thread that comes to no safe point is stopped in the
 * middle of its own code. The clock (or monitor) asks with a directed signal; its
 * handler, on the green thread's stack, calls what the policy gave, which switches away
 * as at a safe point. The signal's frame keeps all registers until the thread resumes,
 * on the same OS thread.
 *
 * That is done only where neither libc nor the runtime can be half-way through
 * something: see gt__preempt_text_holds, and gt_nopreempt_begin for what it cannot see.
 * A request that is refused stays with gt__tick_wanted, and is made again a little later.
 *
 * The signal is SIGURG, as Go's: ignored by default, so that a stray one does no harm,
 * passed on by debuggers, and hardly used. A handler that the program installed before
 * the run still gets those that are not ours.
 */
#ifndef GT_PREEMPT_H
#define GT_PREEMPT_H

#include "runtime/core/rt.h"

/* The values of a policy's parameter preempt=signal|points. */
enum gt__preempt_way { GT__PREEMPT_BY_SIGNAL, GT__PREEMPT_AT_POINTS };

/* From now on to gt__preempt_close requests lead to stop(os), which may switch and
 * returns once the thread resumes. Returns whether it is so; if not, GT_VERBOSE=1 has
 * the reason, and there are safe points only. */
int gt__preempt_open(enum gt__preempt_way way, void (*stop)(struct gt__os *os));
/* Nobody asks any more. */
void gt__preempt_close(void);

/* An OS thread that can be asked; all zero but `thread` at first. */
struct gt__preempt_target {
	pthread_t thread;
	uint32_t away, asking; /* atomic: see gt__preempt_away */
	uint32_t asked;	       /* atomic: signals sent */
	uint32_t settled;      /* those that are known to have come; its own */
};

/* The green thread on this OS thread of ours, which is alive, shall stop. From one OS
 * thread at a time. Returns whether a signal was sent: not if it is away. */
int gt__preempt_ask(struct gt__preempt_target *target);
/* No signal comes to the calling OS thread between away and back: what it calls there
 * is not cut short by EINTR. */
void gt__preempt_settle(struct gt__preempt_target *target);
static inline void gt__preempt_away(struct gt__preempt_target *target)
{
	__atomic_exchange_n(&target->away, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&target->asking, __ATOMIC_SEQ_CST) ||
	    __atomic_load_n(&target->asked, __ATOMIC_RELAXED) != target->settled)
		gt__preempt_settle(target);
}
static inline void gt__preempt_back(struct gt__preempt_target *target)
{
	__atomic_store_n(&target->away, 0, __ATOMIC_RELEASE);
}
/* Requests that came where it was not safe, since open. */
uint64_t gt__preempt_refused(void);
/* Stack that a green thread needs beside its own frames, in bytes. */
size_t gt__preempt_stack_bytes(void);

/* --- where it is safe (preempt_text.c) ------------------------------------ */

/* Finds the program's own code. NULL, or why it cannot be told apart. */
const char *gt__preempt_text_find(void);
/* pc is in it: neither in a library, nor the runtime, nor a linkage stub. */
int gt__preempt_text_holds(uintptr_t pc);

#endif
