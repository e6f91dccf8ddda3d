/* SPDX-License-Identifier: MIT
 *
 * epoll: what is watched stays in the kernel, and an answer names only what is ready.
 * Any OS thread may watch while another waits. The simulated system has this one.
 */
#include "runtime/io/loop.h"

#include <errno.h>
#include <unistd.h>

#include "runtime/os/sys.h"

#define EVENTS_MAX 64

static int epoll_fd = -1;

static int epoll_watch(int fd, short events)
{
	struct epoll_event ev = {.events = (uint32_t)(unsigned short)events | EPOLLONESHOT,
				 .data.fd = fd};
	int err = gt__sys_epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &ev);

	if (err == -ENOENT)
		err = gt__sys_epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
	return err;
}

static void epoll_close(void)
{
	close(epoll_fd);
}

static int epoll_open(int kick_fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = kick_fd};
	int err;

	epoll_fd = gt__sys_epoll_new();
	if (epoll_fd < 0)
		return epoll_fd;
	err = gt__sys_epoll_ctl(epoll_fd, EPOLL_CTL_ADD, kick_fd, &ev);
	if (err)
		epoll_close();
	return err;
}

static int epoll_wait_for(struct gt__loop_event *events, int max, uint64_t timeout_ns)
{
	struct epoll_event got[EVENTS_MAX];
	int n = gt__sys_epoll_wait(epoll_fd, got, max < EVENTS_MAX ? max : EVENTS_MAX,
				   timeout_ns);

	for (int i = 0; i < n; i++)
		events[i] = (struct gt__loop_event){got[i].data.fd, (short)got[i].events};
	return n == -EINTR ? 0 : n;
}

const struct gt__loop gt__loop_epoll = {
	.name = "epoll",
	.open = epoll_open,
	.close = epoll_close,
	.watch = epoll_watch,
	.wait = epoll_wait_for,
};
