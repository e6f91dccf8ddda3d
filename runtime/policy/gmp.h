/* SPDX-License-Identifier: MIT
 *
 * gmp's inside: M:N with work stealing, as Go has it. A worker is an OS thread (Go's
 * M), a processor (P) the right to run green threads and the queue of those it will
 * run. There are as many processors as cores; a worker needs one to run anything. A
 * worker whose green thread makes a blocking call may lose its processor to another
 * worker meanwhile, so there can be more workers than processors.
 *
 *   gmp.c   the table; who is next; stealing; the run
 *   gmp_queue.c    a processor's queue
 *   gmp_own.c      who may go on only on one worker
 *   gmp_idle.c     idle processors and workers, waking, the poller's sleep, deadlock
 *   gmp_call.c     blocking calls
 *   gmp_monitor.c  the monitor: takes processors back, asks for preemption
 */
#ifndef GT_GMP_H
#define GT_GMP_H

#include "runtime/policy/gmp_queue.h"
#include "runtime/os/preempt.h"

#define GT__PROCS_MAX	  1024u
#define GT__HOLDER_NOBODY UINT32_MAX

/* A processor's status: one of these, and the number of the worker that holds it. */
enum gt__proc_state { GT__PROC_IDLE, GT__PROC_RUNNING, GT__PROC_CALL };
static inline uint32_t gt__proc_status(enum gt__proc_state state, uint32_t worker)
{
	return (uint32_t)state | worker << 2;
}

struct gt__proc {
	struct gt__local local;
	uint32_t tick;	 /* atomic: slices begun; run-next inherits one */
	uint32_t streak; /* run-next picks since the last of another kind */
	uint32_t asked;	 /* atomic: the monitor wants its green thread to stop */
	uint32_t due;	 /* GT__DUE_*: what its worker is to do soon */
	uint32_t status; /* atomic; CALL: whoever changes it has the processor */
	uint32_t holder; /* atomic: number of the worker that has or last had it */
	struct gt__gmp_worker *worker; /* atomic: itself */
	uint32_t call_tick;	       /* atomic: calls begun */
	uint32_t call_gt; /* atomic: whose call made its worker lose it; 0: none */
	struct gt__proc *next_idle;
	/* the monitor's notes */
	struct {
		uint32_t tick, call_tick;
		uint64_t tick_ns, call_ns, ask_ns;
		const struct gt *run_next;
	} seen;
};

/* WAKE: another worker, for there is more to do than by one. In the hub, before all else:
 * POLL, as it is the poller's turn; GIVE the processor away, for another worker wants it.
 */
enum gt__due { GT__DUE_WAKE = 1, GT__DUE_POLL = 2, GT__DUE_GIVE = 4 };
#define GT__DUE_HUB (GT__DUE_POLL | GT__DUE_GIVE)

struct gt__gmp_call;

struct gt__gmp_worker {
	struct gt__worker w; /* first: one is the other */
	struct gt__proc *p;  /* NULL: it may not run green threads */
	uint32_t searching;  /* counted in gt__gmp.searching */
	uint32_t polling;    /* what it makes ready comes from the poller */
	uint32_t random;
	struct gt__gmp_call *call; /* to be made by the hub */
	struct gt__queue own;	   /* who is ready and may go on only here: gmp_own.c */
	struct {
		uint32_t left;	 /* of them, whose turn it is once… */
		uint32_t after;	 /* …this place in the queue of `of` is reached, and… */
		uint32_t global; /* …the global queue was looked at */
		const struct gt__proc *of;
	} turn;
	struct gt__preempt_target target;
	/* asleep */
	_Alignas(64) uint32_t wake; /* futex: 1: go on */
	uint32_t watching;	    /* atomic: it may be asleep in the poller */
	struct gt__proc *given;	    /* by who woke it */
	uint32_t wants;		    /* in idle_workers for want of a processor */
	struct gt__gmp_worker *next_idle;
	struct gt__gmp_worker *next; /* of all workers */
};

struct gt__gmp {
	struct gt__proc *proc;
	uint32_t count; /* of processors */
	struct gt__queue global;
	uint32_t searching; /* atomic: workers that look for something to steal */
	uint32_t idle;	    /* atomic: processors in idle_procs; changes under lk */
	uint32_t wanting;   /* atomic: workers that want one; then none is idle */
	uint32_t away;	    /* atomic: calls that have lost their processor */
	uint32_t polled;    /* atomic: GT__POLLED_*, whether somebody is in the poller */
	uint32_t polls;	    /* atomic: times that somebody was */
	uint32_t stop;	    /* atomic: all green threads have ended */
	uint32_t alone;	    /* after fork: no other OS thread is there, or will be */
	uint32_t lk;	    /* guards the lists */
	struct gt__proc *idle_procs;
	struct gt__gmp_worker *idle_workers, *workers;
	uint32_t worker_count;
	/* the monitor */
	uint32_t monitor_word; /* futex: 1: look again at once */
	uint32_t monitor_nap;  /* atomic: 0 it is awake or soon will be, else GT__NAP_* */
	pthread_t monitor;
};
extern struct gt__gmp gt__gmp;

