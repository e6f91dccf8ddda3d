/* SPDX-License-Identifier: MIT
 *
 * Load over time: how much of a window's columns cores, queues and threads took. The sums
 * come from the pieces of a window (tracer/model/window.h), exact spans or tiles, so that
 * they cost columns and lanes, not events.
 */
#ifndef TUI_SCENE_LOAD_H
#define TUI_SCENE_LOAD_H

#include "tracer/model/window.h"
#include "tui/canvas/strip.h"

/* What threads do; of green threads, or of OS threads in a program that has none. */
enum tui_load_threads {
	TUI_LOAD_RUNNING,
	TUI_LOAD_RUNNABLE, /* ready, runnable or preempted: it could run */
	TUI_LOAD_BLOCKED,
	TUI_LOAD_UNKNOWN,
	TUI_LOAD_THREADS_MAX
};

struct tui_load_sums {
	int cells;
	int exact;	      /* of spans; else of summaries */
	int green;	      /* threads are green ones */
	size_t lanes, summed; /* to be summed, and so far */
	/* By cell, in ns: of all the column's time times how many. */
	double *threads[TUI_LOAD_THREADS_MAX];
	double *queue;		  /* OS threads that are runnable */
	double *core[GTV_ST_MAX]; /* of all cores: BUSY, OTHER, IDLE, AWAY, UNKNOWN */
	double *memory;
};

/* What the load view keeps between frames: to sum all lanes anew is not for a frame. */
struct tui_load {
	size_t chosen; /* of the cores known in the window */
	int cols;      /* of the screen; 0: not known yet */
	struct tui_axis axis;
	uint64_t upto_ns;	   /* the trace's end when it was begun */
	struct tui_load_sums sums; /* over the axis; memory NULL: not begun */
};

/* Lanes summed at a time: their pieces are in memory together. */
#define TUI_LOAD_PART 64

/* Looks at the axis' window and begins sums of it, with nothing summed yet. fini in any
 * case. 0, or -GTV_E*. */
int tui_load_begin(struct tui_load_sums *sums, struct gtv_window *window,
		   const struct tui_axis *axis, int green);
/* Looks again, and sums some more lanes; the same window and axis. 0, or -GTV_E*. */
int tui_load_go(struct tui_load_sums *sums, struct gtv_window *window,
		const struct tui_axis *axis);
/* Both, for all lanes. */
int tui_load_sum(struct tui_load_sums *sums, struct gtv_window *window,
		 const struct tui_axis *axis, int green);
void tui_load_fini(struct tui_load_sums *sums);
/* ns of each state of one lane by cell, into ns[state * cells + cell], added. */
void tui_load_lane(const struct gtv_window *window, struct gtv_lane lane,
		   const struct tui_axis *axis, double *ns);
/* How long OS threads waited for a core, by core (exact windows only), into
 * ns[core * cells + cell]; cores above `cores` are left out. */
void tui_load_queues(const struct gtv_window *window, const struct tui_axis *axis,
		     double *ns, size_t cores);

#endif
