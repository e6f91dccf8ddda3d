/* SPDX-License-Identifier: MIT
 *
 * Filters: what the words mean, on lanes and on events; what is wrong is told; and any
 * bytes parse or are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/golden/convoy.h"
#include "tracer/model/window.h"
#include "tui/trace/events.h"
#include "tui/trace/pick.h"

static struct gtv_names *names;
static struct gtv_store *store;
static struct gtv_window *window;

static int open_scene(void **state)
{
	(void)state;
	names = gtv_names_new();
	store = convoy_store(names, 60);
	window = gtv_window_new(store);
	if (!window)
		return -1;
	/* The stretch of the mock-ups. */
	return gtv_window_look(window, CONVOY_START + 1200 * CONVOY_MS,
			       CONVOY_START + 1250 * CONVOY_MS, 1000);
}

static int close_scene(void **state)
{
	(void)state;
	gtv_window_free(window);
	gtv_store_close(store);
	gtv_names_free(names);
	return 0;
}

static int wants(const char *text, unsigned kind, uint32_t id)
{
	struct tui_filter filter;
	struct gtv_err err = {0};

	if (tui_filter_parse(&filter, text, &err))
		fail_msg("%s: %s: %s", text, err.what, err.why);
	return tui_filter_lane(&filter, names, window,
			       (struct gtv_lane){(uint8_t)kind, id});
}

#define GT(text, id)	 wants(text, GTV_LANE_GT, id)
#define CORE(text, id)	 wants(text, GTV_LANE_CORE, id)
#define LOCK(text, id)	 wants(text, GTV_LANE_LOCK, id)
#define THREAD(text, id) wants(text, GTV_LANE_THREAD, id)

static void names_are_parts_patterns_or_ids(void **state)
{
	(void)state;
	assert_true(GT("spin", 1) && GT("spin", 2));
	assert_false(GT("spin", 3));
	assert_true(GT("SPIN-A", 1));
	assert_false(GT("SPIN-A", 2));
	assert_true(GT("spin-?", 2));
	assert_false(GT("pin-?", 2)); /* a pattern is the whole of a name */
	assert_true(GT("G3", 3));
	assert_false(GT("G3", 1));
	assert_true(GT("!spin", 3));
	assert_false(GT("!spin", 1));
	assert_true(GT("spin !G1", 2));
	assert_false(GT("spin !G1", 1));
	assert_true(GT("\"spin-a\"", 1));
	assert_true(GT("", 1) && CORE("", 0));
	assert_true(LOCK("GIL", CONVOY_GIL));
	assert_true(THREAD("W0", CONVOY_PID));
	assert_false(THREAD("W1", CONVOY_PID));
	assert_true(THREAD("cc1", CONVOY_CC1));
}

static void what_a_lane_does_counts(void **state)
{
	(void)state;
	assert_true(GT("state:gil", 3));
	assert_true(GT("state:io,gil", 3));
	assert_false(GT("state:lock", 3));
	assert_true(GT("state:waiting", 3));
	assert_true(LOCK("state:off", CONVOY_GIL)); /* cc1 takes the holder's core */
	assert_true(GT("core:0", 1));
	assert_false(GT("core:3", 1));
	assert_true(CORE("core:0,2", 2));
	assert_false(CORE("core:0,2", 1));
	assert_true(GT("lock:GIL", 3) && LOCK("lock:GIL", CONVOY_GIL));
	assert_false(LOCK("lock:cache", CONVOY_GIL));
	assert_true(GT("busy", 1));
	assert_false(GT("!busy", 1));
	/* A core is wanted for who was on it. */
	assert_true(CORE("cc1", 0));
	assert_false(CORE("cc1", 1));
	assert_true(CORE("C1", 1));
	assert_true(THREAD("pid:4242", CONVOY_PID));
	assert_false(THREAD("pid:4243", CONVOY_PID));
	assert_true(GT("pid:1,4242", 1));
	/* Kinds are of events. */
	assert_true(GT("kind:gt_yield", 1) && GT("!kind:gt_yield", 1));
}

