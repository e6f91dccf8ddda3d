/* SPDX-License-Identifier: MIT
 *
 * A core that is shared with another program, of more switches than a window decodes:
 * the lane is made of tiles. They too tell whose time it was, ours or the other's; the
 * longest wait among them is found all the same, and what cannot be counted isn't.
 */
#include "convoy.h"
#include "frame.h"
#include "tui/view/timeline.h"

#define SWITCHES  200000
#define TURN_NS	  100000ull /* a turn of both */
#define LONG_TURN 70000	    /* before this one ours waits longer, for LONG_NS */
#define LONG_NS	  2500000ull

/* Takes the events. */
static struct gtv_store *store_of(struct gtv_names *names, struct convoy *c)
{
	struct gtv_store_info info = {.level = 3,
				      .core_count = 1,
				      .start_ns = CONVOY_START,
				      .pid = CONVOY_PID,
				      .command = "./others"};
	struct gtv_store *st;

	assert_int_equal(gtv_store_create_temp(&st, &info, names, NULL), 0);
	assert_int_equal(gtv_store_append(st, c->ev, c->count), 0);
	assert_int_equal(gtv_store_finish(st), 0);
	free(c->ev);
	return st;
}

/* In the first half the other program has nine tenths of the core, in the second ours. */
static struct gtv_store *store_of_turns(struct gtv_names *names)
{
	struct convoy c = {0};
	uint64_t ts = CONVOY_START;

	convoy_names(names);
	convoy_kswitch(&c, ts, 0, 0, CONVOY_CC1, GTV_OFF_IDLE, 0);
	for (int i = 0; i < SWITCHES / 2; i++) {
		uint64_t ours = (i < SWITCHES / 4 ? 1 : 9) * TURN_NS / 10;

		if (i == LONG_TURN)
			ts += LONG_NS;
		convoy_kswitch(&c, ts + TURN_NS - ours, 0, CONVOY_CC1, CONVOY_PID,
			       GTV_OFF_PREEMPTED, 0);
		ts += TURN_NS;
		convoy_kswitch(&c, ts, 0, CONVOY_PID, CONVOY_CC1, GTV_OFF_PREEMPTED, 0);
	}
	return store_of(names, &c);
}

/* The cells of a lane's row from one column to another whose most, or whose only, ink is
 * of that role. */
static int cells_of(struct tui_canvas *canvas, int y, int from, int to, int role)
{
	int n = 0;

	for (int x = from; x < to; x++) {
		const struct tui_cell *cell = tui_canvas_at(canvas, x, y);
		n += (cell->ground == TUI_DEFAULT ? cell->ink : cell->ground) == role;
	}
	return n;
}

static void draw_timeline(struct tui_trace *t, struct tui_scene *scene,
			  struct tui_canvas *canvas)
{
	tui_pane_read(t, TUI_VIEW_TIMELINE, UINT64_MAX);
	assert_int_equal(tui_canvas_init(canvas, 120, 40), 0);
	tui_trace_scene(t, scene);
	assert_int_equal(tui_view_by_id(TUI_VIEW_TIMELINE)->draw(canvas, scene), 0);
	assert_false(gtv_window_exact(t->window));
}

static void open_whole(struct tui_trace *t, struct gtv_store *store)
{
	struct gtv_err err;

	assert_int_equal(tui_trace_attach(t, store, &err), 0);
	t->owned = 1;
	t->nav.follow = 0;
	t->nav.rows = TUI_ROWS_CORE;
	tui_nav_window(&t->nav, t->nav.first_ns, t->nav.last_ns);
}

static int row_of_the_core(struct tui_canvas *canvas)
{
	int y = 0;

	while (y < canvas->rows && tui_canvas_at(canvas, 1, y)->glyph != 'C')
		y++;
	assert_true(y < canvas->rows);
	return y;
}

