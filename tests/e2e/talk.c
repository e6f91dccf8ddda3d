/* SPDX-License-Identifier: MIT
 *
 * A talk, given as on stage: recordings made, checked, gone through forwards and backwards
 * with a clicker's keys; a run that cannot be started is replaced without a word; dark, and
 * back; exploring; by itself to its end; notes read on a second terminal.
 */
#include <sys/stat.h>

#include "tests/e2e/one_talk.h"
#include "tests/e2e/pty.h"

static char dir[] = "/tmp/gtviz-talk-XXXXXX";
static char file[64];

static void write_talk(const char *path, const char *program)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f,
		"talk \"A talk\"\n"
		"chapter \"Taking turns\"\n"
		"  run --policy gil3 %s --seconds 0.4\n"
		"  recording turns.gtv\n"
		"  expect wait>100us\n"
		"  within 60s\n"
		"  lanes C0 C1 GIL\n"
		"  window 20ms\n"
		"step\n"
		"  at begin\n"
		"  caption \"one lock for all\"\n"
		"  note \"Say hello.\"\n"
		"step\n"
		"  at hit wait>100us\n"
		"  big \"{span}\"\n"
		"  caption \"a long wait\"\n"
		"chapter \"The same, looked at\"\n"
		"  run ./there-is-no-such-program\n"
		"  recording turns.gtv\n"
		"step\n"
		"  view threads\n"
		"  caption \"who waited\"\n",
		program);
	fclose(f);
}

static int make_talk(void **state)
{
	const char *convoy = pty_sample("convoy");
	char out[PTY_LINE];

	(void)state;
	one_talk();
	if (!convoy || !mkdtemp(dir))
		return convoy ? -1 : 0;
	snprintf(file, sizeof(file), "%s/t.talk", dir);
	write_talk(file, convoy);
	/* The second chapter's recording is the first one's; its program is not there. It
	 * is simulated: two cores and a long wait are in it on every machine. */
	if (!pty_command(out, sizeof(out),
			 "cd %s && GT_SIM=1 %s record -o turns.gtv --policy gil3,cores=2 "
			 "%s --seconds 0.4 2>&1",
			 dir, pty_gtviz(), convoy))
		return 0;
	print_error("recording failed: %s\n", out);
	return -1;
}

static int remove_talk(void **state)
{
	char out[PTY_LINE];

	(void)state;
	if (file[0])
		pty_command(out, sizeof(out), "rm -r %s", dir);
	return 0;
}

static void start(struct pty *p, int cols, int rows, const char *option, const char *value)
{
	if (!file[0]) {
		print_message("skip: the samples are not built\n");
		skip();
	}
	/* The arguments end at the first NULL. */
	if (value)
		pty_gtviz_start(p, cols, rows, "talk", file, option, value, NULL);
	else
		pty_gtviz_start(p, cols, rows, "talk", file, option, NULL);
	pty_wait_taken(p);
}

static void ended_well(struct pty *p)
{
	int status = pty_status(p);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	pty_wait_restored(p);
	pty_close(p);
}

static void go_through(struct pty *p)
{
	pty_wait_text(p, "1/2  Taking turns");
	pty_wait_text(p, "one lock for all");
	pty_wait_text(p, "GIL");
	pty_keys(p, "\033[C"); /* right */
	pty_wait_text(p, "a long wait");
	pty_keys(p, " ");
	pty_wait_text(p, "2/2  The same, looked at");
	pty_wait_text(p, "who waited");
	pty_wait_text(p, "STATE");
	pty_keys(p, " "); /* the last stays */
	pty_keys(p, "\033[D");
	pty_wait_text(p, "a long wait");
	pty_keys(p, "\033[5~"); /* page up */
	pty_wait_text(p, "one lock for all");
	pty_keys(p, "\033[D"); /* the first stays */
	pty_keys(p, "2");
	pty_wait_text(p, "who waited");
	pty_keys(p, "1");
	pty_wait_text(p, "one lock for all");
}

