/* SPDX-License-Identifier: MIT
 *
 * A program that runs already and is nobody's child of ours: its end is seen through a
 * descriptor of its process, and how it ended only where the kernel tells strangers
 * (6.15), once its parent has asked.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tracer/launch/launch.h"

#define REAP_MS 50 /* its parent is given so long to ask */

/* linux/pidfd.h of 6.15. */
struct process_info {
	uint64_t mask, cgroup;
	uint32_t id[11];
	int32_t exit_code;
};
#define INFO_EXIT (1ull << 3)
#define GET_INFO  _IOWR(0xFF, 11, struct process_info)
_Static_assert(sizeof(struct process_info) == 64, "pidfd_info's first version");

int gtv_launch_adopt(struct gtv_launch *out, pid_t pid, struct gtv_err *err)
{
	*out = (struct gtv_launch){.pid = pid,
				   .pidfd = -1,
				   .pty = -1,
				   .hold_fd = -1,
				   .err_fd = -1,
				   .adopted = 1,
				   .wait_status = -1};
	snprintf(out->name, sizeof out->name, "%d", (int)pid);
	out->pidfd = (int)syscall(SYS_pidfd_open, pid, 0u);
	if (out->pidfd < 0)
		return gtv_err_set(err, GTV_EIO, out->name, "", "%s",
				   errno == ESRCH ? "there is no such process"
						  : strerror(errno));
	return 0;
}

int gtv_launch_poll_adopted(struct gtv_launch *launch, int *wait_status)
{
	struct pollfd end = {.fd = launch->pidfd, .events = POLLIN};
	struct process_info info = {.mask = INFO_EXIT};

	if (!launch->ended && poll(&end, 1, 0) != 1)
		return 1;
	if (!launch->ended) {
		end.events = 0; /* POLLHUP: it was reaped */
		poll(&end, 1, REAP_MS);
		if (ioctl(launch->pidfd, GET_INFO, &info) == 0 && info.mask & INFO_EXIT)
			launch->wait_status = info.exit_code;
	}
	launch->ended = 1;
	*wait_status = launch->wait_status;
	return 0;
}
