/* SPDX-License-Identifier: MIT
 *
 * GT_PRELOAD=threads: pthread_once, and values by key, of which each green thread has
 * its own. Keys are libc's; here is noted whose destructor is whose.
 */
#include "runtime/preload/threads.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static struct {
	void (*destructor)(void *value);
	uint32_t seq; /* atomic: odd while the key is there */
} keys[PTHREAD_KEYS_MAX];

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *value))
{
	int err = preload_pthread()->pthread_key_create(key, destructor);

	if (!err && *key < PTHREAD_KEYS_MAX) {
		keys[*key].destructor = destructor;
		__atomic_fetch_add(&keys[*key].seq, 1, __ATOMIC_RELEASE);
	}
	return err;
}

int pthread_key_delete(pthread_key_t key)
{
	int err = preload_pthread()->pthread_key_delete(key);

	if (!err && key < PTHREAD_KEYS_MAX)
		__atomic_fetch_add(&keys[key].seq, 1, __ATOMIC_RELEASE);
	return err;
}

static uint32_t seq_of(pthread_key_t key)
{
	return __atomic_load_n(&keys[key].seq, __ATOMIC_ACQUIRE);
}

void *pthread_getspecific(pthread_key_t key)
{
	struct preload_thread *thread = preload_thread_self();
	struct preload_value *value;

	if (!thread)
		return preload_pthread()->pthread_getspecific(key);
	if (!thread->values || key >= PTHREAD_KEYS_MAX)
		return NULL;
	value = &thread->values[key];
	return value->seq == seq_of(key) ? value->pointer : NULL;
}

int pthread_setspecific(pthread_key_t key, const void *pointer)
{
	struct preload_thread *thread = preload_thread_self();

	if (!thread)
		return preload_pthread()->pthread_setspecific(key, pointer);
	if (key >= PTHREAD_KEYS_MAX || !(seq_of(key) & 1))
		return EINVAL;
	if (!thread->values)
		thread->values = calloc(PTHREAD_KEYS_MAX, sizeof *thread->values);
	if (!thread->values)
		return ENOMEM;
	thread->values[key] =
		(struct preload_value){(void *)(uintptr_t)pointer, seq_of(key)};
	return 0;
}

/* One round over all values: how many destructors were called. */
static int destroy(struct preload_value *values)
{
	int called = 0;

	for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; key++) {
		void *pointer = values[key].pointer;

		values[key].pointer = NULL;
		if (!pointer || values[key].seq != seq_of(key) || !keys[key].destructor)
			continue;
		keys[key].destructor(pointer);
		called++;
	}
	return called;
}

void preload_keys_end(struct preload_thread *thread)
{
	if (!thread->values)
		return;
	for (int i = 0; i < PTHREAD_DESTRUCTOR_ITERATIONS && destroy(thread->values); i++)
		;
	free(thread->values);
	thread->values = NULL;
}

/* --- once ---------------------------------------------------------------------- */

#define ONCE_BUSY 1 /* libc's own numbers: either may find what the other left */
#define ONCE_DONE 2

static struct gt_mutex once_mutex = GT_MUTEX_INIT("once");
static struct gt_cond once_done = GT_COND_INIT("once");

int pthread_once(pthread_once_t *once, void (*fn)(void))
{
	if (!preload_is_mapped())
		return preload_pthread()->pthread_once(once, fn);
	if (__atomic_load_n(once, __ATOMIC_ACQUIRE) == ONCE_DONE)
		return 0;
	gt_mutex_lock(&once_mutex);
	while (*once == ONCE_BUSY)
		gt_cond_wait(&once_done, &once_mutex);
	if (*once != ONCE_DONE) {
		*once = ONCE_BUSY;
		gt_mutex_unlock(&once_mutex);
		fn();
		gt_mutex_lock(&once_mutex);
		__atomic_store_n(once, ONCE_DONE, __ATOMIC_RELEASE);
		gt_cond_broadcast(&once_done);
	}
	gt_mutex_unlock(&once_mutex);
	return 0;
}
