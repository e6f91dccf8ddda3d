/* SPDX-License-Identifier: MIT
 *
 * Threads that contend for one mutex, and what they know of it: locklog
 *
 * Prints a line a hold: thread, taken, dropped (ns of CLOCK_MONOTONIC, by the holder
 * itself, right after the one and right before the other).
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>

#define THREADS 4
#define HOLDS	1000

static pthread_mutex_t the_lock = PTHREAD_MUTEX_INITIALIZER;
static int tids[THREADS];
static struct {
	uint64_t taken_ns, dropped_ns;
} holds[THREADS][HOLDS];

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void spin(unsigned n)
{
	for (volatile unsigned i = 0; i < n; i++)
		;
}

static void *contend(void *arg)
{
	intptr_t me = (intptr_t)arg;
	unsigned seed = (unsigned)me + 1;
	struct timespec nap = {0, 50000};

	tids[me] = (int)syscall(SYS_gettid);
	for (int i = 0; i < HOLDS; i++) {
		seed = seed * 1103515245u + 12345u;
		pthread_mutex_lock(&the_lock);
		holds[me][i].taken_ns = now_ns();
		spin((seed >> 16) % 6000);
		if ((seed >> 16) % 17 == 0)
			nanosleep(&nap, NULL);
		holds[me][i].dropped_ns = now_ns();
		pthread_mutex_unlock(&the_lock);
		spin((seed >> 20) % 3000);
	}
	return NULL;
}

int main(void)
{
	pthread_t t[THREADS];

	for (intptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, contend, (void *)i))
			return 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < THREADS; i++)
		for (int k = 0; k < HOLDS; k++)
			printf("%d %" PRIu64 " %" PRIu64 "\n", tids[i],
			       holds[i][k].taken_ns, holds[i][k].dropped_ns);
	return 0;
}
