/* SPDX-License-Identifier: MIT
 *
 * The application's pure parts: keys to actions, lanes by name, the program's last
 * lines. The whole of it is driven in tests/e2e.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tui/app/app.h"
#include "tui/scene/keys.h"
#include "tui/scene/tail.h"
#include "tui/term/term.h"
#include "tui/trace/trace.h"

/* Each word of the table is a key, and leads to its own action: so none is there
 * twice. */
static void every_key_of_the_table_works(void **state)
{
	int actions = 0;

	(void)state;
	for (const struct tui_key_binding *b = tui_keys; b->keys; b++, actions++) {
		char words[64], *save = NULL;

		snprintf(words, sizeof(words), "%s", b->keys);
		for (char *w = strtok_r(words, " ", &save); w;
		     w = strtok_r(NULL, " ", &save)) {
			if (!tui_key_of_word(w))
				fail_msg("\"%s\" is not a key", w);
			if (tui_key_action(b->place, tui_key_of_word(w)) != b->action)
				fail_msg("\"%s\" belongs to another action", w);
		}
		assert_true(b->help[0] != 0);
		assert_true(tui_key_group_name(b->group)[0] != 0);
	}
	assert_int_equal(actions, TUI_ACT_MAX - 1);
}

static void other_keys_do_nothing(void **state)
{
	(void)state;
	assert_int_equal(tui_key_action(TUI_IN_ALL, TUI_KEY_NONE), TUI_ACT_NONE);
	assert_int_equal(tui_key_action(TUI_IN_ALL, TUI_KEY_OTHER), TUI_ACT_NONE);
	assert_int_equal(tui_key_action(TUI_IN_ALL, 1), TUI_ACT_NONE);
	assert_int_equal(tui_key_action(TUI_IN_ALL, 0x10ffff), TUI_ACT_NONE);
	assert_int_equal(tui_key_action(TUI_IN_ALL, '\n'),
			 tui_key_action(TUI_IN_ALL, TUI_KEY_ENTER));
}

static void clean_is(const char *dirty, const char *clean)
{
	char text[128];

	snprintf(text, sizeof(text), "%s", dirty);
	text[tui_tail_clean(text, strlen(text))] = 0;
	assert_string_equal(text, clean);
}

static void control_sequences_are_left_out(void **state)
{
	(void)state;
	clean_is("plain\ttext\n", "plain\ttext\n");
	clean_is("a\r\nb\r\n", "a\nb\n");
	clean_is("\033[31mred\033[0m", "red");
	clean_is("\033]0;title\aback", "back");
	clean_is("\033]0;title\033\\back", "back");
	clean_is("\033Pdevice\033\\back", "back");
	clean_is("10%\r20%\r30%\n", "30%\n");
	clean_is("ab\bc", "ac");
	clean_is("\b\b\bx", "x");
	clean_is("bell\a null \177.", "bell null .");
	clean_is("caf\xc3\xa9", "caf\xc3\xa9");
	/* Cut anywhere: nothing is read beyond the end. */
	clean_is("x\033", "x");
	clean_is("x\033[", "x");
	clean_is("x\033[12;3", "x");
	clean_is("x\033]0;ti", "x");
	clean_is("x\033]0;ti\033", "x");
	clean_is("first\r", "first");
}

static struct gtv_store *output_store(const char *const *pieces)
{
	struct gtv_store_info info = {.start_ns = 1000, .exit_status = -1};
	static struct gtv_names *names;
	struct gtv_store *store;
	struct gtv_err err;

	gtv_names_free(names);
	names = gtv_names_new();
	assert_int_equal(gtv_store_create_temp(&store, &info, names, &err), 0);
	for (uint64_t ts_ns = 2000; *pieces; pieces++, ts_ns++)
		assert_int_equal(
			gtv_store_put_output(store, ts_ns, *pieces, strlen(*pieces)), 0);
	assert_int_equal(gtv_store_flush(store, 0), 0);
	return store;
}

static void tail_is(const char *const *pieces, int lines, const char *expected)
{
	struct gtv_store *store = output_store(pieces);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	tui_tail_print(store, lines, out);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	gtv_store_close(store);
}

static void the_last_lines(void **state)
{
	static const char *const nothing[] = {NULL};
	static const char *const cut[] = {"one\r\ntw", "o\r\nthr", "ee\r\nfour", NULL};

	(void)state;
	tail_is(nothing, 3, "");
	tail_is(cut, 2, "three\nfour\n");
	tail_is(cut, 1, "four\n");
	tail_is(cut, 9, "one\ntwo\nthree\nfour\n");
}

static void lane_is(const struct tui_trace *t, const char *name, unsigned kind, uint32_t id)
{
	struct gtv_lane lane;

	if (!kind) {
		assert_int_equal(tui_trace_lane(t, name, &lane), -GTV_ENOTFOUND);
		return;
	}
	assert_int_equal(tui_trace_lane(t, name, &lane), 0);
	assert_int_equal(lane.kind, kind);
	assert_int_equal(lane.id, id);
}

static void lanes_by_name(void **state)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_name worker = {.id = 4711, .local = 3}, gil = {.id = 2, .text = "GIL"},
			gt = {.id = 9, .text = "fetch-3"};
	struct tui_trace t = {.names = names};

	(void)state;
	gtv_names_set(names, GTV_CLASS_THREAD, &worker);
	gtv_names_set(names, GTV_CLASS_LOCK, &gil);
	gtv_names_set(names, GTV_CLASS_GT, &gt);
	lane_is(&t, "C0", GTV_LANE_CORE, 0);
	lane_is(&t, "T123", GTV_LANE_THREAD, 123);
	lane_is(&t, "G12", GTV_LANE_GT, 12);
	lane_is(&t, "L3", GTV_LANE_LOCK, 3);
	lane_is(&t, "W2", GTV_LANE_THREAD, 4711);
	lane_is(&t, "GIL", GTV_LANE_LOCK, 2);
	lane_is(&t, "fetch-3", GTV_LANE_GT, 9);
	lane_is(&t, "", 0, 0);
	lane_is(&t, "W9", 0, 0);
	lane_is(&t, "C", 0, 0);
	lane_is(&t, "C1x", 0, 0);
	lane_is(&t, "G99999999999", 0, 0);
	lane_is(&t, "nobody", 0, 0);
	gtv_names_free(names);
}

/* A program can be over before the screen's first look at it: the screen must look
 * again until it has said so, or it would say LIVE for ever. */
static void the_end_is_told_however_early(void **state)
{
	struct tui_app app = {.session = (struct gtv_session *)state,
			      .status = {.finished = 1}};

	app.trace.facts.mode = TUI_LIVE;
	assert_true(tui_live_active(&app));
	app.trace.facts.mode = TUI_ENDED;
	assert_false(tui_live_active(&app));
	app.session = NULL;
	app.trace.facts.mode = TUI_REPLAY;
	assert_false(tui_live_active(&app));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_of_the_table_works),
		cmocka_unit_test(other_keys_do_nothing),
		cmocka_unit_test(control_sequences_are_left_out),
		cmocka_unit_test(the_last_lines),
		cmocka_unit_test(lanes_by_name),
		cmocka_unit_test(the_end_is_told_however_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
