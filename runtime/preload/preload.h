/* SPDX-License-Identifier: MIT
 *
 * What the files of the preload library share: libc's own functions, found behind
 * ours, the question whether the caller is a green thread, and its waits.
 */
#ifndef GT_PRELOAD_H
#define GT_PRELOAD_H

#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "runtime/gt.h"

#define PRELOAD_REAL(X)                                                                    \
	X(read)                                                                            \
	X(write)                                                                           \
	X(readv)                                                                           \
	X(writev)                                                                          \
	X(recv)                                                                            \
	X(send)                                                                            \
	X(recvfrom)                                                                        \
	X(sendto)                                                                          \
	X(recvmsg)                                                                         \
	X(sendmsg)                                                                         \
	X(accept)                                                                          \
	X(accept4)                                                                         \
	X(connect)                                                                         \
	X(poll)                                                                            \
	X(ppoll)                                                                           \
	X(select)                                                                          \
	X(pselect)                                                                         \
	X(epoll_wait)                                                                      \
	X(sleep)                                                                           \
	X(usleep)                                                                          \
	X(nanosleep)                                                                       \
	X(clock_nanosleep)                                                                 \
	X(sched_yield)                                                                     \
	X(fread)                                                                           \
	X(fwrite)                                                                          \
	X(fgets)                                                                           \
	X(fgetc)                                                                           \
	X(fputs)                                                                           \
	X(puts)                                                                            \
	X(getline)                                                                         \
	X(fflush)                                                                          \
	X(vfprintf)                                                                        \
	X(getaddrinfo)                                                                     \
	X(getnameinfo)

struct preload_real {
#define X(name) __typeof__(&name) name;
	PRELOAD_REAL(X)
#undef X
};

/* libc's functions. Resolved when the library is loaded, or before by who is earlier. */
const struct preload_real *preload_real(void);

/* The caller is a green thread, and may be switched. */
static inline int preload_is_green(void)
{
	return gt_self() != NULL;
}

/* How wrappers wait: who called them goes on on its worker, whose errno it may have
 * taken the address of. */
static inline int preload_poll(int fd, short events, int64_t timeout_ns)
{
	int result;

	gt_pin_begin();
	result = gt_poll(fd, events, timeout_ns);
	gt_pin_end();
	return result;
}

static inline int preload_sleep_ns(uint64_t ns)
{
	int result;

	gt_pin_begin();
	result = gt_sleep_ns(ns);
	gt_pin_end();
	return result;
}

static inline long preload_blocking(const char *name, long (*fn)(void *), void *arg)
{
	long result;

	gt_pin_begin();
	result = gt_blocking(name, fn, arg);
	gt_pin_end();
	return result;
}

static inline void preload_yield(void)
{
	gt_pin_begin();
	gt_yield();
	gt_pin_end();
}

/* Sets errno where nothing switches, so that the address is the OS thread's own.
 * Returns -1 for a negative errno, else the result. */
ssize_t preload_result(ssize_t result);

#endif
