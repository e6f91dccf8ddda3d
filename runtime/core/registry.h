/* SPDX-License-Identifier: MIT
 *
 * All green threads there are, and what each waits for, in words.
 *
 * What is listed is memory for green threads, from its mapping to its unmapping: a
 * spawn on a stack that was used before costs one store here (`listed`), not a lock.
 * Other OS threads run meanwhile, so what is read is read as it is, through the kernel
 * (process_vm_readv): what was unmapped a moment ago is an error then, and no fault.
 */
#ifndef GT_REGISTRY_H
#define GT_REGISTRY_H

#include "runtime/core/rt.h"
#include "runtime/os/text.h"

/* The list's head; all zero is an empty one. */
struct gt__registry {
	uint32_t lk;
	struct gt *first, *last;
};
/* From now on the list is this one, which several processes share; NULL: the process's
 * own again. */
void gt__registry_share(struct gt__registry *shared);

/* A process that shares it is dead, and not yet reaped. May be called in a handler. */
void gt__registry_died(pid_t pid);

void gt__registry_add(struct gt *gt);
void gt__registry_remove(struct gt *gt);
/* Around fork: the child has the list, and nobody holds its lock. */
void gt__registry_before_fork(void);
void gt__registry_after_fork(int in_child);

/* 0, or -EBUSY: the list is being changed, perhaps by whom a signal interrupted. */
int gt__registry_try(void);
void gt__registry_leave(void);
/* Within the two: the next in the order of numbers after `id`, NULL none. */
struct gt *gt__registry_after(uint32_t id);
/* Within the two: the next in the order of the list; NULL: the first, or none. */
struct gt *gt__registry_next(struct gt *gt);

/* Copies what lies at `from`, if it can be read. Returns whether it could. */
int gt__peek(void *to, const void *from, size_t bytes);
/* "G3 "first"". */
void gt__tell_gt(struct gt__text *text, const struct gt *gt);
/* "waits for mutex "tally" held by G5 "second"". It waits. */
void gt__tell_waits(struct gt__text *text, const struct gt *gt);
/* What every green thread waits for, at most some of them, and who waits in a circle. */
void gt__tell_deadlock(int fd);

#endif
