/* SPDX-License-Identifier: MIT
 *
 * The context switch by itself. Needs nothing but the runtime and no cmocka, so that
 * it can also be built for another processor and run under an emulator:
 *   aarch64-linux-gnu-gcc -static -I. tests/unit/runtime_switch.c runtime/os/ctx.c
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/os/ctx.h"

#define STACK_BYTES (256u << 10)
#define ROUNDS	    1000

static int checks, failures;
#define CHECK(cond)                                                                        \
	do {                                                                               \
		checks++;                                                                  \
		if (!(cond)) {                                                             \
			failures++;                                                        \
			printf("not ok: %s:%d: %s\n", __FILE__, __LINE__, #cond);          \
		}                                                                          \
	} while (0)

static struct gt__ctx home, away;
static char *stack;

static void begin(void (*entry)(void *))
{
	gt__ctx_adopt(&home);
	gt__ctx_make(&away, stack, STACK_BYTES, entry);
}

static void *to_away(void *message)
{
	return gt__ctx_switch(&home, &away, message);
}

/* --- messages -------------------------------------------------------------- */

static void echo(void *message)
{
	gt__ctx_begun();
	for (;;)
		message = gt__ctx_switch(&away, &home, (char *)message + 1);
}

static void messages_travel_both_ways(void)
{
	uintptr_t value = 5;

	begin(echo);
	for (int i = 0; i < ROUNDS; i++) {
		value = (uintptr_t)to_away((void *)value);
		CHECK(value == (uintptr_t)i + 6);
	}
	gt__ctx_drop(&away);
}

/* --- registers ------------------------------------------------------------- */

/* More live values than there are registers of either kind, on both sides. Those of
 * one side must not show on the other. */
static __attribute__((noinline)) void juggle(uint64_t seed, void (*pause)(void))
{
	volatile uint64_t source = seed;
	uint64_t i0 = source + 1, i1 = source + 2, i2 = source + 3, i3 = source + 4;
	uint64_t i4 = source + 5, i5 = source + 6, i6 = source + 7, i7 = source + 8;
	uint64_t i8 = source + 9, i9 = source + 10, i10 = source + 11, i11 = source + 12;
	double d0 = (double)i0, d1 = (double)i1, d2 = (double)i2, d3 = (double)i3;
	double d4 = (double)i4, d5 = (double)i5, d6 = (double)i6, d7 = (double)i7;
	double d8 = (double)i8, d9 = (double)i9;

	for (int i = 0; i < 10; i++) {
		pause();
		i0 += i11, i1 ^= i0, i2 += i1, i3 ^= i2, i4 += i3, i5 ^= i4;
		i6 += i5, i7 ^= i6, i8 += i7, i9 ^= i8, i10 += i9, i11 ^= i10;
		d0 += d9, d1 -= d0, d2 += d1, d3 -= d2, d4 += d3;
		d5 -= d4, d6 += d5, d7 -= d6, d8 += d7, d9 -= d8;
	}
	uint64_t ints = i0 ^ i1 ^ i2 ^ i3 ^ i4 ^ i5 ^ i6 ^ i7 ^ i8 ^ i9 ^ i10 ^ i11;
	double doubles = d0 + d1 + d2 + d3 + d4 + d5 + d6 + d7 + d8 + d9;
	static uint64_t expected_ints[2];
	static double expected_doubles[2];
	static int known[2];
	int side = seed != 1000;

	/* The first time on a side nobody else ran in between: see below. */
	if (!known[side]) {
		known[side] = 1;
		expected_ints[side] = ints;
		expected_doubles[side] = doubles;
	}
	CHECK(ints == expected_ints[side]);
	CHECK(memcmp(&doubles, &expected_doubles[side], sizeof doubles) == 0);
}

static void no_pause(void)
{
}

static void pause_home(void)
{
	to_away(NULL);
}

static void pause_away(void)
{
	gt__ctx_switch(&away, &home, NULL);
}

static void juggler(void *message)
{
	(void)message;
	gt__ctx_begun();
	for (;;)
		juggle(77777, pause_away);
}

static void registers_survive(void)
{
	juggle(1000, no_pause);
	juggle(77777, no_pause);
	begin(juggler);
	for (int i = 0; i < 20; i++)
		juggle(1000, pause_home);
	gt__ctx_drop(&away);
}

/* --- deep stacks ------------------------------------------------------------ */

static int descend(int depth, void (*pause)(void))
{
	volatile char frame[512];
	int sum;

	memset((char *)frame, depth & 0x7f, sizeof frame);
	if (!depth) {
		pause();
		return 0;
	}
	sum = descend(depth - 1, pause);
	for (size_t i = 0; i < sizeof frame; i++)
		if (frame[i] != (char)(depth & 0x7f))
			return -1000000;
	return sum + 1;
}

#if defined(GT_ASAN) || defined(GT_TSAN)
#define DEPTH 60
#else
#define DEPTH 300
#endif

static void diver(void *message)
{
	(void)message;
	gt__ctx_begun();
	for (;;) {
		int depth = descend(DEPTH, pause_away);
		CHECK(depth == DEPTH);
	}
}

static void deep_stacks_survive(void)
{
	begin(diver);
	for (int i = 0; i < 20; i++)
		CHECK(descend(200, pause_home) == 200);
	gt__ctx_drop(&away);
}

/* --- many contexts, and their ends -------------------------------------------- */

#define MANY 64
static struct gt__ctx many[MANY];
static int ran[MANY];

static void one_of_many(void *message)
{
	int me = *(int *)message;

	gt__ctx_begun();
	ran[me]++;
	/* The ring is passed on; the last goes home. */
	if (me + 1 < MANY) {
		int next = me + 1;
		gt__ctx_leave(&many[me], &many[me + 1], &next);
	}
	gt__ctx_leave(&many[me], &home, NULL);
}

static void a_chain_of_contexts(void)
{
	char *stacks = aligned_alloc(4096, (size_t)MANY * 32768);
	int first = 0;

	CHECK(stacks != NULL);
	gt__ctx_adopt(&home);
	for (int round = 0; stacks && round < 3; round++) {
		for (int i = 0; i < MANY; i++)
			gt__ctx_make(&many[i], stacks + (size_t)i * 32768, 32768,
				     one_of_many);
		gt__ctx_switch(&home, &many[0], &first);
		for (int i = 0; i < MANY; i++) {
			CHECK(ran[i] == round + 1);
			gt__ctx_drop(&many[i]);
		}
	}
	free(stacks);
}

static void entry_is_aligned(void *message)
{
	_Alignas(16) char local[16];

	(void)message;
	gt__ctx_begun();
	CHECK(((uintptr_t)__builtin_frame_address(0) & 15) == 0);
	CHECK(((uintptr_t)local & 15) == 0);
	printf("# on its stack: %.1f\n", 1.5); /* crashes if it is not */
	gt__ctx_switch(&away, &home, NULL);
}

int main(void)
{
	stack = aligned_alloc(4096, STACK_BYTES);
	if (!stack)
		return 1;
	messages_travel_both_ways();
	registers_survive();
	deep_stacks_survive();
	a_chain_of_contexts();
	begin(entry_is_aligned);
	to_away(NULL);
	gt__ctx_drop(&away);
	free(stack);
#ifdef GT_CTX_ASM
	const char *how = "assembly";
#else
	const char *how = "ucontext";
#endif
	printf("%s: %d checks, %d failed (%s)\n", failures ? "FAILED" : "ok", checks,
	       failures, how);
	return failures != 0;
}
