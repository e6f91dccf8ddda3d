/* SPDX-License-Identifier: MIT
 *
 * Two threads in one core: with SMT (Intel calls it hyper-threading) a core has two sets
 * of registers and one of everything else, and the system sees two processors. Two threads
 * compute there, then on two cores; there they are not in each other's way. Where the
 * machine shows no SMT, as many virtual ones do, that is said, and only the second runs.
 *
 *   smt [MILLIONS=300]    of steps each thread makes
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

GT_SHARED

static long steps = 300000000;
static int ours[64], count; /* processors that we may use */

/* What its file says is the first processor of this one's core. */
static int core_of(int cpu)
{
	char path[96];
	int first = cpu;

	snprintf(path, sizeof path,
		 "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
	FILE *f = fopen(path, "r");

	if (f && fscanf(f, "%d", &first) != 1)
		first = cpu;
	if (f)
		fclose(f);
	return first;
}

/* The first two of which it is so that they share a core, or not. Whether there are. */
static int find(int share, uint64_t mask[2])
{
	for (int a = 0; a < count; a++)
		for (int b = a + 1; b < count; b++)
			if ((core_of(ours[a]) == core_of(ours[b])) == share) {
				mask[0] = 1ull << a;
				mask[1] = 1ull << b;
				return 1;
			}
	return 0;
}

/* Each step needs the one before: one thread alone leaves much of a core unused. */
static void compute(void *arg)
{
	uint64_t x = 1;

	(void)arg;
	for (long i = 0; i < steps; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		x ^= x >> 29;
	}
	*(volatile uint64_t *)&x = x;
}

static void together(const char *region, const uint64_t mask[2])
{
	struct gt *gt[2];
	uint64_t begin = gt_now_ns();

	gt_region_begin(region);
	for (int i = 0; i < 2; i++) {
		const struct gt_attr attr = {.name = i ? "right" : "left",
					     .cores = mask[i]};

		if (gt_spawn_attr(&gt[i], &attr, compute, NULL)) {
			fprintf(stderr, "smt: no core may be chosen under %s\n",
				gt_policy_name());
			exit(1);
		}
	}
	for (int i = 0; i < 2; i++)
		gt_join(gt[i]);
	gt_region_end(region);
	printf("smt: two threads, %s: %.0f ms\n", region,
	       (double)(gt_now_ns() - begin) / 1e6);
}

static void run(void *arg)
{
	uint64_t mask[2];
	int has = find(1, mask);

	(void)arg;
	gt_mark(has ? "per core=2" : "per core=1");
	if (has)
		together("in one core", mask);
	else
		printf("smt: this machine has no SMT, or hides it: each of the %d "
		       "processors "
		       "is a core of its own\n",
		       count);
	if (find(0, mask))
		together("on two cores", mask);
	else
		printf("smt: there is one core only\n");
}

int main(int argc, char **argv)
{
	cpu_set_t set;

	if (argc > 1)
		steps = atol(argv[1]) * 1000000;
	if (argc > 2 || steps < 1 || sched_getaffinity(0, sizeof set, &set)) {
		fprintf(stderr, "usage: smt [MILLIONS=300]\n");
		return 2;
	}
	for (size_t i = 0; i < CPU_SETSIZE && count < 64; i++)
		if (CPU_ISSET(i, &set))
			ours[count++] = (int)i;
	return gt_run(run, NULL) ? 1 : 0;
}
