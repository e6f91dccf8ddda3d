/* SPDX-License-Identifier: MIT */
#include "tui/scene/help.h"

#include "tui/scene/commands.h"
#include "tui/scene/settings.h"

static void print_keys(FILE *out)
{
	char name[32];

	for (int g = 0; g < TUI_GROUP_MAX; g++) {
		fprintf(out, "%s%s\n", g ? "\n" : "",
			tui_key_group_name((enum tui_key_group)g));
		for (const struct tui_key_binding *b = tui_keys; b->keys; b++)
			if ((int)b->group == g)
				fprintf(out, "  %-10s %-16s %s\n", b->keys,
					tui_key_action_name(b->action, name, sizeof(name)),
					b->help);
	}
}

void tui_help_print(FILE *out)
{
	char usage[80];

	print_keys(out);
	fprintf(out, "\ncommands, behind :\n");
	for (int i = 0; i < TUI_COMMAND_MAX; i++) {
		snprintf(usage, sizeof(usage), "%s %s", tui_commands[i].name,
			 tui_commands[i].arguments);
		fprintf(out, "  %-40s %s\n", usage, tui_commands[i].help);
	}
	fprintf(out,
		"\nsettings, by :set NAME VALUE or NAME = VALUE in the settings file\n");
	for (int i = 0; i < TUI_SET_MAX; i++) {
		snprintf(usage, sizeof(usage), "%s %s", tui_settings[i].name,
			 tui_settings[i].value);
		fprintf(out, "  %-40s %s\n", usage, tui_settings[i].help);
	}
}
