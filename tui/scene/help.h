/* SPDX-License-Identifier: MIT
 *
 * What works on the screen, as text: keys with the names of their actions, commands and
 * settings, from their tables. `gtviz help keys` prints it; lint compares the manual page
 * with it.
 */
#ifndef TUI_SCENE_HELP_H
#define TUI_SCENE_HELP_H

#include <stdio.h>

void tui_help_print(FILE *out);

#endif
