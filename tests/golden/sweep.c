/* SPDX-License-Identifier: MIT
 *
 * What holds of every frame, at every size and every zoom:
 *
 *   - nothing is drawn outside of the canvas, and no text over another (watched.h); the
 *     timeline's parts have rows of their own; a second drawing is the same;
 *   - column → time → column comes back, and later is never further left;
 *   - time is conserved: what the states of a lane take in all columns is the window,
 *     whether its pieces are spans or tiles, and whatever the zoom.
 */
#include "stage.h"
#include "watched.h"
#include "tui/view/timeline.h"

/* ---- every size ---- */

/* The rows of the chrome, the lanes and the panel: each in the canvas, none of two. */
static void rows_are_apart(struct stage *s, int cols, int rows)
{
	unsigned char taken[WATCHED_ROWS] = {0};
	struct tui_timeline tl;
	struct tui_scene scene;

	tui_trace_scene(&s->trace, &scene);
	assert_int_equal(tui_tl_begin_side(&tl, NULL, &scene, cols, rows,
					   tui_timeline_side(cols, rows)),
			 0);
	tui_tl_chrome_rows(&tl);
	assert_int_equal(tui_tl_layout(&tl), 0);
	const int single[] = {tl.y_title,  tl.y_map,	tl.y_marks,  tl.y_ruler,
			      tl.y_legend, tl.y_cursor, tl.y_status, tl.y_hints};

	for (size_t i = 0; i < sizeof(single) / sizeof(*single); i++) {
		assert_true(single[i] < rows);
		if (single[i] >= 0)
			assert_int_equal(taken[single[i]]++, 0);
	}
	for (int i = 0; i < tl.panel_rows; i++)
		assert_int_equal(taken[tl.y_panel + i]++, 0);
	for (int i = 0; i < tl.rule_count; i++)
		assert_int_equal(taken[tl.rule[i].y]++, 0);
	for (int i = 0; i < tl.row_count; i++) {
		/* Cores stand a row apart: the gap is part of their height. */
		int height = tl.row[i].height;

		assert_true(tl.row[i].y >= tl.y_lanes && height > 0);
		assert_true(tl.row[i].y + height <= tl.lanes_end + (height == 4));
		for (int k = 0; k < height && tl.row[i].y + k < tl.lanes_end; k++)
			assert_int_equal(taken[tl.row[i].y + k]++, 0);
	}
	tui_tl_layout_fini(&tl);
}

static int faults; /* each is told; a test fails when it is through */

static void one_size(struct stage *s, const struct act *act, int cols, int rows)
{
	struct tui_canvas a, b;

	assert_int_equal(tui_canvas_init(&a, cols, rows), 0);
	assert_int_equal(tui_canvas_init(&b, cols, rows), 0);
	watched_begin(&a);
	stage_draw(s, act->view, &a);
	watched.canvas = NULL;
	stage_draw(s, act->view, &b);
	if (watched.outside || watched.overlap)
		print_error("%s at %dx%d, fault %d: %s\n", act->name, cols, rows, ++faults,
			    watched.fault);
	assert_memory_equal(a.cells, b.cells, (size_t)(cols * rows) * sizeof(*a.cells));
	if (act->view == TUI_VIEW_TIMELINE)
		rows_are_apart(s, cols, rows);
	tui_canvas_fini(&a);
	tui_canvas_fini(&b);
}

/* All small ones; then further and further apart; the last is 500x200. */
static int next_size(int size, int dense, int last)
{
	int next = size + (size < dense ? 1 : 1 + size / 8);

	return size < last && next > last ? last : next;
}

static void every_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < ACTS; i++) {
		struct stage s;

		stage_open(&s, &acts[i]);
		for (int cols = 1; cols <= 500; cols = next_size(cols, 48, 500))
			for (int rows = 1; rows <= 200; rows = next_size(rows, 26, 200))
				one_size(&s, &acts[i], cols, rows);
		stage_close(&s);
	}
	assert_int_equal(faults, 0);
}

/* Before anything was read, and of a trace in which nothing ever happened. */
static void nothing_to_show(void **state)
{
	struct gtv_store_info info = {
		.core_count = 2, .start_ns = CONVOY_START, .command = "./nothing"};

	(void)state;
	for (int v = 0; tui_views[v]; v++) {
		struct act act = {.name = tui_views[v]->name, .view = tui_views[v]->id};
		struct stage s = {.names = {gtv_names_new(), NULL}};
		struct gtv_store *st;

		assert_int_equal(gtv_store_create_temp(&st, &info, s.names[0], NULL), 0);
		assert_int_equal(gtv_store_finish(st), 0);
		stage_trace(&s.trace, st, "nothing.gtv", "");
		for (int read = 0; read < 2; read++) {
			for (int cols = 1; cols <= 200; cols += 1 + cols / 3)
				for (int rows = 1; rows <= 70; rows += 1 + rows / 5)
					one_size(&s, &act, cols, rows);
			tui_pane_read(&s.trace, act.view, UINT64_MAX);
		}
		stage_close(&s);
	}
	assert_int_equal(faults, 0);
}

