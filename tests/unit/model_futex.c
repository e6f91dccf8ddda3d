/* SPDX-License-Identifier: MIT
 *
 * Locks of programs without a runtime: what futex waits prove, and what they don't.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tracer/model/model.h"

#define PID   1000u
#define A     1000u /* threads of one process */
#define B     1001u
#define C     1002u
#define OTHER 77u
#define LOCK  5u
#define ADDR  0x5000ull
#define FUTEX 203u /* the system call's number + 1 */

static struct gtv_ev evs[256];
static size_t count;
static struct gtv_span spans[512];
static size_t span_count;
static struct gtv_edge edges[64];
static size_t edge_count;

static struct gtv_ev *ev(uint64_t ts, unsigned kind, uint32_t tid, uint32_t obj,
			 uint32_t seq, uint64_t arg)
{
	struct gtv_ev *e = &evs[count++];

	*e = (struct gtv_ev){.ts_ns = ts,
			     .kind = (uint16_t)kind,
			     .core = -1,
			     .tid = tid,
			     .obj = obj,
			     .seq = seq,
			     .arg = arg};
	return e;
}

static int is_ours(uint32_t tid)
{
	return tid >= A;
}

static void k_switch(uint64_t ts, int core, uint32_t prev, uint32_t next, unsigned why,
		     uint32_t call, uint64_t arg)
{
	struct gtv_ev *e = ev(ts, GTV_EV_K_SWITCH, prev, next, call, arg);

	e->core = core;
	e->state = (uint8_t)why;
	e->flags = (uint8_t)((is_ours(prev) ? GTV_KF_PREV_OURS : 0) |
			     (is_ours(next) ? GTV_KF_NEXT_OURS : 0));
}

/* tid on core goes to sleep on the lock; owner is whom the mutex names. */
static void waits(uint64_t ts, int core, uint32_t tid, uint32_t owner)
{
	struct gtv_ev *e = ev(ts, GTV_EV_K_FUTEX, tid, owner, 2, ADDR);

	e->core = core;
	e->state = GTV_FUTEX_WAIT;
	k_switch(ts, core, tid, 0, GTV_OFF_SLEEP, FUTEX, ADDR);
}

/* `by` wakes tid with a futex call, which then runs on core. */
static void wakes(uint64_t ts, uint32_t by, uint32_t tid, int core)
{
	ev(ts, GTV_EV_K_WAKING, by, tid, 0, 0)->flags = GTV_KF_FUTEX;
	k_switch(ts + 5, core, 0, tid, GTV_OFF_IDLE, 0, 0);
}

/* A, B and C run on cores 0 to 2 from 10 on; the lock gets its number at 20. */
static void start(void)
{
	count = 0;
	ev(1, GTV_EV_K_THREAD, A, 0, 0, PID);
	ev(2, GTV_EV_K_FORK, A, B, 0, PID);
	ev(3, GTV_EV_K_FORK, A, C, 0, PID);
	for (uint32_t i = 0; i < 3; i++)
		k_switch(10, (int)i, 0, A + i, GTV_OFF_IDLE, 0, 0);
	ev(20, GTV_EV_FUTEX_LOCK, B, LOCK, PID, ADDR);
}

static void on_span(void *arg, const struct gtv_span *s)
{
	(void)arg;
	assert_true(span_count < sizeof spans / sizeof spans[0]);
	spans[span_count++] = *s;
}

static void on_edge(void *arg, const struct gtv_edge *e)
{
	(void)arg;
	edges[edge_count++] = *e;
}

static struct gtv_model *new_model(void)
{
	struct gtv_model_sink sink = {.span = on_span, .edge = on_edge};
	struct gtv_model *m = gtv_model_new(3, NULL, &sink);

	assert_non_null(m);
	return m;
}

static struct gtv_model *told(uint64_t end)
{
	struct gtv_model *m = new_model();

	span_count = edge_count = 0;
	assert_int_equal(gtv_model_feed(m, evs, count), 0);
	gtv_model_finish(m, end);
	for (unsigned f = 0; f < GTV_FAULT_MAX; f++)
		assert_int_equal(gtv_model_faults(m, f), 0);
	return m;
}

