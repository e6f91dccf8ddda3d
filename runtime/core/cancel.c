/* SPDX-License-Identifier: MIT
 *
 * gt_cancel: cancel.h is the idea. Whoever is asked ends by itself, by gt_exit, at a
 * wait or a safe point (POSIX's deferred cancellation); while a request is out, safe
 * points are wanted (GT__TICK_CANCEL).
 */
#include "runtime/core/cancel.h"

#include <errno.h>

#include "runtime/core/arena.h"

#define STOP_AGAIN_NS 20000u

static struct gt__os *calling(void)
{
	struct gt__os *os = gt__os();

	return os && os->current ? os : NULL;
}

void gt__cancel_open(void)
{
	gt__rt.cancels = 0;
	/* Another process can neither set our word nor order our memory. */
	gt__rt.cancel_fences =
		gt__rt.shared_ids || (!gt__rt.single && !gt__sys_barrier_is_known());
	if (gt__rt.shared_ids)
		__atomic_fetch_or(&gt__tick_wanted, GT__TICK_CANCEL, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&gt__tick_wanted, ~GT__TICK_CANCEL, __ATOMIC_RELAXED);
}

/* ------------------------------------------------------- the one who is asked */

int gt__cancel_due(const struct gt *self)
{
	const struct gt__wait_how *how = __atomic_load_n(&self->wait_how, __ATOMIC_RELAXED);
	uint32_t now = __atomic_load_n(&self->cancel, __ATOMIC_ACQUIRE);

	return (now & ~(uint32_t)GT__CANCEL_BUSY) == GT__CANCEL_ASKED && !self->no_wait &&
	       (!how || how->leave);
}

int gt__cancel_settle(struct gt *self)
{
	while (__atomic_load_n(&self->cancel, __ATOMIC_ACQUIRE) & GT__CANCEL_BUSY)
		gt__sys_relax();
	gt__acquired();
	return 1;
}

/* One request fewer is out. */
static void answered(void)
{
	if (gt__rt.shared_ids || __atomic_sub_fetch(&gt__rt.cancels, 1, __ATOMIC_SEQ_CST))
		return;
	__atomic_fetch_and(&gt__tick_wanted, ~GT__TICK_CANCEL, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&gt__rt.cancels, __ATOMIC_SEQ_CST))
		__atomic_fetch_or(&gt__tick_wanted, GT__TICK_CANCEL, __ATOMIC_SEQ_CST);
}

void gt__cancel_act(void)
{
	struct gt *self = gt__os()->current;

	__atomic_fetch_or(&self->cancel, GT__CANCEL_DONE, __ATOMIC_RELAXED);
	answered();
	gt_exit();
	__builtin_unreachable();
}

void gt__cancel_tick(struct gt__os *os)
{
	if (gt__cancel_due(os->current))
		gt__cancel_act();
}

void gt__cancel_over_late(struct gt *self, uint32_t was)
{
	gt__cancel_settle(self);
	if ((was & (GT__CANCEL_ASKED | GT__CANCEL_DONE)) == GT__CANCEL_ASKED)
		answered();
}

static int off(int more)
{
	struct gt__os *os = calling();
	struct gt *self;

	if (!os)
		return -EPERM;
	self = os->current;
	if (more > 0 && !self->cancel_off++)
		__atomic_fetch_or(&self->cancel, GT__CANCEL_OFF, __ATOMIC_RELEASE);
	else if (more < 0 && !self->cancel_off)
		return -EINVAL;
	else if (more < 0 && !--self->cancel_off)
		__atomic_fetch_and(&self->cancel, ~(uint32_t)GT__CANCEL_OFF,
				   __ATOMIC_RELEASE);
	return 0;
}

int gt_cancel_disable(void)
{
	return off(1);
}

int gt_cancel_enable(void)
{
	return off(-1);
}

/* ------------------------------------------------------------ the one who asks */

/* 1: it is ours to ask and to reach for; 0: somebody has asked; -ESRCH. */
static int ask(struct gt *gt)
{
	uint32_t was = __atomic_load_n(&gt->cancel, __ATOMIC_ACQUIRE);

	for (;;) {
		if (was & GT__CANCEL_OVER)
			return -ESRCH;
		if (was & GT__CANCEL_ASKED)
			return 0;
		if (__atomic_compare_exchange_n(&gt->cancel, &was,
						was | GT__CANCEL_ASKED | GT__CANCEL_BUSY, 0,
						__ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
			return 1;
	}
}

/* If it waits where it can be cancelled, it goes on. */
static void reach(struct gt__os *os, struct gt *gt)
{
	const struct gt__wait_how *how;

	if (!gt__rt.single && !gt__rt.cancel_fences)
		gt__sys_barrier();
	how = __atomic_load_n(&gt->wait_how, __ATOMIC_ACQUIRE);
	if (!how || !how->leave ||
	    __atomic_load_n(&gt->cancel, __ATOMIC_ACQUIRE) & GT__CANCEL_OFF)
		return;
	/* Of what lies outside the arena each process has its own. */
	if (gt__rt.shared_ids && gt->wait_on && !gt__arena_has(gt->wait_on))
		return;
	if (how->leave(os, gt))
		gt__ready(os, gt, GTV_BY_GT, os->current->id);
}

/* Also as a mark, which is seen on its lane. */
static void tell(struct gt__os *os, const struct gt *gt)
{
	union {
		struct {
			uint32_t obj, seq;
			uint64_t arg;
		} f;
		char text[GTV_TEXT_CHUNK];
	} mark = {.text = "asked to end"};

	GT_COUNT(os, CANCELS);
	gt__emit(&os->tr, GTV_EV_CANCEL, 0, 0, gt->id, os->current->id, 0, 0);
	gt__emit(&os->tr, GTV_EV_MARK, 0, 0, gt->id, mark.f.obj, mark.f.seq, mark.f.arg);
}

int gt_cancel(struct gt *gt)
{
	struct gt__os *os = calling();
	int first;

	if (!os)
		return -EPERM;
	if (!gt)
		return -EINVAL;
	first = ask(gt);
	if (first <= 0)
		return first;
	tell(os, gt);
	if (!gt__rt.shared_ids) {
		__atomic_fetch_add(&gt__rt.cancels, 1, __ATOMIC_SEQ_CST);
		__atomic_fetch_or(&gt__tick_wanted, GT__TICK_CANCEL, __ATOMIC_SEQ_CST);
	}
	reach(os, gt);
	/* From here on it may be gone. */
	__atomic_fetch_and(&gt->cancel, ~(uint32_t)GT__CANCEL_BUSY, __ATOMIC_RELEASE);
	return 0;
}

/* A signal that comes before the other is in the kernel is for nothing: so, again. */
void gt__stop(struct gt__stoppable *s)
{
	__atomic_store_n(&s->stop, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&s->back, __ATOMIC_ACQUIRE)) {
		if (s->pid)
			gt__sys_interrupt_process(s->pid);
		else
			gt__sys_interrupt(s->thread);
		gt__sys_sleep_until(gt__sys_now_ns() + STOP_AGAIN_NS);
	}
}
