/* SPDX-License-Identifier: MIT
 *
 * One program, asyncio's loop on each of the kernel's interfaces: a client sends a byte
 * to one of many servers and waits for its echo; all others wait, too. What is waited
 * for is told to select and poll anew each time, so their round trips become longer with
 * every descriptor; epoll and io_uring remember, and theirs do not.
 *
 *   loop [--trips N=5000] [INTERFACE…]    select, poll, epoll, uring; all if none is given
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gt.h"

#define SERVERS_MAX 450 /* two descriptors each, and select takes 1024 */

static const char *const interfaces[] = {"select", "poll", "epoll", "uring"};
static const int servers[] = {1, 50, SERVERS_MAX};
#define INTERFACES (sizeof interfaces / sizeof interfaces[0])
#define COLUMNS	   (sizeof servers / sizeof servers[0])

static int trips = 5000;
static const char *interface;
static int client_end[SERVERS_MAX], server_end[SERVERS_MAX];

static void serve(void *arg)
{
	int fd = *(int *)arg;
	char byte;

	while (gt_read(fd, &byte, 1) == 1 && gt_write(fd, &byte, 1) == 1)
		;
	close(fd);
}

static void start(int count)
{
	for (int i = 0; i < count; i++) {
		int fd[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
			exit(1);
		client_end[i] = fd[0];
		server_end[i] = fd[1];
		if (gt_spawn(NULL, serve, &server_end[i]))
			exit(1);
	}
}

static void talk(int count)
{
	for (int i = 0; i < trips; i++) {
		int fd = client_end[i * 7 % count];
		char byte = 'x';

		if (gt_write(fd, &byte, 1) != 1 || gt_read(fd, &byte, 1) != 1) {
			fprintf(stderr, "loop: no echo\n");
			exit(1);
		}
	}
}

static void run(void *arg)
{
	int count = *(const int *)arg;
	char name[32], mark[32];
	uint64_t begin_ns;

	start(count);
	gt_yield(); /* all wait now */
	talk(count);
	snprintf(name, sizeof name, "%s %d", interface, count);
	snprintf(mark, sizeof mark, "trips=%d", trips);
	gt_mark(mark);
	begin_ns = gt_now_ns();
	gt_region_begin(name);
	talk(count);
	gt_region_end(name);
	printf(" %12.2f us", (double)(gt_now_ns() - begin_ns) / 1e3 / trips);
	fflush(stdout);
	for (int i = 0; i < count; i++)
		close(client_end[i]);
}

static void nothing(void *arg)
{
	(void)arg;
}

/* Whether the kernel has it: who asks for one that it refuses is ended, with a line. */
static int is_there(const struct gt_config *config)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(gt_run_config(config, nothing, NULL) != 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static int measure(const char *name)
{
	char policy[64];
	const struct gt_config config = {.policy = policy};

	interface = name;
	snprintf(policy, sizeof policy, "asyncio,loop=%s", interface);
	printf("%-8s", interface);
	fflush(stdout);
	if (!strcmp(name, "uring") && !is_there(&config)) {
		printf(" this kernel refuses it\n");
		return 0;
	}
	for (size_t i = 0; i < COLUMNS; i++)
		if (gt_run_config(&config, run, (void *)(uintptr_t)&servers[i]))
			return 1;
	printf("\n");
	return 0;
}

int main(int argc, char **argv)
{
	unsigned chosen = 0;
	int err = 0;

	for (int i = 1; i < argc; i++) {
		unsigned k = 0;

		if (!strcmp(argv[i], "--trips") && i + 1 < argc) {
			trips = atoi(argv[++i]);
			continue;
		}
		while (k < INTERFACES && strcmp(interfaces[k], argv[i]) != 0)
			k++;
		chosen |= 1u << k;
	}
	if (trips < 1 || chosen >> INTERFACES) {
		fprintf(stderr, "usage: loop [--trips N=5000] [select] [poll] [epoll] "
				"[uring]\n");
		return 2;
	}
	printf("a round trip beside 1, 50, %d waiting servers\n", SERVERS_MAX);
	fflush(stdout);
	for (unsigned i = 0; i < INTERFACES && !err; i++)
		if (!chosen || chosen >> i & 1)
			err = measure(interfaces[i]);
	return err;
}
