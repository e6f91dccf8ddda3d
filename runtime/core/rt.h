/* SPDX-License-Identifier: MIT
 *
 * The runtime's inside: green threads, the table of policies, and the two
 * primitives on which everything that waits is written.
 *
 * gt__park stops the calling green thread; only once its context is saved does it
 * run `publish`, which releases whatever kept others from finding the thread.
 * gt__ready makes a thread that waits ready again. Both work for fibers and for
 * green threads that are OS threads, so that a mutex or a channel is written once.
 * The pattern: take the object's guard, enqueue oneself, park with a publish that
 * releases the guard.
 */
#ifndef GT_RT_H
#define GT_RT_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/os/ctx.h"
#include "runtime/gt.h"
#include "runtime/os/lock.h"
#include "runtime/os/os.h"
#include "runtime/os/sys.h"

#define GT__NAME_BYTES 64

/* A green thread. Under fiber policies it lies at the top of its own stack. */
struct gt {
	/* What every wait touches lies together: of a hundred thousand that sleep each has
	 * to come back into the nearest cache. */
	struct gt__ctx ctx;
	struct gt *next; /* in whatever queue it is in */
	uint32_t id;
	uint32_t seq;	  /* number of its last transition */
	uint32_t no_wait; /* it runs a callback: what would wait gets -EDEADLK */
	uint32_t cancel;  /* atomic: GT__CANCEL_* */
	/* what it waits for (registry.c); wait_kind 0: it does not */
	uint32_t wait_kind, wait_what;
	const struct gt__wait_how *wait_how; /* atomic; with the next two, see cancel.h */
	const void *wait_on; /* the thing, NULL: none, or one that has no name */
	void *wait_arg;
	uintptr_t wait_frame;
	uint64_t wait_since; /* gt__ticks */
	struct gt__os *home; /* where it goes on, and nowhere else; NULL: anywhere */
	void (*fn)(void *arg);
	void *arg;
	struct gt *join;   /* atomic: who joins it, or GT__JOIN_* */
	uint32_t wake;	   /* 1:1: futex word, 1: go on */
	uint32_t detached; /* from its start: nobody will join it */
	void **leave;	   /* where gt_exit goes (end.c) */
	/* its stack (fiber.c, stack.c) */
	void *stack_low;
	size_t stack_bytes; /* of the mapping, guard included */
	unsigned stack_told;
	uint32_t listed; /* atomic: from its spawn until it is freed (the registry) */
	/* From here into the name all is 0 when it is made, in a few wide stores. */
	struct gt_cleanup *cleanups;
	void *data; /* the program's (end.c) */
	/* what gt_attr asked for */
	int priority;
	int error; /* what its join returns */
	uint64_t cores;
	uint32_t nopreempt; /* its own: how often gt_nopreempt_begin is to be ended */
	uint32_t pins;	    /* the same of gt_pin_begin; none: home is NULL */
	/* procs: the attributes', and where the process leaves it */
	void *result, *result_copy;
	size_t result_bytes;
	uint32_t untold;     /* procs: what made it ready could not say so */
	uint32_t cancel_off; /* how often gt_cancel_enable is due */
	char name[GT__NAME_BYTES];
	struct gt *list_next, *list_prev; /* the registry's */
};

#define GT__JOIN_NOBODY	  ((struct gt *)0)
#define GT__JOIN_ENDED	  ((struct gt *)1)
#define GT__JOIN_DETACHED ((struct gt *)2)

/* Where a policy says that it wants safe points (see gt_tick): gt.h's own word, or under
 * the simulation, which wants them all, one that stands in for it. */
extern uint32_t *gt__tick_word;
#define gt__tick_wanted (*gt__tick_word)

/* The word has this bit while somebody is asked to end; the rest of it is the policy's. */
#define GT__TICK_CANCEL 0x80000000u

static inline void gt__tick_ask(void)
{
	__atomic_fetch_or(&gt__tick_wanted, 1, __ATOMIC_RELAXED);
}

