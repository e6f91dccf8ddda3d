/* SPDX-License-Identifier: MIT */
#include "runtime/core/pin.h"

void gt_pin_begin(void)
{
	struct gt__os *os = gt__os();

	if (os && os->current && !os->current->pins++)
		gt__home_begin(os, os->current);
}

void gt_pin_end(void)
{
	struct gt__os *os = gt__os();

	if (os && os->current && os->current->pins && !--os->current->pins)
		gt__home_end(os, os->current);
}
