/* SPDX-License-Identifier: MIT */
#include "tui/keys.h"

#include <string.h>

#include "tui/glyph.h"
#include "tui/term.h"

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

/* What a key is called in the table; `buf` takes a character's. */
static const char *key_word(int key, char buf[5])
{
	switch (key) {
	case ' ':
		return "Space";
	case TUI_KEY_TAB:
		return "Tab";
	case TUI_KEY_ENTER:
	case '\n':
		return "Enter";
	case TUI_KEY_ESC:
		return "Esc";
	case TUI_KEY_LEFT:
		return "Left";
	case TUI_KEY_RIGHT:
		return "Right";
	case TUI_KEY_UP:
		return "Up";
	case TUI_KEY_DOWN:
		return "Down";
	case TUI_KEY_HOME:
		return "Home";
	case TUI_KEY_END:
		return "End";
	case TUI_KEY_PGUP:
		return "PgUp";
	case TUI_KEY_PGDN:
		return "PgDn";
	}
	if (key <= ' ' || key >= TUI_KEY_LEFT)
		return NULL;
	buf[tui_glyph_encode((uint32_t)key, buf)] = 0;
	return buf;
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
	const char *word = key_word(key, buf);

	for (const struct tui_key_binding *b = tui_keys; word && b->keys; b++)
		if ((b->place == TUI_IN_ALL || b->place == place) &&
		    has_word(b->keys, word))
			return b->action;
	return TUI_ACT_NONE;
}
