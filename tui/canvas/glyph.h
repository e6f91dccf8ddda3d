/* SPDX-License-Identifier: MIT
 *
 * Glyphs: the few characters that drawings are made of, which code points are
 * safe to show (one column wide, nothing that joins or turns), and what stands
 * for them where only ASCII can be shown.
 */
#ifndef TUI_CANVAS_GLYPH_H
#define TUI_CANVAS_GLYPH_H

#include <stddef.h>
#include <stdint.h>

#include "tui/canvas/canvas.h"

/* ▏▎▍▌▋▊▉█ for 1 … 8 eighths from the left; a blank for 0. */
uint32_t tui_glyph_left(int eighths);
/* The eighths of a left block, -1 if it is none. */
int tui_glyph_left_eighths(uint32_t glyph);
/* ▁▂▃▄▅▆▇█ for 1 … 8 eighths from below; a blank for 0. */
uint32_t tui_glyph_level(int eighths);
/* Decodes a code point of at most `size` bytes; returns the bytes used, 0 if they
 * are not valid UTF-8. */
int tui_glyph_decode(const char *text, size_t size, uint32_t *glyph);
/* Encodes into out[4]; returns the bytes. */
int tui_glyph_encode(uint32_t glyph, char *out);
/* Whether every terminal shows it in one column and leaves its neighbours alone. */
int tui_glyph_is_plain(uint32_t glyph);
/* Its stand-in; itself if it is ASCII, '?' if there is none. */
uint32_t tui_glyph_ascii(uint32_t glyph);
/* Replaces all that is not ASCII (facts.ascii). */
void tui_glyph_canvas_ascii(struct tui_canvas *c);

#endif
