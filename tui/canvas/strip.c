/* SPDX-License-Identifier: MIT
 *
 * How spans become cells. A boundary is rounded once, to an eighth of a cell, so
 * that neighbours meet. Each cell keeps its eight slots and who fills them; from
 * the slots follows the glyph:
 *
 *   nobody           the line of the state that took most of the cell, unless a rare
 *                    one is there; more than three states and none that took three
 *                    quarters: ▚
 *   one              ▍ from the left, or reversed if it begins inside and reaches the
 *                    right edge; pulses are summed
 *   two, one change  ▍ of the first on the ground of the second
 *   otherwise        ▚, the rarest on the dominant
 */
#include "tui/canvas/strip.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tui/canvas/glyph.h"

#define DENSE 0x259a /* ▚ */
/* Times 8 and some hundred thousand cells it has 64 bits. */
#define SHORT_NS (1ull << 42)
__extension__ typedef unsigned __int128 wide;

int tui_axis_eighth(const struct tui_axis *axis, uint64_t ts_ns)
{
	uint64_t span = axis->to_ns - axis->from_ns;
	if (ts_ns <= axis->from_ns)
		return 0;
	if (ts_ns >= axis->to_ns)
		return 8 * axis->cells;
	/* Spans are cut by the hundred thousand: mostly 64 bits are enough. */
	if (span < SHORT_NS)
		return (int)(((ts_ns - axis->from_ns) * 8 * (unsigned)axis->cells +
			      span / 2) /
			     span);
	wide eighths = (wide)(ts_ns - axis->from_ns) * 8 * (unsigned)axis->cells;
	return (int)((eighths + span / 2) / span);
}

int tui_axis_cell(const struct tui_axis *axis, uint64_t ts_ns)
{
	if (ts_ns < axis->from_ns)
		return -1;
	if (ts_ns >= axis->to_ns)
		return axis->cells;
	if (axis->to_ns - axis->from_ns < SHORT_NS)
		return (int)((ts_ns - axis->from_ns) * (unsigned)axis->cells /
			     (axis->to_ns - axis->from_ns));
	return (int)((wide)(ts_ns - axis->from_ns) * (unsigned)axis->cells /
		     (axis->to_ns - axis->from_ns));
}

uint64_t tui_axis_time(const struct tui_axis *axis, int cell)
{
	if (cell <= 0)
		return axis->from_ns;
	if (cell >= axis->cells)
		return axis->to_ns;
	/* Rounded up: the first instant whose cell this is. */
	wide at = (wide)(axis->to_ns - axis->from_ns) * (unsigned)cell;
	return axis->from_ns +
	       (uint64_t)((at + (unsigned)axis->cells - 1) / (unsigned)axis->cells);
}

int tui_strip_init(struct tui_strip *strip, const struct tui_axis *axis)
{
	strip->axis = *axis;
	strip->cell = calloc((size_t)axis->cells, sizeof(*strip->cell));
	return strip->cell ? 0 : -GTV_ENOMEM;
}

void tui_strip_fini(struct tui_strip *strip)
{
	free(strip->cell);
	strip->cell = NULL;
}

void tui_strip_clear(struct tui_strip *strip)
{
	memset(strip->cell, 0, (size_t)strip->axis.cells * sizeof(*strip->cell));
}

/* Where in `cell` who's fill is kept, as index + 1; 0 if there are too many. */
static uint8_t fill_slot(struct tui_strip_cell *cell, int role, uint32_t who)
{
	for (uint8_t i = 0; i < cell->fills; i++)
		if (cell->fill[i].key == who && cell->fill[i].role == role)
			return (uint8_t)(i + 1);
	if (cell->fills == TUI_STRIP_FILLS)
		return 0;
	cell->fill[cell->fills].role = (uint8_t)role;
	cell->fill[cell->fills].key = who;
	return ++cell->fills;
}

