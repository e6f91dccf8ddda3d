/* SPDX-License-Identifier: MIT
 *
 * What the keys do: one function for each action of the keys table, by name, so
 * that an action without a function does not compile.
 */
#include "tui/app/app.h"

#include <stdio.h>
#include <string.h>

#include "tui/app/panes.h"
#include "tui/app/prompt.h"
#include "tui/app/search.h"
#include "tui/app/scope.h"
#include "tui/scene/keys.h"
#include "tui/trace/select.h"

#define SPEED_MIN_PERMILLE 1
#define SPEED_MAX_PERMILLE 1000000
#define PAGE_ROWS	   10

/* Control keys that every terminal program has; they are in no table. */
enum { CTRL_C = 3, CTRL_L = 12, CTRL_Z = 26 };

static struct tui_nav *nav_of(struct tui_app *app)
{
	return &app->trace.nav;
}

static int cells(const struct tui_app *app)
{
	return tui_timeline_cells_at(app->canvas.cols, app->canvas.rows);
}

static int is_replay(const struct tui_app *app)
{
	return app->trace.facts.mode != TUI_LIVE;
}

static void act_ZOOM_IN(struct tui_app *app)
{
	tui_nav_zoom(nav_of(app), 1000000 / app->settings.zoom_permille);
}

static void act_ZOOM_OUT(struct tui_app *app)
{
	tui_nav_zoom(nav_of(app), app->settings.zoom_permille);
}

static void act_PAN_LEFT(struct tui_app *app)
{
	tui_nav_pan(nav_of(app), -app->settings.pan_hundredths);
}

static void act_PAN_RIGHT(struct tui_app *app)
{
	tui_nav_pan(nav_of(app), app->settings.pan_hundredths);
}

static void act_CURSOR_LEFT(struct tui_app *app)
{
	tui_nav_cursor(nav_of(app), -1, cells(app));
}

static void act_CURSOR_RIGHT(struct tui_app *app)
{
	tui_nav_cursor(nav_of(app), 1, cells(app));
}

static void act_BEGIN(struct tui_app *app)
{
	tui_nav_begin(nav_of(app));
}

static void act_END(struct tui_app *app)
{
	tui_nav_end(nav_of(app), !is_replay(app));
}

static void act_FIT(struct tui_app *app)
{
	tui_nav_fit(nav_of(app));
}

static void act_UNDO(struct tui_app *app)
{
	if (!tui_nav_undo(nav_of(app)))
		tui_app_say(app, "there is nothing to go back to");
}

static void act_REDO(struct tui_app *app)
{
	if (!tui_nav_redo(nav_of(app)))
		tui_app_say(app, "there is nothing to go on to");
}

/* Playing needs somewhere to go: from the end it starts over, and a window on the
 * whole trace is narrowed to a part of it. */
static void start_playing(struct tui_nav *nav)
{
	uint64_t range_ns = nav->last_ns - nav->first_ns;
	uint64_t width_ns = nav->to_ns - nav->from_ns;

	if (nav->to_ns >= nav->last_ns) {
		if (width_ns > range_ns / 2)
			width_ns = range_ns / 10 + 1;
		tui_nav_window(nav, nav->first_ns, nav->first_ns + width_ns);
	}
	nav->playing = 1;
}

static void act_PAUSE(struct tui_app *app)
{
	struct tui_nav *nav = nav_of(app);

	if (!is_replay(app)) {
		nav->paused = !nav->paused;
	} else if (nav->playing) {
		nav->playing = 0;
	} else {
		start_playing(nav);
		app->played_ns = tui_app_now_ns();
	}
}

static void set_speed(struct tui_app *app, int permille)
{
	if (!is_replay(app)) {
		tui_app_live_speed(app, permille);
		return;
	}
	if (permille < SPEED_MIN_PERMILLE)
		permille = SPEED_MIN_PERMILLE;
	if (permille > SPEED_MAX_PERMILLE)
		permille = SPEED_MAX_PERMILLE;
	nav_of(app)->speed_permille = permille;
	tui_app_say(app, "speed %gx", permille / 1000.0);
}

static void act_SLOWER(struct tui_app *app)
{
	set_speed(app, nav_of(app)->speed_permille / 2);
}

static void act_FASTER(struct tui_app *app)
{
	int speed = nav_of(app)->speed_permille;

	set_speed(app, speed > SPEED_MAX_PERMILLE / 2 ? speed : 2 * speed);
}

void tui_app_tell(struct tui_app *app, int rc, const char *nothing)
{
	if (rc == -GTV_ENOTFOUND)
		tui_app_say(app, "%s", nothing);
	else if (rc)
		tui_app_say(app, "this part of the trace cannot be read");
}

