/* SPDX-License-Identifier: MIT
 *
 * A live program has a pseudo-terminal of its own. If its last master descriptor
 * closes, the kernel hangs the program up, so a killed or detached gtviz would
 * take the program with it. The keeper holds a second one. It sleeps in a read
 * until we are gone, then takes over our end: reads what the program writes, and
 * drops it, until the program has closed its side.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tracer/session/internal.h"

static void drain_until_hangup(int master)
{
	char sink[4096];
	struct pollfd pfd = {.fd = master, .events = POLLIN};

	for (;;) {
		ssize_t n = read(master, sink, sizeof sink);
		if (n > 0 || (n < 0 && errno == EINTR))
			continue;
		if (n == 0 || errno != EAGAIN)
			return; /* EIO: nobody has the other side open any more */
		poll(&pfd, 1, -1);
	}
}

static void close_all_but(int a, int b)
{
	unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);

	if (low > 0)
		syscall(SYS_close_range, 0u, low - 1, 0u);
	if (high > low + 1)
		syscall(SYS_close_range, low + 1, high - 1, 0u);
	syscall(SYS_close_range, high + 1, ~0u, 0u);
}

int gtv_keeper_start(int pty_master, const struct gtv_user *user, int keep_root)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	/* Twice: the keeper is nobody's child, so nobody has to reap it. */
	pid_t pid = fork();
	if (pid == 0) {
		if (fork() != 0)
			_exit(0);
		char byte;
		if (gtv_privileges_drop(user, keep_root, NULL))
			_exit(1);
		setsid();
		for (int sig = 1; sig < 32; sig++)
			if (sig != SIGKILL && sig != SIGSTOP)
				signal(sig, SIG_IGN);
		close_all_but(pty_master, ends[0]);
		prctl(PR_SET_NAME, "gtviz-keeper", 0, 0, 0);
		while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
			;
		drain_until_hangup(pty_master);
		_exit(0);
	}
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return -1;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return ends[1];
}