/* ---- time and columns ---- */

static void columns_are_times(void **state)
{
	static const int cells[] = {1, 2, 34, 50, 64, 100, 175, 475};
	const uint64_t from_ns[] = {0, CONVOY_START, 18446744073000000000ull};

	(void)state;
	for (size_t f = 0; f < 3; f++)
		for (size_t c = 0; c < sizeof(cells) / sizeof(*cells); c++)
			for (uint64_t width = 1; width < 700000000;
			     width += 1 + width / 2) {
				struct tui_axis axis = {from_ns[f], from_ns[f] + width,
							cells[c]};
				int fine = width >= (uint64_t)axis.cells;

				assert_int_equal(tui_axis_time(&axis, 0), axis.from_ns);
				assert_int_equal(tui_axis_time(&axis, axis.cells),
						 axis.to_ns);
				for (int x = 0; x < axis.cells; x++) {
					uint64_t a = tui_axis_time(&axis, x),
						 b = tui_axis_time(&axis, x + 1);

					/* With more columns than ns some are empty. */
					assert_true(fine ? a < b : a <= b);
					if (a == b)
						continue;
					assert_int_equal(tui_axis_cell(&axis, a), x);
					assert_int_equal(tui_axis_cell(&axis, b - 1), x);
					assert_in_range(tui_axis_eighth(&axis, a),
							x ? 8 * x - 8 : 0, 8 * x + 8);
				}
				assert_int_equal(tui_axis_cell(&axis, axis.to_ns),
						 axis.cells);
			}
}

/* ---- conserved time ---- */

/* What a lane's pieces hold of each column, state by state; a tile's time is spread over it
 * by its length. Returns the ns of the part of the window in which the lane lives. */
static uint64_t sum_columns(struct gtv_window *w, struct gtv_lane lane,
			    const struct tui_axis *axis, double *column, double *state_ns)
{
	size_t count;
	const struct gtv_piece *p = gtv_window_pieces(w, lane, &count);
	uint64_t lives = 0;

	memset(column, 0, sizeof(*column) * (size_t)axis->cells);
	for (size_t i = 0; i < count; i++) {
		const struct gtv_span *s = &p[i].span;
		uint64_t a = s->from_ns > axis->from_ns ? s->from_ns : axis->from_ns;
		uint64_t b = s->to_ns < axis->to_ns ? s->to_ns : axis->to_ns, in_tile = 0;

		/* In order, and touching; none is empty. */
		assert_true(s->from_ns < s->to_ns);
		if (i > 0)
			assert_int_equal(s->from_ns, p[i - 1].span.to_ns);
		if (b <= a)
			continue;
		for (unsigned st = 0; st < GTV_ST_MAX; st++)
			in_tile += gtv_piece_ns(&p[i], st);
		if (p[i].spans != 1)
			assert_in_range(in_tile, 0, s->to_ns - s->from_ns);
		lives += b - a;
		for (unsigned st = 0; st < GTV_ST_MAX; st++) {
			double share = p[i].spans == 1
					       ? (double)(st == s->state)
					       : (double)gtv_piece_ns(&p[i], st) /
							 (double)(s->to_ns - s->from_ns);

			if (share == 0)
				continue;
			state_ns[st] += share * (double)(b - a);
			for (int x = tui_axis_cell(axis, a);
			     x < axis->cells && tui_axis_time(axis, x) < b; x++) {
				uint64_t from = tui_axis_time(axis, x),
					 to = tui_axis_time(axis, x + 1);

				from = from > a ? from : a;
				to = to < b ? to : b;
				column[x] += share * (double)(to - from);
			}
		}
	}
	return lives;
}

static int is_near(double a, double b, double within)
{
	return a > b ? a - b <= within : b - a <= within;
}

struct conserved {
	struct tui_trace trace;
	double whole[GTV_ST_MAX]; /* of all lanes of a kind, over the whole trace */
	int exact, tiles;	  /* windows that were so */
};

/* One window: every lane of the kind. */
static void one_window(struct conserved *c, enum gtv_lane_kind kind, uint64_t from_ns,
		       uint64_t to_ns, double *state_ns)
{
	struct tui_axis axis = {from_ns, to_ns, 100};
	struct gtv_window *w = c->trace.window;
	double column[100];

	assert_int_equal(gtv_window_look(w, from_ns, to_ns, (to_ns - from_ns) / 100 + 1),
			 0);
	if (gtv_window_exact(w))
		c->exact++;
	else
		c->tiles++;
	memset(state_ns, 0, sizeof(*state_ns) * GTV_ST_MAX);
	for (size_t i = 0; i < gtv_window_lane_count(w, kind); i++) {
		struct gtv_lane lane = gtv_window_lane(w, kind, i);
		double lane_ns[GTV_ST_MAX] = {0}, sum = 0, columns = 0;
		uint64_t lives = sum_columns(w, lane, &axis, column, lane_ns);

		for (int st = 0; st < GTV_ST_MAX; st++) {
			sum += lane_ns[st];
			state_ns[st] += lane_ns[st];
		}
		for (int x = 0; x < axis.cells; x++) {
			columns += column[x];
			/* No column holds more time than it is long. */
			assert_true(column[x] <= (double)(tui_axis_time(&axis, x + 1) -
							  tui_axis_time(&axis, x)) *
								 1.000001 +
							 0.5);
		}
		assert_true(is_near(sum, (double)lives, 1 + (double)lives * 1e-6));
		assert_true(is_near(columns, sum, 1 + sum * 1e-6));
	}
}

