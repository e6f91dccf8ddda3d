/* SPDX-License-Identifier: MIT
 *
 * A canvas that watches who draws where: the real one (tui/canvas/canvas.c is included
 * whole, and takes the place of the library's), whose calls come by here first. For one
 * canvas at a time it remembers which call wrote each cell's text, and notes two faults:
 *
 *   outside   something that is not blank was to be drawn beyond the canvas: clipping
 *             hides it, and with it what the view meant to say
 *   overlap   a text was written over another text of the same frame
 */
#ifndef WATCHED_H
#define WATCHED_H

#define tui_canvas_put	 canvas_put
#define tui_canvas_text	 canvas_text
#define tui_canvas_textf canvas_textf
#include "tui/canvas/canvas.c"
#undef tui_canvas_put
#undef tui_canvas_text
#undef tui_canvas_textf

#define WATCHED_COLS 500
#define WATCHED_ROWS 200

static struct {
	const struct tui_canvas *canvas;	    /* NULL: nobody is watched */
	unsigned text[WATCHED_COLS * WATCHED_ROWS]; /* which call's, 0 none */
	unsigned calls;
	int outside, overlap;
	char fault[256]; /* the first, in words */
} watched;

static inline void watched_begin(const struct tui_canvas *canvas)
{
	assert_true(canvas->cols <= WATCHED_COLS && canvas->rows <= WATCHED_ROWS);
	memset(watched.text, 0,
	       sizeof(*watched.text) * (size_t)(canvas->cols * canvas->rows));
	watched.canvas = canvas;
	watched.calls = 0;
	watched.outside = watched.overlap = 0;
	watched.fault[0] = '\0';
}

static inline void watched_fault(int *count, const char *what, int x, int y,
				 const char *text)
{
	if (!watched.outside && !watched.overlap)
		snprintf(watched.fault, sizeof(watched.fault), "%s at %d,%d: \"%s\"", what,
			 x, y, text);
	++*count;
}

void tui_canvas_put(struct tui_canvas *c, int x, int y, uint32_t glyph, int ink, int ground)
{
	canvas_put(c, x, y, glyph, ink, ground);
	if (c != watched.canvas)
		return;
	if (x >= 0 && y >= 0 && x < c->cols && y < c->rows)
		watched.text[y * c->cols + x] = 0;
	else if (glyph != ' ')
		watched_fault(&watched.outside, "put outside", x, y, "");
}

int tui_canvas_text(struct tui_canvas *c, int x, int y, int width, int ink,
		    const char *text)
{
	static struct tui_cell before[WATCHED_COLS];
	int inside = c == watched.canvas && y >= 0 && y < c->rows;

	if (inside)
		memcpy(before, &c->cells[y * c->cols], (size_t)c->cols * sizeof(*before));
	int used = canvas_text(c, x, y, width, ink, text), over = 0, out = 0;

	if (c != watched.canvas)
		return used;
	watched.calls++;
	for (int i = 0; i < used; i++) {
		if (!inside || x + i < 0 || x + i >= c->cols) {
			out |= (size_t)i < strlen(text) && text[i] != ' ';
			continue;
		}
		unsigned *owner = &watched.text[y * c->cols + x + i];
		uint32_t now = c->cells[y * c->cols + x + i].glyph;

		over |= *owner && before[x + i].glyph != ' ' && now != ' ' &&
			before[x + i].glyph != now;
		*owner = watched.calls;
	}
	if (over)
		watched_fault(&watched.overlap, "text over text", x, y, text);
	if (out)
		watched_fault(&watched.outside, "text outside", x, y, text);
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

#endif
