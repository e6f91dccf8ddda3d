/* SPDX-License-Identifier: MIT */
#include "runtime/policy/pool.h"

#include "runtime/core/cancel.h"

#include <stdlib.h>
#include <string.h>

#define POOL_THREADS_MAX 256u
#define POOL_STACK_BYTES (256u << 10)

/* A call, on the stack of the green thread that waits for it. */
struct job {
	struct job *next;
	struct gt *gt;
	long (*fn)(void *);
	void *arg;
	long result;
	uint32_t call_id;
	struct gt__stoppable *stoppable; /* NULL: nobody ends it before its time */
	int left;			 /* was cancelled before it began */
};

static struct {
	uint32_t lk;
	uint32_t changed; /* futex: a job came, or the end */
	uint32_t threads, threads_max, idle, stop;
	uint32_t queued;  /* jobs that no thread has taken yet, and those about to come */
	uint32_t pending; /* atomic */
	struct job *first, *last;
	pthread_t thread[POOL_THREADS_MAX];
} pool;

uint32_t gt__pool_pending(void)
{
	return __atomic_load_n(&pool.pending, __ATOMIC_ACQUIRE);
}

long gt__call_run(struct gt__os *os, uint32_t gt_id, uint32_t call_id, long (*fn)(void *),
		  void *arg)
{
	long result;

	gt__emit(&os->tr, GTV_EV_CALL_BEGIN, 0, 0, gt_id, call_id, 0, 0);
	result = fn(arg);
	gt__emit(&os->tr, GTV_EV_CALL_END, 0, 0, gt_id, call_id, 0, (uint64_t)result);
	return result;
}

/* The next job, or NULL at the end. */
static struct job *job_wait(void)
{
	struct job *job;

	gt__lk_lock(&pool.lk);
	while (!(job = pool.first) && !pool.stop) {
		uint32_t seen = __atomic_load_n(&pool.changed, __ATOMIC_RELAXED);

		pool.idle++;
		gt__lk_unlock(&pool.lk);
		gt__sys_futex_wait(&pool.changed, seen, GT__NEVER);
		gt__lk_lock(&pool.lk);
		pool.idle--;
	}
	if (job) {
		pool.first = job->next;
		pool.queued--;
		if (job->stoppable)
			job->stoppable->thread = gt__sys_thread_self();
	}
	gt__lk_unlock(&pool.lk);
	gt__acquired();
	return job;
}

static void *pool_thread(void *unused)
{
	struct gt__os os;
	struct job *job;

	(void)unused;
	gt__os_begin(&os);
	while ((job = job_wait())) {
		struct gt *gt = job->gt;

		job->result = gt__call_run(&os, gt->id, job->call_id, job->fn, job->arg);
		if (job->stoppable)
			__atomic_store_n(&job->stoppable->back, 1, __ATOMIC_RELEASE);
		gt__ready(&os, gt, GTV_BY_POOL, 0);
		__atomic_fetch_sub(&pool.pending, 1, __ATOMIC_RELEASE);
	}
	gt__os_end(&os);
	return NULL;
}

/* There is a thread for one more job, or at least one that will come to it. One that is
 * idle and has a job coming to it is no thread for another: that job may never end. */
static int thread_for_one_more(void)
{
	int err = 0;

	gt__lk_lock(&pool.lk);
	if (pool.queued >= pool.idle && pool.threads < pool.threads_max) {
		err = gt__sys_thread_start(&pool.thread[pool.threads], POOL_STACK_BYTES,
					   pool_thread, NULL);
		if (!err)
			pool.threads++;
	}
	err = pool.threads ? 0 : err;
	if (!err)
		pool.queued++;
	gt__lk_unlock(&pool.lk);
	return err;
}

static void submit(void *arg)
{
	struct job *job = arg;
	uint32_t idle;

	gt__lk_lock(&pool.lk);
	job->next = NULL;
	if (pool.first)
		pool.last->next = job;
	else
		pool.first = job;
	pool.last = job;
	__atomic_fetch_add(&pool.changed, 1, __ATOMIC_RELAXED);
	idle = pool.idle;
	gt__lk_unlock(&pool.lk);
	if (idle)
		gt__sys_futex_wake(&pool.changed, 1);
}

/* Takes a job back that no thread has begun. */
static int take_back(struct job *job)
{
	struct job **at = &pool.first, *last = NULL;
	int found;

	gt__lk_lock(&pool.lk);
	while (*at && *at != job) {
		last = *at;
		at = &(*at)->next;
	}
	found = *at != NULL;
	if (found) {
		*at = job->next;
		if (pool.last == job)
			pool.last = last;
		pool.queued--;
		__atomic_fetch_sub(&pool.pending, 1, __ATOMIC_RELEASE);
	}
	gt__lk_unlock(&pool.lk);
	return found;
}

/* For struct gt__wait_how. One that runs makes its green thread ready itself. */
static int leave(struct gt__os *os, struct gt *gt)
{
	struct job *job = gt->wait_arg;

	(void)os;
	job->left = take_back(job);
	if (!job->left)
		gt__stop(job->stoppable);
	return job->left;
}

/* Without a single thread the call is made here, and holds up the worker. */
static long wait_for(struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
		     struct job *job)
{
	if (thread_for_one_more())
		return job->fn(job->arg);
	__atomic_fetch_add(&pool.pending, 1, __ATOMIC_RELAXED);
	gt__park(os, kind, aux, what, submit, job);
	return job->result;
}

long gt__pool_call(struct gt__os *os, uint32_t call_id, long (*fn)(void *), void *arg)
{
	struct job job = {.gt = os->current, .fn = fn, .arg = arg, .call_id = call_id};

	return wait_for(os, GTV_EV_SWITCH_SYSCALL, 0, call_id, &job);
}

long gt__pool_wait(struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
		   const char *name, long (*fn)(void *), void *arg,
		   struct gt__stoppable *stoppable)
{
	static const struct gt__wait_how how = {NULL, leave};
	struct gt *self = os->current;
	struct job job = {.gt = self,
			  .fn = fn,
			  .arg = arg,
			  .call_id = gt__call_id(os, name),
			  .stoppable = stoppable};
	long result = 0;

	if (!gt__wait_begin(self, &how, NULL, &job))
		result = wait_for(os, kind, aux, what, &job);
	else
		job.left = 1;
	if (gt__wait_end(self) &&
	    (job.left || __atomic_load_n(&stoppable->stop, __ATOMIC_ACQUIRE)))
		return GT__CANCELLED;
	return result;
}

void gt__pool_open(uint32_t threads_max)
{
	memset(&pool, 0, sizeof pool);
	pool.threads_max = threads_max < POOL_THREADS_MAX ? threads_max : POOL_THREADS_MAX;
}

void gt__pool_close(void)
{
	gt__lk_lock(&pool.lk);
	pool.stop = 1;
	__atomic_fetch_add(&pool.changed, 1, __ATOMIC_RELAXED);
	gt__lk_unlock(&pool.lk);
	gt__sys_futex_wake(&pool.changed, (int)POOL_THREADS_MAX);
	for (uint32_t i = 0; i < pool.threads; i++)
		gt__sys_thread_join(pool.thread[i]);
	pool.threads = 0;
}

void gt__pool_forked(void)
{
	gt__pool_open(pool.threads_max);
}