static const struct gtv_span *lane_at(unsigned kind, uint32_t id, uint64_t ts)
{
	for (size_t i = 0; i < span_count; i++) {
		const struct gtv_span *s = &spans[i];
		if (s->lane.kind == kind && s->lane.id == id && s->from_ns <= ts &&
		    ts < s->to_ns)
			return s;
	}
	fail_msg("nothing of lane %u/%u at %lu", kind, id, (unsigned long)ts);
	return NULL;
}

static void assert_lock(uint64_t ts, unsigned state, uint32_t holder, uint32_t waiters)
{
	const struct gtv_span *s = lane_at(GTV_LANE_LOCK, LOCK, ts);

	if (s->state != state || s->tid != holder || s->waiters != waiters)
		fail_msg("at %lu: %s by %u, %u wait; not %s by %u, %u wait",
			 (unsigned long)ts, gtv_state_name(s->state), s->tid, s->waiters,
			 gtv_state_name(state), holder, waiters);
}

static struct gtv_lock_totals totals(const struct gtv_model *m)
{
	struct gtv_lock_totals l;

	assert_int_equal(gtv_model_lock_count(m), 1);
	assert_int_equal(gtv_model_lock_totals(m, 0, &l), 0);
	assert_int_equal(l.held_on_ns + l.held_preempted_ns + l.held_asleep_ns + l.free_ns +
				 l.unknown_ns,
			 l.end_ns - l.first_ns);
	return l;
}

/* The owner is told at the wait, loses its core, sleeps, drops: all shown, while
 * somebody waits. */
static void owner_is_followed(void **state)
{
	(void)state;
	start();
	waits(100, 1, B, A);
	k_switch(200, 0, A, OTHER, GTV_OFF_PREEMPTED, 0, 0);
	k_switch(300, 0, OTHER, A, GTV_OFF_PREEMPTED, 0, 0);
	k_switch(400, 0, A, 0, GTV_OFF_SLEEP, 36, 0); /* nanosleep */
	ev(500, GTV_EV_K_WAKING, 0, A, 0, 0);
	k_switch(510, 0, 0, A, GTV_OFF_IDLE, 0, 0);
	wakes(600, A, B, 1);
	struct gtv_model *m = told(1000);
	struct gtv_lock_totals l = totals(m);
	assert_lock(150, GTV_ST_HELD, A, 1);
	assert_lock(250, GTV_ST_HELD_PREEMPTED, A, 1);
	assert_int_equal(lane_at(GTV_LANE_LOCK, LOCK, 250)->who, OTHER);
	assert_lock(450, GTV_ST_HELD_ASLEEP, A, 1);
	assert_int_equal(lane_at(GTV_LANE_LOCK, LOCK, 450)->call, 36);
	assert_lock(505, GTV_ST_HELD_PREEMPTED, A, 1);
	assert_lock(550, GTV_ST_HELD, A, 1);
	assert_lock(700, GTV_ST_UNKNOWN, 0, 0); /* nobody waits: nobody tells */
	assert_int_equal(l.addr, ADDR);
	assert_int_equal(l.mutex, 1);
	assert_int_equal(l.waits, 1);
	assert_int_equal(l.wait_ns, 505);
	assert_int_equal(l.wait_max_ns, 505);
	assert_int_equal(l.held_preempted_ns, 110);
	assert_int_equal(l.held_asleep_ns, 100);
	/* The waiter says for what and for whom it sleeps, its owner's place what it has.
	 */
	const struct gtv_span *s = lane_at(GTV_LANE_THREAD, B, 150);
	assert_int_equal(s->state, GTV_ST_SLEEPING);
	assert_int_equal(s->lock, LOCK);
	assert_int_equal(s->who, A);
	assert_true(s->flags & GTV_SP_WHO_TID);
	assert_int_equal(lane_at(GTV_LANE_CORE, 0, 150)->lock, LOCK);
	assert_int_equal(lane_at(GTV_LANE_CORE, 0, 50)->lock, 0);
	assert_int_equal(lane_at(GTV_LANE_CORE, 0, 700)->lock, 0);
	gtv_model_free(m);
}

