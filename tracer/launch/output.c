/* SPDX-License-Identifier: MIT
 *
 * Opening the trace that will be written, as the person who asked would have, and
 * never through a link that somebody else planted.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tracer/launch/launch.h"

static int refuse(int fd, const char *path, const char *why, struct gtv_err *err)
{
	close(fd);
	gtv_err_set(err, GTV_EEXIST, path, "name another file with -o", "%s", why);
	return -1;
}

/* O_NOFOLLOW guards the last step; O_NONBLOCK keeps a planted pipe from holding us
 * up; nothing is truncated before we know what it is. */
#define CAREFUL (O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static int open_careful(const char *path, int *created)
{
	int fd = open(path, CAREFUL | O_CREAT | O_EXCL, 0600);

	*created = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(path, CAREFUL);
	return fd;
}

static int open_without_links(const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags,
		.mode = flags & O_CREAT ? 0600 : 0,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

/* Where only root may create: with root's right, so not through any link on the way
 * (another user may have planted it), and what it makes is given to the user. */
static int open_as_root(const char *path, const struct gtv_user *user, int *created)
{
	int fd = open_without_links(path, CAREFUL | O_CREAT | O_EXCL);

	*created = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		return open_without_links(path, CAREFUL);
	if (fd >= 0 && fchown(fd, user->uid, user->gid) < 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* The file system sees the user's ids while we open: what the user may not write,
 * root does not write for him. */
static int open_as_user(const char *path, const struct gtv_user *user, int *created)
{
	gid_t ours[256], theirs[256];
	int our_count = getgroups(256, ours), their_count = 256;

	if (our_count < 0 ||
	    getgrouplist(user->name, user->gid, theirs, &their_count) < 0 ||
	    setgroups((size_t)their_count, theirs) < 0)
		return -1;
	setfsgid(user->gid);
	setfsuid(user->uid);
	int fd = open_careful(path, created);
	int saved = errno;
	setfsuid(geteuid());
	setfsgid(getegid());
	if (setgroups((size_t)our_count, ours) < 0 && fd >= 0) {
		saved = errno;
		close(fd);
		fd = -1;
	}
	errno = saved;
	return fd;
}

static int open_as(const char *path, const struct gtv_user *user, int *created)
{
	if (!user->sudo)
		return open_careful(path, created);
	int fd = open_as_user(path, user, created);
	if (fd < 0 && errno == EACCES)
		fd = open_as_root(path, user, created);
	return fd;
}

int gtv_output_open(const char *path, const struct gtv_user *user, struct gtv_err *err)
{
	struct stat st;
	int created = 0;

	if (!strcmp(path, "-")) {
		int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		if (out < 0)
			gtv_err_set(err, GTV_EIO, "-o -", "", "%s", strerror(errno));
		return out;
	}
	int fd = open_as(path, user, &created);
	if (fd < 0 && errno == ELOOP) {
		gtv_err_set(err, GTV_EEXIST, path, "name the file itself with -o", "%s",
			    "it is a symbolic link");
		return -1;
	}
	if (fd < 0) {
		gtv_err_set(err, GTV_EIO, path, "name another file with -o", "%s",
			    strerror(errno));
		return -1;
	}
	if (!fstat(fd, &st) && S_ISFIFO(st.st_mode)) {
		close(fd);
		gtv_err_set(err, GTV_EEXIST, path, "record -o - >PIPE", "%s",
			    "it is a pipe");
		return -1;
	}
	if (!S_ISREG(st.st_mode))
		return refuse(fd, path, "it is not a regular file", err);
	if (!created && st.st_uid != user->uid)
		return refuse(fd, path, "it belongs to another user", err);
	if (!created && st.st_nlink > 1)
		return refuse(fd, path, "it has other names (hard links)", err);
	if (!created && (fchmod(fd, 0600) < 0 || ftruncate(fd, 0) < 0)) {
		const char *why = strerror(errno);
		return refuse(fd, path, why, err);
	}
	int flags = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	return fd;
}
