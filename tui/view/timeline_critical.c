/* SPDX-License-Identifier: MIT
 *
 * The critical path on the timeline: what is not on it fades, and the panel says of whom
 * it consists. Locks' lanes stay as they are: who holds one is on his own.
 */
#include <stdlib.h>

#include "tui/view/chrome.h"
#include "tui/scene/critical.h"
#include "tui/canvas/format.h"
#include "tui/view/timeline.h"

static void keep(struct tui_timeline *tl, uint8_t *on, uint64_t from_ns, uint64_t to_ns)
{
	int first, last;

	if (!tui_tl_columns(tl, from_ns, to_ns, &first, &last))
		return;
	for (int x = first; x <= last; x++)
		on[x - tl->gutter] = 1;
}

/* Where a core or an OS thread had `who` in it, of a piece of the path. */
static void keep_inside(struct tui_timeline *tl, uint8_t *on, struct gtv_lane lane,
			const struct gtv_critical_piece *piece)
{
	size_t count;
	const struct gtv_piece *p = gtv_window_pieces(tl->scene->window, lane, &count);

	for (size_t i = tui_tl_first(p, count, piece->from_ns);
	     i < count && p[i].span.from_ns < piece->to_ns; i++) {
		const struct gtv_span *s = &p[i].span;
		uint32_t id = piece->who.kind == GTV_LANE_GT ? s->gt : s->tid;

		if (p[i].spans == 1 && id == piece->who.id)
			keep(tl, on,
			     s->from_ns > piece->from_ns ? s->from_ns : piece->from_ns,
			     s->to_ns < piece->to_ns ? s->to_ns : piece->to_ns);
	}
}

static void fade(struct tui_timeline *tl, const struct tui_tl_row *row, const uint8_t *on)
{
	for (int y = row->y; y < row->y + row->height; y++)
		for (int x = 0; x < tl->axis.cells; x++) {
			struct tui_cell *cell =
				tui_canvas_at(tl->canvas, tl->gutter + x, y);

			if (!cell || on[x])
				continue;
			cell->ink = TUI_FAINT;
			cell->ground = TUI_DEFAULT;
			cell->inverse = 0;
		}
}

void tui_tl_critical(struct tui_timeline *tl)
{
	const struct tui_critical *c = tl->scene->critical;
	uint8_t *on = c ? malloc((size_t)tl->axis.cells) : NULL;

	for (int i = 0; on && i < tl->row_count; i++) {
		const struct tui_tl_row *row = &tl->row[i];

		if (!row->lane.kind || row->lane.kind == GTV_LANE_LOCK)
			continue;
		for (int x = 0; x < tl->axis.cells; x++)
			on[x] = 0;
		for (size_t k = 0; k < c->path.count; k++) {
			const struct gtv_critical_piece *p = &c->path.piece[k];

			if (p->to_ns <= tl->axis.from_ns || p->from_ns >= tl->axis.to_ns)
				continue;
			if (p->who.kind == row->lane.kind && p->who.id == row->lane.id)
				keep(tl, on, p->from_ns, p->to_ns);
			else if (row->lane.kind == GTV_LANE_THREAD
					 ? p->state == GTV_ST_RUNNING ||
						   p->state == GTV_ST_PREEMPTED
					 : row->lane.kind == GTV_LANE_CORE &&
						   p->state == GTV_ST_RUNNING)
				keep_inside(tl, on, row->lane, p);
		}
		/* Outside the interval nothing was looked for: it stays as it is. */
		keep(tl, on, tl->axis.from_ns, c->from_ns);
		keep(tl, on, c->to_ns, tl->axis.to_ns);
		fade(tl, row, on);
	}
	free(on);
}

static void sum_line(struct tui_timeline *tl, const struct tui_critical *c,
		     const struct tui_critical_sum *s, int y)
{
	const struct gtv_names *names = tl->scene->names;
	char label[TUI_LABEL], length[TUI_FIGURE], share[TUI_FIGURE], count[TUI_FIGURE];
	int x = 2, end = tl->cols - 1;

	if (s->who.kind)
		tui_say(tl->canvas, &x, y, 24, tui_ident_lane(names, s->who),
			tui_ident_label(names, s->who, label, sizeof(label)));
	else
		tui_say(tl->canvas, &x, y, 24, TUI_UNKNOWN, "nobody known");
	x = 25;
	tui_say(tl->canvas, &x, y, end, TUI_TEXT, gtv_state_name(s->state));
	x = x < 38 ? 38 : x + 1;
	tui_say(tl->canvas, &x, y, end, TUI_BOLD,
		tui_format_length(length, sizeof(length), s->ns));
	x = x < 48 ? 48 : x + 1;
	tui_sayf(tl->canvas, &x, y, end, TUI_DIM, "%s in %s piece%s",
		 tui_format_share(share, sizeof(share), s->ns, c->to_ns - c->from_ns),
		 tui_format_count(count, sizeof(count), s->pieces),
		 s->pieces == 1 ? "" : "s");
}

int tui_tl_critical_panel(struct tui_timeline *tl)
{
	const struct tui_critical *c = tl->scene->critical;
	char label[TUI_LABEL], length[TUI_FIGURE];
	int y = tl->y_panel, end_y = tl->y_panel + tl->panel_rows, x, shown;

	if (!c)
		return 0;
	x = tl->panel_rows > 1 ? tui_chrome_rule(tl->canvas, y, "critical path of") : 1;
	tui_say(tl->canvas, &x, y, tl->cols - 1, tui_ident_lane(tl->scene->names, c->lane),
		tui_ident_label(tl->scene->names, c->lane, label, sizeof(label)));
	tui_sayf(tl->canvas, &x, y, tl->cols - 1, TUI_DIM,
		 "  what its %s were made of; they add up  c ends it ",
		 tui_format_length(length, sizeof(length), c->to_ns - c->from_ns));
	for (shown = 0; shown < c->sums && ++y < end_y; shown++)
		sum_line(tl, c, &c->sum[shown], y);
	return 1;
}
