/* SPDX-License-Identifier: MIT
 *
 * Records of the kernel's tracepoints, as perf.data and trace.dat hold them, by their
 * own formats: libtraceevent parses those, and of them is kept what a record is read
 * by. What a thread's state means is decoded from the event's own print format.
 */
#ifndef GTV_IMPORT_TEP_H
#define GTV_IMPORT_TEP_H

#include "tracer/import/feed.h"

struct tep_handle;
struct gtv__tep;

/* Where and when a record was made. */
struct gtv__tep_at {
	uint64_t ts_ns;
	int core;
	uint32_t pid, tid; /* of the thread, 0: not known */
};

/* Looks up the scheduler's events among those that `tep` knows (Borrows, only during
 * the call). Returns owned, NULL without memory. */
struct gtv__tep *gtv__tep_new(struct tep_handle *tep);
void gtv__tep_free(struct gtv__tep *t);
/* Whether there is anything to read. */
int gtv__tep_any(const struct gtv__tep *t);
/* Whether the file has tracepoints of this kind of ours (K_FORK, K_EXEC, K_EXIT). */
int gtv__tep_tells(const struct gtv__tep *t, unsigned kind);
/* One record's raw bytes. 0 (also if it is none of ours), or -GTV_ENOMEM. */
int gtv__tep_record(struct gtv__tep *t, struct gtv__feed *f, const struct gtv__tep_at *at,
		    const void *raw, size_t size);

#endif
