/* SPDX-License-Identifier: MIT
 *
 * Two green threads throw a ball to each other over unbuffered channels.
 *
 *   pingpong [ROUND_TRIPS=100000]
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

static long rounds = 100000;
static struct gt_chan *there, *back;

static double now_s(void)
{
	return (double)gt_now_ns() / 1e9;
}

static void pong(void *arg)
{
	long ball;

	(void)arg;
	while (!gt_chan_recv(there, &ball)) {
		ball++;
		gt_chan_send(back, &ball);
	}
}

static void ping(void *arg)
{
	long *ball = arg;

	for (long i = 0; i < rounds; i++) {
		gt_chan_send(there, ball);
		gt_chan_recv(back, ball);
	}
	gt_chan_close(there);
}

static void game(void *arg)
{
	struct gt *player[2];
	const struct gt_attr names[2] = {{.name = "ping"}, {.name = "pong"}};
	double start = now_s(), took;
	long ball = 0;

	(void)arg;
	there = gt_chan_new(sizeof ball, 0, "there");
	back = gt_chan_new(sizeof ball, 0, "back");
	if (!there || !back || gt_spawn_attr(&player[0], &names[0], ping, &ball) ||
	    gt_spawn_attr(&player[1], &names[1], pong, NULL)) {
		fprintf(stderr, "pingpong: out of memory\n");
		exit(1);
	}
	gt_join(player[0]);
	gt_join(player[1]);
	took = now_s() - start;
	printf("pingpong: %ld round trips in %.3f s, %.0f ns each, under %s\n", ball, took,
	       ball ? took / (double)ball * 1e9 : 0, gt_policy_name());
	gt_chan_free(there);
	gt_chan_free(back);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		rounds = atol(argv[1]);
	if (argc > 2 || rounds < 0) {
		fprintf(stderr, "usage: pingpong [ROUND_TRIPS=100000]\n");
		return 2;
	}
	return gt_run(game, NULL) ? 1 : 0;
}
