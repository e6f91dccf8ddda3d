/* SPDX-License-Identifier: MIT
 *
 * A small reference model of each policy, fed with the events of a simulated run, after
 * each step of the simulation: every green thread is in exactly one place (not begun,
 * in line, on a thread that is on a core, waiting, over) and changes it only in ways that
 * there are; who runs next is whom the policy's line says; locks have one owner; nobody
 * stays in line for long. What does not fit ends the child with a line that says what.
 *
 *   N:1     one line. coop, quantum, green, asyncio: first come, first served (what
 *           pool threads bring comes in between somewhere, in their order); offset: the
 *           pool's to the front; single: who has begun goes first
 *   gmp     on one core: run-next, its own line, the global one every 61st time
 *   1:1     the kernel says who is next; the GIL changes hands when it is forced to
 */
#ifndef RUNTIME_WATCH_H
#define RUNTIME_WATCH_H

#include "tests/unit/runtime_rig.h"

#define WATCH_IDS     65536u
#define WATCH_THREADS 65536u
#define WATCH_LINE    8192u
/* Of virtual time: slices of 20 ms, some green threads before one. */
#define WATCH_PATIENCE_NS 5000000000ull

enum watch_place { WATCH_NONE, WATCH_READY, WATCH_RUNNING, WATCH_WAITING, WATCH_OVER };
enum watch_order { WATCH_SET, WATCH_FIFO, WATCH_OFFSET, WATCH_SINGLE, WATCH_GMP };

struct watch_gt {
	uint32_t place, seq, tid;
	uint16_t kind;	    /* waiting: of the event */
	uint32_t in_place;  /* waiting: nobody else may run meanwhile */
	uint32_t from_pool; /* in line: a pool thread made it ready */
	uint64_t number;    /* in line: counts up */
	uint64_t ready_ns;
};

struct watch_line {
	uint32_t gt[WATCH_LINE], first, count;
};

static struct {
	struct rig rig;
	enum watch_order order;
	int coop, no_pool, asyncio, gil3;
	uint64_t at, number, picks, global_pick;
	uint64_t polled, polled_ns; /* number of the first that the poller just brought */
	uint32_t over; /* this green thread and those before are, since an earlier run */
	uint32_t tid, worker, runs_in_place, direct, direct_tid;
	struct watch_gt gt[WATCH_IDS];
	uint32_t current[WATCH_THREADS]; /* by tid: the green thread on it */
	uint8_t on_core[WATCH_THREADS];
	/* gmp: a worker, and not one that sleeps, so one that may have the processor */
	uint8_t is_up[WATCH_THREADS];
	uint32_t owner[WATCH_IDS], last_owner[WATCH_IDS], forced[WATCH_IDS];
	uint32_t gil_waiters;
	/* offset, single: line. gmp: its own line, and the global one. */
	struct watch_line line, global;
	uint32_t run_next, unsure; /* unsure: how many of the global line it may have */
	uint64_t events;
} watch;

static inline void watch_fail(const struct gtv_event *ev, const char *what)
{
	fprintf(stderr,
		"the model: %s: event %llu, kind %u, thread %u, gt %u, obj %u, at %llu "
		"ns\n",
		what, (unsigned long long)watch.at, ev->kind, watch.tid, ev->gt,
		ev->u.f.obj, (unsigned long long)ev->ts_raw);
	fflush(stderr);
	_exit(98);
}

#define WATCH(cond, what)                                                                  \
	do {                                                                               \
		if (!(cond))                                                               \
			watch_fail(ev, what);                                              \
	} while (0)

/* --- lines ----------------------------------------------------------------------- */

static inline uint32_t *line_at(struct watch_line *l, uint32_t i)
{
	return &l->gt[(l->first + i) % WATCH_LINE];
}

static inline void line_push(struct watch_line *l, uint32_t gt)
{
	RIG_CHECK(l->count < WATCH_LINE);
	*line_at(l, l->count++) = gt;
}

