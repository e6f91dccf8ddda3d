/* SPDX-License-Identifier: MIT
 *
 * The file of one's own marks: what is written is read again, and what anybody else may
 * have put there does no harm. tests/e2e/kept.c has the screen's side.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tui/app/kept.h"

#define NAME  "0123456789abcdef"
#define START 1000000000ull

static char home[] = "/tmp/gtv-kept-XXXXXX";
static struct tui_scope scope, again;
static struct gtv_err err;

static int make_home(void **state)
{
	(void)state;
	return mkdtemp(home) ? setenv("XDG_STATE_HOME", home, 1) : -1;
}

static int remove_home(void **state)
{
	char line[64];

	(void)state;
	snprintf(line, sizeof(line), "rm -rf %s", home);
	return system(line);
}

static const char *path_of(const char *name)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/gtviz/marks/%s", home, name);
	return path;
}

static int read_again(void)
{
	memset(&again, 0, sizeof(again));
	memset(&err, 0, sizeof(err));
	return tui_kept_read(NAME, START, START, START + 1000, &again, &err);
}

static void put(const void *bytes, size_t size)
{
	FILE *f = fopen(path_of(NAME), "we");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
}

static int begin(void **state)
{
	(void)state;
	memset(&scope, 0, sizeof(scope));
	tui_scope_mark(&scope, START + 30, "third one");
	tui_scope_mark(&scope, START, "a");
	tui_scope_mark(&scope, START + 1000, "caf\xc3\xa9 \\x1b");
	return tui_kept_write(NAME, START, "./prog \033[31m", &scope, &err);
}

static void what_is_written_is_read_again(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(read_again(), 0);
	assert_int_equal(again.marks, 3);
	assert_memory_equal(again.mark, scope.mark, 3 * sizeof(scope.mark[0]));
	/* One that is there already stays where it is. */
	memset(&again, 0, sizeof(again));
	tui_scope_mark(&again, START + 7, "a");
	assert_int_equal(tui_kept_read(NAME, START, START, START + 500, &again, &err), 0);
	assert_int_equal(again.marks, 2);
	assert_int_equal(tui_scope_mark_named(&again, "a")->ts_ns, START + 7);
	assert_int_equal(stat(path_of(NAME), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(path_of(""), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	/* None left: no file. */
	memset(&scope, 0, sizeof(scope));
	assert_int_equal(tui_kept_write(NAME, START, "", &scope, &err), 0);
	assert_int_equal(access(path_of(NAME), F_OK), -1);
	assert_int_equal(tui_kept_write(NAME, START, "", &scope, &err), 0);
	assert_int_equal(read_again(), 0);
	assert_int_equal(again.marks, 0);
}

static void bad_lines_are_told_once(void **state)
{
	static const char bytes[] =
		"gtviz marks 1\n# comment\n\n10 good\n-1 x\n+1 x\n 1 x\n"
		"1\n1 \n1  two\n99999999999999999999 x\n5 "
		"a name that is longer than names of marks are\n"
		"20 fine\n18446744073709551615 far\n7 nul\0in it\n"
		"30 esc\033[2J\n40 no newline at the end";

	(void)state;
	put(bytes, sizeof(bytes) - 1);
	assert_int_equal(read_again(), -GTV_EFORMAT);
	assert_non_null(strstr(err.what, NAME ":5"));
	assert_int_equal(again.marks, 5);
	assert_int_equal(tui_scope_mark_named(&again, "fine")->ts_ns, START + 20);
	assert_non_null(tui_scope_mark_named(&again, " two"));
	assert_non_null(tui_scope_mark_named(&again, "esc\\x1b[2J"));
	assert_non_null(tui_scope_mark_named(&again, "no newline at the end"));
}

static void other_files_are_refused(void **state)
{
	static char big[TUI_KEPT_BYTES_MAX + 1];
	char line[20];
	size_t size = 0;

	(void)state;
	put("", 0);
	assert_int_equal(read_again(), 0);
	put("gtviz marks 2\n1 x\n", 18);
	assert_int_equal(read_again(), -GTV_EFORMAT);
	assert_int_equal(again.marks, 0);
	put(big, sizeof(big));
	assert_int_equal(read_again(), -GTV_EPERM);
	assert_non_null(strstr(err.why, "larger than marks ever are"));
	/* More marks than there is room for. */
	size += (size_t)sprintf(big, "gtviz marks 1\n");
	for (int i = 0; i < TUI_MARKS_MAX + 5; i++) {
		int n = snprintf(line, sizeof(line), "%d m%d\n", i, i);

		memcpy(big + size, line, (size_t)n);
		size += (size_t)n;
	}
	put(big, size);
	assert_int_equal(read_again(), -GTV_EFORMAT);
	assert_int_equal(again.marks, TUI_MARKS_MAX);
	/* Nobody waits for who opens the other end of a pipe; and it gives way. */
	assert_int_equal(unlink(path_of(NAME)), 0);
	assert_int_equal(mkfifo(path_of(NAME), 0600), 0);
	assert_int_equal(read_again(), -GTV_EPERM);
	assert_int_equal(begin(NULL), 0);
	assert_int_equal(read_again(), 0);
	assert_int_equal(again.marks, 3);
	/* A folder that others may write to is not the user's own. */
	assert_int_equal(chmod(path_of(""), 0777), 0);
	assert_int_equal(read_again(), -GTV_EPERM);
	assert_int_equal(begin(NULL), -GTV_EIO);
	assert_int_equal(chmod(path_of(""), 0700), 0);
	assert_int_equal(mkdir(path_of("x"), 0700), 0);
	assert_int_equal(rmdir(path_of("x")), 0);
}

/* Bytes of any kind: nothing is read that is not there, and at most what fits. */
static void any_bytes(void **state)
{
	uint64_t r = 88172645463325252u;
	unsigned char bytes[600];

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t size = (size_t)(round * 2 % 600);

		memcpy(bytes, "gtviz marks 1\n", 14);
		for (size_t i = round % 5 ? 14 : 0; i < sizeof(bytes); i++) {
			r ^= r << 13;
			r ^= r >> 7;
			r ^= r << 17;
			bytes[i] = (unsigned char)"0123456789 a\n#\0\xff\033"[r % 17];
		}
		put(bytes, size);
		(void)read_again();
		assert_in_range(again.marks, 0, TUI_MARKS_MAX);
	}
}

static struct gtv_store *store_of(uint64_t wall_ns, uint32_t pid)
{
	static struct gtv_names *names;
	struct gtv_store_info info = {.start_ns = START,
				      .wall_ns = wall_ns,
				      .pid = pid,
				      .exit_status = -1,
				      .command = "./prog"};
	struct gtv_store *st;

	gtv_names_free(names);
	names = gtv_names_new();
	assert_int_equal(gtv_store_create_temp(&st, &info, names, NULL), 0);
	return st;
}

static void name_is(struct gtv_store *st, char name[TUI_KEPT_NAME])
{
	assert_int_equal(tui_kept_name(st, name), 0);
	assert_int_equal(strlen(name), TUI_KEPT_NAME - 1);
	gtv_store_close(st);
}

static void each_run_has_its_own(void **state)
{
	char a[TUI_KEPT_NAME], b[TUI_KEPT_NAME];
	struct gtv_ev ev = {.ts_ns = START + 5, .kind = GTV_EV_MARK};
	struct gtv_store *st;

	(void)state;
	name_is(store_of(5, 1), a);
	name_is(store_of(5, 1), b);
	assert_string_equal(a, b);
	name_is(store_of(6, 1), b);
	assert_string_not_equal(a, b);
	name_is(store_of(5, 2), b);
	assert_string_not_equal(a, b);
	/* Nobody said when it was: what it begins with says it. */
	st = store_of(0, 1);
	assert_int_equal(tui_kept_name(st, a), -GTV_ENOTFOUND);
	assert_int_equal(gtv_store_append(st, &ev, 1), 0);
	assert_int_equal(gtv_store_flush(st, 0), 0);
	name_is(st, a);
	ev.ts_ns++;
	st = store_of(0, 1);
	assert_int_equal(gtv_store_append(st, &ev, 1), 0);
	assert_int_equal(gtv_store_flush(st, 0), 0);
	name_is(st, b);
	assert_string_not_equal(a, b);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		T(what_is_written_is_read_again), T(bad_lines_are_told_once),
		T(other_files_are_refused),	  T(any_bytes),
		T(each_run_has_its_own),
	};
	return cmocka_run_group_tests(tests, make_home, remove_home);
}
