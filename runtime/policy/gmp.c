/* SPDX-License-Identifier: MIT
 *
 * gmp: M:N with work stealing, as Go has it (Dmitry Vyukov's scheduler; gmp.h tells
 * what is in which file).
 *
 * Who is next on a processor: every 61st time the head of the global queue, else
 * run-next, else the head of its own queue, else a share of the global one, else what
 * the poller has, else half of another's queue. What its green threads make ready goes
 * to run-next and takes over the slice of who runs now: two that wake each other by
 * turns share one slice, after which the others in the queue come first.
 *
 * Who makes something ready need not wake another worker for it as long as it lies in
 * run-next: mostly the processor gets to it at once. What it displaces can be stolen,
 * and somebody is woken for that; but only when the next scheduling shows that the
 * processor has more to do than the two. Else the order in which two just started run
 * would be a matter of chance. The monitor sees to what was left.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/policy/gmp.h"
#include "runtime/core/pin.h"
#include "runtime/policy/pool.h"
#include "runtime/io/reactor.h"

#define GLOBAL_EVERY 61u
#define STEAL_TRIES  4
/* Run-next picks in a row, should the monitor be late. */
#define STREAK_MAX 1024u
/* How long a run-next place is looked at before it is stolen from: its owner mostly
 * gets to it at once. Go sleeps 3 us. */
#define NEXT_LOOKS 64
/* Calls at once that a worker cannot make itself (gmp_own.c). */
#define POOL_THREADS 64u

#define s gt__gmp

struct gt__gmp gt__gmp;

/* ------------------------------------------------------------ who is next */

/* A share of the global queue: one to run, the rest into our own. */
static struct gt *global_get(struct gt__proc *p, uint32_t max)
{
	uint32_t count = gt__queue_count(&s.global), share = count / s.count + 1;
	struct gt *gt, *rest;

	if (!count)
		return NULL;
	if (share > max)
		share = max;
	gt = gt__queue_take(&s.global, share, &count);
	rest = gt ? gt->next : NULL;
	while (rest) {
		struct gt *next = rest->next;

		gt__local_put(&p->local, rest, &s.global);
		rest = next;
	}
	return gt;
}

static int has_more(const struct gt__proc *p)
{
	return p->local.tail != __atomic_load_n(&p->local.head, __ATOMIC_RELAXED);
}

/* A new slice begins. */
static inline void tick(struct gt__proc *p)
{
	__atomic_store_n(&p->tick, p->tick + 1, __ATOMIC_RELAXED);
	p->streak = 0;
}

/* Another worker wants our processor: then it is the hub that gives it. */
static int must_give(struct gt__proc *p)
{
	if (gt__gmp_is_wanted())
		p->due |= GT__DUE_GIVE;
	return (p->due & GT__DUE_GIVE) != 0;
}

/* The slice is over: what would inherit it queues up. */
static __attribute__((noinline)) void slice_over(struct gt__gmp_worker *w)
{
	struct gt__proc *p = w->p;
	struct gt *next;

	gt__gmp_answer(p);
	tick(p);
	if ((must_give(p) || has_more(p) || gt__gmp_has_own(w)) &&
	    (next = gt__local_next_take(&p->local)))
		gt__local_put(&p->local, next, &s.global);
}

static inline __attribute__((always_inline)) struct gt *next_get(struct gt__gmp_worker *w)
{
	struct gt__proc *p = w->p;

	if (__builtin_expect(__atomic_load_n(&p->asked, __ATOMIC_RELAXED) |
				     (p->streak >= STREAK_MAX),
			     0))
		slice_over(w);
	if (!__atomic_load_n(&p->local.run_next, __ATOMIC_RELAXED))
		return NULL;
	p->streak++;
	return gt__local_next_take(&p->local);
}

/* There is more to see to than the processor's queue. */
static __attribute__((noinline)) struct gt *local_and_more(struct gt__gmp_worker *w)
{
	struct gt__proc *p = w->p;
	struct gt *gt;

	if (p->due & GT__DUE_WAKE) {
		p->due &= ~(uint32_t)GT__DUE_WAKE;
		gt__gmp_wake();
	}
	if (p->due & GT__DUE_GIVE)
		return NULL;
	if (!gt__gmp_has_own(w))
		return gt__local_get(&p->local);
	if ((gt = gt__gmp_own_get(w)) || (gt = gt__local_get(&p->local)))
		return gt;
	return global_get(p, GT__LOCAL_MAX / 2);
}

