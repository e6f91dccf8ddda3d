/* SPDX-License-Identifier: MIT
 *
 * Picking events: a filter (filter.h) made ready for events by the rules of `gtviz events`,
 * and a scan that goes through a store from any place, either way, for those it wants. A
 * scan is asked in small steps, so that whoever asks can stop.
 */
#ifndef TUI_TRACE_PICK_H
#define TUI_TRACE_PICK_H

#include "tracer/cmd/events.h"
#include "tracer/store/store.h"
#include "tui/scene/filter.h"

#define TUI_PICK_WAYS 5

/* A word of the filter: any of its ways will do. */
struct tui_pick_term {
	struct gtv_events_filter way[TUI_PICK_WAYS];
	int ways, negate;
	char text[TUI_FILTER_WORD]; /* a mark's or region's text is like this; "": no matter
				     */
};

struct tui_pick {
	struct tui_pick_term term[TUI_FILTER_TERMS];
	int count;
};

/* Words of rows (state:, busy) do not matter for events. 0 or -GTV_ENOMEM; fini in either
 * case. Names that come later are not known to it: to be made anew then. */
int tui_pick_init(struct tui_pick *pick, const struct tui_filter *filter,
		  const struct gtv_names *names);
void tui_pick_fini(struct tui_pick *pick);
int tui_pick_wants(const struct tui_pick *pick, const struct gtv_ev *ev);

struct tui_scan {
	const struct gtv_store *store;
	struct gtv_ev *evs; /* of the block read last */
	size_t loaded;	    /* which that is, SIZE_MAX none */
	long count;	    /* of its events; < 0: it cannot be read */
	size_t block;	    /* the next event to look at: forward this one, */
	uint32_t idx;	    /* backward the one before it */
};

enum tui_scanned {
	TUI_SCAN_END,	/* there is no more, or not yet */
	TUI_SCAN_FOUND, /* *out, which is number *idx of *block */
	TUI_SCAN_GAP,	/* *block cannot be read: out->ts_ns is when it begins */
	TUI_SCAN_ON,	/* none yet, but there is more to look at */
};

/* At the first event at or after ts_ns. Borrows store. 0 or -GTV_ENOMEM; fini in either
 * case. */
int tui_scan_init(struct tui_scan *scan, const struct gtv_store *store, uint64_t ts_ns);
void tui_scan_fini(struct tui_scan *scan);
/* To the first event at or after ts_ns (UINT64_MAX: behind the last). */
void tui_scan_seek(struct tui_scan *scan, uint64_t ts_ns);
/* The next (dir > 0) or previous event that pick (NULL: any) wants; at most about a block
 * of events is looked at. */
enum tui_scanned tui_scan_step(struct tui_scan *scan, const struct tui_pick *pick, int dir,
			       struct gtv_ev *out, size_t *block, uint32_t *idx);

#endif
