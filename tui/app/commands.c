/* SPDX-License-Identifier: MIT
 *
 * What the commands do: one function for each of the commands table, by name, so that a
 * command without a function does not compile.
 */
#include "tui/scene/commands.h"

#include <ctype.h>
#include <string.h>

#include "tui/app/prompt.h"
#include "tui/app/scope.h"
#include "tui/app/search.h"
#include "tui/canvas/format.h"
#include "tui/canvas/glyph.h"
#include "tui/trace/select.h"
#include "tui/scene/settings.h"
#include "tui/app/shot.h"

static struct tui_nav *nav_of(struct tui_app *app)
{
	return &app->trace.nav;
}

static int is_live(const struct tui_app *app)
{
	return app->trace.facts.mode == TUI_LIVE;
}

/* A word at the beginning of text, with nothing or a blank behind it: the rest, else
 * NULL. */
static const char *behind(const char *text, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(text, word, size) != 0 || (text[size] && text[size] != ' '))
		return NULL;
	return text + size + strspn(text + size, " ");
}

/* A file's error, in words that are right behind `:` too. */
static int file_error(struct gtv_err *err, int rc)
{
	if (rc && err->mend[0])
		snprintf(err->mend, sizeof(err->mend), "name another file");
	return rc;
}

static int needs(const char *command, const char *what, struct gtv_err *err)
{
	return gtv_err_set(err, GTV_EUSAGE, command, what, "%s", "it needs one more word");
}

/* ---- where ---- */

/* "1.2s" from the trace's start; "+5ms", "-5ms" from the cursor. */
static int parse_moment(struct tui_app *app, const char *text, uint64_t *ts_ns)
{
	const struct tui_nav *nav = nav_of(app);
	uint64_t by_ns;
	int sign = *text == '+' ? 1 : *text == '-' ? -1 : 0;

	if (gtv_options_time(text + (sign != 0), &by_ns))
		return -GTV_EUSAGE;
	uint64_t from_ns = sign ? nav->cursor_ns : app->trace.start_ns;

	if (sign < 0)
		*ts_ns = from_ns > by_ns ? from_ns - by_ns : 0;
	else if (__builtin_add_overflow(from_ns, by_ns, ts_ns))
		*ts_ns = UINT64_MAX;
	return 0;
}

static int goto_moment(struct tui_app *app, const char *text, uint64_t ts_ns,
		       struct gtv_err *err)
{
	struct tui_nav *nav = nav_of(app);
	char from[TUI_FIGURE], to[TUI_FIGURE];

	if (ts_ns < nav->first_ns || ts_ns > nav->last_ns)
		return gtv_err_set(
			err, GTV_EUSAGE, text, "", "the trace is from %s s to %s s",
			tui_format_time(from, sizeof(from),
					(int64_t)(nav->first_ns - app->trace.start_ns),
					1000),
			tui_format_time(to, sizeof(to),
					(int64_t)(nav->last_ns - app->trace.start_ns),
					1000));
	tui_nav_jump(nav, ts_ns);
	return 0;
}

static int goto_lane(struct tui_app *app, const char *text, const char *why,
		     const char *mend, struct gtv_err *err)
{
	struct gtv_lane lane;

	if (tui_search_lane(&app->trace, text, &lane))
		return gtv_err_set(err, GTV_ENOTFOUND, text, mend, "%s", why);
	tui_search_go_lane(app, lane);
	return 0;
}

/* A lane's whole name, then a mark's, then a part of a lane's. */
static int goto_named(struct tui_app *app, const char *text, struct gtv_err *err)
{
	struct gtv_lane lane;

	if (tui_trace_lane(&app->trace, text, &lane) && tui_app_goto_mark(app, text))
		return 0;
	return goto_lane(app, text, "no time, lane or mark of this trace",
			 "a time as 1.2s, a lane as G3 or its name, mark TEXT", err);
}

static int cmd_GOTO(struct tui_app *app, const char *text, struct gtv_err *err)
{
	const char *mark = behind(text, "mark");
	uint64_t ts_ns;

	if (!*text)
		return needs("goto", "a time as 1.2s, a lane as G3 or its name, mark TEXT",
			     err);
	if (app->view != TUI_VIEW_EVENTS)
		app->view = TUI_VIEW_TIMELINE;
	/* "g" and "G" are what the keys were: g g Enter, g G Enter. */
	if (!strcmp(text, "begin") || !strcmp(text, "g"))
		tui_nav_begin(nav_of(app));
	else if (!strcmp(text, "end") || !strcmp(text, "G"))
		tui_nav_end(nav_of(app), is_live(app));
	else if (!parse_moment(app, text, &ts_ns))
		return goto_moment(app, text, ts_ns, err);
	else if (mark && !tui_app_goto_mark(app, mark))
		tui_search_mark(app, mark);
	else if (!mark)
		return goto_named(app, text, err);
	return 0;
}