static void tiles_tell_whose_time_it_was(void **state)
{
	struct gtv_names *names = gtv_names_new();
	struct tui_canvas canvas;
	struct tui_scene scene;
	struct tui_trace t;

	(void)state;
	open_whole(&t, store_of_turns(names));
	draw_timeline(&t, &scene, &canvas);

	int y = row_of_the_core(&canvas);
	/* Of a hundred cells each half has fifty; the one between may be anybody's. */
	assert_int_equal(cells_of(&canvas, y, 19, 68, TUI_DONE), 49);
	assert_int_equal(cells_of(&canvas, y, 19, 68, TUI_OTHER), 0);
	assert_int_equal(cells_of(&canvas, y, 70, 118, TUI_OTHER), 48);
	assert_int_equal(cells_of(&canvas, y, 70, 118, TUI_DONE), 0);
	tui_canvas_fini(&canvas);
	tui_trace_close(&t);
	gtv_names_free(names);
}

static void select_lane(struct tui_trace *t, const char *lane, uint64_t from_ns,
			uint64_t to_ns)
{
	struct gtv_options opts = {.select = lane, .from_ns = from_ns, .to_ns = to_ns};
	struct gtv_err err = {0};

	assert_int_equal(tui_trace_place(t, &opts, &err), 0);
	assert_int_equal(tui_trace_explain(t), 0);
}

static void the_longest_wait_is_found_among_tiles(void **state)
{
	/* It waits from the end of its turn on: for the other's tenth, and LONG_NS. */
	const uint64_t from_ns = LONG_TURN * TURN_NS,
		       to_ns = from_ns + LONG_NS + TURN_NS / 10;
	struct gtv_names *names = gtv_names_new();
	struct tui_trace t;

	(void)state;
	open_whole(&t, store_of_turns(names));
	select_lane(&t, "T4242", UINT64_MAX, UINT64_MAX);
	assert_int_equal(t.nav.span.from_ns, CONVOY_START + from_ns);
	assert_int_equal(t.nav.span.to_ns, CONVOY_START + to_ns);
	assert_false(t.explanation.similar_known);

	select_lane(&t, "T4242", from_ns - 10 * TURN_NS, to_ns + 9 * TURN_NS / 10);
	assert_int_equal(t.nav.span.from_ns, CONVOY_START + from_ns);
	assert_true(t.explanation.similar_known);
	assert_int_equal(t.explanation.similar, 11);
	assert_int_equal(t.explanation.similar_median_ns, TURN_NS / 10);
	tui_trace_close(&t);
	gtv_names_free(names);
}

/* Sixteen threads of ours in turns, none of which has much of any tile. */
static struct gtv_store *store_of_many(struct gtv_names *names)
{
	struct convoy c = {0};

	convoy_names(names);
	for (uint32_t i = 0; i < 16; i++)
		convoy_name(names, GTV_CLASS_THREAD, CONVOY_PID + 100 + i, 0, GTV_NAME_OURS,
			    "many", "");
	for (uint32_t i = 0; i < SWITCHES; i++)
		convoy_kswitch(&c, CONVOY_START + i * (TURN_NS / 10), 0,
			       i ? CONVOY_PID + 100 + (i - 1) % 16 : 0,
			       CONVOY_PID + 100 + i % 16,
			       i ? GTV_OFF_PREEMPTED : GTV_OFF_IDLE, 0);
	return store_of(names, &c);
}

static void a_core_that_many_share_is_busy(void **state)
{
	struct gtv_names *names = gtv_names_new();
	struct tui_canvas canvas;
	struct tui_scene scene;
	struct tui_trace t;
	int full = 0;

	(void)state;
	open_whole(&t, store_of_many(names));
	draw_timeline(&t, &scene, &canvas);
	int y = row_of_the_core(&canvas);
	for (int x = 19; x < 119; x++) {
		uint32_t glyph = tui_canvas_at(&canvas, x, y)->glyph;
		full += glyph == 0x259a || glyph == 0x2588;
	}
	assert_true(full >= 98); /* but where the trace begins and ends */
	tui_canvas_fini(&canvas);
	tui_trace_close(&t);
	gtv_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_core_that_many_share_is_busy),
		cmocka_unit_test(tiles_tell_whose_time_it_was),
		cmocka_unit_test(the_longest_wait_is_found_among_tiles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