static uint64_t overlap(const struct tui_axis *axis, int cell, uint64_t from_ns,
			uint64_t to_ns)
{
	uint64_t a = tui_axis_time(axis, cell), b = tui_axis_time(axis, cell + 1);
	if (from_ns > a)
		a = from_ns;
	if (to_ns < b)
		b = to_ns;
	return b > a ? b - a : 0;
}

/* Shorter than can be drawn: two eighths near its place, what is free of them. */
static void put_pulse(struct tui_strip *strip, int eighth, uint64_t ns, int role,
		      uint32_t who)
{
	int at = eighth / 8 < strip->axis.cells ? eighth / 8 : strip->axis.cells - 1;
	int first = eighth - 8 * at > 6 ? 6 : eighth - 8 * at;
	struct tui_strip_cell *cell = &strip->cell[at];
	uint8_t slot = fill_slot(cell, role, who);
	if (slot == 0)
		return;
	cell->fill[slot - 1].ns += ns;
	int drawn = 0;
	for (int i = first; i < first + 2; i++) {
		if (cell->slot[i] == 0)
			cell->slot[i] = slot;
		drawn |= cell->slot[i] == slot;
	}
	cell->hidden |= !drawn;
	cell->pulses = 1;
}

static void put_fill(struct tui_strip *strip, int at, int first, int last, uint64_t ns,
		     int role, uint32_t who)
{
	struct tui_strip_cell *cell = &strip->cell[at];
	uint8_t slot = fill_slot(cell, role, who);
	if (slot == 0)
		return;
	cell->fill[slot - 1].ns += ns;
	for (int i = first; i < last; i++)
		if (cell->slot[i] == 0)
			cell->slot[i] = slot;
}

void tui_strip_fill(struct tui_strip *strip, uint64_t from_ns, uint64_t to_ns, int role,
		    uint32_t who)
{
	const struct tui_axis *axis = &strip->axis;
	if (to_ns <= axis->from_ns || from_ns >= axis->to_ns || to_ns <= from_ns)
		return;
	int a = tui_axis_eighth(axis, from_ns), b = tui_axis_eighth(axis, to_ns);
	if (b - a < 2) {
		put_pulse(strip, a, to_ns - from_ns, role, who);
		return;
	}
	for (int at = a / 8; at <= (b - 1) / 8; at++)
		put_fill(strip, at, a > 8 * at ? a - 8 * at : 0,
			 b < 8 * at + 8 ? b - 8 * at : 8, overlap(axis, at, from_ns, to_ns),
			 role, who);
}

/* The cells that [from, to) touches, clipped; 0 if it is outside. */
static int cells_of(const struct tui_axis *axis, uint64_t from_ns, uint64_t to_ns,
		    int *first, int *last)
{
	if (to_ns <= axis->from_ns || from_ns >= axis->to_ns || to_ns <= from_ns)
		return 0;
	*first = from_ns < axis->from_ns ? 0 : tui_axis_cell(axis, from_ns);
	*last = to_ns >= axis->to_ns ? axis->cells - 1 : tui_axis_cell(axis, to_ns - 1);
	return 1;
}

void tui_strip_line(struct tui_strip *strip, uint64_t from_ns, uint64_t to_ns,
		    uint32_t glyph, int role, int rare)
{
	int first, last;
	if (!cells_of(&strip->axis, from_ns, to_ns, &first, &last))
		return;
	for (int at = first; at <= last; at++) {
		struct tui_strip_cell *cell = &strip->cell[at];
		int i = 0;
		while (i < cell->lines &&
		       (cell->line[i].glyph != glyph || cell->line[i].role != role))
			i++;
		if (i == TUI_STRIP_LINES)
			continue;
		if (i == cell->lines)
			cell->lines++;
		cell->line[i].glyph = glyph;
		cell->line[i].role = (uint8_t)role;
		if ((first == last || rare == TUI_STRIP_ALWAYS) &&
		    cell->line[i].rare < rare)
			cell->line[i].rare = (uint8_t)rare;
		cell->line[i].ns += overlap(&strip->axis, at, from_ns, to_ns);
	}
}

