/* SPDX-License-Identifier: MIT */
#include "runtime/os/ticks.h"

#include "runtime/os/sys.h"

static uint64_t first_ticks, first_ns;

void gt__ticks_begin(void)
{
	first_ticks = gt__ticks();
	first_ns = gt__sys_now_ns();
}

uint64_t gt__ticks_ns(uint64_t since)
{
	uint64_t ticks = gt__ticks(), ns = gt__sys_now_ns();

	if (!since || ticks <= since || ticks <= first_ticks || ns <= first_ns)
		return 0;
	return (uint64_t)((double)(ticks - since) * (double)(ns - first_ns) /
			  (double)(ticks - first_ticks));
}
