/* SPDX-License-Identifier: MIT
 *
 * read, write, recv, send and their like. On a green thread each tries without
 * blocking, waits in the poller, and tries again; a descriptor whose owner made it
 * non-blocking goes straight to libc. As libc's, a blocking write writes all, and a
 * socket's own timeouts hold.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/time.h>

#include "runtime/preload/preload.h"

#define TRIES_MAX 3 /* ready, and yet it would block: a file, or somebody was quicker */

/* One call, as the system call of recvmsg or sendmsg has it. */
struct transfer {
	int fd, flags, out, is_socket;
	struct msghdr *msg;
};

static __attribute__((noinline)) ssize_t attempt(struct transfer *t, int nowait)
{
	const struct msghdr *m = t->msg;
	int flags = nowait ? RWF_NOWAIT : 0, parts = (int)m->msg_iovlen;
	ssize_t n;

	if (t->is_socket && t->out)
		n = preload_real()->sendmsg(t->fd, m,
					    t->flags | (nowait ? MSG_DONTWAIT : 0));
	else if (t->is_socket)
		n = preload_real()->recvmsg(t->fd, t->msg,
					    t->flags | (nowait ? MSG_DONTWAIT : 0));
	else
		n = t->out ? pwritev2(t->fd, m->msg_iov, parts, -1, flags)
			   : preadv2(t->fd, m->msg_iov, parts, -1, flags);
	return n < 0 ? -errno : n;
}

static long attempt_in_pool(void *arg)
{
	return attempt(arg, 0);
}

/* The socket's own timeout, negative: none. */
static __attribute__((noinline)) int64_t timeout_of(const struct transfer *t)
{
	struct timeval tv = {0};
	socklen_t bytes = sizeof tv;

	if (getsockopt(t->fd, SOL_SOCKET, t->out ? SO_SNDTIMEO : SO_RCVTIMEO, &tv, &bytes) <
		    0 ||
	    (!tv.tv_sec && !tv.tv_usec))
		return -1;
	return (int64_t)tv.tv_sec * 1000000000 + (int64_t)tv.tv_usec * 1000;
}

static __attribute__((noinline)) int may_wait(int fd, int flags)
{
	int mode = fcntl(fd, F_GETFL);

	return !(flags & MSG_DONTWAIT) && mode >= 0 && !(mode & O_NONBLOCK);
}

static ssize_t once(struct transfer *t)
{
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		ssize_t n = attempt(t, 1);
		int events;

		if (n == -EOPNOTSUPP || n == -ENOSYS)
			break;
		if (n != -EAGAIN)
			return n;
		events = preload_poll(t->fd, t->out ? POLLOUT : POLLIN, timeout_of(t));
		if (events == 0)
			return -EAGAIN;
		if (events < 0)
			break;
	}
	return preload_blocking(t->out ? "write" : "read", attempt_in_pool, t);
}

/* What was written is taken off the front. */
static void advance(struct msghdr *msg, size_t done)
{
	while (msg->msg_iovlen && done >= msg->msg_iov->iov_len) {
		done -= msg->msg_iov->iov_len;
		msg->msg_iov++;
		msg->msg_iovlen--;
	}
	if (msg->msg_iovlen && done) {
		msg->msg_iov->iov_base = (char *)msg->msg_iov->iov_base + done;
		msg->msg_iov->iov_len -= done;
	}
}

static __attribute__((noinline)) int is_stream(int fd)
{
	int type = 0;
	socklen_t bytes = sizeof type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) < 0)
		return 1; /* a pipe, a terminal */
	return type == SOCK_STREAM;
}

static ssize_t all_of_it(int fd, struct msghdr *msg, int flags, int out, int is_socket)
{
	struct transfer t = {fd, flags, out, is_socket, msg};
	struct iovec parts[16];
	size_t left = 0;
	ssize_t n = once(&t), sum = n;

	if (!out || n < 0 || !is_stream(fd) ||
	    msg->msg_iovlen > sizeof parts / sizeof *parts)
		return n;
	for (size_t i = 0; i < msg->msg_iovlen; i++) {
		parts[i] = msg->msg_iov[i]; /* the caller's stay as they are */
		left += parts[i].iov_len;
	}
	msg->msg_iov = parts;
	while ((size_t)sum < left) {
		advance(msg, (size_t)n);
		msg->msg_control = NULL; /* sent with the first byte */
		msg->msg_controllen = 0;
		n = once(&t);
		if (n <= 0)
			break;
		sum += n;
	}
	return sum;
}

