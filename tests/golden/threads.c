/* SPDX-License-Identifier: MIT
 *
 * The threads and locks views of the convoy scene, and of nothing at all, at every size.
 */
#include "convoy.h"
#include "frame.h"
#include "tui/scene/threads.h"
#include "tui/trace/scope.h"
#include "tui/scene/locks.h"
#include "tui/trace/threads.h"

static struct gtv_names *names;
static struct tui_trace trace;

/* The window of the mock-ups: 50 ms from 1.200 s. */
static int open_scene(void **state)
{
	struct gtv_err err;

	(void)state;
	names = gtv_names_new();
	assert_non_null(names);
	assert_int_equal(tui_trace_attach(&trace, convoy_store(names, 60), &err), 0);
	trace.owned = 1;
	trace.facts.mode = TUI_REPLAY;
	trace.facts.bytes = 4 << 20;
	snprintf(trace.facts.file, sizeof(trace.facts.file), "convoy.gtv");
	tui_nav_init(&trace.nav, trace.nav.first_ns, trace.nav.last_ns, 0);
	tui_nav_window(&trace.nav, CONVOY_START + 1200 * CONVOY_MS,
		       CONVOY_START + 1250 * CONVOY_MS);
	trace.nav.cursor_ns = CONVOY_START + 1222 * CONVOY_MS;
	trace.nav.selected = (struct gtv_lane){GTV_LANE_GT, 3};
	return 0;
}

static int close_scene(void **state)
{
	(void)state;
	tui_trace_close(&trace);
	gtv_names_free(names);
	return 0;
}

static void frames_of(const char *view, enum tui_view_id id)
{
	static const int size[][2] = {{100, 30}, {60, 16}, {40, 10}};
	char name[64];

	for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++) {
		snprintf(name, sizeof(name), "%s-%dx%d.txt", view, size[i][0], size[i][1]);
		golden_view(name, &trace, id, size[i][0], size[i][1]);
	}
}

/* The stripe in which cc1 takes the holder's core. */
static void cursors(void)
{
	struct tui_scope *s = tui_scope_of(&trace);

	assert_non_null(s);
	s->has_a = s->has_b = 1;
	s->a_ns = CONVOY_START + 1217800 * CONVOY_US;
	s->b_ns = CONVOY_START + 1228900 * CONVOY_US;
	trace.nav.range = TUI_RANGE_AUTO;
}

static void threads(void **state)
{
	(void)state;
	frames_of("threads", TUI_VIEW_THREADS);
	trace.threads->line = 5;
	golden_view("threads-line-80x24.txt", &trace, TUI_VIEW_THREADS, 80, 24);
	tui_trace_threads_kind(&trace);
	tui_trace_threads_sort(&trace);
	tui_trace_threads_kind(&trace);
	tui_range_next(&trace.nav, trace.scope);
	golden_view("threads-range-120x40.txt", &trace, TUI_VIEW_THREADS, 120, 40);
	cursors();
	golden_view("threads-cursors-120x40.txt", &trace, TUI_VIEW_THREADS, 120, 40);
	golden_view("findings-cursors-120x40.txt", &trace, TUI_VIEW_FINDINGS, 120, 40);
	golden_view("load-cursors-120x40.txt", &trace, TUI_VIEW_LOAD, 120, 40);
	golden_view("events-cursors-80x24.txt", &trace, TUI_VIEW_EVENTS, 80, 24);
	golden_view("latency-cursors-80x24.txt", &trace, TUI_VIEW_LATENCY, 80, 24);
}

/* Twice the same, nowhere a crash, with lines chosen and a filter that nothing passes. */
static void every_size(enum tui_view_id id)
{
	struct tui_canvas a, b;
	struct tui_scene scene;

	tui_trace_scene(&trace, &scene);
	for (int cols = 1; cols <= 220; cols += cols < 90 ? 1 : 13)
		for (int rows = 1; rows <= 70; rows += rows < 42 ? 1 : 9) {
			assert_int_equal(tui_canvas_init(&a, cols, rows), 0);
			assert_int_equal(tui_canvas_init(&b, cols, rows), 0);
			tui_view_by_id(id)->draw(&a, &scene);
			tui_view_by_id(id)->draw(&b, &scene);
			assert_memory_equal(a.cells, b.cells,
					    (size_t)cols * (size_t)rows * sizeof(*a.cells));
			tui_canvas_fini(&a);
			tui_canvas_fini(&b);
		}
}

static void threads_at_every_size(void **state)
{
	struct tui_threads_line line[TUI_THREADS_LINES];
	struct gtv_err err;

	(void)state;
	every_size(TUI_VIEW_THREADS); /* nothing was read */
	tui_pane_read(&trace, TUI_VIEW_THREADS, UINT64_MAX);
	trace.threads->line = tui_threads_lines(trace.threads, line);
	assert_true(trace.threads->line > 4);
	every_size(TUI_VIEW_THREADS);
	assert_int_equal(tui_filter_parse(&trace.nav.filter, "nobody", &err), 0);
	assert_true(tui_pane_read(&trace, TUI_VIEW_THREADS, UINT64_MAX));
	assert_int_equal(trace.threads->count, 0);
	every_size(TUI_VIEW_THREADS);
}

static void locks(void **state)
{
	(void)state;
	frames_of("locks", TUI_VIEW_LOCKS);
	trace.locks->line = 4;
	golden_view("locks-line-80x24.txt", &trace, TUI_VIEW_LOCKS, 80, 24);
	tui_range_next(&trace.nav, trace.scope);
	trace.nav.cursor_ns = CONVOY_START + 1206 * CONVOY_MS;
	golden_view("locks-range-120x40.txt", &trace, TUI_VIEW_LOCKS, 120, 40);
}

static void locks_at_every_size(void **state)
{
	struct tui_locks_line line[TUI_LOCKS_LINES];

	(void)state;
	every_size(TUI_VIEW_LOCKS); /* nothing was read */
	tui_pane_read(&trace, TUI_VIEW_LOCKS, UINT64_MAX);
	trace.locks->line = tui_locks_lines(trace.locks, line);
	assert_true(trace.locks->line > 4);
	every_size(TUI_VIEW_LOCKS);
	trace.locks->count = trace.locks->all = 0;
	every_size(TUI_VIEW_LOCKS);
}

#define SCENE(f) cmocka_unit_test_setup_teardown(f, open_scene, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(threads),
		SCENE(threads_at_every_size),
		SCENE(locks),
		SCENE(locks_at_every_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
