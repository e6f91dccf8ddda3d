/* SPDX-License-Identifier: MIT
 *
 * Frames made with patience: at every zoom, and after jumps, pivots and folds, what is
 * read in single pieces between frames comes to be the frame that is drawn in one go; and
 * until then what is not read is never drawn as if nothing happened there.
 */
#include "stage.h"
#include "tui/canvas/strip.h"
#include "tui/trace/patience.h"

#define COLS	120
#define ROWS	40
#define STRIPES 6000
#define WORDS	10 /* columns at the right where it says that it is being read */
#define APART	16 /* pieces between two frames that are looked at */

static void draw(struct tui_trace *t, struct tui_canvas *canvas)
{
	struct tui_scene scene;

	tui_trace_scene(t, &scene);
	tui_canvas_clear(canvas);
	assert_int_equal(tui_view_by_id(TUI_VIEW_TIMELINE)->draw(canvas, &scene), 0);
}

static int is_blank(const struct tui_cell *cell)
{
	return (!cell->glyph || cell->glyph == ' ') && cell->ground == TUI_DEFAULT;
}

/* A lane has the same row in both: its name stands at the left. */
static int same_row(struct tui_canvas *a, struct tui_canvas *b, int y)
{
	int named = 0;

	for (int x = 0; x < 5; x++) {
		const struct tui_cell *p = tui_canvas_at(a, x, y),
				      *q = tui_canvas_at(b, x, y);

		if (p->glyph != q->glyph)
			return 0;
		named |= p->glyph > ' ' && p->glyph < 0x7f;
	}
	return named && tui_canvas_at(a, 0, y)->glyph <= ' ';
}

/* Right of where the look ends, in each lane's row. */
static void nothing_is_idle(const struct tui_trace *t, struct tui_canvas *now,
			    struct tui_canvas *end, uint64_t known_ns)
{
	struct tui_axis axis = {t->nav.from_ns, t->nav.to_ns, tui_timeline_cells(COLS)};
	int first = tui_timeline_gutter(COLS) + tui_axis_cell(&axis, known_ns);

	for (int y = 4; y < ROWS - 12; y++) {
		if (!same_row(now, end, y))
			continue;
		for (int x = first; x < COLS - 1 - WORDS; x++)
			if (is_blank(tui_canvas_at(now, x, y)) &&
			    !is_blank(tui_canvas_at(end, x, y)))
				fail_msg("%d,%d is blank, and not read", x, y);
	}
}

struct pair {
	struct tui_trace patient, whole;
	struct tui_canvas now, end;
	int most; /* pieces that one place took */
};

/* Without any time, a piece after the other. */
static void comes_to_the_same(struct pair *p)
{
	int pieces = 0;

	draw(&p->whole, &p->end);
	for (;; pieces++) {
		if (pieces % APART == 0 || !tui_trace_unread(&p->patient)) {
			tui_trace_hurry(&p->patient, 0, NULL, NULL);
			draw(&p->patient, &p->now);
			tui_trace_whole(&p->patient);
			uint64_t known_ns = gtv_window_known_ns(p->patient.window);
			if (known_ns < p->patient.nav.to_ns)
				nothing_is_idle(&p->patient, &p->now, &p->end, known_ns);
		}
		if (!tui_trace_unread(&p->patient))
			break;
		assert_true(pieces < 20000);
		tui_trace_read_on(&p->patient, 0, NULL, NULL);
	}
	p->most = pieces > p->most ? pieces : p->most;
	assert_memory_equal(p->now.cells, p->end.cells,
			    (size_t)(COLS * ROWS) * sizeof(*p->now.cells));
}

static void at(struct pair *p, uint64_t from_ns, uint64_t to_ns)
{
	tui_nav_window(&p->patient.nav, from_ns, to_ns);
	tui_nav_window(&p->whole.nav, from_ns, to_ns);
	comes_to_the_same(p);
}

static void every_zoom(struct pair *p)
{
	uint64_t first = p->whole.nav.first_ns, all = p->whole.nav.last_ns - first;

	for (uint64_t width = all; width > 100000; width /= 6)
		for (unsigned place = 0; place < 3; place++)
			at(p, first + (all - width) / 2 * place,
			   first + (all - width) / 2 * place + width);
}

static void pivots_and_folds(struct pair *p)
{
	uint64_t first = p->whole.nav.first_ns, all = p->whole.nav.last_ns - first;

	for (int how = 0; how < 4 * TUI_ROWS_MAX; how++) {
		uint64_t width = how % 3 ? all / 40 : all;
		struct tui_nav *nav[] = {&p->patient.nav, &p->whole.nav};

		for (int i = 0; i < 2; i++) {
			nav[i]->rows = (enum tui_rows)(how / 4);
			nav[i]->busy_only = how & 1;
			nav[i]->by_activity = how >> 1 & 1;
			nav[i]->fold = how % 5 ? TUI_FOLD_AUTO : TUI_FOLDED;
		}
		at(p, first + all - width, first + all);
	}
}

static void patience_ends_in_the_exact_frame(void **state)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_store *store = stage_store(names, STRIPES, NULL);
	struct pair p = {.most = 0};
	struct gtv_err err = {0};

	(void)state;
	stage_trace(&p.patient, store, "convoy.gtv", "gil3");
	assert_int_equal(tui_trace_attach(&p.whole, store, &err), 0);
	p.whole.facts = p.patient.facts;
	p.whole.nav = p.patient.nav;
	assert_int_equal(tui_canvas_init(&p.now, COLS, ROWS), 0);
	assert_int_equal(tui_canvas_init(&p.end, COLS, ROWS), 0);
	every_zoom(&p);
	pivots_and_folds(&p);
	assert_true(p.most > 20);
	tui_canvas_fini(&p.now);
	tui_canvas_fini(&p.end);
	tui_trace_close(&p.whole);
	tui_trace_close(&p.patient);
	gtv_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patience_ends_in_the_exact_frame),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
