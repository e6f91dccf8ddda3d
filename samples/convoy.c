/* SPDX-License-Identifier: MIT
 *
 * The convoy: one green thread sends a byte to another process and waits for its echo,
 * again and again, while others compute. Each round trip is short, but under a GIL the
 * thread that got its byte must get the lock back from one that computes: under gil3
 * that takes an interval (5 ms) every time, and more with every other that computes.
 * GT_POLICY=gil3 with --spin 0, 1, 2; gil3,interval=500us; gil2; threads.
 *
 *   convoy [--spin N=1] [--seconds S=1]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gt.h"

GT_SHARED

#define SPINNERS_MAX 100
#define THINK_NS     100000

static int spinners = 1, echo_fd, simulated;
static double seconds = 1;
static double end_s;

static double now_s(void)
{
	return (double)gt_now_ns() / 1e9;
}

/* The other process, made before the run. It thinks a little, without a core: an answer
 * that is there before one that computes has woken up, or on the core where that would,
 * leaves no time to lose the GIL in. */
static void echo(int fd)
{
	char byte;

	while (read(fd, &byte, 1) == 1) {
		const struct timespec think = {.tv_nsec = THINK_NS};

		nanosleep(&think, NULL);
		if (write(fd, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

static long fib(int i)
{
	gt_tick();
	return i < 2 ? i : fib(i - 1) + fib(i - 2);
}

/* Comes to safe points but never yields: under a cooperative policy it freezes all. */
static void spin(void *arg)
{
	(void)arg;
	while (now_s() < end_s)
		fib(15);
}

/* Either call lets go of the GIL, even if it need not wait. On the simulated system there
 * is no other process: the wait for it is played. */
static int round_trip(void)
{
	char byte = 'x';

	if (simulated)
		return !gt_sleep_ns(THINK_NS);
	return gt_write(echo_fd, &byte, 1) == 1 && gt_read(echo_fd, &byte, 1) == 1;
}

static void talk(void *arg)
{
	double start = now_s(), took = 0;
	long trips = 0;

	(void)arg;
	for (int good = 1; took < seconds && good; trips += good) {
		gt_region_begin("round trip");
		good = round_trip();
		gt_region_end("round trip");
		took = now_s() - start;
	}
	printf("convoy: %.0f round trips/s, %.3f ms each, beside %d that compute, under "
	       "%s\n",
	       took > 0 ? (double)trips / took : 0, trips ? took / (double)trips * 1e3 : 0,
	       spinners, gt_policy_name());
}

static void run(void *arg)
{
	struct gt *gt[SPINNERS_MAX + 1];
	const struct gt_attr talker = {.name = "talker"};

	(void)arg;
	end_s = now_s() + seconds;
	if (gt_spawn_attr(&gt[0], &talker, talk, NULL))
		exit(1);
	for (int i = 1; i <= spinners; i++) {
		char name[32];
		const struct gt_attr attr = {.name = name};

		snprintf(name, sizeof name, "spin-%d", i);
		if (gt_spawn_attr(&gt[i], &attr, spin, NULL))
			exit(1);
	}
	for (int i = 0; i <= spinners; i++)
		gt_join(gt[i]);
}

int main(int argc, char **argv)
{
	int fd[2], bad = 0, err;
	pid_t pid;

	simulated = getenv("GT_SIM") != NULL;
	for (int i = 1; i < argc; i += 2) {
		if (i + 1 < argc && !strcmp(argv[i], "--spin"))
			spinners = atoi(argv[i + 1]);
		else if (i + 1 < argc && !strcmp(argv[i], "--seconds"))
			seconds = atof(argv[i + 1]);
		else
			bad = 1;
	}
	if (bad || spinners < 0 || spinners > SPINNERS_MAX || !(seconds > 0)) {
		fprintf(stderr, "usage: convoy [--spin N=1] [--seconds S=1]\n");
		return 2;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) || (pid = fork()) < 0) {
		perror("convoy");
		return 1;
	}
	if (!pid) {
		close(fd[1]);
		echo(fd[0]);
	}
	close(fd[0]);
	echo_fd = fd[1];
	err = gt_run(run, NULL);
	close(echo_fd);
	waitpid(pid, NULL, 0);
	return err ? 1 : 0;
}
