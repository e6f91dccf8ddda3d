/* SPDX-License-Identifier: MIT
 *
 * A channel with room: who sends goes on at once until it is full, and then waits for
 * each receive. With no room every send is a meeting.
 *
 *   buffered [ROOM=3] [VALUES=12]
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

static int room = 3, values = 12;

static void produce(void *arg)
{
	struct gt_chan *chan = arg;

	for (int i = 1; i <= values; i++) {
		gt_region_begin("send");
		gt_chan_send(chan, &i);
		gt_region_end("send");
	}
	gt_chan_close(chan);
}

static void consume(void *arg)
{
	struct gt_chan *chan = arg;
	int value, sum = 0;

	while (gt_chan_recv(chan, &value) == 0) {
		sum += value;
		gt_sleep_ns(10000000); /* it is slower than who sends */
	}
	printf("buffered: %d values, their sum is %d, under %s\n", values, sum,
	       gt_policy_name());
}

static void run(void *arg)
{
	struct gt_chan *chan = gt_chan_new(sizeof(int), (size_t)room, "values");
	const struct gt_attr names[2] = {{.name = "producer"}, {.name = "consumer"}};
	struct gt *gt[2];

	(void)arg;
	if (!chan || gt_spawn_attr(&gt[0], &names[0], produce, chan) ||
	    gt_spawn_attr(&gt[1], &names[1], consume, chan)) {
		fprintf(stderr, "buffered: out of memory\n");
		exit(1);
	}
	gt_join(gt[0]);
	gt_join(gt[1]);
	gt_chan_free(chan);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		room = atoi(argv[1]);
	if (argc > 2)
		values = atoi(argv[2]);
	if (argc > 3 || room < 0 || values < 1) {
		fprintf(stderr, "usage: buffered [ROOM=3] [VALUES=12]\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
