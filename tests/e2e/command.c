/* SPDX-License-Identifier: MIT
 *
 * Finding one's way on the real screen: the command line, search, filter, the list of
 * events, undo, and settings from a file. What keys lead to is compared, where it can be,
 * with what `gtviz shot` prints for that place.
 */
#include "tests/e2e/recorded.h"

/* Simulated: there all four green threads are at work at the times that are looked at, and
 * nothing is lost. */
static int record(void **state)
{
	int rc = record_sample("GT_SIM=1", "--policy gil3,cores=2", "fib",
			       "18 3 --seconds 0.3");

	(void)state;
	setenv("XDG_CONFIG_HOME", dir, 1);
	return rc;
}

static const struct pty_frame *shot(const char *options)
{
	return sized_shot(COLS, ROWS, options);
}

static void start(struct pty *p)
{
	pty_gtviz_start(p, COLS, ROWS, "--from", "100ms", trace, "--to", "140ms", NULL);
	pty_wait_taken(p);
	pty_wait_text(p, "┬");
}

static void quit_by(struct pty *p, const char *keys)
{
	int status;

	pty_keys(p, keys);
	status = pty_status(p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	pty_wait_restored(p);
	pty_close(p);
}

/* A text is not on the screen any more. */
static int lacks(struct pty *p, const void *text)
{
	return !strstr(pty_screen(p), text);
}

static void commands_do_what_keys_do(void **state)
{
	struct pty p;

	(void)state;
	start(&p);
	pty_keys(&p, ":");
	pty_wait_text(&p, "goto  zoom  fit");
	pty_keys(&p, "ro\t");
	pty_wait_text(&p, "core  thread  green  lock");
	pty_keys(&p, "gr\t\r");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms --rows green"), 1);
	pty_keys(&p, "z");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms"), 1);
	pty_keys(&p, "Z");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms --rows green"), 1);
	pty_keys(&p, ":rows core\r:zoom 20ms\r");
	pty_wait_frame(&p, shot("--from 110ms --to 130ms"), 1);
	quit_by(&p, ":q\r");
}

static void mistakes_are_told(void **state)
{
	struct pty p;

	(void)state;
	start(&p);
	pty_keys(&p, ":nonsense\r");
	pty_wait_text(&p, "nonsense: there is no such command (:help lists them)");
	pty_keys(&p, ":goto 99s\r");
	pty_wait_text(&p, "99s: the trace is from");
	pty_keys(&p, ":rows diagonal\r");
	pty_wait_text(&p, "there is no \"diagonal\" (core, thread, green, lock, worker)");
	pty_keys(&p, "\\state:idel\r");
	pty_wait_text(&p, "state:idel: there is no such state (as running, gil");
	pty_keys(&p, "gnobody\r");
	pty_wait_text(&p, "nobody: no time, lane or mark of this trace");
	/* Esc and ^C leave a prompt, not the screen. */
	pty_keys(&p, ":q\033");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms"), 1);
	pty_keys(&p, ":q\003");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms"), 1);
	quit_by(&p, "q");
}

static void search_goes_from_lane_to_lane(void **state)
{
	struct pty p;

	(void)state;
	start(&p);
	pty_keys(&p, "/spin\r");
	pty_wait_text(&p, "▶G2 spin-a");
	pty_keys(&p, "n");
	pty_wait_text(&p, "▶G3 spin-b");
	pty_keys(&p, "n");
	pty_wait_text(&p, "▶G4 spin-c");
	pty_keys(&p, "n");
	pty_wait_text(&p, "▶G2 spin-a");
	pty_keys(&p, "N");
	pty_wait_text(&p, "▶G4 spin-c");
	pty_keys(&p, "gspin-b\r");
	pty_wait_text(&p, "▶G3 spin-b");
	/* No lane is called so: events in time. */
	pty_keys(&p, "/gt_exit\r");
	pty_wait_text(&p, "gt_exit at 0.");
	pty_keys(&p, "/nothing like this\r");
	pty_wait_text(&p, "nothing like this: no lane, mark or event of this trace");
	pty_keys(&p, ":undo twice\r");
	pty_wait_text(&p, "undo: it takes no word more (undo)");
	pty_keys(&p, ":select nobody\r");
	pty_wait_text(&p, "nobody: no lane of this trace (as G3 or its name, or none)");
	quit_by(&p, "q");
}

static void help_is_searched(void **state)
{
	struct pty p;

	(void)state;
	start(&p);
	pty_keys(&p, "?");
	pty_wait_text(&p, "help 1 of 2");
	pty_keys(&p, "/PROJECTOR or so\r");
	pty_wait_text(&p, "PROJECTOR or so: no key, command or setting that says so");
	pty_keys(&p, "/COLOURS\r");
	pty_wait_text(&p, "help 2 of 2");
	pty_keys(&p, "n");
	pty_wait_text(&p, "COLOURS: on this page only");
	pty_keys(&p, "/zoom\r");
	pty_wait_gone(&p, "on this page only");
	pty_keys(&p, "n");
	pty_wait_text(&p, "help 1 of 2");
	quit_by(&p, "q");
}

static void filter_shows_what_fits(void **state)
{
	struct pty p;

	(void)state;
	start(&p);
	pty_wait_text(&p, "G2 spin-a");
	pty_keys(&p, "\\spin-b\r");
	pty_wait_text(&p, "only what fits spin-b is shown");
	pty_wait(&p, "spin-a gone", lacks, "G2 spin-a");
	pty_wait_text(&p, "G3 spin-b");
	pty_keys(&p, "\\\025nobody\r");
	pty_wait_text(&p, "no row fits the filter");
	pty_keys(&p, "\\\025\r");
	pty_wait_text(&p, "all rows and events are shown");
	pty_keys(&p, "\033");
	pty_wait_frame(&p, shot("--from 100ms --to 140ms"), 1);
	quit_by(&p, "q");
}

static void events_one_by_one(void **state)
{
	struct pty p;

	(void)state;
	start(&p);
	pty_keys(&p, "8");
	pty_wait_text(&p, "the chosen event");
	pty_keys(&p, "\\kind:gil_take G2\r");
	pty_wait_text(&p, "filter kind:gil_take G2");
	pty_wait(&p, "others gone", lacks, "sched_switch");
	pty_wait_text(&p, "gil_take");
	pty_keys(&p, "jjk\033[6~\033[5~");
	pty_wait_text(&p, "G2 spin-a");
	pty_keys(&p, "\033[H");
	pty_keys(&p, "k");
	pty_wait_text(&p, "this is the first event");
	/* Enter: there in the timeline, with that lane selected. */
	pty_keys(&p, "\\\025\r/gil_drop\r");
	pty_wait_text(&p, "gil_drop at 0."); /* a key would end the search */
	pty_keys(&p, "\r");
	pty_wait_text(&p, "┬");
	pty_wait_text(&p, "▶G");
	quit_by(&p, "q");
}

static void settings_come_from_their_file(void **state)
{
	char out[PTY_LINE];
	struct pty p;

	(void)state;
	assert_int_equal(
		pty_command(out, sizeof(out),
			    "mkdir -p %s/gtviz && umask 077 && "
			    "printf 'rows = green\\nbind x quit\\nrubbish\\npan = 0\\n' "
			    ">%s/gtviz/config",
			    dir, dir),
		0);
	start(&p);
	pty_wait_text(&p, "2 lines are wrong: ");
	pty_wait_text(&p, "config:3: it is neither a setting nor a key");
	pty_keys(&p, ":set rows\r");
	pty_wait_text(&p, "rows is green");
	pty_keys(&p, ":bind y help\ry");
	pty_wait_text(&p, "zoom in at the cursor");
	quit_by(&p, "x");
	/* doctor's status is about the levels that work here. */
	pty_command(out, sizeof(out), "%s doctor | sed -n '/^SETTINGS/,$p'", pty_gtviz());
	assert_non_null(strstr(out, "/gtviz/config"));
	assert_non_null(strstr(out, "config:3:"));
	assert_int_equal(pty_command(out, sizeof(out), "rm %s/gtviz/config", dir), 0);
}

static void files_are_written(void **state)
{
	char keys[200], out[PTY_LINE];
	struct pty p;

	(void)state;
	start(&p);
	snprintf(keys, sizeof(keys), ":shot %s/picture.svg\r", dir);
	pty_keys(&p, keys);
	pty_wait_text(&p, "this picture is in");
	snprintf(keys, sizeof(keys), ":export chrome %s/trace.json\r", dir);
	pty_keys(&p, keys);
	pty_wait_text(&p, "is written");
	quit_by(&p, "q");
	assert_int_equal(pty_command(out, sizeof(out),
				     "grep -c '</svg>' %s/picture.svg && "
				     "%s export --to chrome -o %s/same.json %s && "
				     "cmp %s/trace.json %s/same.json",
				     dir, pty_gtviz(), dir, trace, dir, dir),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_do_what_keys_do),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(search_goes_from_lane_to_lane),
		cmocka_unit_test(help_is_searched),
		cmocka_unit_test(filter_shows_what_fits),
		cmocka_unit_test(events_one_by_one),
		cmocka_unit_test(settings_come_from_their_file),
		cmocka_unit_test(files_are_written),
	};
	return cmocka_run_group_tests(tests, record, remove_dir);
}
