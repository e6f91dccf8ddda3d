/* SPDX-License-Identifier: MIT
 *
 * Export: a trace for other viewers. Events go through the model, and what it makes
 * of them (spans, edges, notes) is written at once: memory is bounded by the number
 * of lanes, not of events.
 *
 * What is lost or unknown is written as such: unknown spans are slices named
 * "unknown", losses and unreadable parts slices of a track of their own.
 */
#ifndef GTV_EXPORT_H
#define GTV_EXPORT_H

#include <stdio.h>

#include "tracer/base/err.h"
#include "tracer/store/store.h"

enum gtv_export_format {
	GTV_EXPORT_NONE, /* there is no such format */
	GTV_EXPORT_CHROME,
	GTV_EXPORT_PERFETTO,
};

/* The format of that name. */
enum gtv_export_format gtv_export_format(const char *name);

struct gtv_export;

/* Begins. Borrows f and store. Times are shown relative to start_ns where the format
 * knows no clock (Chrome's). Returns owned, NULL without memory. */
struct gtv_export *gtv_export_new(enum gtv_export_format format, FILE *f,
				  const struct gtv_store *store, uint64_t start_ns);
/* The next events, in order of time. 0 or -GTV_ENOMEM. Whether all could be written,
 * ferror(f) says. */
int gtv_export_events(struct gtv_export *x, const struct gtv_ev *evs, size_t count);
/* A part of the file that cannot be read. */
int gtv_export_gap(struct gtv_export *x, uint64_t from_ns, uint64_t to_ns, uint64_t bytes);
/* The trace ends at end_ns: writes what is open. */
int gtv_export_finish(struct gtv_export *x, uint64_t end_ns);
void gtv_export_free(struct gtv_export *x);

#endif
