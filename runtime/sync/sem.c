/* SPDX-License-Identifier: MIT
 *
 * Counting semaphores; a binary one counts to 1. A post passes its unit straight to
 * the first who waits, so that nobody can slip in between.
 */
#include <errno.h>

#include "runtime/core/wait.h"

void gt_sem_init(struct gt_sem *sem, uint32_t value, uint32_t max, const char *name)
{
	*sem = (struct gt_sem)GT_SEM_INIT(value, max, name);
}

int gt_sem_trywait(struct gt_sem *sem)
{
	struct gt__os *os = gt__os();
	int err = 0;

	if (!os || !os->current)
		return -EPERM;
	gt__wait_guard(&sem->line);
	if (sem->value)
		sem->value--;
	else
		err = -EAGAIN;
	gt__wait_unguard(&sem->line);
	return err;
}

int gt_sem_timedwait(struct gt_sem *sem, int64_t timeout_ns)
{
	static const struct gt__wait_how how = {"semaphore", gt__wait_leave};
	struct gt__os *os = gt__os();
	struct gt__waiting me = {.state = 0};
	int err = gt_sem_trywait(sem);

	if (err != -EAGAIN)
		return err;
	err = gt__wait_until(os, &sem->line, &me, timeout_ns);
	if (err)
		return err;
	gt__wait_guard(&sem->line);
	if (sem->value) {
		sem->value--;
		gt__wait_unguard(&sem->line);
	} else {
		err = gt__wait_here(os, &sem->line, &me, &how, GTV_EV_SWITCH_CHAN,
				    gt__wait_chan_id(os, &sem->line, how.noun));
	}
	gt__wait_over(&me, timeout_ns);
	if (err == GT__CANCELLED)
		gt__cancel_act();
	return err;
}

int gt_sem_wait(struct gt_sem *sem)
{
	return gt_sem_timedwait(sem, -1);
}

int gt_sem_post(struct gt_sem *sem)
{
	struct gt__os *os = gt__os();
	struct gt__waiting *first;
	int err = 0;

	if (!os || !os->current)
		return -EPERM;
	gt__wait_guard(&sem->line);
	first = gt__wait_take(&sem->line);
	if (!first && sem->value == sem->max)
		err = -EOVERFLOW;
	else if (!first)
		sem->value++;
	gt__wait_unguard(&sem->line);
	gt__wait_release(os, first);
	return err;
}
