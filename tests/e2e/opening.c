/* SPDX-License-Identifier: MIT
 *
 * A trace that takes long to open: the screen comes up at once, says what is done, and
 * every way to leave it leaves. A pipe that brings half of a trace and then nothing takes
 * as long as one likes, so no race with a fast disk decides what is seen.
 */
#include <sys/stat.h>

#include "tests/e2e/pty.h"

#define COLS 80
#define ROWS 24

static char dir[] = "/tmp/gtv-opening-XXXXXX";
static char trace[64], fifo[64];
static char *bytes;
static size_t size;

static int make(void **state)
{
	char out[PTY_LINE];
	char tools[PTY_LINE / 2];
	FILE *f;

	(void)state;
	snprintf(tools, sizeof(tools), "%s/tests", pty_env("O", "build"));
	if (!mkdtemp(dir))
		return -1;
	snprintf(trace, sizeof(trace), "%s/trace.gtv", dir);
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	if (pty_command(out, sizeof(out), "%s/tracegen 300000 4 %s 2>&1",
			pty_env("TOOLS", tools), trace) ||
	    mkfifo(fifo, 0600)) {
		print_error("no trace: %s\n", out);
		return -1;
	}
	f = fopen(trace, "re");
	fseek(f, 0, SEEK_END);
	size = (size_t)ftell(f);
	rewind(f);
	bytes = malloc(size);
	int rc = !bytes || fread(bytes, 1, size, f) != size ? -1 : 0;
	fclose(f);
	return rc;
}

static int remove_dir(void **state)
{
	char out[16];

	(void)state;
	free(bytes);
	return pty_command(out, sizeof(out), "rm -rf %s", dir);
}

/* The other end of the pipe. Opening waits for its reader, which is gtviz. */
static int begin_pipe(size_t upto)
{
	int fd = open(fifo, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t at = 0; at < upto;) {
		ssize_t n = write(fd, bytes + at, upto - at);

		assert_true(n > 0);
		at += (size_t)n;
	}
	return fd;
}

/* gtviz in the middle of it. A place is asked for, so it wants all of the trace. */
static int begin(struct pty *p, const char *second)
{
	signal(SIGPIPE, SIG_IGN);
	if (second)
		pty_gtviz_start(p, COLS, ROWS, "replay", trace, fifo, NULL);
	else
		pty_gtviz_start(p, COLS, ROWS, "replay", "--from", "1ms", fifo, NULL);
	int fd = begin_pipe(size / 2);

	pty_wait_taken(p);
	pty_wait_text(p, "taking in all that the pipe brings");
	pty_wait_text(p, second ? "gtviz  fifo" : "so far");
	pty_wait_text(p, "q quit");
	return fd;
}

static int leave(struct pty *p, int fd, const char *keys)
{
	int status;

	if (keys)
		pty_keys(p, keys);
	/* The pipe still stands, and nobody writes: what ends now did not wait for it. */
	status = pty_status(p);
	pty_wait_restored(p);
	pty_close(p);
	close(fd);
	return status;
}

