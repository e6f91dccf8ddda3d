/* SPDX-License-Identifier: MIT
 *
 * Idle processors and workers, and how they come to work again.
 *
 * A worker that finds nothing gives its processor back first, and then looks at all
 * queues once more; who adds work adds it first, and then looks for idle processors: so
 * one of the two sees the other. Nobody is woken while somebody searches, for that one
 * wakes the next if it finds something. One of the workers without a processor sleeps
 * in the poller, and takes an idle processor when something comes; the others sleep on
 * a futex.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/policy/gmp.h"
#include "runtime/policy/pool.h"
#include "runtime/io/reactor.h"

/* Go's limit of OS threads. */
#define WORKERS_MAX 10000u
/* Looks before going to sleep. */
#define SPINS 50

#define s gt__gmp

/* -------------------------------------------------------------- processors */

void gt__gmp_proc_take(struct gt__gmp_worker *w, struct gt__proc *p)
{
	uint32_t last = __atomic_load_n(&p->holder, __ATOMIC_RELAXED);
	uint32_t index = w->w.index;

	gt__acquired();
	w->p = p;
	__atomic_store_n(&p->holder, index, __ATOMIC_RELAXED);
	__atomic_store_n(&p->worker, w, __ATOMIC_RELAXED);
	__atomic_store_n(&p->tick, p->tick + 1, __ATOMIC_RELAXED);
	if (last != GT__HOLDER_NOBODY && last != index) {
		GT_COUNT(&w->w.os, HANDOFFS);
		gt__emit(&w->w.os.tr, GTV_EV_HANDOFF, 0, 0,
			 __atomic_load_n(&p->call_gt, __ATOMIC_RELAXED), last, 0, index);
	}
	__atomic_store_n(&p->call_gt, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&p->status, gt__proc_status(GT__PROC_RUNNING, index),
			 __ATOMIC_RELEASE);
	gt__gmp_monitor_stir(GT__NAP_DEEP);
}

/* Under lk: w's last one, or the one that became idle last. */
static struct gt__proc *idle_pop(const struct gt__gmp_worker *w)
{
	struct gt__proc **at = &s.idle_procs, *p;

	while (w && *at && __atomic_load_n(&(*at)->holder, __ATOMIC_RELAXED) != w->w.index)
		at = &(*at)->next_idle;
	if (!*at)
		at = &s.idle_procs;
	p = *at;
	if (p) {
		*at = p->next_idle;
		__atomic_fetch_sub(&s.idle, 1, __ATOMIC_SEQ_CST);
	}
	return p;
}

/* Under lk. */
static void idle_push(struct gt__proc *p)
{
	gt__gmp_answer(p);
	p->next_idle = s.idle_procs;
	s.idle_procs = p;
	__atomic_fetch_add(&s.idle, 1, __ATOMIC_SEQ_CST);
}

struct gt__proc *gt__gmp_proc_idle_get(const struct gt__gmp_worker *w)
{
	struct gt__proc *p;

	gt__lk_lock(&s.lk);
	p = idle_pop(w);
	gt__lk_unlock(&s.lk);
	return p;
}

/* ----------------------------------------------------------------- workers */

static void *worker_thread(void *arg)
{
	struct gt__gmp_worker *w = arg;

	gt__os_begin(&w->w.os);
	w->w.os.is_worker = 1;
	gt__gmp_work(w);
	gt__os_end(&w->w.os);
	return NULL;
}

/* A new OS thread for p. Under lk throughout, so that nobody ends the run between. */
static int worker_new(struct gt__proc *p, int searching)
{
	struct gt__gmp_worker *w;

	if (s.worker_count >= s.count + WORKERS_MAX)
		return -1;
	w = aligned_alloc(64, sizeof *w);
	if (!w)
		return -1;
	memset(w, 0, sizeof *w);
	w->w.index = s.worker_count;
	w->random = w->w.index * 2654435761u + 1;
	w->searching = searching != 0;
	w->given = p;
	if (gt__sys_thread_start(&w->target.thread, 0, worker_thread, w)) {
		free(w);
		return -1;
	}
	w->next = s.workers;
	s.workers = w;
	s.worker_count++;
	return 0;
}

