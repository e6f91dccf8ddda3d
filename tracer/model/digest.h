/* SPDX-License-Identifier: MIT
 *
 * A digest: the few figures by which one trace is set beside another. Who is who in both
 * is found by names: two runs of a program have the same ones in the same order, and other
 * numbers.
 */
#ifndef GTV_DIGEST_H
#define GTV_DIGEST_H

#include "tracer/base/names.h"
#include "tracer/model/model.h"

/* One green thread, or in a trace without them one OS thread of the program. */
struct gtv_digest_lane {
	struct gtv_lane lane;
	uint64_t first_ns, end_ns;
	int ended; /* by itself, before the trace did */
	uint64_t run_ns;
	uint64_t lock_ns; /* waited for locks and GILs */
	/* From ready to running, each time: its waits for a core or worker. */
	uint64_t ready_ns, ready_count;
	uint64_t ready_max_ns, ready_max_at_ns;
};

/* Of all of them. */
struct gtv_digest_totals {
	uint64_t duration_ns; /* from the first lane's birth to the last one's end */
	uint64_t run_ns, lock_ns, ready_ns;
	uint64_t switches;  /* of green threads; without them, of OS threads */
	uint64_t preempted; /* the kernel took the core from one of ours */
	uint64_t handoffs;
	uint64_t core_ns, busy_ns; /* of cores that are known: all, and the program's */
	uint64_t off_core_ns;	   /* locks held by one that had no core */
};

struct gtv_digest;

/* Returns owned, NULL without memory. */
struct gtv_digest *gtv_digest_new(void);
void gtv_digest_free(struct gtv_digest *d);
/* For the sink of the model that reads the trace. 0 or -GTV_ENOMEM. */
int gtv_digest_span(struct gtv_digest *d, const struct gtv_span *span);
/* Takes the model's totals, once it is finished. 0 or -GTV_ENOMEM. */
int gtv_digest_finish(struct gtv_digest *d, const struct gtv_model *m);

/* By number. Borrows until the next call that is not const. */
const struct gtv_digest_lane *gtv_digest_lanes(const struct gtv_digest *d, size_t *count);
const struct gtv_digest_lane *gtv_digest_lane(const struct gtv_digest *d,
					      struct gtv_lane lane);
const struct gtv_digest_totals *gtv_digest_get_totals(const struct gtv_digest *d);

/* The same one in two traces: id[0] in the first, id[1] in the second; has says in which
 * of them it is. By name, and of the same name by order. */
struct gtv_match {
	uint8_t kind; /* enum gtv_lane_kind */
	uint8_t has[2];
	uint32_t id[2];
};
/* Green threads, the program's OS threads, or locks, in the order of the first trace, then
 * what only the second has. Returns how many there are, fills at most max. Looks at the
 * first GTV_MATCH_NAMES of each trace. */
#define GTV_MATCH_NAMES 4096
size_t gtv_digest_match(const struct gtv_names *a, const struct gtv_names *b,
			enum gtv_lane_kind kind, struct gtv_match *out, size_t max);

#endif
