/* SPDX-License-Identifier: MIT
 *
 * Following an edge from a span to its other end: who caused it, or what it caused. Asked
 * of any window, so that whoever must not wait lets a thread ask (asking.h).
 */
#ifndef TUI_TRACE_FOLLOW_H
#define TUI_TRACE_FOLLOW_H

#include "tui/trace/trace.h"

struct tui_follow {
	struct gtv_span span; /* from where */
	int dir;	      /* -1 back, 1 on */
	int by_core;	      /* the row is a core's: the other end is wanted in one, too */
	int is_next;	      /* `last` was followed from here: now the one after it */
	int is_back;	      /* along `last`, which led here from `origin` */
	struct gtv_edge last;
	struct gtv_span origin;
};

struct tui_followed {
	struct gtv_edge edge;
	struct gtv_lane lane; /* the row of its other end */
	struct gtv_span span; /* what is done there; to_ns 0: nothing is known */
	/* It is the nth of so many that lead on; count 0: they were not counted, for not
	 * all of a long span is decoded. */
	unsigned nth, count;
	int is_wake; /* from a wait: to where its own thread wakes */
};

/* The question of the trace's selected span. 0, or -GTV_ENOTFOUND: there is none. */
int tui_follow_ask(const struct tui_trace *t, int dir, struct tui_follow *q);
/* Looks through w (moves its window). 0; -GTV_ENOTFOUND: no edge leads there; or another
 * -GTV_E*. */
int tui_follow(struct gtv_window *w, const struct tui_follow *q, struct tui_followed *out);
/* Goes there, and remembers the way back. */
void tui_follow_take(struct tui_trace *t, const struct tui_follow *q,
		     const struct tui_followed *out);

#endif
