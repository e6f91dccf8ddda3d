/* SPDX-License-Identifier: MIT
 *
 * The mouse, for who likes it: over an axis of time, in whatever view, the wheel zooms at
 * the pointer and dragging pans; elsewhere the wheel goes through the rows. A click selects
 * the span or the row under the pointer, and a second one is Enter. No key depends on it.
 */
#include "tracer/base/err.h"
#include "tui/app/app.h"
#include "tui/scene/keys.h"
#include "tui/trace/select.h"

#define ZOOM_IN_PERMILLE  700
#define ZOOM_OUT_PERMILLE 1429
#define DOUBLE_NS	  400000000u

/* Cells that are as wide as the window. */
struct axis {
	int x, cells;
};

/* The axis of time under the pointer; 0: there is none. */
static int axis_at(const struct tui_app *app, int x, int y, struct axis *out)
{
	const struct tui_spot *spot = tui_spot_at(&app->spots, x, y, 1);

	if (app->view == TUI_VIEW_TIMELINE)
		*out = (struct axis){
			tui_timeline_gutter(app->canvas.cols),
			tui_timeline_cells_at(app->canvas.cols, app->canvas.rows)};
	else if (spot)
		*out = (struct axis){spot->x, spot->width};
	else
		return 0;
	return x >= out->x && out->cells > 0;
}

/* The time at a column: the middle of the cell. */
static uint64_t time_at(const struct tui_app *app, const struct axis *axis, int x)
{
	const struct tui_nav *nav = &app->trace.nav;
	uint64_t span_ns = nav->to_ns - nav->from_ns, cells = (uint64_t)axis->cells;
	int at = x - axis->x;

	if (at < 0)
		at = 0;
	if (at >= axis->cells)
		at = axis->cells - 1;
	return nav->from_ns + (span_ns / cells) * (uint64_t)at + span_ns / cells / 2;
}

static void wheel(struct tui_app *app, const struct tui_mouse *mouse)
{
	int up = mouse->act == TUI_MOUSE_WHEEL_UP;
	struct axis axis;

	if (axis_at(app, mouse->x, mouse->y, &axis))
		tui_nav_zoom_at(&app->trace.nav, time_at(app, &axis, mouse->x),
				up ? ZOOM_IN_PERMILLE : ZOOM_OUT_PERMILLE);
	else if (app->view == TUI_VIEW_OUTPUT)
		tui_app_key(app, up ? TUI_KEY_LEFT : TUI_KEY_RIGHT);
	else
		tui_app_key(app, up ? TUI_KEY_UP : TUI_KEY_DOWN);
}

static void drag(struct tui_app *app, const struct tui_mouse *mouse)
{
	struct tui_nav *nav = &app->trace.nav;
	struct axis axis;

	if (!app->mouse.down || mouse->x == app->mouse.x)
		return;
	app->mouse.moved = 1;
	if (!axis_at(app, app->mouse.from_x, app->mouse.y, &axis))
		return;
	tui_nav_drag(nav, (int64_t)(nav->to_ns - nav->from_ns) / axis.cells *
				  (app->mouse.x - mouse->x));
	app->mouse.x = mouse->x;
}

static void click(struct tui_app *app, const struct tui_mouse *mouse)
{
	uint64_t now_ns = tui_app_now_ns();
	int again = now_ns - app->mouse.click_ns < DOUBLE_NS &&
		    app->mouse.click_x == mouse->x && app->mouse.click_y == mouse->y;
	const struct tui_spot *spot = tui_spot_at(&app->spots, mouse->x, mouse->y, 0);
	struct axis axis = {0, 1};
	struct tui_scene scene;
	struct gtv_lane lane;

	app->mouse.click_ns = again ? 0 : now_ns;
	app->mouse.click_x = mouse->x;
	app->mouse.click_y = mouse->y;
	if (spot) {
		tui_app_click(app, spot, again);
		return;
	}
	int in_time = axis_at(app, mouse->x, mouse->y, &axis);

	if (app->view != TUI_VIEW_TIMELINE) {
		if (in_time)
			tui_nav_cursor_to(&app->trace.nav, time_at(app, &axis, mouse->x));
		return;
	}
	if (again) {
		tui_app_key(app, TUI_KEY_ENTER);
		return;
	}
	tui_trace_scene(&app->trace, &scene);
	if (tui_timeline_lane_at(&scene, app->canvas.cols, app->canvas.rows, mouse->y,
				 &lane))
		return;
	tui_app_tell(app, tui_select_at(&app->trace, lane, time_at(app, &axis, mouse->x)),
		     "nothing is there");
}

static void act(struct tui_app *app, const struct tui_mouse *mouse)
{
	switch (mouse->act) {
	case TUI_MOUSE_WHEEL_UP:
	case TUI_MOUSE_WHEEL_DOWN:
		app->trace.facts.message[0] = 0;
		wheel(app, mouse);
		return;
	case TUI_MOUSE_PRESS:
		app->trace.facts.message[0] = 0;
		app->mouse.down = 1;
		app->mouse.moved = 0;
		app->mouse.x = app->mouse.from_x = mouse->x;
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

void tui_app_mouse(struct tui_app *app, const struct tui_mouse *mouse)
{
	if (app->typing || app->prompt.open || app->canvas.cols < 1)
		return;
	/* As a key's: one step of undo. */
	tui_nav_step(&app->trace.nav, 1);
	act(app, mouse);
	tui_nav_step(&app->trace.nav, 0);
}
