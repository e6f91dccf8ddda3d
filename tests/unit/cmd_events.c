/* SPDX-License-Identifier: MIT
 * `gtviz events`: formats and filters, over a trace made by hand.
 */
#include "tests/unit/cmd_trace.h"

#include <json-c/json.h>

#include "tracer/cmd/cmd.h"
#include "tracer/cmd/events.h"

static int call_events(void *opts)
{
	return gtv_cmd_events(opts);
}

/* Prints with these options; Returned owned. */
static char *events(struct gtv_options *opts, int *rc)
{
	int fd = trace_file(1);
	char *text;

	opts->file = fd_path(fd);
	if (!opts->from_ns && !opts->to_ns)
		opts->from_ns = opts->to_ns = UINT64_MAX;
	text = captured(call_events, opts, rc);
	close(fd);
	return text;
}

static unsigned lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* How many events pass a lane and kind filter. */
static unsigned count(const char *lane, const char *kind)
{
	struct gtv_options opts = {.json = 1, .lane = lane, .kind = kind};
	int rc;
	char *text = events(&opts, &rc);
	unsigned n = lines(text);

	assert_int_equal(rc, 0);
	free(text);
	return n;
}

static void json_is_one_object_a_line(void **state)
{
	struct gtv_options opts = {.json = 1};
	int rc, seen = 0;
	char *text = events(&opts, &rc), *save = NULL;

	(void)state;
	assert_int_equal(rc, 0);
	assert_int_equal(lines(text), 17);
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		static const char *const keys[] = {"ts_ns", "kind", "core", "tid", "gt"};
		struct json_object *o = json_tokener_parse(line);

		if (!o)
			fail_msg("not JSON: %s", line);
		for (size_t i = 0; i < 5; i++)
			assert_true(json_object_object_get_ex(o, keys[i], NULL));
		json_object_put(o);
		seen++;
	}
	assert_int_equal(seen, 17);
	free(text);
}

static void keys_say_what_they_are(void **state)
{
	struct gtv_options opts = {.json = 1};
	int rc;
	char *text = events(&opts, &rc);

	(void)state;
	assert_non_null(strstr(text,
			       "{\"ts_ns\":1000010000,\"kind\":\"gt_spawn\",\"core\":-1,"
			       "\"tid\":100,\"gt\":1,\"parent_gt\":0,\"entry\":2748}\n"));
	assert_non_null(strstr(text, "{\"ts_ns\":1000050000,\"kind\":\"sched_switch\","
				     "\"core\":0,\"tid\":100,\"gt\":0,\"prev_tid\":100,"
				     "\"next_tid\":999,\"state\":\"preempted\","
				     "\"syscall\":-1,\"syscall_arg\":0,\"io_wait\":false,"
				     "\"page_fault\":false}\n"));
	assert_non_null(strstr(text, "\"kind\":\"gt_wait_chan\",\"core\":-1,\"tid\":100,"
				     "\"gt\":2,\"next_gt\":1,\"seq\":2,\"next_seq\":3,"
				     "\"chan\":0}\n"));
	assert_non_null(strstr(text, "\"kind\":\"gt_ready\",\"core\":-1,\"tid\":100,"
				     "\"gt\":2,\"by\":\"gt\",\"waker_gt\":1,\"seq\":3}\n"));
	assert_non_null(strstr(text, "\"kind\":\"loss\",\"core\":0,\"tid\":100,\"gt\":0,"
				     "\"from_ns\":1000135000,\"source\":\"ring\","
				     "\"lost_kind\":\"gt_yield\",\"count\":3}\n"));
	free(text);
}

static void csv_has_a_head_and_six_columns(void **state)
{
	struct gtv_options opts = {.csv = 1};
	int rc;
	char *text = events(&opts, &rc);

	(void)state;
	assert_int_equal(rc, 0);
	assert_int_equal(lines(text), 18);
	assert_true(!strncmp(text, "ts_ns,kind,core,tid,gt,details\n", 31));
	assert_non_null(strstr(text, "\n1000030000,lock_take,-1,100,1,\"lock=1 seq=1\"\n"));
	free(text);
}

