/* SPDX-License-Identifier: MIT
 *
 * Where a trace may be written: an own regular file, and nowhere else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tracer/launch/launch.h"

static char dir[64];
static struct gtv_user me, nobody;

static const char *in_dir(const char *name)
{
	static char path[4][128];
	static int turn;

	snprintf(path[turn = (turn + 1) % 4], sizeof path[0], "%s/%s", dir, name);
	return path[turn];
}

static int setup(void **state)
{
	(void)state;
	unsetenv("SUDO_UID");
	snprintf(dir, sizeof dir, "/tmp/gtviz-output-XXXXXX");
	nobody = (struct gtv_user){.uid = 65534, .gid = 65534, .sudo = 1, .name = "nobody"};
	return gtv_user_get(&me, NULL) || !mkdtemp(dir);
}

static int teardown(void **state)
{
	static const char *const names[] = {"d/x", "d",	  "link", "real",  "pipe",
					    "new", "old", "hard", "theirs"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (unlink(in_dir(names[i])) < 0)
			rmdir(in_dir(names[i]));
	return rmdir(dir);
}

static void make(const char *name, const char *text, mode_t mode)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	fchmod(fd, mode);
	close(fd);
}

static void check_refused(const char *name, const struct gtv_user *user)
{
	struct gtv_err err = {0};
	char line[700];

	assert_int_equal(gtv_output_open(in_dir(name), user, &err), -1);
	assert_int_not_equal(err.code, 0);
	assert_true(strlen(gtv_err_line(&err, line, sizeof line)) > strlen(name));
}

static void check_mine(int fd, uid_t uid)
{
	struct stat st;

	assert_true(fd >= 0);
	fstat(fd, &st);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_size, 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(fd, "trace", 5), 5);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	char text[8];
	assert_int_equal(read(fd, text, 5), 5);
	close(fd);
}

static void test_new_and_own(void **state)
{
	(void)state;
	check_mine(gtv_output_open(in_dir("new"), &me, NULL), me.uid);
	make("old", "an older and longer trace", 0644);
	check_mine(gtv_output_open(in_dir("old"), &me, NULL), me.uid);
}

static void test_stdout(void **state)
{
	(void)state;
	struct stat a, b;
	int fd = gtv_output_open("-", &me, NULL);

	assert_true(fd > 2);
	fstat(fd, &a);
	fstat(1, &b);
	assert_int_equal(a.st_ino, b.st_ino);
	close(fd);
}

static void test_refused(void **state)
{
	(void)state;
	char text[16] = "";

	make("real", "precious", 0600);
	assert_int_equal(symlink(in_dir("real"), in_dir("link")), 0);
	check_refused("link", &me);
	assert_int_equal(mkfifo(in_dir("pipe"), 0600), 0);
	check_refused("pipe", &me);
	assert_int_equal(mkdir(in_dir("d"), 0700), 0);
	check_refused("d", &me);
	check_refused("d/no/such", &me);
	assert_int_equal(link(in_dir("real"), in_dir("hard")), 0);
	check_refused("hard", &me);
	struct gtv_err err = {0};
	assert_int_equal(gtv_output_open("/dev/null", &me, &err), -1);
	int fd = open(in_dir("real"), O_RDONLY);
	assert_int_equal(read(fd, text, 15), 8);
	assert_string_equal(text, "precious");
	close(fd);
}

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("skipped: needs root, to write for somebody else\n");
	skip();
}

static void test_sudo(void **state)
{
	(void)state;
	struct stat st;

	need_root();
	/* Where only root may create: made by root, given to the user; and again. */
	check_mine(gtv_output_open(in_dir("new"), &nobody, NULL), 65534);
	check_mine(gtv_output_open(in_dir("new"), &nobody, NULL), 65534);
	/* Root's own files are not the user's to overwrite; links are not followed. */
	make("theirs", "root's", 0666);
	check_refused("theirs", &nobody);
	assert_int_equal(symlink(in_dir("theirs"), in_dir("link")), 0);
	check_refused("link", &nobody);
	assert_int_equal(stat(in_dir("theirs"), &st), 0);
	assert_int_equal(st.st_size, 6);
	/* Nor a link on the way, with root's right. */
	assert_int_equal(unlink(in_dir("link")), 0);
	assert_int_equal(symlink("/root", in_dir("link")), 0);
	check_refused("link/gtviz-must-not-be", &nobody);
	assert_int_equal(access("/root/gtviz-must-not-be", F_OK), -1);
	assert_int_equal(geteuid(), 0);
	assert_int_equal(access("/etc/shadow", R_OK), 0);
}

/* Where the user may create, it is his from the beginning. */
static void test_sudo_in_own_directory(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(mkdir(in_dir("d"), 0700), 0);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chown(in_dir("d"), 65534, 65534), 0);
	check_mine(gtv_output_open(in_dir("d/x"), &nobody, NULL), 65534);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_new_and_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stdout, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sudo, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sudo_in_own_directory, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
