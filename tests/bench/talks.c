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

#define COUNTDOWN    10000000
#define TRIPS	     50
#define THINK_NS     50000u
#define FIGHT_NS     200000000u
#define FIGHTERS     2
#define FLIPS	     10000000
#define SLOW_CALLS   10
#define SLOW_CALL_US 20000

static double result;

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

static void side_by_side(void *unused)
{
	uint64_t start = bench_now_ns();
	struct gt *gt[2];

	(void)unused;
	for (int i = 0; i < 2; i++)
		if (gt_spawn(&gt[i], countdown, NULL))
			exit(1);
	for (int i = 0; i < 2; i++)
		gt_join(gt[i]);
	result = ms_since(start);
}

static double row_gil2(void)
{
	return run("gil2,cores=2", side_by_side, NULL);
}

static double gil2_sequential(void)
{
	return run("gil2,cores=2", one_after_other, NULL);
}

static double row_gil3(void)
{
	return run("gil3", side_by_side, NULL);
}

static double gil3_sequential(void)
{
	return run("gil3", one_after_other, NULL);
}

/* --- the convoy ------------------------------------------------------------------- */

static int echo_fd, talked, spinning;

static void think_and_echo(int fd)
{
	char byte;

	while (read(fd, &byte, 1) == 1) {
		uint64_t start = bench_now_ns();

		while (bench_now_ns() - start < THINK_NS)
			;
		if (write(fd, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

/* As CPython does it: without the GIL around each system call. */
static void talk(void *spinner)
{
	uint64_t start;
	char byte = 'x';

	while (spinner && !__atomic_load_n(&spinning, __ATOMIC_RELAXED))
		gt_sleep_ns(1000000);
	start = bench_now_ns();
	for (int i = 0; i < TRIPS; i++) {
		ssize_t n;

		gt_gil_release();
		n = gt_write(echo_fd, &byte, 1);
		gt_gil_acquire();
		gt_gil_release();
		n += gt_read(echo_fd, &byte, 1);
		gt_gil_acquire();
		if (n != 2)
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

static double round_trip_us(void *spinner)
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
	us = run("gil3", talk_main, spinner);
	close(echo_fd);
	return waitpid(pid, &status, 0) == pid ? us : -1;
}

static double row_convoy(void)
{
	return round_trip_us(&talked);
}

static double talker_alone(void)
{
	return round_trip_us(NULL);
}

/* --- spinlocks -------------------------------------------------------------------- */

enum lock { TAS, TICKET, MCS };

static struct gt_tas tas = GT_TAS_INIT(NULL);
static struct gt_ticket ticket = GT_TICKET_INIT(NULL);
static struct gt_mcs mcs = GT_MCS_INIT(NULL);
static struct gt_waitgroup together = GT_WAITGROUP_INIT(NULL);
static uint64_t fight_end;
static enum lock fought_for;

static void work(void)
{
	for (volatile int i = 0; i < 200; i++)
		;
}

static void once_locked(void)
{
	struct gt_mcs_node node;

	if (fought_for == TAS) {
		gt_tas_lock(&tas);
		work();
		gt_tas_unlock(&tas);
	} else if (fought_for == TICKET) {
		gt_ticket_lock(&ticket);
		work();
		gt_ticket_unlock(&ticket);
	} else {
		gt_mcs_lock(&mcs, &node);
		work();
		gt_mcs_unlock(&mcs, &node);
	}
}

static void fight(void *count)
{
	gt_waitgroup_wait(&together);
	while (bench_now_ns() < fight_end) {
		once_locked();
		++*(long *)count;
	}
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
	fight_end = bench_now_ns() + FIGHT_NS;
	gt_waitgroup_done(&together);
	for (int i = 0; i < FIGHTERS; i++)
		gt_join(gt[i]);
	least = most = count[0];
	for (int i = 1; i < FIGHTERS; i++) {
		least = count[i * 16] < least ? count[i * 16] : least;
		most = count[i * 16] > most ? count[i * 16] : most;
	}
	result = least ? (double)most / (double)least : -1;
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

static int flag;

static void flip(void *wrong)
{
	for (long i = 0; i < FLIPS; i++) {
		int wanted = !__atomic_load_n(&flag, __ATOMIC_RELAXED);

		__atomic_store_n(&flag, wanted, __ATOMIC_RELAXED);
		gt_tick();
		*(long *)wrong += __atomic_load_n(&flag, __ATOMIC_RELAXED) != wanted;
	}
}

static void flip_main(void *unused)
{
	long wrong[2 * 16] = {0};
	struct gt *gt[2];

	(void)unused;
	for (int i = 0; i < 2; i++)
		if (gt_spawn(&gt[i], flip, &wrong[i * 16]))
			exit(1);
	for (int i = 0; i < 2; i++)
		gt_join(gt[i]);
	result = (double)(wrong[0] + wrong[16]) * 1e6 / (2.0 * FLIPS);
}

static double row_flip(void)
{
	return run("threads", flip_main, NULL);
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
		{"talk_gil3", "ms", row_gil3, gil3_sequential, {{NULL, NULL}}, 3},
		{"talk_convoy", "us", row_convoy, talker_alone, {{NULL, NULL}}, 3},
		{"talk_tas", "most/least", row_tas, fair_share, {{NULL, NULL}}, 5},
		{"talk_ticket", "most/least", row_ticket, fair_share, {{NULL, NULL}}, 5},
		{"talk_mcs", "most/least", row_mcs, fair_share, {{NULL, NULL}}, 5},
		{"talk_flip", "per mill.", row_flip, flip_on_one_core, {{NULL, NULL}}, 5},
		{"talk_slow_calls", "ms", row_slow_calls, one_slow_call, {{NULL, NULL}}, 5},
		{NULL, NULL, NULL, NULL, {{NULL, NULL}}, 0},
	};

	return bench_main(argc, argv, rows);
}