/* Wakes a worker that is out of the list. */
static void rouse(struct gt__gmp_worker *w)
{
	__atomic_store_n(&w->wake, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&w->watching, __ATOMIC_SEQ_CST))
		gt__reactor_kick();
	else
		gt__sys_futex_wake(&w->wake, 1);
}

/* Under lk: w is out of the list, and wants nothing any more. */
static struct gt__gmp_worker *unlist(struct gt__gmp_worker **at)
{
	struct gt__gmp_worker *w = *at;

	*at = w->next_idle;
	if (w->wants)
		__atomic_fetch_sub(&s.wanting, 1, __ATOMIC_SEQ_CST);
	w->wants = 0;
	return w;
}

/* Under lk: one that wants a processor, else who had p last, else one that is not in the
 * poller, else that one. */
static struct gt__gmp_worker *worker_pop(const struct gt__proc *p)
{
	uint32_t holder = __atomic_load_n(&p->holder, __ATOMIC_RELAXED);
	struct gt__gmp_worker **best = &s.idle_workers;
	int wanting = gt__gmp_is_wanted();

	for (struct gt__gmp_worker **at = best; *at; at = &(*at)->next_idle) {
		if (wanting ? (*at)->wants : (*at)->w.index == holder) {
			best = at;
			break;
		}
		if (__atomic_load_n(&(*best)->watching, __ATOMIC_RELAXED))
			best = at;
	}
	return *best ? unlist(best) : NULL;
}

static int worker_remove(struct gt__gmp_worker *w)
{
	struct gt__gmp_worker **at = &s.idle_workers;

	while (*at && *at != w)
		at = &(*at)->next_idle;
	if (!*at)
		return 0;
	unlist(at);
	return 1;
}

/* Under lk: w, which is in no list, is idle; it wants a processor if `wants`. */
static void enlist(struct gt__gmp_worker *w, int wants)
{
	w->next_idle = s.idle_workers;
	s.idle_workers = w;
	w->wants = wants != 0;
	if (wants)
		__atomic_fetch_add(&s.wanting, 1, __ATOMIC_SEQ_CST);
}

/* Under lk: p, which nobody has, goes to a worker that wants one: who is to be roused.
 * NULL: none does. */
static struct gt__gmp_worker *heir_of(struct gt__proc *p)
{
	struct gt__gmp_worker *w = gt__gmp_is_wanted() ? worker_pop(p) : NULL;

	if (!w)
		return NULL;
	gt__gmp_answer(p);
	w->given = p;
	w->searching = 0;
	return w;
}

void gt__gmp_proc_idle_put(struct gt__proc *p)
{
	struct gt__gmp_worker *heir;

	gt__lk_lock(&s.lk);
	heir = heir_of(p);
	if (!heir)
		idle_push(p);
	gt__lk_unlock(&s.lk);
	if (heir)
		rouse(heir);
}

int gt__gmp_proc_give(struct gt__gmp_worker *w)
{
	struct gt__proc *p = w->p;
	struct gt__gmp_worker *heir;

	gt__gmp_search_end(w, 0);
	p->due &= ~(uint32_t)GT__DUE_GIVE;
	gt__lk_lock(&s.lk);
	heir = heir_of(p);
	if (heir) {
		w->p = NULL;
		__atomic_store_n(&p->status, GT__PROC_IDLE, __ATOMIC_RELEASE);
	}
	gt__lk_unlock(&s.lk);
	if (heir)
		rouse(heir);
	return heir != NULL;
}

/* Either w is seen in the list here, or it looks at its queue after it has got there. */
void gt__gmp_own_seek(struct gt__gmp_worker *w)
{
	struct gt__proc *p = NULL;

	gt__lk_lock(&s.lk);
	if (worker_remove(w)) {
		p = idle_pop(w);
		if (p) {
			w->given = p;
			w->searching = 0;
		} else {
			enlist(w, 1);
		}
	}
	gt__lk_unlock(&s.lk);
	if (p)
		rouse(w);
}

