/* SPDX-License-Identifier: MIT
 *
 * Contexts: what is saved when a green thread stops, and how one goes on.
 *
 * A switch is written inline: the compiler is told that every register is lost, so
 * it saves the few that are alive there, and only the frame pointer, the stack
 * pointer and the place to go on are stored by hand. Resuming pops that place and
 * jumps to it: a `ret` would mispredict, for its call was made on another stack.
 * Floating-point control words are not switched: a thread that changes them must
 * not expect them to stay its own.
 *
 * A switch carries one pointer along, from who switches away to who goes on.
 */
#ifndef GT_CTX_H
#define GT_CTX_H

#include <stddef.h>
#include <stdint.h>

#if !defined(GT_FORCE_UCONTEXT) && (defined(__x86_64__) || defined(__aarch64__))
#define GT_CTX_ASM 1
#else
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define GT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GT_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define GT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GT_TSAN 1
#endif
#endif

#ifdef GT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef GT_TSAN
#include <sanitizer/tsan_interface.h>
#endif

struct gt__ctx {
#ifdef GT_CTX_ASM
	void *sp; /* points at: frame pointer, place to go on */
#else
	ucontext_t uc;
	void (*entry)(void *message);
#endif
#ifdef GT_ASAN
	void *fake_stack;
	const void *stack_low;
	size_t stack_bytes;
#endif
#ifdef GT_TSAN
	void *fiber;
#endif
};

#ifdef GT_CTX_ASM
void gt__ctx_start(void);
extern const char gt__ctx_end[];

static inline void gt__ctx_lay_out(struct gt__ctx *ctx, void *low, size_t bytes,
				   void (*entry)(void *))
{
	uintptr_t *top = (uintptr_t *)((char *)low + bytes);

	/* gt__ctx_start pops the entry, after which the stack is as after a call. */
#ifdef __x86_64__
	*--top = (uintptr_t)gt__ctx_end;
#else
	*--top = 0;
#endif
	*--top = (uintptr_t)entry;
	*--top = (uintptr_t)gt__ctx_start;
	*--top = 0; /* frame pointer: the chain ends */
	ctx->sp = top;
}
#else
void gt__ctx_lay_out(struct gt__ctx *ctx, void *low, size_t bytes, void (*entry)(void *));
#endif

/* Makes `ctx` one that begins with entry(message) on [low, low + bytes). entry never
 * returns. `low` and the size must be multiples of 16. */
static inline void gt__ctx_make(struct gt__ctx *ctx, void *low, size_t bytes,
				void (*entry)(void *message))
{
#ifdef GT_ASAN
	/* The last user of a pooled stack left it with frames that never returned. */
	__asan_unpoison_memory_region(low, bytes);
	ctx->fake_stack = NULL;
	ctx->stack_low = low;
	ctx->stack_bytes = bytes;
#endif
#ifdef GT_TSAN
	ctx->fiber = __tsan_create_fiber(0);
#endif
	gt__ctx_lay_out(ctx, low, bytes, entry);
}

/* Makes `ctx` the calling OS thread's own context, to come back to. */
void gt__ctx_adopt(struct gt__ctx *ctx);
/* The context is not used any more (it may be made again). */
static inline void gt__ctx_drop(struct gt__ctx *ctx)
{
#ifdef GT_TSAN
	__tsan_destroy_fiber(ctx->fiber);
	ctx->fiber = NULL;
#endif
	(void)ctx;
}

#ifdef GT_CTX_ASM
#ifdef __x86_64__
#ifdef __AVX512F__
#define GT__CTX_MORE                                                                       \
	, "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", \
		"xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", \
		"k3", "k4", "k5", "k6", "k7"
#else
#define GT__CTX_MORE
#endif
static inline __attribute__((always_inline)) void *gt__ctx_jump(struct gt__ctx *from,
								struct gt__ctx *to,
								void *message)
{
	void **save = &from->sp, *load = to->sp;

	/* The first line steps over the red zone of the function we are in. */
	__asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "pushq %%rbp\n\t"
			 "movq %%rsp, (%[save])\n\t"
			 "movq %[load], %%rsp\n\t"
			 "popq %%rbp\n\t"
			 "popq %%rax\n\t"
			 "jmpq *%%rax\n"
			 "1:\n\t"
			 "endbr64\n\t"
			 "leaq 128(%%rsp), %%rsp"
			 : [save] "+S"(save), [load] "+d"(load), "+D"(message)
			 :
			 : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13",
			   "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
			   "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
			   "xmm13", "xmm14", "xmm15" GT__CTX_MORE, "memory", "cc");
	return message;
}
#else /* aarch64 */
static inline __attribute__((always_inline)) void *gt__ctx_jump(struct gt__ctx *from,
								struct gt__ctx *to,
								void *message)
{
	register void *msg __asm__("x0") = message;
	register void **save __asm__("x1") = &from->sp;
	register void *load __asm__("x2") = to->sp;

	__asm__ volatile("adr x3, 1f\n\t"
			 "stp x29, x3, [sp, #-16]!\n\t"
			 "mov x3, sp\n\t"
			 "str x3, [x1]\n\t"
			 "mov sp, x2\n\t"
			 "ldp x29, x3, [sp], #16\n\t"
			 "br x3\n"
			 "1:\n\t"
			 "hint #36" /* bti j */
			 : "+r"(msg), "+r"(save), "+r"(load)
			 :
			 : "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
			   "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
			   "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "v0",
			   "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10",
			   "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19",
			   "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28",
			   "v29", "v30", "v31", "memory", "cc");
	return msg;
}
#endif
#else
void *gt__ctx_jump(struct gt__ctx *from, struct gt__ctx *to, void *message);
#endif

/* Calls fn, which switches away and comes back later, and returns what it returns, but
 * by a jump: a processor predicts returns by the calls that came before on its own, not
 * on this stack, so one to a place where only this green thread waits would be foretold
 * wrong each time. To be called last in a function, which then is not returned to. */
int gt__ctx_call(void *a, void *b, void *c, int (*fn)(void *a, void *b, void *c));

/* A new context's first act: tells the sanitizer that its stack is in use. */
static inline void gt__ctx_begun(void)
{
#ifdef GT_ASAN
	__sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
}

/* Stops here and goes on at `to`; returns when somebody switches to `from`, with the
 * pointer that they bring. */
static inline __attribute__((always_inline)) void *gt__ctx_switch(struct gt__ctx *from,
								  struct gt__ctx *to,
								  void *message)
{
#ifdef GT_TSAN
	__tsan_switch_to_fiber(to->fiber, 0);
#endif
#ifdef GT_ASAN
	__sanitizer_start_switch_fiber(&from->fake_stack, to->stack_low, to->stack_bytes);
#endif
	message = gt__ctx_jump(from, to, message);
#ifdef GT_ASAN
	__sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
#endif
	return message;
}

/* The same for one that never comes back. */
static inline __attribute__((always_inline, noreturn)) void gt__ctx_leave(
	struct gt__ctx *from, struct gt__ctx *to, void *message)
{
#ifdef GT_TSAN
	__tsan_switch_to_fiber(to->fiber, 0);
#endif
#ifdef GT_ASAN
	__sanitizer_start_switch_fiber(NULL, to->stack_low, to->stack_bytes);
#endif
	gt__ctx_jump(from, to, message);
	__builtin_unreachable();
}

#endif
