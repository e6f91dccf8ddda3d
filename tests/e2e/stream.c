/* SPDX-License-Identifier: MIT
 *
 * A recording that is watched while it comes by a pipe, as from another machine: the
 * screen is the live one, the keys come from the terminal, and its end is told.
 */
#include "tests/e2e/pty.h"

#define COLS 120
#define ROWS 40

static char dir[] = "/tmp/gtv-stream-XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char out[16];

	(void)state;
	return pty_command(out, sizeof(out), "rm -rf %s", dir);
}

/* fib for so long, recorded into a pipe that is replayed. When the screen is left the
 * recorder is ended too, and its pid is in the file "pid". */
static void start(struct pty *p, const char *seconds)
{
	const char *fib = pty_sample("fib");
	char command[4 * PTY_LINE];

	if (!fib) {
		print_message("skip: the samples are not built\n");
		skip();
	}
	snprintf(command, sizeof(command),
		 "d=%s; rm -f $d/pipe && mkfifo $d/pipe || exit 9\n"
		 "%s record -o - --level 0 %s 20 3 --seconds %s >$d/pipe 2>$d/said & r=$!\n"
		 "echo $r >$d/pid.new && mv $d/pid.new $d/pid\n"
		 "%s replay - <$d/pipe; s=$?\n"
		 "kill $r 2>/dev/null; wait $r; exit $s",
		 dir, pty_gtviz(), fib, seconds, pty_gtviz());
	char *argv[] = {"/bin/sh", "-c", command, NULL};

	pty_start(p, COLS, ROWS, argv);
	pty_wait_taken(p);
}

static void quit(struct pty *p)
{
	pty_keys(p, "q");
	int status = pty_status(p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	pty_wait_restored(p);
	pty_close(p);
}

static int time_changed(struct pty *p, const void *old)
{
	return strcmp(pty_row(p, 0), old) != 0;
}

static void it_is_live(void **state)
{
	char title[PTY_LINE];
	struct pty p;

	(void)state;
	start(&p, "300");
	pty_wait_text(&p, "LIVE");
	pty_wait_text(&p, "G1");
	snprintf(title, sizeof(title), "%s", pty_row(&p, 0));
	pty_wait(&p, "time goes on", time_changed, title);
	pty_keys(&p, "?");
	pty_wait_text(&p, "zoom in at the cursor");
	pty_keys(&p, "\033");
	pty_wait_text(&p, "┬");
	quit(&p);
}

static void its_end_is_told(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "0.3");
	pty_wait_text(&p, "exited 0");
	/* All of it: the program may end long after its green threads. */
	pty_keys(&p, "f");
	pty_wait_text(&p, "G1");
	pty_keys(&p, "wj");
	pty_wait_text(&p, "selected");
	quit(&p);
}

static void a_cut_is_told(void **state)
{
	char out[64];
	struct pty p;

	(void)state;
	start(&p, "300");
	pty_wait_text(&p, "LIVE");
	pty_wait_text(&p, "G1");
	/* The program too: it would hold nothing, but run on. */
	assert_int_equal(pty_command(out, sizeof(out),
				     "r=$(cat %s/pid); "
				     "c=$(cat /proc/$r/task/*/children); "
				     "kill -KILL $r $c",
				     dir),
			 0);
	pty_wait_text(&p, "cut off");
	pty_wait_text(&p, "G1");
	pty_keys(&p, "q");
	int status = pty_status(&p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	pty_wait_restored(&p);
	pty_wait_text(&p, "the stream was cut");
	pty_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_live),
		cmocka_unit_test(its_end_is_told),
		cmocka_unit_test(a_cut_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
