/* SPDX-License-Identifier: MIT
 *
 * Choosing spans and following edges, in a trace small enough to know by heart:
 *
 *   time us   2    3        5    6         8    9
 *   G1        ready|running |chan| ready   | run| done
 *   G2        ready         | running      | chan ...
 *                                ^ G2 makes G1 ready
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tui/trace/select.h"

#define TID  100
#define PID  100
#define COLS 120
#define ROWS 40

struct world {
	struct gtv_names *names;
	struct gtv_store *store;
	struct tui_trace trace;
};

static struct gtv_ev event(uint64_t us, unsigned kind, uint32_t gt, uint32_t obj,
			   uint32_t seq, uint64_t arg)
{
	return (struct gtv_ev){.ts_ns = us * 1000,
			       .kind = (uint16_t)kind,
			       .core = GTV_CORE_NONE,
			       .tid = TID,
			       .gt = gt,
			       .obj = obj,
			       .seq = seq,
			       .arg = arg};
}

static uint64_t goer(uint32_t seq, uint32_t waits_for)
{
	return (uint64_t)seq << 32 | waits_for;
}

static void name_all(struct gtv_names *names)
{
	struct gtv_name process = {.id = PID, .flags = GTV_NAME_OURS, .text = "prog"};
	struct gtv_name thread = {
		.id = TID, .pid = PID, .local = 1, .flags = GTV_NAME_OURS, .text = "prog"};

	gtv_names_set(names, GTV_CLASS_PROCESS, &process);
	gtv_names_set(names, GTV_CLASS_THREAD, &thread);
	for (uint32_t local = 1; local <= 2; local++) {
		assert_int_equal(gtv_names_intern(names, GTV_CLASS_GT, PID, local), local);
		assert_int_equal(gtv_names_intern(names, GTV_CLASS_CHAN, PID, local),
				 local);
	}
}

static int make_world(void **state)
{
	struct gtv_store_info info = {.start_ns = 1000, .core_count = 1, .exit_status = -1};
	struct world *w = calloc(1, sizeof(*w));
	struct gtv_err err;
	struct gtv_ev evs[] = {
		event(1, GTV_EV_PROC_START, 0, 1, GTV_ABI_VERSION, 0),
		event(1, GTV_EV_WORKER_START, 0, 0, 0, 0),
		event(2, GTV_EV_SPAWN, 1, 0, 0, 0),
		event(2, GTV_EV_SPAWN, 2, 0, 0, 0),
		event(3, GTV_EV_SWITCH_RUN, 0, 1, 0, goer(1, 0)),
		event(5, GTV_EV_SWITCH_CHAN, 1, 2, 2, goer(1, 1)),
		event(6, GTV_EV_READY, 1, 2, 3, 0),
		event(8, GTV_EV_SWITCH_CHAN, 2, 1, 2, goer(4, 2)),
		event(9, GTV_EV_SWITCH_EXIT, 1, 0, 5, 0),
	};

	evs[6].state = GTV_BY_GT;
	w->names = gtv_names_new();
	name_all(w->names);
	assert_int_equal(gtv_store_create_temp(&w->store, &info, w->names, &err), 0);
	assert_int_equal(gtv_store_append(w->store, evs, sizeof(evs) / sizeof(*evs)), 0);
	assert_int_equal(gtv_store_finish(w->store), 0);
	assert_int_equal(tui_trace_attach(&w->trace, w->store, &err), 0);
	tui_nav_window(&w->trace.nav, 1000, 10000);
	*state = w;
	return 0;
}

static int free_world(void **state)
{
	struct world *w = *state;

	tui_trace_close(&w->trace);
	gtv_store_close(w->store);
	gtv_names_free(w->names);
	free(w);
	return 0;
}

/* Selects what a green thread does at a time. */
static void select_at(struct world *w, uint32_t gt, uint64_t us)
{
	struct gtv_lane lane = {.kind = GTV_LANE_GT, .id = gt};
	struct gtv_span span;

	assert_int_equal(gtv_window_span_at(w->trace.window, lane, us * 1000, &span), 0);
	tui_nav_select(&w->trace.nav, &span);
}

static void selected_is(const struct world *w, uint32_t gt, unsigned state,
			uint64_t from_us, uint64_t to_us)
{
	const struct gtv_span *s = &w->trace.nav.span;

	assert_int_equal(s->lane.kind, GTV_LANE_GT);
	assert_int_equal(s->lane.id, gt);
	assert_string_equal(gtv_state_name(s->state), gtv_state_name(state));
	assert_int_equal(s->from_ns, from_us * 1000);
	assert_int_equal(s->to_ns, to_us * 1000);
}

