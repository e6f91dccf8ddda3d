/* SPDX-License-Identifier: MIT
 *
 * Tick against tickless. The kernel's timer ticks on a core to count and to end a turn. A
 * core that idles may do without (tickless, since Linux 2.6.21 and Windows 8): nobody is
 * to be stopped there, and it can sleep deeply. So the ticks of one core are counted while
 * its only thread sleeps, and while it computes.
 *
 *   ticks [SECONDS=1]    each of the two
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gt.h"

static uint64_t each_ns = 1000000000;
static int core; /* of this machine; the last that is ours */

/* The core's column in the line of the timer. 0: no such line is shown here. */
static unsigned long long ticks(void)
{
	FILE *f = fopen("/proc/interrupts", "r");
	unsigned long long count = 0;
	char line[8192], *at;

	while (f && fgets(line, sizeof line, f)) {
		if (!strstr(line, "Local timer") && !strstr(line, "arch_timer"))
			continue;
		at = strchr(line, ':') + 1;
		for (int i = 0; i <= core; i++)
			count = strtoull(at, &at, 10);
		break;
	}
	if (f)
		fclose(f);
	return count;
}

static void tell(const char *what, unsigned long long count)
{
	double a_second = (double)count * 1e9 / (double)each_ns;
	char text[32];

	if (!ticks()) {
		printf("ticks: /proc/interrupts has no timer here: nothing is counted\n");
		return;
	}
	snprintf(text, sizeof text, "%s=%.0f", what, a_second);
	gt_mark(text);
	printf("ticks: core %d %s: %.0f timer interrupts a second\n", core, what, a_second);
}

static void run(void *arg)
{
	unsigned long long before = ticks();

	(void)arg;
	gt_region_begin("idle");
	gt_sleep_ns(each_ns);
	gt_region_end("idle");
	tell("idle", ticks() - before);
	before = ticks();
	gt_region_begin("busy");
	gt_busy_ns(each_ns);
	gt_region_end("busy");
	tell("busy", ticks() - before);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 1;
	cpu_set_t ours;

	if (argc > 2 || !(seconds > 0) || seconds > 3600 ||
	    sched_getaffinity(0, sizeof ours, &ours)) {
		fprintf(stderr, "usage: ticks [SECONDS=1]\n");
		return 2;
	}
	each_ns = (uint64_t)(seconds * 1e9);
	for (size_t i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &ours))
			core = (int)i;
	CPU_ZERO(&ours);
	CPU_SET((size_t)core, &ours);
	if (sched_setaffinity(0, sizeof ours, &ours))
		perror("ticks");
	return gt_run(run, NULL) ? 1 : 0;
}
