/* SPDX-License-Identifier: MIT
 *
 * The oscilloscope, driven as a person would: a live run is armed, hit, frozen while
 * capture goes on, armed again; slow motion; a replay is searched hit by hit, marked and
 * measured.
 */
#include "tests/e2e/pty.h"

#define COLS 120
#define ROWS 40

static void start(struct pty *p, const char *seconds)
{
	const char *convoy = pty_sample("convoy");

	if (!convoy) {
		print_message("skip: the samples are not built\n");
		skip();
	}
	pty_gtviz_start(p, COLS, ROWS, "--policy", "gil3", convoy, "--spin", "2",
			"--seconds", seconds, NULL);
	pty_wait_taken(p);
	pty_wait_text(p, "LIVE");
}

static void quit(struct pty *p)
{
	pty_keys(p, "q");
	assert_true(WIFEXITED(pty_status(p)));
	pty_wait_restored(p);
	pty_close(p);
}

/* Which hit is shown while the trigger stays armed; 0: none. */
static int hit_number(const struct pty *p)
{
	const char *at = strstr(pty_screen(p), "HIT ");
	int number = 0, end = 0;

	return at && sscanf(at, "HIT %d, ARMED%n", &number, &end) == 1 && end ? number : 0;
}

static int later_hit(struct pty *p, const void *number)
{
	return hit_number(p) > *(const int *)number;
}

static void armed_hit_frozen_again(void **state)
{
	struct pty p;
	int hit = 0;

	(void)state;
	start(&p, "300");
	pty_keys(&p, "t");
	pty_wait_text(&p, "trigger wait>5ms");
	pty_keys(&p, "\025weight>5ms\r"); /* ^U empties the line */
	pty_wait_text(&p, "nothing is called so");
	pty_keys(&p, "t\025wait(GIL)>1ms\r");
	pty_wait_text(&p, "HIT 1");
	pty_wait_text(&p, "FROZEN, capture goes on");
	pty_wait_text(&p, "waits for GIL");
	pty_keys(&p, "t");
	pty_wait_text(&p, "HIT 2");
	pty_wait_text(&p, "FROZEN, capture goes on");
	/* Each hit is shown, until the trigger is taken away. Which of them we come to see
	 * is not ours to say. */
	pty_keys(&p, "T\025hold(GIL)>100us post 1ms repeat\r");
	pty_wait(&p, "a hit, still armed", later_hit, &hit);
	hit = hit_number(&p);
	pty_wait(&p, "a later one", later_hit, &hit);
	pty_keys(&p, "T\025\r");
	pty_wait_text(&p, "no trigger");
	quit(&p);
}

static void slow_motion(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "300");
	pty_keys(&p, "{");
	pty_wait_text(&p, "LIVE 0.5x");
	pty_wait_text(&p, "behind");
	pty_keys(&p, "G");
	pty_wait_text(&p, "● LIVE");
	quit(&p);
}

static void marks_and_cursors(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "0.3");
	pty_wait_text(&p, "exited 0");
	pty_keys(&p, "\033[Ht\025gt=spin-1\r");
	pty_wait_text(&p, "HIT 1 gt=spin-1");
	pty_keys(&p, "Alllllll");
	pty_keys(&p, "B");
	pty_wait_text(&p, "A to B");
	pty_wait_text(&p, "switches");
	pty_keys(&p, "mhere\r");
	pty_wait_text(&p, "mark here at");
	pty_keys(&p, "GB");
	pty_wait_gone(&p, "mark here at");
	pty_keys(&p, "gmark here\r");
	pty_wait_text(&p, "mark here at");
	pty_keys(&p, "X");
	pty_wait_text(&p, "the mark is gone");
	pty_keys(&p, "T\025wait>100s\r");
	pty_wait_text(&p, "NO HIT");
	quit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(armed_hit_frozen_again),
		cmocka_unit_test(slow_motion),
		cmocka_unit_test(marks_and_cursors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
