/* SPDX-License-Identifier: MIT
 *
 * The finding that the timeline names: the findings' rules read the trace beside the
 * timeline too, a little each frame, where that is cheap. A pane (panes.h).
 */
#ifndef TUI_TRACE_HEADLINE_H
#define TUI_TRACE_HEADLINE_H

#include <stdint.h>

struct tui_trace;

int tui_headline_read(struct tui_trace *t, uint64_t budget_ns);
int tui_headline_unread(const struct tui_trace *t);

#endif
