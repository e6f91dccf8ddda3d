/* SPDX-License-Identifier: MIT
 *
 * CPU-bound green threads: each computes fib(N) the slow way, with a safe point in
 * every call. What it shows depends on the policy: GT_POLICY=gil3 against threads. A
 * system may put two threads on one core, where a GIL does no harm: --pin parts them.
 *
 *   fib N [THREADS=4] [--pin] [--seconds S]    with --seconds: again and again until then
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gt.h"

#define THREADS_MAX 1000

static int n, pin;
static double seconds;

struct spinner {
	struct gt *gt;
	long result, rounds;
};

static double now_s(void)
{
	return (double)gt_now_ns() / 1e9;
}

static long fib(int i)
{
	gt_tick();
	return i < 2 ? i : fib(i - 1) + fib(i - 2);
}

static void spin(void *arg)
{
	struct spinner *me = arg;
	double end = now_s() + seconds;

	do {
		me->result = fib(n);
		me->rounds++;
		gt_yield();
	} while (now_s() < end);
}

/* Where green threads may not choose a core, anywhere. */
static int launch(struct spinner *spinner, struct gt_attr *attr, int core)
{
	attr->cores = pin ? (uint64_t)1 << core : 0;
	if (!gt_spawn_attr(&spinner->gt, attr, spin, spinner))
		return 0;
	attr->cores = 0;
	return gt_spawn_attr(&spinner->gt, attr, spin, spinner);
}

static void run(void *arg)
{
	int threads = *(int *)arg, started;
	struct spinner *spinners = calloc((size_t)threads, sizeof *spinners);
	double start = now_s();
	long rounds = 0;

	gt_region_begin("fib");
	for (started = 0; spinners && started < threads; started++) {
		char name[32];
		struct gt_attr attr = {.name = name,
				       .result = &spinners[started].result,
				       .result_bytes = 2 * sizeof(long)};

		/* spin-a … spin-z, then spin-26 … */
		if (started < 26)
			snprintf(name, sizeof name, "spin-%c", 'a' + started);
		else
			snprintf(name, sizeof name, "spin-%d", started);
		if (launch(&spinners[started], &attr, started % 2))
			break;
	}
	if (started < threads)
		fprintf(stderr, "fib: only %d of %d green threads could start\n", started,
			threads);
	for (int i = 0; i < started; i++) {
		gt_join(spinners[i].gt);
		rounds += spinners[i].rounds;
	}
	gt_region_end("fib");
	printf("fib(%d) = %ld, %ld times by %d green threads in %.3f s, under %s\n", n,
	       started ? spinners[0].result : 0, rounds, started, now_s() - start,
	       gt_policy_name());
	free(spinners);
}

static int usage(void)
{
	fprintf(stderr, "usage: fib N [THREADS=4] [--pin] [--seconds S]\n");
	return 2;
}

int main(int argc, char **argv)
{
	int threads = 4, positional = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seconds") && i + 1 < argc)
			seconds = atof(argv[++i]);
		else if (!strcmp(argv[i], "--pin"))
			pin = 1;
		else if (positional == 0 && ++positional)
			n = atoi(argv[i]);
		else if (positional == 1 && ++positional)
			threads = atoi(argv[i]);
		else
			return usage();
	}
	if (!positional || n < 0 || n > 60 || threads < 1 || threads > THREADS_MAX ||
	    seconds < 0)
		return usage();
	return gt_run(run, &threads) ? 1 : 0;
}
