/* SPDX-License-Identifier: MIT */
#include "tui/app/prompt.h"

#include "tui/app/panes.h"
#include "tui/app/scope.h"
#include "tui/app/search.h"
#include "tui/scene/commands.h"

void tui_app_prompt_open(struct tui_app *app, enum tui_prompt_kind kind, const char *text)
{
	app->prompt.complete = tui_complete;
	/* The completer only looks names up. */
	app->prompt.arg = (void *)(uintptr_t)app->trace.names;
	app->prompt.candidates.marks = app->trace.scope;
	tui_prompt_open(&app->prompt, kind, text);
}

void act_COMMAND(struct tui_app *app)
{
	tui_app_prompt_open(app, TUI_PROMPT_COMMAND, "");
}

void act_SEARCH(struct tui_app *app)
{
	tui_app_prompt_open(app, TUI_PROMPT_SEARCH, "");
}

void act_FILTER(struct tui_app *app)
{
	tui_app_prompt_open(app, TUI_PROMPT_FILTER, app->trace.nav.filter.text);
}

void act_GOTO(struct tui_app *app)
{
	tui_app_prompt_open(app, TUI_PROMPT_GOTO, "");
}

void act_SEARCH_NEXT(struct tui_app *app)
{
	if (!tui_app_next_hit(app, 1))
		tui_search_next(app, 1);
}

void act_SEARCH_BACK(struct tui_app *app)
{
	if (!tui_app_next_hit(app, -1))
		tui_search_next(app, -1);
}

int tui_app_filter(struct tui_app *app, const char *text, struct gtv_err *err)
{
	struct tui_nav *nav = &app->trace.nav;
	struct tui_filter filter;
	int rc = tui_filter_parse(&filter, text, err);

	if (rc)
		return rc;
	nav->filter = filter;
	nav->scroll = 0;
	if (tui_filter_is_empty(&filter))
		tui_app_say(app, "no filter: all rows and events are shown");
	else
		tui_app_say(app, "only what fits %s is shown; \\ changes it", filter.text);
	return 0;
}

static void say_error(struct tui_app *app, const struct gtv_err *err)
{
	char line[400];

	tui_app_say(app, "%s", gtv_err_line(err, line, sizeof(line)));
}

/* What a finished line is for. */
static void run(struct tui_app *app, enum tui_prompt_kind kind, const char *text)
{
	char line[TUI_PROMPT_BYTES + 8];
	struct gtv_err err = {0};

	switch (kind) {
	case TUI_PROMPT_SEARCH:
		if (app->view == TUI_VIEW_HELP)
			tui_help_search(app, text);
		else if (*text)
			tui_search_begin(app, text);
		else
			tui_search_next(app, 1);
		return;
	case TUI_PROMPT_FILTER:
		if (tui_app_filter(app, text, &err))
			say_error(app, &err);
		return;
	case TUI_PROMPT_GOTO:
		snprintf(line, sizeof(line), "goto %s", text);
		if (*text)
			tui_app_command(app, line);
		return;
	case TUI_PROMPT_TRIGGER:
		tui_app_trigger(app, text);
		return;
	case TUI_PROMPT_MARK:
		tui_app_mark(app, UINT64_MAX, text);
		return;
	default:
		tui_app_command(app, text);
	}
}

void tui_app_prompt_key(struct tui_app *app, int key)
{
	struct tui_prompt *p = &app->prompt;
	size_t size;

	if (tui_prompt_key(p, key) != TUI_PROMPT_DONE)
		return;
	/* The blank that completion leaves belongs to nothing. */
	for (size = p->size; size > 0 && p->text[size - 1] == ' '; size--)
		p->text[size - 1] = '\0';
	run(app, p->kind, p->text);
}
