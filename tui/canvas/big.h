/* SPDX-License-Identifier: MIT
 *
 * One figure for the back of a hall: five by seven points a character, two points a cell
 * from top to bottom (half blocks), or more cells a point.
 */
#ifndef TUI_CANVAS_BIG_H
#define TUI_CANVAS_BIG_H

#include "tui/canvas/canvas.h"

/* Whether it can be drawn so: digits, signs and the letters of units. */
int tui_big_knows(const char *text);
/* Columns and rows that it takes, points `scale` (1 or 2) cells wide. */
int tui_big_cols(const char *text, int scale);
int tui_big_rows(int scale);
/* Draws it in `ink`; clipped to the canvas, and to the columns before `end`: a figure that
 * does not fit is left out. Returns the column after it, x if nothing was drawn. */
int tui_big_draw(struct tui_canvas *canvas, int x, int y, int end, int scale, int ink,
		 const char *text);

#endif
