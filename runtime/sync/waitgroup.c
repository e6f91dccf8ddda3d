/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "runtime/core/wait.h"

void gt_waitgroup_init(struct gt_waitgroup *group, const char *name)
{
	*group = (struct gt_waitgroup)GT_WAITGROUP_INIT(name);
}

int gt_waitgroup_add(struct gt_waitgroup *group, int32_t delta)
{
	struct gt__os *os = gt__os();
	struct gt__waiting *list = NULL, **tail = &list;
	int64_t sum;

	if (!os || !os->current)
		return -EPERM;
	gt__wait_guard(&group->line);
	sum = (int64_t)group->count + delta;
	if (sum >= 0 && sum <= INT32_MAX)
		group->count = (int32_t)sum;
	while (!group->count && (*tail = gt__wait_take(&group->line)))
		tail = &(*tail)->next;
	gt__wait_unguard(&group->line);
	gt__wait_release(os, list);
	return sum < 0 ? -EINVAL : sum > INT32_MAX ? -EOVERFLOW : 0;
}

int gt_waitgroup_done(struct gt_waitgroup *group)
{
	return gt_waitgroup_add(group, -1);
}

int gt_waitgroup_wait(struct gt_waitgroup *group)
{
	static const struct gt__wait_how how = {"wait group", gt__wait_leave};
	struct gt__os *os = gt__os();
	struct gt__waiting me = {.state = 0};
	int err;

	if (!os || !os->current)
		return -EPERM;
	gt__wait_guard(&group->line);
	if (!group->count) {
		gt__wait_unguard(&group->line);
		return 0;
	}
	err = gt__wait_here(os, &group->line, &me, &how, GTV_EV_SWITCH_CHAN,
			    gt__wait_chan_id(os, &group->line, how.noun));
	if (err == GT__CANCELLED)
		gt__cancel_act();
	return err;
}
