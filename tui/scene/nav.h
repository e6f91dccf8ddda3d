/* SPDX-License-Identifier: MIT
 *
 * Where the user is: the window of time, the rows, the selection. Pure: keys call
 * these functions, views draw what they left; nothing here draws or reads keys.
 */
#ifndef TUI_SCENE_NAV_H
#define TUI_SCENE_NAV_H

#include <stdint.h>

#include "tracer/model/span.h"
#include "tui/scene/filter.h"
#include "tui/scene/range.h"

enum tui_rows {
	TUI_ROWS_CORE,
	TUI_ROWS_THREAD,
	TUI_ROWS_GT,
	TUI_ROWS_LOCK,
	TUI_ROWS_WORKER, /* OS threads that carry green threads */
	TUI_ROWS_MAX
};
/* Lanes of several processes: each shows as many as there is room for, or all. */
enum tui_fold { TUI_FOLD_AUTO, TUI_FOLDED, TUI_UNFOLDED };

/* What undo brings back. */
struct tui_place {
	uint64_t from_ns, to_ns, cursor_ns;
	enum tui_rows rows;
	int scroll;
	struct gtv_lane selected;
	struct gtv_span span;
};

#define TUI_PLACES 64

struct tui_nav {
	uint64_t first_ns, last_ns; /* the trace's range; last grows while live */
	uint64_t from_ns, to_ns;    /* the window; it may reach past the range by half */
	uint64_t cursor_ns;
	enum tui_rows rows;
	int scroll;	 /* first lane of the pivoted group shown */
	int busy_only;	 /* only lanes that are active in the window */
	int by_activity; /* the pivoted lanes: the most active first */
	enum tui_fold fold;
	int folded;		  /* view: whether the last frame had folded groups */
	struct gtv_lane selected; /* kind 0: none */
	struct gtv_span span;	  /* the selected span; to_ns 0: none */
	struct gtv_lane sought;	  /* of it, the span is not read yet; kind 0: none is */
	int follow;		  /* live: the right edge is the present */
	int paused;		  /* the picture stands still */
	int playing;		  /* replay: the window moves */
	int speed_permille;	  /* of real time: 1000 is 1x */
	int all_edges;		  /* e: draw every edge */
	int help_page;		  /* of the help view, from 0 */
	char help_word[48];	  /* …and what is looked for there; "": nothing */
	int range;		  /* enum tui_range_choice: what lists and tables count */
	struct tui_filter filter; /* which rows and events are shown; empty: all */
	struct tui_place undo[TUI_PLACES], redo[TUI_PLACES];
	int undo_count, redo_count;
	int step; /* private: 1 in a step, 2 its place is remembered */
};

void tui_nav_init(struct tui_nav *nav, uint64_t first_ns, uint64_t last_ns, int live);
/* The trace grew. Following, the window moves with it in whole cells. */
void tui_nav_grow(struct tui_nav *nav, uint64_t last_ns, int cells);
/* How much a live screen is to show, though there is not so much yet. */
void tui_nav_live_span(struct tui_nav *nav, uint64_t span_ns);
/* factor_permille < 1000 zooms in; the cursor's time keeps its column. Limits:
 * 100 ns … the range. Remembers the old window for undo. */
void tui_nav_zoom(struct tui_nav *nav, int factor_permille);
void tui_nav_zoom_at(struct tui_nav *nav, uint64_t at_ns, int factor_permille);
/* By this many 1/100 of the window; stops following. */
void tui_nav_pan(struct tui_nav *nav, int hundredths);
/* By so many ns, the cursor's time with it; stops following. */
void tui_nav_drag(struct tui_nav *nav, int64_t ns);
/* Moves the cursor by cells (of `across` cells of time); pans if it must. */
void tui_nav_cursor(struct tui_nav *nav, int cells, int across);
/* To the trace's begin or end; at a live end it follows again. */
void tui_nav_begin(struct tui_nav *nav);
void tui_nav_end(struct tui_nav *nav, int live);
void tui_nav_window(struct tui_nav *nav, uint64_t from_ns, uint64_t to_ns);
void tui_nav_fit(struct tui_nav *nav); /* the selected span with a margin, else all */
/* Back to before the last zoom, jump, choice of rows or selection, and on again. 0 if there
 * is nothing to go back or on to. */
int tui_nav_undo(struct tui_nav *nav);
int tui_nav_redo(struct tui_nav *nav);
/* Where one is now is what undo brings back: before places are changed by hand. */
void tui_nav_remember(struct tui_nav *nav);
/* What is done between on and off is one step of undo: a key's. */
void tui_nav_step(struct tui_nav *nav, int on);
/* To a time: the window keeps its width, and moves only if the time is not in it. */
void tui_nav_jump(struct tui_nav *nav, uint64_t ts_ns);
/* The same, as a cursor key does it: nothing to undo. */
void tui_nav_cursor_to(struct tui_nav *nav, uint64_t ts_ns);
void tui_nav_rows_next(struct tui_nav *nav, int dir); /* keeps selection and time */
void tui_nav_rows(struct tui_nav *nav, enum tui_rows rows);
/* Selects a lane without a span; kind 0: nothing. */
void tui_nav_choose(struct tui_nav *nav, struct gtv_lane lane);
/* Selects a span and its lane, pans only as far as needed to show it. */
void tui_nav_select(struct tui_nav *nav, const struct gtv_span *span);
/* The selected lane's span became known: as tui_nav_select, but it was chosen before, so
 * that there is nothing to undo. stay: neither the window nor the cursor moves. */
void tui_nav_fill(struct tui_nav *nav, const struct gtv_span *span, int stay);
/* Replay plays on: real time passed. */
void tui_nav_play(struct tui_nav *nav, uint64_t elapsed_ns);

#endif
