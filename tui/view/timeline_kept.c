/* SPDX-License-Identifier: MIT
 *
 * The time that the flight recorder has dropped: it is no idle time, and nothing lost.
 */
#include <string.h>

#include "tui/view/timeline.h"

#define WORDS " dropped (--ring) "

void tui_tl_dropped(struct tui_timeline *tl)
{
	const struct tui_nav *nav = tl->scene->nav;
	int first, last, size = (int)strlen(WORDS);

	if (!tl->scene->facts->kept_ns ||
	    !tui_tl_columns(tl, tl->start_ns, nav->first_ns, &first, &last))
		return;
	/* The cell in which it begins to be kept shows what is. */
	if (nav->first_ns < tl->axis.to_ns)
		last--;
	for (int r = 0; r < tl->row_count; r++) {
		const struct tui_tl_row *row = &tl->row[r];
		int middle = row->y + row->height / 2;

		for (int y = row->y; y < row->y + row->height; y++)
			for (int x = first; x <= last; x++)
				tui_canvas_put(tl->canvas, x, y, y == middle ? 0xb7 : ' ',
					       TUI_FAINT, TUI_DEFAULT);
		if (!r && size <= last - first + 1)
			tui_canvas_text(tl->canvas, last + 1 - size, middle, size, TUI_DIM,
					WORDS);
	}
}
