/* SPDX-License-Identifier: MIT
 *
 * select, as asyncore's loop had it: three sets of bits, copied into the kernel and
 * back for every wait, whatever is in them; FD_SETSIZE descriptors and no more.
 */
#include "runtime/io/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>

#include "runtime/os/raw.h"
#include "runtime/os/sys.h"

static struct {
	fd_set in, out, urgent, watched;
	int kick_fd, end; /* no descriptor from `end` up is watched */
	int from;	  /* where the next look at the answers begins: all get a turn */
} s;

static void set_to(fd_set *set, int fd, int on)
{
	if (on)
		FD_SET(fd, set);
	else
		FD_CLR(fd, set);
}

static void set_all(int fd, int on, short events)
{
	set_to(&s.watched, fd, on);
	set_to(&s.in, fd, on && events & POLLIN);
	set_to(&s.out, fd, on && events & POLLOUT);
	set_to(&s.urgent, fd, on && events & POLLPRI);
}

static int select_watch(int fd, short events)
{
	int err = gt__loop_pollable(fd);

	if (err)
		return err;
	if (fd >= FD_SETSIZE)
		return -EINVAL;
	set_all(fd, 1, events);
	if (fd >= s.end)
		s.end = fd + 1;
	return 0;
}

static void select_forget(int fd)
{
	if (fd < FD_SETSIZE)
		set_all(fd, 0, 0);
	while (s.end && !FD_ISSET(s.end - 1, &s.watched))
		s.end--;
}

static int select_open(int kick_fd)
{
	FD_ZERO(&s.in);
	FD_ZERO(&s.out);
	FD_ZERO(&s.urgent);
	FD_ZERO(&s.watched);
	s.end = s.from = 0;
	s.kick_fd = kick_fd;
	return select_watch(kick_fd, POLLIN);
}

static void select_close(void)
{
	s.end = 0;
}

struct answer {
	fd_set in, out, urgent;
};

static __attribute__((noinline)) int ask(struct answer *answer, uint64_t timeout_ns)
{
	struct timespec left = {.tv_sec = (time_t)(timeout_ns / 1000000000),
				.tv_nsec = (long)(timeout_ns % 1000000000)};
	int n;

	answer->in = s.in;
	answer->out = s.out;
	answer->urgent = s.urgent;
	n = gt__raw_pselect(s.end, &answer->in, &answer->out, &answer->urgent,
			    timeout_ns == GT__NEVER ? NULL : &left);
	return n < 0 ? -errno : n;
}

static short events_of(const struct answer *answer, int fd)
{
	return (short)((FD_ISSET(fd, &answer->in) ? POLLIN : 0) |
		       (FD_ISSET(fd, &answer->out) ? POLLOUT : 0) |
		       (FD_ISSET(fd, &answer->urgent) ? POLLPRI : 0));
}

static __attribute__((noinline)) short is_closed(int fd)
{
	return fcntl(fd, F_GETFD) < 0 && errno == EBADF ? POLLNVAL : 0;
}

/* answer NULL: select said that one of the descriptors is none. */
static int tell(const struct answer *answer, struct gt__loop_event *events, int max)
{
	int count = 0, end = s.end, from = s.from < end ? s.from : 0;

	for (int i = 0; i < end && count < max; i++) {
		int fd = from + i < end ? from + i : from + i - end;
		short got;

		if (!FD_ISSET(fd, &s.watched))
			continue;
		got = answer ? events_of(answer, fd) : is_closed(fd);
		if (!got)
			continue;
		events[count++] = (struct gt__loop_event){fd, got};
		s.from = fd + 1;
		if (fd != s.kick_fd)
			select_forget(fd);
	}
	return count;
}

static int select_wait(struct gt__loop_event *events, int max, uint64_t timeout_ns)
{
	struct answer answer;
	int n = ask(&answer, timeout_ns);

	if (n == -EINTR)
		return 0;
	if (n <= 0 && n != -EBADF)
		return n;
	return tell(n > 0 ? &answer : NULL, events, max);
}

const struct gt__loop gt__loop_select = {
	.name = "select",
	.open = select_open,
	.close = select_close,
	.watch = select_watch,
	.forget = select_forget,
	.wait = select_wait,
};
