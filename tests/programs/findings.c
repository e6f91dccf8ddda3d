/* SPDX-License-Identifier: MIT
 *
 * findings WHAT: a program on libgt that has what one rule of the findings looks for,
 * and beside each its twin that has not.
 *
 *   cycle | ordered    two take two locks, each in its own order, or both in one
 *   asleep | working   who holds a lock sleeps, or works, while another waits for it
 *   together | apart   two that compute, both bound to one core, or each to its own
 *   unfair | fair      two want a lock that spins: one takes it again and again and the
 *                      other only looks now and then, or both stand in line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gt.h"

#define MS 1000000ull

static struct gt_mutex first = GT_MUTEX_INIT("first"), second = GT_MUTEX_INIT("second");
static const char *what;

static void work(unsigned ms)
{
	for (unsigned i = 0; i < ms * 100; i++) {
		gt_busy_ns(10000);
		gt_tick();
	}
}

/* A lock that goes to whoever looks at the right moment. */
static struct gt_tas grabbed = GT_TAS_INIT("grabbed");
static struct gt_ticket served = GT_TICKET_INIT("served");

/* One that fails looks again at once, the other after ten turns. */
static void grab(int seldom)
{
	uint64_t end_ns = gt_now_ns() + 300 * MS;

	while (gt_now_ns() < end_ns) {
		if (gt_tas_trylock(&grabbed) == 0) {
			gt_busy_ns(90000);
			gt_tas_unlock(&grabbed);
			gt_busy_ns(10000);
		} else {
			/* Not in step with the other. */
			gt_busy_ns(seldom ? 970000 : 1000);
		}
		gt_tick();
	}
}

static void stand_in_line(void)
{
	for (unsigned i = 0; i < 500; i++) {
		gt_ticket_lock(&served);
		gt_busy_ns(50000);
		gt_ticket_unlock(&served);
		gt_tick();
	}
}

static void take_both(struct gt_mutex *a, struct gt_mutex *b)
{
	gt_mutex_lock(a);
	gt_sleep_ns(5 * MS);
	gt_mutex_lock(b);
	gt_mutex_unlock(b);
	gt_mutex_unlock(a);
}

static void one(void *arg)
{
	(void)arg;
	if (!strcmp(what, "cycle") || !strcmp(what, "ordered")) {
		take_both(&first, &second);
	} else if (!strcmp(what, "asleep") || !strcmp(what, "working")) {
		gt_mutex_lock(&first);
		gt_yield();
		if (*what == 'a')
			gt_sleep_ns(40 * MS);
		else
			work(40);
		gt_mutex_unlock(&first);
	} else if (!strcmp(what, "unfair")) {
		grab(0);
	} else if (!strcmp(what, "fair")) {
		stand_in_line();
	} else {
		work(40);
	}
}

static void other(void *arg)
{
	(void)arg;
	if (!strcmp(what, "cycle")) {
		take_both(&second, &first);
	} else if (!strcmp(what, "ordered")) {
		gt_sleep_ns(20 * MS);
		take_both(&first, &second);
	} else if (!strcmp(what, "asleep") || !strcmp(what, "working")) {
		gt_mutex_lock(&first);
		gt_mutex_unlock(&first);
	} else if (!strcmp(what, "unfair")) {
		grab(1);
	} else if (!strcmp(what, "fair")) {
		stand_in_line();
	} else {
		work(40);
	}
}

static void run(void *arg)
{
	int spins = !strcmp(what, "unfair") || !strcmp(what, "fair");
	int bound = !strcmp(what, "together") || !strcmp(what, "apart") || spins;
	struct gt_attr attr = {.name = "one", .cores = bound ? 1 : 0};
	struct gt *gt[2];

	(void)arg;
	if (gt_spawn_attr(&gt[0], &attr, one, NULL))
		exit(1);
	attr.name = "other";
	if (!strcmp(what, "apart") || spins)
		attr.cores = 2;
	if (gt_spawn_attr(&gt[1], &attr, other, NULL))
		exit(1);
	for (int i = 0; i < 2; i++)
		gt_join(gt[i]);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: findings WHAT\n");
		return 2;
	}
	what = argv[1];
	return gt_run(run, NULL) ? 1 : 0;
}
