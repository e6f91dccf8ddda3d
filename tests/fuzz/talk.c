/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the text of talks: any bytes are one. What is read is whole: each text ends, each
 * number is within its array; and each fault says what is wrong, where.
 *
 * Built by libFuzzer, or as a program that replays files.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/scene/talk.h"
#include "tests/fuzz/files.h"

#define BYTES_MAX 65536

static void need(int is_so)
{
	if (!is_so)
		abort();
}

static void is_whole(const char *text, size_t room)
{
	need(memchr(text, 0, room) != NULL);
}

static void is_told(void *arg, int line, const char *what, const char *mend)
{
	(void)arg;
	need(line >= 0 && what && what[0] && mend);
	need(!strchr(what, '\n') && !strchr(mend, '\n'));
}

static void check_step(const struct tui_talk *t, const struct tui_talk_step *s)
{
	need(s->chapter >= 0 && s->chapter < t->chapters);
	need(s->lanes >= 0 && s->lanes <= TUI_PRESENTER_LANES);
	for (int i = 0; i < TUI_PRESENTER_CAPTIONS; i++)
		is_whole(s->caption[i], sizeof(s->caption[i]));
	for (int i = 0; i < s->lanes; i++)
		is_whole(s->lane[i], sizeof(s->lane[i]));
	is_whole(s->big, sizeof(s->big));
	is_whole(s->legend, sizeof(s->legend));
	is_whole(s->light, sizeof(s->light));
	is_whole(s->at_lane, sizeof(s->at_lane));
	need(s->play_permille >= 0);
}

static void check_chapter(const struct tui_talk *t, const struct tui_talk_chapter *c)
{
	char path[64];
	int args = 0;

	is_whole(c->title, sizeof(c->title));
	while (args <= TUI_TALK_ARGS && c->run[args])
		args++;
	need(args <= TUI_TALK_ARGS && tui_talk_program(c) <= args);
	if (c->recording)
		is_whole(tui_talk_path(t, c->recording, path, sizeof(path)), sizeof(path));
	need(c->steps >= 0 && c->first_step >= 0 && c->first_step + c->steps <= t->steps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tui_talk_faults faults = {.fault = is_told};
	struct tui_talk *t;

	if (size > BYTES_MAX)
		return 0;
	t = tui_talk_parse((const char *)data, size, "talks/", &faults);
	if (!t)
		return 0;
	is_whole(t->title, sizeof(t->title));
	need(t->chapters >= 0 && t->chapters <= TUI_TALK_CHAPTERS);
	need(t->steps >= 0 && t->steps <= TUI_TALK_STEPS);
	for (int i = 0; i < t->chapters; i++)
		check_chapter(t, &t->chapter[i]);
	for (int i = 0; i < t->steps; i++)
		check_step(t, &t->step[i]);
	/* Without a fault each chapter can be shown. */
	for (int i = 0; i < t->chapters && !faults.count; i++)
		need(t->chapter[i].steps > 0);
	tui_talk_free(t);
	return 0;
}

#ifndef GTV_LIBFUZZER
int main(int argc, char **argv)
{
	return fuzz_files(argc, argv);
}
#endif
