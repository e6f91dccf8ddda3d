/* SPDX-License-Identifier: MIT
 *
 * A timer of 20 ms, set while another of a second is waited for. Under offset, whose timers
 * are served by one that sleeps until the first is due, it is almost a second late; with
 * offset,quirks=0, and elsewhere, it is on time.
 *
 *   latetimer
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

#define MS 1000000u

static void sleeper(void *arg)
{
	(void)arg;
	gt_sleep_ns(1000 * MS);
}

static void run(void *arg)
{
	struct gt_timer *slow = gt_timer_new(1000 * MS, "1 s"), *quick;
	const struct gt_attr attr = {.name = "sleeper"};
	uint64_t begin, sent;
	struct gt *gt;

	(void)arg;
	if (!slow || gt_spawn_attr(&gt, &attr, sleeper, NULL)) {
		fprintf(stderr, "latetimer: out of memory\n");
		exit(1);
	}
	gt_sleep_ns(MS); /* the second has begun */
	begin = gt_now_ns();
	gt_region_begin("20 ms timer");
	quick = gt_timer_new(20 * MS, "20 ms");
	if (!quick)
		exit(1);
	gt_chan_recv(gt_timer_chan(quick), &sent);
	gt_region_end("20 ms timer");
	printf("latetimer: 20 ms took %.0f ms, under %s\n",
	       (double)(gt_now_ns() - begin) / 1e6, gt_policy_name());
	gt_chan_recv(gt_timer_chan(slow), &sent);
	gt_join(gt);
	gt_timer_free(quick);
	gt_timer_free(slow);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		fprintf(stderr, "usage: latetimer\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
