/* SPDX-License-Identifier: MIT
 *
 * The speaker's notes on a second terminal: `gtviz talk --notes` there connects to the talk
 * that its user gives, shows what is told, and hands the moving keys on. A socket in a
 * directory that only this user can enter.
 */
#ifndef TUI_APP_TALK_NOTES_H
#define TUI_APP_TALK_NOTES_H

#include "tracer/cmd/options.h"

struct tui_notes;

/* NULL: nobody can read along (no memory, no such directory, another talk is given). */
struct tui_notes *tui_notes_new(void);
void tui_notes_free(struct tui_notes *n); /* may be NULL */
/* Readable when a reader came, went or pressed a key; -1 if n is NULL. */
int tui_notes_fd(const struct tui_notes *n);
int tui_notes_readers(const struct tui_notes *n);
/* To all that have not been told the same. Takes in who came and went. */
void tui_notes_tell(struct tui_notes *n, const char *text);
/* A key that a reader pressed (key_codes.h), 0: none. */
int tui_notes_key(struct tui_notes *n);

/* The other side, on a terminal of its own until q or the talk's end. Returns the exit
 * status. */
int tui_notes_read(const struct gtv_options *opts);

#endif
