/* SPDX-License-Identifier: MIT
 *
 * The mouse in every view: a click chooses what is under it, sorts by a column, is the key
 * that stands there; over time, in whatever view, the wheel zooms at the pointer and
 * dragging pans. The real application on a real trace, with a terminal made here.
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
#include <sys/timerfd.h>

#include "tests/golden/convoy.h"
#include "tests/unit/tui_terminal.h"
#include "tui/canvas/glyph.h"

#define CTRL_C	  3
#define TURN_NS	  2000000 /* between two looks */
#define WAITS_MAX 20000	  /* of them, for what a step waits for */
#define LINE	  1024
#define PULLED	  20 /* columns */

enum { DONE, KEY, CLICK, TWICE, WHEEL, PULL };

/* When a line of the screen has both words: what to do next, and where. */
struct step {
	const char *line, *too; /* NULL: whatever it shows */
	int act, key;
	const char *at; /* the pointer is on this word… */
	int by;		/* …or so many columns to its right */
};

static struct {
	const struct step *step;
	char text[60][LINE]; /* what is shown */
	int part;	     /* of the mouse's step: what has been sent */
	int waits;
} play;

static void look(struct tui_term *t, const struct tui_canvas *c)
{
	(void)t;
	for (int y = 0; y < c->rows && y < 60; y++) {
		size_t n = 0;

		for (int x = 0; x < c->cols && n + 8 < LINE; x++)
			n += (size_t)tui_glyph_encode(c->cells[y * c->cols + x].glyph,
						      &play.text[y][n]);
		play.text[y][n] = 0;
	}
}

