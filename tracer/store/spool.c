/* SPDX-License-Identifier: MIT
 *
 * Spools: files that nobody can name. A live session without -o writes its trace into
 * one, and what comes by a pipe is kept in one, so that it can be looked at in any
 * order without being held in memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tracer/base/progress.h"
#include "tracer/store/inside.h"

#define PIECE (256u << 10)

int gtv_spool_open(void)
{
#ifdef O_TMPFILE
	const char *dir = secure_getenv("TMPDIR");
	int fd = open(dir && *dir ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	/* No such directory, or a file system that cannot: memory will do. */
	return fd >= 0 ? fd : memfd_create("gtviz", MFD_CLOEXEC);
#else
	char name[] = "/tmp/gtviz-XXXXXX";
	int fd = mkstemp(name);

	if (fd >= 0)
		unlink(name);
	return fd;
#endif
}

int gtv_spool_drop(int spool, uint64_t from, uint64_t to)
{
#ifdef FALLOC_FL_PUNCH_HOLE
	return fallocate(spool, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
			 (off_t)(to - from));
#else
	(void)spool;
	(void)from;
	(void)to;
	errno = EOPNOTSUPP;
	return -1;
#endif
}

int gtv_spool_open_kept(void)
{
	int fd = gtv_spool_open();

	if (fd < 0 || !gtv_spool_drop(fd, 0, 1))
		return fd;
#ifdef MFD_CLOEXEC
	/* A file system that cannot give back a part: memory can. */
	close(fd);
	fd = memfd_create("gtviz", MFD_CLOEXEC);
#endif
	return fd;
}

size_t gtv_spool_write(int spool, const void *bytes, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pwrite(spool, (const char *)bytes + done, size - done,
				   (off_t)(offset + done));
		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			errno = EIO;
		if (n <= 0 && errno != EINTR)
			break;
	}
	return done;
}

int gtv_spool_failed(int error, const char *name, struct gtv_err *err)
{
	int full = error == ENOSPC || error == EDQUOT || error == EFBIG;

	return gtv_err_set(err, full ? GTV_EFULL : GTV_EIO, name,
			   "set TMPDIR to where there is room",
			   "what it brings cannot be kept: %s", strerror(error));
}

/* 0, or -GTV_E* and err. */
static int copy_all(int from, int spool, char *buf, const char *name, struct gtv_err *err)
{
	uint64_t size = 0;
	ssize_t n;

	gtv_progress_at(GTV_STEP_FIRST, 0, 0);
	while ((n = read(from, buf, PIECE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gtv_err_set(err, GTV_EIO, name, NULL, "%s", strerror(errno));
		if (gtv_spool_write(spool, buf, (size_t)n, size) < (size_t)n)
			return gtv_spool_failed(errno, name, err);
		size += (uint64_t)n;
		gtv_progress_at(GTV_STEP_COPY, size, 0);
	}
	return 0;
}

int gtv_spool_all(int fd, const char *name, struct gtv_err *err)
{
	int spool = gtv_spool_open();
	char *buf = malloc(PIECE);
	int rc;

	if (spool < 0)
		rc = gtv_spool_failed(errno, name, err);
	else if (!buf)
		rc = gtv_err_set(err, GTV_ENOMEM, name, NULL, "no memory");
	else
		rc = copy_all(fd, spool, buf, name, err);
	free(buf);
	if (!rc)
		return spool;
	if (spool >= 0)
		close(spool);
	return rc;
}
