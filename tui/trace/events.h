/* SPDX-License-Identifier: MIT
 *
 * Fills the list of events (events.h) from a trace. Only the blocks around the chosen
 * event are read, so a trace of a hundred million events is scrolled as one of a
 * thousand; with a filter, as much as it takes to fill the screen, in pieces.
 */
#ifndef TUI_TRACE_EVENTS_H
#define TUI_TRACE_EVENTS_H

#include "tui/scene/events.h"
#include "tui/trace/trace.h"

/* For the pane: see trace/panes.h. */
int tui_trace_read_events(struct tui_trace *t, uint64_t budget_ns);
int tui_trace_events_unread(const struct tui_trace *t);
void tui_trace_forget_events(struct tui_trace *t);

/* Chooses the event so many rows on (back: negative), and brings the timeline's cursor
 * there. 0 at either end. */
int tui_trace_choose_event(struct tui_trace *t, int by);
/* The event at the cursor's time that was found is number idx of the block: the list, now
 * or when it is opened, chooses it, and not the first of that nanosecond. */
void tui_trace_place_event(struct tui_trace *t, size_t block, uint32_t idx);
/* Selects in the timeline what did the chosen event, at its time. 0, or -GTV_ENOTFOUND:
 * there is none. */
int tui_trace_show_event(struct tui_trace *t);

#endif
