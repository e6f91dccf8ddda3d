/* SPDX-License-Identifier: MIT
 *
 * The rows of `make bench` on plain pthreads. usage: pthreads ROW; prints one figure in
 * the row's unit; exit status 2: there is no such row here.
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define YIELDS 100000
#define SPAWNS 5000
#define TRIPS  20000
#define LOCKS  2000000

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* As N:1 runs: all on the core that we are on. */
static void one_core(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof set, &set);
}

static void *yielder(void *unused)
{
	for (int i = 0; i < YIELDS; i++)
		sched_yield();
	return unused;
}

static double yields(void)
{
	pthread_t other;
	double start;

	one_core();
	pthread_create(&other, NULL, yielder, NULL);
	start = now_ns();
	yielder(NULL);
	pthread_join(other, NULL);
	return (now_ns() - start) / (2.0 * YIELDS);
}

static void *nothing(void *unused)
{
	return unused;
}

static double spawns(void)
{
	double start = now_ns();

	for (int i = 0; i < SPAWNS; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, nothing, NULL);
		pthread_join(thread, NULL);
	}
	return (now_ns() - start) / SPAWNS;
}

/* A channel of one place: a mutex and a condition. */
struct place {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int full;
	long ball;
};

static struct place there = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
static struct place back = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};

static void put(struct place *p, long ball)
{
	pthread_mutex_lock(&p->mutex);
	while (p->full)
		pthread_cond_wait(&p->changed, &p->mutex);
	p->full = 1;
	p->ball = ball;
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->mutex);
}

static long take(struct place *p)
{
	long ball;

	pthread_mutex_lock(&p->mutex);
	while (!p->full)
		pthread_cond_wait(&p->changed, &p->mutex);
	p->full = 0;
	ball = p->ball;
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->mutex);
	return ball;
}

static void *echo(void *unused)
{
	for (int i = 0; i < TRIPS; i++)
		put(&back, take(&there));
	return unused;
}

static double trips(void)
{
	pthread_t other;
	double start;

	pthread_create(&other, NULL, echo, NULL);
	start = now_ns();
	for (int i = 0; i < TRIPS; i++) {
		put(&there, i);
		take(&back);
	}
	pthread_join(other, NULL);
	return (now_ns() - start) / TRIPS;
}

static double trips_on_one_core(void)
{
	one_core();
	return trips();
}

static pthread_mutex_t hold = PTHREAD_MUTEX_INITIALIZER;

static void *wait_for_hold(void *unused)
{
	pthread_mutex_lock(&hold);
	pthread_mutex_unlock(&hold);
	return unused;
}

/* A second thread is alive. */
static double locks(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_t other;
	double start, result;

	pthread_mutex_lock(&hold);
	pthread_create(&other, NULL, wait_for_hold, NULL);
	start = now_ns();
	for (int i = 0; i < LOCKS; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
	result = (now_ns() - start) / LOCKS;
	pthread_mutex_unlock(&hold);
	pthread_join(other, NULL);
	return result;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *row;
		double (*measure)(void);
	} rows[] = {
		{"yield", yields},
		{"spawn_join", spawns},
		{"chan_roundtrip", trips_on_one_core},
		{"chan_cross_worker", trips},
		{"mutex", locks},
	};

	for (size_t i = 0; argc > 1 && i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(argv[1], rows[i].row)) {
			printf("%.6g\n", rows[i].measure());
			return 0;
		}
	return 2;
}
