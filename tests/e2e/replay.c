/* SPDX-License-Identifier: MIT
 *
 * A recorded trace on the real screen, driven by keys. What the terminal then shows
 * is compared, cell by cell, with what `gtviz shot` prints for the place where the
 * keys should have led.
 */
#include "tests/e2e/recorded.h"

/* Half a second, simulated: a real one has on a busy machine nothing in it at the times
 * that are looked at, or events that were lost, which is shouted until the first key. */
static int record(void **state)
{
	(void)state;
	return record_sample("GT_SIM=1", "--policy gmp,cores=2", "fib",
			     "20 3 --seconds 0.5");
}

static const struct pty_frame *shot(const char *options)
{
	return sized_shot(COLS, ROWS, options);
}

/* The row of the ruler. */
static const char *ruler(const char *text)
{
	static char rows[2][PTY_LINE];
	static int turn;
	const char *at = strstr(text, "┬");

	turn = !turn;
	rows[turn][0] = 0;
	while (at && at > text && at[-1] != '\n')
		at--;
	if (at)
		snprintf(rows[turn], sizeof(rows[turn]), "%.*s", (int)strcspn(at, "\n"),
			 at);
	return rows[turn];
}

static int has_ruler(struct pty *p, const void *wanted)
{
	return !strcmp(ruler(pty_screen(p)), wanted);
}

static int has_other_ruler(struct pty *p, const void *old)
{
	const char *now = ruler(pty_screen(p));

	return *now && strcmp(now, old) != 0;
}

static void start(struct pty *p, const char *from, const char *to)
{
	pty_gtviz_start(p, COLS, ROWS, "--from", from, trace, "--to", to, NULL);
	pty_wait_taken(p);
	pty_wait_text(p, "┬");
}

static void quit(struct pty *p)
{
	int status;

	pty_keys(p, "q");
	status = pty_status(p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	pty_wait_restored(p);
	pty_close(p);
}

static void shot_is_the_same_twice(void **state)
{
	static const char *const formats[] = {"text", "ansi", "svg"};
	char out[PTY_LINE];

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		for (int n = 0; n < 2; n++)
			assert_int_equal(pty_command(out, sizeof(out),
						     "%s shot %s --size 90x30 --format %s "
						     "-o %s/%d 2>&1",
						     pty_gtviz(), trace, formats[i], dir,
						     n),
					 0);
		assert_int_equal(
			pty_command(out, sizeof(out), "cmp %s/0 %s/1 2>&1", dir, dir), 0);
		assert_int_equal(pty_command(out, sizeof(out), "wc -c <%s/0", dir), 0);
		assert_true(atoi(out) > 1000);
	}
}

static void shot_is_exactly_sized(void **state)
{
	static char text[PTY_TEXT_MAX];
	int cols = 0, rows = 0;

	(void)state;
	assert_int_equal(pty_command(text, sizeof(text), "%s shot %s --size 80x24 --ascii",
				     pty_gtviz(), trace),
			 0);
	for (const char *p = text; *p; p++) {
		assert_true(*p == '\n' || (*p >= ' ' && *p < 127));
		if (*p != '\n') {
			cols++;
			continue;
		}
		assert_int_equal(cols, 80);
		cols = 0;
		rows++;
	}
	assert_int_equal(rows, 24);
}

/* The screen of a replay is the frame of a shot, cell by cell. */
static void the_screen_is_the_shot(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "100ms", "140ms");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms"), 1);
	quit(&p);
}

static void zoom_and_pan_move_time(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "100ms", "140ms");
	pty_keys(&p, "w");
	pty_wait_frame(&p, shot("--from 110ms --to 130ms"), 1);
	pty_keys(&p, "s");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms"), 1);
	pty_keys(&p, "d");
	pty_wait_frame(&p, shot("--from 110ms --to 150ms"), 1);
	pty_keys(&p, "\033[D");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms"), 1);
	pty_keys(&p, "\033OC");
	pty_wait_frame(&p, shot("--from 110ms --to 150ms"), 1);
	pty_keys(&p, "a");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms"), 1);
	pty_keys(&p, "+++");
	pty_wait(&p, "three zooms", has_ruler,
		 ruler(shot("--from 117500us --to 122500us")->text));
	pty_keys(&p, "zzz");
	pty_wait(&p, "three undone", has_ruler,
		 ruler(shot("--from 100ms --to 140ms")->text));
	quit(&p);
}

static void tab_pivots_the_rows(void **state)
{
	static const char *const kinds[] = {"thread", "green", "lock", "worker", "core"};
	struct pty p;

	(void)state;
	start(&p, "100ms", "140ms");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char options[64];

		snprintf(options, sizeof(options), "--from 100ms --to 140ms --rows %s",
			 kinds[i]);
		pty_keys(&p, "\t");
		pty_wait_frame(&p, shot(options), 1);
	}
	quit(&p);
}

static void lanes_are_named(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "0ms", "10s");
	pty_wait_text(&p, " C0");
	pty_wait_text(&p, "G1");
	quit(&p);
}

/* Rows and spans are chosen, and a wait is explained, deeper, and back. */
static void choosing_and_explaining(void **state)
{
	struct pty p;

	(void)state;
	/* The first green thread: on a core nothing of it need have run just then. */
	start(&p, "100ms", "140ms");
	pty_keys(&p, "\t");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms --rows thread"), 1);
	pty_keys(&p, "\t");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms --rows green"), 1);
	pty_keys(&p, "j");
	pty_wait_text(&p, "selected");
	pty_keys(&p, ".");
	pty_keys(&p, "\r");
	pty_wait_text(&p, "explain");
	pty_wait_text(&p, "why");
	pty_keys(&p, "\r");
	pty_keys(&p, "\033");
	pty_keys(&p, "1");
	pty_wait_text(&p, "┬");
	pty_wait_text(&p, "selected");
	quit(&p);
}

