/* SPDX-License-Identifier: MIT
 *
 * The runtime's own small lock between processes (policy procs): one word in shared memory
 * that says which process holds it. One that is killed while it does stops nobody: who
 * comes next is told, and puts right what the lock guards.
 */
#ifndef GT_LOCK_SHARED_H
#define GT_LOCK_SHARED_H

#include <stdint.h>
#include <sys/types.h>

/* 1: whoever had it died with it. */
int gt__shared_lock(uint32_t *word);
/* 0, or 1 as above, or -EBUSY: another has it. */
int gt__shared_trylock(uint32_t *word);
void gt__shared_unlock(uint32_t *word);
/* That process is dead, and not yet reaped, so that no other has its number. May be called
 * in a signal handler. */
void gt__shared_lock_died(uint32_t *word, pid_t pid);

#endif
