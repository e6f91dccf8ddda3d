/* SPDX-License-Identifier: MIT
 *
 * Conditions. The mutex is let go while the condition's guard is held, which who
 * signals needs too: so nobody can signal between the two.
 */
#include <errno.h>

#include "runtime/core/wait.h"

void gt_cond_init(struct gt_cond *cond, const char *name)
{
	*cond = (struct gt_cond)GT_COND_INIT(name);
}

int gt_cond_timedwait(struct gt_cond *cond, struct gt_mutex *mutex, int64_t timeout_ns)
{
	static const struct gt__wait_how how = {"condition", gt__wait_leave};
	struct gt__os *os = gt__os();
	struct gt__waiting me = {.state = 0};
	int err;

	if (!os || !os->current ||
	    __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) != os->current)
		return -EPERM;
	if (os->current->no_wait)
		return -EDEADLK;
	err = gt__wait_until(os, &cond->line, &me, timeout_ns);
	if (err)
		return err;
	gt__wait_guard(&cond->line);
	gt_mutex_unlock(mutex);
	err = gt__wait_here(os, &cond->line, &me, &how, GTV_EV_SWITCH_CHAN,
			    gt__wait_chan_id(os, &cond->line, how.noun));
	gt__wait_over(&me, timeout_ns);
	gt_mutex_lock(mutex);
	if (err == GT__CANCELLED)
		gt__cancel_act();
	return err;
}

int gt_cond_wait(struct gt_cond *cond, struct gt_mutex *mutex)
{
	return gt_cond_timedwait(cond, mutex, -1);
}

static int wake(struct gt_cond *cond, int all)
{
	struct gt__os *os = gt__os();
	struct gt__waiting *list = NULL, **tail = &list;

	if (!os || !os->current)
		return -EPERM;
	gt__wait_guard(&cond->line);
	while ((*tail = gt__wait_take(&cond->line)) && all)
		tail = &(*tail)->next;
	gt__wait_unguard(&cond->line);
	gt__wait_release(os, list);
	return 0;
}

int gt_cond_signal(struct gt_cond *cond)
{
	return wake(cond, 0);
}

int gt_cond_broadcast(struct gt_cond *cond)
{
	return wake(cond, 1);
}
