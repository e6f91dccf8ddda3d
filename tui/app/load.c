/* SPDX-License-Identifier: MIT
 *
 * The load view's pane: j and k choose a core, Enter goes to it in the timeline. The lanes
 * of the window are summed a part at a time, between frames, and the sums are kept.
 */
#include <stdlib.h>
#include <time.h>

#include "tui/app/app.h"
#include "tui/app/panes.h"
#include "tui/scene/load.h"
#include "tui/trace/patience.h"
#include "tui/trace/span.h"

static struct tui_load *load_of(struct tui_trace *t)
{
	if (!t->load)
		t->load = calloc(1, sizeof(*t->load));
	return t->load;
}

void tui_load_for(struct tui_trace *t, int cols)
{
	struct tui_load *load = load_of(t);

	if (load)
		load->cols = cols;
}

void act_LOAD(struct tui_app *app)
{
	tui_load_for(&app->trace, app->canvas.cols);
	tui_app_view(app, TUI_VIEW_LOAD);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The axis of the window that the view will draw. */
static struct tui_axis axis_of(const struct tui_trace *t, const struct tui_load *load)
{
	const struct tui_nav *nav = &t->nav;
	struct tui_range range = tui_range_of(nav, t->scope);

	if (range.kind == TUI_RANGE_CURSORS)
		return (struct tui_axis){range.from_ns, range.to_ns,
					 tui_timeline_cells(load->cols)};
	return (struct tui_axis){nav->from_ns,
				 nav->to_ns > nav->from_ns ? nav->to_ns : nav->from_ns + 1,
				 tui_timeline_cells(load->cols)};
}

static int is_same(const struct tui_axis *a, const struct tui_axis *b)
{
	return a->from_ns == b->from_ns && a->to_ns == b->to_ns && a->cells == b->cells;
}

/* The sums are of this axis, and the trace has not grown within it since. */
static int is_made(const struct tui_trace *t, const struct tui_axis *axis)
{
	const struct tui_load *load = t->load;

	return load->sums.memory && is_same(axis, &load->axis) &&
	       (load->upto_ns == t->nav.last_ns || load->upto_ns >= axis->to_ns);
}

/* Not before the window is read: half of it would stay half. */
static int begin(struct tui_trace *t, const struct tui_axis *axis)
{
	struct tui_load *load = t->load;
	int green = gtv_names_count(t->names, GTV_CLASS_GT) > 0;

	tui_load_fini(&load->sums);
	load->axis = *axis;
	load->upto_ns = t->nav.last_ns;
	if (!tui_load_begin(&load->sums, t->window, axis, green) &&
	    gtv_window_known_ns(t->window) == UINT64_MAX)
		return 0;
	tui_load_fini(&load->sums);
	return -1;
}

static int sum_lanes(struct tui_trace *t, uint64_t budget_ns)
{
	struct tui_load *load = t->load;
	struct tui_axis axis = axis_of(t, load);
	uint64_t began_ns = now_ns();

	if (!is_made(t, &axis) && begin(t, &axis))
		return 0;
	if (load->sums.summed >= load->sums.lanes)
		return 0;
	do {
		if (tui_load_go(&load->sums, t->window, &axis)) {
			tui_load_fini(&load->sums);
			return 1;
		}
	} while (load->sums.summed < load->sums.lanes && now_ns() - began_ns < budget_ns);
	return 1;
}

static int read_lanes(struct tui_trace *t, uint64_t budget_ns)
{
	if (!t->load || !t->load->cols)
		return 0;
	tui_trace_hurry(t, budget_ns, NULL, NULL);
	int changed = sum_lanes(t, budget_ns);
	tui_trace_whole(t);
	return changed;
}

static int unread(const struct tui_trace *t)
{
	const struct tui_load *load = t->load;
	struct tui_axis axis;

	if (!load || !load->cols)
		return 0;
	axis = axis_of(t, load);
	return !is_made(t, &axis) || load->sums.summed < load->sums.lanes;
}

static void forget(struct tui_trace *t)
{
	if (t->load)
		tui_load_fini(&t->load->sums);
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

	app->view = TUI_VIEW_TIMELINE;
	if (!lane.kind)
		return;
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

static int key(struct tui_app *app, enum tui_action action)
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

const struct tui_pane tui_pane_load = {
	.view = TUI_VIEW_LOAD,
	.read = read_lanes,
	.unread = unread,
	.forget = forget,
	.key = key,
};
