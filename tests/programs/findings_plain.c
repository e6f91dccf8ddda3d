/* SPDX-License-Identifier: MIT
 *
 * findings_plain WHAT: a program of plain pthreads that has what one rule of the findings
 * looks for; nobody but the kernel tells of it.
 *
 *   moves | stays   a thread that is sent to and fro between two cores, or kept on one
 *   asleep          one sleeps with a mutex in its hand, over and over, while the other
 * waits for it, and needs it for a moment each time
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS     1000000
#define ROUNDS 30
#define MOVES  100

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int over, got, held;

static void busy_ns(long long ns)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	do
		clock_gettime(CLOCK_MONOTONIC, &b);
	while ((b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec < ns);
}

static void nap_ns(long ns)
{
	struct timespec ts = {.tv_nsec = ns};

	nanosleep(&ts, NULL);
}

static int bind_to(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	return sched_setaffinity(0, sizeof set, &set);
}

/* The first two cores that it may run on. */
static int two_cores(int core[2])
{
	cpu_set_t set;
	int n = 0;

	if (sched_getaffinity(0, sizeof set, &set))
		return 0;
	for (int i = 0; i < CPU_SETSIZE && n < 2; i++)
		if (CPU_ISSET(i, &set))
			core[n++] = i;
	return n == 2;
}

static int move_about(int to_and_fro)
{
	int core[2];

	if (!two_cores(core))
		return 3;
	for (int i = 0; i < MOVES; i++) {
		if (bind_to(core[to_and_fro ? i % 2 : 0]))
			return 1;
		busy_ns(MS / 5);
	}
	return 0;
}

static void *hold(void *unused)
{
	for (int last = 0; !over; last = got) {
		pthread_mutex_lock(&mutex);
		held++;
		nap_ns(3 * MS);
		pthread_mutex_unlock(&mutex);
		/* Not again before the other had it. */
		while (!over && got == last)
			sched_yield();
	}
	return unused;
}

static int contend(void)
{
	pthread_t holder;

	if (pthread_create(&holder, NULL, hold, NULL))
		return 1;
	for (int i = 0; i < ROUNDS; i++) {
		while (held == i) /* not yet again */
			sched_yield();
		pthread_mutex_lock(&mutex);
		got++;
		pthread_mutex_unlock(&mutex);
	}
	over = 1;
	pthread_join(holder, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (!strcmp(what, "moves") || !strcmp(what, "stays"))
		return move_about(*what == 'm');
	if (!strcmp(what, "asleep"))
		return contend();
	fprintf(stderr, "usage: findings_plain WHAT\n");
	return 2;
}
