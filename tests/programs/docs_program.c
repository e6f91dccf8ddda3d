/* SPDX-License-Identifier: MIT
 *
 * The ./program of the documents (tests/e2e/docs.sh): takes any arguments, and for a
 * good second, or DOCS_SECONDS, has green threads that compute, send, share a lock and
 * sleep.
 */
#include <stddef.h>
#include <stdlib.h>

#include "gt.h"

GT_SHARED

#define WORKERS 3
#define RUN_NS	1200000000ull

static struct gt_mutex lock = GT_MUTEX_INIT("table");
static struct gt_chan *chan;

static void work(void *arg)
{
	const char *seconds = getenv("DOCS_SECONDS");
	uint64_t run_ns = seconds ? strtoull(seconds, NULL, 10) * 1000000000 : RUN_NS;
	uint64_t end_ns = gt_now_ns() + run_ns;
	int over = 0;

	while (gt_now_ns() < end_ns) {
		gt_mutex_lock(&lock);
		gt_busy_ns(200000);
		gt_mutex_unlock(&lock);
		gt_chan_send(chan, arg);
		gt_sleep_ns(5000000);
	}
	gt_chan_send(chan, &over);
}

static void run(void *arg)
{
	int values[WORKERS] = {1, 2, 3}, got, left = WORKERS;
	struct gt *workers[WORKERS];

	(void)arg;
	chan = gt_chan_new(sizeof(int), 64, "results");
	for (int i = 0; i < WORKERS; i++)
		gt_spawn(&workers[i], work, &values[i]);
	while (left && !gt_chan_recv(chan, &got))
		left -= !got;
	for (int i = 0; i < WORKERS; i++)
		gt_join(workers[i]);
	gt_chan_free(chan);
}

int main(void)
{
	return gt_run(run, NULL) ? 1 : 0;
}
