/* SPDX-License-Identifier: MIT
 *
 * The boolean flip race: read a flag, write its opposite, read it back. If another did
 * the same in between, the read-back is wrong. Common on two cores, rare on one under
 * quantum (a slice must end inside), and never with a mutex.
 *
 *   flip [--flips N=1000000] [--threads N=2] [--mutex]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gt.h"

GT_SHARED

#define THREADS_MAX 100

static long flips = 1000000;
static int threads = 2, with_mutex;
static int flag; /* what they race for; relaxed, so that the race is only ours */
static struct gt_mutex lock = GT_MUTEX_INIT("flag");

struct flipper {
	struct gt *gt;
	long wrong;
};

/* The safe point lies inside the window, where a slice's end does its harm. */
static int flip_is_wrong(void)
{
	int wanted = !__atomic_load_n(&flag, __ATOMIC_RELAXED);

	__atomic_store_n(&flag, wanted, __ATOMIC_RELAXED);
	gt_tick();
	return __atomic_load_n(&flag, __ATOMIC_RELAXED) != wanted;
}

static void flipper(void *arg)
{
	struct flipper *me = arg;

	for (long i = 0; i < flips; i++) {
		if (with_mutex)
			gt_mutex_lock(&lock);
		me->wrong += flip_is_wrong();
		if (with_mutex)
			gt_mutex_unlock(&lock);
	}
}

static void run(void *arg)
{
	struct flipper all[THREADS_MAX] = {{0}};
	long wrong = 0;

	(void)arg;
	for (int i = 0; i < threads; i++) {
		char name[32];
		const struct gt_attr attr = {.name = name};

		snprintf(name, sizeof name, "flip-%d", i + 1);
		if (gt_spawn_attr(&all[i].gt, &attr, flipper, &all[i])) {
			fprintf(stderr, "flip: cannot start %s\n", name);
			exit(1);
		}
	}
	for (int i = 0; i < threads; i++) {
		gt_join(all[i].gt);
		wrong += all[i].wrong;
	}
	printf("flip: %ld of %ld read-backs wrong, %s, under %s\n", wrong, flips * threads,
	       with_mutex ? "with a mutex" : "without a mutex", gt_policy_name());
}

static int usage(void)
{
	fprintf(stderr, "usage: flip [--flips N=1000000] [--threads N=2] [--mutex]\n");
	return 2;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--mutex"))
			with_mutex = 1;
		else if (i + 1 < argc && !strcmp(argv[i], "--flips"))
			flips = atol(argv[++i]);
		else if (i + 1 < argc && !strcmp(argv[i], "--threads"))
			threads = atoi(argv[++i]);
		else
			return usage();
	}
	if (flips < 1 || threads < 1 || threads > THREADS_MAX)
		return usage();
	return gt_run(run, NULL) ? 1 : 0;
}
