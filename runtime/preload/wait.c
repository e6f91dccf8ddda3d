/* SPDX-License-Identifier: MIT
 *
 * accept, connect, the polls and the sleeps. One descriptor is waited for in the
 * poller; a poll or select of several runs whole in the pool, unless it can be
 * answered at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/time.h>

#include "runtime/preload/preload.h"

#define NS_PER_S 1000000000ll

static __attribute__((noinline)) int is_blocking(int fd)
{
	int mode = fcntl(fd, F_GETFL);

	return mode >= 0 && !(mode & O_NONBLOCK);
}

static __attribute__((noinline)) int64_t socket_timeout(int fd, int option)
{
	struct timeval tv = {0};
	socklen_t bytes = sizeof tv;

	if (getsockopt(fd, SOL_SOCKET, option, &tv, &bytes) < 0 ||
	    (!tv.tv_sec && !tv.tv_usec))
		return -1;
	return tv.tv_sec * NS_PER_S + tv.tv_usec * 1000;
}

/* --- accept, connect --------------------------------------------------------- */

static __attribute__((noinline)) int accept_now(int fd, struct sockaddr *addr,
						socklen_t *bytes, int flags)
{
	int new = preload_real()->accept4(fd, addr, bytes, flags);

	return new < 0 ? -errno : new;
}

int accept4(int fd, struct sockaddr *addr, socklen_t *bytes, int flags)
{
	int held, result;

	if (!preload_is_green() || !is_blocking(fd))
		return preload_real()->accept4(fd, addr, bytes, flags);
	held = gt_gil_release(); /* another may be quicker: then it blocks */
	result = preload_poll(fd, POLLIN, socket_timeout(fd, SO_RCVTIMEO));
	result = result ? accept_now(fd, addr, bytes, flags) : -EAGAIN;
	if (held)
		gt_gil_acquire();
	return (int)preload_result(result);
}

int accept(int fd, struct sockaddr *addr, socklen_t *bytes)
{
	return accept4(fd, addr, bytes, 0);
}

/* Only this call is made non-blocking; the descriptor is put back. */
static __attribute__((noinline)) int connect_start(int fd, const struct sockaddr *addr,
						   socklen_t bytes)
{
	int mode = fcntl(fd, F_GETFL), err = 0;

	if (fcntl(fd, F_SETFL, mode | O_NONBLOCK) < 0)
		return -errno;
	if (preload_real()->connect(fd, addr, bytes) < 0)
		err = -errno;
	fcntl(fd, F_SETFL, mode);
	return err;
}

static __attribute__((noinline)) int connect_end(int fd)
{
	int error = 0;
	socklen_t bytes = sizeof error;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) < 0 ? -errno : -error;
}

int connect(int fd, const struct sockaddr *addr, socklen_t bytes)
{
	int err;

	if (!preload_is_green() || !is_blocking(fd))
		return preload_real()->connect(fd, addr, bytes);
	err = connect_start(fd, addr, bytes);
	if (err == -EINPROGRESS) {
		err = preload_poll(fd, POLLOUT, socket_timeout(fd, SO_SNDTIMEO));
		err = err == 0 ? -EINPROGRESS : err < 0 ? err : connect_end(fd);
	}
	return (int)preload_result(err);
}

/* --- polls ------------------------------------------------------------------- */

static int64_t to_ns(const struct timespec *ts)
{
	return ts ? ts->tv_sec * NS_PER_S + ts->tv_nsec : -1;
}

struct polling {
	struct pollfd *fds;
	nfds_t count;
	const struct timespec *timeout;
	const sigset_t *mask;
};

