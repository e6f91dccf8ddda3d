/* SPDX-License-Identifier: MIT
 *
 * Opening a file that will be written, and never through a link that somebody else
 * planted.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "tracer/launch/output.h"

static int refuse(int fd, const char *path, const char *why, struct gtv_err *err)
{
	close(fd);
	gtv_err_set(err, GTV_EEXIST, path, "name another file with -o", "%s", why);
	return -1;
}

int gtv_output__careful(const char *path, int *created)
{
	int fd = open(path, GTV_OUTPUT_CAREFUL | O_CREAT | O_EXCL, 0600);

	*created = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(path, GTV_OUTPUT_CAREFUL);
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
	int fd = gtv_output__as(path, user, &created);
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
