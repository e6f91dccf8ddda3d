/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tui/canvas/back.h"
#include "tui/canvas/glyph.h"

void tui_buf_fini(struct tui_buf *buf)
{
	free(buf->bytes);
	memset(buf, 0, sizeof(*buf));
}

static int make_room(struct tui_buf *buf, size_t size)
{
	if (buf->failed)
		return 0;
	if (buf->room - buf->size > size)
		return 1;
	size_t room = buf->room ? buf->room : 4096;
	while (room - buf->size <= size)
		room *= 2;
	char *bytes = realloc(buf->bytes, room);
	if (!bytes) {
		buf->failed = 1;
		return 0;
	}
	buf->bytes = bytes;
	buf->room = room;
	return 1;
}

void tui_buf_bytes(struct tui_buf *buf, const char *bytes, size_t size)
{
	if (!make_room(buf, size))
		return;
	memcpy(buf->bytes + buf->size, bytes, size);
	buf->size += size;
	buf->bytes[buf->size] = '\0';
}

void tui_buf_text(struct tui_buf *buf, const char *text)
{
	tui_buf_bytes(buf, text, strlen(text));
}

void tui_buf_format(struct tui_buf *buf, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n > 0)
		tui_buf_bytes(buf, text,
			      (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void tui_buf_glyph(struct tui_buf *buf, uint32_t glyph)
{
	char bytes[4];
	tui_buf_bytes(buf, bytes, (size_t)tui_glyph_encode(glyph, bytes));
}

/* Without reverse video, a fill that begins inside a cell is half of it or all. */
static uint32_t plain_glyph(const struct tui_cell *cell)
{
	int eighths = tui_glyph_left_eighths(cell->glyph);
	if (!cell->inverse || eighths < 0)
		return cell->glyph;
	return eighths <= 2 ? 0x2588 : 0x2590;
}

int tui_back_text(const struct tui_canvas *c, struct tui_buf *out)
{
	const struct tui_cell *cell = c->cells;
	for (int y = 0; y < c->rows; y++) {
		for (int x = 0; x < c->cols; x++)
			tui_buf_glyph(out, plain_glyph(cell++));
		tui_buf_bytes(out, "\n", 1);
	}
	return out->failed ? -GTV_ENOMEM : 0;
}
