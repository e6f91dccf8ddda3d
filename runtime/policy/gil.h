/* SPDX-License-Identifier: MIT
 *
 * The global lock of gil2 and gil3, and 1:1 threads under it. A policy says when a
 * holder gives it up at a safe point, and whether waiters may ask for that; the rest is
 * the same.
 *
 * The lock is a flag with a line of waiters. A release wakes the first of them but hands
 * nothing over: who finds the lock held again waits again, a false wake-up, told as such
 * (ready, run, wait). Each operation is an event and is counted, futile ones too. It is
 * released around everything that waits, and around every system call that may.
 *
 * Requests and forced switching are CPython's since 3.2 (Antoine Pitrou's GIL): who has
 * waited for so long, while nobody else took the lock, asks its holder to drop it; and a
 * holder that was asked waits, once it has dropped the lock, until another has taken it:
 * else it would have it back before the one that was woken reaches a core.
 */
#ifndef GT_GIL_H
#define GT_GIL_H

#include "runtime/core/native.h"

/* For struct gt__policy's run. `kind`: the lock's, in the trace. ask_ns: after how long a
 * waiter asks (then gt__tick_wanted is 1 until it is taken); 0: never. */
int gt__gil_run(struct gt *first, struct gt__os *os, const char *kind, uint64_t ask_ns);

int gt__gil_holds(const struct gt *self);
/* Somebody wants it: in the line, or woken and on the way. Near enough, unguarded. */
int gt__gil_is_wanted(void);
/* What a drop leaves to do, with gt__gil_forced_wait. */
struct gt__gil_forced {
	int wait;
	uint32_t seen;
};
/* The holder. `asked`: because it was, and it wants it back: from now on it waits. */
struct gt__gil_forced gt__gil_drop(struct gt__os *os, int asked);
void gt__gil_forced_wait(const struct gt__gil_forced *forced);
/* `waits`: as the drop has told already. */
void gt__gil_take(struct gt__os *os, int waits);

/* For struct gt__policy. */
struct gt__os *gt__gil_park(struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
			    void (*publish)(void *), void *arg);
void gt__gil_yield(struct gt__os *os);
int gt__gil_sleep(struct gt__os *os, uint64_t deadline_ns);
int gt__gil_io(struct gt__os *os, int fd, short events, uint64_t deadline_ns,
	       short *revents);
long gt__gil_blocking(struct gt__os *os, uint32_t call_id, long (*fn)(void *), void *arg);
int gt__gil_set(struct gt__os *os, int acquire);
void gt__gil_forked(struct gt__os *os);

/* Names the GIL and says who holds it, for a trace that begins now. */
void gt__gil_tell(struct gtv_producer *tr);

#endif
