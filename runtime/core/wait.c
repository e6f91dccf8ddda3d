/* SPDX-License-Identifier: MIT */
#include "runtime/core/wait.h"

#include <errno.h>

#include "runtime/core/told.h"

/* AHEAD: not yet in the line; a timeout then is found out under the guard. LEFT: was
 * cancelled. */
enum { AHEAD, QUEUED, TAKEN, LATE, LEFT };

static uint32_t number(uint32_t *id, uint32_t *counter, int *first)
{
	uint32_t seen = __atomic_load_n(id, __ATOMIC_RELAXED), none = 0;

	*first = 0;
	if (seen)
		return seen;
	seen = gt__object_id(counter, id);
	if (!__atomic_compare_exchange_n(id, &none, seen, 0, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return none;
	*first = 1;
	return seen;
}

uint32_t gt__wait_chan_id(struct gt__os *os, struct gt__waitline *line, const char *kind)
{
	int first;
	uint32_t id = number(&line->id, &gt__rt.chan_ids, &first);

	if (first)
		gt__told_name(&os->tr, GTV_TEXT_CHAN, id, NULL,
			      line->name ? line->name : kind);
	return id;
}

uint32_t gt__wait_lock_id(struct gt__os *os, struct gt__waitline *line, const char *kind)
{
	int first;
	uint32_t id = number(&line->id, &gt__rt.lock_ids, &first);

	if (first)
		gt__told_name(&os->tr, GTV_TEXT_LOCK, id, kind, line->name);
	return id;
}

static void line_remove(struct gt__waitline *line, struct gt__waiting *w)
{
	if (w->prev)
		w->prev->next = w->next;
	else
		line->first = w->next;
	if (w->next)
		w->next->prev = w->prev;
	else
		line->last = w->prev;
}

static uint64_t expire(struct gt__os *os, struct gt__timer *timer)
{
	struct gt__waiting *w = (struct gt__waiting *)timer;
	struct gt__waitline *line = w->line;
	struct gt *wake = NULL;

	gt__wait_guard(line);
	if (w->state == QUEUED) {
		line_remove(line, w);
		wake = w->gt;
	}
	if (w->state == AHEAD || w->state == QUEUED)
		w->state = LATE;
	gt__wait_unguard(line);
	if (wake)
		gt__ready(os, wake, GTV_BY_TIMER, 0);
	return 0;
}

int gt__wait_until(struct gt__os *os, struct gt__waitline *line, struct gt__waiting *me,
		   int64_t timeout_ns)
{
	if (timeout_ns < 0)
		return 0;
	me->line = line;
	me->timer.fire = expire;
	me->timer.deadline_ns = gt__deadline_in((uint64_t)timeout_ns);
	return gt__timer_start(os, &me->timer);
}

void gt__wait_over(struct gt__waiting *me, int64_t timeout_ns)
{
	if (timeout_ns >= 0)
		gt__timer_stop(&me->timer);
}

int gt__wait_leave(struct gt__os *os, struct gt *gt)
{
	struct gt__waitline *line = (struct gt__waitline *)(uintptr_t)gt->wait_on;
	struct gt__waiting *w = gt->wait_arg;
	int left;

	(void)os;
	gt__wait_guard(line);
	left = w->state == QUEUED;
	if (left) {
		line_remove(line, w);
		w->state = LEFT;
	}
	gt__wait_unguard(line);
	return left;
}

int gt__wait_here(struct gt__os *os, struct gt__waitline *line, struct gt__waiting *me,
		  const struct gt__wait_how *how, uint16_t kind, uint32_t what)
{
	struct gt *self = os->current;

	if (me->state == LATE) {
		gt__wait_unguard(line);
		return -ETIMEDOUT;
	}
	if (self->no_wait) {
		gt__wait_unguard(line);
		return -EDEADLK;
	}
	if (gt__wait_begin(self, how, line, me)) {
		gt__wait_unguard(line);
		gt__wait_end(self);
		return GT__CANCELLED;
	}
	me->gt = self;
	me->state = QUEUED;
	me->next = NULL;
	me->prev = line->last;
	if (line->last)
		line->last->next = me;
	else
		line->first = me;
	line->last = me;
	gt__park(os, kind, 0, what, gt__publish_guard, &line->guard);
	if (gt__wait_end(self) && me->state == LEFT)
		return GT__CANCELLED;
	return me->state == LATE ? -ETIMEDOUT : 0;
}

struct gt__waiting *gt__wait_take(struct gt__waitline *line)
{
	struct gt__waiting *w = line->first;

	if (!w)
		return NULL;
	line_remove(line, w);
	w->state = TAKEN;
	w->next = NULL;
	return w;
}

void gt__wait_release(struct gt__os *os, struct gt__waiting *list)
{
	while (list) {
		struct gt *gt = list->gt;

		list = list->next; /* it lies on a stack that runs again */
		gt__ready(os, gt, GTV_BY_GT, os->current->id);
	}
}
