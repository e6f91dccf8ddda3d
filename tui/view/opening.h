/* SPDX-License-Identifier: MIT
 *
 * What the screen shows while a trace is being opened, if that takes longer than a blink:
 * what is done, how far it is, and how to leave.
 */
#ifndef TUI_VIEW_OPENING_H
#define TUI_VIEW_OPENING_H

#include <stdint.h>

#include "tracer/base/progress.h"
#include "tui/canvas/canvas.h"

struct tui_opening_facts {
	char file[128]; /* escaped */
	enum gtv_step step;
	uint64_t done, all; /* of the step; all 0: not known */
	uint64_t for_ns;    /* how long it has taken so far */
};

/* "finding its blocks, for it has no index" */
const char *tui_opening_words(enum gtv_step step);
void tui_opening_draw(struct tui_canvas *canvas, const struct tui_opening_facts *facts);

#endif