/* Whatever there is to find: all of the trace was looked at, as a shot does at once. */
static void findings_are_looked_for(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "100ms", "140ms");
	pty_keys(&p, "7");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms --view findings"), 1);
	pty_keys(&p, "\033");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms"), 1);
	quit(&p);
}

/* Each as a shot draws it; then from the chosen bucket to its longest wait. */
static void latency_load_and_calls(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "100ms", "140ms");
	pty_keys(&p, "5");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms --view load"), 1);
	pty_keys(&p, "6");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms --view calls"), 1);
	pty_keys(&p, "4");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms --view latency"), 1);
	pty_keys(&p, "\r");
	pty_wait_text(&p, "longest");
	pty_keys(&p, "\033");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms --view latency"), 1);
	pty_keys(&p, "\r");
	pty_wait_text(&p, "longest");
	pty_keys(&p, "\r");
	pty_wait_text(&p, "selected");
	pty_wait_text(&p, "┬");
	/* The window only, there and back; the timeline's own keys where there is time. */
	pty_keys(&p, "4");
	pty_wait_text(&p, "powers of two");
	pty_keys(&p, "\033");
	pty_wait_text(&p, "h/l");
	pty_keys(&p, "r");
	pty_wait_text(&p, "the window,");
	pty_keys(&p, "r");
	pty_wait_text(&p, "all of");
	pty_keys(&p, "5");
	pty_wait_text(&p, "a column");
	pty_keys(&p, "1");
	pty_wait_text(&p, "┬");
	quit(&p);
}

static void help_lists_the_keys(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "100ms", "140ms");
	pty_keys(&p, "?");
	pty_wait_text(&p, "zoom in at the cursor");
	pty_keys(&p, "\033");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms"), 1);
	quit(&p);
}

static void play_speed_and_stop(void **state)
{
	char before[PTY_LINE];
	struct pty p;

	(void)state;
	start(&p, "10ms", "20ms");
	pty_keys(&p, "{");
	pty_wait_text(&p, "0.5x");
	pty_keys(&p, "{{{");
	pty_wait_text(&p, "0.06");
	snprintf(before, sizeof(before), "%s", ruler(pty_screen(&p)));
	pty_keys(&p, " ");
	pty_wait(&p, "time moves", has_other_ruler, before);
	snprintf(before, sizeof(before), "%s", ruler(pty_screen(&p)));
	pty_wait(&p, "time moves on", has_other_ruler, before);
	pty_keys(&p, " \033[H");
	pty_wait(&p, "the begin", has_ruler, ruler(shot("--from 0 --to 10ms")->text));
	quit(&p);
}

static void resizing(void **state)
{
	static const int sizes[][2] = {{80, 24}, {40, 10}, {3, 2}, {200, 60}, {COLS, ROWS}};
	struct pty p;

	(void)state;
	start(&p, "100ms", "140ms");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		pty_resize(&p, sizes[i][0], sizes[i][1]);
		pty_wait_frame(
			&p, sized_shot(sizes[i][0], sizes[i][1], "--from 100ms --to 140ms"),
			1);
	}
	quit(&p);
}

/* The keys come from the terminal though the trace comes by standard input. */
static void a_trace_from_a_pipe(void **state)
{
	char command[3 * PTY_LINE];
	struct pty p;

	(void)state;
	snprintf(command, sizeof(command), "cat %s | %s replay -", trace, pty_gtviz());
	char *argv[] = {"/bin/sh", "-c", command, NULL};

	pty_start(&p, COLS, ROWS, argv);
	pty_wait_text(&p, "┬");
	quit(&p);
}

static void without_unicode_it_is_ascii(void **state)
{
	char command[3 * PTY_LINE];
	struct pty p;

	(void)state;
	snprintf(command, sizeof(command), "LC_ALL=C exec %s %s", pty_gtviz(), trace);
	char *argv[] = {"/bin/sh", "-c", command, NULL};

	pty_start(&p, COLS, ROWS, argv);
	pty_wait_text(&p, " C0");
	pty_wait_text(&p, "replay");
	for (const char *c = pty_screen(&p); *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c < 127));
	quit(&p);
}

/* Few colours or none: the same cells. */
static void terminals_of_all_kinds(void **state)
{
	static const char *const kinds[] = {"TERM=xterm", "TERM=xterm-mono", "TERM=linux",
					    "TERM=screen-256color", "NO_COLOR=1"};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char command[3 * PTY_LINE];
		struct pty p;

		snprintf(command, sizeof(command), "export %s; exec %s %s", kinds[i],
			 pty_gtviz(), trace);
		char *argv[] = {"/bin/sh", "-c", command, NULL};

		pty_start(&p, COLS, ROWS, argv);
		pty_wait_frame(&p, shot(""), 0);
		quit(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shot_is_the_same_twice),
		cmocka_unit_test(shot_is_exactly_sized),
		cmocka_unit_test(the_screen_is_the_shot),
		cmocka_unit_test(lanes_are_named),
		cmocka_unit_test(zoom_and_pan_move_time),
		cmocka_unit_test(tab_pivots_the_rows),
		cmocka_unit_test(choosing_and_explaining),
		cmocka_unit_test(findings_are_looked_for),
		cmocka_unit_test(latency_load_and_calls),
		cmocka_unit_test(help_lists_the_keys),
		cmocka_unit_test(play_speed_and_stop),
		cmocka_unit_test(resizing),
		cmocka_unit_test(a_trace_from_a_pipe),
		cmocka_unit_test(without_unicode_it_is_ascii),
		cmocka_unit_test(terminals_of_all_kinds),
	};

	return cmocka_run_group_tests(tests, record, remove_dir);
}
