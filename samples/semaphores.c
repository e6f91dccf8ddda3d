/* SPDX-License-Identifier: MIT
 *
 * Ten green threads and a semaphore of three: three are inside, seven wait, and each that
 * leaves lets the next one in, in the order of asking. With one permit it is a lock.
 *
 *   semaphores [PERMITS=3] [THREADS=10]
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

GT_SHARED

#define THREADS_MAX 1000
#define INSIDE_NS   40000000u

static struct gt_sem sem;

static void visit(void *arg)
{
	(void)arg;
	gt_region_begin("waits");
	gt_sem_wait(&sem);
	gt_region_end("waits");
	gt_region_begin("inside");
	gt_sleep_ns(INSIDE_NS);
	gt_region_end("inside");
	gt_sem_post(&sem);
}

static void run(void *arg)
{
	struct gt *gt[THREADS_MAX];
	int threads = *(int *)arg;

	for (int i = 0; i < threads; i++) {
		char name[32];
		const struct gt_attr attr = {.name = name};

		snprintf(name, sizeof name, "guest-%d", i + 1);
		if (gt_spawn_attr(&gt[i], &attr, visit, NULL)) {
			fprintf(stderr, "semaphores: out of memory\n");
			exit(1);
		}
	}
	for (int i = 0; i < threads; i++)
		gt_join(gt[i]);
}

int main(int argc, char **argv)
{
	int permits = argc > 1 ? atoi(argv[1]) : 3, threads = argc > 2 ? atoi(argv[2]) : 10;

	if (argc > 3 || permits < 1 || threads < 1 || threads > THREADS_MAX) {
		fprintf(stderr, "usage: semaphores [PERMITS=3] [THREADS=10]\n");
		return 2;
	}
	gt_sem_init(&sem, (uint32_t)permits, (uint32_t)permits, "permits");
	return gt_run(run, &threads) ? 1 : 0;
}
