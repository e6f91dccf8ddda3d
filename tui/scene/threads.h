/* SPDX-License-Identifier: MIT
 *
 * What the threads view shows, as data: which lanes in which order, the chosen one and
 * the chosen line below the table. trace/threads.c fills it; the view only draws.
 */
#ifndef TUI_SCENE_THREADS_H
#define TUI_SCENE_THREADS_H

#include "tracer/model/attribution.h"
#include "tracer/base/names.h"
#include "tui/scene/filter.h"
#include "tui/scene/range.h"
#include "tui/scene/ranking.h"

struct gtv_window;

/* X(ID, "word", "head"): what the table is sorted by, in the order of the key. */
#define TUI_THREADS_SORTS(X)                                                               \
	X(WAIT, "wait")                                                                    \
	X(RUN, "run")                                                                      \
	X(LIFE, "life")                                                                    \
	X(RUNS, "runs")                                                                    \
	X(WORST, "longest wait")                                                           \
	X(BIRTH, "birth")

enum tui_threads_sort {
#define X(id, word) TUI_SORT_##id,
	TUI_THREADS_SORTS(X)
#undef X
		TUI_SORT_MAX
};

struct tui_threads {
	const struct gtv_attribution *attr; /* NULL: nothing was read yet */
	uint8_t kind;			    /* GTV_LANE_GT or GTV_LANE_THREAD */
	uint8_t sort;			    /* enum tui_threads_sort */
	struct tui_filter filter;	    /* of lanes, by their names */
	struct tui_ranked *row; /* sorted; idx: of the lane, for gtv_attr_lane */
	uint8_t row_sort;	/* …by that, until others are listed */
	size_t count, all;	/* rows; there are without the filter */
	size_t cap, chosen;
	struct { /* the rows to come, if `on` */
		int on;
		struct tui_ranked *row, *spare;
		size_t count, all, cap;
		size_t at, of; /* so many lanes of all were looked at */
	} making;
	struct gtv_lane lane;	/* the chosen one: keeps its place when figures change */
	int line;		/* below the table: 0 none, else 1 + tui_threads_lines */
	struct tui_range range; /* what of the trace is counted */
	uint64_t from_ns;	/* …begins here */
	uint64_t upto_ns;	/* what was read */
	int done;		/* …is all there will be */
};

const char *tui_threads_sort_word(unsigned sort);
/* Makes the rows anew from the figures. The chosen lane stays chosen, if it is there; so
 * does the first, if it is. window: for filters of states and cores; NULL: by names
 * alone. 0 or -GTV_ENOMEM. */
int tui_threads_list(struct tui_threads *t, const struct gtv_names *names,
		     const struct gtv_window *window);
/* The same in parts, for there may be a hundred thousand: from here on, and each time for
 * about so much work, in lanes. Until it is done the rows are what they were. 1: done, rows
 * may be others; 0: not yet; or -GTV_ENOMEM: they stay. */
void tui_threads_relist(struct tui_threads *t);
int tui_threads_list_on(struct tui_threads *t, const struct gtv_names *names,
			const struct gtv_window *window, long work);
/* Frees the rows, those to come included. */
void tui_threads_fini(struct tui_threads *t);
/* The chosen lane is another: its row. */
void tui_threads_look(struct tui_threads *t);
/* Chooses a row by its place; there must be one. */
void tui_threads_choose(struct tui_threads *t, size_t row);
/* The row that is chosen now stays so, wherever it goes. */
void tui_threads_keep(struct tui_threads *t);

/* A line below the table: a state of the chosen lane, or who made it wait. */
struct tui_threads_line {
	uint32_t lock; /* 0: a state */
	struct gtv_attr_state state;
	struct gtv_attr_share share;
	uint64_t from_ns, to_ns; /* its evidence: the longest such span */
};
#define TUI_THREADS_LINES 128
#define TUI_THREADS_LOCKS 4 /* that are told, most time first */
/* The states first, then by lock. Returns the count. */
int tui_threads_lines(const struct tui_threads *t,
		      struct tui_threads_line out[TUI_THREADS_LINES]);
/* "GIL", "fd 7", "C2 and others". Returns buf. */
char *tui_threads_on(const struct gtv_names *names, const struct gtv_attr_state *state,
		     char *buf, size_t size);

#endif
