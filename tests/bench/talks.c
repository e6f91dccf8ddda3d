/* SPDX-License-Identifier: MIT
 *
 * What the talks measured, on real cores: each row is a figure under one policy beside
 * the same work without what makes it special. That a ratio is bad is often the point.
 */
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "runtime/gt.h"
#include "runtime/os/os.h"

#define COUNTDOWN    10000000
#define TRIPS	     50
#define THINK_NS     100000
#define FIGHT_NS     400000000u
#define WARM_UP_NS   100000000u
#define FIGHTERS     10
#define FLIPS	     1000000
#define START_NS     50000000u
#define SLOW_CALLS   10
#define SLOW_CALL_US 20000

static double result;

/* Each on a core of its own: a kernel that puts both on one hides what a GIL costs. */
static void spawn_apart(struct gt **gt, void (*fn)(void *), void *arg, int idx)
{
	const struct gt_attr apart = {.cores = (uint64_t)1 << idx};

	if (gt_spawn_attr(gt, &apart, fn, arg) && gt_spawn(gt, fn, arg))
		exit(1);
}

static double run(const char *policy, void (*fn)(void *), void *arg)
{
	const struct gt_config config = {.policy = policy};

	result = -1;
	return gt_run_config(&config, fn, arg) ? -1 : result;
}

static double ms_since(uint64_t start)
{
	return (double)(bench_now_ns() - start) / 1e6;
}

/* --- computing under a GIL ------------------------------------------------------- */

static void countdown(void *unused)
{
	(void)unused;
	for (long n = COUNTDOWN; n; n--) {
		for (volatile int i = 0; i < 10; i++) /* as long as a byte code */
			;
		gt_tick();
	}
}

static void one_after_other(void *unused)
{
	uint64_t start = bench_now_ns();

	countdown(unused);
	countdown(unused);
	result = ms_since(start);
}

static void apart(void *unused)
{
	uint64_t start = bench_now_ns();
	struct gt *gt[2];

	for (int i = 0; i < 2; i++)
		spawn_apart(&gt[i], countdown, unused, i);
	for (int i = 0; i < 2; i++)
		gt_join(gt[i]);
	result = ms_since(start);
}

/* Wherever the kernel puts them. */
static void side_by_side(void *unused)
{
	uint64_t start = bench_now_ns();
	struct gt *gt[2];

	for (int i = 0; i < 2; i++)
		if (gt_spawn(&gt[i], countdown, unused))
			exit(1);
	for (int i = 0; i < 2; i++)
		gt_join(gt[i]);
	result = ms_since(start);
}

static double row_gil2(void)
{
	return run("gil2", apart, NULL);
}

static double gil2_sequential(void)
{
	return run("gil2", one_after_other, NULL);
}

static double row_gil3(void)
{
	return run("gil3", side_by_side, NULL);
}

static double gil3_sequential(void)
{
	return run("gil3", one_after_other, NULL);
}

/* Two processes: about half. */
static double row_procs(void)
{
	return run("procs", side_by_side, NULL);
}

static double procs_sequential(void)
{
	return run("procs", one_after_other, NULL);
}

/* The same without the runtime: what this machine's cores give two processes. */
static double forked_side_by_side(void)
{
	uint64_t start = bench_now_ns();
	pid_t pid[2];
	int status, failed = 0;

	for (int i = 0; i < 2; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			countdown(NULL);
			_exit(0);
		}
	}
	for (int i = 0; i < 2; i++)
		failed |= pid[i] < 0 || waitpid(pid[i], &status, 0) != pid[i] || status;
	return failed ? -1 : ms_since(start);
}

/* Waits for the GIL for each time that it went to the other: one, and all above that were
 * woken for nothing. */
static double waits_a_switch(const char *policy)
{
	uint64_t before[GTV_COUNT_MAX], after[GTV_COUNT_MAX], lost;
	double waits, switches;

	gt__process_counts(before, &lost);
	if (run(policy, apart, NULL) < 0)
		return -1;
	gt__process_counts(after, &lost);
	waits = (double)(after[GTV_COUNT_GIL_WAITS] - before[GTV_COUNT_GIL_WAITS]);
	switches = (double)(after[GTV_COUNT_GIL_HANDOFFS] - before[GTV_COUNT_GIL_HANDOFFS]);
	return switches > 0 ? waits / switches : -1;
}

