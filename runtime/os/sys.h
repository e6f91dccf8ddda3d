/* SPDX-License-Identifier: MIT
 *
 * The system layer: clock, futex, epoll, threads. All that the runtime asks of the
 * operating system while it schedules goes through here, so that a simulated system
 * can stand beside the real one. Functions return a result or -errno.
 */
#ifndef GT_SYS_H
#define GT_SYS_H

#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

#define GT__NEVER UINT64_MAX /* a deadline that never comes */

uint64_t gt__sys_now_ns(void); /* CLOCK_MONOTONIC */
void gt__sys_sleep_until(uint64_t deadline_ns);

/* Gives up once *stop is not 0, which gt__sys_interrupt has it look at. */
void gt__sys_sleep_unless(uint64_t deadline_ns, const uint32_t *stop);

/* Waits while *word is `expected`, until woken, interrupted, or deadline_ns. May
 * return for no reason. -ETIMEDOUT, -EAGAIN, -EINTR, 0. */
int gt__sys_futex_wait(uint32_t *word, uint32_t expected, uint64_t deadline_ns);
void gt__sys_futex_wake(uint32_t *word, int count);
/* Whether words of the two above may lie in memory shared with other processes. */
void gt__sys_futex_share(int shared);
/* The same word in memory shared with another process. */
void gt__sys_futex_wake_shared(uint32_t *word, int count);

int gt__sys_epoll_new(void);
int gt__sys_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event);
/* timeout_ns: 0 does not wait, GT__NEVER waits for ever. */
int gt__sys_epoll_wait(int epoll_fd, struct epoll_event *events, int max,
		       uint64_t timeout_ns);
/* Waits until fd has one of `events` or deadline_ns: 1 and *revents, 0, -errno. */
int gt__sys_poll(int fd, short events, uint64_t deadline_ns, short *revents);
/* The same, 0 also once *stop is not 0, which gt__sys_interrupt has it look at. */
int gt__sys_poll_unless(int fd, short events, uint64_t deadline_ns, const uint32_t *stop,
			short *revents);
/* Has that OS thread look at its stop word, if it is in one of the above; by SIGURG, for
 * which a program may have a handler of its own. */
void gt__sys_interrupt(pthread_t thread);
/* The same of another process that expects it, and its children. */
void gt__sys_interrupts_expect(void);
void gt__sys_interrupt_process(pid_t pid);
/* A full barrier in all OS threads of the process that run, if the kernel knows it. */
int gt__sys_barrier_is_known(void);
void gt__sys_barrier(void);
/* An eventfd, set and cleared. */
int gt__sys_event_new(void);
void gt__sys_event_set(int fd);
void gt__sys_event_clear(int fd);

int gt__sys_thread_start(pthread_t *out, size_t stack_bytes, void *(*fn)(void *),
			 void *arg);
void gt__sys_thread_join(pthread_t thread);
pthread_t gt__sys_thread_self(void);
pid_t gt__sys_tid(void);
void gt__sys_yield(void);
/* CPUs that this thread may use, at least 1. */
unsigned gt__sys_cpu_count(void);
/* Lets the calling thread use only the first `count` of them; what was allowed
 * before can be put back. */
void gt__sys_cpu_limit(unsigned count, cpu_set_t *before);
void gt__sys_cpu_restore(const cpu_set_t *before);
/* Lets the calling thread use only those whose bit is set, counted among those that it
 * may use now. Never none: then nothing is changed. */
void gt__sys_cpu_only(uint64_t mask);
/* The calling thread's nice value, as far as it is granted. */
void gt__sys_nice(int nice);

/* GT_SIM: see sim.h. */
extern uint32_t gt__sim_on;
void gt__sim_relax(void);
void gt__sim_fight(void);

/* A lock was let go and is taken back at once, while another wants it: that costs by
 * itself; in the simulation it is charged. */
static inline void gt__sys_fight(void)
{
	if (__builtin_expect(gt__sim_on, 0))
		gt__sim_fight();
}

static inline void gt__sys_relax(void)
{
	if (__builtin_expect(gt__sim_on, 0))
		gt__sim_relax();
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb");
#endif
}

#endif
