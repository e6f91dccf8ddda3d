/* SPDX-License-Identifier: MIT
 *
 * GT_PRELOAD=threads: a program's pthreads are green threads. What is asked on a green
 * thread is done by the runtime, elsewhere by libc. Functions here come from
 * pthread.h and semaphore.h, and return what those return.
 */
#ifndef GT_PRELOAD_THREADS_H
#define GT_PRELOAD_THREADS_H

#include <pthread.h>
#include <semaphore.h>

#include "runtime/preload/preload.h"

#define PRELOAD_PTHREAD(X)                                                                 \
	X(pthread_create)                                                                  \
	X(pthread_join)                                                                    \
	X(pthread_detach)                                                                  \
	X(pthread_self)                                                                    \
	X(pthread_exit)                                                                    \
	X(pthread_setname_np)                                                              \
	X(pthread_getname_np)                                                              \
	X(pthread_mutex_lock)                                                              \
	X(pthread_mutex_trylock)                                                           \
	X(pthread_mutex_timedlock)                                                         \
	X(pthread_mutex_unlock)                                                            \
	X(pthread_mutex_destroy)                                                           \
	X(pthread_cond_wait)                                                               \
	X(pthread_cond_timedwait)                                                          \
	X(pthread_cond_clockwait)                                                          \
	X(pthread_cond_signal)                                                             \
	X(pthread_cond_broadcast)                                                          \
	X(pthread_cond_destroy)                                                            \
	X(pthread_rwlock_rdlock)                                                           \
	X(pthread_rwlock_wrlock)                                                           \
	X(pthread_rwlock_tryrdlock)                                                        \
	X(pthread_rwlock_trywrlock)                                                        \
	X(pthread_rwlock_unlock)                                                           \
	X(pthread_rwlock_destroy)                                                          \
	X(sem_init)                                                                        \
	X(sem_destroy)                                                                     \
	X(sem_wait)                                                                        \
	X(sem_trywait)                                                                     \
	X(sem_timedwait)                                                                   \
	X(sem_post)                                                                        \
	X(sem_getvalue)                                                                    \
	X(pthread_once)                                                                    \
	X(pthread_key_create)                                                              \
	X(pthread_key_delete)                                                              \
	X(pthread_getspecific)                                                             \
	X(pthread_setspecific)

struct preload_pthread {
#define X(name) __typeof__(&name) name;
	PRELOAD_PTHREAD(X)
#undef X
};

/* libc's functions. */
const struct preload_pthread *preload_pthread(void);

/* GT_PRELOAD=threads, and main is a green thread. Set once, before there is one. */
extern int preload_threads_on;

/* The caller's pthread calls are the runtime's. */
static inline int preload_is_mapped(void)
{
	return __builtin_expect(preload_threads_on, 0) && gt_self() != NULL;
}

/* What a green thread has beside its struct gt; a pthread_t names it. */
struct preload_value {
	void *pointer;
	uint32_t seq; /* of the key when it was set */
};
struct preload_thread {
	uint64_t magic; /* a pthread_t of libc's has another first word */
	uint32_t state; /* atomic: RUNNING, ENDED, DETACHED */
	struct gt *gt;	/* atomic: NULL before it has begun */
	void *(*fn)(void *arg);
	void *arg, *result;
	struct gt_cleanup cleanup;
	struct preload_value *values; /* by key, PTHREAD_KEYS_MAX of them; NULL: none */
};

/* The calling green thread's. NULL: it was not made by pthread_create, or there are no
 * such threads. Borrows. */
struct preload_thread *preload_thread_self(void);
/* Runs the program's main as the first green thread, and returns its status. */
int preload_threads_main(int (*fn)(int, char **, char **), int argc, char **argv,
			 char **envp);
/* The calling green thread ends: calls the destructors of its values, frees them. */
void preload_keys_end(struct preload_thread *thread);

#endif
