/* SPDX-License-Identifier: MIT
 *
 * The timeline: lanes over time, the main view. This file looks at the window,
 * lays the frame out and calls the others to draw it (timeline.h).
 */
#include <stdio.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tui/scene/roles.h"
#include "tui/view/chrome.h"
#include "tui/view/timeline.h"
#include "tui/view/views.h"

/* Narrower than this nothing can be read. */
#define COLS_MIN 40

int tui_timeline_gutter(int cols)
{
	return cols >= 200 ? 24 : cols >= 100 ? 19 : cols >= 80 ? 15 : cols >= 60 ? 9 : 5;
}

int tui_timeline_cells(int cols)
{
	int cells = cols - tui_timeline_gutter(cols) - 1;
	return cells > 1 ? cells : 1;
}

int tui_timeline_cells_at(int cols, int rows)
{
	return tui_timeline_cells(cols) - tui_timeline_side(cols, rows);
}

/* ---- shared by the files of the view ---- */

int tui_tl_gt_role(const struct tui_timeline *tl, uint32_t gt)
{
	struct tui_roles *roles = tl->scene->roles;
	return roles ? tui_roles_gt(roles, gt) : tui_ident_gt(tl->scene->names, gt);
}

static int thread_role(const struct tui_timeline *tl, uint32_t tid)
{
	struct tui_roles *roles = tl->scene->roles;
	return roles ? tui_roles_thread(roles, tid)
		     : tui_ident_thread(tl->scene->names, tid);
}

int tui_tl_fill_role(struct tui_timeline *tl, uint32_t gt, uint32_t tid, uint32_t *who)
{
	*who = gt ? gt : tid;
	if (gt)
		return tui_tl_gt_role(tl, gt);
	return tl->has_gts ? TUI_OTHER : thread_role(tl, tid);
}

const struct tui_tl_row *tui_tl_row_of(const struct tui_timeline *tl, struct gtv_lane lane)
{
	for (int i = 0; i < tl->row_count && lane.kind; i++)
		if (tl->row[i].lane.kind == lane.kind && tl->row[i].lane.id == lane.id)
			return &tl->row[i];
	return NULL;
}

