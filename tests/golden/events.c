/* SPDX-License-Identifier: MIT
 *
 * Golden frames of the events view and of the prompt, and of the timeline in every theme
 * as a terminal gets it, all of the convoy scene.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "convoy.h"
#include "frame.h"
#include "tui/commands.h"
#include "tui/prompt.h"

static struct gtv_names *names;
static struct tui_trace trace;

static int open_scene(void **state)
{
	struct gtv_err err;
	struct gtv_store *store;
	struct gtv_span span;

	(void)state;
	names = gtv_names_new();
	store = convoy_store(names, 60);
	if (tui_trace_attach(&trace, store, &err))
		return -1;
	trace.owned = 1;
	trace.facts.mode = TUI_REPLAY;
	snprintf(trace.facts.file, sizeof(trace.facts.file), "convoy.gtv");
	trace.facts.bytes = 4 << 20;
	trace.nav.follow = 0;
	tui_nav_window(&trace.nav, CONVOY_START + 1200 * CONVOY_MS,
		       CONVOY_START + 1250 * CONVOY_MS);
	if (gtv_window_look(trace.window, trace.nav.from_ns, trace.nav.to_ns, 500000) ||
	    gtv_window_span_at(trace.window, (struct gtv_lane){GTV_LANE_GT, 3},
			       CONVOY_START + 1204 * CONVOY_MS, &span))
		return -1;
	tui_nav_select(&trace.nav, &span);
	return 0;
}

static int close_scene(void **state)
{
	(void)state;
	tui_trace_close(&trace);
	gtv_names_free(names);
	return 0;
}

static void filter(const char *text)
{
	assert_int_equal(tui_filter_parse(&trace.nav.filter, text, NULL), 0);
}

static void events(void **state)
{
	static const int size[][2] = {{80, 24}, {120, 40}, {200, 60}, {40, 10}};
	char name[64];

	(void)state;
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "events-%dx%d.txt", size[i][0], size[i][1]);
		golden_view(name, &trace, TUI_VIEW_EVENTS, size[i][0], size[i][1]);
	}
	filter("lock:GIL !G1");
	golden_view("events-filtered-120x40.txt", &trace, TUI_VIEW_EVENTS, 120, 40);
	filter("G3 kind:mark");
	golden_view("events-nothing-80x24.txt", &trace, TUI_VIEW_EVENTS, 80, 24);
	filter("");
}

static void a_filtered_timeline(void **state)
{
	(void)state;
	filter("state:gil core:0,1");
	golden_view("timeline-filtered-120x40.txt", &trace, TUI_VIEW_TIMELINE, 120, 40);
	filter("nobody");
	golden_view("timeline-filtered-80x24.txt", &trace, TUI_VIEW_TIMELINE, 80, 24);
	filter("");
}

/* The timeline with a prompt open over its foot. */
static void a_prompt(void **state)
{
	static struct tui_prompt prompt;
	struct tui_canvas canvas;
	struct tui_scene scene;
	struct tui_buf buf = {0};

	(void)state;
	prompt.complete = tui_complete;
	prompt.arg = names;
	tui_prompt_open(&prompt, TUI_PROMPT_COMMAND, "goto ");
	assert_int_equal(tui_canvas_init(&canvas, 80, 24), 0);
	tui_trace_scene(&trace, &scene);
	assert_int_equal(tui_view_by_id(TUI_VIEW_TIMELINE)->draw(&canvas, &scene), 0);
	tui_prompt_draw(&prompt, &canvas);
	assert_int_equal(tui_back_text(&canvas, &buf), 0);
	golden_frame("prompt-80x24.txt", &buf);
	tui_buf_fini(&buf);
	tui_canvas_fini(&canvas);
}

static void every_theme(void **state)
{
	struct tui_canvas canvas;
	struct tui_scene scene;
	char name[64];

	(void)state;
	assert_int_equal(tui_canvas_init(&canvas, 120, 40), 0);
	tui_trace_scene(&trace, &scene);
	assert_int_equal(tui_view_by_id(TUI_VIEW_TIMELINE)->draw(&canvas, &scene), 0);
	for (int t = 0; t < TUI_THEME_MAX; t++) {
		struct tui_buf buf = {0};

		assert_int_equal(tui_back_ansi(&canvas, (enum tui_theme)t, &buf), 0);
		snprintf(name, sizeof(name), "timeline-theme-%s.ansi",
			 tui_theme_name((enum tui_theme)t));
		/* No colour is no colour at all. */
		if (t == TUI_THEME_MONO)
			assert_null(strstr(buf.bytes, "38;5"));
		golden_frame(name, &buf);
		tui_buf_fini(&buf);
	}
	tui_canvas_fini(&canvas);
}

/* Every size: nothing crashes, and twice the same is the same. */
static void every_size(void **state)
{
	static struct tui_prompt prompt;
	struct tui_scene scene;

	(void)state;
	prompt.complete = tui_complete;
	prompt.arg = names;
	tui_prompt_open(&prompt, TUI_PROMPT_FILTER, "state:gil ");
	tui_pane_read(&trace, TUI_VIEW_EVENTS, UINT64_MAX);
	tui_trace_scene(&trace, &scene);
	for (int cols = 1; cols <= 200; cols += cols < 90 ? 1 : 13)
		for (int rows = 1; rows <= 60; rows += rows < 42 ? 1 : 9) {
			struct tui_canvas a, b;

			assert_int_equal(tui_canvas_init(&a, cols, rows), 0);
			assert_int_equal(tui_canvas_init(&b, cols, rows), 0);
			tui_view_by_id(TUI_VIEW_EVENTS)->draw(&a, &scene);
			tui_view_by_id(TUI_VIEW_EVENTS)->draw(&b, &scene);
			tui_prompt_draw(&prompt, &a);
			tui_prompt_draw(&prompt, &b);
			tui_prompt_draw_message("a message", &a);
			tui_prompt_draw_message("a message", &b);
			assert_memory_equal(a.cells, b.cells,
					    (size_t)cols * (size_t)rows * sizeof(*a.cells));
			tui_canvas_fini(&a);
			tui_canvas_fini(&b);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),     cmocka_unit_test(a_filtered_timeline),
		cmocka_unit_test(a_prompt),   cmocka_unit_test(every_theme),
		cmocka_unit_test(every_size),
	};
	return cmocka_run_group_tests(tests, open_scene, close_scene);
}
