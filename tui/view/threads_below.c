/* SPDX-License-Identifier: MIT
 *
 * Below the table of threads: the chosen one's states, which sum to its life; for each
 * lock that it waited for, who had that meanwhile, which sums to the wait; and its
 * stretch of the window.
 */
#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/canvas/glyph.h"
#include "tui/scene/ident.h"
#include "tui/view/timeline.h"
#include "tui/view/locks.h"
#include "tui/view/threads.h"

/* ---- rows: what stands where, before it is drawn ---- */

enum row_kind { ROW_BLANK, ROW_STATES, ROW_HEAD, ROW_LINE, ROW_SUM, ROW_WHO, ROW_WHO_HEAD };

struct row {
	uint8_t kind;
	int line;	/* ROW_LINE: its number */
	int first, end; /* the lines of its part */
};

#define ROWS_MAX (TUI_THREADS_LINES + 4 * (TUI_THREADS_LOCKS + 1))

struct below {
	struct tui_canvas *canvas;
	const struct tui_scene *scene;
	const struct tui_threads *t;
	struct tui_threads_line line[TUI_THREADS_LINES];
	int lines;
	struct row row[ROWS_MAX];
	int rows;
	struct gtv_attr_lane lane;
	struct tui_unit unit, fine; /* of sums; of means and the longest */
	struct tui_unit waits;	    /* of a lock's shares */
	uint64_t most;		    /* of a holder's shares: the scale of bars */
};

static void add_part(struct below *b, int first, int end)
{
	int is_who = b->line[first].lock != 0;
	const struct row part = {.first = first, .end = end};
	if (b->rows + end - first + 4 > ROWS_MAX)
		return;
	if (b->rows)
		b->row[b->rows++].kind = ROW_BLANK;
	b->row[b->rows] = part;
	b->row[b->rows++].kind = is_who ? ROW_WHO : ROW_STATES;
	b->row[b->rows] = part;
	b->row[b->rows++].kind = is_who ? ROW_WHO_HEAD : ROW_HEAD;
	for (int i = first; i < end; i++) {
		b->row[b->rows] = part;
		b->row[b->rows].line = i;
		b->row[b->rows++].kind = ROW_LINE;
	}
	b->row[b->rows] = part;
	b->row[b->rows++].kind = ROW_SUM;
}

static void lay_out(struct below *b, const struct tui_threads *t)
{
	memset(b, 0, sizeof(*b));
	b->t = t;
	b->lines = tui_threads_lines(t, b->line);
	for (int first = 0, i = 1; i <= b->lines; i++) {
		if (i < b->lines && b->line[i].lock == b->line[first].lock)
			continue;
		add_part(b, first, i);
		first = i;
	}
}

int tui_threads_below_rows(const struct tui_threads *t)
{
	struct below b;
	lay_out(&b, t);
	return b.rows;
}

/* ---- states ---- */

static void say_glyphs(struct below *b, int y, unsigned state)
{
	const struct tui_look *look = tui_look_of(state);
	int fill = tui_ident_lane(b->scene->names, b->lane.lane);
	int ink = state != GTV_ST_RUNNING ? look->role
		  : fill == TUI_TEXT	  ? TUI_RUNNING
					  : fill;
	for (int i = 0; i < 2; i++)
		tui_canvas_put(b->canvas, 2 + i, y, look->glyph, ink, TUI_DEFAULT);
}

static void head_states(struct below *b, int y)
{
	int cols = b->canvas->cols;
	tui_canvas_text(b->canvas, 2, y, cols - 3, TUI_DIM, "STATE");
	tui_unit_head(b->canvas, 24, y, 9, "TOTAL", b->unit.name);
	tui_unit_head(b->canvas, 32, y, 7, "SHARE", "");
	if (cols > 44)
		tui_unit_head(b->canvas, 42, y, 9, "SPANS", "");
	if (cols > 55)
		tui_unit_head(b->canvas, 53, y, 10, "MEAN", b->fine.name);
	if (cols > 65)
		tui_unit_head(b->canvas, 63, y, 9, "MAX", b->fine.name);
	if (cols > 72)
		tui_canvas_text(b->canvas, 66, y, cols - 67, TUI_DIM, "ON");
}

