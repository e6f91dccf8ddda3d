/* SPDX-License-Identifier: MIT
 *
 * OS threads that compute, sleep or hand a byte to and fro, and what the kernel
 * itself says of each: the truth that a trace's figures must agree with.
 *
 * When all threads have done their work they park, so that the kernel's figures of
 * them stand still while the main thread reads them. One line a thread:
 *   TID KIND schedstat_ns switches read_at_ns steal_ns
 * and last "done". schedstat_ns is /proc's run time, switches the voluntary and
 * involuntary ones of /proc/TID/status, both up to CLOCK_MONOTONIC read_at_ns, which
 * lies after the last thread had parked; steal_ns is what the thread itself saw taken
 * by the hypervisor, which the kernel leaves out.
 *
 * usage: burn MILLISECONDS THREADS      (kinds in turn: compute, sleep, a pair of pipes)
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define THREADS_MAX    64
#define STEAL_LEAST_NS 5000  /* less is the price of looking */
#define ROUND_NS       20000 /* what ping and pong compute between two bytes */

enum kind { COMPUTE, SLEEP, PING, PONG };
static const char *const kind_name[] = {"compute", "sleep", "ping", "pong"};

struct worker {
	pthread_t thread;
	enum kind kind;
	int read_fd, write_fd;
	uint64_t steal_ns;
	_Atomic pid_t tid;
};

static struct worker workers[THREADS_MAX];
static uint64_t end_ns;
static atomic_int parked;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t open_gate = PTHREAD_COND_INITIALIZER;
static int gate_open;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void nap_us(long us)
{
	struct timespec ts = {us / 1000000, us % 1000000 * 1000};

	nanosleep(&ts, NULL);
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static long own_switches(void)
{
	struct rusage ru;

	getrusage(RUSAGE_THREAD, &ru);
	return ru.ru_nvcsw + ru.ru_nivcsw;
}

static void compute_a_little(void)
{
	uint64_t x = 88172645463325252u;

	for (int i = 0; i < 5000; i++)
		x = x * 6364136223846793005u + 1442695040888963407u;
	__asm__ volatile("" ::"r"(x)); /* it was wanted */
}

/* Time that passes on our core, without a switch, and that the kernel does not count
 * as ours was taken by the hypervisor: no trace can tell it from running. */
static void compute_for(struct worker *w, uint64_t ns)
{
	uint64_t until = now_ns() + ns, wall, cpu;
	long switches;

	do {
		switches = own_switches();
		wall = now_ns();
		cpu = cpu_ns();
		compute_a_little();
		cpu = cpu_ns() - cpu;
		wall = now_ns() - wall;
		if (own_switches() == switches && wall > cpu + STEAL_LEAST_NS)
			w->steal_ns += wall - cpu;
	} while (now_ns() < until);
}

static void ping(struct worker *w)
{
	char byte = 'x';

	while (now_ns() < end_ns) {
		compute_for(w, ROUND_NS);
		if (write(w->write_fd, &byte, 1) != 1 || read(w->read_fd, &byte, 1) != 1)
			break;
	}
	close(w->write_fd); /* ends the other one */
}

static void pong(struct worker *w)
{
	char byte;

	while (read(w->read_fd, &byte, 1) == 1) {
		compute_for(w, ROUND_NS);
		if (write(w->write_fd, &byte, 1) != 1)
			break;
	}
}

static void park(void)
{
	pthread_mutex_lock(&gate);
	atomic_fetch_add(&parked, 1);
	while (!gate_open)
		pthread_cond_wait(&open_gate, &gate);
	pthread_mutex_unlock(&gate);
}

static void *work(void *arg)
{
	struct worker *w = arg;

	atomic_store(&w->tid, (pid_t)syscall(SYS_gettid));
	switch (w->kind) {
	case COMPUTE:
		compute_for(w, end_ns - now_ns());
		break;
	case SLEEP:
		while (now_ns() < end_ns) {
			compute_for(w, 300000);
			nap_us(700);
		}
		break;
	case PING:
		ping(w);
		break;
	case PONG:
		pong(w);
		break;
	}
	park();
	return NULL;
}

/* It has left its core for a futex: its figures stand still. (The kernel tells the call of
 * those only who have. Where it tells none, by state S, which it has a moment before.) */
static int sleeps(pid_t tid)
{
	char path[64], text[256], *paren;
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
	f = fopen(path, "re");
	if (f) {
		long nr = -1;

		if (fscanf(f, "%ld", &nr) != 1)
			nr = -1;
		fclose(f);
		return nr == SYS_futex;
	}
	snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = 0;
	fclose(f);
	paren = strrchr(text, ')');
	return paren && !strncmp(paren, ") S", 3);
}

static uint64_t run_time_ns(pid_t tid)
{
	char path[64];
	uint64_t ns = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", tid);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%" SCNu64, &ns) != 1)
		perror(path);
	if (f)
		fclose(f);
	return ns;
}

static uint64_t switch_count(pid_t tid)
{
	char path[64], line[256];
	uint64_t sum = 0, n;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%d/status", tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "voluntary_ctxt_switches: %" SCNu64, &n) == 1 ||
		    sscanf(line, "nonvoluntary_ctxt_switches: %" SCNu64, &n) == 1)
			sum += n;
	if (f)
		fclose(f);
	return sum;
}

static void start_workers(int count)
{
	int there[2] = {-1, -1}, back[2] = {-1, -1};

	for (int i = 0; i < count; i++) {
		struct worker *w = &workers[i];

		w->kind = (enum kind)(i % 4);
		if (w->kind == PING && (i + 1 == count || pipe(there) || pipe(back)))
			w->kind = COMPUTE;
		if (w->kind == PING) {
			w->read_fd = back[0];
			w->write_fd = there[1];
		} else if (w->kind == PONG) {
			w->read_fd = there[0];
			w->write_fd = back[1];
		}
		if (pthread_create(&w->thread, NULL, work, w)) {
			perror("pthread_create");
			exit(1);
		}
	}
}

static void print_figures(int count)
{
	while (atomic_load(&parked) < count)
		nap_us(1000);
	for (int i = 0; i < count; i++)
		while (!sleeps(workers[i].tid))
			nap_us(1000);
	for (int i = 0; i < count; i++) {
		struct worker *w = &workers[i];

		printf("%d %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", w->tid,
		       kind_name[w->kind], run_time_ns(w->tid), switch_count(w->tid),
		       now_ns(), w->steal_ns);
	}
}

int main(int argc, char **argv)
{
	int ms = argc > 1 ? atoi(argv[1]) : 500, count = argc > 2 ? atoi(argv[2]) : 4;

	if (ms < 1 || ms > 600000 || count < 1 || count > THREADS_MAX) {
		fprintf(stderr, "usage: burn MILLISECONDS THREADS (1 to %d)\n",
			THREADS_MAX);
		return 2;
	}
	end_ns = now_ns() + (uint64_t)ms * 1000000u;
	start_workers(count);
	print_figures(count);
	pthread_mutex_lock(&gate);
	gate_open = 1;
	pthread_cond_broadcast(&open_gate);
	pthread_mutex_unlock(&gate);
	for (int i = 0; i < count; i++)
		pthread_join(workers[i].thread, NULL);
	puts("done");
	return 0;
}
