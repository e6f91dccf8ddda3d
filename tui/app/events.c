/* SPDX-License-Identifier: MIT
 *
 * The events' pane: j, k and pages choose, Enter goes to the timeline at that event. Home
 * and End are the timeline's own, for the list follows its cursor.
 */
#include "tui/app/app.h"
#include "tui/app/panes.h"
#include "tui/trace/events.h"

static void choose(struct tui_app *app, int by)
{
	struct tui_trace *t = &app->trace;

	if (tui_trace_choose_event(t, by))
		return;
	if (t->events && t->events->looking)
		tui_app_say(app, "still looking for more");
	else
		tui_app_say(app,
			    by < 0 ? "this is the first event" : "this is the last event");
}

int tui_events_key(struct tui_app *app, enum tui_action action)
{
	int page = app->canvas.rows > 12 ? app->canvas.rows - 9 : 3;

	switch (action) {
	case TUI_ACT_ROW_DOWN:
		choose(app, 1);
		return 1;
	case TUI_ACT_ROW_UP:
		choose(app, -1);
		return 1;
	case TUI_ACT_PAGE_DOWN:
		choose(app, page);
		return 1;
	case TUI_ACT_PAGE_UP:
		choose(app, -page);
		return 1;
	case TUI_ACT_EXPLAIN:
		if (tui_trace_show_event(&app->trace))
			tui_app_say(app, "there is no event to go to");
		else
			app->view = TUI_VIEW_TIMELINE;
		return 1;
	default:
		return 0;
	}
}

void act_EVENTS(struct tui_app *app)
{
	tui_app_view(app, TUI_VIEW_EVENTS);
}