static void act_ROW_DOWN(struct tui_app *app)
{
	tui_app_tell(app,
		     tui_select_row(&app->trace, app->canvas.cols, app->canvas.rows, 1),
		     "this is the last row");
}

static void act_ROW_UP(struct tui_app *app)
{
	tui_app_tell(app,
		     tui_select_row(&app->trace, app->canvas.cols, app->canvas.rows, -1),
		     "this is the first row");
}

/* As far as it goes; at the end already, that is told. */
static void page(struct tui_app *app, int dir, const char *nothing)
{
	tui_app_tell(app,
		     tui_select_row(&app->trace, app->canvas.cols, app->canvas.rows,
				    dir * PAGE_ROWS),
		     nothing);
}

static void act_PAGE_DOWN(struct tui_app *app)
{
	page(app, 1, "this is the last row");
}

static void act_PAGE_UP(struct tui_app *app)
{
	page(app, -1, "this is the first row");
}

static void act_EDGES(struct tui_app *app)
{
	nav_of(app)->all_edges = !nav_of(app)->all_edges;
}

static void act_PIVOT(struct tui_app *app)
{
	tui_nav_rows_next(nav_of(app), 1);
}

static void act_TIMELINE(struct tui_app *app)
{
	tui_app_timeline(app);
}

void tui_app_view(struct tui_app *app, enum tui_view_id view)
{
	app->view = app->view == view ? TUI_VIEW_TIMELINE : view;
}

static void act_FINDINGS(struct tui_app *app)
{
	tui_app_view(app, TUI_VIEW_FINDINGS);
}

static void act_OUTPUT(struct tui_app *app)
{
	tui_app_view(app, TUI_VIEW_OUTPUT);
}

static void act_HELP(struct tui_app *app)
{
	tui_app_view(app, TUI_VIEW_HELP);
}

void act_INPUT(struct tui_app *app)
{
	if (!app->session || !app->status.running) {
		tui_app_say(app, "there is no program running");
		return;
	}
	if (app->status.attached) {
		tui_app_say(app, "it was attached to: its terminal is its own");
		return;
	}
	app->typing = 1;
	app->view_before = app->view;
	app->view = TUI_VIEW_OUTPUT;
	tui_app_say(app, "typing to the program; Esc ends it");
}

static void act_WRITE(struct tui_app *app)
{
	if (app->session)
		tui_live_write(app);
	else
		tui_app_say(app, "this is a file already");
}

static void act_DETACH(struct tui_app *app)
{
	if (!app->session || !app->status.running)
		tui_app_say(app, "there is no program running");
	else
		app->leave = TUI_LEAVE_DETACH;
}

static void act_QUIT(struct tui_app *app)
{
	app->leave = TUI_LEAVE_QUIT;
}

static void (*const actions[TUI_ACT_MAX])(struct tui_app *) = {
#define X(id, group, place, keys, help) [TUI_ACT_##id] = act_##id,
	TUI_KEYS(X)
#undef X
};

static void type_key(struct tui_app *app, int key)
{
	if (key != TUI_KEY_ESC) {
		tui_live_key(app, key);
		return;
	}
	app->typing = 0;
	app->view = app->view_before;
	app->trace.facts.message[0] = 0;
}

void tui_app_key(struct tui_app *app, int key)
{
	enum tui_action action;

	struct tui_mouse mouse;

	app->dirty = 1;
	if (key == TUI_KEY_MOUSE) {
		tui_term_mouse(app->term, &mouse);
		tui_app_mouse(app, &mouse);
		return;
	}
	app->lost_told = app->trace.facts.lost;
	app->trace.facts.lost_seen = 1;
	if (app->typing) {
		type_key(app, key);
		return;
	}
	app->trace.facts.message[0] = 0;
	app->wants_finding = 0;
	tui_search_stop(app);
	if (app->prompt.open && key != CTRL_L && key != CTRL_Z) {
		tui_nav_step(nav_of(app), 1);
		tui_app_prompt_key(app, key);
		tui_nav_step(nav_of(app), 0);
		return;
	}
	switch (key) {
	case CTRL_C:
		app->leave = TUI_LEAVE_QUIT;
		return;
	case CTRL_L:
		tui_term_repaint(app->term);
		return;
	case CTRL_Z:
		tui_term_suspend(app->term);
		return;
	}
	action = tui_keymap_action(&app->keymap, tui_view_place(app->view), key);
	/* What one key does is one step of undo. */
	tui_nav_step(nav_of(app), 1);
	if (tui_pane_key(app, app->view, action))
		;
	else if (actions[action])
		actions[action](app);
	else
		tui_app_say(app, "this key does nothing: ? lists those that do");
	tui_nav_step(nav_of(app), 0);
}
