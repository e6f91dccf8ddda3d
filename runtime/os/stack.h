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

#include "runtime/core/rt.h"

#define GT__MAGAZINE 32

struct gt__magazine {
	struct gt *first;
	uint32_t count;
};

extern size_t gt__stack_page; /* bytes; 0: no stack has been made yet */
extern size_t gt__stack_kept; /* atomic: bytes of a mapping that is kept; 0: none is */

struct gt *gt__stack_alloc_slow(struct gt__magazine *magazine, size_t bytes);
void gt__stack_free_slow(struct gt__magazine *magazine, struct gt *gt);

/* `bytes` is the usable size. Returns owned, with stack_low and stack_bytes set; NULL
 * without memory. */
static inline struct gt *gt__stack_alloc(struct gt__magazine *magazine, size_t bytes)
{
	struct gt *gt = magazine->first;

	if (__builtin_expect(!gt || bytes != gt__rt.stack_bytes, 0))
		return gt__stack_alloc_slow(magazine, bytes);
	magazine->first = gt->next;
	magazine->count--;
	return gt;
}

/* Takes. */
static inline void gt__stack_free(struct gt__magazine *magazine, struct gt *gt)
{
	size_t kept = __atomic_load_n(&gt__stack_kept, __ATOMIC_RELAXED);

	if (__builtin_expect(gt->stack_bytes != kept || magazine->count == GT__MAGAZINE,
			     0)) {
		gt__stack_free_slow(magazine, gt);
		return;
	}
	gt->next = magazine->first;
	magazine->first = gt;
	magazine->count++;
}

/* Where a context of gt may lie: [*low, *low + returned). */
static inline size_t gt__stack_usable(const struct gt *gt, void **low)
{
	*low = (char *)gt->stack_low + __atomic_load_n(&gt__stack_page, __ATOMIC_RELAXED);
	return (size_t)((const char *)gt - (char *)*low);
}

/* The end of a worker, and of the run. */
void gt__magazine_empty(struct gt__magazine *magazine);
void gt__stack_pool_drain(void);

#endif
