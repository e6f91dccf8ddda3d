/* SPDX-License-Identifier: MIT
 *
 * The simulated system: all of the runtime works on it, a seed is one run, and the facts
 * that the talks tell of the systems appear by themselves, in virtual time.
 */
#include "tests/unit/runtime_rig.h"

#include "runtime/sim.h"

#define MS 1000000ull

/* What a simulated run in a child leaves behind. */
struct outcome {
	uint64_t ns, first_ns, n[GTV_COUNT_MAX], hash;
};

struct play {
	const char *policy;
	unsigned seed;
	void (*fn)(void *arg);
	struct outcome *outcome; /* shared with the child */
};

static void fold(struct outcome *outcome, uint64_t value)
{
	outcome->hash = (outcome->hash ^ value) * 1099511628211ull; /* FNV-1a */
}

/* The ring, event by event: all simulated threads write there. */
static void fold_events(const struct rig *rig, struct outcome *outcome)
{
	const struct gtv_ring *ring = rig_ring(rig, 0);
	uint64_t before = 0;

	fold(outcome, ring->head);
	for (uint64_t at = 0; at < ring->head; at++) {
		const struct gtv_event *ev = rig_event(rig, 0, at);

		RIG_CHECK(ev->ts_raw >= before);
		before = ev->ts_raw;
		fold(outcome, ev->ts_raw);
		fold(outcome, ev->kind | (uint64_t)ev->gt << 32);
		fold(outcome, ev->u.f.arg);
		fold(outcome, ev->u.f.obj | (uint64_t)ev->u.f.seq << 32);
	}
}

static void play_child(void *arg)
{
	struct play *play = arg;
	const struct gt_config config = {.policy = play->policy};
	struct rig rig = rig_make(1, 1u << 25, GTV_CLOCK_SIM);
	char seed[16];
	uint64_t lost;

	snprintf(seed, sizeof seed, "%u", play->seed);
	setenv("GT_SIM", seed, 1);
	RIG_CHECK(gt__trace_map(rig.fd) == 0);
	alarm(60);
	RIG_CHECK(gt_run_config(&config, play->fn, play->outcome) == 0);
	gt__process_counts(play->outcome->n, &lost);
	RIG_CHECK(lost == 0 || play->fn != work_main);
	fold_events(&rig, play->outcome);
}

static struct outcome run(const char *policy, unsigned seed, void (*fn)(void *))
{
	struct play play = {.policy = policy, .seed = seed, .fn = fn};
	struct outcome outcome;
	int status;

