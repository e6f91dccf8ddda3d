/* SPDX-License-Identifier: MIT
 *
 * GT_PRELOAD=threads: mutexes, conditions, reader-writer locks and semaphores. Each
 * object of libc's gets one of the runtime's when a green thread first uses it, kept in
 * a word of it that libc does not use then; so static initialisers work, and libc's own
 * functions find their object untouched. Objects shared by processes stay libc's.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/preload/threads.h"

#define NS_PER_S   1000000000ll
#define RETRY_NS   1000000 /* a timed lock looks again */
#define SEM_OURS   0x677473656d617068ull
#define SHARED_BIT 1u /* of a condition's __wrefs, and its clock: */
#define CLOCK_BIT  2u

/* The object behind *place, made at first use; NULL without memory. */
static void *object_of(void *place, size_t bytes)
{
	void **word = place, *object = __atomic_load_n(word, __ATOMIC_ACQUIRE), *made;

	if (object)
		return object;
	made = calloc(1, bytes);
	if (!made || __atomic_compare_exchange_n(word, &object, made, 0, __ATOMIC_ACQ_REL,
						 __ATOMIC_ACQUIRE))
		return made;
	free(made);
	return object;
}

static void object_free(void *place)
{
	void **word = place;

	free(*word);
	*word = NULL;
}

/* Nanoseconds until `end` on that clock; 0: it is past. */
static int64_t left(clockid_t clock, const struct timespec *end)
{
	struct timespec now;
	int64_t ns;

	clock_gettime(clock, &now);
	if (end->tv_sec - now.tv_sec > INT_MAX)
		return -1;
	ns = (end->tv_sec - now.tv_sec) * NS_PER_S + end->tv_nsec - now.tv_nsec;
	return ns > 0 ? ns : 0;
}

/* --- mutexes ------------------------------------------------------------------- */

struct mutex {
	struct gt_mutex gt;
	uint32_t depth; /* of a recursive one, by its owner beside the first time */
};

/* Only robust mutexes use libc's list, and they stay libc's. NULL: as all of those. */
static struct mutex *mutex_of(pthread_mutex_t *mutex)
{
	int kind = mutex->__data.__kind;

	if (!preload_is_mapped() || kind & ~3)
		return NULL;
	return object_of(&mutex->__data.__list, sizeof(struct mutex));
}

static int is_recursive(const pthread_mutex_t *mutex)
{
	return (mutex->__data.__kind & 3) == PTHREAD_MUTEX_RECURSIVE;
}

static int enter_again(pthread_mutex_t *mutex, struct mutex *m)
{
	if (!is_recursive(mutex))
		return EDEADLK;
	m->depth++;
	return 0;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	struct mutex *m = mutex_of(mutex);
	int err;

	if (!m)
		return preload_pthread()->pthread_mutex_lock(mutex);
	err = gt_mutex_lock(&m->gt);
	return err == -EDEADLK ? enter_again(mutex, m) : -err;
}

static int try_lock(pthread_mutex_t *mutex, struct mutex *m)
{
	int err = gt_mutex_trylock(&m->gt);

	if (err == -EBUSY && is_recursive(mutex) &&
	    __atomic_load_n(&m->gt.owner, __ATOMIC_RELAXED) == gt_self())
		return enter_again(mutex, m);
	return -err;
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	struct mutex *m = mutex_of(mutex);

	return m ? try_lock(mutex, m) : preload_pthread()->pthread_mutex_trylock(mutex);
}

int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *end)
{
	struct mutex *m = mutex_of(mutex);
	int err;

	if (!m)
		return preload_pthread()->pthread_mutex_timedlock(mutex, end);
	while ((err = try_lock(mutex, m)) == EBUSY) {
		if (left(CLOCK_REALTIME, end) == 0)
			return ETIMEDOUT;
		gt_sleep_ns(RETRY_NS);
	}
	return err;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	struct mutex *m = mutex_of(mutex);

	if (!m)
		return preload_pthread()->pthread_mutex_unlock(mutex);
	if (m->depth && __atomic_load_n(&m->gt.owner, __ATOMIC_RELAXED) == gt_self()) {
		m->depth--;
		return 0;
	}
	return -gt_mutex_unlock(&m->gt);
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
	if (mutex_of(mutex))
		object_free(&mutex->__data.__list);
	return preload_pthread()->pthread_mutex_destroy(mutex);
}

/* --- conditions ---------------------------------------------------------------- */

/* Their first word counts libc's own waits, which there are none of then. */
static struct gt_cond *cond_of(pthread_cond_t *cond)
{
	if (!preload_is_mapped() || cond->__data.__wrefs & SHARED_BIT)
		return NULL;
	return object_of(cond, sizeof(struct gt_cond));
}

static int cond_wait(struct gt_cond *cond, struct mutex *m, int64_t timeout_ns)
{
	uint32_t depth = m->depth;
	int err;

	m->depth = 0;
	err = gt_cond_timedwait(cond, &m->gt, timeout_ns);
	m->depth = depth;
	return -err;
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	struct gt_cond *c = cond_of(cond);
	struct mutex *m = mutex_of(mutex);

	return c && m ? cond_wait(c, m, -1)
		      : preload_pthread()->pthread_cond_wait(cond, mutex);
}