void tui_strip_share(struct tui_strip *strip, uint64_t from_ns, uint64_t to_ns, uint64_t ns,
		     int role, uint32_t who)
{
	int first, last;
	if (ns == 0 || !cells_of(&strip->axis, from_ns, to_ns, &first, &last))
		return;
	for (int at = first; at <= last; at++) {
		struct tui_strip_cell *cell = &strip->cell[at];
		uint8_t slot = fill_slot(cell, role, who);
		uint64_t part = overlap(&strip->axis, at, from_ns, to_ns);
		*(slot ? &cell->fill[slot - 1].ns : &cell->more_ns) +=
			(uint64_t)((wide)ns * part / (to_ns - from_ns));
		cell->mixed = 1;
	}
}

/* ---- drawing ---- */

struct glyph_cell {
	uint32_t glyph;
	uint8_t ink, ground, inverse;
};

static struct glyph_cell dense(const struct tui_strip_cell *cell)
{
	const struct tui_strip_fill *most = &cell->fill[0], *least = &cell->fill[0];
	for (int i = 1; i < cell->fills; i++) {
		if (cell->fill[i].ns > most->ns)
			most = &cell->fill[i];
		if (cell->fill[i].ns <= least->ns)
			least = &cell->fill[i];
	}
	return (struct glyph_cell){DENSE, least->role, most->role, 0};
}

static struct glyph_cell one_fill(const struct tui_strip_cell *cell, uint64_t cell_ns)
{
	int count = 0, summed = (int)((cell->fill[0].ns * 8 + cell_ns / 2) / cell_ns);
	for (int i = 0; i < 8; i++)
		count += cell->slot[i] != 0;
	/* Each pulse took two eighths; what counts is their sum, two at least. */
	if (cell->pulses && count > summed)
		count = summed > 2 ? summed : 2;
	struct glyph_cell out = {.ink = cell->fill[0].role};
	if (count < 8 && !cell->slot[0] && cell->slot[7]) {
		/* The other eighths are cut out of it from the left. */
		out.glyph = tui_glyph_left(8 - count);
		out.inverse = 1;
	} else {
		out.glyph = tui_glyph_left(count);
	}
	return out;
}

static struct glyph_cell two_fills(const struct tui_strip_cell *cell)
{
	int before = 0, changes = 0, last = 0;
	for (int i = 0; i < 8; i++) {
		int slot = cell->slot[i];
		if (slot == 0 || slot == last)
			continue;
		if (last != 0) {
			changes++;
			before = i;
		}
		last = slot;
	}
	if (cell->hidden || changes != 1 || (!cell->slot[0] && !cell->slot[7]))
		return dense(cell);
	int first = cell->slot[0] ? cell->slot[0] : last == 1 ? 2 : 1;
	return (struct glyph_cell){tui_glyph_left(before), cell->fill[first - 1].role,
				   cell->fill[last - 1].role, 0};
}

/* How much is known, but not where: as much from the left, in the colour of whom
 * most of it was. Only a cell that is all work is dense. */
static struct glyph_cell mixed(const struct tui_strip_cell *cell, uint64_t cell_ns)
{
	const struct tui_strip_fill *most = &cell->fill[0];
	uint64_t sum = cell->more_ns;
	for (int i = 0; i < cell->fills; i++) {
		sum += cell->fill[i].ns;
		if (cell->fill[i].ns > most->ns)
			most = &cell->fill[i];
	}
	uint64_t eighths = (sum * 8 + cell_ns / 2) / cell_ns;
	if (cell->fills > 1 && eighths >= 6)
		return dense(cell);
	if (eighths < 2)
		eighths = 2;
	return (struct glyph_cell){tui_glyph_left(eighths > 8 ? 8 : (int)eighths),
				   most->role, TUI_DEFAULT, 0};
}

