/* SPDX-License-Identifier: MIT */
#include "runtime/os/sys.h"
#include "runtime/os/raw.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <linux/futex.h>
#include <sched.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/sim/sim.h"

#define NS_PER_S 1000000000ull

static const uint32_t never; /* a stop word that nobody sets */

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S),
				 .tv_nsec = (long)(ns % NS_PER_S)};
}

uint64_t gt__sys_now_ns(void)
{
	struct timespec ts;

	if (gt__sim_on)
		return gt__sim_now();
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

void gt__sys_sleep_unless(uint64_t deadline_ns, const uint32_t *stop)
{
	struct timespec ts = to_timespec(deadline_ns);

	if (gt__sim_on) {
		gt__sim_sleep(deadline_ns);
		return;
	}
	while (!__atomic_load_n(stop, __ATOMIC_ACQUIRE) &&
	       syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) <
		       0 &&
	       errno == EINTR)
		;
}

void gt__sys_sleep_until(uint64_t deadline_ns)
{
	gt__sys_sleep_unless(deadline_ns, &never);
}

static int futex_private = FUTEX_PRIVATE_FLAG;

void gt__sys_futex_share(int shared)
{
	futex_private = shared ? 0 : FUTEX_PRIVATE_FLAG;
}

int gt__sys_futex_wait(uint32_t *word, uint32_t expected, uint64_t deadline_ns)
{
	struct timespec ts = to_timespec(deadline_ns), *until = &ts;

	if (gt__sim_on)
		return gt__sim_futex_wait(word, expected, deadline_ns);
	if (deadline_ns == GT__NEVER)
		until = NULL;
	/* The bitset form takes an absolute time of CLOCK_MONOTONIC. */
	if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET | futex_private, expected, until,
		    NULL, FUTEX_BITSET_MATCH_ANY) < 0)
		return -errno;
	return 0;
}

void gt__sys_futex_wake(uint32_t *word, int count)
{
	if (gt__sim_on) {
		gt__sim_futex_wake(word, count);
		return;
	}
	syscall(SYS_futex, word, FUTEX_WAKE | futex_private, count, NULL, NULL, 0);
}

