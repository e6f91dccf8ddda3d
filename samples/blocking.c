/* SPDX-License-Identifier: MIT
 *
 * Everything that a green thread can wait for outside: blocking calls (a file synced
 * to disk, a nap in the kernel), timers, and an echo through the net poller.
 *
 *   blocking [ROUNDS=20]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gt.h"

GT_SHARED

#define CALLERS	 3
#define SLEEPERS 2

static int rounds = 20;
static struct gt_mutex tally_lock = GT_MUTEX_INIT("tally");
static int calls, naps, echoes;

static void add(int *what)
{
	gt_mutex_lock(&tally_lock);
	(*what)++;
	gt_mutex_unlock(&tally_lock);
}

static double now_s(void)
{
	return (double)gt_now_ns() / 1e9;
}

/* These two run where they hold up nobody: in the pool, or in their own OS thread. */
static long nap(void *arg)
{
	return nanosleep(arg, NULL);
}

static long sync_file(void *arg)
{
	return fsync(fileno(arg));
}

static void caller(void *arg)
{
	struct timespec two_ms = {.tv_nsec = 2000000};
	FILE *file = tmpfile();

	(void)arg;
	for (int i = 0; i < rounds; i++) {
		if (i % 4 == 3 && file && fputs("a line\n", file) >= 0 && !fflush(file))
			gt_blocking("fsync", sync_file, file);
		else
			gt_blocking("nanosleep", nap, &two_ms);
		add(&calls);
	}
	if (file)
		fclose(file);
}

static void sleeper(void *arg)
{
	(void)arg;
	for (int i = 0; i < rounds; i++) {
		gt_sleep_ns(3000000);
		add(&naps);
	}
}

static void echo_server(void *arg)
{
	int fd = *(int *)arg;
	char buf[64];
	ssize_t n;

	while ((n = gt_read(fd, buf, sizeof buf)) > 0)
		if (gt_write(fd, buf, (size_t)n) != n)
			break;
	close(fd);
}

static void echo_client(void *arg)
{
	int fd = *(int *)arg;
	char out[64], in[64];

	for (int i = 0; i < rounds; i++) {
		int len = snprintf(out, sizeof out, "message %d", i);

		if (gt_write(fd, out, (size_t)len) != len ||
		    gt_read(fd, in, sizeof in) != len || memcmp(in, out, (size_t)len))
			break;
		add(&echoes);
	}
	close(fd);
}

static void start(struct gt **gt, const char *name, void (*fn)(void *), void *arg)
{
	const struct gt_attr attr = {.name = name};

	if (gt_spawn_attr(gt, &attr, fn, arg)) {
		fprintf(stderr, "blocking: cannot start %s\n", name);
		exit(1);
	}
}

static void run(void *arg)
{
	struct gt *gt[CALLERS + SLEEPERS + 2];
	double begin = now_s();
	int fd[2], count = 0;
	char name[32];

	(void)arg;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd)) {
		perror("blocking: socketpair");
		exit(1);
	}
	for (int i = 0; i < CALLERS; i++) {
		snprintf(name, sizeof name, "caller-%c", 'a' + i);
		start(&gt[count++], name, caller, NULL);
	}
	for (int i = 0; i < SLEEPERS; i++) {
		snprintf(name, sizeof name, "sleeper-%c", 'a' + i);
		start(&gt[count++], name, sleeper, NULL);
	}
	start(&gt[count++], "server", echo_server, &fd[0]);
	start(&gt[count++], "client", echo_client, &fd[1]);
	for (int i = 0; i < count; i++)
		gt_join(gt[i]);
	printf("blocking: %d blocking calls, %d naps, %d echoes in %.3f s, under %s\n",
	       calls, naps, echoes, now_s() - begin, gt_policy_name());
}

int main(int argc, char **argv)
{
	if (argc > 2 || (argc > 1 && (rounds = atoi(argv[1])) < 1)) {
		fprintf(stderr, "usage: blocking [ROUNDS=20]\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
