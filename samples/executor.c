/* SPDX-License-Identifier: MIT
 *
 * Computing in an executor: CALLS green threads, each has fib(N) computed elsewhere. Under
 * GT_POLICY=asyncio,executor=processes the loop idles while processes are full; with
 * threads, and under other policies, see for yourself.
 *
 *   executor [N=30] [CALLS=4]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gt.h"

#define CALLS_MAX 1000

static int n = 30, calls = 4;

static double now_s(void)
{
	return (double)gt_now_ns() / 1e9;
}

static long fib(int i)
{
	return i < 2 ? i : fib(i - 1) + fib(i - 2);
}

static long compute(const void *in, size_t in_bytes, void *out, size_t out_bytes)
{
	int i;
	long result;

	if (in_bytes != sizeof i || out_bytes < sizeof result)
		return -1;
	memcpy(&i, in, sizeof i);
	result = fib(i);
	memcpy(out, &result, sizeof result);
	return sizeof result;
}

static void call(void *arg)
{
	long result = 0,
	     bytes = gt_executor_call("fib", &n, sizeof n, &result, sizeof result);

	if (bytes != sizeof result)
		fprintf(stderr, "executor: %s\n", strerror((int)-bytes));
	else
		*(long *)arg = result;
}

static void run(void *arg)
{
	long *results = calloc((size_t)calls, sizeof *results);
	struct gt **gts = calloc((size_t)calls, sizeof(struct gt *));
	double start = now_s();
	int done = 0;

	(void)arg;
	gt_region_begin("fib");
	for (int i = 0; results && gts && i < calls; i++) {
		const struct gt_attr attr = {.result = &results[i],
					     .result_bytes = sizeof results[i]};

		if (gt_spawn_attr(&gts[i], &attr, call, &results[i]))
			gts[i] = NULL;
	}
	for (int i = 0; results && gts && i < calls; i++)
		done += gts[i] && !gt_join(gts[i]) && results[i] == results[0] &&
			results[i];
	gt_region_end("fib");
	printf("executor: fib(%d) %d times in %.3f s, under %s\n", n, done, now_s() - start,
	       gt_policy_name());
	free(results);
	free(gts);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		n = atoi(argv[1]);
	if (argc > 2)
		calls = atoi(argv[2]);
	if (argc > 3 || n < 1 || n > 60 || calls < 1 || calls > CALLS_MAX) {
		fprintf(stderr, "usage: executor [N=30] [CALLS=4]\n");
		return 2;
	}
	if (gt_executor_register("fib", compute))
		return 1;
	return gt_run(run, NULL) ? 1 : 0;
}
