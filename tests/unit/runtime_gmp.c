/* SPDX-License-Identifier: MIT
 *
 * gmp: its queue, run-next's order, blocking calls that lose their processor, slices,
 * what an idle program costs, and OS threads that cannot be had.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/unit/runtime_rig.h"
#include "runtime/policy/gmp_queue.h"

static int leaks_are_fine;
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return leaks_are_fine;
}

static const char *const cores[] = {"gmp,cores=1", "gmp,cores=2", "gmp,cores=4"};
#define CORES (sizeof cores / sizeof cores[0])

struct run {
	const char *policy;
	void (*fn)(void *arg);
	int result; /* what gt_run must return */
};

/* What must have been counted when the run is over: other OS threads count, too. */
static struct {
	enum gtv_counter counter;
	uint64_t min, max;
} expected[3];

static void expect_count(int idx, enum gtv_counter counter, uint64_t min, uint64_t max)
{
	expected[idx].counter = counter;
	expected[idx].min = min;
	expected[idx].max = max;
}

static void run_child(void *arg)
{
	const struct run *r = arg;
	const struct gt_config config = {.policy = r->policy};
	uint64_t n[GTV_COUNT_MAX], lost;

	RIG_CHECK(gt_run_config(&config, r->fn, NULL) == r->result);
	gt__process_counts(n, &lost);
	for (int i = 0; i < 3 && expected[i].max; i++) {
		RIG_CHECK(n[expected[i].counter] >= expected[i].min);
		RIG_CHECK(n[expected[i].counter] <= expected[i].max);
	}
	exit(0);
}

static void expect_good(const char *policy, void (*fn)(void *))
{
	struct run r = {policy, fn, 0};
	int status = rig_child(run_child, &r, NULL, 0);

	if (status)
		print_error("under %s\n", policy);
	assert_int_equal(status, 0);
}

/* --- the queue ------------------------------------------------------------ */

#define MANY 600u

static struct gt threads[MANY];

static void a_full_queue_gives_half_away(void **state)
{
	static struct gt__local q, thief;
	struct gt__queue global = {0};
	struct gt *first = NULL, *gt;
	uint32_t count = 0, taken;

	(void)state;
	for (uint32_t i = 0; i < GT__LOCAL_MAX; i++)
		gt__local_put(&q, &threads[i], &global);
	assert_int_equal(gt__queue_count(&global), 0);
	gt__local_put(&q, &threads[GT__LOCAL_MAX], &global);
	assert_int_equal(gt__queue_count(&global), GT__LOCAL_MAX / 2 + 1);
	gt = gt__queue_take(&global, MANY, &count);
	for (uint32_t i = 0; i < GT__LOCAL_MAX / 2; i++, gt = gt->next)
		assert_ptr_equal(gt, &threads[i]);
	assert_ptr_equal(gt, &threads[GT__LOCAL_MAX]);
	/* A thief takes half of the rest, rounded up, and runs the last of them. */
	assert_ptr_equal(gt__local_get(&q), &threads[128]);
	gt = gt__local_steal(&thief, &q, &taken, &first);
	assert_int_equal(taken, 64);
	assert_ptr_equal(first, &threads[129]);
	assert_ptr_equal(gt, &threads[129 + 63]);
	for (uint32_t i = 0; i < 63; i++)
		assert_ptr_equal(gt__local_get(&thief), &threads[129 + i]);
	assert_null(gt__local_get(&thief));
	for (uint32_t i = 129 + 64; i < GT__LOCAL_MAX; i++)
		assert_ptr_equal(gt__local_get(&q), &threads[i]);
	assert_null(gt__local_steal(&thief, &q, &taken, &first));
	assert_null(gt__local_next_put(&q, &threads[0]));
	assert_false(gt__local_has_some(&q));
	assert_ptr_equal(gt__local_next_put(&q, &threads[1]), &threads[0]);
	assert_ptr_equal(gt__local_next_take(&q), &threads[1]);
	assert_null(gt__local_next_take(&q));
}

/* Three thieves and an owner: each thread is got exactly once a round. */
static struct gt__local shared;
static struct gt__queue overflow;
static uint32_t got[MANY], stop;

static void note(struct gt *gt)
{
	__atomic_fetch_add(&got[gt - threads], 1, __ATOMIC_RELAXED);
}

static void *thief_thread(void *arg)
{
	struct gt__local *mine = arg;
	struct gt *gt, *first;
	uint32_t n;

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		if ((gt = gt__local_steal(mine, &shared, &n, &first)) ||
		    (gt = gt__local_next_take(&shared)))
			note(gt);
		while ((gt = gt__local_get(mine)))
			note(gt);
	}
	return NULL;
}

