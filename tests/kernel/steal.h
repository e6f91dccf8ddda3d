/* SPDX-License-Identifier: MIT
 *
 * The time in which the machine's own owner had its cores.
 */
#ifndef STEAL_H
#define STEAL_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* What the hypervisor took from all cores, in ticks of 10 ms: what it took around a
 * switch no thread can see, and the kernel leaves it out of running times. */
static inline uint64_t machine_steal_ns(void)
{
	FILE *f = fopen("/proc/stat", "re");
	uint64_t ticks = 0;

	if (f && fscanf(f, "cpu %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &ticks) != 1)
		ticks = 0;
	if (f)
		fclose(f);
	return ticks * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

#endif