static void mistakes_are_told(void **state)
{
	static const struct {
		const char *text, *what, *why;
	} bad[] = {
		{"state:idel", "state:idel", "there is no such state"},
		{"core:x", "core:x", "numbers, parted by commas, belong there"},
		{"core:", "core:", "nothing stands after the colon"},
		{"kind:nothing", "kind:nothing", "there is no event of that kind"},
		{"spin !", "!", "nothing stands after it that could be left out"},
		{"!!", "!", "nothing stands after it that could be left out"},
		{"spin \"", "\"", "nothing stands behind it to be looked for"},
		{"a b c d e f g h i j k l m", "filter", "more words than it can hold"},
		{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		 "filter", "a word is longer than any name"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct tui_filter filter;
		struct gtv_err err = {0};

		assert_int_equal(tui_filter_parse(&filter, bad[i].text, &err), -GTV_EUSAGE);
		assert_string_equal(err.what, bad[i].what);
		assert_string_equal(err.why, bad[i].why);
		assert_true(err.mend[0]);
		assert_true(tui_filter_is_empty(&filter));
		assert_string_equal(filter.text, "");
	}
}

/* ---- events ---- */

/* How many events of the scene a filter wants, forward; the same backward. */
static size_t count(const char *text)
{
	struct tui_filter filter;
	struct gtv_err err = {0};
	struct tui_pick pick;
	struct tui_scan scan;
	struct gtv_ev ev;
	size_t found[2] = {0, 0}, block;
	uint32_t idx;

	assert_int_equal(tui_filter_parse(&filter, text, &err), 0);
	assert_int_equal(tui_pick_init(&pick, &filter, names), 0);
	for (int dir = 1; dir >= -1; dir -= 2) {
		enum tui_scanned rc;
		uint64_t last = dir > 0 ? 0 : UINT64_MAX;

		assert_int_equal(tui_scan_init(&scan, store, dir > 0 ? 0 : UINT64_MAX), 0);
		while ((rc = tui_scan_step(&scan, &pick, dir, &ev, &block, &idx)) !=
		       TUI_SCAN_END) {
			if (rc != TUI_SCAN_FOUND)
				continue;
			assert_true(dir > 0 ? ev.ts_ns >= last : ev.ts_ns <= last);
			last = ev.ts_ns;
			found[dir < 0]++;
		}
		tui_scan_fini(&scan);
	}
	tui_pick_fini(&pick);
	assert_int_equal(found[0], found[1]);
	return found[0];
}

static void events_are_picked(void **state)
{
	size_t all = count(""), switches = count("kind:sched_switch"), of_3 = count("G3");

	(void)state;
	assert_true(all > 100 && switches > 10 && switches < all);
	assert_int_equal(count("!kind:sched_switch"), all - switches);
	assert_int_equal(count("sched_switch"), switches);
	assert_true(of_3 > 10 && of_3 < all);
	assert_int_equal(count("G3 !G3"), 0);
	assert_true(count("core:0 kind:sched_*") <= count("kind:sched_*"));
	assert_int_equal(count("core:0,1,2,3 kind:sched_switch"), switches);
	assert_int_equal(count("lock:GIL"), count("lock:GIL G1") + count("lock:GIL !G1"));
	assert_true(count("cc1") > 0);
	assert_true(count("spin-a") > 0 && count("spin-a") <= count("spin"));
	/* What rows do is no matter of events. */
	assert_int_equal(count("state:gil busy"), all);
}

/* A scan begins where it is told to. */
static void scans_begin_anywhere(void **state)
{
	struct tui_scan scan;
	struct gtv_ev ev;
	size_t block;
	uint32_t idx;

	(void)state;
	for (uint64_t at = CONVOY_START; at < CONVOY_START + 1300 * CONVOY_MS;
	     at += 37 * CONVOY_MS + 11) {
		assert_int_equal(tui_scan_init(&scan, store, at), 0);
		if (tui_scan_step(&scan, NULL, 1, &ev, &block, &idx) == TUI_SCAN_FOUND)
			assert_true(ev.ts_ns >= at);
		tui_scan_seek(&scan, at);
		if (tui_scan_step(&scan, NULL, -1, &ev, &block, &idx) == TUI_SCAN_FOUND)
			assert_true(ev.ts_ns < at);
		tui_scan_fini(&scan);
	}
}

/* ---- the list ---- */

static struct tui_trace trace;

static void open_trace(void)
{
	uint64_t from, to;

	memset(&trace, 0, sizeof(trace));
	trace.store = store;
	trace.names = names;
	trace.window = window;
	trace.start_ns = CONVOY_START;
	trace.facts.mode = TUI_REPLAY;
	assert_int_equal(gtv_store_range(store, &from, &to), 0);
	tui_nav_init(&trace.nav, CONVOY_START, to, 0);
}

static void the_list_follows_the_cursor(void **state)
{
	const struct tui_events *e;
	uint64_t ts;

	(void)state;
	open_trace();
	trace.nav.cursor_ns = CONVOY_START + 1220 * CONVOY_MS;
	assert_true(tui_trace_events_unread(&trace));
	assert_true(tui_trace_read_events(&trace, UINT64_MAX));
	e = trace.events;
	assert_false(tui_trace_events_unread(&trace));
	assert_int_equal(e->all, count(""));
	assert_true(e->row[e->chosen].ev.ts_ns >= trace.nav.cursor_ns);
	assert_true(e->row[e->chosen - 1].ev.ts_ns < trace.nav.cursor_ns);
	/* Choosing moves the cursor, and nothing is sought anew. */
	ts = e->row[e->chosen + 3].ev.ts_ns;
	uint64_t number = e->number;
	assert_int_equal(tui_trace_choose_event(&trace, 3), 1);
	assert_int_equal(trace.nav.cursor_ns, ts);
	tui_trace_read_events(&trace, UINT64_MAX);
	assert_int_equal(e->number, number + 3);
	assert_int_equal(e->row[e->chosen].ev.ts_ns, ts);
	assert_int_equal(tui_trace_show_event(&trace), 0);
	assert_int_not_equal(trace.nav.selected.kind, 0);
	tui_trace_forget_events(&trace);
	assert_null(trace.events);
}

/* Of several in one nanosecond the one that was found is chosen, and the next one then. */
static void the_list_goes_to_what_was_found(void **state)
{
	struct tui_event_row at;

	(void)state;
	open_trace();
	trace.nav.cursor_ns = 0;
	tui_trace_read_events(&trace, UINT64_MAX);
	do {
		at = trace.events->row[trace.events->chosen];
		assert_int_equal(tui_trace_choose_event(&trace, 1), 1);
		tui_trace_read_events(&trace, UINT64_MAX);
	} while (trace.events->row[trace.events->chosen].ev.ts_ns != at.ev.ts_ns);
	struct tui_event_row second = trace.events->row[trace.events->chosen];
	uint64_t number = trace.events->number;

	tui_trace_forget_events(&trace);
	trace.nav.cursor_ns = at.ev.ts_ns;
	tui_trace_read_events(&trace, UINT64_MAX);
	assert_int_equal(trace.events->number, number - 1);
	for (int opened = 1; opened >= 0; opened--) {
		tui_trace_place_event(&trace, second.block, second.idx);
		assert_true(tui_trace_events_unread(&trace));
		tui_trace_read_events(&trace, UINT64_MAX);
		assert_int_equal(trace.events->number, number);
		assert_false(tui_trace_events_unread(&trace));
		if (opened)
			tui_trace_forget_events(&trace);
	}
	/* Elsewhere it is the cursor that counts. */
	tui_trace_place_event(&trace, second.block, second.idx);
	trace.nav.cursor_ns = 0;
	tui_trace_read_events(&trace, UINT64_MAX);
	assert_int_equal(trace.events->number, 1);
	tui_trace_forget_events(&trace);
}

/* From one end to the other by pages: every event once, in order. */
static void walking_meets_every_event(void **state)
{
	const char *const filters[] = {"", "G3", "kind:sched_switch core:0"};
	(void)state;
	for (size_t f = 0; f < 3; f++) {
		size_t all = count(filters[f]), met = 1;

		open_trace();
		assert_int_equal(tui_filter_parse(&trace.nav.filter, filters[f], NULL), 0);
		tui_nav_begin(&trace.nav);
		trace.nav.cursor_ns = 0;
		tui_trace_read_events(&trace, UINT64_MAX);
		assert_true(trace.events->at_begin);
		assert_int_equal(trace.events->chosen, 0);
		while (tui_trace_choose_event(&trace, 1)) {
			met++;
			tui_trace_read_events(&trace, 1000);
		}
		assert_int_equal(met, all);
		assert_true(trace.events->at_end);
		while (tui_trace_choose_event(&trace, -17)) {
			met -= met > 17 ? 17 : met - 1;
			tui_trace_read_events(&trace, 1000);
		}
		assert_int_equal(met, 1);
		tui_trace_forget_events(&trace);
	}
}

static void a_filter_that_nothing_fits(void **state)
{
	(void)state;
	open_trace();
	assert_int_equal(tui_filter_parse(&trace.nav.filter, "nobody", NULL), 0);
	tui_trace_read_events(&trace, UINT64_MAX);
	assert_int_equal(trace.events->count, 0);
	assert_false(trace.events->looking);
	assert_int_equal(tui_trace_choose_event(&trace, 1), 0);
	assert_int_equal(tui_trace_show_event(&trace), -GTV_ENOTFOUND);
	tui_trace_forget_events(&trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_parts_patterns_or_ids),
		cmocka_unit_test(what_a_lane_does_counts),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(events_are_picked),
		cmocka_unit_test(scans_begin_anywhere),
		cmocka_unit_test(the_list_follows_the_cursor),
		cmocka_unit_test(the_list_goes_to_what_was_found),
		cmocka_unit_test(walking_meets_every_event),
		cmocka_unit_test(a_filter_that_nothing_fits),
	};
	return cmocka_run_group_tests(tests, open_scene, close_scene);
}
