/* SPDX-License-Identifier: MIT
 *
 * Stacks are walked by frame pointers, which the runtime keeps. Of a program that was
 * compiled without them, the caller of the runtime is named, and often no more.
 */
#include "runtime/core/dump.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime/core/cancel.h"
#include "runtime/core/registry.h"

#define FRAMES_MAX 32

#if defined(GT_TSAN)
#define RACY __attribute__((no_sanitize("thread")))
#else
#define RACY
#endif

static int installed, goes_on;

/* ------------------------------------------------------------------- stacks */

static void tell_place(int fd, uintptr_t pc)
{
	struct gt__text text = {.len = 0};
	Dl_info info;

	gt__text_add(&text, "gt:       at ");
	if (!dladdr((void *)pc, &info)) {
		gt__text_hex(&text, pc);
	} else if (info.dli_sname) {
		gt__text_add(&text, info.dli_sname);
		gt__text_add(&text, "+");
		gt__text_hex(&text, pc - (uintptr_t)info.dli_saddr);
	} else {
		const char *slash = strrchr(info.dli_fname, '/');

		/* As addr2line wants it. */
		gt__text_add(&text, slash ? slash + 1 : info.dli_fname);
		gt__text_add(&text, "+");
		gt__text_hex(&text, pc - (uintptr_t)info.dli_fbase);
	}
	gt__text_write(&text, fd);
}

/* A frame is two words: the caller's frame, and the place in it. */
static void tell_frames(int fd, uintptr_t frame, uintptr_t end)
{
	for (int i = 0; i < FRAMES_MAX; i++) {
		uintptr_t words[2];

		if (!frame || frame % sizeof(void *) || frame + sizeof words > end ||
		    !gt__peek(words, (const void *)frame, sizeof words) || !words[1])
			return;
		tell_place(fd, words[1]);
		if (words[0] <= frame)
			return;
		frame = words[0];
	}
}

static RACY void tell_stack(int fd, const struct gt *gt, uintptr_t here, int runs)
{
	uintptr_t frame = here, end;

#ifdef GT_CTX_ASM
	/* What a switch pushes is a frame like others. */
	if (!frame && gt->stack_low && !runs && !gt__rt.shared_ids)
		frame = (uintptr_t)gt->ctx.sp;
#endif
	if (!frame && gt->wait_kind)
		frame = gt->wait_frame;
	/* An OS thread's stack ends where libc knows; its size is near enough. */
	end = gt->stack_low && !gt__rt.shared_ids ? (uintptr_t)gt : frame + gt->stack_bytes;
	tell_frames(fd, frame, end);
}

/* ------------------------------------------------------------------ the list */

static RACY void tell_one(int fd, const struct gt *gt, const struct gt *self,
			  uintptr_t here)
{
	struct gt__text text = {.len = 0};
	int runs = gt__rt.shared_ids || gt__os_runs(gt);

	gt__text_add(&text, "gt:   ");
	gt__tell_gt(&text, gt);
	gt__text_add(&text, " ");
	if (gt->wait_kind) {
		uint64_t ns = gt__ticks_ns(gt->wait_since);

		gt__tell_waits(&text, gt);
		runs = 0;
		if (ns) {
			/* Fibers' beginnings are told from the last time anybody looked. */
			gt__text_add(&text, gt->stack_low && !gt__rt.shared_ids
						    ? ", for at most "
						    : ", for ");
			gt__text_time(&text, ns);
		}
	} else if (__atomic_load_n(&gt->join, __ATOMIC_RELAXED) == GT__JOIN_ENDED) {
		gt__text_add(&text, "has ended, nobody has joined it");
		gt__text_write(&text, fd);
		return;
	} else if (runs) {
		gt__text_add(&text, gt == self ? "runs here" : "runs");
	} else {
		gt__text_add(&text, "is ready");
	}
	if (__atomic_load_n(&gt->cancel, __ATOMIC_RELAXED) & GT__CANCEL_ASKED)
		gt__text_add(&text, ", asked to end");
	gt__text_write(&text, fd);
	tell_stack(fd, gt, gt == self ? here : 0, runs);
}

static RACY void tell_all(int fd, uintptr_t here)
{
	struct gt__os *os = gt__os();
	struct gt__text text = {.len = 0};
	uint64_t count = 0;

	if (gt__registry_try()) {
		gt__text_add(&text, "gt: the list of green threads is in use: ask again");
		gt__text_write(&text, fd);
		return;
	}
	for (struct gt *gt = gt__registry_next(NULL); gt; gt = gt__registry_next(gt))
		count++;
	gt__text_add(&text, "gt: ");
	gt__text_number(&text, count);
	gt__text_add(&text, " green threads under ");
	gt__text_add(&text, *gt_policy_name() ? gt_policy_name() : "no policy: no run");
	gt__text_write(&text, fd);
	for (struct gt *gt = gt__registry_next(NULL); gt; gt = gt__registry_next(gt))
		tell_one(fd, gt, os ? os->current : NULL, here);
	gt__registry_leave();
}

void gt_dump(int fd)
{
	tell_all(fd, (uintptr_t)__builtin_frame_address(0));
}

/* ---------------------------------------------------------------- the signal */

static uintptr_t frame_of(const void *context)
{
	const ucontext_t *uc = context;

#if defined(__x86_64__)
	return (uintptr_t)uc->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
	return (uintptr_t)uc->uc_mcontext.regs[29];
#else
	(void)uc;
	return 0;
#endif
}

static void on_quit(int signal, siginfo_t *info, void *context)
{
	struct sigaction byself = {.sa_handler = SIG_DFL};
	int err = errno;

	(void)info;
	tell_all(STDERR_FILENO, frame_of(context));
	if (!goes_on) {
		/* Blocked here: it comes when we return. */
		sigaction(signal, &byself, NULL);
		raise(signal);
	}
	errno = err;
}

void gt__dump_open(void)
{
	struct sigaction before, ours = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
	const char *wish = getenv("GT_SIGQUIT");

	gt__ticks_begin();
	installed = 0;
	goes_on = wish && !strcmp(wish, "continue");
	if (sigaction(SIGQUIT, NULL, &before) < 0 || before.sa_flags & SA_SIGINFO ||
	    before.sa_handler != SIG_DFL)
		return;
	ours.sa_sigaction = on_quit;
	sigemptyset(&ours.sa_mask);
	installed = !sigaction(SIGQUIT, &ours, NULL);
}

void gt__dump_close(void)
{
	struct sigaction now, byself = {.sa_handler = SIG_DFL};

	if (installed && !sigaction(SIGQUIT, NULL, &now) && now.sa_flags & SA_SIGINFO &&
	    now.sa_sigaction == on_quit)
		sigaction(SIGQUIT, &byself, NULL);
	installed = 0;
}

void gt__dump_leave(void)
{
	if (installed)
		signal(SIGQUIT, SIG_IGN);
}
