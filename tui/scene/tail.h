/* SPDX-License-Identifier: MIT
 *
 * The last lines that the program printed, for the shell's screen after quit.
 */
#ifndef TUI_SCENE_TAIL_H
#define TUI_SCENE_TAIL_H

#include <stdio.h>

#include "tracer/store/store.h"

/* Prints at most `lines` lines. Control characters and escape sequences are left
 * out: what was cut must not leave the terminal in an odd state. */
void tui_tail_print(const struct gtv_store *store, int lines, FILE *out);

/* The text without control sequences, in place; a carriage return takes the line
 * back to its begin. Returns the new size. */
size_t tui_tail_clean(char *text, size_t size);

#endif
