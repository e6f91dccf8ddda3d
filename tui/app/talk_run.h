/* SPDX-License-Identifier: MIT
 *
 * Runs a talk's programs: one `gtviz record -o -` after the other, its trace coming by a
 * pipe. A process of its own starts them, forked before the talk gives its privileges
 * away; what fails in a run cannot hurt the talk, and none outlives it.
 */
#ifndef TUI_APP_TALK_RUN_H
#define TUI_APP_TALK_RUN_H

#include "tracer/base/err.h"

struct tui_talk_runs;

/* A recorder. */
struct tui_talk_running {
	int trace_fd; /* what it writes; readable at the first bytes, -1 none */
	int said_fd;  /* what it and the program say on stderr; non-blocking */
};

/* Before the terminal is taken. Drops the privileges of this process for good. 0, or
 * -GTV_E* and err. Returns owned. */
int tui_talk_runs_new(struct tui_talk_runs **out, struct gtv_err *err);
/* Ends what still runs. */
void tui_talk_runs_free(struct tui_talk_runs *r);
/* args: options of `record`, "--" or not, the program; NULL-ended. The descriptors are the
 * caller's to close. 0, or -GTV_E* and err. */
int tui_talk_runs_start(struct tui_talk_runs *r, char *const *args,
			struct tui_talk_running *out, struct gtv_err *err);
/* Ends the one that runs: its trace comes to its end. Nothing happens if none does. */
void tui_talk_runs_stop(struct tui_talk_runs *r);

#endif