static inline void line_push_front(struct watch_line *l, uint32_t gt)
{
	RIG_CHECK(l->count < WATCH_LINE);
	l->first = (l->first + WATCH_LINE - 1) % WATCH_LINE;
	l->gt[l->first] = gt;
	l->count++;
}

static inline uint32_t line_head(const struct watch_line *l)
{
	return l->count ? l->gt[l->first] : 0;
}

static inline uint32_t line_pop(struct watch_line *l)
{
	uint32_t gt = line_head(l);

	l->first = (l->first + 1) % WATCH_LINE;
	l->count--;
	return gt;
}

static inline int line_remove(struct watch_line *l, uint32_t gt)
{
	for (uint32_t i = 0; i < l->count; i++) {
		if (*line_at(l, i) != gt)
			continue;
		for (; i + 1 < l->count; i++)
			*line_at(l, i) = *line_at(l, i + 1);
		l->count--;
		return 1;
	}
	return 0;
}

/* --- who comes into line, and who is next ------------------------------------------ */

enum watch_how { BY_SPAWN, BY_READY, BY_YIELD, BY_PREEMPT };

/* gmp: run-next; who was there goes to the end of the line. */
static inline void gmp_next(uint32_t gt)
{
	if (watch.run_next)
		line_push(&watch.line, watch.run_next);
	watch.run_next = gt;
}

static inline void gmp_joins_line(const struct gtv_event *ev, uint32_t gt,
				  enum watch_how how)
{
	if (how == BY_PREEMPT || (how == BY_READY && ev->aux == GTV_BY_POOL))
		line_push(&watch.global, gt);
	else if (how == BY_YIELD)
		line_push(&watch.line, gt);
	else if (how == BY_READY && ev->aux != GTV_BY_GT && !watch.current[watch.tid])
		line_push(watch.is_up[watch.tid] ? &watch.line : &watch.global, gt);
	else
		gmp_next(gt);
	watch.direct = how == BY_READY && ev->aux == GTV_BY_POOL ? gt : 0;
	watch.direct_tid = watch.tid;
}

static inline void joins_line(const struct gtv_event *ev, uint32_t gt, enum watch_how how)
{
	struct watch_gt *g = &watch.gt[gt % WATCH_IDS];

	g->place = WATCH_READY;
	g->ready_ns = ev->ts_raw;
	g->number = watch.number += 2;
	if (how == BY_YIELD && watch.asyncio && watch.polled &&
	    watch.polled_ns == ev->ts_raw)
		g->number = watch.polled - 1; /* in line before its loop polls */
	g->from_pool = watch.tid != watch.worker;
	switch (watch.order) {
	case WATCH_GMP:
		gmp_joins_line(ev, gt, how);
		break;
	case WATCH_OFFSET:
		if (g->from_pool)
			line_push_front(&watch.line, gt);
		else
			line_push(&watch.line, gt);
		break;
	case WATCH_SINGLE:
		if (how == BY_READY && !g->in_place)
			line_push_front(&watch.line, gt);
		else if (how == BY_SPAWN)
			line_push(&watch.line, gt);
		break;
	default:
		break;
	}
}

/* Nobody may be before gt: neither who came by itself earlier, nor, for one whom a pool
 * thread brought, who was brought or came earlier. */
static inline void check_fifo(const struct gtv_event *ev, uint32_t gt)
{
	const struct watch_gt *g = &watch.gt[gt % WATCH_IDS];

	for (uint32_t i = watch.over + 1; i <= gt__rt.gt_ids; i++) {
		const struct watch_gt *other = &watch.gt[i % WATCH_IDS];

		if (other == g || other->place != WATCH_READY ||
		    other->number > g->number || (other->from_pool && !g->from_pool))
			continue;
		fprintf(stderr, "the model: it came as number %llu%s; gt %u as %llu%s\n",
			(unsigned long long)g->number, g->from_pool ? " by the pool" : "",
			i, (unsigned long long)other->number,
			other->from_pool ? " by the pool" : "");
		watch_fail(ev, "another was before it in line");
	}
}

/* Its turn, the 61st, takes one. (Whom a call leaves where it was is no pick: hence less
 * than 61.) */
