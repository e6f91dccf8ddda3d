/* SPDX-License-Identifier: MIT
 *
 * Two traces in step: the same rows on the same scale side by side (on narrow screens
 * one above the other), and below them what differs, in figures. Green is only a time
 * that shrank.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/scene/compare.h"
#include "tui/canvas/format.h"
#include "tui/canvas/glyph.h"
#include "tui/view/timeline.h"
#include "tui/view/views.h"

#define COLS_MIN    40
#define SIDE_MIN    34 /* columns of a half; with less, one above the other */
#define LANES_MAX   64
#define DEPTH_LANES 2048 /* counted for the run queue at most */
#define READY_ROWS  6
#define DEPTH_TEXT  "run queue"

struct page {
	struct tui_canvas *canvas;
	const struct tui_scene *scene;
	const struct tui_compare *c;
	int beside; /* the sides stand beside each other */
	int lanes;  /* rows of lanes on each side */
	int y;
	int top; /* first row of c->row shown */
};

static int core_height(const struct page *p)
{
	return p->canvas->rows >= 30 && p->beside ? 2 : 1;
}

static int row_height(const struct page *p, const struct tui_compare_row *row)
{
	int kind = row->lane[0].kind ? row->lane[0].kind : row->lane[1].kind;

	return kind == GTV_LANE_CORE ? core_height(p) : 1;
}

/* ---- a side ---- */

/* B's window is A's, laid on its own time. Times before nought are cells that stay
 * empty: *lead of them. */
static void window_of(const struct page *p, int side, struct tui_nav *nav, int cells,
		      int *lead)
{
	const struct tui_compare_side *s = p->c->side;
	int64_t by = side ? (int64_t)(s[1].align_ns - s[0].align_ns) : 0;
	int64_t from = (int64_t)p->scene->nav->from_ns + by;
	int64_t width = (int64_t)(p->scene->nav->to_ns - p->scene->nav->from_ns);
	int64_t cursor = (int64_t)p->scene->nav->cursor_ns + by;

	*nav = *p->scene->nav;
	*lead = 0;
	if (from < 0) {
		int64_t cell = width / cells + 1;

		*lead = (int)((-from + cell - 1) / cell);
		from += *lead * cell;
		width -= *lead * cell;
	}
	nav->from_ns = (uint64_t)from;
	nav->to_ns = (uint64_t)(from + (width > 0 ? width : 1));
	nav->cursor_ns = cursor > 0 ? (uint64_t)cursor : 0;
	nav->first_ns = p->c->side[side].start_ns;
	nav->last_ns = p->c->side[side].last_ns;
	nav->span = (struct gtv_span){0};
	nav->selected = (struct gtv_lane){0};
	nav->all_edges = 0;
	if (p->c->chosen < p->c->row_count && p->c->on_b == side)
		nav->selected = p->c->row[p->c->chosen].lane[side];
}

static int gutter_of(int cols)
{
	return cols >= 56 ? 15 : cols >= SIDE_MIN ? 9 : 5;
}

/* ns in which lanes were ready during a cell. */
static uint64_t ready_in(const struct gtv_piece *piece, size_t count, uint64_t from,
			 uint64_t to)
{
	uint64_t sum = 0;

	for (size_t i = tui_tl_first(piece, count, from);
	     i < count && piece[i].span.from_ns < to; i++) {
		const struct gtv_span *s = &piece[i].span;
		uint64_t a = s->from_ns > from ? s->from_ns : from;
		uint64_t b = s->to_ns < to ? s->to_ns : to;
		uint64_t ready = gtv_piece_ns(&piece[i], GTV_ST_READY) +
				 gtv_piece_ns(&piece[i], GTV_ST_RUNNABLE);
		int is_ready = s->state == GTV_ST_READY || s->state == GTV_ST_RUNNABLE;

		if (piece[i].spans == 1)
			sum += is_ready ? b - a : 0;
		else if (s->to_ns > s->from_ns)
			sum += (uint64_t)((double)ready * (double)(b - a) /
					  (double)(s->to_ns - s->from_ns));
	}
	return sum;
}

