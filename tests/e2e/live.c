/* SPDX-License-Identifier: MIT
 *
 * The live screen, driven as a person would: lanes appear, time is zoomed and
 * panned, frozen while capture goes on, and the program can be typed to.
 */
#include "tests/e2e/pty.h"

#define COLS 120
#define ROWS 40

static void need(const char *path)
{
	if (path)
		return;
	print_message("skip: the samples are not built\n");
	skip();
}

/* The same program by its name alone: the title has no room for all of a long path. */
static const char *by_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *dirs = getenv("PATH");
	char all[2 * PTY_LINE];

	snprintf(all, sizeof(all), "%.*s:%s", (int)(slash - path), path, dirs ? dirs : "");
	if (!dirs || strncmp(dirs, path, (size_t)(slash - path)) != 0)
		setenv("PATH", all, 1);
	return slash + 1;
}

/* A sample that runs until it is quit. */
static void start_fib(struct pty *p, const char *policy)
{
	const char *fib = pty_sample("fib");

	need(fib);
	fib = by_name(fib);
	pty_gtviz_start(p, COLS, ROWS, "--policy", policy, fib, "22", "3", "--seconds",
			"300", NULL);
	pty_wait_taken(p);
	pty_wait_text(p, "LIVE");
}

static void quit(struct pty *p)
{
	int status;

	pty_keys(p, "q");
	status = pty_status(p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
	pty_wait_restored(p);
	pty_close(p);
}

/* A row of the screen that holds `text`, "" if there is none. */
static const char *row_with(const struct pty *p, const char *text)
{
	static char row[PTY_LINE];
	const char *all = pty_screen(p), *at = strstr(all, text);

	row[0] = 0;
	while (at && at > all && at[-1] != '\n')
		at--;
	if (at)
		snprintf(row, sizeof(row), "%.*s", (int)strcspn(at, "\n"), at);
	return row;
}

struct change {
	const char *marker; /* of the row */
	char old[PTY_LINE];
};

static int row_changed(struct pty *p, const void *arg)
{
	const struct change *c = arg;
	const char *now = row_with(p, c->marker);

	return *now && strcmp(now, c->old) != 0;
}

static void note_row(struct change *c, const struct pty *p, const char *marker)
{
	c->marker = marker;
	snprintf(c->old, sizeof(c->old), "%s", row_with(p, marker));
}

static void lanes_appear(void **state)
{
	struct pty p;

	(void)state;
	start_fib(&p, "gmp");
	pty_wait_text(&p, pty_cores());
	pty_wait_text(&p, "G1");
	pty_wait_text(&p, "gmp");
	pty_wait_text(&p, "ev/s");
	quit(&p);
}

static void every_sample_and_policy_shows(void **state)
{
	static const char *const policies[] = {"green", "gmp",	   "threads",
					       "gil3",	"quantum", "offset"};
	struct pty p;

	(void)state;
	need(pty_sample("fib"));
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		start_fib(&p, policies[i]);
		pty_wait_text(&p, "G1");
		pty_wait_text(&p, policies[i]);
		quit(&p);
	}
}

/* A program that knows nothing of libgt: cores and OS threads. */
static void any_program_has_lanes(void **state)
{
	struct pty p;

	(void)state;
	if (strcmp(pty_cores(), " C0")) {
		print_message("skip: the kernel tells nothing here\n");
		skip();
	}
	pty_gtviz_start(&p, COLS, ROWS, "--", "/bin/sh", "-c", "while :; do :; done", NULL);
	pty_wait_text(&p, "LIVE");
	pty_wait_text(&p, pty_cores());
	pty_wait_text(&p, "sh");
	quit(&p);
}

static int late_and_full(struct pty *p, const void *lane)
{
	const char *at = pty_screen(p);
	int seconds = 0;

	while ((at = strstr(at, "at ")) && sscanf(at++, "at %d s +", &seconds) != 1)
		;
	return seconds >= 1 && strstr(pty_screen(p), lane);
}

/* A sample that is in the middle of its work, by what it says: before that it has no green
 * threads to be attached to. Its pid; *fd is where it speaks. */
static pid_t start_speaker(const char *say, int *fd)
{
	int ends[2];
	char byte;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();

	if (!pid) {
		setenv("GT_POLICY", "gmp", 1);
		dup2(ends[1], STDOUT_FILENO);
		execl(say, say, "100000", NULL);
		_exit(127);
	}
	close(ends[1]);
	*fd = ends[0];
	assert_int_equal(read(*fd, &byte, 1), 1);
	return pid;
}

