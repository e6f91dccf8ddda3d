/* SPDX-License-Identifier: MIT
 *
 * What lies on top of the lanes: loss and the selection.
 */
#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/view/timeline.h"

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

int tui_tl_brackets(const struct tui_timeline *tl, const struct gtv_span *s, int *open,
		    int *close)
{
	int first, last;
	if (!tui_tl_columns(tl, s->from_ns, s->to_ns, &first, &last))
		return 0;
	/* They stand inside a wide span, outside a narrow one. */
	int out = last - first < 3;
	*open = s->from_ns >= tl->axis.from_ns && first - out >= tl->gutter ? first - out
									    : -1;
	*close = s->to_ns <= tl->axis.to_ns && last + out < tl->gutter + tl->axis.cells
			 ? last + out
			 : -1;
	return 1;
}

void tui_tl_selection(struct tui_timeline *tl)
{
	const struct tui_nav *nav = tl->scene->nav;
	const struct tui_tl_row *row = tui_tl_row_of(tl, nav->selected);
	int first, last, open, close;
	if (!row || nav->span.to_ns <= nav->span.from_ns ||
	    !tui_tl_columns(tl, nav->span.from_ns, nav->span.to_ns, &first, &last))
		return;
	int y = row->height == 3 ? row->y + 1 : row->y;
	for (int x = first; x <= last; x++) {
		struct tui_cell *cell = tui_canvas_at(tl->canvas, x, y);
		if (cell && cell->ground == TUI_DEFAULT && !cell->inverse)
			cell->ground = TUI_SEL_GROUND;
	}
	tui_tl_brackets(tl, &nav->span, &open, &close);
	if (open >= 0)
		tui_canvas_put(tl->canvas, open, y, '[', TUI_SEL, TUI_SEL_GROUND);
	if (close >= 0)
		tui_canvas_put(tl->canvas, close, y, ']', TUI_SEL, TUI_SEL_GROUND);
}
