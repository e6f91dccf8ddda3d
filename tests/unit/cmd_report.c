/* SPDX-License-Identifier: MIT
 * `gtviz report` and `gtviz check` over a trace made by hand.
 */
#include "tests/unit/cmd_trace.h"

#include <json-c/json.h>

#include "tracer/cmd/cmd.h"
#include "tracer/cmd/out.h"
#include "tracer/cmd/report.h"

static struct json_object *get(struct json_object *o, const char *path)
{
	struct json_object *v = NULL;

	if (json_pointer_get(o, path, &v))
		fail_msg("no %s in the report", path);
	return v;
}

static int64_t number(struct json_object *o, const char *path)
{
	return json_object_get_int64(get(o, path));
}

static int call_report(void *opts)
{
	return gtv_cmd_report(opts);
}

static int call_check(void *opts)
{
	return gtv_cmd_check(opts);
}

static char *report(int fd, int json, int *rc)
{
	struct gtv_options opts = {.file = fd_path(fd), .json = json};

	return captured(call_report, &opts, rc);
}

static char *check(int fd, int *rc)
{
	struct gtv_options opts = {.file = fd_path(fd)};

	return captured(call_check, &opts, rc);
}

static struct json_object *report_json(int fd)
{
	int rc;
	char *text = report(fd, 1, &rc);
	struct json_object *o = json_tokener_parse(text);

	assert_int_equal(rc, 0);
	assert_non_null(o);
	free(text);
	return o;
}

static void json_has_the_figures(void **state)
{
	int fd = trace_file(1);
	struct json_object *o = report_json(fd);

	(void)state;
	assert_int_equal(number(o, "/duration_ns"), 150000);
	assert_int_equal(number(o, "/level"), 3);
	assert_int_equal(number(o, "/counts/spawns"), 2);
	assert_int_equal(number(o, "/counts/exits"), 2);
	assert_int_equal(number(o, "/counts/switches"), 5);
	assert_int_equal(number(o, "/counts/yields"), 1);
	assert_int_equal(number(o, "/counts/chan_waits"), 1);
	assert_int_equal(number(o, "/counts/wakes"), 1);
	assert_int_equal(number(o, "/counts/lock_takes"), 1);
	assert_int_equal(number(o, "/lost/total"), 3);
	assert_int_equal(number(o, "/lost/user/gt_yield"), 3);
	assert_int_equal(number(o, "/lost/gaps"), 0);
	assert_int_equal(json_object_array_length(get(o, "/findings")), 0);
	json_object_put(o);
	close(fd);
}

static void json_has_every_counter(void **state)
{
	int fd = trace_file(1);
	struct json_object *o = report_json(fd), *counts = get(o, "/counts");

	(void)state;
	assert_int_equal(json_object_object_length(counts), GTV_COUNT_MAX);
	for (unsigned c = 0; c < GTV_COUNT_MAX; c++)
		assert_true(json_object_object_get_ex(counts, gtv_counter_name(c), NULL));
	json_object_put(o);
	close(fd);
}

static void states_sum_to_lifetimes(void **state)
{
	int fd = trace_file(1);
	struct json_object *o = report_json(fd), *list = get(o, "/green_threads");

	(void)state;
	assert_int_equal(json_object_array_length(list), 2);
	assert_int_equal(number(o, "/green_threads/0/lifetime_ns"), 110000);
	assert_int_equal(number(o, "/green_threads/1/lifetime_ns"), 90000);
	for (size_t i = 0; i < 2; i++) {
		struct json_object *gt = json_object_array_get_idx(list, i);
		int64_t sum = 0;

		json_object_object_foreach(get(gt, "/states"), name, ns)
		{
			assert_string_not_equal(name, "done");
			sum += json_object_get_int64(ns);
		}
		assert_int_equal(sum, number(gt, "/lifetime_ns"));
		assert_true(json_object_get_boolean(get(gt, "/exited")));
	}
	/* G1 ran 20 to 50, 70 to 90, 100 to 120; its core was taken 50 to 70. */
	assert_int_equal(number(o, "/green_threads/0/states/preempted"), 20000);
	assert_int_equal(number(o, "/green_threads/0/states/running"), 70000);
	assert_int_equal(number(o, "/green_threads/0/states/ready"), 20000);
	assert_int_equal(number(o, "/green_threads/1/states/chan"), 10000);
	json_object_put(o);
	close(fd);
}