	play.outcome = mmap(NULL, sizeof outcome, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(play.outcome != MAP_FAILED);
	status = rig_child(play_child, &play, NULL, 0);
	outcome = *play.outcome;
	munmap(play.outcome, sizeof outcome);
	if (status)
		print_error("policy %s, GT_SIM=%u\n", policy, seed);
	assert_int_equal(status, 0);
	return outcome;
}

/* --- all of it, and the same again ----------------------------------------- */

static const char *const policies[] = {"coop",	      "green",
				       "quantum",     "quantum,tick=100us,quantum=1",
				       "gmp",	      "gmp,cores=1",
				       "gmp,cores=8", "threads",
				       "gil2",	      "gil2,interval=1,cores=2",
				       "gil3",	      "gil3,interval=1ms,cores=1",
				       "offset",      "offset,quirks=0,pool=3",
				       "asyncio"};
#define POLICIES (sizeof policies / sizeof policies[0])

static void a_seed_is_one_run(void **state)
{
	(void)state;
	for (size_t i = 0; i < POLICIES; i++)
		for (unsigned seed = 1; seed <= 3; seed++) {
			struct outcome one = run(policies[i], seed, work_main);
			struct outcome two = run(policies[i], seed, work_main);

			if (one.hash != two.hash)
				print_error("policy %s, GT_SIM=%u\n", policies[i], seed);
			assert_true(one.hash == two.hash);
			assert_memory_equal(one.n, two.n, sizeof one.n);
			assert_int_equal(one.n[GTV_COUNT_SPAWNS], one.n[GTV_COUNT_EXITS]);
		}
}

static void another_seed_is_another_run(void **state)
{
	(void)state;
	assert_true(run("gmp", 1, work_main).hash != run("gmp", 2, work_main).hash);
	assert_true(run("threads", 1, work_main).hash != run("threads", 2, work_main).hash);
}

/* Where the tracer's clock is real, its times would be taken for real ones. */
static void runs_in_sight_of_a_tracer(void *unused)
{
	struct gt_config config = {.policy = "green"};
	struct rig rig = rig_make(1, 4096, GTV_CLOCK_MONO);
	char fd[16];

	(void)unused;
	snprintf(fd, sizeof fd, "%d", rig.fd);
	setenv("GT_SIM", "1", 1);
	setenv(GTV_ENV_FD, fd, 1);
	RIG_CHECK(gt_run_config(&config, work_main, NULL) == 0);
	RIG_CHECK(!gt__trace_is_on());
}

static void a_simulated_run_refuses_its_tracer(void **state)
{
	char err[256];

	(void)state;
	assert_int_equal(rig_child(runs_in_sight_of_a_tracer, NULL, err, sizeof err), 0);
	assert_string_equal(err, "gt: GT_SIM: a simulated run is not traced here "
				 "(give gtviz the same GT_SIM)\n");
}

/* --- what the talks tell ----------------------------------------------------- */

#define WORK (100 * MS)

static void computes(void *arg)
{
	(void)arg;
	gt_busy_ns(WORK);
}

static void twice(struct outcome *outcome, int together)
{
	uint64_t begin = gt__sys_now_ns();
	struct gt *gt[2];

	for (int i = 0; i < 2; i++) {
		RIG_CHECK(gt_spawn(&gt[i], computes, NULL) == 0);
		if (!together)
			RIG_CHECK(gt_join(gt[i]) == 0);
	}
	for (int i = 0; together && i < 2; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	outcome->ns = gt__sys_now_ns() - begin;
}

static void twice_together(void *outcome)
{
	twice(outcome, 1);
}

static void threads_use_two_cores(void **state)
{
	(void)state;
	assert_in_range(run("threads", 1, twice_together).ns, WORK, WORK * 11 / 10);
}

static void gil3_is_about_sequential(void **state)
{
	struct outcome got = run("gil3,cores=2", 1, twice_together);

	(void)state;
	assert_in_range(got.ns, 2 * WORK, 2 * WORK * 11 / 10);
	/* Stripes of 5 ms: one change of hands each, and a few around them. */
	assert_in_range(got.n[GTV_COUNT_GIL_HANDOFFS], 30, 50);
}

static void gil2_fights_on_two_cores_only(void **state)
{
	struct outcome one = run("gil2,cores=1", 1, twice_together);
	struct outcome two = run("gil2,cores=2", 1, twice_together);

	(void)state;
	/* On one core the other has the lock only if we lost the core meanwhile. */
	assert_true(two.n[GTV_COUNT_GIL_WAITS] > 20 * one.n[GTV_COUNT_GIL_WAITS]);
	assert_true(two.n[GTV_COUNT_GIL_WAITS] > 10 * two.n[GTV_COUNT_GIL_HANDOFFS]);
	assert_true(two.ns > one.ns);
}

static long slow(void *unused)
{
	(void)unused;
	return gt_block_ns(100 * MS);
}

static void calls_slow(void *unused)
{
	(void)unused;
	RIG_CHECK(gt_blocking("slow", slow, NULL) == 0);
}

static void ten_slow_calls(void *arg)
{
	struct outcome *outcome = arg;
	uint64_t begin = gt__sys_now_ns();
	struct gt *gt[10];

	for (int i = 0; i < 10; i++)
		RIG_CHECK(gt_spawn(&gt[i], calls_slow, NULL) == 0);
	for (int i = 0; i < 10; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	outcome->ns = gt__sys_now_ns() - begin;
}

static void slow_calls_overlap_under_green(void **state)
{
	(void)state;
	assert_in_range(run("green", 1, ten_slow_calls).ns, 100 * MS, 110 * MS);
	assert_in_range(run("coop", 1, ten_slow_calls).ns, 1000 * MS, 1010 * MS);
}

static void freezes(void *unused)
{
	(void)unused;
	gt_busy_ns(500 * MS);
}

/* How late a sleep of 1 ms comes back beside one that never waits. */
static void sleeps_beside(void *arg)
{
	struct outcome *outcome = arg;
	uint64_t begin = gt__sys_now_ns();
	struct gt *gt;

	RIG_CHECK(gt_spawn(&gt, freezes, NULL) == 0);
	RIG_CHECK(gt_sleep_ns(MS) == 0);
	outcome->ns = gt__sys_now_ns() - begin;
	RIG_CHECK(gt_join(gt) == 0);
}

static void who_never_yields_freezes_the_others(void **state)
{
	(void)state;
	assert_true(run("green", 1, sleeps_beside).ns >= 500 * MS);
	assert_true(run("quantum", 1, sleeps_beside).ns < 50 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_is_one_run),
		cmocka_unit_test(another_seed_is_another_run),
		cmocka_unit_test(a_simulated_run_refuses_its_tracer),
		cmocka_unit_test(threads_use_two_cores),
		cmocka_unit_test(gil3_is_about_sequential),
		cmocka_unit_test(gil2_fights_on_two_cores_only),
		cmocka_unit_test(slow_calls_overlap_under_green),
		cmocka_unit_test(who_never_yields_freezes_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