static inline void global_turn(const struct gtv_event *ev)
{
	line_pop(&watch.global);
	WATCH(!watch.global_pick || watch.picks - watch.global_pick >= 20,
	      "the global line's turn came early");
	watch.global_pick = watch.picks;
}

/* The global line's head: on its turn, or because the processor had nothing of its own;
 * then it takes a share along. Which of the two it was shows when the next is picked. */
static inline void check_gmp_global(const struct gtv_event *ev, uint32_t gt)
{
	uint32_t unsure = watch.unsure;
	int first = gt == line_head(&watch.global);

	WATCH(first || (unsure && unsure < watch.global.count &&
			gt == *line_at(&watch.global, unsure)),
	      "another was before it in line");
	watch.unsure = 0;
	for (uint32_t i = unsure; i-- > 0;)
		line_push_front(&watch.line, *line_at(&watch.global, i));
	for (uint32_t i = 0; i < unsure; i++)
		line_pop(&watch.global);
	if (unsure && first) {
		line_pop(&watch.line);
	} else if (unsure || watch.run_next || watch.line.count) {
		global_turn(ev);
	} else {
		line_pop(&watch.global);
		watch.unsure = watch.global.count < 127 ? watch.global.count : 127;
	}
}

static inline void check_gmp(const struct gtv_event *ev, uint32_t gt)
{
	if (gt == watch.direct && watch.tid == watch.direct_tid) {
		WATCH(line_remove(&watch.global, gt), "not where its call left it");
		return;
	}
	watch.picks++;
	if (gt == watch.run_next) {
		watch.run_next = 0;
	} else if (gt == line_head(&watch.line)) {
		watch.unsure = 0;
		line_pop(&watch.line);
		if (watch.run_next) /* the slice was over */
			line_push(&watch.line, watch.run_next);
		watch.run_next = 0;
	} else {
		check_gmp_global(ev, gt);
	}
}

/* gt goes on, on this thread. */
static inline void goes_on(const struct gtv_event *ev, uint32_t gt)
{
	struct watch_gt *g = &watch.gt[gt % WATCH_IDS];

	WATCH(g->place == WATCH_READY || (g->place == WATCH_WAITING && g->in_place),
	      "goes on without being ready");
	WATCH(!watch.current[watch.tid], "goes on where another runs");
	WATCH(++g->seq == (uint32_t)(ev->u.f.arg >> 32), "a number is missing");
	WATCH(!watch.runs_in_place || watch.runs_in_place == gt,
	      "goes on while all are held up");
	WATCH(g->place != WATCH_READY || ev->ts_raw - g->ready_ns < WATCH_PATIENCE_NS,
	      "was in line for very long");
	if (watch.runs_in_place == gt) {
		watch.runs_in_place = 0;
	} else if (watch.order == WATCH_FIFO) {
		check_fifo(ev, gt);
	} else if (watch.order == WATCH_GMP) {
		check_gmp(ev, gt);
	} else if (watch.order != WATCH_SET) {
		WATCH(line_head(&watch.line) == gt, "another was before it in line");
		line_pop(&watch.line);
	}
	watch.direct = 0;
	g->in_place = 0;
	g->place = WATCH_RUNNING;
	g->tid = watch.tid;
	watch.current[watch.tid] = gt;
}

/* --- events -------------------------------------------------------------------------- */

/* Waits that hold up all, because the policy makes them where they stand. */
static inline int holds_up(uint16_t kind)
{
	if (watch.order == WATCH_SINGLE)
		return kind != GTV_EV_SWITCH_JOIN;
	return (watch.coop && kind == GTV_EV_SWITCH_SLEEP) ||
	       (watch.no_pool && kind == GTV_EV_SWITCH_SYSCALL);
}

