/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tracer/base/err.h"
#include "tracer/base/event.h"

static void names_and_kinds_are_one_to_one(void **state)
{
	(void)state;
	int named = 0;

	for (unsigned kind = 0; kind < 300; kind++) {
		const char *name = gtv_event_name(kind);
		if (!name)
			continue;
		assert_int_equal(gtv_event_kind(name), kind);
		named++;
	}
	assert_true(named > 40);
	assert_null(gtv_event_name(GTV_EV_NONE));
	assert_null(gtv_event_name(UINT32_MAX));
	assert_int_equal(gtv_event_kind("no such event"), 0);
	assert_string_equal(gtv_event_name(GTV_EV_K_SWITCH), "sched_switch");
	assert_string_equal(gtv_event_name(GTV_EV_SWITCH_YIELD), "gt_yield");
}

static void kinds_carry_their_counts(void **state)
{
	(void)state;
	assert_int_equal(gtv_event_counts(GTV_EV_SPAWN), GTV_CNT(SPAWNS));
	assert_int_equal(gtv_event_counts(GTV_EV_SWITCH_EXIT),
			 GTV_CNT(SWITCHES) | GTV_CNT(EXITS));
	assert_int_equal(gtv_event_counts(GTV_EV_K_SWITCH), 0);
	assert_int_equal(gtv_event_counts(1000), 0);
	for (unsigned kind = 0; kind < GTV_EV_MAX; kind++) {
		int switches = (gtv_event_counts(kind) & GTV_CNT(SWITCHES)) != 0;
		assert_int_equal(gtv_event_is_switch(kind) && gtv_event_name(kind),
				 switches);
	}
	assert_string_equal(gtv_counter_name(GTV_COUNT_GIL_HANDOFFS), "gil_handoffs");
	assert_null(gtv_counter_name(GTV_COUNT_MAX));
}

static void an_error_is_one_line(void **state)
{
	(void)state;
	struct gtv_err err;
	char line[700];

	assert_int_equal(gtv_err_set(NULL, GTV_EIO, "x", NULL, "y"), -GTV_EIO);
	assert_int_equal(gtv_err_set(&err, GTV_EPERM, "level 3", "run it as root",
				     "needs %s", "CAP_BPF"),
			 -GTV_EPERM);
	assert_int_equal(err.code, GTV_EPERM);
	assert_string_equal(gtv_err_line(&err, line, sizeof line),
			    "level 3: needs CAP_BPF (run it as root)");
	gtv_err_set(&err, GTV_EIO, "a\nb%s", NULL, "no\033way");
	assert_string_equal(gtv_err_line(&err, line, sizeof line), "a\\x0ab%s: no\\x1bway");
	assert_int_equal(strlen(gtv_err_line(&err, line, 8)), 7);
	assert_string_equal(gtv_err_line(&err, line, 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_kinds_are_one_to_one),
		cmocka_unit_test(kinds_carry_their_counts),
		cmocka_unit_test(an_error_is_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
