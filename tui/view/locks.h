/* SPDX-License-Identifier: MIT
 *
 * Inside the locks view: the table (locks.c) and what stands below it, about the
 * chosen lock (locks_below.c).
 */
#ifndef TUI_VIEW_LOCKS_H
#define TUI_VIEW_LOCKS_H

#include "tui/scene/locks.h"
#include "tui/canvas/unit.h"
#include "tui/scene/view.h"

/* The rows that it wants at this width. */
int tui_locks_below_rows(const struct tui_scene *scene, int cols);
/* Draws into [y, end_y), scrolled so that the chosen line is seen. */
void tui_locks_below(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		     int end_y);
/* What a lock was like at the cursor: "held off core". */
const char *tui_locks_state(const struct gtv_span *now);
/* Its holder then; kind 0: nobody, or nobody that is known. */
struct gtv_lane tui_locks_holder(const struct gtv_span *now);
/* Time off core is red where it costs something. */
int tui_locks_off_role(uint64_t ns, struct tui_unit unit);

#endif
