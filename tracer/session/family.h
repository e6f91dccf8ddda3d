/* SPDX-License-Identifier: MIT
 *
 * The program's family: which of its descendants live on when it has ended. Fed
 * with the forks and exits that pass through the merge.
 */
#ifndef GTV_FAMILY_H
#define GTV_FAMILY_H

#include <stddef.h>

#include "tracer/base/event.h"
#include "tracer/base/names.h"

struct gtv_family;

struct gtv_family *gtv_family_new(void); /* Returns owned, NULL without memory */
void gtv_family_free(struct gtv_family *family);
void gtv_family_feed(struct gtv_family *family, const struct gtv_ev *ev);
/* "sleep (4711), cat (4712)" of the processes still there besides `root`, at most
 * what fits; returns how many there are. */
size_t gtv_family_survivors(const struct gtv_family *family, uint32_t root,
			    const struct gtv_names *names, char *buf, size_t size);

#endif
