/* SPDX-License-Identifier: MIT */
#include "runtime/policy/inbox.h"

/* The inbox is looked at once more after `sleeping` is set: who fills it later kicks. */
void gt__inbox_sleep(struct gt__os *os, struct gt__inbox *inbox)
{
	int hopeless;

	__atomic_store_n(&inbox->sleeping, 1, __ATOMIC_SEQ_CST);
	hopeless = !gt__reactor_waiters() && !gt__pool_pending();
	if (!gt__inbox_has_some(inbox)) {
		if (hopeless)
			gt__deadlock(gt__alive);
		gt__emit(&os->tr, GTV_EV_PARK, 0, 0, 0, 0, 0, 0);
		gt__reactor_poll(os, GT__NEVER);
		gt__emit(&os->tr, GTV_EV_UNPARK, 0, 0, 0, 0, 0, 0);
	}
	__atomic_store_n(&inbox->sleeping, 0, __ATOMIC_SEQ_CST);
}
