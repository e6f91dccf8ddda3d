/* SPDX-License-Identifier: MIT
 *
 * Being attached to: abi/gtv_attach.h is the contract. All of it is done by a handler of
 * SIGURG, in whichever OS thread gtviz chose to wake: so it costs nothing before, and a
 * program that sleeps answers too.
 */
#ifndef GT_ATTACH_H
#define GT_ATTACH_H

/* A run begins on the calling OS thread, and ends. */
void gt__attach_open(void);
void gt__attach_close(void);
/* The calling OS thread is the better one to wake, as long as `is`. */
void gt__attach_helper(int is);

#endif
