/* SPDX-License-Identifier: MIT
 *
 * However gtviz or the program ends: the terminal is as it was, and the exit status
 * is the one that was promised.
 */
#include "tests/e2e/pty.h"

#define COLS 100
#define ROWS 30

static char dir[] = "/tmp/gtv-death-XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char out[16];

	(void)state;
	return pty_command(out, sizeof(out), "rm -rf %s", dir);
}

/* A shell command, live; waits until `marker` is on the screen. */
static void start_live(struct pty *p, const char *command, const char *marker)
{
	pty_gtviz_start(p, COLS, ROWS, "--", "/bin/sh", "-c", command, NULL);
	pty_wait_text(p, marker);
	pty_wait_taken(p);
}

/* A program that writes its pid to a file and stays. */
static void start_stayer(struct pty *p, const char *name)
{
	char path[PTY_LINE];
	FILE *f;

	snprintf(path, sizeof(path), "%s/stay", dir);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs("cd ${0%/*}; echo $$ > $1.new; mv $1.new $1; exec sleep 300\n", f);
	fclose(f);
	pty_gtviz_start(p, COLS, ROWS, "--", "/bin/sh", path, name, NULL);
	pty_wait_text(p, "LIVE");
	pty_wait_taken(p);
}

/* The pid that the stayer wrote, once it has. */
static pid_t stayer(struct pty *p, const char *name)
{
	uint64_t deadline_ms = pty_now_ms() + PTY_WAIT_MS;
	char path[PTY_LINE];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	while (!(f = fopen(path, "re")) && pty_now_ms() < deadline_ms)
		pty__pump(p, pty_now_ms() + 20);
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	return pid;
}

/* Gone, or only its status is left: not every container has somebody who takes that. */
static int is_gone(pid_t pid)
{
	char path[64], text[256] = "", *paren;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 1;
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	paren = strrchr(text, ')');
	return !paren || strchr("ZX", paren[2]);
}

/* Waits until the process is gone. */
static void wait_gone(struct pty *p, pid_t pid)
{
	uint64_t deadline_ms = pty_now_ms() + PTY_WAIT_MS;

	while (!is_gone(pid) && pty_now_ms() < deadline_ms)
		pty__pump(p, pty_now_ms() + 20);
	assert_true(is_gone(pid));
}

static void assert_exited(int status, int code)
{
	if (!WIFEXITED(status))
		fail_msg("not exited: status %#x", (unsigned)status);
	assert_int_equal(WEXITSTATUS(status), code);
}

static void assert_killed(int status, int sig)
{
	if (!WIFSIGNALED(status))
		fail_msg("not killed by a signal: status %#x", (unsigned)status);
	assert_int_equal(WTERMSIG(status), sig);
}

/* The program ends: the screen stays, says so, and q leaves with its status. */
static void program_ends(const char *command, const char *marker, int code)
{
	struct pty p;

	start_live(&p, command, marker);
	pty_keys(&p, "q");
	assert_exited(pty_status(&p), code);
	pty_wait_restored(&p);
	pty_close(&p);
}

static void the_program_exits(void **state)
{
	(void)state;
	program_ends("exit 0", "exited 0; q quits", 0);
	program_ends("exit 3", "exited 3; q quits", 3);
}

static void the_program_crashes(void **state)
{
	(void)state;
	program_ends("kill -SEGV $$", "killed by SIGSEGV; q quits", 128 + SIGSEGV);
	program_ends("kill -KILL $$", "killed by SIGKILL; q quits", 128 + SIGKILL);
}

/* q while it runs ends it; its last lines stay on the shell's screen. */
static void q_ends_a_running_program(void **state)
{
	struct pty p;

	(void)state;
	start_live(&p, "echo so far so good; exec sleep 300", "LIVE");
	pty_keys(&p, "o");
	pty_wait_text(&p, "so far so good");
	pty_keys(&p, "q");
	assert_exited(pty_status(&p), 128 + SIGTERM);
	pty_wait_restored(&p);
	pty_wait_text(&p, "so far so good");
	pty_close(&p);
}

/* A program that ignores SIGTERM is killed a second later. */
static void q_ends_a_stubborn_program(void **state)
{
	struct pty p;

	(void)state;
	start_live(&p, "trap '' TERM; echo deaf; while :; do sleep 300; done", "LIVE");
	pty_keys(&p, "o");
	pty_wait_text(&p, "deaf");
	pty_keys(&p, "q");
	assert_exited(pty_status(&p), 128 + SIGKILL);
	pty_wait_restored(&p);
	pty_close(&p);
}

static void d_leaves_it_running(void **state)
{
	struct pty p;
	pid_t pid;

	(void)state;
	start_stayer(&p, "detach");
	pid = stayer(&p, "detach");
	pty_keys(&p, "D");
	assert_exited(pty_status(&p), 0);
	pty_wait_restored(&p);
	assert_false(is_gone(pid));
	kill(pid, SIGKILL);
	pty_close(&p);
}

/* A signal that asks gtviz to end: it ends the program, then dies of that signal. */
static void signals_to_gtviz(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		char name[32];
		struct pty p;
		pid_t pid;

		snprintf(name, sizeof(name), "signal%d", signals[i]);
		start_stayer(&p, name);
		pid = stayer(&p, name);
		kill(p.pid, signals[i]);
		assert_killed(pty_status(&p), signals[i]);
		pty_wait_restored(&p);
		wait_gone(&p, pid);
		pty_close(&p);
	}
}

