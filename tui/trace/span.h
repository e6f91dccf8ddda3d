/* SPDX-License-Identifier: MIT
 *
 * The selected span, read when there is time: in a crowd it takes many frames to decode
 * what one lane does. A lane is selected at once; its span at once too where it is known,
 * else (t->sought.later, the loop's) between frames until it is, or another is selected.
 */
#ifndef TUI_TRACE_SPAN_H
#define TUI_TRACE_SPAN_H

#include "tui/trace/trace.h"

/* Selects what the lane does at a time. 0, also if that is still sought; -GTV_ENOTFOUND: it
 * is selected without a span, for it is not alive then; or another -GTV_E*. */
int tui_span_select(struct tui_trace *t, struct gtv_lane lane, uint64_t at_ns);
/* The same of the lane that is selected already: nothing to undo. */
int tui_span_read(struct tui_trace *t, struct gtv_lane lane, uint64_t at_ns);
/* From the selected span to the next (dir > 0) or the one before. As tui_span_select, but
 * where there is none the selected one stays. */
int tui_span_step(struct tui_trace *t, int dir);
/* The span that is sought does not move the cursor, nor the window. */
void tui_span_stay(struct tui_trace *t);
/* The selected span was open: it may have gone on since. */
void tui_span_renew(struct tui_trace *t);
/* Whether one is sought; reads on for about so long, or until `stop` says so. Returns
 * whether what is selected has changed. */
int tui_span_unread(const struct tui_trace *t);
int tui_span_read_on(struct tui_trace *t, uint64_t budget_ns, int (*stop)(void *arg),
		     void *arg);
/* The looks of a key: a few milliseconds if what takes long is read later. */
void tui_span_hurry(struct tui_trace *t);

#endif