/* How many are ready, over time: a full block is *most of them (at least 4). */
static void depth_row(struct tui_timeline *tl, int y, enum gtv_lane_kind kind)
{
	size_t lanes = gtv_window_lane_count(tl->scene->window, kind);
	uint64_t *ns = calloc((size_t)tl->axis.cells, sizeof(*ns));
	uint64_t cell = (tl->axis.to_ns - tl->axis.from_ns) / (uint64_t)tl->axis.cells;
	double most = 4;

	tui_canvas_text(tl->canvas, 1, y, tl->gutter - 2, TUI_DIM,
			tl->gutter >= 12 ? DEPTH_TEXT : "queue");
	lanes = lanes < DEPTH_LANES ? lanes : DEPTH_LANES;
	for (size_t i = 0; ns && i < lanes; i++) {
		size_t count;
		const struct gtv_piece *piece = gtv_window_pieces(
			tl->scene->window, gtv_window_lane(tl->scene->window, kind, i),
			&count);

		for (int x = 0; count && x < tl->axis.cells; x++)
			ns[x] += ready_in(piece, count, tui_axis_time(&tl->axis, x),
					  tui_axis_time(&tl->axis, x + 1));
	}
	for (int x = 0; ns && cell && x < tl->axis.cells; x++)
		most = (double)ns[x] / (double)cell > most ? (double)ns[x] / (double)cell
							   : most;
	for (int x = 0; ns && cell && x < tl->axis.cells; x++) {
		int level = (int)((double)ns[x] / (double)cell * 8 / most + 0.999);

		if (level > 0)
			tui_canvas_put(tl->canvas, tl->gutter + x, y,
				       tui_glyph_level(level > 8 ? 8 : level), TUI_READY,
				       TUI_DEFAULT);
	}
	free(ns);
}

static void absent(struct tui_timeline *tl, const struct page *p,
		   const struct tui_compare_row *row, int side, int y)
{
	char label[TUI_LABEL];

	tui_ident_label(p->c->side[!side].names, row->lane[!side], label, sizeof(label));
	tui_canvas_text(tl->canvas, 1, y, tl->gutter - 2, TUI_FAINT, label);
	tui_canvas_text(tl->canvas, tl->gutter + 1, y, tl->axis.cells - 1, TUI_FAINT,
			"not in this trace");
}

/* The rows of lanes from y on, on a canvas that goes to x0, y0; returns how many rows of
 * it they take. */
static int draw_rows(struct tui_timeline *tl, const struct page *p, int side, int x0,
		     int y0, int y)
{
	struct tui_tl_row row[LANES_MAX];
	int end = y + p->lanes, n = 0;

	tl->row = row;
	for (size_t i = (size_t)p->top; i < p->c->row_count && n < LANES_MAX; i++) {
		const struct tui_compare_row *r = &p->c->row[i];
		int height = row_height(p, r);

		if (y + height > end)
			break;
		tui_spot(p->scene->spots, TUI_SPOT_ROW, x0, y0 + y, tl->canvas->cols,
			 height, 2 * i + (unsigned long)side);
		if (r->lane[side].kind)
			row[n++] = (struct tui_tl_row){r->lane[side], y, height, 0};
		else
			absent(tl, p, r, side, y);
		y += height;
	}
	tl->row_count = n;
	for (int i = 0; i < n; i++) {
		tui_tl_gutter_of(tl, &row[i]);
		if (row[i].lane.kind == GTV_LANE_CORE)
			tui_tl_core(tl, &row[i]);
		else
			tui_tl_lane(tl, &row[i]);
	}
	tui_tl_losses(tl);
	tui_tl_selection(tl);
	return end;
}

static void copy(struct tui_canvas *to, int x, int y, struct tui_canvas *from)
{
	for (int r = 0; r < from->rows; r++)
		for (int c = 0; c < from->cols; c++) {
			const struct tui_cell *cell = tui_canvas_at(from, c, r);
			struct tui_cell *into = tui_canvas_at(to, x + c, y + r);

			if (into)
				*into = *cell;
		}
}