void gt__gmp_proc_start(struct gt__proc *p, int searching)
{
	struct gt__gmp_worker *w;
	int lost = 0;

	gt__lk_lock(&s.lk);
	w = worker_pop(p);
	if (w) {
		w->given = p;
		w->searching = searching != 0;
	} else if (s.alone || gt__gmp_stopped() || worker_new(p, searching)) {
		idle_push(p);
		lost = 1;
	}
	gt__lk_unlock(&s.lk);
	if (w)
		rouse(w);
	if (lost && searching)
		__atomic_fetch_sub(&s.searching, 1, __ATOMIC_SEQ_CST);
}

__attribute__((noinline)) void gt__gmp_wake_slow(void)
{
	struct gt__proc *p;
	uint32_t none = 0;

	if (s.alone || !__atomic_compare_exchange_n(&s.searching, &none, 1, 0,
						    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return;
	p = gt__gmp_proc_idle_get(NULL);
	if (p)
		gt__gmp_proc_start(p, 1);
	else
		__atomic_fetch_sub(&s.searching, 1, __ATOMIC_SEQ_CST);
}

void gt__gmp_everybody_up(void)
{
	struct gt__gmp_worker *w;

	__atomic_store_n(&s.stop, 1, __ATOMIC_SEQ_CST);
	gt__lk_lock(&s.lk);
	while (s.idle_workers) {
		w = unlist(&s.idle_workers);
		rouse(w);
	}
	gt__lk_unlock(&s.lk);
}

/* ------------------------------------------------------------------ search */

void gt__gmp_search_begin(struct gt__gmp_worker *w)
{
	if (w->searching)
		return;
	w->searching = 1;
	__atomic_fetch_add(&s.searching, 1, __ATOMIC_SEQ_CST);
}

void gt__gmp_search_end(struct gt__gmp_worker *w, int found)
{
	if (!w->searching)
		return;
	w->searching = 0;
	if (__atomic_sub_fetch(&s.searching, 1, __ATOMIC_SEQ_CST) == 0 && found)
		gt__gmp_wake();
}

static int work_is_somewhere(int run_next_too)
{
	if (gt__queue_count(&s.global))
		return 1;
	for (uint32_t i = 0; i < s.count; i++) {
		struct gt__local *q = &s.proc[i].local;

		if (gt__local_has_some(q) || (run_next_too && gt__local_has_next(q)))
			return 1;
	}
	return 0;
}

/* Under lk. */
static int someones_own(void)
{
	for (const struct gt__gmp_worker *w = s.workers; w; w = w->next)
		if (gt__queue_count(&w->own))
			return 1;
	return 0;
}

/* ------------------------------------------------------------------- sleep */

/* Is there anything that could make one green thread ready? What is pending is looked
 * at before the queues it would have gone to. Processors do not become busy under lk. */
static void check_deadlock(void)
{
	gt__lk_lock(&s.lk);
	if (__atomic_load_n(&s.idle, __ATOMIC_SEQ_CST) == s.count &&
	    !__atomic_load_n(&s.away, __ATOMIC_SEQ_CST) && !gt__reactor_waiters() &&
	    !gt__pool_pending() && !__atomic_load_n(&s.stop, __ATOMIC_SEQ_CST) &&
	    !work_is_somewhere(1) && !someones_own())
		gt__deadlock(__atomic_load_n(&gt__alive, __ATOMIC_RELAXED));
	gt__lk_unlock(&s.lk);
}

/* w, which is in the list of idle workers or just given a processor, goes on if there
 * is a processor for it. */
static int claim(struct gt__gmp_worker *w)
{
	struct gt__proc *p = NULL;
	int given;

	gt__lk_lock(&s.lk);
	given = !worker_remove(w);
	if (!given) {
		p = idle_pop(w);
		if (!p)
			enlist(w, gt__queue_count(&w->own) != 0);
	}
	gt__lk_unlock(&s.lk);
	if (given) /* whoever took us out of the list says when */
		return 0;
	if (!p)
		return 0;
	gt__gmp_proc_take(w, p);
	gt__gmp_search_begin(w);
	return 1;
}

static int is_woken(struct gt__gmp_worker *w)
{
	return __atomic_load_n(&w->wake, __ATOMIC_SEQ_CST) != 0;
}

/* In the poller. Returns 1 if that brought work and there is a processor for it. */
static int sleep_polling(struct gt__gmp_worker *w)
{
	unsigned count = 0;

	__atomic_store_n(&w->watching, 1, __ATOMIC_SEQ_CST);
	if (!is_woken(w))
		count = gt__reactor_poll(&w->w.os, GT__NEVER);
	__atomic_store_n(&w->watching, 0, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&s.polls, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&s.polled, GT__POLLED_NOT, __ATOMIC_SEQ_CST);
	return count && !is_woken(w) && claim(w);
}

/* w is in the list of idle workers. Returns with a processor, or at the end. */
static void sleep_here(struct gt__gmp_worker *w)
{
	uint32_t by;
	int claimed = 0;

	gt__emit(&w->w.os.tr, GTV_EV_PARK, 0, 0, 0, w->w.index, 0, 0);
	while (!claimed && !is_woken(w)) {
		by = GT__POLLED_NOT;
		if (__atomic_compare_exchange_n(&s.polled, &by, GT__POLLED_ASLEEP, 0,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			claimed = sleep_polling(w);
		else if (by == GT__POLLED_ASLEEP)
			gt__sys_futex_wait(&w->wake, 0, GT__NEVER);
		else /* only looks: it will be our turn in a moment */
			gt__sys_yield();
	}
	gt__emit(&w->w.os.tr, GTV_EV_UNPARK, 0, 0, 0, w->w.index, 0, 0);
	if (!claimed && w->given)
		gt__gmp_proc_take(w, w->given);
	w->given = NULL;
}

/* Under lk. */
static void list_me(struct gt__gmp_worker *w)
{
	__atomic_store_n(&w->wake, 0, __ATOMIC_RELAXED);
	w->given = NULL;
	enlist(w, 0);
}

/* There is something that w could do if it had a processor. */
static int is_needed(const struct gt__gmp_worker *w)
{
	return gt__queue_count(&w->own) || work_is_somewhere(0);
}

void gt__gmp_rest(struct gt__gmp_worker *w)
{
	gt__magazine_empty(&w->w.magazine);
	gt__lk_lock(&s.lk);
	list_me(w);
	gt__lk_unlock(&s.lk);
	if (gt__gmp_stopped() || (is_needed(w) && claim(w)))
		return;
	sleep_here(w);
}

/* Somebody may be about to add work: that is sooner than a sleep and a wake-up. */
static int spin(void)
{
	for (int i = 0; i < SPINS && s.count > 1 && !s.alone; i++) {
		if (gt__gmp_stopped() || work_is_somewhere(0))
			return 1;
		gt__sys_relax();
	}
	return 0;
}

void gt__gmp_idle(struct gt__gmp_worker *w)
{
	struct gt__proc *p = w->p;
	uint32_t searched = w->searching;
	struct gt__gmp_worker *heir;

	if (searched && spin())
		return;
	w->p = NULL;
	w->searching = 0;
	__atomic_store_n(&p->status, GT__PROC_IDLE, __ATOMIC_RELEASE);
	gt__lk_lock(&s.lk);
	heir = heir_of(p);
	if (!heir)
		idle_push(p);
	list_me(w); /* from here on another may make it a searcher */
	gt__lk_unlock(&s.lk);
	if (heir)
		rouse(heir);
	if (searched)
		__atomic_fetch_sub(&s.searching, 1, __ATOMIC_SEQ_CST);
	/* Work that came before the processor was seen to be idle is ours to find. */
	if (gt__gmp_stopped())
		return;
	if (is_needed(w) && claim(w))
		return;
	check_deadlock();
	sleep_here(w);
}

int gt__gmp_poll_once(struct gt__os *os)
{
	uint32_t by = GT__POLLED_NOT;

	if (!gt__reactor_waiters() ||
	    !__atomic_compare_exchange_n(&s.polled, &by, GT__POLLED_BRIEFLY, 0,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return 0;
	gt__reactor_poll(os, 0);
	__atomic_fetch_add(&s.polls, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&s.polled, GT__POLLED_NOT, __ATOMIC_SEQ_CST);
	return 1;
}

void gt__gmp_poll_now(struct gt__gmp_worker *w)
{
	w->polling = 1;
	gt__gmp_poll_once(&w->w.os);
	w->polling = 0;
}
