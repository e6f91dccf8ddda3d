/* SPDX-License-Identifier: MIT
 *
 * Inside attribution.
 *
 *   attribution.c        lanes and their states; life, the answers about lanes
 *   attribution_lock.c   a lock's past, and what of it fell into whose wait
 *   attribution_ask.c    the answers about waits and locks
 *
 * A wait is told when it ends, a lock's span too, and either may come first. So a lock
 * keeps its past as far back as somebody may still wait since then: pieces of time with
 * an account each (a holder on core, a holder off core, nobody, unknown), and every so
 * often the sums of all accounts up to there. A wait that ends takes, of each account, the
 * sum at its end less the sum at its begin: no more work for a wait that saw a hundred
 * thousand holds than for one that saw a hundred.
 */
#ifndef GTV_ATTRIBUTION_PRIV_H
#define GTV_ATTRIBUTION_PRIV_H

#include "tracer/model/attribution.h"
#include "tracer/model/model_priv.h"

#define GTV__A_LANES   (1u << 18) /* more are not kept */
#define GTV__A_LOCKS   (1u << 16)
#define GTV__A_PAIRS   (1u << 20) /* of these an eighth with a name: 75 MB */
#define GTV__A_HOLDERS 64	  /* of a lock that are kept apart */
#define GTV__A_CHUNK   256	  /* pieces of a lock's past between two sums */
#define GTV__A_CHUNKS  1024	  /* of a lock */
#define GTV__A_BUCKETS 512	  /* of hand-over times: eight to a doubling */

struct gtv__a_state {
	struct gtv__a_state *next;
	uint8_t state;
	uint64_t ns, spans, max_ns, max_from_ns;
	struct {
		uint64_t what; /* enum gtv_attr_on << 32 | id */
		uint64_t ns;
	} on[2];
	uint64_t other_ns; /* on what was neither */
};

struct gtv__a_lane {
	struct gtv_lane lane;
	uint32_t pairs; /* the first + 1 */
	uint32_t epoch; /* of `open` */
	uint64_t from_ns, to_ns;
	struct gtv__a_state *states;
	struct gtv_span open;
};

/* Accounts of a lock: these, then two for each holder. */
enum { GTV__A_FREE, GTV__A_UNKNOWN, GTV__A_OTHERS_ON, GTV__A_OTHERS_OFF, GTV__A_FIXED };

struct gtv__a_piece {
	uint64_t to_ns;
	uint32_t account;
};

struct gtv__a_chunk {
	uint64_t from_ns;
	uint64_t *sum; /* up to from_ns, by account */
	uint32_t accounts, count, cap;
	struct gtv__a_piece *piece;
};

/* A wait that ended before the lock's span did. */
struct gtv__a_late {
	struct gtv__a_lane *waiter;
	uint64_t from_ns, to_ns;
};

struct gtv__a_holder {
	struct gtv_lane who;
	uint64_t on_ns, off_ns, takes; /* in the range, as all that follows */
	uint64_t off_times, off_max_ns, off_max_from_ns;
	uint64_t taker_ns, other_ns; /* of the one, and of others */
	uint32_t taker;
};

struct gtv__a_lock {
	uint32_t id;
	uint32_t epoch; /* of `open` */
	struct gtv_span open;
	uint64_t from_ns, to_ns;      /* in the range */
	uint64_t ns[GTV__A_FIXED];    /* FREE, UNKNOWN, and all holders on and off core */
	struct gtv__a_holder *holder; /* the first is who was not kept apart */
	uint32_t holders, holder_cap, last_holder;
	uint64_t held_ns;    /* the present or last holder has had it since */
	uint64_t last_to_ns; /* the last span told: its end and account */
	uint32_t last_account;
	uint64_t off_from_ns;	    /* the last stretch off core began */
	uint64_t *sum;		    /* up to told_ns; room for all accounts of holder_cap */
	uint64_t begin_ns, told_ns; /* its past: from when to when */
	struct gtv__a_chunk *chunk;
	uint32_t chunks, chunk_cap;
	uint32_t quiet; /* nobody waited in some of that chunk: its number since the first +
			   1 */
	uint32_t dropped;
	struct gtv__a_late *late; /* in the order in which they ended */
	size_t late_first, late_count, late_cap;
	uint32_t pairs; /* the first + 1 */
	uint64_t waits, wait_ns, wait_max_ns, wait_max_from_ns;
	struct gtv_lane wait_max_who;
	uint64_t handoffs, handed, handed_max_ns, handed_max_from_ns;
	uint32_t *bucket; /* of hand-over times; NULL: none yet */
};

/* A waiter, a lock, and a holder (kind 0: id is enum gtv_attr_why; the total of all the
 * waiter's waits for the lock is GTV__A_ALL). */
#define GTV__A_ALL 16u
struct gtv__a_pair {
	struct gtv__a_lane *waiter;
	struct gtv_lane who;
	uint32_t lock;
	uint32_t next, next_of_lock; /* + 1 */
	uint64_t on_ns, off_ns;	     /* ALL: on is the time */
	uint64_t times;		     /* handed over; ALL: waits */
	uint64_t max_ns, max_from_ns;
	uint64_t last_ns; /* ALL: the end of the last wait */
};

struct gtv_attribution {
	uint64_t from_ns, to_ns;
	int is_short;
	uint32_t epoch;
	uint64_t now_ns;
	struct gtv__map gt_map, thread_map, lock_map;
	struct gtv__pool gts, threads, locks, states;
	struct gtv__a_pair *pair;
	uint32_t pairs, pair_cap;
	uint32_t *slot; /* by hash: pair + 1 */
	uint32_t slots;
};

/* [from, to) within the range: 1, or 0 if nothing is left. */
int gtv__a_clip(const struct gtv_attribution *a, uint64_t *from_ns, uint64_t *to_ns);
struct gtv__a_lane *gtv__a_lane(const struct gtv_attribution *a, struct gtv_lane lane);
/* Of an open span, that of now; else NULL. */
const struct gtv_span *gtv__a_open(const struct gtv_attribution *a,
				   const struct gtv_span *open, uint32_t epoch);
/* The lock that a green thread or OS thread waits for in this span, 0 none. */
uint32_t gtv__a_lock_of(const struct gtv_span *s);

/* attribution_lock.c */
struct gtv__a_lock *gtv__a_lock(struct gtv_attribution *a, uint32_t id); /* made */
struct gtv__a_lock *gtv__a_lock_find(const struct gtv_attribution *a, uint32_t id);
void gtv__a_lock_span(struct gtv_attribution *a, const struct gtv_span *s);
void gtv__a_lock_wait(struct gtv_attribution *a, struct gtv__a_lane *waiter, uint32_t lock,
		      uint64_t from_ns, uint64_t to_ns);
void gtv__a_lock_free(struct gtv__a_lock *l);
struct gtv__a_pair *gtv__a_pair_find(const struct gtv_attribution *a,
				     const struct gtv__a_lane *waiter, uint32_t lock,
				     struct gtv_lane who);
/* Adds to out[] what each account had of [from, to) of the lock's told past; Returns how
 * much of it was told. */
uint64_t gtv__a_lock_past(const struct gtv__a_lock *l, uint64_t from_ns, uint64_t to_ns,
			  uint64_t *out);
/* The account of a span of a lock; made: its holder is added. */
uint32_t gtv__a_account(struct gtv_attribution *a, struct gtv__a_lock *l,
			const struct gtv_span *s, int made);
/* How long hand-overs took, by bucket: its middle. */
uint64_t gtv__a_bucket_ns(unsigned bucket);

#endif
