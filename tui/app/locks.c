/* SPDX-License-Identifier: MIT
 *
 * The locks' pane: j and k choose a row, comma and full stop a line below the table, h and
 * l move the cursor's time, Enter goes to where it is seen.
 */
#include "tui/app/app.h"
#include "tui/app/panes.h"
#include "tui/trace/go.h"
#include "tui/trace/locks.h"
#include "tui/trace/threads.h"

static void move(struct tui_app *app, int dir)
{
	struct tui_locks *s = app->trace.locks;

	if (dir < 0 ? s->chosen == 0 : s->chosen + 1 >= s->count)
		tui_app_say(app,
			    dir < 0 ? "this is the first row" : "this is the last row");
	else
		tui_trace_locks_choose(&app->trace, s->chosen + (dir < 0 ? (size_t)-1 : 1));
}

static void move_line(struct tui_app *app, int dir)
{
	struct tui_locks_line line[TUI_LOCKS_LINES];
	struct tui_locks *s = app->trace.locks;
	int count = tui_locks_lines(s, line), next = s->line + dir;

	if (next >= 0 && next <= count)
		s->line = next;
	else
		tui_app_say(app,
			    dir < 0 ? "this is the row itself" : "this is the last line");
	/* Who looks into a row means that one. */
	s->lock = s->row[s->chosen].a.id;
}

static void to_evidence(struct tui_app *app)
{
	struct tui_locks_line line[TUI_LOCKS_LINES];
	struct tui_locks *s = app->trace.locks;
	const struct tui_locks_row *r = &s->row[s->chosen];
	int rc, count = tui_locks_lines(s, line);

	if (s->line && s->line <= count) {
		const struct tui_locks_line *it = &line[s->line - 1];
		if (it->to_ns <= it->from_ns) {
			tui_app_say(app, "it was never held off core by that one");
			return;
		}
		rc = tui_trace_go(&app->trace, it->lane, it->from_ns, it->to_ns);
	} else {
		rc = tui_trace_go_lane(&app->trace,
				       (struct gtv_lane){GTV_LANE_LOCK, r->a.id},
				       r->a.from_ns, r->a.to_ns);
	}
	app->view = TUI_VIEW_TIMELINE;
	tui_app_tell(app, rc, "");
}

static void row_key(struct tui_app *app, enum tui_action action)
{
	const struct tui_locks *s = app->trace.locks;

	if (!s || !s->attr || !s->count)
		tui_app_say(app, "there is no row yet");
	else if (action == TUI_ACT_ROW_DOWN || action == TUI_ACT_ROW_UP)
		move(app, action == TUI_ACT_ROW_DOWN ? 1 : -1);
	else if (action == TUI_ACT_SPAN_NEXT || action == TUI_ACT_SPAN_PREV)
		move_line(app, action == TUI_ACT_SPAN_NEXT ? 1 : -1);
	else
		to_evidence(app);
}

int tui_locks_key(struct tui_app *app, enum tui_action action)
{
	switch (action) {
	case TUI_ACT_ROW_DOWN:
	case TUI_ACT_ROW_UP:
	case TUI_ACT_SPAN_NEXT:
	case TUI_ACT_SPAN_PREV:
	case TUI_ACT_EXPLAIN:
		row_key(app, action);
		return 1;
	case TUI_ACT_SORT:
		tui_trace_locks_sort(&app->trace);
		return 1;
	default:
		return 0;
	}
}

void act_LOCKS(struct tui_app *app)
{
	struct gtv_lane lane = app->trace.nav.selected;
	struct tui_locks *s = app->trace.locks;

	tui_app_view(app, TUI_VIEW_LOCKS);
	/* What is selected in the timeline is looked at here too. */
	if (app->view != TUI_VIEW_LOCKS || !s || lane.kind != GTV_LANE_LOCK)
		return;
	for (size_t i = 0; i < s->count; i++)
		if (s->row[i].a.id == lane.id)
			tui_trace_locks_choose(&app->trace, i);
}
