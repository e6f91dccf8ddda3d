/* SPDX-License-Identifier: MIT
 *
 * Looks for places in a trace, piece by piece with a budget of time, live too: where a
 * condition (trigger.h) comes true for the nth time, or the longest wait of a lane
 * (of a lock: the longest that it was held).
 */
#ifndef TUI_TRACE_SEEK_H
#define TUI_TRACE_SEEK_H

#include "tracer/model/trigger.h"
#include "tui/trace/trace.h"

struct tui_seek;

enum tui_seek_state {
	TUI_SEEK_ON,	/* looks, or waits for more of a growing trace */
	TUI_SEEK_FOUND, /* of a lane's waits: the longest so far, if the trace grows */
	TUI_SEEK_NONE,	/* there is none up to the end */
};

/* nth: 1 is the first. Borrows t, which must not be closed before. Returns owned, NULL
 * without memory. */
struct tui_seek *tui_seek_condition(struct tui_trace *t, const struct gtv_condition *cond,
				    unsigned nth);
struct tui_seek *tui_seek_longest(struct tui_trace *t, struct gtv_lane lane);
/* Only of waits that reach into [from_ns, to_ns). */
struct tui_seek *tui_seek_longest_in(struct tui_trace *t, struct gtv_lane lane,
				     uint64_t from_ns, uint64_t to_ns);
void tui_seek_free(struct tui_seek *s); /* may be NULL */
/* Looks on for about budget_ns of real time. */
enum tui_seek_state tui_seek_go(struct tui_seek *s, uint64_t budget_ns);
/* What was found: when, and on which lane (kind 0: on none). */
uint64_t tui_seek_ts_ns(const struct tui_seek *s);
struct gtv_lane tui_seek_lane(const struct tui_seek *s);

#endif
