/* SPDX-License-Identifier: MIT
 *
 * Once, as Go's: a word that says it is done, and a mutex for those who come while it
 * is being done.
 */
#include <errno.h>

#include "runtime/rt.h"

int gt_once(struct gt_once *once, void (*fn)(void *arg), void *arg)
{
	int err;

	if (__atomic_load_n(&once->done, __ATOMIC_ACQUIRE))
		return 0;
	err = gt_mutex_lock(&once->mutex);
	if (err)
		return err;
	if (!once->done) {
		fn(arg);
		__atomic_store_n(&once->done, 1, __ATOMIC_RELEASE);
	}
	return gt_mutex_unlock(&once->mutex);
}
