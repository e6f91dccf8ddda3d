/* SPDX-License-Identifier: MIT
 *
 * gt_read and its like: try without blocking; if that would block, wait in the
 * poller, try again. A descriptor may be in blocking mode, for it may belong to
 * others too: RWF_NOWAIT (of a socket MSG_DONTWAIT) asks for this one call not to block.
 * Where a kernel or a file does not know it, readiness is asked for first.
 *
 * Who reads where nothing had come yet the last times waits first: a connection that
 * goes to and fro costs a call less. Now and then it tries all the same.
 *
 * Policies with a GIL release it around all of that, even if nothing blocks, as CPython
 * does around each system call: whoever would compute may take it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/core/cancel.h"
#include "runtime/os/raw.h"
#include "runtime/io/timer.h"

/* --- what is known of a descriptor ----------------------------------------- */

#define KNOWN_MAX  4096
#define MISSES_MAX 2  /* tries in vain in a row; then the wait comes first */
#define SKIPS_MAX  16 /* so often, then a try */

/* Guesses that the same number had before: one that is wrong costs a call or a turn of
 * the poller, no more. Atomic. */
static struct {
	uint8_t misses; /* up to MISSES_MAX; above it, skips since */
	uint8_t no_socket;
} known[KNOWN_MAX];

static int is_known(int fd)
{
	return fd >= 0 && fd < KNOWN_MAX && !gt__sim_on;
}

static int waits_first(int fd)
{
	uint8_t misses;

	if (!is_known(fd))
		return 0;
	misses = __atomic_load_n(&known[fd].misses, __ATOMIC_RELAXED);
	if (misses < MISSES_MAX)
		return 0;
	if (misses == MISSES_MAX + SKIPS_MAX)
		misses = MISSES_MAX - 2;
	__atomic_store_n(&known[fd].misses, misses + 1, __ATOMIC_RELAXED);
	return misses >= MISSES_MAX;
}

/* It was tried at once. */
static void tried(int fd, int in_vain)
{
	uint8_t misses;

	if (!is_known(fd))
		return;
	misses = __atomic_load_n(&known[fd].misses, __ATOMIC_RELAXED);
	if (in_vain && misses < MISSES_MAX)
		__atomic_store_n(&known[fd].misses, misses + 1, __ATOMIC_RELAXED);
	else if (!in_vain && misses)
		__atomic_store_n(&known[fd].misses, 0, __ATOMIC_RELAXED);
}

void gt__io_begin(void)
{
	memset(known, 0, sizeof known);
}

/* --- one call ---------------------------------------------------------------- */

/* Of a socket: shorter than what RWF_NOWAIT takes. -ENOTSOCK. */
static __attribute__((noinline)) ssize_t transfer_socket(int fd, void *buf, size_t count,
							 int out)
{
	ssize_t n;

	if (!count || !is_known(fd) ||
	    __atomic_load_n(&known[fd].no_socket, __ATOMIC_RELAXED))
		return -ENOTSOCK;
	n = out ? gt__raw_send(fd, buf, count, MSG_DONTWAIT)
		: gt__raw_recv(fd, buf, count, MSG_DONTWAIT);
	if (n < 0 && errno == ENOTSOCK)
		__atomic_store_n(&known[fd].no_socket, 1, __ATOMIC_RELAXED);
	return n < 0 ? -errno : n;
}

/* errno is a thread-local whose address compilers keep across a switch; in functions
 * of their own that never switch it is read safely. */
static __attribute__((noinline)) ssize_t transfer(int fd, void *buf, size_t count, int out,
						  int nowait)
{
	struct iovec iov = {buf, count};
	ssize_t n;

	if (!nowait)
		n = out ? gt__raw_write(fd, buf, count) : gt__raw_read(fd, buf, count);
	else
		n = out ? pwritev2(fd, &iov, 1, -1, RWF_NOWAIT)
			: preadv2(fd, &iov, 1, -1, RWF_NOWAIT);
	return n < 0 ? -errno : n;
}

