/* SPDX-License-Identifier: MIT
 *
 * Preemption by signal: whoever comes to no safe point is stopped all the same, but
 * only in its own code, and finds everything as it was.
 */
#include "tests/unit/runtime_rig.h"

#include <errno.h>
#include <signal.h>

#include "runtime/preempt.h"

#define SHORT "quantum,tick=100us,quantum=1"

static volatile int flag;
static volatile int stopping;

/* Why it is off here, to skip; NULL: it is on. */
static const char *why_off(void)
{
#if defined(GT_ASAN) || defined(GT_TSAN)
	return "built with a sanitizer: safe points only";
#else
	return gt__preempt_text_find();
#endif
}

#define NEEDS_SIGNAL()                                                                     \
	do {                                                                               \
		if (why_off()) {                                                           \
			print_message("skipped: %s\n", why_off());                         \
			skip();                                                            \
		}                                                                          \
	} while (0)

static uint64_t run_counting(const char *policy, void (*fn)(void *), void *arg)
{
	const struct gt_config config = {.policy = policy};
	uint64_t n[GTV_COUNT_MAX], lost;

	RIG_CHECK(gt_run_config(&config, fn, arg) == 0);
	gt__process_counts(n, &lost);
	return n[GTV_COUNT_PREEMPTIONS];
}

static void spin_for_flag(void *arg)
{
	(void)arg;
	while (!flag)
		;
}

static void raise_flag(void *arg)
{
	(void)arg;
	flag = 1;
}

static void spin_and_raise(void *arg)
{
	struct gt *gt[2];

	(void)arg;
	RIG_CHECK(gt_spawn(&gt[0], spin_for_flag, NULL) == 0);
	RIG_CHECK(gt_spawn(&gt[1], raise_flag, NULL) == 0);
	RIG_CHECK(gt_join(gt[0]) == 0 && gt_join(gt[1]) == 0);
}

static void spinner_child(void *arg)
{
	RIG_CHECK(run_counting(arg, spin_and_raise, NULL) >= 1);
}

static void who_never_yields_is_preempted(void **state)
{
	(void)state;
	NEEDS_SIGNAL();
	assert_int_equal(rig_child(spinner_child, "quantum,tick=1ms", NULL, 0), 0);
}

static void traced_child(void *arg)
{
	RIG_CHECK(gt__trace_map(((const struct rig *)arg)->fd) == 0);
	spinner_child("quantum,tick=1ms");
}

/* The events say how. */
static void the_trace_says_so(void **state)
{
	struct rig rig = rig_make(4, 1 << 16, GTV_CLOCK_MONO);
	int by_signal = 0, asked = 0;

	(void)state;
	NEEDS_SIGNAL();
	assert_int_equal(rig_child(traced_child, &rig, NULL, 0), 0);
	for (uint32_t ring = 0; ring < 4; ring++) {
		for (uint64_t i = 0; i < (1 << 16) / sizeof(struct gtv_event); i++) {
			const struct gtv_event *ev = rig_event(&rig, ring, i);

			by_signal += ev->kind == GTV_EV_SWITCH_PREEMPT &&
				     ev->aux == GTV_PREEMPT_SIGNAL;
			asked += ev->kind == GTV_EV_PREEMPT_ASK;
		}
	}
	assert_true(by_signal >= 1);
	assert_int_equal(asked, by_signal);
	rig_free(&rig);
}

/* --- what must survive ------------------------------------------------------------- */

static void work_heap(void *arg)
{
	char *block[16] = {0}, text[64];
	unsigned seed = (unsigned)(uintptr_t)arg;

	while (!stopping) {
		unsigned i = (seed = seed * 1103515245u + 12345u) >> 16 & 15;
		size_t bytes = 16 + (seed >> 8 & 0xfff);

		if (block[i])
			RIG_CHECK(block[i][0] == (char)i);
		free(block[i]);
		block[i] = malloc(bytes);
		RIG_CHECK(block[i]);
		memset(block[i], (int)i, bytes);
		snprintf(text, sizeof text, "%u %g", seed, (double)seed / 3);
		for (volatile int spin = 0; spin < 200; spin++)
			;
	}
	for (int i = 0; i < 16; i++)
		free(block[i]);
}

static void work_double(void *arg)
{
	double first = 0;

	(void)arg;
	while (!stopping) {
		double sum = 0;

		for (int i = 1; i < 20000; i++)
			sum += 1.0 / i;
		if (first == 0)
			first = sum;
		RIG_CHECK(sum == first);
	}
}

#ifdef __x86_64__
typedef double wide __attribute__((vector_size(32)));

__attribute__((target("avx"))) static void work_avx(void *arg)
{
	double me = (double)(intptr_t)arg;

	while (!stopping) {
		wide sum = {0, 0, 0, 0}, add = {me, me + 1, me + 2, me + 3};

		for (int i = 0; i < 20000; i++) {
			sum += add;
			__asm__ volatile("" : "+x"(sum), "+x"(add));
		}
		for (int i = 0; i < 4; i++)
			RIG_CHECK(sum[i] == 20000 * (me + i));
	}
}
#endif

