/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tracer/base/err.h"
#include "tracer/base/names.h"

static const char *label(const struct gtv_names *names, enum gtv_class cls, uint32_t id)
{
	static char buf[300];
	return gtv_names_label(names, cls, id, buf, sizeof buf);
}

static void set(struct gtv_names *names, enum gtv_class cls, uint32_t id, uint32_t local,
		const char *text)
{
	struct gtv_name name = {.id = id, .pid = 7, .local = local};
	snprintf(name.text, sizeof name.text, "%s", text);
	assert_int_equal(gtv_names_set(names, cls, &name), 0);
}

static void set_get_replace(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_name out;

	assert_int_equal(gtv_names_get(names, GTV_CLASS_GT, 5, &out), -GTV_ENOTFOUND);
	assert_int_equal(out.id, 5);
	assert_int_equal(gtv_names_version(names), 0);
	set(names, GTV_CLASS_GT, 5, 1, "one");
	set(names, GTV_CLASS_GT, 5, 1, "one"); /* changes nothing */
	assert_int_equal(gtv_names_version(names), 1);
	set(names, GTV_CLASS_GT, 5, 1, "two");
	assert_int_equal(gtv_names_version(names), 2);
	assert_int_equal(gtv_names_get(names, GTV_CLASS_GT, 5, &out), 0);
	assert_string_equal(out.text, "two");
	assert_int_equal(gtv_names_get(names, GTV_CLASS_LOCK, 5, &out), -GTV_ENOTFOUND);
	assert_int_equal(gtv_names_set(names, GTV_CLASS_MAX, &out), -GTV_EUSAGE);
	assert_int_equal(gtv_names_count(names, GTV_CLASS_GT), 1);

	/* Texts without an end get one. */
	struct gtv_name wild;
	memset(&wild, 'x', sizeof wild);
	assert_int_equal(gtv_names_set(names, GTV_CLASS_CALL, &wild), 0);
	assert_int_equal(gtv_names_at(names, GTV_CLASS_CALL, 0, &out), 0);
	assert_int_equal(strlen(out.text), GTV_NAME_BYTES - 1);
	assert_int_equal(strlen(out.extra), GTV_KIND_BYTES - 1);
	gtv_names_free(names);
}

static void intern_numbers_in_order_of_first_sight(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_name out;

	assert_int_equal(gtv_names_intern(names, GTV_CLASS_GT, 10, 1), 1);
	assert_int_equal(gtv_names_intern(names, GTV_CLASS_GT, 20, 1), 2);
	assert_int_equal(gtv_names_intern(names, GTV_CLASS_GT, 10, 1), 1);
	assert_int_equal(gtv_names_intern(names, GTV_CLASS_LOCK, 10, 1), 1);
	set(names, GTV_CLASS_GT, 9, 33, "given"); /* of process 7 */
	assert_int_equal(gtv_names_intern(names, GTV_CLASS_GT, 7, 33), 9);
	assert_int_equal(gtv_names_intern(names, GTV_CLASS_GT, 7, 34), 10);
	assert_int_equal(gtv_names_at(names, GTV_CLASS_GT, 1, &out), 0);
	assert_int_equal(out.pid, 20);
	/* An entry that changes its process-local number is found by the new one. */
	set(names, GTV_CLASS_GT, 9, 35, "given");
	assert_int_equal(gtv_names_intern(names, GTV_CLASS_GT, 7, 35), 9);
	assert_int_equal(gtv_names_intern(names, GTV_CLASS_GT, 7, 33), 11);
	gtv_names_free(names);
}

static void changes_come_once_and_in_order(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_name_change change[4];
	uint64_t upto;

	assert_int_equal(gtv_names_changes(names, 0, change, 4, &upto), 0);
	assert_int_equal(upto, 0);
	for (uint32_t id = 1; id <= 5; id++)
		set(names, GTV_CLASS_GT, id, id, "a");
	set(names, GTV_CLASS_GT, 2, 2, "b");
	assert_int_equal(gtv_names_changes(names, 0, change, 4, &upto), 4);
	assert_int_equal(change[0].name.id, 1);
	assert_int_equal(change[1].name.id, 3); /* 2 has changed since */
	assert_int_equal(change[1].idx, 2);
	assert_int_equal(gtv_names_changes(names, upto, change, 4, &upto), 1);
	assert_int_equal(change[0].name.id, 2);
	assert_string_equal(change[0].name.text, "b");
	assert_int_equal(upto, gtv_names_version(names));
	for (int i = 0; i < 100000; i++) /* the log is squeezed, nothing is lost */
		set(names, GTV_CLASS_GT, 4, 4, i % 2 ? "x" : "y");
	assert_int_equal(gtv_names_changes(names, upto, change, 4, &upto), 1);
	assert_int_equal(change[0].name.id, 4);
	gtv_names_free(names);
}

