/* SPDX-License-Identifier: MIT
 *
 * Fork, hold, exec.
 *
 * The child prepares everything but the exec, then waits for a byte. So it has a
 * pid to which sources attach, and not one instruction of the program has run. Two
 * pipes, both close-on-exec: `hold` lets it go (its closing, should gtviz die
 * first, makes the child leave without running the program); `err` says that the
 * child is ready, or why it never will be, and later brings exec's errno, or closes
 * when exec succeeded.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tracer/launch/child.h"

static int open_pty(struct gtv_launch *out, const struct gtv_launch_config *config,
		    char *name, size_t size)
{
	struct winsize ws = {.ws_row = config->rows, .ws_col = config->cols};

	out->pty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (out->pty < 0 || grantpt(out->pty) < 0 || unlockpt(out->pty) < 0 ||
	    ptsname_r(out->pty, name, size) != 0)
		return -1;
	if (ws.ws_row && ws.ws_col)
		ioctl(out->pty, TIOCSWINSZ, &ws);
	/* The program is the user's: so is its terminal. */
	if (!config->as_root && config->user->sudo)
		return chown(name, config->user->uid, (gid_t)-1);
	return 0;
}

static int fail(struct gtv_err *err, const char *what)
{
	return gtv_err_set(err, GTV_EIO, what, "", "%s", strerror(errno));
}

/* Turns what the child said into the error that the person sees. */
static int child_failed(const struct gtv_launch *launch, const struct gtv_child_report *ce,
			struct gtv_err *err)
{
	if (ce->step[0])
		return gtv_err_set(err, GTV_EIO, launch->name, "", "%.27s: %s", ce->step,
				   strerror(ce->error));
	if (ce->error == ENOENT || ce->error == ENOTDIR)
		return gtv_err_set(err, GTV_ENOTFOUND, launch->name,
				   "give its path, or see `gtviz --help`", "%s",
				   "there is no such program");
	if (ce->error == EACCES)
		return gtv_err_set(err, GTV_ENOEXEC, launch->name,
				   "chmod +x, or give a program", "%s",
				   "it cannot be executed: permission denied");
	return gtv_err_set(err, GTV_ENOEXEC, launch->name, "", "it cannot be executed: %s",
			   strerror(ce->error));
}

/* 1: the child said something; 0: it closed its end (it execs); < 0: an error. */
static int read_report(int fd, struct gtv_child_report *report)
{
	ssize_t n;

	while ((n = read(fd, report, sizeof *report)) < 0 && errno == EINTR)
		;
	report->step[sizeof report->step - 1] = 0;
	return n == 0 ? 0 : n == (ssize_t)sizeof *report ? 1 : -1;
}

static void reap(struct gtv_launch *launch)
{
	while (waitpid(launch->pid, NULL, 0) < 0 && errno == EINTR)
		;
	launch->pid = -1;
}

static int no_start(struct gtv_launch *launch, struct gtv_err *err)
{
	reap(launch);
	return gtv_err_set(err, GTV_EIO, launch->name, "", "%s", "it could not be started");
}

/* Waits until the child is all prepared, or cannot be. */
static int await_ready(struct gtv_launch *launch, struct gtv_err *err)
{
	struct gtv_child_report report;

	if (read_report(launch->err_fd, &report) != 1)
		return no_start(launch, err);
	if (!report.error)
		return 0;
	reap(launch);
	return child_failed(launch, &report, err);
}

int gtv_launch_hold(struct gtv_launch *out, const struct gtv_launch_config *config,
		    struct gtv_err *err)
{
	int hold[2], report[2];
	char pty_name[64] = "";

	*out = (struct gtv_launch){
		.pid = -1, .pidfd = -1, .pty = -1, .hold_fd = -1, .err_fd = -1};
	if (!config->argv || !config->argv[0] || !*config->argv[0])
		return gtv_err_set(err, GTV_EUSAGE, "program", "gtviz PROGRAM [ARG...]",
				   "%s", "no program was named");
	if (config->use_pty && open_pty(out, config, pty_name, sizeof pty_name) < 0) {
		int rc = fail(err, "pseudo-terminal");
		gtv_launch_close(out);
		return rc;
	}
	if (pipe2(hold, O_CLOEXEC) < 0) {
		int rc = fail(err, "pipe");
		gtv_launch_close(out);
		return rc;
	}
	if (pipe2(report, O_CLOEXEC) < 0) {
		int rc = fail(err, "pipe");
		close(hold[0]);
		close(hold[1]);
		gtv_launch_close(out);
		return rc;
	}
	out->hold_fd = hold[1];
	out->err_fd = report[0];
	snprintf(out->name, sizeof out->name, "%s", config->argv[0]);
	out->pid = fork();
	if (out->pid == 0) {
		close(hold[1]); /* or our own copy would keep us waiting for ever */
		close(report[0]);
		gtv_child_run(config, pty_name, hold[0], report[1]);
	}
	int saved = errno;
	close(hold[0]);
	close(report[1]);
	if (out->pid > 0)
		out->pidfd = (int)syscall(SYS_pidfd_open, out->pid, 0u);
	else
		errno = saved;
	int rc = out->pid < 0 || out->pidfd < 0 ? fail(err, config->argv[0])
						: await_ready(out, err);
	if (rc < 0)
		gtv_launch_close(out);
	return rc;
}

int gtv_launch_go(struct gtv_launch *launch, struct gtv_err *err)
{
	struct gtv_child_report report;
	ssize_t n;

	/* MSG_NOSIGNAL is for sockets: a child that was killed must not kill us. */
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
	sigaction(SIGPIPE, &ignore, &old);
	while ((n = write(launch->hold_fd, "g", 1)) < 0 && errno == EINTR)
		;
	sigaction(SIGPIPE, &old, NULL);
	close(launch->hold_fd);
	launch->hold_fd = -1;
	int said = read_report(launch->err_fd, &report);
	close(launch->err_fd);
	launch->err_fd = -1;
	if (said == 0 && n == 1)
		return 0;
	if (said != 1)
		return no_start(launch, err);
	reap(launch);
	return child_failed(launch, &report, err);
}

int gtv_launch_poll(struct gtv_launch *launch, int *wait_status)
{
	pid_t got;

	if (launch->adopted)
		return gtv_launch_poll_adopted(launch, wait_status);
	if (!launch->ended && launch->pid > 0) {
		while ((got = waitpid(launch->pid, &launch->wait_status, WNOHANG)) < 0 &&
		       errno == EINTR)
			;
		if (got == 0)
			return 1;
		/* Reaped by somebody else (got < 0): nothing more to learn. */
		launch->ended = 1;
	}
	*wait_status = launch->wait_status;
	return 0;
}

void gtv_launch_close(struct gtv_launch *launch)
{
	int *fds[] = {&launch->pidfd, &launch->pty, &launch->hold_fd, &launch->err_fd};

	/* A child that was never let go leaves when its hold closes: reap it. */
	int held = launch->hold_fd >= 0 && launch->pid > 0;
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	if (held)
		reap(launch);
}

int gtv_launch_exit_code(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 125;
}
