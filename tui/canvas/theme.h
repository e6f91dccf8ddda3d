/* SPDX-License-Identifier: MIT
 *
 * Themes: from a cell's roles to colours. A canvas only knows roles; which
 * colours these are on a dark, light, colour-blind safe, projected, 16-colour or colourless
 * terminal is one table here, with the figures that show its contrast.
 */
#ifndef TUI_CANVAS_THEME_H
#define TUI_CANVAS_THEME_H

#include <stdint.h>

#include "tui/canvas/canvas.h"

enum tui_theme {
	TUI_THEME_DARK,
	TUI_THEME_LIGHT,
	TUI_THEME_SAFE,	     /* colour-blind safe, on dark */
	TUI_THEME_PROJECTOR, /* for a hall: few, strong colours, bold, on dark */
	TUI_THEME_16,
	TUI_THEME_MONO,
	TUI_THEME_MAX
};

#define TUI_ATTR_BOLD	 1u
#define TUI_ATTR_DIM	 2u
#define TUI_ATTR_REVERSE 4u

/* How to show a cell. Colours are xterm indexes, -1 the terminal's own. */
struct tui_paint {
	int16_t ink, ground;
	uint8_t attrs; /* TUI_ATTR_* */
};

struct tui_paint tui_theme_paint(enum tui_theme theme, const struct tui_cell *cell);
/* A role as ink: colour index or -1, and its attributes. */
struct tui_paint tui_theme_role(enum tui_theme theme, enum tui_role role);
/* Whether it is read as a letter: 4.5:1 at least, where a bar or a line needs 3:1. */
int tui_theme_is_word(uint32_t glyph);
/* "dark", "light", "safe", "projector", "16", "mono"; -1 if there is none of that name. */
int tui_theme_find(const char *name);
const char *tui_theme_name(enum tui_theme theme);
/* 0xRRGGBB of an xterm colour index (-1: the theme's reference ink or ground). */
uint32_t tui_theme_rgb(int colour);
uint32_t tui_theme_reference(enum tui_theme theme, int is_ground);
/* The contrast of two colours after WCAG 2: 1.0 … 21.0. */
double tui_theme_contrast(uint32_t rgb_a, uint32_t rgb_b);

#endif
