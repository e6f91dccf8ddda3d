/* SPDX-License-Identifier: MIT
 *
 * What our caller gave us, so that the program can have exactly that: ignored signals
 * (nohup), the signal mask, and open descriptors (make's job server, a shell's <(cmd)).
 * It is noted before main, before anything of ours is there to be mistaken for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tracer/launch/child.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1u << 2)
#endif

#define DESCRIPTORS_MAX 256 /* beyond these nobody hands anything down */

static struct {
	sigset_t mask, ignored;
	unsigned count;
	struct {
		int fd;
		dev_t dev;
		ino_t ino;
	} open[DESCRIPTORS_MAX];
} given;

static void note_signals(void)
{
	struct sigaction action;

	sigprocmask(SIG_SETMASK, NULL, &given.mask);
	sigemptyset(&given.ignored);
	for (int sig = 1; sig < NSIG; sig++)
		if (sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			sigaddset(&given.ignored, sig);
}

static void note_descriptors(void)
{
	struct stat st;

	for (int fd = 3; fd < DESCRIPTORS_MAX; fd++) {
		int flags = fcntl(fd, F_GETFD);
		if (flags < 0 || (flags & FD_CLOEXEC) || fstat(fd, &st) < 0)
			continue;
		given.open[given.count].fd = fd;
		given.open[given.count].dev = st.st_dev;
		given.open[given.count++].ino = st.st_ino;
	}
}

__attribute__((constructor)) static void note_what_was_given(void)
{
	int saved = errno;

	note_signals();
	note_descriptors();
	errno = saved;
}

void gtv_inherit_signals(void)
{
	struct sigaction action;

	for (int sig = 1; sig < NSIG; sig++) {
		memset(&action, 0, sizeof action);
		action.sa_handler =
			sigismember(&given.ignored, sig) == 1 ? SIG_IGN : SIG_DFL;
		sigaction(sig, &action,
			  NULL); /* KILL and STOP say no: they are as they are */
	}
	sigprocmask(SIG_SETMASK, &given.mask, NULL);
}

static void close_all_on_exec(void)
{
	if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	long max = sysconf(_SC_OPEN_MAX); /* before Linux 5.11 */
	for (int fd = 3; fd < max && fd < 65536; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void gtv_inherit_descriptors(void)
{
	struct stat st;

	close_all_on_exec();
	for (unsigned i = 0; i < given.count; i++)
		if (fstat(given.open[i].fd, &st) == 0 && st.st_dev == given.open[i].dev &&
		    st.st_ino == given.open[i].ino)
			fcntl(given.open[i].fd, F_SETFD, 0);
}
