/* SPDX-License-Identifier: MIT
 *
 * What a terminal sends behind an Esc is one key, however it comes: at once with others,
 * byte by byte, cut short, or of a kind that nobody knows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tui/term/sequence.h"

static char line[256]; /* what is to be read, the next byte first */

static int next(void *arg, int wait_ms)
{
	int byte = (unsigned char)line[0];

	(void)arg;
	(void)wait_ms;
	if (!byte)
		return -1;
	memmove(line, line + 1, strlen(line));
	return byte;
}

static void back(void *arg, int byte)
{
	(void)arg;
	memmove(line + 1, line, strlen(line) + 1);
	line[0] = (char)byte;
}

static struct tui_mouse mouse;

/* The key of what is on the line, behind an Esc. */
static int key(void)
{
	const struct tui_sequence_in in = {next, back, NULL};

	mouse = (struct tui_mouse){0};
	return tui_sequence_key(&in, &mouse);
}

static void is(const char *bytes, int wanted, const char *left)
{
	snprintf(line, sizeof(line), "%s", bytes);
	int got = key();

	if (got != wanted)
		fail_msg("\"%s\" is key %d, not %d", bytes, got, wanted);
	assert_string_equal(line, left);
}

static void mouse_did(enum tui_mouse_act act, int x, int y)
{
	assert_int_equal(mouse.act, act);
	assert_int_equal(mouse.x, x);
	assert_int_equal(mouse.y, y);
}

static void every_event_of_a_burst_is_told(void **state)
{
	(void)state;
	is("[<0;61;6M\033[<32;300;7M\033[<0;300;7m\033[<65;1;1M", TUI_KEY_MOUSE,
	   "\033[<32;300;7M\033[<0;300;7m\033[<65;1;1M");
	mouse_did(TUI_MOUSE_PRESS, 60, 5);
	is(line + 1, TUI_KEY_MOUSE, "\033[<0;300;7m\033[<65;1;1M");
	mouse_did(TUI_MOUSE_DRAG, 299, 6);
	is(line + 1, TUI_KEY_MOUSE, "\033[<65;1;1M");
	mouse_did(TUI_MOUSE_RELEASE, 299, 6);
	is(line + 1, TUI_KEY_MOUSE, "");
	mouse_did(TUI_MOUSE_WHEEL_DOWN, 0, 0);
	/* With a modifier; another button; the wheel to the side. */
	is("[<80;2;2M", TUI_KEY_MOUSE, "");
	mouse_did(TUI_MOUSE_WHEEL_UP, 1, 1);
	is("[<2;2;2M", TUI_KEY_MOUSE, "");
	mouse_did(TUI_MOUSE_NOTHING, 1, 1);
	is("[<2;2;2m", TUI_KEY_MOUSE, "");
	mouse_did(TUI_MOUSE_NOTHING, 1, 1);
	is("[<66;2;2M", TUI_KEY_MOUSE, "");
	mouse_did(TUI_MOUSE_NOTHING, 1, 1);
}

static void the_short_form_is_read_too(void **state)
{
	(void)state;
	is("[M !\"x", TUI_KEY_MOUSE, "x");
	mouse_did(TUI_MOUSE_PRESS, 0, 1);
	is("[M#\377\376", TUI_KEY_MOUSE, "");
	mouse_did(TUI_MOUSE_RELEASE, 222, 221);
	is("[M@%\045", TUI_KEY_MOUSE, "");
	mouse_did(TUI_MOUSE_DRAG, 4, 4);
	is("[M`%%", TUI_KEY_MOUSE, "");
	mouse_did(TUI_MOUSE_WHEEL_UP, 4, 4);
	is("[M %", TUI_KEY_OTHER, "");
}

static void unknown_keys_are_one_key(void **state)
{
	(void)state;
	is("[1;2Pq", TUI_KEY_OTHER, "q");
	is("[15;5~", TUI_KEY_OTHER, "");
	is("[200~", TUI_KEY_OTHER, "");
	is("[I", TUI_KEY_OTHER, "");
	is("[[Aq", TUI_KEY_OTHER, "q");
	is("[?62;c", TUI_KEY_OTHER, "");
	is("[<0;61M", TUI_KEY_OTHER, "");
	is("[<0;0;1M", TUI_KEY_OTHER, "");
	is("[<99999999999;1;1M1", TUI_KEY_OTHER, "1");
	is("OZ", TUI_KEY_OTHER, "");
	/* One begins within another, or it is cut short. */
	is("[1;2\033[A", TUI_KEY_OTHER, "\033[A");
	is("[1;2", TUI_KEY_OTHER, "");
	is("[11111111111111111111111111111111111111111111111111111111Zq", TUI_KEY_OTHER,
	   "q");
}

/* However it comes, and whatever is held down with it. */
static void keys_with_names_have_them(void **state)
{
	(void)state;
	is("[D", TUI_KEY_LEFT, "");
	is("OA", TUI_KEY_UP, "");
	is("[1;5C", TUI_KEY_RIGHT, "");
	is("[5~", TUI_KEY_PGUP, "");
	is("[6;2~q", TUI_KEY_PGDN, "q");
	is("[4~", TUI_KEY_END, "");
	is("[8~", TUI_KEY_END, "");
	is("[2~", TUI_KEY_OTHER, "");
	is("[~", TUI_KEY_OTHER, "");
	is("[2;1D", TUI_KEY_OTHER, "");
}

static void the_keypad_has_figures(void **state)
{
	(void)state;
	is("Oq", '1', "");
	is("OM", '\r', "");
	is("Ok", '+', "");
	is("Om", '-', "");
}

static void esc_is_a_key_too(void **state)
{
	(void)state;
	is("", TUI_KEY_NONE, "");
	is("q", TUI_KEY_NONE, "q");
	is("\033[A", TUI_KEY_NONE, "\033[A");
	is("[", TUI_KEY_NONE, "[");
	is("O", TUI_KEY_NONE, "O");
	is("O\033", TUI_KEY_NONE, "O\033");
	is("\303\251", TUI_KEY_NONE, "\303\251");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_of_a_burst_is_told),
		cmocka_unit_test(the_short_form_is_read_too),
		cmocka_unit_test(unknown_keys_are_one_key),
		cmocka_unit_test(keys_with_names_have_them),
		cmocka_unit_test(the_keypad_has_figures),
		cmocka_unit_test(esc_is_a_key_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
