/* SPDX-License-Identifier: MIT
 *
 * Merge: many streams, each nearly in order, into one in order of time.
 *
 * A k-way heap over the streams' heads with a lateness watermark: an event
 * leaves when no stream can still deliver an earlier one. Ties are broken by
 * the object's transition number, then source, stream and position, so that the
 * same input always merges the same. What comes later than the watermark is
 * moved to it, counted, and never dropped.
 */
#ifndef GTV_MERGE_H
#define GTV_MERGE_H

#include <stddef.h>

#include "tracer/base/event.h"

struct gtv_merge;

struct gtv_merge *gtv_merge_new(void); /* Returns owned, NULL without memory */
void gtv_merge_free(struct gtv_merge *m);

/* A new stream; `order` breaks ties between streams (source, then ring).
 * Returns its index or -GTV_ENOMEM. */
int gtv_merge_stream(struct gtv_merge *m, uint64_t order);
/* Queues an event. Events within a stream may be out of order by a little: they
 * are put in their place (by going back one by one, so a source must not let a
 * hostile producer run time backwards). A late LOSS keeps the beginning of its
 * range. 0 or -GTV_ENOMEM. */
int gtv_merge_push(struct gtv_merge *m, int stream, const struct gtv_ev *ev);
/* Room at a stream's end, for who makes events in their place instead of copying them
 * there: up to `count` of them, each no earlier than the one before it and than from_ns.
 * Good until the next call that changes the merge. 0 or -GTV_ENOMEM. */
struct gtv_merge_room {
	struct gtv_ev *ev;
	size_t count;
	uint64_t from_ns;
};
int gtv_merge_room(struct gtv_merge *m, int stream, struct gtv_merge_room *room);
/* The first `count` of that room are made. */
void gtv_merge_made(struct gtv_merge *m, int stream, size_t count);
/* Takes up to max events that are due, ts <= watermark, in order. Returns how many. */
size_t gtv_merge_take(struct gtv_merge *m, uint64_t watermark_ns, struct gtv_ev *out,
		      size_t max);
/* Takes the next event that is due. 0 got one, 1 none is due. */
int gtv_merge_pop(struct gtv_merge *m, uint64_t watermark_ns, struct gtv_ev *out);
/* Events moved forward because they came after the watermark had passed. */
uint64_t gtv_merge_late(const struct gtv_merge *m);
size_t gtv_merge_queued(const struct gtv_merge *m);
/* Room for events, used or not: what a burst took is given back after it. */
size_t gtv_merge_bytes(const struct gtv_merge *m);

#endif