/* Ruler, lanes and run queue of a side on a canvas of its own, copied to x, y. */
static int draw_side(const struct page *p, int side, int x, int y, int cols)
{
	const struct tui_compare_side *s = &p->c->side[side];
	struct tui_scene scene = *p->scene;
	struct tui_timeline tl;
	struct tui_canvas own;
	struct tui_nav nav;
	int gutter = gutter_of(cols), lead, rc;
	int gts = gtv_names_count(s->names, GTV_CLASS_GT) > 0;

	window_of(p, side, &nav, cols - gutter, &lead);
	if (lead >= cols - gutter)
		return 0;
	if (tui_canvas_init(&own, cols, p->lanes + 2))
		return -GTV_ENOMEM;
	tui_canvas_clear(&own);
	scene.store = s->store;
	scene.names = s->names;
	scene.window = s->window;
	scene.roles = s->roles;
	scene.facts = s->facts;
	scene.nav = &nav;
	rc = tui_tl_begin(&tl, &own, &scene, cols, p->lanes + 2);
	tl.gutter = gutter + lead;
	tl.axis.cells = cols - gutter - lead;
	tl.start_ns = s->align_ns;
	tl.y_ruler = 0;
	if (!rc)
		rc = tui_strip_init(&tl.strip, &tl.axis);
	if (!rc) {
		tui_tl_ruler(&tl);
		depth_row(&tl, draw_rows(&tl, p, side, x, y, 1),
			  gts ? GTV_LANE_GT : GTV_LANE_THREAD);
		copy(p->canvas, x, y, &own);
		tui_spot(p->scene->spots, TUI_SPOT_TIME, x + gutter, y, cols - gutter,
			 own.rows, 0);
		tui_strip_fini(&tl.strip);
	}
	tui_canvas_fini(&own);
	return rc;
}

static void side_title(const struct page *p, int side, int x, int y, int end)
{
	const struct tui_compare_side *s = &p->c->side[side];

	x++;
	tui_say(p->canvas, &x, y, end, TUI_KEY, side ? "B  " : "A  ");
	tui_say(p->canvas, &x, y, end, TUI_BOLD, s->label);
	if (s->facts->command[0]) {
		x += 2;
		tui_say(p->canvas, &x, y, end, TUI_DIM, s->facts->command);
	}
}

static int draw_sides(struct page *p)
{
	int cols = p->canvas->cols, half = (cols - 1) / 2, rc;

	if (!p->beside) {
		side_title(p, 0, 0, p->y, cols - 1);
		rc = draw_side(p, 0, 0, p->y + 1, cols - 1);
		p->y += p->lanes + 3;
		side_title(p, 1, 0, p->y, cols - 1);
		if (!rc)
			rc = draw_side(p, 1, 0, p->y + 1, cols - 1);
		p->y += p->lanes + 3;
		return rc;
	}
	side_title(p, 0, 0, p->y, half);
	side_title(p, 1, half + 1, p->y, cols - 1);
	rc = draw_side(p, 0, 0, p->y + 1, half);
	if (!rc)
		rc = draw_side(p, 1, half + 1, p->y + 1, cols - half - 1);
	for (int y = p->y; y < p->y + p->lanes + 3; y++)
		tui_canvas_put(p->canvas, half, y, 0x2502, TUI_FAINT, TUI_DEFAULT);
	p->y += p->lanes + 3;
	return rc;
}

/* Ends `width` columns on: µ is one column of two bytes. */
static void say_right(struct page *p, int *x, int y, int width, int role, const char *text)
{
	int columns = 0, begin;

	for (const char *c = text; *c; c++)
		columns += ((unsigned char)*c & 0xc0) != 0x80;
	begin = *x + (columns < width ? width - columns : 0);
	tui_canvas_text(p->canvas, begin, y, width, role, text);
	*x += width;
}

/* ---- from ready to running ---- */

static void bar(struct page *p, int x, int y, int width, uint64_t part, uint64_t most,
		int role)
{
	int full = most ? (int)((double)part / (double)most * width + 0.5) : 0;

	full = full > width ? width : full;
	if (part && !full)
		tui_canvas_put(p->canvas, x, y, tui_glyph_left(1), role, TUI_DEFAULT);
	for (int i = 0; i < full; i++)
		tui_canvas_put(p->canvas, x + i, y, 0x2584, role, TUI_DEFAULT);
}

static void ready_line(struct page *p, int side, const struct tui_compare_row *row, int x,
		       int end, int y, uint64_t most)
{
	const struct tui_compare_side *s = &p->c->side[side];
	const struct gtv_digest_lane *l =
		row->lane[side].kind ? gtv_digest_lane(s->digest, row->lane[side]) : NULL;
	char label[TUI_LABEL], worst[TUI_FIGURE], mean[TUI_FIGURE];
	/* The mean goes where there is no room for both. */
	int both = end - x >= 45, figures = both ? 30 : 15, width = end - x - 17 - figures;

	x++;
	if (!l)
		return;
	tui_ident_label(s->names, l->lane, label, sizeof(label));
	tui_canvas_text(p->canvas, x, y, 13, tui_ident_lane(s->names, l->lane), label);
	if (width > 4)
		bar(p, x + 14, y, width, l->ready_max_ns, most, TUI_READY);
	x = end - figures;
	tui_say(p->canvas, &x, y, end, TUI_DIM, "worst");
	say_right(p, &x, y, 9, l->ready_max_ns == most && most ? TUI_WARN : TUI_BOLD,
		  tui_format_length(worst, sizeof(worst), l->ready_max_ns));
	if (!both)
		return;
	tui_say(p->canvas, &x, y, end, TUI_DIM, "  mean");
	say_right(p, &x, y, 9, TUI_DIM,
		  tui_format_length(mean, sizeof(mean),
				    l->ready_count ? l->ready_ns / l->ready_count : 0));
}

