/* SPDX-License-Identifier: MIT
 *
 * What keys ask and a thread finds out: where edges lead and why something waited. The same
 * as found out at once; of one question at a time; none after something else was selected;
 * and of several edges from one span each is come to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/golden/convoy_trace.h"
#include "tui/trace/asking.h"
#include "tui/trace/select.h"
#include "tui/trace/span.h"

#define TRIES	 100000
#define SPANS	 60
#define STEP_NS	 700000u
#define EDGE_MAX 64

/* What a green thread does at a time is selected. */
static int choose(uint32_t gt, uint64_t at_ns)
{
	struct gtv_span span;

	if (gtv_window_span_at(trace.window, (struct gtv_lane){GTV_LANE_GT, gt}, at_ns,
			       &span))
		return 0;
	tui_nav_select(&trace.nav, &span);
	return 1;
}

static enum tui_asked answer(int *rc)
{
	struct timespec nap = {.tv_nsec = 50000};
	enum tui_asked what = TUI_ASKED_NOTHING;

	for (int i = 0; i < TRIES && !what && tui_asking_unread(&trace); i++) {
		nanosleep(&nap, NULL);
		what = tui_asking_take(&trace, rc);
	}
	return what;
}

/* By the thread, whether it needs a moment or more. */
static int edge_later(int dir)
{
	int rc = tui_ask_edge(&trace, dir);

	if (rc == TUI_ASKED_LATER)
		assert_int_equal(answer(&rc), TUI_ASKED_EDGE);
	assert_false(tui_asking_unread(&trace));
	return rc;
}

static void edges_as_at_once(void **state)
{
	int found = 0;

	(void)state;
	for (int i = 0; i < SPANS; i++) {
		uint64_t at_ns = CONVOY_START + 1200 * CONVOY_MS + (uint64_t)i * STEP_NS;

		for (int dir = -1; dir < 2; dir += 2) {
			if (!choose(1 + (uint32_t)i % 4, at_ns))
				continue;
			struct gtv_span from = trace.nav.span, at_once;
			memset(&trace.followed, 0, sizeof(trace.followed));
			int rc = tui_select_edge(&trace, dir);
			at_once = trace.nav.span;
			tui_nav_select(&trace.nav, &from);
			memset(&trace.followed, 0, sizeof(trace.followed));
			trace.sought.later = 1;
			assert_int_equal(edge_later(dir), rc);
			trace.sought.later = 0;
			assert_memory_equal(&trace.nav.span, &at_once, sizeof(at_once));
			found += !rc;
		}
	}
	assert_true(found > SPANS / 2);
}

static void why_as_at_once(void **state)
{
	static struct gtv_explanation at_once;
	int told = 0;

	(void)state;
	for (int i = 0; i < SPANS; i++) {
		uint64_t at_ns = CONVOY_START + 1200 * CONVOY_MS + (uint64_t)i * STEP_NS;

		if (!choose(1 + (uint32_t)i % 4, at_ns))
			continue;
		/* How often it is so is asked of what is seen. */
		assert_int_equal(gtv_window_look(trace.window, at_ns - 10 * CONVOY_MS,
						 at_ns + 10 * CONVOY_MS, 1000),
				 0);
		assert_int_equal(tui_trace_explain(&trace), 0);
		at_once = trace.explanation;
		memset(&trace.explanation, 0, sizeof(trace.explanation));
		assert_int_equal(gtv_window_look(trace.window, at_ns - 10 * CONVOY_MS,
						 at_ns + 10 * CONVOY_MS, 1000),
				 0);
		trace.sought.later = 1;
		int rc = tui_ask_why(&trace, NULL);
		if (rc == TUI_ASKED_LATER)
			assert_int_equal(answer(&rc), TUI_ASKED_WHY);
		trace.sought.later = 0;
		assert_int_equal(rc, 0);
		assert_memory_equal(&trace.explanation, &at_once, sizeof(at_once));
		told += at_once.causes > 1;
	}
	assert_true(told > SPANS / 4);
}

