/* SPDX-License-Identifier: MIT */
#include "tui/scene/load.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"

/* `ns` of [from, to) lies evenly in it: each cell gets its part. */
static void spread(const struct tui_axis *axis, uint64_t from_ns, uint64_t to_ns, double ns,
		   double *cell)
{
	uint64_t from = from_ns > axis->from_ns ? from_ns : axis->from_ns;
	uint64_t to = to_ns < axis->to_ns ? to_ns : axis->to_ns;
	double density;
	int first, last;

	if (from >= to || to_ns <= from_ns)
		return;
	density = ns / (double)(to_ns - from_ns);
	first = tui_axis_cell(axis, from);
	last = tui_axis_cell(axis, to - 1);
	for (int c = first < 0 ? 0 : first; c <= last && c < axis->cells; c++) {
		uint64_t a = tui_axis_time(axis, c), b = tui_axis_time(axis, c + 1);
		a = a > from ? a : from;
		b = b < to ? b : to;
		if (b > a)
			cell[c] += density * (double)(b - a);
	}
}

static void each_state(const struct tui_axis *axis, const struct gtv_piece *p, double *ns,
		       const int *row_of_state)
{
	for (unsigned st = 0; st < GTV_ST_MAX; st++)
		if (p->states >> st & 1 && row_of_state[st] >= 0)
			spread(axis, p->span.from_ns, p->span.to_ns,
			       (double)gtv_piece_ns(p, st),
			       ns + (size_t)row_of_state[st] * (size_t)axis->cells);
}

static void sum_lane(const struct gtv_window *window, struct gtv_lane lane,
		     const struct tui_axis *axis, double *ns, const int *row_of_state)
{
	size_t count;
	const struct gtv_piece *p = gtv_window_pieces(window, lane, &count);

	for (size_t i = 0; i < count; i++)
		each_state(axis, &p[i], ns, row_of_state);
}

void tui_load_lane(const struct gtv_window *window, struct gtv_lane lane,
		   const struct tui_axis *axis, double *ns)
{
	int row[GTV_ST_MAX];

	for (int st = 0; st < GTV_ST_MAX; st++)
		row[st] = st;
	sum_lane(window, lane, axis, ns, row);
}

static void thread_rows(int *row)
{
	for (int st = 0; st < GTV_ST_MAX; st++)
		row[st] = TUI_LOAD_BLOCKED;
	row[GTV_ST_NONE] = row[GTV_ST_DONE] = -1;
	row[GTV_ST_RUNNING] = TUI_LOAD_RUNNING;
	row[GTV_ST_READY] = row[GTV_ST_RUNNABLE] = row[GTV_ST_PREEMPTED] =
		TUI_LOAD_RUNNABLE;
	row[GTV_ST_UNKNOWN] = TUI_LOAD_UNKNOWN;
}

/* Of more lanes than are summed anew for each frame the pieces are not kept. */
#define KEPT_LANES 512

static int look(struct gtv_window *window, const struct tui_axis *axis)
{
	uint64_t cell_ns = (axis->to_ns - axis->from_ns) / (uint64_t)axis->cells;

	return gtv_window_look(window, axis->from_ns, axis->to_ns, cell_ns ? cell_ns : 1);
}

/* In this order. */
static const enum gtv_lane_kind kinds[] = {GTV_LANE_CORE, GTV_LANE_THREAD, GTV_LANE_GT};