static void a_lock_is_held_off_core(void **state)
{
	int fd = trace_file(1);
	struct json_object *o = report_json(fd);

	(void)state;
	assert_string_equal(json_object_get_string(get(o, "/locks/0/name")), "cache");
	assert_string_equal(json_object_get_string(get(o, "/locks/0/kind")), "mutex");
	assert_int_equal(number(o, "/locks/0/held_on_core_ns"), 30000);
	assert_int_equal(number(o, "/locks/0/held_off_core_ns"), 20000);
	assert_int_equal(number(o, "/locks/0/held_preempted_ns"), 20000);
	assert_int_equal(number(o, "/locks/0/held_asleep_ns"), 0);
	assert_int_equal(number(o, "/locks/0/takes"), 1);
	json_object_put(o);
	close(fd);
}

/* Waits for locks are what the model sums; the others are the trace's own. */
static void latencies_by_kind(void **state)
{
	int fd = trace_file(1);
	struct json_object *o = report_json(fd), *list = get(o, "/latencies"),
			   *locks = get(o, "/locks");
	int64_t waited = 0, summed = 0;

	(void)state;
	for (size_t i = 0; i < json_object_array_length(locks); i++)
		summed += number(json_object_array_get_idx(locks, i), "/wait_ns");
	assert_true(json_object_array_length(list) >= 2);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *l = json_object_array_get_idx(list, i),
				   *buckets = get(l, "/buckets");
		const char *kind = json_object_get_string(get(l, "/kind"));
		int64_t in = 0;

		for (size_t b = 0; b < json_object_array_length(buckets); b++)
			in += number(json_object_array_get_idx(buckets, b), "/count");
		assert_int_equal(in, number(l, "/count"));
		assert_true(number(l, "/p50_ns") <= number(l, "/p99_ns"));
		assert_true(number(l, "/p99_ns") <= number(l, "/max_ns"));
		assert_int_equal(number(l, "/worst/0/to_ns") -
					 number(l, "/worst/0/from_ns"),
				 number(l, "/max_ns"));
		if (!strcmp(kind, "lock_wait") || !strcmp(kind, "gil_wait"))
			waited += number(l, "/sum_ns");
		/* G1's core was taken from 50 to 70. */
		if (!strcmp(kind, "run_queue_wait"))
			assert_int_equal(number(l, "/max_ns"), 20000);
	}
	assert_int_equal(waited, summed);
	json_object_put(o);
	close(fd);
}

static void hostile_names_are_escaped(void **state)
{
	int fd = trace_file(1), rc;
	struct json_object *o = report_json(fd);
	char *text;

	(void)state;
	assert_string_equal(json_object_get_string(get(o, "/green_threads/1/name")),
			    "G\\x1b[31mreen\"2\\");
	assert_null(strchr(json_object_get_string(get(o, "/trace/command")), '\033'));
	json_object_put(o);
	text = report(fd, 0, &rc);
	assert_int_equal(rc, 0);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "\\x1b[31mreen"));
	free(text);
	close(fd);
}

static void text_says_what_is_lost_first(void **state)
{
	int fd = trace_file(1), rc;
	char *text = report(fd, 0, &rc), *lost, *table;

	(void)state;
	assert_int_equal(rc, 0);
	lost = strstr(text, "! 3 events lost");
	table = strstr(text, "GREEN THREAD");
	assert_true(lost && table && lost < table);
	assert_non_null(strstr(text, "3 user gt_yield"));
	assert_non_null(strstr(text, "policy gmp"));
	assert_non_null(strstr(text, "exited 0"));
	assert_non_null(strstr(text, "OS THREAD"));
	assert_non_null(strstr(text, "LOCK"));
	assert_non_null(strstr(text, "CORE"));
	free(text);
	close(fd);
}