static int columns(const char *text, const char *end)
{
	int n = 0;

	for (; text < end; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* The line that has both, -1: none. */
static int line_of(const char *word, const char *too)
{
	for (int y = 0; y < 60; y++)
		if (strstr(play.text[y], word) && (!too || strstr(play.text[y], too)))
			return y;
	return -1;
}

static int mouse(struct tui_term *t, enum tui_mouse_act act, int by)
{
	const struct step *s = play.step;
	int y = line_of(s->at, NULL);

	if (y < 0)
		fail_msg("\"%s\" is not there to be clicked", s->at);
	const char *word = strstr(play.text[y], s->at);

	t->mouse = (struct tui_mouse){act, columns(play.text[y], word) + by, y};
	return TUI_KEY_MOUSE;
}

/* The part-th event of a step; 0: it has no more. */
static int event(struct tui_term *t, int part)
{
	const struct step *s = play.step;

	if (s->act == KEY)
		return part ? 0 : s->key;
	if (s->act == WHEEL)
		return part ? 0 : mouse(t, TUI_MOUSE_WHEEL_UP, s->by);
	if (s->act == PULL) {
		static const enum tui_mouse_act pull[] = {TUI_MOUSE_PRESS, TUI_MOUSE_DRAG,
							  TUI_MOUSE_RELEASE};

		return part < 3 ? mouse(t, pull[part], s->by + (part ? PULLED : 0)) : 0;
	}
	if (part < (s->act == TWICE ? 4 : 2))
		return mouse(t, part % 2 ? TUI_MOUSE_RELEASE : TUI_MOUSE_PRESS, s->by);
	return 0;
}

static int press(struct tui_term *t)
{
	const struct step *s = play.step;
	uint64_t turns;
	int key;

	/* Readable now and then only: while a key waits nothing is read. */
	if (!play.part && read(t->fd, &turns, sizeof(turns)) < 0)
		return TUI_KEY_NONE;
	if (!play.part && s->line && line_of(s->line, s->too) < 0) {
		if (++play.waits > WAITS_MAX) {
			for (int y = 0; y < t->rows; y++)
				print_message("%s\n", play.text[y]);
			fail_msg("there is no line with \"%s\" and \"%s\"", s->line,
				 s->too ? s->too : "");
		}
		return TUI_KEY_NONE;
	}
	if (s->act == DONE)
		return CTRL_C;
	if ((key = event(t, play.part++)) != 0)
		return key;
	play.step++;
	play.part = play.waits = 0;
	return TUI_KEY_NONE;
}

static int trace = -1;

static int make_trace(void **state)
{
	static struct gtv_store_info info = {.level = 3,
					     .core_count = 4,
					     .start_ns = CONVOY_START,
					     .pid = CONVOY_PID,
					     .exit_status = -1,
					     .command = "./convoy"};
	struct gtv_names *names = gtv_names_new();
	char path[] = "/tmp/gtviz-mouse-XXXXXX";
	struct gtv_store *st;
	struct convoy c;

	(void)state;
	trace = mkstemp(path);
	if (trace < 0 || unlink(path))
		return -1;
	convoy_names(names);
	convoy_script(&c, 60);
	if (gtv_store_create(&st, dup(trace), &info, names, NULL) ||
	    gtv_store_append(st, c.ev, c.count) || gtv_store_finish(st))
		return -1;
	gtv_store_close(st);
	free(c.ev);
	gtv_names_free(names);
	return setenv("XDG_STATE_HOME", "/nonexistent", 1);
}

static int close_trace(void **state)
{
	(void)state;
	return close(trace);
}

static void run(const struct step *steps)
{
	const struct itimerspec every = {{0, TURN_NS}, {0, TURN_NS}};
	char path[64];

	memset(&play, 0, sizeof(play));
	play.step = steps;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", trace);
	terminal = (struct tui_term){
		.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
		.cols = 120,
		.rows = 40,
		.press = press,
		.look = look};
	assert_int_equal(timerfd_settime(terminal.fd, 0, &every, NULL), 0);
	assert_int_equal(terminal_replay(path), 0);
	assert_int_equal(play.step->act, DONE);
	close(terminal.fd);
}

static void rows_of_tables(void **state)
{
	static const struct step steps[] = {
		{"┬", NULL, KEY, '2', NULL, 0},
		{"sorted by wait", "whole trace", CLICK, 0, "spin-b", 0},
		{"▶G2", "spin-b", CLICK, 0, "RUNS", 1},
		{"sorted by runs", NULL, CLICK, 0, "LIFE", 1},
		{"sorted by life", NULL, CLICK, 0, "NAME", 1},
		{"sorted by birth", NULL, CLICK, 0, "s sort", 0},
		/* That was the key; now a line below, and the row again: twice is Enter. */
		{"sorted by wait", NULL, CLICK, 0, "╬╬ gil      ", 4},
		{"▶ ╬╬ gil", NULL, TWICE, 0, "spin-a", 0},
		{"[ ] edge", "Tab rows", KEY, '3', NULL, 0},
		{"1 lock  sorted by wait", NULL, CLICK, 0, "HANDOFFS", 2},
		{"sorted by handoffs", NULL, CLICK, 0, "OFF CORE", 2},
		{"sorted by off core", NULL, CLICK, 0, "longest wait", 0},
		{"▶ longest wait", NULL, CLICK, 0, "GIL          gil3", 0},
		{"▶GIL", NULL, KEY, '6', NULL, 0},
		{"by total time", NULL, CLICK, 0, "COUNT", 0},
		{"by count", NULL, CLICK, 0, "TOTAL", 0},
		{"by total time", NULL, KEY, '8', NULL, 0},
		{"the chosen event", NULL, TWICE, 0, "gil_take", 0},
		{"[ ] edge", "Tab rows", DONE, 0, NULL, 0},
	};

	(void)state;
	run(steps);
}

static void findings_latencies_and_causes(void **state)
{
	static const struct step steps[] = {
		{"┬", NULL, KEY, '7', NULL, 0},
		{"2 findings", "1.32 s of the trace", CLICK, 0, "! lock holder off core",
		 0},
		{"▶", "! lock holder off core", TWICE, 0, "! lock holder off core", 0},
		{"[ ] edge", "Tab rows", KEY, '4', NULL, 0},
		/* A histogram by its name above; a bucket of one, twice for its worst. */
		{"all of 1.32 s", NULL, CLICK, 0, "handoff · ready", 2},
		{"─ handoff ─", NULL, CLICK, 0, "2.048 - 4.096 ms         7 █", 3},
		{"bucket 2.048 - 4.096 ms", NULL, TWICE, 0, "2.048 - 4.096 ms         7 █",
		 3},
		{"all of them, longest first", NULL, CLICK, 0, "  3  ", 3},
		{"▶  3", NULL, KEY, TUI_KEY_ESC, NULL, 0},
		{"h/l histogram", NULL, KEY, '1', NULL, 0},
		/* Twice in a lane explains; a cause asks on; Esc is the way back. */
		{"Tab rows", NULL, TWICE, 0, "G3 echo", 90},
		{"why did G3 echo", NULL, CLICK, 0, "G1 spin-a was off its core", 0},
		{"why was GIL held off core", NULL, KEY, TUI_KEY_ESC, NULL, 0},
		/* Whatever else is selected is explained then. */
		{"why did G3 echo", NULL, KEY, ',', NULL, 0},
		{"why was G3 echo running", NULL, KEY, '.', NULL, 0},
		{"why did G3 echo", NULL, KEY, ']', NULL, 0},
		{"running for 111 µs", NULL, DONE, 0, NULL, 0},
	};

	(void)state;
	run(steps);
}

/* What was selected from a list is one step, wherever one comes from. */
static void undo_of_what_lists_do(void **state)
{
	static const struct step steps[] = {
		{"no selection", NULL, KEY, '2', NULL, 0},
		{"spin-b", "█", TWICE, 0, "spin-b", 0},
		{"selected G2 spin-b", NULL, KEY, 'z', NULL, 0},
		{"no selection", NULL, KEY, '5', NULL, 0},
		{"▶C0", NULL, KEY, '\r', NULL, 0},
		{"selected C0", NULL, KEY, 'z', NULL, 0},
		{"no selection", NULL, KEY, '3', NULL, 0},
		{"GIL          gil3", NULL, KEY, '\r', NULL, 0},
		{"selected GIL", NULL, KEY, 'z', NULL, 0},
		{"no selection", NULL, DONE, 0, NULL, 0},
	};

	(void)state;
	run(steps);
}

/* The window's length, as the status says it, is another one each time. */
static void time_in_every_view(void **state)
{
	static const struct step steps[] = {
		{"1.32 s, 13.2 ms/cell", NULL, WHEEL, 0, "C0 ", 100},
		{"922 ms, 9.22 ms/cell", NULL, KEY, '5', NULL, 0},
		{"in sight 922 ms", "lost", WHEEL, 0, "C0 ", 100},
		{"in sight 646 ms", "lost", KEY, '2', NULL, 0},
		{"what is looked at", NULL, WHEEL, 0, "what is looked at", 30},
		{"in sight 452 ms", "lost", KEY, 'z', NULL, 0},
		{"in sight 646 ms", "lost", KEY, '5', NULL, 0},
		/* 20 of its 101 cells are 128 ms. */
		{"at 0 s", "┬700", PULL, 0, "C0 ", 40},
		{"at 0 s", "┬500 ms", DONE, 0, NULL, 0},
	};

	(void)state;
	run(steps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_tables),
		cmocka_unit_test(findings_latencies_and_causes),
		cmocka_unit_test(undo_of_what_lists_do),
		cmocka_unit_test(time_in_every_view),
	};

	return cmocka_run_group_tests(tests, make_trace, close_trace);
}
