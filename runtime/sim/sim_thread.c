/* SPDX-License-Identifier: MIT
 *
 * The simulated system's threads and the calls that wait. Descriptors are real: they
 * are looked at without waiting, at simulated instants.
 */
#include "runtime/sim/sim_thread.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "runtime/os/raw.h"
#include "runtime/core/rt.h"

#define STACK_BYTES ((size_t)1 << 20) /* lent by the kernel only as it is touched */

/* ----------------------------------------------------------------- switches */

/* Who stops may stand on the stack of a fiber, which only the sanitizer knows: it says
 * so after the switch. */
static struct gt__sim_thread *stopped;

static void landed(struct gt__sim_thread *self, void *fake_stack)
{
#ifdef GT_ASAN
	__sanitizer_finish_switch_fiber(fake_stack, &stopped->ctx.stack_low,
					&stopped->ctx.stack_bytes);
#endif
	(void)fake_stack;
	gt__os_tls_set(self->os);
	errno = self->saved_errno;
}

__attribute__((noinline)) void gt__sim_switch(struct gt__sim_thread *from,
					      struct gt__sim_thread *to)
{
	void *fake_stack = NULL;

	from->os = gt__os();
	from->saved_errno = errno;
	stopped = from;
#ifdef GT_TSAN
	from->ctx.fiber = __tsan_get_current_fiber();
	__tsan_switch_to_fiber(to->ctx.fiber, 0);
#endif
#ifdef GT_ASAN
	__sanitizer_start_switch_fiber(&fake_stack, to->ctx.stack_low, to->ctx.stack_bytes);
#endif
	gt__ctx_jump(&from->ctx, &to->ctx, to);
	landed(from, fake_stack);
}

/* ------------------------------------------------------------------ threads */

static void entry(void *message)
{
	struct gt__sim_thread *self = message;

	landed(self, NULL);
	self->fn(self->arg);
	gt__sim_over();
}

int gt__sim_thread_start(pthread_t *out, size_t stack_bytes, void *(*fn)(void *), void *arg)
{
	struct gt__sim_thread *t = calloc(1, sizeof *t);

	if (!t)
		return -ENOMEM;
	t->stack_bytes = stack_bytes > STACK_BYTES ? stack_bytes : STACK_BYTES;
	t->stack_bytes = (t->stack_bytes + 4095) & ~(size_t)4095;
	t->stack = mmap(NULL, t->stack_bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (t->stack == MAP_FAILED) {
		free(t);
		return -EAGAIN;
	}
	t->fn = fn;
	t->arg = arg;
	gt__ctx_make(&t->ctx, t->stack, t->stack_bytes, entry);
	*out = (pthread_t)(uintptr_t)t;
	gt__sim_add(t);
	gt__sim_enter(GT__SIM_CALL);
	return 0;
}

void gt__sim_thread_join(pthread_t thread)
{
	struct gt__sim_thread *t = (void *)(uintptr_t)thread, *self = gt__sim_self();

	gt__sim_enter(GT__SIM_CALL);
	while (t->state != GT__SIM_OVER) {
		self->joins = t;
		self->call = SYS_futex + 1;
		gt__sim_wait(GT__NEVER);
	}
	gt__sim_remove(t);
	gt__ctx_drop(&t->ctx);
	munmap(t->stack, t->stack_bytes);
	free(t);
}

pthread_t gt__sim_thread_self(void)
{
	return (pthread_t)(uintptr_t)gt__sim_self();
}

pid_t gt__sim_tid(void)
{
	return gt__sim_self()->tid;
}

/* -------------------------------------------------------------------- waits */

void gt__sim_sleep(uint64_t deadline_ns)
{
	gt__sim_enter(GT__SIM_CALL);
	gt__sim_self()->call = SYS_clock_nanosleep + 1;
	if (deadline_ns > gt__sim_now())
		gt__sim_wait(deadline_ns);
}

int gt__sim_futex_wait(uint32_t *word, uint32_t expected, uint64_t deadline_ns)
{
	gt__sim_enter(GT__SIM_CALL);
	if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != expected)
		return -EAGAIN;
	if (deadline_ns <= gt__sim_now())
		return -ETIMEDOUT;
	gt__sim_self()->word = word;
	gt__sim_self()->call = SYS_futex + 1;
	return gt__sim_wait(deadline_ns);
}

static void wait_for_fd(int fd, short events, uint64_t deadline_ns)
{
	gt__sim_self()->fd = fd;
	gt__sim_self()->events = events;
	gt__sim_wait(deadline_ns);
}

int gt__sim_epoll_wait(int epoll_fd, struct epoll_event *events, int max,
		       uint64_t timeout_ns)
{
	uint64_t deadline;
	int n;

	gt__sim_enter(GT__SIM_CALL);
	deadline = timeout_ns < GT__NEVER - gt__sim_now() ? gt__sim_now() + timeout_ns
							  : GT__NEVER;
	gt__sim_self()->call = SYS_epoll_pwait + 1;
	while (!(n = gt__raw_epoll(epoll_fd, events, max, 0)) && deadline > gt__sim_now())
		wait_for_fd(epoll_fd, POLLIN, deadline);
	return n < 0 ? -errno : n;
}

int gt__sim_poll(int fd, short events, uint64_t deadline_ns, const uint32_t *stop,
		 short *revents)
{
	struct pollfd pfd = {.fd = fd, .events = events};
	int n;

	gt__sim_enter(GT__SIM_CALL);
	gt__sim_self()->call = SYS_ppoll + 1;
	while (!(n = gt__raw_ppoll(&pfd, 1, &(struct timespec){0}, NULL)) &&
	       deadline_ns > gt__sim_now() && !__atomic_load_n(stop, __ATOMIC_RELAXED))
		wait_for_fd(fd, events, deadline_ns);
	*revents = pfd.revents;
	if (n < 0)
		return -errno;
	return pfd.revents & POLLNVAL ? -EBADF : n;
}

/* In a sleep, or a poll: those wait for no word and no end. */
void gt__sim_interrupt(pthread_t thread)
{
	struct gt__sim_thread *t = (void *)(uintptr_t)thread;

	gt__sim_enter(GT__SIM_CALL);
	if (t->state == GT__SIM_WAITING && !t->word && !t->joins)
		gt__sim_make_ready(t, gt__sim_now(), -EINTR);
}
