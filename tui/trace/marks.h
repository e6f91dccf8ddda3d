/* SPDX-License-Identifier: MIT
 *
 * The marks that the program made, gathered for the list of marks.
 */
#ifndef TUI_TRACE_MARKS_H
#define TUI_TRACE_MARKS_H

#include "tui/trace/trace.h"

/* For the pane: see trace/panes.h. */
int tui_marks_read(struct tui_trace *t, uint64_t budget_ns);
int tui_marks_unread(const struct tui_trace *t);

#endif
