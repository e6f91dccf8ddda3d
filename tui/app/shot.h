/* SPDX-License-Identifier: MIT
 *
 * `gtviz shot`: one frame of the screen as text, ANSI or SVG, without a terminal.
 * The same trace, size and view give the same bytes.
 */
#ifndef TUI_APP_SHOT_H
#define TUI_APP_SHOT_H

#include "tracer/cmd/options.h"
#include "tui/canvas/canvas.h"
#include "tui/canvas/theme.h"

int tui_shot(const struct gtv_options *opts); /* Returns the exit status */
/* Writes a canvas to a file. 0, or -GTV_E* and err. */
int tui_shot_write(const struct tui_canvas *canvas, enum tui_theme theme,
		   enum gtv_format format, const char *path, struct gtv_err *err);

#endif
