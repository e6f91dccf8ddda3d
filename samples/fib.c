/* SPDX-License-Identifier: MIT
 *
 * CPU-bound green threads: each computes fib(N) the slow way, with a safe point in
 * every call. What it shows depends on the policy: GT_POLICY=gil3 against threads.
 *
 *   fib N [THREADS=4] [--seconds S]    with --seconds: again and again until then
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gt.h"

#define THREADS_MAX 1000

static int n;
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

static void run(void *arg)
{
	int threads = *(int *)arg, started;
	struct spinner *spinners = calloc((size_t)threads, sizeof *spinners);
	double start = now_s();
	long rounds = 0;

	for (started = 0; spinners && started < threads; started++) {
		char name[32];
		const struct gt_attr attr = {.name = name,
					     .result = &spinners[started].result,
					     .result_bytes = 2 * sizeof(long)};

		/* spin-a … spin-z, then spin-26 … */
		if (started < 26)
			snprintf(name, sizeof name, "spin-%c", 'a' + started);
		else
			snprintf(name, sizeof name, "spin-%d", started);
		if (gt_spawn_attr(&spinners[started].gt, &attr, spin, &spinners[started]))
			break;
	}
	if (started < threads)
		fprintf(stderr, "fib: only %d of %d green threads could start\n", started,
			threads);
	for (int i = 0; i < started; i++) {
		gt_join(spinners[i].gt);
		rounds += spinners[i].rounds;
	}
	printf("fib(%d) = %ld, %ld times by %d green threads in %.3f s, under %s\n", n,
	       started ? spinners[0].result : 0, rounds, started, now_s() - start,
	       gt_policy_name());
	free(spinners);
}

static int usage(void)
{
	fprintf(stderr, "usage: fib N [THREADS=4] [--seconds S]\n");
	return 2;
}

int main(int argc, char **argv)
{
	int threads = 4, positional = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seconds") && i + 1 < argc)
			seconds = atof(argv[++i]);
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
