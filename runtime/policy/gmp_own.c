/* SPDX-License-Identifier: MIT
 *
 * Green threads that may go on only on one worker: pinned ones (pin.h), and those that
 * a signal has stopped, for a signal's frame, and what the code around it has computed
 * of errno's address, are its OS thread's. Each worker has a queue of its own for them,
 * from which nobody steals, and which any OS thread may fill.
 *
 * They must not starve, though a processor goes from worker to worker:
 *   - beside the processor's queue they take turns: as many as there are when the worker
 *     first looks, behind those that are in that queue then (and one of the global
 *     queue's, if there are some);
 *   - a worker that has some, but no processor, gets the next idle one; if there is none,
 *     it wants one, and gets that of the first worker whose slice ends, or whose turn it
 *     is to see to others (gmp_idle.c);
 *   - a worker that others are to go on on makes no blocking call itself: the pool does
 *     (gmp_call.c).
 */
#include "runtime/policy/gmp.h"
#include "runtime/core/pin.h"

void gt__gmp_own_put(struct gt__os *os, struct gt *gt)
{
	struct gt__os *home = gt->home;

	gt__queue_push(&gt__gmp_worker_of(home)->own, gt);
	if (os != home) /* else it will look */
		gt__gmp_own_seek(gt__gmp_worker_of(home));
}

struct gt *gt__gmp_own_any(struct gt__gmp_worker *w)
{
	uint32_t count;
	struct gt *gt = gt__queue_take(&w->own, 1, &count);

	if (gt && w->turn.left)
		w->turn.left--;
	return gt;
}

/* The next turn begins at the end of the processor's queue. */
static void turn_begin(struct gt__gmp_worker *w)
{
	w->turn.left = gt__queue_count(&w->own);
	w->turn.of = w->p;
	w->turn.after = w->p->local.tail;
	w->turn.global = gt__queue_count(&gt__gmp.global) != 0;
}

struct gt *gt__gmp_own_get(struct gt__gmp_worker *w)
{
	uint32_t head = __atomic_load_n(&w->p->local.head, __ATOMIC_RELAXED);

	if (!w->turn.left)
		turn_begin(w);
	if (w->turn.of == w->p && (int32_t)(head - w->turn.after) < 0)
		return NULL;
	if (w->turn.global) {
		w->turn.global = 0;
		return NULL;
	}
	return gt__gmp_own_any(w);
}
