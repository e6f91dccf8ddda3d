/* SPDX-License-Identifier: MIT
 *
 * The simulated system: all of the runtime works on it, and a seed is one run.
 */
#include "tests/unit/runtime_play.h"

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

static void clock_main(void *arg)
{
	uint64_t begin = gt_now_ns(), until = begin + 1000000;

	(void)arg;
	RIG_CHECK(gt_now_ns() > begin);
	while (gt_now_ns() < until) /* only looks at the clock, and it goes on */
		;
	begin = gt_now_ns();
	RIG_CHECK(gt_sleep_ns(3600ull * 1000000000) == 0);
	RIG_CHECK(gt_now_ns() - begin >= 3600ull * 1000000000);
}

static void the_clock_is_virtual(void **state)
{
	uint64_t begin = gt_now_ns();

	(void)state;
	run("green", 1, clock_main);
	run("threads", 1, clock_main);
	assert_true(gt_now_ns() - begin < 3600ull * 1000000000); /* the real one again */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_is_one_run),
		cmocka_unit_test(another_seed_is_another_run),
		cmocka_unit_test(the_clock_is_virtual),
		cmocka_unit_test(a_simulated_run_refuses_its_tracer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
