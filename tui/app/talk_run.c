/* SPDX-License-Identifier: MIT
 *
 * The two processes speak over a pair of sockets, a packet each way: a request is 'S' and
 * the arguments, each ended by a NUL, or 'K'; the answer to a start is an errno, and the
 * two descriptors beside it.
 */
#include "tui/app/talk_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tracer/launch/launch.h"

#define REQUEST_MOST 8192
#define ARGS_MOST    64
#define GRACE_MS     2000 /* from asking a recorder to end to making it */

struct tui_talk_runs {
	int fd; /* to the starter */
	pid_t starter;
};

/* ---- the starter's side ---- */

struct starter {
	int fd;
	pid_t child; /* also its process group; 0 none */
};

static void wait_ms(long ms)
{
	struct timespec ts = {.tv_nsec = ms * 1000000};

	nanosleep(&ts, NULL);
}

/* Asks it to end, so that its trace has an end; then makes it, and all it has started. */
static void stop_child(struct starter *s)
{
	if (!s->child)
		return;
	kill(s->child, SIGTERM);
	for (int ms = 0; ms < GRACE_MS; ms += 10) {
		if (waitpid(s->child, NULL, WNOHANG)) {
			kill(-s->child, SIGKILL);
			s->child = 0;
			return;
		}
		wait_ms(10);
	}
	kill(-s->child, SIGKILL);
	kill(s->child, SIGKILL);
	waitpid(s->child, NULL, 0);
	s->child = 0;
}

