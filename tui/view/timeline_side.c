/* SPDX-License-Identifier: MIT
 *
 * Where a screen is wide but not tall, the words about the selection stand beside the
 * lanes, not below them: lanes keep their rows, and time still has 134 cells.
 */
#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/view/timeline.h"

#define SIDE_COLS  41 /* the rule and 40 columns of words */
#define WIDE_COLS  200
#define FLAT_ROWS  40 /* from here on there is room below */
#define LEAST_ROWS 16

int tui_timeline_side(int cols, int rows)
{
	return cols >= WIDE_COLS && rows >= LEAST_ROWS && rows < FLAT_ROWS ? SIDE_COLS : 0;
}

int tui_tl_side_begin(struct tui_timeline *tl)
{
	int x = tl->cols - tl->side, top = tl->y_title + 1;
	int end = tl->y_panel >= 0    ? tl->y_panel
		  : tl->y_legend >= 0 ? tl->y_legend
		  : tl->y_cursor >= 0 ? tl->y_cursor
				      : tl->y_status;
	/* Rules between lanes go across: they end here. */
	for (int y = top; y < end; y++) {
		tui_canvas_put(tl->canvas, x, y, 0x2502, TUI_FAINT, TUI_DEFAULT);
		for (int c = x + 1; c < tl->cols; c++)
			tui_canvas_put(tl->canvas, c, y, ' ', TUI_DEFAULT, TUI_DEFAULT);
	}
	return end;
}

/* Columns of UTF-8. */
static int columns_of(const char *text, int bytes)
{
	int n = 0;
	for (int i = 0; i < bytes; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

void tui_tl_side_say(struct tui_timeline *tl, int *x, int *y, int end_y, int role,
		     const char *text)
{
	int left = tl->cols - tl->side + 2, end = tl->cols - 1;
	char word[256];
	while (*text) {
		int blanks = 0, size = 0;
		while (text[blanks] == ' ')
			blanks++;
		while (text[blanks + size] && text[blanks + size] != ' ')
			size++;
		int width = columns_of(text + blanks, size);
		/* At the beginning of a line, blanks are none. */
		/* What ends a sentence may stand in the margin. */
		int hangs = width == 1 && strchr(",;.:", text[blanks]) != NULL;
		if (*x > left && *x + blanks + width > end + hangs && size) {
			*x = left;
			*y += 1;
		}
		if (*x > left)
			*x += blanks;
		if (*y < end_y) {
			snprintf(word, sizeof(word), "%.*s", size, text + blanks);
			tui_say(tl->canvas, x, *y, end + hangs, role, word);
		}
		text += blanks + size;
	}
}
