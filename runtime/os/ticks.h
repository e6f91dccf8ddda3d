/* SPDX-License-Identifier: MIT
 *
 * Since when somebody waits: the processor's counter, which costs a few nanoseconds
 * where a clock costs many; it becomes a time only when it is asked for. Where there
 * is no such counter it is 0.
 */
#ifndef GT_TICKS_H
#define GT_TICKS_H

#include <stdint.h>

static inline uint64_t gt__ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	return 0;
#endif
}

/* The beginning of a run: from here on the counter is compared with the clock. */
void gt__ticks_begin(void);
/* Nanoseconds since the counter was `since`; 0: not known. */
uint64_t gt__ticks_ns(uint64_t since);

#endif