static void stepping_over_spans(void **state)
{
	struct world *w = *state;

	select_at(w, 1, 4);
	selected_is(w, 1, GTV_ST_RUNNING, 3, 5);
	assert_int_equal(tui_select_span(&w->trace, COLS, ROWS, 1), 0);
	selected_is(w, 1, GTV_ST_CHAN, 5, 6);
	assert_int_equal(tui_select_span(&w->trace, COLS, ROWS, 1), 0);
	selected_is(w, 1, GTV_ST_READY, 6, 8);
	assert_int_equal(tui_select_span(&w->trace, COLS, ROWS, -1), 0);
	assert_int_equal(tui_select_span(&w->trace, COLS, ROWS, -1), 0);
	assert_int_equal(tui_select_span(&w->trace, COLS, ROWS, -1), 0);
	selected_is(w, 1, GTV_ST_READY, 2, 3);
	assert_int_equal(tui_select_span(&w->trace, COLS, ROWS, -1), -GTV_ENOTFOUND);
	selected_is(w, 1, GTV_ST_READY, 2, 3);
}

/* From a time at which there is nothing of the lane: to what is nearest on that side. */
static void stepping_to_what_is_far(void **state)
{
	struct world *w = *state;
	struct tui_nav *nav = &w->trace.nav;

	nav->cursor_ns = 1500;
	assert_int_equal(tui_select_at(&w->trace, (struct gtv_lane){GTV_LANE_GT, 2}, 1500),
			 0);
	assert_int_equal(nav->span.to_ns, 0);
	assert_int_equal(tui_select_span(&w->trace, COLS, ROWS, -1), -GTV_ENOTFOUND);
	assert_int_equal(tui_select_span(&w->trace, COLS, ROWS, 1), 0);
	selected_is(w, 2, GTV_ST_READY, 2, 5);
	/* Behind its end: back to its last. */
	nav->cursor_ns = 9500;
	nav->last_ns = 10000;
	nav->span = (struct gtv_span){0};
	nav->selected = (struct gtv_lane){GTV_LANE_GT, 1};
	assert_int_equal(tui_select_span(&w->trace, COLS, ROWS, -1), 0);
	selected_is(w, 1, GTV_ST_RUNNING, 8, 9);
}

/* Back from a wait: to what ended it. On from there: to what that caused. */
static void following_edges(void **state)
{
	struct world *w = *state;

	select_at(w, 1, 5);
	selected_is(w, 1, GTV_ST_CHAN, 5, 6);
	assert_int_equal(tui_select_edge(&w->trace, -1), 0);
	selected_is(w, 2, GTV_ST_RUNNING, 5, 8);
	select_at(w, 1, 5);
	assert_int_equal(tui_select_edge(&w->trace, 1), 0);
	selected_is(w, 1, GTV_ST_RUNNING, 8, 9);
	assert_int_equal(tui_select_edge(&w->trace, -1), 0);
	selected_is(w, 2, GTV_ST_RUNNING, 5, 8);
}

static void following_a_long_span(void **state)
{
	struct world *w = *state;

	select_at(w, 2, 7);
	assert_int_equal(tui_select_edge(&w->trace, 1), 0);
	selected_is(w, 1, GTV_ST_RUNNING, 8, 9);
}

static void nothing_selected(void **state)
{
	struct world *w = *state;

	tui_select_none(&w->trace);
	assert_int_equal(tui_select_edge(&w->trace, 1), -GTV_ENOTFOUND);
	assert_int_equal(tui_select_edge(&w->trace, -1), -GTV_ENOTFOUND);
	assert_int_equal(tui_trace_explain(&w->trace), -GTV_ENOTFOUND);
}

static void walking_over_rows(void **state)
{
	struct world *w = *state;
	struct tui_trace *t = &w->trace;
	struct gtv_lane seen[64];
	int count = 0;

	t->nav.rows = TUI_ROWS_GT;
	tui_select_none(t);
	while (count < 64 && !tui_select_row(t, COLS, ROWS, 1))
		seen[count++] = t->nav.selected;
	assert_true(count >= 2);
	assert_int_equal(seen[0].kind, GTV_LANE_GT);
	assert_int_equal(seen[0].id, 1);
	assert_int_equal(seen[1].id, 2);
	/* And back the same way. */
	for (int i = count - 2; i >= 0; i--) {
		assert_int_equal(tui_select_row(t, COLS, ROWS, -1), 0);
		assert_int_equal(t->nav.selected.kind, seen[i].kind);
		assert_int_equal(t->nav.selected.id, seen[i].id);
	}
	assert_int_equal(tui_select_row(t, COLS, ROWS, -1), -GTV_ENOTFOUND);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_world, free_world)
	const struct CMUnitTest tests[] = {
		CASE(stepping_over_spans), CASE(stepping_to_what_is_far),
		CASE(following_edges),	   CASE(following_a_long_span),
		CASE(nothing_selected),	   CASE(walking_over_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
