/* SPDX-License-Identifier: MIT
 *
 * The bundled talk played through, forwards and backwards: by who may see the kernel and
 * by who may not, at the size of a small terminal and at a hall's. From its recordings;
 * with TALK_LIVE=1 (make soak) each run is live, as far as that goes. What is looked for is
 * each step's caption, as the talk's own text has it.
 */
#include <sys/stat.h>

#include "tests/e2e/one_talk.h"
#include "tests/e2e/pty.h"

#define STEPS_MAX 200

static const char *const talk = "samples/talks/green-threads.talk";
static char caption[STEPS_MAX][100];
static int steps;

/* The first line of each step's caption: it stands behind `caption`, in quotes. */
static int read_captions(void **state)
{
	FILE *f = fopen(talk, "r");
	char line[400];

	(void)state;
	one_talk();
	while (f && fgets(line, sizeof(line), f) && steps < STEPS_MAX) {
		const char *from = strstr(line, "  caption \"");

		if (from)
			snprintf(caption[steps++], sizeof(caption[0]), "%.*s",
				 (int)strcspn(from + 11, "\""), from + 11);
	}
	if (f)
		fclose(f);
	return 0;
}

static void start(struct pty *p, int cols, int rows, int nobody)
{
	const char *live = getenv("TALK_LIVE");
	char *argv[12] = {(char *)"/usr/bin/setpriv", (char *)"--reuid=65534",
			  (char *)"--regid=65534", (char *)"--clear-groups"};
	int n = nobody ? 4 : 0;

	argv[n++] = (char *)pty_gtviz();
	argv[n++] = (char *)"talk";
	argv[n++] = (char *)talk;
	if (!live)
		argv[n++] = (char *)"--recorded";
	argv[n] = NULL;
	pty_start(p, cols, rows, argv);
	pty_wait_taken(p);
}

static int is_whole(struct pty *p, const void *text)
{
	return strstr(pty_screen(p), text) && !strstr(pty_screen(p), "starting");
}

static void go(struct pty *p, int step)
{
	pty_wait(p, caption[step], is_whole, caption[step]);
	if (strstr(pty_screen(p), "nothing to show"))
		pty_fail(p, "nothing to show");
}

static void play(int cols, int rows, int nobody)
{
	struct pty p;
	int status;

	if (steps < 20) {
		print_message("skip: %s is not here\n", talk);
		skip();
	}
	start(&p, cols, rows, nobody);
	for (int i = 0; i < steps; i++) {
		go(&p, i);
		if (i + 1 < steps)
			pty_keys(&p, " ");
	}
	for (int i = steps - 1; i > 0; i--) {
		go(&p, i);
		pty_keys(&p, "\033[D");
	}
	go(&p, 0);
	pty_keys(&p, "q");
	status = pty_status(&p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	pty_wait_restored(&p);
	pty_close(&p);
}

/* Whether nobody may run gtviz, and read the talk. */
static void need_nobody(void)
{
	char out[PTY_LINE];

	if (geteuid()) {
		print_message("skip: only root can be somebody else\n");
		skip();
	}
	if (pty_command(out, sizeof(out),
			"/usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups %s "
			"talk --check %s "
			"2>&1",
			pty_gtviz(), talk)) {
		print_message("skip: nobody cannot use what is built here: %s\n", out);
		skip();
	}
}

static void small(void **state)
{
	(void)state;
	play(80, 24, 0);
}

static void a_halls(void **state)
{
	(void)state;
	play(200, 60, 0);
}

static void small_by_nobody(void **state)
{
	(void)state;
	need_nobody();
	play(80, 24, 1);
}

static void a_halls_by_nobody(void **state)
{
	(void)state;
	need_nobody();
	play(200, 60, 1);
}

/* The folder of the notes' socket, made by somebody else as a link: nothing goes through
 * it, and the talk goes on without notes. */
static void notes_trust_no_link(void **state)
{
	static const char *const mine = "/tmp/gtviz-65534";
	char elsewhere[] = "/tmp/gtviz-elsewhere-XXXXXX", out[PTY_LINE];
	struct pty p;

	(void)state;
	need_nobody();
	if (steps < 20 || !mkdtemp(elsewhere))
		skip();
	assert_int_equal(chmod(elsewhere, 0777), 0);
	pty_command(out, sizeof(out), "rm -f %s/talk", mine);
	rmdir(mine);
	if (symlink(elsewhere, mine)) {
		rmdir(elsewhere);
		print_message("skip: nobody gives a talk here at this moment\n");
		skip();
	}
	start(&p, 80, 24, 1);
	go(&p, 0);
	int left = rmdir(elsewhere);

	unlink(mine);
	pty_keys(&p, "q");
	assert_int_equal(pty_status(&p), 0);
	pty_close(&p);
	assert_int_equal(left, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small),
		cmocka_unit_test(a_halls),
		cmocka_unit_test(small_by_nobody),
		cmocka_unit_test(a_halls_by_nobody),
		cmocka_unit_test(notes_trust_no_link),
	};

	return cmocka_run_group_tests_name("talk_played", tests, read_captions, NULL);
}
