/* SPDX-License-Identifier: MIT
 *
 * Panes: the data a view shows, read from the trace with a budget of time while the view is
 * open. What the keys do there is the app's (app/panes.h). A new view that gathers
 * something is a line in the table of panes.c.
 */
#ifndef TUI_TRACE_PANES_H
#define TUI_TRACE_PANES_H

#include "tui/scene/view.h"

struct tui_trace;

struct tui_pane {
	enum tui_view_id view;
	/* Reads on for about budget_ns (UINT64_MAX: all there is) while the view is
	 * shown. Returns whether what is shown may have changed. */
	int (*read)(struct tui_trace *t, uint64_t budget_ns);
	/* There is, or may come, more to read. */
	int (*unread)(const struct tui_trace *t);
	void (*forget)(struct tui_trace *t); /* frees what it gathered; NULL: nothing */
};

/* The pane's, if there is one and it has it; else 0. */
int tui_pane_read(struct tui_trace *t, enum tui_view_id view, uint64_t budget_ns);
int tui_pane_unread(const struct tui_trace *t, enum tui_view_id view);
void tui_panes_forget(struct tui_trace *t); /* all of them */

#endif