/* Rows that have waits for a core in either trace. */
static int ready_rows(const struct page *p, size_t out[READY_ROWS], uint64_t *most)
{
	int n = 0;

	*most = 0;
	for (size_t i = 0; i < p->c->row_count; i++) {
		uint64_t ns = 0;

		for (int s = 0; s < 2; s++) {
			struct gtv_lane lane = p->c->row[i].lane[s];
			const struct gtv_digest_lane *l =
				lane.kind ? gtv_digest_lane(p->c->side[s].digest, lane)
					  : NULL;

			if (l && l->ready_max_ns > ns)
				ns = l->ready_max_ns;
		}
		if (ns && n < READY_ROWS)
			out[n++] = i;
		*most = ns > *most ? ns : *most;
	}
	return n;
}

static void draw_ready(struct page *p, const size_t *row, int count, uint64_t most)
{
	int cols = p->canvas->cols, half = (cols - 1) / 2;

	tui_chrome_rule(p->canvas, p->y++, "from ready to running: the worst and the mean");
	for (int i = 0; i < count; i++, p->y++) {
		ready_line(p, 0, &p->c->row[row[i]], 0, half - 1, p->y, most);
		ready_line(p, 1, &p->c->row[row[i]], half + 1, cols - 1, p->y, most);
		tui_canvas_put(p->canvas, half, p->y, 0x2502, TUI_FAINT, TUI_DEFAULT);
	}
}

/* ---- the difference ---- */

/* Columns of the table: the words, and a figure. */
static void table_columns(const struct page *p, int *words, int *figures)
{
	int cols = p->canvas->cols;

	*words = cols >= 100 ? 34 : cols >= 80 ? 30 : cols - 32;
	*figures = cols >= 80 ? 14 : 10;
}

static void figure(char *buf, size_t size, const struct tui_measure *m, uint64_t value)
{
	if (m->unit == TUI_MEASURE_NS)
		tui_format_length(buf, size, value);
	else if (m->unit == TUI_MEASURE_COUNT)
		tui_format_count(buf, size, value);
	else
		snprintf(buf, size, "%.1f%%", (double)value / 10);
}

static void difference_line(struct page *p, const struct tui_measure *m, int y)
{
	char a[TUI_FIGURE], b[TUI_FIGURE], d[TUI_FIGURE], sign[TUI_FIGURE + 2];
	uint64_t most = m->value[0] > m->value[1] ? m->value[0] : m->value[1];
	uint64_t by = most - (m->value[0] < m->value[1] ? m->value[0] : m->value[1]);
	int less = m->value[1] < m->value[0], end = p->canvas->cols - 1, x = 1;
	/* A fiftieth is noise between any two runs. */
	int role = by <= most / 50 || !m->less_is_better ? TUI_TEXT
		   : less				 ? TUI_GOOD
							 : TUI_WARN;
	int words, figures;

	table_columns(p, &words, &figures);
	figure(a, sizeof(a), m, m->value[0]);
	figure(b, sizeof(b), m, m->value[1]);
	figure(d, sizeof(d), m, by);
	tui_say(p->canvas, &x, y, words, TUI_TEXT, m->what);
	x = words;
	say_right(p, &x, y, figures, TUI_TEXT, a);
	say_right(p, &x, y, figures, TUI_TEXT, b);
	snprintf(sign, sizeof(sign), "%s%s", !by ? "" : less ? "-" : "+", by ? d : "=");
	say_right(p, &x, y, figures, role, sign);
	int width = (end - words - 3 * figures - 10) / 2;

	if (width < 6)
		return;
	x = words + 3 * figures + 3;
	tui_say(p->canvas, &x, y, end, TUI_DIM, "A ");
	bar(p, x, y, width, m->value[0], most, TUI_SLEEP);
	x += width + 2;
	tui_say(p->canvas, &x, y, end, TUI_DIM, "B ");
	bar(p, x, y, width, m->value[1], most, role == TUI_TEXT ? TUI_KEY : role);
}

