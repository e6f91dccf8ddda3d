/* SPDX-License-Identifier: MIT
 *
 * Preemption by signal: whoever comes to no safe point is stopped all the same, but
 * only in its own code, and finds everything as it was.
 */
#include "tests/unit/runtime_rig.h"

#include <errno.h>
#include <signal.h>

#include "runtime/os/preempt.h"

#define SHORT	    "quantum,tick=100us,quantum=1"
#define PATIENCE_NS 60000000000u /* a busy machine may take so long */

static const char *const policies[] = {SHORT, "quantum,tick=1ms", "gmp,cores=1",
				       "gmp,cores=2"};
#define POLICIES (sizeof policies / sizeof policies[0])

static volatile int flag, begun;
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
	begun = 1;
	while (!flag)
		;
}

/* Once the other runs: policies differ in who is first. */
static void raise_flag(void *arg)
{
	while (!arg && !begun)
		gt_yield();
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

/* With two cores the one that raises the flag may find the other free. */
static void spinner_child(void *arg)
{
	const char *policy = arg;
	uint64_t times = run_counting(policy, spin_and_raise, NULL);

	RIG_CHECK(times >= 1 || !strcmp(policy, "gmp,cores=2"));
}

static void who_never_yields_is_preempted(void **state)
{
	(void)state;
	NEEDS_SIGNAL();
	for (size_t i = 0; i < POLICIES; i++)
		assert_int_equal(
			rig_child(spinner_child, (void *)(uintptr_t)policies[i], NULL, 0),
			0);
}

#define HOGS	   6
#define RINGS	   16u
#define RING_BYTES (1u << 18)

static uint32_t hogs_counted;

/* Until all have come so far; on the OS thread that it began on. */
static void count_and_spin(void *unused)
{
	pid_t thread = gettid();

	(void)unused;
	for (int i = 0; i < 3; i++) {
		__atomic_fetch_add(&hogs_counted, 1, __ATOMIC_RELAXED);
		while (__atomic_load_n(&hogs_counted, __ATOMIC_RELAXED) <
		       HOGS * (unsigned)(i + 1))
			;
		RIG_CHECK(gettid() == thread);
	}
}

static void hogs(void *unused)
{
	struct gt *gt[HOGS];

	(void)unused;
	for (int i = 0; i < HOGS; i++)
		RIG_CHECK(gt_spawn(&gt[i], count_and_spin, NULL) == 0);
	for (int i = 0; i < HOGS; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
}

struct traced {
	struct rig rig;
	const char *policy;
};

static void traced_child(void *arg)
{
	const struct traced *traced = arg;

	RIG_CHECK(gt__trace_map(traced->rig.fd) == 0);
	RIG_CHECK(run_counting(traced->policy, hogs, NULL) >= HOGS);
}

/* Whoever stopped as `ev` says, in `ring`, goes on there. */
static void expect_resumed(const struct rig *rig, uint32_t ring, const struct gtv_event *ev)
{
	int found = 0;

	for (uint32_t r = 0; r < RINGS; r++) {
		for (uint64_t i = 0; i < RING_BYTES / sizeof *ev; i++) {
			const struct gtv_event *go = rig_event(rig, r, i);

			if (go->kind < GTV_EV_SWITCH_RUN || go->kind > GTV_EV_SWITCH_EXIT ||
			    go->u.f.obj != ev->gt || go->u.f.arg >> 32 != ev->u.f.seq + 1)
				continue;
			assert_int_equal(r, ring);
			found++;
		}
	}
	assert_int_equal(found, 1);
}

/* The events say how; each request just before what it leads to. */
static void expect_told(const char *policy)
{
	struct traced traced = {rig_make(RINGS, RING_BYTES, GTV_CLOCK_MONO), policy};
	int by_signal = 0;

	assert_int_equal(rig_child(traced_child, &traced, NULL, 0), 0);
	for (uint32_t ring = 0; ring < RINGS; ring++) {
		for (uint64_t i = 1; i < RING_BYTES / sizeof(struct gtv_event); i++) {
			const struct gtv_event *ev = rig_event(&traced.rig, ring, i),
					       *ask = ev - 1;

			if (ev->kind != GTV_EV_SWITCH_PREEMPT)
				continue;
			assert_int_equal(ev->aux, GTV_PREEMPT_SIGNAL);
			while (ask->kind == GTV_EV_STEAL || ask->kind == GTV_EV_READY)
				ask--;
			assert_int_equal(ask->kind, GTV_EV_PREEMPT_ASK);
			assert_int_equal(ask->gt, ev->gt);
			expect_resumed(&traced.rig, ring, ev);
			by_signal++;
		}
	}
	assert_true(by_signal >= HOGS);
	rig_free(&traced.rig);
}

static void the_trace_says_so(void **state)
{
	(void)state;
	NEEDS_SIGNAL();
	for (size_t i = 1; i < POLICIES; i++)
		expect_told(policies[i]);
}

/* --- who goes on only here, while processors go from worker to worker ----------------- */

static uint32_t hog_turns[HOGS];

static void count_turns(void *arg)
{
	while (!flag)
		__atomic_fetch_add((uint32_t *)arg, 1, __ATOMIC_RELAXED);
}

static long nap(void *unused)
{
	struct timespec ts = {.tv_nsec = 3000000};

	(void)unused;
	return nanosleep(&ts, NULL); /* -1 if a signal cut it short */
}

static void call_and_sleep(void *unused)
{
	(void)unused;
	for (int i = 0; i < 12; i++) {
		RIG_CHECK(gt_blocking("nap", nap, NULL) == 0);
		RIG_CHECK(gt_sleep_ns(1000000) == 0);
		gt_yield();
	}
}

/* When the callers have done theirs, and from then on all hogs have run again. */
static void hogs_and_callers(void *unused)
{
	struct gt *hog[HOGS], *caller[3];
	uint32_t seen[HOGS];

	(void)unused;
	for (int i = 0; i < HOGS; i++)
		RIG_CHECK(gt_spawn(&hog[i], count_turns, &hog_turns[i]) == 0);
	for (int i = 0; i < 3; i++)
		RIG_CHECK(gt_spawn(&caller[i], call_and_sleep, NULL) == 0);
	for (int i = 0; i < 3; i++)
		RIG_CHECK(gt_join(caller[i]) == 0);
	for (int i = 0; i < HOGS; i++)
		seen[i] = __atomic_load_n(&hog_turns[i], __ATOMIC_RELAXED);
	for (int i = 0; i < HOGS; i++)
		while (__atomic_load_n(&hog_turns[i], __ATOMIC_RELAXED) == seen[i])
			gt_sleep_ns(1000000);
	flag = 1;
	for (int i = 0; i < HOGS; i++)
		RIG_CHECK(gt_join(hog[i]) == 0);
}

static void handed_off_child(void *arg)
{
	RIG_CHECK(run_counting(arg, hogs_and_callers, NULL) >= HOGS);
}

static void nobody_starves_who_was_preempted(void **state)
{
	static const char *const cores[] = {"gmp,cores=1", "gmp,cores=2", "gmp,cores=3"};

	(void)state;
	NEEDS_SIGNAL();
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
			rig_child(handed_off_child, (void *)(uintptr_t)cores[i], NULL, 0),
			0);
}

/* --- what must survive ------------------------------------------------------------- */

static uint64_t preemptions(void)
{
	uint64_t n[GTV_COUNT_MAX], lost;

	gt__process_counts(n, &lost);
	return n[GTV_COUNT_PREEMPTIONS];
}

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
	for (int i = 0; i < 10 || (preemptions() < 10 && i < 600); i++)
		gt_sleep_ns(100000000);
	stopping = 1;
	for (int i = 0; i < n; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
}

static void survive_child(void *arg)
{
	RIG_CHECK(run_counting(arg, all_survive, NULL) >= 10);
}

static void everything_is_found_as_it_was(void **state)
{
	(void)state;
	NEEDS_SIGNAL();
	assert_int_equal(rig_child(survive_child, SHORT, NULL, 0), 0);
	assert_int_equal(rig_child(survive_child, "gmp,cores=2", NULL, 0), 0);
}

/* --- where it must not happen ------------------------------------------------------ */

static void spin_unpreempted(void *arg)
{
	uint64_t begin = gt__sys_now_ns();

	(void)arg;
	gt_nopreempt_begin();
	gt_nopreempt_begin();
	gt_nopreempt_end();
	begun = 1;
	/* Long enough to be asked, whenever who asks gets a core. */
	while (gt__sys_now_ns() - begin < 60000000 ||
	       (!gt__preempt_refused() && gt__sys_now_ns() - begin < PATIENCE_NS))
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
	RIG_CHECK(run_counting(arg, unpreempted_and_other, NULL) >= 1);
}

static void nopreempt_is_honoured(void **state)
{
	(void)state;
	NEEDS_SIGNAL();
	assert_int_equal(rig_child(nopreempt_child, SHORT, NULL, 0), 0);
	assert_int_equal(rig_child(nopreempt_child, "gmp,cores=1", NULL, 0), 0);
}

static void off_child(void *arg)
{
	setenv("GT_PREEMPT", "off", 1);
	setenv("GT_VERBOSE", "1", 1);
	RIG_CHECK(run_counting(arg, raise_flag, arg) == 0);
}

static void off_is_said(void **state)
{
	char err[512];

	(void)state;
	for (size_t i = 0; i < POLICIES; i++) {
		assert_int_equal(rig_child(off_child, (void *)(uintptr_t)policies[i], err,
					   sizeof err),
				 0);
		assert_non_null(strstr(err, "gt: no preemption by signal ("));
	}
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
		cmocka_unit_test(nobody_starves_who_was_preempted),
		cmocka_unit_test(everything_is_found_as_it_was),
		cmocka_unit_test(nopreempt_is_honoured),
		cmocka_unit_test(off_is_said),
		cmocka_unit_test(a_handler_of_the_program_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
