/* SPDX-License-Identifier: MIT
 *
 * Select, as Go has it: lock all channels, always in the order of their addresses, so
 * that two selects cannot wait for each other; look at the cases in a shuffled order
 * and do the first that can be done; else wait in all of their lines.
 *
 * Who takes us out of a line must claim the select first. It can be claimed once it is
 * OPEN, which our publish makes it, when we have stopped: a timeout that comes earlier
 * claims it before it opens, and then the publish is what makes us ready. Going on, we
 * lock all channels again, to leave the other lines: so we cannot leave this stack, on
 * which the publish reads, before it has released the last of them.
 */
#include <errno.h>
#include <string.h>

#include "runtime/core/arena.h"
#include "runtime/core/cancel.h"
#include "runtime/sync/chan.h"
#include "runtime/io/timer.h"

struct select {
	struct gt__timer timer; /* first: one is the other */
	struct gt__selection selection;
	struct gt *self;
	struct gt_select_case *cases;
	uint32_t count, locks;
	int left;			     /* was cancelled */
	uint8_t order[GT_SELECT_MAX];	     /* in which the cases are looked at */
	struct gt_chan *lock[GT_SELECT_MAX]; /* each channel once, by address */
	struct gt__side side[GT_SELECT_MAX];
	void *stand_in[GT_SELECT_MAX]; /* under procs */
};

/* ---------------------------------------------------------------- fairness */

static uint64_t seed = 1; /* atomic */

void gt_select_seed(uint64_t value)
{
	__atomic_store_n(&seed, value, __ATOMIC_RELAXED);
}

/* Steele, Lea and Flood's splitmix64. */
static uint64_t random_next(void)
{
	uint64_t z = __atomic_add_fetch(&seed, 0x9e3779b97f4a7c15, __ATOMIC_RELAXED);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Fisher and Yates's shuffle, inside out. */
static void shuffle(struct select *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		uint32_t at = (uint32_t)((random_next() >> 32) * (i + 1) >> 32);

		s->order[i] = s->order[at];
		s->order[at] = (uint8_t)i;
	}
}

/* ------------------------------------------------------------------- locks */

static void collect_locks(struct select *s)
{
	s->locks = 0;
	for (uint32_t i = 0; i < s->count; i++) {
		struct gt_chan *ch = s->cases[i].chan;
		uint32_t at = s->locks;

		while (at && (uintptr_t)s->lock[at - 1] > (uintptr_t)ch)
			at--;
		if (!ch || (at && s->lock[at - 1] == ch))
			continue;
		for (uint32_t j = s->locks++; j > at; j--)
			s->lock[j] = s->lock[j - 1];
		s->lock[at] = ch;
	}
}

static void lock_all(struct select *s)
{
	for (uint32_t i = 0; i < s->locks; i++)
		gt__guard_lock(&s->lock[i]->guard);
}

/* From the last to the first: who locks them all has the first only at the very end,
 * and after that nothing of s is looked at. */
static void unlock_all(struct select *s)
{
	for (uint32_t i = s->locks; i-- > 0;) {
		struct gt_chan *ch = s->lock[i];

		gt__guard_unlock(&ch->guard);
	}
}

/* ------------------------------------------------------------------- cases */

static int try_case(struct gt__os *os, struct gt_select_case *c, struct gt **wake)
{
	if (!c->chan)
		return -EAGAIN;
	return c->op == GT_SELECT_SEND ? gt__chan_try_send(os, c->chan, c->elem, wake)
				       : gt__chan_try_recv(os, c->chan, c->elem, wake);
}

/* The index of the case that was done, or -EAGAIN. All are locked. */
static int try_all(struct gt__os *os, struct select *s, struct gt **wake)
{
	for (uint32_t i = 0; i < s->count; i++) {
		struct gt_select_case *c = &s->cases[s->order[i]];
		int err = try_case(os, c, wake);

		if (err == -EAGAIN)
			continue;
		c->result = err;
		return s->order[i];
	}
	return -EAGAIN;
}

static struct gt__line *line_of(const struct gt_select_case *c)
{
	return c->op == GT_SELECT_SEND ? &c->chan->senders : &c->chan->receivers;
}

static void enter_lines(struct select *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		struct gt_select_case *c = &s->cases[i];
		void *elem;

		s->side[i] = (struct gt__side){.gt = s->self, .selection = &s->selection};
		if (!c->chan)
			continue;
		elem = gt__rt.shared_ids && s->stand_in[i] ? s->stand_in[i] : c->elem;
		if (c->op == GT_SELECT_SEND)
			s->side[i].from = elem;
		else
			s->side[i].to = elem;
		gt__line_add(line_of(c), &s->side[i]);
	}
}

static void leave_lines(struct select *s)
{
	lock_all(s);
	for (uint32_t i = 0; i < s->count; i++)
		if (s->side[i].queued)
			gt__line_remove(line_of(&s->cases[i]), &s->side[i]);
	unlock_all(s);
}

/* ----------------------------------------------------------------- waiting */

static uint64_t expire(struct gt__os *os, struct gt__timer *timer)
{
	struct select *s = (struct select *)timer;
	uint32_t was = __atomic_load_n(&s->selection.state, __ATOMIC_ACQUIRE);
	struct gt *self = s->self;

	while (was != GT__SELECT_CLAIMED)
		if (__atomic_compare_exchange_n(&s->selection.state, &was,
						GT__SELECT_CLAIMED, 0, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE)) {
			if (was == GT__SELECT_OPEN)
				gt__ready(os, self, GTV_BY_TIMER, 0);
			break;
		}
	return 0;
}