/* Policies with a GIL release it meanwhile. */
static ssize_t transfer(int fd, struct msghdr *msg, int flags, int out, int is_socket)
{
	int held = gt_gil_release();
	ssize_t n = all_of_it(fd, msg, flags, out, is_socket);

	if (held)
		gt_gil_acquire();
	return n;
}

/* As transfer, of one buffer. */
static ssize_t simple(int fd, void *buf, size_t bytes, int flags, int out, int is_socket)
{
	struct iovec iov = {buf, bytes};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	return preload_result(transfer(fd, &msg, flags, out, is_socket));
}

static ssize_t vector(int fd, const struct iovec *iov, int count, int out)
{
	struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov,
			     .msg_iovlen = (size_t)count};

	return preload_result(transfer(fd, &msg, 0, out, 0));
}

static int is_ours(int fd, int flags)
{
	return preload_is_green() && may_wait(fd, flags);
}

ssize_t read(int fd, void *buf, size_t bytes)
{
	return is_ours(fd, 0) ? simple(fd, buf, bytes, 0, 0, 0)
			      : preload_real()->read(fd, buf, bytes);
}

ssize_t write(int fd, const void *buf, size_t bytes)
{
	return is_ours(fd, 0) ? simple(fd, (void *)(uintptr_t)buf, bytes, 0, 1, 0)
			      : preload_real()->write(fd, buf, bytes);
}

ssize_t readv(int fd, const struct iovec *iov, int count)
{
	return is_ours(fd, 0) && count >= 0 ? vector(fd, iov, count, 0)
					    : preload_real()->readv(fd, iov, count);
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
	return is_ours(fd, 0) && count >= 0 ? vector(fd, iov, count, 1)
					    : preload_real()->writev(fd, iov, count);
}

ssize_t recv(int fd, void *buf, size_t bytes, int flags)
{
	return is_ours(fd, flags) ? simple(fd, buf, bytes, flags, 0, 1)
				  : preload_real()->recv(fd, buf, bytes, flags);
}

ssize_t send(int fd, const void *buf, size_t bytes, int flags)
{
	return is_ours(fd, flags) ? simple(fd, (void *)(uintptr_t)buf, bytes, flags, 1, 1)
				  : preload_real()->send(fd, buf, bytes, flags);
}

ssize_t recvfrom(int fd, void *buf, size_t bytes, int flags, struct sockaddr *from,
		 socklen_t *from_bytes)
{
	struct iovec iov = {buf, bytes};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (!is_ours(fd, flags))
		return preload_real()->recvfrom(fd, buf, bytes, flags, from, from_bytes);
	msg.msg_name = from;
	msg.msg_namelen = from && from_bytes ? *from_bytes : 0;
	n = transfer(fd, &msg, flags, 0, 1);
	if (n >= 0 && from && from_bytes)
		*from_bytes = msg.msg_namelen;
	return preload_result(n);
}

ssize_t sendto(int fd, const void *buf, size_t bytes, int flags, const struct sockaddr *to,
	       socklen_t to_bytes)
{
	struct iovec iov = {(void *)(uintptr_t)buf, bytes};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (!is_ours(fd, flags))
		return preload_real()->sendto(fd, buf, bytes, flags, to, to_bytes);
	msg.msg_name = (void *)(uintptr_t)to;
	msg.msg_namelen = to_bytes;
	return preload_result(transfer(fd, &msg, flags, 1, 1));
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	return is_ours(fd, flags) ? preload_result(transfer(fd, msg, flags, 0, 1))
				  : preload_real()->recvmsg(fd, msg, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct msghdr copy;

	if (!is_ours(fd, flags))
		return preload_real()->sendmsg(fd, msg, flags);
	copy = *msg;
	return preload_result(transfer(fd, &copy, flags, 1, 1));
}
