/* SPDX-License-Identifier: MIT
 *
 * The load view's pane: j and k choose a core, Enter goes to it in the timeline.
 */
#include <stdlib.h>

#include "tui/app.h"
#include "tui/app_panes.h"
#include "tui/load.h"

void act_LOAD(struct tui_app *app)
{
	tui_app_view(app, TUI_VIEW_LOAD);
}

static struct tui_load *load_of(struct tui_trace *t)
{
	if (!t->load)
		t->load = calloc(1, sizeof(*t->load));
	return t->load;
}

static void forget(struct tui_trace *t)
{
	free(t->load);
	t->load = NULL;
}

static void choose(struct tui_app *app, int dir)
{
	struct tui_load *load = load_of(&app->trace);
	size_t count = gtv_window_lane_count(app->trace.window, GTV_LANE_CORE);

	if (!load)
		return;
	if (load->chosen >= count)
		load->chosen = count ? count - 1 : 0;
	if (dir < 0 ? load->chosen == 0 : load->chosen + 1 >= count)
		tui_app_say(app,
			    dir < 0 ? "this is the first core" : "this is the last core");
	else
		load->chosen += dir < 0 ? (size_t)-1 : 1;
}

/* The chosen core in the timeline, at the cursor. */
static void show(struct tui_app *app)
{
	const struct tui_load *load = load_of(&app->trace);
	struct tui_nav *nav = &app->trace.nav;
	struct gtv_lane lane =
		gtv_window_lane(app->trace.window, GTV_LANE_CORE, load ? load->chosen : 0);
	struct gtv_span span;

	app->view = TUI_VIEW_TIMELINE;
	if (!lane.kind)
		return;
	nav->rows = TUI_ROWS_CORE;
	nav->selected = lane;
	nav->span = (struct gtv_span){0};
	if (!gtv_window_span_at(app->trace.window, lane, nav->cursor_ns, &span))
		tui_nav_select(nav, &span);
}

static int key(struct tui_app *app, enum tui_action action)
{
	switch (action) {
	case TUI_ACT_ROW_DOWN:
		choose(app, 1);
		return 1;
	case TUI_ACT_ROW_UP:
		choose(app, -1);
		return 1;
	case TUI_ACT_EXPLAIN:
		show(app);
		return 1;
	default:
		return 0;
	}
}

const struct tui_pane tui_pane_load = {
	.view = TUI_VIEW_LOAD,
	.forget = forget,
	.key = key,
};
