/* SPDX-License-Identifier: MIT
 *
 * Lanes of several rows: who runs is as high as the lane, what it waits for stays a line.
 * The hall's screen makes all lanes so, a tall timeline those that leave rows to spare.
 */
#include "tui/view/timeline.h"

#define FULL	    0x2588
#define PREEMPTED   0x2593
#define ROOF_OFF    0x2580
#define HEIGHTS	    2
#define EVENTS_ROWS 60 /* from here on the selection's events are listed */

/* A label on a fill is of the fill. */
static struct tui_cell without_label(struct tui_cell cell)
{
	if (cell.ground != TUI_DEFAULT && cell.ink == TUI_BLACK) {
		cell.glyph = FULL;
		cell.ink = cell.ground;
		cell.ground = TUI_DEFAULT;
	}
	return cell;
}

void tui_tl_thicken(struct tui_timeline *tl, int y, int from, int to)
{
	for (int x = tl->gutter; x < tl->gutter + tl->axis.cells; x++) {
		struct tui_cell *cell = tui_canvas_at(tl->canvas, x, y), copy;
		if (!cell)
			continue;
		copy = without_label(*cell);
		if (!((copy.glyph >= FULL && copy.glyph <= 0x258f) ||
		      copy.glyph == PREEMPTED || copy.glyph == 0x2590 ||
		      copy.glyph == 0x259a || copy.glyph == ROOF_OFF))
			continue;
		for (int row = from; row < to; row++) {
			struct tui_cell *other = tui_canvas_at(tl->canvas, x, row);
			if (other && row != y)
				*other = copy;
		}
		/* A lock held off its core: the roof that has lifted off, air below. */
		if (copy.glyph == ROOF_OFF && to - from > 1)
			cell->glyph = ' ';
	}
}

/* Rows that no lane needs make green threads, then OS threads, two rows high, or three and
 * a gap; some are left for the events of what is selected. */
void tui_tl_spread(struct tui_timeline *tl, int room)
{
	static const int heights[HEIGHTS] = {4, 2};
	/* Lanes stay where they are whether something is selected or not. */
	int kept = tl->rows >= EVENTS_ROWS ? 8 : 1;
	for (int i = 0; i < tl->groups; i++) {
		struct tui_tl_group *g = &tl->group[i];
		if ((g->kind != GTV_LANE_GT && g->kind != GTV_LANE_THREAD) ||
		    g->height != 1 || g->shown == 0 || g->shown < g->count || g->heads >= 0)
			continue;
		int k = 0;
		for (; k < HEIGHTS; k++) {
			int more = g->shown * (heights[k] - 1) - (heights[k] == 4);
			if (more > room - kept)
				continue;
			g->height = heights[k];
			room -= more;
			break;
		}
		/* What comes first is never lower than what follows. */
		if (k == HEIGHTS)
			return;
	}
}
