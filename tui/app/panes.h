/* SPDX-License-Identifier: MIT
 *
 * What keys do in a view, where that is something of its own: one function a view, in that
 * view's file, and a line in the table of panes.c. What the views show is read by
 * trace/panes.h.
 */
#ifndef TUI_APP_PANES_H
#define TUI_APP_PANES_H

#include "tui/scene/keys.h"
#include "tui/scene/view.h"

struct tui_app;

/* 1: the action is done; 0: what it does elsewhere is to be done. */
int tui_pane_key(struct tui_app *app, enum tui_view_id view, enum tui_action action);

/* Each in the file of that name. */
int tui_compare_key(struct tui_app *app, enum tui_action action);
int tui_events_key(struct tui_app *app, enum tui_action action);
int tui_findings_key(struct tui_app *app, enum tui_action action);
int tui_help_key(struct tui_app *app, enum tui_action action);
/* What `/` is, there: the next page that has it. */
void tui_help_search(struct tui_app *app, const char *text);
int tui_latency_key(struct tui_app *app, enum tui_action action);
int tui_calls_key(struct tui_app *app, enum tui_action action); /* latency.c */
int tui_load_key(struct tui_app *app, enum tui_action action);
int tui_locks_key(struct tui_app *app, enum tui_action action);
int tui_marks_key(struct tui_app *app, enum tui_action action);
int tui_threads_key(struct tui_app *app, enum tui_action action);

#endif
