/* SPDX-License-Identifier: MIT
 *
 * procs: multiprocessing. Each green thread is a process, made by fork: what it is given
 * is a snapshot. Green threads, their stacks and their channels lie in the arena that all
 * share, futexes are shared ones, and so the locks and channels written for OS threads
 * work across processes.
 *
 * A stack in shared memory must not be run on by two: so a spawn first goes to the
 * process's own stack, which fork copies, and the child begins on a new one.
 *
 * For the same reason a program's own fork is refused.
 *
 * A process serves its own timers while it waits; if it has any, it counts as two that
 * are alive, so that all may wait without a deadlock.
 *
 * A process that dies is noticed by SIGCHLD: whoever joins it gets -ECHILD, and what it
 * held of the run's own locks (the arena's, the list's) is taken from it. What it waited
 * in may still name its memory, so that is never used again. A process stays until its
 * own children have ended, and dies with its parent.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/core/arena.h"
#include "runtime/core/dump.h"
#include "runtime/core/cancel.h"
#include "runtime/core/native.h"
#include "runtime/policy/procs.h"
#include "runtime/core/registry.h"
#include "runtime/io/timer.h"
#include "runtime/sim/sim.h"

#define ALIVE	((uint64_t)1 << 32)
#define WAITING ((uint64_t)1)

uint32_t gt__memory_shared;

/* A child, seen by itself and its parent; in the arena. */
struct child {
	struct child *next;
	struct gt *gt;
	pid_t pid;	 /* 0: reaped */
	uint32_t done;	 /* its function has returned */
	uint32_t parked; /* it is counted as waiting, unless it was woken */
	uint32_t timers; /* it is counted twice as alive */
};

static struct {
	struct gt__ctx home; /* on the process's own stack */
	struct gt__common *common;
	struct child *children;
	struct child *me; /* NULL: the first process */
	struct sigaction before;
	uint32_t forking; /* the fork under way is ours */
} p;

/* ---------------------------------------------------------------- deaths */

static int all_wait(uint64_t life)
{
	uint32_t alive = (uint32_t)((life + (ALIVE >> 1)) >> 32);

	return alive && (uint32_t)life == alive;
}

static void life_check(uint64_t life)
{
	if (!all_wait(life))
		return;
	p.common->deadlock = 1;
	gt__deadlock((uint32_t)life);
}

/* It ended without returning. In a signal handler. */
static void died(const struct child *child)
{
	static const char line[] = "gt: deadlock: a process died, and all that are left "
				   "wait for one another\n";
	struct gt *gt = child->gt, *joiner = NULL;
	uint64_t gone = ALIVE;

	if (child->timers)
		gone += ALIVE;
	if (child->parked && !__atomic_load_n(&gt->wake, __ATOMIC_ACQUIRE))
		gone += WAITING;
	gt->error = -ECHILD;
	if (!gt->detached)
		joiner = __atomic_exchange_n(&gt->join, GT__JOIN_ENDED, __ATOMIC_ACQ_REL);
	if (joiner == GT__JOIN_DETACHED)
		joiner = NULL;
	if (joiner)
		gone += WAITING;
	gone = __atomic_sub_fetch(&p.common->life, gone, __ATOMIC_ACQ_REL);
	if (joiner) {
		joiner->untold = 1; /* a handler must not emit */
		gt__native_wake(joiner);
	}
	if (all_wait(gone)) {
		p.common->deadlock = 1;
		if (write(STDERR_FILENO, line, sizeof line - 1) < 0)
			_exit(2);
		_exit(2);
	}
}

void gt__procs_timers(int pending)
{
	if (p.me)
		p.me->timers = (uint32_t)pending;
	if (pending)
		__atomic_fetch_add(&p.common->life, ALIVE, __ATOMIC_RELAXED);
	else
		life_check(__atomic_sub_fetch(&p.common->life, ALIVE, __ATOMIC_ACQ_REL));
}

