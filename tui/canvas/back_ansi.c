/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tracer/base/err.h"
#include "tui/canvas/back.h"
#include "tui/canvas/glyph.h"

static const struct tui_paint plain = {-1, -1, 0};

static int same(struct tui_paint a, struct tui_paint b)
{
	return a.ink == b.ink && a.ground == b.ground && a.attrs == b.attrs;
}

/* The ink of a blank does not show: no reason to switch colours for it. */
static struct tui_paint cell_paint(enum tui_theme theme, const struct tui_cell *cell)
{
	struct tui_paint paint = tui_theme_paint(theme, cell);
	if (cell->glyph == ' ' && !(paint.attrs & TUI_ATTR_REVERSE)) {
		paint.ink = -1;
		paint.attrs = 0;
	}
	return paint;
}

/* The first sixteen have codes of their own, which older terminals need. */
static void colour(struct tui_buf *out, int index, int is_ground)
{
	if (index < 0)
		return;
	if (index < 8)
		tui_buf_format(out, ";%d", (is_ground ? 40 : 30) + index);
	else if (index < 16)
		tui_buf_format(out, ";%d", (is_ground ? 100 : 90) + index - 8);
	else
		tui_buf_format(out, ";%d;5;%d", is_ground ? 48 : 38, index);
}

static void switch_to(struct tui_buf *out, struct tui_paint paint)
{
	tui_buf_text(out, "\033[0");
	if (paint.attrs & TUI_ATTR_BOLD)
		tui_buf_text(out, ";1");
	if (paint.attrs & TUI_ATTR_DIM)
		tui_buf_text(out, ";2");
	if (paint.attrs & TUI_ATTR_REVERSE)
		tui_buf_text(out, ";7");
	colour(out, paint.ink, 0);
	colour(out, paint.ground, 1);
	tui_buf_text(out, "m");
}

int tui_back_ansi(const struct tui_canvas *c, enum tui_theme theme, struct tui_buf *out)
{
	const struct tui_cell *cell = c->cells;
	for (int y = 0; y < c->rows; y++) {
		struct tui_paint now = plain;
		for (int x = 0; x < c->cols; x++, cell++) {
			struct tui_paint paint = cell_paint(theme, cell);
			if (!same(paint, now))
				switch_to(out, paint);
			now = paint;
			tui_buf_glyph(out, cell->glyph);
		}
		tui_buf_text(out, same(now, plain) ? "\n" : "\033[0m\n");
	}
	return out->failed ? -GTV_ENOMEM : 0;
}

static int same_cell(const struct tui_cell *a, const struct tui_cell *b)
{
	return a->glyph == b->glyph && a->ink == b->ink && a->ground == b->ground &&
	       a->inverse == b->inverse;
}

int tui_back_ansi_changes(const struct tui_canvas *c, const struct tui_canvas *before,
			  enum tui_theme theme, struct tui_buf *out)
{
	int fresh = !before || before->cols != c->cols || before->rows != c->rows;
	struct tui_paint now = plain;
	int at = -1; /* the cell where the cursor stands */

	if (fresh)
		tui_buf_text(out, "\033[0m\033[2J");
	for (int i = 0; i < c->rows * c->cols; i++) {
		const struct tui_cell *cell = &c->cells[i];
		struct tui_paint paint = cell_paint(theme, cell);

		if (fresh ? cell->glyph == ' ' && same(paint, plain)
			  : same_cell(cell, &before->cells[i]))
			continue;
		if (i != at || i % c->cols == 0)
			tui_buf_format(out, "\033[%d;%dH", i / c->cols + 1,
				       i % c->cols + 1);
		if (!same(paint, now))
			switch_to(out, paint);
		now = paint;
		tui_buf_glyph(out, cell->glyph);
		at = i + 1;
	}
	if (!same(now, plain))
		tui_buf_text(out, "\033[0m");
	return out->failed ? -GTV_ENOMEM : 0;
}
