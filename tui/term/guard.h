/* SPDX-License-Identifier: MIT
 *
 * Puts the terminal back as it was at the deaths that no program sees coming: a
 * crash (from the signal handler), exit() from anywhere, and SIGKILL (by a small
 * process that outlives us just long enough).
 */
#ifndef TUI_TERM_GUARD_H
#define TUI_TERM_GUARD_H

#include <stddef.h>
#include <termios.h>

/* The terminal is ours, its modes are set. From now on, until release: should we
 * die, `restore` is written to fd and its modes are set to *saved. Borrows nothing.
 * 0, or -1 if the guarding process could not be started (deaths other than SIGKILL
 * are guarded all the same). */
int tui_guard_arm(int fd, const struct termios *saved, const char *restore, size_t size);
/* The terminal is the shell's for a while (away != 0), or ours again. */
void tui_guard_away(int away);
/* The terminal has been given back. */
void tui_guard_release(void);

#endif