static int wait_for(int fd, short events, uint64_t deadline_ns)
{
	struct gt__os *os = gt__os();
	short revents = 0;
	int err;

	if (os->current->no_wait)
		return -EDEADLK;
	err = gt__rt.policy->io_wait(os, fd, events, deadline_ns, &revents);
	return err || revents || deadline_ns == GT__NEVER ? err : -ETIMEDOUT;
}

static uint64_t deadline_of(int64_t timeout_ns)
{
	return timeout_ns < 0 ? GT__NEVER : gt__deadline_in((uint64_t)timeout_ns);
}

/* What a wait or a call of this file comes to, for the program. */
static ssize_t told(ssize_t result)
{
	if (result == GT__CANCELLED)
		gt__cancel_act();
	return result;
}

static int is_ready(int fd, short events)
{
	short revents;

	return gt__sys_poll(fd, events, 0, &revents) != 0;
}

/* For files that know no RWF_NOWAIT. */
static ssize_t polled(int fd, void *buf, size_t count, int out, uint64_t deadline_ns)
{
	short events = out ? POLLOUT : POLLIN;

	for (;;) {
		int err = is_ready(fd, events) ? 0 : wait_for(fd, events, deadline_ns);
		ssize_t n;

		if (err && err != -EPERM)
			return err;
		n = transfer(fd, buf, count, out, 0);
		if (n != -EAGAIN && n != -EINTR)
			return n;
	}
}

static ssize_t at_once(int fd, void *buf, size_t count, int out)
{
	ssize_t n = transfer_socket(fd, buf, count, out);

	return n == -ENOTSOCK ? transfer(fd, buf, count, out, 1) : n;
}

static ssize_t read_or_write(int fd, void *buf, size_t count, int out, uint64_t deadline_ns)
{
	int may_wait = deadline_ns == GT__NEVER && !gt__os()->current->no_wait;
	int waits = !out && may_wait && waits_first(fd), first = !waits && !out;

	for (;;) {
		ssize_t n = waits ? -EAGAIN : at_once(fd, buf, count, out);
		int err;

		waits = 0;
		if (n == -EINTR)
			continue;
		if (first)
			tried(fd, n == -EAGAIN);
		first = 0;
		if (n == -EOPNOTSUPP || n == -ENOSYS || n == -EINVAL || n == -ESPIPE)
			return polled(fd, buf, count, out, deadline_ns);
		if (n != -EAGAIN)
			return n;
		err = wait_for(fd, out ? POLLOUT : POLLIN, deadline_ns);
		if (err == -EPERM) /* a regular file, not in memory: it does block */
			return transfer(fd, buf, count, out, 0);
		if (err)
			return err;
	}
}

static ssize_t without_gil(int fd, void *buf, size_t count, int out, int64_t timeout_ns)
{
	struct gt__os *os = gt__os();
	ssize_t n;
	int held;

	if (!os || !os->current)
		return -EPERM;
	held = gt__gil_away(os);
	n = read_or_write(fd, buf, count, out, deadline_of(timeout_ns));
	gt__gil_back(os, held); /* 1:1: we are where we were */
	return told(n);
}

ssize_t gt_timedread(int fd, void *buf, size_t count, int64_t timeout_ns)
{
	return without_gil(fd, buf, count, 0, timeout_ns);
}

ssize_t gt_timedwrite(int fd, const void *buf, size_t count, int64_t timeout_ns)
{
	return without_gil(fd, (void *)(uintptr_t)buf, count, 1, timeout_ns);
}

ssize_t gt_read(int fd, void *buf, size_t count)
{
	return gt_timedread(fd, buf, count, -1);
}

ssize_t gt_write(int fd, const void *buf, size_t count)
{
	return gt_timedwrite(fd, buf, count, -1);
}

static __attribute__((noinline)) int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 ||
	    (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0))
		return -errno;
	return 0;
}

