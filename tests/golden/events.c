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
#include "tui/scene/commands.h"
#include "tui/scene/prompt.h"

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
	(void)state;
	golden_view("events-40x10.txt", &trace, TUI_VIEW_EVENTS, 40, 10);
	filter("G3 kind:mark");
	golden_view("events-nothing-80x24.txt", &trace, TUI_VIEW_EVENTS, 80, 24);
	filter("");
}

static void a_filtered_timeline(void **state)
{
	(void)state;
	filter("nobody");
	golden_view("timeline-nobody-80x24.txt", &trace, TUI_VIEW_TIMELINE, 80, 24);
	filter("");
}

/* What a terminal of few colours, or none, is sent; the frames of views.c have what each
 * theme looks like. */
static void sgr_themes(void **state)
{
	struct tui_canvas canvas;
	struct tui_scene scene;
	char name[64];

	(void)state;
	assert_int_equal(tui_canvas_init(&canvas, 120, 40), 0);
	tui_trace_scene(&trace, &scene);
	assert_int_equal(tui_view_by_id(TUI_VIEW_TIMELINE)->draw(&canvas, &scene), 0);
	for (int t = TUI_THEME_16; t <= TUI_THEME_MONO; t++) {
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
		cmocka_unit_test(events),
		cmocka_unit_test(a_filtered_timeline),
		cmocka_unit_test(sgr_themes),
		cmocka_unit_test(every_size),
	};
	return cmocka_run_group_tests(tests, open_scene, close_scene);
}
