/* SPDX-License-Identifier: MIT
 *
 * Fuzzes what people write: any bytes are a settings file, and each line of them a filter
 * and a command. What is taken must be whole: a filter that was parsed once is parsed again
 * from its own text, and judges every lane without a crash.
 *
 * Built by libFuzzer, or as a program that replays files.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/scene/commands.h"
#include "tui/scene/settings.h"
#include "tests/fuzz/files.h"

static struct gtv_names *names;

static void make_names(void)
{
	struct gtv_name gt = {.id = 1, .pid = 7, .text = "worker"};
	struct gtv_name process = {.id = 7, .text = "server"};

	names = gtv_names_new();
	if (!names || gtv_names_set(names, GTV_CLASS_GT, &gt) ||
	    gtv_names_set(names, GTV_CLASS_PROCESS, &process))
		abort();
}

static void expect(int good)
{
	if (!good)
		abort();
}

static void try_filter(const char *line)
{
	struct tui_filter filter, again;
	struct gtv_err err = {0};
	int rc = tui_filter_parse(&filter, line, &err);

	if (rc) {
		expect(err.what[0] && err.why[0] && tui_filter_is_empty(&filter));
		return;
	}
	if (tui_filter_is_empty(&filter))
		return;
	expect(!tui_filter_parse(&again, filter.text, &err));
	expect(!memcmp(&filter, &again, sizeof(filter)));
	for (unsigned kind = GTV_LANE_CORE; kind < GTV_LANE_KIND_MAX; kind++)
		tui_filter_lane(&filter, names, NULL, (struct gtv_lane){(uint8_t)kind, 1});
}

static void try_command(const char *line)
{
	static struct tui_candidates candidates;
	enum tui_command command = TUI_COMMAND_MAX;
	struct gtv_err err = {0};
	const char *rest;

	if (tui_command_find(line, &command, &rest, &err))
		expect(err.why[0]);
	else
		expect(command < TUI_COMMAND_MAX && rest >= line &&
		       rest <= line + strlen(line));
	for (int kind = 0; kind < TUI_PROMPT_KINDS; kind++) {
		candidates.count = candidates.more = 0;
		tui_complete(names, (enum tui_prompt_kind)kind, line, &candidates);
		expect(candidates.from <= strlen(line) &&
		       candidates.count <= TUI_CANDIDATES);
	}
}

static void tell(void *arg, const struct gtv_err *err)
{
	++*(int *)arg;
	expect(err->what[0] && err->why[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tui_settings s;
	static struct tui_keymap map;
	char line[TUI_PROMPT_BYTES];
	int tells = 0;

	if (!names)
		make_names();
	tui_settings_init(&s);
	memset(&map, 0, sizeof(map));
	expect(tui_config_parse((const char *)data, size, "config", &s, &map, tell,
				&tells) == tells);
	expect(s.zoom_permille >= 1100 && s.pan_hundredths >= 1 &&
	       s.pan_hundredths <= 100 && s.speed_permille >= 1 && s.rows < TUI_ROWS_MAX &&
	       s.theme < TUI_THEME_MAX);
	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t length = end ? (size_t)(end - data) - at : size - at;
		size_t kept = length < sizeof(line) - 1 ? length : sizeof(line) - 1;

		memcpy(line, data + at, kept);
		line[kept] = '\0';
		try_filter(line);
		try_command(line);
		at += length + 1;
	}
	return 0;
}

#ifndef GTV_LIBFUZZER
int main(int argc, char **argv)
{
	int rc = fuzz_files(argc, argv);

	gtv_names_free(names);
	return rc;
}
#endif
