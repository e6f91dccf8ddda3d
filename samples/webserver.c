/* SPDX-License-Identifier: MIT
 *
 * A web server whose pages need a wait of a few ms, as for a database. A green thread a
 * request: under GT_POLICY=threads that is a thread a request, under green one loop for
 * all. --inline: who accepts also answers, one at a time. --fork N: N processes, a loop in
 * each, accept from one socket (gunicorn's way). With --load the bundled generator asks
 * from outside, and the server ends with it; without, wrk or ab may: it says its port.
 *
 *   webserver [--inline] [--fork N] [--wait MS=2] [--port P] [--load CLIENTS SECONDS]
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gt.h"

GT_SHARED

#define PROCESSES_MAX 64

static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n"
			     "Content-Length: 6\r\nConnection: close\r\n\r\nhello\n";
static int inline_, processes, listener, port;
static uint64_t wait_ns = 2000000;
static const char *clients, *seconds;
static int load_ends = -1; /* at its end when the generator has ended */

static void handle(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char buf[2048];

	gt_region_begin("request");
	/* A request of this kind comes in one piece. */
	if (gt_read(fd, buf, sizeof buf) > 0 && !gt_sleep_ns(wait_ns))
		gt_write(fd, answer, sizeof answer - 1);
	gt_region_end("request");
	shutdown(fd, SHUT_WR);
	close(fd);
}

static void accept_all(void *arg)
{
	const struct gt_attr attr = {.name = "request"};

	(void)arg;
	for (;;) {
		int fd = gt_accept(listener, NULL, NULL);

		if (fd >= 0 && inline_)
			handle((void *)(intptr_t)fd);
		else if (fd >= 0 &&
			 gt_spawn_attr(NULL, &attr, handle, (void *)(intptr_t)fd))
			close(fd);
	}
}

static void run(void *arg)
{
	const struct gt_attr attr = {.name = "acceptor"};
	struct gt *gt;
	char byte;

	(void)arg;
	if (gt_spawn_attr(&gt, &attr, accept_all, NULL))
		exit(1);
	if (load_ends >= 0 && gt_read(load_ends, &byte, 1) == 0)
		gt_cancel(gt);
	gt_join(gt);
}

static int start_listening(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((unsigned short)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) ||
	    listen(listener, 1024) || getsockname(listener, (struct sockaddr *)&at, &size))
		return -1;
	port = ntohs(at.sin_port);
	printf("webserver: http://127.0.0.1:%d/\n", port);
	fflush(stdout);
	return 0;
}

/* The generator, which is beside us. Its end of a pipe closes with it. */
static int start_load(const char *self)
{
	char program[4096], number[16];
	const char *slash = strrchr(self, '/');
	int fd[2], dir = slash ? (int)(slash + 1 - self) : 0;

	snprintf(program, sizeof program, "%.*sload", dir, self);
	snprintf(number, sizeof number, "%d", port);
	if (pipe(fd))
		return -1;
	if (fork() == 0) {
		close(fd[0]);
		execlp(program, "load", number, clients, seconds, (char *)NULL);
		perror(program);
		_exit(1);
	}
	close(fd[1]);
	load_ends = fd[0];
	return 0;
}

int main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		int left = argc - 1 - i;

		if (!strcmp(argv[i], "--inline"))
			inline_ = 1;
		else if (left && !strcmp(argv[i], "--fork"))
			processes = atoi(argv[++i]);
		else if (left && !strcmp(argv[i], "--wait"))
			wait_ns = (uint64_t)(atof(argv[++i]) * 1e6);
		else if (left && !strcmp(argv[i], "--port"))
			port = atoi(argv[++i]);
		else if (left > 1 && !strcmp(argv[i], "--load")) {
			clients = argv[++i];
			seconds = argv[++i];
		} else
			bad = 1;
	}
	if (bad || processes < 0 || processes > PROCESSES_MAX) {
		fprintf(stderr, "usage: webserver [--inline] [--fork N] [--wait MS=2] "
				"[--port P] [--load CLIENTS SECONDS]\n");
		return 2;
	}
	if (start_listening() || (clients && start_load(argv[0]))) {
		perror("webserver");
		return 1;
	}
	for (int i = 1; i < processes && fork() > 0; i++)
		;
	bad = gt_run(run, NULL) != 0;
	while (wait(NULL) > 0)
		;
	return bad;
}
