/* SPDX-License-Identifier: MIT
 *
 * Where the user is: the window of time, the rows, the selection. Pure: keys call
 * these functions, views draw what they left; nothing here draws or reads keys.
 */
#ifndef TUI_NAV_H
#define TUI_NAV_H

#include <stdint.h>

#include "tracer/model/span.h"

enum tui_rows { TUI_ROWS_CORE, TUI_ROWS_THREAD, TUI_ROWS_GT, TUI_ROWS_LOCK, TUI_ROWS_MAX };

struct tui_nav {
	uint64_t first_ns, last_ns; /* the trace's range; last grows while live */
	uint64_t from_ns, to_ns;    /* the window; it may reach past the range by half */
	uint64_t cursor_ns;
	enum tui_rows rows;
	int scroll;		  /* first lane of the pivoted group shown */
	struct gtv_lane selected; /* kind 0: none */
	struct gtv_span span;	  /* the selected span; to_ns 0: none */
	int follow;		  /* live: the right edge is the present */
	int paused;		  /* the picture stands still */
	int playing;		  /* replay: the window moves */
	int speed_permille;	  /* of real time: 1000 is 1x */
	int all_edges;		  /* e: draw every edge */
	int help_page;		  /* of the help view; drawing it keeps it in range */
	struct {
		uint64_t from_ns, to_ns;
	} undo[32];
	int undo_count;
};

void tui_nav_init(struct tui_nav *nav, uint64_t first_ns, uint64_t last_ns, int live);
/* The trace grew. Following, the window moves with it in whole cells. */
void tui_nav_grow(struct tui_nav *nav, uint64_t last_ns, int cells);
/* factor_permille < 1000 zooms in; the cursor's time keeps its column. Limits:
 * 100 ns … the range. Remembers the old window for undo. */
void tui_nav_zoom(struct tui_nav *nav, int factor_permille);
void tui_nav_zoom_at(struct tui_nav *nav, uint64_t at_ns, int factor_permille);
/* By this many 1/100 of the window; stops following. */
void tui_nav_pan(struct tui_nav *nav, int hundredths);
/* Moves the cursor by cells (of `across` cells of time); pans if it must. */
void tui_nav_cursor(struct tui_nav *nav, int cells, int across);
/* To the trace's begin or end; at a live end it follows again. */
void tui_nav_begin(struct tui_nav *nav);
void tui_nav_end(struct tui_nav *nav, int live);
void tui_nav_window(struct tui_nav *nav, uint64_t from_ns, uint64_t to_ns);
void tui_nav_fit(struct tui_nav *nav); /* the selected span with a margin, else all */
void tui_nav_undo(struct tui_nav *nav);
void tui_nav_rows_next(struct tui_nav *nav, int dir); /* keeps selection and time */
/* Selects a span and its lane, pans only as far as needed to show it. */
void tui_nav_select(struct tui_nav *nav, const struct gtv_span *span);
/* Replay plays on: real time passed. */
void tui_nav_play(struct tui_nav *nav, uint64_t elapsed_ns);

#endif
