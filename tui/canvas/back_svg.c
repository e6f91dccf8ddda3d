/* SPDX-License-Identifier: MIT
 *
 * A canvas as a picture. Fonts disagree about the width and the height of block
 * and box characters, and a frame is made of them: a hair between two cells ruins
 * a lane. So everything that must join is drawn as a shape on a 10 by 20 grid:
 * blocks are rectangles, box characters are four arms that meet in the middle of
 * the cell, marks are polygons. Only letters are text, one element a run, with
 * its length given so that any monospaced font lands on the grid.
 */
#include <stdio.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tui/canvas/back.h"
#include "tui/canvas/glyph.h"

#define CELL_W 10
#define CELL_H 20
#define MARGIN 14

/* Arms of a box character: left, right, up, down. */
enum arm { NO, LIGHT, HEAVY, DOUBLE };
struct box {
	uint16_t glyph;
	uint8_t left, right, up, down;
};
static const struct box boxes[] = {
	{0x2500, LIGHT, LIGHT, NO, NO},	      {0x2501, HEAVY, HEAVY, NO, NO},
	{0x2502, NO, NO, LIGHT, LIGHT},	      {0x2503, NO, NO, HEAVY, HEAVY},
	{0x250c, NO, LIGHT, NO, LIGHT},	      {0x2510, LIGHT, NO, NO, LIGHT},
	{0x2514, NO, LIGHT, LIGHT, NO},	      {0x2518, LIGHT, NO, LIGHT, NO},
	{0x251c, NO, LIGHT, LIGHT, LIGHT},    {0x2524, LIGHT, NO, LIGHT, LIGHT},
	{0x252c, LIGHT, LIGHT, NO, LIGHT},    {0x2534, LIGHT, LIGHT, LIGHT, NO},
	{0x253c, LIGHT, LIGHT, LIGHT, LIGHT}, {0x2550, DOUBLE, DOUBLE, NO, NO},
	{0x2558, NO, DOUBLE, LIGHT, NO},      {0x255b, DOUBLE, NO, LIGHT, NO},
	{0x2567, DOUBLE, DOUBLE, LIGHT, NO},  {0x256c, DOUBLE, DOUBLE, DOUBLE, DOUBLE},
};

static const struct box *find_box(uint32_t glyph)
{
	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++)
		if (boxes[i].glyph == glyph)
			return &boxes[i];
	return NULL;
}

static int is_mark(uint32_t glyph)
{
	return glyph == 0x2504 || glyph == 0x2571 ||
	       (glyph >= 0x25a0 && glyph <= 0x25cf && tui_glyph_is_plain(glyph));
}

static int is_shape(uint32_t glyph)
{
	return (glyph >= 0x2580 && glyph <= 0x259f) || find_box(glyph) || is_mark(glyph);
}

/* Paths are relative and in tenths of a pixel nowhere: whole and half pixels. */
static void rect(struct tui_buf *d, double x, double y, double w, double h)
{
	tui_buf_format(d, "M%g %gh%gv%gh%gz", x, y, w, h, -w);
}

/* One arm from the cell's middle to an edge, or across for a double one. */
static void arm_across(struct tui_buf *d, int kind, double x, double y, double w)
{
	if (kind == DOUBLE) {
		rect(d, x, y - 2.5, w, 1.5);
		rect(d, x, y + 1, w, 1.5);
	} else if (kind != NO) {
		double t = kind == HEAVY ? 4 : 1.5;
		rect(d, x, y - t / 2, w, t);
	}
}

static void arm_down(struct tui_buf *d, int kind, double x, double y, double h)
{
	if (kind == DOUBLE) {
		rect(d, x - 2.5, y, 1.5, h);
		rect(d, x + 1, y, 1.5, h);
	} else if (kind != NO) {
		double t = kind == HEAVY ? 3 : 1.5;
		rect(d, x - t / 2, y, t, h);
	}
}

static void draw_box(struct tui_buf *d, const struct box *box, int x, int y)
{
	double mx = x + CELL_W / 2.0, my = y + CELL_H / 2.0;
	/* An arm reaches past the middle by half a line, so corners are closed. */
	if (box->left == box->right)
		arm_across(d, box->left, x, my, CELL_W);
	else if (box->left)
		arm_across(d, box->left, x, my, CELL_W / 2.0 + 0.75);
	else
		arm_across(d, box->right, mx - 0.75, my, CELL_W / 2.0 + 0.75);
	if (box->up == box->down)
		arm_down(d, box->up, mx, y, CELL_H);
	else if (box->up)
		arm_down(d, box->up, mx, y, CELL_H / 2.0 + 0.75);
	else
		arm_down(d, box->down, mx, my - 0.75, CELL_H / 2.0 + 0.75);
}

