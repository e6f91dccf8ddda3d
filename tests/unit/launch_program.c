/* SPDX-License-Identifier: MIT
 *
 * Starting programs: held, let go, in a terminal, as another user, with what they are
 * lent and nothing else. Programs are /bin/sh with a line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "tracer/launch/launch.h"

static struct gtv_user me;

static int setup(void **state)
{
	(void)state;
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	return gtv_user_get(&me, NULL);
}

static struct gtv_launch_config with(char *const *argv)
{
	return (struct gtv_launch_config){.argv = argv, .user = &me, .ring_fd = -1};
}

/* Waits by the pidfd, never by time. */
static int wait_end(struct gtv_launch *l)
{
	struct pollfd p = {.fd = l->pidfd, .events = POLLIN};
	int status = -1;

	while (gtv_launch_poll(l, &status))
		assert_true(poll(&p, 1, 20000) > 0);
	assert_int_equal(gtv_launch_poll(l, &status), 0);
	return status;
}

static int run_line(const char *line, struct gtv_launch_config config)
{
	char *argv[] = {"sh", "-c", (char *)line, NULL};
	struct gtv_launch l;
	struct gtv_err err = {0};

	config.argv = argv;
	assert_int_equal(gtv_launch_hold(&l, &config, &err), 0);
	assert_int_equal(gtv_launch_go(&l, &err), 0);
	int status = wait_end(&l);
	gtv_launch_close(&l);
	return gtv_launch_exit_code(status);
}

/* What a shell line prints when it is run like that: through a file that it may
 * write, since its stdout is ours. */
static char *output_of(const char *line, struct gtv_launch_config config)
{
	static char text[4096];
	char path[] = "/tmp/gtviz-launch-XXXXXX", full[2048];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	fchmod(fd, 0666);
	snprintf(full, sizeof full, "{ %s; } > %s 2>&1", line, path);
	run_line(full, config);
	ssize_t n = read(fd, text, sizeof text - 1);
	text[n > 0 ? n : 0] = 0;
	close(fd);
	unlink(path);
	return text;
}

static void test_exit_codes(void **state)
{
	(void)state;
	char *none[] = {NULL};

	assert_int_equal(run_line("exit 0", with(none)), 0);
	assert_int_equal(run_line("exit 7", with(none)), 7);
	assert_int_equal(run_line("kill -TERM $$", with(none)), 128 + SIGTERM);
	assert_int_equal(run_line("kill -KILL $$", with(none)), 128 + SIGKILL);
}

static int hold_error(char *path, struct gtv_err *err)
{
	char *argv[] = {path, NULL};
	struct gtv_launch_config config = with(argv);
	struct gtv_launch l;
	int rc = gtv_launch_hold(&l, &config, err);

	if (!rc)
		rc = gtv_launch_go(&l, err);
	gtv_launch_close(&l);
	return rc;
}

static void test_no_program(void **state)
{
	(void)state;
	struct gtv_err err = {0};
	char path[] = "/tmp/gtviz-launch-XXXXXX";
	int fd = mkstemp(path);

	assert_int_equal(hold_error("no-such-program-here", &err), -GTV_ENOTFOUND);
	assert_string_equal(err.what, "no-such-program-here");
	assert_int_equal(hold_error("/no/such/program", &err), -GTV_ENOTFOUND);
	assert_int_equal(hold_error("/etc/passwd/x", &err), -GTV_ENOTFOUND);
	assert_int_equal(hold_error("/tmp", &err), -GTV_ENOEXEC);
	assert_int_equal(hold_error("/etc/passwd", &err), -GTV_ENOEXEC);
	assert_int_equal(hold_error("", &err), -GTV_EUSAGE);
	/* Executable by its mode, and not by its contents. */
	assert_int_equal(write(fd,
			       "\x7f"
			       "ELF nonsense",
			       13),
			 13);
	fchmod(fd, 0755);
	close(fd);
	assert_int_not_equal(hold_error(path, &err), -GTV_ENOTFOUND);
	unlink(path);
}

