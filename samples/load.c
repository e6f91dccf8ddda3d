/* SPDX-License-Identifier: MIT
 *
 * A load generator for a web server on this machine: CLIENTS connections at a time, each
 * asks, reads the answer to its end, and asks again by a new one. (wrk and ab do too.)
 *
 *   load PORT [CLIENTS=32] [SECONDS=3]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 1000

static const char request[] = "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n";
static struct sockaddr_in server;
static struct pollfd client[CLIENTS_MAX];
static long answers, failures;

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void ask(struct pollfd *c)
{
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	c->events = POLLOUT;
	if (c->fd >= 0 && connect(c->fd, (struct sockaddr *)&server, sizeof server) &&
	    errno != EINPROGRESS) {
		close(c->fd);
		c->fd = -1;
	}
}

/* The answer ends where the server closes. */
static void go_on(struct pollfd *c)
{
	char buf[4096];
	ssize_t n;

	if (c->events == POLLOUT) {
		n = send(c->fd, request, sizeof request - 1, MSG_NOSIGNAL);
		c->events = POLLIN;
		if (n == (ssize_t)sizeof request - 1)
			return;
	} else {
		n = read(c->fd, buf, sizeof buf);
		if (n > 0)
			return;
	}
	answers += n == 0;
	failures += n < 0;
	close(c->fd);
	ask(c);
}

int main(int argc, char **argv)
{
	int port = argc > 1 ? atoi(argv[1]) : 0, clients = argc > 2 ? atoi(argv[2]) : 32;
	double seconds = argc > 3 ? atof(argv[3]) : 3, begin = now_s();

	if (argc > 4 || port < 1 || port > 65535 || clients < 1 || clients > CLIENTS_MAX ||
	    !(seconds > 0)) {
		fprintf(stderr, "usage: load PORT [CLIENTS=32] [SECONDS=3]\n");
		return 2;
	}
	server.sin_family = AF_INET;
	server.sin_port = htons((unsigned short)port);
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < clients; i++)
		ask(&client[i]);
	while (now_s() - begin < seconds) {
		if (poll(client, (nfds_t)clients, 100) < 0)
			break;
		for (int i = 0; i < clients; i++) {
			if (client[i].fd < 0)
				ask(&client[i]);
			else if (client[i].revents)
				go_on(&client[i]);
		}
	}
	printf("load: %ld answers, %.0f a second, %ld failed, by %d clients\n", answers,
	       (double)answers / (now_s() - begin), failures, clients);
	return answers ? 0 : 1;
}