static void draw_state(struct below *b, int y, const struct gtv_attr_state *s)
{
	char on[2 * TUI_LABEL];
	int cols = b->canvas->cols;
	say_glyphs(b, y, s->state);
	tui_canvas_text(b->canvas, 5, y, 11, TUI_TEXT, gtv_state_name(s->state));
	tui_unit_ns(b->canvas, 24, y, 9, TUI_TEXT, s->ns, b->unit);
	tui_unit_share(b->canvas, 32, y, 7, TUI_BOLD, s->ns, b->lane.life_ns, "%");
	if (cols > 44)
		tui_unit_count(b->canvas, 42, y, 9, TUI_TEXT, s->spans);
	if (cols > 55)
		tui_unit_ns(b->canvas, 53, y, 10, TUI_TEXT,
			    s->ns / (s->spans ? s->spans : 1), b->fine);
	if (cols > 65)
		tui_unit_ns(b->canvas, 63, y, 9, TUI_TEXT, s->max_ns, b->fine);
	if (cols > 72)
		tui_canvas_text(b->canvas, 66, y, cols - 67, TUI_DIM,
				tui_threads_on(b->scene->names, s, on, sizeof(on)));
}

static void sum_states(struct below *b, int y, const struct row *row)
{
	uint64_t sum = 0;
	int x = 34;
	for (int i = row->first; i < row->end; i++)
		sum += b->line[i].state.ns;
	tui_canvas_text(b->canvas, 2, y, 9, TUI_DIM, "── sum ──");
	tui_unit_ns(b->canvas, 24, y, 9, TUI_GOOD, sum, b->unit);
	tui_unit_share(b->canvas, 32, y, 7, TUI_GOOD, sum, b->lane.life_ns, "%");
	if (sum == b->lane.life_ns)
		tui_say(b->canvas, &x, y, b->canvas->cols - 1, TUI_GOOD,
			"= lifetime, exactly");
	else
		tui_say(b->canvas, &x, y, b->canvas->cols - 1, TUI_BAD,
			"is not the lifetime");
}

/* ---- who made it wait ---- */

static void head_who(struct below *b, int y)
{
	char id[TUI_LABEL], to[TUI_LABEL + 16], most[TUI_FIGURE];
	int cols = b->canvas->cols;
	tui_ident_id(b->scene->names, b->lane.lane, id, sizeof(id));
	snprintf(to, sizeof(to), "LETS GO TO %s", strlen(id) > 4 ? "IT" : id);
	tui_canvas_text(b->canvas, 2, y, cols - 3, TUI_DIM, "HOLDER");
	tui_unit_head(b->canvas, 31, y, 12, "ON CORE", b->waits.name);
	if (cols > 44)
		tui_unit_head(b->canvas, 43, y, 11, "OFF CORE", b->waits.name);
	if (cols > 63)
		tui_unit_head(b->canvas, 59, y, 15, to, "");
	if (cols < 76)
		return;
	tui_canvas_text(b->canvas, 62, y, 1, TUI_DIM, "0");
	tui_unit_right(b->canvas, cols - 2, y, 10, TUI_DIM,
		       tui_format_length(most, sizeof(most), b->most));
}

static void who_label(struct below *b, int y, const struct gtv_attr_share *s)
{
	static const char *const word[] = {"", "others", "nobody: on its way", "unknown"};
	int x = 2;
	if (s->why == GTV_ATTR_HOLDER) {
		tui_threads_label(b->canvas, b->scene->names, s->who, 2, y, 18, 0);
		return;
	}
	if (s->why == GTV_ATTR_UNKNOWN)
		tui_say(b->canvas, &x, y, 20, TUI_UNKNOWN, "╱╱ ");
	tui_say(b->canvas, &x, y, 21, s->why == GTV_ATTR_UNKNOWN ? TUI_WARN : TUI_DIM,
		word[s->why]);
}

