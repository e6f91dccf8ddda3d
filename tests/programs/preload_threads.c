/* SPDX-License-Identifier: MIT
 *
 * A plain pthread program: it knows nothing of green threads. Producers and consumers
 * with a mutex and conditions, semaphores, once, values by key, recursion, names. Exits
 * with the number of the step that went wrong; 10 threads beside main.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAIRS 3
#define ITEMS 500
#define ROOM  4
#define CHECK(step, x)                                                                     \
	((x) ? (void)0 : (fprintf(stderr, "step %d: %s\n", step, #x), _exit(step)))

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_key_t key;
static sem_t sem;
static int line[ROOM], held, onces, destroyed;
static pthread_t detached;

/* Where the compiler cannot keep errno's address from before a wait, which under gmp may
 * end on another OS thread. */
static __attribute__((noinline)) int fails(int result, int error)
{
	return result == -1 && errno == error;
}

static void at_once(void)
{
	onces++;
}

static void destructor(void *value)
{
	__atomic_fetch_add(&destroyed, (int)(intptr_t)value, __ATOMIC_RELAXED);
}

static void put(int item)
{
	pthread_mutex_lock(&mutex);
	while (held == ROOM)
		pthread_cond_wait(&not_full, &mutex);
	line[held++] = item;
	pthread_cond_signal(&not_empty);
	pthread_mutex_unlock(&mutex);
}

static int take(void)
{
	int item;

	pthread_mutex_lock(&mutex);
	while (!held)
		pthread_cond_wait(&not_empty, &mutex);
	item = line[--held];
	pthread_cond_signal(&not_full);
	pthread_mutex_unlock(&mutex);
	return item;
}

static void *producer(void *arg)
{
	CHECK(1, pthread_once(&once, at_once) == 0);
	CHECK(2, pthread_getspecific(key) == NULL);
	CHECK(3, pthread_setspecific(key, (void *)1) == 0);
	for (int i = 0; i < ITEMS; i++)
		put(i);
	CHECK(4, pthread_getspecific(key) == (void *)1);
	return arg;
}

static void *consumer(void *arg)
{
	intptr_t sum = 0;

	(void)arg;
	pthread_once(&once, at_once);
	for (int i = 0; i < ITEMS; i++)
		sum += take();
	pthread_exit((void *)sum);
}

static void pairs(void)
{
	pthread_t makers[PAIRS], takers[PAIRS];
	intptr_t sum = 0;
	void *result;

	for (intptr_t i = 0; i < PAIRS; i++) {
		CHECK(5, !pthread_create(&makers[i], NULL, producer, (void *)i));
		CHECK(6, !pthread_create(&takers[i], NULL, consumer, NULL));
	}
	for (intptr_t i = 0; i < PAIRS; i++) {
		CHECK(7, !pthread_join(makers[i], &result) && result == (void *)i);
		CHECK(8, !pthread_join(takers[i], &result));
		sum += (intptr_t)result;
	}
	CHECK(9, sum == (intptr_t)PAIRS * ITEMS * (ITEMS - 1) / 2);
	CHECK(10, onces == 1 && destroyed == PAIRS);
}

static void recursion(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t again;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	CHECK(11, !pthread_mutex_init(&again, &attr));
	CHECK(12, !pthread_mutex_lock(&again) && !pthread_mutex_lock(&again) &&
			  !pthread_mutex_trylock(&again));
	for (int i = 0; i < 3; i++)
		CHECK(13, !pthread_mutex_unlock(&again));
	CHECK(14, pthread_mutex_unlock(&again) == EPERM);
	CHECK(15, !pthread_mutex_destroy(&again));
}

static void *poster(void *arg)
{
	char name[16] = "";

	CHECK(16, pthread_equal(pthread_self(), pthread_self()));
	CHECK(17, !pthread_setname_np(pthread_self(), "poster") &&
			  !pthread_getname_np(pthread_self(), name, sizeof name) &&
			  !strcmp(name, "poster"));
	usleep(1000);
	CHECK(18, !sem_post(arg));
	return NULL;
}

static void *leaver(void *arg)
{
	detached = pthread_self();
	sem_post(arg);
	return NULL;
}

static struct timespec shortly(void)
{
	struct timespec soon;

	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 1000000;
	if (soon.tv_nsec >= 1000000000) {
		soon.tv_nsec -= 1000000000;
		soon.tv_sec++;
	}
	return soon;
}

static void semaphores(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	struct timespec soon;

	CHECK(20, !sem_init(&sem, 0, 0));
	CHECK(21, fails(sem_trywait(&sem), EAGAIN));
	soon = shortly();
	CHECK(22, fails(sem_timedwait(&sem, &soon), ETIMEDOUT));
	CHECK(23, !pthread_create(&thread, NULL, poster, &sem));
	CHECK(24, !sem_wait(&sem) && !pthread_join(thread, NULL));
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	CHECK(25, !pthread_create(&thread, &attr, leaver, &sem));
	CHECK(26, !sem_wait(&sem) && pthread_equal(detached, thread));
	CHECK(27, !pthread_create(&thread, NULL, leaver, &sem));
	CHECK(28, !sem_wait(&sem) && !pthread_detach(thread));
	CHECK(29, !sem_destroy(&sem));
}

static void timed(void)
{
	struct timespec soon;

	soon = shortly();
	pthread_mutex_lock(&mutex);
	CHECK(30, pthread_cond_timedwait(&not_full, &mutex, &soon) == ETIMEDOUT);
	CHECK(31, pthread_mutex_trylock(&mutex) == EBUSY);
	pthread_mutex_unlock(&mutex);
	CHECK(32, !pthread_rwlock_rdlock(&rwlock) &&
			  pthread_rwlock_trywrlock(&rwlock) == EBUSY &&
			  !pthread_rwlock_unlock(&rwlock) &&
			  !pthread_rwlock_wrlock(&rwlock) &&
			  !pthread_rwlock_unlock(&rwlock));
}

static void *waiter(void *arg)
{
	return (void *)(intptr_t)!sem_wait(arg);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	void *result;
	sem_t late;

	CHECK(33, argc == 2 && !strcmp(argv[1], "word") && getenv("PATH"));
	CHECK(34, !pthread_key_create(&key, destructor));
	pairs();
	recursion();
	semaphores();
	timed();
	CHECK(35, !sem_init(&late, 0, 1));
	CHECK(36, !pthread_create(&thread, NULL, waiter, &late));
	CHECK(37, !pthread_join(thread, &result) && result == (void *)1);
	puts("done");
	return 42;
}
