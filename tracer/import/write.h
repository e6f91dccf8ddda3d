/* SPDX-License-Identifier: MIT
 *
 * What was imported, into a trace: through the model into zoom summaries and
 * checkpoints, and into the store, as a recording does it.
 */
#ifndef GTV_IMPORT_WRITE_H
#define GTV_IMPORT_WRITE_H

#include "tracer/import/feed.h"

struct gtv__write;

/* Takes out_fd. Returns owned, NULL and err. */
struct gtv__write *gtv__write_new(int out_fd, struct gtv_err *err);
/* As the feed's: but nothing is believed of what is given. */
int gtv__write_events(void *w, const struct gtv_ev *evs, size_t count);
int gtv__write_name(void *w, enum gtv_class cls, const struct gtv_name *name);
/* The end: 0, or the error that stopped the file. */
int gtv__write_end(struct gtv__write *w, const struct gtv__facts *facts,
		   struct gtv_err *err);
uint64_t gtv__write_count(const struct gtv__write *w);
uint64_t gtv__write_lost(const struct gtv__write *w);
void gtv__write_free(struct gtv__write *w);

#endif