static inline __attribute__((always_inline)) struct gt *local_get(struct gt__gmp_worker *w)
{
	struct gt__proc *p = w->p;

	tick(p);
	if (__builtin_expect(p->due | __atomic_load_n(&w->own.count, __ATOMIC_RELAXED), 0))
		return local_and_more(w);
	return gt__local_get(&p->local);
}

/* Every 61st: the others' turn. The poller's too, but in the hub, for we may hold its
 * lock. */
static __attribute__((noinline)) struct gt *others_turn(struct gt__proc *p)
{
	struct gt *gt;

	tick(p);
	if (must_give(p))
		return NULL;
	gt = global_get(p, 1);
	if (!gt && gt__reactor_waiters())
		p->due |= GT__DUE_POLL;
	return gt;
}

/* What a stopping thread's worker can go on with at once; NULL: the hub is to look. */
static inline __attribute__((always_inline)) struct gt *pick(struct gt__gmp_worker *w)
{
	struct gt__proc *p = w->p;
	struct gt *gt;

	if (__builtin_expect(p->tick % GLOBAL_EVERY == GLOBAL_EVERY - 1, 0)) {
		gt = others_turn(p);
		if (gt || (p->due & GT__DUE_HUB))
			return gt;
	}
	gt = next_get(w);
	return gt ? gt : local_get(w);
}

/* ----------------------------------------------------------------- policy */

static void make_next(struct gt__proc *p, struct gt *gt)
{
	struct gt *displaced = gt__local_next_put(&p->local, gt);

	if (displaced) {
		gt__local_put(&p->local, displaced, &s.global);
		if (!(p->due & GT__DUE_WAKE)) {
			p->due |= GT__DUE_WAKE;
			gt__gmp_monitor_stir(GT__NAP_LONG);
			return;
		}
	} else if (!has_more(p)) {
		return;
	}
	p->due &= ~(uint32_t)GT__DUE_WAKE;
	gt__gmp_wake();
}

static void gmp_ready(struct gt__os *os, struct gt *gt)
{
	struct gt__gmp_worker *w = gt__gmp_worker_of(os);

	if (__builtin_expect(gt->home != NULL, 0)) {
		gt__gmp_own_put(os, gt);
	} else if (os->is_worker && w->p && !w->polling) {
		make_next(w->p, gt);
	} else if (os->is_worker && w->p) {
		gt__local_put(&w->p->local, gt, &s.global);
		w->p->due |= GT__DUE_WAKE;
	} else {
		gt__queue_push(&s.global, gt);
		gt__gmp_wake();
	}
}

static void gmp_start(struct gt__os *os, struct gt *gt)
{
	gt__alive_add();
	make_next(gt__gmp_worker_of(os)->p, gt);
}

static struct gt *gmp_next(struct gt__os *os)
{
	return pick(gt__gmp_worker_of(os));
}

static struct gt__os *gmp_park(struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
			       void (*publish)(void *), void *arg)
{
	return gt__fiber_park(os, gmp_next(os), kind, aux, what, publish, arg);
}

/* The worker that it goes on on is the one that calls these. */
static void after_own(void *gt)
{
	gt__gmp_own_put(((struct gt *)gt)->home, gt);
}

static void after_yield(void *gt)
{
	if (__builtin_expect(((struct gt *)gt)->home != NULL, 0))
		after_own(gt);
	else
		gt__local_put(&gt__gmp_worker_of(gt__os())->p->local, gt, &s.global);
}

static void gmp_yield(struct gt__os *os)
{
	struct gt__gmp_worker *w = gt__gmp_worker_of(os);
	struct gt *self = os->current, *next = pick(w);

	if (!next && !(w->p->due & GT__DUE_HUB))
		next = global_get(w->p, GT__LOCAL_MAX / 2);
	if (!next && !(w->p->due & GT__DUE_HUB) && !gt__reactor_waiters())
		return;
	GT_COUNT(os, YIELDS);
	gt__tell_switch(os, GTV_EV_SWITCH_YIELD, 0, self, next, 0);
	w->w.after = after_yield;
	w->w.after_arg = self;
	gt__fiber_go(&w->w, &self->ctx, next);
}

