/* SPDX-License-Identifier: MIT
 *
 * What a key costs in a crowd, in work and not in time: from the key to the frame that
 * answers it, the names looked up, the lanes put together and the blocks decoded are
 * counted (the linker puts the counters between). The real application, in a terminal made
 * here; four times as many green threads may not make a key dearer than these bounds.
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

#include "tests/tools/crowd.h"
#include "tests/unit/tui_terminal.h"

#define CORES	 48
#define FEW	 5000
#define MANY	 20000
#define CTRL_C	 3
#define SETTLE_N 150 /* times that nothing is shown: all is read */

/* A frame looks up 6000 names for a filter, and a key may list the rows twice. */
#define NAMES_MAX  16000
#define PIECES_MAX 1500
#define BLOCKS_MAX 64

static struct work {
	long names, pieces, blocks;
} work, most;

#define COUNTED(ret, name, counter, params, args)                                          \
	ret __real_##name params;                                                          \
	ret __wrap_##name params;                                                          \
	ret __wrap_##name params                                                           \
	{                                                                                  \
		work.counter++;                                                            \
		return __real_##name args;                                                 \
	}

COUNTED(int, gtv_names_get, names,
	(const struct gtv_names *n, enum gtv_class c, uint32_t id, struct gtv_name *out),
	(n, c, id, out))
COUNTED(char *, gtv_names_label, names,
	(const struct gtv_names *n, enum gtv_class c, uint32_t id, char *buf, size_t size),
	(n, c, id, buf, size))
COUNTED(const struct gtv_piece *, gtv_window_pieces, pieces,
	(const struct gtv_window *w, struct gtv_lane lane, size_t *count), (w, lane, count))
COUNTED(long, gtv_store_read, blocks,
	(const struct gtv_store *st, size_t idx, struct gtv_ev *evs), (st, idx, evs))

static struct {
	const char *keys, *at;
	int pressed, quiet;
	long shown;
	char key;
	int failed;
} play;

static int press(struct tui_term *t)
{
	if (play.shown != t->shown) {
		play.shown = t->shown;
		play.quiet = 0;
	}
	if (!*play.at)
		return CTRL_C;
	if (play.quiet++ < (play.pressed ? 5 * SETTLE_N : SETTLE_N)) {
		usleep(500);
		return TUI_KEY_NONE;
	}
	play.quiet = 0;
	play.pressed = 1;
	play.key = *play.at;
	work = (struct work){0};
	return (unsigned char)*play.at++;
}

static void more(long *most_of, long now)
{
	*most_of = now > *most_of ? now : *most_of;
}

static void look(struct tui_term *t, const struct tui_canvas *c)
{
	(void)t;
	(void)c;
	if (!play.pressed)
		return;
	play.pressed = 0;
	if (work.names > NAMES_MAX || work.pieces > PIECES_MAX ||
	    work.blocks > BLOCKS_MAX) {
		print_error("key '%c': %ld names, %ld lanes, %ld blocks\n", play.key,
			    work.names, work.pieces, work.blocks);
		play.failed++;
	}
	more(&most.names, work.names);
	more(&most.pieces, work.pieces);
	more(&most.blocks, work.blocks);
}

static void type(int gts, const char *keys)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info = crowd_info(CORES);
	char file[] = "/tmp/gtviz-work-XXXXXX", path[64];
	int fd = mkstemp(file);
	struct gtv_store *st;

	assert_true(fd >= 0);
	unlink(file);
	assert_int_equal(gtv_store_create(&st, dup(fd), &info, names, NULL), 0);
	crowd_fill(st, names, CORES, gts, 4000);
	gtv_store_close(st);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(&play, 0, sizeof(play));
	memset(&most, 0, sizeof(most));
	play.at = play.keys = keys;
	terminal = (struct tui_term){.fd = open("/dev/zero", O_RDONLY | O_CLOEXEC),
				     .cols = 120,
				     .rows = 40,
				     .press = press,
				     .look = look};
	assert_int_equal(terminal_replay(path), 0);
	print_message("%d green threads: at most %ld names, %ld lanes, %ld blocks a key\n",
		      gts, most.names, most.pieces, most.blocks);
	assert_int_equal(play.failed, 0);
	assert_true(most.names > 0 && most.pieces > 0);
	close(terminal.fd);
	close(fd);
	gtv_names_free(names);
}

#define ROWS_KEYS   "\t\tjjkuju.,"
#define FILTER_KEYS "\t\t\\G1 state:chan\rjj\\\025G7\r"

static void rows_of_few(void **state)
{
	(void)state;
	type(FEW, ROWS_KEYS);
}

static void rows_of_many(void **state)
{
	(void)state;
	type(MANY, ROWS_KEYS);
}

static void filters_of_many(void **state)
{
	(void)state;
	type(MANY, FILTER_KEYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_few),
		cmocka_unit_test(rows_of_many),
		cmocka_unit_test(filters_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
