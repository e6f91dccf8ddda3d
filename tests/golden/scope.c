/* SPDX-License-Identifier: MIT
 *
 * Golden frames of the oscilloscope: the convoy scene with marks, cursors and a trigger
 * that was looked for; what it finds, and what is summed, is the trace's own.
 */
#include "tests/golden/convoy_trace.h"
#include "frame.h"
#include "tui/trace/scope.h"

static int open_window(void **state)
{
	open_trace(state);
	tui_nav_window(&trace.nav, CONVOY_START + 1200 * CONVOY_MS,
		       CONVOY_START + 1250 * CONVOY_MS);
	return 0;
}

static struct tui_trigger *look_for(const char *line, uint64_t from_ns)
{
	struct tui_trigger set;

	assert_int_equal(tui_trigger_parse(&set, line, NULL), 0);
	assert_int_equal(tui_scope_arm(&trace, &set, from_ns), 0);
	while (tui_scope_unread(&trace) && !tui_scope_seek(&trace, 1))
		;
	return &trace.scope->trigger;
}

/* Hits come in order, each once, until there is none; each is as long as was asked. */
static void all_hits(void **state)
{
	struct tui_trigger *t;
	uint64_t at_ns = 0, last_ns = 0;
	struct gtv_span span;
	int hits = 0;

	(void)state;
	for (;; hits++) {
		t = look_for("wait(GIL)>4ms", at_ns);
		if (t->state == TUI_TRIGGER_NONE)
			break;
		assert_true(t->hit.ts_ns >= at_ns && t->hit.ts_ns > last_ns);
		assert_int_equal(t->hit.ts_ns - t->hit.from_ns, 4 * CONVOY_MS);
		assert_int_equal(
			gtv_window_look(trace.window, t->hit.from_ns, t->hit.ts_ns + 1, 1),
			0);
		assert_int_equal(gtv_window_span_at(trace.window, t->hit.lane,
						    t->hit.ts_ns - 1, &span),
				 0);
		assert_int_equal(span.state, GTV_ST_GIL);
		last_ns = t->hit.ts_ns;
		at_ns = last_ns + 1;
		assert_true(hits < 10000);
	}
	assert_true(hits > 10);
	t = look_for("wait>100s", 0);
	assert_int_equal(t->state, TUI_TRIGGER_NONE);
}

static void frames(void **state)
{
	static const int size[][2] = {{60, 16}, {40, 10}};
	struct tui_scope *s = tui_scope_of(&trace);
	struct gtv_measured sums;
	char name[64];
	uint64_t sum;

	(void)state;
	look_for("wait(GIL)>4ms", CONVOY_START + 1200 * CONVOY_MS);
	assert_int_equal(s->trigger.hits, 1);
	s->trigger.state = TUI_TRIGGER_HIT;
	trace.nav.selected = s->trigger.hit.lane;
	tui_scope_mark(s, CONVOY_START + 1230 * CONVOY_MS, "here");
	s->has_a = s->has_b = 1;
	s->a_ns = CONVOY_START + 1205 * CONVOY_MS;
	s->b_ns = CONVOY_START + 1225 * CONVOY_MS;
	while (!s->measured)
		tui_scope_measure(&trace, 1);
	assert_true(gtv_measure_lane(s->measure, trace.nav.selected, &sums));
	sum = sums.absent_ns;
	for (int st = 0; st < GTV_ST_MAX; st++)
		sum += sums.state_ns[st];
	assert_int_equal(sum, 20 * CONVOY_MS);
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "scope-%dx%d.txt", size[i][0], size[i][1]);
		golden_view(name, &trace, TUI_VIEW_TIMELINE, size[i][0], size[i][1]);
	}
}

/* Nothing is drawn outside, whatever the size. */
static void any_size(void **state)
{
	struct tui_scene scene;
	struct tui_canvas canvas;

	(void)state;
	for (int cols = 1; cols <= 500; cols += cols < 20 ? 1 : 31)
		for (int rows = 1; rows <= 200; rows += rows < 40 ? 1 : 23) {
			assert_int_equal(tui_canvas_init(&canvas, cols, rows), 0);
			tui_trace_scene(&trace, &scene);
			tui_view_by_id(TUI_VIEW_TIMELINE)->draw(&canvas, &scene);
			tui_canvas_fini(&canvas);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_hits),
		cmocka_unit_test(frames),
		cmocka_unit_test(any_size),
	};

	return cmocka_run_group_tests(tests, open_window, close_trace);
}
