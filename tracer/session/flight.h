/* SPDX-License-Identifier: MIT
 *
 * The flight recorder (`--ring`): only the last so much is kept, in a store that drops its
 * oldest part (gtv_store_drop), and written when it is asked for. What is written is an
 * ordinary trace, with zoom summaries and checkpoints of its own, that begins with the
 * state of the model. It is made by a thread of its own, so that collecting goes on:
 * until it is done nothing is dropped.
 *
 * Nothing is overwritten: the first goes into the file that -o named, each later one into
 * a new file beside it, FILE-2, FILE-3…
 */
#ifndef GTV_SESSION_FLIGHT_H
#define GTV_SESSION_FLIGHT_H

#include "tracer/base/err.h"
#include "tracer/store/store.h"

struct gtv_flight;

struct gtv_flight_config {
	int fd;		    /* of path, new and empty: Taken; -1: path is not made yet */
	const char *path;   /* Borrows, for good */
	uint64_t max_bytes; /* kept at most, about; 0 any */
	uint64_t max_ns;    /* kept at least, and at most about a quarter more; 0 any */
	void (*told)(void *arg); /* a write has ended; called by its thread */
	void *arg;
};

/* Borrows store (gtv_store_create_kept). Returns owned, NULL without memory. */
struct gtv_flight *gtv_flight_new(const struct gtv_flight_config *config,
				  struct gtv_store *store);
void gtv_flight_free(struct gtv_flight *flight); /* waits for its thread; may be NULL */

/* Whether a checkpoint of the model is wanted now: so that what is dropped is no more
 * than an eighth. ts_ns: of the last event. */
int gtv_flight_wants_state(const struct gtv_flight *flight, uint64_t ts_ns);
/* One was put into the store. */
void gtv_flight_state(struct gtv_flight *flight, uint64_t ts_ns);
/* Drops what is too old at ts_ns. */
void gtv_flight_turn(struct gtv_flight *flight, uint64_t ts_ns);
/* Has what is kept written, by a thread; up to end_ns, at or after the last event.
 * Returns at once: 0; -GTV_EUSAGE if it is being written already, or -GTV_E*. */
int gtv_flight_write(struct gtv_flight *flight, uint64_t end_ns);
void gtv_flight_wait(struct gtv_flight *flight); /* for that */
/* Waits for that, and writes what is kept in the end. wait_status: as the program ended,
 * -1 it runs on, or is not known. 0 or -GTV_E*. */
int gtv_flight_finish(struct gtv_flight *flight, uint64_t end_ns, int wait_status);

/* How it is: any thread may ask. */
struct gtv_flight_told {
	int writing;
	unsigned written;	 /* how often it was tried */
	char path[512];		 /* of the last, */
	uint64_t bytes, kept_ns; /* how much that was, of events and of time, */
	struct gtv_err err;	 /* and what went wrong; code 0: nothing */
};
void gtv_flight_told(struct gtv_flight *flight, struct gtv_flight_told *out);

#endif
