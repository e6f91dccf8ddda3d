/* SPDX-License-Identifier: MIT
 *
 * Go's first example of a goroutine: one says hello and one says world, five times each,
 * and both sleep 100 ms between.
 *
 *   say [TIMES=5]
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

static int times = 5;

static void say(void *arg)
{
	const char *word = arg;

	for (int i = 0; i < times; i++) {
		gt_sleep_ns(100000000);
		gt_mark(word);
		printf("%s\n", word);
		fflush(stdout);
	}
}

static void run(void *arg)
{
	static char hello[] = "hello", world[] = "world";
	const struct gt_attr attr = {.name = "world"};
	struct gt *gt;

	(void)arg;
	if (gt_spawn_attr(&gt, &attr, say, world)) {
		fprintf(stderr, "say: out of memory\n");
		exit(1);
	}
	say(hello);
	gt_join(gt);
}

int main(int argc, char **argv)
{
	if (argc > 2 || (argc > 1 && (times = atoi(argv[1])) < 1)) {
		fprintf(stderr, "usage: say [TIMES=5]\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