static void nothing_is_got_twice(void **state)
{
	enum { ROUNDS = 40, THIEVES = 3 };
	static struct gt__local mine[THIEVES];
	pthread_t thief[THIEVES];
	struct gt *gt;
	uint32_t count;

	(void)state;
	memset(threads, 0, sizeof threads);
	for (int i = 0; i < THIEVES; i++)
		assert_int_equal(pthread_create(&thief[i], NULL, thief_thread, &mine[i]),
				 0);
	for (int round = 0; round < ROUNDS; round++) {
		for (uint32_t i = 0; i < MANY; i++) {
			if (i % 3) {
				gt__local_put(&shared, &threads[i], &overflow);
			} else {
				gt = gt__local_next_put(&shared, &threads[i]);
				if (gt)
					gt__local_put(&shared, gt, &overflow);
			}
			if (i % 5 == 0 && (gt = gt__local_get(&shared)))
				note(gt);
		}
		while ((gt = gt__local_get(&shared)) || (gt = gt__local_next_take(&shared)))
			note(gt);
		while ((gt = gt__queue_take(&overflow, 1, &count)))
			note(gt);
		/* What a thief holds must be noted before it is put in again. */
		for (uint32_t i = 0; i < MANY; i++)
			while (__atomic_load_n(&got[i], __ATOMIC_RELAXED) !=
			       (uint32_t)round + 1)
				gt__sys_yield();
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < THIEVES; i++)
		pthread_join(thief[i], NULL);
}

/* --- run-next ------------------------------------------------------------- */

static struct gt_chan *sums;

static void sum(void *arg)
{
	const int *half = arg;
	int total = half[0] + half[1] + half[2];

	RIG_CHECK(gt_chan_send(sums, &total) == 0);
}

static int first_sum, second_sum;

static void chansum(void *arg)
{
	static int numbers[] = {7, 2, 8, -9, 4, 0};

	(void)arg;
	sums = gt_chan_new(sizeof(int), 0, NULL);
	RIG_CHECK(sums && gt_spawn(NULL, sum, numbers) == 0 &&
		  gt_spawn(NULL, sum, numbers + 3) == 0);
	RIG_CHECK(gt_chan_recv(sums, &first_sum) == 0 &&
		  gt_chan_recv(sums, &second_sum) == 0);
	gt_chan_free(sums);
}

/* With more cores another may always come in between, with one main's slice may end just
 * then: on a quiet machine hardly ever, but where each step takes long, often. So only: the
 * sums are right, and it happens. (In simulated time always: runtime_talks.) */
static void chansum_often(void *arg)
{
	int as_go = 0;

	for (int i = 0; i < 50 || (!as_go && i < 100000); i++) {
		chansum(arg);
		RIG_CHECK(first_sum + second_sum == 12);
		as_go += first_sum == -5;
	}
	RIG_CHECK(as_go);
}

static void the_one_started_last_runs_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < CORES; i++)
		expect_good(cores[i], chansum_often);
}

/* Two that wake each other by turns share a slice: the third gets its turn, though
 * none of them comes to a safe point. */
static struct gt_chan *ping, *pong;
static uint32_t third_ran, spinning;

static void ponger(void *arg)
{
	(void)arg;
	while (gt_chan_recv(ping, NULL) == 0)
		RIG_CHECK(gt_chan_send(pong, &third_ran) == 0);
}

static void third(void *arg)
{
	(void)arg;
	__atomic_store_n(&third_ran, 1, __ATOMIC_RELAXED);
}

static void ping_pong(void *arg)
{
	struct gt *gt;

	(void)arg;
	ping = gt_chan_new(4, 0, NULL);
	pong = gt_chan_new(4, 0, NULL);
	RIG_CHECK(ping && pong && gt_spawn(NULL, third, NULL) == 0);
	RIG_CHECK(gt_spawn(&gt, ponger, NULL) == 0);
	while (!__atomic_load_n(&third_ran, __ATOMIC_RELAXED)) {
		RIG_CHECK(gt_chan_send(ping, &third_ran) == 0);
		RIG_CHECK(gt_chan_recv(pong, NULL) == 0);
	}
	gt_chan_close(ping);
	RIG_CHECK(gt_join(gt) == 0);
	gt_chan_free(ping);
	gt_chan_free(pong);
}

static void a_pair_starves_nobody(void **state)
{
	(void)state;
	expect_good(cores[0], ping_pong);
}

/* --- slices --------------------------------------------------------------- */

static void spin_until_third(void *arg)
{
	(void)arg;
	__atomic_store_n(&spinning, 1, __ATOMIC_RELAXED);
	while (!__atomic_load_n(&third_ran, __ATOMIC_RELAXED))
		gt_tick();
}