static long poll_whole(void *arg)
{
	const struct polling *p = arg;
	int n = preload_real()->ppoll(p->fds, p->count, p->timeout, p->mask);

	return n < 0 ? -errno : n;
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
	  const sigset_t *mask)
{
	const struct timespec zero = {0, 0};
	struct polling p = {fds, count, &zero, mask};
	long n;

	if (!preload_is_green())
		return preload_real()->ppoll(fds, count, timeout, mask);
	n = poll_whole(&p);
	if (n || (timeout && !to_ns(timeout)))
		return (int)preload_result(n);
	p.timeout = timeout;
	if (!count && timeout) {
		n = preload_sleep_ns((uint64_t)to_ns(timeout));
	} else if (count == 1 && fds->fd >= 0 && !mask) {
		n = preload_poll(fds->fd, fds->events, to_ns(timeout));
		fds->revents = n > 0 ? (short)n : 0;
		n = n > 0 ? 1 : n;
	} else {
		n = preload_blocking("poll", poll_whole, &p);
	}
	return (int)preload_result(n);
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct timespec ts = {timeout_ms / 1000, timeout_ms % 1000 * 1000000l};

	if (!preload_is_green())
		return preload_real()->poll(fds, count, timeout_ms);
	return ppoll(fds, count, timeout_ms < 0 ? NULL : &ts, NULL);
}

struct selecting {
	int count;
	fd_set *in, *out, *other;
	const struct timespec *timeout;
	const sigset_t *mask;
};

static long select_whole(void *arg)
{
	const struct selecting *s = arg;
	int n = preload_real()->pselect(s->count, s->in, s->out, s->other, s->timeout,
					s->mask);

	return n < 0 ? -errno : n;
}

int pselect(int count, fd_set *in, fd_set *out, fd_set *other,
	    const struct timespec *timeout, const sigset_t *mask)
{
	struct selecting s = {count, in, out, other, timeout, mask};

	if (!preload_is_green())
		return preload_real()->pselect(count, in, out, other, timeout, mask);
	if (timeout && !to_ns(timeout))
		return (int)preload_result(select_whole(&s));
	if (!count && timeout)
		return (int)preload_result(preload_sleep_ns((uint64_t)to_ns(timeout)));
	return (int)preload_result(preload_blocking("select", select_whole, &s));
}

int select(int count, fd_set *in, fd_set *out, fd_set *other, struct timeval *timeout)
{
	struct timespec ts;

	if (!preload_is_green())
		return preload_real()->select(count, in, out, other, timeout);
	if (!timeout)
		return pselect(count, in, out, other, NULL, NULL);
	if (timeout->tv_sec < 0 || timeout->tv_usec < 0)
		return (int)preload_result(-EINVAL);
	ts = (struct timespec){timeout->tv_sec + timeout->tv_usec / 1000000,
			       timeout->tv_usec % 1000000 * 1000};
	return pselect(count, in, out, other, &ts, NULL);
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
	int ready;

	if (!preload_is_green() || !timeout_ms)
		return preload_real()->epoll_wait(fd, events, max, timeout_ms);
	ready = preload_poll(fd, POLLIN, timeout_ms < 0 ? -1 : timeout_ms * 1000000ll);
	if (ready < 0)
		return (int)preload_result(ready);
	return preload_real()->epoll_wait(fd, events, max, 0);
}

/* --- sleeps ------------------------------------------------------------------ */

static int is_time(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && ts->tv_nsec >= 0 && ts->tv_nsec < NS_PER_S;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted,
		    struct timespec *left)
{
	struct timespec now;
	int64_t ns;

	if (!preload_is_green() || !is_time(wanted) ||
	    (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
		return preload_real()->clock_nanosleep(clock, flags, wanted, left);
	ns = to_ns(wanted);
	if (flags & TIMER_ABSTIME) {
		clock_gettime(clock, &now);
		ns -= to_ns(&now);
	}
	return ns > 0 ? -preload_sleep_ns((uint64_t)ns) : 0;
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	if (!preload_is_green() || !is_time(wanted))
		return preload_real()->nanosleep(wanted, left);
	return (int)preload_result(preload_sleep_ns((uint64_t)to_ns(wanted)));
}

unsigned sleep(unsigned seconds)
{
	if (!preload_is_green())
		return preload_real()->sleep(seconds);
	preload_sleep_ns(seconds * (uint64_t)NS_PER_S);
	return 0;
}

int usleep(useconds_t us)
{
	if (!preload_is_green())
		return preload_real()->usleep(us);
	return (int)preload_result(preload_sleep_ns(us * 1000ull));
}

int sched_yield(void)
{
	if (!preload_is_green())
		return preload_real()->sched_yield();
	preload_yield();
	return 0;
}
