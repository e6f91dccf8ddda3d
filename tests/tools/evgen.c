/* SPDX-License-Identifier: MIT
 *
 * Emits events at a steady rate: two green threads that yield to each other, a
 * burst every millisecond. At rate 0 it only sleeps. With CORE, on that core alone.
 *
 * usage: evgen EVENTS_PER_SECOND SECONDS [CORE]
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/gt.h"

#define BURST_NS 1000000u

static uint64_t burst_count; /* of each green thread */
static uint64_t end_ns;

static uint64_t now_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void talker(void *unused)
{
	uint64_t next_ns = now_ns();
	(void)unused;
	while (next_ns < end_ns) {
		for (uint64_t i = 0; i < burst_count; i++)
			gt_yield();
		next_ns += BURST_NS;
		uint64_t now = now_ns();
		if (now < next_ns)
			gt_sleep_ns(next_ns - now);
	}
}

static void root(void *unused)
{
	struct gt *other;
	(void)unused;
	if (!burst_count) {
		gt_sleep_ns(end_ns - now_ns());
		return;
	}
	if (gt_spawn(&other, talker, NULL) != 0)
		exit(1);
	talker(NULL);
	gt_join(other);
}

int main(int argc, char **argv)
{
	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: evgen EVENTS_PER_SECOND SECONDS [CORE]\n");
		return 2;
	}
	if (argc == 4) {
		cpu_set_t set;
		CPU_ZERO(&set);
		CPU_SET((unsigned)strtoul(argv[3], NULL, 10) % CPU_SETSIZE, &set);
		if (sched_setaffinity(0, sizeof set, &set)) {
			perror("evgen: core");
			return 1;
		}
	}
	burst_count = strtoull(argv[1], NULL, 10) / 2 / (1000000000u / BURST_NS);
	end_ns = now_ns() + strtoull(argv[2], NULL, 10) * 1000000000u;
	return gt_run(root, NULL) != 0;
}
