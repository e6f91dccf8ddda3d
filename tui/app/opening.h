/* SPDX-License-Identifier: MIT
 *
 * Opening a trace in a thread of its own, so that keys are answered meanwhile.
 *
 * The thread has app->trace (and what settings and options make of it) to itself until it
 * is done; the loop has the terminal, the canvas and the keys. A trace that opens quickly
 * is there before the terminal is taken, and nothing of this is seen.
 */
#ifndef TUI_APP_OPENING_H
#define TUI_APP_OPENING_H

#include "tui/app/app.h"

/* Begins to open opts->file, and opts->file2 if there is one, and waits for it a little.
 * 0, or -GTV_E* and err: it could not begin. */
int tui_opening_begin(struct tui_app *app, int cols, int rows, struct gtv_err *err);
/* Readable when it is done. */
int tui_opening_fd(const struct tui_app *app);
int tui_opening_is_done(const struct tui_app *app);
/* Waits for its end; from now on the trace is the loop's. 0, or -GTV_E* and err. */
int tui_opening_end(struct tui_app *app, struct gtv_err *err);
/* How far it is. */
void tui_opening_draw_app(const struct tui_app *app, struct tui_canvas *canvas);
/* Keys of this screen: leaving is all there is to do. */
void tui_opening_key(struct tui_app *app, int key);

#endif
