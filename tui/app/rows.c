/* SPDX-License-Identifier: MIT
 *
 * What the keys do with the timeline's rows: folding, which of them, in which order, and
 * which part of them matters.
 */
#include "tui/app/app.h"
#include "tui/trace/critical.h"

void act_FOLD(struct tui_app *app)
{
	struct tui_nav *nav = &app->trace.nav;

	nav->fold = nav->folded ? TUI_UNFOLDED : TUI_FOLDED;
	nav->scroll = 0;
	if (nav->rows == TUI_ROWS_CORE || nav->rows == TUI_ROWS_LOCK)
		tui_app_say(app,
			    "rows by thread, green thread or worker can be folded: Tab");
}

void act_BUSY(struct tui_app *app)
{
	struct tui_nav *nav = &app->trace.nav;

	nav->busy_only = !nav->busy_only;
	nav->scroll = 0;
	tui_app_say(app, nav->busy_only ? "only lanes that are active in this window"
					: "all lanes");
}

void act_BY_ACTIVITY(struct tui_app *app)
{
	struct tui_nav *nav = &app->trace.nav;

	nav->by_activity = !nav->by_activity;
	nav->scroll = 0;
	tui_app_say(app, nav->by_activity ? "the most active first" : "rows by number");
}

void act_CRITICAL(struct tui_app *app)
{
	int rc;

	if (app->trace.critical) {
		tui_trace_critical_forget(&app->trace);
		return;
	}
	rc = tui_trace_critical_find(&app->trace);
	if (rc == -GTV_EUSAGE)
		tui_app_say(app, "too many events to follow at once: zoom in, or select a "
				 "shorter span");
	else
		tui_app_tell(app, rc, "there is nobody here to follow");
}