/* A woken waiter has it if it then wakes the next: shown from when it ran, with the
 * core that it lost meanwhile; the hand-over is an edge. */
static void taking_is_proved(void **state)
{
	(void)state;
	start();
	waits(100, 1, B, A);
	waits(110, 2, C, A);
	wakes(200, A, B, 1); /* B runs from 205 */
	k_switch(300, 1, B, OTHER, GTV_OFF_PREEMPTED, 0, 0);
	k_switch(400, 1, OTHER, B, GTV_OFF_PREEMPTED, 0, 0);
	wakes(500, B, C, 2);
	struct gtv_model *m = told(1000);
	struct gtv_lock_totals l = totals(m);
	assert_lock(105, GTV_ST_HELD, A, 1);
	assert_lock(150, GTV_ST_HELD, A, 2);
	assert_lock(202, GTV_ST_UNKNOWN, 0, 1);
	assert_lock(250, GTV_ST_HELD, B, 1);
	assert_lock(350, GTV_ST_HELD_PREEMPTED, B, 1);
	assert_lock(450, GTV_ST_HELD, B, 1);
	assert_lock(510, GTV_ST_UNKNOWN, 0, 0);
	assert_int_equal(l.takes, 2); /* A's, and B's; C's had no witness */
	assert_int_equal(l.handoffs, 1);
	assert_int_equal(l.false_wakeups, 0);
	size_t handoffs = 0;
	for (size_t i = 0; i < edge_count; i++) {
		if (edges[i].kind != GTV_EDGE_HANDOFF)
			continue;
		handoffs++;
		assert_int_equal(edges[i].from.id, A);
		assert_int_equal(edges[i].to.id, B);
		assert_int_equal(edges[i].from_ns, 200);
		assert_int_equal(edges[i].to_ns, 205);
		assert_int_equal(edges[i].obj, LOCK);
	}
	assert_int_equal(handoffs, 1);
	gtv_model_free(m);
}

/* Going on to sleep elsewhere proves it too: the call that takes it has returned. */
static void going_on_proves(void **state)
{
	(void)state;
	start();
	waits(100, 1, B, A);
	waits(110, 2, C, A);
	wakes(200, A, B, 1);
	k_switch(300, 1, B, 0, GTV_OFF_SLEEP, 36, 0);
	struct gtv_model *m = told(1000);
	assert_lock(250, GTV_ST_HELD, B, 1);
	assert_lock(350, GTV_ST_HELD_ASLEEP, B, 1);
	gtv_model_free(m);
}

/* It waits again: somebody was faster. Woken in vain, and never shown as its owner. */
static void woken_in_vain(void **state)
{
	(void)state;
	start();
	waits(100, 1, B, A);
	wakes(200, A, B, 1);
	waits(210, 1, B, A); /* A has taken it again */
	wakes(300, A, B, 1);
	struct gtv_model *m = told(1000);
	struct gtv_lock_totals l = totals(m);
	assert_lock(207, GTV_ST_UNKNOWN, 0, 0);
	assert_lock(250, GTV_ST_HELD, A, 1);
	assert_int_equal(l.false_wakeups, 1);
	assert_int_equal(l.waits, 2);
	assert_int_equal(l.wait_ns, 105 + 95);
	assert_int_equal(l.wait_max_ns, 205); /* one want */
	gtv_model_free(m);
}