/* From the whole trace to a microsecond, each window in halves: the parts of a window have
 * together what it has, state by state. */
static void zoomed(struct conserved *c, enum gtv_lane_kind kind)
{
	uint64_t from = c->trace.nav.first_ns, to = c->trace.nav.last_ns;
	double before[GTV_ST_MAX], left[GTV_ST_MAX], right[GTV_ST_MAX];

	one_window(c, kind, from, to, before);
	for (int turn = 0; to - from > 1000; turn++) {
		uint64_t middle = from + (to - from) / 2;
		int was_exact = c->exact;

		one_window(c, kind, from, middle, left);
		one_window(c, kind, middle, to, right);
		for (int st = 0; st < GTV_ST_MAX; st++) {
			/* A tile on the boundary is spread evenly: which side its states
			 * are on is not known; spans are cut exactly. */
			double within = c->exact == was_exact + 2 && c->tiles == 0
						? 2
						: (double)(to - from) * 0.05 + 2;

			if (!is_near(left[st] + right[st], before[st], within))
				fail_msg("%s of %g s: %.0f + %.0f ns are not %.0f",
					 gtv_state_name((unsigned)st),
					 (double)(to - from) / 1e9, left[st], right[st],
					 before[st]);
		}
		if (turn % 3 == 1) {
			from = middle;
			memcpy(before, right, sizeof(before));
		} else {
			to = middle;
			memcpy(before, left, sizeof(before));
		}
	}
}

static void conserve(struct gtv_store *store, int want_tiles)
{
	struct conserved c = {.exact = 0};
	struct gtv_err err;

	assert_int_equal(tui_trace_attach(&c.trace, store, &err), 0);
	c.trace.owned = 1;
	for (int kind = GTV_LANE_CORE; kind < GTV_LANE_KIND_MAX; kind++) {
		c.exact = c.tiles = 0;
		zoomed(&c, (enum gtv_lane_kind)kind);
		assert_true(c.exact > 0);
		assert_int_equal(c.tiles > 0, want_tiles);
	}
	tui_trace_close(&c.trace);
}

static void spans_conserve_time(void **state)
{
	struct gtv_names *names = gtv_names_new();

	(void)state;
	conserve(stage_store(names, STAGE_STRIPES, NULL), 0);
	gtv_names_free(names);
	names = gtv_names_new();
	conserve(stage_store(names, STAGE_STRIPES, stage_loss), 0);
	gtv_names_free(names);
}

/* Two minutes: more events than a window decodes. */
static void tiles_conserve_time(void **state)
{
	struct gtv_names *names = gtv_names_new();

	(void)state;
	conserve(stage_store(names, 24000, NULL), 1);
	gtv_names_free(names);
}

/* ---- every zoom, as keys make it ---- */

static void every_zoom(void **state)
{
	(void)state;
	for (size_t i = 0; i < ACTS; i++) {
		struct stage s;

		if (acts[i].view != TUI_VIEW_TIMELINE && acts[i].view != TUI_VIEW_LOAD &&
		    acts[i].view != TUI_VIEW_COMPARE)
			continue;
		stage_open(&s, &acts[i]);
		tui_nav_window(&s.trace.nav, s.trace.nav.first_ns, s.trace.nav.last_ns);
		for (int turn = 0; turn < 60; turn++) {
			uint64_t width = s.trace.nav.to_ns - s.trace.nav.from_ns;

			one_size(&s, &acts[i], turn % 3 ? 80 : 120, turn % 3 ? 24 : 40);
			/* In to a microsecond and below, out again, past both ends. */
			tui_nav_zoom(&s.trace.nav, turn < 40 ? 700 : 2500);
			tui_nav_pan(&s.trace.nav, turn % 7 == 0	  ? 130
						  : turn % 5 == 0 ? -170
								  : 3);
			assert_true(turn != 39 || width < 2000);
		}
		stage_close(&s);
	}
	assert_int_equal(faults, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size),
		cmocka_unit_test(nothing_to_show),
		cmocka_unit_test(columns_are_times),
		cmocka_unit_test(spans_conserve_time),
		cmocka_unit_test(tiles_conserve_time),
		cmocka_unit_test(every_zoom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