static void third_after_it_spins(void *arg)
{
	while (!__atomic_load_n(&spinning, __ATOMIC_RELAXED))
		gt_yield();
	third(arg);
}

static void two_that_spin(void *arg)
{
	struct gt *gt[2];

	RIG_CHECK(gt_spawn(&gt[0], third_after_it_spins, arg) == 0);
	RIG_CHECK(gt_spawn(&gt[1], spin_until_third, arg) == 0);
	RIG_CHECK(gt_join(gt[1]) == 0 && gt_join(gt[0]) == 0);
	expect_count(0, GTV_COUNT_PREEMPTIONS, 1, UINT64_MAX);
}

static void a_slice_ends_at_a_safe_point(void **state)
{
	(void)state;
	expect_good(cores[0], two_that_spin);
}

/* --- blocking calls --------------------------------------------------------- */

#define CALLERS 6

static int call_pipe[2];
static uint32_t calling;

static long read_a_byte(void *arg)
{
	char byte;

	(void)arg;
	__atomic_fetch_add(&calling, 1, __ATOMIC_RELAXED);
	return read(call_pipe[0], &byte, 1);
}

static void blocked(void *arg)
{
	RIG_CHECK(gt_blocking("read", read_a_byte, arg) == 1);
}

/* All are in the kernel at once, and what ends their calls runs nevertheless. */
static void many_calls(void *arg)
{
	struct gt *gt[CALLERS];

	(void)arg;
	RIG_CHECK(pipe(call_pipe) == 0);
	for (int i = 0; i < CALLERS; i++)
		RIG_CHECK(gt_spawn(&gt[i], blocked, NULL) == 0);
	while (__atomic_load_n(&calling, __ATOMIC_RELAXED) < CALLERS)
		gt_yield();
	for (int i = 0; i < CALLERS; i++)
		RIG_CHECK(write(call_pipe[1], "x", 1) == 1);
	for (int i = 0; i < CALLERS; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	expect_count(0, GTV_COUNT_HANDOFFS, 1, UINT64_MAX);
	expect_count(1, GTV_COUNT_BLOCKING_CALLS, CALLERS, CALLERS);
	close(call_pipe[0]);
	close(call_pipe[1]);
}

static void a_call_gives_its_processor_away(void **state)
{
	(void)state;
	for (size_t i = 0; i < CORES; i++)
		expect_good(cores[i], many_calls);
}

static long nothing_long(void *arg)
{
	return (long)(intptr_t)arg;
}

static void deep_and_short(void *arg)
{
	(void)arg;
	for (intptr_t i = 0; i < 2000; i++)
		RIG_CHECK(gt_blocking("short", nothing_long, (void *)i) == (long)i);
	expect_count(0, GTV_COUNT_BLOCKING_CALLS, 2000, 2000);
	expect_count(1, GTV_COUNT_WAKES, 2000, 2000);
}

static void short_calls_return_what_they_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < CORES; i++)
		expect_good(cores[i], deep_and_short);
}

/* A megabyte of stack: more than a green thread has. */
static long deep(void *arg)
{
	volatile char big[1 << 20];

	big[0] = big[sizeof big - 1] = 1;
	return big[0] + (long)(intptr_t)arg;
}

static void call_deep(void *arg)
{
	(void)arg;
	RIG_CHECK(gt_blocking("deep", deep, NULL) == 1);
}

static void a_call_has_a_whole_stack(void **state)
{
	(void)state;
	expect_good(cores[0], call_deep);
}

static void short_caller(void *arg)
{
	for (int i = 0; i < 400; i++) {
		long one = 1;

		RIG_CHECK(gt_blocking("nap", i % 40 ? nothing_long : work_call, &one) != 0);
		gt_yield();
	}
	(void)arg;
}

static void calls_and_yields(void *arg)
{
	struct gt *gt[8];

	for (int i = 0; i < 8; i++)
		RIG_CHECK(gt_spawn(&gt[i], short_caller, arg) == 0);
	for (int i = 0; i < 8; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
}

static void calls_of_any_length_mix(void **state)
{
	(void)state;
	for (size_t i = 0; i < CORES; i++)
		expect_good(cores[i], calls_and_yields);
}

/* --- deadlock ------------------------------------------------------------- */

static long nap(void *arg)
{
	struct timespec ts = {.tv_nsec = 30000000};

	nanosleep(&ts, NULL);
	return (long)(intptr_t)arg;
}

static void nap_then_wait(void *arg)
{
	gt_blocking("nap", nap, NULL);
	gt_chan_recv(arg, NULL);
}

/* All others wait while one is in a call: no deadlock until that waits, too. */
static void stuck_after_a_call(void *arg)
{
	struct gt *gt;

	leaks_are_fine = 1;
	arg = gt_chan_new(4, 0, NULL);
	RIG_CHECK(arg && gt_spawn(&gt, nap_then_wait, arg) == 0);
	gt_join(gt);
}

static void a_deadlock_waits_for_calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < CORES; i++) {
		struct run r = {cores[i], stuck_after_a_call, 0};
		char err[1024];
		int status = rig_child(run_child, &r, err, sizeof err);

		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 2);
		assert_non_null(strstr(err, "deadlock: all 2 green threads"));
	}
}

