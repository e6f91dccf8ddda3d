/* SPDX-License-Identifier: MIT
 *
 * The live screen while its program attacks the memory it was lent
 * (tests/programs/hostile.c), each way by itself: the screen stands, every view of it can
 * be looked at, nothing of the program reaches the terminal raw, and it is left as it was.
 */
#include "tests/e2e/pty.h"

#define COLS 110
#define ROWS 34

static char dir[] = "/tmp/gtv-hostile-XXXXXX";
static char program[PTY_LINE];

/* The program's own words would have put these on the terminal. */
static void is_not_owned(const struct pty *p)
{
	if (strstr(pty_screen(p), "owned\a") || !p->alternate)
		pty_fail(p, "the program spoke to the terminal");
}

static void look_around(struct pty *p)
{
	/* Each view by its number, then by another pivot, wide and narrow. */
	for (const char *key = "23456781"; *key; key++) {
		char keys[2] = {*key, 0};

		pty_keys(p, keys);
		pty_wait_text(p, *key == '1' ? "s zoom" : "help");
		is_not_owned(p);
	}
	pty_keys(p, "\t\t\t+++---");
	pty_resize(p, 40, 10);
	pty_resize(p, COLS, ROWS);
	is_not_owned(p);
}

static void attacked(const char *way)
{
	struct pty p;

	pty_gtviz_start(&p, COLS, ROWS, "--", program, way, NULL);
	pty_wait_taken(&p);
	pty_wait_text(&p, "exited 0");
	look_around(&p);
	pty_keys(&p, "q");
	int status = pty_status(&p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	pty_wait_restored(&p);
	pty_close(&p);
}

static void the_screen_stands(void **state)
{
	static const char *const ways[] = {"truncate", "punch", "scribble",
					   "heads",    "close", "swap",
					   "names",    "locks", "lies"};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		print_message("%s\n", ways[i]);
		attacked(ways[i]);
	}
}

static int setup(void **state)
{
	char command[3 * PTY_LINE];

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(program, sizeof(program), "%s/hostile", dir);
	snprintf(command, sizeof(command),
		 "%s -std=gnu17 -D_GNU_SOURCE -O1 -g -I. -o %s tests/programs/hostile.c "
		 "-lpthread",
		 pty_env("CC", "cc"), program);
	return system(command) ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(program);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_screen_stands)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