static void many_entries(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_name out;
	uint32_t count = 300000;

	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(gtv_names_intern(names, GTV_CLASS_GT, i % 3, i), i + 1);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(gtv_names_intern(names, GTV_CLASS_GT, i % 3, i), i + 1);
		assert_int_equal(gtv_names_get(names, GTV_CLASS_GT, i + 1, &out), 0);
		assert_int_equal(out.local, i);
	}
	assert_int_equal(gtv_names_count(names, GTV_CLASS_GT), count);
	gtv_names_free(names);
}

static void labels(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_name gil = {.id = 2, .flags = GTV_NAME_IS_GIL};

	assert_string_equal(label(names, GTV_CLASS_GT, 12), "G12");
	set(names, GTV_CLASS_GT, 12, 3, "fetch-3");
	assert_string_equal(label(names, GTV_CLASS_GT, 12), "G12 fetch-3");
	set(names, GTV_CLASS_THREAD, 100, 1, "work");
	set(names, GTV_CLASS_THREAD, 101, 0, "pool");
	assert_string_equal(label(names, GTV_CLASS_THREAD, 100), "W0");
	assert_string_equal(label(names, GTV_CLASS_THREAD, 101), "pool (101)");
	assert_string_equal(label(names, GTV_CLASS_THREAD, 102), "thread 102");
	assert_string_equal(label(names, GTV_CLASS_THREAD, 0), "idle");
	set(names, GTV_CLASS_PROCESS, 9001, 1, "cc1");
	assert_string_equal(label(names, GTV_CLASS_PROCESS, 9001), "cc1 (pid 9001)");
	assert_string_equal(label(names, GTV_CLASS_PROCESS, 9002), "pid 9002");
	assert_string_equal(label(names, GTV_CLASS_LOCK, 3), "lock 3");
	set(names, GTV_CLASS_LOCK, 3, 0, "cache");
	assert_string_equal(label(names, GTV_CLASS_LOCK, 3), "cache");
	gtv_names_set(names, GTV_CLASS_LOCK, &gil);
	assert_string_equal(label(names, GTV_CLASS_LOCK, 2), "GIL");
	assert_string_equal(label(names, GTV_CLASS_CHAN, 8), "chan 8");
	set(names, GTV_CLASS_CALL, 1, 0, "re\033[31mad\xff");
	assert_string_equal(label(names, GTV_CLASS_CALL, 1), "re\\x1b[31mad\\xff");
	gtv_names_free(names);
}

static void escape_lets_text_pass_and_nothing_else(void **state)
{
	(void)state;
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"plain ~", "plain ~"},
		{"caf\xc3\xa9 \xe2\x86\x92 \xf0\x9f\xa6\x80",
		 "caf\xc3\xa9 \xe2\x86\x92 \xf0\x9f\xa6\x80"},
		{"a\tb\n\033]0;x\007", "a\\x09b\\x0a\\x1b]0;x\\x07"},
		{"\xc2\x9b", "\\xc2\\x9b"},	     /* a one-byte CSI */
		{"\xe2\x80\xae", "\\xe2\\x80\\xae"}, /* right-to-left override */
		{"\xc0\xaf \xed\xa0\x80",
		 "\\xc0\\xaf \\xed\\xa0\\x80"}, /* overlong, surrogate */
		{"\xe2\x86", "\\xe2\\x86"},	/* cut */
		{"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
	};
	char buf[64];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(gtv_names_escape(cases[i].text, buf, sizeof buf),
				    cases[i].shown);
	/* Cut between characters, never inside one. */
	assert_string_equal(gtv_names_escape("ab\xc3\xa9", buf, 4), "ab");
	assert_string_equal(gtv_names_escape("a\x01", buf, 5), "a");
	assert_string_equal(gtv_names_escape("a", buf, 1), "");
}

struct look {
	const struct gtv_names *names;
	atomic_int stop;
};

static void *look_up(void *arg)
{
	struct look *look = arg;
	struct gtv_name out;
	char buf[300];

	for (uint32_t i = 0; !atomic_load(&look->stop); i++) {
		size_t count = gtv_names_count(look->names, GTV_CLASS_GT);
		if (!count)
			continue;
		assert_int_equal(gtv_names_at(look->names, GTV_CLASS_GT, i % count, &out),
				 0);
		gtv_names_label(look->names, GTV_CLASS_GT, out.id, buf, sizeof buf);
		assert_int_equal(buf[0], 'G');
	}
	return NULL;
}

static void readers_beside_a_writer(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct look look = {.names = names};
	pthread_t thread[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, look_up, &look), 0);
	for (uint32_t i = 1; i <= 20000; i++) {
		uint32_t id = gtv_names_intern(names, GTV_CLASS_GT, 7, i);
		set(names, GTV_CLASS_GT, id, i, "named");
	}
	atomic_store(&look.stop, 1);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	gtv_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_get_replace),
		cmocka_unit_test(intern_numbers_in_order_of_first_sight),
		cmocka_unit_test(changes_come_once_and_in_order),
		cmocka_unit_test(many_entries),
		cmocka_unit_test(labels),
		cmocka_unit_test(escape_lets_text_pass_and_nothing_else),
		cmocka_unit_test(readers_beside_a_writer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
