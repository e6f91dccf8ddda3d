/* SPDX-License-Identifier: MIT
 *
 * Golden screens: the convoy scene, through a real store, model and window, drawn
 * by every view at several sizes and compared byte for byte with the frames in
 * tests/golden/frames. GENERATE=1 writes them anew; look at them before you commit.
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
#include "tui/canvas/back.h"
#include "tui/canvas/glyph.h"
#include "tui/trace/findings.h"
#include "tui/scene/view.h"

struct stage {
	struct gtv_names *names;
	struct gtv_store *store;
	struct gtv_window *window, *overview;
	struct tui_nav nav;
	struct tui_facts facts;
	struct gtv_explanation explanation;
	struct tui_trace trace; /* for the findings */
};

static void stage_init(struct stage *s, int stripes)
{
	uint64_t from, to;
	memset(s, 0, sizeof(*s));
	s->names = gtv_names_new();
	s->store = convoy_store(s->names, stripes);
	s->window = gtv_window_new(s->store);
	s->overview = gtv_window_new(s->store);
	assert_non_null(s->window);
	assert_non_null(s->overview);
	assert_int_equal(gtv_store_range(s->store, &from, &to), 0);
	tui_nav_init(&s->nav, CONVOY_START, to, 0);
	s->facts = (struct tui_facts){.mode = TUI_REPLAY,
				      .level = 3,
				      .events = 4711,
				      .bytes = 4 << 20,
				      .command = "./convoy --spin 2 --echo",
				      .policy = "gil3",
				      .file = "convoy.gtv",
				      .workers = 4,
				      .green_threads = 4,
				      .cores = 4};
}

static void stage_fini(struct stage *s)
{
	tui_trace_forget_findings(&s->trace);
	gtv_window_free(s->window);
	gtv_window_free(s->overview);
	gtv_store_close(s->store);
	gtv_names_free(s->names);
}

/* The window of the mock-ups: 50 ms from 1.200 s; the echo thread's wait selected. */
static void stage_place(struct stage *s)
{
	uint64_t at = CONVOY_START + 1204 * CONVOY_MS;
	struct gtv_span span;
	tui_nav_window(&s->nav, CONVOY_START + 1200 * CONVOY_MS,
		       CONVOY_START + 1250 * CONVOY_MS);
	assert_int_equal(gtv_window_look(s->window, s->nav.from_ns, s->nav.to_ns, 500000),
			 0);
	assert_int_equal(
		gtv_window_span_at(s->window, (struct gtv_lane){GTV_LANE_GT, 3}, at, &span),
		0);
	assert_int_equal(span.state, GTV_ST_GIL);
	tui_nav_select(&s->nav, &span);
}

static struct tui_scene stage_scene(struct stage *s)
{
	return (struct tui_scene){.store = s->store,
				  .names = s->names,
				  .window = s->window,
				  .overview = s->overview,
				  .nav = &s->nav,
				  .facts = &s->facts};
}

static void draw(struct stage *s, struct tui_canvas *canvas, enum tui_view_id view,
		 int cols, int rows)
{
	struct tui_scene scene = stage_scene(s);
	if (view == TUI_VIEW_EXPLAIN) {
		/* Explanations look around in the window as they find it. */
		assert_int_equal(
			gtv_window_look(s->window, s->nav.from_ns, s->nav.to_ns, 500000),
			0);
		assert_int_equal(
			gtv_explain(s->window, s->names, &s->nav.span, &s->explanation), 0);
		scene.explanation = &s->explanation;
	}
	if (view == TUI_VIEW_FINDINGS) {
		struct tui_trace *t = &s->trace;
		if (!t->findings.list) {
			*t = (struct tui_trace){.store = s->store, .names = s->names};
			t->nav = s->nav;
			t->facts.mode = TUI_REPLAY;
			tui_trace_notice(t, UINT64_MAX);
			assert_true(t->findings.done);
		}
		scene.findings = &t->findings;
	}
	assert_int_equal(tui_canvas_init(canvas, cols, rows), 0);
	assert_int_equal(tui_view_by_id(view)->draw(canvas, &scene), 0);
}

static void compare_text(struct stage *s, const char *name, enum tui_view_id view, int cols,
			 int rows)
{
	struct tui_canvas canvas;
	struct tui_buf buf = {0};
	draw(s, &canvas, view, cols, rows);
	assert_int_equal(tui_back_text(&canvas, &buf), 0);
	golden_frame(name, &buf);
	tui_buf_fini(&buf);
	tui_canvas_fini(&canvas);
}

/* ---- frames ---- */

static void small_timelines(void **state)
{
	static const int size[][2] = {{39, 5}, {40, 10}, {60, 16}, {100, 30}, {200, 39}};
	struct stage s;
	char name[64];
	(void)state;
	stage_init(&s, 60);
	stage_place(&s);
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "timeline-%dx%d.txt", size[i][0], size[i][1]);
		compare_text(&s, name, TUI_VIEW_TIMELINE, size[i][0], size[i][1]);
	}
	stage_fini(&s);
}

/* Two minutes: far more events than a window decodes, so tiles. */
static void a_wide_timeline(void **state)
{
	struct stage s;
	(void)state;
	stage_init(&s, 24000);
	tui_nav_window(&s.nav, s.nav.first_ns, s.nav.last_ns);
	compare_text(&s, "timeline-wide-120x40.txt", TUI_VIEW_TIMELINE, 120, 40);
	assert_false(gtv_window_exact(s.window));
	stage_fini(&s);
}

static void back_ends(void **state)
{
	struct stage s;
	struct tui_canvas canvas;
	struct tui_buf buf = {0};
	(void)state;
	stage_init(&s, 60);
	stage_place(&s);
	draw(&s, &canvas, TUI_VIEW_TIMELINE, 120, 40);
	assert_int_equal(tui_back_ansi(&canvas, TUI_THEME_DARK, &buf), 0);
	golden_frame("timeline-core-120x40.ansi", &buf);
	tui_buf_fini(&buf);
	assert_int_equal(tui_back_svg(&canvas, TUI_THEME_DARK, &buf), 0);
	golden_frame("timeline-core-120x40.svg", &buf);
	tui_buf_fini(&buf);
	tui_glyph_canvas_ascii(&canvas);
	assert_int_equal(tui_back_text(&canvas, &buf), 0);
	for (size_t i = 0; i < buf.size; i++)
		assert_true((unsigned char)buf.bytes[i] < 0x80);
	golden_frame("timeline-core-120x40.ascii", &buf);
	tui_buf_fini(&buf);
	tui_canvas_fini(&canvas);
	stage_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_timelines),
		cmocka_unit_test(a_wide_timeline),
		cmocka_unit_test(back_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
