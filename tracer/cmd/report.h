/* SPDX-License-Identifier: MIT
 *
 * A trace read from end to end, once, through the model: what `report` prints
 * and what `check` judges. Damage is told to the model as gaps, where it lies.
 */
#ifndef GTV_CMD_REPORT_H
#define GTV_CMD_REPORT_H

#include <stdio.h>

#include "runtime/abi/gtv_ring.h"

#include "tracer/base/names.h"
#include "tracer/cmd/walk.h"
#include "tracer/model/findings.h"
#include "tracer/model/model.h"

struct gtv_report {
	const struct gtv_store *store;
	const struct gtv_names *names;
	struct gtv_model *model; /* fed and finished */
	struct gtv_findings *findings;
	struct gtv_report_calls *calls; /* NULL: none were recorded */
	struct gtv_latency *latency;	/* NULL: not asked for (check) */
	struct gtv_report_tee *tee;	/* feeds it, and waits */
	struct gtv_report_waits *waits; /* NULL: not asked for */
	int with_waits; /* set by the caller before it reads, else 0: of however
			 * many events */
	struct gtv_store_info info;
	struct gtv_store_stats stats;
	uint64_t start_ns; /* times are shown relative to it */
	uint64_t end_ns;   /* of the last event */
	int is_part;	   /* of [from, to) only; else from is start, to is end */
	uint64_t from_ns, to_ns;
	uint64_t events;     /* decoded */
	uint64_t gap_count;  /* parts of the file that could not be read */
	uint64_t bad_blocks; /* of these, blocks whose place is known */
	uint64_t gap_bytes, gap_ns;
	uint64_t user_lost[GTV_EV_MAX]; /* told by LOSS events; 0: of unknown kind */
	uint64_t kernel_lost[GTV_EV_MAX];
};

/* Called for each part of the trace before the model sees it. */
typedef void gtv_report_item_fn(void *arg, const struct gtv_walk_item *item);

/* A flight recorder's trace (--ring) begins with a checkpoint: gives it to the model, and
 * returns its time; 0: there is none. */
uint64_t gtv_report_begin(struct gtv_model *model, const struct gtv_store *store);

/* Borrows store; each may be NULL: then latencies are counted too. 0, or -GTV_E* and err;
 * fini in either case. */
int gtv_report_read(struct gtv_report *r, const struct gtv_store *store,
		    gtv_report_item_fn *each, void *arg, struct gtv_err *err);
/* The same of [from_ns, to_ns) only, cut to the trace; what goes on across its edges is cut
 * there, and the latencies are of what ended in it. -GTV_EUSAGE: there is nothing of it. */
int gtv_report_read_part(struct gtv_report *r, const struct gtv_store *store,
			 uint64_t from_ns, uint64_t to_ns, struct gtv_err *err);
void gtv_report_fini(struct gtv_report *r);

/* Lost events, all kinds and sources. */
uint64_t gtv_report_lost(const struct gtv_report *r);
/* "exited 0", "killed by signal 9", "still running when the trace ends". */
char *gtv_report_exit(const struct gtv_report *r, char *buf, size_t size);
/* The policy of the traced program's process, "" if it has none. Raw: escape. */
void gtv_report_policy(const struct gtv_report *r, char policy[GTV_KIND_BYTES]);

/* design: `report` and `report --json`. 0, or 1 without memory. */
int gtv_report_text(const struct gtv_report *r, FILE *f);
int gtv_report_json(const struct gtv_report *r, FILE *f);
/* What it found, worst first, and what it checked. 0, or 1 without memory. */
int gtv_report_findings(const struct gtv_report *r, FILE *f);
/* The rules, for the manual: a key or a threshold a line. */
void gtv_report_rules_man(FILE *f);
/* The list: Returns owned, *count of them; NULL without memory. found: bits 1 << kind of
 * all there are, and *count may be less. */
struct gtv_finding *gtv_report_list_findings(const struct gtv_report *r, size_t *count,
					     uint32_t *found);

/* The states whose times a report of green threads gives at this level, in the
 * order of the attribution bars; ends with GTV_ST_NONE. */
const uint8_t *gtv_report_states(int level);
/* ns a lock's owner was off its core. */
static inline uint64_t gtv_report_held_off(const struct gtv_lock_totals *lock)
{
	return lock->held_preempted_ns + lock->held_asleep_ns;
}
/* The end of what is reported of. */
static inline uint64_t gtv_report_end(const struct gtv_report *r)
{
	return r->to_ns < r->end_ns ? r->to_ns : r->end_ns;
}
/* It was there in the part that is reported of (model.h: times of nought). */
static inline int gtv_report_has(const struct gtv_report *r, uint64_t end_ns)
{
	return !r->is_part || end_ns;
}
/* Something was told of it: a futex may be numbered and then not waited for. */
static inline int gtv_report_lock_told(const struct gtv_report *r,
				       const struct gtv_lock_totals *lock)
{
	return gtv_report_has(r, lock->end_ns) && (!lock->addr || lock->waits);
}

#endif