size_t tui_tl_first(const struct gtv_piece *p, size_t count, uint64_t ts_ns)
{
	size_t lo = 0, hi = count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (p[mid].span.to_ns <= ts_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int tui_tl_is_narrow(const struct tui_timeline *tl, uint64_t from_ns, uint64_t to_ns)
{
	return tui_axis_eighth(&tl->axis, to_ns) - tui_axis_eighth(&tl->axis, from_ns) <
	       8 * 3;
}

int tui_tl_is_short(const struct tui_timeline *tl, const struct gtv_span *s)
{
	return s->to_ns - s->from_ns <
	       (tl->axis.to_ns - tl->axis.from_ns) / (uint64_t)tl->axis.cells;
}

int tui_tl_columns(const struct tui_timeline *tl, uint64_t from_ns, uint64_t to_ns,
		   int *first, int *last)
{
	if (to_ns <= tl->axis.from_ns || from_ns >= tl->axis.to_ns || to_ns <= from_ns)
		return 0;
	int a = tui_axis_cell(&tl->axis, from_ns), b = tui_axis_cell(&tl->axis, to_ns - 1);
	*first = tl->gutter + (a < 0 ? 0 : a);
	*last = tl->gutter + (b >= tl->axis.cells ? tl->axis.cells - 1 : b);
	return 1;
}

/* ---- a frame ---- */

int tui_tl_begin(struct tui_timeline *tl, struct tui_canvas *canvas,
		 const struct tui_scene *scene, int cols, int rows)
{
	return tui_tl_begin_side(tl, canvas, scene, cols, rows, 0);
}

int tui_tl_begin_side(struct tui_timeline *tl, struct tui_canvas *canvas,
		      const struct tui_scene *scene, int cols, int rows, int side)
{
	struct gtv_store_info info = {0};
	const struct tui_nav *nav = scene->nav;
	memset(tl, 0, sizeof(*tl));
	tl->scene = scene;
	tl->canvas = canvas;
	tl->cols = cols;
	tl->rows = rows;
	tl->gutter = tui_timeline_gutter(cols);
	tl->axis.from_ns = nav->from_ns;
	tl->axis.to_ns = nav->to_ns > nav->from_ns ? nav->to_ns : nav->from_ns + 1;
	tl->side = side;
	tl->axis.cells = cols - side - tl->gutter - 1;
	tl->axis.cells = tl->axis.cells > 1 ? tl->axis.cells : 1;
	tl->has_gts = gtv_names_count(scene->names, GTV_CLASS_GT) > 0;
	if (scene->roles)
		tui_roles_begin(scene->roles);
	if (scene->store)
		gtv_store_get_info(scene->store, &info);
	tl->start_ns = info.start_ns;
	uint64_t cell_ns = (tl->axis.to_ns - tl->axis.from_ns) / (uint64_t)tl->axis.cells;
	int err = gtv_window_look(scene->window, tl->axis.from_ns, tl->axis.to_ns,
				  cell_ns ? cell_ns : 1);
	tl->exact = gtv_window_exact(scene->window);
	return err;
}

static int begin(struct tui_timeline *tl, struct tui_canvas *canvas,
		 const struct tui_scene *scene, int cols, int rows)
{
	return tui_tl_begin_side(tl, canvas, scene, cols, rows,
				 tui_timeline_side(cols, rows));
}

static void draw_lanes(struct tui_timeline *tl)
{
	for (int i = 0; i < tl->row_count; i++) {
		if (!tl->row[i].lane.kind) {
			tui_tl_head_row(tl, &tl->row[i]);
			continue;
		}
		tui_tl_gutter_of(tl, &tl->row[i]);
		if (tl->row[i].lane.kind == GTV_LANE_CORE)
			tui_tl_core(tl, &tl->row[i]);
		else
			tui_tl_lane(tl, &tl->row[i]);
	}
	tui_tl_queues(tl);
	tui_tl_interrupts(tl);
	tui_tl_notes(tl);
	tui_tl_critical(tl);
	tui_tl_losses(tl);
	tui_tl_dropped(tl);
	tui_tl_unread(tl);
	tui_tl_selection(tl);
	tui_tl_edges(tl);
}

static void draw_chrome(struct tui_timeline *tl)
{
	static const char *const hints[] = {
		"w/s",	"zoom",	  "a/d", "pan",	 "j/k",	 "row",	 ", .", "span",	 "[ ]",
		"edge", "Enter",  "why", "Tab",	 "rows", "f",	 "fit", "Space", "freeze",
		"o",	"output", "q",	 "quit", "?",	 "help", NULL,
	};
	tui_chrome_title(tl->canvas, tl->scene, tl->y_title, TUI_ACT_NONE, NULL);
	tui_tl_minimap(tl);
	tui_tl_ruler(tl);
	tui_tl_scope(tl);
	tui_tl_rules(tl);
	tui_tl_panel(tl);
	tui_tl_headline(tl);
	tui_tl_legend(tl);
	tui_tl_cursor_line(tl);
	tui_chrome_status(tl->canvas, tl->scene, tl->y_status);
	tui_chrome_hints(tl->canvas, tl->scene, tl->y_hints, hints);
}

/* What is selected is shown in any case: it does not count. */
static void say_nobody_fits(struct tui_timeline *tl)
{
	const struct tui_filter *filter = &tl->scene->nav->filter;
	const struct tui_tl_row *row = tl->row_count ? &tl->row[0] : NULL;
	if (tui_filter_is_empty(filter) || tl->row_count > 1 ||
	    (row &&
	     tui_filter_lane(filter, tl->scene->names, tl->scene->window, row->lane)))
		return;
	int y = row ? row->y + row->height : tl->y_lanes;
	if (y < tl->lanes_end)
		tui_canvas_text(tl->canvas, 1, y, tl->cols - 2, TUI_WARN,
				"no row fits the filter: \\ changes it");
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	struct tui_timeline tl;
	if (tui_chrome_too_small(canvas, COLS_MIN, 1))
		return 0;
	int err = begin(&tl, canvas, scene, canvas->cols, canvas->rows);
	if (err) {
		tui_chrome_error(canvas, "this part of the trace cannot be read");
		return err;
	}
	tui_tl_chrome_rows(&tl);
	err = tui_tl_layout(&tl);
	if (!err)
		err = tui_strip_init(&tl.strip, &tl.axis);
	if (!err) {
		draw_lanes(&tl);
		say_nobody_fits(&tl);
		draw_chrome(&tl);
	}
	tui_strip_fini(&tl.strip);
	tui_tl_layout_fini(&tl);
	return err;
}

/* Goes over the lanes that can be chosen: how many there are, which of them is `from` (-1:
 * none), and the nth of them. */
static int walk(const struct tui_timeline *tl, struct gtv_lane from, int nth, int *count,
		struct gtv_lane *out)
{
	int at = -1;
	*count = 0;
	for (int i = 0; i < tl->groups; i++) {
		const struct tui_tl_group *g = &tl->group[i];
		/* Cores without a kernel source have a row but no spans. */
		if (g->kind == GTV_LANE_CORE && tl->scene->facts->level == 0)
			continue;
		for (int k = 0; k < g->count; k++) {
			if (!g->lane[k].kind)
				continue;
			if (at < 0 && tui_tl_same_lane(g->lane[k], from))
				at = *count;
			if (*count == nth)
				*out = g->lane[k];
			++*count;
		}
	}
	return at;
}

int tui_timeline_step(const struct tui_scene *scene, int cols, int rows,
		      struct gtv_lane from, int by, struct gtv_lane *out)
{
	struct tui_timeline tl;
	int count = 0, rc = -GTV_ENOTFOUND;
	int err = begin(&tl, NULL, scene, cols, rows);
	tui_tl_chrome_rows(&tl);
	if (!err)
		err = tui_tl_groups(&tl);
	if (!err) {
		int at = walk(&tl, from, -1, &count, out), to = at + by;
		if (at < 0)
			to = by > 0 ? 0 : count - 1;
		else if (to < 0 || to >= count)
			to = to < 0 ? 0 : count - 1;
		if (to != at && to >= 0 && to < count) {
			walk(&tl, from, to, &count, out);
			rc = 0;
		}
	}
	tui_tl_layout_fini(&tl);
	return err ? err : rc;
}

int tui_timeline_lane_at(const struct tui_scene *scene, int cols, int rows, int y,
			 struct gtv_lane *out)
{
	struct tui_timeline tl;
	int err = begin(&tl, NULL, scene, cols, rows);
	tui_tl_chrome_rows(&tl);
	if (!err)
		err = tui_tl_layout(&tl);
	int rc = -GTV_ENOTFOUND;
	for (int i = 0; i < tl.row_count && !err; i++) {
		const struct tui_tl_row *row = &tl.row[i];
		if (!row->lane.kind || y < row->y || y >= row->y + row->height)
			continue;
		*out = row->lane;
		rc = 0;
	}
	tui_tl_layout_fini(&tl);
	return err ? err : rc;
}

const struct tui_view_ops tui_view_timeline = {
	.id = TUI_VIEW_TIMELINE,
	.place = TUI_IN_TIMELINE,
	.name = "timeline",
	.summary = "lanes over time: cores, OS threads, green threads, locks",
	.draw = draw,
};
