/* SPDX-License-Identifier: MIT
 *
 * One that never lets others run. A heart wants to beat every 10 ms; a hog computes for a
 * while, without yielding, and then rests. Where switching is a favour, the heart stops
 * meanwhile; where the scheduler takes the core back, it goes on.
 *
 *   freeze [HOG_MS=300] [TIMES=3]
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

GT_SHARED

#define MS 1000000u

static uint64_t hog_ms = 300;
static int times = 3, over;

static void hog(void *arg)
{
	(void)arg;
	for (int i = 0; i < times; i++) {
		gt_sleep_ns(100 * MS);
		gt_region_begin("hogs the core");
		gt_busy_ns(hog_ms * MS);
		gt_region_end("hogs the core");
	}
	over = 1;
}

/* A beat is late by what it waited for the core. */
static void heart(void *arg)
{
	(void)arg;
	while (!over) {
		gt_region_begin("beat");
		gt_sleep_ns(10 * MS);
		gt_region_end("beat");
	}
}

static void run(void *arg)
{
	const struct gt_attr names[2] = {{.name = "heart"}, {.name = "hog"}};
	struct gt *gt[2];

	(void)arg;
	if (gt_spawn_attr(&gt[0], &names[0], heart, NULL) ||
	    gt_spawn_attr(&gt[1], &names[1], hog, NULL)) {
		fprintf(stderr, "freeze: out of memory\n");
		exit(1);
	}
	gt_join(gt[0]);
	gt_join(gt[1]);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		hog_ms = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		times = atoi(argv[2]);
	if (argc > 3 || !hog_ms || times < 1) {
		fprintf(stderr, "usage: freeze [HOG_MS=300] [TIMES=3]\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
