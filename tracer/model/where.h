/* SPDX-License-Identifier: MIT
 *
 * Where in a trace something happened, in constant memory however often it did: the time
 * from the first case to the last in at most 256 steps, and of each whether anything fell
 * into it. Steps begin short and double as the range grows; cases may come in any order.
 */
#ifndef GTV_WHERE_H
#define GTV_WHERE_H

#include <stdint.h>

#define GTV_WHERE_STEPS 256

/* All zero: nothing happened yet. */
struct gtv_where {
	uint64_t first,
		last; /* steps since time 0: of the first bit, of the last one used */
	uint64_t bits[GTV_WHERE_STEPS / 64];
	uint8_t shift; /* a step is 1 << shift ns */
	uint8_t any;
};

/* One case, [from_ns, to_ns); an empty one is a moment. */
void gtv_where_add(struct gtv_where *w, uint64_t from_ns, uint64_t to_ns);
/* Whether a step that [from_ns, to_ns) touches has a case in it. */
int gtv_where_has(const struct gtv_where *w, uint64_t from_ns, uint64_t to_ns);

#endif
