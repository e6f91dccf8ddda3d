/* SPDX-License-Identifier: MIT
 *
 * A part of a trace, [from, to), read through a model: what lies before it only brings the
 * model there, and whoever listens hears of the part alone. What goes on across its edges
 * is cut there, so that the parts of a trace sum to all of it.
 */
#ifndef GTV_CMD_PART_H
#define GTV_CMD_PART_H

#include "tracer/cmd/walk.h"
#include "tracer/model/model.h"

struct gtv_part_reader {
	uint64_t from_ns, to_ns;
	struct gtv_model *model;    /* set by the caller, before anything is taken */
	struct gtv_model_sink sink; /* whose; told nothing before from_ns */
	int begun, over;	    /* over: what follows is behind it */
};

/* The sink for the part's model. Borrows p; copies sink. */
struct gtv_model_sink gtv_part_sink(struct gtv_part_reader *p,
				    const struct gtv_model_sink *sink);
/* Restores the model from the last checkpoint before the part, and begins the walk (not yet
 * begun) there. 0, or -GTV_E*; the walk's fini in either case. */
int gtv_part_seek(struct gtv_part_reader *p, struct gtv_walk *walk,
		  const struct gtv_store *store);
/* Feeds the model what of the item lies before the part, and cuts the item to what is in
 * it: 1, or 0 if that is nothing. */
int gtv_part_take(struct gtv_part_reader *p, struct gtv_walk_item *item);
/* Nothing more comes, the trace ends at end_ns: when the part does. To be called before the
 * model's finish. */
uint64_t gtv_part_end(struct gtv_part_reader *p, uint64_t end_ns);

#endif
