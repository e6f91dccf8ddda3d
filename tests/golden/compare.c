/* SPDX-License-Identifier: MIT
 *
 * Golden frames of two traces side by side: the convoy scene beside a longer one, and
 * what its keys do to the data.
 */
#include "convoy.h"
#include "frame.h"
#include "tui/trace/compare.h"

static struct gtv_names *names[2];
static struct tui_trace trace;

static void open_one(struct tui_trace *t, int side, int stripes, const char *file,
		     const char *policy)
{
	struct gtv_err err;

	names[side] = gtv_names_new();
	assert_non_null(names[side]);
	assert_int_equal(tui_trace_attach(t, convoy_store(names[side], stripes), &err), 0);
	t->owned = 1;
	tui_nav_init(&t->nav, t->nav.first_ns, t->nav.last_ns, 0);
	t->facts.mode = TUI_REPLAY;
	snprintf(t->facts.file, sizeof(t->facts.file), "%s", file);
	snprintf(t->facts.policy, sizeof(t->facts.policy), "%s", policy);
}

static int open_two(void **state)
{
	struct tui_trace other;
	struct gtv_err err;

	(void)state;
	open_one(&trace, 0, 60, "before.gtv", "gil3");
	open_one(&other, 1, 90, "after.gtv", "gil2");
	assert_int_equal(tui_trace_compare_with(&trace, &other, &err), 0);
	tui_nav_window(&trace.nav, CONVOY_START + 1200 * CONVOY_MS,
		       CONVOY_START + 1250 * CONVOY_MS);
	return 0;
}

static int close_two(void **state)
{
	(void)state;
	tui_trace_close(&trace);
	gtv_names_free(names[0]);
	gtv_names_free(names[1]);
	return 0;
}

static void frames(void **state)
{
	static const int size[][2] = {{60, 30}, {40, 10}};
	char name[64];

	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "compare-%dx%d.txt", size[i][0], size[i][1]);
		golden_view(name, &trace, TUI_VIEW_COMPARE, size[i][0], size[i][1]);
	}
	trace.compare->differences_only = 1;
	golden_view("compare-difference-120x40.txt", &trace, TUI_VIEW_COMPARE, 120, 40);
	trace.compare->differences_only = 0;
}

/* Every measure of a trace beside itself is the same. */
static void no_difference_to_itself(void **state)
{
	struct tui_trace one, other;
	struct gtv_names *kept[2] = {names[0], names[1]};
	struct gtv_err err;

	(void)state;
	open_one(&one, 0, 60, "a.gtv", "gil3");
	open_one(&other, 1, 60, "b.gtv", "gil3");
	assert_int_equal(tui_trace_compare_with(&one, &other, &err), 0);
	while (tui_trace_compare_unread(&one))
		tui_trace_compare_read(&one, 1);
	assert_true(one.compare->measures > 5);
	for (int i = 0; i < one.compare->measures; i++)
		assert_int_equal(one.compare->measure[i].value[0],
				 one.compare->measure[i].value[1]);
	tui_trace_close(&one);
	gtv_names_free(names[0]);
	gtv_names_free(names[1]);
	names[0] = kept[0];
	names[1] = kept[1];
}

/* Swapped twice all is as it was; in between the other trace is the first. */
static void swapped_and_back(void **state)
{
	uint64_t from_ns = trace.nav.from_ns, switches[2];
	struct tui_measure was;

	(void)state;
	tui_trace_compare_read(&trace, UINT64_MAX);
	was = trace.compare->measure[0];
	switches[0] = gtv_digest_get_totals(trace.compare->side[0].digest)->switches;
	switches[1] = gtv_digest_get_totals(trace.compare->side[1].digest)->switches;
	assert_int_not_equal(switches[0], switches[1]);
	tui_trace_compare_swap(&trace);
	assert_string_equal(trace.facts.file, "after.gtv");
	assert_int_equal(gtv_digest_get_totals(trace.compare->side[0].digest)->switches,
			 switches[1]);
	assert_int_equal(trace.compare->measure[0].value[0], was.value[1]);
	tui_trace_compare_swap(&trace);
	assert_string_equal(trace.facts.file, "before.gtv");
	assert_int_equal(trace.nav.from_ns, from_ns);
	assert_int_equal(trace.compare->measure[0].value[0], was.value[0]);
}

static void rows_times_and_lanes(void **state)
{
	struct tui_compare *c = trace.compare;
	uint64_t at_ns;
	size_t rows = 0;

	(void)state;
	while (tui_trace_compare_choose(&trace, 1))
		rows++;
	assert_int_equal(rows + 1, c->row_count);
	while (tui_trace_compare_choose(&trace, -1))
		;
	assert_int_equal(c->chosen, 0);
	at_ns = c->side[1].align_ns;
	tui_trace_compare_shift(&trace, 10);
	assert_int_equal(c->align, TUI_ALIGN_FREE);
	assert_int_equal(c->side[1].align_ns, at_ns + 5 * CONVOY_MS);
	tui_trace_compare_align(&trace);
	assert_int_equal(c->side[1].align_ns, at_ns);
	/* The fifth row is the first green thread, after the four cores. */
	c->chosen = 4;
	assert_int_equal(tui_trace_compare_go(&trace), 0);
	assert_int_equal(trace.nav.selected.kind, GTV_LANE_GT);
	assert_int_equal(trace.nav.rows, TUI_ROWS_GT);
	c->on_b = 1;
	assert_int_equal(tui_trace_compare_go(&trace), 0);
	assert_string_equal(trace.facts.file, "after.gtv");
	assert_int_equal(trace.nav.selected.kind, GTV_LANE_GT);
}

/* Nothing is drawn outside, at any size. */
static void all_sizes(void **state)
{
	struct tui_canvas canvas;
	struct tui_scene scene;

	(void)state;
	for (int cols = 1; cols <= 210; cols += 1 + cols / 9)
		for (int rows = 1; rows <= 70; rows += 1 + rows / 6) {
			assert_int_equal(tui_canvas_init(&canvas, cols, rows), 0);
			tui_trace_scene(&trace, &scene);
			tui_canvas_clear(&canvas);
			assert_int_equal(
				tui_view_by_id(TUI_VIEW_COMPARE)->draw(&canvas, &scene), 0);
			tui_canvas_fini(&canvas);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames, open_two, close_two),
		cmocka_unit_test_setup_teardown(no_difference_to_itself, open_two,
						close_two),
		cmocka_unit_test_setup_teardown(swapped_and_back, open_two, close_two),
		cmocka_unit_test_setup_teardown(rows_times_and_lanes, open_two, close_two),
		cmocka_unit_test_setup_teardown(all_sizes, open_two, close_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
