/* SPDX-License-Identifier: MIT
 *
 * Green threads as fibers: what the policies share whose workers switch between
 * them in user space. A policy decides who is next; this does the rest.
 *
 * Whoever stops must not be found by another worker before its context is saved. So
 * what publishes it is not called before the switch but left with the worker, and
 * whoever goes on calls it first ("lands").
 */
#ifndef GT_FIBER_H
#define GT_FIBER_H

#include "runtime/core/rt.h"
#include "runtime/os/stack.h"

/* An OS thread that runs fibers. Its own context, the hub, looks for work. */
struct gt__worker {
	struct gt__os os; /* first: one is the other */
	void (*after)(void *arg);
	void *after_arg;
	struct gt__ctx hub;
	struct gt__magazine magazine;
	uint32_t index;
};

static inline struct gt__worker *gt__worker_of(struct gt__os *os)
{
	return (struct gt__worker *)os;
}

static inline void gt__land(struct gt__worker *w)
{
	void (*after)(void *) = w->after;

	if (after) {
		w->after = NULL;
		after(w->after_arg);
	}
}

/* Stops the context `from` and lets `next` (NULL: the hub) go on. Returns the worker
 * on which `from` goes on later. */
static inline __attribute__((always_inline)) struct gt__worker *gt__fiber_go(
	struct gt__worker *w, struct gt__ctx *from, struct gt *next)
{
	w->os.current = next;
	w = gt__ctx_switch(from, next ? &next->ctx : &w->hub, w);
	gt__land(w);
	return w;
}

/* The current fiber stops as gt__park says, for `next`. */
static inline __attribute__((always_inline)) struct gt__os *gt__fiber_park(
	struct gt__os *os, struct gt *next, uint16_t kind, uint8_t aux, uint32_t what,
	void (*publish)(void *), void *arg)
{
	struct gt__worker *w = gt__worker_of(os);
	struct gt *self = os->current;

	gt__tell_wait(os, kind, aux, self, next, what);
	w->after = publish;
	w->after_arg = arg;
	return &gt__fiber_go(w, &self->ctx, next)->os;
}

/* gt__park for paths that are worth code of their own: the switch is made right here,
 * and the caller's registers are saved once. `publish` must only let others in: where
 * there is but one OS thread, it may be left out. */
static inline __attribute__((always_inline)) struct gt__os *gt__park_here(
	struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
	void (*publish)(void *), void *arg)
{
	const struct gt__policy *policy = gt__rt.policy;

	if (__builtin_expect(!policy->next, 0))
		return policy->park(os, kind, aux, what, publish, arg);
	return gt__fiber_park(os, policy->next(os), kind, aux, what,
			      gt__rt.single ? NULL : publish, arg);
}

/* The same where there is but one OS thread: only a policy whose next is NULL may ask for
 * what publishes. */
static inline __attribute__((always_inline)) struct gt__os *gt__park_alone(
	struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
	void (*publish)(void *), void *arg)
{
	const struct gt__policy *policy = gt__rt.policy;

	if (__builtin_expect(!policy->next, 0))
		return policy->park(os, kind, aux, what, publish, arg);
	return gt__fiber_park(os, policy->next(os), kind, aux, what, NULL, NULL);
}

/* The current fiber ends for `next`; `joined` says that its joiner is awake already. */
static inline __attribute__((noreturn)) void gt__fiber_exit(struct gt__os *os,
							    struct gt *next,
							    void (*after)(void *arg))
{
	struct gt__worker *w = gt__worker_of(os);
	struct gt *self = os->current;

	GT_COUNT(os, EXITS);
	gt__tell_switch(os, GTV_EV_SWITCH_EXIT, 0, self, next, 0);
	w->after = after;
	w->after_arg = self;
	os->current = next;
	gt__ctx_leave(&self->ctx, next ? &next->ctx : &w->hub, w);
}

/* A fiber's beginning: lands, and calls its function. */
void gt__fiber_body(void *message);
/* entry: calls gt__fiber_body, then ends by gt__fiber_exit. */
static inline __attribute__((always_inline)) struct gt *gt__fiber_alloc(
	size_t stack_bytes, void (*entry)(void *message))
{
	struct gt__worker *w = gt__worker_of(gt__os());
	struct gt *gt = gt__stack_alloc(&w->magazine, stack_bytes);
	void *low;
	size_t bytes;

	if (!gt)
		return NULL;
	bytes = gt__stack_usable(gt, &low);
	gt__ctx_make(&gt->ctx, low, bytes, entry); /* a multiple of 64, as gt lies there */
	return gt;
}
void gt__fiber_free(struct gt *gt);
/* The scheduler: runs what `find` returns until it returns NULL. */
void gt__hub_run(struct gt__worker *w, struct gt *(*find)(struct gt__worker *w));

/* Green threads that have not ended; the run is over at 0. */
extern uint32_t gt__alive;
static inline void gt__alive_add(void)
{
	if (gt__rt.single)
		gt__alive++;
	else
		__atomic_fetch_add(&gt__alive, 1, __ATOMIC_RELAXED);
}
/* How many are left. */
static inline uint32_t gt__alive_sub(void)
{
	return gt__rt.single ? --gt__alive
			     : __atomic_sub_fetch(&gt__alive, 1, __ATOMIC_ACQ_REL);
}

/* The end of the current fiber where one OS thread runs them all, and `ready` is its
 * policy's: makes a joiner that waits already ready, so that it can be next (it frees the
 * stack that we stand on, but does not run before we have left it, nor does anybody look
 * how many are left). Returns what gt__fiber_exit is to do after. */
typedef void gt__after_fn(void *arg);
void gt__fiber_ended(void *gt);
static inline __attribute__((always_inline)) gt__after_fn *gt__fiber_ending(
	struct gt__os *os, void (*ready)(struct gt__os *os, struct gt *gt))
{
	struct gt *self = os->current, *joiner = gt__joiner_take(self);

	if (!joiner)
		return gt__fiber_ended;
	gt__tell_ready(os, joiner, GTV_BY_GT, self->id);
	ready(os, joiner);
	gt__alive--;
	return NULL;
}

/* --- a queue that any OS thread may fill ---------------------------------- */

struct gt__queue {
	uint32_t lk;
	uint32_t count; /* atomic: may be looked at without the lock */
	struct gt *first, *last;
};

void gt__queue_push(struct gt__queue *q, struct gt *gt);
/* `first`…`last` are linked by next. */
void gt__queue_push_all(struct gt__queue *q, struct gt *first, struct gt *last,
			uint32_t count);
/* Takes up to max, linked by next, and *count. NULL: empty. */
struct gt *gt__queue_take(struct gt__queue *q, uint32_t max, uint32_t *count);
static inline uint32_t gt__queue_count(const struct gt__queue *q)
{
	return __atomic_load_n(&q->count, __ATOMIC_SEQ_CST);
}

#endif
