/* SPDX-License-Identifier: MIT */
#include "runtime/io/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const struct gt__loop *const gt__loops[GT__LOOPS] = {
	[GT__LOOP_SELECT] = &gt__loop_select,
	[GT__LOOP_POLL] = &gt__loop_poll,
	[GT__LOOP_EPOLL] = &gt__loop_epoll,
	[GT__LOOP_URING] = &gt__loop_uring,
};

int gt__loop_check(const struct gt__loop *loop, char *error, size_t error_bytes)
{
	int err = loop->probe ? loop->probe() : 0;

	if (err)
		snprintf(error, error_bytes,
			 "parameter loop cannot be '%s' here: the kernel refuses it: %s "
			 "(one of " GT__LOOP_NAMES ")",
			 loop->name, strerror(-err));
	return err;
}

/* In functions of their own, errno is read where it was written (see io.c). */
__attribute__((noinline)) int gt__loop_pollable(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode) ? -EPERM
										 : 0;
}

int gt__loop_grow(void **table, size_t one_bytes, uint32_t *max, int fd)
{
	uint32_t more = *max ? *max : 64;
	char *grown;

	if ((uint32_t)fd < *max)
		return 0;
	while (more <= (uint32_t)fd)
		more *= 2;
	grown = realloc(*table, more * one_bytes);
	if (!grown)
		return -ENOMEM;
	memset(grown + *max * one_bytes, 0, (more - *max) * one_bytes);
	*table = grown;
	*max = more;
	return 0;
}
