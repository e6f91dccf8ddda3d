/* SPDX-License-Identifier: MIT
 *
 * As an unprivileged user: level 1 works, and says so in the file and on the screen.
 */
#include "tests/kernel/accept.h"

#define NOBODY 65534

static char home[ACCEPT_PATH]; /* a directory of nobody's own */

/* Root can become nobody, and nobody can reach what was built (not in a home that is
 * closed to others). */
static int may_be_nobody(char *why, size_t size)
{
	int status = 1;
	pid_t pid;

	snprintf(why, size, "only root can become another user");
	if (geteuid())
		return 0;
	snprintf(why, size, "user %d may not run %s", NOBODY, gtviz_path());
	pid = fork();
	if (!pid) {
		become(NOBODY);
		_exit(access(gtviz_path(), X_OK) ||
		      access(build_path("samples/fib"), X_OK));
	}
	waitpid(pid, &status, 0);
	return status == 0;
}

#define NEED_NOBODY()                                                                      \
	do {                                                                               \
		char why_not[ACCEPT_PATH + 64];                                            \
		if (!may_be_nobody(why_not, sizeof why_not))                               \
			SKIP("%s", why_not);                                               \
	} while (0)

static void record_as_nobody(const char *trace, const char *level)
{
	const struct how how = {.uid = NOBODY};
	char program[ACCEPT_PATH];
	const char *argv[] = {gtviz_path(), "record", "-o", trace, "--",
			      program,	    "24",     NULL, NULL,  NULL};
	struct ran r;

	snprintf(program, sizeof program, "%s", build_path("samples/fib"));
	if (level) {
		const char *with[] = {gtviz_path(), "record", "--level", level, "-o",
				      trace,	    "--",     program,	 "24",	NULL};
		memcpy(argv, with, sizeof with);
	}
	run(&r, &how, argv);
	expect_exit(&r, 0, "record as nobody");
	ran_free(&r);
}

/* By the kernel's setting, and by what a container lets through. */
#define NEED_LEVEL_1()                                                                     \
	do {                                                                               \
		const struct how nobody = {.uid = NOBODY};                                 \
		char why_none[256];                                                        \
		if (!level_works_for(&nobody, 1, why_none, sizeof why_none))               \
			SKIP("level 1 does not work for nobody: %s", why_none);            \
	} while (0)

static void report_says_level_1(void **state)
{
	struct json_object *report, *list;
	char trace[ACCEPT_PATH + 16];
	uint64_t ran = 0;

	(void)state;
	NEED_NOBODY();
	NEED_LEVEL_1();
	snprintf(trace, sizeof trace, "%s/l1.gtv", home);
	record_as_nobody(trace, NULL);
	report = report_of(trace);
	assert_int_equal(get_u64(report, "level"), 1);
	list = get(report, "os_threads");
	for (size_t i = 0; i < json_object_array_length(list); i++)
		ran += get_u64(json_object_array_get_idx(list, i), "running_ns");
	assert_true(ran > 0);
	assert_true(json_object_array_length(get(report, "green_threads")) > 0);
	assert_good_trace(trace);
	json_object_put(report);
}

static void the_status_line_says_level_1(void **state)
{
	char trace[ACCEPT_PATH + 16];
	const char *argv[] = {gtviz_path(), "shot", "--size", "120x40",
			      "--format",   "text", trace,    NULL};
	struct ran r;

	(void)state;
	NEED_NOBODY();
	NEED_LEVEL_1();
	snprintf(trace, sizeof trace, "%s/l1.gtv", home);
	record_as_nobody(trace, NULL);
	run(&r, NULL, argv);
	expect_exit(&r, 0, "shot");
	if (!strstr(r.text[0], "L1"))
		fail_msg("no L1 on the screen:\n%s", r.text[0]);
	ran_free(&r);
}

static void level_3_is_refused_in_one_line(void **state)
{
	const struct how how = {.uid = NOBODY};
	char trace[ACCEPT_PATH + 16];
	const char *argv[] = {gtviz_path(), "record", "--level", "3", "-o",
			      trace,	    "--",     "true",	 NULL};
	struct ran r;

	(void)state;
	NEED_NOBODY();
	snprintf(trace, sizeof trace, "%s/l3.gtv", home);
	run(&r, &how, argv);
	expect_exit(&r, 125, "record --level 3 as nobody");
	assert_true(!strncmp(r.text[1], "gtviz: ", 7));
	assert_ptr_equal(strchr(r.text[1], '\n'), r.text[1] + r.len[1] - 1);
	ran_free(&r);
}

static void level_0_works_for_anybody(void **state)
{
	struct json_object *report, *states;
	char trace[ACCEPT_PATH + 16];

	(void)state;
	NEED_NOBODY();
	snprintf(trace, sizeof trace, "%s/l0.gtv", home);
	record_as_nobody(trace, "0");
	report = report_of(trace);
	assert_int_equal(get_u64(report, "level"), 0);
	states = get(json_object_array_get_idx(get(report, "green_threads"), 0), "states");
	/* Absent, not 0: without the kernel they cannot be told. */
	assert_false(json_object_object_get_ex(states, "preempted", NULL));
	assert_false(json_object_object_get_ex(states, "stalled", NULL));
	assert_good_trace(trace);
	json_object_put(report);
}

static int setup(void **state)
{
	if (accept_setup(state))
		return -1;
	snprintf(home, sizeof home, "%s/nobody", accept_dir);
	if (mkdir(home, 0700))
		return -1;
	return geteuid() ? 0 : chown(home, NOBODY, NOBODY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(report_says_level_1),
		cmocka_unit_test(the_status_line_says_level_1),
		cmocka_unit_test(level_3_is_refused_in_one_line),
		cmocka_unit_test(level_0_works_for_anybody),
	};

	return cmocka_run_group_tests(tests, setup, accept_teardown);
}