static double row_false_wakes(void)
{
	return waits_a_switch("gil2");
}

static double gil3_false_wakes(void)
{
	return waits_a_switch("gil3");
}

/* Who computes, and for how long each did: written only with the GIL held. */
static struct {
	uintptr_t who;
	uint64_t begin_ns;
	double ms[1000];
	int count;
} stripe;

static void another_stripe(uintptr_t me)
{
	uint64_t now = bench_now_ns();

	if (stripe.count < 1000)
		stripe.ms[stripe.count++] = (double)(now - stripe.begin_ns) / 1e6;
	stripe.begin_ns = now;
	__atomic_store_n(&stripe.who, me, __ATOMIC_RELAXED);
}

static void count_stripes(void *me)
{
	for (long n = COUNTDOWN; n; n--) {
		if (__atomic_load_n(&stripe.who, __ATOMIC_RELAXED) != (uintptr_t)me)
			another_stripe((uintptr_t)me);
		for (volatile int i = 0; i < 10; i++)
			;
		gt_tick();
	}
}

static void stripes_main(void *unused)
{
	struct gt *gt[2];

	(void)unused;
	memset(&stripe, 0, sizeof stripe);
	stripe.begin_ns = bench_now_ns();
	for (int i = 0; i < 2; i++)
		spawn_apart(&gt[i], count_stripes, &gt[i], i);
	for (int i = 0; i < 2; i++)
		gt_join(gt[i]);
	result = bench_median(stripe.ms, stripe.count);
}

static double row_stripes(void)
{
	return run("gil3", stripes_main, NULL);
}

static double stripes_wanted(void)
{
	return 5;
}

/* --- the convoy ------------------------------------------------------------------- */

static int echo_fd, talked, spinning;

