/* SPDX-License-Identifier: MIT
 *
 * Any program: one that knows nothing of libgt, forks and execs, is recorded with its
 * whole family, each under its own last name; one that sleeps goes on in time.
 */
#include "tests/kernel/accept.h"

#define ROUNDS 5

static int count_comm(struct json_object *threads, const char *comm)
{
	int n = 0;

	for (size_t i = 0; i < json_object_array_length(threads); i++) {
		struct json_object *t = json_object_array_get_idx(threads, i);
		n += !strcmp(json_object_get_string(get(t, "comm")), comm);
	}
	return n;
}

static void record_regions(const char *trace, const struct how *how)
{
	const char *argv[] = {gtviz_path(), "record", "-o", trace,
			      "--policy",   "green",  "--", build_path("samples/regions"),
			      "2",	    NULL};
	struct ran r;

	run(&r, how, argv);
	expect_exit(&r, 0, "record");
	ran_free(&r);
}

static void record_shell(const char *trace, const char *script)
{
	const char *argv[] = {gtviz_path(), "record", "-o",   trace, "--",
			      "/bin/sh",    "-c",     script, NULL};
	struct ran r;

	run(&r, NULL, argv);
	expect_exit(&r, 0, script);
	ran_free(&r);
}

static void everybody_has_the_last_name(void **state)
{
	(void)state;
	const char *trace = file_path("names.gtv");
	char why[256];

	if (!level_works(1, why, sizeof why))
		SKIP("%s", why);
	for (int i = 0; i < ROUNDS; i++) {
		record_shell(trace, "sleep 0.01; ls / >/dev/null; sleep 0.02");
		struct json_object *report = report_of(trace);
		struct json_object *threads = get(report, "os_threads");
		assert_int_equal(count_comm(threads, "sh"), 1);
		assert_int_equal(count_comm(threads, "sleep"), 2);
		assert_int_equal(count_comm(threads, "ls"), 1);
		json_object_put(report);
		assert_good_trace(trace);
	}
}

struct pause {
	int64_t first_ns, last_ns;
	int ticks;
};

static void watch_time(void *arg, const char *line)
{
	struct pause *p = arg;
	int64_t ts = line_need(line, "ts_ns");

	if (!p->first_ns)
		p->first_ns = ts;
	p->last_ns = ts;
	p->ticks += line_kind(line, "tick");
}

static void a_sleeping_program_goes_on_in_time(void **state)
{
	(void)state;
	const char *trace = file_path("asleep.gtv");
	struct pause p;

	/* One every 100 ms and a round, and no more; a busy machine may miss some. */
	for (int tries = 0; tries < 20; tries++) {
		p = (struct pause){0};
		record_shell(trace, "exec sleep 1");
		each_event(trace, NULL, watch_time, &p);
		assert_in_range(p.ticks, 0, (p.last_ns - p.first_ns) / 100000000 + 1);
		if (p.ticks >= 3)
			return;
	}
	fail_msg("%d ticks in a second of sleep, again and again", p.ticks);
}

struct said {
	int begins, ends, marks;
	int64_t first_ns, last_ns; /* of the regions */
};

static void count_said(void *arg, const char *line)
{
	struct said *said = arg;

	said->begins += line_kind(line, "region_begin") && strstr(line, "\"parse\"");
	said->ends += line_kind(line, "region_end") && strstr(line, "\"parse\"");
	said->marks += line_kind(line, "mark") && strstr(line, "\"parsed\"");
	if (!said->first_ns && said->begins)
		said->first_ns = line_need(line, "ts_ns");
	if (line_kind(line, "region_end"))
		said->last_ns = line_need(line, "ts_ns");
}

/* A moment as --from and --to take it. */
static const char *moment(const char *trace, int64_t ts_ns, char *text, size_t size)
{
	struct json_object *report = report_of(trace);
	int64_t start_ns = json_object_get_int64(get(report, "start_ns"));

	snprintf(text, size, "%" PRId64 "us", (ts_ns - start_ns) / 1000);
	json_object_put(report);
	return text;
}

/* A program's own regions and marks are events, and are drawn. */
static void regions_and_marks_are_seen(void **state)
{
	(void)state;
	const char *trace = file_path("regions.gtv");
	const struct how simulated = {.env = {"GT_SIM=1"}};
	struct said said = {0};
	char from[32], to[32];
	struct ran r;

	record_regions(trace, NULL);
	each_event(trace, NULL, count_said, &said);
	assert_int_equal(said.begins, 4);
	assert_int_equal(said.ends, 4);
	assert_int_equal(said.marks, 4);
	/* How wide each is drawn is for the machine to say, but in simulated time. */
	record_regions(trace, &simulated);
	said = (struct said){0};
	each_event(trace, NULL, count_said, &said);
	moment(trace, said.first_ns, from, sizeof from);
	moment(trace, said.last_ns, to, sizeof to);
	const char *shot[] = {gtviz_path(), "shot", trace,  "--size", "160x30",
			      "--from",	    from,   "--to", to,	      NULL};
	run(&r, NULL, shot);
	expect_exit(&r, 0, "shot");
	assert_non_null(strstr(r.text[0], "parse"));
	assert_non_null(strstr(r.text[0], "await more"));
	assert_non_null(strstr(r.text[0], "\xe2\x97\x86"));
	ran_free(&r);
}

static void count_links(void *arg, const char *line)
{
	struct said *said = arg;

	said->begins += line_kind(line, "chan_send");
	said->ends += line_kind(line, "chan_recv");
}

/* Two processes with a channel between them, recorded together: in each an element is sent
 * and received once, by the program and by what talks with the socket. */
static void a_channel_between_processes_is_recorded(void **state)
{
	(void)state;
	const char *trace = file_path("link.gtv");
	struct said said = {0};
	char script[2 * ACCEPT_PATH];

	snprintf(script, sizeof script,
		 "%s serve unix:@gt-test-%d & %s unix:@gt-test-%d 200; wait",
		 build_path("samples/link"), (int)getpid(), build_path("samples/link"),
		 (int)getpid());
	record_shell(trace, script);
	assert_good_trace(trace);
	each_event(trace, NULL, count_links, &said);
	assert_int_equal(said.begins, 400);
	assert_in_range(said.ends, 400, 402); /* and the end, on both sides */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_has_the_last_name),
		cmocka_unit_test(a_sleeping_program_goes_on_in_time),
		cmocka_unit_test(regions_and_marks_are_seen),
		cmocka_unit_test(a_channel_between_processes_is_recorded),
	};
	return cmocka_run_group_tests(tests, accept_setup, accept_teardown);
}