/* A crash of gtviz itself, and SIGKILL: the terminal is restored all the same, and
 * the program, whose recorder died, runs on unharmed. */
static void sudden_deaths_of_gtviz(void **state)
{
	static const int signals[] = {SIGSEGV, SIGABRT, SIGKILL};

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		char name[32];
		struct pty p;
		pid_t pid;

		snprintf(name, sizeof(name), "death%d", signals[i]);
		start_stayer(&p, name);
		pid = stayer(&p, name);
		kill(p.pid, signals[i]);
		assert_killed(pty_status(&p), signals[i]);
		pty_wait_restored(&p);
		assert_false(is_gone(pid));
		kill(pid, SIGKILL);
		pty_close(&p);
	}
}

/* Ctrl-Z gives the terminal to the shell; fg takes it again. */
static void suspend_and_resume(void **state)
{
	struct pty p;
	int status;

	(void)state;
	start_stayer(&p, "stop");
	pid_t pid = stayer(&p, "stop");

	pty_keys(&p, "\032");
	status = pty_status(&p);
	assert_true(WIFSTOPPED(status));
	pty_wait_restored(&p);
	pty_continue(&p);
	pty_wait_taken(&p);
	pty_wait_text(&p, "LIVE");
	/* Coming back is no key: the keys are shown, not what one of them says. */
	pty_wait_text(&p, "? help");
	pty_keys(&p, "?");
	pty_wait_text(&p, "zoom in at the cursor");
	pty_keys(&p, "q");
	assert_exited(pty_status(&p), 128 + SIGTERM);
	pty_wait_restored(&p);
	wait_gone(&p, pid);
	pty_close(&p);
}

/* Stopped by force, it could not give the terminal back; continued, it takes it
 * again from a shell that has changed it. */
static void stopped_from_outside(void **state)
{
	struct termios cooked;
	struct pty p;
	int status;

	(void)state;
	start_live(&p, "echo here I am; exec sleep 300", "LIVE");
	kill(p.pid, SIGSTOP);
	status = pty_status(&p);
	assert_true(WIFSTOPPED(status));
	cooked = p.before;
	assert_int_equal(tcsetattr(p.fd, TCSANOW, &cooked), 0);
	pty_continue(&p);
	pty_keys(&p, "o");
	pty_wait_text(&p, "here I am");
	pty_wait_taken(&p);
	pty_keys(&p, "q");
	assert_exited(pty_status(&p), 128 + SIGTERM);
	pty_wait_restored(&p);
	pty_close(&p);
}

/* Runs a command line and gives its status and its output of both kinds. */
static int run(char *out, size_t room, const char *arguments)
{
	return pty_command(out, room, "%s %s 2>&1 </dev/null", pty_gtviz(), arguments);
}

static void one_line_of_error(const char *arguments, int code, const char *part)
{
	char out[PTY_LINE];

	assert_int_equal(run(out, sizeof(out), arguments), code);
	if (strncmp(out, "gtviz: ", 7) || !strstr(out, part))
		fail_msg("gtviz %s: %s", arguments, out);
	assert_int_equal(strcspn(out, "\n"), strlen(out) - 1);
}

/* What goes wrong before there is a screen is told on the shell's own. */
static void failed_start(const char *program, const char *output, int code,
			 const char *part)
{
	struct pty p;

	if (output)
		pty_gtviz_start(&p, COLS, ROWS, "-o", output, "--", program, NULL);
	else
		pty_gtviz_start(&p, COLS, ROWS, "--", program, NULL);
	assert_exited(pty_status(&p), code);
	pty_wait_text(&p, part);
	pty_wait_text(&p, "gtviz: ");
	pty_wait_restored(&p);
	pty_close(&p);
}

static void exit_statuses(void **state)
{
	(void)state;
	one_line_of_error("--nonsense true", 2, "--nonsense");
	one_line_of_error("true", 2, "not a terminal");
	one_line_of_error("report", 2, "no trace");
	one_line_of_error("shot /nonexistent/file", 1, "/nonexistent/file");
	one_line_of_error("replay /dev/null", 2, "not a terminal");
	failed_start("/nonexistent/program", NULL, 127, "/nonexistent/program");
	failed_start("/etc/passwd", NULL, 126, "/etc/passwd");
	failed_start("/bin/true", "/nonexistent/dir/file", 125, "/nonexistent/dir/file");
}

/* A terminal that cannot place text is refused in one line. */
static void a_dumb_terminal(void **state)
{
	struct pty p;
	char command[PTY_LINE + 32];

	(void)state;
	snprintf(command, sizeof(command), "TERM=dumb exec %s true", pty_gtviz());
	char *argv[] = {"/bin/sh", "-c", command, NULL};

	pty_start(&p, COLS, ROWS, argv);
	assert_exited(pty_status(&p), 2);
	pty_wait_text(&p, "dumb");
	pty_wait_restored(&p);
	pty_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_exits),
		cmocka_unit_test(the_program_crashes),
		cmocka_unit_test(q_ends_a_running_program),
		cmocka_unit_test(q_ends_a_stubborn_program),
		cmocka_unit_test(d_leaves_it_running),
		cmocka_unit_test(signals_to_gtviz),
		cmocka_unit_test(sudden_deaths_of_gtviz),
		cmocka_unit_test(suspend_and_resume),
		cmocka_unit_test(stopped_from_outside),
		cmocka_unit_test(exit_statuses),
		cmocka_unit_test(a_dumb_terminal),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