/* Whoever was put on trial and is not proved was not seen to have it. */
static void unproved_is_unknown(void **state)
{
	(void)state;
	start();
	waits(100, 1, B, A);
	waits(110, 2, C, A);
	wakes(200, A, B, 1);
	struct gtv_model *m = told(1000);
	assert_lock(500, GTV_ST_UNKNOWN, 0, 1);
	gtv_model_free(m);
	/* A timed-out waiter may just have given up: its sleep proves nothing. */
	start();
	waits(100, 1, B, A);
	waits(110, 2, C, A);
	ev(200, GTV_EV_K_WAKING, A, B, 0, 0); /* an interrupt on A's core, perhaps */
	k_switch(205, 1, 0, B, GTV_OFF_IDLE, 0, 0);
	k_switch(300, 1, B, 0, GTV_OFF_SLEEP, 36, 0);
	m = told(1000);
	assert_lock(250, GTV_ST_UNKNOWN, 0, 1);
	assert_lock(350, GTV_ST_UNKNOWN, 0, 1);
	gtv_model_free(m);
	/* A signal: somebody else wakes it, and the lock stays where it was. */
	start();
	waits(100, 1, B, A);
	waits(110, 2, C, A);
	ev(200, GTV_EV_K_WAKING, OTHER, B, 0, 0);
	k_switch(205, 1, 0, B, GTV_OFF_IDLE, 0, 0);
	m = told(1000);
	assert_lock(250, GTV_ST_HELD, A, 1);
	gtv_model_free(m);
}

/* Words that name nobody who lives, or the waiter itself, name nobody. */
static void claims_are_doubted(void **state)
{
	(void)state;
	static const uint32_t claim[] = {0, OTHER, 4711, B};
	for (size_t i = 0; i < sizeof claim / sizeof claim[0]; i++) {
		start();
		waits(100, 1, B, claim[i]);
		wakes(200, A, B, 1);
		struct gtv_model *m = told(1000);
		assert_lock(150, GTV_ST_UNKNOWN, 0, 1);
		assert_int_equal(totals(m).mutex, 0);
		assert_int_equal(totals(m).waits, 1);
		gtv_model_free(m);
	}
}

/* pthread_join: no lock, but whose end it waits for. */
static void join(void **state)
{
	(void)state;
	start();
	count--; /* the recorder sees it too, and gives no number */
	struct gtv_ev *e = ev(100, GTV_EV_K_FUTEX, A, 0, B, 0x7000);
	e->state = GTV_FUTEX_WAIT;
	e->core = 0;
	k_switch(100, 0, A, 0, GTV_OFF_SLEEP, FUTEX, 0x7000);
	ev(300, GTV_EV_K_EXIT, B, 0, 0, PID);
	ev(301, GTV_EV_K_WAKING, B, A, 0, 0);
	k_switch(302, 0, 0, A, GTV_OFF_IDLE, 0, 0);
	struct gtv_model *m = told(1000);
	const struct gtv_span *s = lane_at(GTV_LANE_THREAD, A, 200);
	assert_int_equal(gtv_model_lock_count(m), 0);
	assert_int_equal(gtv_model_futex_untold(m), 0);
	assert_int_equal(s->who, B);
	assert_true(s->flags & GTV_SP_JOIN && s->flags & GTV_SP_WHO_TID);
	assert_int_equal(s->lock, 0);
	assert_int_equal(lane_at(GTV_LANE_THREAD, A, 400)->who, 0);
	gtv_model_free(m);
}

/* A runtime parks its workers on futexes: no locks. Its mutexes are. */
static void runtimes_park(void **state)
{
	(void)state;
	start();
	ev(30, GTV_EV_PROC_START, A, 2, 1, 0);
	waits(100, 1, B, 0);
	struct gtv_model *m = told(1000);
	assert_int_equal(lane_at(GTV_LANE_THREAD, B, 150)->lock, 0);
	assert_int_equal(gtv_model_futex_untold(m), 0);
	gtv_model_free(m);
	start();
	ev(30, GTV_EV_PROC_START, A, 2, 1, 0);
	waits(100, 1, B, A);
	m = told(1000);
	assert_lock(150, GTV_ST_HELD, A, 1);
	gtv_model_free(m);
}

/* Without a number it is counted, and that is all. */
static void too_many(void **state)
{
	(void)state;
	start();
	count--;
	waits(100, 1, B, A);
	struct gtv_model *m = told(1000);
	assert_int_equal(gtv_model_lock_count(m), 0);
	assert_int_equal(gtv_model_futex_untold(m), 1);
	assert_int_equal(lane_at(GTV_LANE_THREAD, B, 150)->lock, 0);
	gtv_model_free(m);
}

