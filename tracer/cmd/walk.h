/* SPDX-License-Identifier: MIT
 *
 * A walk over a trace in order of time: decoded blocks, and between them the
 * parts that could not be read. What report, check and events have in common.
 */
#ifndef GTV_CMD_WALK_H
#define GTV_CMD_WALK_H

#include "tracer/store/store.h"

struct gtv_walk_gap;
struct gtv_walk_ahead;

struct gtv_walk {
	const struct gtv_store *store;
	struct gtv_ev *evs;	   /* of the block that was read last */
	struct gtv_walk_gap *gaps; /* by time */
	size_t block, gap, gap_count;
	uint64_t done_ns;	      /* the end of that block */
	struct gtv_walk_ahead *ahead; /* decodes the next block meanwhile; NULL: nobody */
};

struct gtv_walk_item {
	uint64_t from_ns, to_ns;
	int gap;	    /* nothing is known of [from, to]; else a block: */
	int block_damaged;  /* the gap is a block that the index knows */
	uint64_t gap_bytes; /* of the file; 0 where the block's size is not known */
	struct gtv_block_info block;
	const struct gtv_ev *evs; /* Borrows until the next step */
	size_t count;
};

/* Starts at the first block that reaches from_ns. Borrows store. 0 or
 * -GTV_ENOMEM; fini in either case. */
int gtv_walk_init(struct gtv_walk *w, const struct gtv_store *store, uint64_t from_ns);
/* 0 an item, 1 the end, or -GTV_E* where the file cannot be read any more. */
int gtv_walk_next(struct gtv_walk *w, struct gtv_walk_item *item);
void gtv_walk_fini(struct gtv_walk *w);

#endif