static void think_and_echo(int fd)
{
	char byte;

	while (read(fd, &byte, 1) == 1) {
		const struct timespec think = {.tv_nsec = THINK_NS};

		nanosleep(&think, NULL); /* and leaves its core to the spinner */
		if (write(fd, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

static void talk(void *spinner)
{
	uint64_t start;
	char byte = 'x';

	while (spinner && !__atomic_load_n(&spinning, __ATOMIC_RELAXED))
		gt_sleep_ns(1000000);
	start = bench_now_ns();
	for (int i = 0; i < TRIPS; i++) {
		if (gt_write(echo_fd, &byte, 1) != 1 || gt_read(echo_fd, &byte, 1) != 1)
			exit(1);
	}
	result = ms_since(start) * 1e3 / TRIPS;
	__atomic_store_n(&talked, 1, __ATOMIC_RELAXED);
}

static void spin(void *unused)
{
	(void)unused;
	__atomic_store_n(&spinning, 1, __ATOMIC_RELAXED);
	while (!__atomic_load_n(&talked, __ATOMIC_RELAXED))
		gt_tick();
}

static void talk_main(void *spinner)
{
	struct gt *talker, *other;

	talked = spinning = 0;
	if (gt_spawn(&talker, talk, spinner))
		exit(1);
	if (spinner && gt_spawn(&other, spin, NULL))
		exit(1);
	gt_join(talker);
	if (spinner)
		gt_join(other);
}

static double round_trip_us(const char *policy, void *spinner)
{
	int fd[2], status;
	double us;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) || (pid = fork()) < 0)
		return -1;
	if (!pid) {
		close(fd[1]);
		think_and_echo(fd[0]);
	}
	close(fd[0]);
	echo_fd = fd[1];
	us = run(policy, talk_main, spinner);
	close(echo_fd);
	return waitpid(pid, &status, 0) == pid ? us : -1;
}

static double row_convoy(void)
{
	return round_trip_us("gil3", &talked);
}

static double talker_alone(void)
{
	return round_trip_us("gil3", NULL);
}

/* The same with an interval ten times as long: ten times as slow. */
static double row_convoy_interval(void)
{
	return round_trip_us("gil3,interval=20ms", &talked);
}

static double convoy_short(void)
{
	return round_trip_us("gil3,interval=2ms", &talked);
}

static double row_convoy_gil2(void)
{
	return round_trip_us("gil2", &talked);
}

/* --- spinlocks -------------------------------------------------------------------- */

enum lock { TAS, TICKET, MCS };

static struct gt_tas tas = GT_TAS_INIT(NULL);
static struct gt_ticket ticket = GT_TICKET_INIT(NULL);
static struct gt_mcs mcs = GT_MCS_INIT(NULL);
static struct gt_waitgroup together = GT_WAITGROUP_INIT(NULL);
static uint64_t fight_begin, fight_end;
static enum lock fought_for;

static void work(void)
{
	for (volatile int i = 0; i < 200; i++)
		;
}

static void take(struct gt_mcs_node *node)
{
	if (fought_for == TAS)
		gt_tas_lock(&tas);
	else if (fought_for == TICKET)
		gt_ticket_lock(&ticket);
	else
		gt_mcs_lock(&mcs, node);
}

static void drop(struct gt_mcs_node *node)
{
	if (fought_for == TAS)
		gt_tas_unlock(&tas);
	else if (fought_for == TICKET)
		gt_ticket_unlock(&ticket);
	else
		gt_mcs_unlock(&mcs, node);
}

/* Counts from when all have come. */
static void fight(void *count)
{
	struct gt_mcs_node node;
	uint64_t now;

	gt_waitgroup_wait(&together);
	do {
		take(&node);
		now = bench_now_ns();
		*(long *)count += now >= fight_begin && now < fight_end;
		work();
		drop(&node);
	} while (now < fight_end);
}

static void fight_main(void *unused)
{
	long count[FIGHTERS * 16] = {0}, least, most; /* each in a cache line of its own */
	struct gt *gt[FIGHTERS];

	(void)unused;
	gt_waitgroup_add(&together, 1);
	for (int i = 0; i < FIGHTERS; i++)
		if (gt_spawn(&gt[i], fight, &count[i * 16]))
			exit(1);
	fight_begin = bench_now_ns() + WARM_UP_NS;
	fight_end = fight_begin + FIGHT_NS;
	gt_waitgroup_done(&together);
	for (int i = 0; i < FIGHTERS; i++)
		gt_join(gt[i]);
	least = most = count[0];
	for (int i = 1; i < FIGHTERS; i++) {
		least = count[i * 16] < least ? count[i * 16] : least;
		most = count[i * 16] > most ? count[i * 16] : most;
	}
	result = (double)most / (double)(least ? least : 1);
}

static double unfairness(enum lock lock)
{
	fought_for = lock;
	return run("threads", fight_main, NULL);
}

static double row_tas(void)
{
	return unfairness(TAS);
}

static double row_ticket(void)
{
	return unfairness(TICKET);
}

static double row_mcs(void)
{
	return unfairness(MCS);
}

static double fair_share(void)
{
	return 1;
}

/* --- the boolean flip ------------------------------------------------------------- */

static int flag, flippers;
static struct gt_mutex flag_lock = GT_MUTEX_INIT(NULL);

static void wait_for_both(void)
{
	uint64_t until = bench_now_ns() + START_NS;

	__atomic_fetch_add(&flippers, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&flippers, __ATOMIC_RELAXED) < 2 && bench_now_ns() < until)
		gt_yield();
}

/* A little work before the read-back: see samples/flip.c. */
static long flip_is_wrong(void)
{
	int wanted = !__atomic_load_n(&flag, __ATOMIC_RELAXED);

	__atomic_store_n(&flag, wanted, __ATOMIC_RELAXED);
	for (volatile int i = 0; i < 25; i++)
		;
	gt_tick();
	return __atomic_load_n(&flag, __ATOMIC_RELAXED) != wanted;
}

static void flip(void *wrong)
{
	wait_for_both();
	for (long i = 0; i < FLIPS; i++)
		*(long *)wrong += flip_is_wrong();
}

static void flip_locked(void *wrong)
{
	wait_for_both();
	for (long i = 0; i < FLIPS; i++) {
		gt_mutex_lock(&flag_lock);
		*(long *)wrong += flip_is_wrong();
		gt_mutex_unlock(&flag_lock);
	}
}

static void flip_main(void *locked)
{
	long wrong[2 * 16] = {0};
	struct gt *gt[2];

	flippers = 0;
	for (int i = 0; i < 2; i++)
		spawn_apart(&gt[i], locked ? flip_locked : flip, &wrong[i * 16], i);
	for (int i = 0; i < 2; i++)
		gt_join(gt[i]);
	result = (double)(wrong[0] + wrong[16]) * 1e6 / (2.0 * FLIPS);
}

static double row_flip(void)
{
	return run("threads", flip_main, NULL);
}

static double row_flip_mutex(void)
{
	return run("threads", flip_main, &flag_lock);
}

static double flip_on_one_core(void)
{
	return run("quantum", flip_main, NULL);
}

/* --- slow calls ------------------------------------------------------------------- */

static long slow_call(void *unused)
{
	(void)unused;
	return usleep(SLOW_CALL_US);
}

static void call_slowly(void *unused)
{
	gt_blocking("usleep", slow_call, unused);
}

static void slow_main(void *count)
{
	uint64_t start = bench_now_ns();
	struct gt *gt[SLOW_CALLS];
	int n = *(int *)count;

	for (int i = 0; i < n; i++)
		if (gt_spawn(&gt[i], call_slowly, NULL))
			exit(1);
	for (int i = 0; i < n; i++)
		gt_join(gt[i]);
	result = ms_since(start);
}

static double row_slow_calls(void)
{
	int count = SLOW_CALLS;

	return run("green", slow_main, &count);
}

static double one_slow_call(void)
{
	int count = 1;

	return run("green", slow_main, &count);
}

int main(int argc, char **argv)
{
	static const struct bench_row rows[] = {
		{"talk_gil2", "ms", row_gil2, gil2_sequential, {{NULL, NULL}}, 3},
		{"talk_gil2_false",
		 "waits/switch",
		 row_false_wakes,
		 gil3_false_wakes,
		 {{NULL, NULL}},
		 3},
		{"talk_gil3", "ms", row_gil3, gil3_sequential, {{NULL, NULL}}, 3},
		{"talk_gil3_stripe", "ms", row_stripes, stripes_wanted, {{NULL, NULL}}, 3},
		{"talk_procs",
		 "ms",
		 row_procs,
		 procs_sequential,
		 {{"plain fork", forked_side_by_side}},
		 5},
		{"talk_convoy", "us", row_convoy, talker_alone, {{NULL, NULL}}, 3},
		{"talk_convoy_interval",
		 "us",
		 row_convoy_interval,
		 convoy_short,
		 {{NULL, NULL}},
		 3},
		{"talk_convoy_gil2", "us", row_convoy_gil2, row_convoy, {{NULL, NULL}}, 3},
		{"talk_tas", "most/least", row_tas, fair_share, {{NULL, NULL}}, 5},
		{"talk_ticket", "most/least", row_ticket, fair_share, {{NULL, NULL}}, 5},
		{"talk_mcs", "most/least", row_mcs, fair_share, {{NULL, NULL}}, 5},
		{"talk_flip", "per mill.", row_flip, flip_on_one_core, {{NULL, NULL}}, 5},
		{"talk_flip_mutex",
		 "per mill.",
		 row_flip_mutex,
		 row_flip,
		 {{NULL, NULL}},
		 3},
		{"talk_slow_calls", "ms", row_slow_calls, one_slow_call, {{NULL, NULL}}, 5},
		{NULL, NULL, NULL, NULL, {{NULL, NULL}}, 0},
	};

	return bench_main(argc, argv, rows);
}
