/* SPDX-License-Identifier: MIT
 *
 * Navigation: zoom keeps what is under the cursor, undo brings it back, nothing gets
 * lost past the ends, following moves in whole cells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tui/scene/nav.h"

#define FIRST 1000000000ull
#define LAST  11000000000ull
#define CELLS 100

static struct tui_nav nav;

static int column(uint64_t ts)
{
	return (int)((ts - nav.from_ns) * CELLS / (nav.to_ns - nav.from_ns));
}

static int begin(void **state)
{
	(void)state;
	tui_nav_init(&nav, FIRST, LAST, 0);
	return 0;
}

static void starts_with_all_of_a_trace(void **state)
{
	(void)state;
	assert_int_equal(nav.from_ns, FIRST);
	assert_int_equal(nav.to_ns, LAST);
	assert_int_equal(nav.follow, 0);
}

static void zoom_keeps_the_cursors_column(void **state)
{
	(void)state;
	nav.cursor_ns = FIRST + 3141592653u;
	int at = column(nav.cursor_ns);
	for (int i = 0; i < 20; i++) {
		uint64_t span = nav.to_ns - nav.from_ns;
		tui_nav_zoom(&nav, 500);
		assert_in_range(nav.to_ns - nav.from_ns, span / 2 - 1, span / 2 + 1);
		assert_in_range(column(nav.cursor_ns), at - 1, at + 1);
	}
}

static void zoom_has_limits(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		tui_nav_zoom(&nav, 100);
	assert_int_equal(nav.to_ns - nav.from_ns, 100);
	for (int i = 0; i < 100; i++)
		tui_nav_zoom(&nav, 3000);
	assert_int_equal(nav.to_ns - nav.from_ns, LAST - FIRST);
	tui_nav_zoom(&nav, 0);
	tui_nav_zoom(&nav, -5);
	assert_int_equal(nav.to_ns - nav.from_ns, LAST - FIRST);
}

static void undo_goes_back_step_by_step(void **state)
{
	uint64_t from[3], to[3];
	(void)state;
	for (int i = 0; i < 3; i++) {
		from[i] = nav.from_ns;
		to[i] = nav.to_ns;
		tui_nav_zoom(&nav, 600);
	}
	for (int i = 2; i >= 0; i--) {
		tui_nav_undo(&nav);
		assert_int_equal(nav.from_ns, from[i]);
		assert_int_equal(nav.to_ns, to[i]);
	}
	tui_nav_undo(&nav); /* nothing left: nothing happens */
	assert_int_equal(nav.from_ns, from[0]);
	for (int i = 0; i < 200; i++)
		tui_nav_zoom(&nav, i % 2 ? 2000 : 500);
	for (int i = 0; i < 200; i++)
		tui_nav_undo(&nav);
	assert_int_equal(nav.undo_count, 0);
}

static void pan_stops_half_past_the_ends(void **state)
{
	(void)state;
	tui_nav_window(&nav, FIRST + 1000, FIRST + 1000 + 1000000);
	for (int i = 0; i < 50; i++)
		tui_nav_pan(&nav, -90);
	assert_int_equal(nav.from_ns, FIRST - 500000);
	assert_int_equal(nav.to_ns - nav.from_ns, 1000000);
	for (int i = 0; i < 20000; i++)
		tui_nav_pan(&nav, 100);
	assert_int_equal(nav.from_ns, LAST - 500000);
	assert_true(nav.cursor_ns >= nav.from_ns && nav.cursor_ns < nav.to_ns);
}

static void the_cursor_pans_at_the_edge(void **state)
{
	(void)state;
	tui_nav_window(&nav, FIRST + 1000000, FIRST + 2000000);
	nav.cursor_ns = FIRST + 1000000;
	tui_nav_cursor(&nav, -1, CELLS);
	assert_int_equal(nav.cursor_ns, FIRST + 990000);
	assert_int_equal(nav.from_ns, FIRST + 990000);
	nav.cursor_ns = nav.to_ns - 1;
	tui_nav_cursor(&nav, 3, CELLS);
	assert_true(nav.cursor_ns < nav.to_ns);
	tui_nav_cursor(&nav, 1, 0); /* no cells: nothing */
}

