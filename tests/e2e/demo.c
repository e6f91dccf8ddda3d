/* SPDX-License-Identifier: MIT
 *
 * A demo as its audience sees it: the program is live, at the zoom and with the trigger of
 * the table; after `q` the numbers stand below what was there before.
 */
#include "tests/e2e/pty.h"

#define COLS 120
#define ROWS 40

static void need_samples(void)
{
	if (!pty_sample("say"))
		skip();
}

/* Leaves it, and wants the numbers. */
static void quit_and_read(struct pty *p, const char *number)
{
	int status;

	pty_keys(p, "q");
	pty_wait_text(p, "seen here");
	pty_wait_text(p, number);
	status = pty_status(p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	pty_wait_restored(p);
	pty_close(p);
}

static void lives_at_its_zoom(void **state)
{
	struct pty p;

	(void)state;
	need_samples();
	pty_gtviz_start(&p, COLS, ROWS, "demo", "say", "3000", NULL);
	pty_wait_taken(&p);
	pty_wait_text(&p, "LIVE");
	pty_wait_text(&p, "G2 world");
	pty_wait_text(&p, "600 ms");
	/* In the middle of it: what was seen so far is told. */
	quit_and_read(&p, "world slept");
}

static void stops_at_its_trigger(void **state)
{
	struct pty p;

	(void)state;
	need_samples();
	pty_gtviz_start(&p, COLS, ROWS, "demo", "freeze", "300", "1000", NULL);
	pty_wait_taken(&p);
	pty_wait_text(&p, "HIT 1 sleep>50ms");
	pty_wait_text(&p, "G2 heart");
	quit_and_read(&p, "longest beat");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lives_at_its_zoom),
		cmocka_unit_test(stops_at_its_trigger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