static inline void gt__tick_calm(void)
{
	if (__atomic_load_n(&gt__tick_wanted, __ATOMIC_RELAXED) & ~GT__TICK_CANCEL)
		__atomic_fetch_and(&gt__tick_wanted, GT__TICK_CANCEL, __ATOMIC_RELAXED);
}

/* --- policies ------------------------------------------------------------ */

enum gt__unit { GT__UNIT_COUNT, GT__UNIT_TIME, GT__UNIT_CHOICE };

/* A parameter that a policy takes; the name of the last is NULL. */
struct gt__param {
	const char *name;
	enum gt__unit unit;
	uint64_t min, max;
	uint64_t value;	     /* the default */
	const char *choices; /* of a choice, "epoll|poll": the value is its place */
};
#define GT__PARAMS_MAX 6

#define GT__POLICY_SINGLE     1u /* one OS thread runs all green threads */
#define GT__POLICY_ONE_TO_ONE 2u /* each green thread is an OS thread */
#define GT__POLICY_GIL	      4u
#define GT__POLICY_PREEMPTS   8u /* by signal: stacks have room for its frame */

struct gt__policy {
	const char *name;
	unsigned flags;
	struct gt__param params[GT__PARAMS_MAX];
	/* What was parsed is in gt__param: 0, or `error` says why this machine cannot do
	 * it. May be NULL. */
	int (*check)(char *error, size_t error_bytes);

	/* What gt_run's own OS thread is under this policy. Returns owned. */
	struct gt__os *(*os_new)(void);
	void (*os_free)(struct gt__os *os);
	/* OS threads that will run green threads; 0: one each. */
	uint32_t (*workers)(void);
	/* Prepares, makes `first` runnable, runs until all have ended. 0 or -errno;
	 * on an error nothing has run. */
	int (*run)(struct gt *first, struct gt__os *os);

	/* A new green thread that has all it needs to run. Returns owned, or NULL. */
	struct gt *(*alloc)(size_t stack_bytes);
	void (*free)(struct gt *gt);
	/* It may run from now on. */
	void (*start)(struct gt__os *os, struct gt *gt);

	void (*yield)(struct gt__os *os);
	struct gt__os *(*park)(struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
			       void (*publish)(void *arg), void *arg);
	/* Where all that park does is to choose who goes on (NULL: the hub) and to switch:
	 * the choice alone, for callers that switch by themselves (gt__park_here). May be
	 * NULL. */
	struct gt *(*next)(struct gt__os *os);
	/* gt was parked, and READY is emitted. Called by any OS thread of ours. */
	void (*ready)(struct gt__os *os, struct gt *gt);

	int (*sleep_until)(struct gt__os *os, uint64_t deadline_ns);
	/* Waits until fd has one of `events`: *revents, or 0 when the time is over;
	 * -EPERM: cannot be polled. */
	int (*io_wait)(struct gt__os *os, int fd, short events, uint64_t deadline_ns,
		       short *revents);
	long (*blocking)(struct gt__os *os, uint32_t call_id, long (*fn)(void *),
			 void *arg);

	void (*tick)(struct gt__os *os); /* gt__tick_wanted is set; may be NULL */
	/* Takes or releases it; whether it was held. May be NULL. */
	int (*gil)(struct gt__os *os, int acquire);
	/* The loop itself is to give node, whose id is 0, to gt__callback_call; NULL: the
	 * policy has no loop that would. */
	void (*call_soon)(struct gt__os *os, struct gt *node);
	void (*forked)(struct gt__os *os); /* in the child of fork */
};

extern const struct gt__policy gt__policy_single, gt__policy_coop, gt__policy_quantum,
	gt__policy_green, gt__policy_asyncio, gt__policy_offset, gt__policy_gmp,
	gt__policy_threads, gt__policy_gil2, gt__policy_gil3, gt__policy_procs;

