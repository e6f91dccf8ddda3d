/* SPDX-License-Identifier: MIT
 *
 * Attribution bars: a lane's life as one row of cells, its states in a fixed order. The
 * cells sum to the bar exactly, and a state that was there has a cell however short.
 */
#ifndef TUI_VIEW_BAR_H
#define TUI_VIEW_BAR_H

#include <stdint.h>

#include "tracer/model/span.h"
#include "tui/canvas/canvas.h"

/* Shares `cells` among the parts by largest remainder; each part that is not nought has at
 * least one, as long as there are cells for all: else the largest have one each. */
void tui_bar_share(const uint64_t *ns, int parts, int cells, int *out);

/* The states in the order of bars; ends with GTV_ST_NONE. */
extern const uint8_t tui_bar_order[];

/* Draws it; running is in the role `fill`. Fills and lines that have room say their
 * shares. */
void tui_bar_draw(struct tui_canvas *canvas, int x, int y, int cells,
		  const uint64_t ns[GTV_ST_MAX], int fill);
/* ██ running ▓▓ preempted …: the states of the mask, as many as fit. */
void tui_bar_legend(struct tui_canvas *canvas, int x, int y, int end, uint32_t states);

#endif
