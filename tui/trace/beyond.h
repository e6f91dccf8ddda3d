/* SPDX-License-Identifier: MIT
 *
 * The span of a lane at a time, or the next one from there however far away: asked of any
 * window, so that whoever must not wait lets a thread ask (asking.h).
 */
#ifndef TUI_TRACE_BEYOND_H
#define TUI_TRACE_BEYOND_H

#include "tui/trace/trace.h"

struct tui_beyond {
	struct gtv_lane lane;
	uint64_t at_ns;
	int dir; /* 0: there; 1, -1: the first behind it, the last before it */
	uint64_t first_ns, last_ns; /* of the trace */
};

/* 0, or -GTV_ENOTFOUND, or another -GTV_E*. Looks through w (moves its window). */
int tui_beyond(struct gtv_window *w, const struct tui_beyond *q, struct gtv_span *out);

#endif
