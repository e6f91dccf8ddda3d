/* SPDX-License-Identifier: MIT
 *
 * A ticker and a timer, and who waits for both: a tick every 100 ms, a boom after 500 ms,
 * and a dot each time that there is neither.
 *
 *   ticker
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

#define MS 1000000u

static void run(void *arg)
{
	struct gt_timer *tick = gt_ticker_new(100 * MS, "tick");
	struct gt_timer *boom = gt_timer_new(500 * MS, "boom");
	int over = 0;

	(void)arg;
	if (!tick || !boom) {
		fprintf(stderr, "ticker: out of memory\n");
		exit(1);
	}
	while (!over) {
		struct gt_select_case cases[] = {
			{.chan = gt_timer_chan(tick), .op = GT_SELECT_RECV},
			{.chan = gt_timer_chan(boom), .op = GT_SELECT_RECV},
		};
		int which = gt_select(cases, 2, 0);

		if (which < 0)
			gt_sleep_ns(50 * MS);
		else
			gt_mark(which ? "boom" : "tick");
		over = which == 1;
		puts(which < 0 ? "    ." : which ? "boom" : "tick");
	}
	gt_timer_free(tick);
	gt_timer_free(boom);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		fprintf(stderr, "usage: ticker\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
