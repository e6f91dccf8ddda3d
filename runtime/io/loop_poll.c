/* SPDX-License-Identifier: MIT
 *
 * poll: an array of what is watched, as long as there are descriptors, which the kernel
 * goes through for every wait.
 */
#include "runtime/io/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/os/raw.h"
#include "runtime/os/sys.h"

static struct {
	struct pollfd *fds;
	uint32_t *place; /* by descriptor: its index in fds and one, 0: not watched */
	uint32_t fds_max, place_max;
	int count;
	int from; /* where the next look at the answers begins: all get a turn */
} p;

static int poll_watch(int fd, short events)
{
	int err = gt__loop_pollable(fd);

	if (!err)
		err = gt__loop_grow((void **)&p.place, sizeof *p.place, &p.place_max, fd);
	if (!err)
		err = gt__loop_grow((void **)&p.fds, sizeof *p.fds, &p.fds_max, p.count);
	if (err)
		return err;
	if (!p.place[fd])
		p.place[fd] = (uint32_t)++p.count;
	p.fds[p.place[fd] - 1] = (struct pollfd){.fd = fd, .events = events};
	return 0;
}

/* The last one takes its place. */
static void poll_forget(int fd)
{
	uint32_t place = (uint32_t)fd < p.place_max ? p.place[fd] : 0;
	struct pollfd last;

	if (!place)
		return;
	last = p.fds[--p.count];
	p.fds[place - 1] = last;
	p.place[last.fd] = place;
	p.place[fd] = 0;
}

static void poll_close(void)
{
	free(p.fds);
	free(p.place);
	memset(&p, 0, sizeof p);
}

static int poll_open(int kick_fd)
{
	memset(&p, 0, sizeof p);
	return poll_watch(kick_fd, POLLIN); /* its place is the first, for ever */
}

static __attribute__((noinline)) int ask(uint64_t timeout_ns)
{
	struct timespec left = {.tv_sec = (time_t)(timeout_ns / 1000000000),
				.tv_nsec = (long)(timeout_ns % 1000000000)};
	int n = gt__raw_ppoll(p.fds, (nfds_t)p.count,
			      timeout_ns == GT__NEVER ? NULL : &left, NULL);

	return n < 0 ? -errno : n;
}

static int poll_wait(struct gt__loop_event *events, int max, uint64_t timeout_ns)
{
	int n = ask(timeout_ns), count = 0, end = p.count, from = p.from < end ? p.from : 0;

	if (n <= 0)
		return n == -EINTR ? 0 : n;
	if (n > max)
		n = max;
	for (int i = 0; i < end && count < n; i++) {
		int idx = from + i < end ? from + i : from + i - end;

		if (!p.fds[idx].revents)
			continue;
		events[count++] =
			(struct gt__loop_event){p.fds[idx].fd, p.fds[idx].revents};
		p.from = idx + 1;
	}
	/* Only now: it moves others to other places. */
	for (int i = 0; i < count; i++)
		if (events[i].fd != p.fds[0].fd)
			poll_forget(events[i].fd);
	return count;
}

const struct gt__loop gt__loop_poll = {
	.name = "poll",
	.open = poll_open,
	.close = poll_close,
	.watch = poll_watch,
	.forget = poll_forget,
	.wait = poll_wait,
};
