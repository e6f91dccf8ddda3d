/* SPDX-License-Identifier: MIT */
#include "runtime/os/preempt.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif
#define PREEMPT_SIGNAL SIGURG
/* Of one signal's frame where the kernel does not say, and of the handler's own. */
#define FRAME_BYTES   4096u
#define HANDLER_BYTES 2048u

static struct {
	int on;
	void (*stop)(struct gt__os *os);
	uint64_t refused; /* atomic */
	struct sigaction before;
} p;

/* ------------------------------------------------------------ the handler */

static uintptr_t pc_of(const ucontext_t *uc)
{
#if defined(__x86_64__)
	return (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return (uintptr_t)uc->uc_mcontext.pc;
#else
	(void)uc;
	return 0;
#endif
}

/* The kernel gives a handler fresh control words. Who goes on expects those that all
 * green threads of this OS thread share. */
static void keep_control_words(const ucontext_t *uc)
{
#if defined(__x86_64__)
	if (uc->uc_mcontext.fpregs) {
		uint32_t mxcsr = uc->uc_mcontext.fpregs->mxcsr;
		uint16_t cwd = uc->uc_mcontext.fpregs->cwd;

		__asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(cwd));
	}
#else
	(void)uc;
#endif
}

/* A handler of the program's that runs on another stack may have interrupted libc. */
static int is_on_own_stack(const struct gt *gt)
{
	const char *here = __builtin_frame_address(0);

	return here > (const char *)gt->stack_low && here < (const char *)gt;
}

static int is_safe(const struct gt__os *os, const ucontext_t *uc)
{
	const struct gt *gt = os && os->is_worker ? os->current : NULL;

	return gt && !gt->nopreempt && gt__preempt_text_holds(pc_of(uc)) &&
	       is_on_own_stack(gt);
}

static void pass_on(int number, siginfo_t *info, void *context)
{
	if (p.before.sa_flags & SA_SIGINFO)
		p.before.sa_sigaction(number, info, context);
	else if (p.before.sa_handler != SIG_DFL && p.before.sa_handler != SIG_IGN)
		p.before.sa_handler(number);
}

/* SA_NODEFER: the mask is the interrupted code's, so whoever goes on can be asked in
 * turn. Asked again in here, we are in the runtime, where it is refused. */
static void handle(int number, siginfo_t *info, void *context)
{
	int saved = errno;

	if (info->si_code != SI_TKILL || info->si_pid != getpid()) {
		pass_on(number, info, context);
	} else if (is_safe(gt__os(), context)) {
		keep_control_words(context);
		p.stop(gt__os());
	} else {
		__atomic_fetch_add(&p.refused, 1, __ATOMIC_RELAXED);
	}
	errno = saved;
}

/* -------------------------------------------------------------- on or off */

static const char *why_not(enum gt__preempt_way way)
{
	const char *wish = getenv("GT_PREEMPT"), *preload = getenv("LD_PRELOAD");

	if (way == GT__PREEMPT_AT_POINTS)
		return "preempt=points";
	if (gt__sim_on) /* its clock is virtual, and a real signal comes by chance */
		return "the simulated system";
	if (wish && (!strcmp(wish, "off") || !strcmp(wish, "safe-points")))
		return "GT_PREEMPT";
#if defined(GT_ASAN) || defined(GT_TSAN)
	return "built with a sanitizer";
#elif !defined(__x86_64__) && !defined(__aarch64__)
	return "not on this processor";
#endif
	if (preload && strstr(preload, "vgpreload"))
		return "under valgrind";
	return gt__preempt_text_find();
}

static int is_verbose(void)
{
	const char *verbose = getenv("GT_VERBOSE");

	return verbose && !strcmp(verbose, "1");
}

int gt__preempt_open(enum gt__preempt_way way, void (*stop)(struct gt__os *os))
{
	const char *reason = why_not(way);
	struct sigaction action = {
		.sa_sigaction = handle,
		.sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER,
	};

	p.stop = stop;
	p.refused = 0;
	if (!reason && sigaction(PREEMPT_SIGNAL, &action, &p.before))
		reason = "no signal handler";
	p.on = !reason;
	if (reason && is_verbose())
		fprintf(stderr, "gt: no preemption by signal (%s): at safe points only\n",
			reason);
	return p.on;
}

void gt__preempt_close(void)
{
	if (!p.on)
		return;
	p.on = 0;
	sigaction(PREEMPT_SIGNAL, &p.before, NULL);
	if (is_verbose())
		fprintf(stderr, "gt: %llu requests to preempt came where it was not safe\n",
			(unsigned long long)gt__preempt_refused());
}

/* Whoever goes away sets `away` first and then looks at `asking`; we do it the other way
 * round: so one of us sees the other. */
int gt__preempt_ask(struct gt__preempt_target *target)
{
	int sent = 0;

	if (!p.on)
		return 0;
	__atomic_exchange_n(&target->asking, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&target->away, __ATOMIC_SEQ_CST)) {
		__atomic_fetch_add(&target->asked, 1, __ATOMIC_RELAXED);
		sent = !pthread_kill(target->thread, PREEMPT_SIGNAL);
	}
	__atomic_store_n(&target->asking, 0, __ATOMIC_SEQ_CST);
	return sent;
}

/* A signal that was sent comes at the end of a system call at the latest. */
void gt__preempt_settle(struct gt__preempt_target *target)
{
	while (__atomic_load_n(&target->asking, __ATOMIC_SEQ_CST))
		gt__sys_yield();
	target->settled = __atomic_load_n(&target->asked, __ATOMIC_RELAXED);
	syscall(SYS_gettid);
}

uint64_t gt__preempt_refused(void)
{
	return __atomic_load_n(&p.refused, __ATOMIC_RELAXED);
}

/* Two frames: see `handle`. */
size_t gt__preempt_stack_bytes(void)
{
	size_t frame = getauxval(AT_MINSIGSTKSZ);

	return 2 * ((frame > FRAME_BYTES ? frame : FRAME_BYTES) + HANDLER_BYTES);
}

/* --------------------------------------------------------- the public part */

static void nopreempt(uint32_t add)
{
	struct gt__os *os = gt__os();

	if (os && os->current)
		os->current->nopreempt += add;
}

void gt_nopreempt_begin(void)
{
	nopreempt(1);
}

void gt_nopreempt_end(void)
{
	nopreempt(-1u);
}