static inline void stops(const struct gtv_event *ev)
{
	struct watch_gt *g = &watch.gt[ev->gt % WATCH_IDS];

	WATCH(g->place == WATCH_RUNNING && g->tid == watch.tid &&
		      watch.current[watch.tid] == ev->gt,
	      "stops where it does not run");
	WATCH(++g->seq == ev->u.f.seq, "a number is missing");
	watch.current[watch.tid] = 0;
	g->kind = ev->kind;
	g->place = ev->kind == GTV_EV_SWITCH_EXIT ? WATCH_OVER : WATCH_WAITING;
	g->in_place = g->place == WATCH_WAITING && holds_up(ev->kind);
	if (g->in_place)
		watch.runs_in_place = ev->gt;
	watch.gil_waiters += ev->kind == GTV_EV_SWITCH_GIL;
}

static inline void switches(const struct gtv_event *ev)
{
	int again = ev->kind == GTV_EV_SWITCH_YIELD || ev->kind == GTV_EV_SWITCH_PREEMPT;

	if (ev->gt)
		stops(ev);
	if (ev->u.f.obj)
		goes_on(ev, ev->u.f.obj);
	if (ev->gt && again)
		joins_line(ev, ev->gt,
			   ev->kind == GTV_EV_SWITCH_YIELD ? BY_YIELD : BY_PREEMPT);
}

static inline const struct gtv_event *watch_event(uint64_t at)
{
	return at < __atomic_load_n(&rig_ring(&watch.rig, 0)->head, __ATOMIC_ACQUIRE)
		       ? rig_event(&watch.rig, 0, at)
		       : NULL;
}

/* A gmp green thread that ends goes on with who joins it. */
static inline int is_taken_over(const struct gtv_event *ev)
{
	const struct gtv_event *next = watch_event(watch.at + 1);

	return watch.order == WATCH_GMP && next && next->kind == GTV_EV_SWITCH_EXIT &&
	       next->gt == ev->u.f.obj && next->u.f.obj == ev->gt;
}

static inline void becomes_ready(const struct gtv_event *ev)
{
	struct watch_gt *g = &watch.gt[ev->gt % WATCH_IDS];

	WATCH(g->place == WATCH_WAITING, "made ready without waiting");
	WATCH(++g->seq == ev->u.f.seq, "a number is missing");
	watch.gil_waiters -= g->kind == GTV_EV_SWITCH_GIL;
	if (is_taken_over(ev)) {
		g->place = WATCH_READY;
		g->ready_ns = ev->ts_raw;
		watch.direct = ev->gt;
		watch.direct_tid = watch.tid;
		line_push(&watch.global, ev->gt);
		return;
	}
	joins_line(ev, ev->gt, BY_READY);
}

static inline void takes(const struct gtv_event *ev, int is_gil)
{
	uint32_t lock = ev->u.f.obj % WATCH_IDS;

	WATCH(!watch.owner[lock], "a lock with two owners");
	if (is_gil) {
		WATCH((watch.last_owner[lock] == ev->gt) == (ev->kind == GTV_EV_GIL_RETAKE),
		      "who had the GIL last?");
		WATCH(!watch.gil3 || watch.forced[lock] != ev->gt,
		      "the GIL was to change hands");
		watch.forced[lock] = 0;
	}
	watch.owner[lock] = watch.last_owner[lock] = ev->gt;
}

static inline void drops(const struct gtv_event *ev, int is_gil)
{
	uint32_t lock = ev->u.f.obj % WATCH_IDS;

	WATCH(watch.owner[lock] == ev->gt, "a lock dropped by another");
	watch.owner[lock] = 0;
	if (is_gil && ev->flags & GTV_GIL_FORCED)
		watch.forced[lock] = ev->gt;
}

static inline void spawned(const struct gtv_event *ev)
{
	struct watch_gt *g = &watch.gt[ev->gt % WATCH_IDS];

	WATCH(g->place == WATCH_NONE || g->place == WATCH_OVER, "begins twice");
	memset(g, 0, sizeof *g);
	joins_line(ev, ev->gt, BY_SPAWN);
}

static inline void kernel_switches(const struct gtv_event *ev)
{
	if (ev->gt)
		watch.on_core[ev->gt % WATCH_THREADS] = 0;
	if (ev->u.f.obj) {
		WATCH(!watch.on_core[ev->u.f.obj % WATCH_THREADS], "on two cores");
		watch.on_core[ev->u.f.obj % WATCH_THREADS] = 1;
	}
}

