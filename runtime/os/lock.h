/* SPDX-License-Identifier: MIT
 *
 * The runtime's own small lock: one word, free 0, held 1, held and waited for 2. It
 * has no owner: a green thread may take it and the code that runs after its context
 * is saved may release it. Held for a few instructions only.
 */
#ifndef GT_LOCK_H
#define GT_LOCK_H

#include <stdint.h>

void gt__lk_wait(uint32_t *lk);
void gt__lk_wake(uint32_t *lk);

static inline void gt__lk_lock(uint32_t *lk)
{
	uint32_t unlocked = 0;

	if (!__atomic_compare_exchange_n(lk, &unlocked, 1, 0, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		gt__lk_wait(lk);
}

static inline void gt__lk_unlock(uint32_t *lk)
{
	if (__atomic_exchange_n(lk, 0, __ATOMIC_RELEASE) == 2)
		gt__lk_wake(lk);
}

#endif
