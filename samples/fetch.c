/* SPDX-License-Identifier: MIT
 *
 * N answers of a slow service: one after the other, or all asked for at once. Waits
 * overlap, if those who wait let others run: with --raw each makes a call that knows
 * nothing of the runtime, and holds up the OS thread it is on; --executor has such calls
 * made by a pool.
 *
 *   fetch [N=3] [--delay MS=125] [--in-turn] [--raw | --executor]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gt.h"

GT_SHARED

#define N_MAX 1000

static int n = 3, in_turn, raw, executor;
static uint64_t delay_ns = 125000000;
static int client_end[N_MAX], service_end[N_MAX];

/* The service: one for each connection, and none keeps another waiting. */
static void serve(void *arg)
{
	int fd = *(int *)arg;
	char byte;

	while (gt_read(fd, &byte, 1) == 1) {
		gt_sleep_ns(delay_ns);
		if (gt_write(fd, &byte, 1) != 1)
			break;
	}
	close(fd);
}

static long slow_call(void *arg)
{
	(void)arg;
	return gt_block_ns(delay_ns);
}

static void fetch(void *arg)
{
	int fd = *(int *)arg;
	char byte = '?';

	gt_region_begin("fetch");
	if (raw)
		slow_call(NULL);
	else if (executor)
		gt_blocking("fetch", slow_call, NULL);
	else if (gt_write(fd, &byte, 1) != 1 || gt_read(fd, &byte, 1) != 1)
		fprintf(stderr, "fetch: no answer\n");
	gt_region_end("fetch");
}

static struct gt *start(const char *kind, int i, void (*fn)(void *), int *fd)
{
	char name[32];
	const struct gt_attr attr = {.name = name};
	struct gt *gt;

	snprintf(name, sizeof name, "%s-%d", kind, i + 1);
	if (gt_spawn_attr(&gt, &attr, fn, fd)) {
		fprintf(stderr, "fetch: out of memory\n");
		exit(1);
	}
	return gt;
}

static void connect_all(struct gt **services)
{
	for (int i = 0; i < n; i++) {
		int fd[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd)) {
			perror("fetch");
			exit(1);
		}
		client_end[i] = fd[0];
		service_end[i] = fd[1];
		services[i] = start("serve", i, serve, &service_end[i]);
	}
}

static void run(void *arg)
{
	struct gt *fetches[N_MAX], *services[N_MAX];
	int asks = !raw && !executor; /* the others only wait as long */
	uint64_t begin;

	(void)arg;
	if (asks)
		connect_all(services);
	begin = gt_now_ns();
	gt_region_begin("all");
	for (int i = 0; i < n; i++) {
		fetches[i] = start("fetch", i, fetch, &client_end[i]);
		if (in_turn)
			gt_join(fetches[i]);
	}
	for (int i = 0; i < n && !in_turn; i++)
		gt_join(fetches[i]);
	gt_region_end("all");
	printf("fetch: %d answers in %.3f s, under %s\n", n,
	       (double)(gt_now_ns() - begin) / 1e9, gt_policy_name());
	for (int i = 0; i < n && asks; i++) {
		close(client_end[i]);
		gt_join(services[i]);
	}
}

int main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--in-turn"))
			in_turn = 1;
		else if (!strcmp(argv[i], "--raw"))
			raw = 1;
		else if (!strcmp(argv[i], "--executor"))
			executor = 1;
		else if (!strcmp(argv[i], "--delay") && i + 1 < argc)
			delay_ns = (uint64_t)(atof(argv[++i]) * 1e6);
		else if (argv[i][0] == '-' || (n = atoi(argv[i])) < 1 || n > N_MAX)
			bad = 1;
	}
	if (bad || !delay_ns || (raw && executor)) {
		fprintf(stderr, "usage: fetch [N=3] [--delay MS=125] [--in-turn] "
				"[--raw | --executor]\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
