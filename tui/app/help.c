/* SPDX-License-Identifier: MIT
 *
 * The help's pane: its pages, and what is looked for there.
 */
#include "tui/app/app.h"

#include <stdio.h>

#include "tui/app/panes.h"
#include "tui/app/prompt.h"

#define LAST_PAGE 10000 /* the view knows which that is */

static void look(struct tui_app *app, int dir)
{
	struct tui_nav *nav = &app->trace.nav;
	int page = tui_help_find(app->canvas.cols, app->canvas.rows, &app->keymap,
				 nav->help_word, nav->help_page, dir);

	if (page < 0)
		tui_app_say(app, "%s: no key, command or setting that says so",
			    nav->help_word);
	else if (dir && page == nav->help_page)
		tui_app_say(app, "%s: on this page only", nav->help_word);
	else
		nav->help_page = page;
}

void tui_help_search(struct tui_app *app, const char *text)
{
	struct tui_nav *nav = &app->trace.nav;

	snprintf(nav->help_word, sizeof(nav->help_word), "%.*s",
		 (int)sizeof(nav->help_word) - 1, text);
	if (nav->help_word[0])
		look(app, 0);
}

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
	case TUI_ACT_SEARCH_NEXT:
	case TUI_ACT_SEARCH_BACK:
		if (nav->help_word[0])
			look(app, action == TUI_ACT_SEARCH_NEXT ? 1 : -1);
		else
			tui_app_say(app, "nothing was searched for yet: / does");
		return 1;
	case TUI_ACT_END:
		nav->help_page = LAST_PAGE;
		return 1;
	case TUI_ACT_BEGIN:
		nav->help_page = 0;
		return 1;
	default:
		return 0;
	}
}