static void on_child(int sig)
{
	int saved = errno, status;

	(void)sig;
	for (struct child *c = p.children; c; c = c->next) {
		siginfo_t info = {.si_pid = 0};

		if (!c->pid ||
		    waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
		    !info.si_pid)
			continue;
		if (!c->done) { /* it may have had a lock */
			gt__arena_died(c->pid);
			gt__registry_died(c->pid);
		}
		waitpid(c->pid, &status, 0);
		c->pid = 0;
		if (p.common->deadlock)
			_exit(2);
		if (!c->done)
			died(c);
	}
	errno = saved;
}

static void block_deaths(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, before);
}

/* Frees what is known of children that are gone; returns whether some are not. Deaths
 * are blocked. */
static int forget_reaped(void)
{
	struct child **link = &p.children, *c;

	while ((c = *link)) {
		if (c->pid) {
			link = &c->next;
			continue;
		}
		*link = c->next;
		gt__arena_free(c);
	}
	return !!p.children;
}

static void wait_for_children(void)
{
	sigset_t before;

	block_deaths(&before);
	while (forget_reaped())
		sigsuspend(&before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* ------------------------------------------------------------- processes */

static void entry(void *message)
{
	struct gt *self = message;

	gt__ctx_begun();
	gt__call_body(self);
	gt__cancel_over(self);
	gt__ctx_leave(&self->ctx, &p.home, NULL);
}

static void be(struct gt__os *os, struct gt *self);
static int procs_sleep(struct gt__os *os, uint64_t deadline_ns);

/* Before the program's own fork: both would go on, on one and the same stack. */
static void before_fork(void)
{
	static const char line[] = "gt: policy procs: a green thread must not call fork "
				   "(posix_spawn is right)\n";
	struct gt__os *os = gt__os();

	if (!gt__rt.shared_ids || p.forking || !os || !os->current)
		return;
	if (write(STDERR_FILENO, line, sizeof line - 1) < 0)
		_exit(2);
	fflush(NULL);
	gt__process_leave();
	_exit(2);
}

static void forbid_forks(void)
{
	static int forbidden;

	if (!forbidden)
		pthread_atfork(before_fork, NULL, NULL);
	forbidden = 1;
}

/* The new process, until its end. */
static __attribute__((noreturn)) void child_main(struct gt__os *os, struct child *me,
						 pid_t parent, const sigset_t *mask)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	gt__dump_leave();
	p.children = NULL;
	p.me = me;
	gt__timer_forked();
	sigprocmask(SIG_SETMASK, mask, NULL);
	gt__native_wait(me->gt, GT__NEVER);
	gt__trace_text(&os->tr, GTV_TEXT_GT, me->gt->id, me->gt->name);
	be(os, me->gt);
	fflush(NULL);
	gt__process_leave();
	_exit(0);
}

/* On the process's own stack: returns gt, or NULL if no process can be had. */
static struct gt *fork_for(struct gt__os *os, struct gt *gt)
{
	struct child *child = gt__arena_alloc(sizeof *child);
	struct gt *self = os->current;
	pid_t parent = getpid(), pid;
	sigset_t before;

	if (!child)
		return NULL;
	*child = (struct child){.gt = gt};
	fflush(NULL); /* else both would write it */
	block_deaths(&before);
	forget_reaped();
	os->current = NULL;
	p.forking = 1;
	pid = fork();
	p.forking = 0;
	if (!pid)
		child_main(os, child, parent, &before);
	os->current = self;
	if (pid < 0) {
		gt__arena_free(child);
		gt = NULL;
	} else {
		child->pid = pid; /* by the parent only: the child sees it too */
		child->next = p.children;
		p.children = child;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return gt;
}

/* Runs `self` in this process, and for it what needs the process's own stack. */
static void be(struct gt__os *os, struct gt *self)
{
	void *message = self, *request;

	gt__os_worker_start(os, 0);
	os->current = self;
	if (self->priority)
		gt__sys_nice(self->priority);
	if (self->cores)
		gt__sys_cpu_only(self->cores);
	gt__native_resumed(os);
	gt__ctx_adopt(&p.home);
	while ((request = gt__ctx_switch(&p.home, &self->ctx, message)))
		message = fork_for(os, request);
	while (gt__timer_next() != GT__NEVER)
		procs_sleep(os, gt__timer_next());
	GT_COUNT(os, EXITS);
	gt__tell_switch(os, GTV_EV_SWITCH_EXIT, 0, self, NULL, 0);
	os->current = NULL;
	if (self->result_copy)
		memcpy(self->result_copy, self->result, self->result_bytes);
	else if (self->result_bytes)
		self->error = -ENOMEM;
	if (p.me)
		p.me->done = 1;
	gt__ended(os, self);
	gt__os_worker_stop(os, 0);
	life_check(__atomic_sub_fetch(&p.common->life, ALIVE, __ATOMIC_ACQ_REL));
	wait_for_children();
}

/* ---------------------------------------------------------------- policy */

static struct gt__os *procs_os_new(void)
{
	struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};
	uint32_t *ids;

	if (gt__memory_shared) {
		fprintf(stderr, "gt: policy procs: this program's green threads share "
				"memory (GT_SHARED), and processes do not\n");
		exit(2);
	}
	if (gt__sim_on) {
		fprintf(stderr, "gt: policy procs: processes cannot be simulated "
				"(GT_POLICY=threads stands for them)\n");
		exit(2);
	}
	if (gt__arena_open())
		return NULL;
	memset(&p, 0, sizeof p);
	p.common = gt__arena_common();
	ids = p.common->ids;
	ids[0] = gt__rt.gt_ids;
	ids[1] = gt__rt.lock_ids;
	ids[2] = gt__rt.chan_ids;
	gt__rt.shared_ids = ids;
	gt__registry_share(&p.common->registry);
	gt__sys_futex_share(1);
	sigaction(SIGCHLD, &action, &p.before);
	gt__sys_interrupts_expect();
	forbid_forks();
	return malloc(sizeof(struct gt__os));
}

static void procs_os_free(struct gt__os *os)
{
	sigaction(SIGCHLD, &p.before, NULL);
	gt__rt.shared_ids = NULL;
	gt__registry_share(NULL);
	gt__rt.gt_ids = p.common->ids[0];
	gt__rt.lock_ids = p.common->ids[1];
	gt__rt.chan_ids = p.common->ids[2];
	gt__sys_futex_share(0);
	gt__arena_close();
	free(os);
}

static int procs_run(struct gt *first, struct gt__os *os)
{
	__atomic_fetch_add(&p.common->life, ALIVE, __ATOMIC_RELAXED);
	be(os, first);
	return 0;
}

/* The process is made here, and waits: so a start cannot fail. */
static struct gt *procs_alloc(size_t stack_bytes)
{
	struct gt__os *os = gt__os();
	struct gt *self = os->current, *gt;

	gt = gt__arena_alloc(sizeof *gt);
	if (!gt)
		return NULL;
	memset(gt, 0, sizeof *gt);
	stack_bytes = (stack_bytes + 4095) & ~(size_t)4095;
	gt->stack_bytes = stack_bytes;
	gt->stack_low = gt__arena_stack_alloc(stack_bytes);
	if (!gt->stack_low) {
		gt__arena_free(gt);
		return NULL;
	}
	gt__ctx_make(&gt->ctx, gt->stack_low, stack_bytes, entry);
	gt__registry_add(gt);
	if (!self || gt__ctx_switch(&self->ctx, &p.home, gt))
		return gt;
	gt__registry_remove(gt);
	gt__arena_stack_free(gt->stack_low, stack_bytes);
	gt__arena_free(gt);
	return NULL;
}

/* By who joined it, to whom its result goes. */
static void procs_free(struct gt *gt)
{
	gt__registry_remove(gt);
	if (gt->error)
		return;
	if (gt->result_copy && gt->result && !gt->detached)
		memcpy(gt->result, gt->result_copy, gt->result_bytes);
	gt__arena_free(gt->result_copy);
	gt__ctx_drop(&gt->ctx);
	gt__arena_stack_free(gt->stack_low, gt->stack_bytes);
	gt__arena_free(gt);
}

static void procs_start(struct gt__os *os, struct gt *gt)
{
	(void)os;
	if (gt->result_bytes)
		gt->result_copy = gt__arena_alloc(gt->result_bytes);
	__atomic_fetch_add(&p.common->life, ALIVE, __ATOMIC_RELAXED);
	gt__native_wake(gt);
}

static struct gt__os *procs_park(struct gt__os *os, uint16_t kind, uint8_t aux,
				 uint32_t what, void (*publish)(void *), void *arg)
{
	struct gt *self = os->current;

	gt__tell_wait(os, kind, aux, self, NULL, what);
	publish(arg);
	if (p.me)
		p.me->parked = 1;
	life_check(__atomic_add_fetch(&p.common->life, WAITING, __ATOMIC_ACQ_REL));
	while (!gt__native_wait(self, gt__timer_next()))
		gt__timer_serve(os);
	if (p.me)
		p.me->parked = 0;
	if (self->untold) {
		self->untold = 0;
		gt__tell_ready(os, self, GTV_BY_OUTSIDE, 0);
	}
	gt__native_resumed(os);
	return os;
}

static int is_stopped(const struct gt__stoppable *s)
{
	return __atomic_load_n(&s->stop, __ATOMIC_ACQUIRE) != 0;
}

/* Until then; timers that are due sooner are served meanwhile. */
static int procs_sleep(struct gt__os *os, uint64_t deadline_ns)
{
	struct gt__stoppable s = {.pid = getpid()};
	uint64_t next;
	int err = gt__native_goes(os, &s);

	if (err)
		return err;
	gt__tell_wait(os, GTV_EV_SWITCH_SLEEP, 0, os->current, NULL, 0);
	while ((next = gt__timer_next()) < deadline_ns && !is_stopped(&s)) {
		gt__sys_sleep_unless(next, &s.stop);
		gt__timer_serve(os);
	}
	gt__sys_sleep_unless(deadline_ns, &s.stop);
	err = gt__native_came_back(os, &s, GTV_BY_TIMER);
	gt__timer_serve(os);
	return err;
}

static int procs_io(struct gt__os *os, int fd, short events, uint64_t deadline_ns,
		    short *revents)
{
	unsigned aux =
		(events & POLLIN ? GTV_IO_READ : 0) | (events & POLLOUT ? GTV_IO_WRITE : 0);
	struct gt__stoppable s = {.pid = getpid()};
	uint64_t next;
	int count, err = gt__native_goes(os, &s);

	if (err)
		return err;
	gt__tell_wait(os, GTV_EV_SWITCH_IO, (uint8_t)aux, os->current, NULL, (uint32_t)fd);
	do {
		next = gt__timer_next();
		count = gt__sys_poll_unless(fd, events,
					    next < deadline_ns ? next : deadline_ns,
					    &s.stop, revents);
		gt__timer_serve(os);
	} while (!count && next < deadline_ns && !is_stopped(&s));
	err = gt__native_came_back(os, &s, count ? GTV_BY_POLLER : GTV_BY_TIMER);
	return count ? (count < 0 ? count : 0) : err;
}

static void procs_ready(struct gt__os *os, struct gt *gt)
{
	(void)os;
	__atomic_fetch_sub(&p.common->life, WAITING, __ATOMIC_ACQ_REL);
	gt__native_wake(gt);
}

const struct gt__policy gt__policy_procs = {
	.name = "procs",
	.flags = GT__POLICY_ONE_TO_ONE,
	.os_new = procs_os_new,
	.os_free = procs_os_free,
	.workers = gt__native_workers,
	.run = procs_run,
	.alloc = procs_alloc,
	.free = procs_free,
	.start = procs_start,
	.yield = gt__native_yield,
	.park = procs_park,
	.ready = procs_ready,
	.sleep_until = procs_sleep,
	.io_wait = procs_io,
	.blocking = gt__native_blocking,
};
