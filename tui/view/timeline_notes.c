/* SPDX-License-Identifier: MIT
 *
 * What a program says of itself: marks (a diamond and its words) and regions (a name
 * between two ticks), on the lanes of the green threads that said it; by core or by OS
 * thread, where that green thread ran then. Only what fits is written, and regions too
 * short for their names only where there are few: a lane's states stay to be seen.
 */
#include <stdlib.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/canvas/glyph.h"
#include "tui/view/timeline.h"

#define GLYPH_MARK  0x25c6
#define GLYPH_BEGIN 0x251c
#define GLYPH_END   0x2524
#define GLYPH_FULL  0x2588
#define GLYPH_RIGHT 0x2590

/* Where gt was then: its own row, else that of the core or OS thread it ran on. */
static const struct tui_tl_row *row_of(const struct tui_timeline *tl, uint32_t gt,
				       uint64_t ts_ns)
{
	struct gtv_lane own = {GTV_LANE_GT, gt};
	const struct tui_tl_row *row = tui_tl_row_of(tl, own);
	const struct gtv_piece *p;
	size_t count, i;

	if (row)
		return row;
	p = gtv_window_pieces(tl->scene->window, own, &count);
	i = tui_tl_first(p, count, ts_ns);
	if (i == count || p[i].span.state != GTV_ST_RUNNING)
		return NULL;
	if (tl->scene->nav->rows == TUI_ROWS_THREAD)
		return tui_tl_row_of(tl, (struct gtv_lane){GTV_LANE_THREAD, p[i].span.tid});
	if (p[i].span.core < 0)
		return NULL;
	return tui_tl_row_of(tl,
			     (struct gtv_lane){GTV_LANE_CORE, (uint32_t)p[i].span.core});
}

static void put(struct tui_timeline *tl, int x, int y, uint32_t glyph)
{
	struct tui_cell *cell = tui_canvas_at(tl->canvas, x, y);

	if (cell)
		tui_canvas_put(tl->canvas, x, y, glyph, TUI_KEY, cell->ground);
}

/* Whether the cells from x on all look the same: then words hide nothing. */
static int is_even(const struct tui_timeline *tl, int x, int y, int size)
{
	const struct tui_cell *first = tui_canvas_at(tl->canvas, x, y);

	for (int i = 1; i < size; i++) {
		const struct tui_cell *cell = tui_canvas_at(tl->canvas, x + i, y);

		if (!first || !cell || cell->glyph != first->glyph ||
		    cell->ink != first->ink)
			return 0;
	}
	return 1;
}

static int is_letter(const struct tui_timeline *tl, int x, int y)
{
	const struct tui_cell *cell = tui_canvas_at(tl->canvas, x, y);

	/* '~' is how a wait for input or output is drawn. */
	return cell && cell->glyph > ' ' && cell->glyph < 0x7f && cell->glyph != '~';
}

/* Where words of a row can begin that would begin at x: behind the selection's bracket, if
 * that would cover a letter of them. */
static int clear_of_bracket(const struct tui_timeline *tl, const struct tui_tl_row *row,
			    int x, int size)
{
	const struct tui_nav *nav = tl->scene->nav;
	int open, close;

	if (!tui_tl_same_lane(row->lane, nav->selected) ||
	    nav->span.to_ns <= nav->span.from_ns ||
	    !tui_tl_brackets(tl, &nav->span, &open, &close))
		return x;
	if (open >= x && open < x + size)
		return open + 1;
	if (close >= x && close < x + size)
		return close + 1;
	return x;
}

static void mark(struct tui_timeline *tl, const struct tui_tl_row *row,
		 const struct gtv_note *note)
{
	char words[4 * GTV_TEXT_CHUNK + 1];
	int first, last, y = row->height == 3 ? row->y + 1 : row->y, size;

	if (!tui_tl_columns(tl, note->from_ns, note->from_ns + 1, &first, &last))
		return;
	put(tl, first, y, GLYPH_MARK);
	gtv_names_escape(note->text, words, sizeof words);
	size = (int)strlen(words);
	int x = clear_of_bracket(tl, row, first + 1, size);

	if (x + size < tl->gutter + tl->axis.cells && is_even(tl, x, y, size + 1))
		tui_canvas_text(tl->canvas, x, y, size, TUI_KEY, words);
}

static void write_on(struct tui_timeline *tl, int x, int y, int size, int fill,
		     const char *name)
{
	uint32_t glyph;
	int bytes;

	for (; size > 0 && (bytes = tui_glyph_decode(name, strlen(name), &glyph)) > 0;
	     name += bytes, size--)
		tui_canvas_put(tl->canvas, x++, y, glyph, TUI_BLACK, fill);
}

/* A letter of another label gives way: to its fill, if it stands on one. */
static void unletter(struct tui_timeline *tl, int x, int y)
{
	const struct tui_cell *cell = tui_canvas_at(tl->canvas, x, y);

	if (cell->ink == TUI_BLACK && cell->ground != TUI_DEFAULT)
		tui_canvas_put(tl->canvas, x, y, GLYPH_FULL, cell->ground, TUI_DEFAULT);
	else
		put(tl, x, y, ' ');
}

