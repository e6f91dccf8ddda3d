/* SPDX-License-Identifier: MIT
 *
 * Live beside a program that sleeps: time goes on, and gtviz is hardly ever awake. Counted
 * are the times that it went to sleep, which a busy machine does not make more.
 */
#include "tests/e2e/pty.h"

#include <dirent.h>

#define COLS	   120
#define ROWS	   40
#define FRAMES	   15
#define A_SECOND   200 /* what is allowed; there are about 90: 62 rounds, 10 frames */
#define LINE_BYTES 256

/* How often the process's threads have gone to sleep. */
static unsigned long sleeps_of(pid_t pid)
{
	char path[64], line[LINE_BYTES];
	unsigned long sum = 0, n;
	struct dirent *task;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	assert_non_null(tasks);
	while ((task = readdir(tasks))) {
		char file[PTY_LINE];
		snprintf(file, sizeof(file), "%s/%s/status", path, task->d_name);
		FILE *f = task->d_name[0] == '.' ? NULL : fopen(file, "re");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1)
				sum += n;
		if (f)
			fclose(f);
	}
	closedir(tasks);
	assert_true(sum > 0);
	return sum;
}

static int title_changed(struct pty *p, const void *old)
{
	return strcmp(pty_row(p, 0), old) != 0;
}

static void wait_frames(struct pty *p, int frames)
{
	char old[PTY_LINE];

	while (frames--) {
		snprintf(old, sizeof(old), "%s", pty_row(p, 0));
		pty_wait(p, "another time in the title", title_changed, old);
	}
}

static void who_sleeps_is_let_sleep(void **state)
{
	(void)state;
	struct pty p;

	/* No kernel source: what else the machine does is not even heard of. */
	pty_gtviz_start(&p, COLS, ROWS, "--level", "0", "sleep", "300", NULL);
	pty_wait_taken(&p);
	pty_wait_text(&p, "LIVE");
	wait_frames(&p, 5); /* it has begun */
	uint64_t from_ms = pty_now_ms();
	unsigned long sleeps = sleeps_of(p.pid);
	wait_frames(&p, FRAMES);
	sleeps = sleeps_of(p.pid) - sleeps;
	uint64_t took_ms = pty_now_ms() - from_ms;
	print_message("%lu times in %lu ms\n", sleeps, (unsigned long)took_ms);
	assert_true(sleeps * 1000 < A_SECOND * took_ms);
	/* And it answers though it rests. */
	pty_keys(&p, "q");
	pty_status(&p);
	pty_wait_restored(&p);
	pty_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_sleeps_is_let_sleep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
