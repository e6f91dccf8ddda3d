/* SPDX-License-Identifier: MIT
 *
 * Keys of the load view: j and k choose a core, Enter goes to it in the timeline.
 */
#include "tui/app/app.h"
#include "tui/app/panes.h"
#include "tui/scene/load.h"
#include "tui/trace/load.h"
#include "tui/trace/span.h"

void act_LOAD(struct tui_app *app)
{
	tui_load_for(&app->trace, app->canvas.cols);
	tui_app_view(app, TUI_VIEW_LOAD);
}

static void choose(struct tui_app *app, int dir)
{
	struct tui_load *load = tui_load_of(&app->trace);
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
	const struct tui_load *load = tui_load_of(&app->trace);
	struct tui_nav *nav = &app->trace.nav;
	struct gtv_lane lane =
		gtv_window_lane(app->trace.window, GTV_LANE_CORE, load ? load->chosen : 0);

	app->view = TUI_VIEW_TIMELINE;
	if (!lane.kind)
		return;
	tui_nav_remember(nav);
	nav->rows = TUI_ROWS_CORE;
	nav->selected = lane;
	nav->span = (struct gtv_span){0};
	(void)tui_span_select(&app->trace, lane, nav->cursor_ns);
}

/* What moves the window, while that is not what is shown. */
static int is_of_window(enum tui_action action)
{
	return action == TUI_ACT_ZOOM_IN || action == TUI_ACT_ZOOM_OUT ||
	       action == TUI_ACT_PAN_LEFT || action == TUI_ACT_PAN_RIGHT ||
	       action == TUI_ACT_FIT;
}

int tui_load_key(struct tui_app *app, enum tui_action action)
{
	struct tui_range range = tui_range_of(&app->trace.nav, app->trace.scope);

	if (range.kind == TUI_RANGE_CURSORS && is_of_window(action)) {
		tui_app_say(app, "cursor A to B is shown: r shows the window");
		return 1;
	}
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
