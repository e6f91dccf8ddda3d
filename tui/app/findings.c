/* SPDX-License-Identifier: MIT
 *
 * The findings' pane: j and k choose one, Enter goes to its evidence.
 */
#include "tui/app/app.h"
#include "tui/app/panes.h"
#include "tui/trace/findings.h"

#define ASKED_NS 300000000u /* so long a key waits for the first finding to be read */

static void to_evidence(struct tui_app *app)
{
	int rc;

	if (!app->trace.findings.count)
		(void)tui_trace_notice(&app->trace, ASKED_NS);
	rc = tui_trace_show_finding(&app->trace);
	if (rc == -GTV_ENOTFOUND) {
		tui_app_say(app, app->trace.findings.done
					 ? "there is no finding to go to"
					 : "still reading: no finding yet");
		return;
	}
	app->view = TUI_VIEW_TIMELINE;
	tui_app_tell(app, rc, "");
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
