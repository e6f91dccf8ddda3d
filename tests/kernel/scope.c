/* SPDX-License-Identifier: MIT
 *
 * What was asked of the kernel source, as a user sees it: --level 2, --all, --syscalls,
 * --irq, in the report, on the screen, and refused where they cannot be had.
 */
#include "tests/kernel/accept.h"

static void record(const char *trace, const char *const *options)
{
	const char *argv[20] = {gtviz_path(), "record", "-o", trace};
	char program[ACCEPT_PATH];
	struct ran r;
	int argc = 4;

	while (*options)
		argv[argc++] = *options++;
	snprintf(program, sizeof program, "%s", build_path("tests/burn"));
	argv[argc++] = "--";
	argv[argc++] = program;
	argv[argc++] = "100";
	argv[argc++] = "3";
	run(&r, NULL, argv);
	expect_exit(&r, 0, "record");
	ran_free(&r);
	assert_good_trace(trace);
}

/* On each core, who is told to go on must be who stops next: nothing between. */
struct chain {
	struct json_object *threads; /* the program's */
	int64_t next[1024];
	size_t switches, breaks;
	size_t ours, known; /* breaks at a thread of ours; what gtviz itself says of such */
};

static int is_ours(const struct chain *c, int64_t tid)
{
	for (size_t i = 0; i < json_object_array_length(c->threads); i++)
		if ((int64_t)get_u64(json_object_array_get_idx(c->threads, i), "tid") ==
		    tid)
			return 1;
	return 0;
}

static void follow(void *arg, const char *line)
{
	struct chain *c = arg;
	int64_t core, prev, *next;

	c->known += strstr(line, "\"recovered\":true") != NULL;
	if (!line_kind(line, "sched_switch"))
		return;
	core = line_need(line, "core");
	prev = line_need(line, "prev_tid");
	next = &c->next[core & 1023];
	c->switches++;
	if (*next >= 0 && *next != prev) {
		c->breaks++;
		c->ours += (size_t)(is_ours(c, *next) + is_ours(c, prev));
	}
	*next = line_need(line, "next_tid");
}

/* With --all each core is with somebody or idle, and who that is is always known. (Some
 * sandboxes keep switches to themselves: how many is theirs to say. Of a thread of ours
 * gtviz knows that one is missing, and says so.) */
static void all_tasks_are_on_the_cores(const char *level)
{
	const char *trace = file_path("all.gtv");
	const char *const options[] = {"--level", level, "--all", NULL};
	struct json_object *report, *list;
	struct chain chain;

	memset(&chain, 0, sizeof chain);
	memset(chain.next, 0xff, sizeof chain.next);
	record(trace, options);
	report = report_of(trace);
	list = get(report, "os_threads");
	chain.threads = list;
	each_event(trace, NULL, follow, &chain);
	chain.known += get_u64(get(report, "lost"), "total");
	print_message("%zu switches, %zu told to nobody, %zu of them the program's, of %zu "
		      "that gtviz knows\n",
		      chain.switches, chain.breaks, chain.ours, chain.known);
	assert_true(chain.breaks < chain.switches);
	assert_true(chain.ours <= chain.known);
	assert_true(json_object_get_boolean(get(report, "all_tasks")));
	/* The threads are the program's, also those that others started meanwhile. */
	for (size_t i = 0; i < json_object_array_length(list); i++)
		assert_string_equal(json_object_get_string(get(
					    json_object_array_get_idx(list, i), "comm")),
				    "burn");
	json_object_put(report);
}

static void all_at_level_3(void **state)
{
	(void)state;
	NEED_LEVEL(3);
	all_tasks_are_on_the_cores("3");
}

static void all_at_level_2(void **state)
{
	(void)state;
	NEED_LEVEL(2);
	all_tasks_are_on_the_cores("2");
}

static void level_2_is_on_the_screen_and_in_the_report(void **state)
{
	const char *trace = file_path("l2.gtv");
	const char *const options[] = {"--level", "2", NULL};
	const char *shot[] = {gtviz_path(), "shot", "--size", "120x40",
			      "--format",   "text", trace,    NULL};
	const char *text[] = {gtviz_path(), "report", trace, NULL};
	struct json_object *report;
	struct ran r;

	(void)state;
	NEED_LEVEL(2);
	record(trace, options);
	report = report_of(trace);
	assert_int_equal(get_u64(report, "level"), 2);
	json_object_put(report);
	run(&r, NULL, shot);
	expect_exit(&r, 0, "shot");
	assert_non_null(strstr(r.text[0], "L2"));
	ran_free(&r);
	run(&r, NULL, text);
	expect_exit(&r, 0, "report");
	assert_non_null(strstr(r.text[0], "! level 2: "));
	ran_free(&r);
}

static void count_line(void *count, const char *line)
{
	assert_true(line_kind(line, "syscall"));
	++*(size_t *)count;
}

static void system_calls_and_interrupts_are_in_the_file(void **state)
{
	const char *trace = file_path("calls.gtv");
	const char *const options[] = {"--syscalls", "slept", "--irq", NULL};
	struct json_object *report, *list;
	size_t calls = 0, summed = 0;

	(void)state;
	NEED_LEVEL(3);
	record(trace, options);
	each_event(trace, "syscall", count_line, &calls);
	assert_true(calls > 0);
	report = report_of(trace);
	assert_string_equal(json_object_get_string(get(report, "syscalls")), "slept");
	assert_true(json_object_get_boolean(get(report, "irq")));
	/* Summed, they are all there. */
	list = get(report, "calls");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *row = json_object_array_get_idx(list, i);

		if (strcmp(json_object_get_string(get(row, "kind")), "syscall"))
			continue;
		assert_int_equal(get_u64(row, "slept"), get_u64(row, "count"));
		assert_true(get_u64(row, "max_ns") <= get_u64(row, "total_ns"));
		summed += get_u64(row, "count");
	}
	assert_int_equal(summed, calls);
	json_object_put(report);
}

/* What was asked for and cannot be had is no recording without it. */
static void what_needs_level_3_is_refused_below(void **state)
{
	static const char *const options[][2] = {{"--syscalls", "all"}, {"--irq", NULL}};

	(void)state;
	for (int level = 0; level < 3; level++)
		for (size_t i = 0; i < 2; i++) {
			char digit[2] = {(char)('0' + level), 0};
			const char *argv[12] = {gtviz_path(),	     "record",	"-o",
						file_path("no.gtv"), "--level", digit,
						options[i][0]};
			int argc = 7;
			struct ran r;

			if (options[i][1])
				argv[argc++] = options[i][1];
			argv[argc++] = "--";
			argv[argc++] = "true";
			run(&r, NULL, argv);
			expect_exit(&r, 125, "record of what needs level 3");
			assert_non_null(strstr(r.text[1], "needs level 3"));
			assert_ptr_equal(strchr(r.text[1], '\n'), r.text[1] + r.len[1] - 1);
			ran_free(&r);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_at_level_3),
		cmocka_unit_test(all_at_level_2),
		cmocka_unit_test(level_2_is_on_the_screen_and_in_the_report),
		cmocka_unit_test(system_calls_and_interrupts_are_in_the_file),
		cmocka_unit_test(what_needs_level_3_is_refused_below),
	};

	return cmocka_run_group_tests(tests, accept_setup, accept_teardown);
}
