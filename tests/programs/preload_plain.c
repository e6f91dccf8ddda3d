/* SPDX-License-Identifier: MIT
 *
 * Plain blocking code on green threads: sleeps, pipes, TCP with poll, select, streams
 * and the resolver; and errno around calls that block. Exits with the number of the step
 * that went wrong, 0 if none did.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "gt.h"

#define SLEEPERS   10
#define SLEEP_US   100000
#define PIPE_BYTES (1 << 20) /* more than a pipe holds */
#define CHECK(step, x)                                                                     \
	((x) ? (void)0 : (fprintf(stderr, "step %d: %s\n", step, #x), _exit(step)))

static int fails(ssize_t result, int error)
{
	return result == -1 && errno == error;
}

static int asleep, most_asleep; /* atomic */

static void sleeper(void *arg)
{
	int now = __atomic_add_fetch(&asleep, 1, __ATOMIC_SEQ_CST);

	(void)arg;
	if (now > __atomic_load_n(&most_asleep, __ATOMIC_SEQ_CST))
		__atomic_store_n(&most_asleep, now, __ATOMIC_SEQ_CST);
	CHECK(1, usleep(SLEEP_US) == 0);
	__atomic_sub_fetch(&asleep, 1, __ATOMIC_SEQ_CST);
}

static void sleeps_overlap(void)
{
	struct gt *gt[SLEEPERS];

	for (int i = 0; i < SLEEPERS; i++)
		CHECK(2, gt_spawn(&gt[i], sleeper, NULL) == 0);
	for (int i = 0; i < SLEEPERS; i++)
		gt_join(gt[i]);
	CHECK(3, most_asleep > 1);
}

static char bulk[PIPE_BYTES];

static void bulk_writer(void *arg)
{
	CHECK(4, write(*(int *)arg, bulk, sizeof bulk) == (ssize_t)sizeof bulk);
	close(*(int *)arg);
}

static void pipes(void)
{
	struct gt *gt;
	int fd[2];
	char buf[4096];
	size_t sum = 0;
	ssize_t n;

	CHECK(5, pipe(fd) == 0 && gt_spawn(&gt, bulk_writer, &fd[1]) == 0);
	while ((n = read(fd[0], buf, sizeof buf)) > 0)
		sum += (size_t)n;
	CHECK(6, n == 0 && sum == sizeof bulk);
	gt_join(gt);
	close(fd[0]);
}

static void non_blocking_stays(void)
{
	int fd[2];
	char c;

	CHECK(7, pipe2(fd, O_NONBLOCK) == 0);
	errno = 0;
	CHECK(8, fails(read(fd[0], &c, 1), EAGAIN));
	close(fd[0]);
	close(fd[1]);
}

static void echo(void *arg)
{
	int fd = accept(*(int *)arg, NULL, NULL);
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	char buf[64];
	ssize_t n;

	CHECK(9, fd >= 0 && poll(&pfd, 1, -1) == 1);
	n = recv(fd, buf, sizeof buf, 0);
	CHECK(10, n == 4 && send(fd, buf, 4, 0) == 4);
	CHECK(11, recv(fd, buf, sizeof buf, 0) == 0);
	close(fd);
}

static void tcp(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval brief = {.tv_usec = 20000};
	socklen_t bytes = sizeof addr;
	int listener = socket(AF_INET, SOCK_STREAM, 0),
	    fd = socket(AF_INET, SOCK_STREAM, 0);
	struct gt *gt;
	char buf[8];

	CHECK(12,
	      bind(listener, (void *)&addr, sizeof addr) == 0 && listen(listener, 1) == 0);
	CHECK(13, getsockname(listener, (void *)&addr, &bytes) == 0);
	CHECK(14, gt_spawn(&gt, echo, &listener) == 0);
	CHECK(15, connect(fd, (void *)&addr, sizeof addr) == 0);
	CHECK(16, !(fcntl(fd, F_GETFL) & O_NONBLOCK));
	CHECK(17, write(fd, "ping", 4) == 4 && read(fd, buf, 4) == 4);
	CHECK(18, !memcmp(buf, "ping", 4));
	CHECK(19, fails(recv(fd, buf, 1, MSG_DONTWAIT), EAGAIN));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
	CHECK(20, fails(recv(fd, buf, 1, 0), EAGAIN));
	close(fd);
	gt_join(gt);
	close(listener);
}

static void selects(void)
{
	struct timeval brief = {.tv_usec = 10000};
	fd_set in;
	int fd[2];

	CHECK(21, pipe(fd) == 0);
	FD_ZERO(&in);
	FD_SET(fd[0], &in);
	CHECK(22, select(fd[0] + 1, &in, NULL, NULL, &brief) == 0 && !FD_ISSET(fd[0], &in));
	FD_SET(fd[0], &in);
	CHECK(23, write(fd[1], "x", 1) == 1);
	CHECK(24, select(fd[0] + 1, &in, NULL, NULL, NULL) == 1 && FD_ISSET(fd[0], &in));
	close(fd[0]);
	close(fd[1]);
}

static void line_writer(void *arg)
{
	CHECK(25, write(*(int *)arg, "a line\n", 7) == 7);
}

/* Under N:1 this would hang if fgets held up the one OS thread. */
static void streams(void)
{
	struct addrinfo *found = NULL;
	struct gt *gt;
	char line[32];
	int fd[2];
	FILE *file;

	CHECK(26, pipe(fd) == 0 && (file = fdopen(fd[0], "r")));
	CHECK(27, gt_spawn(&gt, line_writer, &fd[1]) == 0);
	CHECK(28, fgets(line, sizeof line, file) && !strcmp(line, "a line\n"));
	gt_join(gt);
	close(fd[1]);
	CHECK(29, fgets(line, sizeof line, file) == NULL);
	fclose(file);
	CHECK(30, getaddrinfo("127.0.0.1", "80", NULL, &found) == 0 && found);
	freeaddrinfo(found);
	CHECK(31, printf("%s %d\n", "done", 42) == 8 && fflush(stdout) == 0);
}

#define ERRNO_THREADS 12
#define ERRNO_ROUNDS  60

/* As a compiler may: where errno is found once, before the calls. Others compute and
 * wait beside, so that under gmp workers and processors come and go. */
static void errno_watcher(void *arg)
{
	const struct timeval brief = {.tv_usec = 500};
	struct timespec bad = {.tv_nsec = -1};
	volatile unsigned work = 0;
	int *where = &errno, fd[2];
	char c;

	CHECK(34, socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
	for (int i = 0; i < ERRNO_ROUNDS; i++) {
		*where = 0;
		CHECK(35, read(fd[0], &c, 1) == -1 && *where == EAGAIN);
		CHECK(36, usleep((useconds_t)(intptr_t)arg * 20) == 0);
		*where = 0;
		CHECK(37, nanosleep(&bad, NULL) == -1 && *where == EINVAL);
		while (work++ % 30000)
			;
		sched_yield();
		*where = 0;
		CHECK(38, recv(fd[0], &c, 1, 0) == -1 && *where == EAGAIN);
		CHECK(39, getppid() && fflush(stdout) == 0);
		*where = 0;
		CHECK(40, recv(fd[0], &c, 1, MSG_DONTWAIT) == -1 && *where == EAGAIN);
	}
	close(fd[0]);
	close(fd[1]);
}

static void errno_stays(void)
{
	struct gt *gt[ERRNO_THREADS];

	for (intptr_t i = 0; i < ERRNO_THREADS; i++)
		CHECK(33, gt_spawn(&gt[i], errno_watcher, (void *)i) == 0);
	for (int i = 0; i < ERRNO_THREADS; i++)
		gt_join(gt[i]);
}

static void all(void *arg)
{
	(void)arg;
	errno_stays();
	sleeps_overlap();
	pipes();
	non_blocking_stays();
	tcp();
	selects();
	streams();
}

int main(void)
{
	alarm(280); /* only what hangs should ever meet it */
	CHECK(32, gt_run(all, NULL) == 0);
	return 0;
}
