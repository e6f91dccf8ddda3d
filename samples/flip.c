/* SPDX-License-Identifier: MIT
 *
 * The boolean flip race: read a flag, write its opposite, read it back. If another did
 * the same in between, the read-back is wrong. Common on two cores, rare on one under
 * quantum (a slice must end inside), and never with a mutex.
 *
 * Between writing and reading back lies a little work. Without it two cores hardly ever
 * meet: a core that reads what it has just written is answered by its own store buffer,
 * before anybody else's write can be seen.
 *
 *   flip [--flips N=1000000] [--threads N=2] [--mutex]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gt.h"

GT_SHARED

#define THREADS_MAX 100
#define WORK	    25	 /* turns of a loop between the write and the read-back */
#define START_S	    0.05 /* the first waits so long for the others at most */

static long flips = 1000000;
static int threads = 2, with_mutex;
static int flag; /* what they race for; relaxed, so that the race is only ours */
static struct gt_mutex lock = GT_MUTEX_INIT("flag");
static int started;

struct flipper {
	struct gt *gt;
	long wrong;
};

static double now_s(void)
{
	return (double)gt_now_ns() / 1e9;
}

/* All at once: one alone could be done before the next has begun. Where none begins
 * before the first has ended (single), that one goes on alone. */
static void wait_for_all(void)
{
	double until = now_s() + START_S;

	__atomic_fetch_add(&started, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&started, __ATOMIC_RELAXED) < threads && now_s() < until)
		gt_yield();
}

/* The safe point lies inside the window, where a slice's end does its harm. */
static int flip_is_wrong(void)
{
	int wanted = !__atomic_load_n(&flag, __ATOMIC_RELAXED);

	__atomic_store_n(&flag, wanted, __ATOMIC_RELAXED);
	for (volatile int i = 0; i < WORK; i++)
		;
	gt_tick();
	return __atomic_load_n(&flag, __ATOMIC_RELAXED) != wanted;
}

static void flip_all(void *arg)
{
	struct flipper *me = arg;

	wait_for_all();
	for (long i = 0; i < flips; i++) {
		if (with_mutex)
			gt_mutex_lock(&lock);
		if (flip_is_wrong()) {
			me->wrong++;
			gt_mark("wrong");
		}
		if (with_mutex)
			gt_mutex_unlock(&lock);
	}
}

/* Each on a core of its own, where green threads may choose. */
static int start(struct flipper *flipper, int idx)
{
	char name[32];
	struct gt_attr attr = {.name = name, .cores = (uint64_t)1 << idx % 2};

	snprintf(name, sizeof name, "flip-%d", idx + 1);
	if (!gt_spawn_attr(&flipper->gt, &attr, flip_all, flipper))
		return 0;
	attr.cores = 0;
	return gt_spawn_attr(&flipper->gt, &attr, flip_all, flipper);
}

static void run(void *arg)
{
	struct flipper all[THREADS_MAX] = {{0}};
	long wrong = 0;

	(void)arg;
	for (int i = 0; i < threads; i++) {
		if (start(&all[i], i)) {
			fprintf(stderr, "flip: out of memory\n");
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