/* A script without #! is the shell's, as when a shell runs it. */
static void test_bare_script(void **state)
{
	(void)state;
	char path[] = "/tmp/gtviz-launch-XXXXXX";
	int fd = mkstemp(path);
	char *argv[] = {path, NULL};
	struct gtv_launch_config config = with(argv);
	struct gtv_launch l;

	assert_int_equal(write(fd, "exit 9\n", 7), 7);
	fchmod(fd, 0755);
	close(fd);
	assert_int_equal(gtv_launch_hold(&l, &config, NULL), 0);
	assert_int_equal(gtv_launch_go(&l, NULL), 0);
	assert_int_equal(gtv_launch_exit_code(wait_end(&l)), 9);
	gtv_launch_close(&l);
	unlink(path);
}

/* Held: a pid that can be looked at, and nothing has run. Never let go: it never will. */
static void test_hold(void **state)
{
	(void)state;
	char path[] = "/tmp/gtviz-launch-XXXXXX", line[128];
	int fd = mkstemp(path), status;
	char *argv[] = {"sh", "-c", line, NULL};
	struct gtv_launch_config config = with(argv);
	struct gtv_launch l;

	close(fd);
	snprintf(line, sizeof line, "rm %s", path);
	assert_int_equal(gtv_launch_hold(&l, &config, NULL), 0);
	assert_true(l.pid > 0 && l.pidfd >= 0);
	assert_int_equal(kill(l.pid, 0), 0);
	assert_int_equal(gtv_launch_poll(&l, &status), 1);
	pid_t pid = l.pid;
	gtv_launch_close(&l);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
}

static void test_killed_while_held(void **state)
{
	(void)state;
	char *argv[] = {"true", NULL};
	struct gtv_launch_config config = with(argv);
	struct gtv_launch l;
	struct gtv_err err = {0};

	assert_int_equal(gtv_launch_hold(&l, &config, &err), 0);
	kill(l.pid, SIGKILL);
	struct pollfd p = {.fd = l.pidfd, .events = POLLIN};
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_int_equal(gtv_launch_go(&l, &err), -GTV_EIO);
	gtv_launch_close(&l);
}

