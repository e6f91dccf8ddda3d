/* SPDX-License-Identifier: MIT
 *
 * A program that says what it does: regions (named stretches) and marks, to be seen on
 * the lanes of its green threads. Two workers parse for a while and then wait for more.
 *
 *   regions [ROUNDS=3]
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

static int rounds = 3;

static void parse(uint64_t us)
{
	uint64_t end = gt_now_ns() + us * 1000;

	gt_region_begin("parse");
	while (gt_now_ns() < end)
		gt_tick();
	gt_region_end("parse");
}

static void worker(void *arg)
{
	(void)arg;
	for (int i = 0; i < rounds; i++) {
		parse(6000);
		gt_mark("parsed");
		gt_region_begin("await more");
		gt_sleep_ns(8000000);
		gt_region_end("await more");
	}
}

static void run(void *arg)
{
	struct gt *gt[2];

	(void)arg;
	for (int i = 0; i < 2; i++) {
		const struct gt_attr attr = {.name = i ? "second" : "first"};

		if (gt_spawn_attr(&gt[i], &attr, worker, NULL)) {
			fprintf(stderr, "regions: out of memory\n");
			exit(1);
		}
	}
	for (int i = 0; i < 2; i++)
		gt_join(gt[i]);
	printf("regions: %d rounds by 2 green threads, under %s\n", rounds,
	       gt_policy_name());
}

int main(int argc, char **argv)
{
	if (argc > 2 || (argc > 1 && (rounds = atoi(argv[1])) < 1)) {
		fprintf(stderr, "usage: regions [ROUNDS=3]\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
