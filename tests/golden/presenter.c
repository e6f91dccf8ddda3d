/* SPDX-License-Identifier: MIT
 *
 * The presenter's frame of the convoy scene: the mock-up's, other sizes, other lanes, dark,
 * and over another view's.
 */
#include "convoy.h"
#include "frame.h"
#include "tui/scene/presenter.h"

static struct gtv_names *names;
static struct tui_trace trace;
static struct tui_presenter presenter;

static int open_scene(void **state)
{
	struct gtv_err err;

	(void)state;
	names = gtv_names_new();
	assert_non_null(names);
	assert_int_equal(tui_trace_attach(&trace, convoy_store(names, 60), &err), 0);
	trace.owned = 1;
	trace.facts.mode = TUI_REPLAY;
	tui_nav_init(&trace.nav, trace.nav.first_ns, trace.nav.last_ns, 0);
	tui_nav_window(&trace.nav, CONVOY_START + 1200 * CONVOY_MS,
		       CONVOY_START + 1226 * CONVOY_MS);
	trace.nav.cursor_ns = 0;
	presenter = (struct tui_presenter){
		.chapter = 3,
		.chapters = 7,
		.title = "The convoy",
		.caption = {"waiting for the lock,", "to use it for 0.1 ms."},
		.big = "4.9 ms",
		.key = "▀ held by a thread that is on no core",
		.lane = {{GTV_LANE_CORE, 0},
			 {GTV_LANE_CORE, 1},
			 {GTV_LANE_CORE, 2},
			 {GTV_LANE_LOCK, CONVOY_GIL}},
		.lanes = 4,
	};
	trace.presenter = &presenter;
	return 0;
}

static int close_scene(void **state)
{
	(void)state;
	tui_trace_close(&trace);
	gtv_names_free(names);
	return 0;
}

static void sizes(void **state)
{
	static const int size[][2] = {{80, 24}, {120, 40}, {200, 60}, {60, 16}, {40, 10}};
	char name[64];

	(void)state;
	for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++) {
		snprintf(name, sizeof(name), "talk-%dx%d.txt", size[i][0], size[i][1]);
		golden_view(name, &trace, TUI_VIEW_PRESENTER, size[i][0], size[i][1]);
	}
}

static void pointed_at(void **state)
{
	(void)state;
	presenter.highlight = (struct gtv_lane){GTV_LANE_CORE, 2};
	snprintf(presenter.corner, sizeof(presenter.corner), "recorded");
	snprintf(presenter.timer, sizeof(presenter.timer), "12:05");
	golden_view("talk-lit-80x24.txt", &trace, TUI_VIEW_PRESENTER, 80, 24);
}

/* Every size: nothing outside (the canvas clips, ASan watches), and dark is dark. */
static void any_size(void **state)
{
	struct tui_canvas canvas;
	struct tui_scene scene;

	(void)state;
	for (int cols = 1; cols <= 260; cols += cols < 60 ? 1 : 23) {
		for (int rows = 1; rows <= 100; rows += rows < 30 ? 1 : 7) {
			assert_int_equal(tui_canvas_init(&canvas, cols, rows), 0);
			tui_trace_scene(&trace, &scene);
			assert_int_equal(
				tui_view_by_id(TUI_VIEW_PRESENTER)->draw(&canvas, &scene),
				0);
			tui_canvas_fini(&canvas);
		}
	}
	presenter.blank = 1;
	assert_int_equal(tui_canvas_init(&canvas, 80, 24), 0);
	tui_trace_scene(&trace, &scene);
	assert_int_equal(tui_view_by_id(TUI_VIEW_PRESENTER)->draw(&canvas, &scene), 0);
	for (int i = 0; i < 80 * 24; i++)
		assert_int_equal(canvas.cells[i].glyph, ' ');
	tui_canvas_fini(&canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sizes, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(pointed_at, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(any_size, open_scene, close_scene),
	};
	return cmocka_run_group_tests_name("presenter", tests, NULL, NULL);
}
