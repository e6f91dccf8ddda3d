/* SPDX-License-Identifier: MIT
 *
 * gmp: M:N with work stealing, as Go has it (Dmitry Vyukov's scheduler).
 *
 * Each worker has a queue of 256 that it alone fills and that others may take from,
 * and a "run-next" place for what it has just made ready, which goes first. What
 * does not fit, and what comes from outside, goes through a global queue, looked at
 * every 61st time even if there is local work. A worker without work looks for some
 * in others' queues, and takes half; then it sleeps.
 *
 * Sleeping. At most a few workers search at a time, and nobody is woken while one
 * does. A worker that gives up says first that it is idle and then looks at all
 * queues once more; who adds work adds it first and then looks for idle workers: so
 * one of the two sees the other. One of the idle, the watcher, sleeps in the poller;
 * while others work it wakes now and then (50 us, doubling to 10 ms) to see whether
 * something lies in a queue whose worker is busy. So a thread readied into run-next
 * need not wake anybody: mostly its worker gets to it at once, else the watcher does.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/fiber.h"
#include "runtime/pool.h"
#include "runtime/reactor.h"

#define QUEUE	     256u
#define GLOBAL_EVERY 61u
#define STEAL_TRIES  4
/* Run-next picks in a row before others get their turn. */
#define STREAK_MAX   16u
#define POOL_THREADS 64u
#define WORKERS_MAX  1024u
#define WATCH_MIN_NS 50000u
#define WATCH_MAX_NS 10000000u

struct worker {
	struct gt__worker w; /* first: one is the other */
	/* The queue: others move head, only the owner moves tail. */
	_Alignas(64) uint32_t head;
	_Alignas(64) uint32_t tail;
	uint32_t ticks, streak, poll_due;
	uint32_t searching; /* counted in s.searching */
	uint32_t random;
	struct gt *run_next;
	struct gt *queue[QUEUE];
	_Alignas(64) uint32_t wake; /* futex: 1: go on */
	uint32_t watching;	    /* under s.lk: asleep in the poller */
	struct worker *next_idle;
	pthread_t thread;
};

static struct {
	struct worker *worker;
	uint32_t count;
	uint32_t alive_workers; /* atomic: fewer than count after fork */
	struct gt__queue global;
	uint32_t searching; /* atomic */
	uint32_t idle;	    /* atomic: workers in idle_list */
	uint32_t watched;   /* atomic: there is a watcher */
	uint32_t stop;	    /* atomic: all green threads have ended */
	uint32_t lk;	    /* guards the list */
	struct worker *idle_list;
} s;

static struct worker *worker_of(struct gt__os *os)
{
	return (struct worker *)os;
}

/* ------------------------------------------------------- the local queues */

