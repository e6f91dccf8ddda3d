/* SPDX-License-Identifier: MIT
 *
 * What of a trace the lists and tables count: all of it, the timeline's window, or what
 * lies between the cursors A and B. With both cursors set that is what is counted, until
 * the key takes it away. Pure.
 */
#ifndef TUI_SCENE_RANGE_H
#define TUI_SCENE_RANGE_H

#include <stddef.h>
#include <stdint.h>

struct tui_nav;
struct tui_scope;
struct tui_canvas;

/* What the user wants (nav.range). */
enum tui_range_choice {
	TUI_RANGE_AUTO, /* between the cursors if there are two, else all */
	TUI_RANGE_OF_WINDOW,
	TUI_RANGE_OF_ALL,
};

enum tui_range_kind { TUI_RANGE_ALL, TUI_RANGE_WINDOW, TUI_RANGE_CURSORS };

struct tui_range {
	uint8_t kind;		 /* enum tui_range_kind */
	uint64_t from_ns, to_ns; /* [from, to) of the trace; ALL: to is UINT64_MAX */
};

/* What is to be counted now. scope may be NULL. */
struct tui_range tui_range_of(const struct tui_nav *nav, const struct tui_scope *scope);
/* Others: what was counted is to be counted anew. */
int tui_range_differs(const struct tui_range *a, const struct tui_range *b);
/* …and it is time to: a window that moves with a live trace is let be for a while since it
 * was begun to count (real time). */
int tui_range_is_due(const struct tui_range *counted, const struct tui_nav *nav,
		     const struct tui_scope *scope, uint64_t begun_ns, uint64_t now_ns);
/* The next choice: A to B, the window, all. Returns its words. */
const char *tui_range_next(struct tui_nav *nav, const struct tui_scope *scope);
/* "A–B 3.20 ms from 1.2000 s", "the window, 50.0 ms from …"; "" for ALL. Returns buf. */
char *tui_range_words(const struct tui_range *r, uint64_t start_ns, char *buf, size_t size);

#endif
