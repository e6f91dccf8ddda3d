/* SPDX-License-Identifier: MIT
 *
 * A plain pthread program whose waits are known: mutexes ROUNDS
 *
 * In each round "holder" takes a lock, WAITERS threads wait for it, and it is dropped
 * when the kernel says that all of them sleep there; then they have it one after the
 * other. First with a mutex, then once with one of priority inheritance, and with a robust
 * one; and a condition is waited for and signalled. Prints the holder's thread and the
 * addresses.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>

#define WAITERS 3

static pthread_mutex_t known_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t known_pi;
static pthread_mutex_t known_robust;
static pthread_mutex_t cond_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t known_cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t go, over;
static pthread_mutex_t *lock;
static atomic_int tids[WAITERS + 1];
static atomic_int signalled;
static int rounds;

static void fail(const char *what)
{
	fprintf(stderr, "mutexes: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void nap(void)
{
	struct timespec ts = {0, 300000};

	nanosleep(&ts, NULL);
}

/* Until thread tid sleeps in a futex call for an address in [at, at + size). */
static void until_asleep(int tid, const void *at, size_t size)
{
	char path[64], call[64];
	uintptr_t from = (uintptr_t)at;

	snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
	for (;;) {
		FILE *f = fopen(path, "re");
		uint64_t arg = 0;
		long nr = -1;
		if (!f)
			fail(path);
		if (fgets(call, sizeof call, f) &&
		    sscanf(call, "%ld 0x%" SCNx64, &nr, &arg) == 2 && nr == SYS_futex &&
		    arg >= from && arg < from + size) {
			fclose(f);
			return;
		}
		fclose(f);
		nap();
	}
}

static void name(int idx, const char *text)
{
	char buf[16];

	snprintf(buf, sizeof buf, idx ? "%s-%d" : "%s", text, idx);
	pthread_setname_np(pthread_self(), buf);
	atomic_store(&tids[idx], (int)syscall(SYS_gettid));
}

static void *wait_for_it(void *arg)
{
	int idx = (int)(intptr_t)arg;

	name(idx, "waiter");
	for (int i = 0; i <= rounds + 1; i++) {
		pthread_barrier_wait(&go);
		pthread_mutex_lock(lock);
		pthread_mutex_unlock(lock);
		pthread_barrier_wait(&over);
	}
	return NULL;
}

static void *hold_it(void *arg)
{
	name(0, "holder");
	for (int i = 0; i <= rounds + 1; i++) {
		lock = i < rounds ? &known_lock : i == rounds ? &known_pi : &known_robust;
		pthread_mutex_lock(lock);
		pthread_barrier_wait(&go);
		for (int w = 1; w <= WAITERS; w++)
			until_asleep(atomic_load(&tids[w]), lock, sizeof *lock);
		nap(); /* it sleeps too, while all of them wait */
		pthread_mutex_unlock(lock);
		pthread_barrier_wait(&over);
	}
	return arg;
}

static void *wait_for_signal(void *arg)
{
	name(0, "signalled");
	pthread_mutex_lock(&cond_lock);
	while (!atomic_load(&signalled))
		pthread_cond_wait(&known_cond, &cond_lock);
	pthread_mutex_unlock(&cond_lock);
	return arg;
}

static void signal_once(void)
{
	pthread_t t;

	atomic_store(&tids[0], 0);
	if (pthread_create(&t, NULL, wait_for_signal, NULL))
		fail("pthread_create");
	while (!atomic_load(&tids[0]))
		nap();
	until_asleep(atomic_load(&tids[0]), &known_cond, sizeof known_cond);
	pthread_mutex_lock(&cond_lock);
	atomic_store(&signalled, 1);
	pthread_mutex_unlock(&cond_lock);
	pthread_cond_signal(&known_cond);
	pthread_join(t, NULL);
}

int main(int argc, char **argv)
{
	pthread_t t[WAITERS + 1];
	pthread_mutexattr_t pi, robust;

	rounds = argc > 1 ? atoi(argv[1]) : 1;
	pthread_mutexattr_init(&pi);
	pthread_mutexattr_setprotocol(&pi, PTHREAD_PRIO_INHERIT);
	if (pthread_mutex_init(&known_pi, &pi))
		fail("priority inheritance");
	pthread_mutexattr_init(&robust);
	pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
	if (pthread_mutex_init(&known_robust, &robust))
		fail("robust");
	pthread_barrier_init(&go, NULL, WAITERS + 1);
	pthread_barrier_init(&over, NULL, WAITERS + 1);
	for (intptr_t i = 0; i <= WAITERS; i++)
		if (pthread_create(&t[i], NULL, i ? wait_for_it : hold_it, (void *)i))
			fail("pthread_create");
	for (int i = 0; i <= WAITERS; i++)
		pthread_join(t[i], NULL);
	printf("holder %d known_lock %" PRIuPTR " known_pi %" PRIuPTR "\n",
	       atomic_load(&tids[0]), (uintptr_t)&known_lock, (uintptr_t)&known_pi);
	signal_once();
	return 0;
}
