/* SPDX-License-Identifier: MIT
 *
 * The mouse, for who likes it: the wheel zooms at the pointer, dragging pans, a click
 * selects the span under the pointer and a second one explains it. Over the gutter, and in
 * lists, the wheel goes through the rows. No key depends on any of it.
 */
#include "tracer/base/err.h"
#include "tui/app/app.h"
#include "tui/scene/keys.h"
#include "tui/trace/select.h"

#define ZOOM_IN_PERMILLE  700
#define ZOOM_OUT_PERMILLE 1429
#define DOUBLE_NS	  400000000u

/* The time at a column of cells. */
static uint64_t time_at(const struct tui_app *app, int x)
{
	const struct tui_nav *nav = &app->trace.nav;
	uint64_t span_ns = nav->to_ns - nav->from_ns;
	uint64_t cells =
		(uint64_t)tui_timeline_cells_at(app->canvas.cols, app->canvas.rows);
	int at = x - tui_timeline_gutter(app->canvas.cols);

	if (at < 0)
		at = 0;
	if ((uint64_t)at >= cells)
		at = (int)cells - 1;
	/* The middle of the cell. */
	return nav->from_ns + (span_ns / cells) * (uint64_t)at + span_ns / cells / 2;
}

static int in_cells(const struct tui_app *app, int x)
{
	return app->view == TUI_VIEW_TIMELINE && x >= tui_timeline_gutter(app->canvas.cols);
}

static void wheel(struct tui_app *app, const struct tui_mouse *mouse)
{
	int up = mouse->act == TUI_MOUSE_WHEEL_UP;

	if (in_cells(app, mouse->x))
		tui_nav_zoom_at(&app->trace.nav, time_at(app, mouse->x),
				up ? ZOOM_IN_PERMILLE : ZOOM_OUT_PERMILLE);
	else
		tui_app_key(app, up ? TUI_KEY_UP : TUI_KEY_DOWN);
}

static void drag(struct tui_app *app, const struct tui_mouse *mouse)
{
	struct tui_nav *nav = &app->trace.nav;
	int64_t cell_ns = (int64_t)(nav->to_ns - nav->from_ns) /
			  tui_timeline_cells_at(app->canvas.cols, app->canvas.rows);

	if (!app->mouse.down || mouse->x == app->mouse.x || !in_cells(app, app->mouse.x))
		return;
	tui_nav_drag(nav, cell_ns * (app->mouse.x - mouse->x));
	app->mouse.x = mouse->x;
	app->mouse.moved = 1;
}

static void click(struct tui_app *app, const struct tui_mouse *mouse)
{
	uint64_t now_ns = tui_app_now_ns();
	int again = now_ns - app->mouse.click_ns < DOUBLE_NS &&
		    app->mouse.click_x == mouse->x && app->mouse.click_y == mouse->y;
	struct tui_scene scene;
	struct gtv_lane lane;

	app->mouse.click_ns = again ? 0 : now_ns;
	app->mouse.click_x = mouse->x;
	app->mouse.click_y = mouse->y;
	if (app->view != TUI_VIEW_TIMELINE)
		return;
	if (again) {
		tui_app_key(app, TUI_KEY_ENTER);
		return;
	}
	tui_trace_scene(&app->trace, &scene);
	if (tui_timeline_lane_at(&scene, app->canvas.cols, app->canvas.rows, mouse->y,
				 &lane))
		return;
	tui_app_tell(app, tui_select_at(&app->trace, lane, time_at(app, mouse->x)),
		     "nothing is there");
}

void tui_app_mouse(struct tui_app *app, const struct tui_mouse *mouse)
{
	if (app->typing || app->prompt.open || app->canvas.cols < 1)
		return;
	switch (mouse->act) {
	case TUI_MOUSE_WHEEL_UP:
	case TUI_MOUSE_WHEEL_DOWN:
		wheel(app, mouse);
		return;
	case TUI_MOUSE_PRESS:
		app->mouse.down = 1;
		app->mouse.moved = 0;
		app->mouse.x = mouse->x;
		app->mouse.y = mouse->y;
		return;
	case TUI_MOUSE_DRAG:
		drag(app, mouse);
		return;
	case TUI_MOUSE_RELEASE:
		drag(app, mouse);
		if (app->mouse.down && !app->mouse.moved)
			click(app, mouse);
		app->mouse.down = 0;
		return;
	default:
		return;
	}
}
