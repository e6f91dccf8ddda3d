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
#include <pthread.h>
#include <sys/timerfd.h>

#include "tests/tools/crowd.h"
#include "tests/unit/tui_terminal.h"
#include "tracer/model/attribution.h"

#define CORES	 48
#define FEW	 5000
#define MANY	 20000
#define CTRL_C	 3
#define TICK_NS	 2000000 /* so often a key may come: between, there is time to read */
#define SETTLE_N 40	 /* ticks that nothing is shown: all is read */

/* A frame looks up 6000 names for a filter, and a key may list the rows twice. */
#define NAMES_MAX  16000
#define PIECES_MAX 1500
#define BLOCKS_MAX 64
#define ROWS_MAX   10000 /* of a table; the screen looks a few up more than once */
#define EVENTS_MAX 8192

static struct work {
	long names, pieces, blocks, rows, events;
} work, most;

/* Of the loop's thread: what others read meanwhile no key waits for. */
static pthread_t loop;

static int is_loop(void)
{
	return pthread_equal(loop, pthread_self());
}

#define COUNTED(ret, name, counter, params, args)                                          \
	ret __real_##name params;                                                          \
	ret __wrap_##name params;                                                          \
	ret __wrap_##name params                                                           \
	{                                                                                  \
		work.counter += is_loop();                                                 \
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

COUNTED(int, gtv_attr_lane, rows,
	(const struct gtv_attribution *a, enum gtv_lane_kind kind, size_t idx,
	 struct gtv_attr_lane *out),
	(a, kind, idx, out))

int __real_gtv_model_feed(struct gtv_model *m, const struct gtv_ev *evs, size_t count);
int __wrap_gtv_model_feed(struct gtv_model *m, const struct gtv_ev *evs, size_t count);
int __wrap_gtv_model_feed(struct gtv_model *m, const struct gtv_ev *evs, size_t count)
{
	work.events += is_loop() ? (long)count : 0;
	return __real_gtv_model_feed(m, evs, count);
}

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
	uint64_t ticks;
	if (read(t->fd, &ticks, sizeof(ticks)) < 0 ||
	    play.quiet++ < (play.pressed ? 5 * SETTLE_N : SETTLE_N))
		return TUI_KEY_NONE;
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
	    work.blocks > BLOCKS_MAX || work.rows > ROWS_MAX || work.events > EVENTS_MAX) {
		print_error("key '%c': %ld names, %ld lanes, %ld blocks, %ld rows, "
			    "%ld events\n",
			    play.key, work.names, work.pieces, work.blocks, work.rows,
			    work.events);
		play.failed++;
	}
	more(&most.names, work.names);
	more(&most.pieces, work.pieces);
	more(&most.blocks, work.blocks);
	more(&most.rows, work.rows);
	more(&most.events, work.events);
}

static void type(int gts, const char *keys)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info = crowd_info(CORES);
	char file[] = "/tmp/gtviz-work-XXXXXX", path[64];
	int fd = mkstemp(file);
	struct itimerspec tick = {.it_interval = {.tv_nsec = TICK_NS},
				  .it_value = {.tv_nsec = TICK_NS}};
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
	loop = pthread_self();
	terminal = (struct tui_term){
		.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC),
		.cols = 120,
		.rows = 40,
		.press = press,
		.look = look};
	assert_true(terminal.fd >= 0);
	assert_int_equal(timerfd_settime(terminal.fd, 0, &tick, NULL), 0);
	assert_int_equal(terminal_replay(path), 0);
	print_message(
		"%d green threads: at most %ld names, %ld lanes, %ld blocks, %ld rows, "
		"%ld events a key\n",
		gts, most.names, most.pieces, most.blocks, most.rows, most.events);
	assert_int_equal(play.failed, 0);
	assert_true(most.names > 0 && most.pieces > 0);
	close(terminal.fd);
	close(fd);
	gtv_names_free(names);
}

#define ROWS_KEYS   "\t\tjjkuju.,"
#define FILTER_KEYS "\t\t\\G1 state:chan\rjj\\\025G7\r"
#define CAUSE_KEYS  "\t\tj[]]\r\033.,/G77\rnN/G1\rn"
#define TABLE_KEYS  "2jjsssjk\\G5\rj\\\025\rs\t\t7jj\r"

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

/* Along edges, why, what is far: a thread reads for them, with a window of its own. */
static void causes_of_many(void **state)
{
	(void)state;
	type(MANY, CAUSE_KEYS);
}

/* Tables opened while they read, sorted, filtered, left. */
static void tables_of_many(void **state)
{
	(void)state;
	type(MANY, TABLE_KEYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_few),	   cmocka_unit_test(rows_of_many),
		cmocka_unit_test(filters_of_many), cmocka_unit_test(causes_of_many),
		cmocka_unit_test(tables_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
