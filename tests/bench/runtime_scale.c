/* SPDX-License-Identifier: MIT
 *
 * What many green threads cost: memory, timers, connections. Each measure is taken in
 * a child of its own, so that no heap or stack pool of an earlier one counts.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/peer.h"
#include "runtime/gt.h"

#define IDLE_THREADS	100000
#define MILLION_THREADS 1000000
#define SLEEPERS	100000
#define WAKES		1000000
#define PERIOD_NS	500000000u
#define CONNECTIONS	100
#define REQUESTS	300000

static double *shared; /* where a child leaves its figure */

static double in_child(void (*measure)(void))
{
	int status;
	pid_t pid;

	if (!shared) {
		shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (shared == MAP_FAILED)
			return -1;
	}
	*shared = -1;
	pid = fork();
	if (pid < 0)
		return -1;
	if (!pid) {
		measure();
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		return -1;
	return *shared;
}

static void run_green(void (*fn)(void *))
{
	const struct gt_config config = {.policy = "green"};

	if (gt_run_config(&config, fn, NULL))
		*shared = -1;
}

/* --- memory ----------------------------------------------------------------------- */

static double resident_bytes(void)
{
	unsigned long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f)
		return -1;
	if (fscanf(f, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void wait_for_close(void *ch)
{
	gt_chan_recv(ch, NULL);
}

/* Threads that have run and wait: resident bytes each. */
static void hold(int count)
{
	struct gt_chan *ch = gt_chan_new(0, 0, NULL);
	struct gt **gt = calloc((size_t)count, sizeof *gt);
	double before;
	int made = 0;

	memset(gt, 1, (size_t)count * sizeof *gt); /* resident before we look */
	before = resident_bytes();
	while (made < count && !gt_spawn(&gt[made], wait_for_close, ch))
		made++;
	gt_yield();
	if (made == count)
		*shared = (resident_bytes() - before) / count;
	else
		fprintf(stderr, "only %d of %d green threads could be made\n", made, count);
	gt_chan_close(ch);
	for (int i = 0; i < made; i++)
		gt_join(gt[i]);
}

static void hold_idle(void *unused)
{
	(void)unused;
	hold(IDLE_THREADS);
}

static void hold_million(void *unused)
{
	(void)unused;
	hold(MILLION_THREADS);
}

static void idle_child(void)
{
	run_green(hold_idle);
}

static void million_child(void)
{
	run_green(hold_million);
}

static double row_idle_bytes(void)
{
	return in_child(idle_child);
}

static double row_million_bytes(void)
{
	return in_child(million_child);
}

static double one_page(void)
{
	return 4096;
}

/* --- timers ------------------------------------------------------------------------ */

static double cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static long wakes;
static double wakes_start_us;

/* The first round spreads them over the period; it does not count. */
static void sleeper(void *arg)
{
	gt_sleep_ns((uint64_t)(uintptr_t)arg * (PERIOD_NS / SLEEPERS));
	while (wakes < WAKES) {
		if (wakes++ == SLEEPERS)
			wakes_start_us = cpu_us();
		gt_sleep_ns(PERIOD_NS);
	}
}

static void sleep_main(void *unused)
{
	struct gt **gt = calloc(SLEEPERS, sizeof *gt);

	(void)unused;
	for (uintptr_t i = 0; i < SLEEPERS; i++)
		if (gt_spawn(&gt[i], sleeper, (void *)i))
			return;
	while (wakes < WAKES)
		gt_sleep_ns(PERIOD_NS / 10);
	*shared = (cpu_us() - wakes_start_us) / (WAKES - SLEEPERS);
	_exit(0);
}

static void timer_child(void)
{
	run_green(sleep_main);
}

static double row_timer_wake(void)
{
	return in_child(timer_child);
}

/* A binary heap of deadlines alone: the earliest out, a later one in. */
static double heap_alone(void)
{
	static uint64_t heap[SLEEPERS];
	double start;

	for (uint64_t i = 0; i < SLEEPERS; i++)
		heap[i] = i;
	start = cpu_us();
	for (int n = 0; n < WAKES; n++) {
		uint64_t key = heap[0] + SLEEPERS;
		size_t idx = 0, child;

		while ((child = 2 * idx + 1) < SLEEPERS) {
			if (child + 1 < SLEEPERS && heap[child + 1] < heap[child])
				child++;
			if (heap[child] >= key)
				break;
			heap[idx] = heap[child];
			idx = child;
		}
		heap[idx] = key;
	}
	return (cpu_us() - start) / WAKES;
}

/* --- echo -------------------------------------------------------------------------- */

static int server_end[CONNECTIONS], client_end[CONNECTIONS];

static int connections_open(void)
{
	for (int i = 0; i < CONNECTIONS; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair))
			return -1;
		server_end[i] = pair[0];
		client_end[i] = pair[1];
	}
	return 0;
}

/* The clients are one process that has a request on the way on each connection. */
static void play_clients(void)
{
	struct epoll_event events[CONNECTIONS], ev = {.events = EPOLLIN};
	int epoll = epoll_create1(0), sent = 0, got = 0;
	char byte = 'x';

	for (int i = 0; i < CONNECTIONS; i++) {
		close(server_end[i]);
		ev.data.fd = client_end[i];
		epoll_ctl(epoll, EPOLL_CTL_ADD, client_end[i], &ev);
		sent += write(client_end[i], &byte, 1) == 1;
	}
	while (got < REQUESTS) {
		int n = epoll_wait(epoll, events, CONNECTIONS, 1000);

		if (n <= 0)
			_exit(1);
		for (int i = 0; i < n; i++) {
			if (read(events[i].data.fd, &byte, 1) != 1)
				_exit(1);
			got++;
			if (sent < REQUESTS)
				sent += write(events[i].data.fd, &byte, 1) == 1;
		}
	}
	_exit(0);
}

static double echo_served(void (*serve)(void))
{
	double start = cpu_us();
	int status;
	pid_t pid = fork();

	if (!pid)
		play_clients();
	for (int i = 0; i < CONNECTIONS; i++)
		close(client_end[i]);
	serve();
	if (waitpid(pid, &status, 0) != pid || status)
		return -1;
	return (cpu_us() - start) / REQUESTS;
}

static void epoll_serve(void)
{
	struct epoll_event events[CONNECTIONS], ev = {.events = EPOLLIN};
	int epoll = epoll_create1(0), open_count = CONNECTIONS;
	char byte;

	for (int i = 0; i < CONNECTIONS; i++) {
		ev.data.fd = server_end[i];
		epoll_ctl(epoll, EPOLL_CTL_ADD, server_end[i], &ev);
	}
	while (open_count) {
		int n = epoll_wait(epoll, events, CONNECTIONS, -1);

		for (int i = 0; i < n; i++)
			if (read(events[i].data.fd, &byte, 1) != 1 ||
			    write(events[i].data.fd, &byte, 1) != 1) {
				close(events[i].data.fd);
				open_count--;
			}
	}
}

static void echo_one(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char byte;

	while (gt_read(fd, &byte, 1) == 1 && gt_write(fd, &byte, 1) == 1)
		;
	close(fd);
}

static void echo_main(void *unused)
{
	struct gt *gt[CONNECTIONS];

	(void)unused;
	for (int i = 0; i < CONNECTIONS; i++)
		gt_spawn(&gt[i], echo_one, (void *)(intptr_t)server_end[i]);
	for (int i = 0; i < CONNECTIONS; i++)
		gt_join(gt[i]);
}

static void green_serve(void)
{
	run_green(echo_main);
}

static void echo_child(void)
{
	if (!connections_open())
		*shared = echo_served(green_serve);
}

static void epoll_child(void)
{
	if (!connections_open())
		*shared = echo_served(epoll_serve);
}

static double row_echo_cpu(void)
{
	return in_child(echo_child);
}

static double plain_epoll(void)
{
	return in_child(epoll_child);
}

PEER(boost_timer_wake, "boost_fiber", "timer_wake")

int main(int argc, char **argv)
{
	static const struct bench_row rows[] = {
		{"idle_bytes", "bytes", row_idle_bytes, one_page, {{NULL, NULL}}, 1},
		{"million_bytes", "bytes", row_million_bytes, one_page, {{NULL, NULL}}, 1},
		{"echo_cpu", "us", row_echo_cpu, plain_epoll, {{NULL, NULL}}, 3},
		{"timer_wake",
		 "us",
		 row_timer_wake,
		 heap_alone,
		 {{"Boost.Fiber", boost_timer_wake}},
		 3},
		{NULL, NULL, NULL, NULL, {{NULL, NULL}}, 0},
	};

	return bench_main(argc, argv, rows);
}
