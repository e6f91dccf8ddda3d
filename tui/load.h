/* SPDX-License-Identifier: MIT
 *
 * Load over time: how much of a window's columns cores, queues and threads took. The sums
 * come from the pieces of a window (tracer/model/window.h), exact spans or tiles, so that
 * they cost columns and lanes, not events.
 */
#ifndef TUI_LOAD_H
#define TUI_LOAD_H

#include "tracer/model/window.h"
#include "tui/strip.h"

/* The load view's place. */
struct tui_load {
	size_t chosen; /* of the cores known in the window */
};

/* What threads do; of green threads, or of OS threads in a program that has none. */
enum tui_load_threads {
	TUI_LOAD_RUNNING,
	TUI_LOAD_RUNNABLE, /* ready, runnable or preempted: it could run */
	TUI_LOAD_BLOCKED,
	TUI_LOAD_UNKNOWN,
	TUI_LOAD_THREADS_MAX
};

#define TUI_LOAD_LANES_MAX 4096 /* of a kind; more are not summed, and it says so */

struct tui_load_sums {
	int cells;
	int exact;	    /* of spans; else of summaries */
	size_t lanes, left; /* threads summed, and left out */
	int green;	    /* threads are green ones */
	/* By cell, in ns: of all the column's time times how many. */
	double *threads[TUI_LOAD_THREADS_MAX];
	double *queue;		  /* OS threads that are runnable */
	double *core[GTV_ST_MAX]; /* of all cores: BUSY, OTHER, IDLE, AWAY, UNKNOWN */
	double *memory;
};

/* Sums the looked-at window over the axis. fini in either case. 0 or -GTV_ENOMEM. */
int tui_load_sum(struct tui_load_sums *sums, const struct gtv_window *window,
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
