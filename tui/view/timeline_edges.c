/* SPDX-License-Identifier: MIT
 *
 * Edges between lanes: from who caused something to whom it happened. An end whose row is
 * scrolled off, or whose time is not in the window, is where the line leaves the screen:
 * there it says with an arrow where that end is, and whose it is.
 */
#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/view/timeline.h"

/* ---- the two ends ---- */

/* One end of an edge: where it is, or where the line to it leaves the screen. */
struct end {
	const struct tui_tl_row *row;
	int x, y;
	int beside; /* -1 its time is before the window, 1 behind it, 0 in it */
	int beyond; /* -1 its row is above, 1 below what is in sight, 0 in sight */
};

/* Where a lane's moment is to be seen. By core, that is the core on which it runs
 * then, if it does; else its own lane. */
static const struct tui_tl_row *place_of(const struct tui_timeline *tl,
					 struct gtv_lane lane, uint64_t ts_ns)
{
	const struct tui_tl_row *own = tui_tl_row_of(tl, lane);
	size_t count;
	if (tl->scene->nav->rows != TUI_ROWS_CORE)
		return own;
	const struct gtv_piece *p = gtv_window_pieces(tl->scene->window, lane, &count);
	size_t i = tui_tl_first(p, count, ts_ns);
	/* At the instant at which it stops it is still there. */
	if (i < count && (p[i].span.state != GTV_ST_RUNNING || p[i].span.core < 0) &&
	    i > 0 && p[i].span.from_ns == ts_ns)
		i--;
	if (i < count && p[i].span.from_ns <= ts_ns && p[i].span.core >= 0 &&
	    p[i].span.state == GTV_ST_RUNNING) {
		const struct tui_tl_row *core = tui_tl_row_of(
			tl, (struct gtv_lane){GTV_LANE_CORE, (uint32_t)p[i].span.core});
		if (core)
			return core;
	}
	return own;
}

static int body_of(const struct tui_tl_row *row)
{
	return row->height == 3 ? row->y + 1 : row->y;
}

static void edge_head(struct tui_timeline *tl, int x, int y, uint32_t glyph)
{
	tui_canvas_put(tl->canvas, x, y, glyph, TUI_EDGE, TUI_DEFAULT);
}

/* A line that only passes leaves the brackets of the selection. */
static void edge_put(struct tui_timeline *tl, int x, int y, uint32_t glyph)
{
	const struct tui_cell *cell = tui_canvas_at(tl->canvas, x, y);
	if (cell && cell->ink == TUI_SEL && cell->ground == TUI_SEL_GROUND)
		return;
	tui_canvas_put(tl->canvas, x, y, glyph, TUI_EDGE, TUI_DEFAULT);
}

/* Rows that are not shown are scrolled off the pivoted group, or below. */
static int is_above(const struct tui_timeline *tl, struct gtv_lane lane)
{
	const struct tui_tl_group *g = &tl->group[0];
	for (int i = 0; g->kind == lane.kind && i < tl->scene->nav->scroll && i < g->count;
	     i++)
		if (tui_tl_same_lane(g->lane[i], lane))
			return 1;
	return 0;
}

/* The first line below all that is drawn, if there is one. */
static int below_all(const struct tui_timeline *tl)
{
	int y = tl->y_lanes;
	for (int i = 0; i < tl->row_count; i++)
		if (tl->row[i].y + tl->row[i].height > y)
			y = tl->row[i].y + tl->row[i].height;
	for (int i = 0; i < tl->rule_count; i++)
		if (tl->rule[i].y >= y)
			y = tl->rule[i].y + 1;
	return y < tl->lanes_end ? y : tl->lanes_end - 1;
}

static struct end end_of(const struct tui_timeline *tl, struct gtv_lane lane,
			 uint64_t ts_ns)
{
	struct end e = {.row = place_of(tl, lane, ts_ns), .x = tl->gutter};
	e.beside = ts_ns < tl->axis.from_ns ? -1 : ts_ns >= tl->axis.to_ns ? 1 : 0;
	if (e.beside == 0)
		e.x += tui_axis_cell(&tl->axis, ts_ns);
	else if (e.beside > 0)
		e.x += tl->axis.cells - 1;
	e.beyond = e.row ? 0 : is_above(tl, lane) ? -1 : 1;
	e.y = e.row ? body_of(e.row) : e.beyond < 0 ? tl->y_lanes : below_all(tl);
	return e;
}

