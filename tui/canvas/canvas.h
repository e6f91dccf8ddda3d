/* SPDX-License-Identifier: MIT
 *
 * The canvas: a grid of cells, pure memory. Views draw on it; back ends (curses,
 * text, ANSI, SVG) show it. The same drawing gives the same bytes everywhere.
 */
#ifndef TUI_CANVAS_CANVAS_H
#define TUI_CANVAS_CANVAS_H

#include <stdint.h>

/* Roles, not colours: a theme turns a role into a colour (theme.h). The letters
 * are those of the screens' .colours files. */
#define TUI_ROLES(X)                                                                       \
	X(DEFAULT, ' ')                                                                    \
	X(TEXT, 't')                                                                       \
	X(DIM, 'd')                                                                        \
	X(FAINT, 'f')                                                                      \
	X(BOLD, 'b')                                                                       \
	X(TITLE, 'T')                                                                      \
	X(KEY, 'k')                                                                        \
	X(GOOD, 'G')                                                                       \
	X(WARN, 'W')                                                                       \
	X(BAD, '!')                                                                        \
	X(EDGE, 'w')                                                                       \
	X(BLACK, 'n')                                                                      \
	X(BAR_GROUND, 'B')                                                                 \
	X(SEL, 'S')                                                                        \
	X(SEL_GROUND, 's')                                                                 \
	X(READY, 'r')                                                                      \
	X(PREEMPTED, 'p')                                                                  \
	X(STALLED, 'x')                                                                    \
	X(LOCK, 'l')                                                                       \
	X(GIL, 'g')                                                                        \
	X(CHAN, 'c')                                                                       \
	X(IO, 'i')                                                                         \
	X(SLEEP, 'z')                                                                      \
	X(SYSCALL, 'y')                                                                    \
	X(UNKNOWN, 'u')                                                                    \
	X(DONE, 'D')                                                                       \
	X(OFF, 'X')                                                                        \
	X(OTHER, 'O')                                                                      \
	X(RUNNING, 'R')                                                                    \
	X(GHOST_LOCK, 'm')                                                                 \
	X(GHOST_GIL, 'h')                                                                  \
	X(GHOST_CHAN, 'C')                                                                 \
	X(GHOST_IO, 'j')                                                                   \
	X(GHOST_SLEEP, 'Z')                                                                \
	X(GHOST_SYSCALL, 'v')                                                              \
	X(ID1, '1')                                                                        \
	X(ID2, '2')                                                                        \
	X(ID3, '3')                                                                        \
	X(ID4, '4')                                                                        \
	X(ID5, '5')                                                                        \
	X(ID6, '6')                                                                        \
	X(ID7, '7')                                                                        \
	X(ID8, '8')                                                                        \
	X(ID9, '9')                                                                        \
	X(ID10, 'A')                                                                       \
	X(ID11, 'E')                                                                       \
	X(ID12, 'F')

enum tui_role {
#define X(id, letter) TUI_##id,
	TUI_ROLES(X)
#undef X
		TUI_ROLE_MAX
};

struct tui_cell {
	uint32_t glyph;	 /* a Unicode scalar of width 1 */
	uint8_t ink;	 /* enum tui_role */
	uint8_t ground;	 /* TUI_DEFAULT: the terminal's own, never painted */
	uint8_t inverse; /* ink and ground change places */
	uint8_t pad;
};

struct tui_canvas {
	int cols, rows;
	struct tui_cell *cells; /* rows * cols */
};

int tui_canvas_init(struct tui_canvas *c, int cols, int rows); /* 0 or -GTV_ENOMEM */
void tui_canvas_fini(struct tui_canvas *c);
void tui_canvas_clear(struct tui_canvas *c);
/* All drawing clips: nothing outside is ever touched. */
void tui_canvas_put(struct tui_canvas *c, int x, int y, uint32_t glyph, int ink,
		    int ground);
/* Draws UTF-8 at most `width` columns wide; returns the columns used. Bytes that
 * are not printable are drawn escaped. */
int tui_canvas_text(struct tui_canvas *c, int x, int y, int width, int ink,
		    const char *text);
int tui_canvas_textf(struct tui_canvas *c, int x, int y, int width, int ink,
		     const char *fmt, ...) __attribute__((format(printf, 6, 7)));
struct tui_cell *tui_canvas_at(struct tui_canvas *c, int x, int y); /* NULL outside */

#endif
