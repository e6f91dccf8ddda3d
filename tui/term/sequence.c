/* SPDX-License-Identifier: MIT
 *
 * The forms are those of ECMA-48 (CSI: "Esc [", parameters, a letter) and of DEC's
 * terminals (SS3: "Esc O", a letter); the mouse's are xterm's, both of them: with decimal
 * figures and a letter at the end, or in three bytes. Several can come at once, over a slow
 * line say, and each is told.
 */
#include "tui/term/sequence.h"

#include <stdio.h>
#include <string.h>

#define FIRST_MS     25	 /* a person does not press Esc and another key within that */
#define REST_MS	     250 /* what has begun goes on, however slow the line */
#define SEQUENCE_MAX 40

/* xterm's button: 2 bits which one (3: none), then 3 of modifiers, then these. */
enum { WHICH = 3, MOVED = 32, WHEEL = 64 };

static enum tui_mouse_act act_of(unsigned button, int released)
{
	if (button & WHEEL)
		return (button & WHICH) == 0   ? TUI_MOUSE_WHEEL_UP
		       : (button & WHICH) == 1 ? TUI_MOUSE_WHEEL_DOWN
					       : TUI_MOUSE_NOTHING;
	if (released)
		return TUI_MOUSE_RELEASE;
	if (button & WHICH)
		return TUI_MOUSE_NOTHING;
	return button & MOVED ? TUI_MOUSE_DRAG : TUI_MOUSE_PRESS;
}

/* "<0;61;6": columns and rows count from 1. */
static int decimal_mouse(const char *text, int released, struct tui_mouse *mouse)
{
	unsigned button, x, y;

	if (sscanf(text, "<%5u;%5u;%5u", &button, &x, &y) != 3 || !x || !y)
		return TUI_KEY_OTHER;
	*mouse = (struct tui_mouse){act_of(button, released && !(button & WHICH)),
				    (int)x - 1, (int)y - 1};
	return TUI_KEY_MOUSE;
}

/* Three bytes behind "Esc [ M", each with 32 added; columns and rows count from 1. Which
 * button was let go it does not tell. */
static int short_mouse(const struct tui_sequence_in *in, struct tui_mouse *mouse)
{
	int byte[3];

	for (int i = 0; i < 3; i++) {
		byte[i] = in->next(in->arg, REST_MS);
		if (byte[i] < (i ? 33 : 32) || byte[i] > 255)
			return TUI_KEY_OTHER;
	}
	unsigned button = (unsigned)byte[0] - 32;
	int released = !(button & (MOVED | WHEEL)) && (button & WHICH) == WHICH;

	*mouse = (struct tui_mouse){act_of(button, released), byte[1] - 33, byte[2] - 33};
	return TUI_KEY_MOUSE;
}

/* Keys that curses knows itself, if all of one comes at once and nothing is held with it.
 */
static int named_key(const char *text, int last)
{
	static const char letter[] = "ABCDHF", number[] = "1783456";
	static const int of_letter[] = {TUI_KEY_UP,   TUI_KEY_DOWN, TUI_KEY_RIGHT,
					TUI_KEY_LEFT, TUI_KEY_HOME, TUI_KEY_END};
	static const int of_number[] = {TUI_KEY_HOME,	TUI_KEY_HOME, TUI_KEY_END,
					TUI_KEY_DELETE, TUI_KEY_END,  TUI_KEY_PGUP,
					TUI_KEY_PGDN};
	const char *at = strchr(letter, last);

	if (at && (!text[0] || !strncmp(text, "1;", 2)))
		return of_letter[at - letter];
	if (last == '~' && text[0] && (!text[1] || text[1] == ';') &&
	    (at = strchr(number, text[0])))
		return of_number[at - number];
	return TUI_KEY_OTHER;
}

static int control_sequence(const struct tui_sequence_in *in, struct tui_mouse *mouse)
{
	char text[SEQUENCE_MAX] = "";
	size_t size = 0;
	int byte = in->next(in->arg, FIRST_MS);

	if (byte < 0) {
		in->back(in->arg, '[');
		return TUI_KEY_NONE;
	}
	for (; byte >= 0x20 && byte < 0x40; byte = in->next(in->arg, REST_MS))
		if (size < sizeof(text) - 1)
			text[size++] = (char)byte;
	/* It ended within: what comes now is something new. */
	if (byte >= 0 && (byte < 0x40 || byte > 0x7e)) {
		in->back(in->arg, byte);
		return TUI_KEY_OTHER;
	}
	if (text[0] == '<' && (byte == 'M' || byte == 'm'))
		return decimal_mouse(text, byte == 'm', mouse);
	if (byte == 'M' && !size)
		return short_mouse(in, mouse);
	if (byte == '[' && !size) /* the console's function keys */
		(void)in->next(in->arg, FIRST_MS);
	return byte > 0 ? named_key(text, byte) : TUI_KEY_OTHER;
}

/* The keypad, as it is told where programs ask for that. */
static int keypad_key(const struct tui_sequence_in *in)
{
	static const char sent[] = "pqrstuvwxyMjklmnoX";
	static const char means[] = "0123456789\r*+,-./=";
	int byte = in->next(in->arg, FIRST_MS);
	const char *at = byte > 0 && byte < 0x7f ? strchr(sent, byte) : NULL;

	if (at)
		return means[at - sent];
	if (byte >= 0x20 && byte < 0x7f)
		return named_key("", byte);
	if (byte >= 0)
		in->back(in->arg, byte);
	in->back(in->arg, 'O');
	return TUI_KEY_NONE;
}

int tui_sequence_key(const struct tui_sequence_in *in, struct tui_mouse *mouse)
{
	int byte = in->next(in->arg, 0);

	if (byte == '[')
		return control_sequence(in, mouse);
	if (byte == 'O')
		return keypad_key(in);
	if (byte >= 0)
		in->back(in->arg, byte);
	return TUI_KEY_NONE;
}
