/* SPDX-License-Identifier: MIT
 *
 * Whether programs on libgt may use io_uring here (GT_POLICY=asyncio,loop=uring): as
 * runtime/io/loop_uring.c asks for it.
 */
#include "tracer/cmd/doctor.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(SYS_io_uring_setup) && __has_include(<linux/io_uring.h>)
#include <linux/io_uring.h>
#endif

#ifdef IORING_SETUP_DEFER_TASKRUN
#define NEEDED (IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG)

const char *gtv_doctor_uring(void)
{
	struct io_uring_params params = {0};
	long fd = syscall(SYS_io_uring_setup, 1, &params);

	if (fd < 0)
		return strerror(errno);
	close((int)fd);
	return (params.features & NEEDED) == NEEDED ? NULL : "older than Linux 5.11";
}
#else
const char *gtv_doctor_uring(void)
{
	return "not built in: kernel headers older than Linux 6.1";
}
#endif
