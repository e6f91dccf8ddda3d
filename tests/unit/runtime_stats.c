/* SPDX-License-Identifier: MIT
 *
 * What a person sees of the runtime: the GT_STATS line, and what is said about a
 * policy that does not exist.
 */
#include "tests/unit/runtime_rig.h"

static void quick(void *arg)
{
	struct gt *gt;

	if (!arg)
		return;
	RIG_CHECK(gt_spawn(&gt, quick, NULL) == 0 && gt_join(gt) == 0);
}

static void stats_child(void *arg)
{
	const struct gt_config config = {.policy = arg};

	setenv("GT_STATS", "1", 1);
	RIG_CHECK(gt_run_config(&config, quick, arg) == 0);
	RIG_CHECK(gt_run_config(&config, quick, arg) == 0);
	exit(0);
}

static void one_line_with_every_counter(void **state)
{
	static const char *const keys[] = {
#define X(id, name) "\"" #name "\":",
		GTV_COUNTERS(X)
#undef X
			"\"lost\":0",
		"\"pid\":",
		"\"spawns\":4,\"exits\":4",
	};

	(void)state;
	for (size_t i = 0; i < RIG_POLICIES; i++) {
		char err[4096], name[64];
		size_t len;

		assert_int_equal(rig_child(stats_child, (void *)(uintptr_t)rig_policies[i],
					   err, sizeof err),
				 0);
		len = strlen(err);
		assert_true(len > 2 && err[0] == '{');
		assert_string_equal(err + len - 2, "}\n");
		assert_ptr_equal(strchr(err, '\n'), err + len - 1);
		for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
			assert_non_null(strstr(err, keys[k]));
		snprintf(name, sizeof name, "\"policy\":\"%.*s\"",
			 (int)strcspn(rig_policies[i], ","), rig_policies[i]);
		assert_non_null(strstr(err, name));
	}
}

static void quiet_child(void *arg)
{
	unsetenv("GT_STATS");
	RIG_CHECK(gt_run(quick, arg) == 0);
	exit(0);
}

static void nothing_unless_asked(void **state)
{
	char err[4096];

	(void)state;
	assert_int_equal(rig_child(quiet_child, "", err, sizeof err), 0);
	assert_string_equal(err, "");
}

static void env_child(void *arg)
{
	setenv("GT_POLICY", arg, 1);
	gt_run(quick, NULL);
	exit(0);
}

#define EVERY_POLICY                                                                       \
	"single, coop, quantum, green, asyncio, offset, gmp, threads, gil2, gil3, procs"

static void wrong_policies_are_told(void **state)
{
	static const struct {
		const char *policy, *message; /* NULL: it is right */
	} cases[] = {
		{"nosuch",
		 "gt: GT_POLICY: no policy 'nosuch' (there are: " EVERY_POLICY ")\n"},
		{"gm", "gt: GT_POLICY: no policy 'gm' (there are: " EVERY_POLICY ")\n"},
		{"\033[2Jx",
		 "gt: GT_POLICY: no policy '?[2Jx' (there are: " EVERY_POLICY ")\n"},
		{"green,cores=2", "gt: GT_POLICY: policy green takes no parameter 'cores' "
				  "(it takes: slow)\n"},
		{"gil3,nosuch", "gt: GT_POLICY: policy gil3 takes no parameter 'nosuch' "
				"(it takes: interval, cores)\n"},
		{"gil3,", "gt: GT_POLICY: policy gil3 takes no parameter '' (it takes: "
			  "interval, cores)\n"},
		{"gil3,interval=5", "gt: GT_POLICY: parameter interval cannot be '5' (a "
				    "time like 5ms or 300us, 1us to 10s)\n"},
		{"gil3,interval=1ns", "gt: GT_POLICY: parameter interval cannot be '1ns' "
				      "(a time like 5ms or 300us, 1us to 10s)\n"},
		{"gil3,interval=99999999999999999999s",
		 "gt: GT_POLICY: parameter interval cannot be '99999999999999999999s' (a "
		 "time like 5ms or 300us, 1us to 10s)\n"},
		{"gmp,cores=0", "gt: GT_POLICY: parameter cores cannot be '0' (a number "
				"from 1 to 1024)\n"},
		{"gmp,cores=2x", "gt: GT_POLICY: parameter cores cannot be '2x' (a number "
				 "from 1 to 1024)\n"},
		{"gmp,cores=-1", "gt: GT_POLICY: parameter cores cannot be '-1' (a number "
				 "from 1 to 1024)\n"},
		{"gmp,cores",
		 "gt: GT_POLICY: parameter cores cannot be '' (a number from 1 to 1024)\n"},
		{"gil3,interval=10s,cores=2", NULL},
		{"gil3,interval=300us", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char err[4096];
		int status = rig_child(env_child, (void *)(uintptr_t)cases[i].policy, err,
				       sizeof err);

		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), cases[i].message ? 2 : 0);
		assert_string_equal(err, cases[i].message ? cases[i].message : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_with_every_counter),
		cmocka_unit_test(nothing_unless_asked),
		cmocka_unit_test(wrong_policies_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
