/* SPDX-License-Identifier: MIT */
#include "tui/scene/keys.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tui/canvas/glyph.h"
#include "tui/scene/key_codes.h"

const struct tui_key_binding tui_keys[] = {
#define X(id, group, place, keys, help)                                                    \
	{TUI_ACT_##id, TUI_GROUP_##group, TUI_IN_##place, keys, help},
	TUI_KEYS(X)
#undef X
		{TUI_ACT_NONE, TUI_GROUP_MAX, TUI_IN_ALL, NULL, NULL},
};

const char *tui_key_group_name(enum tui_key_group group)
{
	static const char *const names[] = {
#define X(id, name) name,
		TUI_KEY_GROUPS(X)
#undef X
	};

	return group < TUI_GROUP_MAX ? names[group] : "";
}

static const struct {
	const char *word;
	int key;
} named[] = {
	{"Space", ' '},	      {"Tab", TUI_KEY_TAB},	  {"Enter", TUI_KEY_ENTER},
	{"Esc", TUI_KEY_ESC}, {"Left", TUI_KEY_LEFT},	  {"Right", TUI_KEY_RIGHT},
	{"Up", TUI_KEY_UP},   {"Down", TUI_KEY_DOWN},	  {"Home", TUI_KEY_HOME},
	{"End", TUI_KEY_END}, {"PgUp", TUI_KEY_PGUP},	  {"PgDn", TUI_KEY_PGDN},
	{"Enter", '\n'},      {"Delete", TUI_KEY_DELETE}, {"Backspace", TUI_KEY_BACKSPACE},
};
#define NAMED (sizeof(named) / sizeof(named[0]))

const char *tui_key_word(int key, char buf[5])
{
	for (size_t i = 0; i < NAMED; i++)
		if (named[i].key == key)
			return named[i].word;
	if (key <= ' ' || key >= TUI_KEY_LEFT)
		return NULL;
	buf[tui_glyph_encode((uint32_t)key, buf)] = 0;
	return buf;
}

int tui_key_of_word(const char *word)
{
	uint32_t glyph;

	for (size_t i = 0; i < NAMED; i++)
		if (!strcmp(named[i].word, word))
			return named[i].key;
	int size = tui_glyph_decode(word, strlen(word), &glyph);

	return size && !word[size] && glyph > ' ' && tui_glyph_is_plain(glyph)
		       ? (int)glyph
		       : TUI_KEY_NONE;
}

static const char *const action_ids[TUI_ACT_MAX] = {
#define X(id, group, place, keys, help) [TUI_ACT_##id] = #id,
	TUI_KEYS(X)
#undef X
};

char *tui_key_action_name(enum tui_action action, char *buf, unsigned long size)
{
	snprintf(buf, size, "%s",
		 action > TUI_ACT_NONE && action < TUI_ACT_MAX ? action_ids[action]
							       : "none");
	for (char *p = buf; *p; p++)
		*p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
	return buf;
}

enum tui_action tui_key_find_action(const char *name)
{
	char buf[32];

	for (int a = TUI_ACT_NONE + 1; a < TUI_ACT_MAX; a++)
		if (!strcmp(tui_key_action_name((enum tui_action)a, buf, sizeof(buf)),
			    name))
			return (enum tui_action)a;
	return TUI_ACT_NONE;
}

/* Is `word` one of the words of `list`? */
static int has_word(const char *list, const char *word)
{
	size_t size = strlen(word);

	while (*list) {
		size_t n = strcspn(list, " ");

		if (n == size && !strncmp(list, word, n))
			return 1;
		list += n;
		list += *list == ' ';
	}
	return 0;
}

enum tui_action tui_key_action(enum tui_key_place place, int key)
{
	char buf[5];
	const char *word = tui_key_word(key, buf);

	for (const struct tui_key_binding *b = tui_keys; word && b->keys; b++)
		if ((b->place == TUI_IN_ALL || b->place == place) &&
		    has_word(b->keys, word))
			return b->action;
	return TUI_ACT_NONE;
}
