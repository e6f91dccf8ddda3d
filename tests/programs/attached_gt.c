/* SPDX-License-Identifier: MIT
 *
 * For the tests of attaching: a program on libgt that goes on until it is told to stop.
 * Two green threads pass numbers to and fro, four fight for a mutex, one sleeps, one makes
 * blocking calls, one waits on a channel to the end, and some are started again and again.
 * Prints "ready"; when SIGTERM comes "intact" or what went wrong, and ends with status 7.
 * `idle` as argument: all only wait.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gt.h"

#define FIGHTERS 4

static volatile sig_atomic_t over;
static struct gt_chan *to, *fro, *never;
static struct gt_mutex tally = GT_MUTEX_INIT("tally");
static struct gt_mutex quiet = GT_MUTEX_INIT("quiet"); /* waited for once, long before */
static unsigned long counted, added[FIGHTERS];
static int wrong, idle, waits;

static void on_term(int number)
{
	(void)number;
	over = 1;
}

static void ping(void *unused)
{
	long n = 1, back;

	(void)unused;
	for (; !over; n++) {
		if (gt_chan_send(to, &n) || gt_chan_recv(fro, &back) || back != n)
			wrong |= 1;
		gt_sleep_ns(200000);
	}
	n = 0;
	gt_chan_send(to, &n);
}

static void pong(void *unused)
{
	long n;

	(void)unused;
	while (!gt_chan_recv(to, &n) && n)
		if (gt_chan_send(fro, &n))
			wrong |= 2;
}

static void fighter(void *arg)
{
	unsigned long *mine = arg;

	while (!over) {
		gt_mutex_lock(&tally);
		counted++;
		++*mine;
		gt_yield();
		gt_mutex_unlock(&tally);
		gt_sleep_ns(100000);
	}
}

static void sleeper(void *unused)
{
	(void)unused;
	while (!over) {
		gt_mutex_lock(&quiet);
		gt_mutex_unlock(&quiet);
		if (gt_sleep_ns(20000000))
			wrong |= 4;
	}
}

static long nap(void *unused)
{
	(void)unused;
	gt_block_ns(300000);
	return 3;
}

static void blocker(void *unused)
{
	(void)unused;
	while (!over)
		if (gt_blocking("nap", nap, NULL) != 3)
			wrong |= 8;
}

static void waiter(void *unused)
{
	long n;

	(void)unused;
	__atomic_store_n(&waits, 1, __ATOMIC_RELEASE);
	if (gt_chan_recv(never, &n) || n != 42)
		wrong |= 16;
}

static void nothing(void *unused)
{
	(void)unused;
}

static void starter(void *unused)
{
	struct gt *child;

	(void)unused;
	while (!over) {
		if (gt_spawn(&child, nothing, NULL) || gt_join(child))
			wrong |= 32;
		/* An OS thread each, under some policies: no more of them than a gtviz that
		 * waits for a core may have rings for. */
		gt_sleep_ns(20000000);
	}
}

static void first(void *unused)
{
	static void (*const busy[])(void *) = {ping, pong, sleeper, blocker, starter};
	static const char *const name[] = {"ping", "pong", "sleeper", "blocker", "starter"};
	struct gt *all[16];
	unsigned long sum = 0;
	int count = 0;
	long n = 42;

	(void)unused;
	to = gt_chan_new(sizeof(long), 0, "to");
	fro = gt_chan_new(sizeof(long), 0, "fro");
	never = gt_chan_new(sizeof(long), 0, "never");
	gt_mutex_lock(&quiet);
	for (unsigned i = 0; !idle && i < sizeof busy / sizeof *busy; i++) {
		gt_spawn(&all[count], busy[i], NULL);
		gt_set_name(all[count++], name[i]);
	}
	for (int i = 0; !idle && i < FIGHTERS; i++)
		gt_spawn(&all[count++], fighter, &added[i]);
	gt_spawn(&all[count], waiter, NULL);
	gt_set_name(all[count++], "waiter");
	/* All have begun, and made what they make at their first time. */
	do
		gt_sleep_ns(50000000);
	while (!__atomic_load_n(&waits, __ATOMIC_ACQUIRE));
	gt_mutex_unlock(&quiet);
	gt_sleep_ns(50000000);
	printf("ready\n");
	fflush(stdout);
	while (!over)
		gt_sleep_ns(idle ? 100000000 : 5000000);
	gt_chan_send(never, &n);
	for (int i = 0; i < count; i++)
		gt_join(all[i]);
	for (int i = 0; i < FIGHTERS; i++)
		sum += added[i];
	if (sum != counted)
		wrong |= 64;
}

int main(int argc, char **argv)
{
	struct sigaction term = {.sa_handler = on_term, .sa_flags = SA_RESTART};

	idle = argc > 1 && !strcmp(argv[1], "idle");
	sigaction(SIGTERM, &term, NULL);
	if (gt_run(first, NULL))
		return 1;
	if (wrong)
		printf("wrong %d\n", wrong);
	else
		printf("intact\n");
	return 7;
}