static void publish(void *arg)
{
	struct select *s = arg;
	struct gt *self = s->self;
	uint32_t opening = GT__SELECT_OPENING, locks = s->locks;
	int opened =
		__atomic_compare_exchange_n(&s->selection.state, &opening, GT__SELECT_OPEN,
					    0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);

	/* Without a lock nothing holds s once it is open. */
	if (locks)
		unlock_all(s);
	if (!opened)
		gt__ready(gt__os(), self, GTV_BY_TIMER, 0);
}

/* Under procs another process must reach what a case waits with: the shared memory has a
 * stand-in for each element that does not lie there. */
static int stand_in(struct select *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		struct gt_select_case *c = &s->cases[i];

		s->stand_in[i] = NULL;
		if (!c->chan || !c->elem || gt__arena_has(c->elem))
			continue;
		s->stand_in[i] = gt__arena_alloc(c->chan->elem_bytes);
		if (!s->stand_in[i]) {
			while (i--)
				gt__arena_free(s->stand_in[i]);
			return -ENOMEM;
		}
		if (c->op == GT_SELECT_SEND)
			memcpy(s->stand_in[i], c->elem, c->chan->elem_bytes);
	}
	return 0;
}

/* The elements are back where they were asked for; `chosen`: which was received. */
static void stand_back(struct select *s, int chosen)
{
	for (uint32_t i = 0; i < s->count; i++) {
		struct gt_select_case *c = &s->cases[i];

		if (s->stand_in[i] && (int)i == chosen && c->op == GT_SELECT_RECV)
			memcpy(c->elem, s->stand_in[i], c->chan->elem_bytes);
		gt__arena_free(s->stand_in[i]);
	}
}

/* For struct gt__wait_how: as a timeout does it. */
static int leave(struct gt__os *os, struct gt *gt)
{
	struct select *s = gt->wait_arg;
	uint32_t was = __atomic_load_n(&s->selection.state, __ATOMIC_ACQUIRE);

	(void)os;
	while (was != GT__SELECT_CLAIMED)
		if (__atomic_compare_exchange_n(&s->selection.state, &was,
						GT__SELECT_CLAIMED, 0, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE)) {
			s->left = 1; /* it reads that when we are done with it */
			return was == GT__SELECT_OPEN;
		}
	return 0;
}

static const struct gt__wait_how on_one = {"to select on channel", leave};
static const struct gt__wait_how on_many = {"to select on channels", leave};

/* All are locked, and released. */
static int wait_for_any(struct gt__os *os, struct select *s)
{
	uint32_t what = s->locks == 1 ? s->lock[0]->id : 0;
	struct gt_select_case *c;
	struct gt__side *won;

	if (gt__wait_begin(s->self, s->locks == 1 ? &on_one : &on_many,
			   s->locks == 1 ? s->lock[0] : NULL, s)) {
		unlock_all(s);
		gt__wait_end(s->self);
		return GT__CANCELLED;
	}
	enter_lines(s);
	os = gt__park(os, GTV_EV_SWITCH_CHAN, 0, what, publish, s);
	leave_lines(s);
	if (gt__wait_end(s->self) && s->left)
		return GT__CANCELLED;
	won = s->selection.winner;
	if (!won)
		return -ETIMEDOUT;
	c = &s->cases[won - s->side];
	if (c->op == GT_SELECT_RECV)
		c->result = gt__chan_received(os, c->chan, won);
	else
		c->result = won->done ? 0 : -EPIPE;
	return (int)(won - s->side);
}

static int wait_across(struct gt__os *os, struct select *s)
{
	int got = stand_in(s);

	if (got) {
		unlock_all(s);
		return got;
	}
	got = wait_for_any(os, s);
	stand_back(s, got);
	return got;
}

static int select_with(struct gt__os *os, struct select *s, int64_t timeout_ns)
{
	struct gt *wake = NULL;
	int got;

	lock_all(s);
	got = try_all(os, s, &wake);
	if (got == -EAGAIN && timeout_ns && !s->self->no_wait)
		return gt__rt.shared_ids ? wait_across(os, s) : wait_for_any(os, s);
	unlock_all(s);
	if (wake)
		gt__ready(os, wake, GTV_BY_GT, s->self->id);
	if (got == -EAGAIN && timeout_ns)
		return -EDEADLK;
	return got == -EAGAIN ? -ETIMEDOUT : got;
}

int gt_select(struct gt_select_case *cases, size_t count, int64_t timeout_ns)
{
	struct gt__os *os = gt__os();
	struct select s;
	int err = 0, got;

	if (!os || !os->current)
		return -EPERM;
	if (count > GT_SELECT_MAX)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		if (cases[i].op != GT_SELECT_SEND && cases[i].op != GT_SELECT_RECV)
			return -EINVAL;
	s.selection = (struct gt__selection){GT__SELECT_OPENING, NULL};
	s.self = os->current;
	s.left = 0;
	s.cases = cases;
	s.count = (uint32_t)count;
	shuffle(&s);
	collect_locks(&s);
	if (timeout_ns > 0) {
		s.timer.fire = expire;
		s.timer.deadline_ns = gt__deadline_in((uint64_t)timeout_ns);
		err = gt__timer_start(os, &s.timer);
	}
	if (err)
		return err;
	got = select_with(os, &s, timeout_ns);
	if (got == -ETIMEDOUT && !timeout_ns && gt__rt.peek_yields && !s.self->no_wait)
		gt__rt.policy->yield(os);
	if (timeout_ns > 0)
		gt__timer_stop(&s.timer);
	if (got == GT__CANCELLED)
		gt__cancel_act();
	return got;
}
