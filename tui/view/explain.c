/* SPDX-License-Identifier: MIT
 *
 * Why did it wait? Above, the lanes involved, each cause's span with a numbered
 * badge; in the middle a sentence a cause, down to the root; below, where the time
 * went: parts that add up to the wait, and it says so.
 */
#include <stdio.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/canvas/unit.h"
#include "tui/view/timeline.h"
#include "tui/view/views.h"

#define LANES_MAX 7
#define BAR_CELLS 32

struct page {
	struct tui_canvas *canvas;
	const struct tui_scene *scene;
	const struct gtv_explanation *ex;
	int y;
	int causes_end, parts_y, always_y; /* -1: no room */
};

static uint64_t length_of(const struct gtv_span *s)
{
	return s->to_ns - s->from_ns;
}

/* ---- the lanes involved ---- */

static int add_lane(struct gtv_lane *lane, int n, int max, enum gtv_lane_kind kind,
		    uint32_t id)
{
	if (kind == 0 || n == max || (id == 0 && kind != GTV_LANE_CORE))
		return n;
	for (int i = 0; i < n; i++)
		if (lane[i].kind == kind && lane[i].id == id)
			return n;
	lane[n] = (struct gtv_lane){(uint8_t)kind, id};
	return n + 1;
}

/* The causes' own lanes first; then those of whom they speak. */
static int collect_lanes(const struct page *p, struct gtv_lane *lane, int max)
{
	int n = 0;
	for (int i = 0; i < p->ex->causes; i++) {
		const struct gtv_span *s = &p->ex->cause[i].span;
		n = add_lane(lane, n, max, (enum gtv_lane_kind)s->lane.kind, s->lane.id);
	}
	for (int i = 0; i < p->ex->causes; i++) {
		const struct gtv_span *s = &p->ex->cause[i].span;
		if (s->lane.kind != GTV_LANE_GT)
			n = add_lane(lane, n, max, GTV_LANE_GT, s->gt);
		if (s->lane.kind == GTV_LANE_LOCK && !s->gt)
			n = add_lane(lane, n, max, GTV_LANE_THREAD, s->tid);
		if (s->lock && (s->lane.kind == GTV_LANE_GT || s->state == GTV_ST_SLEEPING))
			n = add_lane(lane, n, max, GTV_LANE_LOCK, s->lock);
		n = add_lane(lane, n, max,
			     s->flags & GTV_SP_WHO_TID ? GTV_LANE_THREAD : GTV_LANE_GT,
			     s->lane.kind == GTV_LANE_LOCK ? 0 : s->who);
	}
	for (int i = 0; i < p->ex->parts; i++)
		n = add_lane(lane, n, max, GTV_LANE_GT, p->ex->part[i].gt);
	return n;
}

/* In the middle of what is seen of the cause's span; beside a badge that is there. */
static void badge(struct tui_timeline *tl, const struct gtv_cause *cause, int number)
{
	const struct tui_tl_row *row = tui_tl_row_of(tl, cause->span.lane);
	int first, last;
	if (!row ||
	    !tui_tl_columns(tl, cause->span.from_ns, cause->span.to_ns, &first, &last))
		return;
	int x = (first + last) / 2 - 1, end = tl->gutter + tl->axis.cells;
	const struct tui_cell *cell;
	while ((cell = tui_canvas_at(tl->canvas, x, row->y)) && cell->ground == TUI_KEY)
		x += 3;
	x = x + 3 > end ? end - 3 : x < tl->gutter ? tl->gutter : x;
	for (int i = 0; i < 3; i++)
		tui_canvas_put(tl->canvas, x + i, row->y,
			       i == 1 ? (uint32_t)('0' + number % 10) : ' ', TUI_BLACK,
			       TUI_KEY);
}