static void after_preempt(void *gt)
{
	gt__queue_push(&s.global, gt);
	gt__gmp_wake();
}

/* Returns whether the monitor had asked for it, and whom to go on with in *next; if that
 * is NULL, and the hub has nothing to look for, self goes on: nobody else wants to run. */
static int is_asked(struct gt__gmp_worker *w, struct gt **next)
{
	if (!__atomic_load_n(&w->p->asked, __ATOMIC_RELAXED))
		return 0;
	gt__gmp_answer(w->p);
	gt__emit(&w->w.os.tr, GTV_EV_PREEMPT_ASK, 0, 0, w->w.os.current->id, w->w.index, 0,
		 0);
	*next = must_give(w->p) ? NULL : pick(w);
	if (!*next && !(w->p->due & GT__DUE_HUB))
		*next = global_get(w->p, GT__LOCAL_MAX / 2);
	return *next || (w->p->due & GT__DUE_HUB) || gt__reactor_waiters();
}

static void stop_for(struct gt__gmp_worker *w, uint8_t how, struct gt *next,
		     void (*after)(void *))
{
	struct gt *self = w->w.os.current;

	GT_COUNT(&w->w.os, PREEMPTIONS);
	gt__tell_switch(&w->w.os, GTV_EV_SWITCH_PREEMPT, how, self, next, 0);
	w->w.after = after;
	w->w.after_arg = self;
	gt__fiber_go(&w->w, &self->ctx, next);
}

/* A safe point, and some processor is asked for. Who is preempted goes to the global
 * queue, as in Go. */
static void gmp_tick(struct gt__os *os)
{
	struct gt__gmp_worker *w = gt__gmp_worker_of(os);
	struct gt *next;

	if (is_asked(w, &next))
		stop_for(w, 0, next, os->current->home ? after_own : after_preempt);
}

/* By signal: the same, but it goes on here. */
static void gmp_signal(struct gt__os *os)
{
	struct gt__gmp_worker *w = gt__gmp_worker_of(os);
	struct gt *self = os->current, *next;

	if (!is_asked(w, &next))
		return;
	if (!self->pins)
		gt__home_begin(os, self);
	stop_for(w, GTV_PREEMPT_SIGNAL, next, after_own);
	if (!self->pins)
		gt__home_end(os, self);
}

static void one_less(void)
{
	if (gt__alive_sub() == 0)
		gt__gmp_everybody_up();
}

static void after_joined(void *unused)
{
	(void)unused;
	one_less();
}

static void after_exit(void *gt)
{
	gt__ended(gt__os(), gt);
	one_less();
}

static void after_joined_elsewhere(void *gt)
{
	struct gt *self = gt;

	gt__ready(gt__os(), self->next, GTV_BY_GT, self->id);
	one_less();
}

/* A joiner that waits already goes on right here, or at its home: it may free our stack
 * only when we have left it, so nobody else may find it before. */
static void gmp_entry(void *message)
{
	struct gt__os *os;
	struct gt *self, *joiner;

	gt__fiber_body(message);
	os = gt__os();
	self = os->current;
	gt__pin_over(os, self);
	joiner = gt__joiner_take(self);
	if (joiner && !joiner->home) {
		gt__tell_ready(os, joiner, GTV_BY_GT, self->id);
		gt__fiber_exit(os, joiner, after_joined);
	}
	self->next = joiner;
	gt__fiber_exit(os, pick(gt__gmp_worker_of(os)),
		       joiner ? after_joined_elsewhere : after_exit);
}

/* ---------------------------------------------------------------- stealing */

static uint32_t random_next(struct gt__gmp_worker *w)
{
	w->random ^= w->random << 13; /* Marsaglia's xorshift */
	w->random ^= w->random >> 17;
	w->random ^= w->random << 5;
	return w->random;
}

static void tell_steal(struct gt__gmp_worker *w, const struct gt__proc *victim,
		       const struct gt *first, uint32_t count)
{
	gt__acquired();
	GT_COUNT(&w->w.os, STEALS);
	gt__emit(&w->w.os.tr, GTV_EV_STEAL, 0, 0, first->id,
		 __atomic_load_n(&victim->holder, __ATOMIC_RELAXED), 0, count);
}

