/* SPDX-License-Identifier: MIT
 *
 * What was to be seen in a recorded run, as plain numbers: all from the trace, by the
 * model's spans, regions, marks and counts.
 */
#ifndef GTV_DEMO_SEEN_H
#define GTV_DEMO_SEEN_H

#include <stdint.h>

#include "tracer/base/err.h"

/* What can be asked. The subject is the name of a region or mark, or "NAME:STATE" where
 * NAME is how the names of green threads begin ("": all). Times are ns. */
enum gtv_seen_kind {
	GTV_SEEN_REGION_SUM,
	GTV_SEEN_REGION_MEAN,
	GTV_SEEN_REGION_MAX,
	GTV_SEEN_REGION_COUNT,
	GTV_SEEN_REGION_PEAK, /* so many were open at once */
	GTV_SEEN_REGION_RATE, /* a second, from the first's begin to the last's end */
	GTV_SEEN_REGION_EACH, /* "NAME/MARK": its sum, a MARKth of it (MARK=NUMBER) */
	GTV_SEEN_MARKS,	      /* how often */
	GTV_SEEN_VALUE,	      /* of the last mark NAME=NUMBER */
	GTV_SEEN_COUNT,	      /* a counter of the events, by its name */
	GTV_SEEN_STATE_SUM,
	GTV_SEEN_STATE_MEAN,
	GTV_SEEN_STATE_MAX,
	GTV_SEEN_STATE_COUNT,
	GTV_SEEN_STATE_SHARE, /* of their lives */
	GTV_SEEN_BUSY,	      /* so many of those green threads ran at once, on average */
	GTV_SEEN_SENDER,     /* which of those started sent first into a channel: 1, 2… */
	GTV_SEEN_MIGRATIONS, /* of the program's OS threads */
	GTV_SEEN_OS_SWITCHES, /* times its OS threads left a core */
	GTV_SEEN_OS_THREADS,  /* how many it had */
	GTV_SEEN_LOCK_TAKES,  /* of the lock of that name; if there is a
			       * region of that name, while it lasts */
	GTV_SEEN_LOCK_RATIO,  /* who took it most, to who took it least */
	GTV_SEEN_LOCK_WORST,  /* the longest from one's unlock to one's next lock */
};

struct gtv_seen;

/* Reads a whole trace. Returns owned, NULL and err. */
struct gtv_seen *gtv_seen_read(const char *file, struct gtv_err *err);
void gtv_seen_free(struct gtv_seen *seen);
/* 0, or -GTV_ENOTFOUND: there was no such thing. */
int gtv_seen_ask(const struct gtv_seen *seen, enum gtv_seen_kind kind, const char *subject,
		 double *value);
/* Of the trace: its kernel level (-1: simulated), and the events that were lost. */
int gtv_seen_level(const struct gtv_seen *seen);
uint64_t gtv_seen_lost(const struct gtv_seen *seen);

#endif
