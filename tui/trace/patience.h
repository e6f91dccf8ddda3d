/* SPDX-License-Identifier: MIT
 *
 * Frames that are there at once: what a window shows may take long to decode, so the
 * screen looks with patience for a few milliseconds only, draws what is known by then,
 * and goes on reading between frames. `shot` and tests have all the patience of the world.
 */
#ifndef TUI_TRACE_PATIENCE_H
#define TUI_TRACE_PATIENCE_H

#include "tui/trace/trace.h"

/* All of these do nothing while no trace is open. From here on looks of the trace's windows
 * end after about budget_ns in sum, or sooner when `stop` (may be NULL) says so. */
void tui_trace_hurry(struct tui_trace *t, uint64_t budget_ns, int (*stop)(void *arg),
		     void *arg);
/* Looks are whole again. */
void tui_trace_whole(struct tui_trace *t);
/* Whether the last looks were not whole. */
int tui_trace_unread(const struct tui_trace *t);
/* Goes on with them for about so long. Returns whether there was anything to do. */
int tui_trace_read_on(struct tui_trace *t, uint64_t budget_ns, int (*stop)(void *arg),
		      void *arg);

/* What came to a live trace that is followed since the last frame, before the next one is
 * drawn: a frame's own patience is too short for all of it, and its newest part would never
 * be seen. cells: of time across. */
void tui_trace_read_newest(struct tui_trace *t, int cells, uint64_t budget_ns,
			   int (*stop)(void *arg), void *arg);

#endif