int tui_load_begin(struct tui_load_sums *sums, struct gtv_window *window,
		   const struct tui_axis *axis, int green)
{
	size_t cells = (size_t)axis->cells;
	int rc = look(window, axis);

	memset(sums, 0, sizeof(*sums));
	if (rc)
		return rc;
	sums->cells = axis->cells;
	sums->exact = gtv_window_exact(window);
	sums->green = green && gtv_window_lane_count(window, GTV_LANE_GT) > 0;
	for (size_t k = 0; k < 2u + (sums->green ? 1u : 0u); k++)
		sums->lanes += gtv_window_lane_count(window, kinds[k]);
	sums->memory =
		calloc((TUI_LOAD_THREADS_MAX + 1 + GTV_ST_MAX) * cells, sizeof(double));
	if (!sums->memory)
		return -GTV_ENOMEM;
	for (size_t i = 0; i < TUI_LOAD_THREADS_MAX; i++)
		sums->threads[i] = sums->memory + i * cells;
	sums->queue = sums->memory + TUI_LOAD_THREADS_MAX * cells;
	for (size_t st = 0; st < GTV_ST_MAX; st++)
		sums->core[st] = sums->queue + (1 + st) * cells;
	return 0;
}

static void add_lane(struct tui_load_sums *sums, const struct gtv_window *window,
		     const struct tui_axis *axis, struct gtv_lane lane)
{
	int threads[GTV_ST_MAX], queue[GTV_ST_MAX];

	if (lane.kind == GTV_LANE_CORE) {
		tui_load_lane(window, lane, axis, sums->core[0]);
		return;
	}
	thread_rows(threads);
	if (lane.kind == GTV_LANE_GT || !sums->green)
		sum_lane(window, lane, axis, sums->threads[0], threads);
	if (lane.kind == GTV_LANE_GT)
		return;
	for (int st = 0; st < GTV_ST_MAX; st++)
		queue[st] = st == GTV_ST_RUNNABLE || st == GTV_ST_PREEMPTED ? 0 : -1;
	sum_lane(window, lane, axis, sums->queue, queue);
}

int tui_load_go(struct tui_load_sums *sums, struct gtv_window *window,
		const struct tui_axis *axis)
{
	size_t end = sums->summed + TUI_LOAD_PART, before = 0;
	int rc = look(window, axis);

	if (rc)
		return rc;
	for (size_t k = 0; k < 2u + (sums->green ? 1u : 0u); k++) {
		size_t count = gtv_window_lane_count(window, kinds[k]);
		while (sums->summed < end && sums->summed < before + count) {
			size_t idx = sums->summed - before;
			struct gtv_lane lane = gtv_window_lane(window, kinds[k], idx);
			add_lane(sums, window, axis, lane);
			if (sums->lanes > KEPT_LANES && lane.kind != GTV_LANE_CORE)
				gtv_window_drop_pieces(window, lane);
			sums->summed++;
		}
		before += count;
	}
	/* A live trace may know fewer or more by now: this many there were. */
	if (sums->summed < end || sums->summed > sums->lanes)
		sums->summed = sums->lanes;
	return 0;
}

int tui_load_sum(struct tui_load_sums *sums, struct gtv_window *window,
		 const struct tui_axis *axis, int green)
{
	int rc = tui_load_begin(sums, window, axis, green);

	while (!rc && sums->summed < sums->lanes)
		rc = tui_load_go(sums, window, axis);
	return rc;
}

void tui_load_fini(struct tui_load_sums *sums)
{
	free(sums->memory);
	memset(sums, 0, sizeof(*sums));
}

void tui_load_queues(const struct gtv_window *window, const struct tui_axis *axis,
		     double *ns, size_t cores)
{
	size_t lanes = gtv_window_lane_count(window, GTV_LANE_THREAD);

	if (!gtv_window_exact(window))
		return;
	for (size_t i = 0; i < lanes; i++) {
		size_t count;
		const struct gtv_piece *p = gtv_window_pieces(
			window, gtv_window_lane(window, GTV_LANE_THREAD, i), &count);
		for (size_t k = 0; k < count; k++) {
			const struct gtv_span *s = &p[k].span;
			if ((s->state != GTV_ST_RUNNABLE && s->state != GTV_ST_PREEMPTED) ||
			    s->core < 0 || (size_t)s->core >= cores)
				continue;
			spread(axis, s->from_ns, s->to_ns, (double)(s->to_ns - s->from_ns),
			       ns + (size_t)s->core * (size_t)axis->cells);
		}
	}
}