static void text_has_no_control_characters(void **state)
{
	struct gtv_options opts = {0};
	int rc;
	char *text = events(&opts, &rc);

	(void)state;
	assert_int_equal(rc, 0);
	for (const char *p = text; *p; p++)
		assert_true(*p == '\n' || (unsigned char)*p >= ' ');
	assert_non_null(strstr(text, "G2 G\\x1b[31mreen"));
	assert_non_null(strstr(text, "lock=cache"));
	assert_true(!strncmp(text, "0.000000000    C0   T0       sched_switch", 41));
	free(text);
}

static void lanes_choose(void **state)
{
	(void)state;
	assert_int_equal(count("G1", NULL), 9); /* own, or the other end of its */
	assert_int_equal(count("cache", NULL), 2);
	assert_int_equal(count("L1", NULL), 2);
	assert_int_equal(count("T100", NULL), 17);
	assert_int_equal(count("W0", NULL), 17);
	assert_int_equal(count("C0", NULL), 5);
	assert_int_equal(count("C1", NULL), 0);
}

static void kinds_choose(void **state)
{
	(void)state;
	assert_int_equal(count(NULL, "gt_exit"), 2);
	assert_int_equal(count(NULL, "gt_exit,lock_take"), 3);
	assert_int_equal(count(NULL, "lock_*"), 2);
	assert_int_equal(count("G2", "gt_exit"), 2);
}

static void times_choose(void **state)
{
	struct gtv_options opts = {.json = 1, .from_ns = 50000, .to_ns = 80000};
	int rc;
	char *text = events(&opts, &rc);

	(void)state;
	assert_int_equal(rc, 0);
	assert_int_equal(lines(text), 2); /* at 50 and 70 us: 80 is not in [50, 80) */
	free(text);
}

static void expect_refused(struct gtv_options *opts, int status)
{
	int rc;
	char *text = events(opts, &rc);

	assert_int_equal(rc, status);
	assert_true(!strncmp(text, "gtviz: ", 7));
	assert_int_equal(lines(text), 1);
	free(text);
}

static void what_is_not_there_is_one_line(void **state)
{
	(void)state;
	expect_refused(&(struct gtv_options){.kind = "gt_yeild"}, 2);
	expect_refused(&(struct gtv_options){.kind = ""}, 2);
	expect_refused(&(struct gtv_options){.kind = "gt_exit,,lock_take"}, 2);
	expect_refused(&(struct gtv_options){.lane = "G99"}, 1);
	expect_refused(&(struct gtv_options){.lane = "T1"}, 1);
	expect_refused(&(struct gtv_options){.lane = "W7"}, 1);
	expect_refused(&(struct gtv_options){.lane = "C99"}, 1);
	expect_refused(&(struct gtv_options){.lane = "\033[2J"}, 1);
	expect_refused(&(struct gtv_options){.lane = ""}, 1);
	expect_refused(&(struct gtv_options){.json = 1, .csv = 1}, 2);
	expect_refused(&(struct gtv_options){.from_ns = 9, .to_ns = 8}, 2);
}

/* A gap of the file is a line of its own, where it lies. */
static void a_damaged_block_is_a_line(void **state)
{
	int fd = trace_file(1), rc;
	struct gtv_store *st = trace_open(fd);
	struct gtv_options opts = {
		.json = 1, .file = fd_path(fd), .from_ns = UINT64_MAX, .to_ns = UINT64_MAX};
	struct gtv_block_info block;
	char *text;

	(void)state;
	assert_int_equal(gtv_store_block(st, 0, &block), 0);
	gtv_store_close(st);
	assert_int_equal(pwrite(fd, "oops", 4, (off_t)block.offset + 100), 4);
	text = captured(call_events, &opts, &rc);
	assert_int_equal(rc, 0);
	assert_true(!strncmp(text, "{\"ts_ns\":", 9));
	assert_non_null(strstr(text, "\"kind\":\"gap\""));
	assert_int_equal(lines(text), 1 + 17 - 17 / 2);
	free(text);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_one_object_a_line),
		cmocka_unit_test(keys_say_what_they_are),
		cmocka_unit_test(csv_has_a_head_and_six_columns),
		cmocka_unit_test(text_has_no_control_characters),
		cmocka_unit_test(lanes_choose),
		cmocka_unit_test(kinds_choose),
		cmocka_unit_test(times_choose),
		cmocka_unit_test(what_is_not_there_is_one_line),
		cmocka_unit_test(a_damaged_block_is_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
