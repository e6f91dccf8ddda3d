/* SPDX-License-Identifier: MIT
 *
 * The keys: one table gives each action its keys, the help view its lines and
 * the manual page its list; a key that is not here does not exist.
 *
 * Keys are words parted by a space: a printable character, or one of Space Tab
 * Enter Esc Left Right Up Down Home End PgUp PgDn.
 */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

/* Groups, in the order of the help view. */
#define TUI_KEY_GROUPS(X)                                                                  \
	X(TIME, "time")                                                                    \
	X(ROWS, "rows and spans")                                                          \
	X(VIEWS, "views")                                                                  \
	X(PROGRAM, "the program")

enum tui_key_group {
#define X(id, name) TUI_GROUP_##id,
	TUI_KEY_GROUPS(X)
#undef X
		TUI_GROUP_MAX
};

/* X(ACTION, group, "keys", "help") */
#define TUI_KEYS(X)                                                                        \
	X(ZOOM_IN, TIME, "w +", "zoom in at the cursor")                                   \
	X(ZOOM_OUT, TIME, "s -", "zoom out")                                               \
	X(PAN_LEFT, TIME, "a Left", "to earlier")                                          \
	X(PAN_RIGHT, TIME, "d Right", "to later")                                          \
	X(CURSOR_LEFT, TIME, "h", "cursor a cell to the left")                             \
	X(CURSOR_RIGHT, TIME, "l", "cursor a cell to the right")                           \
	X(BEGIN, TIME, "g Home", "to the beginning")                                       \
	X(END, TIME, "G End", "to the end; live: follow it")                               \
	X(FIT, TIME, "f", "fit the span, or all of it")                                    \
	X(UNDO, TIME, "z", "undo a zoom or a jump")                                        \
	X(PAUSE, TIME, "Space", "freeze the picture, or play")                             \
	X(SLOWER, TIME, "{", "replay slower")                                              \
	X(FASTER, TIME, "}", "replay faster")                                              \
	X(ROW_DOWN, ROWS, "j Down", "next row")                                            \
	X(ROW_UP, ROWS, "k Up", "previous row")                                            \
	X(SPAN_PREV, ROWS, ",", "previous span")                                           \
	X(SPAN_NEXT, ROWS, ".", "next span")                                               \
	X(EDGE_BACK, ROWS, "[", "edge back: who caused this")                              \
	X(EDGE_FORWARD, ROWS, "]", "edge on: what it caused")                              \
	X(EDGES, ROWS, "e", "all edges, or the span's")                                    \
	X(PIVOT, ROWS, "Tab", "rows: core, thread, gt, lock")                              \
	X(EXPLAIN, VIEWS, "Enter", "explain: why did it wait")                             \
	X(BACK, VIEWS, "Esc", "back to where you were")                                    \
	X(TIMELINE, VIEWS, "1", "the timeline")                                            \
	X(FINDINGS, VIEWS, "7", "findings: what it noticed")                               \
	X(OUTPUT, VIEWS, "o", "the program's output")                                      \
	X(HELP, VIEWS, "?", "this help")                                                   \
	X(INPUT, PROGRAM, "i", "type to it; Esc ends that")                                \
	X(DETACH, PROGRAM, "D", "leave, and let it run on")                                \
	X(QUIT, PROGRAM, "q", "quit, and end it")

enum tui_action {
	TUI_ACT_NONE,
#define X(id, group, keys, help) TUI_ACT_##id,
	TUI_KEYS(X)
#undef X
		TUI_ACT_MAX
};

struct tui_key_binding {
	enum tui_action action;
	enum tui_key_group group;
	const char *keys;
	const char *help;
};

/* In the order of the table; NULL-terminated by action TUI_ACT_NONE. */
extern const struct tui_key_binding tui_keys[];
const char *tui_key_group_name(enum tui_key_group group);
/* The action of a key (term.h), TUI_ACT_NONE if it has none. */
enum tui_action tui_key_action(int key);

#endif