static struct gt *steal_half(struct gt__gmp_worker *w, struct gt__proc *victim)
{
	struct gt *first = NULL, *last;
	uint32_t count = 0;

	last = gt__local_steal(&w->p->local, &victim->local, &count, &first);
	if (last)
		tell_steal(w, victim, first, count);
	return last;
}

static struct gt *steal_next(struct gt__gmp_worker *w, struct gt__proc *victim)
{
	struct gt *gt = __atomic_load_n(&victim->local.run_next, __ATOMIC_RELAXED);

	for (int i = 0; gt && i < NEXT_LOOKS; i++) {
		gt__sys_relax();
		if (__atomic_load_n(&victim->local.run_next, __ATOMIC_RELAXED) != gt)
			return NULL;
	}
	gt = gt__local_next_take(&victim->local);
	if (gt)
		tell_steal(w, victim, gt, 1);
	return gt;
}

static struct gt *steal(struct gt__gmp_worker *w)
{
	for (int try = 0; try < STEAL_TRIES; try++) {
		uint32_t start = random_next(w) % s.count;

		for (uint32_t i = 0; i < s.count; i++) {
			struct gt__proc *victim = &s.proc[(start + i) % s.count];
			struct gt *gt;

			if (victim == w->p)
				continue;
			gt = steal_half(w, victim);
			if (!gt && try == STEAL_TRIES - 1)
				gt = steal_next(w, victim);
			if (gt)
				return gt;
		}
		gt__sys_relax();
	}
	return NULL;
}

/* At most half of the processors that are not idle search. */
static int may_search(const struct gt__gmp_worker *w)
{
	return w->searching || 2 * __atomic_load_n(&s.searching, __ATOMIC_RELAXED) <
				       s.count - __atomic_load_n(&s.idle, __ATOMIC_RELAXED);
}

/* ---------------------------------------------------------------- the hub */

static struct gt *look(struct gt__gmp_worker *w)
{
	struct gt__proc *p = w->p;
	struct gt *gt;

	if ((p->due & GT__DUE_GIVE) && gt__gmp_proc_give(w))
		return NULL;
	if (p->due & GT__DUE_POLL) {
		p->due &= ~(uint32_t)GT__DUE_POLL;
		gt__gmp_poll_now(w);
	} else if (p->tick % GLOBAL_EVERY == GLOBAL_EVERY - 1) {
		tick(p);
		if ((gt = global_get(p, 1)))
			return gt;
	}
	if ((gt = next_get(w)) || (gt = local_get(w)) ||
	    (gt = global_get(p, GT__LOCAL_MAX / 2)))
		return gt;
	gt__gmp_poll_now(w);
	if ((gt = gt__local_get(&p->local)) ||
	    (gt__gmp_has_own(w) && (gt = gt__gmp_own_any(w))))
		return gt;
	if (s.count == 1 || !may_search(w))
		return NULL;
	gt__gmp_search_begin(w);
	return steal(w);
}

static struct gt *find(struct gt__worker *worker)
{
	struct gt__gmp_worker *w = (struct gt__gmp_worker *)worker;

	while (!gt__gmp_stopped()) {
		struct gt *gt;

		if (w->call && (gt = gt__gmp_call_make(w)))
			return gt;
		if (!w->p) {
			gt__gmp_rest(w);
			continue;
		}
		gt = look(w);
		if (gt) {
			gt__gmp_search_end(w, 1);
			return gt;
		}
		if (w->p)
			gt__gmp_idle(w);
	}
	gt__gmp_search_end(w, 0);
	return NULL;
}

void gt__gmp_work(struct gt__gmp_worker *w)
{
	gt__os_worker_start(&w->w.os, w->w.index);
	if (w->given)
		gt__gmp_proc_take(w, w->given);
	w->given = NULL;
	gt__hub_run(&w->w, find);
	gt__os_worker_stop(&w->w.os, w->w.index);
	gt__magazine_empty(&w->w.magazine);
}

/* ---------------------------------------------------------------- the run */

