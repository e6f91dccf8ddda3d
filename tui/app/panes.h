/* SPDX-License-Identifier: MIT
 *
 * Panes: what goes with a view beside its drawing: the data it shows, read from the
 * trace with a budget of time, and what the keys do there. A new view is a line in
 * the table of panes.c.
 */
#ifndef TUI_APP_PANES_H
#define TUI_APP_PANES_H

#include "tui/scene/keys.h"
#include "tui/scene/view.h"

struct tui_app;
struct tui_trace;

/* Each function may be NULL. */
struct tui_pane {
	enum tui_view_id view;
	/* Reads on for about budget_ns (UINT64_MAX: all there is) while the view is
	 * shown. Returns whether what is shown may have changed. */
	int (*read)(struct tui_trace *t, uint64_t budget_ns);
	/* There is, or may come, more to read. */
	int (*unread)(const struct tui_trace *t);
	void (*forget)(struct tui_trace *t); /* frees what it gathered */
	/* 1: the action is done; 0: what it does elsewhere is to be done. */
	int (*key)(struct tui_app *app, enum tui_action action);
};

/* NULL: the view has none. */
const struct tui_pane *tui_pane_of(enum tui_view_id view);
/* The pane's, if there is one and it has it; else 0. */
int tui_pane_read(struct tui_trace *t, enum tui_view_id view, uint64_t budget_ns);
int tui_pane_unread(const struct tui_trace *t, enum tui_view_id view);
int tui_pane_key(struct tui_app *app, enum tui_view_id view, enum tui_action action);
void tui_panes_forget(struct tui_trace *t); /* all of them */

/* findings.c */
extern const struct tui_pane tui_pane_findings;
/* help.c */
extern const struct tui_pane tui_pane_help;
/* compare.c */
extern const struct tui_pane tui_pane_compare;
/* latency.c */
extern const struct tui_pane tui_pane_latency;
extern const struct tui_pane tui_pane_calls;
/* load.c */
/* It will be drawn so wide: lanes are summed for it between frames from now on. */
void tui_load_for(struct tui_trace *t, int cols);
extern const struct tui_pane tui_pane_load;
/* threads.c */
extern const struct tui_pane tui_pane_threads;
/* events.c */
extern const struct tui_pane tui_pane_events;
/* marks.c */
extern const struct tui_pane tui_pane_marks;
/* locks.c */
extern const struct tui_pane tui_pane_locks;

#endif