static void draw_block(struct tui_buf *d, uint32_t glyph, int x, int y)
{
	int left = tui_glyph_left_eighths(glyph);
	if (left > 0)
		rect(d, x, y, CELL_W * left / 8.0, CELL_H);
	else if (glyph >= 0x2581 && glyph <= 0x2587) {
		double h = CELL_H * (double)(glyph - 0x2580) / 8.0;
		rect(d, x, y + CELL_H - h, CELL_W, h);
	} else if (glyph == 0x2580)
		rect(d, x, y, CELL_W, CELL_H / 2.0);
	else if (glyph == 0x2590)
		rect(d, x + CELL_W / 2.0, y, CELL_W / 2.0, CELL_H);
	else if (glyph == 0x259a) {
		rect(d, x, y, CELL_W / 2.0, CELL_H / 2.0);
		rect(d, x + CELL_W / 2.0, y + CELL_H / 2.0, CELL_W / 2.0, CELL_H / 2.0);
	} else
		rect(d, x, y, CELL_W, CELL_H); /* shades: the opacity makes them */
}

static void draw_mark(struct tui_buf *d, uint32_t glyph, int x, int y)
{
	switch (glyph) {
	case 0x2504: /* ┄ */
		rect(d, x + 0.5, y + 9.5, 2.5, 1.5);
		rect(d, x + 4, y + 9.5, 2.5, 1.5);
		rect(d, x + 7.5, y + 9.5, 2, 1.5);
		break;
	case 0x2571: /* ╱ */
		tui_buf_format(d, "M%d %dh1.8l8.2 -20h-1.8z", x, y + CELL_H);
		break;
	case 0x25b2: /* ▲ */
		tui_buf_format(d, "M%d %dl4 -9l4 9z", x + 1, y + 15);
		break;
	case 0x25bc: /* ▼ */
		tui_buf_format(d, "M%d %dl4 9l4 -9z", x + 1, y + 6);
		break;
	case 0x25b6: /* ▶ */
	case 0x25ba: /* ► */
		tui_buf_format(d, "M%d %dl9 5l-9 5z", x, y + 5);
		break;
	case 0x25c4: /* ◄ */
		tui_buf_format(d, "M%d %dl-9 5l9 5z", x + CELL_W, y + 5);
		break;
	case 0x25c6: /* ◆ */
		tui_buf_format(d, "M%d %dl5 -5l5 5l-5 5z", x, y + 10);
		break;
	case 0x25cf: /* ● */
		tui_buf_format(d, "M%d %da4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", x + 1, y + 10);
		break;
	case 0x25a1: /* □ */
		tui_buf_format(d, "M%d %dh8v8h-8zm1.5 1.5v5h5v-5z", x + 1, y + 6);
		break;
	default: /* ■ */
		rect(d, x + 1, y + 6, 8, 8);
	}
}

static void draw_shape(struct tui_buf *d, uint32_t glyph, int x, int y)
{
	const struct box *box = find_box(glyph);
	if (box)
		draw_box(d, box, x, y);
	else if (is_mark(glyph))
		draw_mark(d, glyph, x, y);
	else
		draw_block(d, glyph, x, y);
}

/* What a cell looks like once reverse video and the terminal's own colours are
 * resolved: what a run of cells must share. */
struct look {
	uint32_t ink, ground;
	uint8_t bold, faded, has_ground;
};

static struct look resolve(enum tui_theme theme, const struct tui_cell *cell)
{
	struct tui_paint paint = tui_theme_paint(theme, cell);
	struct look look = {
		.ink = paint.ink < 0 ? tui_theme_reference(theme, 0)
				     : tui_theme_rgb(paint.ink),
		.ground = paint.ground < 0 ? tui_theme_reference(theme, 1)
					   : tui_theme_rgb(paint.ground),
		.bold = (paint.attrs & TUI_ATTR_BOLD) != 0,
		.faded = (paint.attrs & TUI_ATTR_DIM) != 0,
		.has_ground = paint.ground >= 0,
	};
	if (paint.attrs & TUI_ATTR_REVERSE) {
		uint32_t ink = look.ink;
		look.ink = look.ground;
		look.ground = ink;
		look.has_ground = 1;
	}
	return look;
}

static int same_look(const struct look *a, const struct look *b)
{
	return a->ink == b->ink && a->bold == b->bold && a->faded == b->faded;
}

static void grounds(const struct tui_canvas *c, enum tui_theme theme, int y,
		    struct tui_buf *out)
{
	const struct tui_cell *row = c->cells + (size_t)y * (size_t)c->cols;
	for (int x = 0; x < c->cols;) {
		struct look look = resolve(theme, &row[x]);
		int end = x + 1;
		while (end < c->cols) {
			struct look next = resolve(theme, &row[end]);
			if (next.has_ground != look.has_ground ||
			    next.ground != look.ground)
				break;
			end++;
		}
		if (look.has_ground)
			tui_buf_format(out,
				       "<rect x=\"%d\" y=\"%d\" width=\"%d\" "
				       "height=\"%d\" fill=\"#%06x\"/>\n",
				       x * CELL_W, y * CELL_H, (end - x) * CELL_W, CELL_H,
				       look.ground);
		x = end;
	}
}

