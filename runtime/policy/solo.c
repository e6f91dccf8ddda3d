/* SPDX-License-Identifier: MIT */
#include "runtime/policy/solo.h"

#include "runtime/io/reactor.h"

/* Choices after which the poller is looked at although green threads are ready. */
#define TURNS_PER_POLL 64u

static struct {
	struct gt *first, *last; /* ready; last is valid if first is */
	uint32_t turns_left;
	int prioritised; /* some green thread of this run asked for a priority */
	void (*turn)(int runs);
	const struct gt__solo_outside *outside; /* NULL: the poller is all there is */
	struct gt__worker worker;
} s;

/* Behind all that are as urgent, before all that are less so. */
static void push_in_order(struct gt *gt)
{
	struct gt **at = &s.first;

	while (*at && (*at)->priority <= gt->priority)
		at = &(*at)->next;
	gt->next = *at;
	*at = gt;
	if (!gt->next)
		s.last = gt;
}

void gt__solo_push(struct gt *gt)
{
	if (s.prioritised) {
		push_in_order(gt);
		return;
	}
	gt->next = NULL;
	if (s.first)
		s.last->next = gt;
	else
		s.first = gt;
	s.last = gt;
}

void gt__solo_push_front(struct gt *gt)
{
	if (s.prioritised && s.first && s.first->priority < gt->priority) {
		push_in_order(gt);
		return;
	}
	gt->next = s.first;
	if (!s.first)
		s.last = gt;
	s.first = gt;
}

static struct gt *pop(void)
{
	struct gt *gt;

	if (s.outside)
		s.outside->collect();
	gt = s.first;
	if (!gt)
		return NULL;
	s.first = gt->next;
	if (s.turn)
		s.turn(1);
	return gt;
}

struct gt *gt__solo_next(struct gt__os *os)
{
	if (--s.turns_left == 0) {
		s.turns_left = TURNS_PER_POLL;
		if (gt__reactor_waiters())
			gt__reactor_poll(os, 0);
	}
	return pop();
}

struct gt *gt__solo_next_waiting(void)
{
	if (--s.turns_left == 0) {
		s.turns_left = 1;
		if (gt__reactor_waiters())
			return NULL;
		s.turns_left = TURNS_PER_POLL;
	}
	return pop();
}

void gt__solo_yield(struct gt__os *os)
{
	struct gt *self = os->current, *next = gt__solo_next(os);

	if (!next)
		return;
	gt__solo_push(self);
	GT_COUNT(os, YIELDS);
	gt__tell_switch(os, GTV_EV_SWITCH_YIELD, 0, self, next, 0);
	gt__fiber_go(gt__worker_of(os), &self->ctx, next);
}

struct gt__os *gt__solo_park(struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
			     void (*publish)(void *), void *arg)
{
	return gt__fiber_park(os, gt__solo_next_waiting(), kind, aux, what, publish, arg);
}

void gt__solo_ready(struct gt__os *os, struct gt *gt)
{
	(void)os;
	gt__solo_push(gt);
}

void gt__solo_start(struct gt__os *os, struct gt *gt)
{
	(void)os;
	gt__alive_add();
	if (gt->priority)
		s.prioritised = 1;
	gt__solo_push(gt);
}

static void entry(void *message)
{
	struct gt__os *os;
	gt__after_fn *after;

	gt__fiber_body(message);
	os = gt__os();
	after = gt__fiber_ending(os, gt__rt.policy->ready);
	gt__fiber_exit(os, gt__solo_next(os), after);
}

/* Nothing is ready: sleeps in the poller, unless nothing could end that sleep. */
static void idle(struct gt__os *os)
{
	if (s.outside) {
		s.outside->idle(os);
		return;
	}
	if (!gt__reactor_waiters())
		gt__deadlock(gt__alive);
	if (s.turn)
		s.turn(0);
	gt__emit(&os->tr, GTV_EV_PARK, 0, 0, 0, 0, 0, 0);
	gt__reactor_poll(os, GT__NEVER);
	gt__emit(&os->tr, GTV_EV_UNPARK, 0, 0, 0, 0, 0, 0);
}

static struct gt *find(struct gt__worker *w)
{
	struct gt *gt;

	while (!(gt = gt__solo_next(&w->os))) {
		if (!gt__alive)
			return NULL;
		idle(&w->os);
	}
	return gt;
}

int gt__solo_run(struct gt *first, struct gt__os *os, void (*turn)(int runs))
{
	struct gt__worker *w = gt__worker_of(os);
	int err = gt__reactor_open();

	if (err)
		return err;
	s.turn = turn;
	s.prioritised = 0;
	s.turns_left = TURNS_PER_POLL;
	gt__os_worker_start(os, 0);
	gt__solo_start(os, first);
	gt__hub_run(w, find);
	gt__os_worker_stop(os, 0);
	gt__reactor_close();
	gt__magazine_empty(&w->magazine);
	gt__stack_pool_drain();
	s.outside = NULL;
	return 0;
}

int gt__solo_run_outside(struct gt *first, struct gt__os *os,
			 const struct gt__solo_outside *outside)
{
	s.outside = outside;
	return gt__solo_run(first, os, NULL);
}

struct gt *gt__solo_alloc(size_t stack_bytes)
{
	return gt__fiber_alloc(stack_bytes, entry);
}

uint32_t gt__solo_workers(void)
{
	return 1;
}

struct gt__os *gt__solo_os_new(void)
{
	return &s.worker.os;
}

void gt__solo_os_free(struct gt__os *os)
{
	(void)os;
}

void gt__solo_forked(struct gt__os *os)
{
	(void)os;
	gt__reactor_forked();
}