static void live_follows_in_whole_cells(void **state)
{
	(void)state;
	tui_nav_init(&nav, FIRST, FIRST + 1, 1);
	uint64_t from = nav.from_ns, span = nav.to_ns - nav.from_ns, cell = span / CELLS;
	tui_nav_grow(&nav, FIRST + span - 5, CELLS);
	assert_int_equal(nav.from_ns, from);
	tui_nav_grow(&nav, FIRST + span + 5, CELLS);
	assert_int_equal(nav.from_ns, from + cell);
	nav.paused = 1;
	tui_nav_grow(&nav, FIRST + 5 * span, CELLS);
	assert_int_equal(nav.from_ns, from + cell);
	/* To the end of what there is, it stays frozen; to follow, it cannot. */
	tui_nav_end(&nav, 0);
	assert_int_equal(nav.paused, 1);
	tui_nav_pan(&nav, -10);
	assert_int_equal(nav.follow, 0);
	tui_nav_end(&nav, 1);
	assert_int_equal(nav.follow, 1);
	assert_int_equal(nav.paused, 0);
	assert_int_equal(nav.to_ns, nav.last_ns);
}

static void following_zoom_keeps_the_present(void **state)
{
	(void)state;
	tui_nav_init(&nav, FIRST, LAST, 1);
	uint64_t to = nav.to_ns;
	tui_nav_zoom(&nav, 500);
	assert_int_equal(nav.to_ns, to);
	assert_int_equal(nav.follow, 1);
}

static void select_pans_only_as_needed(void **state)
{
	struct gtv_span s = {.lane = {GTV_LANE_GT, 3}};
	(void)state;
	tui_nav_window(&nav, FIRST + 1000000, FIRST + 2000000);
	s.from_ns = FIRST + 1200000;
	s.to_ns = FIRST + 1300000;
	tui_nav_select(&nav, &s);
	assert_int_equal(nav.from_ns, FIRST + 1000000);
	assert_int_equal(nav.selected.id, 3);
	assert_int_equal(nav.cursor_ns, s.from_ns);
	s.from_ns = FIRST + 2100000;
	s.to_ns = FIRST + 2150000;
	tui_nav_select(&nav, &s);
	assert_int_equal(nav.to_ns, FIRST + 2150000 + 50000); /* a margin of a 20th */
	s.from_ns = FIRST + 500000;
	s.to_ns = FIRST + 9000000; /* wider than the window: its begin */
	tui_nav_select(&nav, &s);
	assert_true(nav.from_ns <= s.from_ns && nav.to_ns > s.from_ns);
	tui_nav_undo(&nav);
	assert_int_equal(nav.to_ns, FIRST + 2200000);
}

static void fit_shows_the_span_with_a_margin(void **state)
{
	(void)state;
	nav.span.from_ns = FIRST + 1000000;
	nav.span.to_ns = FIRST + 2000000;
	tui_nav_fit(&nav);
	assert_true(nav.from_ns < nav.span.from_ns && nav.to_ns > nav.span.to_ns);
	assert_true(nav.to_ns - nav.from_ns < 1500000);
	nav.span.to_ns = 0;
	tui_nav_fit(&nav);
	assert_int_equal(nav.from_ns, FIRST);
	assert_int_equal(nav.to_ns, LAST);
}

static void play_runs_at_its_speed_and_stops_at_the_end(void **state)
{
	(void)state;
	tui_nav_window(&nav, FIRST, FIRST + 1000000);
	tui_nav_play(&nav, 1000); /* not playing */
	assert_int_equal(nav.from_ns, FIRST);
	nav.playing = 1;
	nav.speed_permille = 250;
	tui_nav_play(&nav, 4000000);
	assert_int_equal(nav.from_ns, FIRST + 1000000);
	nav.speed_permille = 1000000;
	tui_nav_play(&nav, 1000000000);
	assert_int_equal(nav.playing, 0);
	assert_int_equal(nav.to_ns, LAST);
	assert_int_equal(nav.to_ns - nav.from_ns, 1000000);
}

static void rows_turn_around(void **state)
{
	(void)state;
	for (int i = 0; i < TUI_ROWS_MAX; i++)
		tui_nav_rows_next(&nav, 1);
	assert_int_equal(nav.rows, TUI_ROWS_CORE);
	tui_nav_rows_next(&nav, -1);
	assert_int_equal(nav.rows, TUI_ROWS_WORKER);
}

