/* SPDX-License-Identifier: MIT
 *
 * The keys: one table gives each action its keys, the help view its lines and
 * the manual page its list; a key that is not here does not exist.
 *
 * Keys are words parted by a space: a printable character, or one of Space Tab
 * Enter Esc Left Right Up Down Home End PgUp PgDn.
 */
#ifndef TUI_SCENE_KEYS_H
#define TUI_SCENE_KEYS_H

/* Groups, in the order of the help view. */
#define TUI_KEY_GROUPS(X)                                                                  \
	X(TIME, "time")                                                                    \
	X(ROWS, "rows and spans")                                                          \
	X(FIND, "finding one's way")                                                       \
	X(SCOPE, "trigger, marks, cursors")                                                \
	X(VIEWS, "views")                                                                  \
	X(PROGRAM, "the program")

enum tui_key_group {
#define X(id, name) TUI_GROUP_##id,
	TUI_KEY_GROUPS(X)
#undef X
		TUI_GROUP_MAX
};

/* Where a key means what it does: everywhere, or in the views of one kind, so that a
 * letter may mean another thing in lists. */
enum tui_key_place {
	TUI_IN_ALL,
	TUI_IN_TIMELINE, /* views with an axis of time */
	TUI_IN_LIST,	 /* lists and tables */
};

