/* SPDX-License-Identifier: MIT */
#include "tui/trace/go.h"

#include "tui/trace/span.h"

static enum tui_rows rows_of(struct gtv_lane lane)
{
	switch (lane.kind) {
	case GTV_LANE_THREAD:
		return TUI_ROWS_THREAD;
	case GTV_LANE_GT:
		return TUI_ROWS_GT;
	case GTV_LANE_LOCK:
		return TUI_ROWS_LOCK;
	default:
		return TUI_ROWS_CORE;
	}
}

/* The lane in the window as it is now; `at_ns` is where its span is taken. */
static int select_at(struct tui_trace *t, struct gtv_lane lane, uint64_t at_ns)
{
	struct tui_nav *nav = &t->nav;
	int rc;

	tui_nav_remember(nav);
	nav->rows = rows_of(lane);
	nav->selected = lane;
	nav->span = (struct gtv_span){0};
	nav->cursor_ns = at_ns;
	rc = tui_span_select(t, lane, at_ns);
	return rc == -GTV_ENOTFOUND ? 0 : rc;
}

int tui_trace_go(struct tui_trace *t, struct gtv_lane lane, uint64_t from_ns,
		 uint64_t to_ns)
{
	uint64_t margin = (to_ns - from_ns) / 3 + 1000;

	tui_nav_window(&t->nav, from_ns > margin ? from_ns - margin : 0, to_ns + margin);
	return select_at(t, lane, from_ns);
}

int tui_trace_go_lane(struct tui_trace *t, struct gtv_lane lane, uint64_t from_ns,
		      uint64_t to_ns)
{
	const struct tui_nav *nav = &t->nav;
	uint64_t at_ns = nav->cursor_ns;

	if (to_ns <= nav->from_ns || from_ns >= nav->to_ns)
		return tui_trace_go(t, lane, from_ns, to_ns);
	if (at_ns < nav->from_ns || at_ns >= nav->to_ns)
		at_ns = nav->from_ns + (nav->to_ns - nav->from_ns) / 2;
	if (at_ns < from_ns)
		at_ns = from_ns;
	if (at_ns >= to_ns)
		at_ns = to_ns - 1;
	return select_at(t, lane, at_ns);
}