/* A timeline of its own, with a little of what was before and after. */
static int mini_timeline(struct page *p, int max_lanes)
{
	const struct gtv_span *s = &p->ex->cause[0].span;
	struct tui_nav nav = *p->scene->nav;
	struct tui_scene scene = *p->scene;
	struct tui_timeline tl;
	struct gtv_lane lane[LANES_MAX];
	struct tui_tl_row row[LANES_MAX];
	uint64_t margin = length_of(s) / 6 + 1;
	nav.from_ns = s->from_ns > margin ? s->from_ns - margin : 0;
	nav.to_ns = s->to_ns + margin;
	nav.cursor_ns = 0; /* none: the brackets say where */
	nav.selected = s->lane;
	nav.span = *s;
	nav.all_edges = 0;
	nav.rows = TUI_ROWS_GT;
	scene.nav = &nav;
	int err = tui_tl_begin(&tl, p->canvas, &scene, p->canvas->cols, p->canvas->rows);
	if (!err)
		err = tui_strip_init(&tl.strip, &tl.axis);
	if (err)
		return err;
	tl.y_ruler = p->y++;
	tl.row = row;
	tl.row_count =
		collect_lanes(p, lane, max_lanes < LANES_MAX ? max_lanes : LANES_MAX);
	tui_tl_ruler(&tl);
	for (int i = 0; i < tl.row_count; i++) {
		row[i] = (struct tui_tl_row){lane[i], p->y++, 1, 0};
		tui_tl_gutter_of(&tl, &row[i]);
		if (lane[i].kind == GTV_LANE_CORE)
			tui_tl_core(&tl, &row[i]);
		else
			tui_tl_lane(&tl, &row[i]);
	}
	tui_tl_losses(&tl);
	tui_tl_selection(&tl);
	for (int i = 0; i < p->ex->causes; i++)
		badge(&tl, &p->ex->cause[i], i + 1);
	tui_strip_fini(&tl.strip);
	return 0;
}

/* ---- the question ---- */

static void ask(struct page *p)
{
	const struct gtv_names *names = p->scene->names;
	const struct gtv_span *s = &p->ex->cause[0].span;
	char label[2 * TUI_LABEL], length[TUI_FIGURE], lock[2 * TUI_LABEL];
	int y = p->y++, end = p->canvas->cols - 2, x;
	int futex = s->lock && (s->state == GTV_ST_SLEEPING || s->state == GTV_ST_STALLED);
	int waits = s->state == GTV_ST_LOCK || s->state == GTV_ST_GIL || futex;
	tui_format_length(length, sizeof(length), length_of(s));
	x = tui_chrome_rule(p->canvas, y, waits ? "why did" : "why was");
	tui_say(p->canvas, &x, y, end, tui_ident_lane(names, s->lane),
		tui_ident_label(names, s->lane, label, sizeof(label)));
	if (waits) {
		struct gtv_lane l = {GTV_LANE_LOCK, s->lock};
		tui_say(p->canvas, &x, y, end, TUI_DIM, " wait ");
		tui_say(p->canvas, &x, y, end, TUI_BOLD, length);
		tui_say(p->canvas, &x, y, end, TUI_DIM,
			s->state == GTV_ST_GIL ? " for the " : " for ");
		tui_say(p->canvas, &x, y, end, tui_ident_lane(names, l),
			tui_ident_label(names, l, lock, sizeof(lock)));
	} else {
		tui_sayf(p->canvas, &x, y, end, TUI_DIM, " %s for ",
			 s->state == GTV_ST_DISK ? "in disk sleep"
						 : gtv_state_name(s->state));
		tui_say(p->canvas, &x, y, end, TUI_BOLD, length);
	}
	tui_say(p->canvas, &x, y, end, TUI_DIM, "? ");
}

/* ---- the chain ---- */

/* Bytes of text that fit into width, cut at a blank. */
static size_t wrap(const char *text, int width)
{
	size_t n = strlen(text), cut;
	if (width <= 0 || n <= (size_t)width)
		return n;
	for (cut = (size_t)width; cut > 0 && text[cut] != ' ';)
		cut--;
	return cut ? cut : (size_t)width;
}

static int detail_lines(const struct gtv_cause *c, int width)
{
	int lines = 0;
	for (const char *t = c->detail; *t && lines < 2; lines++) {
		t += wrap(t, width);
		while (*t == ' ')
			t++;
	}
	return lines;
}

static int chain_rows(const struct page *p, int width, int form)
{
	int rows = form == 2 ? 2 * p->ex->causes - 1 : p->ex->causes;
	for (int i = 0; i < p->ex->causes && form; i++)
		rows += detail_lines(&p->ex->cause[i], width);
	return rows;
}

/* How much of the chain fits: 2 all, 1 without the arrows between, 0 sentences
 * alone. */