/* The fill that most of the cells from x on are of; TUI_DEFAULT: most are of none. */
static int fill_below(const struct tui_timeline *tl, int x, int y, int size)
{
	int most = TUI_DEFAULT, cells = size / 2;

	for (int role = TUI_ID1; role <= TUI_ID12; role++) {
		int n = 0;

		for (int i = 0; i < size; i++) {
			const struct tui_cell *cell = tui_canvas_at(tl->canvas, x + i, y);

			n += cell && (cell->ground == role ||
				      (cell->ink == role && cell->glyph >= GLYPH_FULL &&
				       cell->glyph <= GLYPH_RIGHT));
		}
		if (n > cells) {
			most = role;
			cells = n;
		}
	}
	return most;
}

/* On a fill a name is a label of it: no hole is made into who runs. */
static void write_name(struct tui_timeline *tl, int x, int y, int size, const char *name)
{
	int fill = fill_below(tl, x, y, size);

	for (int i = 0; i < size; i++)
		tui_canvas_put(tl->canvas, x + i, y, ' ', TUI_BLACK, fill);
	if (fill == TUI_DEFAULT)
		tui_canvas_text(tl->canvas, x, y, size, TUI_KEY, name);
	else
		write_on(tl, x, y, size, fill, name);
}

/* How many regions begin in each cell of each row, two at most. */
struct begins {
	uint8_t *count; /* rows x cells; NULL: nobody counted */
	int cells;
};

static uint8_t *begins_at(const struct tui_timeline *tl, const struct begins *begins,
			  const struct tui_tl_row *row, int x)
{
	return begins->count + (row - tl->row) * begins->cells + (x - tl->gutter);
}

static int begins_in(const struct tui_timeline *tl, const struct begins *begins,
		     const struct tui_tl_row *row, int from, int to)
{
	int n = 0;

	for (int x = from; begins->count && x < to; x++)
		if (x >= tl->gutter && x < tl->gutter + begins->cells)
			n += *begins_at(tl, begins, row, x);
	return n;
}

/* Closer to each other than this, the ticks of regions without names would hide what the
 * lane does. */
#define APART 4

static void region(struct tui_timeline *tl, const struct tui_tl_row *row,
		   const struct gtv_note *note, struct begins *begins, int counting)
{
	char name[4 * GTV_TEXT_CHUNK + 1];
	int first, last, y = row->height == 3 ? row->y + 1 : row->y, size;

	if (!tui_tl_columns(tl, note->from_ns, note->to_ns, &first, &last))
		return;
	gtv_names_escape(note->text, name, sizeof name);
	size = (int)strlen(name);
	if (counting) {
		uint8_t *n = begins_at(tl, begins, row, first);
		if (*n < 2)
			(*n)++;
		return;
	}
	/* By core or OS thread, others may begin where its name would stand. */
	int named = last - first > size &&
		    begins_in(tl, begins, row, first, first + size + 1) <= 1;
	if (!named && begins_in(tl, begins, row, first - APART + 1, first + APART) > 1)
		return;
	if (note->from_ns >= tl->axis.from_ns)
		put(tl, first, y, GLYPH_BEGIN);
	if (note->to_ns <= tl->axis.to_ns && last > first)
		put(tl, last, y, GLYPH_END);
	int x = clear_of_bracket(tl, row, first + 1, size);
	if (!named || last - x < size)
		return;
	write_name(tl, x, y, size, name);
	/* What is left of a word that stood there would be read as ours. */
	for (x += size; x < last && is_letter(tl, x, y); x++)
		unletter(tl, x, y);
}

static const struct tui_tl_row *row_seen(const struct tui_timeline *tl,
					 const struct gtv_note *note)
{
	if (note->to_ns < tl->axis.from_ns || note->from_ns >= tl->axis.to_ns)
		return NULL;
	return row_of(tl, note->gt,
		      note->from_ns < tl->axis.from_ns ? tl->axis.from_ns : note->from_ns);
}

static void regions(struct tui_timeline *tl, const struct gtv_note *note, size_t count)
{
	struct begins begins = {.cells = tl->axis.cells};

	begins.count = calloc((size_t)tl->row_count * (size_t)begins.cells + 1, 1);
	for (int counting = begins.count != NULL; counting >= 0; counting--)
		for (size_t i = 0; i < count; i++) {
			const struct tui_tl_row *row =
				note[i].is_region ? row_seen(tl, &note[i]) : NULL;
			if (row)
				region(tl, row, &note[i], &begins, counting);
		}
	free(begins.count);
}

/* Marks last: a region may begin where one lies. */
void tui_tl_notes(struct tui_timeline *tl)
{
	size_t count;
	const struct gtv_note *note = gtv_window_notes(tl->scene->window, &count);

	if (count == 0)
		return;
	regions(tl, note, count);
	for (size_t i = 0; i < count; i++) {
		const struct tui_tl_row *row =
			note[i].is_region ? NULL : row_seen(tl, &note[i]);
		if (row)
			mark(tl, row, &note[i]);
	}
}
