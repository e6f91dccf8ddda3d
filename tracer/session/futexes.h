/* SPDX-License-Identifier: MIT
 *
 * Futexes become locks: the first wait at an address of a process gives it a number and
 * a name, in the trace for ever (FUTEX_LOCK); so live and replay see the same. Bounded:
 * what comes beyond has no number, and is counted by whoever reads the trace.
 */
#ifndef GTV_FUTEXES_H
#define GTV_FUTEXES_H

#include "tracer/base/event.h"
#include "tracer/base/names.h"

#define GTV_FUTEXES_MAX 4096 /* locks of a trace */

struct gtv_futexes;

struct gtv_mapped;

/* Borrows names. Returns owned, NULL without memory. */
struct gtv_futexes *gtv_futexes_new(struct gtv_names *names);
void gtv_futexes_free(struct gtv_futexes *f);
/* Where the program's files are; may be NULL. Borrows. */
void gtv_futexes_use(struct gtv_futexes *f, const struct gtv_mapped *mapped);
/* Looks at an event that goes into the trace; 1 if *tell must go before it. */
int gtv_futexes_feed(struct gtv_futexes *f, const struct gtv_ev *ev, struct gtv_ev *tell);

#endif
