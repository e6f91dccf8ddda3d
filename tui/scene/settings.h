/* SPDX-License-Identifier: MIT
 *
 * Settings: what a person may choose once (the settings file) or now (`:set`). One table;
 * the file, the command, its completion, the help and the manual page come from it. What
 * the command line says wins over the file.
 */
#ifndef TUI_SCENE_SETTINGS_H
#define TUI_SCENE_SETTINGS_H

#include <stddef.h>

#include "tracer/base/err.h"
#include "tui/scene/filter.h"
#include "tui/scene/keys.h"
#include "tui/scene/nav.h"
#include "tui/canvas/theme.h"
#include "tui/scene/view.h"

/* X(ID, "name", "value", "help") */
#define TUI_SETTINGS(X)                                                                    \
	X(THEME, "theme", "NAME", "colours, as --theme")                                   \
	X(ASCII, "ascii", "on|off", "draw in ASCII only")                                  \
	X(ROWS, "rows", "core|thread|green|lock", "rows of the timeline")                  \
	X(VIEW, "view", "NAME", "the view to begin with")                                  \
	X(FILTER, "filter", "EXPR", "which rows and events")                               \
	X(EDGES, "edges", "on|off", "every edge, or the span's")                           \
	X(PAN, "pan", "PERCENT", "by a key, in 1/100: 1 to 100")                           \
	X(ZOOM, "zoom", "FACTOR", "by a key: 1.1 to 10")                                   \
	X(SPEED, "speed", "FACTOR", "of replay: 0.001 to 1000")

enum tui_setting {
#define X(id, name, value, help) TUI_SET_##id,
	TUI_SETTINGS(X)
#undef X
		TUI_SET_MAX
};

struct tui_setting_info {
	const char *name, *value, *help;
};
extern const struct tui_setting_info tui_settings[TUI_SET_MAX];

struct tui_settings {
	unsigned
		given; /* 1 << enum tui_setting: the others are as they are by themselves */
	enum tui_theme theme;
	int ascii, edges;
	enum tui_rows rows;
	enum tui_view_id view;
	struct tui_filter filter;
	int pan_hundredths, zoom_permille, speed_permille;
};

void tui_settings_init(struct tui_settings *s);
/* The setting of that name, TUI_SET_MAX if there is none. */
enum tui_setting tui_settings_find(const char *name);
/* 0, or -GTV_EUSAGE and err: then nothing has changed. */
int tui_settings_set(struct tui_settings *s, const char *name, const char *value,
		     struct gtv_err *err);
/* What may stand there, one by one: NULL behind the last, or where anything may. */
const char *tui_settings_choice(enum tui_setting setting, int i);
/* "core" of TUI_ROWS_CORE… */
extern const char *const tui_rows_names[TUI_ROWS_MAX];

/* ---- keys ---- */

struct tui_keymap {
	struct {
		int key;
		enum tui_action action; /* TUI_ACT_NONE: the key does nothing */
	} bound[64];
	int count;
};

/* From now on the key is the action's, wherever that action has keys. Action "none": it
 * does nothing. 0, or -GTV_EUSAGE and err. */
int tui_keymap_bind(struct tui_keymap *map, const char *key, const char *action,
		    struct gtv_err *err);
/* The keys that an action has now, as the table writes them: "w +"; "" if none. map may be
 * NULL. Returns buf. */
char *tui_keymap_words(const struct tui_keymap *map, const struct tui_key_binding *binding,
		       char *buf, size_t size);
enum tui_action tui_keymap_action(const struct tui_keymap *map, enum tui_key_place place,
				  int key);

/* ---- the settings file ---- */

#define TUI_CONFIG_BYTES_MAX 65536
#define TUI_CONFIG_LINE	     400

/* Lines `name = value` and `bind KEY ACTION`, empty ones, and those that begin with #. Any
 * bytes will do. Tells what is wrong with each bad line (what: "NAME:LINE"), and goes on.
 * Returns how many there were. */
int tui_config_parse(const char *bytes, size_t size, const char *name,
		     struct tui_settings *s, struct tui_keymap *map,
		     void (*tell)(void *arg, const struct gtv_err *err), void *arg);

#endif
