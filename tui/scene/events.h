/* SPDX-License-Identifier: MIT
 *
 * What the events view shows, as data: the events around the chosen one that the filter
 * wants, in order of time. trace/events.c reads them from a trace; the view only draws.
 */
#ifndef TUI_SCENE_EVENTS_H
#define TUI_SCENE_EVENTS_H

#include "tracer/base/event.h"
#include "tui/scene/filter.h"
#include "tui/scene/range.h"

#define TUI_EVENT_TEXT 200

struct tui_event_row {
	struct gtv_ev ev; /* kind 0: here a block of events cannot be read */
	size_t block;
	uint32_t idx;		   /* in that block */
	int told;		   /* text is there: it is for rows near the chosen one */
	char text[TUI_EVENT_TEXT]; /* the kind's own fields, escaped */
};

struct tui_events_reader;

struct tui_events {
	struct tui_event_row *row; /* the first of them; count may be 0 */
	size_t count, chosen;
	int at_begin, at_end;	      /* nothing is before the first row, behind the last */
	int looking;		      /* for more that would be shown */
	uint64_t looked_ns;	      /* so far */
	uint64_t number, all;	      /* which of all events the chosen one is, from 1 */
	int is_live;		      /* it follows the end */
	struct tui_range range;	      /* what of the trace is listed */
	char filter[TUI_FILTER_TEXT]; /* "": all events */
	struct tui_events_reader *reader;
};

#endif
