/* SPDX-License-Identifier: MIT
 *
 * What on the screen can be clicked: the views note it as they draw, the mouse asks. Which
 * row a list shows where is known to who draws it, and is said only there.
 */
#ifndef TUI_SCENE_SPOTS_H
#define TUI_SCENE_SPOTS_H

enum tui_spot_kind {
	TUI_SPOT_ROW,  /* number: of the list's row, from 0, as its view counts them */
	TUI_SPOT_LINE, /* of a line below a table, from 1 */
	TUI_SPOT_PART, /* of a part of the view, which has rows of its own */
	TUI_SPOT_SORT, /* a column's head; what the table can be sorted by */
	TUI_SPOT_KEY,  /* the name of a key; the key (key_codes.h) */
	TUI_SPOT_TIME, /* as wide as the timeline's window */
};

struct tui_spot {
	enum tui_spot_kind kind;
	int x, y, width, height;
	unsigned long number;
};

#define TUI_SPOTS_MAX 512 /* of a screen; more are left out */

struct tui_spots {
	struct tui_spot spot[TUI_SPOTS_MAX];
	int count;
};

/* Notes one; spots may be NULL. */
void tui_spot(struct tui_spots *spots, enum tui_spot_kind kind, int x, int y, int width,
	      int height, unsigned long number);
/* The last noted one that a place is in, among those of which times says whether they are
 * of kind TIME. NULL: there is none. */
const struct tui_spot *tui_spot_at(const struct tui_spots *spots, int x, int y, int times);

#endif
