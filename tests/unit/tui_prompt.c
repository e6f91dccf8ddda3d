/* SPDX-License-Identifier: MIT
 *
 * The prompt: editing as people know it, in UTF-8; history; completion; and that any keys
 * in any order leave a line that is whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tui/canvas/back.h"
#include "tui/scene/commands.h"
#include "tui/canvas/glyph.h"
#include "tui/scene/prompt.h"
#include "tui/scene/scope.h"
#include "tui/term/term.h"

static struct tui_prompt p;

static int begin(void **state)
{
	(void)state;
	memset(&p, 0, sizeof(p));
	tui_prompt_open(&p, TUI_PROMPT_COMMAND, "");
	return 0;
}

static enum tui_prompt_answer keys(const char *text)
{
	enum tui_prompt_answer answer = TUI_PROMPT_GOES_ON;
	uint32_t glyph;
	int size;

	for (; *text; text += size) {
		size = tui_glyph_decode(text, strlen(text), &glyph);
		assert_true(size > 0);
		answer = tui_prompt_key(&p, (int)glyph);
	}
	return answer;
}

static void text_is(const char *text, size_t cursor)
{
	assert_string_equal(p.text, text);
	assert_int_equal(p.size, strlen(text));
	assert_int_equal(p.cursor, cursor);
}

static void typing_and_erasing(void **state)
{
	(void)state;
	keys("goto x");
	text_is("goto x", 6);
	tui_prompt_key(&p, TUI_KEY_BACKSPACE);
	text_is("goto ", 5);
	keys("\001");
	text_is("goto ", 0);
	keys("ab");
	text_is("abgoto ", 2);
	tui_prompt_key(&p, TUI_KEY_RIGHT);
	tui_prompt_key(&p, TUI_KEY_DELETE);
	text_is("abgto ", 3);
	keys("\005one two");
	keys("\027");
	text_is("abgto one ", 10);
	keys("\027\027");
	text_is("", 0);
	keys("a b\002\013");
	text_is("a ", 2);
	keys("\025");
	text_is("", 0);
}

/* Enter takes what is proposed; a character replaces it; moving begins to edit it. */
static void proposed_and_replaced(void **state)
{
	(void)state;
	tui_prompt_open(&p, TUI_PROMPT_TRIGGER, "wait>5ms");
	tui_prompt_suggest(&p);
	text_is("wait>5ms", 8);
	assert_int_equal(tui_prompt_key(&p, TUI_KEY_ENTER), TUI_PROMPT_DONE);
	text_is("wait>5ms", 8);
	tui_prompt_open(&p, TUI_PROMPT_TRIGGER, "wait>5ms");
	tui_prompt_suggest(&p);
	keys("run");
	text_is("run", 3);
	tui_prompt_open(&p, TUI_PROMPT_TRIGGER, "wait>5ms");
	tui_prompt_suggest(&p);
	tui_prompt_key(&p, TUI_KEY_LEFT);
	keys("0");
	text_is("wait>5m0s", 8);
}

static void characters_are_whole(void **state)
{
	(void)state;
	keys("aµé×b");
	text_is("aµé×b", 8);
	tui_prompt_key(&p, TUI_KEY_LEFT);
	tui_prompt_key(&p, TUI_KEY_BACKSPACE);
	text_is("aµéb", 5);
	tui_prompt_key(&p, TUI_KEY_LEFT);
	tui_prompt_key(&p, TUI_KEY_DELETE);
	text_is("aµb", 3);
	/* What is two columns wide, joins or turns around has no place in a line. */
	tui_prompt_key(&p, 0x4e2d);
	tui_prompt_key(&p, 0x0301);
	tui_prompt_key(&p, 0x202e);
	tui_prompt_key(&p, TUI_KEY_OTHER);
	text_is("aµb", 3);
}

static void a_line_has_an_end(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		keys("é");
	assert_true(p.size < sizeof(p.text));
	assert_int_equal(p.size % 2, 0);
	assert_int_equal(p.text[p.size], 0);
}

static void leaving(void **state)
{
	(void)state;
	assert_int_equal(keys("x\033"), TUI_PROMPT_CANCELLED);
	assert_false(p.open);
	tui_prompt_open(&p, TUI_PROMPT_COMMAND, "x");
	assert_int_equal(keys("\003"), TUI_PROMPT_CANCELLED);
	tui_prompt_open(&p, TUI_PROMPT_COMMAND, "");
	assert_int_equal(keys("\177"), TUI_PROMPT_CANCELLED);
	tui_prompt_open(&p, TUI_PROMPT_COMMAND, "x");
	assert_int_equal(keys("\177"), TUI_PROMPT_GOES_ON);
	assert_int_equal(keys("fit\r"), TUI_PROMPT_DONE);
	assert_string_equal(p.text, "fit");
}

