/* SPDX-License-Identifier: MIT
 *
 * Blocking calls under gmp, as Go makes its system calls: by the worker itself, which
 * leaves its processor where others may take it. Entering is one store to the
 * processor's status, and coming back one compare-and-swap: a short call costs little
 * more. The monitor takes the processor of a longer one away (gmp_monitor.c).
 *
 * The call is made on the OS thread's own stack, by the hub, for it may need more than
 * a green thread's; and so that the green thread, whose context is saved by then, can
 * go on elsewhere at once.
 *
 * A worker that others are to go on on cannot be away: then the pool makes the call.
 */
#include "runtime/policy/gmp.h"
#include "runtime/core/pin.h"
#include "runtime/policy/pool.h"

struct gt__gmp_call {
	struct gt *gt;
	long (*fn)(void *);
	void *arg;
	long result;
	uint32_t call_id;
};

long gt__gmp_blocking(struct gt__os *os, uint32_t call_id, long (*fn)(void *), void *arg)
{
	struct gt__gmp_worker *w = gt__gmp_worker_of(os);
	struct gt__gmp_call call = {
		.gt = os->current, .fn = fn, .arg = arg, .call_id = call_id};

	if (gt__home_to_others(os, call.gt) && !gt__gmp.alone)
		return gt__pool_call(os, call_id, fn, arg);
	gt__tell_wait(os, GTV_EV_SWITCH_SYSCALL, 0, call.gt, NULL, call_id);
	w->call = &call;
	gt__fiber_go(&w->w, &call.gt->ctx, NULL);
	return call.result;
}

/* Its processor was taken: gt goes on with an idle one, here, or else wherever the
 * next one comes free (or here once we have one: gt__gmp_rest sees to that). */
static struct gt *came_late(struct gt__gmp_worker *w, struct gt *gt)
{
	struct gt__proc *p;

	w->p = NULL;
	p = gt__gmp_proc_idle_get(w);
	gt__tell_ready(&w->w.os, gt, GTV_BY_POOL, 0);
	if (p) {
		gt__gmp_proc_take(w, p);
	} else if (gt->home) {
		gt__queue_push(&w->own, gt);
		gt = NULL;
	} else {
		gt__queue_push(&gt__gmp.global, gt);
		gt__gmp_wake(); /* one may have become idle since */
		gt = NULL;
	}
	/* Only now: before, it would look as if nothing could wake those who wait. */
	__atomic_fetch_sub(&gt__gmp.away, 1, __ATOMIC_SEQ_CST);
	return gt;
}

struct gt *gt__gmp_call_make(struct gt__gmp_worker *w)
{
	struct gt__gmp_call *call = w->call;
	struct gt__proc *p = w->p;
	struct gt *gt = call->gt;
	uint32_t in = gt__proc_status(GT__PROC_CALL, w->w.index);

	w->call = NULL;
	__atomic_store_n(&p->call_gt, gt->id, __ATOMIC_RELAXED);
	__atomic_store_n(&p->call_tick, p->call_tick + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&p->status, in, __ATOMIC_RELEASE);
	gt__preempt_away(&w->target);
	call->result = gt__call_run(&w->w.os, gt->id, call->call_id, call->fn, call->arg);
	gt__preempt_back(&w->target);
	if (!__atomic_compare_exchange_n(&p->status, &in,
					 gt__proc_status(GT__PROC_RUNNING, w->w.index), 0,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return came_late(w, gt);
	__atomic_store_n(&p->call_gt, 0, __ATOMIC_RELAXED);
	gt__tell_ready(&w->w.os, gt, GTV_BY_POOL, 0);
	return gt;
}