static int in_sight(const struct end *e)
{
	return !e->beside && !e->beyond;
}

#define UP    0x25b2
#define DOWN  0x25bc
#define LEFT  0x25c4
#define RIGHT 0x25ba

/* ---- words ---- */

/* "G2 wakes G3: 30 µs" */
static void edge_words(const struct tui_timeline *tl, const struct gtv_edge *e, char *buf,
		       size_t size)
{
	static const char *const verb[] = {
		[GTV_EDGE_WAKE] = "wakes",    [GTV_EDGE_HANDOFF] = "hands to",
		[GTV_EDGE_CHAN] = "sends to", [GTV_EDGE_STEAL] = "steals",
		[GTV_EDGE_SPAWN] = "spawns",  [GTV_EDGE_JOIN] = "ends, for",
		[GTV_EDGE_KWAKE] = "wakes",   [GTV_EDGE_PREEMPT] = "preempts"};
	char from[TUI_LABEL], to[TUI_LABEL], length[TUI_FIGURE];
	const struct gtv_names *names = tl->scene->names;
	buf[0] = '\0';
	if (e->kind >= GTV_EDGE_WAKE && e->kind <= GTV_EDGE_PREEMPT)
		snprintf(buf, size, "%s %s %s: %s",
			 tui_ident_id(names, e->from, from, sizeof(from)), verb[e->kind],
			 tui_ident_id(names, e->to, to, sizeof(to)),
			 tui_format_length(length, sizeof(length), e->to_ns - e->from_ns));
}