static void work_errno(void *arg)
{
	while (!stopping) {
		errno = (int)(intptr_t)arg;
		for (volatile int spin = 0; spin < 20000; spin++)
			;
		RIG_CHECK(errno == (int)(intptr_t)arg);
	}
}

static void work_mask(void *arg)
{
	sigset_t set;

	(void)arg;
	while (!stopping) {
		for (volatile int spin = 0; spin < 20000; spin++)
			;
		pthread_sigmask(SIG_SETMASK, NULL, &set);
		for (int i = 1; i < SIGRTMIN; i++)
			RIG_CHECK(sigismember(&set, i) <= 0);
	}
}

static void all_survive(void *arg)
{
	struct gt *gt[16];
	int n = 0;

	(void)arg;
	for (intptr_t i = 1; i <= 3; i++) {
		RIG_CHECK(gt_spawn(&gt[n++], work_heap, (void *)i) == 0);
		RIG_CHECK(gt_spawn(&gt[n++], work_errno, (void *)i) == 0);
#ifdef __x86_64__
		if (__builtin_cpu_supports("avx"))
			RIG_CHECK(gt_spawn(&gt[n++], work_avx, (void *)i) == 0);
#endif
	}
	RIG_CHECK(gt_spawn(&gt[n++], work_double, NULL) == 0);
	RIG_CHECK(gt_spawn(&gt[n++], work_mask, NULL) == 0);
	gt_sleep_ns(1000000000);
	stopping = 1;
	for (int i = 0; i < n; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
}

static void survive_child(void *arg)
{
	uint64_t times = run_counting(SHORT, all_survive, NULL);

	(void)arg;
	RIG_CHECK(times >= 10);
}

static void everything_is_found_as_it_was(void **state)
{
	(void)state;
	NEEDS_SIGNAL();
	assert_int_equal(rig_child(survive_child, NULL, NULL, 0), 0);
}

/* --- where it must not happen ------------------------------------------------------ */

static void spin_unpreempted(void *arg)
{
	uint64_t end = gt__sys_now_ns() + 20000000;

	(void)arg;
	gt_nopreempt_begin();
	gt_nopreempt_begin();
	gt_nopreempt_end();
	flag = 0;
	while (gt__sys_now_ns() < end)
		for (volatile int spin = 0; spin < 20000; spin++)
			;
	RIG_CHECK(!flag); /* the other did not run */
	RIG_CHECK(gt__preempt_refused() >= 1);
	gt_nopreempt_end();
	while (!flag)
		;
}

static void unpreempted_and_other(void *arg)
{
	struct gt *gt[2];

	(void)arg;
	RIG_CHECK(gt_spawn(&gt[0], spin_unpreempted, NULL) == 0);
	RIG_CHECK(gt_spawn(&gt[1], raise_flag, NULL) == 0);
	RIG_CHECK(gt_join(gt[0]) == 0 && gt_join(gt[1]) == 0);
}

static void nopreempt_child(void *arg)
{
	(void)arg;
	RIG_CHECK(run_counting(SHORT, unpreempted_and_other, NULL) >= 1);
}

static void nopreempt_is_honoured(void **state)
{
	(void)state;
	NEEDS_SIGNAL();
	assert_int_equal(rig_child(nopreempt_child, NULL, NULL, 0), 0);
}

static void off_child(void *arg)
{
	(void)arg;
	setenv("GT_PREEMPT", "off", 1);
	setenv("GT_VERBOSE", "1", 1);
	RIG_CHECK(run_counting(SHORT, raise_flag, NULL) == 0);
}

static void off_is_said(void **state)
{
	char err[512];

	(void)state;
	assert_int_equal(rig_child(off_child, NULL, err, sizeof err), 0);
	assert_non_null(strstr(err, "gt: no preemption by signal ("));
}

static int handled;

static void count_signal(int number)
{
	(void)number;
	handled++;
}

static void raise_urgent(void *arg)
{
	(void)arg;
	kill(getpid(), SIGURG);
	while (!*(volatile int *)&handled)
		gt_sleep_ns(1000000);
}

static void chain_child(void *arg)
{
	struct sigaction action = {.sa_handler = count_signal}, after;

	(void)arg;
	sigaction(SIGURG, &action, NULL);
	run_counting("quantum", raise_urgent, NULL);
	RIG_CHECK(handled == 1);
	sigaction(SIGURG, NULL, &after);
	RIG_CHECK(after.sa_handler == count_signal);
}

static void a_handler_of_the_program_is_kept(void **state)
{
	(void)state;
	assert_int_equal(rig_child(chain_child, NULL, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_never_yields_is_preempted),
		cmocka_unit_test(the_trace_says_so),
		cmocka_unit_test(everything_is_found_as_it_was),
		cmocka_unit_test(nopreempt_is_honoured),
		cmocka_unit_test(off_is_said),
		cmocka_unit_test(a_handler_of_the_program_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
