/* SPDX-License-Identifier: MIT */
#include "runtime/core/fiber.h"

#include "runtime/core/cancel.h"

uint32_t gt__alive;

__attribute__((noinline)) void gt__fiber_body(void *message)
{
	struct gt__worker *w = message;
	struct gt *self = w->os.current;
	void *leave[GT__LEAVE_WORDS];

	gt__ctx_begun();
	gt__land(w);
	/* What gt__call_body does, without the cost of another frame. */
	self->leave = leave;
	if (!__builtin_setjmp(leave))
		self->fn(self->arg);
	gt__cancel_over(self);
}

void gt__fiber_ended(void *gt)
{
	gt__ended(gt__os(), gt);
	gt__alive_sub();
}

void gt__fiber_free(struct gt *gt)
{
	struct gt__worker *w = gt__worker_of(gt__os());

	gt__ctx_drop(&gt->ctx);
	gt__stack_free(&w->magazine, gt);
}

void gt__hub_run(struct gt__worker *w, struct gt *(*find)(struct gt__worker *w))
{
	struct gt *next;

	gt__ctx_adopt(&w->hub);
	while ((next = find(w))) {
		w->os.about = gt__ticks();
		gt__tell_switch(&w->os, GTV_EV_SWITCH_RUN, 0, NULL, next, 0);
		gt__fiber_go(w, &w->hub, next);
	}
}

/* ------------------------------------------------------------------ queue */

void gt__queue_push_all(struct gt__queue *q, struct gt *first, struct gt *last,
			uint32_t count)
{
	last->next = NULL;
	gt__lk_lock(&q->lk);
	if (q->first)
		q->last->next = first;
	else
		q->first = first;
	q->last = last;
	/* Ordered before the pusher looks for a sleeping worker. */
	__atomic_fetch_add(&q->count, count, __ATOMIC_SEQ_CST);
	gt__lk_unlock(&q->lk);
}

void gt__queue_push(struct gt__queue *q, struct gt *gt)
{
	gt__queue_push_all(q, gt, gt, 1);
}

struct gt *gt__queue_take(struct gt__queue *q, uint32_t max, uint32_t *count)
{
	struct gt *first, *last = NULL;

	*count = 0;
	gt__lk_lock(&q->lk);
	first = q->first;
	for (struct gt *gt = first; gt && *count < max; gt = gt->next) {
		last = gt;
		(*count)++;
	}
	if (last) {
		q->first = last->next;
		last->next = NULL;
		__atomic_fetch_sub(&q->count, *count, __ATOMIC_RELAXED);
	}
	gt__lk_unlock(&q->lk);
	gt__acquired();
	return first;
}