static int chain_form(const struct page *p, int width)
{
	int room = p->causes_end - p->y;
	return chain_rows(p, width, 2) <= room	 ? 2
	       : chain_rows(p, width, 1) <= room ? 1
						 : 0;
}

static void cause_bar(struct page *p, int y, const struct gtv_cause *c, uint64_t longest)
{
	struct tui_axis axis = {0, longest, BAR_CELLS};
	struct tui_strip strip;
	const struct gtv_span *s = &c->span;
	const struct tui_look *look = tui_look_of(s->state);
	int role = s->state == GTV_ST_RUNNING || s->state == GTV_ST_HELD ||
				   s->state == GTV_ST_BUSY
			   ? tui_ident_lane(p->scene->names, s->lane)
			   : look->role;
	if (s->gt && (s->state == GTV_ST_HELD || s->state == GTV_ST_BUSY))
		role = tui_ident_gt(p->scene->names, s->gt);
	if (role == TUI_DEFAULT || role == TUI_BOLD || role == TUI_TEXT)
		role = TUI_OTHER;
	if (longest == 0 || c->ns == 0 || tui_strip_init(&strip, &axis))
		return;
	tui_strip_fill(&strip, 0, c->ns, role, 1);
	tui_strip_draw(&strip, p->canvas, p->canvas->cols - BAR_CELLS - 3, y);
	tui_strip_fini(&strip);
}

static void draw_badge(struct page *p, int y, int number)
{
	for (int i = 0; i < 3; i++)
		tui_canvas_put(p->canvas, 2 + i, y,
			       i == 1 ? (uint32_t)('0' + number % 10) : ' ', TUI_BLACK,
			       TUI_KEY);
}

static void cause_head(struct page *p, int i, uint64_t longest, int end)
{
	const struct gtv_cause *c = &p->ex->cause[i];
	char length[TUI_FIGURE];
	int x = 7, y = p->y++;
	tui_spot(p->scene->spots, TUI_SPOT_ROW, 0, y, p->canvas->cols, 1, (unsigned long)i);
	draw_badge(p, y, i + 1);
	tui_say_rich(p->canvas, &x, y, end - 10,
		     i == p->ex->causes - 1 ? TUI_BOLD : TUI_TEXT, p->scene->names,
		     c->text);
	if (c->ns == 0)
		return;
	tui_canvas_textf(p->canvas, end - 9, y, 9, TUI_BOLD, "%9s",
			 tui_format_length(length, sizeof(length), c->ns));
	if (end < p->canvas->cols - BAR_CELLS)
		cause_bar(p, y, c, longest);
}

static void cause_details(struct page *p, int i, int width)
{
	const char *t = p->ex->cause[i].detail;
	for (int k = 0; *t && k < 2 && p->y < p->causes_end; k++) {
		char part[256];
		size_t n = wrap(t, width);
		int x = 7, y = p->y++;
		snprintf(part, sizeof(part), "%.*s",
			 (int)(n < sizeof(part) ? n : sizeof(part) - 1), t);
		tui_say_rich(p->canvas, &x, y, 7 + width, TUI_DIM, p->scene->names, part);
		if (i + 1 < p->ex->causes)
			tui_canvas_put(p->canvas, 3, y, 0x2502, TUI_DIM, TUI_DEFAULT);
		t += n;
		while (*t == ' ')
			t++;
	}
}

static void chain(struct page *p)
{
	int cols = p->canvas->cols, width = cols - 9, form = chain_form(p, width);
	/* Bars only where the sentences keep enough room. */
	int end = cols >= 100 ? cols - BAR_CELLS - 4 : cols - 2;
	uint64_t longest = 0;
	for (int i = 0; i < p->ex->causes; i++)
		longest = p->ex->cause[i].ns > longest ? p->ex->cause[i].ns : longest;
	for (int i = 0; i < p->ex->causes && p->y < p->causes_end; i++) {
		cause_head(p, i, longest, end);
		if (form >= 1)
			cause_details(p, i, width);
		if (form == 2 && i + 1 < p->ex->causes)
			tui_canvas_put(p->canvas, 3, p->y++, 0x25bc, TUI_DIM, TUI_DEFAULT);
	}
}

/* ---- where the time went ---- */

static int part_role(const struct page *p, const struct gtv_part *part)
{
	const struct tui_look *look = tui_look_of(part->state);
	int active = part->state == GTV_ST_RUNNING || part->state == GTV_ST_HELD;
	if (active && part->gt)
		return tui_ident_gt(p->scene->names, part->gt);
	return look->role == TUI_DEFAULT ? TUI_OTHER : look->role;
}

