/* SPDX-License-Identifier: MIT
 *
 * The data of the locks view: the totals from the reading that it shares with the threads
 * view, and the moment of the cursor from a window of its own.
 */
#ifndef TUI_TRACE_LOCKS_H
#define TUI_TRACE_LOCKS_H

#include "tui/scene/locks.h"
#include "tui/trace/trace.h"

/* Reads on for about budget_ns, and looks at the cursor. Returns whether what is shown may
 * have changed. */
int tui_trace_locks(struct tui_trace *t, uint64_t budget_ns);
void tui_trace_forget_locks(struct tui_trace *t);
void tui_trace_locks_sort(struct tui_trace *t);
/* There must be such a row. */
void tui_trace_locks_choose(struct tui_trace *t, size_t row);

#endif
