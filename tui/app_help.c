/* SPDX-License-Identifier: MIT
 *
 * The help's pane: j and k turn its pages.
 */
#include "tui/app.h"
#include "tui/app_panes.h"

static int key(struct tui_app *app, enum tui_action action)
{
	int *page = &app->trace.nav.help_page;

	if (action == TUI_ACT_ROW_DOWN)
		*page += 1; /* drawing keeps it in range */
	else if (action == TUI_ACT_ROW_UP)
		*page -= *page > 0;
	else
		return 0;
	return 1;
}

const struct tui_pane tui_pane_help = {.view = TUI_VIEW_HELP, .key = key};