static void parts_bar(struct page *p, int y, uint64_t whole)
{
	struct tui_axis axis = {0, whole, p->canvas->cols - 4};
	struct tui_strip strip;
	uint64_t at = 0;
	if (whole == 0 || axis.cells < 1 || tui_strip_init(&strip, &axis))
		return;
	for (int i = 0; i < p->ex->parts; at += p->ex->part[i++].ns) {
		const struct gtv_part *part = &p->ex->part[i];
		if (part->state == GTV_ST_UNKNOWN)
			tui_strip_line(&strip, at, at + part->ns,
				       tui_look_of(part->state)->glyph, TUI_UNKNOWN, 1);
		else
			tui_strip_fill(&strip, at, at + part->ns, part_role(p, part),
				       (uint32_t)i);
	}
	tui_strip_draw(&strip, p->canvas, 2, y);
	tui_strip_fini(&strip);
}

static void part_mark(struct page *p, int x, int y, const struct gtv_part *part)
{
	tui_canvas_put(p->canvas, x, y,
		       tui_look_of(part->state)->glyph == 0x2571 ? 0x2571 : 0x2588,
		       part_role(p, part), TUI_DEFAULT);
}

/* A line each, figures and units below each other, as at the causes. */
static void parts_column(struct page *p, int y)
{
	char length[TUI_FIGURE];
	for (int i = 0; i < p->ex->parts; i++, y++) {
		const struct gtv_part *part = &p->ex->part[i];
		int x = 14;
		part_mark(p, 2, y, part);
		tui_unit_right(p->canvas, 12, y, 9, TUI_BOLD,
			       tui_format_length(length, sizeof(length), part->ns));
		tui_say_rich(p->canvas, &x, y, p->canvas->cols - 2, TUI_TEXT,
			     p->scene->names, part->text);
	}
}

/* Where there is no room for that: one behind the other. */
static void parts_flow(struct page *p, int y, int last)
{
	char length[TUI_FIGURE], text[200];
	int x = 2, cols = p->canvas->cols;
	for (int i = 0; i < p->ex->parts && y <= last; i++) {
		const struct gtv_part *part = &p->ex->part[i];
		int n = snprintf(text, sizeof(text), "%s %s",
				 tui_format_length(length, sizeof(length), part->ns),
				 part->text);
		if (x > 2 && x + n + 4 > cols - 2) {
			x = 2;
			if (++y > last)
				break;
		}
		part_mark(p, x, y, part);
		x += 2;
		tui_say_rich(p->canvas, &x, y, cols - 2, TUI_TEXT, p->scene->names, text);
		x += 3;
	}
}

static void parts(struct page *p, int rows)
{
	char length[TUI_FIGURE], text[200];
	uint64_t sum = 0, unknown = 0;
	int y = p->parts_y, x, cols = p->canvas->cols, last = y + rows - 1;
	for (int i = 0; i < p->ex->parts; i++) {
		sum += p->ex->part[i].ns;
		unknown += p->ex->part[i].state == GTV_ST_UNKNOWN ? p->ex->part[i].ns : 0;
	}
	snprintf(text, sizeof(text), "where the %s went",
		 tui_format_length(length, sizeof(length), sum));
	x = tui_chrome_rule(p->canvas, y, text);
	/* The sum is part of the explanation: it must be the wait, to the nanosecond. */
	int exact = sum == length_of(&p->ex->cause[0].span);
	tui_sayf(p->canvas, &x, y, cols - 1, exact && !unknown ? TUI_GOOD : TUI_WARN,
		 " = %s%s ", tui_format_length(length, sizeof(length), sum),
		 !exact	   ? ", which is not the wait"
		 : unknown ? ", some of it without evidence"
			   : ", nothing unexplained");
	y++;
	parts_bar(p, y++, sum);
	if (p->ex->parts <= last - y + 1)
		parts_column(p, y);
	else
		parts_flow(p, y, last);
}

