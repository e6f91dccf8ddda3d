/* SPDX-License-Identifier: MIT
 *
 * What of a file `check` recomputes: the state that a checkpoint holds, and the times
 * that zoom tiles sum up. A model of its own is fed with the events; what it says must
 * be what the recorder's said.
 */
#ifndef GTV_CMD_CHECK_MODEL_H
#define GTV_CMD_CHECK_MODEL_H

#include "tracer/cmd/walk.h"
#include "tracer/model/model.h"
#include "tracer/model/zoom.h"

struct gtv_recheck;

/* Borrows store. NULL without memory. */
struct gtv_recheck *gtv_recheck_new(const struct gtv_store *store);
void gtv_recheck_free(struct gtv_recheck *c);
/* The next part of the trace, as gtv_walk_next gives it. After a gap nothing is
 * comparable any more. */
void gtv_recheck_item(struct gtv_recheck *c, const struct gtv_walk_item *item);
/* The trace is over; end_ns: of its last event. */
void gtv_recheck_finish(struct gtv_recheck *c, uint64_t end_ns);

/* Checkpoints that are not the state there: how many, and when the first is. */
uint64_t gtv_recheck_checkpoints(const struct gtv_recheck *c, uint64_t *first_ns);
/* Whether the level's tiles sum to other times than the spans that they stand for. */
int gtv_recheck_zoom(const struct gtv_recheck *c, unsigned level);

#endif
