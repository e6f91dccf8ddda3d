/* SPDX-License-Identifier: MIT */
#include "tui/scene/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/scene/key_codes.h"

const struct tui_setting_info tui_settings[TUI_SET_MAX] = {
#define X(id, name, value, help) {name, value, help},
	TUI_SETTINGS(X)
#undef X
};

const char *const tui_rows_names[TUI_ROWS_MAX] = {"core", "thread", "green", "lock",
						  "worker"};

void tui_settings_init(struct tui_settings *s)
{
	*s = (struct tui_settings){.view = TUI_VIEW_TIMELINE,
				   .pan_hundredths = 25,
				   .zoom_permille = 2000,
				   .speed_permille = 1000};
}

enum tui_setting tui_settings_find(const char *name)
{
	for (int i = 0; i < TUI_SET_MAX; i++)
		if (!strcmp(tui_settings[i].name, name))
			return (enum tui_setting)i;
	return TUI_SET_MAX;
}

const char *tui_settings_choice(enum tui_setting setting, int i)
{
	static const char *const on_off[] = {"on", "off"};

	switch (setting) {
	case TUI_SET_THEME:
		return i < TUI_THEME_MAX ? tui_theme_name((enum tui_theme)i) : NULL;
	case TUI_SET_ASCII:
	case TUI_SET_EDGES:
		return i < 2 ? on_off[i] : NULL;
	case TUI_SET_ROWS:
		return i < TUI_ROWS_MAX ? tui_rows_names[i] : NULL;
	case TUI_SET_VIEW:
		return tui_views[i] ? tui_views[i]->name : NULL;
	default:
		return NULL;
	}
}

static int no_such(enum tui_setting setting, const char *value, struct gtv_err *err)
{
	char list[200] = "";
	size_t used = 0;
	const char *choice;

	for (int i = 0; (choice = tui_settings_choice(setting, i)); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
					 used ? ", " : "", choice);
	return gtv_err_set(err, GTV_EUSAGE, tui_settings[setting].name, list,
			   "there is no \"%.60s\"", value);
}

static int set_choice(enum tui_setting setting, const char *value, int *out,
		      struct gtv_err *err)
{
	const char *choice;

	for (int i = 0; (choice = tui_settings_choice(setting, i)); i++) {
		if (strcmp(choice, value) != 0)
			continue;
		*out = i;
		return 0;
	}
	return no_such(setting, value, err);
}

/* A number in thousandths, from `least` to `most`. */
static int set_number(enum tui_setting setting, const char *value, double unit, int least,
		      int most, int *out, struct gtv_err *err)
{
	char *end;
	double n = strtod(value, &end);

	if (end == value || *end || !isfinite(n) || n * unit < least - 1e-9 ||
	    n * unit > most + 1e-9)
		return gtv_err_set(err, GTV_EUSAGE, tui_settings[setting].name,
				   tui_settings[setting].help,
				   "\"%.40s\" is no number for it", value);
	*out = (int)lround(n * unit);
	return 0;
}

static int set(struct tui_settings *s, enum tui_setting setting, const char *value,
	       struct gtv_err *err)
{
	int n = 0, rc = 0;

	switch (setting) {
	case TUI_SET_FILTER:
		return tui_filter_parse(&s->filter, value, err);
	case TUI_SET_PAN:
		return set_number(setting, value, 1, 1, 100, &s->pan_hundredths, err);
	case TUI_SET_ZOOM:
		return set_number(setting, value, 1000, 1100, 10000, &s->zoom_permille,
				  err);
	case TUI_SET_SPEED:
		return set_number(setting, value, 1000, 1, 1000000, &s->speed_permille,
				  err);
	default:
		rc = set_choice(setting, value, &n, err);
	}
	if (rc)
		return rc;
	switch (setting) {
	case TUI_SET_THEME:
		s->theme = (enum tui_theme)n;
		break;
	case TUI_SET_ROWS:
		s->rows = (enum tui_rows)n;
		break;
	case TUI_SET_VIEW:
		s->view = tui_views[n]->id;
		break;
	case TUI_SET_ASCII:
		s->ascii = n == 0;
		break;
	default:
		s->edges = n == 0;
	}
	return 0;
}

int tui_settings_set(struct tui_settings *s, const char *name, const char *value,
		     struct gtv_err *err)
{
	enum tui_setting setting = tui_settings_find(name);
	struct tui_settings changed = *s;
	int rc;

	if (setting == TUI_SET_MAX)
		return gtv_err_set(err, GTV_EUSAGE, name, ":help lists them", "%s",
				   "there is no such setting");
	rc = set(&changed, setting, value, err);
	if (rc)
		return rc;
	changed.given |= 1u << setting;
	*s = changed;
	return 0;
}

/* ---- keys ---- */

int tui_keymap_bind(struct tui_keymap *map, const char *key, const char *action,
		    struct gtv_err *err)
{
	int code = tui_key_of_word(key);
	enum tui_action act = tui_key_find_action(action);
	int i = 0;

	if (code == TUI_KEY_NONE)
		return gtv_err_set(err, GTV_EUSAGE, key,
				   "a character, or Space Tab Enter Esc Left Right Up Down "
				   "Home End PgUp PgDn Delete Backspace",
				   "%s", "there is no such key");
	if (act == TUI_ACT_NONE && strcmp(action, "none") != 0)
		return gtv_err_set(err, GTV_EUSAGE, action,
				   "as zoom-in, row-down, explain, or none", "%s",
				   "there is no such action");
	while (i < map->count && map->bound[i].key != code)
		i++;
	if (i == (int)(sizeof(map->bound) / sizeof(map->bound[0])))
		return gtv_err_set(err, GTV_EUSAGE, key, "leave some out", "%s",
				   "more keys than can be bound");
	map->bound[i].key = code;
	map->bound[i].action = act;
	map->count += i == map->count;
	return 0;
}

