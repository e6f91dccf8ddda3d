/* SPDX-License-Identifier: MIT
 *
 * The screen as it goes, written to a file that asciinema and its players take: asciicast
 * version 2, a header and then one line of JSON a change. Only what changes is written.
 */
#ifndef TUI_APP_CAST_H
#define TUI_APP_CAST_H

#include <stdint.h>

#include "tracer/base/err.h"
#include "tui/canvas/canvas.h"
#include "tui/canvas/theme.h"

struct tui_cast;

/* The file is made as the user's own (launch.h). 0, or -GTV_E* and err. Returns owned. */
int tui_cast_new(struct tui_cast **out, const char *path, struct gtv_err *err);
/* The screen shows this from now_ns (of a clock that only goes on) on. Returns 1 once if it
 * cannot be written: then nothing more is. */
int tui_cast_frame(struct tui_cast *cast, const struct tui_canvas *canvas,
		   enum tui_theme theme, uint64_t now_ns);
/* Why. */
const char *tui_cast_error(const struct tui_cast *cast);
/* Closes. 0, or -1: not all was written. May be NULL. */
int tui_cast_free(struct tui_cast *cast);

#endif