static void always(struct page *p)
{
	char count[TUI_FIGURE], length[TUI_FIGURE], label[2 * TUI_LABEL];
	int x = 2, y = p->always_y, end = p->canvas->cols - 2;
	const struct gtv_span *s = &p->ex->cause[0].span;
	tui_chrome_rule(p->canvas, y++, "is it always so?");
	if (!p->ex->similar_known) {
		tui_say(p->canvas, &x, y, end, TUI_DIM,
			"too much in sight to count its like: zoom in, in the timeline");
		return;
	}
	tui_sayf(p->canvas, &x, y, end, TUI_BOLD, "%s",
		 tui_format_count(count, sizeof(count), p->ex->similar));
	tui_sayf(p->canvas, &x, y, end, TUI_DIM, " %s span%s of ", gtv_state_name(s->state),
		 p->ex->similar == 1 ? "" : "s");
	tui_say(p->canvas, &x, y, end, tui_ident_lane(p->scene->names, s->lane),
		tui_ident_label(p->scene->names, s->lane, label, sizeof(label)));
	tui_say(p->canvas, &x, y, end, TUI_DIM, " in sight, median ");
	tui_say(p->canvas, &x, y, end, TUI_BOLD,
		tui_format_length(length, sizeof(length), p->ex->similar_median_ns));
}

/* ---- the page ---- */

/* From below: status and keys, then the two boxes, as far as there is room. */
static int plan(struct page *p)
{
	int rows = p->canvas->rows, bottom = rows - (rows >= 12 ? 2 : 1), parts_rows = 0;
	p->always_y = p->parts_y = -1;
	if (rows >= 24) {
		bottom -= rows >= 36 ? 3 : 2;
		p->always_y = bottom;
	}
	if (rows >= 14) {
		parts_rows = rows >= 50 ? 6 : rows >= 36 ? 5 : rows >= 20 ? 4 : 3;
		bottom -= rows >= 50; /* room before the next box */
		bottom -= parts_rows;
		p->parts_y = bottom;
	}
	p->causes_end = bottom;
	return parts_rows;
}

/* What the chain does not need the parts may have, so that each has a line. */
static int give_rows(struct page *p, int parts_rows)
{
	int want = p->ex->parts + 2 - parts_rows, rows;
	int room = p->causes_end - p->y, width = p->canvas->cols - 9;
	if (p->parts_y < 0 || want <= 0)
		return 0;
	rows = room - chain_rows(p, width, 2);
	if (rows < want)
		rows = room - chain_rows(p, width, 1);
	if (rows < want)
		return 0;
	p->parts_y -= want;
	p->causes_end -= want;
	return want;
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	static const char *const hints[] = {"Enter", "next cause", "[ ]", "edge",
					    "Esc",   "back",	   "q",	  "quit",
					    "?",     "help",	   NULL};
	struct page p = {.canvas = canvas, .scene = scene, .ex = scene->explanation};
	int rows = canvas->rows, err = 0;
	if (tui_chrome_too_small(canvas, 40, 1))
		return 0;
	if (rows < 3 && (!p.ex || p.ex->causes <= 0)) {
		tui_chrome_error(canvas, "nothing is selected that could be explained");
		return 0;
	}
	tui_chrome_status_list(canvas, scene, rows - (rows >= 12 ? 2 : 1));
	tui_chrome_hints(canvas, scene, rows >= 12 ? rows - 1 : -1, hints);
	if (rows >= 12)
		tui_chrome_title(canvas, scene, p.y++, TUI_ACT_TIMELINE,
				 "timeline ► explain");
	if (!p.ex || p.ex->causes <= 0) {
		tui_chrome_error(canvas, "nothing is selected that could be explained");
		return 0;
	}
	int parts_rows = plan(&p);
	if (rows >= 32)
		p.y++;
	if (rows >= 16)
		err = mini_timeline(&p, rows >= 30 ? LANES_MAX : rows >= 20 ? 4 : 2);
	if (err)
		return err;
	if (rows >= 32)
		p.y++;
	if (rows >= 5)
		ask(&p);
	if (rows >= 32)
		p.y++;
	parts_rows += give_rows(&p, parts_rows);
	chain(&p);
	if (p.parts_y >= 0)
		parts(&p, parts_rows);
	if (p.always_y >= 0)
		always(&p);
	return 0;
}

const struct tui_view_ops tui_view_explain = {
	.id = TUI_VIEW_EXPLAIN,
	.place = TUI_IN_TIMELINE,
	.name = "explain",
	.summary = "why the selected span waited, down to the cause",
	.draw = draw,
};
