/* SPDX-License-Identifier: MIT
 *
 * On a tall screen each core has one lane more: how many OS threads were runnable and
 * waited for it. One scale for all cores, printed in the gutter, so that heights compare.
 */
#include <stdlib.h>

#include "tui/canvas/glyph.h"
#include "tui/scene/load.h"
#include "tui/view/timeline.h"

/* Of more threads than these their waits are not summed up in each frame. */
#define THREADS_MAX 1000

int tui_tl_has_queues(const struct tui_timeline *tl)
{
	/* Level 1 tells when ours run, not for which core they wait. */
	return tl->scene->facts->level >= 2 &&
	       gtv_window_lane_count(tl->scene->window, GTV_LANE_THREAD) <= THREADS_MAX;
}

static double depth_at(const struct tui_timeline *tl, const double *ns, int x)
{
	uint64_t from = tui_axis_time(&tl->axis, x), to = tui_axis_time(&tl->axis, x + 1);
	return to > from ? ns[x] / (double)(to - from) : 0;
}

/* Rounded up: what is there at all is seen. */
static int level_of(double depth, int most)
{
	int level = (int)(depth * 8 / most + 0.999);
	return depth <= 0 ? 0 : level < 1 ? 1 : level > 8 ? 8 : level;
}

static void draw_queue(struct tui_timeline *tl, const struct tui_tl_row *row,
		       const double *ns, int most)
{
	for (int x = 0; x < tl->axis.cells; x++) {
		int level = level_of(depth_at(tl, ns, x), most);
		if (level)
			tui_canvas_put(tl->canvas, tl->gutter + x, row->y_queue,
				       tui_glyph_level(level), TUI_READY, TUI_DEFAULT);
	}
	tui_canvas_textf(tl->canvas, tl->gutter - 5, row->y_queue, 4, TUI_TEXT, "%4d",
			 most > 9999 ? 9999 : most);
}

/* A summary knows how long threads waited, not for which core. */
static void no_queues(struct tui_timeline *tl)
{
	for (int i = 0; i < tl->row_count; i++)
		if (tl->row[i].y_queue) {
			tui_canvas_text(tl->canvas, tl->gutter + 1, tl->row[i].y_queue,
					tl->axis.cells - 1, TUI_FAINT,
					"zoom in to see how many wait for it");
			return;
		}
}

void tui_tl_queues(struct tui_timeline *tl)
{
	size_t cells = (size_t)tl->axis.cells, cores = 0;
	double *ns, deepest = 0;

	for (int i = 0; i < tl->row_count; i++)
		if (tl->row[i].y_queue && tl->row[i].lane.id >= cores)
			cores = (size_t)tl->row[i].lane.id + 1;
	if (!cores)
		return;
	if (!tl->exact) {
		no_queues(tl);
		return;
	}
	ns = calloc(cores * cells, sizeof(*ns));
	if (!ns)
		return;
	tui_load_queues(tl->scene->window, &tl->axis, ns, cores);
	for (size_t i = 0; i < cores * cells; i++) {
		double depth = depth_at(tl, ns + i / cells * cells, (int)(i % cells));
		deepest = depth > deepest ? depth : deepest;
	}
	int most = deepest > 1 ? (int)(deepest + 0.999) : 1;
	for (int i = 0; i < tl->row_count; i++)
		if (tl->row[i].y_queue)
			draw_queue(tl, &tl->row[i], ns + tl->row[i].lane.id * cells, most);
	free(ns);
}