static void history_comes_back(void **state)
{
	(void)state;
	keys("one\r");
	tui_prompt_open(&p, TUI_PROMPT_COMMAND, "");
	keys("two\r");
	tui_prompt_open(&p, TUI_PROMPT_COMMAND, "");
	keys("two\r"); /* twice the same is once */
	tui_prompt_open(&p, TUI_PROMPT_COMMAND, "");
	keys("thr");
	tui_prompt_key(&p, TUI_KEY_UP);
	text_is("two", 3);
	tui_prompt_key(&p, TUI_KEY_UP);
	text_is("one", 3);
	tui_prompt_key(&p, TUI_KEY_UP);
	text_is("one", 3);
	tui_prompt_key(&p, TUI_KEY_DOWN);
	tui_prompt_key(&p, TUI_KEY_DOWN);
	text_is("thr", 3);
	tui_prompt_key(&p, TUI_KEY_DOWN);
	text_is("thr", 3);
	/* Searches have their own. */
	tui_prompt_open(&p, TUI_PROMPT_SEARCH, "");
	tui_prompt_key(&p, TUI_KEY_UP);
	text_is("", 0);
	for (int i = 0; i < 3 * TUI_PROMPT_HISTORY; i++) {
		char line[3] = {'a', (char)('a' + i % 26), 0};

		tui_prompt_open(&p, TUI_PROMPT_SEARCH, line);
		keys("\r");
	}
	assert_int_equal(p.history[TUI_PROMPT_SEARCH].count, TUI_PROMPT_HISTORY);
}

static struct gtv_names *names_of_a_trace(void)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_name gt = {.id = 7, .text = "fetch-3"},
			lock = {.id = 2, .text = "cache"};

	gtv_names_set(names, GTV_CLASS_GT, &gt);
	gtv_names_set(names, GTV_CLASS_LOCK, &lock);
	return names;
}

static void tab_completes(void **state)
{
	struct gtv_names *names = names_of_a_trace();

	(void)state;
	p.complete = tui_complete;
	p.arg = names;
	keys("go\t");
	text_is("goto ", 5);
	keys("fe\t");
	text_is("goto fetch-3 ", 13);
	keys("\025ro\t");
	text_is("rows ", 5);
	assert_int_equal(p.candidates.count, 5);
	/* Nothing in common: one after the other, and around. */
	keys("\t");
	text_is("rows core", 9);
	keys("\t\t\t");
	text_is("rows lock", 9);
	keys("\t\t");
	text_is("rows core", 9);
	keys("\025s");
	assert_true(p.candidates.count >= 4); /* select search set shot */
	keys("\t");
	text_is("select", 6);
	keys("\025set theme li\t");
	text_is("set theme light ", 16);
	keys("\025filter lock:ca\t");
	text_is("filter lock:cache ", 18);
	keys("!sta\t");
	text_is("filter lock:cache !state:", 25);
	keys("gi\t");
	text_is("filter lock:cache !state:gil ", 29);
	keys("\025bind x zoom-i\t");
	text_is("bind x zoom-in ", 15);
	keys("\025nothing of this\t");
	text_is("nothing of this", 15);
	gtv_names_free(names);
}

/* Where a mark is wanted its name is completed; where one's own is, only those. */
static void marks_complete(void **state)
{
	struct gtv_names *names = names_of_a_trace();
	struct tui_mark said[] = {{.ts_ns = 5, .said = 1, .name = "warm up done"}};
	static struct tui_scope scope;

	(void)state;
	memset(&scope, 0, sizeof(scope));
	assert_non_null(tui_scope_mark(&scope, 7, "wet"));
	assert_non_null(tui_scope_mark(&scope, 3, "dry run"));
	scope.said = said;
	scope.said_count = 1;
	p.complete = tui_complete;
	p.arg = names;
	p.candidates.marks = &scope;
	keys("goto dr\t");
	text_is("goto dry run ", 13);
	keys("\025goto mark w");
	assert_int_equal(p.candidates.count, 2);
	keys("a\t");
	text_is("goto mark warm up done ", 23);
	keys("\025delmark w\t");
	text_is("delmark wet ", 12);
	keys("\025delmark wa\t");
	text_is("delmark wa", 10);
	p.candidates.marks = NULL;
	scope.said = NULL;
	gtv_names_free(names);
}

/* Lanes by number: all whose number begins so, without a word for any other. */
static void numbers_complete(void **state)
{
	struct gtv_names *names = gtv_names_new();
	struct tui_candidates found;

	(void)state;
	for (uint32_t i = 1; i <= 3000; i++) {
		struct gtv_name gt = {.id = i};
		assert_int_equal(gtv_names_set(names, GTV_CLASS_GT, &gt), 0);
	}
	for (uint32_t want = 1; want <= 3000; want += 7) {
		char typed[16], word[16];
		int count = 0;
		memset(&found, 0, sizeof(found));
		snprintf(typed, sizeof(typed), "G%u", want);
		tui_complete(names, TUI_PROMPT_SEARCH, typed, &found);
		for (uint32_t i = 1; i <= 3000; i++) {
			snprintf(word, sizeof(word), "G%u", i);
			if (strncmp(word, typed, strlen(typed)) != 0)
				continue;
			if (count < found.count)
				assert_string_equal(found.word[count], word);
			count++;
		}
		assert_true(count == found.count + found.more ||
			    found.more >= TUI_CANDIDATES);
	}
	for (size_t i = 0; i < 3; i++) {
		memset(&found, 0, sizeof(found));
		tui_complete(names, TUI_PROMPT_SEARCH,
			     (const char *[]){"G01", "G0", "G99999999999"}[i], &found);
		assert_int_equal(found.count, 0);
	}
	gtv_names_free(names);
}

