/* SPDX-License-Identifier: MIT
 *
 * System calls that the runtime makes while a green thread is current, past libc's
 * names: the preload library has functions of those names, which call the runtime.
 * Under sanitizers libc's are used, for they are what those intercept.
 */
#ifndef GT_RAW_H
#define GT_RAW_H

#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(GT_TSAN) ||   \
	defined(GT_ASAN)
#define gt__raw_read	read
#define gt__raw_write	write
#define gt__raw_recv	recv
#define gt__raw_accept4 accept4
#define gt__raw_connect connect
#define gt__raw_send	send
#define gt__raw_yield	sched_yield
#define gt__raw_ppoll	ppoll
#define gt__raw_epoll	epoll_wait
static inline int gt__raw_pselect(int end, fd_set *in, fd_set *out, fd_set *urgent,
				  struct timespec *left)
{
	return pselect(end, in, out, urgent, left, NULL);
}
#else
static inline ssize_t gt__raw_read(int fd, void *buf, size_t bytes)
{
	return syscall(SYS_read, fd, buf, bytes);
}

static inline ssize_t gt__raw_write(int fd, const void *buf, size_t bytes)
{
	return syscall(SYS_write, fd, buf, bytes);
}

static inline ssize_t gt__raw_recv(int fd, void *buf, size_t bytes, int flags)
{
	return syscall(SYS_recvfrom, fd, buf, bytes, flags, NULL, NULL);
}

static inline ssize_t gt__raw_send(int fd, const void *buf, size_t bytes, int flags)
{
	return syscall(SYS_sendto, fd, buf, bytes, flags, NULL, 0);
}

static inline int gt__raw_accept4(int fd, struct sockaddr *addr, socklen_t *bytes,
				  int flags)
{
	return (int)syscall(SYS_accept4, fd, addr, bytes, flags);
}

static inline int gt__raw_connect(int fd, const struct sockaddr *addr, socklen_t bytes)
{
	return (int)syscall(SYS_connect, fd, addr, bytes);
}

static inline int gt__raw_yield(void)
{
	return (int)syscall(SYS_sched_yield);
}

/* The kernel writes the time left into *left. */
static inline int gt__raw_ppoll(struct pollfd *fds, nfds_t count, struct timespec *left,
				const sigset_t *mask)
{
	return (int)syscall(SYS_ppoll, fds, count, left, mask, (size_t)8);
}

/* The kernel writes the time left into *left. */
static inline int gt__raw_pselect(int end, fd_set *in, fd_set *out, fd_set *urgent,
				  struct timespec *left)
{
	return (int)syscall(SYS_pselect6, end, in, out, urgent, left, NULL);
}

static inline int gt__raw_epoll(int fd, struct epoll_event *events, int max, int timeout_ms)
{
	return (int)syscall(SYS_epoll_pwait, fd, events, max, timeout_ms, NULL, (size_t)8);
}
#endif

#endif
