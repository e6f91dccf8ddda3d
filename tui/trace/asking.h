/* SPDX-License-Identifier: MIT
 *
 * Asking: what a key wants to know may take long to decode, where an edge leads, why
 * something waited, what a lane does far away. A thread of its own, with a window of its
 * own, finds that out, so that neither a frame nor another key waits for it. Where nothing
 * is to be sought later (t->sought.later is 0: `shot`, tests), or there is no thread, it is
 * found out at once.
 *
 * One thing is asked at a time: another question ends the one before.
 */
#ifndef TUI_TRACE_ASKING_H
#define TUI_TRACE_ASKING_H

#include "tui/trace/trace.h"

enum tui_asked {
	TUI_ASKED_NOTHING, /* or it is not known yet */
	TUI_ASKED_EDGE,
	TUI_ASKED_WHY,
	TUI_ASKED_SPAN,
};

#define TUI_ASKED_LATER 1

/* Where the edge from the selected span leads (dir -1 back, 1 on), and goes there; if that
 * span is still sought, once it is known. 0; TUI_ASKED_LATER: tui_asking_take will tell; or
 * -GTV_E* as of tui_select_edge. */
int tui_ask_edge(struct tui_trace *t, int dir);
/* Why `span` (NULL: the selected one, which may be still sought) waited, and selects it: 0,
 * t->explanation tells; TUI_ASKED_LATER; or -GTV_E*: t->explanation is as it was. */
int tui_ask_why(struct tui_trace *t, const struct gtv_span *span);
/* What a lane does at a time (dir 0), or the first span that lies behind it (1), the last
 * before it (-1), and selects that; the lane is selected already. As above; -GTV_ENOTFOUND:
 * there is none. */
int tui_ask_span(struct tui_trace *t, struct gtv_lane lane, uint64_t at_ns, int dir);
/* Something that was asked is not known yet. */
int tui_asking_unread(const struct tui_trace *t);
/* What was answered since, *rc as above; each answer once. What is no longer wanted, for
 * another span is selected, is -GTV_EUSAGE. */
enum tui_asked tui_asking_take(struct tui_trace *t, int *rc);
/* Nobody wants to know any more. */
void tui_asking_drop(struct tui_trace *t);
/* The trace's store or window goes away: waits until nobody reads it. */
void tui_asking_forget(struct tui_trace *t);

#endif
