/* SPDX-License-Identifier: MIT
 *
 * Settings at work: from the file when the screen begins, and at any time by `:set`.
 */
#include <stdio.h>
#include <string.h>

#include "tui/app/config.h"
#include "tui/app/prompt.h"

static void tell(void *arg, const struct gtv_err *err)
{
	struct tui_app *app = arg;
	char line[600];

	fprintf(stderr, "gtviz: %s\n", gtv_err_line(err, line, sizeof(line)));
	/* The screen hides that line until it ends. */
	app->settings_problems++;
	if (!app->settings_problem[0])
		snprintf(app->settings_problem, sizeof(app->settings_problem), "%.*s",
			 (int)sizeof(app->settings_problem) - 1, line);
}

void tui_app_read_settings(struct tui_app *app)
{
	struct tui_config_file file;

	tui_settings_init(&app->settings);
	tui_config_read(&file, &app->settings, &app->keymap, tell, app);
}

static int is_given(const struct tui_app *app, enum tui_setting setting)
{
	return (app->settings.given >> setting & 1) != 0;
}

void tui_app_apply_settings(struct tui_app *app)
{
	struct tui_nav *nav = &app->trace.nav;
	const struct tui_settings *s = &app->settings;

	nav->filter = s->filter;
	nav->all_edges = s->edges;
	nav->speed_permille = s->speed_permille;
	if (is_given(app, TUI_SET_ROWS))
		nav->rows = s->rows;
	if (is_given(app, TUI_SET_ASCII) && s->ascii)
		app->trace.facts.ascii = 1;
}

/* What has changed takes effect. */
static void apply(struct tui_app *app, enum tui_setting setting)
{
	struct tui_nav *nav = &app->trace.nav;
	const struct tui_settings *s = &app->settings;

	switch (setting) {
	case TUI_SET_THEME:
		tui_term_set_theme(app->term, s->theme);
		break;
	case TUI_SET_ASCII:
		app->trace.facts.ascii = s->ascii || tui_term_is_ascii(app->term);
		break;
	case TUI_SET_ROWS:
		tui_nav_rows(nav, s->rows);
		break;
	case TUI_SET_VIEW:
		if (s->view != TUI_VIEW_EXPLAIN)
			app->view = s->view;
		break;
	case TUI_SET_FILTER:
		tui_app_filter(app, s->filter.text, NULL);
		break;
	case TUI_SET_EDGES:
		nav->all_edges = s->edges;
		break;
	case TUI_SET_SPEED:
		nav->speed_permille = s->speed_permille;
		break;
	default:
		break; /* pan and zoom are looked up when a key comes */
	}
}

static char *value_of(const struct tui_app *app, enum tui_setting setting, char *buf,
		      size_t size)
{
	const struct tui_nav *nav = &app->trace.nav;
	const struct tui_settings *s = &app->settings;

	switch (setting) {
	case TUI_SET_THEME:
		snprintf(buf, size, "%s", tui_theme_name(tui_term_theme(app->term)));
		break;
	case TUI_SET_ASCII:
		snprintf(buf, size, "%s", app->trace.facts.ascii ? "on" : "off");
		break;
	case TUI_SET_ROWS:
		snprintf(buf, size, "%s", tui_rows_names[nav->rows % TUI_ROWS_MAX]);
		break;
	case TUI_SET_VIEW:
		snprintf(buf, size, "%s", tui_view_by_id(s->view)->name);
		break;
	case TUI_SET_FILTER:
		snprintf(buf, size, "%s", nav->filter.text[0] ? nav->filter.text : "none");
		break;
	case TUI_SET_EDGES:
		snprintf(buf, size, "%s", nav->all_edges ? "on" : "off");
		break;
	case TUI_SET_PAN:
		snprintf(buf, size, "%d", s->pan_hundredths);
		break;
	case TUI_SET_ZOOM:
		snprintf(buf, size, "%g", s->zoom_permille / 1000.0);
		break;
	default:
		snprintf(buf, size, "%g", nav->speed_permille / 1000.0);
	}
	return buf;
}

static void say_all(struct tui_app *app)
{
	char all[190] = "", value[TUI_FILTER_TEXT];
	size_t used = 0;

	for (int i = 0; i < TUI_SET_MAX && used < sizeof(all); i++)
		used += (size_t)snprintf(
			all + used, sizeof(all) - used, "%s%s %s", i ? ", " : "",
			tui_settings[i].name,
			value_of(app, (enum tui_setting)i, value, sizeof(value)));
	tui_app_say(app, "%s", all);
}

int tui_app_set(struct tui_app *app, const char *text, struct gtv_err *err)
{
	char name[24], value[TUI_FILTER_TEXT];
	size_t size = strcspn(text, " =");
	const char *rest = text + size + strspn(text + size, " =");
	enum tui_setting setting;
	int rc;

	snprintf(name, sizeof(name), "%.*s", (int)(size < 23 ? size : 23), text);
	if (!*name) {
		say_all(app);
		return 0;
	}
	setting = tui_settings_find(name);
	if (!*rest && setting < TUI_SET_MAX) {
		tui_app_say(app, "%s is %s: %s", name,
			    value_of(app, setting, value, sizeof(value)),
			    tui_settings[setting].help);
		return 0;
	}
	rc = tui_settings_set(&app->settings, name, rest, err);
	if (!rc)
		apply(app, setting);
	return rc;
}
