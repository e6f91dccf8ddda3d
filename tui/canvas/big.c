/* SPDX-License-Identifier: MIT */
#include "tui/canvas/big.h"

#include <stddef.h>
#include <string.h>

#include "tui/canvas/glyph.h"

#define POINTS_DOWN 7
#define FULL	    0x2588
#define UPPER	    0x2580
#define LOWER	    0x2584

/* Seven rows of points, the leftmost in the highest of `wide` bits. */
static const struct shape {
	uint32_t glyph;
	uint8_t wide;
	uint8_t row[POINTS_DOWN];
} shapes[] = {
	{'0', 5, {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}},
	{'1', 3, {0x02, 0x06, 0x02, 0x02, 0x02, 0x02, 0x07}},
	{'2', 5, {0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f}},
	{'3', 5, {0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e}},
	{'4', 5, {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}},
	{'5', 5, {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e}},
	{'6', 5, {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}},
	{'7', 5, {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}},
	{'8', 5, {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}},
	{'9', 5, {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c}},
	{'.', 2, {0, 0, 0, 0, 0, 0x3, 0x3}},
	{',', 2, {0, 0, 0, 0, 0x3, 0x1, 0x2}},
	{':', 2, {0, 0x3, 0x3, 0, 0x3, 0x3, 0}},
	{'%', 5, {0x18, 0x19, 0x02, 0x04, 0x08, 0x13, 0x03}},
	{'+', 5, {0, 0x04, 0x04, 0x1f, 0x04, 0x04, 0}},
	{'-', 4, {0, 0, 0, 0xf, 0, 0, 0}},
	{'/', 5, {0x01, 0x01, 0x02, 0x04, 0x08, 0x10, 0x10}},
	{'x', 5, {0, 0, 0x11, 0x0a, 0x04, 0x0a, 0x11}},
	{0xd7, 5, {0, 0, 0x11, 0x0a, 0x04, 0x0a, 0x11}}, /* × */
	{'m', 5, {0, 0, 0x1a, 0x15, 0x15, 0x15, 0x15}},
	{'s', 5, {0, 0, 0x0f, 0x10, 0x0e, 0x01, 0x1e}},
	{'n', 5, {0, 0, 0x16, 0x19, 0x11, 0x11, 0x11}},
	{'u', 5, {0, 0, 0x11, 0x11, 0x11, 0x13, 0x0d}},
	{0xb5, 5, {0, 0, 0x11, 0x11, 0x13, 0x1d, 0x10}}, /* µ */
	{'h', 5, {0x10, 0x10, 0x16, 0x19, 0x11, 0x11, 0x11}},
	{'k', 5, {0x10, 0x10, 0x12, 0x14, 0x18, 0x14, 0x12}},
	{'M', 5, {0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11}},
	{'G', 5, {0x0e, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0f}},
	{' ', 2, {0}},
};

static const struct shape *shape_of(uint32_t glyph)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (shapes[i].glyph == glyph)
			return &shapes[i];
	return NULL;
}

/* The next shape, NULL at the end; one that is not known is told by *known = 0. */
static const struct shape *next_shape(const char **text, int *known)
{
	uint32_t glyph;
	int n = tui_glyph_decode(*text, strlen(*text), &glyph);

	*known = 1;
	if (!**text)
		return NULL;
	const struct shape *s = n ? shape_of(glyph) : NULL;

	*known = s != NULL;
	*text += n ? n : 1;
	return s;
}

int tui_big_knows(const char *text)
{
	int known;

	while (next_shape(&text, &known))
		;
	return known;
}

int tui_big_cols(const char *text, int scale)
{
	const struct shape *s;
	int points = 0, known;

	while ((s = next_shape(&text, &known)))
		points += s->wide + 1;
	return points ? (points - 1) * scale : 0;
}

int tui_big_rows(int scale)
{
	return (POINTS_DOWN * scale + 1) / 2;
}

/* The point at half a row `y` of a column of cells, both already divided by scale. */
static int point(const struct shape *s, int x, int y)
{
	return y < POINTS_DOWN && s->row[y] >> (s->wide - 1 - x) & 1;
}

static void draw_shape(struct tui_canvas *canvas, const struct shape *s, int x, int y,
		       int scale, int ink)
{
	for (int row = 0; row < tui_big_rows(scale); row++) {
		for (int col = 0; col < s->wide * scale; col++) {
			int above = point(s, col / scale, 2 * row / scale);
			int below = point(s, col / scale, (2 * row + 1) / scale);
			uint32_t glyph = above && below ? FULL : above ? UPPER : LOWER;

			if (above || below)
				tui_canvas_put(canvas, x + col, y + row, glyph, ink,
					       TUI_DEFAULT);
		}
	}
}

int tui_big_draw(struct tui_canvas *canvas, int x, int y, int end, int scale, int ink,
		 const char *text)
{
	const struct shape *s;
	int known;

	if (!tui_big_knows(text) || x + tui_big_cols(text, scale) > end)
		return x;
	while ((s = next_shape(&text, &known))) {
		draw_shape(canvas, s, x, y, scale, ink);
		x += (s->wide + 1) * scale;
	}
	return x;
}
