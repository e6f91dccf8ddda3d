/* SPDX-License-Identifier: MIT
 *
 * The oscilloscope's readings of a trace, piece by piece with a budget of time, live too:
 * the search for the trigger's next hit, the sums between the cursors, the program's own
 * marks. Nothing is read before it is asked for.
 */
#ifndef TUI_TRACE_SCOPE_H
#define TUI_TRACE_SCOPE_H

#include "tui/scene/scope.h"
#include "tui/trace/trace.h"

/* The trace's, made when it is first asked for. NULL without memory. */
struct tui_scope *tui_scope_of(struct tui_trace *t);
void tui_scope_forget(struct tui_trace *t);

/* Arms: looks for what `set` says from armed_ns on. 0 or -GTV_E*: then it is off. */
int tui_scope_arm(struct tui_trace *t, const struct tui_trigger *set, uint64_t armed_ns);
void tui_scope_disarm(struct tui_trace *t);
/* Hits before ts_ns are passed over from now on. */
void tui_scope_hold(struct tui_trace *t, uint64_t ts_ns);
/* Looks on. Returns 1 when a hit was found: state and hit say which; a growing trace may
 * not yet have what follows it. */
int tui_scope_seek(struct tui_trace *t, uint64_t budget_ns);
/* Reads on for the sums. Returns whether what is shown may have changed. */
int tui_scope_measure(struct tui_trace *t, uint64_t budget_ns);
/* Reads on for the program's marks. Returns 1 when all that there are now are known. */
int tui_scope_said(struct tui_trace *t, uint64_t budget_ns);
/* There is, or may come, something to read. */
int tui_scope_unread(const struct tui_trace *t);

#endif