enum gt__polled { GT__POLLED_NOT, GT__POLLED_BRIEFLY, GT__POLLED_ASLEEP };
enum gt__nap { GT__NAP_SHORT, GT__NAP_LONG, GT__NAP_DEEP };

static inline struct gt__gmp_worker *gt__gmp_worker_of(struct gt__os *os)
{
	return (struct gt__gmp_worker *)os;
}

static inline int gt__gmp_stopped(void)
{
	return __atomic_load_n(&gt__gmp.stop, __ATOMIC_ACQUIRE) != 0;
}

/* --- gmp.c ----------------------------------------------------------- */

/* The life of a worker, on its OS thread. */
void gt__gmp_work(struct gt__gmp_worker *w);

/* --- gmp_idle.c ------------------------------------------------------------- */

/* w has p from now on; tells of it if another had it before. */
void gt__gmp_proc_take(struct gt__gmp_worker *w, struct gt__proc *p);
/* An idle processor, w's last one rather than another; NULL: there is none. */
struct gt__proc *gt__gmp_proc_idle_get(const struct gt__gmp_worker *w);
void gt__gmp_proc_idle_put(struct gt__proc *p);
/* Somebody became ready in w's own queue, by another OS thread: if w is idle, it gets a
 * processor, or wants one from now on. */
void gt__gmp_own_seek(struct gt__gmp_worker *w);
static inline int gt__gmp_is_wanted(void)
{
	return __atomic_load_n(&gt__gmp.wanting, __ATOMIC_RELAXED) != 0;
}
/* In the hub: w's processor goes to who wants one. 0: nobody does any more. */
int gt__gmp_proc_give(struct gt__gmp_worker *w);
/* A worker comes to run p: an idle one or a new OS thread. `searching`: it is counted
 * as such already. Without any (no memory, no thread) p becomes idle. */
void gt__gmp_proc_start(struct gt__proc *p, int searching);
/* There is work: if a processor is idle and nobody searches, one begins to. */
void gt__gmp_wake_slow(void);
static inline void gt__gmp_wake(void)
{
#ifdef GT_TSAN /* it knows no fences */
	__atomic_fetch_add(&gt__gmp.idle, 0, __ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
	if (__atomic_load_n(&gt__gmp.idle, __ATOMIC_RELAXED) &&
	    !__atomic_load_n(&gt__gmp.searching, __ATOMIC_RELAXED))
		gt__gmp_wake_slow();
}
void gt__gmp_search_begin(struct gt__gmp_worker *w);
/* Who found something wakes the next to search: there may be more. */
void gt__gmp_search_end(struct gt__gmp_worker *w, int found);
/* w has found nothing. Returns when it has a processor again, or at the end. */
void gt__gmp_idle(struct gt__gmp_worker *w);
/* w has no processor. The same. */
void gt__gmp_rest(struct gt__gmp_worker *w);
/* Polls without waiting, unless somebody is there already (0) or nobody waits. */
int gt__gmp_poll_once(struct gt__os *os);
/* The same, and what becomes ready goes behind what is in w's queue. */
void gt__gmp_poll_now(struct gt__gmp_worker *w);
/* All green threads have ended. */
void gt__gmp_everybody_up(void);

/* --- gmp_own.c --------------------------------------------------------------- */

/* gt, which has a home, is ready. Any OS thread of ours. */
void gt__gmp_own_put(struct gt__os *os, struct gt *gt);
/* Takes the one whose turn it is, NULL: nobody's; for when w's own queue is not empty. */
struct gt *gt__gmp_own_get(struct gt__gmp_worker *w);
/* Whosever turn it is. */
struct gt *gt__gmp_own_any(struct gt__gmp_worker *w);
static inline int gt__gmp_has_own(const struct gt__gmp_worker *w)
{
	return __atomic_load_n(&w->own.count, __ATOMIC_RELAXED) != 0;
}

/* --- gmp_call.c ------------------------------------------------------------- */

long gt__gmp_blocking(struct gt__os *os, uint32_t call_id, long (*fn)(void *), void *arg);
/* In the hub: makes w's call. Returns the caller if w goes on with it; else w has no
 * processor any more. */
struct gt *gt__gmp_call_make(struct gt__gmp_worker *w);

/* --- gmp_monitor.c ---------------------------------------------------------- */

int gt__gmp_monitor_start(void); /* 0 or -errno */
void gt__gmp_monitor_end(void);
void gt__gmp_monitor_poke(void);
/* The monitor wakes up if it sleeps as deep as `nap` or deeper. */
static inline void gt__gmp_monitor_stir(enum gt__nap nap)
{
	if (__atomic_load_n(&gt__gmp.monitor_nap, __ATOMIC_SEQ_CST) >= (uint32_t)nap)
		gt__gmp_monitor_poke();
}
/* The processor's green thread stops: what the monitor asked for is done. */
static inline void gt__gmp_answer(struct gt__proc *p)
{
	if (__atomic_load_n(&p->asked, __ATOMIC_RELAXED) &&
	    __atomic_exchange_n(&p->asked, 0, __ATOMIC_RELAXED))
		__atomic_fetch_sub(&gt__tick_wanted, 1, __ATOMIC_RELAXED);
}

#endif