int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
			   const struct timespec *end)
{
	struct gt_cond *c = cond_of(cond);
	struct mutex *m = mutex_of(mutex);

	return c && m ? cond_wait(c, m, left(clock, end))
		      : preload_pthread()->pthread_cond_clockwait(cond, mutex, clock, end);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
			   const struct timespec *end)
{
	clockid_t clock =
		cond->__data.__wrefs & CLOCK_BIT ? CLOCK_MONOTONIC : CLOCK_REALTIME;
	struct gt_cond *c = cond_of(cond);
	struct mutex *m = mutex_of(mutex);

	return c && m ? cond_wait(c, m, left(clock, end))
		      : preload_pthread()->pthread_cond_timedwait(cond, mutex, end);
}

int pthread_cond_signal(pthread_cond_t *cond)
{
	struct gt_cond *c = cond_of(cond);

	return c ? -gt_cond_signal(c) : preload_pthread()->pthread_cond_signal(cond);
}

int pthread_cond_broadcast(pthread_cond_t *cond)
{
	struct gt_cond *c = cond_of(cond);

	return c ? -gt_cond_broadcast(c) : preload_pthread()->pthread_cond_broadcast(cond);
}

int pthread_cond_destroy(pthread_cond_t *cond)
{
	if (cond_of(cond))
		object_free(cond);
	return preload_pthread()->pthread_cond_destroy(cond);
}

/* --- reader-writer locks ------------------------------------------------------- */

static struct gt_rwlock *rwlock_of(pthread_rwlock_t *rw)
{
	if (!preload_is_mapped() || rw->__data.__shared)
		return NULL;
	return object_of(&rw->__data.__pad2, sizeof(struct gt_rwlock));
}

#define RWLOCK_CALL(name)                                                                  \
	int pthread_rwlock_##name(pthread_rwlock_t *rw)                                    \
	{                                                                                  \
		struct gt_rwlock *r = rwlock_of(rw);                                       \
                                                                                           \
		return r ? -gt_rwlock_##name(r)                                            \
			 : preload_pthread()->pthread_rwlock_##name(rw);                   \
	}
RWLOCK_CALL(rdlock)
RWLOCK_CALL(wrlock)
RWLOCK_CALL(tryrdlock)
RWLOCK_CALL(trywrlock)
RWLOCK_CALL(unlock)

int pthread_rwlock_destroy(pthread_rwlock_t *rw)
{
	if (rwlock_of(rw))
		object_free(&rw->__data.__pad2);
	return preload_pthread()->pthread_rwlock_destroy(rw);
}

/* --- semaphores ---------------------------------------------------------------- */

/* libc uses the first half of a sem_t. Those that sem_init did not make here, and those
 * that processes share, are waited for in the pool. */
struct sem_view {
	uint64_t libc[2];
	uint64_t ours; /* SEM_OURS */
	struct gt_sem *gt;
};
_Static_assert(sizeof(struct sem_view) <= sizeof(sem_t), "a semaphore has room");

static struct gt_sem *sem_of(sem_t *sem)
{
	const struct sem_view *view = (const struct sem_view *)sem;

	return preload_is_mapped() && view->ours == SEM_OURS ? view->gt : NULL;
}

static int result(int err)
{
	return (int)preload_result(err);
}

int sem_init(sem_t *sem, int shared, unsigned value)
{
	struct sem_view *view = (struct sem_view *)sem;
	int err = preload_pthread()->sem_init(sem, shared, value);

	view->ours = 0;
	if (err || shared || !preload_is_mapped())
		return err;
	view->gt = malloc(sizeof *view->gt);
	if (!view->gt)
		return result(-ENOSPC);
	gt_sem_init(view->gt, value, INT_MAX, NULL);
	view->ours = SEM_OURS;
	return 0;
}

int sem_destroy(sem_t *sem)
{
	struct sem_view *view = (struct sem_view *)sem;

	if (sem_of(sem)) {
		free(view->gt);
		view->ours = 0;
	}
	return preload_pthread()->sem_destroy(sem);
}

struct sem_call {
	sem_t *sem;
	const struct timespec *end;
};

static long sem_whole(void *arg)
{
	const struct sem_call *call = arg;
	int err = call->end ? preload_pthread()->sem_timedwait(call->sem, call->end)
			    : preload_pthread()->sem_wait(call->sem);

	return err ? -errno : 0;
}

static int sem_elsewhere(sem_t *sem, const struct timespec *end)
{
	struct sem_call call = {sem, end};

	return result((int)gt_blocking("sem_wait", sem_whole, &call));
}

int sem_wait(sem_t *sem)
{
	struct gt_sem *s = sem_of(sem);

	return s ? result(gt_sem_wait(s)) : sem_elsewhere(sem, NULL);
}

int sem_timedwait(sem_t *sem, const struct timespec *end)
{
	struct gt_sem *s = sem_of(sem);

	return s ? result(gt_sem_timedwait(s, left(CLOCK_REALTIME, end)))
		 : sem_elsewhere(sem, end);
}

int sem_trywait(sem_t *sem)
{
	struct gt_sem *s = sem_of(sem);

	return s ? result(gt_sem_trywait(s)) : preload_pthread()->sem_trywait(sem);
}

int sem_post(sem_t *sem)
{
	struct gt_sem *s = sem_of(sem);

	return s ? result(gt_sem_post(s)) : preload_pthread()->sem_post(sem);
}

int sem_getvalue(sem_t *sem, int *value)
{
	struct gt_sem *s = sem_of(sem);

	if (!s)
		return preload_pthread()->sem_getvalue(sem, value);
	*value = (int)__atomic_load_n(&s->value, __ATOMIC_RELAXED);
	return 0;
}
