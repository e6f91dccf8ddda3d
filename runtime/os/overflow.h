/* SPDX-License-Identifier: MIT
 *
 * A green thread whose stack is full runs into the guard page below it. Then one line
 * says which one it was and what helps, and the process dies by SIGSEGV as it would
 * have. A program's own handler of SIGSEGV, or a sanitizer's, is left alone.
 */
#ifndef GT_OVERFLOW_H
#define GT_OVERFLOW_H

#include <stddef.h>

/* A signal's frame with all vector registers, and what the message takes. */
#define GT__ALTERNATE_BYTES (16u << 10)

/* The beginning and the end of a run. */
void gt__overflow_open(void);
void gt__overflow_close(void);
/* The calling OS thread takes its signals on `alternate`, unless it has a stack for them
 * already; and no longer does. */
void gt__overflow_stack(void *alternate, size_t bytes);
void gt__overflow_stack_end(void *alternate);

#endif