static int share_ink(struct below *b, const struct gtv_attr_share *s)
{
	int role;
	if (s->why == GTV_ATTR_UNKNOWN)
		return TUI_UNKNOWN;
	if (s->why != GTV_ATTR_HOLDER)
		return TUI_SLEEP;
	role = tui_ident_lane(b->scene->names, s->who);
	return role == TUI_TEXT ? TUI_RUNNING : role;
}

/* The part with a core filled in eighths, the part without one lifted off. */
static void share_bar(struct below *b, int y, const struct gtv_attr_share *s)
{
	int cells = b->canvas->cols - 2 - 62 + 1;
	double scale = (double)cells * 8 / (double)(b->most ? b->most : 1);
	int on = (int)((double)s->on_ns * scale + 0.5);
	int all = (int)((double)(s->on_ns + s->off_ns) * scale + 0.5);
	uint32_t full = s->why == GTV_ATTR_HOLDER    ? 0x2588
			: s->why == GTV_ATTR_UNKNOWN ? 0x2571
						     : 0x2500;
	int ink = share_ink(b, s);
	if (s->on_ns && !on)
		on = 1;
	for (int i = 0; i < (on + 7) / 8; i++) {
		int part = on - 8 * i;
		uint32_t glyph = part >= 8 || s->why != GTV_ATTR_HOLDER
					 ? full
					 : tui_glyph_left(part);
		tui_canvas_put(b->canvas, 62 + i, y, glyph, ink, TUI_DEFAULT);
	}
	int to = s->off_ns && all / 8 <= (on + 7) / 8 ? (on + 7) / 8 + 1 : (all + 7) / 8;
	for (int i = (on + 7) / 8; s->off_ns && i < to && i < cells; i++)
		tui_canvas_put(b->canvas, 62 + i, y, 0x2580, TUI_OFF, TUI_DEFAULT);
}

static void draw_share(struct below *b, int y, const struct gtv_attr_share *s)
{
	int cols = b->canvas->cols;
	who_label(b, y, s);
	tui_unit_ns(b->canvas, 31, y, 11, TUI_TEXT, s->on_ns, b->waits);
	if (cols > 44)
		tui_unit_ns(b->canvas, 43, y, 11, tui_locks_off_role(s->off_ns, b->waits),
			    s->off_ns, b->waits);
	if (cols > 63 && s->why != GTV_ATTR_UNKNOWN && s->why != GTV_ATTR_FREE)
		tui_unit_count(b->canvas, 59, y, 12, TUI_TEXT, s->handed);
	if (cols >= 76)
		share_bar(b, y, s);
}

static void sum_who(struct below *b, int y, const struct row *row)
{
	uint64_t on = 0, off = 0;
	char text[TUI_FIGURE];
	int x = 46;
	for (int i = row->first; i < row->end; i++) {
		on += b->line[i].share.on_ns;
		off += b->line[i].share.off_ns;
	}
	tui_canvas_text(b->canvas, 2, y, 9, TUI_DIM, "── sum ──");
	tui_unit_ns(b->canvas, 31, y, 11, TUI_TEXT, on, b->waits);
	if (b->canvas->cols > 44)
		tui_unit_ns(b->canvas, 43, y, 11, tui_locks_off_role(off, b->waits), off,
			    b->waits);
	tui_sayf(b->canvas, &x, y, b->canvas->cols - 1, TUI_GOOD, "= %s %s",
		 tui_unit_format(text, sizeof(text), on + off, b->waits), b->waits.name);
	if (!off || b->canvas->cols < 100)
		return;
	x += 3;
	tui_say(b->canvas, &x, y, b->canvas->cols - 1, TUI_OFF, "▀▀ ");
	tui_say(b->canvas, &x, y, b->canvas->cols - 1, TUI_DIM,
		"the holder had the lock, but no core");
}

/* ---- drawing ---- */

static void rule_states(struct below *b, int y)
{
	char label[TUI_LABEL], length[TUI_FIGURE];
	int x;
	tui_ident_label(b->scene->names, b->lane.lane, label, sizeof(label));
	x = tui_chrome_rule(b->canvas, y, label);
	tui_format_length(length, sizeof(length), b->lane.life_ns);
	tui_sayf(b->canvas, &x, y, b->canvas->cols - 2, TUI_DIM, " every nanosecond of %s ",
		 length);
}

