/* SPDX-License-Identifier: MIT
 *
 * The compare view's pane: one place in time for two traces.
 */
#include "tui/app/app.h"
#include "tui/app/panes.h"
#include "tui/trace/select.h"
#include "tui/trace/compare.h"

#define SHIFT_HUNDREDTHS 5

static void choose(struct tui_app *app, int dir)
{
	if (!tui_trace_compare_choose(&app->trace, dir))
		tui_app_say(app,
			    dir < 0 ? "this is the first row" : "this is the last row");
}

static void go(struct tui_app *app)
{
	if (tui_trace_compare_go(&app->trace)) {
		tui_app_say(app, "it is not in this trace");
		return;
	}
	app->view = TUI_VIEW_TIMELINE;
}

int tui_compare_key(struct tui_app *app, enum tui_action action)
{
	struct tui_trace *t = &app->trace;

	if (!t->compare)
		return 0;
	switch (action) {
	case TUI_ACT_ROW_DOWN:
		choose(app, 1);
		return 1;
	case TUI_ACT_ROW_UP:
		choose(app, -1);
		return 1;
	case TUI_ACT_PIVOT:
		t->compare->on_b = !t->compare->on_b;
		return 1;
	case TUI_ACT_SPAN_PREV:
		tui_trace_compare_shift(t, SHIFT_HUNDREDTHS);
		return 1;
	case TUI_ACT_SPAN_NEXT:
		tui_trace_compare_shift(t, -SHIFT_HUNDREDTHS);
		return 1;
	case TUI_ACT_EXPLAIN:
		go(app);
		return 1;
	default:
		return 0;
	}
}

/* Both keys mean something only beside a second trace. */
static struct tui_compare *compare_of(struct tui_app *app)
{
	if (!app->trace.compare)
		tui_app_say(app, "there is one trace: gtviz replay FILE FILE2 opens two");
	return app->trace.compare;
}

void act_COMPARE(struct tui_app *app)
{
	if (compare_of(app))
		tui_app_view(app, TUI_VIEW_COMPARE);
}

void act_SWAP(struct tui_app *app)
{
	if (!compare_of(app))
		return;
	tui_trace_compare_swap(&app->trace);
	tui_app_say(app, "now %s is A", app->trace.facts.file);
}

void act_ALIGN(struct tui_app *app)
{
	if (compare_of(app))
		tui_trace_compare_align(&app->trace);
}

void act_DIFFERENCE(struct tui_app *app)
{
	struct tui_compare *c = compare_of(app);

	if (c)
		c->differences_only = !c->differences_only;
}
