/* SPDX-License-Identifier: MIT
 *
 * Attribution: where the time of each green thread and OS thread went, and for the waits
 * for locks, who had the lock meanwhile. Fed with the model's spans and edges as they
 * pass, whole or clipped to a range of time; asked at any moment, what goes on included.
 *
 * Everything conserves: a lane's states sum to its life in the range exactly, and the
 * shares of a wait sum to the wait. What the trace does not tell is a share of its own
 * (GTV_ATTR_UNKNOWN), and so is what a bound of memory did not keep apart
 * (GTV_ATTR_OTHERS); neither is ever put on somebody's account.
 */
#ifndef GTV_ATTRIBUTION_H
#define GTV_ATTRIBUTION_H

#include <stddef.h>

#include "tracer/model/model.h"

struct gtv_attribution;

/* Of [from, to) of the trace only; 0 and UINT64_MAX: all of it. Returns owned, NULL
 * without memory. */
struct gtv_attribution *gtv_attribution_new(uint64_t from_ns, uint64_t to_ns);
void gtv_attribution_free(struct gtv_attribution *a);
void gtv_attribution_span(struct gtv_attribution *a, const struct gtv_span *span);
void gtv_attribution_edge(struct gtv_attribution *a, const struct gtv_edge *edge);
/* The trace goes on: what is open in the model counts up to now_ns, until the next call.
 * Costs as much as there are lanes alive. */
void gtv_attribution_now(struct gtv_attribution *a, const struct gtv_model *m,
			 uint64_t now_ns);
/* The same a part at a time, of so many lanes: until it returns 0 some of them count up to
 * now_ns, and the others up to what was told before. *at begins with noughts. */
int gtv_attribution_now_some(struct gtv_attribution *a, const struct gtv_model *m,
			     uint64_t now_ns, struct gtv_model_at *at, size_t count);
/* There was not enough memory, or there were more lanes than are kept: figures lack some.
 */
int gtv_attribution_is_short(const struct gtv_attribution *a);

/* ---- lanes: green threads and OS threads, in the order in which they were seen ---- */

size_t gtv_attr_count(const struct gtv_attribution *a, enum gtv_lane_kind kind);
/* -1: it is not known. */
long gtv_attr_find(const struct gtv_attribution *a, struct gtv_lane lane);

struct gtv_attr_lane {
	struct gtv_lane lane;
	uint64_t from_ns, to_ns; /* of its life, what lies in the range */
	uint64_t life_ns;	 /* the sum of its states: to - from, unless its id was used
				  * again */
	uint64_t run_ns, unknown_ns;
	uint64_t wait_ns;  /* the rest: life - run - unknown */
	uint64_t runs;	   /* it came to run so often */
	uint64_t worst_ns; /* its longest wait of any kind */
};
/* kind and idx: as counted above. 0 or -GTV_ENOTFOUND. */
int gtv_attr_lane(const struct gtv_attribution *a, enum gtv_lane_kind kind, size_t idx,
		  struct gtv_attr_lane *out);

/* What a state was spent on, as far as its spans tell. */
enum gtv_attr_on {
	GTV_ATTR_NOTHING,
	GTV_ATTR_CORE,	   /* id: core */
	GTV_ATTR_WORKER,   /* tid, in whose queue it was ready */
	GTV_ATTR_LOCK,	   /* lock */
	GTV_ATTR_FD,	   /* descriptor */
	GTV_ATTR_SYSCALL,  /* system call number */
	GTV_ATTR_CALL,	   /* id of a declared call's name */
	GTV_ATTR_CHAN,	   /* channel */
	GTV_ATTR_JOIN,	   /* green thread that it waited to end */
	GTV_ATTR_JOIN_TID, /* OS thread that it waited to end */
};

struct gtv_attr_state {
	uint8_t state; /* enum gtv_state */
	uint8_t on;    /* enum gtv_attr_on: what took most of it */
	uint8_t more;  /* …of several */
	uint32_t on_id;
	uint64_t ns, spans;
	uint64_t max_ns, max_from_ns; /* the longest span, as it lies in the range */
};
/* A lane's states, most time first. Fills at most max, Returns how many there are. */
size_t gtv_attr_states(const struct gtv_attribution *a, enum gtv_lane_kind kind, size_t idx,
		       struct gtv_attr_state *out, size_t max);