static void rule_who(struct below *b, int y, const struct row *row)
{
	struct gtv_lane lock = {GTV_LANE_LOCK, b->line[row->first].lock};
	char id[TUI_LABEL], label[TUI_LABEL], text[3 * TUI_LABEL], length[TUI_FIGURE];
	uint64_t sum = 0;
	for (int i = row->first; i < row->end; i++)
		sum += b->line[i].share.on_ns + b->line[i].share.off_ns;
	tui_ident_id(b->scene->names, b->lane.lane, id, sizeof(id));
	tui_ident_label(b->scene->names, lock, label, sizeof(label));
	snprintf(text, sizeof(text), "who made %s wait for %s%s: %s", id,
		 tui_ident_is_gil(b->scene->names, lock.id) ? "the " : "", label,
		 tui_format_length(length, sizeof(length), sum));
	tui_chrome_rule(b->canvas, y, text);
}

static void scale_of(struct below *b, const struct row *row)
{
	uint64_t sum = 0;
	b->most = 0;
	for (int i = row->first; i < row->end; i++) {
		const struct gtv_attr_share *s = &b->line[i].share;
		sum += s->on_ns + s->off_ns;
		if (s->on_ns + s->off_ns > b->most)
			b->most = s->on_ns + s->off_ns;
	}
	b->waits = tui_unit_of(sum);
}

static void draw_line(struct below *b, int y, const struct row *row)
{
	const struct tui_threads_line *line = &b->line[row->line];
	tui_spot(b->scene->spots, TUI_SPOT_LINE, 0, y, b->canvas->cols, 1,
		 (unsigned long)row->line + 1);
	if (line->lock)
		draw_share(b, y, &line->share);
	else
		draw_state(b, y, &line->state);
	if (b->t->line != row->line + 1)
		return;
	tui_threads_mark(b->canvas, y, 0, b->canvas->cols);
	tui_threads_point(b->canvas, y);
}

static void draw_row(struct below *b, int y, const struct row *row)
{
	if (row->kind != ROW_BLANK)
		scale_of(b, row);
	switch (row->kind) {
	case ROW_STATES:
		rule_states(b, y);
		break;
	case ROW_HEAD:
		head_states(b, y);
		break;
	case ROW_WHO:
		rule_who(b, y, row);
		break;
	case ROW_WHO_HEAD:
		head_who(b, y);
		break;
	case ROW_LINE:
		draw_line(b, y, row);
		break;
	case ROW_SUM:
		if (b->line[row->first].lock)
			sum_who(b, y, row);
		else
			sum_states(b, y, row);
		break;
	default:
		break;
	}
}

static void find_units(struct below *b)
{
	uint64_t longest = 0;
	for (int i = 0; i < b->lines; i++)
		if (!b->line[i].lock && b->line[i].state.max_ns > longest)
			longest = b->line[i].state.max_ns;
	b->unit = tui_unit_of(b->lane.life_ns);
	/* Single spans are shorter than sums: seconds would be noughts. */
	b->fine = tui_unit_of(longest < 999999999 ? longest : 999999999);
}

/* A rule follows, which has room for a word. */
static int is_ruled(struct tui_canvas *canvas, int end_y)
{
	const struct tui_cell *next = tui_canvas_at(canvas, canvas->cols - 3, end_y);
	return next && next->glyph == 0x2500;
}

int tui_threads_room(struct tui_canvas *canvas, int end_y, int room, int rows)
{
	return rows > room && room > 2 && !is_ruled(canvas, end_y) ? room - 1 : room;
}

void tui_threads_more(struct tui_canvas *canvas, int end_y, int room, int more)
{
	char text[40];
	int ruled = is_ruled(canvas, end_y);
	if (!ruled && room < 2)
		return;
	snprintf(text, sizeof(text), " +%d lines ", more);
	tui_unit_right(canvas, canvas->cols - 3, ruled ? end_y : end_y - 1, 14, TUI_DIM,
		       text);
}