static inline void watch_one(const struct gtv_event *ev)
{
	if (ev->kind < GTV_EV_SIM_PROC && ev->kind != GTV_EV_TEXT)
		WATCH(watch.on_core[watch.tid % WATCH_THREADS],
		      "told by a thread that is on no core");
	switch (ev->kind) {
	case GTV_EV_SIM_PROC:
	case GTV_EV_SIM_THREAD:
		watch.tid = ev->u.f.obj;
		break;
	case GTV_EV_SIM_SWITCH:
		kernel_switches(ev);
		break;
	case GTV_EV_WORKER_START:
		if (!ev->u.f.obj)
			watch.worker = watch.tid;
		watch.is_up[watch.tid] = 1;
		break;
	case GTV_EV_PARK:
	case GTV_EV_UNPARK:
		watch.is_up[watch.tid] = ev->kind == GTV_EV_UNPARK;
		break;
	case GTV_EV_SPAWN:
		if (!ev->u.f.obj) /* the first: told before its worker's start */
			watch.worker = watch.tid;
		spawned(ev);
		break;
	case GTV_EV_READY:
		becomes_ready(ev);
		break;
	case GTV_EV_LOCK_TAKE:
		takes(ev, 0);
		break;
	case GTV_EV_GIL_TAKE:
	case GTV_EV_GIL_RETAKE:
		takes(ev, 1);
		break;
	case GTV_EV_LOCK_DROP:
	case GTV_EV_GIL_DROP:
		drops(ev, ev->kind == GTV_EV_GIL_DROP);
		break;
	default:
		if (ev->kind >= GTV_EV_SWITCH_RUN && ev->kind <= GTV_EV_SWITCH_EXIT)
			switches(ev);
	}
	if (ev->kind != GTV_EV_READY || ev->aux == GTV_BY_GT || watch.tid != watch.worker)
		watch.polled = 0;
	else if (!watch.polled || watch.polled_ns != ev->ts_raw)
		watch.polled = watch.number;
	watch.polled_ns = ev->ts_raw;
}

/* --- the test's side --------------------------------------------------------------------
 */

/* In the child, before the run: events come from now on. */
static inline void watch_begin(const char *policy)
{
	size_t len = strcspn(policy, ",");

#define IS(name) (len == strlen(name) && !strncmp(policy, name, len))
	watch.rig = rig_make(1, 1u << 22, GTV_CLOCK_SIM);
	watch.coop = IS("coop");
	watch.no_pool = watch.coop || IS("quantum") || strstr(policy, "executor=none");
	watch.asyncio = IS("asyncio");
	watch.gil3 = IS("gil3");
	watch.order = IS("offset")			       ? WATCH_OFFSET
		      : IS("single")			       ? WATCH_SINGLE
		      : IS("gmp") && strstr(policy, "cores=1") ? WATCH_GMP
		      : watch.coop || IS("quantum") || IS("green") || IS("asyncio")
			      ? WATCH_FIFO
			      : WATCH_SET;
#undef IS
	RIG_CHECK(gt__trace_map(watch.rig.fd) == 0);
}

/* After each step, and at the end. */
static inline void watch_step(void)
{
	const struct gtv_event *ev;
	struct gtv_ring *ring = rig_ring(&watch.rig, 0);

	for (; (ev = watch_event(watch.at)); watch.at++) {
		watch_one(ev);
		watch.events++;
	}
	__atomic_store_n(&ring->tail, watch.at, __ATOMIC_RELEASE);
}

/* After a run: all is over, and nobody holds anything. */
static inline void watch_end(void)
{
	watch_step();
	while (watch.over < gt__rt.gt_ids)
		RIG_CHECK(watch.gt[++watch.over % WATCH_IDS].place == WATCH_OVER);
	for (uint32_t i = 0; i < WATCH_IDS && i <= gt__rt.lock_ids; i++)
		RIG_CHECK(!watch.owner[i]);
	RIG_CHECK(!watch.line.count && !watch.global.count && !watch.run_next);
	RIG_CHECK(watch.events > 0);
}

#endif