/* Lost kernel events: who has it is not known from the loss on. */
static void loss(void **state)
{
	(void)state;
	start();
	waits(100, 1, B, A);
	struct gtv_ev *e = ev(300, GTV_EV_LOSS, 0, GTV_SRC_BPF, GTV_EV_K_WAKING, 1);
	e->gt = 100;
	waits(400, 2, C, A);
	struct gtv_model *m = told(1000);
	assert_lock(150, GTV_ST_HELD, A, 1);
	assert_lock(250, GTV_ST_UNKNOWN, 0, 1);
	/* A may be anywhere since: it holds it, but whether on a core is not known. */
	assert_lock(500, GTV_ST_UNKNOWN, A, 2);
	totals(m);
	gtv_model_free(m);
}

/* An exec, an exit: the lock is gone with its program. */
static void program_ends(void **state)
{
	(void)state;
	start();
	waits(100, 1, B, A);
	ev(200, GTV_EV_K_EXEC, A, 0, 0, 0);
	waits(300, 2, C, A); /* the same address of another program, without a number */
	struct gtv_model *m = told(1000);
	assert_int_equal(totals(m).end_ns, 200);
	assert_int_equal(gtv_model_futex_untold(m), 1);
	gtv_model_free(m);
	start();
	waits(100, 1, B, A);
	k_switch(200, 0, A, 0, GTV_OFF_DEAD, 0, 0);
	m = told(1000);
	assert_lock(300, GTV_ST_UNKNOWN, 0, 1);
	gtv_model_free(m);
}

/* ---- random programs ---- */

static uint64_t rng;

static uint32_t below(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)((rng * 0x2545f4914f6cdd1dull >> 33) % n);
}

/* Any events about three threads, two locks and five cores' worth of nonsense: sums
 * hold, whatever is told; and a checkpoint at any place changes nothing. */
static void random_events(void)
{
	static const unsigned kinds[] = {GTV_EV_K_SWITCH,  GTV_EV_K_WAKING, GTV_EV_K_FUTEX,
					 GTV_EV_K_SWITCH,  GTV_EV_K_WAKING, GTV_EV_K_FUTEX,
					 GTV_EV_K_MIGRATE, GTV_EV_LOSS,	    GTV_EV_K_EXEC,
					 GTV_EV_FUTEX_LOCK};
	uint32_t programs = 0;
	uint64_t ts = 30;

	start();
	while (count < sizeof evs / sizeof evs[0] - 2) {
		uint32_t who = A + below(3), lock = below(2);
		unsigned kind = kinds[below(below(8) ? 6 : 10)];
		programs += kind == GTV_EV_K_EXEC;
		struct gtv_ev *e;
		ts += below(30);
		switch (kind) {
		case GTV_EV_K_SWITCH:
			k_switch(ts, (int)below(3), below(4) ? who : OTHER,
				 below(4) ? A + below(3) : 0, below(4),
				 below(2) ? FUTEX : 36, ADDR + 16 * lock);
			break;
		case GTV_EV_K_FUTEX:
			e = ev(ts, kind, who, below(4) ? A + below(4) : 0, A + below(9),
			       ADDR + 16 * lock);
			e->state = (uint8_t)below(5);
			e->core = (int)below(3);
			if (below(4))
				k_switch(ts, e->core, who, below(2) ? OTHER : 0,
					 GTV_OFF_SLEEP, FUTEX, ADDR + 16 * lock);
			break;
		case GTV_EV_FUTEX_LOCK:
			/* A number is not used again for another program's lock. */
			ev(ts, kind, who, LOCK + lock + 2 * programs, PID,
			   ADDR + 16 * lock);
			break;
		case GTV_EV_LOSS:
			e = ev(ts, kind, 0, GTV_SRC_BPF, 0, 1);
			e->gt = below(40);
			break;
		default:
			e = ev(ts, kind, A + below(4), A + below(3), 0, below(3));
			e->flags = below(2) ? GTV_KF_FUTEX : 0;
		}
	}
}

