/* SPDX-License-Identifier: MIT
 *
 * `gtviz shot`: one frame of the screen as text, ANSI or SVG, without a terminal.
 * The same trace, size and view give the same bytes.
 */
#ifndef TUI_SHOT_H
#define TUI_SHOT_H

#include "tracer/cmd/options.h"

int tui_shot(const struct gtv_options *opts); /* Returns the exit status */

#endif