/* A program that runs already: its lanes go on, and so does it when we leave. */
static void attaching_to_one_that_runs(void **state)
{
	const char *say = pty_sample("say");
	char pid[16];
	struct pty p;
	int fd;

	(void)state;
	need(say);
	if (strcmp(pty_cores(), " C0")) {
		print_message("skip: the kernel tells nothing here\n");
		skip();
	}
	pid_t program = start_speaker(say, &fd);

	snprintf(pid, sizeof(pid), "%d", (int)program);
	pty_gtviz_start(&p, COLS, ROWS, "-p", pid, NULL);
	pty_wait_text(&p, "LIVE");
	pty_wait(&p, "lanes a second later", late_and_full, "G2 world");
	pty_keys(&p, "q");
	assert_int_equal(pty_status(&p), 0);
	pty_wait_restored(&p);
	pty_close(&p);
	assert_int_equal(waitpid(program, NULL, WNOHANG), 0);
	kill(program, SIGKILL);
	waitpid(program, NULL, 0);
	close(fd);
}

static void time_goes_on(void **state)
{
	struct change c;
	struct pty p;

	(void)state;
	start_fib(&p, "gmp");
	note_row(&c, &p, "LIVE");
	pty_wait(&p, "the time in the title", row_changed, &c);
	note_row(&c, &p, "LIVE");
	pty_wait(&p, "the time in the title", row_changed, &c);
	quit(&p);
}

static void zooming_changes_the_ruler(void **state)
{
	struct change c;
	struct pty p;

	(void)state;
	start_fib(&p, "gmp");
	pty_wait_text(&p, "G1");
	pty_keys(&p, "\033[H"); /* stand still: follow no more */
	pty_wait_text(&p, "behind");
	note_row(&c, &p, "┬");
	pty_keys(&p, "ww");
	pty_wait(&p, "zoom", row_changed, &c);
	note_row(&c, &p, "┬");
	pty_keys(&p, "d");
	pty_wait(&p, "pan", row_changed, &c);
	pty_keys(&p, "G");
	pty_wait_gone(&p, "behind");
	quit(&p);
}

/* Space: the lanes stand still, the figures count on. */
static void pause_freezes_the_picture_only(void **state)
{
	char lane[PTY_LINE];
	struct change c;
	struct pty p;

	(void)state;
	start_fib(&p, "gmp");
	pty_wait_text(&p, pty_cores());
	pty_keys(&p, " ");
	pty_wait_text(&p, "FROZEN");
	/* The rest of that frame may still be on its way: a later one has come when a key
	 * is answered. */
	pty_keys(&p, "X");
	pty_wait_text(&p, "there is no mark of yours");
	snprintf(lane, sizeof(lane), "%s", row_with(&p, "┬"));
	for (int i = 0; i < 3; i++) {
		note_row(&c, &p, "ev/s");
		pty_wait(&p, "capture goes on", row_changed, &c);
		assert_string_equal(row_with(&p, "┬"), lane);
	}
	pty_keys(&p, " ");
	pty_wait_gone(&p, "FROZEN");
	/* The key that goes to the present follows it, frozen or not. */
	pty_keys(&p, " ");
	pty_wait_text(&p, "FROZEN");
	pty_keys(&p, "G");
	pty_wait_gone(&p, "FROZEN");
	pty_wait_text(&p, "LIVE");
	quit(&p);
}

static void resizing(void **state)
{
	static const int sizes[][2] = {{80, 24}, {20, 5}, {160, 50}};
	struct pty p;

	(void)state;
	start_fib(&p, "gmp");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		pty_resize(&p, sizes[i][0], sizes[i][1]);
		if (sizes[i][0] >= 80)
			pty_wait_text(&p, pty_cores());
	}
	quit(&p);
}

/* Its terminal is one: cat echoes what is typed, and Ctrl-D ends it. */
static void typing_to_the_program(void **state)
{
	struct pty p;
	int status;

	(void)state;
	pty_gtviz_start(&p, COLS, ROWS, "--", "/bin/cat", NULL);
	pty_wait_text(&p, "LIVE");
	pty_keys(&p, "i");
	pty_wait_text(&p, "typing");
	pty_keys(&p, "hello q there\r");
	pty_wait_text(&p, "hello q there");
	pty_keys(&p, "\033");
	pty_wait_gone(&p, "typing");
	pty_keys(&p, "i");
	pty_wait_text(&p, "typing");
	pty_keys(&p, "\004");
	pty_wait_text(&p, "exited 0");
	pty_keys(&p, "q");
	status = pty_status(&p);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	pty_wait_restored(&p);
	pty_wait_text(&p, "hello q there");
	pty_close(&p);
}

