/* SPDX-License-Identifier: MIT
 *
 * The figures of the threads and locks views: the trace read once through the model into
 * an attribution, piece by piece while the screen goes on, live too. Both views share it.
 */
#ifndef TUI_TRACE_THREADS_H
#define TUI_TRACE_THREADS_H

#include "tui/scene/threads.h"
#include "tui/trace/trace.h"

/* Reads on for about budget_ns. Returns whether what is shown may have changed. */
int tui_trace_threads(struct tui_trace *t, uint64_t budget_ns);
int tui_trace_threads_unread(const struct tui_trace *t);
void tui_trace_forget_threads(struct tui_trace *t);
/* The model that what is counted went through, for its totals; NULL: nothing was read.
 * Borrows. */
const struct gtv_model *tui_trace_threads_model(const struct tui_trace *t);

/* Green threads or OS threads; the next order. */
void tui_trace_threads_kind(struct tui_trace *t);
void tui_trace_threads_sort(struct tui_trace *t);

#endif
