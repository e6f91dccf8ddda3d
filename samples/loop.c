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

static double now_us(void)
{
	return (double)gt_now_ns() / 1e3;
}

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

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd)) {
			perror("loop");
			exit(1);
		}
		client_end[i] = fd[0];
		server_end[i] = fd[1];
		if (gt_spawn(NULL, serve, &server_end[i])) {
			fprintf(stderr, "loop: out of memory\n");
			exit(1);
		}
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
	double begin;

	start(count);
	gt_yield(); /* all wait now */
	talk(count);
	snprintf(name, sizeof name, "%s %d", interface, count);
	snprintf(mark, sizeof mark, "trips=%d", trips);
	gt_mark(mark);
	begin = now_us();
	gt_region_begin(name);
	talk(count);
	gt_region_end(name);
	printf(" %12.2f us", (now_us() - begin) / trips);
	fflush(stdout);
	for (int i = 0; i < count; i++)
		close(client_end[i]);
}

static int measure(const char *name)
{
	char policy[64];
	const struct gt_config config = {.policy = policy};

	interface = name;
	snprintf(policy, sizeof policy, "asyncio,loop=%s", interface);
	printf("%-8s", interface);
	for (size_t i = 0; i < COLUMNS; i++)
		if (gt_run_config(&config, run, (void *)(uintptr_t)&servers[i]))
			return 1;
	printf("\n");
	return 0;
}

static int is_interface(const char *name)
{
	for (size_t i = 0; i < INTERFACES; i++)
		if (!strcmp(interfaces[i], name))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	int err = 0, first = 1;

	if (argc > 2 && !strcmp(argv[1], "--trips")) {
		trips = atoi(argv[2]);
		first = 3;
	}
	for (int i = first; i < argc || trips < 1; i++) {
		if (trips < 1 || !is_interface(argv[i])) {
			fprintf(stderr, "usage: loop [--trips N=5000] [select] [poll] "
					"[epoll] [uring]\n");
			return 2;
		}
	}
	printf("a round trip beside");
	for (size_t i = 0; i < COLUMNS; i++)
		printf("%s %d", i ? "," : "", servers[i]);
	printf(" waiting servers\n");
	fflush(stdout);
	for (size_t i = 0; argc == first && i < INTERFACES && !err; i++)
		err = measure(interfaces[i]);
	for (int i = first; i < argc && !err; i++)
		err = measure(argv[i]);
	return err;
}
