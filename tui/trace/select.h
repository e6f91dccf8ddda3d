/* SPDX-License-Identifier: MIT
 *
 * Choosing what to look at: the next row, the next span of a row, the other end of
 * an edge. Moves the selection of a trace and its window only as far as needed.
 */
#ifndef TUI_TRACE_SELECT_H
#define TUI_TRACE_SELECT_H

#include "tui/trace/trace.h"

/* Each returns 0, or -GTV_ENOTFOUND when there is nothing to go to, or another
 * -GTV_E*. `cols` and `rows` are the screen's. dir: -1 back or up, 1 on or down;
 * of rows more at once, which end at the last. */
int tui_select_row(struct tui_trace *t, int cols, int rows, int dir);
/* A span that is far may be told later: TUI_ASKED_LATER (asking.h). */
int tui_select_span(struct tui_trace *t, int cols, int rows, int dir);
int tui_select_edge(struct tui_trace *t, int dir);
/* Something, if nothing is selected: the first row at the cursor. */
int tui_select_any(struct tui_trace *t, int cols, int rows);
/* What the lane does at a time; a lane that is not alive then is selected without a
 * span. */
int tui_select_at(struct tui_trace *t, struct gtv_lane lane, uint64_t ts_ns);
void tui_select_none(struct tui_trace *t);

#endif
