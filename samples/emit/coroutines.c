/* SPDX-License-Identifier: MIT
 *
 * A runtime that is not libgt tells gtviz about itself through one header: coroutines on
 * ucontext, a round-robin queue and a lock that hands over.
 *
 *   gtviz build/samples/coroutines        what the lanes show is told by the lines
 *                                         that begin with gtv_emit_
 */
#define GTV_EMIT_IMPLEMENTATION
#include "gtv_emit.h"

#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#define STACK_BYTES (256u << 10)
#define ROUNDS	    200
#define WORK	    20000

struct co {
	struct gtv_emit_gt gt; /* what gtviz knows it by */
	ucontext_t context;
	void (*body)(void);
	struct co *next;
};

struct queue {
	struct co *first, **last;
};

static struct queue ready = {NULL, &ready.first};
static struct co *current;
static ucontext_t scheduler;

static void put(struct queue *q, struct co *co)
{
	co->next = NULL;
	*q->last = co;
	q->last = &co->next;
}

static struct co *take(struct queue *q)
{
	struct co *co = q->first;

	if (co && !(q->first = co->next))
		q->last = &q->first;
	return co;
}

/* ------------------------------------------------------------- the scheduler */

static void begin(void)
{
	current->body();
	gtv_emit_exit(&current->gt, NULL);
}

static struct co *spawn(const char *name, void (*body)(void))
{
	struct co *co = calloc(1, sizeof *co);

	if (!co || getcontext(&co->context) ||
	    !(co->context.uc_stack.ss_sp = malloc(STACK_BYTES)))
		exit(1);
	co->context.uc_stack.ss_size = STACK_BYTES;
	co->context.uc_link = &scheduler;
	co->body = body;
	makecontext(&co->context, begin, 0);
	gtv_emit_spawn(&co->gt, current ? &current->gt : NULL, name);
	put(&ready, co);
	return co;
}

static void leave(void) /* whoever calls has said why */
{
	swapcontext(&current->context, &scheduler);
}

static void yield(void)
{
	gtv_emit_yield(&current->gt, NULL);
	put(&ready, current);
	leave();
}

static void run_all(void)
{
	while ((current = take(&ready))) {
		gtv_emit_run(&current->gt);
		swapcontext(&scheduler, &current->context);
	}
}

/* -------------------------------------------------------------- the lock */

static struct {
	struct gtv_emit_lock lock;
	struct co *owner;
	struct queue waiters;
} mutex = {{0, 0, 0}, NULL, {NULL, &mutex.waiters.first}};

static void lock(void)
{
	if (mutex.owner) {
		gtv_emit_wait_lock(&current->gt, NULL, &mutex.lock);
		put(&mutex.waiters, current);
		leave(); /* it is ours when we come back */
	}
	mutex.owner = current;
	gtv_emit_lock_take(&mutex.lock, &current->gt);
}

static void unlock(void)
{
	gtv_emit_lock_drop(&mutex.lock, &current->gt);
	if ((mutex.owner = take(&mutex.waiters))) {
		gtv_emit_ready(&mutex.owner->gt, &current->gt, GTV_BY_GT);
		put(&ready, mutex.owner);
	}
}

/* ---------------------------------------------------------------- the program */

static void work(void)
{
	for (volatile int i = 0; i < WORK; i++)
		;
}

static void clerk(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		lock();
		work();
		yield(); /* holding the lock: the other one waits for it */
		unlock();
	}
	gtv_emit_mark(&current->gt, "books closed");
}

int main(void)
{
	gtv_emit_start("coroutines", 1, 0);
	gtv_emit_worker_start(0);
	gtv_emit_lock_name(&mutex.lock, "mutex", "ledger");
	spawn("clerk-1", clerk);
	spawn("clerk-2", clerk);
	run_all();
	gtv_emit_worker_stop(0);
	printf("coroutines: %d turns each in the ledger\n", ROUNDS);
	return 0;
}
