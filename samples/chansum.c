/* SPDX-License-Identifier: MIT
 *
 * Go's classic: two green threads sum up half of an array each and send what they got
 * over one channel. Whose sum comes first is the scheduler's choice. Under gmp, as in
 * Go, the one that was started last runs next: -5 17 12.
 *
 *   chansum
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

static const int numbers[] = {7, 2, 8, -9, 4, 0};
#define HALF (sizeof numbers / sizeof numbers[0] / 2)

static struct gt_chan *sums;

static void sum(void *arg)
{
	const int *half = arg;
	int total = 0;

	for (size_t i = 0; i < HALF; i++)
		total += half[i];
	gt_chan_send(sums, &total);
}

static void run(void *arg)
{
	const struct gt_attr names[2] = {{.name = "first half"}, {.name = "second half"}};
	int x, y;

	(void)arg;
	sums = gt_chan_new(sizeof x, 0, "sums");
	if (!sums || gt_spawn_attr(NULL, &names[0], sum, (void *)(uintptr_t)numbers) ||
	    gt_spawn_attr(NULL, &names[1], sum, (void *)(uintptr_t)(numbers + HALF))) {
		fprintf(stderr, "chansum: out of memory\n");
		exit(1);
	}
	gt_chan_recv(sums, &x);
	gt_chan_recv(sums, &y);
	printf("%d %d %d\n", x, y, x + y);
	gt_chan_free(sums);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		fprintf(stderr, "usage: chansum\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