static void commands_are_found_by_their_beginnings(void **state)
{
	enum tui_command command;
	struct gtv_err err;
	const char *rest;

	(void)state;
	assert_int_equal(tui_command_find("goto 1s", &command, &rest, &err), 0);
	assert_int_equal(command, TUI_COMMAND_GOTO);
	assert_string_equal(rest, "1s");
	assert_int_equal(tui_command_find("  q", &command, &rest, &err), 0);
	assert_int_equal(command, TUI_COMMAND_QUIT);
	assert_string_equal(rest, "");
	assert_int_equal(tui_command_find("s", &command, &rest, &err), -GTV_EUSAGE);
	assert_string_equal(err.why, "several commands begin so");
	assert_int_equal(tui_command_find("nonsense", &command, &rest, &err), -GTV_EUSAGE);
	assert_string_equal(err.what, "nonsense");
	assert_true(err.mend[0]);
	assert_int_equal(tui_command_find("", &command, &rest, &err), -GTV_EUSAGE);
}

static void it_is_drawn_over_the_foot(void **state)
{
	struct gtv_names *names = names_of_a_trace();
	struct tui_canvas canvas;
	struct tui_buf buf = {0};

	(void)state;
	p.complete = tui_complete;
	p.arg = names;
	keys("rows \t");
	assert_int_equal(tui_canvas_init(&canvas, 46, 3), 0);
	tui_canvas_clear(&canvas);
	tui_prompt_draw(&p, &canvas);
	assert_int_equal(tui_back_text(&canvas, &buf), 0);
	assert_string_equal(buf.bytes, "                                              \n"
				       " core  thread  green  lock  worker            \n"
				       " :rows core  core|thread|green|lock  rows of t\n");
	/* The cursor is a reversed cell; the chosen word is reversed. */
	assert_int_equal(tui_canvas_at(&canvas, 11, 2)->inverse, 1);
	assert_int_equal(tui_canvas_at(&canvas, 1, 1)->inverse, 1);
	assert_int_equal(tui_canvas_at(&canvas, 7, 1)->inverse, 0);
	tui_buf_fini(&buf);
	tui_canvas_fini(&canvas);
	gtv_names_free(names);
}

/* Any keys, any size of screen. */
static void any_keys(void **state)
{
	static const int special[] = {
		TUI_KEY_LEFT, TUI_KEY_RIGHT, TUI_KEY_UP, TUI_KEY_DOWN, TUI_KEY_HOME,
		TUI_KEY_END,  '\t',	     23,	 21,	       11,
		127,	      TUI_KEY_DELETE};
	struct gtv_names *names = names_of_a_trace();
	struct tui_canvas canvas;
	uint64_t rnd = 11;

	(void)state;
	p.complete = tui_complete;
	p.arg = names;
	for (int i = 0; i < 30000; i++) {
		rnd = rnd * 6364136223846793005u + 1442695040888963407u;
		unsigned r = (unsigned)(rnd >> 33);

		if (!p.open)
			tui_prompt_open(&p, (enum tui_prompt_kind)(r % TUI_PROMPT_KINDS),
					r & 64 ? "kind:gt_*" : "");
		if (r % 97 == 0)
			tui_prompt_key(&p, '\r');
		else if (r % 3)
			tui_prompt_key(&p, (int)(' ' + r / 7 % 0x150));
		else
			tui_prompt_key(&p, special[r / 7 % 12]);
		assert_true(p.size < sizeof(p.text) && p.cursor <= p.size);
		assert_int_equal(strlen(p.text), p.size);
		assert_true(((unsigned char)p.text[p.cursor] & 0xc0) != 0x80);
		if (i % 16)
			continue;
		assert_int_equal(tui_canvas_init(&canvas, (int)(r % 90), (int)(r % 5)), 0);
		tui_prompt_draw(&p, &canvas);
		tui_canvas_fini(&canvas);
	}
	gtv_names_free(names);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		T(typing_and_erasing),
		T(proposed_and_replaced),
		T(characters_are_whole),
		T(a_line_has_an_end),
		T(leaving),
		T(history_comes_back),
		T(tab_completes),
		T(marks_complete),
		T(numbers_complete),
		T(commands_are_found_by_their_beginnings),
		T(it_is_drawn_over_the_foot),
		T(any_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