static void exec_recorder(char *const *args, int out_fd, int said_fd, int error_fd)
{
	char *argv[ARGS_MOST + 5] = {(char *)"gtviz", (char *)"record", (char *)"-o",
				     (char *)"-"};
	int null = open("/dev/null", O_RDONLY);

	for (int i = 0; args[i] && i < ARGS_MOST; i++)
		argv[4 + i] = args[i];
	setpgid(0, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (null >= 0 && dup2(null, 0) >= 0 && dup2(out_fd, 1) >= 0 &&
	    dup2(said_fd, 2) >= 0)
		execv("/proc/self/exe", argv);
	int why = errno;

	if (write(error_fd, &why, sizeof(why)) < 0)
		_exit(126);
	_exit(127);
}

/* 0 and the reading ends, or an errno. */
static int start_child(struct starter *s, char *const *args, int *trace_fd, int *said_fd)
{
	int trace[2], said[2], error[2], why = 0;

	if (pipe2(trace, O_CLOEXEC))
		return errno;
	if (pipe2(said, O_CLOEXEC)) {
		why = errno;
		close(trace[0]);
		close(trace[1]);
		return why;
	}
	if (pipe2(error, O_CLOEXEC))
		error[0] = error[1] = -1;
	s->child = fork();
	if (s->child == 0)
		exec_recorder(args, trace[1], said[1], error[1]);
	if (s->child < 0)
		why = errno;
	close(trace[1]);
	close(said[1]);
	close(error[1]);
	if (!why && error[0] >= 0 && read(error[0], &why, sizeof(why)) != sizeof(why))
		why = 0;
	close(error[0]);
	if (why) {
		close(trace[0]);
		close(said[0]);
		if (s->child > 0)
			waitpid(s->child, NULL, 0);
		s->child = 0;
		return why;
	}
	*trace_fd = trace[0];
	*said_fd = said[0];
	return 0;
}

static void answer(const struct starter *s, int why, const int fds[2])
{
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {&why, sizeof(why)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (!why) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(2 * sizeof(int));
		memcpy(CMSG_DATA(head), fds, 2 * sizeof(int));
	}
	while (sendmsg(s->fd, &msg, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void take_start(struct starter *s, char *text, size_t size)
{
	char *args[ARGS_MOST + 1] = {0};
	int fds[2] = {-1, -1}, count = 0;

	for (size_t i = 0; i < size && count < ARGS_MOST; i += strlen(text + i) + 1)
		args[count++] = text + i;
	stop_child(s);
	int why = start_child(s, args, &fds[0], &fds[1]);

	answer(s, why, fds);
	if (!why) {
		close(fds[0]);
		close(fds[1]);
	}
}

static void starter_main(int fd)
{
	struct starter s = {.fd = fd};
	char request[REQUEST_MOST + 1];

	/* A key of the terminal is the talk's; when it is gone, its socket says so. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		ssize_t n = recv(fd, request, REQUEST_MOST, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		request[n] = '\0';
		if (request[0] == 'S')
			take_start(&s, request + 1, (size_t)n - 1);
		else
			stop_child(&s);
	}
	stop_child(&s);
	_exit(0);
}

/* ---- the talk's side ---- */

int tui_talk_runs_new(struct tui_talk_runs **out, struct gtv_err *err)
{
	struct tui_talk_runs *r = calloc(1, sizeof(*r));
	struct gtv_user user;
	int pair[2];

	if (!r)
		return gtv_err_set(err, GTV_ENOMEM, "talk", "", "out of memory");
	if (gtv_user_get(&user, err)) {
		free(r);
		return -err->code;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		free(r);
		return gtv_err_set(err, GTV_EIO, "talk", "", "%s", strerror(errno));
	}
	fflush(NULL);
	r->starter = fork();
	if (r->starter == 0) {
		close(pair[0]);
		starter_main(pair[1]);
	}
	close(pair[1]);
	r->fd = pair[0];
	int rc = r->starter < 0
			 ? gtv_err_set(err, GTV_EIO, "talk", "", "%s", strerror(errno))
			 : gtv_privileges_drop(&user, 0, err);

	if (rc < 0) {
		tui_talk_runs_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

void tui_talk_runs_free(struct tui_talk_runs *r)
{
	if (!r)
		return;
	close(r->fd);
	if (r->starter > 0)
		waitpid(r->starter, NULL, 0);
	free(r);
}

static ssize_t pack(char *const *args, char *request)
{
	size_t at = 1;

	request[0] = 'S';
	for (int i = 0; args[i]; i++) {
		size_t size = strlen(args[i]) + 1;

		if (at + size > REQUEST_MOST)
			return -1;
		memcpy(request + at, args[i], size);
		at += size;
	}
	return (ssize_t)at;
}

/* The answer's errno; -1: there is no starter any more. */
static int take_answer(const struct tui_talk_runs *r, struct tui_talk_running *out)
{
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control;
	int why = 0, fds[2];
	struct iovec iov = {&why, sizeof(why)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof(control.bytes)};
	ssize_t n;

	while ((n = recvmsg(r->fd, &msg, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	if (n != sizeof(why))
		return -1;
	if (why)
		return why;
	const struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	if (!head || head->cmsg_len != CMSG_LEN(sizeof(fds)))
		return -1;
	memcpy(fds, CMSG_DATA(head), sizeof(fds));
	out->trace_fd = fds[0];
	out->said_fd = fds[1];
	fcntl(out->said_fd, F_SETFL, O_NONBLOCK);
	return 0;
}

int tui_talk_runs_start(struct tui_talk_runs *r, char *const *args,
			struct tui_talk_running *out, struct gtv_err *err)
{
	char request[REQUEST_MOST];
	ssize_t size = pack(args, request);
	int why;

	*out = (struct tui_talk_running){-1, -1};
	if (size < 0)
		return gtv_err_set(err, GTV_EUSAGE, "run", "shorten it",
				   "the command line is longer than %d bytes",
				   REQUEST_MOST);
	if (send(r->fd, request, (size_t)size, MSG_NOSIGNAL) < 0)
		return gtv_err_set(err, GTV_EIO, "run", "", "%s", strerror(errno));
	why = take_answer(r, out);
	if (why)
		return gtv_err_set(err, GTV_EIO, "run", "", "%s",
				   why < 0 ? "who starts programs is gone" : strerror(why));
	return 0;
}

void tui_talk_runs_stop(struct tui_talk_runs *r)
{
	ssize_t n = send(r->fd, "K", 1, MSG_NOSIGNAL);

	(void)n; /* gone: then nothing runs */
}
