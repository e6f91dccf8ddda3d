/* SPDX-License-Identifier: MIT
 *
 * What is typed at the foot of the screen, and what becomes of it.
 */
#ifndef TUI_APP_PROMPT_H
#define TUI_APP_PROMPT_H

#include "tui/app/app.h"

/* Opens it, with `text` in it. */
void tui_app_prompt_open(struct tui_app *app, enum tui_prompt_kind kind, const char *text);
/* The prompt takes a key; runs the line when it is done. */
void tui_app_prompt_key(struct tui_app *app, int key);
/* Runs a line as `:` does. Says what is wrong with it. */
void tui_app_command(struct tui_app *app, const char *line);
/* Filters rows and events by an expression; "": shows all. 0, or -GTV_EUSAGE and err. */
int tui_app_filter(struct tui_app *app, const char *text, struct gtv_err *err);

/* settings.c */
/* Reads the settings file, and what the command line has not said is as it says. Tells on
 * stderr what is wrong with it. */
void tui_app_read_settings(struct tui_app *app);
/* Once the trace is there: rows, filter and the like. */
void tui_app_apply_settings(struct tui_app *app);
/* `:set NAME VALUE`, `:set NAME`, `:set`. 0, or -GTV_EUSAGE and err. */
int tui_app_set(struct tui_app *app, const char *text, struct gtv_err *err);

/* export.c: in a thread of its own, so that the screen goes on. */
/* 0, or -GTV_E* and err: it has not begun. */
int tui_app_export(struct tui_app *app, const char *format, const char *file,
		   struct gtv_err *err);
int tui_app_exports(const struct tui_app *app); /* one runs */
void tui_app_look_export(struct tui_app *app);	/* says so when it is done */
void tui_app_stop_export(struct tui_app *app);	/* cut short; the file is incomplete */

#endif
