/* SPDX-License-Identifier: MIT
 *
 * Migration: threads that compute, nap and compute again are put on whatever core is free,
 * and leave their caches behind. With --pin each has a core of its own to come back to.
 *
 *   affinity [--pin] [THREADS=3] [ROUNDS=200]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gt.h"

#define THREADS_MAX 64

static int pin, threads = 3, rounds = 200;

static void work(void *arg)
{
	(void)arg;
	for (int i = 0; i < rounds; i++) {
		gt_busy_ns(1000000);
		gt_sleep_ns(500000);
	}
}

static void run(void *arg)
{
	struct gt *gt[THREADS_MAX];

	(void)arg;
	for (int i = 0; i < threads; i++) {
		char name[32];
		const struct gt_attr attr = {.name = name,
					     .cores = pin ? (uint64_t)1 << i % 2 : 0};

		snprintf(name, sizeof name, "%s-%d", pin ? "pinned" : "roams", i + 1);
		if (gt_spawn_attr(&gt[i], &attr, work, NULL)) {
			fprintf(stderr, "affinity: no core may be chosen under %s\n",
				gt_policy_name());
			exit(1);
		}
	}
	for (int i = 0; i < threads; i++)
		gt_join(gt[i]);
}

int main(int argc, char **argv)
{
	int positional = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--pin"))
			pin = 1;
		else if (++positional == 1)
			threads = atoi(argv[i]);
		else
			rounds = atoi(argv[i]);
	}
	if (positional > 2 || threads < 1 || threads > THREADS_MAX || rounds < 1) {
		fprintf(stderr, "usage: affinity [--pin] [THREADS=3] [ROUNDS=200]\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
