/* SPDX-License-Identifier: MIT */
#include "tui/scene/commands.h"

#include <string.h>

const struct tui_command_info tui_commands[TUI_COMMAND_MAX] = {
#define X(id, name, arguments, help) {name, arguments, help},
	TUI_COMMANDS(X)
#undef X
};

/* Commands that begin with a word; *first is one of them. A whole name wins. */
static int count_commands(const char *word, size_t size, enum tui_command *first)
{
	int count = 0;

	for (int i = 0; i < TUI_COMMAND_MAX; i++) {
		const char *name = tui_commands[i].name;

		if (strncmp(name, word, size) != 0)
			continue;
		if (!count++)
			*first = (enum tui_command)i;
		if (!name[size]) {
			*first = (enum tui_command)i;
			return 1;
		}
	}
	return count;
}

int tui_command_find(const char *line, enum tui_command *command, const char **rest,
		     struct gtv_err *err)
{
	char word[32];
	size_t size;
	int count;

	line += strspn(line, " ");
	size = strcspn(line, " ");
	*rest = line + size + strspn(line + size, " ");
	if (size >= sizeof(word))
		size = sizeof(word) - 1;
	memcpy(word, line, size);
	word[size] = '\0';
	count = size ? count_commands(word, size, command) : 0;
	if (count == 1)
		return 0;
	return gtv_err_set(
		err, GTV_EUSAGE, word, count ? "Tab lists them" : ":help lists them", "%s",
		count ? "several commands begin so" : "there is no such command");
}
