/* SPDX-License-Identifier: MIT
 *
 * The locks of the convoy scene: their totals, the queue and the hand-offs at the cursor,
 * and that each line leads to what it tells of.
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
#include "tui/trace/panes.h"
#include "tui/trace/go.h"
#include "tui/trace/locks.h"
#include "tui/trace/threads.h"

static const struct tui_locks_row *at(uint64_t ns)
{
	trace.nav.cursor_ns = ns;
	tui_trace_locks(&trace, UINT64_MAX);
	assert_int_equal(trace.locks->count, 1);
	return &trace.locks->row[0];
}

/* What the model's totals say, this view says. */
static void totals(void **state)
{
	const struct tui_locks_row *r = at(CONVOY_START + 1222 * CONVOY_MS);
	struct gtv_lock_totals t;

	(void)state;
	assert_true(trace.locks->done);
	assert_int_equal(gtv_model_lock_totals(tui_trace_threads_model(&trace), 0, &t), 0);
	assert_int_equal(r->a.on_ns, t.held_on_ns);
	assert_int_equal(r->a.off_ns, t.held_preempted_ns + t.held_asleep_ns);
	assert_int_equal(r->a.free_ns, t.free_ns);
	assert_int_equal(r->a.unknown_ns, t.unknown_ns);
	assert_true(r->counted);
	assert_int_equal(r->takes, t.takes);
	assert_int_equal(r->requests, t.requests);
	assert_int_equal(r->false_wakeups, t.false_wakeups);
}

/* cc1 has C0, so spin-a holds the GIL off core; echo waits since 1.217 9, spin-b too. */
static void the_moment_of_the_cursor(void **state)
{
	uint64_t cursor = CONVOY_START + 1222 * CONVOY_MS;
	const struct tui_locks_row *r = at(cursor);

	(void)state;
	assert_int_equal(r->now.state, GTV_ST_HELD_PREEMPTED);
	assert_int_equal(r->now.gt, 1);
	assert_int_equal(r->now.who, CONVOY_CC1);
	assert_int_equal(r->waiting, 2);
	assert_int_equal(r->waiting, r->now.waiters);
	assert_true(r->queue[0].since_ns <= r->queue[1].since_ns);
	assert_int_equal(r->queue[0].lane.id + r->queue[1].lane.id, 5);
	assert_true(trace.locks->handoffs > 2);
	for (int i = 0; i < trace.locks->handoffs; i++) {
		const struct gtv_edge *e = &trace.locks->handoff[i];
		assert_true(e->to_ns <= cursor);
		assert_int_equal(e->obj, CONVOY_GIL);
		if (i)
			assert_true(e->to_ns <= trace.locks->handoff[i - 1].to_ns);
	}
	r = at(CONVOY_START + 1001 * CONVOY_MS);
	assert_int_equal(r->now.state, GTV_ST_HELD);
	assert_int_equal(r->now.gt, 1);
	r = at(0); /* before anything: the trace's begin is looked at */
	assert_int_equal(r->now.to_ns, 0);
	assert_int_equal(r->waiting, 0);
}

static void lines_lead_to_their_evidence(void **state)
{
	struct tui_locks_line line[TUI_LOCKS_LINES];
	const struct tui_locks_row *r = at(CONVOY_START + 1222 * CONVOY_MS);
	int seen = 0, count = tui_locks_lines(trace.locks, line);

	(void)state;
	for (int i = 0; i < count; i++) {
		const struct gtv_span *span = &trace.nav.span;
		if (line[i].to_ns <= line[i].from_ns)
			continue;
		assert_int_equal(
			tui_trace_go(&trace, line[i].lane, line[i].from_ns, line[i].to_ns),
			0);
		seen |= 1 << line[i].part;
		assert_int_equal(span->lane.kind, line[i].lane.kind);
		switch (line[i].part) {
		case TUI_LOCKS_WAITER:
			assert_int_equal(span->from_ns, r->queue[line[i].num].since_ns);
			assert_int_equal(span->state, GTV_ST_GIL);
			break;
		case TUI_LOCKS_WORST_WAIT:
			assert_int_equal(span->to_ns - span->from_ns, r->a.wait_max_ns);
			break;
		case TUI_LOCKS_HOLDER:
			assert_int_equal(span->state, GTV_ST_HELD_PREEMPTED);
			break;
		default: /* free: on its way */
			assert_int_equal(span->state, GTV_ST_FREE);
		}
	}
	assert_int_equal(seen, 31);
}

/* The threads view may have gone to a range meanwhile, and back. */
static void shares_a_reading(void **state)
{
	uint64_t wait_ns;

	(void)state;
	wait_ns = at(CONVOY_START + 1222 * CONVOY_MS)->a.wait_ns;
	tui_nav_window(&trace.nav, CONVOY_START + 1200 * CONVOY_MS,
		       CONVOY_START + 1250 * CONVOY_MS);
	tui_range_next(&trace.nav, trace.scope);
	tui_trace_threads(&trace, UINT64_MAX);
	assert_true(at(CONVOY_START + 1222 * CONVOY_MS)->a.wait_ns < wait_ns);
	assert_true(trace.locks->range.kind && trace.locks->row[0].counted);
	tui_range_next(&trace.nav, trace.scope);
	assert_int_equal(at(CONVOY_START + 1222 * CONVOY_MS)->a.wait_ns, wait_ns);
	for (int i = 0; i < 2 * TUI_LOCKS_BY_MAX; i++)
		tui_trace_locks_sort(&trace);
	assert_int_equal(trace.locks->sort, 0);
	tui_trace_forget_locks(&trace);
	assert_int_equal(at(CONVOY_START + 1222 * CONVOY_MS)->a.wait_ns, wait_ns);
}

static void a_live_trace_follows(void **state)
{
	(void)state;
	trace.facts.mode = TUI_LIVE;
	assert_true(tui_trace_locks(&trace, UINT64_MAX));
	assert_false(trace.locks->done);
	assert_int_equal(trace.locks->row[0].a.to_ns, trace.locks->upto_ns);
	trace.facts.mode = TUI_ENDED;
	assert_true(tui_trace_locks(&trace, UINT64_MAX));
	assert_true(trace.locks->done);
}

#define TRACE(f) cmocka_unit_test_setup_teardown(f, open_trace, close_trace)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRACE(totals),
		TRACE(the_moment_of_the_cursor),
		TRACE(lines_lead_to_their_evidence),
		TRACE(shares_a_reading),
		TRACE(a_live_trace_follows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
