/* SPDX-License-Identifier: MIT
 *
 * The help's pane: its pages.
 */
#include "tui/app/app.h"
#include "tui/app/panes.h"

int tui_help_key(struct tui_app *app, enum tui_action action)
{
	struct tui_nav *nav = &app->trace.nav;

	switch (action) {
	case TUI_ACT_ROW_DOWN:
	case TUI_ACT_PAGE_DOWN:
	case TUI_ACT_PAN_RIGHT:
		nav->help_page++; /* the view knows where the last one is */
		return 1;
	case TUI_ACT_ROW_UP:
	case TUI_ACT_PAGE_UP:
	case TUI_ACT_PAN_LEFT:
		nav->help_page -= nav->help_page > 0;
		return 1;
	case TUI_ACT_BEGIN:
		nav->help_page = 0;
		return 1;
	default:
		return 0;
	}
}