static void recordings_both_ways(void **state)
{
	static const int size[][2] = {{80, 24}, {200, 60}};
	struct pty p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		start(&p, size[i][0], size[i][1], "--recorded", NULL);
		go_through(&p);
		assert_null(strstr(pty_screen(&p), "recorded"));
		pty_keys(&p, "q");
		ended_well(&p);
	}
}

static void live_and_what_cannot_be(void **state)
{
	struct pty p;

	(void)state;
	start(&p, 100, 30, NULL, NULL);
	pty_wait_text(&p, "one lock for all");
	pty_wait_gone(&p, "starting");
	pty_keys(&p, "n");
	pty_wait_text(&p, "a long wait");
	pty_keys(&p, "n");
	pty_wait_text(&p, "who waited");
	pty_wait_text(&p, "recorded"); /* that program is not there */
	pty_keys(&p, "p");
	pty_wait_text(&p, "a long wait"); /* the run that was seen, kept */
	pty_keys(&p, "R");
	pty_wait_text(&p, "recorded");
	pty_wait_text(&p, "a long wait");
	pty_keys(&p, "q");
	ended_well(&p);
}

/* "0:07": how long it has gone on. */
static int has_clock(struct pty *p, const void *unused)
{
	(void)unused;
	for (const char *at = pty_screen(p); (at = strchr(at, ':')); at++)
		if (at[-1] >= '0' && at[-1] <= '9' && strspn(at + 1, "0123456789") == 2)
			return 1;
	return 0;
}

static void dark_timer_explore(void **state)
{
	struct pty p;

	(void)state;
	start(&p, 100, 30, "--recorded", NULL);
	pty_wait_text(&p, "one lock for all");
	pty_keys(&p, "b");
	pty_wait_gone(&p, "Taking turns");
	pty_keys(&p, "b");
	pty_wait_text(&p, "Taking turns");
	assert_false(has_clock(&p, NULL));
	pty_keys(&p, "t");
	pty_wait(&p, "the timer", has_clock, NULL);
	pty_keys(&p, "x");
	pty_wait_text(&p, "comes back to the talk");
	pty_keys(&p, "2");
	pty_wait_text(&p, "STATE");
	pty_keys(&p, "q");
	pty_wait_text(&p, "1/2  Taking turns");
	pty_keys(&p, "q");
	ended_well(&p);
}

static void by_itself(void **state)
{
	struct pty p;

	(void)state;
	start(&p, 80, 24, "--auto", "50ms");
	ended_well(&p);
}

static void notes_on_a_second_terminal(void **state)
{
	struct pty talk, notes;

	(void)state;
	start(&talk, 80, 24, "--recorded", NULL);
	pty_wait_text(&talk, "one lock for all");
	pty_gtviz_start(&notes, 60, 20, "talk", "--notes", NULL);
	pty_wait_taken(&notes);
	pty_wait_text(&notes, "Say hello.");
	pty_wait_text(&notes, "next: a long wait");
	pty_keys(&notes, "n");
	pty_wait_text(&talk, "a long wait");
	pty_wait_text(&notes, "next: The same, looked at");
	pty_keys(&talk, "q");
	ended_well(&talk);
	/* The talk is over: so are its notes. */
	ended_well(&notes);
}

