/* SPDX-License-Identifier: MIT
 *
 * Identity: which fill a green thread (in a program without them: an OS thread)
 * has, in every view, and what lanes are called. The same trace has the same
 * colours: they depend on the order of birth and on names, on nothing else.
 */
#ifndef TUI_SCENE_IDENT_H
#define TUI_SCENE_IDENT_H

#include "tracer/base/names.h"
#include "tracer/model/span.h"
#include "tui/canvas/canvas.h"

#define TUI_LABEL 96 /* bytes that hold any label */

/* The fill's role: TUI_ID1 … TUI_ID12. */
int tui_ident_gt(const struct gtv_names *names, uint32_t gt);
/* The same for whoever asks for many: what is asked of the names once for all of them. */
struct tui_ident_first {
	uint32_t id[TUI_ID12 - TUI_ID1 + 1];
	uint8_t role[TUI_ID12 - TUI_ID1 + 1];
	unsigned count;
};
void tui_ident_first_gts(const struct gtv_names *names, struct tui_ident_first *out);
int tui_ident_gt_of(const struct gtv_names *names, const struct tui_ident_first *first,
		    uint32_t gt);
/* The same for an OS thread: TUI_OTHER if it is not the program's, and where the
 * program has green threads too, for these have the colours. */
int tui_ident_thread(const struct gtv_names *names, uint32_t tid);
/* Whether an OS thread is the traced program's. */
int tui_ident_is_ours(const struct gtv_names *names, uint32_t tid);
/* A lane's role as ink: identity, GIL, or plain text. */
int tui_ident_lane(const struct gtv_names *names, struct gtv_lane lane);

/* "G3", "C0", "W0" or "T4711", "GIL" or "L2": the id alone. Returns buf. */
char *tui_ident_id(const struct gtv_names *names, struct gtv_lane lane, char *buf,
		   size_t size);
/* The name beside it, escaped: "echo", "" if it has none. */
char *tui_ident_name(const struct gtv_names *names, struct gtv_lane lane, char *buf,
		     size_t size);
/* Both: "G3 echo". */
char *tui_ident_label(const struct gtv_names *names, struct gtv_lane lane, char *buf,
		      size_t size);
int tui_ident_is_gil(const struct gtv_names *names, uint32_t lock);

#endif