static void an_unfinished_trace_is_good_and_says_so(void **state)
{
	int fd = trace_file(0), rc;
	char *text = check(fd, &rc);

	(void)state;
	if (rc)
		fail_msg("check: %s", text);
	assert_non_null(strstr(text, "not finished: the recorder was killed; 2 blocks"));
	free(text);
	text = report(fd, 0, &rc);
	assert_int_equal(rc, 0);
	assert_non_null(strstr(text, "! not finished"));
	free(text);
	close(fd);
}

static void a_whole_trace_is_good(void **state)
{
	int fd = trace_file(1), rc;
	char *text = check(fd, &rc);

	(void)state;
	if (rc)
		fail_msg("check: %s", text);
	assert_non_null(strstr(text, ": good; "));
	assert_non_null(strstr(text, "17 events in 2 blocks"));
	assert_non_null(strstr(text, "3 events lost and accounted for"));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
	close(fd);
}

/* Every cut and every flipped byte: judged, and never taken for whole. */
static void damage_is_found(void **state)
{
	int fd = trace_file(1), rc;
	off_t size = lseek(fd, 0, SEEK_END);
	unsigned missed = 0;

	(void)state;
	for (off_t at = 0; at < size; at++) {
		uint8_t byte, flipped;
		char *text;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		flipped = byte ^ 0x10;
		assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
		text = check(fd, &rc);
		assert_true(rc == 0 || rc == 1);
		assert_true(*text);
		missed += rc == 0;
		free(text);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	print_message("%u of %ld flipped bytes changed nothing\n", missed, (long)size);
	assert_true(missed * 20 <= (unsigned long)size);
	for (off_t len = size - 1; len >= 0; len--) {
		char *text;

		assert_int_equal(ftruncate(fd, len), 0);
		text = check(fd, &rc);
		assert_true(rc == 0 || rc == 1);
		assert_true(rc == 1 || strstr(text, "not finished"));
		free(text);
	}
	close(fd);
}

static void a_damaged_block_is_a_gap(void **state)
{
	int fd = trace_file(1), rc;
	struct gtv_store *st = trace_open(fd);
	struct gtv_block_info block;
	struct json_object *o;
	uint8_t bytes[4] = {1, 2, 3, 4};
	char *text;

	(void)state;
	assert_int_equal(gtv_store_block(st, 1, &block), 0);
	gtv_store_close(st);
	/* Into its payload: the end of the block, which the next one's head follows. */
	assert_int_equal(pwrite(fd, bytes, 4, (off_t)block.offset + 100), 4);
	text = check(fd, &rc);
	assert_int_equal(rc, 1);
	assert_non_null(strstr(text, "damaged: the block of"));
	free(text);
	o = report_json(fd);
	assert_int_equal(number(o, "/lost/gaps"), 1);
	assert_true(number(o, "/lost/gap_ns") > 0);
	assert_true(number(o, "/green_threads/0/states/unknown") > 0);
	json_object_put(o);
	close(fd);
}

static void what_is_no_trace_is_one_line(void **state)
{
	int fd = memfd_create("none", MFD_CLOEXEC), rc;
	char *text;

	(void)state;
	text = check(fd, &rc);
	assert_int_equal(rc, 1);
	assert_true(!strncmp(text, "gtviz: ", 7));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_has_the_figures),
		cmocka_unit_test(json_has_every_counter),
		cmocka_unit_test(states_sum_to_lifetimes),
		cmocka_unit_test(a_lock_is_held_off_core),
		cmocka_unit_test(latencies_by_kind),
		cmocka_unit_test(hostile_names_are_escaped),
		cmocka_unit_test(text_says_what_is_lost_first),
		cmocka_unit_test(an_unfinished_trace_is_good_and_says_so),
		cmocka_unit_test(a_whole_trace_is_good),
		cmocka_unit_test(damage_is_found),
		cmocka_unit_test(a_damaged_block_is_a_gap),
		cmocka_unit_test(what_is_no_trace_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
