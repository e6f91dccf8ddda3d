/* SPDX-License-Identifier: MIT
 *
 * Timers that call a function: timeouts of waits, gt_timer, tickers.
 *
 * Written on what every policy has: a green thread of ours, "timers", sleeps in the
 * policy's poller until the earliest deadline and then does what is due. It is there
 * while timers are, and 10 ms longer, so that a loop of waits with a timeout does not
 * make one each round; so a run lasts until its last timer. Under a GIL it goes without.
 * Under procs each process serves its own, whenever it waits.
 */
#ifndef GT_TIMER_H
#define GT_TIMER_H

#include "runtime/core/rt.h"

struct gt__timer {
	uint64_t deadline_ns;
	/* Called by the green thread "timers" with all timers locked: must not wait, nor
	 * use the functions below. May take objects' guards, so who holds one of those
	 * must not use them either. A time later than deadline_ns: again then; 0: no. */
	uint64_t (*fire)(struct gt__os *os, struct gt__timer *timer);
	uint32_t heap_idx;
};

/* Sets it, deadline_ns and fire being filled in. Borrows until it is stopped. 0,
 * -ENOMEM, -errno. Never switches. */
int gt__timer_start(struct gt__os *os, struct gt__timer *timer);
/* After this it does not fire, and is not firing. 1: it was still to fire. */
int gt__timer_stop(struct gt__timer *timer);
/* Of this process, under procs: when the next one is due, GT__NEVER without any; does
 * what is due; and in a new process: its parent's are not its own. */
uint64_t gt__timer_next(void);
void gt__timer_serve(struct gt__os *os);
void gt__timer_forked(void);
/* now + ns, the furthest possible if that is beyond. */
uint64_t gt__deadline_in(uint64_t ns);

#endif
