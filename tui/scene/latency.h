/* SPDX-License-Identifier: MIT
 *
 * What the latency view draws from: the histograms of the trace or of a stretch of it,
 * and which of them, which bucket and which case is chosen.
 */
#ifndef TUI_SCENE_LATENCY_H
#define TUI_SCENE_LATENCY_H

#include "tracer/model/latency.h"
#include "tui/scene/range.h"

struct tui_latency_reader;

struct tui_latency {
	struct gtv_latency *data; /* NULL: nothing was read yet */
	struct tui_range range;	  /* what of the trace is, or will be, counted */
	uint64_t from_ns;	  /* …begins here */
	uint64_t upto_ns;	  /* read so far */
	unsigned generation;	  /* of data: rises when it is made anew */
	int done, failed;	  /* done: no more will come */
	int caught_up;		  /* all there is now was read */
	/* What is chosen. */
	unsigned kind;
	int bucket[GTV_LAT_MAX]; /* or TUI_HISTOGRAM_MOST */
	int log;
	int listing; /* the worst of the bucket are listed */
	size_t row;  /* of these */
	struct tui_latency_reader *reader;
};

/* The colour of a kind's bars. */
int tui_latency_role(unsigned kind);
/* How much of it was read, "" if all. Returns buf. */
char *tui_latency_progress(const struct tui_latency *lat, char *buf, size_t size);
/* What there is something of, in order; at most GTV_LAT_MAX. Returns how many. */
int tui_latency_kinds(const struct tui_latency *lat, unsigned *out);
/* The kind that is shown as chosen: itself, or the first there is; -1: there is none. */
int tui_latency_chosen(const struct tui_latency *lat);

#endif
