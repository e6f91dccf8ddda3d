/* SPDX-License-Identifier: MIT
 *
 * The mutex. `state` is free 0, held 1, held and waited for 2. Uncontended it is one
 * compare-and-swap each way. Who finds it held queues up under `guard`; who unlocks
 * a mutex that is waited for hands it to the first in the queue, so the state never
 * passes through free and nobody can slip in between.
 *
 * Its events are numbered by whoever owns it: a drop is told before the state is
 * released, a take after it is acquired, so they cannot change places.
 */
#include <errno.h>

#include "runtime/core/cancel.h"
#include "runtime/core/told.h"

enum { FREE, HELD, WAITED_FOR };

void gt_mutex_init(struct gt_mutex *mutex, const char *name)
{
	*mutex = (struct gt_mutex)GT_MUTEX_INIT(name);
}

/* Statically initialised ones get their number when they are first used. */
static uint32_t lock_id(struct gt__os *os, struct gt_mutex *m)
{
	uint32_t id = __atomic_load_n(&m->id, __ATOMIC_RELAXED), none = 0;

	if (id)
		return id;
	id = gt__object_id(&gt__rt.lock_ids, m);
	if (!__atomic_compare_exchange_n(&m->id, &none, id, 0, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return none;
	gt__told_name(&os->tr, GTV_TEXT_LOCK, id, "mutex", m->name);
	return id;
}

/* One OS thread alone needs no locked instruction. */
static inline int state_change(struct gt_mutex *m, uint32_t from, uint32_t to, int order)
{
	if (gt__rt.single) {
		if (m->state != from)
			return 0;
		m->state = to;
		return 1;
	}
	if (!__atomic_compare_exchange_n(&m->state, &from, to, 0, order, __ATOMIC_RELAXED))
		return 0;
	gt__acquired();
	return 1;
}

static inline void tell(struct gt__os *os, uint16_t kind, struct gt_mutex *m,
			const struct gt *owner)
{
	os->n[kind == GTV_EV_LOCK_TAKE ? GTV_COUNT_LOCK_TAKES : GTV_COUNT_LOCK_DROPS]++;
	if (gt__trace_wants(&os->tr)) {
		uint32_t id = lock_id(os, m);

		gt__emit_on(&os->tr, kind, 0, 0, owner->id, id, ++m->seq, 0);
	}
}

/* It is held. Queues up; under the guard the holder cannot miss us, for it must take
 * the guard once the state says that somebody waits. */
static __attribute__((noinline)) int lock_slow(struct gt__os *os, struct gt_mutex *m)
{
	static const struct gt__wait_how how = {"mutex", NULL};
	struct gt *self = os->current;

	gt__guard_lock(&m->guard);
	for (;;) {
		if (state_change(m, FREE, HELD, __ATOMIC_ACQUIRE)) {
			gt__guard_unlock(&m->guard);
			return 1;
		}
		if (__atomic_load_n(&m->state, __ATOMIC_RELAXED) == WAITED_FOR ||
		    state_change(m, HELD, WAITED_FOR, __ATOMIC_RELAXED))
			break;
	}
	self->next = NULL;
	if (m->first)
		m->last->next = self;
	else
		m->first = self;
	m->last = self;
	gt__wait_begin(self, &how, m, NULL);
	gt__park(os, GTV_EV_SWITCH_LOCK, 0, lock_id(os, m), gt__publish_guard, &m->guard);
	gt__wait_end(self);
	return 0; /* handed to us */
}

int gt_mutex_lock(struct gt_mutex *m)
{
	struct gt__os *os = gt__os();
	struct gt *self = os ? os->current : NULL;

	if (!self)
		return -EPERM;
	if (__atomic_load_n(&m->owner, __ATOMIC_RELAXED) == self)
		return -EDEADLK;
	if (!state_change(m, FREE, HELD, __ATOMIC_ACQUIRE)) {
		if (self->no_wait)
			return -EDEADLK;
		if (!lock_slow(os, m))
			return 0;
	}
	__atomic_store_n(&m->owner, self, __ATOMIC_RELAXED);
	tell(os, GTV_EV_LOCK_TAKE, m, self);
	return 0;
}

int gt_mutex_trylock(struct gt_mutex *m)
{
	struct gt__os *os = gt__os();

	if (!os || !os->current)
		return -EPERM;
	if (!state_change(m, FREE, HELD, __ATOMIC_ACQUIRE))
		return -EBUSY;
	__atomic_store_n(&m->owner, os->current, __ATOMIC_RELAXED);
	tell(os, GTV_EV_LOCK_TAKE, m, os->current);
	return 0;
}

static __attribute__((noinline)) void hand_over(struct gt__os *os, struct gt_mutex *m)
{
	struct gt *self = os->current, *heir;

	gt__guard_lock(&m->guard);
	heir = m->first;
	m->first = heir->next;
	if (!m->first)
		__atomic_store_n(&m->state, HELD, __ATOMIC_RELAXED);
	__atomic_store_n(&m->owner, heir, __ATOMIC_RELAXED);
	tell(os, GTV_EV_LOCK_TAKE, m, heir);
	gt__guard_unlock(&m->guard);
	gt__ready(os, heir, GTV_BY_GT, self->id);
}

int gt_mutex_unlock(struct gt_mutex *m)
{
	struct gt__os *os = gt__os();
	struct gt *self = os ? os->current : NULL;

	if (!self || __atomic_load_n(&m->owner, __ATOMIC_RELAXED) != self)
		return -EPERM;
	__atomic_store_n(&m->owner, NULL, __ATOMIC_RELAXED);
	tell(os, GTV_EV_LOCK_DROP, m, self);
	if (!state_change(m, HELD, FREE, __ATOMIC_RELEASE))
		hand_over(os, m);
	return 0;
}
