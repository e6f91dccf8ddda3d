/* SPDX-License-Identifier: MIT */
#include "tui/scene/view.h"

#include <string.h>

#include "tui/view/views.h"

const struct tui_view_ops *const tui_views[] = {
	&tui_view_timeline, &tui_view_threads,	 &tui_view_locks,
	&tui_view_explain,  &tui_view_output,	 &tui_view_findings,
	&tui_view_compare,  &tui_view_latency,	 &tui_view_load,
	&tui_view_calls,    &tui_view_events,	 &tui_view_marks,
	&tui_view_help,	    &tui_view_presenter, NULL,
};

const struct tui_view_ops *tui_view_find(const char *name)
{
	for (size_t i = 0; tui_views[i]; i++)
		if (strcmp(tui_views[i]->name, name) == 0)
			return tui_views[i];
	return NULL;
}

const struct tui_view_ops *tui_view_by_id(enum tui_view_id id)
{
	for (size_t i = 0; tui_views[i]; i++)
		if (tui_views[i]->id == id)
			return tui_views[i];
	return NULL;
}

enum tui_key_place tui_view_place(enum tui_view_id id)
{
	const struct tui_view_ops *view = tui_view_by_id(id);

	return view ? view->place : TUI_IN_ALL;
}