static int cmd_ZOOM(struct tui_app *app, const char *text, struct gtv_err *err)
{
	struct tui_nav *nav = nav_of(app);
	uint64_t ns;

	if (!strcmp(text, "in")) {
		tui_nav_zoom(nav, 500);
	} else if (!strcmp(text, "out")) {
		tui_nav_zoom(nav, 2000);
	} else if (gtv_options_time(text, &ns) || !ns) {
		return gtv_err_set(err, GTV_EUSAGE, "zoom", "as zoom 5ms, zoom in", "%s",
				   "a time belongs there");
	} else if (nav->follow) {
		/* The present stays at the right edge. */
		uint64_t to_ns = nav->to_ns;

		tui_nav_window(nav, to_ns > ns ? to_ns - ns : 0, to_ns);
		nav->follow = 1;
	} else {
		/* The cursor's time keeps its column. */
		double part = (double)(nav->cursor_ns - nav->from_ns) /
			      (double)(nav->to_ns - nav->from_ns);
		uint64_t before_ns = (uint64_t)((double)ns * part);

		tui_nav_window(
			nav, nav->cursor_ns > before_ns ? nav->cursor_ns - before_ns : 0,
			(nav->cursor_ns > before_ns ? nav->cursor_ns - before_ns : 0) + ns);
	}
	return 0;
}

static int cmd_FIT(struct tui_app *app, const char *text, struct gtv_err *err)
{
	struct tui_nav *nav = nav_of(app);

	if (*text && strcmp(text, "all") != 0)
		return gtv_err_set(err, GTV_EUSAGE, "fit", "fit, or fit all",
				   "\"%.40s\" is not known", text);
	if (*text)
		tui_nav_window(nav, nav->first_ns, nav->last_ns);
	else
		tui_nav_fit(nav);
	return 0;
}

static int cmd_UNDO(struct tui_app *app, const char *text, struct gtv_err *err)
{
	(void)text;
	if (tui_nav_undo(nav_of(app)))
		return 0;
	return gtv_err_set(err, GTV_ENOTFOUND, "undo", "", "%s", "nothing to go back to");
}

static int cmd_REDO(struct tui_app *app, const char *text, struct gtv_err *err)
{
	(void)text;
	if (tui_nav_redo(nav_of(app)))
		return 0;
	return gtv_err_set(err, GTV_ENOTFOUND, "redo", "", "%s", "nothing to go on to");
}

/* ---- what ---- */

static int set(struct tui_app *app, const char *name, const char *value,
	       struct gtv_err *err)
{
	char text[TUI_PROMPT_BYTES + 16];

	snprintf(text, sizeof(text), "%s %s", name, value);
	return *value ? tui_app_set(app, text, err)
		      : needs(name, tui_settings[tui_settings_find(name)].help, err);
}

static int cmd_ROWS(struct tui_app *app, const char *text, struct gtv_err *err)
{
	return set(app, "rows", text, err);
}

static int cmd_THEME(struct tui_app *app, const char *text, struct gtv_err *err)
{
	return set(app, "theme", text, err);
}

static int cmd_SET(struct tui_app *app, const char *text, struct gtv_err *err)
{
	return tui_app_set(app, text, err);
}

static int cmd_FILTER(struct tui_app *app, const char *text, struct gtv_err *err)
{
	return tui_app_filter(app, text, err);
}

static int cmd_SELECT(struct tui_app *app, const char *text, struct gtv_err *err)
{
	if (!*text)
		return needs("select", "a lane, as G3 or its name, or none", err);
	if (!strcmp(text, "none")) {
		tui_select_none(&app->trace);
		return 0;
	}
	return goto_lane(app, text, "no lane of this trace", "as G3 or its name, or none",
			 err);
}

static int cmd_SEARCH(struct tui_app *app, const char *text, struct gtv_err *err)
{
	(void)err;
	if (*text)
		tui_search_begin(app, text);
	else
		tui_search_next(app, 1);
	return 0;
}

static int cmd_TRIGGER(struct tui_app *app, const char *text, struct gtv_err *err)
{
	(void)err;
	tui_app_trigger(app, text);
	return 0;
}

static int cmd_MARK(struct tui_app *app, const char *text, struct gtv_err *err)
{
	(void)err;
	tui_app_mark(app, nav_of(app)->cursor_ns, text);
	return 0;
}

static int cmd_DELMARK(struct tui_app *app, const char *text, struct gtv_err *err)
{
	if (!*text)
		act_UNMARK(app);
	else if (!tui_app_unmark_named(app, text))
		return gtv_err_set(err, GTV_ENOTFOUND, text, "M lists them", "%s",
				   "there is no mark of yours of that name");
	return 0;
}

