/* SPDX-License-Identifier: MIT */
#include "tui/trace/select.h"

#include "tui/trace/asking.h"
#include "tui/trace/follow.h"
#include "tui/trace/patience.h"
#include "tui/trace/span.h"

int tui_select_at(struct tui_trace *t, struct gtv_lane lane, uint64_t ts_ns)
{
	int rc = tui_span_select(t, lane, ts_ns);

	return rc == -GTV_ENOTFOUND ? 0 : rc;
}

static uint64_t cursor_in_window(const struct tui_nav *nav)
{
	uint64_t ts_ns = nav->cursor_ns;

	if (ts_ns >= nav->to_ns)
		ts_ns = nav->to_ns - 1;
	if (ts_ns < nav->from_ns)
		ts_ns = nav->from_ns;
	if (ts_ns >= nav->last_ns)
		ts_ns = nav->last_ns - 1;
	return ts_ns;
}

int tui_select_row(struct tui_trace *t, int cols, int rows, int dir)
{
	struct tui_scene scene;
	struct gtv_lane lane;

	tui_trace_scene(t, &scene);
	tui_span_hurry(t);
	int rc = tui_timeline_step(&scene, cols, rows, t->nav.selected, dir, &lane);
	tui_trace_whole(t);
	return rc ? rc : tui_select_at(t, lane, cursor_in_window(&t->nav));
}

int tui_select_any(struct tui_trace *t, int cols, int rows)
{
	if (!t->nav.selected.kind)
		return tui_select_row(t, cols, rows, 1);
	if (t->nav.span.to_ns <= t->nav.span.from_ns && !t->nav.sought.kind)
		return tui_select_at(t, t->nav.selected, cursor_in_window(&t->nav));
	return 0;
}

void tui_select_none(struct tui_trace *t)
{
	tui_nav_choose(&t->nav, (struct gtv_lane){0});
}

/* A lane's next span behind a time at which it has none. */
static int select_beyond(struct tui_trace *t, uint64_t ts_ns, int dir)
{
	return tui_ask_span(t, t->nav.selected, ts_ns, dir);
}

int tui_select_span(struct tui_trace *t, int cols, int rows, int dir)
{
	const struct tui_nav *nav = &t->nav;
	int rc;

	/* The first press shows where one is, the next ones step. */
	if (nav->span.to_ns <= nav->span.from_ns) {
		if (nav->selected.kind && nav->sought.kind)
			return 0;
		rc = nav->selected.kind
			     ? tui_select_at(t, nav->selected, cursor_in_window(nav))
			     : tui_select_row(t, cols, rows, 1);
		if (rc || nav->sought.kind || nav->span.to_ns > nav->span.from_ns)
			return rc;
		return select_beyond(t, cursor_in_window(nav), dir);
	}
	rc = tui_span_step(t, dir);
	return rc == -GTV_ENOTFOUND
		       ? select_beyond(t, dir > 0 ? nav->span.to_ns : nav->span.from_ns,
				       dir)
		       : rc;
}

int tui_select_edge(struct tui_trace *t, int dir)
{
	struct tui_follow ask;
	struct tui_followed answer;
	int rc = tui_follow_ask(t, dir, &ask);

	if (!rc)
		rc = tui_follow(t->window, &ask, &answer);
	if (!rc)
		tui_follow_take(t, &ask, &answer);
	return rc;
}