/* Where an action has its keys. */
static enum tui_key_place place_of(enum tui_action action)
{
	for (const struct tui_key_binding *b = tui_keys; b->keys; b++)
		if (b->action == action)
			return b->place;
	return TUI_IN_ALL;
}

static void add_key(char *buf, size_t size, const char *word, size_t bytes)
{
	size_t used = strlen(buf);

	snprintf(buf + used, size - used, "%s%.*s", used ? " " : "", (int)bytes, word);
}

char *tui_keymap_words(const struct tui_keymap *map, const struct tui_key_binding *binding,
		       char *buf, size_t size)
{
	char word[16], text[5];

	buf[0] = '\0';
	for (const char *p = binding->keys; *p; p += p[0] == ' ') {
		size_t bytes = strcspn(p, " ");

		snprintf(word, sizeof(word), "%.*s", (int)bytes, p);
		/* Another action may have it now, where this one has its keys. */
		if (!map || tui_keymap_action(map, binding->place, tui_key_of_word(word)) ==
				    binding->action)
			add_key(buf, size, p, bytes);
		p += bytes;
	}
	for (int i = 0; map && i < map->count; i++) {
		const char *name = map->bound[i].action == binding->action
					   ? tui_key_word(map->bound[i].key, text)
					   : NULL;
		if (name)
			add_key(buf, size, name, strlen(name));
	}
	return buf;
}

enum tui_action tui_keymap_action(const struct tui_keymap *map, enum tui_key_place place,
				  int key)
{
	if (key == '\n')
		key = TUI_KEY_ENTER;
	for (int i = 0; i < map->count; i++) {
		enum tui_key_place where = place_of(map->bound[i].action);

		if (map->bound[i].key == key && (where == TUI_IN_ALL || where == place))
			return map->bound[i].action;
	}
	return tui_key_action(place, key);
}

/* ---- the file ---- */

struct parser {
	const char *name;
	unsigned line;
	struct tui_settings *settings;
	struct tui_keymap *map;
};

static int bad_line(const struct parser *p, const struct gtv_err *why, struct gtv_err *err)
{
	char what[sizeof(err->what)];

	snprintf(what, sizeof(what), "%.120s:%u", p->name, p->line);
	if (!*why->what)
		return gtv_err_set(err, GTV_EUSAGE, what, why->mend, "%s", why->why);
	return gtv_err_set(err, GTV_EUSAGE, what, why->mend, "%.60s: %s", why->what,
			   why->why);
}

/* Cuts the blanks around it off. */
static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	for (end = text + strlen(text); end > text && strchr(" \t\r", end[-1]); end--)
		;
	*end = '\0';
	return text;
}

static int parse_bind(const struct parser *p, char *rest, struct gtv_err *err)
{
	char *key = trim(rest), *action = key + strcspn(key, " \t");

	if (!*key || !*action)
		return gtv_err_set(err, GTV_EUSAGE, "",
				   "bind KEY ACTION, as bind x zoom-in", "%s",
				   "a key and an action belong there");
	*action++ = '\0';
	return tui_keymap_bind(p->map, key, trim(action), err);
}

static int parse_line(const struct parser *p, char *text, struct gtv_err *err)
{
	char *line = trim(text), *value;

	if (!*line || *line == '#')
		return 0;
	if (!strncmp(line, "bind", 4) && strchr(" \t", line[4]) && line[4])
		return parse_bind(p, line + 4, err);
	value = strchr(line, '=');
	if (!value)
		return gtv_err_set(err, GTV_EUSAGE, "",
				   "name = value, as theme = light; bind KEY ACTION", "%s",
				   "it is neither a setting nor a key");
	*value++ = '\0';
	return tui_settings_set(p->settings, trim(line), trim(value), err);
}

static int is_text(const char *line, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)line[i];

		if ((c < ' ' && c != '\t' && c != '\r') || c == 127)
			return 0;
	}
	return 1;
}

int tui_config_parse(const char *bytes, size_t size, const char *name,
		     struct tui_settings *s, struct tui_keymap *map,
		     void (*tell)(void *arg, const struct gtv_err *err), void *arg)
{
	struct parser p = {.name = name, .settings = s, .map = map};
	int bad = 0;

	for (size_t at = 0; at < size;) {
		const char *end = memchr(bytes + at, '\n', size - at);
		size_t length = end ? (size_t)(end - bytes) - at : size - at;
		struct gtv_err why = {0}, err = {0};
		char line[TUI_CONFIG_LINE];
		int rc;

		p.line++;
		if (length >= sizeof(line)) {
			rc = gtv_err_set(&why, GTV_EUSAGE, "", "shorten it", "%s",
					 "the line is too long");
		} else if (!is_text(bytes + at, length)) {
			rc = gtv_err_set(&why, GTV_EUSAGE, "", "is it the right file?",
					 "%s", "there are control characters in it");
		} else {
			memcpy(line, bytes + at, length);
			line[length] = '\0';
			rc = parse_line(&p, line, &why);
		}
		at += length + 1;
		if (!rc)
			continue;
		bad++;
		bad_line(&p, &why, &err);
		if (tell)
			tell(arg, &err);
	}
	return bad;
}