/* Finds the policy that "NAME,PARAMETER=VALUE…" asks for and sets its parameters.
 * NULL: `error` says what is wrong and what would be right. */
const struct gt__policy *gt__policy_parse(const char *text, char *error,
					  size_t error_bytes);
/* The well-known name ("gevent") by which the last parse found its policy; NULL: it was
 * the policy's own. */
const char *gt__policy_alias(void);
/* A parameter's value in this run. */
uint64_t gt__param(const char *name);

/* --- the run -------------------------------------------------------------- */

struct gt__runtime {
	const struct gt__policy *policy; /* NULL: no run */
	uint32_t single;		 /* GT__POLICY_SINGLE: no locks are needed */
	uint32_t gt_ids, lock_ids, chan_ids;
	size_t stack_bytes;
	/* A timer set for earlier than those before does not cut their sleep short. */
	uint32_t timers_late;
	/* Looking for a message without waiting lets others run, too. */
	uint32_t peek_yields;
	uint32_t cancels;	/* atomic: requests not yet acted upon */
	uint32_t cancel_fences; /* who waits has to order its words itself: cancel.h */
	uint32_t *shared_ids;	/* procs: the three counters that count; else NULL */
};
extern struct gt__runtime gt__rt;

/* Guards of objects that only green threads touch: under N:1 nothing can come
 * between, so there they cost a branch. */
static inline void gt__guard_lock(uint32_t *lk)
{
	if (__builtin_expect(!gt__rt.single, 0)) {
		gt__lk_lock(lk);
		gt__acquired();
	}
}

static inline void gt__guard_unlock(uint32_t *lk)
{
	if (__builtin_expect(!gt__rt.single, 0))
		gt__lk_unlock(lk);
}