void tui_threads_below(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		       int end_y)
{
	const struct tui_threads *t = scene->threads;
	struct below b;
	int first = 0, room = end_y - y;
	if (room < 2 || t->chosen >= t->count)
		return;
	lay_out(&b, t);
	b.canvas = canvas;
	b.scene = scene;
	if (gtv_attr_lane(t->attr, t->kind, t->row[t->chosen].idx, &b.lane))
		return;
	find_units(&b);
	room = tui_threads_room(canvas, end_y, room, b.rows);
	for (int i = 0; i < b.rows; i++)
		if (b.row[i].kind == ROW_LINE && b.row[i].line + 1 == t->line &&
		    i + 2 > room)
			first = i + 2 - room;
	if (first + room > b.rows)
		first = b.rows > room ? b.rows - room : 0;
	for (int i = first; i < b.rows && i - first < room; i++)
		draw_row(&b, y + i - first, &b.row[i]);
	if (first + room < b.rows)
		tui_threads_more(canvas, end_y, end_y - y > 2 ? room : 0,
				 b.rows - first - room);
}

/* ---- the strip ---- */

static void strip_ruler(struct tui_canvas *canvas, const struct tui_scene *scene,
			const struct tui_timeline *tl, int y)
{
	struct gtv_store_info info = {0};
	char at[TUI_FIGURE];
	if (scene->store)
		gtv_store_get_info(scene->store, &info);
	uint64_t length = tl->axis.to_ns - tl->axis.from_ns;
	for (int i = 0; i < 2; i++) {
		uint64_t ns = tl->axis.from_ns + (i ? length / 2 : 0);
		tui_format_time(at, sizeof(at),
				ns > info.start_ns ? (int64_t)(ns - info.start_ns) : 0,
				length / 1000 + 1);
		tui_canvas_textf(canvas, tl->gutter + i * tl->axis.cells / 2, y, 24,
				 TUI_DIM, "┬%s s", at);
	}
	int cell = tui_axis_cell(&tl->axis, scene->nav->cursor_ns);
	const struct tui_cell *there = tui_canvas_at(canvas, tl->gutter + cell, y);
	if (cell >= 0 && cell < tl->axis.cells && there && there->glyph == ' ')
		tui_canvas_put(canvas, tl->gutter + cell, y, 0x25b2, TUI_KEY, TUI_DEFAULT);
}

int tui_threads_strip(struct tui_canvas *canvas, const struct tui_scene *scene,
		      struct gtv_lane lane, int y, int height)
{
	struct tui_timeline tl;
	struct tui_tl_row row = {.lane = lane, .y = y + 1, .height = height};
	char length[TUI_FIGURE], id[TUI_LABEL], text[TUI_LABEL];
	size_t count;
	int rc = tui_tl_begin(&tl, canvas, scene, canvas->cols, canvas->rows);
	snprintf(
		text, sizeof(text), "what is looked at: %s",
		tui_format_length(length, sizeof(length), tl.axis.to_ns - tl.axis.from_ns));
	tui_chrome_rule(canvas, y, text);
	if (rc || (rc = tui_strip_init(&tl.strip, &tl.axis))) {
		tui_canvas_text(canvas, 1, y + 1, canvas->cols - 2, TUI_WARN,
				"this part of the trace cannot be read");
		return rc;
	}
	tui_ident_id(scene->names, lane, id, sizeof(id));
	tui_canvas_text(canvas, 1, y + 1, tl.gutter - 2, tui_ident_lane(scene->names, lane),
			id);
	if (gtv_window_pieces(scene->window, lane, &count) && count)
		tui_tl_lane(&tl, &row);
	else
		tui_canvas_text(canvas, tl.gutter, y + 1, tl.axis.cells, TUI_DIM,
				"it does not live there");
	strip_ruler(canvas, scene, &tl, y + 1 + height);
	tui_spot(scene->spots, TUI_SPOT_TIME, tl.gutter, y, tl.axis.cells, height + 2, 0);
	tui_strip_fini(&tl.strip);
	return 0;
}
