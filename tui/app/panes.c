/* SPDX-License-Identifier: MIT */
#include "tui/app/panes.h"

#include <stddef.h>

static const struct tui_pane *const panes[] = {
	&tui_pane_findings, &tui_pane_threads, &tui_pane_locks, &tui_pane_compare,
	&tui_pane_latency,  &tui_pane_load,    &tui_pane_calls, &tui_pane_events,
	&tui_pane_help,	    &tui_pane_marks,
};
#define PANES (sizeof(panes) / sizeof(*panes))

const struct tui_pane *tui_pane_of(enum tui_view_id view)
{
	for (size_t i = 0; i < PANES; i++)
		if (panes[i]->view == view)
			return panes[i];
	return NULL;
}

int tui_pane_read(struct tui_trace *t, enum tui_view_id view, uint64_t budget_ns)
{
	const struct tui_pane *pane = tui_pane_of(view);

	return pane && pane->read ? pane->read(t, budget_ns) : 0;
}

int tui_pane_unread(const struct tui_trace *t, enum tui_view_id view)
{
	const struct tui_pane *pane = tui_pane_of(view);

	return pane && pane->unread ? pane->unread(t) : 0;
}

int tui_pane_key(struct tui_app *app, enum tui_view_id view, enum tui_action action)
{
	const struct tui_pane *pane = tui_pane_of(view);

	return pane && pane->key ? pane->key(app, action) : 0;
}

void tui_panes_forget(struct tui_trace *t)
{
	for (size_t i = 0; i < PANES; i++)
		if (panes[i]->forget)
			panes[i]->forget(t);
}
