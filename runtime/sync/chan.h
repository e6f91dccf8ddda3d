/* SPDX-License-Identifier: MIT
 *
 * The inside of channels, for what does more with them than send and receive: select,
 * tickers.
 *
 * Who waits lies in one of a channel's two lines. A select lies in several at once: who
 * takes it out of one must claim it first, and it leaves the others by itself when it
 * goes on.
 */
#ifndef GT_CHAN_H
#define GT_CHAN_H

#include "runtime/core/rt.h"

#define GT__ELEM_BYTES_MAX ((size_t)1 << 20)

/* A select: which of its cases it is. */
struct gt__selection {
	uint32_t state; /* atomic: enum gt__selection_state */
	struct gt__side *winner;
};

enum gt__selection_state { GT__SELECT_OPENING, GT__SELECT_OPEN, GT__SELECT_CLAIMED };

enum { GT__SIDE_OUT, GT__SIDE_QUEUED, GT__SIDE_LEFT /* was cancelled */ };

/* One side that waits, on its own stack. */
struct gt__side {
	struct gt__side *next, *prev;
	struct gt *gt;
	struct gt__selection *selection; /* NULL: waits for this only */
	void *to;			 /* receiver: where the element goes, may be NULL */
	const void *from;		 /* sender: where it lies */
	uint32_t peer;	 /* who was on the other side, 0: the buffer, or closed */
	uint32_t queued; /* in the line: GT__SIDE_* */
	int done;	 /* passed on; else the channel was closed */
};

struct gt__line {
	struct gt__side *first, *last;
};

struct gt_chan {
	uint32_t guard, id;
	size_t elem_bytes, capacity;
	size_t head, count; /* of the buffer, in elements */
	int closed;
	struct gt__line senders, receivers;
	char name[GT__NAME_BYTES];
	uint32_t told;	       /* the trace knows its name */
	struct gt__link *link; /* another process has its other end (link.h); else NULL */
	char buffer[];
};

void gt__line_add(struct gt__line *line, struct gt__side *side);
void gt__line_remove(struct gt__line *line, struct gt__side *side);

/* Without waiting, the guard held: 0, -EPIPE: closed, -EAGAIN: would have to wait. *wake
 * is then whom the caller makes ready, once the guard is released; NULL nobody. */
int gt__chan_try_send(struct gt__os *os, struct gt_chan *ch, const void *elem,
		      struct gt **wake);
int gt__chan_try_recv(struct gt__os *os, struct gt_chan *ch, void *elem, struct gt **wake);
/* What a receiver that waited has to say and to return once it goes on. */
int gt__chan_received(struct gt__os *os, struct gt_chan *ch, const struct gt__side *side);

#endif