/* ░▒▓ as veils of their ink. */
static double shade(uint32_t glyph)
{
	return glyph == 0x2591	 ? 0.28
	       : glyph == 0x2592 ? 0.5
	       : glyph == 0x2593 ? 0.78
				 : 1.0;
}

/* A run of shapes of one look; full blocks are joined to one rectangle. */
static int shape_run(const struct tui_canvas *c, enum tui_theme theme, int x, int y,
		     struct tui_buf *out)
{
	const struct tui_cell *row = c->cells + (size_t)y * (size_t)c->cols;
	struct look look = resolve(theme, &row[x]);
	double veil = shade(row[x].glyph);
	tui_buf_format(out, "<path fill=\"#%06x\"", look.ink);
	if (veil < 1 || look.faded)
		tui_buf_format(out, " fill-opacity=\"%g\"", look.faded ? veil * 0.6 : veil);
	tui_buf_text(out, " d=\"");
	int end = x;
	while (end < c->cols && is_shape(row[end].glyph) && shade(row[end].glyph) == veil) {
		struct look next = resolve(theme, &row[end]);
		if (!same_look(&look, &next))
			break;
		int from = end;
		while (end < c->cols && (row[end].glyph == 0x2588 || veil < 1) &&
		       row[end].glyph == row[from].glyph) {
			struct look full = resolve(theme, &row[end]);
			if (!same_look(&look, &full))
				break;
			end++;
		}
		if (end > from)
			rect(out, from * CELL_W, y * CELL_H, (end - from) * CELL_W, CELL_H);
		else
			draw_shape(out, row[end++].glyph, from * CELL_W, y * CELL_H);
	}
	tui_buf_text(out, "\"/>\n");
	return end;
}

static void text_glyph(struct tui_buf *out, uint32_t glyph)
{
	if (glyph == '&')
		tui_buf_text(out, "&amp;");
	else if (glyph == '<')
		tui_buf_text(out, "&lt;");
	else if (glyph == '>')
		tui_buf_text(out, "&gt;");
	else
		tui_buf_glyph(out, glyph);
}

/* A run of letters of one look, ended by two blanks or a shape. */
static int text_run(const struct tui_canvas *c, enum tui_theme theme, int x, int y,
		    struct tui_buf *out)
{
	const struct tui_cell *row = c->cells + (size_t)y * (size_t)c->cols;
	struct look look = resolve(theme, &row[x]);
	int end = x + 1;
	while (end < c->cols && !is_shape(row[end].glyph)) {
		struct look next = resolve(theme, &row[end]);
		int blank = row[end].glyph == ' ';
		if ((!blank && !same_look(&look, &next)) ||
		    (blank && row[end - 1].glyph == ' '))
			break;
		end++;
	}
	while (row[end - 1].glyph == ' ')
		end--;
	tui_buf_format(out, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"#%06x\"",
		       x * CELL_W, y * CELL_H + 15, (end - x) * CELL_W, look.ink);
	if (look.bold)
		tui_buf_text(out, " font-weight=\"bold\"");
	if (look.faded)
		tui_buf_text(out, " fill-opacity=\"0.6\"");
	tui_buf_text(out, ">");
	for (int i = x; i < end; i++)
		text_glyph(out, row[i].glyph);
	tui_buf_text(out, "</text>\n");
	return end;
}

static void inks(const struct tui_canvas *c, enum tui_theme theme, int y,
		 struct tui_buf *out)
{
	const struct tui_cell *row = c->cells + (size_t)y * (size_t)c->cols;
	for (int x = 0; x < c->cols;) {
		if (row[x].glyph == ' ')
			x++;
		else if (is_shape(row[x].glyph))
			x = shape_run(c, theme, x, y, out);
		else
			x = text_run(c, theme, x, y, out);
	}
}

int tui_back_svg(const struct tui_canvas *c, enum tui_theme theme, struct tui_buf *out)
{
	int w = c->cols * CELL_W + 2 * MARGIN, h = c->rows * CELL_H + 2 * MARGIN;
	/* 16.61: at this size the advance of DejaVu Sans Mono and Menlo is the cell. */
	tui_buf_format(
		out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\">\n",
		w, h, w, h);
	tui_buf_format(out,
		       "<rect width=\"%d\" height=\"%d\" rx=\"10\" fill=\"#%06x\"/>\n"
		       "<g transform=\"translate(%d %d)\" xml:space=\"preserve\" "
		       "shape-rendering=\"crispEdges\" ",
		       w, h, tui_theme_reference(theme, 1), MARGIN, MARGIN);
	tui_buf_text(out, "font-family=\"'DejaVu Sans Mono','Menlo','Consolas',monospace\" "
			  "font-size=\"16.61\">\n");
	for (int y = 0; y < c->rows; y++) {
		grounds(c, theme, y, out);
		inks(c, theme, y, out);
	}
	tui_buf_text(out, "</g>\n</svg>\n");
	return out->failed ? -GTV_ENOMEM : 0;
}
