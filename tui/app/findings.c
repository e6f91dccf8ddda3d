/* SPDX-License-Identifier: MIT
 *
 * The findings' pane: j and k choose one, Enter goes to its evidence.
 */
#include "tui/app/app.h"
#include "tui/app/panes.h"
#include "tui/trace/findings.h"

static void to_evidence(struct tui_app *app)
{
	const struct tui_findings *f = &app->trace.findings;
	int rc = tui_trace_show_finding(&app->trace);

	/* Whoever asks for one before any was read goes there as soon as one is. */
	app->wants_finding = rc == -GTV_ENOTFOUND && !f->done;
	if (rc == -GTV_ENOTFOUND) {
		tui_app_say(app, f->done ? "there is no finding to go to"
					 : "reading: the first finding is gone to");
		return;
	}
	app->trace.facts.message[0] = 0;
	app->view = TUI_VIEW_TIMELINE;
	tui_app_tell(app, rc, "");
}

void tui_app_found_one(struct tui_app *app)
{
	if (app->wants_finding && app->view == TUI_VIEW_FINDINGS &&
	    (app->trace.findings.count || app->trace.findings.done))
		to_evidence(app);
}

int tui_findings_key(struct tui_app *app, enum tui_action action)
{
	switch (action) {
	case TUI_ACT_ROW_DOWN:
		if (!tui_trace_choose_finding(&app->trace, 1))
			tui_app_say(app, "this is the last finding");
		return 1;
	case TUI_ACT_ROW_UP:
		if (!tui_trace_choose_finding(&app->trace, -1))
			tui_app_say(app, "this is the first finding");
		return 1;
	case TUI_ACT_EXPLAIN:
		to_evidence(app);
		return 1;
	default:
		return 0;
	}
}

/* Elsewhere the key is the program's. */
void act_IGNORE(struct tui_app *app)
{
	const struct tui_findings *f = &app->trace.findings;

	if (app->view != TUI_VIEW_FINDINGS) {
		act_INPUT(app);
		return;
	}
	if (!f->count) {
		tui_app_say(app, "there is no finding to ignore");
		return;
	}
	tui_app_say(app, "ignored from now on: %s; I shows all again",
		    gtv_finding_title(f->list[f->chosen].kind));
	tui_trace_ignore_findings(&app->trace, f->ignored | 1u << f->list[f->chosen].kind);
}

void act_UNIGNORE(struct tui_app *app)
{
	tui_trace_ignore_findings(&app->trace, 0);
	tui_app_say(app, "no finding is ignored");
}
