/* SPDX-License-Identifier: MIT
 *
 * Two traces set beside each other: opens the second, reads both for their digests and
 * findings, and says who is who. `t` is A, whose place in time is both's.
 */
#ifndef TUI_TRACE_COMPARE_H
#define TUI_TRACE_COMPARE_H

#include "tui/scene/compare.h"
#include "tui/trace/trace.h"

/* Opens FILE beside t. 0, or -GTV_E* and err. */
int tui_trace_compare_open(struct tui_trace *t, const char *file, struct gtv_err *err);
/* The same, of a trace that is open already: taken over, with what it owns. */
int tui_trace_compare_with(struct tui_trace *t, struct tui_trace *other,
			   struct gtv_err *err);
/* Reads on; Returns whether what is shown may have changed. */
int tui_trace_compare_read(struct tui_trace *t, uint64_t budget_ns);
/* How far both are read, in percent; -1: there is one trace only. */
int tui_trace_compare_percent(const struct tui_trace *t);
int tui_trace_compare_unread(const struct tui_trace *t);
void tui_trace_compare_forget(struct tui_trace *t);

/* A becomes B and B becomes A: the other views show B then. */
void tui_trace_compare_swap(struct tui_trace *t);
/* The next way to lay the times on each other that there is. */
void tui_trace_compare_align(struct tui_trace *t);
/* Moves B's time by hundredths of the window; it is free then. */
void tui_trace_compare_shift(struct tui_trace *t, int hundredths);
/* Chooses a row. Returns whether there is one. */
int tui_trace_compare_choose(struct tui_trace *t, int dir);
/* Selects the chosen lane, of the chosen side, in t: A is swapped if B is meant. 0, or
 * -GTV_ENOTFOUND: it is not in that trace. */
int tui_trace_compare_go(struct tui_trace *t);

#endif
