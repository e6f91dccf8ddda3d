/* SPDX-License-Identifier: MIT
 *
 * Interrupts, where they were recorded (--irq): a thread that one holds up is still on its
 * core, so the lanes stay as they are; an exclamation mark in the floor of a core's lane
 * says that interrupts had an eighth of this cell or more.
 */
#include <stdlib.h>

#include "tracer/model/extra.h"
#include "tui/view/timeline.h"

#define EIGHTH 8

/* Only on the line of the floor: what is written there stays. */
static void mark(struct tui_timeline *tl, int x, int y)
{
	const struct tui_cell *cell = tui_canvas_at(tl->canvas, x, y);

	if (cell && (cell->glyph == ' ' || cell->glyph >= 0x2500))
		tui_canvas_put(tl->canvas, x, y, '!', TUI_WARN, TUI_DEFAULT);
}

/* ns of each cell that interrupts had. One within another counts twice here: what lies
 * inside is short, and a mark is a mark. */
static void sum_cells(const struct tui_timeline *tl, uint32_t core, uint64_t *ns)
{
	const struct tui_axis *axis = &tl->axis;
	size_t count;
	const struct gtv_extra *x = gtv_window_extras(tl->scene->window, &count);

	for (size_t i = 0; i < count; i++) {
		if (x[i].kind == GTV_EV_K_SYSCALL || x[i].core != (int32_t)core ||
		    x[i].to_ns <= axis->from_ns || x[i].from_ns >= axis->to_ns)
			continue;
		uint64_t from = x[i].from_ns > axis->from_ns ? x[i].from_ns : axis->from_ns;
		uint64_t end = x[i].to_ns < axis->to_ns ? x[i].to_ns : axis->to_ns;
		for (int cell = tui_axis_cell(axis, from); from < end; cell++) {
			uint64_t to = tui_axis_time(axis, cell + 1);
			if (cell < 0 || cell >= axis->cells || to <= from)
				break;
			to = to < end ? to : end;
			ns[cell] += to - from;
			from = to;
		}
	}
}

static void mark_core(struct tui_timeline *tl, const struct tui_tl_row *row, uint64_t *ns)
{
	int floor = row->y + row->height - 1;

	for (int x = 0; x < tl->axis.cells; x++)
		ns[x] = 0;
	sum_cells(tl, row->lane.id, ns);
	for (int x = 0; x < tl->axis.cells; x++) {
		uint64_t cell_ns =
			tui_axis_time(&tl->axis, x + 1) - tui_axis_time(&tl->axis, x);
		if (ns[x] && ns[x] * EIGHTH >= cell_ns)
			mark(tl, tl->gutter + x, floor);
	}
}

void tui_tl_interrupts(struct tui_timeline *tl)
{
	size_t count;
	uint64_t *ns;

	gtv_window_extras(tl->scene->window, &count);
	ns = count && tl->axis.cells > 0 ? malloc((size_t)tl->axis.cells * sizeof(*ns))
					 : NULL;
	for (int i = 0; ns && i < tl->row_count; i++)
		if (tl->row[i].lane.kind == GTV_LANE_CORE && tl->row[i].height > 1)
			mark_core(tl, &tl->row[i], ns);
	free(ns);
}

void tui_tl_irq_legend(struct tui_timeline *tl, int x, int end)
{
	size_t count, i = 0;
	const struct gtv_extra *e = gtv_window_extras(tl->scene->window, &count);

	while (i < count && e[i].kind == GTV_EV_K_SYSCALL)
		i++;
	if (i == count || x + 11 > end)
		return;
	tui_canvas_put(tl->canvas, x, tl->y_legend, '!', TUI_WARN, TUI_DEFAULT);
	tui_canvas_text(tl->canvas, x + 2, tl->y_legend, 9, TUI_DIM, "interrupt");
}