static void leaves_by(const char *keys, const char *second)
{
	struct pty p;
	int fd = begin(&p, second);
	int status = leave(&p, fd, keys);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void keys_leave_in_the_middle(void **state)
{
	(void)state;
	leaves_by("q", NULL);
	leaves_by("\003", NULL);
	leaves_by("\033", NULL);
	leaves_by("q", "the second of two");
}

static void other_keys_do_not(void **state)
{
	struct pty p;
	int fd = begin(&p, NULL);

	(void)state;
	pty_keys(&p, "wsadjk\t1?z:");
	pty_resize(&p, 40, 10);
	pty_wait_text(&p, "so far");
	leave(&p, fd, "q");
}

static void a_signal_ends_it(void **state)
{
	struct pty p;
	int fd = begin(&p, NULL);

	(void)state;
	kill(p.pid, SIGTERM);
	int status = leave(&p, fd, NULL);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

/* The rest comes: the timeline takes over. */
static void what_comes_at_last_is_shown(void **state)
{
	struct pty p;
	int fd = begin(&p, NULL);

	(void)state;
	for (size_t at = size / 2; at < size;) {
		ssize_t n = write(fd, bytes + at, size - at);

		assert_true(n > 0);
		at += (size_t)n;
	}
	close(fd);
	pty_wait_text(&p, "C0");
	pty_wait_text(&p, "replay, paused");
	pty_keys(&p, "q");
	assert_int_equal(pty_status(&p), 0);
	pty_wait_restored(&p);
	pty_close(&p);
}

/* What cannot be opened after all is told where one looks then: on the terminal. */
static void what_is_no_trace_is_told(void **state)
{
	struct pty p;
	int fd;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	pty_gtviz_start(&p, COLS, ROWS, "replay", "--from", "1ms", fifo, NULL);
	fd = open(fifo, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "no trace", 8), 8);
	pty_wait_text(&p, "so far");
	close(fd);
	pty_wait_text(&p, "not a gtviz trace");
	int status = pty_status(&p);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
	pty_wait_restored(&p);
	pty_close(&p);
}

/* A stream is shown as it comes; before its first byte there is nothing but this. */
static void a_stream_that_says_nothing_yet(void **state)
{
	struct pty p;
	int fd;

	(void)state;
	pty_gtviz_start(&p, COLS, ROWS, "replay", fifo, NULL);
	fd = begin_pipe(0);
	pty_wait_text(&p, "waiting for the pipe's first bytes");
	int status = leave(&p, fd, "q");

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A named pipe that nobody writes to: the screen is there, and can be left. */
static void a_pipe_without_a_writer(void **state)
{
	struct pty p;
	int status;

	(void)state;
	for (int second = 0; second < 2; second++) {
		if (second)
			pty_gtviz_start(&p, COLS, ROWS, "replay", trace, fifo, NULL);
		else
			pty_gtviz_start(&p, COLS, ROWS, "replay", fifo, NULL);
		pty_wait_taken(&p);
		pty_wait_text(&p, "waiting for somebody to write to the pipe");
		pty_keys(&p, "q");
		status = pty_status(&p);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		pty_wait_restored(&p);
		pty_close(&p);
	}
}

static void the_writer_comes_at_last(void **state)
{
	struct pty p;

	(void)state;
	pty_gtviz_start(&p, COLS, ROWS, "replay", fifo, NULL);
	pty_wait_text(&p, "waiting for somebody to write to the pipe");
	close(begin_pipe(size));
	pty_wait_text(&p, "C0");
	pty_keys(&p, "q");
	assert_int_equal(pty_status(&p), 0);
	pty_wait_restored(&p);
	pty_close(&p);
}

/* On a terminal, import says how far it is while it takes its time. */
static void import_says_how_far_it_is(void **state)
{
	static const char line[] =
		"a-1 [000] d..2. 1.000000: sched_switch: prev_comm=a prev_pid=1 "
		"prev_prio=120 prev_state=S ==> next_comm=b next_pid=2 next_prio=120\n";
	char out[80];
	struct pty p;
	int fd;

	(void)state;
	snprintf(out, sizeof(out), "%s/imported.gtv", dir);
	pty_gtviz_start(&p, COLS, ROWS, "import", fifo, "-o", out, NULL);
	fd = open(fifo, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	pty_wait_text(&p, "gtviz: importing");
	pty_wait_text(&p, " s");
	assert_int_equal(write(fd, line, sizeof(line) - 1), sizeof(line) - 1);
	close(fd);
	pty_wait_text(&p, "ftrace text,");
	pty_wait_gone(&p, "importing");
	assert_int_equal(pty_status(&p), 0);
	pty_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pipe_without_a_writer),
		cmocka_unit_test(the_writer_comes_at_last),
		cmocka_unit_test(import_says_how_far_it_is),
		cmocka_unit_test(keys_leave_in_the_middle),
		cmocka_unit_test(other_keys_do_not),
		cmocka_unit_test(a_signal_ends_it),
		cmocka_unit_test(what_comes_at_last_is_shown),
		cmocka_unit_test(what_is_no_trace_is_told),
		cmocka_unit_test(a_stream_that_says_nothing_yet),
	};

	return cmocka_run_group_tests(tests, make, remove_dir);
}
