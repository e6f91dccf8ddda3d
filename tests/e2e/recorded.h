/* SPDX-License-Identifier: MIT
 *
 * A trace of a sample in a directory of its own, for tests that look at it on the screen,
 * and what `gtviz shot` prints of it.
 */
#ifndef RECORDED_H
#define RECORDED_H

#include "tests/e2e/pty.h"

#define COLS 120
#define ROWS 40

static char dir[] = "/tmp/gtv-e2e-XXXXXX";
static char trace[64];

/* Records `sample ARGS` under the options, `before` in front of it all (GT_SIM=1 or ""). 0,
 * or -1 and a message. */
static int record_sample(const char *before, const char *options, const char *sample,
			 const char *args)
{
	const char *program = pty_sample(sample);
	char out[PTY_LINE];

	if (!mkdtemp(dir))
		return -1;
	snprintf(trace, sizeof(trace), "%s/trace.gtv", dir);
	if (!program) {
		print_error("the sample %s is not built\n", sample);
		return -1;
	}
	if (!pty_command(out, sizeof(out), "%s %s record -o %s %s %s %s 2>&1", before,
			 pty_gtviz(), trace, options, program, args))
		return 0;
	print_error("recording failed: %s\n", out);
	return -1;
}

static int remove_dir(void **state)
{
	char out[16];

	(void)state;
	return pty_command(out, sizeof(out), "rm -rf %s", dir);
}

/* The frame that `gtviz shot` prints for these options, as a terminal shows it. */
static inline const struct pty_frame *sized_shot(int cols, int rows, const char *options)
{
	static char bytes[1 << 20];
	static struct pty_frame frame;

	if (pty_command(bytes, sizeof(bytes), "%s shot %s --format ansi --size %dx%d %s",
			pty_gtviz(), trace, cols, rows, options))
		fail_msg("gtviz shot %s failed", options);
	pty_render(&frame, cols, rows, bytes);
	return &frame;
}

#endif
