/* SPDX-License-Identifier: MIT
 *
 * Bars that sum, units, and the table of threads: read piece by piece, sorted, filtered,
 * of a range, gone from to the evidence.
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
#include "tui/view/bar.h"
#include "tui/trace/go.h"
#include "tui/trace/threads.h"
#include "tui/canvas/unit.h"

/* ---- bars and units ---- */

static void bars_sum(void **state)
{
	uint64_t rng = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint64_t ns[11], total = 0;
		int out[11], cells, sum = 0, present = 0;
		for (int i = 0; i < 11; i++) {
			rng = rng * 6364136223846793005u + 1442695040888963407u;
			ns[i] = rng >> 62 ? 0 : rng >> (20 + (rng >> 32) % 40);
			total += ns[i];
			present += ns[i] != 0;
		}
		cells = (int)(rng >> 40) % 120;
		tui_bar_share(ns, 11, cells, out);
		for (int i = 0; i < 11; i++) {
			sum += out[i];
			assert_true(out[i] >= 0 && (ns[i] || !out[i]));
			if (cells >= present)
				assert_true(!ns[i] || out[i] >= 1);
		}
		assert_int_equal(sum, !total ? 0 : cells);
	}
}

static void the_largest_remainder_wins(void **state)
{
	int out[4];

	(void)state;
	tui_bar_share((const uint64_t[]){50, 30, 20}, 3, 10, out);
	assert_memory_equal(out, ((int[]){5, 3, 2}), 3 * sizeof(int));
	tui_bar_share((const uint64_t[]){46, 34, 20}, 3, 10, out); /* 4.6, 3.4, 2.0 */
	assert_memory_equal(out, ((int[]){5, 3, 2}), 3 * sizeof(int));
	tui_bar_share((const uint64_t[]){996, 1, 0, 3}, 4, 10, out);
	assert_memory_equal(out, ((int[]){8, 1, 0, 1}), 4 * sizeof(int));
	tui_bar_share((const uint64_t[]){5, 9, 1, 7}, 4, 2, out);
	assert_memory_equal(out, ((int[]){0, 1, 0, 1}), 4 * sizeof(int));
}

static void units(void **state)
{
	char text[40];

	(void)state;
	assert_string_equal(
		tui_unit_format(text, sizeof(text), 9997123456u, tui_unit_of(9997123456u)),
		"9.997");
	assert_string_equal(
		tui_unit_format(text, sizeof(text), 1999500u, tui_unit_of(1999500u)),
		"2.000");
	assert_string_equal(tui_unit_format(text, sizeof(text), 7, tui_unit_of(999)), "7");
	assert_string_equal(tui_unit_of(1000).name, "µs");
}

/* ---- the table ---- */

static struct gtv_attr_lane row(size_t i)
{
	const struct tui_threads *t = trace.threads;
	struct gtv_attr_lane l;

	assert_true(i < t->count);
	assert_int_equal(gtv_attr_lane(t->attr, t->kind, t->row[i].idx, &l), 0);
	return l;
}

static void read_piece_by_piece(void **state)
{
	struct gtv_attr_lane once, l;

	(void)state;
	assert_true(tui_trace_threads_unread(&trace));
	tui_trace_threads(&trace, UINT64_MAX);
	assert_true(trace.threads->done);
	once = row(0);
	tui_trace_forget_threads(&trace);
	for (int i = 0; tui_trace_threads_unread(&trace) && i < 100000; i++)
		tui_trace_threads(&trace, 1);
	assert_true(trace.threads->done);
	l = row(0);
	assert_memory_equal(&l, &once, sizeof(l));
}

static uint64_t key(unsigned sort, size_t i)
{
	struct gtv_attr_lane l = row(i);

	return sort == TUI_SORT_RUN	? l.run_ns
	       : sort == TUI_SORT_LIFE	? l.life_ns
	       : sort == TUI_SORT_RUNS	? l.runs
	       : sort == TUI_SORT_WORST ? l.worst_ns
	       : sort == TUI_SORT_BIRTH ? UINT64_MAX - l.from_ns
					: l.wait_ns;
}

static void sorted_by_each_key(void **state)
{
	(void)state;
	tui_trace_threads(&trace, UINT64_MAX);
	for (unsigned sort = 0; sort <= TUI_SORT_MAX; sort++) {
		assert_int_equal(trace.threads->sort, sort % TUI_SORT_MAX);
		assert_int_equal(trace.threads->count, 4);
		for (size_t i = 1; i < trace.threads->count; i++)
			assert_true(key(sort % TUI_SORT_MAX, i - 1) >=
				    key(sort % TUI_SORT_MAX, i));
		tui_trace_threads_sort(&trace);
	}
}