/* --- idle ----------------------------------------------------------------- */

static uint64_t cpu_us(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000u +
	       (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

static void sleeper(void *arg)
{
	gt_sleep_ns((uint64_t)(uintptr_t)arg);
}

static int cost_nothing(void)
{
	uint64_t before, begin, ns, cpu;
	struct rusage r;
	struct gt *gt;
	long switches;

	RIG_CHECK(gt_spawn(&gt, sleeper, (void *)1000000) == 0 && gt_join(gt) == 0);
	gt_sleep_ns(5000000);
	begin = gt__sys_now_ns();
	before = cpu_us();
	getrusage(RUSAGE_SELF, &r);
	switches = r.ru_nvcsw;
	RIG_CHECK(gt_spawn(&gt, sleeper, (void *)200000000) == 0 && gt_join(gt) == 0);
	getrusage(RUSAGE_SELF, &r);
	ns = gt__sys_now_ns() - begin; /* 200 ms, or longer on a busy machine */
	/* A monitor at its slowest would wake 20 times in 200 ms, at its fastest 3,000. */
	switches = r.ru_nvcsw - switches;
	cpu = cpu_us() - before;
	if ((uint64_t)switches < 100 + ns / 2000000 && cpu * 1000 < ns / 4)
		return 1;
	fprintf(stderr, "idle for %lu us: %ld switches, %lu us on a core\n",
		(unsigned long)(ns / 1000), switches, (unsigned long)cpu);
	return 0;
}

/* A machine that is taken away and does not say so lengthens what is on a core just then:
 * five tries, for who does cost something does so in each. */
static void idle_for_a_while(void *arg)
{
	int tries = 0;

	(void)arg;
	while (!cost_nothing())
		RIG_CHECK(++tries < 5);
}

static void an_idle_program_costs_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < CORES; i++)
		expect_good(cores[i], idle_for_a_while);
}

/* --- OS threads that cannot be had ------------------------------------------ */

static uint32_t starts, starts_fail_from = UINT32_MAX, starts_fail_to;

/* In place of libc's, for the runtime is linked statically. */
int pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*fn)(void *),
		   void *arg)
{
	static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	uint32_t nth = __atomic_fetch_add(&starts, 1, __ATOMIC_RELAXED);

	if (nth >= starts_fail_from && nth < starts_fail_to)
		return EAGAIN;
	if (!real)
		*(void **)(void *)&real = dlsym(RTLD_NEXT, "pthread_create");
	return real(out, attr, fn, arg);
}

static void failing_child(void *arg)
{
	const struct gt_config config = {.policy = "gmp,cores=4"};
	int err;

	starts = 0;
	starts_fail_from = (uint32_t)(intptr_t)arg;
	starts_fail_to = starts_fail_from + 1;
	err = gt_run_config(&config, calls_and_yields, NULL);
	RIG_CHECK(err == (arg ? 0 : -EAGAIN));
	/* And all but the monitor. */
	starts = 0;
	starts_fail_from = 1;
	starts_fail_to = UINT32_MAX;
	RIG_CHECK(gt_run_config(&config, calls_and_yields, NULL) == 0);
	exit(0);
}

static void threads_that_fail_hang_nobody(void **state)
{
	(void)state;
	for (intptr_t n = 0; n < 5; n++)
		assert_int_equal(rig_child(failing_child, (void *)n, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_queue_gives_half_away),
		cmocka_unit_test(nothing_is_got_twice),
		cmocka_unit_test(the_one_started_last_runs_next),
		cmocka_unit_test(a_pair_starves_nobody),
		cmocka_unit_test(a_slice_ends_at_a_safe_point),
		cmocka_unit_test(a_call_gives_its_processor_away),
		cmocka_unit_test(short_calls_return_what_they_should),
		cmocka_unit_test(a_call_has_a_whole_stack),
		cmocka_unit_test(calls_of_any_length_mix),
		cmocka_unit_test(a_deadlock_waits_for_calls),
		cmocka_unit_test(an_idle_program_costs_nothing),
		cmocka_unit_test(threads_that_fail_hang_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
