/* SPDX-License-Identifier: MIT
 *
 * The oscilloscope's data: the trigger's line, its words, marks in order, the cursors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tui/scene/scope.h"

#define MS 1000000ull

static void lines(void **state)
{
	struct tui_trigger t, again;
	struct gtv_err err = {0};
	char line[300];

	(void)state;
	assert_int_equal(tui_trigger_parse(&t, "wait>5ms", &err), 0);
	assert_int_equal(t.state, TUI_TRIGGER_OFF);
	assert_false(t.repeat);
	assert_true(t.pre_ns >= 5 * MS && t.post_ns > 0);
	assert_int_equal(
		tui_trigger_parse(&t, " hold(GIL)>1s and gt=a  pre 30ms repeat post 7us ",
				  &err),
		0);
	assert_true(t.repeat);
	assert_int_equal(t.pre_ns, 30 * MS);
	assert_int_equal(t.post_ns, 7000);
	assert_string_equal(t.condition.text, "hold(GIL)>1s and gt=a");
	tui_trigger_line(&t, line, sizeof(line));
	assert_int_equal(tui_trigger_parse(&again, line, &err), 0);
	assert_memory_equal(&t, &again, sizeof(t));
	assert_int_equal(tui_trigger_parse(&t, "repeat", &err), -GTV_EUSAGE);
	assert_int_equal(tui_trigger_parse(&t, "pre 5ms", &err), -GTV_EUSAGE);
	assert_int_equal(tui_trigger_parse(&t, "wait>5ms 6ms", &err), -GTV_EUSAGE);
	/* What lasted a second is shown from its beginning. */
	assert_int_equal(tui_trigger_parse(&t, "wait>1s", &err), 0);
	assert_true(t.pre_ns > 1000 * MS);
}

static void words(void **state)
{
	struct tui_trigger t;
	char text[100];

	(void)state;
	tui_trigger_parse(&t, "wait>5ms", NULL);
	assert_string_equal(tui_trigger_status(&t, 1, text, sizeof(text)), "");
	t.state = TUI_TRIGGER_ARMED;
	assert_string_equal(tui_trigger_status(&t, 1, text, sizeof(text)),
			    "ARMED wait>5ms");
	assert_string_equal(tui_trigger_status(&t, 0, text, sizeof(text)), "ARMED");
	t.hits = 2;
	t.state = TUI_TRIGGER_HIT;
	assert_string_equal(tui_trigger_status(&t, 1, text, sizeof(text)),
			    "HIT 2 wait>5ms");
	t.state = TUI_TRIGGER_NONE;
	assert_string_equal(tui_trigger_status(&t, 0, text, sizeof(text)), "NO HIT");
}

static struct tui_scope scope;

static void marks(void **state)
{
	struct tui_mark said[] = {{.ts_ns = 15, .said = 1, .name = "frame"},
				  {.ts_ns = 40, .said = 1, .name = "frame"}};

	(void)state;
	memset(&scope, 0, sizeof(scope));
	assert_null(tui_scope_mark_from(&scope, 0, 1));
	assert_string_equal(tui_scope_mark(&scope, 30, "")->name, "a");
	assert_string_equal(tui_scope_mark(&scope, 10, "")->name, "b");
	assert_string_equal(tui_scope_mark(&scope, 20, "bad\033[2J")->name, "bad\\x1b[2J");
	scope.said = said;
	scope.said_count = 2;
	assert_int_equal(tui_scope_mark_from(&scope, 0, 1)->ts_ns, 10);
	assert_int_equal(tui_scope_mark_from(&scope, 10, 1)->ts_ns, 15);
	assert_int_equal(tui_scope_mark_from(&scope, 35, -1)->ts_ns, 30);
	assert_int_equal(tui_scope_mark_from(&scope, 15, -1)->ts_ns, 10);
	assert_null(tui_scope_mark_from(&scope, 10, -1));
	assert_null(tui_scope_mark_from(&scope, 40, 1));
	assert_int_equal(tui_scope_mark_named(&scope, "a")->ts_ns, 30);
	assert_int_equal(tui_scope_mark_named(&scope, "frame")->ts_ns, 15);
	/* The same name moves. */
	tui_scope_mark(&scope, 5, "a");
	assert_int_equal(scope.marks, 3);
	assert_int_equal(tui_scope_mark_named(&scope, "a")->ts_ns, 5);
	assert_false(tui_scope_unmark(&scope, 100, 10));
	assert_true(tui_scope_unmark(&scope, 8, 10)); /* the nearer of two */
	assert_null(tui_scope_mark_named(&scope, "b"));
	for (int i = 0; i < 2 * TUI_MARKS_MAX; i++)
		tui_scope_mark(&scope, (uint64_t)i, "");
	assert_int_equal(scope.marks, TUI_MARKS_MAX);
	assert_null(tui_scope_mark(&scope, 1, "one more"));
}

static void cursors(void **state)
{
	uint64_t from, to;

	(void)state;
	memset(&scope, 0, sizeof(scope));
	assert_false(tui_scope_interval(&scope, &from, &to));
	scope.has_a = scope.has_b = 1;
	scope.a_ns = scope.b_ns = 7;
	assert_false(tui_scope_interval(&scope, &from, &to));
	scope.b_ns = 3;
	assert_true(tui_scope_interval(&scope, &from, &to));
	assert_int_equal(from, 3);
	assert_int_equal(to, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(words),
		cmocka_unit_test(marks),
		cmocka_unit_test(cursors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
