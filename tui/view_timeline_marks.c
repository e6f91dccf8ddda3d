/* SPDX-License-Identifier: MIT
 *
 * What lies on top of the lanes: loss, the selection, edges.
 */
#include <stdio.h>
#include <string.h>

#include "tui/chrome.h"
#include "tui/format.h"
#include "tui/timeline.h"

/* ---- loss ---- */

static int concerns(const struct gtv_loss *loss, struct gtv_lane lane)
{
	if (!lane.kind)
		return 0;
	if (loss->core >= 0)
		return lane.kind == GTV_LANE_CORE && lane.id == (uint32_t)loss->core;
	if (loss->tid)
		return lane.kind == GTV_LANE_THREAD && lane.id == loss->tid;
	return 1;
}

static void hatch(struct tui_timeline *tl, const struct tui_tl_row *row,
		  const struct gtv_loss *loss)
{
	char text[TUI_FIGURE + 8], count[TUI_FIGURE];
	int first, last;
	int body = row->height == 3 ? row->y + 1 : row->y;
	if (!tui_tl_columns(tl, loss->from_ns, loss->to_ns + 1, &first, &last))
		return;
	for (int x = first; x <= last; x++)
		tui_canvas_put(tl->canvas, x, body, 0x2571, TUI_UNKNOWN, TUI_DEFAULT);
	int size = snprintf(text, sizeof(text), " lost %s ",
			    tui_format_count(count, sizeof(count), loss->count));
	if (loss->count && size + 2 <= last - first + 1)
		tui_canvas_text(tl->canvas, first + (last - first + 1 - size) / 2, body,
				size, TUI_BAD, text);
}

void tui_tl_losses(struct tui_timeline *tl)
{
	size_t count;
	const struct gtv_loss *loss = gtv_window_losses(tl->scene->window, &count);
	for (size_t i = 0; i < count; i++)
		for (int r = 0; r < tl->row_count; r++)
			if (concerns(&loss[i], tl->row[r].lane) &&
			    !(tl->scene->facts->level == 0 &&
			      tl->row[r].lane.kind == GTV_LANE_CORE))
				hatch(tl, &tl->row[r], &loss[i]);
}

/* ---- selection ---- */

void tui_tl_selection(struct tui_timeline *tl)
{
	const struct tui_nav *nav = tl->scene->nav;
	const struct tui_tl_row *row = tui_tl_row_of(tl, nav->selected);
	int first, last;
	if (!row || nav->span.to_ns <= nav->span.from_ns ||
	    !tui_tl_columns(tl, nav->span.from_ns, nav->span.to_ns, &first, &last))
		return;
	int y = row->height == 3 ? row->y + 1 : row->y;
	for (int x = first; x <= last; x++) {
		struct tui_cell *cell = tui_canvas_at(tl->canvas, x, y);
		if (cell && cell->ground == TUI_DEFAULT && !cell->inverse)
			cell->ground = TUI_SEL_GROUND;
	}
	/* The brackets stand inside a wide span, outside a narrow one. */
	int out = last - first < 3;
	int left = first - out, right = last + out;
	int opens = nav->span.from_ns >= tl->axis.from_ns,
	    closes = nav->span.to_ns <= tl->axis.to_ns;
	if (left >= tl->gutter && opens)
		tui_canvas_put(tl->canvas, left, y, '[', TUI_SEL, TUI_SEL_GROUND);
	if (right < tl->gutter + tl->axis.cells && closes)
		tui_canvas_put(tl->canvas, right, y, ']', TUI_SEL, TUI_SEL_GROUND);
}

/* ---- edges ---- */

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

static void edge_put(struct tui_timeline *tl, int x, int y, uint32_t glyph)
{
	tui_canvas_put(tl->canvas, x, y, glyph, TUI_EDGE, TUI_DEFAULT);
}

static int column(const struct tui_timeline *tl, uint64_t ts_ns)
{
	int cell = tui_axis_cell(&tl->axis, ts_ns);
	return cell < 0 || cell >= tl->axis.cells ? -1 : tl->gutter + cell;
}

/* "G2 ► G3: 30 µs", on the first blank stretch beside the line. */
static void edge_label(struct tui_timeline *tl, const struct gtv_edge *e, int x, int y0,
		       int y1)
{
	static const char *const verb[] = {
		[GTV_EDGE_WAKE] = "wakes",    [GTV_EDGE_HANDOFF] = "hands to",
		[GTV_EDGE_CHAN] = "sends to", [GTV_EDGE_STEAL] = "steals",
		[GTV_EDGE_SPAWN] = "spawns",  [GTV_EDGE_JOIN] = "ends, for",
		[GTV_EDGE_KWAKE] = "wakes",   [GTV_EDGE_PREEMPT] = "preempts"};
	char from[TUI_LABEL], to[TUI_LABEL], length[TUI_FIGURE], text[3 * TUI_LABEL];
	const struct gtv_names *names = tl->scene->names;
	if (e->kind < GTV_EDGE_WAKE || e->kind > GTV_EDGE_PREEMPT)
		return;
	snprintf(text, sizeof(text), "%s %s %s: %s",
		 tui_ident_id(names, e->from, from, sizeof(from)), verb[e->kind],
		 tui_ident_id(names, e->to, to, sizeof(to)),
		 tui_format_length(length, sizeof(length), e->to_ns - e->from_ns));
	int size = (int)strlen(text);
	for (int y = y0; y <= y1; y++) {
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

static void draw_edge(struct tui_timeline *tl, const struct gtv_edge *e, int with_label)
{
	const struct tui_tl_row *from = place_of(tl, e->from, e->from_ns);
	const struct tui_tl_row *to = place_of(tl, e->to, e->to_ns);
	int x0 = column(tl, e->from_ns), x1 = column(tl, e->to_ns);
	if (!from || !to || from == to || x0 < 0 || x1 < 0)
		return;
	/* A column aside is not worth a corner. */
	if (x1 - x0 == 1 || x0 - x1 == 1)
		x1 = x0;
	int y0 = body_of(from), y1 = body_of(to), down = y1 > y0 ? 1 : -1;
	/* The head stands before the target's body if there is a row, else on it. */
	int head = y1 - down != y0 ? y1 - down : y1;
	for (int y = y0 + down; y != head; y += down)
		edge_put(tl, x0, y, 0x2502);
	int step = x1 > x0 ? 1 : -1;
	if (x1 != x0)
		edge_put(tl, x0, head,
			 step > 0 ? (down > 0 ? 0x2514 : 0x250c)
				  : (down > 0 ? 0x2518 : 0x2510));
	for (int x = x0 + step; x1 != x0 && x != x1; x += step)
		edge_put(tl, x, head, 0x2500);
	edge_put(tl, x1, head,
		 x1 != x0   ? (step > 0 ? 0x25ba : 0x25c4)
		 : down > 0 ? 0x25bc
			    : 0x25b2);
	if (with_label)
		edge_label(tl, e, x1 > x0 ? x1 : x0, y0 < head ? y0 + 1 : head,
			   y0 < head ? head : y0 - 1);
}

static int is_within(const struct gtv_span *s, uint64_t ts_ns)
{
	return ts_ns >= s->from_ns && ts_ns <= s->to_ns;
}

static int is_of(const struct gtv_span *s, struct gtv_lane lane)
{
	return s->lane.kind == lane.kind && s->lane.id == lane.id;
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
		draw_edge(tl, &e[i], selected && drawn < 3);
		drawn++;
	}
}
