/* SPDX-License-Identifier: MIT
 *
 * The threads' pane: j and k choose a row, comma and full stop a line below the table,
 * Enter goes to where it is seen.
 */
#include "tui/app/app.h"
#include "tui/app/panes.h"
#include "tui/trace/go.h"
#include "tui/trace/threads.h"

static void move(struct tui_app *app, int dir)
{
	struct tui_threads *s = app->trace.threads;

	if (dir < 0 ? s->chosen == 0 : s->chosen + 1 >= s->count)
		tui_app_say(app,
			    dir < 0 ? "this is the first row" : "this is the last row");
	else
		tui_threads_choose(s, s->chosen + (dir < 0 ? (size_t)-1 : 1));
}

static void move_line(struct tui_app *app, int dir)
{
	struct tui_threads_line line[TUI_THREADS_LINES];
	struct tui_threads *s = app->trace.threads;
	int count = tui_threads_lines(s, line), next = s->line + dir;

	if (next >= 0 && next <= count)
		s->line = next;
	else
		tui_app_say(app,
			    dir < 0 ? "this is the row itself" : "this is the last line");
	/* Who looks into a row means that one. */
	tui_threads_keep(s);
}

static void to_evidence(struct tui_app *app)
{
	struct tui_threads_line line[TUI_THREADS_LINES];
	struct tui_threads *s = app->trace.threads;
	struct gtv_attr_lane l;
	int rc, count = tui_threads_lines(s, line);

	if (gtv_attr_lane(s->attr, s->kind, s->row[s->chosen].idx, &l))
		return;
	if (s->line && s->line <= count) {
		const struct tui_threads_line *it = &line[s->line - 1];
		if (it->to_ns <= it->from_ns) {
			tui_app_say(app, "no span tells of this");
			return;
		}
		rc = tui_trace_go(&app->trace, l.lane, it->from_ns, it->to_ns);
	} else {
		rc = tui_trace_go_lane(&app->trace, l.lane, l.from_ns, l.to_ns);
	}
	app->view = TUI_VIEW_TIMELINE;
	tui_app_tell(app, rc, "");
}

/* What needs a row. */
static int row_key(struct tui_app *app, enum tui_action action)
{
	switch (action) {
	case TUI_ACT_ROW_DOWN:
		move(app, 1);
		return 1;
	case TUI_ACT_ROW_UP:
		move(app, -1);
		return 1;
	case TUI_ACT_SPAN_NEXT:
		move_line(app, 1);
		return 1;
	case TUI_ACT_SPAN_PREV:
		move_line(app, -1);
		return 1;
	case TUI_ACT_EXPLAIN:
		to_evidence(app);
		return 1;
	default:
		return 0;
	}
}

static int is_of_rows(enum tui_action action)
{
	return action == TUI_ACT_ROW_DOWN || action == TUI_ACT_ROW_UP ||
	       action == TUI_ACT_SPAN_NEXT || action == TUI_ACT_SPAN_PREV ||
	       action == TUI_ACT_EXPLAIN;
}

int tui_threads_key(struct tui_app *app, enum tui_action action)
{
	const struct tui_threads *s = app->trace.threads;

	if (is_of_rows(action)) {
		if (s && s->attr && s->count)
			return row_key(app, action);
		tui_app_say(app, "there is no row yet");
		return 1;
	}
	switch (action) {
	case TUI_ACT_SORT:
		tui_trace_threads_sort(&app->trace);
		return 1;
	case TUI_ACT_PIVOT:
		tui_trace_threads_kind(&app->trace);
		return 1;
	default:
		return 0;
	}
}

void act_THREADS(struct tui_app *app)
{
	struct gtv_lane lane = app->trace.nav.selected;
	struct tui_threads *s = app->trace.threads;

	tui_app_view(app, TUI_VIEW_THREADS);
	/* What is selected in the timeline is looked at here too. */
	if (app->view != TUI_VIEW_THREADS || !s || lane.kind != s->kind)
		return;
	s->lane = lane;
	s->line = 0;
	tui_threads_look(s);
}
