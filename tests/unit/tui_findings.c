/* SPDX-License-Identifier: MIT
 *
 * The findings of a trace on the screen: read piece by piece, chosen, and gone to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/golden/convoy_trace.h"
#include "tui/trace/findings.h"

static void read_piece_by_piece_or_at_once(void **state)
{
	struct gtv_finding list[8];
	size_t count;
	int rounds = 0;

	(void)state;
	for (; !trace.findings.done && rounds < 100000; rounds++)
		tui_trace_notice(&trace, 1);
	assert_true(trace.findings.done);
	count = trace.findings.count;
	assert_true(count > 0 && count <= 8);
	memcpy(list, trace.findings.list, count * sizeof(*list));
	assert_false(tui_trace_notice(&trace, UINT64_MAX)); /* there is no more */
	tui_trace_forget_findings(&trace);
	assert_true(tui_trace_notice(&trace, UINT64_MAX));
	assert_int_equal(trace.findings.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(trace.findings.list[i].text, list[i].text);
		assert_int_equal(trace.findings.list[i].lost_ns, list[i].lost_ns);
	}
}

/* While a program runs there is more to come: a list is there all the same. */
static void a_live_trace_has_a_list(void **state)
{
	(void)state;
	trace.facts.mode = TUI_LIVE;
	assert_true(tui_trace_notice(&trace, UINT64_MAX));
	assert_false(trace.findings.done);
	assert_true(trace.findings.count > 0);
	trace.facts.mode = TUI_ENDED;
	assert_true(tui_trace_notice(&trace, UINT64_MAX));
	assert_true(trace.findings.done);
}

static void chosen_and_gone_to(void **state)
{
	const struct gtv_finding *it;
	size_t ups = 0;

	(void)state;
	tui_trace_notice(&trace, UINT64_MAX);
	assert_false(tui_trace_choose_finding(&trace, -1));
	do {
		it = &trace.findings.list[trace.findings.chosen];
		assert_int_equal(tui_trace_show_finding(&trace), 0);
		assert_true(trace.nav.from_ns <= it->from_ns);
		assert_true(trace.nav.to_ns >= it->to_ns);
		assert_int_equal(trace.nav.selected.kind, it->lane[0].kind);
		assert_int_equal(trace.nav.selected.id, it->lane[0].id);
	} while (tui_trace_choose_finding(&trace, 1));
	assert_int_equal(trace.findings.chosen, trace.findings.count - 1);
	while (tui_trace_choose_finding(&trace, -1))
		ups++;
	assert_int_equal(ups, trace.findings.count - 1);
}

static void nothing_to_go_to(void **state)
{
	(void)state;
	assert_int_equal(tui_trace_show_finding(&trace), -GTV_ENOTFOUND);
	assert_false(tui_trace_choose_finding(&trace, 1));
	assert_false(tui_trace_choose_finding(&trace, -1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_trace, close_trace)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(read_piece_by_piece_or_at_once),
		TEST(a_live_trace_has_a_list),
		TEST(chosen_and_gone_to),
		TEST(nothing_to_go_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
