/* SPDX-License-Identifier: MIT
 *
 * Green threads that go on only on the OS thread that they are on: gt_pin_begin. Which
 * they are is noted here; a policy that could move them sees to it (gmp_own.c).
 */
#ifndef GT_PIN_H
#define GT_PIN_H

#include "runtime/core/rt.h"

/* os's green thread, which runs, or stops as of now, is to go on here. */
static inline void gt__home_begin(struct gt__os *os, struct gt *gt)
{
	gt->home = os;
	os->homed++;
}

static inline void gt__home_end(struct gt__os *os, struct gt *gt)
{
	gt->home = NULL;
	os->homed--;
}

/* Somebody other than gt, which runs on os, is to go on there. */
static inline int gt__home_to_others(const struct gt__os *os, const struct gt *gt)
{
	return os->homed > (gt->home != NULL);
}

/* gt ends on os: what it left open is over. */
static inline void gt__pin_over(struct gt__os *os, struct gt *gt)
{
	if (gt->pins)
		gt__home_end(os, gt);
}

#endif
