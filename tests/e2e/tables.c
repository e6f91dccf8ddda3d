/* SPDX-License-Identifier: MIT
 *
 * The tables of threads and locks on the real screen, driven by keys: opened, sorted,
 * walked through, and left for the timeline where the evidence is.
 */
#include "tests/e2e/recorded.h"

/* Half a second of a GIL that is handed to and fro; simulated, so it is always the same
 * picture, whatever the machine does meanwhile. */
static int record(void **state)
{
	(void)state;
	return record_sample("GT_SIM=1", "--policy gil3", "convoy", "--seconds 0.5");
}

/* The frame that `gtviz shot` prints for a view, as a terminal shows it. */
static const struct pty_frame *shot(const char *view)
{
	char options[64];

	snprintf(options, sizeof(options), "--view %s", view);
	return sized_shot(COLS, ROWS, options);
}

static void start(struct pty *p)
{
	pty_gtviz_start(p, COLS, ROWS, trace, NULL);
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

static void threads_are_sorted_and_left(void **state)
{
	struct pty p;

	(void)state;
	start(&p);
	pty_keys(&p, "2");
	pty_wait_frame(&p, shot("threads"), 1);
	pty_wait_text(&p, "= lifetime, exactly");
	pty_keys(&p, "s");
	pty_wait_text(&p, "sorted by run");
	pty_keys(&p, "\t");
	pty_wait_text(&p, "OS threads  sorted by run");
	pty_keys(&p, "\ts");
	pty_wait_text(&p, "sorted by life");
	pty_keys(&p, "\\talker\r");
	pty_wait_text(&p, "1 green thread of");
	pty_wait_text(&p, "wait for the GIL");
	pty_keys(&p, "\\\025\r");
	pty_wait_gone(&p, "1 green thread of");
	pty_keys(&p, "r");
	pty_wait_text(&p, "from 0.");
	pty_keys(&p, "r");
	pty_wait_text(&p, "over the whole trace");
	/* The first line below is a state's: its longest span is selected. */
	pty_keys(&p, ".\r");
	pty_wait_text(&p, "selected");
	pty_wait_gone(&p, "sorted by");
	pty_keys(&p, "2");
	pty_wait_text(&p, "sorted by life");
	pty_keys(&p, "2");
	pty_wait_gone(&p, "sorted by");
	quit(&p);
}

static void locks_are_walked_through(void **state)
{
	struct pty p;

	(void)state;
	start(&p);
	pty_keys(&p, "3");
	pty_wait_frame(&p, shot("locks"), 1);
	pty_wait_text(&p, "who held it");
	pty_keys(&p, "s");
	pty_wait_text(&p, "sorted by off core");
	pty_keys(&p, "k");
	pty_wait_text(&p, "this is the first row");
	pty_keys(&p, ",");
	pty_wait_text(&p, "this is the row itself");
	pty_keys(&p, "\r");
	pty_wait_gone(&p, "sorted by");
	pty_wait_text(&p, "selected");
	pty_keys(&p, "3");
	pty_wait_text(&p, "sorted by off core");
	pty_keys(&p, "\033");
	pty_wait_gone(&p, "sorted by");
	quit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_are_sorted_and_left),
		cmocka_unit_test(locks_are_walked_through),
	};
	return cmocka_run_group_tests(tests, record, remove_dir);
}