static int columns_of(const char *text)
{
	int n = 0;
	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* On the first blank stretch beside the line. */
static void edge_label(struct tui_timeline *tl, const struct gtv_edge *e, int x, int y0,
		       int y1)
{
	char text[3 * TUI_LABEL];
	edge_words(tl, e, text, sizeof(text));
	int size = columns_of(text);
	for (int y = y0; y <= y1 && size > 0; y++) {
		int blank = 1;
		for (int i = 1; i < size + 3 && blank; i++) {
			const struct tui_cell *cell = tui_canvas_at(tl->canvas, x + i, y);
			blank = cell && cell->glyph == ' ' && cell->ground == TUI_DEFAULT;
		}
		if (blank) {
			tui_canvas_text(tl->canvas, x + 2, y, size, TUI_EDGE, text);
			return;
		}
	}
}

/* Where the line leaves the screen: what it is, and which way the other end lies. It
 * covers what is there; its blanks keep it legible. */
static void leave_label(struct tui_timeline *tl, const struct gtv_edge *e, int x, int y,
			uint32_t arrow)
{
	char text[3 * TUI_LABEL];
	int left = tl->gutter, right = tl->gutter + tl->axis.cells;
	edge_words(tl, e, text, sizeof(text));
	int size = columns_of(text) + 4;
	if (right - left < size + 2)
		return;
	/* To the right of the line, or where that is no room to its left. */
	x = x + 1 + size <= right ? x + 1 : x - size;
	x = x < left || arrow == LEFT ? left : x;
	for (int i = 0; i < size; i++)
		tui_canvas_put(tl->canvas, x + i, y, ' ', TUI_EDGE, TUI_DEFAULT);
	tui_canvas_text(tl->canvas, arrow == LEFT ? x + 2 : x + 1, y, size - 4, TUI_EDGE,
			text);
	tui_canvas_put(tl->canvas, arrow == LEFT ? x : x + size - 2, y, arrow, TUI_EDGE,
		       TUI_DEFAULT);
}

/* ---- lines ---- */

/* One row is out of sight: straight up or down, at the time of the end that is seen. */
static void draw_off_rows(struct tui_timeline *tl, const struct gtv_edge *e,
			  const struct end *from, const struct end *to)
{
	const struct end *seen = in_sight(from) ? from : to,
			 *other = seen == from ? to : from;
	int step = other->beyond, x = seen->x;
	for (int y = seen->y + step; y * step <= other->y * step; y += step)
		edge_put(tl, x, y, 0x2502);
	if (seen == from && other->y != seen->y)
		edge_head(tl, x, other->y, step > 0 ? DOWN : UP);
	else if (seen == to && other->y != seen->y)
		edge_head(tl, x, seen->y + step, step > 0 ? UP : DOWN);
	leave_label(tl, e, x, other->y, step > 0 ? DOWN : UP);
}

/* Down or up at the time of the cause, then along to the time of the effect. */
static void draw_corner(struct tui_timeline *tl, const struct gtv_edge *e,
			const struct end *from, const struct end *to, int with_label)
{
	int x0 = from->x, x1 = to->x, y0 = from->y, y1 = to->y, down = y1 > y0 ? 1 : -1;
	/* A column aside is not worth a corner. */
	if (!from->beside && !to->beside && (x1 - x0 == 1 || x0 - x1 == 1))
		x1 = x0;
	/* The head stands before the target's body if there is a row, else on it. */
	int head = y1 - down != y0 ? y1 - down : y1;
	for (int y = y0 + down; y != head && !from->beside; y += down)
		edge_put(tl, x0, y, 0x2502);
	int step = x1 > x0 ? 1 : -1;
	if (x1 != x0)
		edge_put(tl, x0, head,
			 from->beside ? 0x2500
			 : step > 0   ? (down > 0 ? 0x2514 : 0x250c)
				      : (down > 0 ? 0x2518 : 0x2510));
	for (int x = x0 + step; x1 != x0 && x != x1; x += step)
		edge_put(tl, x, head, 0x2500);
	edge_head(tl, x1, head,
		  x1 != x0   ? (step > 0 ? RIGHT : LEFT)
		  : down > 0 ? DOWN
			     : UP);
	if (from->beside || to->beside)
		leave_label(tl, e, from->beside ? x0 : x1 - 1, head,
			    (from->beside ? from->beside : to->beside) < 0 ? LEFT : RIGHT);
	else if (with_label)
		edge_label(tl, e, x1 > x0 ? x1 : x0, y0 < head ? y0 + 1 : head,
			   y0 < head ? head : y0 - 1);
}

static void draw_edge(struct tui_timeline *tl, const struct gtv_edge *e, int selected,
		      int with_label)
{
	struct end from = end_of(tl, e->from, e->from_ns), to = end_of(tl, e->to, e->to_ns);
	if (in_sight(&from) && in_sight(&to)) {
		if (from.row != to.row)
			draw_corner(tl, e, &from, &to, with_label);
		return;
	}
	/* Of all edges only those of the selection are followed off the screen. */
	if (!selected || (!in_sight(&from) && !in_sight(&to)))
		return;
	if (from.beyond || to.beyond)
		draw_off_rows(tl, e, &from, &to);
	else if (from.row != to.row)
		draw_corner(tl, e, &from, &to, with_label);
}

/* ---- which edges ---- */

static int is_within(const struct gtv_span *s, uint64_t ts_ns)
{
	return ts_ns >= s->from_ns && ts_ns <= s->to_ns;
}

/* A core's span has the edges of who was on it. */
static int is_of(const struct gtv_span *s, struct gtv_lane lane)
{
	if (s->lane.kind == GTV_LANE_CORE)
		return s->gt ? lane.kind == GTV_LANE_GT && lane.id == s->gt
			     : lane.kind == GTV_LANE_THREAD && lane.id == s->tid;
	return tui_tl_same_lane(s->lane, lane);
}

/* It comes to the selected span (or ends its wait, and arrives a little later), or
 * it starts there. */
static int is_selected(const struct tui_nav *nav, const struct gtv_edge *e)
{
	const struct gtv_span *s = &nav->span;
	if (s->to_ns <= s->from_ns)
		return 0;
	return (is_of(s, e->to) && (is_within(s, e->from_ns) || is_within(s, e->to_ns))) ||
	       (is_of(s, e->from) && is_within(s, e->from_ns));
}

#define EDGES_MAX 400 /* more are a thicket */

void tui_tl_edges(struct tui_timeline *tl)
{
	const struct tui_nav *nav = tl->scene->nav;
	size_t count;
	int drawn = 0;
	const struct gtv_edge *e = gtv_window_edges(tl->scene->window, &count);
	for (size_t i = 0; i < count && drawn < EDGES_MAX; i++) {
		int selected = is_selected(nav, &e[i]);
		if (!selected && !nav->all_edges)
			continue;
		draw_edge(tl, &e[i], selected && drawn < 3, selected && drawn < 3);
		drawn++;
	}
}