/* The workers, but for gt_run's own. The list does not grow any more. */
static void join_workers(void)
{
	struct gt__gmp_worker *w;

	gt__lk_lock(&s.lk);
	w = s.workers;
	gt__lk_unlock(&s.lk);
	while (w) {
		struct gt__gmp_worker *next = w->next;

		if (next) {
			gt__sys_thread_join(w->target.thread);
			free(w);
		}
		w = next;
	}
}

static int gmp_run(struct gt *first, struct gt__os *os)
{
	struct gt__gmp_worker *w = gt__gmp_worker_of(os);
	int err = gt__reactor_open();

	if (err)
		return err;
	gt__pool_open(POOL_THREADS);
	gt__preempt_open((enum gt__preempt_way)gt__param("preempt"), gmp_signal);
	w->target.thread = gt__sys_thread_self();
	gt__gmp_proc_take(w, gt__gmp_proc_idle_get(NULL));
	err = gt__gmp_monitor_start();
	if (err) {
		gt__preempt_close();
		gt__reactor_close();
		return err;
	}
	gmp_start(os, first);
	gt__gmp_work(w);
	if (!s.alone) {
		gt__gmp_monitor_end();
		gt__pool_close();
		join_workers();
	}
	gt__preempt_close();
	__atomic_store_n(&gt__tick_wanted, 0, __ATOMIC_RELAXED);
	gt__reactor_close();
	gt__stack_pool_drain();
	return 0;
}

static uint32_t gmp_workers(void)
{
	return s.count;
}

static void *zeroed(size_t bytes)
{
	void *memory = aligned_alloc(64, bytes);

	return memory ? memset(memory, 0, bytes) : NULL;
}

static struct gt__os *gmp_os_new(void)
{
	uint64_t cores = gt__param("cores");
	uint32_t count = cores ? (uint32_t)cores : gt__sys_cpu_count();
	struct gt__gmp_worker *w = zeroed(sizeof *w);

	memset(&s, 0, sizeof s);
	s.count = count < GT__PROCS_MAX ? count : GT__PROCS_MAX;
	s.proc = zeroed(s.count * sizeof *s.proc);
	if (!w || !s.proc) {
		free(w);
		free(s.proc);
		return NULL;
	}
	w->random = 1;
	s.workers = w;
	s.worker_count = 1;
	for (uint32_t i = s.count; i-- > 0;) {
		s.proc[i].holder = GT__HOLDER_NOBODY;
		gt__gmp_proc_idle_put(&s.proc[i]);
	}
	return &w->w.os;
}

static void gmp_os_free(struct gt__os *os)
{
	free(os);
	free(s.proc);
	s.proc = NULL;
}

static struct gt *gmp_alloc(size_t stack_bytes)
{
	return gt__fiber_alloc(stack_bytes, gmp_entry);
}

/* Only this worker came along. The other processors are idle now, and what is in their
 * queues can be stolen. */
static void gmp_forked(struct gt__os *os)
{
	struct gt__gmp_worker *w = gt__gmp_worker_of(os);

	s.alone = 1;
	s.lk = s.global.lk = w->own.lk = 0;
	s.idle_workers = NULL;
	s.idle_procs = NULL;
	s.idle = s.searching = s.polled = s.away = s.wanting = 0;
	s.monitor_nap = GT__NAP_SHORT;
	for (uint32_t i = 0; i < s.count; i++)
		if (&s.proc[i] != w->p)
			gt__gmp_proc_idle_put(&s.proc[i]);
	gt__reactor_forked();
	gt__pool_forked();
}

const struct gt__policy gt__policy_gmp = {
	.name = "gmp",
	.flags = GT__POLICY_PREEMPTS,
	.params = {{"cores", GT__UNIT_COUNT, 1, GT__PROCS_MAX, 0, NULL},
		   {"preempt", GT__UNIT_CHOICE, 0, 1, 0, "signal|points"}},
	.os_new = gmp_os_new,
	.os_free = gmp_os_free,
	.workers = gmp_workers,
	.run = gmp_run,
	.alloc = gmp_alloc,
	.free = gt__fiber_free,
	.start = gmp_start,
	.yield = gmp_yield,
	.park = gmp_park,
	.next = gmp_next,
	.ready = gmp_ready,
	.sleep_until = gt__reactor_sleep,
	.io_wait = gt__reactor_io,
	.blocking = gt__gmp_blocking,
	.tick = gmp_tick,
	.forked = gmp_forked,
};