/* Who is chosen stays so when the order changes. */
static void the_chosen_stays(void **state)
{
	(void)state;
	tui_trace_threads(&trace, UINT64_MAX);
	tui_threads_choose(trace.threads, 2);
	struct gtv_lane lane = row(2).lane;
	for (unsigned i = 0; i < TUI_SORT_MAX; i++) {
		tui_trace_threads_sort(&trace);
		assert_int_equal(row(trace.threads->chosen).lane.id, lane.id);
	}
	tui_trace_threads_kind(&trace);
	assert_int_equal(trace.threads->kind, GTV_LANE_THREAD);
	assert_true(trace.threads->count >= 5);
	assert_int_equal(trace.threads->chosen, 0);
}

static void filtered(void **state)
{
	struct gtv_err err;

	(void)state;
	tui_trace_threads(&trace, UINT64_MAX);
	assert_int_equal(tui_filter_parse(&trace.nav.filter, "SPIN", &err), 0);
	assert_true(tui_trace_threads(&trace, UINT64_MAX));
	assert_false(tui_trace_threads(&trace, UINT64_MAX));
	assert_int_equal(trace.threads->count, 2);
	assert_int_equal(trace.threads->all, 4);
	assert_true(row(0).lane.id + row(1).lane.id == 3);
	assert_int_equal(tui_filter_parse(&trace.nav.filter, "", &err), 0);
	assert_true(tui_trace_threads(&trace, UINT64_MAX));
	assert_int_equal(trace.threads->count, 4);
}

/* The window's figures: as of reading it all and cutting, read from a checkpoint. */
static void a_range(void **state)
{
	uint64_t from = CONVOY_START + 1200 * CONVOY_MS, to = from + 50 * CONVOY_MS;

	(void)state;
	tui_trace_threads(&trace, UINT64_MAX);
	tui_nav_window(&trace.nav, from, to);
	tui_range_next(&trace.nav, trace.scope);
	tui_trace_threads(&trace, UINT64_MAX);
	assert_true(trace.threads->done && trace.threads->range.kind);
	assert_int_equal(trace.threads->count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(row(i).life_ns, 50 * CONVOY_MS);
		assert_int_equal(row(i).from_ns, from);
	}
	tui_range_next(&trace.nav, trace.scope);
	tui_trace_threads(&trace, UINT64_MAX);
	assert_false(trace.threads->range.kind);
	assert_true(row(0).life_ns > 200 * CONVOY_MS);
}

/* Each line below the table leads to a span of that state, as long as it says. */
static void lines_lead_to_their_evidence(void **state)
{
	struct tui_threads_line line[TUI_THREADS_LINES];
	int states = 0, shares = 0, count;

	(void)state;
	trace.nav.selected = (struct gtv_lane){GTV_LANE_GT, 3};
	tui_trace_threads(&trace, UINT64_MAX);
	assert_int_equal(row(trace.threads->chosen).lane.id, 3);
	count = tui_threads_lines(trace.threads, line);
	for (int i = 0; i < count; i++) {
		const struct gtv_span *span = &trace.nav.span;
		assert_int_equal(tui_trace_go(&trace, trace.threads->lane, line[i].from_ns,
					      line[i].to_ns),
				 0);
		assert_int_equal(span->lane.id, 3);
		assert_int_equal(trace.nav.rows, TUI_ROWS_GT);
		assert_true(trace.nav.from_ns <= span->from_ns);
		if (!line[i].lock) {
			states++;
			assert_int_equal(span->state, line[i].state.state);
			assert_int_equal(span->to_ns - span->from_ns, line[i].state.max_ns);
		} else {
			shares++;
			assert_int_equal(span->state, GTV_ST_GIL);
			assert_true(span->to_ns - span->from_ns >= line[i].share.max_ns);
		}
	}
	assert_true(states >= 3 && shares >= 3);
}

/* While it runs the figures follow, and there is always more to come. */
static void a_live_trace_follows(void **state)
{
	(void)state;
	trace.facts.mode = TUI_LIVE;
	assert_true(tui_trace_threads(&trace, UINT64_MAX));
	assert_int_equal(trace.threads->count, 4);
	assert_false(trace.threads->done);
	assert_true(tui_trace_threads_unread(&trace));
	/* What goes on counts: all of them live until now. */
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(row(i).to_ns, trace.threads->upto_ns);
	trace.facts.mode = TUI_ENDED;
	assert_true(tui_trace_threads(&trace, UINT64_MAX));
	assert_true(trace.threads->done);
}

