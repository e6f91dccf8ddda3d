/* SPDX-License-Identifier: MIT
 *
 * Ten green threads, one lock: who gets it how often, and how long must one wait? A
 * test-and-set lock goes to whoever looks at the right moment, often to the one that
 * had it last; ticket and MCS locks go round. Best seen with GT_POLICY=threads.
 *
 *   spinlocks [SECONDS=1] [THREADS=10]    for each of the three locks
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gt.h"

GT_SHARED

#define THREADS_MAX 1000
#define WORK	    200 /* turns of a loop with the lock held */

enum kind { TAS, TICKET, MCS, KINDS };

static const char *const kind_name[KINDS] = {"test-and-set", "ticket", "mcs"};
static struct gt_tas tas = GT_TAS_INIT("test-and-set");
static struct gt_ticket ticket = GT_TICKET_INIT("ticket");
static struct gt_mcs mcs = GT_MCS_INIT("mcs");

static enum kind kind;
static int threads = 10;
static int polite; /* where nobody is ever preempted, one would fight alone */
static uint64_t begin_ns, end_ns; /* counted is what falls between */
static struct gt_waitgroup start = GT_WAITGROUP_INIT("start");

struct fighter {
	struct gt *gt;
	uint64_t count, worst_ns;
};

static void lock(struct gt_mcs_node *node)
{
	if (kind == TAS)
		gt_tas_lock(&tas);
	else if (kind == TICKET)
		gt_ticket_lock(&ticket);
	else
		gt_mcs_lock(&mcs, node);
}

static void unlock(struct gt_mcs_node *node)
{
	if (kind == TAS)
		gt_tas_unlock(&tas);
	else if (kind == TICKET)
		gt_ticket_unlock(&ticket);
	else
		gt_mcs_unlock(&mcs, node);
}

/* Who unlocks asks again at once; so even the clock is read with the lock held. */
static void fight(void *arg)
{
	struct fighter *me = arg;
	struct gt_mcs_node node;
	uint64_t asked, got;

	gt_waitgroup_wait(&start);
	asked = gt_now_ns();
	do {
		lock(&node);
		got = gt_now_ns();
		if (got >= begin_ns && got - asked > me->worst_ns)
			me->worst_ns = got - asked;
		me->count += got >= begin_ns && got < end_ns;
		for (volatile int i = 0; i < WORK; i++)
			;
		asked = gt_now_ns();
		unlock(&node);
		gt_tick();
		if (polite && me->count % 1000 == 0)
			gt_yield();
	} while (got < end_ns);
}

static void show(const struct fighter *fighters)
{
	uint64_t least = UINT64_MAX, most = 0, worst_ns = 0, sum = 0;

	for (int i = 0; i < threads; i++) {
		const struct fighter *f = &fighters[i];

		least = f->count < least ? f->count : least;
		most = f->count > most ? f->count : most;
		worst_ns = f->worst_ns > worst_ns ? f->worst_ns : worst_ns;
		sum += f->count;
	}
	printf("%-12s  %10llu times, most/least %6.1f, worst wait %9.3f ms\n",
	       kind_name[kind], (unsigned long long)sum,
	       (double)most / (double)(least ? least : 1), (double)worst_ns / 1e6);
}

static void round_of(struct fighter *fighters, double seconds)
{
	gt_waitgroup_add(&start, 1);
	for (int i = 0; i < threads; i++) {
		char name[32];
		const struct gt_attr attr = {.name = name};
		struct fighter *f = &fighters[i];

		snprintf(name, sizeof name, "%s-%d", kind_name[kind], i);
		f->count = f->worst_ns = 0;
		if (gt_spawn_attr(&f->gt, &attr, fight, f)) {
			fprintf(stderr, "spinlocks: out of memory at thread %d\n", i + 1);
			exit(1);
		}
	}
	/* Not from the start: who comes first is alone for a while. */
	begin_ns = gt_now_ns() + (uint64_t)(seconds * 1e8);
	end_ns = begin_ns + (uint64_t)(seconds * 1e9);
	gt_waitgroup_done(&start);
	gt_sleep_ns((uint64_t)(seconds * 1e8));
	gt_region_begin(kind_name[kind]);
	gt_sleep_ns((uint64_t)(seconds * 9e8));
	gt_region_end(kind_name[kind]);
	for (int i = 0; i < threads; i++)
		gt_join(fighters[i].gt);
	show(fighters);
}

static void run(void *arg)
{
	struct fighter *fighters = calloc((size_t)threads, sizeof *fighters);

	polite = strcmp(gt_policy_name(), "threads") != 0;
	for (kind = TAS; fighters && kind < KINDS; kind++)
		round_of(fighters, *(double *)arg);
	free(fighters);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 1;

	if (argc > 2)
		threads = atoi(argv[2]);
	if (argc > 3 || seconds <= 0 || seconds > 3600 || threads < 1 ||
	    threads > THREADS_MAX) {
		fprintf(stderr, "usage: spinlocks [SECONDS=1] [THREADS=10]\n");
		return 2;
	}
	return gt_run(run, &seconds) ? 1 : 0;
}
