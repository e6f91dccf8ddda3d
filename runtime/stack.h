/* SPDX-License-Identifier: MIT
 *
 * Stacks of fibers, each with a guard page below it and its struct gt on top.
 *
 * Tops differ by multiples of 128 bytes from stack to stack ("coloured"): page-aligned
 * tops would all compete for the same few sets of the cache. Stacks of the run's
 * default size are kept: a few with each worker, the rest in one pool for all.
 */
#ifndef GT_STACK_H
#define GT_STACK_H

#include "runtime/rt.h"

#define GT__MAGAZINE 32

struct gt__magazine {
	struct gt *first;
	uint32_t count;
};

/* `bytes` is the usable size. Returns owned, with stack_low and stack_bytes set; NULL
 * without memory. */
struct gt *gt__stack_alloc(struct gt__magazine *magazine, size_t bytes);
void gt__stack_free(struct gt__magazine *magazine, struct gt *gt); /* Takes */
/* Where a context of gt may lie: [*low, *low + returned). */
size_t gt__stack_usable(const struct gt *gt, void **low);
/* The end of a worker, and of the run. */
void gt__magazine_empty(struct gt__magazine *magazine);
void gt__stack_pool_drain(void);

#endif
