/* SPDX-License-Identifier: MIT
 *
 * Opening a file as the person who asked would have, while gtviz is still root.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <unistd.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>

#include "tracer/launch/output.h"

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
	int fd = open_without_links(path, GTV_OUTPUT_CAREFUL | O_CREAT | O_EXCL);

	*created = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		return open_without_links(path, GTV_OUTPUT_CAREFUL);
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
	int fd = gtv_output__careful(path, created);
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

int gtv_output__as(const char *path, const struct gtv_user *user, int *created)
{
	if (!user->sudo)
		return gtv_output__careful(path, created);
	int fd = open_as_user(path, user, created);
	if (fd < 0 && errno == EACCES)
		fd = open_as_root(path, user, created);
	return fd;
}
