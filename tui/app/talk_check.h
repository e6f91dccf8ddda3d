/* SPDX-License-Identifier: MIT
 *
 * Talks before they are given: where they are, whether all in them can be shown, and their
 * recordings made.
 */
#ifndef TUI_APP_TALK_CHECK_H
#define TUI_APP_TALK_CHECK_H

#include <stdio.h>

#include "tui/scene/talk.h"

/* A file if it has a slash, ends in .talk or is there; else a bundled talk's. Returns buf.
 */
char *tui_talk_file(const char *name, char *buf, size_t size);
/* From now on PATH finds the bundled samples first: what is run, and what a recording says
 * was run, is called as in the talk. */
void tui_talk_use_samples(const struct tui_talk *t);
/* Which program a chapter's run means by `name`: with a slash a path beside the talk, else
 * what PATH finds. Returns buf. */
char *tui_talk_find_program(const struct tui_talk *t, const char *name, char *buf,
			    size_t size);
/* The bundled talks, a line each. Returns the exit status. */
int tui_talk_list(FILE *out);
/* Tells all that would go wrong on stage: programs and recordings that are not there,
 * lanes, marks and findings that the recordings have not, texts too wide for a hall. */
void tui_talk_check(const struct tui_talk *t, struct tui_talk_faults *faults);
/* Runs each chapter that has a program and a recording, and writes the recording. 0, or
 * -GTV_E* and err. */
int tui_talk_record(const struct tui_talk *t, struct gtv_err *err);

#endif
