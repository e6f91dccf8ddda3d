/* SPDX-License-Identifier: MIT
 *
 * The order matters: the terminal while we may still open it, then the user, then the
 * environment, and the search for the program last, with that user's rights.
 */
#include "tracer/launch/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/abi/gtv_ring.h"

extern char **environ;

static void report(int fd, int error, const char *step)
{
	struct gtv_child_report r = {.error = error};

	snprintf(r.step, sizeof r.step, "%s", step);
	/* A parent that is gone is told nothing, and its end of hold says the rest. */
	(void)!write(fd, &r, sizeof r);
}

static _Noreturn void fail(int fd, const char *step)
{
	report(fd, errno, step);
	_exit(127);
}

/* Its own session with the pseudo-terminal as controlling terminal and stdio. */
static int take_pty(const char *name)
{
	if (setsid() < 0)
		return -1;
	int slave = open(name, O_RDWR);
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		return -1;
	for (int fd = 0; fd < 3; fd++)
		if (dup2(slave, fd) < 0)
			return -1;
	if (slave > 2)
		close(slave);
	return 0;
}

/* sudo's own variables would tell the program of a sudo that it does not run under. */
static void forget_sudo(void)
{
	for (char **at = environ; at && *at;) {
		char name[128];
		size_t len = strcspn(*at, "=");
		if (strncmp(*at, "SUDO_", 5) || len >= sizeof name) {
			at++;
			continue;
		}
		memcpy(name, *at, len);
		name[len] = 0;
		unsetenv(name);
		at = environ;
	}
}

static int become_user(const struct gtv_user *user)
{
	int known = user->name[0] != 0;

	if ((known ? initgroups(user->name, user->gid) : setgroups(1, &user->gid)) < 0 ||
	    setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return -1;
	if (user->home[0])
		setenv("HOME", user->home, 1);
	if (known) {
		setenv("USER", user->name, 1);
		setenv("LOGNAME", user->name, 1);
	}
	forget_sudo();
	return 0;
}

/* A gtviz that was installed set-uid lends that to nobody either. */
static int drop_set_uid(void)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (geteuid() == uid && getegid() == gid)
		return 0;
	return setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ? -1 : 0;
}

/* The ring file, on a high number: the program's own begin where they always do. */
static int lend_ring(const struct gtv_launch_config *config)
{
	char text[16];

	unsetenv(GTV_ENV_FD);
	unsetenv(GTV_ENV_SOCK);
	if (config->ring_fd < 0)
		return 0;
	int fd = fcntl(config->ring_fd, F_DUPFD, 100);
	if (fd < 0)
		fd = fcntl(config->ring_fd, F_DUPFD, 3);
	if (fd < 0)
		return -1;
	snprintf(text, sizeof text, "%d", fd);
	if (setenv(GTV_ENV_FD, text, 1) < 0)
		return -1;
	return config->ring_sock ? setenv(GTV_ENV_SOCK, config->ring_sock, 1) : 0;
}

/* 0 if it could be executed, else -1 and errno as exec's would be. */
static int try_path(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EACCES;
		return -1;
	}
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
}

/* Finds `name` as a shell would: what is there and may not be executed is passed over,
 * and is the error if nothing else is found; a directory that may not be searched has
 * nothing in it. */
static int find_program(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("PATH"), *next;
	int error = ENOENT;

	if (strchr(name, '/')) {
		if ((size_t)snprintf(path, size, "%s", name) >= size) {
			errno = ENAMETOOLONG;
			return -1;
		}
		return try_path(path);
	}
	for (dirs = dirs ? dirs : "/bin:/usr/bin"; dirs; dirs = *next ? next + 1 : NULL) {
		next = strchrnul(dirs, ':');
		int len = (int)(next - dirs);
		if ((size_t)snprintf(path, size, "%.*s%s%s", len, dirs, len ? "/" : "./",
				     name) >= size)
			continue;
		if (try_path(path) == 0)
			return 0;
		if (errno == EACCES && access(path, F_OK) == 0)
			error = EACCES;
	}
	errno = error;
	return -1;
}

static void prepare(const struct gtv_launch_config *config, const char *pty_name,
		    int report_fd)
{
	if (config->use_pty && take_pty(pty_name) < 0)
		fail(report_fd, "its terminal");
	if (config->stdout_to_stderr && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		fail(report_fd, "its output");
	if (!config->as_root &&
	    (config->user->sudo ? become_user(config->user) : drop_set_uid()) < 0)
		fail(report_fd, "becoming the user");
	if (config->policy && setenv("GT_POLICY", config->policy, 1) < 0)
		fail(report_fd, "its environment");
	gtv_inherit_descriptors();
	if (lend_ring(config) < 0)
		fail(report_fd, "its rings");
	gtv_inherit_signals();
}

void gtv_child_run(const struct gtv_launch_config *config, const char *pty_name,
		   int hold_fd, int report_fd)
{
	char path[PATH_MAX], byte;
	ssize_t n;

	prepare(config, pty_name, report_fd);
	if (find_program(config->argv[0], path, sizeof path) < 0)
		fail(report_fd, "");
	report(report_fd, 0, "");
	while ((n = read(hold_fd, &byte, 1)) < 0 && errno == EINTR)
		;
	if (n != 1)
		_exit(125); /* gtviz is gone: the program never starts */
	/* execvp and not execv: a script without #! is the shell's, as in a shell. */
	execvp(path, config->argv);
	fail(report_fd, "");
}
