/* SPDX-License-Identifier: MIT
 *
 * From a figure to its evidence: a stretch of a lane in the window, its span selected.
 */
#ifndef TUI_TRACE_GO_H
#define TUI_TRACE_GO_H

#include "tui/trace/trace.h"

/* Shows [from, to) of the lane with a margin, rows by its kind, and selects the span that
 * holds from_ns. 0 or -GTV_E*. */
int tui_trace_go(struct tui_trace *t, struct gtv_lane lane, uint64_t from_ns,
		 uint64_t to_ns);
/* Shows the lane where the window is, if it lives there, else its stretch [from, to). */
int tui_trace_go_lane(struct tui_trace *t, struct gtv_lane lane, uint64_t from_ns,
		      uint64_t to_ns);

#endif
