/* SPDX-License-Identifier: MIT
 *
 * What a terminal sends behind an Esc where curses knows no key of it: the mouse, the
 * keypad's keys, or some key that its description leaves out. That is one key, and never
 * the letters that it consists of, which would each do something.
 */
#ifndef TUI_TERM_SEQUENCE_H
#define TUI_TERM_SEQUENCE_H

#include "tui/term/term.h"

struct tui_sequence_in {
	/* The next byte, waiting for it so long at most; -1: none comes. */
	int (*next)(void *arg, int wait_ms);
	/* Gives one back that was read: it is the next one then. */
	void (*back)(void *arg, int byte);
	void *arg;
};

/* The key that the bytes behind an Esc are: a character, TUI_KEY_OTHER, or TUI_KEY_MOUSE
 * and what the mouse did. TUI_KEY_NONE: it was the key Esc itself, and nothing is read. */
int tui_sequence_key(const struct tui_sequence_in *in, struct tui_mouse *mouse);

#endif
