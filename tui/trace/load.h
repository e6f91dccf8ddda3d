/* SPDX-License-Identifier: MIT
 *
 * Load over time, of a trace: the lanes of the window are summed a part at a time, between
 * frames, and the sums are kept.
 */
#ifndef TUI_TRACE_LOAD_H
#define TUI_TRACE_LOAD_H

#include "tui/trace/trace.h"

/* The trace's, made if there is none; NULL: no memory. */
struct tui_load *tui_load_of(struct tui_trace *t);
/* It will be drawn so wide: lanes are summed for it between frames from now on. */
void tui_load_for(struct tui_trace *t, int cols);
/* For the pane: see trace/panes.h. */
int tui_load_read(struct tui_trace *t, uint64_t budget_ns);
int tui_load_unread(const struct tui_trace *t);
void tui_load_forget(struct tui_trace *t);

#endif
