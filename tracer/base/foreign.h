/* SPDX-License-Identifier: MIT
 *
 * Traces of other tools, by their first bytes: so that who gives one where a trace of
 * gtviz is wanted hears how to import it.
 */
#ifndef GTV_FOREIGN_H
#define GTV_FOREIGN_H

#include <stddef.h>

#define GTV_FOREIGN_BYTES 16 /* are enough to tell */
#define GTV_FOREIGN_PERF  "perf.data"
#define GTV_FOREIGN_DAT	  "trace.dat"

/* One of the names above, or NULL. */
const char *gtv_foreign(const void *bytes, size_t size);

#endif
