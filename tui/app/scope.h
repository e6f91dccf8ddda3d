/* SPDX-License-Identifier: MIT
 *
 * The oscilloscope: what its keys do, and what it does by itself while time passes.
 */
#ifndef TUI_APP_SCOPE_H
#define TUI_APP_SCOPE_H

#include "tui/app/app.h"
#include "tui/scene/scope.h"

/* A round of the loop: looks for hits, freezes the picture around one, measures. */
void tui_app_scope_turn(struct tui_app *app);
/* Sets what the trigger's line says and arms it; "" switches it off. */
void tui_app_trigger(struct tui_app *app, const char *line);
/* A mark at ts_ns (UINT64_MAX: where MARK was pressed); "" takes the first free letter. */
void tui_app_mark(struct tui_app *app, uint64_t ts_ns, const char *name);
void tui_app_show_mark(struct tui_app *app, const struct tui_mark *mark);
/* Replay, repeating: to the next (1) or previous (-1) hit. 0: hits are not what n means. */
int tui_app_next_hit(struct tui_app *app, int dir);
/* One of the user's marks was taken away: says so, and keeps that. */
void tui_app_unmarked(struct tui_app *app);
/* Takes the user's mark of that name away. 0: there is none. */
int tui_app_unmark_named(struct tui_app *app, const char *name);
/* To the mark of that name, the user's before the program's so far known. 0: none. */
int tui_app_goto_mark(struct tui_app *app, const char *name);
/* Live: another speed. Below 1x the picture falls behind while capture goes on. */
void tui_app_live_speed(struct tui_app *app, int permille);
/* Live, and slower than time: at the end of what there is it follows again. */
void tui_app_live_played(struct tui_app *app);

#endif
