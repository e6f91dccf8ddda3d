/* SPDX-License-Identifier: MIT
 *
 * The words that options and commands take, as views' names: for what completes a command
 * line.
 */
#ifndef TUI_APP_WORDS_H
#define TUI_APP_WORDS_H

#include <stdio.h>

/* Each in a line: "value OPTION WORD", parted by tabs; of a command's operand "value
 * COMMAND WORD". They follow what gtv_options_man prints. */
void tui_app_words(FILE *out);

#endif
