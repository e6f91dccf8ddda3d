/* SPDX-License-Identifier: MIT
 *
 * How green threads end: gt_exit and its cleanups, gt_detach, and what their attributes
 * ask for, under every policy.
 */
#include <errno.h>
#include <sched.h>

#include "tests/unit/runtime_rig.h"

static const char *policy;

static void run(void (*fn)(void *), void *arg)
{
	const struct gt_config config = {.policy = policy};

	RIG_CHECK(gt_run_config(&config, fn, arg) == 0);
}

static void child(void *fn)
{
	void (*const *inside)(void *) = fn;

	run(*inside, NULL);
}

static void under(const char *name, void (*fn)(void *))
{
	int status;

	policy = name;
	status = rig_child(child, &fn, NULL, 0);
	if (status)
		print_error("under %s\n", policy);
	assert_int_equal(status, 0);
}

static void under_every_policy(void (*fn)(void *))
{
	for (size_t i = 0; i < RIG_POLICIES; i++)
		under(rig_policies[i], fn);
}

/* --- exit ----------------------------------------------------------------- */

static char steps[16];

static void step(void *letter)
{
	size_t len = strlen(steps);

	gt_yield();
	steps[len] = *(const char *)letter;
}

static __attribute__((noinline)) void deep(int depth)
{
	volatile char frame[256];

	frame[0] = (char)depth;
	if (depth)
		deep(depth - 1);
	else
		gt_exit();
	frame[1] = frame[0];
}

static void exits(void *arg)
{
	struct gt_cleanup a, b, c;

	(void)arg;
	RIG_CHECK(gt_cleanup_push(&a, step, "a") == 0);
	RIG_CHECK(gt_cleanup_push(&b, step, "b") == 0);
	RIG_CHECK(gt_cleanup_push(&c, step, "c") == 0);
	RIG_CHECK(gt_cleanup_pop(&a, 1) == -EINVAL);
	RIG_CHECK(gt_cleanup_pop(&c, 0) == 0);
	RIG_CHECK(gt_cleanup_push(&c, step, "d") == 0);
	RIG_CHECK(gt_cleanup_pop(&c, 1) == 0);
	gt_sleep_ns(1000);
	deep(5);
	RIG_CHECK(0);
}

static void exit_inside(void *arg)
{
	struct gt *gt;

	(void)arg;
	for (int i = 0; i < 3; i++) {
		memset(steps, 0, sizeof steps);
		RIG_CHECK(gt_spawn(&gt, exits, NULL) == 0);
		RIG_CHECK(gt_join(gt) == 0);
		RIG_CHECK(!strcmp(steps, "dba"));
	}
	gt_exit();
	RIG_CHECK(0);
}

static void exit_ends_and_cleans_up(void **state)
{
	struct gt_cleanup cleanup;

	(void)state;
	gt_exit(); /* outside it does nothing */
	assert_int_equal(gt_cleanup_push(&cleanup, step, "x"), -EPERM);
	assert_int_equal(gt_cleanup_pop(&cleanup, 1), -EPERM);
	under_every_policy(exit_inside);
}

/* --- detach --------------------------------------------------------------- */

#define DETACHED 200

static uint32_t ended;

static void ends(void *arg)
{
	if (arg)
		gt_yield();
	__atomic_add_fetch(&ended, 1, __ATOMIC_RELAXED);
}

static void detach_inside(void *arg)
{
	struct gt *gt;

	(void)arg;
	RIG_CHECK(gt_detach(NULL) == -EINVAL);
	for (intptr_t i = 0; i < DETACHED; i++) {
		RIG_CHECK(gt_spawn(&gt, ends, (void *)(i % 2)) == 0);
		if (i % 3)
			gt_yield();
		RIG_CHECK(gt_detach(gt) == 0);
	}
	while (__atomic_load_n(&ended, __ATOMIC_RELAXED) < DETACHED)
		gt_sleep_ns(100000);
}

static void detached_free_themselves(void **state)
{
	(void)state;
	assert_int_equal(gt_detach(NULL), -EPERM);
	under_every_policy(detach_inside);
}

/* --- attributes ----------------------------------------------------------- */

static void first_comes(void *letter)
{
	steps[strlen(steps)] = *(const char *)letter;
}

static void priority_inside(void *arg)
{
	static const struct {
		const char *letter;
		int priority;
	} asked[] = {{"c", 3}, {"a", -20}, {"b", 0}, {"d", 3}, {"e", 19}};
	struct gt *gt[5];

	(void)arg;
	for (int i = 0; i < 5; i++) {
		const struct gt_attr attr = {.priority = asked[i].priority};

		RIG_CHECK(gt_spawn_attr(&gt[i], &attr, first_comes,
					(void *)(uintptr_t)asked[i].letter) == 0);
	}
	for (int i = 0; i < 5; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	RIG_CHECK(!strcmp(steps, "abcde"));
}

static void one_line_keeps_priorities(void **state)
{
	(void)state;
	under("coop", priority_inside);
	under("single", priority_inside);
	under("quantum,tick=1s", priority_inside);
}

static void limits_inside(void *arg)
{
	const struct gt_attr low = {.priority = -21}, high = {.priority = 20},
			     core = {.cores = 1};
	struct gt *gt;

	(void)arg;
	RIG_CHECK(gt_spawn_attr(&gt, &low, ends, NULL) == -EINVAL);
	RIG_CHECK(gt_spawn_attr(&gt, &high, ends, NULL) == -EINVAL);
	RIG_CHECK(gt_spawn_attr(&gt, &core, ends, NULL) == -ENOTSUP);
}

static void on_one_core(void *arg)
{
	cpu_set_t set;

	(void)arg;
	RIG_CHECK(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) == 1);
}

static void cores_inside(void *arg)
{
	struct gt_attr one = {.priority = 1};
	cpu_set_t set;
	struct gt *gt;

	(void)arg;
	RIG_CHECK(sched_getaffinity(0, sizeof set, &set) == 0);
	while (one.cores < 64 && !CPU_ISSET(one.cores, &set))
		one.cores++;
	if (one.cores == 64)
		return; /* none that can be asked for */
	one.cores = (uint64_t)1 << one.cores;
	RIG_CHECK(gt_spawn_attr(&gt, &one, on_one_core, NULL) == 0);
	RIG_CHECK(gt_join(gt) == 0);
}

static void attributes_are_kept_or_refused(void **state)
{
	(void)state;
	under("coop", limits_inside);
	under("gmp", limits_inside);
	under("threads", cores_inside);
	under("gil3", cores_inside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_ends_and_cleans_up),
		cmocka_unit_test(detached_free_themselves),
		cmocka_unit_test(one_line_keeps_priorities),
		cmocka_unit_test(attributes_are_kept_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