static inline uint32_t gt__next_id(uint32_t *counter)
{
	if (gt__rt.shared_ids)
		counter = gt__rt.shared_ids + (counter - &gt__rt.gt_ids);
	return __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* The number of a new lock or channel that lies at `object`: under procs, one outside of
 * the shared memory has a copy in each process, and each is another. */
uint32_t gt__object_id(uint32_t *counter, const void *object);

/* --- transitions: counted and told --------------------------------------- */

extern const uint8_t gt__wait_counter[GTV_EV_USER_MAX];

/* `from` stops for `to` (either NULL: the scheduler). */
static inline void gt__tell_switch(struct gt__os *os, uint16_t kind, uint8_t aux,
				   struct gt *from, struct gt *to, uint32_t what)
{
	GT_COUNT(os, SWITCHES);
	if (gt__trace_wants(&os->tr)) {
		uint32_t stop = from ? ++from->seq : 0;
		uint64_t go = to ? ++to->seq : 0;

		gt__emit_on(&os->tr, kind, 0, aux, from ? from->id : 0, to ? to->id : 0,
			    stop, what | go << 32);
	}
}

static inline void gt__tell_wait(struct gt__os *os, uint16_t kind, uint8_t aux,
				 struct gt *from, struct gt *to, uint32_t what)
{
	os->n[gt__wait_counter[kind]]++;
	__atomic_store_n(&from->wait_kind, kind, __ATOMIC_RELAXED);
	from->wait_what = what;
	from->wait_since = gt__os_about(os, os->n[gt__wait_counter[kind]]);
	from->wait_frame = (uintptr_t)__builtin_frame_address(0);
	gt__tell_switch(os, kind, aux, from, to, what);
}

static inline void gt__wait_over_now(struct gt *gt)
{
	__atomic_store_n(&gt->wait_kind, 0, __ATOMIC_RELAXED);
}

static inline void gt__tell_ready(struct gt__os *os, struct gt *gt, enum gtv_by by,
				  uint32_t who)
{
	GT_COUNT(os, WAKES);
	gt__wait_over_now(gt);
	if (gt__trace_wants(&os->tr)) {
		uint32_t seq = ++gt->seq;

		gt__emit_on(&os->tr, GTV_EV_READY, 0, (uint8_t)by, gt->id, who, seq, 0);
	}
}

/* As part of what was told last: at the same time. */
static inline void gt__tell_ready_too(struct gt__os *os, struct gt *gt, enum gtv_by by,
				      uint32_t who)
{
	GT_COUNT(os, WAKES);
	gt__wait_over_now(gt);
	if (gt__trace_wants(&os->tr)) {
		uint32_t seq = ++gt->seq;

		gt__emit_too_on(&os->tr, GTV_EV_READY, 0, (uint8_t)by, gt->id, who, seq, 0);
	}
}

/* --- the two primitives --------------------------------------------------- */

/* The calling green thread waits: kind is GTV_EV_SWITCH_*, `what` for what. Returns
 * the OS thread on which it goes on. */
static inline struct gt__os *gt__park(struct gt__os *os, uint16_t kind, uint8_t aux,
				      uint32_t what, void (*publish)(void *arg), void *arg)
{
	return gt__rt.policy->park(os, kind, aux, what, publish, arg);
}

/* Around a system call that may block: the GIL of policies that have one. 1: it was held,
 * and is to be taken again. */
static inline int gt__gil_away(struct gt__os *os)
{
	return gt__rt.policy->gil && gt__rt.policy->gil(os, 0);
}

static inline void gt__gil_back(struct gt__os *os, int held)
{
	if (held)
		gt__rt.policy->gil(os, 1);
}

/* gt waits, and nobody else will make it ready. */
static inline void gt__ready(struct gt__os *os, struct gt *gt, enum gtv_by by, uint32_t who)
{
	gt__tell_ready(os, gt, by, who);
	gt__rt.policy->ready(os, gt);
}

/* The same right after an event of the same call, which shares its time stamp. */
static inline void gt__ready_too(struct gt__os *os, struct gt *gt, enum gtv_by by,
				 uint32_t who)
{
	gt__tell_ready_too(os, gt, by, who);
	gt__rt.policy->ready(os, gt);
}

/* A publish that releases a guard. */
void gt__publish_guard(void *guard);

#define GT__LEAVE_WORDS 5 /* what the compiler's setjmp asks for */

/* Calls the function of `self`, which may come back by gt_exit. */
void gt__call_body(struct gt *self);
/* The body of a green thread has returned: takes whoever joins it and is to be
 * made ready, NULL if nobody is there yet. A joiner that is being cancelled may not be
 * one any more: then gt__ended decides. */
static inline struct gt *gt__joiner_take(struct gt *gt)
{
	struct gt *joiner = __atomic_load_n(&gt->join, __ATOMIC_ACQUIRE);

	if (joiner == GT__JOIN_NOBODY || joiner == GT__JOIN_DETACHED)
		return NULL;
	gt__acquired();
	if (gt__rt.single)
		__atomic_store_n(&gt->join, GT__JOIN_ENDED, __ATOMIC_RELAXED);
	else if (!__atomic_compare_exchange_n(&gt->join, &joiner, GT__JOIN_ENDED, 0,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return NULL;
	return joiner;
}

/* Last act, once nothing stands on gt's stack any more. Makes a joiner ready that
 * came too late for the above; frees gt if nobody will join it. */
void gt__ended(struct gt__os *os, struct gt *gt);

/* Nobody names it any more. Takes. */
void gt__free(struct gt *gt);
/* Says that all wait for one another, and who for what, and exits. */
void gt__deadlock(uint32_t waiting) __attribute__((noreturn));
/* gt_run_config, in a process that was forked while a run began: that one is not its. */
int gt__run_in_child(const struct gt_config *config, void (*fn)(void *arg), void *arg);
/* A new run: what was known of descriptors is forgotten (io.c). */
void gt__io_begin(void);
/* In the child of fork, from os.c. */
void gt__run_forked(struct gt__os *os);

#endif
