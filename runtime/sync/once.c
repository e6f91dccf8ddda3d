/* SPDX-License-Identifier: MIT
 *
 * Once, as Go's: a word that says it is done, and a mutex for those who come while it
 * is being done.
 */
#include <errno.h>

#include "runtime/core/rt.h"

/* fn was cancelled, or called gt_exit: as if it had not been called, as POSIX has it. */
static void undone(void *mutex)
{
	gt_mutex_unlock(mutex);
}

int gt_once(struct gt_once *once, void (*fn)(void *arg), void *arg)
{
	struct gt_cleanup cleanup;
	int err;

	if (__atomic_load_n(&once->done, __ATOMIC_ACQUIRE))
		return 0;
	err = gt_mutex_lock(&once->mutex);
	if (err)
		return err;
	if (!once->done) {
		gt_cleanup_push(&cleanup, undone, &once->mutex);
		fn(arg);
		gt_cleanup_pop(&cleanup, 0);
		__atomic_store_n(&once->done, 1, __ATOMIC_RELEASE);
	}
	return gt_mutex_unlock(&once->mutex);
}
