/* SPDX-License-Identifier: MIT
 *
 * Deadlines in the order in which they come.
 *
 * Most programs sleep for the same few lengths of time, so that deadlines are added in
 * their own order: such lie in one of a few lines, where adding and taking cost the same
 * however many there are. What is in no such order, or may be taken out before its time,
 * lies in a heap of four.
 */
#ifndef GT_DEADLINES_H
#define GT_DEADLINES_H

#include <stdint.h>

/* One deadline, part of whatever waits for it. */
struct gt__due {
	uint64_t ns;
	uint32_t place; /* in the heap, if it is removable; GT__DUE_NOWHERE */
};

#define GT__DUE_NOWHERE UINT32_MAX

struct gt__deadline; /* {ns, whose} */

#define GT__LANES 4u

struct gt__deadlines {
	struct {
		struct gt__deadline *at; /* a ring */
		uint32_t head, count, max;
		uint64_t last_ns;
	} lane[GT__LANES];
	struct gt__deadline *heap;
	uint32_t heap_count, heap_max;
};

/* All zero is an empty one. Borrows `due` until it is taken or removed; `removable` it is
 * cheaply. 0, -ENOMEM. */
int gt__deadlines_add(struct gt__deadlines *d, struct gt__due *due, int removable);
/* The earliest; NULL: there is none that is not after `until_ns`. Loads what lies around
 * those that are next, so that it has come when they are taken. */
struct gt__due *gt__deadlines_take(struct gt__deadlines *d, uint64_t until_ns);
/* GT__NEVER: there is none. */
uint64_t gt__deadlines_next(const struct gt__deadlines *d);
/* A removable one, unless it is nowhere. */
void gt__deadlines_remove(struct gt__deadlines *d, struct gt__due *due);
/* Any, by looking at all. Returns whether it was there. */
int gt__deadlines_find_and_remove(struct gt__deadlines *d, const struct gt__due *due);
void gt__deadlines_free(struct gt__deadlines *d);

#endif
