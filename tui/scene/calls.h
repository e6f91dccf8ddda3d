/* SPDX-License-Identifier: MIT
 *
 * What the view of system calls draws from: its table in order, beside the histograms
 * that the latency view has too (latency.h).
 */
#ifndef TUI_SCENE_CALLS_H
#define TUI_SCENE_CALLS_H

#include "tracer/base/names.h"
#include "tui/scene/latency.h"

#define TUI_CALLS_SORTS(X)                                                                 \
	X(TOTAL, "total time")                                                             \
	X(COUNT, "count")                                                                  \
	X(MEAN, "mean")                                                                    \
	X(P99, "p99")                                                                      \
	X(MAX, "max")                                                                      \
	X(ERRORS, "errors")

enum tui_calls_sort {
#define X(id, name) TUI_CALLS_##id,
	TUI_CALLS_SORTS(X)
#undef X
		TUI_CALLS_SORT_MAX
};

struct tui_calls {
	const struct tui_latency *latency;
	struct gtv_call_row *row; /* sorted */
	size_t count, chosen;
	unsigned generation; /* of the latencies, when the rows were made… */
	uint64_t upto_ns;    /* …and how far they were read */
	int timed; /* every call is there, begin to end: recorded with --syscalls */
	enum tui_calls_sort sort;
};

const char *tui_calls_sort_name(enum tui_calls_sort sort);
/* Its name, escaped: "futex". Returns buf. */
char *tui_calls_name(const struct gtv_names *names, const struct gtv_call_row *row,
		     char *buf, size_t size);

#endif
