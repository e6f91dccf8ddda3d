/* SPDX-License-Identifier: MIT
 *
 * One's own marks are there again when a trace is opened again: kept beside what one keeps,
 * never in the trace, and nowhere where a link or somebody else's file leads.
 */
#include <sys/stat.h>

#include "tests/e2e/recorded.h"

static int record(void **state)
{
	(void)state;
	pty_same_state = 1;
	return record_sample("", "--policy gmp", "fib", "18 2");
}

/* What the folder of marks has: one file's path, or "". */
static const char *kept_file(void)
{
	static char path[PTY_LINE];

	pty_command(path, sizeof(path), "find %s -type f -o -type l", pty_state_home());
	path[strcspn(path, "\n")] = '\0';
	return path;
}

static void forget(void)
{
	char out[16];

	pty_command(out, sizeof(out), "rm -rf %s", pty_state_home());
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void start(struct pty *p, const char *file)
{
	pty_gtviz_start(p, COLS, ROWS, "replay", file, NULL);
	pty_wait_taken(p);
	pty_wait_text(p, "┬");
}

static void quit(struct pty *p)
{
	pty_keys(p, "q");
	assert_int_equal(pty_status(p), 0);
	pty_wait_restored(p);
	pty_close(p);
}

static void mark(struct pty *p, const char *name)
{
	char line[64];

	snprintf(line, sizeof(line), "m%s\r", name);
	pty_keys(p, line);
	snprintf(line, sizeof(line), "mark %s at", name);
	pty_wait_text(p, line);
}

static void marks_come_back(void **state)
{
	char before[256], after[256], copy[80], out[PTY_LINE];
	struct stat st;
	struct pty p;

	(void)state;
	forget();
	pty_command(before, sizeof(before), "cksum <%s", trace);
	start(&p, trace);
	mark(&p, "here");
	pty_keys(&p, "hhhhhh:mark over there\r");
	pty_wait_text(&p, "mark over there at");
	quit(&p);
	assert_int_equal(stat(kept_file(), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	/* Of a copy too: it is the same run. */
	snprintf(copy, sizeof(copy), "%s/copy.gtv", dir);
	assert_int_equal(pty_command(out, sizeof(out), "cp %s %s", trace, copy), 0);
	start(&p, copy);
	pty_keys(&p, "M");
	pty_wait_text(&p, "2 of yours  (kept for this trace)");
	pty_wait_text(&p, "over there");
	pty_keys(&p, "1gover there\r");
	pty_wait_text(&p, "mark over there at");
	pty_keys(&p, "X");
	pty_wait_text(&p, "the mark is gone");
	quit(&p);
	start(&p, trace);
	pty_keys(&p, "M");
	pty_wait_text(&p, "1 of yours");
	pty_keys(&p, ":delmark nothing\r");
	pty_wait_text(&p, "there is no mark of yours of that name");
	pty_keys(&p, ":delmark here\r");
	pty_wait_text(&p, "the mark is gone");
	quit(&p);
	/* The last one took the file with it; and the trace was not touched. */
	assert_string_equal(kept_file(), "");
	pty_command(after, sizeof(after), "cksum <%s", trace);
	assert_string_equal(before, after);
}

/* What is no file of marks is one line, and no more. */
static void a_bad_file_is_told_and_left_out(void **state)
{
	struct pty p;
	char path[PTY_LINE];

	(void)state;
	forget();
	start(&p, trace);
	mark(&p, "good");
	quit(&p);
	snprintf(path, sizeof(path), "%s", kept_file());
	put(path, "gtviz marks 1\n0 first\nnonsense\n12 \n99999999999999999999 x\n");
	start(&p, trace);
	pty_wait_text(&p, ":3: a line of marks is a time in nanoseconds and a name");
	pty_keys(&p, "M");
	pty_wait_text(&p, "1 of yours");
	pty_wait_text(&p, "first");
	quit(&p);
	put(path, "\033]0;owned\a\n");
	start(&p, trace);
	pty_wait_text(&p, ":1: it is no file of marks, or a later gtviz's");
	quit(&p);
}

/* A link where the file should be is neither read nor written through. */
static void links_are_not_followed(void **state)
{
	char path[PTY_LINE], victim[80], text[64];
	struct stat st;
	struct pty p;

	(void)state;
	forget();
	start(&p, trace);
	mark(&p, "good");
	quit(&p);
	snprintf(path, sizeof(path), "%s", kept_file());
	snprintf(victim, sizeof(victim), "%s/victim", dir);
	put(victim, "gtviz marks 1\n0 stolen\n");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(victim, path), 0);
	start(&p, trace);
	pty_wait_text(&p, "it is a link");
	mark(&p, "new");
	quit(&p);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	pty_command(text, sizeof(text), "cat %s", victim);
	assert_string_equal(text, "gtviz marks 1\n0 stolen\n");
	forget();
	/* And where the folder should be: marks are then as long as the screen. */
	snprintf(path, sizeof(path), "%s/gtviz", pty_state_home());
	assert_int_equal(mkdir(pty_state_home(), 0700), 0);
	assert_int_equal(symlink(dir, path), 0);
	start(&p, trace);
	pty_keys(&p, "mx\r");
	pty_wait_text(&p, "they are kept while gtviz runs");
	quit(&p);
	snprintf(path, sizeof(path), "%s/marks", dir);
	assert_int_equal(access(path, F_OK), -1);
	forget();
}

/* Marked while it was recorded; seen when it is opened. */
static void marks_of_a_live_run(void **state)
{
	const char *convoy = pty_sample("convoy");
	char file[80];
	struct pty p;

	(void)state;
	if (!convoy) {
		print_message("skipped: the sample convoy is not built\n");
		skip();
	}
	forget();
	snprintf(file, sizeof(file), "%s/live.gtv", dir);
	pty_gtviz_start(&p, COLS, ROWS, "-o", file, "--", convoy, "--seconds", "60", NULL);
	pty_wait_taken(&p);
	pty_wait_text(&p, "LIVE");
	pty_wait_text(&p, "┬");
	pty_keys(&p, " ");
	mark(&p, "seen live");
	pty_keys(&p, "q");
	pty_status(&p);
	pty_close(&p);
	start(&p, file);
	pty_keys(&p, "M");
	pty_wait_text(&p, "1 of yours  (kept for this trace)");
	pty_keys(&p, "gseen live\r");
	pty_wait_text(&p, "mark seen live at");
	quit(&p);
	/* Nobody wrote this one down: nothing is kept. */
	forget();
	pty_gtviz_start(&p, COLS, ROWS, "--", convoy, "--seconds", "60", NULL);
	pty_wait_text(&p, "┬");
	pty_keys(&p, " ");
	mark(&p, "gone");
	pty_keys(&p, "q");
	pty_status(&p);
	pty_close(&p);
	assert_string_equal(kept_file(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_come_back),
		cmocka_unit_test(a_bad_file_is_told_and_left_out),
		cmocka_unit_test(links_are_not_followed),
		cmocka_unit_test(marks_of_a_live_run),
	};

	return cmocka_run_group_tests(tests, record, remove_dir);
}