/* Half of a full queue, and gt, go to the global one. 0: another took some. */
static int spill(struct worker *p, struct gt *gt, uint32_t head)
{
	struct gt *batch[QUEUE / 2 + 1];
	uint32_t n = QUEUE / 2;

	for (uint32_t i = 0; i < n; i++)
		batch[i] = __atomic_load_n(&p->queue[(head + i) % QUEUE], __ATOMIC_RELAXED);
	if (!__atomic_compare_exchange_n(&p->head, &head, head + n, 0, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return 0;
	batch[n] = gt;
	for (uint32_t i = 0; i < n; i++)
		batch[i]->next = batch[i + 1];
	gt__queue_push_all(&s.global, batch[0], batch[n], n + 1);
	return 1;
}

static void queue_put(struct worker *p, struct gt *gt)
{
	for (;;) {
		uint32_t head = __atomic_load_n(&p->head, __ATOMIC_ACQUIRE);

		if (p->tail - head < QUEUE) {
			__atomic_store_n(&p->queue[p->tail % QUEUE], gt, __ATOMIC_RELAXED);
			__atomic_store_n(&p->tail, p->tail + 1, __ATOMIC_RELEASE);
			return;
		}
		if (spill(p, gt, head))
			return;
	}
}

static struct gt *queue_get(struct worker *p)
{
	uint32_t head = __atomic_load_n(&p->head, __ATOMIC_ACQUIRE);

	while (head != p->tail) {
		struct gt *gt = __atomic_load_n(&p->queue[head % QUEUE], __ATOMIC_RELAXED);

		if (__atomic_compare_exchange_n(&p->head, &head, head + 1, 0,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return gt;
	}
	return NULL;
}

static struct gt *run_next_take(struct worker *p)
{
	if (!__atomic_load_n(&p->run_next, __ATOMIC_RELAXED))
		return NULL;
	return __atomic_exchange_n(&p->run_next, NULL, __ATOMIC_ACQ_REL);
}

static int queue_has_some(const struct worker *p)
{
	uint32_t tail = __atomic_load_n(&p->tail, __ATOMIC_SEQ_CST);

	return __atomic_load_n(&p->head, __ATOMIC_SEQ_CST) != tail;
}

/* The next one in our own queues. */
static struct gt *local_get(struct worker *p)
{
	struct gt *gt;

	if (p->streak < STREAK_MAX && (gt = run_next_take(p))) {
		p->streak++;
		return gt;
	}
	p->streak = 0;
	gt = queue_get(p);
	return gt ? gt : run_next_take(p);
}

/* A share of the global queue: one to run, the rest into our own. */
static struct gt *global_get(struct worker *p, uint32_t max)
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

		queue_put(p, rest);
		rest = next;
	}
	return gt;
}

/* ------------------------------------------------------ sleep and wake-up */

/* Under s.lk. */
static void idle_remove(struct worker *p)
{
	struct worker **at = &s.idle_list;

	while (*at && *at != p)
		at = &(*at)->next_idle;
	if (!*at)
		return;
	*at = p->next_idle;
	__atomic_fetch_sub(&s.idle, 1, __ATOMIC_SEQ_CST);
}

/* Wakes a worker that is out of the list. */
static void rouse(struct worker *p)
{
	__atomic_store_n(&p->wake, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&p->watching, __ATOMIC_SEQ_CST))
		gt__reactor_kick();
	else
		gt__sys_futex_wake(&p->wake, 1);
}

/* There is work: wakes one, unless one is about to find it anyway. It counts as
 * searching from now on. */
static __attribute__((noinline)) void wake_slow(void)
{
	struct worker *p;
	uint32_t none = 0;

	if (!__atomic_compare_exchange_n(&s.searching, &none, 1, 0, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		return;
	gt__lk_lock(&s.lk);
	p = s.idle_list;
	if (p) {
		s.idle_list = p->next_idle;
		__atomic_fetch_sub(&s.idle, 1, __ATOMIC_SEQ_CST);
		p->searching = 1;
	}
	gt__lk_unlock(&s.lk);
	if (p)
		rouse(p);
	else
		__atomic_fetch_sub(&s.searching, 1, __ATOMIC_SEQ_CST);
}

static inline void wake_one(void)
{
#ifdef GT_TSAN /* it knows no fences */
	__atomic_fetch_add(&s.idle, 0, __ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
	if (__atomic_load_n(&s.idle, __ATOMIC_RELAXED) &&
	    !__atomic_load_n(&s.searching, __ATOMIC_RELAXED))
		wake_slow();
}

static void search_begin(struct worker *p)
{
	if (p->searching)
		return;
	p->searching = 1;
	__atomic_fetch_add(&s.searching, 1, __ATOMIC_SEQ_CST);
}

/* Ends a search; who found something wakes the next to search: there may be more. */
static void search_end(struct worker *p, int found)
{
	if (!p->searching)
		return;
	p->searching = 0;
	if (__atomic_sub_fetch(&s.searching, 1, __ATOMIC_SEQ_CST) == 0 && found)
		wake_one();
}

static void everybody_up(void)
{
	struct worker *p;

	__atomic_store_n(&s.stop, 1, __ATOMIC_SEQ_CST);
	gt__lk_lock(&s.lk);
	while ((p = s.idle_list)) {
		s.idle_list = p->next_idle;
		__atomic_fetch_sub(&s.idle, 1, __ATOMIC_SEQ_CST);
		rouse(p);
	}
	gt__lk_unlock(&s.lk);
}

/* ----------------------------------------------------------------- policy */

/* Readied by a worker: goes next there. What it displaces can be stolen, so somebody
 * may come for it. */
static void make_next(struct worker *p, struct gt *gt)
{
	struct gt *displaced = __atomic_exchange_n(&p->run_next, gt, __ATOMIC_ACQ_REL);

	if (displaced) {
		queue_put(p, displaced);
		wake_one();
	} else if (p->tail != __atomic_load_n(&p->head, __ATOMIC_RELAXED)) {
		wake_one();
	}
}

static void gmp_ready(struct gt__os *os, struct gt *gt)
{
	if (os->is_worker) {
		make_next(worker_of(os), gt);
		return;
	}
	gt__queue_push(&s.global, gt);
	wake_one();
}

static void gmp_start(struct gt__os *os, struct gt *gt)
{
	gt__alive_add();
	make_next(worker_of(os), gt);
}

/* What a stopping thread's worker can go on with at once. */
static inline struct gt *pick(struct worker *p)
{
	if (__builtin_expect(++p->ticks % GLOBAL_EVERY == 0, 0)) {
		struct gt *gt = global_get(p, 1);

		if (gt)
			return gt;
		/* The poller's turn: in the hub, for we may hold its lock. */
		p->poll_due = gt__reactor_waiters() != 0;
		if (p->poll_due)
			return NULL;
	}
	return local_get(p);
}

static struct gt__os *gmp_park(struct gt__os *os, uint16_t kind, uint8_t aux, uint32_t what,
			       void (*publish)(void *), void *arg)
{
	return gt__fiber_park(os, pick(worker_of(os)), kind, aux, what, publish, arg);
}

static void after_yield(void *gt)
{
	queue_put(worker_of(gt__os()), gt);
}

static void gmp_yield(struct gt__os *os)
{
	struct worker *p = worker_of(os);
	struct gt *self = os->current, *next = pick(p);

	if (!next)
		next = global_get(p, QUEUE / 2);
	if (!next && !gt__reactor_waiters())
		return;
	GT_COUNT(os, YIELDS);
	gt__tell_switch(os, GTV_EV_SWITCH_YIELD, 0, self, next, 0);
	p->w.after = after_yield;
	p->w.after_arg = self;
	gt__fiber_go(&p->w, &self->ctx, next);
}

static void one_less(void)
{
	if (gt__alive_sub() == 0)
		everybody_up();
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

/* A joiner that waits already goes on right here: it may free our stack only when we
 * have left it, so nobody else may find it before. */
static void gmp_entry(void *message)
{
	struct gt__os *os;
	struct gt *self, *joiner;

	gt__fiber_body(message);
	os = gt__os();
	self = os->current;
	joiner = gt__joiner_take(self);
	if (joiner) {
		gt__tell_ready(os, joiner, GTV_BY_GT, self->id);
		gt__fiber_exit(os, joiner, after_joined);
	}
	gt__fiber_exit(os, pick(worker_of(os)), after_exit);
}

/* ---------------------------------------------------------------- stealing */

static uint32_t random_next(struct worker *p)
{
	p->random ^= p->random << 13; /* Marsaglia's xorshift */
	p->random ^= p->random >> 17;
	p->random ^= p->random << 5;
	return p->random;
}

/* Half of the victim's queue into ours, which is empty; the last of them is returned.
 */
static struct gt *steal_half(struct worker *p, struct worker *victim)
{
	for (;;) {
		uint32_t head = __atomic_load_n(&victim->head, __ATOMIC_ACQUIRE);
		uint32_t tail = __atomic_load_n(&victim->tail, __ATOMIC_ACQUIRE);
		uint32_t n = tail - head - (tail - head) / 2;

		if (!n)
			return NULL;
		if (n > QUEUE / 2) /* head and tail are not of one moment */
			continue;
		for (uint32_t i = 0; i < n; i++) {
			struct gt *gt = __atomic_load_n(&victim->queue[(head + i) % QUEUE],
							__ATOMIC_RELAXED);

			__atomic_store_n(&p->queue[(p->tail + i) % QUEUE], gt,
					 __ATOMIC_RELAXED);
		}
		if (!__atomic_compare_exchange_n(&victim->head, &head, head + n, 0,
						 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		gt__acquired();
		struct gt *first =
			__atomic_load_n(&p->queue[p->tail % QUEUE], __ATOMIC_RELAXED);
		struct gt *last = __atomic_load_n(&p->queue[(p->tail + n - 1) % QUEUE],
						  __ATOMIC_RELAXED);

		GT_COUNT(&p->w.os, STEALS);
		gt__emit(&p->w.os.tr, GTV_EV_STEAL, 0, 0, first->id, victim->w.index, 0, n);
		__atomic_store_n(&p->tail, p->tail + n - 1, __ATOMIC_RELEASE);
		return last;
	}
}

static struct gt *steal_next(struct worker *p, struct worker *victim)
{
	struct gt *gt = run_next_take(victim);

	if (gt) {
		gt__acquired();
		GT_COUNT(&p->w.os, STEALS);
		gt__emit(&p->w.os.tr, GTV_EV_STEAL, 0, 0, gt->id, victim->w.index, 0, 1);
	}
	return gt;
}

static struct gt *steal(struct worker *p, int run_next_too)
{
	for (int try = 0; try < STEAL_TRIES; try++) {
		uint32_t start = random_next(p) % s.count;

		for (uint32_t i = 0; i < s.count; i++) {
			struct worker *victim = &s.worker[(start + i) % s.count];
			struct gt *gt;

			if (victim == p)
				continue;
			gt = steal_half(p, victim);
			if (!gt && run_next_too && try == STEAL_TRIES - 1)
				gt = steal_next(p, victim);
			if (gt)
				return gt;
		}
		gt__sys_relax();
	}
	return NULL;
}

/* ------------------------------------------------------------- the search */

static uint32_t workers_alive(void)
{
	return __atomic_load_n(&s.alive_workers, __ATOMIC_SEQ_CST);
}

static int work_is_somewhere(int run_next_too)
{
	if (gt__queue_count(&s.global))
		return 1;
	for (uint32_t i = 0; i < s.count; i++) {
		struct worker *p = &s.worker[i];

		if (queue_has_some(p) ||
		    (run_next_too && __atomic_load_n(&p->run_next, __ATOMIC_RELAXED)))
			return 1;
	}
	return 0;
}

/* Everybody is idle: is there anything that could make one green thread ready? What
 * is pending is looked at before the queues it would have gone to. */
static void check_deadlock(void)
{
	if (__atomic_load_n(&s.idle, __ATOMIC_SEQ_CST) != workers_alive() ||
	    gt__reactor_waiters() || gt__pool_pending() ||
	    __atomic_load_n(&s.stop, __ATOMIC_SEQ_CST))
		return;
	/* With all idle under the lock, only a pool thread could have added some. */
	if (!work_is_somewhere(1))
		gt__deadlock(__atomic_load_n(&gt__alive, __ATOMIC_RELAXED));
}

static void idle_enter(struct worker *p)
{
	gt__lk_lock(&s.lk);
	__atomic_store_n(&p->wake, 0, __ATOMIC_RELAXED);
	p->next_idle = s.idle_list;
	s.idle_list = p;
	__atomic_fetch_add(&s.idle, 1, __ATOMIC_SEQ_CST);
	gt__lk_unlock(&s.lk);
}

static void idle_leave(struct worker *p)
{
	gt__lk_lock(&s.lk);
	idle_remove(p);
	gt__lk_unlock(&s.lk);
}

/* Sleeps in the poller. Returns when woken, when something became ready, or when
 * there is something to steal. */
static void watch(struct worker *p)
{
	uint64_t pause = WATCH_MIN_NS;

	for (;;) {
		uint64_t until = GT__NEVER;

		if (__atomic_load_n(&s.idle, __ATOMIC_SEQ_CST) != workers_alive())
			until = gt__sys_now_ns() + pause;
		if (__atomic_load_n(&p->wake, __ATOMIC_SEQ_CST) ||
		    gt__reactor_poll(&p->w.os, until) ||
		    __atomic_load_n(&p->wake, __ATOMIC_SEQ_CST) || work_is_somewhere(1))
			return;
		if (pause < WATCH_MAX_NS)
			pause *= 2;
	}
}

static void sleep_here(struct worker *p)
{
	uint32_t nobody = 0;

	gt__emit(&p->w.os.tr, GTV_EV_PARK, 0, 0, 0, p->w.index, 0, 0);
	if (__atomic_compare_exchange_n(&s.watched, &nobody, 1, 0, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST)) {
		__atomic_store_n(&p->watching, 1, __ATOMIC_SEQ_CST);
		watch(p);
		__atomic_store_n(&p->watching, 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&s.watched, 0, __ATOMIC_SEQ_CST);
		idle_leave(p);
		/* Somebody must watch while we work. */
		search_begin(p);
	} else {
		while (!__atomic_load_n(&p->wake, __ATOMIC_ACQUIRE))
			gt__sys_futex_wait(&p->wake, 0, GT__NEVER);
	}
	gt__emit(&p->w.os.tr, GTV_EV_UNPARK, 0, 0, 0, p->w.index, 0, 0);
}

static void go_idle(struct worker *p)
{
	search_end(p, 0);
	idle_enter(p);
	/* Work that came before we were seen to be idle is ours to find. */
	if (work_is_somewhere(0) || __atomic_load_n(&s.stop, __ATOMIC_SEQ_CST)) {
		idle_leave(p);
		search_begin(p);
		return;
	}
	gt__lk_lock(&s.lk);
	check_deadlock();
	gt__lk_unlock(&s.lk);
	sleep_here(p);
}

/* Polls without waiting, unless somebody polls already. */
static void poll_now(struct worker *p)
{
	uint32_t nobody = 0;

	if (!gt__reactor_waiters() ||
	    !__atomic_compare_exchange_n(&s.watched, &nobody, 1, 0, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		return;
	gt__reactor_poll(&p->w.os, 0);
	__atomic_store_n(&s.watched, 0, __ATOMIC_SEQ_CST);
}

static struct gt *look(struct worker *p)
{
	struct gt *gt;

	if (p->poll_due || ++p->ticks % GLOBAL_EVERY == 0) {
		p->poll_due = 0;
		poll_now(p);
		if ((gt = global_get(p, 1)))
			return gt;
	}
	if ((gt = local_get(p)) || (gt = global_get(p, QUEUE / 2)))
		return gt;
	poll_now(p);
	if ((gt = local_get(p)))
		return gt;
	search_begin(p);
	return steal(p, 1);
}

static struct gt *find(struct gt__worker *w)
{
	struct worker *p = (struct worker *)w;

	while (!__atomic_load_n(&s.stop, __ATOMIC_ACQUIRE)) {
		struct gt *gt = look(p);

		if (gt) {
			search_end(p, 1);
			return gt;
		}
		go_idle(p);
	}
	search_end(p, 0);
	return NULL;
}

/* ---------------------------------------------------------------- the run */

static void work(struct worker *p)
{
	gt__emit(&p->w.os.tr, GTV_EV_WORKER_START, 0, 0, 0, p->w.index, 0, 0);
	gt__hub_run(&p->w, find);
	gt__emit(&p->w.os.tr, GTV_EV_WORKER_STOP, 0, 0, 0, p->w.index, 0, 0);
	gt__magazine_empty(&p->w.magazine);
}

static void *worker_thread(void *arg)
{
	struct worker *p = arg;

	gt__os_begin(&p->w.os);
	p->w.os.is_worker = 1;
	work(p);
	gt__os_end(&p->w.os);
	return NULL;
}

/* With fewer than wished for, the run still goes on. All are taken to be alive until
 * then, so that nobody sees a deadlock among the first few. */
static void start_workers(void)
{
	uint32_t started = 1;

	__atomic_store_n(&s.alive_workers, s.count, __ATOMIC_SEQ_CST);
	while (started < s.count &&
	       !gt__sys_thread_start(&s.worker[started].thread, 0, worker_thread,
				     &s.worker[started]))
		started++;
	if (started < s.count)
		__atomic_store_n(&s.alive_workers, started, __ATOMIC_SEQ_CST);
}

static int gmp_run(struct gt *first, struct gt__os *os)
{
	int err = gt__reactor_open();

	if (err)
		return err;
	gt__pool_open(POOL_THREADS);
	gmp_start(os, first);
	start_workers();
	work(worker_of(os));
	for (uint32_t i = 1; i < s.alive_workers; i++)
		gt__sys_thread_join(s.worker[i].thread);
	gt__pool_close();
	gt__reactor_close();
	gt__stack_pool_drain();
	return 0;
}

static uint32_t gmp_workers(void)
{
	return s.count;
}

static struct gt__os *gmp_os_new(void)
{
	uint64_t cores = gt__param("cores");
	uint32_t count = cores ? (uint32_t)cores : gt__sys_cpu_count();

	memset(&s, 0, sizeof s);
	s.count = count < WORKERS_MAX ? count : WORKERS_MAX;
	s.worker = aligned_alloc(64, s.count * sizeof *s.worker);
	if (!s.worker)
		return NULL;
	memset(s.worker, 0, s.count * sizeof *s.worker);
	for (uint32_t i = 0; i < s.count; i++) {
		s.worker[i].w.index = i;
		s.worker[i].random = i * 2654435761u + 1;
	}
	return &s.worker[0].w.os;
}

static void gmp_os_free(struct gt__os *os)
{
	(void)os;
	free(s.worker);
	s.worker = NULL;
}

static struct gt *gmp_alloc(size_t stack_bytes)
{
	return gt__fiber_alloc(stack_bytes, gmp_entry);
}

/* Only this worker came along; it can still take what the others had queued. */
static void gmp_forked(struct gt__os *os)
{
	(void)os;
	s.alive_workers = 1;
	s.idle_list = NULL;
	s.idle = s.searching = s.watched = 0;
	s.lk = s.global.lk = 0;
	gt__reactor_forked();
	gt__pool_forked();
}

const struct gt__policy gt__policy_gmp = {
	.name = "gmp",
	.params = {{"cores", GT__UNIT_COUNT, 1, WORKERS_MAX, 0}},
	.os_new = gmp_os_new,
	.os_free = gmp_os_free,
	.workers = gmp_workers,
	.run = gmp_run,
	.alloc = gmp_alloc,
	.free = gt__fiber_free,
	.start = gmp_start,
	.yield = gmp_yield,
	.park = gmp_park,
	.ready = gmp_ready,
	.sleep_until = gt__reactor_sleep,
	.io_wait = gt__reactor_io,
	.blocking = gt__pool_call,
	.forked = gmp_forked,
};
