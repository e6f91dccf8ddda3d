/* SPDX-License-Identifier: MIT
 *
 * The whole screen under a rain of keys: the real application on a real trace, with a
 * terminal made here (tui/term/term.h is the seam) that presses random keys, moves the
 * mouse, changes its size and looks at each frame: it has the size asked for, and nothing
 * in it that a terminal would not print. A crash, a hang, or what a sanitizer sees fails.
 *
 * FUZZ_KEYS: how many (thousands here, a million in `make soak`); FUZZ_SEED: which;
 * FUZZ_SCENE: on what ("*crowd").
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
#include <fcntl.h>

#include "tests/golden/convoy.h"
#include "tests/tools/crowd.h"
#include "tests/unit/tui_terminal.h"
#include "tui/scene/keys.h"

#define KEYS_DEFAULT 1200
#define CTRL_C	     3
#define WAITS_MAX    300

static struct {
	uint64_t random;
	long left;	   /* keys still to press */
	int burst;	   /* of them, before the next frame */
	long shown_before; /* frames, when the last keys began */
	int waits;	   /* for the frame, in ms */
	char last[64];	   /* keys, for the message of a failure */
	size_t last_at;
} keys;

static uint32_t chance(uint32_t below)
{
	keys.random ^= keys.random << 13;
	keys.random ^= keys.random >> 7;
	keys.random ^= keys.random << 17;
	return (uint32_t)(keys.random >> 11) % below;
}

static void new_size(void)
{
	static const int usual[][2] = {{80, 24}, {120, 40}, {200, 60}, {40, 10}, {1, 1}};
	uint32_t i = chance(8);

	if (i < 5) {
		terminal.cols = usual[i][0];
		terminal.rows = usual[i][1];
	} else {
		terminal.cols = 1 + (int)chance(i == 5 ? 500 : 130);
		terminal.rows = 1 + (int)chance(i == 5 ? 200 : 45);
	}
}

/* ---- what is shown and pressed ---- */

static void look(struct tui_term *t, const struct tui_canvas *c)
{
	assert_int_equal(c->cols, t->cols);
	assert_int_equal(c->rows, t->rows);
	for (int i = 0; i < c->cols * c->rows; i++) {
		const struct tui_cell *cell = &c->cells[i];

		assert_in_range(cell->glyph, 0x20, 0x10ffff);
		assert_false(cell->glyph >= 0x7f && cell->glyph < 0xa0);
		assert_in_range(cell->ink, 0, TUI_ROLE_MAX - 1);
		assert_in_range(cell->ground, 0, TUI_ROLE_MAX - 1);
	}
}

static void copied(const char *text, size_t size)
{
	assert_true(size == 0 || text[0] != 0);
}

static int random_mouse(struct tui_term *t)
{
	t->mouse.act = (enum tui_mouse_act)chance(TUI_MOUSE_WHEEL_DOWN + 1);
	t->mouse.x = (int)chance((uint32_t)t->cols + 3) - 1;
	t->mouse.y = (int)chance((uint32_t)t->rows + 3) - 1;
	return TUI_KEY_MOUSE;
}

/* Keys that mean something, mostly, but none that ends the program or stops us. */
static int random_key(struct tui_term *t)
{
	static const char letters[] =
		"wsadhlgGfz {}jk,.[]e\t\r\033123456789o?bSucx=vmtTABnN/:\\yPiD|";
	static const int named[] = {TUI_KEY_LEFT,     TUI_KEY_RIGHT, TUI_KEY_UP,
				    TUI_KEY_DOWN,     TUI_KEY_HOME,  TUI_KEY_END,
				    TUI_KEY_PGUP,     TUI_KEY_PGDN,  TUI_KEY_BACKSPACE,
				    TUI_KEY_DELETE,   TUI_KEY_OTHER, '\n',
				    12 /* repaint */, 0xe9,	     0x1f600};
	uint32_t kind = chance(20);

	if (kind < 14)
		return (unsigned char)letters[chance(sizeof(letters) - 1)];
	if (kind < 17)
		return named[chance(sizeof(named) / sizeof(*named))];
	if (kind < 19)
		return random_mouse(t);
	new_size();
	return TUI_KEY_ESC;
}