static void draw_difference(struct page *p, int end)
{
	int x, words, figures;
	const struct tui_compare *c = p->c;

	if (p->y + 2 > end)
		return;
	x = tui_chrome_rule(p->canvas, p->y++, "the difference, over the whole traces");
	if (!c->side[0].read || !c->side[1].read) {
		tui_canvas_text(p->canvas, 1, p->y++, p->canvas->cols - 2, TUI_WARN,
				"reading the traces…");
		return;
	}
	table_columns(p, &words, &figures);
	x = words;
	say_right(p, &x, p->y, figures, TUI_DIM, "A");
	say_right(p, &x, p->y, figures, TUI_DIM, "B");
	say_right(p, &x, p->y, figures, TUI_DIM, "B - A");
	p->y++;
	for (int i = 0; i < c->measures && p->y < end; i++)
		difference_line(p, &c->measure[i], p->y++);
}

/* ---- what to see ---- */

static void see_line(struct page *p, int side, size_t nth)
{
	const struct tui_compare_side *s = &p->c->side[side];
	const struct tui_findings *f = s->findings;
	int x = 1, end = p->canvas->cols - 1;

	tui_say(p->canvas, &x, p->y, end, TUI_KEY, nth ? "   " : side ? "B  " : "A  ");
	if (!f || !f->list)
		tui_say(p->canvas, &x, p->y, end, TUI_DIM, "not looked at yet");
	else if (!f->count)
		tui_say(p->canvas, &x, p->y, end, TUI_GOOD, "no findings");
	else {
		tui_sayf(p->canvas, &x, p->y, end, TUI_WARN,
			 "%s: ", gtv_finding_title(f->list[nth].kind));
		tui_say_rich(p->canvas, &x, p->y, end, TUI_TEXT, s->names,
			     f->list[nth].text);
		/* Cut short: what goes on is in the findings. */
		if (x >= end)
			tui_canvas_put(p->canvas, end - 1, p->y, 0x2026, TUI_DIM,
				       TUI_DEFAULT);
	}
	p->y++;
}

/* The findings of a side that have room, the worst first. */
static void see_side(struct page *p, int side, int end)
{
	const struct tui_findings *f = p->c->side[side].findings;
	size_t nth = 0;

	do
		see_line(p, side, nth++);
	while (f && f->list && nth < f->count && p->y < end);
}

/* ---- the page ---- */

static void draw_title(struct page *p)
{
	struct tui_scene scene = *p->scene;
	struct tui_facts facts = *p->scene->facts;

	snprintf(facts.command, sizeof(facts.command), "%.80s  against  %.80s",
		 p->c->side[0].facts->file, p->c->side[1].facts->file);
	facts.policy[0] = 0;
	facts.workers = facts.green_threads = facts.cores = 0;
	scene.facts = &facts;
	tui_chrome_title(p->canvas, &scene, 0, TUI_ACT_COMPARE, "compare");
}

static void say_level(struct page *p, const struct tui_facts *facts, char side, int *x,
		      int y)
{
	if (facts->simulated)
		tui_sayf(p->canvas, x, y, p->canvas->cols - 1, TUI_WARN, "%c simulated",
			 side);
	else
		tui_sayf(p->canvas, x, y, p->canvas->cols - 1, TUI_TEXT, "%c L%d", side,
			 facts->level);
	tui_say(p->canvas, x, y, p->canvas->cols - 1, TUI_TEXT, " │ ");
}

static void draw_status(struct page *p, int y)
{
	static const char *const how[] = {"aligned where they begin",
					  "aligned at the mark ", "aligned by hand"};
	const struct tui_compare_side *s = p->c->side;
	enum tui_compare_align align = p->c->align == TUI_ALIGN_MARK && !p->c->mark[0]
					       ? TUI_ALIGN_START
					       : p->c->align;
	uint64_t window_ns = p->scene->nav->to_ns - p->scene->nav->from_ns;
	char window[TUI_FIGURE];
	int x = 1, end = p->canvas->cols - 1;

	for (int i = 0; i < p->canvas->cols; i++)
		tui_canvas_put(p->canvas, i, y, ' ', TUI_TEXT, TUI_BAR_GROUND);
	say_level(p, s[0].facts, 'A', &x, y);
	say_level(p, s[1].facts, 'B', &x, y);
	tui_sayf(p->canvas, &x, y, end,
		 s[0].facts->lost || s[1].facts->lost ? TUI_WARN : TUI_GOOD,
		 "lost %llu + %llu", (unsigned long long)s[0].facts->lost,
		 (unsigned long long)s[1].facts->lost);
	tui_sayf(p->canvas, &x, y, end, TUI_TEXT, " │ %s%s │ %s", how[align],
		 align == TUI_ALIGN_MARK ? p->c->mark : "",
		 tui_format_length(window, sizeof(window), window_ns));
	for (int i = 0; i < p->canvas->cols; i++) {
		struct tui_cell *cell = tui_canvas_at(p->canvas, i, y);

		if (cell)
			cell->ground = TUI_BAR_GROUND;
	}
}

