/* SPDX-License-Identifier: MIT
 *
 * The findings of a trace that is looked at: read piece by piece while the screen goes
 * on, live too. Nothing is read before it is first asked for.
 */
#ifndef TUI_TRACE_FINDINGS_H
#define TUI_TRACE_FINDINGS_H

#include "tui/trace/trace.h"

/* Reads on for about budget_ns. Returns whether the list may have changed. */
int tui_trace_notice(struct tui_trace *t, uint64_t budget_ns);
int tui_trace_findings_unread(const struct tui_trace *t);
/* Leaves kinds (bits 1 << kind) out of the list from now on; 0: none. */
void tui_trace_ignore_findings(struct tui_trace *t, uint32_t kinds);
/* Chooses the next (1) or the one before (-1). Returns whether there is one. */
int tui_trace_choose_finding(struct tui_trace *t, int dir);
/* Goes to the evidence of the chosen one: its time in the window, its lane selected.
 * 0, -GTV_ENOTFOUND if there is none, or another -GTV_E*. */
int tui_trace_show_finding(struct tui_trace *t);
void tui_trace_forget_findings(struct tui_trace *t);

#endif