/* Selections, rows and jumps are steps too; what was undone can be done again. */
static void undo_brings_back_all_of_it(void **state)
{
	struct gtv_span span = {
		.lane = {GTV_LANE_GT, 3}, .from_ns = FIRST + 1000, .to_ns = FIRST + 2000};
	(void)state;
	tui_nav_window(&nav, FIRST, FIRST + 1000000);
	tui_nav_select(&nav, &span);
	tui_nav_rows_next(&nav, 1);
	tui_nav_jump(&nav, LAST - 5);
	assert_int_equal(nav.cursor_ns, LAST - 5);
	assert_true(nav.from_ns > FIRST + 1000000);
	assert_int_equal(tui_nav_undo(&nav), 1);
	assert_int_equal(nav.from_ns, FIRST);
	assert_int_equal(nav.rows, TUI_ROWS_THREAD);
	assert_int_equal(tui_nav_undo(&nav), 1);
	assert_int_equal(nav.rows, TUI_ROWS_CORE);
	assert_int_equal(nav.selected.id, 3);
	assert_int_equal(tui_nav_undo(&nav), 1);
	assert_int_equal(nav.selected.kind, 0);
	assert_int_equal(nav.span.to_ns, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(tui_nav_redo(&nav), 1);
	assert_int_equal(tui_nav_redo(&nav), 0);
	assert_int_equal(nav.cursor_ns, LAST - 5);
	assert_int_equal(nav.selected.id, 3);
	assert_int_equal(nav.rows, TUI_ROWS_THREAD);
	/* Something new: what was undone is gone. */
	tui_nav_undo(&nav);
	tui_nav_begin(&nav);
	assert_int_equal(tui_nav_redo(&nav), 0);
}

/* What one key does is one step, however many moves it takes. */
static void a_key_is_one_step(void **state)
{
	struct gtv_span span = {
		.lane = {GTV_LANE_GT, 3}, .from_ns = LAST - 2000, .to_ns = LAST - 1000};
	(void)state;
	tui_nav_step(&nav, 1);
	tui_nav_window(&nav, FIRST + 5, FIRST + 1000);
	tui_nav_select(&nav, &span);
	tui_nav_jump(&nav, FIRST + 500);
	tui_nav_step(&nav, 0);
	assert_int_equal(nav.undo_count, 1);
	tui_nav_undo(&nav);
	assert_int_equal(nav.from_ns, FIRST);
	assert_int_equal(nav.to_ns, LAST);
	assert_int_equal(nav.selected.kind, 0);
	/* Choosing what is chosen is no step. */
	tui_nav_choose(&nav, (struct gtv_lane){GTV_LANE_CORE, 1});
	tui_nav_choose(&nav, (struct gtv_lane){GTV_LANE_CORE, 1});
	assert_int_equal(nav.undo_count, 1);
}

/* Any keys in any order leave a window that can be drawn. */
static void any_keys(void **state)
{
	uint64_t rnd = 7;
	(void)state;
	for (int i = 0; i < 200000; i++) {
		rnd = rnd * 6364136223846793005u + 1442695040888963407u;
		int v = (int)(rnd >> 40) % 3000 - 500;
		switch ((rnd >> 33) % 9) {
		case 0:
			tui_nav_zoom(&nav, v);
			break;
		case 1:
			tui_nav_pan(&nav, v);
			break;
		case 2:
			tui_nav_undo(&nav);
			break;
		case 3:
			tui_nav_cursor(&nav, v, CELLS);
			break;
		case 4:
			tui_nav_grow(&nav, nav.last_ns + (rnd >> 44), CELLS);
			break;
		case 5:
			tui_nav_begin(&nav);
			break;
		case 6:
			tui_nav_end(&nav, (int)(rnd >> 60) & 1);
			break;
		case 7:
			tui_nav_fit(&nav);
			break;
		default:
			tui_nav_zoom_at(&nav, rnd, 700);
			break;
		}
		assert_true(nav.to_ns > nav.from_ns);
		assert_true(nav.cursor_ns >= nav.from_ns && nav.cursor_ns < nav.to_ns);
		assert_true(nav.from_ns <= nav.last_ns + 2000000000u);
		assert_in_range(nav.undo_count, 0, TUI_PLACES);
		assert_in_range(nav.redo_count, 0, TUI_PLACES);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		T(starts_with_all_of_a_trace),
		T(zoom_keeps_the_cursors_column),
		T(zoom_has_limits),
		T(undo_goes_back_step_by_step),
		T(pan_stops_half_past_the_ends),
		T(the_cursor_pans_at_the_edge),
		T(live_follows_in_whole_cells),
		T(following_zoom_keeps_the_present),
		T(select_pans_only_as_needed),
		T(fit_shows_the_span_with_a_margin),
		T(play_runs_at_its_speed_and_stops_at_the_end),
		T(rows_turn_around),
		T(undo_brings_back_all_of_it),
		T(a_key_is_one_step),
		T(any_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
