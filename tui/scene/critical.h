/* SPDX-License-Identifier: MIT
 *
 * The critical path that the timeline shows, as data: whose end it leads to, and the pieces
 * that add up to the interval. trace/critical.c finds it.
 */
#ifndef TUI_SCENE_CRITICAL_H
#define TUI_SCENE_CRITICAL_H

#include "tracer/model/critical.h"

/* Pieces of one who in one state, together. */
struct tui_critical_sum {
	struct gtv_lane who; /* kind 0: not known */
	uint8_t state;
	uint64_t ns;
	size_t pieces;
};
#define TUI_CRITICAL_SUMS 12 /* the most first; what more there is, in `rest_ns` */

struct tui_critical {
	struct gtv_critical path;
	struct gtv_lane lane;
	uint64_t from_ns, to_ns;
	struct tui_critical_sum sum[TUI_CRITICAL_SUMS];
	int sums;
	uint64_t rest_ns;
};

#endif