static int has_line(const struct tui_strip *strip, int at,
		    const struct tui_strip_line *like)
{
	if (at < 0 || at >= strip->axis.cells)
		return 0;
	const struct tui_strip_cell *cell = &strip->cell[at];
	for (int i = 0; i < cell->lines; i++)
		if (cell->line[i].glyph == like->glyph && cell->line[i].role == like->role)
			return 1;
	return 0;
}

/* A rare state is seen wherever it stands out. Where its neighbours have it too, and it
 * is short, it would hide what the lane does most of the time, in every cell. */
static int stands_out(const struct tui_strip *strip, int at,
		      const struct tui_strip_line *rare, uint64_t cell_ns)
{
	return rare->rare == TUI_STRIP_ALWAYS || rare->ns * 8 >= cell_ns ||
	       !has_line(strip, at - 1, rare) || !has_line(strip, at + 1, rare);
}

static struct glyph_cell line(const struct tui_strip *strip, int at, uint64_t cell_ns)
{
	const struct tui_strip_cell *cell = &strip->cell[at];
	const struct tui_strip_line *most = &cell->line[0], *rare = &cell->line[0];
	for (int i = 1; i < cell->lines; i++) {
		const struct tui_strip_line *l = &cell->line[i];
		if (l->ns > most->ns)
			most = l;
		if (l->rare > rare->rare || (l->rare == rare->rare && l->ns > rare->ns))
			rare = l;
	}
	int out = rare->rare && stands_out(strip, at, rare, cell_ns);
	const struct tui_strip_line *best = out ? rare : most;
	int dense = cell->lines > 3 && (out || most->ns * 4 < cell_ns * 3);
	return (struct glyph_cell){dense ? DENSE : best->glyph, best->role, TUI_DEFAULT, 0};
}

/* Less work in it than the two eighths that are drawn. */
static int is_pulse(const struct tui_strip *strip, int at)
{
	uint64_t sum;
	if (at < 0 || at >= strip->axis.cells || strip->cell[at].fills == 0)
		return 0;
	sum = strip->cell[at].more_ns;
	for (int i = 0; i < strip->cell[at].fills; i++)
		sum += strip->cell[at].fill[i].ns;
	return sum * 4 < overlap(&strip->axis, at, 0, UINT64_MAX);
}

/* Pulses in every cell would hide for what the lane waits most of the time: among
 * its like, every other cell shows the wait instead. */
static int yields_to_line(const struct tui_strip *strip, int at)
{
	return at % 2 && strip->cell[at].lines > 0 && is_pulse(strip, at - 1) &&
	       is_pulse(strip, at) && is_pulse(strip, at + 1);
}

static struct glyph_cell cell_glyph(const struct tui_strip *strip, int at)
{
	const struct tui_strip_cell *cell = &strip->cell[at];
	uint64_t cell_ns = overlap(&strip->axis, at, 0, UINT64_MAX);
	if (cell_ns == 0)
		cell_ns = 1; /* more cells than nanoseconds */
	if (cell->fills == 0 || yields_to_line(strip, at))
		return line(strip, at, cell_ns);
	if (cell->mixed)
		return mixed(cell, cell_ns);
	if (cell->fills == 1)
		return one_fill(cell, cell_ns);
	return cell->fills == 2 ? two_fills(cell) : dense(cell);
}

void tui_strip_draw(const struct tui_strip *strip, struct tui_canvas *canvas, int x, int y)
{
	for (int at = 0; at < strip->axis.cells; at++) {
		if (strip->cell[at].fills == 0 && strip->cell[at].lines == 0)
			continue;
		struct glyph_cell g = cell_glyph(strip, at);
		tui_canvas_put(canvas, x + at, y, g.glyph, g.ink, g.ground);
		struct tui_cell *cell = tui_canvas_at(canvas, x + at, y);
		if (cell)
			cell->inverse = g.inverse;
	}
}
