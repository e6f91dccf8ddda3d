/* SPDX-License-Identifier: MIT */
#include "runtime/os/lock.h"

#include "runtime/os/sys.h"

#define SPINS 100

void gt__lk_wait(uint32_t *lk)
{
	for (int i = 0; i < SPINS; i++) {
		uint32_t unlocked = 0;

		if (!__atomic_load_n(lk, __ATOMIC_RELAXED) &&
		    __atomic_compare_exchange_n(lk, &unlocked, 1, 0, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return;
		gt__sys_relax();
	}
	/* From here on we always leave a 2: others may wait too, and an unlock that
	 * wakes nobody costs less than one that forgets somebody. */
	while (__atomic_exchange_n(lk, 2, __ATOMIC_ACQUIRE))
		gt__sys_futex_wait(lk, 2, GT__NEVER);
}

void gt__lk_wake(uint32_t *lk)
{
	gt__sys_futex_wake(lk, 1);
}
