/* SPDX-License-Identifier: MIT
 *
 * A strip: a lane's time as cells. Who runs is a fill with edges at an eighth of
 * a cell; why one waits is a line with a glyph a cell. Spans (or shares of tiles)
 * are put in, one row of cells comes out; what a cell cannot resolve it says (▚).
 */
#ifndef TUI_CANVAS_STRIP_H
#define TUI_CANVAS_STRIP_H

#include <stdint.h>

#include "tui/canvas/canvas.h"

/* Time across cells. to_ns > from_ns, cells > 0. */
struct tui_axis {
	uint64_t from_ns, to_ns;
	int cells;
};

/* Time as eighths of cells, rounded, in 0 … 8 * cells: clipped to the axis. */
int tui_axis_eighth(const struct tui_axis *axis, uint64_t ts_ns);
/* The cell that holds a time, in 0 … cells - 1; -1 or `cells` outside. */
int tui_axis_cell(const struct tui_axis *axis, uint64_t ts_ns);
/* When a cell begins; cell may be `cells`. */
uint64_t tui_axis_time(const struct tui_axis *axis, int cell);

#define TUI_STRIP_FILLS 4
#define TUI_STRIP_LINES 4

struct tui_strip_cell {
	struct tui_strip_fill {
		uint64_t ns;
		uint32_t key; /* who: two of the same colour stay apart */
		uint8_t role;
	} fill[TUI_STRIP_FILLS];
	struct tui_strip_line {
		uint64_t ns;
		uint32_t glyph;
		uint8_t role, rare;
	} line[TUI_STRIP_LINES];
	uint64_t more_ns; /* shares of those for whom no fill was left */
	uint8_t fills, lines;
	uint8_t hidden;	 /* a pulse found no free eighth */
	uint8_t pulses;	 /* there are some: their eighths are more than they were */
	uint8_t mixed;	 /* shares of tiles: how much is known, not where */
	uint8_t slot[8]; /* by eighth: index of fill + 1, 0 none */
};

struct tui_strip {
	struct tui_axis axis;
	struct tui_strip_cell *cell;
};

/* 0 or -GTV_ENOMEM. */
int tui_strip_init(struct tui_strip *strip, const struct tui_axis *axis);
void tui_strip_fini(struct tui_strip *strip);
void tui_strip_clear(struct tui_strip *strip);
/* `who` runs in [from, to). Shorter than two eighths it is drawn as two. */
void tui_strip_fill(struct tui_strip *strip, uint64_t from_ns, uint64_t to_ns, int role,
		    uint32_t who);
/*
 * A state in [from, to). A rare one is shown even if others take more of its cell,
 * but where it is short and its neighbours have it too, for it isn't rare there. One
 * longer than a cell begins and ends as any other; one that is TUI_STRIP_ALWAYS is
 * shown in each cell that it touches.
 */
#define TUI_STRIP_RARE	 1
#define TUI_STRIP_ALWAYS 2
void tui_strip_line(struct tui_strip *strip, uint64_t from_ns, uint64_t to_ns,
		    uint32_t glyph, int role, int rare);
/* `ns` of [from, to), somewhere in it. */
void tui_strip_share(struct tui_strip *strip, uint64_t from_ns, uint64_t to_ns, uint64_t ns,
		     int role, uint32_t who);
void tui_strip_draw(const struct tui_strip *strip, struct tui_canvas *canvas, int x, int y);

#endif
