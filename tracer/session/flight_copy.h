/* SPDX-License-Identifier: MIT
 *
 * What the flight recorder keeps, made into a trace: its events once more through a model
 * that begins with the state of the first of them, so that zoom summaries and checkpoints
 * are those of just this trace.
 */
#ifndef GTV_SESSION_FLIGHT_COPY_H
#define GTV_SESSION_FLIGHT_COPY_H

#include "tracer/base/err.h"
#include "tracer/store/store.h"

struct gtv_flight_copy {
	const struct gtv_store *from; /* drops nothing meanwhile; may grow */
	size_t blocks, outputs;	      /* up to here: what comes later is not in it */
	uint64_t end_ns;	      /* at or after the last event */
	int wait_status;	      /* -1: not known */
	int fd;			      /* Taken; new and empty */
	uint64_t begin_ns, bytes;     /* what it has become */
};

/* 0, or -GTV_E* and err. */
int gtv_flight_copy(struct gtv_flight_copy *c, struct gtv_err *err);
/* The calling thread gives way to what is traced, and to the collector. */
void gtv_flight_copy_yields(void);

#endif