static __attribute__((noinline)) int try_accept(int fd, struct sockaddr *addr,
						socklen_t *bytes)
{
	int new = gt__raw_accept4(fd, addr, bytes, SOCK_CLOEXEC);

	return new < 0 ? -errno : new;
}

static int accept_one(int fd, struct sockaddr *addr, socklen_t *addr_bytes,
		      uint64_t deadline_ns)
{
	int err = set_nonblocking(fd);

	while (!err) {
		int new = try_accept(fd, addr, addr_bytes);

		if (new != -EAGAIN &&new != -EINTR &&new != -ECONNABORTED)
			return new;
		if (new == -EAGAIN)
			err = wait_for(fd, POLLIN, deadline_ns);
	}
	return err;
}

int gt_timedaccept(int fd, struct sockaddr *addr, socklen_t *addr_bytes, int64_t timeout_ns)
{
	struct gt__os *os = gt__os();
	int held, new;

	if (!os || !os->current)
		return -EPERM;
	held = gt__gil_away(os);
	new = accept_one(fd, addr, addr_bytes, deadline_of(timeout_ns));
	gt__gil_back(os, held);
	return (int)told(new);
}

int gt_accept(int fd, struct sockaddr *addr, socklen_t *addr_bytes)
{
	return gt_timedaccept(fd, addr, addr_bytes, -1);
}

static __attribute__((noinline)) int try_connect(int fd, const struct sockaddr *addr,
						 socklen_t bytes)
{
	return gt__raw_connect(fd, addr, bytes) < 0 ? -errno : 0;
}

static __attribute__((noinline)) int socket_error(int fd)
{
	int error = 0;
	socklen_t bytes = sizeof error;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) < 0 ? -errno : -error;
}

static int connect_to(int fd, const struct sockaddr *addr, socklen_t addr_bytes,
		      uint64_t deadline_ns)
{
	int err = set_nonblocking(fd);

	if (!err)
		err = try_connect(fd, addr, addr_bytes);
	/* Interrupted, or under way: either way it goes on by itself. */
	if (err != -EINPROGRESS && err != -EINTR)
		return err;
	err = wait_for(fd, POLLOUT, deadline_ns);
	return err ? err : socket_error(fd);
}

int gt_timedconnect(int fd, const struct sockaddr *addr, socklen_t addr_bytes,
		    int64_t timeout_ns)
{
	struct gt__os *os = gt__os();
	int held, err;

	if (!os || !os->current)
		return -EPERM;
	held = gt__gil_away(os);
	err = connect_to(fd, addr, addr_bytes, deadline_of(timeout_ns));
	gt__gil_back(os, held);
	return (int)told(err);
}

int gt_connect(int fd, const struct sockaddr *addr, socklen_t addr_bytes)
{
	return gt_timedconnect(fd, addr, addr_bytes, -1);
}

static int poll_one(struct gt__os *os, int fd, short events, int64_t timeout_ns)
{
	uint64_t now = gt__sys_now_ns(), deadline = GT__NEVER;
	short revents = 0;
	int err;

	/* What can be said at once needs no wait. */
	err = gt__sys_poll(fd, events, 0, &revents);
	if (err || !timeout_ns)
		return err < 0 ? err : revents;
	if (os->current->no_wait)
		return -EDEADLK;
	if (timeout_ns > 0 && (uint64_t)timeout_ns < GT__NEVER - now)
		deadline = now + (uint64_t)timeout_ns;
	err = gt__rt.policy->io_wait(os, fd, events, deadline, &revents);
	return err ? err : revents;
}

int gt_poll(int fd, short events, int64_t timeout_ns)
{
	struct gt__os *os = gt__os();
	int held, got;

	if (!os || !os->current)
		return -EPERM;
	held = gt__gil_away(os);
	got = poll_one(os, fd, events, timeout_ns);
	gt__gil_back(os, held);
	return (int)told(got);
}
