/* SPDX-License-Identifier: MIT
 *
 * Reader-writer locks, fair: all come in in the order in which they asked, neighbours
 * who read together. So neither can starve the other, and a reader that asks again
 * while a writer waits would wait for ever: see gt.h.
 *
 * A trace knows one owner of a lock. A writer is that; a reader owns it for the moment
 * in which it is counted in (a take and a drop), so that its wait ends with a take as
 * everybody's does. Events are numbered under the guard.
 */
#include <errno.h>

#include "runtime/core/wait.h"

static void tell(struct gt__os *os, uint16_t kind, struct gt_rwlock *rw,
		 const struct gt *owner)
{
	os->n[kind == GTV_EV_LOCK_TAKE ? GTV_COUNT_LOCK_TAKES : GTV_COUNT_LOCK_DROPS]++;
	if (gt__trace_wants(&os->tr)) {
		uint32_t id = gt__wait_lock_id(os, &rw->line, "rwlock");

		gt__emit_on(&os->tr, kind, 0, 0, owner->id, id, ++rw->seq, 0);
	}
}

/* gt has it from now on. */
static void enter(struct gt__os *os, struct gt_rwlock *rw, struct gt *gt, int writes)
{
	tell(os, GTV_EV_LOCK_TAKE, rw, gt);
	if (writes) {
		rw->owner = gt;
	} else {
		tell(os, GTV_EV_LOCK_DROP, rw, gt);
		rw->readers++;
	}
}

static int is_open(const struct gt_rwlock *rw, int writes)
{
	return !rw->owner && !(writes && rw->readers);
}

void gt_rwlock_init(struct gt_rwlock *rw, const char *name)
{
	*rw = (struct gt_rwlock)GT_RWLOCK_INIT(name);
}

static int lock(struct gt_rwlock *rw, int writes, int wait)
{
	static const struct gt__wait_how how = {"rwlock", NULL};
	struct gt__os *os = gt__os();
	struct gt__waiting me = {.writes = (uint32_t)writes};
	int err = 0;

	if (!os || !os->current)
		return -EPERM;
	gt__wait_guard(&rw->line);
	if (is_open(rw, writes) && !rw->line.first)
		enter(os, rw, os->current, writes);
	else if (rw->owner == os->current)
		err = -EDEADLK;
	else if (!wait)
		err = -EBUSY;
	else
		return gt__wait_here(os, &rw->line, &me, &how, GTV_EV_SWITCH_LOCK,
				     gt__wait_lock_id(os, &rw->line, how.noun));
	gt__wait_unguard(&rw->line);
	return err;
}

int gt_rwlock_rdlock(struct gt_rwlock *rw)
{
	return lock(rw, 0, 1);
}

int gt_rwlock_wrlock(struct gt_rwlock *rw)
{
	return lock(rw, 1, 1);
}

int gt_rwlock_tryrdlock(struct gt_rwlock *rw)
{
	return lock(rw, 0, 0);
}

int gt_rwlock_trywrlock(struct gt_rwlock *rw)
{
	return lock(rw, 1, 0);
}

/* Those at the head of the line who can come in now, linked by next. */
static struct gt__waiting *admit(struct gt__os *os, struct gt_rwlock *rw)
{
	struct gt__waiting *list = NULL, **tail = &list;

	while (rw->line.first && is_open(rw, (int)rw->line.first->writes)) {
		*tail = gt__wait_take(&rw->line);
		enter(os, rw, (*tail)->gt, (int)(*tail)->writes);
		tail = &(*tail)->next;
	}
	return list;
}

int gt_rwlock_unlock(struct gt_rwlock *rw)
{
	struct gt__os *os = gt__os();
	struct gt__waiting *list = NULL;
	int err = 0;

	if (!os || !os->current)
		return -EPERM;
	gt__wait_guard(&rw->line);
	if (rw->owner == os->current) {
		tell(os, GTV_EV_LOCK_DROP, rw, rw->owner);
		rw->owner = NULL;
	} else if (!rw->owner && rw->readers) {
		rw->readers--;
	} else {
		err = -EPERM;
	}
	if (!err)
		list = admit(os, rw);
	gt__wait_unguard(&rw->line);
	gt__wait_release(os, list);
	return err;
}
