/* SPDX-License-Identifier: MIT
 *
 * Go's example of select: one green thread offers the next Fibonacci number, and looks at
 * the same time whether it is told to quit; another takes ten of them and tells it.
 *
 *   fibselect [NUMBERS=10]
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

static int numbers = 10;
static struct gt_chan *values, *quit;

static void take(void *arg)
{
	int stop = 0;
	long value;

	(void)arg;
	for (int i = 0; i < numbers; i++) {
		gt_chan_recv(values, &value);
		printf("%ld\n", value);
	}
	gt_chan_send(quit, &stop);
}

static void offer(void)
{
	long x = 0, y = 1;

	for (;;) {
		struct gt_select_case cases[] = {
			{.chan = values, .op = GT_SELECT_SEND, .elem = &x},
			{.chan = quit, .op = GT_SELECT_RECV},
		};

		if (gt_select(cases, 2, -1) != 0)
			return;
		y += x;
		x = y - x;
	}
}

static void run(void *arg)
{
	const struct gt_attr attr = {.name = "taker"};
	struct gt *gt;

	(void)arg;
	values = gt_chan_new(sizeof(long), 0, "values");
	quit = gt_chan_new(sizeof(int), 0, "quit");
	if (!values || !quit || gt_spawn_attr(&gt, &attr, take, NULL)) {
		fprintf(stderr, "fibselect: out of memory\n");
		exit(1);
	}
	offer();
	gt_mark("quit");
	gt_join(gt);
	gt_chan_free(values);
	gt_chan_free(quit);
}

int main(int argc, char **argv)
{
	if (argc > 2 || (argc > 1 && (numbers = atoi(argv[1])) < 1) || numbers > 90) {
		fprintf(stderr, "usage: fibselect [NUMBERS=10]\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
