/* SPDX-License-Identifier: MIT
 *
 * What a key is: the number that the terminal (term.h) gives for it, apart from how it
 * comes by it.
 */
#ifndef TUI_SCENE_KEY_CODES_H
#define TUI_SCENE_KEY_CODES_H

/* Keys: a Unicode scalar, or one of these, above all of them. */
enum tui_key {
	TUI_KEY_NONE = 0,
	TUI_KEY_TAB = '\t',
	TUI_KEY_ENTER = '\r',
	TUI_KEY_ESC = 27,
	TUI_KEY_BACKSPACE = 127,
	TUI_KEY_LEFT = 0x110000,
	TUI_KEY_RIGHT,
	TUI_KEY_UP,
	TUI_KEY_DOWN,
	TUI_KEY_HOME,
	TUI_KEY_END,
	TUI_KEY_PGUP,
	TUI_KEY_PGDN,
	TUI_KEY_DELETE,
	TUI_KEY_OTHER, /* a key that we have no name for */
	TUI_KEY_MOUSE, /* term.h's tui_term_mouse tells what it did */
};

#endif