/* Whoever selects something else does not want to know any more. */
static void not_wanted_any_more(void **state)
{
	struct gtv_span other;
	int rc = 0;

	(void)state;
	assert_true(choose(3, CONVOY_START + 1205 * CONVOY_MS));
	other = trace.nav.span;
	trace.sought.later = 1;
	for (int i = 0; i < SPANS; i++) {
		uint64_t at_ns = CONVOY_START + 1210 * CONVOY_MS + (uint64_t)i * STEP_NS;

		assert_true(choose(1, at_ns));
		rc = tui_ask_edge(&trace, 1);
		if (rc != TUI_ASKED_LATER)
			continue;
		tui_nav_select(&trace.nav, &other);
		assert_int_equal(answer(&rc), TUI_ASKED_EDGE);
		assert_int_equal(rc, -GTV_EUSAGE);
		assert_memory_equal(&trace.nav.span, &other, sizeof(other));
	}
	/* Many questions, one after the other at once: the last is answered, or none if
	 * it was dropped; and a trace may be closed meanwhile. */
	for (int i = 0; i < SPANS; i++) {
		choose(1 + (uint32_t)i % 3, CONVOY_START + 1200 * CONVOY_MS + STEP_NS);
		rc = i % 2 ? tui_ask_edge(&trace, i % 4 ? 1 : -1)
			   : tui_ask_why(&trace, NULL);
		if (i % 5 == 0)
			tui_asking_drop(&trace);
	}
	answer(&rc);
	assert_false(tui_asking_unread(&trace));
	choose(1, CONVOY_START + 1200 * CONVOY_MS + STEP_NS);
	(void)tui_ask_why(&trace, NULL);
	trace.sought.later = 0;
}

static void nothing_selected(void **state)
{
	(void)state;
	trace.sought.later = 1;
	tui_select_none(&trace);
	assert_int_equal(tui_ask_edge(&trace, 1), -GTV_ENOTFOUND);
	assert_int_equal(tui_ask_why(&trace, NULL), -GTV_ENOTFOUND);
	trace.sought.later = 0;
}

static int same_edge(const struct gtv_edge *a, const struct gtv_edge *b)
{
	return a->kind == b->kind && a->from_ns == b->from_ns && a->to_ns == b->to_ns &&
	       a->to.kind == b->to.kind && a->to.id == b->to.id;
}

/* On, back and on again, as often as edges lead on from the span: to each of them once, the
 * last first; then from the beginning. */
static void each_edge_in_turn(const struct gtv_span *from, unsigned count)
{
	struct gtv_edge gone[EDGE_MAX];

	for (unsigned n = 0; n <= count && n < EDGE_MAX; n++) {
		assert_int_equal(tui_select_edge(&trace, 1), 0);
		gone[n] = trace.followed.edge;
		assert_int_equal(trace.followed.count, count);
		assert_int_equal(trace.followed.nth, n % count + 1);
		for (unsigned k = 0; k < n && n < count; k++)
			assert_false(same_edge(&gone[k], &gone[n]));
		if (n && n < count)
			assert_true(gone[n].from_ns <= gone[n - 1].from_ns);
		if (n == count)
			assert_true(same_edge(&gone[n], &gone[0]));
		if (trace.nav.span.to_ns <= trace.nav.span.from_ns)
			tui_nav_select(&trace.nav, from);
		else
			assert_int_equal(tui_select_edge(&trace, -1), 0);
		assert_memory_equal(&trace.nav.span, from, sizeof(*from));
	}
}

static void several_edges(void **state)
{
	unsigned most = 0;

	(void)state;
	for (int i = 0; i < SPANS * 4; i++) {
		struct gtv_span from;

		if (!choose(1 + (uint32_t)i % 4,
			    CONVOY_START + 1200 * CONVOY_MS + (uint64_t)i * STEP_NS / 3))
			continue;
		from = trace.nav.span;
		memset(&trace.followed, 0, sizeof(trace.followed));
		if (tui_select_edge(&trace, 1) || trace.followed.count < 2)
			continue;
		unsigned count = trace.followed.count;

		most = count > most ? count : most;
		tui_nav_select(&trace.nav, &from);
		memset(&trace.followed, 0, sizeof(trace.followed));
		each_edge_in_turn(&from, count);
	}
	print_message("at most %u edges from a span\n", most);
	assert_true(most > 1);
}

#define TRACE(f) cmocka_unit_test_setup_teardown(f, open_trace, close_trace)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRACE(edges_as_at_once), TRACE(why_as_at_once), TRACE(not_wanted_any_more),
		TRACE(nothing_selected), TRACE(several_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
