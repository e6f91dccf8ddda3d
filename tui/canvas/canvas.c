/* SPDX-License-Identifier: MIT */
#include "tui/canvas/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tui/canvas/glyph.h"

/* Larger than any terminal; keeps rows * cols far from overflow. */
#define SIDE_MAX 4096

int tui_canvas_init(struct tui_canvas *c, int cols, int rows)
{
	memset(c, 0, sizeof(*c));
	if (cols < 0)
		cols = 0;
	if (rows < 0)
		rows = 0;
	c->cols = cols > SIDE_MAX ? SIDE_MAX : cols;
	c->rows = rows > SIDE_MAX ? SIDE_MAX : rows;
	size_t count = (size_t)c->cols * (size_t)c->rows;
	c->cells = calloc(count ? count : 1, sizeof(*c->cells));
	if (!c->cells) {
		c->cols = c->rows = 0;
		return -GTV_ENOMEM;
	}
	tui_canvas_clear(c);
	return 0;
}

void tui_canvas_fini(struct tui_canvas *c)
{
	free(c->cells);
	memset(c, 0, sizeof(*c));
}

void tui_canvas_clear(struct tui_canvas *c)
{
	size_t count = (size_t)c->cols * (size_t)c->rows;
	for (size_t i = 0; i < count; i++)
		c->cells[i] = (struct tui_cell){.glyph = ' '};
}

struct tui_cell *tui_canvas_at(struct tui_canvas *c, int x, int y)
{
	if (x < 0 || y < 0 || x >= c->cols || y >= c->rows)
		return NULL;
	return &c->cells[(size_t)y * (size_t)c->cols + (size_t)x];
}

void tui_canvas_put(struct tui_canvas *c, int x, int y, uint32_t glyph, int ink, int ground)
{
	struct tui_cell *cell = tui_canvas_at(c, x, y);
	if (!cell)
		return;
	*cell = (struct tui_cell){
		.glyph = tui_glyph_is_plain(glyph) ? glyph : '?',
		.ink = (uint8_t)ink,
		.ground = (uint8_t)ground,
	};
}

/* Text keeps the ground that is there: bars and selections are laid first. */
static void put_text(struct tui_canvas *c, int x, int y, uint32_t glyph, int ink)
{
	struct tui_cell *cell = tui_canvas_at(c, x, y);
	if (!cell)
		return;
	cell->glyph = glyph;
	cell->ink = (uint8_t)ink;
	cell->inverse = 0;
}

/* A byte that must not be shown as itself: \xNN, whole or not at all. */
static int put_escape(struct tui_canvas *c, int x, int y, int room, int ink,
		      unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	if (room < 4)
		return 0;
	put_text(c, x, y, '\\', ink);
	put_text(c, x + 1, y, 'x', ink);
	put_text(c, x + 2, y, (uint32_t)hex[byte >> 4], ink);
	put_text(c, x + 3, y, (uint32_t)hex[byte & 15], ink);
	return 4;
}

int tui_canvas_text(struct tui_canvas *c, int x, int y, int width, int ink,
		    const char *text)
{
	size_t left = strlen(text);
	int used = 0;
	while (left > 0 && used < width) {
		uint32_t glyph;
		int bytes = tui_glyph_decode(text, left, &glyph);
		if (bytes > 0 && tui_glyph_is_plain(glyph)) {
			put_text(c, x + used++, y, glyph, ink);
		} else {
			/* A wide or unsafe code point: its bytes, one by one. */
			int drawn = put_escape(c, x + used, y, width - used, ink,
					       (unsigned char)*text);
			if (drawn == 0)
				break;
			used += drawn;
			bytes = 1;
		}
		text += bytes;
		left -= (size_t)bytes;
	}
	return used;
}

int tui_canvas_textf(struct tui_canvas *c, int x, int y, int width, int ink,
		     const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return n < 0 ? 0 : tui_canvas_text(c, x, y, width, ink, text);
}
