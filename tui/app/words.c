/* SPDX-License-Identifier: MIT */
#include "tui/app/words.h"

#include <stddef.h>

#include "tracer/base/event.h"
#include "tracer/cmd/demo.h"
#include "tui/scene/settings.h"
#include "tui/canvas/theme.h"
#include "tui/scene/view.h"

static void word(FILE *out, const char *of, const char *text)
{
	if (text && *text)
		fprintf(out, "value\t%s\t%s\n", of, text);
}

/* Those that the options' own parsing knows (tracer/cmd/options.c, export.c). */
static void fixed(FILE *out)
{
	static const char *const words[][2] = {
		{"--level", "3"},	   {"--level", "2"},
		{"--level", "1"},	   {"--level", "0"},
		{"--syscalls", "slept"},   {"--syscalls", "all"},
		{"--format", "text"},	   {"--format", "ansi"},
		{"--format", "svg"},	   {"--size", "80x24"},
		{"--size", "120x40"},	   {"--size", "200x60"},
		{"--hits", "1"},	   {"--to=FORMAT", "perfetto"},
		{"--to=FORMAT", "chrome"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		word(out, words[i][0], words[i][1]);
}

void tui_app_words(FILE *out)
{
	const struct gtv_demo *demo;

	for (size_t i = 0; tui_views[i]; i++)
		word(out, "--view", tui_views[i]->name);
	for (int i = 0; i < TUI_THEME_MAX; i++)
		word(out, "--theme", tui_theme_name((enum tui_theme)i));
	for (int i = 0; i < TUI_ROWS_MAX; i++)
		word(out, "--rows", tui_rows_names[i]);
	for (unsigned kind = 0; kind < 256; kind++)
		word(out, "--kind", gtv_event_name(kind));
	fixed(out);
	for (size_t i = 0; (demo = gtv_demo_at(i)); i++)
		word(out, "demo", demo->name);
}
