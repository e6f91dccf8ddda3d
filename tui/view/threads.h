/* SPDX-License-Identifier: MIT
 *
 * Inside the threads view: the table (threads.c), what stands below it
 * (threads_below.c), and the strip of one lane that the locks view shows too.
 */
#ifndef TUI_VIEW_THREADS_H
#define TUI_VIEW_THREADS_H

#include "tui/scene/threads.h"
#include "tui/canvas/unit.h"
#include "tui/scene/view.h"

/* The rows that a lane's states and waits want below the table. */
int tui_threads_below_rows(const struct tui_threads *t);
/* Draws them into [y, end_y), scrolled so that the chosen line is seen. */
void tui_threads_below(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		       int end_y);
/* The window's stretch of a lane: `height` rows of it, a ruler below. Three rows in all,
 * or four. 0 or -GTV_E*. */
int tui_threads_strip(struct tui_canvas *canvas, const struct tui_scene *scene,
		      struct gtv_lane lane, int y, int height);
/* The cells of a row that are still on the terminal's ground get the selection's. */
void tui_threads_mark(struct tui_canvas *canvas, int y, int from_x, int to_x);
/* "▶" where a line or row is chosen. */
void tui_threads_point(struct tui_canvas *canvas, int y);
/* Of `room` rows before end_y, so many are for `rows` that may be more: without a rule at
 * end_y the last is left for "+3 lines". */
int tui_threads_room(struct tui_canvas *canvas, int end_y, int room, int rows);
/* "+3 lines" that there was no room for: on the rule at end_y, if there is one, else in the
 * row before, if that was left; room 0: it was not. */
void tui_threads_more(struct tui_canvas *canvas, int end_y, int room, int more);
/* Id in its colour, and the name: at most `width` columns. */
void tui_threads_label(struct tui_canvas *canvas, const struct gtv_names *names,
		       struct gtv_lane lane, int x, int y, int width, int chosen);

#endif