static void test_pty(void **state)
{
	(void)state;
	char *argv[] = {"sh", "-c",
			"tty >/dev/null && stty size; echo pg $(ps -o pgid= -p $$) $$; "
			"echo said >/dev/tty",
			NULL};
	struct gtv_launch_config config = with(argv);
	struct gtv_launch l;
	char text[512] = "", want[64];
	size_t used = 0;

	config.use_pty = 1;
	config.rows = 33;
	config.cols = 99;
	assert_int_equal(gtv_launch_hold(&l, &config, NULL), 0);
	assert_true(l.pty >= 0);
	assert_true(fcntl(l.pty, F_GETFL) & O_NONBLOCK);
	assert_int_equal(gtv_launch_go(&l, NULL), 0);
	for (;;) {
		struct pollfd p = {.fd = l.pty, .events = POLLIN};
		assert_true(poll(&p, 1, 20000) > 0);
		ssize_t n = read(l.pty, text + used, sizeof text - 1 - used);
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	assert_non_null(strstr(text, "33 99"));
	assert_non_null(strstr(text, "said"));
	/* Its own group: signals go to it and not to us. */
	assert_int_equal(getpgid(l.pid), l.pid);
	snprintf(want, sizeof want, "%d\r\n", (int)l.pid);
	assert_non_null(strstr(text, want));
	assert_int_equal(wait_end(&l), 0);
	gtv_launch_close(&l);
}

static void test_stays_in_our_group_without_pty(void **state)
{
	(void)state;
	char *argv[] = {"true", NULL};
	struct gtv_launch_config config = with(argv);
	struct gtv_launch l;

	assert_int_equal(gtv_launch_hold(&l, &config, NULL), 0);
	assert_int_equal(getpgid(l.pid), getpgrp());
	assert_int_equal(l.pty, -1);
	gtv_launch_close(&l);
}

static void test_rings_are_lent(void **state)
{
	(void)state;
	char *none[] = {NULL};
	struct gtv_launch_config config = with(none);
	int ring = memfd_create("ring", MFD_CLOEXEC), other = open("/dev/null", O_RDONLY);

	assert_int_equal(write(ring, "lent to you", 11), 11);
	lseek(ring, 0, SEEK_SET);
	config.ring_fd = ring;
	config.ring_sock = "gtviz-abc";
	config.policy = "gil3";
	assert_string_equal(
		output_of("echo $GTV_SOCK $GT_POLICY; cat /dev/fd/$GTV_FD", config),
		"gtviz-abc gil3\nlent to you");
	/* Nothing else of ours: neither with close-on-exec nor without. */
	char line[64];
	snprintf(line, sizeof line, "test -e /dev/fd/%d && echo open; true", other);
	assert_string_equal(output_of(line, config), "");
	/* Not lent: not even what our own tracer had lent us. */
	setenv("GTV_FD", "5", 1);
	config.ring_fd = -1;
	config.ring_sock = NULL;
	assert_string_equal(output_of("echo [$GTV_FD$GTV_SOCK]", config), "[]\n");
	unsetenv("GTV_FD");
	close(ring);
	close(other);
}

/* What gtviz itself was handed goes on to the program: make's job server, <(cmd). This
 * binary is started anew with a descriptor, and starts a program in turn. */
static int given_main(void)
{
	char *none[] = {NULL};

	return setup(NULL) ? 99
			   : run_line("read word <&9 && [ $word = handed ]", with(none));
}

static void test_descriptors_are_handed_down(void **state)
{
	(void)state;
	int status, file = memfd_create("handed", 0);

	assert_int_equal(write(file, "handed\n", 7), 7);
	lseek(file, 0, SEEK_SET);
	pid_t pid = fork();
	if (!pid) {
		dup2(file, 9);
		execl("/proc/self/exe", "launch_program", "given", (char *)NULL);
		_exit(98);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	assert_int_equal(WEXITSTATUS(status), 0);
	close(file);
}

/* Signals: as our caller had them, not as we do. */
static void test_signals_are_as_they_were(void **state)
{
	(void)state;
	char *none[] = {NULL}, before[256];
	/* By the shell itself: while it starts another program it blocks signals. */
	char *line = "while read l; do case $l in SigBlk*|SigIgn*) echo $l;; esac; done "
		     "</proc/self/status";
	sigset_t all, old;

	snprintf(before, sizeof before, "%s", output_of(line, with(none)));
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	assert_string_equal(output_of(line, with(none)), before);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
}

static void test_stdout_to_stderr(void **state)
{
	(void)state;
	char *none[] = {NULL};
	struct gtv_launch_config config = with(none);
	int out = dup(1), file = memfd_create("err", 0), err = dup(2);
	char text[16] = "";

	config.stdout_to_stderr = 1;
	fflush(NULL);
	dup2(file, 2);
	run_line("echo moved", config);
	dup2(err, 2);
	assert_int_equal(pread(file, text, sizeof text - 1, 0), 6);
	assert_string_equal(text, "moved\n");
	close(out);
	close(err);
	close(file);
}

static void need_root(void)
{
	if (geteuid() == 0 && getuid() == 0)
		return;
	print_message("skipped: needs root, to become somebody else\n");
	skip();
}

static void as_sudo(struct gtv_user *user)
{
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65534", 1);
	setenv("SUDO_USER", "nobody", 1);
	setenv("SUDO_COMMAND", "gtviz", 1);
	setenv("SUDO_HOME", "/root", 1);
	assert_int_equal(gtv_user_get(user, NULL), 0);
	assert_int_equal(user->sudo, 1);
	assert_int_equal(user->uid, 65534);
}

static void not_sudo(void)
{
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	unsetenv("SUDO_USER");
	unsetenv("SUDO_COMMAND");
	unsetenv("SUDO_HOME");
}

static void test_sudo_runs_as_the_invoker(void **state)
{
	(void)state;
	struct gtv_user nobody;
	char *none[] = {NULL};

	need_root();
	as_sudo(&nobody);
	gid_t extra = 4;
	assert_int_equal(setgroups(1, &extra), 0);
	struct gtv_launch_config config = with(none);
	config.user = &nobody;
	char *text = output_of(
		"id -u; id -g; id -G; id -ru; echo $HOME $USER $LOGNAME; env | grep "
		"-c ^SUDO_; grep CapEff /proc/self/status",
		config);
	assert_string_equal(text,
			    "65534\n65534\n65534\n65534\n/nonexistent nobody nobody\n0\n"
			    "CapEff:\t0000000000000000\n");
	config.as_root = 1;
	assert_string_equal(output_of("id -u; echo $SUDO_UID", config), "0\n65534\n");
	/* What this user may not execute is not executed with root's right. */
	char path[] = "/tmp/gtviz-launch-XXXXXX", *argv[] = {path, NULL};
	int fd = mkstemp(path);
	struct gtv_launch l;
	fchmod(fd, 0700);
	close(fd);
	config.as_root = 0;
	config.argv = argv;
	assert_int_equal(gtv_launch_hold(&l, &config, NULL), -GTV_ENOEXEC);
	gtv_launch_close(&l);
	unlink(path);
	setgroups(0, NULL);
	not_sudo();
}

static void test_sudo_terminal_is_the_users(void **state)
{
	(void)state;
	struct gtv_user nobody;
	char *argv[] = {"sh", "-c", "exec >/dev/null; : <$(tty)", NULL};
	struct gtv_launch l;

	need_root();
	as_sudo(&nobody);
	struct gtv_launch_config config = with(argv);
	config.user = &nobody;
	config.use_pty = 1;
	assert_int_equal(gtv_launch_hold(&l, &config, NULL), 0);
	assert_int_equal(gtv_launch_go(&l, NULL), 0);
	assert_int_equal(gtv_launch_exit_code(wait_end(&l)), 0);
	gtv_launch_close(&l);
	not_sudo();
}

static void test_sudo_ids_must_make_sense(void **state)
{
	(void)state;
	static const char *const nonsense[] = {"", "0", "-1", "12x", "4294967295", "1e3"};
	struct gtv_user user;

	need_root();
	for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
		setenv("SUDO_UID", nonsense[i], 1);
		assert_int_equal(gtv_user_get(&user, NULL), 0);
		assert_int_equal(user.sudo, 0);
		assert_int_equal(user.uid, 0);
	}
	setenv("SUDO_UID", "3999999999", 1);
	assert_int_equal(gtv_user_get(&user, NULL), -GTV_EPERM);
	not_sudo();
}

/* In a child, since there is no way back. Its exit status says what went wrong. */
static int drop_in_child(const struct gtv_user *user, int keep_root)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		char line[256];
		unsigned long long caps = 1;
		if (gtv_privileges_drop(user, keep_root, NULL))
			_exit(1);
		FILE *f = fopen("/proc/thread-self/status", "r");
		while (f && fgets(line, sizeof line, f))
			if (sscanf(line, "Cap%*3s: %llx", &caps) == 1 && caps &&
			    strncmp(line, "CapBnd", 6))
				_exit(2);
		if (!f)
			_exit(3);
		if (keep_root)
			_exit(getuid() != 0);
		_exit(getuid() != user->uid || getgid() != user->gid ? 4
		      : user->uid && !setuid(0)			     ? 5
		      : user->uid && !access("/etc/shadow", R_OK)    ? 6
								     : 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static void test_privileges_drop(void **state)
{
	(void)state;
	struct gtv_user nobody;

	assert_int_equal(drop_in_child(&me, 0), 0);
	need_root();
	as_sudo(&nobody);
	assert_int_equal(drop_in_child(&nobody, 0), 0);
	assert_int_equal(drop_in_child(&nobody, 1), 0);
	not_sudo();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_exit_codes, setup),
		cmocka_unit_test_setup(test_no_program, setup),
		cmocka_unit_test_setup(test_bare_script, setup),
		cmocka_unit_test_setup(test_hold, setup),
		cmocka_unit_test_setup(test_killed_while_held, setup),
		cmocka_unit_test_setup(test_pty, setup),
		cmocka_unit_test_setup(test_stays_in_our_group_without_pty, setup),
		cmocka_unit_test_setup(test_rings_are_lent, setup),
		cmocka_unit_test_setup(test_descriptors_are_handed_down, setup),
		cmocka_unit_test_setup(test_signals_are_as_they_were, setup),
		cmocka_unit_test_setup(test_stdout_to_stderr, setup),
		cmocka_unit_test_setup(test_sudo_runs_as_the_invoker, setup),
		cmocka_unit_test_setup(test_sudo_terminal_is_the_users, setup),
		cmocka_unit_test_setup(test_sudo_ids_must_make_sense, setup),
		cmocka_unit_test_setup(test_privileges_drop, setup),
	};
	if (argc == 2 && !strcmp(argv[1], "given"))
		return given_main();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
