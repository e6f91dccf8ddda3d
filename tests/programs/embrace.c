/* SPDX-License-Identifier: MIT
 *
 * Two threads of plain pthreads, each with the mutex that the other wants. The first
 * thread ends the program when both have slept for a while.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>

static pthread_mutex_t mutex[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static pthread_barrier_t both_have;
static _Atomic long tid[2];

static void *embrace(void *arg)
{
	int me = arg != NULL;

	tid[me] = syscall(SYS_gettid);
	pthread_mutex_lock(&mutex[me]);
	pthread_barrier_wait(&both_have);
	pthread_mutex_lock(&mutex[!me]);
	return NULL;
}

static int is_asleep(long thread)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%ld/stat", thread);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(f);
	return state == 'S';
}

int main(void)
{
	const struct timespec moment = {.tv_nsec = 10000000};
	pthread_t thread;

	pthread_barrier_init(&both_have, NULL, 2);
	if (pthread_create(&thread, NULL, embrace, NULL) ||
	    pthread_create(&thread, NULL, embrace, &thread))
		return 1;
	for (int asleep = 0, tries = 0; asleep < 20 && tries < 1000; tries++) {
		nanosleep(&moment, NULL);
		asleep = is_asleep(tid[0]) && is_asleep(tid[1]) ? asleep + 1 : 0;
	}
	_exit(0);
}