/* How high all rows are, and the first one shown so that the chosen one is. */
static void fit_rows(struct page *p, int most)
{
	int all = 0, used = 0;

	for (size_t i = 0; i < p->c->row_count && all <= most; i++)
		all += row_height(p, &p->c->row[i]);
	p->lanes = all < most ? all : most;
	for (size_t i = p->c->chosen + 1; i-- > 0 && p->c->row_count;) {
		used += row_height(p, &p->c->row[i]);
		if (used > p->lanes)
			break;
		p->top = (int)i;
	}
	if (all <= most)
		p->top = 0;
}

/* Rows for lanes: what the lines below leave, of which the difference keeps the first few
 * in any case; at least some. */
static int lanes_room(const struct page *p, int room, int both_read, int others)
{
	int rows = p->canvas->rows, sides = p->beside ? 1 : 2;
	int keeps = both_read ? p->c->measures : 1;
	int most = rows >= 50 ? 16 : rows >= 30 ? 11 : 7;
	int least = rows >= 24 ? 7 : 3, lanes;

	keeps = (keeps < most ? keeps : most) + 2;
	lanes = (room - keeps - others) / sides - 3;
	lanes = lanes > least ? lanes : least;
	lanes = lanes < room / sides - 3 ? lanes : room / sides - 3;
	return lanes > 1 ? lanes : 1;
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	static const char *const hints[] = {
		"w/s",	   "zoom both",	 "a/d",	 "pan both", "j/k",   "row",  ", .",
		"shift B", "Tab",	 "side", "=",	     "align", "x",    "swap",
		"v",	   "difference", "q",	 "quit",     "?",     "help", NULL,
	};
	struct page p = {.canvas = canvas, .scene = scene, .c = scene->compare, .y = 1};
	int rows = canvas->rows, end = rows - 2, rc = 0, ready = 0, lanes;
	size_t ready_row[READY_ROWS];
	uint64_t most = 0;

	if (tui_chrome_too_small(canvas, COLS_MIN, 8))
		return 0;
	if (!p.c) {
		tui_chrome_title(canvas, scene, 0, TUI_ACT_COMPARE, "compare");
		tui_canvas_text(canvas, 1, 2, canvas->cols - 2, TUI_DIM,
				"one trace is open: gtviz replay FILE FILE2 opens two");
		return 0;
	}
	p.beside = (canvas->cols - 1) / 2 >= SIDE_MIN;
	int both_read = p.c->side[0].read && p.c->side[1].read;
	int see = rows >= 30 ? 3 : 0;

	if (rows >= 34 && p.beside && both_read)
		ready = ready_rows(&p, ready_row, &most);
	lanes = lanes_room(&p, end - 1, both_read, see + (ready ? ready + 1 : 0));
	fit_rows(&p, lanes);
	draw_title(&p);
	if (!p.c->differences_only)
		rc = draw_sides(&p);
	if (rc)
		tui_canvas_text(canvas, 1, 2, canvas->cols - 2, TUI_WARN,
				"a part of a trace cannot be read");
	if (ready && p.y + ready + 1 + 4 <= end)
		draw_ready(&p, ready_row, ready, most);
	draw_difference(&p, end - see);
	if (see && p.y + 3 <= end) {
		tui_chrome_rule(canvas, p.y++, "what to see");
		see_side(&p, 0, p.y + (end - p.y) / 2);
		see_side(&p, 1, end);
	}
	draw_status(&p, rows - 2);
	tui_chrome_hints(canvas, scene, rows - 1, hints);
	return 0;
}

const struct tui_view_ops tui_view_compare = {
	.id = TUI_VIEW_COMPARE,
	.place = TUI_IN_TIMELINE,
	.name = "compare",
	.summary = "two traces side by side, in step, and what differs",
	.draw = draw,
};
