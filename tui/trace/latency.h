/* SPDX-License-Identifier: MIT
 *
 * Makes the data of the latency view and of the system calls from a trace: both come of
 * one reading.
 */
#ifndef TUI_TRACE_LATENCY_H
#define TUI_TRACE_LATENCY_H

#include "tui/scene/calls.h"
#include "tui/trace/trace.h"

/* As panes' (trace/panes.h). */
int tui_latency_read(struct tui_trace *t, uint64_t budget_ns);
int tui_latency_unread(const struct tui_trace *t);
void tui_latency_forget(struct tui_trace *t);
int tui_calls_read(struct tui_trace *t, uint64_t budget_ns);
void tui_calls_forget(struct tui_trace *t);
/* Sorts the table anew, by the next column if `next`; who is chosen stays chosen. */
void tui_calls_order(struct tui_trace *t, int next);

/* The worst of the chosen bucket, longest first. Returns how many. */
size_t tui_latency_cases(const struct tui_latency *lat, struct gtv_case *out, size_t max);
/* To the timeline's window around it, its lane and span selected. mid: what matters lies
 * inside, not at its begin. 0, or -GTV_E*. */
int tui_latency_show(struct tui_trace *t, const struct gtv_case *c, int mid);

#endif