static int cmd_MARKS(struct tui_app *app, const char *text, struct gtv_err *err)
{
	(void)text;
	(void)err;
	app->view = TUI_VIEW_MARKS;
	return 0;
}

static int cmd_VIEW(struct tui_app *app, const char *text, struct gtv_err *err)
{
	const struct tui_view_ops *view = tui_view_find(text);

	if (!*text)
		return needs("view", "Tab lists them", err);
	if (!view)
		return gtv_err_set(err, GTV_EUSAGE, "view", "Tab lists them",
				   "there is no view \"%.40s\"", text);
	if (view->id == TUI_VIEW_EXPLAIN && tui_trace_explain(&app->trace))
		return gtv_err_set(err, GTV_EUSAGE, "view explain", "choose it first", "%s",
				   "no wait is selected to be explained");
	app->view = view->id;
	return 0;
}

static int cmd_BIND(struct tui_app *app, const char *text, struct gtv_err *err)
{
	char key[16] = "";
	size_t size = strcspn(text, " ");
	const char *action = text + size + strspn(text + size, " ");

	if (size >= sizeof(key) || !size || !*action)
		return needs("bind", "bind KEY ACTION, as bind x zoom-in", err);
	memcpy(key, text, size);
	return tui_keymap_bind(&app->keymap, key, action, err);
}

/* ---- files ---- */

static int ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), n = strlen(end);

	return size > n && !strcmp(text + size - n, end);
}

static int cmd_SHOT(struct tui_app *app, const char *text, struct gtv_err *err)
{
	enum gtv_format format = ends_with(text, ".svg")    ? GTV_FORMAT_SVG
				 : ends_with(text, ".ansi") ? GTV_FORMAT_ANSI
							    : GTV_FORMAT_TEXT;
	struct tui_canvas canvas;
	int rc;

	if (!*text || !strcmp(text, "-"))
		return needs("shot", "a file, as picture.svg", err);
	if (tui_canvas_init(&canvas, app->canvas.cols, app->canvas.rows))
		return gtv_err_set(err, GTV_ENOMEM, "shot", "", "%s", "out of memory");
	tui_app_draw_view(app, &canvas);
	rc = tui_shot_write(&canvas, tui_term_theme(app->term), format, text, err);
	tui_canvas_fini(&canvas);
	if (!rc)
		tui_app_say(app, "this picture is in %s", text);
	return file_error(err, rc);
}

static int cmd_EXPORT(struct tui_app *app, const char *text, struct gtv_err *err)
{
	char format[16] = "";
	size_t size = strcspn(text, " ");
	const char *file = text + size + strspn(text + size, " ");

	if (!size || size >= sizeof(format) || !*file || !strcmp(file, "-"))
		return needs("export", "export perfetto FILE, or export chrome FILE", err);
	memcpy(format, text, size);
	/* What it says of formats stays. */
	int rc = tui_app_export(app, format, file, err);

	return rc == -GTV_EUSAGE ? rc : file_error(err, rc);
}

static int cmd_HELP(struct tui_app *app, const char *text, struct gtv_err *err)
{
	(void)text;
	(void)err;
	app->view = TUI_VIEW_HELP;
	return 0;
}

static int cmd_QUIT(struct tui_app *app, const char *text, struct gtv_err *err)
{
	(void)text;
	(void)err;
	app->leave = TUI_LEAVE_QUIT;
	return 0;
}

static int (*const functions[TUI_COMMAND_MAX])(struct tui_app *, const char *,
					       struct gtv_err *) = {
#define X(id, name, arguments, help) [TUI_COMMAND_##id] = cmd_##id,
	TUI_COMMANDS(X)
#undef X
};

void tui_app_command(struct tui_app *app, const char *line)
{
	char text[TUI_PROMPT_BYTES + 8], message[400];
	enum tui_command command;
	struct gtv_err err = {0};
	const char *rest;
	int rc;

	line += strspn(line, " ");
	if (!*line)
		return;
	/* A time alone is somewhere to go. */
	snprintf(text, sizeof(text), "%s%s",
		 isdigit((unsigned char)*line) || *line == '+' || *line == '-' ? "goto "
									       : "",
		 line);
	rc = tui_command_find(text, &command, &rest, &err);
	if (!rc && *rest && !tui_commands[command].arguments[0])
		rc = gtv_err_set(&err, GTV_EUSAGE, tui_commands[command].name,
				 tui_commands[command].name, "%s", "it takes no word more");
	if (!rc)
		rc = functions[command](app, rest, &err);
	if (rc)
		tui_app_say(app, "%s", gtv_err_line(&err, message, sizeof(message)));
}