/* A hundred thousand rows, of which a screen looks up what it shows. */
static void a_hundred_thousand(void **state)
{
	struct gtv_attribution *a = gtv_attribution_new(0, UINT64_MAX);
	struct tui_threads t = {.attr = a, .kind = GTV_LANE_GT};
	struct gtv_attr_lane l;

	(void)state;
	assert_non_null(a);
	for (uint32_t i = 1; i <= 100000; i++)
		for (unsigned k = 0; k < 3; k++)
			gtv_attribution_span(
				a, &(struct gtv_span){.lane = {GTV_LANE_GT, i},
						      .state = (uint8_t)(k + 1),
						      .core = -1,
						      .from_ns = 100 * k,
						      .to_ns = 100 * k + 1 +
							       (i * 7919u) % 100});
	assert_int_equal(tui_threads_list(&t, NULL, NULL), 0);
	assert_int_equal(t.count, 100000);
	for (size_t i = 1; i < t.count; i++)
		assert_true(t.row[i - 1].key >= t.row[i].key);
	tui_threads_choose(&t, 99999);
	t.sort = TUI_SORT_RUN;
	assert_int_equal(tui_threads_list(&t, NULL, NULL), 0);
	assert_int_equal(gtv_attr_lane(a, GTV_LANE_GT, t.row[t.chosen].idx, &l), 0);
	assert_int_equal(l.lane.id, t.lane.id);
	tui_threads_fini(&t);
	gtv_attribution_free(a);
}

/* In parts: until all is done the rows are the old ones, then those of the whole. The work
 * of a part is bounded, whatever there is. */
static void listed_in_parts(void **state)
{
	struct gtv_attribution *a = gtv_attribution_new(0, UINT64_MAX);
	struct tui_threads t = {.attr = a, .kind = GTV_LANE_GT}, whole = t;
	struct tui_ranked first;
	int parts = 0, rc = 0;

	(void)state;
	for (uint32_t i = 1; i <= 30000; i++)
		gtv_attribution_span(a, &(struct gtv_span){.lane = {GTV_LANE_GT, i},
							   .state = GTV_ST_READY,
							   .core = -1,
							   .to_ns = 1 + i * 7919u % 5000});
	assert_int_equal(tui_threads_list(&t, NULL, NULL), 0);
	tui_threads_choose(&t, 17);
	first = t.row[0];
	t.sort = whole.sort = TUI_SORT_BIRTH;
	tui_threads_relist(&t);
	for (; !rc; rc = tui_threads_list_on(&t, NULL, NULL, 1000), parts++) {
		assert_int_equal(t.row_sort, TUI_SORT_WAIT);
		assert_int_equal(t.count, 30000);
		assert_int_equal(t.row[0].idx, first.idx);
		assert_int_equal(t.chosen, 17);
		assert_true(t.making.at <= 1000u * (size_t)parts);
	}
	assert_int_equal(rc, 1);
	assert_true(parts >= 31);
	assert_int_equal(t.row_sort, TUI_SORT_BIRTH);
	assert_int_equal(tui_threads_list(&whole, NULL, NULL), 0);
	assert_int_equal(t.count, whole.count);
	for (size_t i = 0; i < t.count; i++)
		assert_int_equal(t.row[i].idx, whole.row[i].idx);
	assert_int_equal(t.row[t.chosen].idx + 1, t.lane.id);
	/* Another order is asked for meanwhile: that one is made. */
	tui_threads_relist(&t);
	assert_int_equal(tui_threads_list_on(&t, NULL, NULL, 1000), 0);
	t.sort = TUI_SORT_WAIT;
	assert_int_equal(tui_threads_list(&t, NULL, NULL), 0);
	assert_int_equal(t.row[0].idx, first.idx);
	tui_threads_fini(&t);
	tui_threads_fini(&whole);
	gtv_attribution_free(a);
}

static void ranked(void **state)
{
	static struct tui_ranked row[5000], spare[5000];
	uint64_t rng = 7;

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		size_t count = round * 83;
		for (size_t i = 0; i < count; i++) {
			rng = rng * 6364136223846793005u + 1442695040888963407u;
			/* Of all widths, many alike, and the ends. */
			row[i] = (struct tui_ranked){round % 5 == 4 ? UINT64_MAX - rng % 3
								    : rng >> round,
						     (uint32_t)i};
		}
		tui_rank(row, spare, count);
		for (size_t i = 1; i < count; i++)
			assert_true(row[i - 1].key > row[i].key ||
				    (row[i - 1].key == row[i].key &&
				     row[i - 1].idx < row[i].idx));
	}
}

#define TRACE(f) cmocka_unit_test_setup_teardown(f, open_trace, close_trace)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bars_sum),
		cmocka_unit_test(the_largest_remainder_wins),
		cmocka_unit_test(units),
		TRACE(read_piece_by_piece),
		TRACE(sorted_by_each_key),
		TRACE(the_chosen_stays),
		TRACE(filtered),
		TRACE(a_range),
		TRACE(lines_lead_to_their_evidence),
		TRACE(a_live_trace_follows),
		cmocka_unit_test(a_hundred_thousand),
		cmocka_unit_test(listed_in_parts),
		cmocka_unit_test(ranked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
