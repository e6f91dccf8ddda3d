/* SPDX-License-Identifier: MIT
 * Figures and tables as people read them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tracer/cmd/out.h"

static void expect_ns(uint64_t ns, const char *text)
{
	char buf[32];

	assert_string_equal(gtv_out_ns(ns, buf, sizeof buf), text);
}

static void durations_have_four_figures(void **state)
{
	(void)state;
	expect_ns(0, "0 ns");
	expect_ns(17, "17 ns");
	expect_ns(999, "999 ns");
	expect_ns(4000, "4.000 us");
	expect_ns(31200000, "31.20 ms");
	expect_ns(310200000, "310.2 ms");
	expect_ns(9997000000, "9.997 s");
}

static void counts_are_grouped(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(gtv_out_count(0, buf, sizeof buf), "0");
	assert_string_equal(gtv_out_count(999, buf, sizeof buf), "999");
	assert_string_equal(gtv_out_count(1000, buf, sizeof buf), "1,000");
	assert_string_equal(gtv_out_count(UINT64_MAX, buf, sizeof buf),
			    "18,446,744,073,709,551,615");
}

static void times_are_relative(void **state)
{
	char buf[48];

	(void)state;
	assert_string_equal(gtv_out_time(1500000001, 1000000000, buf, sizeof buf),
			    "0.500000001");
	assert_string_equal(gtv_out_time(1, 3, buf, sizeof buf), "-0.000000002");
}

static void sizes_are_decimal(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(gtv_out_bytes(999, buf, sizeof buf), "999 B");
	assert_string_equal(gtv_out_bytes(1300000, buf, sizeof buf), "1.3 MB");
}

static void columns_line_up(void **state)
{
	static const struct gtv_table_column column[] = {{"NAME", 0}, {"N", 1}, {"WHY", 0}};
	struct gtv_table *t = gtv_table_new(column, 3);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(t);
	gtv_table_cell(t, "%s", "a");
	gtv_table_cell(t, "%d", 1234);
	gtv_table_cell(t, "%s", "");
	gtv_table_cell(t, "%s", "größer");
	gtv_table_cell(t, "%d", 7);
	gtv_table_cell(t, "%s", "x");
	assert_int_equal(gtv_table_print(t, f), 0);
	fclose(f);
	assert_string_equal(text, "NAME       N  WHY\n"
				  "a       1234\n"
				  "größer     7  x\n");
	free(text);
	gtv_table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_four_figures),
		cmocka_unit_test(counts_are_grouped),
		cmocka_unit_test(times_are_relative),
		cmocka_unit_test(sizes_are_decimal),
		cmocka_unit_test(columns_line_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
