/* SPDX-License-Identifier: MIT
 *
 * What the locks view shows, as data: the totals of each lock, and what it is like at the
 * cursor. trace/locks.c fills it; the view only draws.
 */
#ifndef TUI_SCENE_LOCKS_H
#define TUI_SCENE_LOCKS_H

#include "tracer/model/attribution.h"
#include "tui/scene/range.h"

/* X(ID, "word"): what the table is sorted by, in the order of the key. */
#define TUI_LOCKS_SORTS(X)                                                                 \
	X(WAIT, "wait")                                                                    \
	X(OFF, "off core")                                                                 \
	X(HELD, "held")                                                                    \
	X(HANDOFFS, "handoffs")                                                            \
	X(FALSE, "false wake-ups")                                                         \
	X(NUMBER, "number")

enum tui_locks_sort {
#define X(id, word) TUI_LOCKS_BY_##id,
	TUI_LOCKS_SORTS(X)
#undef X
		TUI_LOCKS_BY_MAX
};

#define TUI_LOCKS_ROWS	   4096 /* more are counted only */
#define TUI_LOCKS_QUEUE	   8
#define TUI_LOCKS_HANDOFFS 8

struct tui_locks_row {
	struct gtv_attr_lock a;
	uint64_t key;
	int counted; /* what follows is known */
	uint64_t false_wakeups, requests, takes;
	struct gtv_span now; /* at the cursor; to_ns 0: it was not there */
	uint32_t waiting;    /* then */
	struct tui_locks_waiter {
		struct gtv_lane lane;
		uint64_t since_ns, to_ns;
	} queue[TUI_LOCKS_QUEUE]; /* who waits longest comes first */
};

struct tui_locks {
	const struct gtv_attribution *attr; /* NULL: nothing was read yet */
	struct tui_locks_row *row;
	size_t count, all, chosen;
	uint32_t lock; /* the chosen one keeps its place; 0: never chosen */
	uint8_t sort;
	int line;		/* below the table: 0 none, else 1 + tui_locks_lines */
	struct tui_range range; /* what of the trace is counted */
	uint64_t from_ns, upto_ns;
	int done;
	uint64_t cursor_ns;			     /* what `now` is of */
	struct gtv_edge handoff[TUI_LOCKS_HANDOFFS]; /* the last before it, newest first */
	int handoffs;
};

const char *tui_locks_sort_word(unsigned sort);

enum tui_locks_part {
	TUI_LOCKS_WAITER,     /* num: in the queue */
	TUI_LOCKS_WORST_WAIT, /* the longest wait */
	TUI_LOCKS_SLOWEST,    /* the slowest hand-over */
	TUI_LOCKS_HOLDER,     /* num: of the holders; its longest stretch off core */
	TUI_LOCKS_HANDOFF,    /* num: of the last hand-offs */
};

/* A line that can be chosen, and where its evidence is; to_ns 0: nowhere. */
struct tui_locks_line {
	uint8_t part;
	int num;
	struct gtv_lane lane;
	uint64_t from_ns, to_ns;
};
#define TUI_LOCKS_HOLDERS 8
#define TUI_LOCKS_LINES	  (TUI_LOCKS_QUEUE + 2 + TUI_LOCKS_HOLDERS + TUI_LOCKS_HANDOFFS)
/* In the order in which they are shown. Returns the count. */
int tui_locks_lines(const struct tui_locks *l, struct tui_locks_line out[TUI_LOCKS_LINES]);

#endif