static int by_lane(const void *a, const void *b)
{
	const struct gtv_span *x = a, *y = b;

	if (x->lane.kind != y->lane.kind)
		return x->lane.kind < y->lane.kind ? -1 : 1;
	if (x->lane.id != y->lane.id)
		return x->lane.id < y->lane.id ? -1 : 1;
	return (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

static void assert_sums(const struct gtv_model *m)
{
	for (size_t i = 0; i < gtv_model_lock_count(m); i++) {
		struct gtv_lock_totals l;
		assert_int_equal(gtv_model_lock_totals(m, i, &l), 0);
		assert_int_equal(l.held_on_ns + l.held_preempted_ns + l.held_asleep_ns +
					 l.free_ns + l.unknown_ns,
				 l.end_ns - l.first_ns);
	}
	for (size_t i = 0; i < gtv_model_thread_count(m); i++) {
		struct gtv_thread_totals t;
		uint64_t sum = 0;
		assert_int_equal(gtv_model_thread_totals(m, i, &t), 0);
		for (int st = 0; st < GTV_ST_MAX; st++)
			sum += t.state_ns[st];
		assert_int_equal(sum, t.end_ns - t.first_ns);
	}
	for (size_t i = 0; i < gtv_model_core_count(m); i++) {
		struct gtv_core_totals c;
		assert_int_equal(gtv_model_core_totals(m, i, &c), 0);
		assert_int_equal(c.busy_ns + c.other_ns + c.idle_ns + c.away_ns +
					 c.unknown_ns,
				 c.end_ns - c.first_ns);
	}
}

static void nonsense_sums_and_checkpoints(void **state)
{
	(void)state;
	static struct gtv_span whole[sizeof spans / sizeof spans[0]];
	for (uint64_t seed = 1; seed <= 400; seed++) {
		rng = seed * 0x9e3779b97f4a7c15ull | 1;
		random_events();
		span_count = edge_count = 0;
		struct gtv_model *m = new_model();
		for (size_t i = 0; i < count; i++) {
			edge_count = 0;
			assert_int_equal(gtv_model_feed(m, &evs[i], 1), 0);
		}
		gtv_model_finish(m, 20000);
		assert_sums(m);
		gtv_model_free(m);
		qsort(spans, span_count, sizeof spans[0], by_lane);
		for (size_t i = 1; i < span_count; i++) {
			assert_true(spans[i].to_ns > spans[i].from_ns);
			if (spans[i].lane.kind == spans[i - 1].lane.kind &&
			    spans[i].lane.id == spans[i - 1].lane.id)
				assert_true(spans[i].from_ns >= spans[i - 1].to_ns);
		}
		size_t n = span_count;
		memcpy(whole, spans, sizeof whole);
		span_count = 0;
		m = new_model();
		for (size_t i = 0; i < count; i++) {
			void *bytes, *again;
			size_t size, size2;
			edge_count = 0;
			assert_int_equal(gtv_model_feed(m, &evs[i], 1), 0);
			assert_int_equal(gtv_model_save(m, &bytes, &size), 0);
			gtv_model_free(m);
			m = new_model();
			assert_int_equal(gtv_model_restore(m, bytes, size), 0);
			assert_int_equal(gtv_model_save(m, &again, &size2), 0);
			assert_int_equal(size, size2);
			assert_memory_equal(bytes, again, size);
			free(bytes);
			free(again);
		}
		gtv_model_finish(m, 20000);
		gtv_model_free(m);
		qsort(spans, span_count, sizeof spans[0], by_lane);
		assert_int_equal(n, span_count);
		for (size_t i = 0; i < n; i++)
			assert_memory_equal(&whole[i], &spans[i],
					    offsetof(struct gtv_span, waiters) + 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owner_is_followed),
		cmocka_unit_test(taking_is_proved),
		cmocka_unit_test(going_on_proves),
		cmocka_unit_test(woken_in_vain),
		cmocka_unit_test(unproved_is_unknown),
		cmocka_unit_test(claims_are_doubted),
		cmocka_unit_test(join),
		cmocka_unit_test(runtimes_park),
		cmocka_unit_test(too_many),
		cmocka_unit_test(loss),
		cmocka_unit_test(program_ends),
		cmocka_unit_test(nonsense_sums_and_checkpoints),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
