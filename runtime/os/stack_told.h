/* SPDX-License-Identifier: MIT
 *
 * Stacks told to valgrind, which else takes a switch for a large frame. Where its header
 * is not there, the program is built without; where valgrind is not, telling costs a few
 * instructions.
 */
#ifndef GT_STACK_TOLD_H
#define GT_STACK_TOLD_H

#include <stddef.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

/* Returns what it is known by. */
static inline unsigned gt__stack_tell(void *low, size_t bytes)
{
#ifdef VALGRIND_STACK_REGISTER
	return (unsigned)VALGRIND_STACK_REGISTER(low, (char *)low + bytes);
#else
	(void)low;
	(void)bytes;
	return 0;
#endif
}

static inline void gt__stack_untell(unsigned known)
{
#ifdef VALGRIND_STACK_DEREGISTER
	VALGRIND_STACK_DEREGISTER(known);
#else
	(void)known;
#endif
}

#endif
