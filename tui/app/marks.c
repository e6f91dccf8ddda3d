/* SPDX-License-Identifier: MIT
 *
 * The marks' pane: j and k choose one, Enter goes there, X takes one of the user's away.
 */
#include "tui/app/app.h"
#include "tui/app/panes.h"
#include "tui/app/scope.h"
#include "tui/trace/scope.h"

#define PAGE 10

void act_MARKS(struct tui_app *app)
{
	tui_app_view(app, TUI_VIEW_MARKS);
}

static void move(struct tui_app *app, long by)
{
	struct tui_scope *s = app->trace.scope;
	long count = s ? (long)tui_scope_mark_count(s) : 0, to;

	if (!count) {
		tui_app_say(app, "there are no marks");
		return;
	}
	to = (long)s->chosen + by;
	to = to < 0 ? 0 : to >= count ? count - 1 : to;
	if (to == (long)s->chosen)
		tui_app_say(app,
			    by < 0 ? "this is the first mark" : "this is the last mark");
	s->chosen = (size_t)to;
}

static void remove_mark(struct tui_app *app, const struct tui_mark *m)
{
	struct tui_scope *s = app->trace.scope;

	if (m->said) {
		tui_app_say(app, "it is the program's own: it stays");
		return;
	}
	tui_scope_unmark(s, m->ts_ns, 0);
	if (s->chosen && s->chosen >= tui_scope_mark_count(s))
		s->chosen--;
	tui_app_unmarked(app);
}

int tui_marks_key(struct tui_app *app, enum tui_action action)
{
	const struct tui_scope *s = app->trace.scope;
	const struct tui_mark *m = s ? tui_scope_mark_at(s, s->chosen) : NULL;

	switch (action) {
	case TUI_ACT_ROW_DOWN:
	case TUI_ACT_ROW_UP:
		move(app, action == TUI_ACT_ROW_DOWN ? 1 : -1);
		return 1;
	case TUI_ACT_PAGE_DOWN:
	case TUI_ACT_PAGE_UP:
		move(app, action == TUI_ACT_PAGE_DOWN ? PAGE : -PAGE);
		return 1;
	case TUI_ACT_EXPLAIN:
		if (m)
			tui_app_show_mark(app, m);
		else
			tui_app_say(app, "there is no mark to go to");
		return 1;
	case TUI_ACT_UNMARK:
		if (m)
			remove_mark(app, m);
		return 1;
	default:
		return 0;
	}
}
