/* SPDX-License-Identifier: MIT
 *
 * A critical path as the screen has it: the convoy's echo waits for the GIL, and the sums
 * add up to the interval. Its frames are among those of views.c.
 */
#include "tests/golden/convoy_trace.h"
#include "frame.h"
#include "tui/trace/critical.h"

static int open_window(void **state)
{
	open_trace(state);
	tui_nav_window(&trace.nav, CONVOY_START + 1200 * CONVOY_MS,
		       CONVOY_START + 1250 * CONVOY_MS);
	return 0;
}

static void select_at(uint32_t gt, uint64_t ms)
{
	struct gtv_span span;

	assert_int_equal(
		gtv_window_look(trace.window, trace.nav.from_ns, trace.nav.to_ns, 500000),
		0);
	assert_int_equal(gtv_window_span_at(trace.window,
					    (struct gtv_lane){GTV_LANE_GT, gt},
					    CONVOY_START + ms * CONVOY_MS, &span),
			 0);
	tui_nav_select(&trace.nav, &span);
}

static void adds_up(void)
{
	const struct tui_critical *c = trace.critical;
	uint64_t sum = c->rest_ns, at = c->to_ns;

	for (int i = 0; i < c->sums; i++)
		sum += c->sum[i].ns;
	assert_int_equal(sum, c->to_ns - c->from_ns);
	for (size_t i = 0; i < c->path.count; i++) {
		assert_int_equal(c->path.piece[i].to_ns, at);
		at = c->path.piece[i].from_ns;
	}
	assert_int_equal(at, c->from_ns);
}

static void a_wait_for_the_gil(void **state)
{
	(void)state;
	select_at(3, 1204);
	assert_int_equal(trace.nav.span.state, GTV_ST_GIL);
	assert_int_equal(tui_trace_critical_find(&trace), 0);
	adds_up();
	/* It waited; another one ran. */
	assert_int_equal(trace.critical->sum[0].state, GTV_ST_RUNNING);
	assert_int_not_equal(trace.critical->sum[0].who.id, 3);
}

/* Without a selection: the window, of who ends last in it; each pivot, any size. */
/* The window ends within its wait, so that nothing in sight ended it: who had the lock ran
 * meanwhile. */
static void a_wait_without_its_end(void **state)
{
	(void)state;
	tui_nav_window(&trace.nav, CONVOY_START + 1204 * CONVOY_MS,
		       CONVOY_START + 1207 * CONVOY_MS);
	trace.nav.selected = (struct gtv_lane){GTV_LANE_GT, 3};
	trace.nav.span = (struct gtv_span){0};
	assert_int_equal(tui_trace_critical_find(&trace), 0);
	adds_up();
	assert_int_equal(trace.critical->sum[0].state, GTV_ST_RUNNING);
	assert_int_not_equal(trace.critical->sum[0].who.id, 3);
}

static void the_whole_window(void **state)
{
	struct tui_canvas canvas;
	struct tui_scene scene;

	(void)state;
	assert_int_equal(tui_trace_critical_find(&trace), 0);
	adds_up();
	assert_int_equal(trace.critical->from_ns, trace.nav.from_ns);
	for (int rows = 0; rows < TUI_ROWS_MAX; rows++)
		for (int size = 1; size <= 500; size += 1 + size / 3) {
			trace.nav.rows = (enum tui_rows)rows;
			assert_int_equal(tui_canvas_init(&canvas, size, 1 + size / 3), 0);
			tui_canvas_clear(&canvas);
			tui_trace_scene(&trace, &scene);
			assert_int_equal(
				tui_view_by_id(TUI_VIEW_TIMELINE)->draw(&canvas, &scene),
				0);
			tui_canvas_fini(&canvas);
		}
	tui_trace_critical_forget(&trace);
	assert_null(trace.critical);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_wait_for_the_gil, open_window,
						close_trace),
		cmocka_unit_test_setup_teardown(a_wait_without_its_end, open_window,
						close_trace),
		cmocka_unit_test_setup_teardown(the_whole_window, open_window, close_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
