/* SPDX-License-Identifier: MIT */
#include "runtime/fiber.h"

#include "runtime/cancel.h"

uint32_t gt__alive;

void gt__fiber_body(void *message)
{
	struct gt__worker *w = message;
	struct gt *self = w->os.current;

	gt__ctx_begun();
	gt__land(w);
	gt__call_body(self);
	gt__cancel_over(self);
}

static void after_joined(void *unused)
{
	(void)unused;
	gt__alive_sub();
}

static void after_exit(void *gt)
{
	gt__ended(gt__os(), gt);
	gt__alive_sub();
}

gt__after_fn *gt__fiber_ending(struct gt__os *os)
{
	struct gt *self = os->current, *joiner = gt__joiner_take(self);

	if (joiner)
		gt__ready(os, joiner, GTV_BY_GT, self->id);
	return joiner ? after_joined : after_exit;
}

struct gt *gt__fiber_alloc(size_t stack_bytes, void (*entry)(void *message))
{
	struct gt__worker *w = gt__worker_of(gt__os());
	struct gt *gt = gt__stack_alloc(&w->magazine, stack_bytes);
	void *low;
	size_t bytes;

	if (!gt)
		return NULL;
	bytes = gt__stack_usable(gt, &low);
	gt__ctx_make(&gt->ctx, low, bytes & ~(size_t)15, entry);
	return gt;
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