/* The same screen after the end: the trace can still be walked and played. */
static void the_end_is_a_replay(void **state)
{
	const char *pingpong = pty_sample("pingpong");
	struct pty p;
	int status;

	(void)state;
	need(pingpong);
	pty_gtviz_start(&p, COLS, ROWS, pingpong, NULL);
	pty_wait_text(&p, "exited 0; q quits");
	/* All of it: the program may end long after its green threads. */
	pty_keys(&p, "f");
	pty_wait_text(&p, "G1");
	pty_keys(&p, "j.");
	pty_wait_text(&p, "selected");
	pty_keys(&p, "?");
	pty_wait_text(&p, "zoom in");
	pty_keys(&p, "q");
	status = pty_status(&p);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	pty_wait_restored(&p);
	pty_close(&p);
}

/* -o: what was seen is what is written. */
static void recording_while_watching(void **state)
{
	const char *fib = pty_sample("fib");
	char path[] = "/tmp/gtv-live-XXXXXX", out[PTY_LINE];
	struct pty p;

	(void)state;
	need(fib);
	close(mkstemp(path));
	pty_gtviz_start(&p, COLS, ROWS, "-o", path, fib, "20", "3", "--seconds", "0.2",
			NULL);
	pty_wait_text(&p, "exited 0; q quits");
	pty_keys(&p, "q");
	assert_int_equal(pty_status(&p), 0);
	pty_wait_text(&p, "lost ");
	pty_close(&p);
	assert_int_equal(
		pty_command(out, sizeof(out), "%s check %s 2>&1", pty_gtviz(), path), 0);
	unlink(path);
}

/* CPU time that the process has used, in ms. */
static uint64_t cpu_ms(pid_t pid)
{
	unsigned long user = 0, system = 0;
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	size_t n = fread(text, 1, sizeof(text) - 1, f);

	fclose(f);
	text[n] = 0;
	const char *p = strrchr(text, ')');

	assert_non_null(p);
	assert_int_equal(sscanf(p + 1,
				" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
				&user, &system),
			 2);
	return (user + system) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* A flight recorder on the screen: it says what is kept, and a key and a signal write it,
 * into a file each. */
static void the_last_part_is_kept_and_written(void **state)
{
	char dir[] = "/tmp/gtviz-ring-XXXXXX", path[64], second[64];
	const char *fib = pty_sample("fib");
	struct pty p;

	(void)state;
	need(fib);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/r.gtv", dir);
	snprintf(second, sizeof(second), "%s/r-2.gtv", dir);
	pty_gtviz_start(&p, COLS, ROWS, "--ring", "500ms", "-o", path, fib, "22", "3",
			"--seconds", "300", NULL);
	pty_wait_taken(&p);
	pty_wait_text(&p, " kept");
	pty_keys(&p, "R");
	pty_wait_text(&p, "r.gtv: the last");
	kill(p.pid, SIGUSR1);
	pty_wait_text(&p, "r-2.gtv: the last");
	quit(&p);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(second), 0);
	snprintf(path, sizeof(path), "%s/r-3.gtv", dir); /* the end's */
	assert_int_equal(unlink(path), 0);
	rmdir(dir);
}

/* What it uses of a core in a second, in ms. */
static uint64_t used_ms(struct pty *p)
{
	uint64_t before_ms = cpu_ms(p->pid), until_ms = pty_now_ms() + 1000;

	while (pty_now_ms() < until_ms)
		pty__pump(p, until_ms);
	return cpu_ms(p->pid) - before_ms;
}

/* Nothing happens: nothing is done. A busy loop takes what it can get in each second; one
 * that is idle has one with less than a tenth of a core, though what it uses in one second
 * or the other may be more: its beginnings, or the time in which its core was taken. */
static void an_idle_screen_costs_nothing(void **state)
{
	uint64_t ms = 1000;
	struct pty p;

	(void)state;
	pty_gtviz_start(&p, COLS, ROWS, "--", "/bin/sleep", "300", NULL);
	pty_wait_text(&p, "LIVE");
	pty_wait_taken(&p);
	for (int i = 0; i < 30 && ms >= 100; i++) {
		ms = used_ms(&p);
		print_message("an idle live screen: %llu ms of CPU in 1 s\n",
			      (unsigned long long)ms);
	}
	assert_true(ms < 100);
	quit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lanes_appear),
		cmocka_unit_test(every_sample_and_policy_shows),
		cmocka_unit_test(any_program_has_lanes),
		cmocka_unit_test(attaching_to_one_that_runs),
		cmocka_unit_test(time_goes_on),
		cmocka_unit_test(zooming_changes_the_ruler),
		cmocka_unit_test(pause_freezes_the_picture_only),
		cmocka_unit_test(resizing),
		cmocka_unit_test(typing_to_the_program),
		cmocka_unit_test(the_end_is_a_replay),
		cmocka_unit_test(recording_while_watching),
		cmocka_unit_test(the_last_part_is_kept_and_written),
		cmocka_unit_test(an_idle_screen_costs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
