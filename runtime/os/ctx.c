/* SPDX-License-Identifier: MIT
 *
 * Making contexts; for switching see ctx.h. A new stack is laid out as if it had
 * been switched away from just before gt__ctx_start, which calls the entry function
 * that waits above it. Its return address is undefined: unwinders stop there.
 */
#include "runtime/os/ctx.h"

#include <pthread.h>
#include <stdlib.h>

#ifdef GT_CTX_ASM
#ifdef __x86_64__
__asm__(".text\n"
	".p2align 4\n"
	".globl gt__ctx_start, gt__ctx_end\n"
	".hidden gt__ctx_start\n"
	".type gt__ctx_start, @function\n"
	"gt__ctx_start:\n\t"
	".cfi_startproc\n\t"
	".cfi_undefined rip\n\t"
	"endbr64\n\t"
	"popq %rax\n\t" /* the entry; the message is in rdi already */
	"jmpq *%rax\n"	/* no call: that would foretell a return that never comes */
	".hidden gt__ctx_end\n"
	"gt__ctx_end:\n\t"
	"ud2\n\t"
	".cfi_endproc\n\t"
	".size gt__ctx_start, . - gt__ctx_start\n");

__asm__(".text\n"
	".p2align 4\n"
	".globl gt__ctx_call\n"
	".hidden gt__ctx_call\n"
	".type gt__ctx_call, @function\n"
	"gt__ctx_call:\n\t"
	".cfi_startproc\n\t"
	"endbr64\n\t"
	"pushq %rbp\n\t"
	".cfi_adjust_cfa_offset 8\n\t"
	".cfi_rel_offset rbp, 0\n\t"
	"movq %rsp, %rbp\n\t" /* stacks are walked by frame pointers, too */
	"call *%rcx\n\t"
	"popq %rbp\n\t"
	".cfi_adjust_cfa_offset -8\n\t"
	".cfi_restore rbp\n\t"
	"popq %rcx\n\t"
	".cfi_adjust_cfa_offset -8\n\t"
	".cfi_register rip, rcx\n\t"
	"jmpq *%rcx\n\t"
	".cfi_endproc\n\t"
	".size gt__ctx_call, . - gt__ctx_call\n");
#else
__asm__(".text\n"
	".p2align 4\n"
	".globl gt__ctx_start, gt__ctx_end\n"
	".hidden gt__ctx_start\n"
	".type gt__ctx_start, %function\n"
	"gt__ctx_start:\n\t"
	".cfi_startproc\n\t"
	".cfi_undefined x30\n\t"
	"hint #38\n\t"		    /* bti jc */
	"ldp x4, x5, [sp], #16\n\t" /* the entry; the message is in x0 already */
	"mov x16, x4\n\t"
	"adr x30, gt__ctx_end\n\t"
	"br x16\n" /* no call: that would foretell a return that never comes */
	".hidden gt__ctx_end\n"
	"gt__ctx_end:\n\t"
	"brk #1\n\t"
	".cfi_endproc\n\t"
	".size gt__ctx_start, . - gt__ctx_start\n");

__asm__(".text\n"
	".p2align 4\n"
	".globl gt__ctx_call\n"
	".hidden gt__ctx_call\n"
	".type gt__ctx_call, %function\n"
	"gt__ctx_call:\n\t"
	".cfi_startproc\n\t"
	"hint #34\n\t" /* bti c */
	"stp x29, x30, [sp, #-16]!\n\t"
	".cfi_def_cfa_offset 16\n\t"
	".cfi_offset x29, -16\n\t"
	".cfi_offset x30, -8\n\t"
	"mov x29, sp\n\t"
	"blr x3\n\t"
	"ldp x29, x16, [sp], #16\n\t"
	".cfi_def_cfa_offset 0\n\t"
	".cfi_restore x29\n\t"
	".cfi_register x30, x16\n\t"
	"br x16\n\t" /* from x16 a jump may land where a call may */
	".cfi_endproc\n\t"
	".size gt__ctx_call, . - gt__ctx_call\n");
#endif
#else
int gt__ctx_call(void *a, void *b, void *c, int (*fn)(void *a, void *b, void *c))
{
	return fn(a, b, c);
}

static _Thread_local struct {
	struct gt__ctx *starting;
	void *message;
} carried;

/* Never inlined: after swapcontext we may be another OS thread, and the address of
 * a thread-local must be computed afresh. */
static __attribute__((noinline)) void carry(struct gt__ctx *starting, void *message)
{
	carried.starting = starting;
	carried.message = message;
	__asm__ volatile("" ::: "memory");
}

static __attribute__((noinline)) void *message_carried(void)
{
	__asm__ volatile("" ::: "memory");
	return carried.message;
}

static void start(void)
{
	carried.starting->entry(message_carried());
	abort();
}

void *gt__ctx_jump(struct gt__ctx *from, struct gt__ctx *to, void *message)
{
	carry(to, message);
	swapcontext(&from->uc, &to->uc);
	return message_carried();
}

void gt__ctx_lay_out(struct gt__ctx *ctx, void *low, size_t bytes, void (*entry)(void *))
{
	getcontext(&ctx->uc);
	ctx->uc.uc_stack.ss_sp = low;
	ctx->uc.uc_stack.ss_size = bytes;
	ctx->uc.uc_link = NULL;
	ctx->entry = entry;
	makecontext(&ctx->uc, start, 0);
}
#endif

void gt__ctx_adopt(struct gt__ctx *ctx)
{
#ifdef GT_ASAN
	pthread_attr_t attr;
	void *low = NULL;
	size_t bytes = 0;

	if (!pthread_getattr_np(pthread_self(), &attr)) {
		pthread_attr_getstack(&attr, &low, &bytes);
		pthread_attr_destroy(&attr);
	}
	ctx->fake_stack = NULL;
	ctx->stack_low = low;
	ctx->stack_bytes = bytes;
#endif
#ifdef GT_TSAN
	ctx->fiber = __tsan_get_current_fiber();
#endif
	(void)ctx;
}
