/* SPDX-License-Identifier: MIT */
#include "tui/app/panes.h"

#include <stddef.h>

int tui_pane_key(struct tui_app *app, enum tui_view_id view, enum tui_action action)
{
	static const struct {
		enum tui_view_id view;
		int (*key)(struct tui_app *app, enum tui_action action);
	} panes[] = {
		{TUI_VIEW_THREADS, tui_threads_key}, {TUI_VIEW_LOCKS, tui_locks_key},
		{TUI_VIEW_LATENCY, tui_latency_key}, {TUI_VIEW_LOAD, tui_load_key},
		{TUI_VIEW_CALLS, tui_calls_key},     {TUI_VIEW_FINDINGS, tui_findings_key},
		{TUI_VIEW_EVENTS, tui_events_key},   {TUI_VIEW_COMPARE, tui_compare_key},
		{TUI_VIEW_MARKS, tui_marks_key},     {TUI_VIEW_HELP, tui_help_key},
	};

	for (size_t i = 0; i < sizeof(panes) / sizeof(*panes); i++)
		if (panes[i].view == view)
			return panes[i].key(app, action);
	return 0;
}