static int press(struct tui_term *t)
{
	if (keys.left <= 0)
		return CTRL_C;
	/* After some keys nothing more comes until a frame was shown, or none is due. */
	if (keys.burst-- <= 0 && t->shown == keys.shown_before &&
	    keys.waits++ < WAITS_MAX) {
		usleep(1000);
		keys.burst = 0;
		return TUI_KEY_NONE;
	}
	if (keys.burst < 0) {
		keys.burst = 1 + (int)chance(40);
		keys.shown_before = t->shown;
		keys.waits = 0;
	}
	keys.left--;
	int key = random_key(t);

	keys.last[keys.last_at++ % sizeof(keys.last)] = (char)(key < 0x7f ? key : '?');
	return key;
}

/* ---- the rain ---- */

static long from_env(const char *name, long fallback)
{
	const char *value = getenv(name);

	return value && *value ? strtol(value, NULL, 10) : fallback;
}

/* A store's file has no name: replay is given the descriptor's. */
static void rain(int fd, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	terminal = (struct tui_term){.fd = open("/dev/zero", O_RDONLY | O_CLOEXEC),
				     .cols = 120,
				     .rows = 40,
				     .press = press,
				     .look = look,
				     .copied = copied};
	memset(&keys, 0, sizeof(keys));
	keys.left = from_env("FUZZ_KEYS", KEYS_DEFAULT);
	keys.random = (uint64_t)from_env("FUZZ_SEED", 20261121) * 2654435761u + 1;
	long all = keys.left;
	assert_int_equal(terminal_replay(path), 0);
	print_message("%s: %ld keys, %ld frames\n", what, all, terminal.shown);
	assert_true(terminal.shown > all / 200);
	close(terminal.fd);
}

static int scratch_file(void)
{
	char path[] = "/tmp/gtviz-fuzz-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

static void keys_on_a_convoy(void **state)
{
	struct gtv_names *names = gtv_names_new();
	int fd = scratch_file();
	struct gtv_store *st;
	struct gtv_store_info info = {.level = 3,
				      .core_count = 4,
				      .start_ns = CONVOY_START,
				      .pid = CONVOY_PID,
				      .exit_status = -1,
				      .command = "./convoy \033[31m"};
	struct convoy c;

	(void)state;
	convoy_names(names);
	/* Names are whatever the program says. */
	convoy_name(names, GTV_CLASS_GT, 1, 1, GTV_NAME_OURS,
		    "\033]0;owned\007\x9b"
		    "2J",
		    "");
	convoy_name(names, GTV_CLASS_LOCK, CONVOY_GIL, 1, GTV_NAME_IS_GIL, "\xff\xfeGIL\n",
		    "gil3");
	convoy_script(&c, 60);
	assert_int_equal(gtv_store_create(&st, dup(fd), &info, names, NULL), 0);
	assert_int_equal(gtv_store_append(st, c.ev, c.count), 0);
	assert_int_equal(gtv_store_finish(st), 0);
	gtv_store_close(st);
	free(c.ev);
	rain(fd, "convoy");
	close(fd);
	gtv_names_free(names);
}

static void keys_on_a_crowd(void **state)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info = crowd_info(96);
	int fd = scratch_file();
	struct gtv_store *st;

	(void)state;
	assert_int_equal(gtv_store_create(&st, dup(fd), &info, names, NULL), 0);
	crowd_fill(st, names, 96, 1500, 40000);
	gtv_store_close(st);
	rain(fd, "crowd");
	close(fd);
	gtv_names_free(names);
}

/* Marks are kept: not in the home of whoever runs this. */
static char state_home[] = "/tmp/gtviz-state-XXXXXX";

static int make_state(void **unused)
{
	(void)unused;
	return mkdtemp(state_home) ? setenv("XDG_STATE_HOME", state_home, 1) : -1;
}

static int remove_state(void **unused)
{
	char line[64];

	(void)unused;
	snprintf(line, sizeof(line), "rm -rf %s", state_home);
	return system(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_on_a_convoy),
		cmocka_unit_test(keys_on_a_crowd),
	};

	if (getenv("FUZZ_SCENE"))
		cmocka_set_test_filter(getenv("FUZZ_SCENE"));
	return cmocka_run_group_tests(tests, make_state, remove_state);
}
