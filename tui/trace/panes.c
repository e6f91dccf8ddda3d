/* SPDX-License-Identifier: MIT */
#include "tui/trace/panes.h"

#include <stddef.h>

#include "tui/trace/compare.h"
#include "tui/trace/events.h"
#include "tui/trace/findings.h"
#include "tui/trace/headline.h"
#include "tui/trace/latency.h"
#include "tui/trace/load.h"
#include "tui/trace/locks.h"
#include "tui/trace/marks.h"
#include "tui/trace/threads.h"

static const struct tui_pane panes[] = {
	{TUI_VIEW_TIMELINE, tui_headline_read, tui_headline_unread, NULL},
	{TUI_VIEW_THREADS, tui_trace_threads, tui_trace_threads_unread,
	 tui_trace_forget_threads},
	{TUI_VIEW_LOCKS, tui_trace_locks, tui_trace_threads_unread, tui_trace_forget_locks},
	{TUI_VIEW_LATENCY, tui_latency_read, tui_latency_unread, tui_latency_forget},
	{TUI_VIEW_LOAD, tui_load_read, tui_load_unread, tui_load_forget},
	{TUI_VIEW_CALLS, tui_calls_read, tui_latency_unread, tui_calls_forget},
	{TUI_VIEW_FINDINGS, tui_trace_notice, tui_trace_findings_unread,
	 tui_trace_forget_findings},
	{TUI_VIEW_EVENTS, tui_trace_read_events, tui_trace_events_unread,
	 tui_trace_forget_events},
	{TUI_VIEW_COMPARE, tui_trace_compare_read, tui_trace_compare_unread,
	 tui_trace_compare_forget},
	{TUI_VIEW_MARKS, tui_marks_read, tui_marks_unread, NULL},
};
#define PANES (sizeof(panes) / sizeof(*panes))

static const struct tui_pane *pane_of(enum tui_view_id view)
{
	for (size_t i = 0; i < PANES; i++)
		if (panes[i].view == view)
			return &panes[i];
	return NULL;
}

int tui_pane_read(struct tui_trace *t, enum tui_view_id view, uint64_t budget_ns)
{
	const struct tui_pane *pane = pane_of(view);

	return pane ? pane->read(t, budget_ns) : 0;
}

int tui_pane_unread(const struct tui_trace *t, enum tui_view_id view)
{
	const struct tui_pane *pane = pane_of(view);

	return pane ? pane->unread(t) : 0;
}

void tui_panes_forget(struct tui_trace *t)
{
	for (size_t i = 0; i < PANES; i++)
		if (panes[i].forget)
			panes[i].forget(t);
}
