/* SPDX-License-Identifier: MIT */
#include "tui/trace/load.h"

#include <stdlib.h>
#include <time.h>

#include "tui/scene/load.h"
#include "tui/trace/patience.h"
#include "tui/trace/span.h"

struct tui_load *tui_load_of(struct tui_trace *t)
{
	if (!t->load)
		t->load = calloc(1, sizeof(*t->load));
	return t->load;
}

void tui_load_for(struct tui_trace *t, int cols)
{
	struct tui_load *load = tui_load_of(t);

	if (load)
		load->cols = cols;
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

int tui_load_read(struct tui_trace *t, uint64_t budget_ns)
{
	if (!t->load || !t->load->cols)
		return 0;
	tui_trace_hurry(t, budget_ns, NULL, NULL);
	int changed = sum_lanes(t, budget_ns);
	tui_trace_whole(t);
	return changed;
}

int tui_load_unread(const struct tui_trace *t)
{
	const struct tui_load *load = t->load;
	struct tui_axis axis;

	if (!load || !load->cols)
		return 0;
	axis = axis_of(t, load);
	return !is_made(t, &axis) || load->sums.summed < load->sums.lanes;
}

void tui_load_forget(struct tui_trace *t)
{
	if (t->load)
		tui_load_fini(&t->load->sums);
	free(t->load);
	t->load = NULL;
}