/* Only their times, by enum gtv_state. */
void gtv_attr_times(const struct gtv_attribution *a, enum gtv_lane_kind kind, size_t idx,
		    uint64_t ns[GTV_ST_MAX]);

/* ---- who made it wait ---- */

struct gtv_attr_wait {
	uint32_t lock;
	uint64_t ns, waits;
	uint64_t max_ns, max_from_ns;
};
/* The locks that a lane waited for, most time first. As above. */
size_t gtv_attr_waits(const struct gtv_attribution *a, struct gtv_lane lane,
		      struct gtv_attr_wait *out, size_t max);

enum gtv_attr_why {
	GTV_ATTR_HOLDER,  /* `who` had it */
	GTV_ATTR_OTHERS,  /* others that were not kept apart had it */
	GTV_ATTR_FREE,	  /* nobody had it: it was being handed over */
	GTV_ATTR_UNKNOWN, /* the trace does not tell */
};

struct gtv_attr_share {
	uint8_t why;	     /* enum gtv_attr_why */
	struct gtv_lane who; /* green thread, or OS thread of a program without a runtime */
	uint64_t on_ns;	     /* it had the lock, and a core; FREE, UNKNOWN: all of it */
	uint64_t off_ns;     /* it had the lock, but no core */
	uint64_t handed;     /* it let the lock go, and the waiter had it next */
	/* The wait of which it took the most: how much, and when that wait began. */
	uint64_t max_ns, max_from_ns;
};
/* Who had `lock` while the lane waited for it: holders with most time first, then OTHERS,
 * FREE and UNKNOWN where they are not nought. The times sum to the wait's. As above. */
size_t gtv_attr_shares(const struct gtv_attribution *a, struct gtv_lane lane, uint32_t lock,
		       struct gtv_attr_share *out, size_t max);

/* ---- locks ---- */

struct gtv_attr_lock {
	uint32_t id;
	uint64_t from_ns, to_ns; /* what follows sums to `to - from` */
	uint64_t on_ns, off_ns, free_ns, unknown_ns;
	uint64_t waits, wait_ns; /* all waits of all waiters, each from begin to end */
	uint64_t wait_max_ns, wait_max_from_ns;
	struct gtv_lane wait_max_who;
	uint64_t handoffs;	   /* another had it next */
	uint64_t handed;	   /* …who had waited for it: these took */
	uint64_t handed_median_ns; /* to an eighth */
	uint64_t handed_max_ns, handed_max_from_ns;
	uint64_t off_times, off_max_ns, off_max_from_ns;
	/* Who waits longest for how short a hold, on average; kind 0: nobody. */
	struct gtv_lane convoy_who;
	uint64_t convoy_wait_ns, convoy_hold_ns;
};
size_t gtv_attr_lock_count(const struct gtv_attribution *a);
int gtv_attr_lock(const struct gtv_attribution *a, size_t idx, struct gtv_attr_lock *out);

struct gtv_attr_holder {
	struct gtv_lane who; /* kind 0: all that were not kept apart */
	uint64_t on_ns, off_ns, takes;
	uint64_t off_times, off_max_ns, off_max_from_ns;
	uint32_t taker; /* the OS thread that took its core for longest; 0: asleep, or not
			 * known */
};
/* Who had it, most time first. As above. */
size_t gtv_attr_holders(const struct gtv_attribution *a, uint32_t lock,
			struct gtv_attr_holder *out, size_t max);

/* Who waited for whom: every pair that was kept apart, for the table of hand-offs and for
 * the victims of a holder without a core. As above, most time off core, then most
 * hand-offs first. */
struct gtv_attr_pair {
	struct gtv_lane from, to; /* holder and waiter */
	uint64_t on_ns, off_ns, handed;
};
size_t gtv_attr_pairs(const struct gtv_attribution *a, uint32_t lock,
		      struct gtv_attr_pair *out, size_t max);

#endif
