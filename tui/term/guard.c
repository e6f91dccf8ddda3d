/* SPDX-License-Identifier: MIT
 *
 * Three kinds of sudden death, three ways to give the terminal back.
 *
 *  - A crash: a handler on a stack of its own writes the restoring bytes and sets
 *    the saved modes, both async-signal-safe, then lets the signal kill us.
 *  - exit() called where it should not be: an atexit function does the same.
 *  - SIGKILL: nobody can catch it. A child waits on a socket whose other end only we
 *    hold. When it reads the end of file without a word from us before, we are
 *    gone, and it writes the bytes. It sits in a process group of its own, so that
 *    what is sent to ours does not reach it, and keeps nothing open but the
 *    terminal and the socket.
 *
 * The child sets the terminal's modes only if they are still those that we set. If
 * the shell was quicker, it has set its own, and those of long ago would spoil them.
 */
#include "tui/term/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

/* What the child is told. */
enum { SAY_AWAY = 'a', SAY_OURS = 'o', SAY_DONE = 'd' };

static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP};
#define CRASH_COUNT (sizeof(crashes) / sizeof(*crashes))

static struct {
	volatile sig_atomic_t armed; /* the terminal is ours: restore it */
	int fd;
	struct termios saved, ours; /* as we found it, and as we use it */
	char restore[256];
	size_t size;
	pid_t owner; /* a forked child must not restore */
	pid_t child; /* the guarding process, 0 none */
	int say_fd;  /* to it, -1 none */
	int atexit_set;
} guard = {.say_fd = -1};

static char crash_stack[16384];

static void write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			bytes += n;
			size -= (size_t)n;
		}
	}
}

/* A socket, not a pipe: if the child is gone there is no SIGPIPE. */
static void say(char word)
{
	if (guard.say_fd >= 0)
		send(guard.say_fd, &word, 1, MSG_NOSIGNAL);
}

/* Async-signal-safe. */
static void restore_now(void)
{
	if (!guard.armed || getpid() != guard.owner)
		return;
	guard.armed = 0;
	write_all(guard.fd, guard.restore, guard.size);
	tcsetattr(guard.fd, TCSANOW, &guard.saved);
	say(SAY_DONE);
}

/* Installed with SA_RESETHAND and SA_NODEFER: raising the signal again is the end,
 * with the status and the core file that belong to it. */
static void on_crash(int sig)
{
	restore_now();
	raise(sig);
}

static void catch_crashes(void)
{
	stack_t stack = {.ss_sp = crash_stack, .ss_size = sizeof(crash_stack)};
	struct sigaction sa = {.sa_handler = on_crash,
			       .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND | SA_NODEFER)};

	sigaltstack(&stack, NULL);
	for (size_t i = 0; i < CRASH_COUNT; i++)
		sigaction(crashes[i], &sa, NULL);
}

static void leave_crashes(void)
{
	for (size_t i = 0; i < CRASH_COUNT; i++)
		signal(crashes[i], SIG_DFL);
}

/* Has nobody touched the modes since we set them? */
static int still_ours(int fd)
{
	struct termios now;

	return !tcgetattr(fd, &now) && now.c_iflag == guard.ours.c_iflag &&
	       now.c_oflag == guard.ours.c_oflag && now.c_lflag == guard.ours.c_lflag &&
	       !memcmp(now.c_cc, guard.ours.c_cc, sizeof(now.c_cc));
}

/* The guarding process: never returns. Only async-signal-safe calls: we may have
 * threads. */
__attribute__((noreturn)) static void stand_guard(int fd)
{
	char say, last = SAY_OURS;
	ssize_t n;

	setpgid(0, 0);
#ifdef __linux__
	prctl(PR_SET_NAME, "gtviz-guard");
#endif
	/* A background process may write to and set a terminal only so. */
	signal(SIGTTOU, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	if (dup2(fd, 0) < 0 || dup2(guard.fd, 1) < 0)
		_exit(1);
	close_range(2, ~0u, 0);
	for (;;) {
		n = read(0, &say, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		last = say;
	}
	if (last == SAY_OURS) {
		write_all(1, guard.restore, guard.size);
		if (still_ours(1))
			tcsetattr(1, TCSANOW, &guard.saved);
	}
	_exit(0);
}

static int start_child(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -1;
	guard.child = fork();
	if (guard.child == 0) {
		leave_crashes();
		close(ends[1]);
		stand_guard(ends[0]);
	}
	close(ends[0]);
	if (guard.child < 0) {
		close(ends[1]);
		guard.child = 0;
		return -1;
	}
	guard.say_fd = ends[1];
	return 0;
}

int tui_guard_arm(int fd, const struct termios *saved, const char *restore, size_t size)
{
	guard.fd = fd;
	guard.saved = *saved;
	if (tcgetattr(fd, &guard.ours))
		guard.ours = *saved;
	guard.size = size < sizeof(guard.restore) ? size : sizeof(guard.restore);
	memcpy(guard.restore, restore, guard.size);
	guard.owner = getpid();
	int rc = start_child();

	guard.armed = 1;
	catch_crashes();
	if (!guard.atexit_set && !atexit(restore_now))
		guard.atexit_set = 1;
	return rc;
}

void tui_guard_away(int away)
{
	guard.armed = !away;
	say(away ? SAY_AWAY : SAY_OURS);
}

void tui_guard_release(void)
{
	if (!guard.armed && !guard.child)
		return;
	guard.armed = 0;
	leave_crashes();
	say(SAY_DONE);
	if (guard.say_fd >= 0)
		close(guard.say_fd);
	guard.say_fd = -1;
	while (guard.child && waitpid(guard.child, NULL, 0) < 0 && errno == EINTR)
		;
	guard.child = 0;
}
