/* SPDX-License-Identifier: MIT
 *
 * The findings' pane: j and k choose one, Enter goes to its evidence.
 */
#include "tui/app.h"
#include "tui/app_panes.h"
#include "tui/trace_findings.h"

static void to_evidence(struct tui_app *app)
{
	int rc = tui_trace_show_finding(&app->trace);

	if (rc == -GTV_ENOTFOUND) {
		tui_app_say(app, "there is no finding to go to");
		return;
	}
	app->view = TUI_VIEW_TIMELINE;
	tui_app_tell(app, rc, "");
}

static int key(struct tui_app *app, enum tui_action action)
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

const struct tui_pane tui_pane_findings = {
	.view = TUI_VIEW_FINDINGS,
	.read = tui_trace_notice,
	.unread = tui_trace_findings_unread,
	.forget = tui_trace_forget_findings,
	.key = key,
};
