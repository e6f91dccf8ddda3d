/* SPDX-License-Identifier: MIT
 *
 * The terminal: shows a canvas, gives keys, and is put back as it was however we
 * end. One terminal at a time. Only curses.c knows of curses.
 */
#ifndef TUI_TERM_TERM_H
#define TUI_TERM_TERM_H

#include <stddef.h>

#include "tracer/base/err.h"
#include "tui/canvas/canvas.h"
#include "tui/scene/key_codes.h"
#include "tui/canvas/theme.h"

struct tui_term;

enum tui_mouse_act {
	TUI_MOUSE_NOTHING, /* what we have no use for */
	TUI_MOUSE_PRESS,
	TUI_MOUSE_DRAG, /* moved with the button down */
	TUI_MOUSE_RELEASE,
	TUI_MOUSE_WHEEL_UP,
	TUI_MOUSE_WHEEL_DOWN,
};

struct tui_mouse {
	enum tui_mouse_act act;
	int x, y;
};

/* Is there a terminal to show things on, and one to get keys from? Gives its size.
 * 0, or -GTV_EUSAGE and err, with what to use instead. */
int tui_term_check(int *cols, int *rows, const char *instead, struct gtv_err *err);
/* Takes over the terminal: standard output, with keys from standard input or, if
 * that is not a terminal, from the controlling one. `theme`: -1 as the terminal
 * can and $NO_COLOR says. */
int tui_term_open(struct tui_term **out, int theme, struct gtv_err *err);
/* Gives it back. May be called at any time, twice too (NULL). */
void tui_term_close(struct tui_term *term);

void tui_term_size(const struct tui_term *term, int *cols, int *rows);
/* Asks the terminal for its size again (after SIGWINCH). */
void tui_term_resized(struct tui_term *term);
/* Only ASCII can be shown, by the locale. */
int tui_term_is_ascii(const struct tui_term *term);
/* The theme it shows with: as asked for, or the nearest that it can show. */
enum tui_theme tui_term_theme(const struct tui_term *term);
void tui_term_set_theme(struct tui_term *term, enum tui_theme theme);
/* Shows the canvas; writes only what differs from what is there. */
void tui_term_show(struct tui_term *term, const struct tui_canvas *canvas);
/* Readable when a key may be waiting. */
int tui_term_fd(const struct tui_term *term);
/* The next key, TUI_KEY_NONE if there is none, -1 if the terminal is gone. */
int tui_term_key(struct tui_term *term);
/* Asks the terminal to tell of the mouse, from now until it is given back. */
void tui_term_use_mouse(struct tui_term *term);
/* What the mouse did, right after tui_term_key returned TUI_KEY_MOUSE. */
void tui_term_mouse(struct tui_term *term, struct tui_mouse *out);
/* Sends text to the terminal's clipboard (OSC 52). */
enum tui_copied {
	TUI_COPY_NONE,	/* it has none that is known, or the text is too long for one */
	TUI_COPY_SENT,	/* whether it takes it is not known */
	TUI_COPY_TAKEN, /* its description says that it does */
};
enum tui_copied tui_term_copy(struct tui_term *term, const char *text, size_t size);
/* Gives the terminal to the shell, stops us, and takes it again when we go on. */
void tui_term_suspend(struct tui_term *term);
/* Takes it again after somebody else stopped and continued us. */
void tui_term_retake(struct tui_term *term);
/* The next show repaints all. */
void tui_term_repaint(struct tui_term *term);

#endif