/* X(ACTION, group, place, "keys", "help") */
#define TUI_KEYS(X)                                                                        \
	X(ZOOM_IN, TIME, TIMELINE, "w +", "zoom in at the cursor")                         \
	X(ZOOM_OUT, TIME, TIMELINE, "s -", "zoom out")                                     \
	X(PAN_LEFT, TIME, ALL, "a Left", "to earlier")                                     \
	X(PAN_RIGHT, TIME, ALL, "d Right", "to later")                                     \
	X(CURSOR_LEFT, TIME, ALL, "h", "cursor a cell to the left")                        \
	X(CURSOR_RIGHT, TIME, ALL, "l", "cursor a cell to the right")                      \
	X(BEGIN, TIME, ALL, "Home", "to the beginning")                                    \
	X(END, TIME, ALL, "G End", "to the end; live: follow it")                          \
	X(FIT, TIME, ALL, "f", "fit the span, or all of it")                               \
	X(UNDO, TIME, ALL, "z", "undo a zoom, jump, selection")                            \
	X(REDO, TIME, ALL, "Z", "and redo it")                                             \
	X(PAUSE, TIME, ALL, "Space", "freeze the picture, or play")                        \
	X(SLOWER, TIME, ALL, "{", "slower; live: fall behind")                             \
	X(FASTER, TIME, ALL, "}", "faster")                                                \
	X(ROW_DOWN, ROWS, ALL, "j Down", "next row")                                       \
	X(ROW_UP, ROWS, ALL, "k Up", "previous row")                                       \
	X(PAGE_DOWN, ROWS, ALL, "PgDn", "ten rows on, or a page")                          \
	X(PAGE_UP, ROWS, ALL, "PgUp", "ten rows back, or a page")                          \
	X(SPAN_PREV, ROWS, ALL, ",", "previous span")                                      \
	X(SPAN_NEXT, ROWS, ALL, ".", "next span")                                          \
	X(EDGE_BACK, ROWS, ALL, "[", "edge back: who caused this")                         \
	X(EDGE_FORWARD, ROWS, ALL, "]", "edge on: what it caused")                         \
	X(EDGES, ROWS, ALL, "e", "all edges, or the span's")                               \
	X(SORT, ROWS, LIST, "s", "sort by the next column")                                \
	X(RANGE, ROWS, ALL, "r", "count A to B, the window, all")                          \
	X(LOG_BARS, ROWS, LIST, "L", "bars: linear, logarithmic")                          \
	X(IGNORE, ROWS, LIST, "i", "findings: ignore this kind")                           \
	X(UNIGNORE, ROWS, LIST, "I", "findings: none is ignored")                          \
	X(GOTO, FIND, ALL, "g", "go to a lane, a time, a mark")                            \
	X(SEARCH, FIND, ALL, "/", "search lanes, marks, events")                           \
	X(SEARCH_NEXT, FIND, ALL, "n", "the next one found")                               \
	X(SEARCH_BACK, FIND, ALL, "N", "the one before")                                   \
	X(FILTER, FIND, ALL, "\\", "filter rows and events")                               \
	X(COMMAND, FIND, ALL, ":", "a command; Tab completes")                             \
	X(TRIGGER, SCOPE, ALL, "t", "trigger: set, arm again")                             \
	X(TRIGGER_EDIT, SCOPE, ALL, "T", "change the trigger")                             \
	X(MARK, SCOPE, TIMELINE, "m", "mark the cursor's place")                           \
	X(UNMARK, SCOPE, ALL, "X", "take the mark there away")                             \
	X(MARKS, SCOPE, ALL, "M", "the list of marks")                                     \
	X(MARK_NEXT, SCOPE, TIMELINE, ")", "next mark, the program's too")                 \
	X(MARK_BACK, SCOPE, TIMELINE, "(", "previous mark")                                \
	X(CURSOR_A, SCOPE, TIMELINE, "A", "cursor A here, or away")                        \
	X(CURSOR_B, SCOPE, TIMELINE, "B", "cursor B: sums from A to B")                    \
	X(CRITICAL, ROWS, TIMELINE, "c", "critical path, or end it")                       \
	X(PIVOT, ROWS, ALL, "Tab", "other rows: threads, locks")                           \
	X(FOLD, ROWS, TIMELINE, "u", "fold or unfold processes")                           \
	X(BUSY, ROWS, TIMELINE, "b", "only lanes active in sight")                         \
	X(BY_ACTIVITY, ROWS, TIMELINE, "S", "rows by activity, or number")                 \
	X(EXPLAIN, VIEWS, ALL, "Enter", "explain: why did it wait")                        \
	X(BACK, VIEWS, ALL, "Esc", "back to where you were")                               \
	X(TIMELINE, VIEWS, ALL, "1", "the timeline")                                       \
	X(THREADS, VIEWS, ALL, "2", "threads: where time went")                            \
	X(LOCKS, VIEWS, ALL, "3", "locks: holders and queues")                             \
	X(LATENCY, VIEWS, ALL, "4", "latency: histograms of waits")                        \
	X(LOAD, VIEWS, ALL, "5", "load: cores, queues, threads")                           \
	X(CALLS, VIEWS, ALL, "6", "system calls")                                          \
	X(FINDINGS, VIEWS, ALL, "7", "findings: what it noticed")                          \
	X(EVENTS, VIEWS, ALL, "8", "events, one by one")                                   \
	X(COMPARE, VIEWS, ALL, "9", "compare two traces")                                  \
	X(SWAP, VIEWS, ALL, "x", "compare: swap the traces")                               \
	X(ALIGN, VIEWS, ALL, "=", "compare: align start, marks")                           \
	X(DIFFERENCE, VIEWS, ALL, "v", "compare: the difference alone")                    \
	X(OUTPUT, VIEWS, ALL, "o", "the program's output")                                 \
	X(COPY, VIEWS, ALL, "y", "copy as text (OSC 52)")                                  \
	X(HELP, VIEWS, ALL, "?", "this help")                                              \
	X(INPUT, PROGRAM, ALL, "i", "type to it; Esc ends that")                           \
	X(WRITE, PROGRAM, ALL, "R", "--ring: write what is kept")                          \
	X(DETACH, PROGRAM, ALL, "D", "leave, and let it run on")                           \
	X(QUIT, PROGRAM, ALL, "q", "quit, and end it")

enum tui_action {
	TUI_ACT_NONE,
#define X(id, group, place, keys, help) TUI_ACT_##id,
	TUI_KEYS(X)
#undef X
		TUI_ACT_MAX
};

struct tui_key_binding {
	enum tui_action action;
	enum tui_key_group group;
	enum tui_key_place place;
	const char *keys;
	const char *help;
};

/* In the order of the table; NULL-terminated by action TUI_ACT_NONE. */
extern const struct tui_key_binding tui_keys[];
const char *tui_key_group_name(enum tui_key_group group);
/* What a key (term.h) is called in the table; `buf` takes a character's. NULL: no name. */
const char *tui_key_word(int key, char buf[5]);
/* The key of that name, TUI_KEY_NONE if it is none. */
int tui_key_of_word(const char *word);
/* "zoom-in": an action's name in settings. Returns buf. */
char *tui_key_action_name(enum tui_action action, char *buf, unsigned long size);
/* The action of that name, TUI_ACT_NONE if there is none. */
enum tui_action tui_key_find_action(const char *name);
/* The action of a key (term.h) in views of that kind, TUI_ACT_NONE if it has none. */
enum tui_action tui_key_action(enum tui_key_place place, int key);

#endif
