/* SPDX-License-Identifier: MIT
 *
 * Two threads on one core that hand a byte to and fro over two pipes: each round
 * trip is two switches and two wake-ups, the dearest program for a tracer of
 * scheduling. Prints the ns of its round trips, start and end left out; with "cpu" those
 * of processor time, which others on the machine do not take from it.
 *
 * The threads are SCHED_BATCH: else who is woken may take the core from the waker before
 * that one has gone to sleep, which then is not woken at all, and a round trip has three
 * events or four as it comes.
 *
 * usage: pingpipe ROUND_TRIPS [cpu]
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP_COUNT 1000

static int there[2], back[2];

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;
	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The last core we may use: the first serves most interrupts. */
static void pin(void)
{
	cpu_set_t may, one;
	if (sched_getaffinity(0, sizeof may, &may) < 0)
		die("pingpipe: sched_getaffinity");
	CPU_ZERO(&one);
	for (size_t core = CPU_SETSIZE; core-- > 0;) {
		if (CPU_ISSET(core, &may)) {
			CPU_SET(core, &one);
			break;
		}
	}
	if (sched_setaffinity(0, sizeof one, &one) < 0)
		die("pingpipe: sched_setaffinity");
	if (sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0}) < 0)
		die("pingpipe: sched_setscheduler");
}

static void *echo(void *unused)
{
	char byte;
	(void)unused;
	while (read(there[0], &byte, 1) == 1) {
		if (write(back[1], &byte, 1) != 1)
			die("pingpipe: write");
	}
	return NULL;
}

static void play(uint64_t round_trips)
{
	char byte = 0;
	for (uint64_t i = 0; i < round_trips; i++) {
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			die("pingpipe: pipe");
	}
}

int main(int argc, char **argv)
{
	uint64_t round_trips = argc >= 2 ? strtoull(argv[1], NULL, 10) : 0;
	clockid_t clock = argc > 2 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
	pthread_t other;

	if (!round_trips || argc > 3 || (argc == 3 && strcmp(argv[2], "cpu") != 0)) {
		fprintf(stderr, "usage: pingpipe ROUND_TRIPS [cpu]\n");
		return 2;
	}
	pin();
	if (pipe(there) < 0 || pipe(back) < 0)
		die("pingpipe: pipe");
	if (pthread_create(&other, NULL, echo, NULL))
		die("pingpipe: pthread_create");
	play(WARM_UP_COUNT);
	uint64_t begin_ns = now_ns(clock);
	play(round_trips);
	printf("%llu\n", (unsigned long long)(now_ns(clock) - begin_ns));
	close(there[1]);
	pthread_join(other, NULL);
	return 0;
}