void gt__sys_futex_wake_shared(uint32_t *word, int count)
{
	syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

int gt__sys_epoll_new(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int gt__sys_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event)
{
	return epoll_ctl(epoll_fd, op, fd, event) < 0 ? -errno : 0;
}

/* For kernels without epoll_pwait2: milliseconds, rounded up, so as not to spin. */
static int wait_ms(int epoll_fd, struct epoll_event *events, int max, uint64_t timeout_ns)
{
	uint64_t ms = (timeout_ns + 999999) / 1000000;
	int n = gt__raw_epoll(epoll_fd, events, max,
			      timeout_ns == GT__NEVER ? -1
			      : ms > INT_MAX	      ? INT_MAX
						      : (int)ms);

	return n < 0 ? -errno : n;
}

int gt__sys_epoll_wait(int epoll_fd, struct epoll_event *events, int max,
		       uint64_t timeout_ns)
{
	if (gt__sim_on)
		return gt__sim_epoll_wait(epoll_fd, events, max, timeout_ns);
#ifdef SYS_epoll_pwait2
	if (timeout_ns != 0 && timeout_ns != GT__NEVER) {
		struct timespec ts = to_timespec(timeout_ns);
		long n = syscall(SYS_epoll_pwait2, epoll_fd, events, max, &ts, NULL, 0);

		if (n >= 0)
			return (int)n;
		if (errno != ENOSYS)
			return -errno;
	}
#endif
	return wait_ms(epoll_fd, events, max, timeout_ns);
}

int gt__sys_poll_unless(int fd, short events, uint64_t deadline_ns, const uint32_t *stop,
			short *revents)
{
	struct pollfd pfd = {.fd = fd, .events = events};
	int n;

	if (gt__sim_on)
		return gt__sim_poll(fd, events, deadline_ns, stop, revents);
	do {
		uint64_t now = gt__sys_now_ns();
		struct timespec left =
			to_timespec(deadline_ns > now ? deadline_ns - now : 0);

		if (__atomic_load_n(stop, __ATOMIC_ACQUIRE))
			left = (struct timespec){0};
		n = gt__raw_ppoll(&pfd, 1,
				  deadline_ns == GT__NEVER &&
						  !__atomic_load_n(stop, __ATOMIC_ACQUIRE)
					  ? NULL
					  : &left,
				  NULL);
	} while (n < 0 && errno == EINTR);
	*revents = pfd.revents;
	if (n < 0)
		return -errno;
	return pfd.revents & POLLNVAL ? -EBADF : n;
}

int gt__sys_poll(int fd, short events, uint64_t deadline_ns, short *revents)
{
	return gt__sys_poll_unless(fd, events, deadline_ns, &never, revents);
}

int gt__sys_event_new(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

void gt__sys_event_set(int fd)
{
	eventfd_write(fd, 1);
	if (gt__sim_on)
		gt__sim_event_was_set();
}

void gt__sys_event_clear(int fd)
{
	eventfd_t value;

	eventfd_read(fd, &value);
}

int gt__sys_thread_start(pthread_t *out, size_t stack_bytes, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	int err;

	if (gt__sim_on)
		return gt__sim_thread_start(out, stack_bytes, fn, arg);
	err = pthread_attr_init(&attr);
	if (err)
		return -err;
	if (stack_bytes && stack_bytes < (size_t)PTHREAD_STACK_MIN)
		stack_bytes = (size_t)PTHREAD_STACK_MIN;
	if (stack_bytes)
		err = pthread_attr_setstacksize(&attr, stack_bytes);
	if (!err)
		err = pthread_create(out, &attr, fn, arg);
	pthread_attr_destroy(&attr);
	return -err;
}

void gt__sys_thread_join(pthread_t thread)
{
	if (gt__sim_on)
		gt__sim_thread_join(thread);
	else
		pthread_join(thread, NULL);
}

pthread_t gt__sys_thread_self(void)
{
	return gt__sim_on ? gt__sim_thread_self() : pthread_self();
}

pid_t gt__sys_tid(void)
{
	if (gt__sim_on)
		return gt__sim_tid();
	return (pid_t)syscall(SYS_gettid);
}

void gt__sys_yield(void)
{
	if (gt__sim_on)
		gt__sim_yield();
	else
		gt__raw_yield();
}

unsigned gt__sys_cpu_count(void)
{
	cpu_set_t set;

	if (gt__sim_on)
		return gt__sim_cpu_count();
	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return 1;
	return CPU_COUNT(&set) > 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

void gt__sys_cpu_limit(unsigned count, cpu_set_t *before)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_ZERO(before);
	if (gt__sim_on) {
		gt__sim_cpu_limit(count);
		return;
	}
	if (sched_getaffinity(0, sizeof *before, before) < 0)
		return;
	for (size_t cpu = 0; cpu < CPU_SETSIZE && count; cpu++) {
		if (!CPU_ISSET(cpu, before))
			continue;
		CPU_SET(cpu, &set);
		count--;
	}
	sched_setaffinity(0, sizeof set, &set);
}

void gt__sys_cpu_restore(const cpu_set_t *before)
{
	if (CPU_COUNT(before))
		sched_setaffinity(0, sizeof *before, before);
}

void gt__sys_cpu_only(uint64_t mask)
{
	cpu_set_t set, allowed;

	if (gt__sim_on) {
		gt__sim_cpu_only(mask);
		return;
	}
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
		return;
	for (size_t cpu = 0; cpu < CPU_SETSIZE && mask; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		if (mask & 1)
			CPU_SET(cpu, &set);
		mask >>= 1;
	}
	if (CPU_COUNT(&set))
		sched_setaffinity(0, sizeof set, &set);
}

void gt__sys_nice(int nice)
{
	if (!gt__sim_on)
		setpriority(PRIO_PROCESS, (id_t)gt__sys_tid(), nice);
}
