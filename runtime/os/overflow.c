/* SPDX-License-Identifier: MIT */
#include "runtime/os/overflow.h"

#include <signal.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime/core/rt.h"
#include "runtime/os/stack.h"
#include "runtime/os/text.h"

/* An access this near to the stack pointer of an OS thread is one to its stack. */
#define NEAR_BYTES (64u << 10)

static int installed;

static uintptr_t stack_pointer(const void *context)
{
	const ucontext_t *uc = context;

#if defined(__x86_64__)
	return (uintptr_t)uc->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
	return (uintptr_t)uc->uc_mcontext.sp;
#else
	(void)uc;
	return 0;
#endif
}

/* The usable size of gt's stack if `address` is beyond its end, else 0. */
static size_t overflown(const struct gt *gt, uintptr_t address, const void *context)
{
	uintptr_t sp = stack_pointer(context), distance;
	size_t bytes;
	void *low;

	if (!gt->stack_low) { /* an OS thread's */
		distance = address > sp ? address - sp : sp - address;
		return distance < NEAR_BYTES ? gt->stack_bytes : 0;
	}
	bytes = gt__stack_usable(gt, &low);
	return address >= (uintptr_t)gt->stack_low && address < (uintptr_t)low ? bytes : 0;
}

static void tell(const struct gt *gt, size_t bytes)
{
	struct gt__text line = {.len = 0};

	gt__text_add(&line, "gt: stack overflow: green thread ");
	gt__text_number(&line, gt->id);
	if (gt->name[0]) {
		gt__text_add(&line, " \"");
		gt__text_add(&line, gt->name);
		gt__text_add(&line, "\"");
	}
	gt__text_add(&line, " has used up its stack of ");
	gt__text_number(&line, bytes);
	gt__text_add(&line,
		     " bytes; stack_bytes of struct gt_attr or gt_config gives it more");
	gt__text_write(&line, STDERR_FILENO);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	struct gt__os *os = gt__os();
	const struct gt *gt = os ? os->current : NULL;
	struct sigaction byself = {.sa_handler = SIG_DFL};
	size_t bytes = 0;

	if (gt && info->si_code > 0)
		bytes = overflown(gt, (uintptr_t)info->si_addr, context);
	if (bytes)
		tell(gt, bytes);
	/* On return the access faults again, with the default action. */
	sigaction(signal, &byself, NULL);
	if (info->si_code <= 0)
		raise(signal);
}

void gt__overflow_open(void)
{
	struct sigaction before, ours = {.sa_flags = SA_SIGINFO | SA_ONSTACK};

	installed = 0;
	if (sigaction(SIGSEGV, NULL, &before) < 0 || before.sa_flags & SA_SIGINFO ||
	    before.sa_handler != SIG_DFL)
		return;
	ours.sa_sigaction = on_fault;
	sigemptyset(&ours.sa_mask);
	installed = !sigaction(SIGSEGV, &ours, NULL);
}

void gt__overflow_close(void)
{
	struct sigaction now, byself = {.sa_handler = SIG_DFL};

	if (installed && !sigaction(SIGSEGV, NULL, &now) && now.sa_flags & SA_SIGINFO &&
	    now.sa_sigaction == on_fault)
		sigaction(SIGSEGV, &byself, NULL);
	installed = 0;
}

void gt__overflow_stack(void *alternate, size_t bytes)
{
	stack_t now, ours = {.ss_sp = alternate, .ss_size = bytes};

	if (installed && !sigaltstack(NULL, &now) && now.ss_flags & SS_DISABLE)
		sigaltstack(&ours, NULL);
}

void gt__overflow_stack_end(void *alternate)
{
	stack_t now, none = {.ss_flags = SS_DISABLE};

	if (!sigaltstack(NULL, &now) && !(now.ss_flags & SS_DISABLE) &&
	    now.ss_sp == alternate)
		sigaltstack(&none, NULL);
}
