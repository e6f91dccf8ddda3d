/* SPDX-License-Identifier: MIT
 *
 * Back ends: a canvas as bytes. Plain text, ANSI for a 256-colour terminal, SVG.
 * The same canvas gives the same bytes everywhere; only curses (term/curses.c)
 * is elsewhere.
 */
#ifndef TUI_CANVAS_BACK_H
#define TUI_CANVAS_BACK_H

#include <stddef.h>

#include "tui/canvas/canvas.h"
#include "tui/canvas/theme.h"

/* A growing buffer of bytes. Appending after memory ran out does nothing: check
 * `failed` once at the end. */
struct tui_buf {
	char *bytes; /* NUL-terminated once anything was appended */
	size_t size, room;
	int failed;
};

void tui_buf_fini(struct tui_buf *buf);
void tui_buf_bytes(struct tui_buf *buf, const char *bytes, size_t size);
void tui_buf_text(struct tui_buf *buf, const char *text);
void tui_buf_format(struct tui_buf *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* One code point as UTF-8. */
void tui_buf_glyph(struct tui_buf *buf, uint32_t glyph);

/* Each appends the whole frame; 0 or -GTV_ENOMEM. */
/* Exactly rows lines of cols glyphs, trailing blanks kept. */
int tui_back_text(const struct tui_canvas *c, struct tui_buf *out);
/* The same with colours: SGR only, no cursor movement; reset at each line's end. */
int tui_back_ansi(const struct tui_canvas *c, enum tui_theme theme, struct tui_buf *out);
/* What changes `before` into c, for a terminal that shows it: cursor movement and SGR,
 * reset at the end; nothing if nothing differs. NULL, or of another size: all of it. */
int tui_back_ansi_changes(const struct tui_canvas *c, const struct tui_canvas *before,
			  enum tui_theme theme, struct tui_buf *out);
/* A picture: blocks and lines are shapes that join, letters are text. */
int tui_back_svg(const struct tui_canvas *c, enum tui_theme theme, struct tui_buf *out);

#endif
