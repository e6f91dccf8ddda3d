/* SPDX-License-Identifier: MIT
 *
 * Edges whose other end is out of sight: below or above what is shown, or before or behind
 * the window. The line leaves the screen there and says whose that end is; the keys that
 * follow it bring its row into sight.
 */
#include "tests/golden/convoy_trace.h"
#include "frame.h"
#include "tui/trace/select.h"

#define GREEN(id) ((struct gtv_lane){GTV_LANE_GT, id})

/* The window, in µs after 1.2 s, and what G3 does at a time in it. */
static void place(enum tui_rows rows, uint64_t from_us, uint64_t to_us, uint64_t at_us)
{
	uint64_t nought = CONVOY_START + 1200 * CONVOY_MS;
	struct tui_nav *nav = &trace.nav;
	struct gtv_span span;

	nav->rows = rows;
	nav->scroll = 0;
	tui_nav_window(nav, nought + from_us * CONVOY_US, nought + to_us * CONVOY_US);
	assert_int_equal(gtv_window_look(trace.window, nav->from_ns, nav->to_ns, 10000), 0);
	assert_int_equal(gtv_window_span_at(trace.window, GREEN(3),
					    nought + at_us * CONVOY_US, &span),
			 0);
	nav->selected = span.lane;
	nav->span = span;
}

static const char *drawn(int cols, int rows)
{
	static struct tui_buf buf;
	struct tui_canvas canvas;
	struct tui_scene scene;

	tui_buf_fini(&buf);
	assert_int_equal(tui_canvas_init(&canvas, cols, rows), 0);
	tui_trace_scene(&trace, &scene);
	assert_int_equal(tui_view_by_id(TUI_VIEW_TIMELINE)->draw(&canvas, &scene), 0);
	assert_int_equal(tui_back_text(&canvas, &buf), 0);
	tui_canvas_fini(&canvas);
	return buf.bytes;
}

/* The line of the frame in which `text` is. */
static const char *line_with(const char *frame, const char *text)
{
	static char line[1024];
	const char *at = strstr(frame, text);

	if (!at)
		fail_msg("no \"%s\" in\n%s", text, frame);
	while (at > frame && at[-1] != '\n')
		at--;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

static int is_shown(int cols, int rows, struct gtv_lane lane)
{
	struct tui_scene scene;
	struct gtv_lane at;

	tui_trace_scene(&trace, &scene);
	for (int y = 0; y < rows; y++)
		if (!tui_timeline_lane_at(&scene, cols, rows, y, &at) &&
		    at.kind == lane.kind && at.id == lane.id)
			return 1;
	return 0;
}

static void a_row_out_of_sight(void **state)
{
	(void)state;
	/* A few rows of lanes: the hand-off comes from a green thread that has none. */
	place(TUI_ROWS_LOCK, 0, 50000, 5000);
	const char *frame = drawn(100, 10);

	assert_false(is_shown(100, 10, GREEN(2)));
	assert_non_null(strstr(line_with(frame, "G2 hands to G3"), "▼"));
	/* Back along it: there it is. */
	assert_int_equal(tui_select_edge(&trace, -1), 0);
	drawn(100, 10);
	assert_true(is_shown(100, 10, trace.nav.selected));
}

static void a_cause_before_the_window(void **state)
{
	(void)state;
	/* It begins to run in the window: who woke it did so before. */
	place(TUI_ROWS_GT, 8500, 8600, 8510);
	const char *line = line_with(drawn(120, 40), "G2 wakes G3");

	assert_non_null(strstr(line, "│◄ "));
	assert_non_null(strstr(line, "►"));
}

static void an_effect_behind_the_window(void **state)
{
	(void)state;
	place(TUI_ROWS_GT, 8000, 8500, 8100);
	const char *frame = drawn(120, 40);
	const char *line = line_with(frame, "G2 hands to G3");

	assert_non_null(strstr(line, "► "));
	/* On along it: the window goes there. */
	assert_int_equal(tui_select_edge(&trace, 1), 0);
	assert_true(trace.nav.span.from_ns >= trace.nav.from_ns &&
		    trace.nav.span.from_ns < trace.nav.to_ns);
}

/* At any size nothing is drawn outside, and what is in the gutter stays. */
static void at_any_size(void **state)
{
	(void)state;
	for (int rows = TUI_ROWS_CORE; rows < TUI_ROWS_MAX; rows++)
		for (int y = 1; y < 62; y += 3) {
			place((enum tui_rows)rows, 0, 50000, 5000);
			drawn(40 + y, y);
			place((enum tui_rows)rows, 8000, 8500, 8100);
			drawn(200, y);
			place((enum tui_rows)rows, 8500, 8600, 8510);
			drawn(80, y);
		}
}

static void frames(void **state)
{
	(void)state;
	place(TUI_ROWS_LOCK, 0, 50000, 5000);
	golden_view("edges-row-100x10.txt", &trace, TUI_VIEW_TIMELINE, 100, 10);
	place(TUI_ROWS_GT, 8500, 8600, 8510);
	golden_view("edges-before-120x40.txt", &trace, TUI_VIEW_TIMELINE, 120, 40);
	place(TUI_ROWS_GT, 8000, 8500, 8100);
	golden_view("edges-behind-120x40.txt", &trace, TUI_VIEW_TIMELINE, 120, 40);
	place(TUI_ROWS_CORE, 0, 50000, 5000);
	golden_view("edges-queues-200x60.txt", &trace, TUI_VIEW_TIMELINE, 200, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_out_of_sight),
		cmocka_unit_test(a_cause_before_the_window),
		cmocka_unit_test(an_effect_behind_the_window),
		cmocka_unit_test(at_any_size),
		cmocka_unit_test(frames),
	};

	return cmocka_run_group_tests(tests, open_trace, close_trace);
}
