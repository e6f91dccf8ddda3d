/* SPDX-License-Identifier: MIT
 *
 * What is not read yet: dots over the lanes' blank cells, from where the look ends, so
 * that nobody takes them for idle time. Coarser tiles that stand in for it stay.
 */
#include <string.h>

#include "tui/view/timeline.h"

#define WORDS " reading "

static void dot(struct tui_timeline *tl, int x, int y)
{
	const struct tui_cell *cell = tui_canvas_at(tl->canvas, x, y);

	if (cell && (!cell->glyph || cell->glyph == ' ') && cell->ground == TUI_DEFAULT)
		tui_canvas_put(tl->canvas, x, y, 0xb7, TUI_FAINT, TUI_DEFAULT);
}

void tui_tl_unread(struct tui_timeline *tl)
{
	uint64_t known_ns = gtv_window_known_ns(tl->scene->window);
	int first, last, size = (int)strlen(WORDS);

	if (known_ns == UINT64_MAX ||
	    !tui_tl_columns(tl, known_ns, tl->axis.to_ns, &first, &last))
		return;
	for (int r = 0; r < tl->row_count; r++) {
		const struct tui_tl_row *row = &tl->row[r];

		for (int y = row->y; row->lane.kind && y < row->y + row->height; y++)
			for (int x = first; x <= last; x++)
				dot(tl, x, y);
	}
	if (tl->row_count && size <= last - first + 1)
		tui_canvas_text(tl->canvas, last + 1 - size, tl->row[0].y, size, TUI_WARN,
				WORDS);
}
