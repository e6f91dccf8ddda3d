/* SPDX-License-Identifier: MIT
 *
 * The flight recorder (`--ring`): only the last so much is kept, and written when it is
 * asked for. What is kept lies in two spools, unlinked temporary stores: when the newer
 * one is full the older one is dropped, and a third begins with a checkpoint of the
 * model. What is written is an ordinary trace that begins with such a checkpoint.
 */
#ifndef GTV_SESSION_FLIGHT_H
#define GTV_SESSION_FLIGHT_H

#include "tracer/base/err.h"
#include "tracer/model/model.h"
#include "tracer/store/store.h"

struct gtv_flight;

/* Keeps at most max_bytes (0: any), and at least max_ns, at most twice as long (0: any).
 * Takes out_fd, a regular file, which each write replaces. Returns owned. */
struct gtv_flight *gtv_flight_new(int out_fd, const struct gtv_store_info *info,
				  struct gtv_names *names, uint64_t max_bytes,
				  uint64_t max_ns);
void gtv_flight_free(struct gtv_flight *flight); /* may be NULL */

/* After a batch: *store is the newer spool, and up to ts_ns what the model has seen. It is
 * replaced when it is full. 0 or -GTV_E*: then nothing has changed. Returns 1 if so. */
int gtv_flight_turn(struct gtv_flight *flight, struct gtv_store **store,
		    const struct gtv_model *model, uint64_t ts_ns);
/* Writes what is kept into the file. wait_status -1: the program runs, or how it ended is
 * not known. */
int gtv_flight_write(struct gtv_flight *flight, struct gtv_store *store, int wait_status,
		     struct gtv_err *err);
/* The same into another file (Takes fd, which is empty). */
int gtv_flight_write_to(struct gtv_flight *flight, int fd, struct gtv_store *store,
			int wait_status, struct gtv_err *err);

#endif