/* Whatever a run does instead: its recording is there, and says so. */
static void each_failure(void **state)
{
	static const char *const run[] = {
		"./there-is-no-such-program", /* missing */
		"sh -c \"kill -SEGV $$\"",    /* dies */
		"sh -c \"exit 3\"",	      /* fails */
		"true",			      /* ends at once, with nothing to show */
		"sleep 60",		      /* begins, and shows nothing in time */
		"--policy nonsense true",     /* not to be started so */
		"--level 9 true",	      /* an option that is wrong */
	};
	char path[80];
	struct pty p;
	FILE *f;

	(void)state;
	if (!file[0])
		skip();
	snprintf(path, sizeof(path), "%s/fails.talk", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("talk \"Failures\"\n", f);
	for (size_t i = 0; i < sizeof(run) / sizeof(*run); i++)
		fprintf(f,
			"chapter \"Way %zu\"\n  run %s\n  recording turns.gtv\n  within "
			"1s\n"
			"  %s\n  lanes talker GIL\nstep\n  at begin\n  caption \"still on, "
			"%zu\"\n",
			i + 1, run[i], i == 4 ? "expect wait(GIL)>1us" : "", i + 1);
	fclose(f);
	pty_gtviz_start(&p, 80, 24, "talk", path, NULL);
	pty_wait_taken(&p);
	for (size_t i = 0; i < sizeof(run) / sizeof(*run); i++) {
		char text[40];

		snprintf(text, sizeof(text), "still on, %zu", i + 1);
		pty_wait_text(&p, text);
		pty_wait_text(&p, " recorded ");
		pty_wait_text(&p, "talker");
		pty_keys(&p, " ");
	}
	pty_keys(&p, "q");
	ended_well(&p);
}

/* The talk that everybody has: whole, and played to its end by itself, at the sizes of a
 * small terminal and a hall's. */
static void the_bundled_one(void **state)
{
	static const int size[][2] = {{80, 24}, {200, 60}};
	char out[PTY_LINE];
	struct pty p;

	(void)state;
	if (!file[0]) {
		print_message("skip: the samples are not built\n");
		skip();
	}
	if (pty_command(out, sizeof(out), "%s talk --check green-threads 2>&1",
			pty_gtviz()))
		fail_msg("%s", out);
	for (int i = 0; i < 2; i++) {
		pty_gtviz_start(&p, size[i][0], size[i][1], "talk", "green-threads",
				"--recorded", "--auto", "30ms", NULL);
		pty_wait_taken(&p);
		ended_well(&p);
	}
	pty_gtviz_start(&p, 100, 30, "talk", "green-threads", "--recorded", NULL);
	pty_wait_text(&p, "1/13");
	pty_keys(&p, "\033[F"); /* the last chapter, and back through all */
	pty_wait_text(&p, "13/13");
	pty_keys(&p, "9"); /* a region's name leaves its wait to be seen */
	pty_wait_text(&p, "~~~~~~~~");
	for (int i = 0; i < 40; i++)
		pty_keys(&p, "p");
	pty_wait_text(&p, "1/13");
	pty_keys(&p, "q");
	ended_well(&p);
}

static void check_tells_faults(void **state)
{
	char bad[80], out[PTY_LINE];

	(void)state;
	if (!file[0])
		skip();
	/* The program of the second chapter is not there, and that is all. */
	assert_int_not_equal(
		pty_command(out, sizeof(out), "%s talk --check %s 2>&1", pty_gtviz(), file),
		0);
	if (!strstr(out, "t.talk:18: run ./there-is-no-such-program"))
		fail_msg("%s", out);
	assert_non_null(strstr(out, "1 fault "));
	snprintf(bad, sizeof(bad), "%s/bad.talk", dir);
	FILE *f = fopen(bad, "w");

	assert_non_null(f);
	fputs("talk \"T\"\nchapter \"C\"\nrecording turns.gtv\nstep\nlanes C0 nobody\n"
	      "at hit wait>1000s\nstep\ncaption\n",
	      f);
	fclose(f);
	pty_command(out, sizeof(out), "%s talk --check %s 2>&1", pty_gtviz(), bad);
	if (!strstr(out, "bad.talk:8: caption: too few words (caption"))
		fail_msg("%s", out);
	pty_command(out, sizeof(out), "sed -i '/^caption/d' %s; %s talk --check %s 2>&1",
		    bad, pty_gtviz(), bad);
	if (!strstr(out, "no \"nobody\"") || !strstr(out, "no such place: wait>1000s"))
		fail_msg("%s", out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recordings_both_ways),
		cmocka_unit_test(live_and_what_cannot_be),
		cmocka_unit_test(dark_timer_explore),
		cmocka_unit_test(each_failure),
		cmocka_unit_test(by_itself),
		cmocka_unit_test(notes_on_a_second_terminal),
		cmocka_unit_test(the_bundled_one),
		cmocka_unit_test(check_tells_faults),
	};
	return cmocka_run_group_tests_name("talk", tests, make_talk, remove_talk);
}
