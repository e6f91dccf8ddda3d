/* SPDX-License-Identifier: MIT
 *
 * The rules of the findings: for each a story that has it, near misses that have not,
 * and the thresholds at their edges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/model_sim.h"
#include "tracer/model/findings.h"
#include "tracer/model/findings_priv.h"

#define W0    1000u
#define W1    1001u
#define W2    1002u
#define OTHER 77u /* a thread of another program */

static struct gtv_ev *evs;
static size_t count, cap;
static uint64_t now;
static uint32_t gt_seq[64], lock_seq[8];
static int level, shared_worker;
static struct gtv_finding list[32];
static size_t found;
static enum gtv_verdict verdict[GTV_FIND_MAX];
static char why[GTV_FIND_MAX][96];

static struct gtv_ev *ev(unsigned kind, uint32_t tid, uint32_t gt, uint32_t obj,
			 uint32_t seq, uint64_t arg)
{
	if (count == cap) {
		cap = cap ? cap * 2 : 1024;
		evs = realloc(evs, cap * sizeof *evs);
		assert_non_null(evs);
	}
	evs[count] = (struct gtv_ev){.ts_ns = now,
				     .kind = (uint16_t)kind,
				     .core = -1,
				     .tid = tid,
				     .gt = gt,
				     .obj = obj,
				     .seq = seq,
				     .arg = arg};
	return &evs[count++];
}

/* A core goes from one thread to another; those from W0 on are the program's. */
static void on_core(int core, uint32_t prev, uint32_t next, unsigned why_off)
{
	struct gtv_ev *e;

	if (!level)
		return;
	e = ev(GTV_EV_K_SWITCH, prev, 0, next, why_off == GTV_OFF_SLEEP ? 36 : 0, 0);
	e->core = core;
	e->state = (uint8_t)why_off;
	e->flags = (uint8_t)((prev >= W0 ? GTV_KF_PREV_OURS : 0) |
			     (next >= W0 ? GTV_KF_NEXT_OURS : 0));
}

static void wakes(uint32_t tid)
{
	if (level)
		ev(GTV_EV_K_WAKING, 0, 0, tid, 0, 0);
}

/* workers 0: each green thread is an OS thread. */
static void story(int at_level, uint32_t workers)
{
	count = 0;
	now = 1000000000;
	level = at_level;
	shared_worker = workers != 0;
	memset(gt_seq, 0, sizeof gt_seq);
	memset(lock_seq, 0, sizeof lock_seq);
	for (uint32_t tid = W0; level && tid <= W2; tid++)
		ev(GTV_EV_K_THREAD, tid, 0, 0, 0, W0);
	on_core(0, 0, W0, GTV_OFF_IDLE);
	ev(GTV_EV_PROC_START, W0, 0, workers, 1, workers ? 0 : GTV_PROC_ONE_TO_ONE);
	for (uint32_t w = 0; w < workers; w++)
		ev(GTV_EV_WORKER_START, W0 + w, 0, w, 0, 0);
}

static void spawn(uint32_t gt)
{
	ev(GTV_EV_SPAWN, W0, gt, gt > 1 ? 1 : 0, 0, 0);
}

static void stops(unsigned kind, uint32_t tid, uint32_t gt, uint32_t next, uint64_t what)
{
	uint32_t seq = gt ? ++gt_seq[gt] : 0, next_seq = next ? ++gt_seq[next] : 0;

	ev(kind, tid, gt, next, seq, what | (uint64_t)next_seq << 32);
}

static void runs(uint32_t tid, uint32_t gt)
{
	stops(GTV_EV_SWITCH_RUN, tid, 0, gt, 0);
}

static void ready(uint32_t tid, uint32_t gt, uint32_t waker, unsigned by)
{
	ev(GTV_EV_READY, tid, gt, waker, ++gt_seq[gt], 0)->state = (uint8_t)by;
}

static void takes(uint32_t tid, uint32_t gt, uint32_t lock)
{
	ev(GTV_EV_LOCK_TAKE, tid, gt, lock, ++lock_seq[lock], 0);
}

static void drops(uint32_t tid, uint32_t gt, uint32_t lock)
{
	ev(GTV_EV_LOCK_DROP, tid, gt, lock, ++lock_seq[lock], 0);
}

static void lost_one(unsigned source)
{
	ev(GTV_EV_LOSS, 0, 10, source, 0, 1);
}

/* Tells the story; it ends now. */
static void told_with(const struct gtv_names *names)
{
	struct gtv_findings *f = gtv_findings_new(level, names);
	struct gtv_model_sink sink = gtv_findings_sink(f);
	struct gtv_model *m = gtv_model_new(level, names, &sink);
	uint32_t kinds = 0;

	assert_non_null(f);
	assert_non_null(m);
	assert_int_equal(gtv_findings_feed(f, m, evs, count), 0);
	for (unsigned k = 0; k < GTV_FAULT_MAX; k++)
		if (gtv_model_faults(m, k))
			fail_msg("the story is not true: %s",
				 gtv_model_fault_text(m, k, NULL));
	gtv_findings_finish(f, m, now);
	found = gtv_findings_list(f, list, 32);
	assert_true(found <= 32);
	for (size_t i = 0; i < found; i++) {
		kinds |= 1u << list[i].kind;
		assert_true(list[i].lanes > 0);
		assert_true(*list[i].text);
		assert_true(list[i].from_ns < list[i].to_ns && list[i].to_ns <= now);
	}
	for (unsigned k = 0; k < GTV_FIND_MAX; k++)
		verdict[k] = gtv_findings_verdict(f, k, (int)(kinds >> k & 1), why[k],
						  sizeof why[k]);
	gtv_model_free(m);
	gtv_findings_free(f);
}

static const struct gtv_finding *of_kind(unsigned kind)
{
	for (size_t i = 0; i < found; i++)
		if (list[i].kind == kind)
			return &list[i];
	return NULL;
}

/* The story has this finding, and no other. */
static const struct gtv_finding *only(unsigned kind)
{
	const struct gtv_finding *it;

	told_with(NULL);
	it = of_kind(kind);
	for (size_t i = 0; i < found; i++)
		if (list[i].kind != kind)
			fail_msg("unexpected %s: %s", gtv_finding_key(list[i].kind),
				 list[i].text);
	if (!it)
		fail_msg("no %s", gtv_finding_key(kind));
	return it;
}

static void none(void)
{
	told_with(NULL);
	if (found)
		fail_msg("unexpected %s: %s", gtv_finding_key(list[0].kind), list[0].text);
}

/* ---- convoy ---- */

/* G1 waits for L1 and holds it a moment, `times` times; G2 has it before. */
static void short_behind_long(int times, uint64_t wait, uint64_t hold, uint64_t pause)
{
	story(0, 0);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	runs(W1, 2);
	for (int i = 0; i < times; i++) {
		takes(W1, 2, 1);
		stops(GTV_EV_SWITCH_LOCK, W0, 1, 0, 1);
		now += wait;
		drops(W1, 2, 1);
		ready(W1, 1, 2, GTV_BY_GT);
		runs(W0, 1);
		takes(W0, 1, 1);
		now += hold;
		drops(W0, 1, 1);
		now += pause;
	}
}

static void convoy(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	short_behind_long(GTV__CONVOY_WAITS, MS, 10 * US, MS);
	it = only(GTV_FIND_CONVOY);
	assert_int_equal(it->times, GTV__CONVOY_WAITS);
	assert_int_equal(it->lost_ns, GTV__CONVOY_WAITS * MS);
	assert_int_equal(it->severity, GTV_SEV_SERIOUS);
	assert_int_equal(it->to_ns - it->from_ns, MS);
	assert_int_equal(it->lane[0].kind, GTV_LANE_GT);
	assert_int_equal(it->lane[0].id, 1);
	assert_int_equal(it->lane[1].kind, GTV_LANE_LOCK);
	assert_int_equal(it->lane[2].id, 2);
	assert_non_null(strstr(it->text, "G1 waits 1 ms in the mean for L1"));
	assert_non_null(strstr(it->text, "10 waits"));
	/* The same a thousand times faster, and slower. */
	short_behind_long(50, US, 10, US);
	only(GTV_FIND_CONVOY);
	short_behind_long(50, 100 * MS, MS, 100 * MS);
	only(GTV_FIND_CONVOY);
}

static void no_convoy(void **state)
{
	(void)state;
	short_behind_long(GTV__CONVOY_WAITS - 1, MS, 10 * US, MS);
	none();
	/* It holds the lock for a tenth of what it waits, and a little more. */
	short_behind_long(20, MS, MS / GTV__CONVOY_RATIO + US, MS);
	none();
	/* Waits that are a small part of its life. */
	short_behind_long(20, MS, 10 * US, 5 * MS);
	none();
	assert_int_equal(verdict[GTV_FIND_CONVOY], GTV_RULE_FINE);
}

/* Twelve that share a lock, each for as long as the others: a queue, no convoy. */
static void equals_are_no_convoy(void **state)
{
	uint32_t n = 12;

	(void)state;
	story(0, 0);
	for (uint32_t g = 1; g <= n; g++)
		spawn(g);
	for (uint32_t g = 1; g <= n; g++)
		runs(W0 + g, g);
	takes(W0 + 1, 1, 1);
	for (uint32_t g = 2; g <= n; g++)
		stops(GTV_EV_SWITCH_LOCK, W0 + g, g, 0, 1);
	for (uint32_t i = 0; i < 40 * n; i++) {
		uint32_t g = i % n + 1, next = (i + 1) % n + 1;
		now += MS;
		drops(W0 + g, g, 1);
		ready(W0 + g, next, g, GTV_BY_GT);
		stops(GTV_EV_SWITCH_LOCK, W0 + g, g, 0, 1);
		runs(W0 + next, next);
		takes(W0 + next, next, 1);
	}
	none();
}

/* ---- lock holder off core ---- */

/* G1 holds L1 and loses its core for a while; G2 waits for it, or not. */
static void holder_preempted(uint64_t off, int waited)
{
	story(3, 0);
	on_core(1, 0, W1, GTV_OFF_IDLE);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	runs(W1, 2);
	takes(W0, 1, 1);
	if (waited) {
		stops(GTV_EV_SWITCH_LOCK, W1, 2, 0, 1);
		on_core(1, W1, OTHER, GTV_OFF_SLEEP);
	}
	now += 100 * US;
	on_core(0, W0, OTHER, GTV_OFF_PREEMPTED);
	now += off;
	on_core(0, OTHER, W0, GTV_OFF_SLEEP);
	now += 100 * US;
	drops(W0, 1, 1);
	if (waited)
		ready(W0, 2, 1, GTV_BY_GT);
	now += 100 * MS;
}

static void holder_off_core(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	holder_preempted(4 * MS, 1);
	it = only(GTV_FIND_HOLDER_OFF_CORE);
	assert_int_equal(it->to_ns - it->from_ns, 4 * MS);
	assert_int_equal(it->lost_ns, 4 * MS);
	assert_int_equal(it->severity, GTV_SEV_WARNING);
	assert_non_null(strstr(it->text, "lost its core to T77"));
	/* Asleep: it sleeps in the kernel with the lock in its hand. */
	story(3, 0);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	takes(W0, 1, 1);
	on_core(1, 0, W1, GTV_OFF_IDLE);
	runs(W1, 2);
	stops(GTV_EV_SWITCH_LOCK, W1, 2, 0, 1);
	on_core(0, W0, OTHER, GTV_OFF_SLEEP);
	now += 20 * MS;
	wakes(W0);
	on_core(0, OTHER, W0, GTV_OFF_SLEEP);
	drops(W0, 1, 1);
	it = only(GTV_FIND_HOLDER_OFF_CORE);
	assert_non_null(strstr(it->text, "slept in"));
}

static void holder_on_core(void **state)
{
	(void)state;
	holder_preempted(4 * MS, 0); /* nobody wants it */
	none();
	holder_preempted(MS / 2, 1); /* too short to matter */
	none();
	assert_int_equal(verdict[GTV_FIND_HOLDER_OFF_CORE], GTV_RULE_FINE);
	level = 0;
	short_behind_long(3, MS, MS, MS);
	none();
	assert_int_equal(verdict[GTV_FIND_HOLDER_OFF_CORE], GTV_RULE_CANNOT);
	assert_string_equal(why[GTV_FIND_HOLDER_OFF_CORE],
			    "level 0 does not show what the kernel does to a holder");
}

/* ---- starvation ---- */

/* G1 is ready for a while, in which G2 and G3 run in turns. */
static void passed_over(uint64_t ns, unsigned turns)
{
	story(0, 1);
	spawn(1);
	spawn(2);
	spawn(3);
	runs(W0, 2);
	for (unsigned i = 1; i < turns; i++) {
		now += ns / turns;
		if (i % 2)
			stops(GTV_EV_SWITCH_YIELD, W0, 2, 3, 0);
		else
			stops(GTV_EV_SWITCH_YIELD, W0, 3, 2, 0);
	}
	now = 1000000000 + ns;
	stops(GTV_EV_SWITCH_YIELD, W0, turns % 2 ? 2 : 3, 1, 0);
	now += MS;
}

static void starvation(void **state)
{
	const struct gtv_finding *it;
	uint64_t at;

	(void)state;
	passed_over(GTV__STARVED_NS, GTV__STARVED_RUNS);
	it = only(GTV_FIND_STARVATION);
	assert_int_equal(it->lane[0].id, 1);
	assert_int_equal(it->to_ns - it->from_ns, GTV__STARVED_NS);
	assert_non_null(strstr(it->text, "G1 was ready for 100 ms"));
	/* An OS thread whose core another program has. */
	story(3, 0);
	at = now;
	on_core(0, W0, OTHER, GTV_OFF_PREEMPTED);
	now += GTV__STARVED_NS;
	on_core(0, OTHER, W0, GTV_OFF_PREEMPTED);
	it = only(GTV_FIND_STARVATION);
	assert_int_equal(it->from_ns, at);
	assert_int_equal(it->lane[0].kind, GTV_LANE_THREAD);
}

static void no_starvation(void **state)
{
	(void)state;
	passed_over(GTV__STARVED_NS - 1, 20);
	none();
	passed_over(GTV__STARVED_NS, GTV__STARVED_RUNS - 1);
	none();
	assert_int_equal(verdict[GTV_FIND_STARVATION], GTV_RULE_FINE);
	story(3, 0);
	on_core(0, W0, OTHER, GTV_OFF_PREEMPTED);
	now += GTV__STARVED_NS - 1;
	on_core(0, OTHER, W0, GTV_OFF_PREEMPTED);
	none();
}

/* ---- never yields ---- */

static void kept(uint32_t workers, uint64_t ns)
{
	story(0, workers);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	now += ns;
}

static void never_yields(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	kept(1, GTV__HOG_NS);
	stops(GTV_EV_SWITCH_YIELD, W0, 1, 2, 0);
	now += MS;
	it = only(GTV_FIND_NEVER_YIELDS);
	assert_int_equal(it->lane[0].id, 1);
	assert_int_equal(it->to_ns - it->from_ns, GTV__HOG_NS);
	assert_int_equal(it->lost_ns, GTV__HOG_NS);
	/* It goes on to the end of the trace. */
	kept(1, GTV__HOG_NS);
	it = only(GTV_FIND_NEVER_YIELDS);
	assert_non_null(strstr(it->text, "still does"));
	/* Two workers, both kept. */
	kept(2, 0);
	spawn(3);
	runs(W1, 2);
	now += GTV__HOG_NS;
	stops(GTV_EV_SWITCH_YIELD, W1, 2, 3, 0);
	now += 1;
	only(GTV_FIND_NEVER_YIELDS);
	/* Who waits for the loop is told to be ready only afterwards. */
	story(0, 1);
	spawn(1);
	spawn(2);
	runs(W0, 2);
	stops(GTV_EV_SWITCH_IO, W0, 2, 1, 5);
	now += GTV__HOG_NS;
	stops(GTV_EV_SWITCH_SLEEP, W0, 1, 0, 0);
	now += 10 * US;
	ready(W0, 2, 0, GTV_BY_POLLER);
	runs(W0, 2);
	now += MS;
	it = only(GTV_FIND_NEVER_YIELDS);
	assert_int_equal(it->lane[1].id, 2);
}

static void yields(void **state)
{
	(void)state;
	kept(1, GTV__HOG_NS - 1);
	stops(GTV_EV_SWITCH_YIELD, W0, 1, 2, 0);
	none();
	assert_int_equal(verdict[GTV_FIND_NEVER_YIELDS], GTV_RULE_FINE);
	/* Another worker was there for the other. */
	kept(2, MS);
	runs(W1, 2);
	now += GTV__HOG_NS;
	stops(GTV_EV_SWITCH_SLEEP, W0, 1, 0, 0);
	none();
	/* An OS thread of its own. */
	kept(0, GTV__HOG_NS);
	stops(GTV_EV_SWITCH_YIELD, W0, 1, 2, 0);
	none();
	assert_int_equal(verdict[GTV_FIND_NEVER_YIELDS], GTV_RULE_NOTHING);
	/* Alone: who sleeps is in time. */
	story(0, 1);
	spawn(1);
	spawn(2);
	runs(W0, 2);
	stops(GTV_EV_SWITCH_SLEEP, W0, 2, 1, 0);
	now += GTV__HOG_NS;
	stops(GTV_EV_SWITCH_IO, W0, 1, 0, 4);
	now += 50 * MS;
	ready(W0, 2, 0, GTV_BY_TIMER);
	runs(W0, 2);
	none();
}

/* ---- blocking call ---- */

/* G1 sleeps in the kernel on its worker, and G2 is ready. */
static void sleeps_on_worker(uint64_t ns, uint32_t workers, int other_ready)
{
	story(3, workers);
	spawn(1);
	if (other_ready)
		spawn(2);
	runs(W0, 1);
	now += 10 * US;
	on_core(0, W0, 0, GTV_OFF_SLEEP);
	now += ns;
	wakes(W0);
	now += US;
	on_core(0, 0, W0, GTV_OFF_IDLE);
	now += 10 * US;
	stops(GTV_EV_SWITCH_YIELD, W0, 1, other_ready ? 2 : 1, 0);
	now += 10 * US;
}

static void blocking_call(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	sleeps_on_worker(GTV__BLOCK_NS, 1, 1);
	it = only(GTV_FIND_BLOCKING_CALL);
	assert_int_equal(it->lane[0].id, 1);
	assert_int_equal(it->to_ns - it->from_ns, GTV__BLOCK_NS);
	sleeps_on_worker(10 * MS, 2, 1); /* a worker of two, and nobody else ran */
	only(GTV_FIND_BLOCKING_CALL);
	/* Longer than what a hog needs: still no hog. */
	sleeps_on_worker(GTV__HOG_NS * 2, 1, 1);
	only(GTV_FIND_BLOCKING_CALL);
	/* A call that the runtime declares and makes on its worker, at level 0. */
	story(0, 1);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	stops(GTV_EV_SWITCH_SYSCALL, W0, 1, 0, 3);
	ev(GTV_EV_CALL_BEGIN, W0, 1, 3, 0, 0);
	now += 2 * MS;
	ev(GTV_EV_CALL_END, W0, 1, 3, 0, 0);
	ready(W0, 1, 0, GTV_BY_POOL);
	runs(W0, 2);
	only(GTV_FIND_BLOCKING_CALL);
}

static void no_blocking_call(void **state)
{
	(void)state;
	sleeps_on_worker(GTV__BLOCK_NS - 1, 1, 1);
	none();
	sleeps_on_worker(50 * MS, 1, 0); /* nobody else is there */
	none();
	sleeps_on_worker(50 * MS, 0, 1); /* OS threads */
	none();
	assert_int_equal(verdict[GTV_FIND_BLOCKING_CALL], GTV_RULE_NOTHING);
	/* A pool's thread makes the call: that is what it is for. */
	story(0, 1);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	stops(GTV_EV_SWITCH_SYSCALL, W0, 1, 0, 3);
	ev(GTV_EV_CALL_BEGIN, W1, 1, 3, 0, 0);
	now += 20 * MS;
	ev(GTV_EV_CALL_END, W1, 1, 3, 0, 0);
	ready(W1, 1, 0, GTV_BY_POOL);
	runs(W0, 2);
	none();
	assert_int_equal(verdict[GTV_FIND_BLOCKING_CALL], GTV_RULE_CANNOT);
}

/* ---- cores ---- */

/* Three that compute, on one core of ours: slices of a millisecond. */
static void slices(int turns, uint32_t taker, int other_idle)
{
	story(3, 0);
	on_core(1, 0, other_idle ? 0 : OTHER, GTV_OFF_IDLE);
	for (int i = 0; i < turns; i++) {
		now += MS / 2;
		on_core(0, W0, taker, GTV_OFF_PREEMPTED);
		now += MS / 2;
		on_core(0, taker, W0, GTV_OFF_PREEMPTED);
	}
}

static void oversubscription(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	slices(50, W1, 0);
	it = only(GTV_FIND_OVERSUBSCRIPTION);
	assert_int_equal(it->severity, GTV_SEV_SERIOUS);
	slices(50, OTHER, 0);
	none();
	slices(50, W1, 1);
	none(); /* a core is idle: there are enough of them */
	assert_int_equal(verdict[GTV_FIND_OVERSUBSCRIPTION], GTV_RULE_FINE);
	level = 1;
	told_with(NULL);
	assert_int_equal(verdict[GTV_FIND_OVERSUBSCRIPTION], GTV_RULE_CANNOT);
}

static void waits_beside_idle(uint64_t ns, int idle)
{
	story(3, 0);
	on_core(1, 0, idle ? 0 : OTHER, GTV_OFF_IDLE);
	now += MS;
	on_core(0, W0, OTHER, GTV_OFF_PREEMPTED);
	now += ns;
	on_core(0, OTHER, W0, GTV_OFF_SLEEP);
	now += MS;
}

static void idle_core(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	waits_beside_idle(GTV__IDLE_NS, 1);
	it = only(GTV_FIND_IDLE_CORE);
	assert_int_equal(it->lane[0].kind, GTV_LANE_THREAD);
	assert_int_equal(it->lane[1].kind, GTV_LANE_CORE);
	assert_int_equal(it->lane[1].id, 1);
	waits_beside_idle(GTV__IDLE_NS - 1, 1);
	none();
	waits_beside_idle(10 * MS, 0);
	none();
	assert_int_equal(verdict[GTV_FIND_IDLE_CORE], GTV_RULE_FINE);
}

static void to_and_fro(int backs, int cores)
{
	story(3, 0);
	for (int i = 0; i <= backs + 1; i++) {
		now += MS;
		on_core(i % cores, W0, 0, GTV_OFF_SLEEP);
		now += MS;
		wakes(W0);
		on_core((i + 1) % cores, 0, W0, GTV_OFF_IDLE);
	}
}

static void ping_pong(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	to_and_fro(GTV__PING_TIMES - 1, 2);
	it = only(GTV_FIND_PING_PONG);
	assert_int_equal(it->times, GTV__PING_TIMES);
	assert_int_equal(it->severity, GTV_SEV_NOTE);
	to_and_fro(GTV__PING_TIMES - 2, 2);
	none();
	to_and_fro(100, 1); /* it stays */
	none();
	to_and_fro(100, 3); /* it goes round: never back */
	none();
	assert_int_equal(verdict[GTV_FIND_PING_PONG], GTV_RULE_FINE);
	/* A green thread between two workers. */
	story(0, 2);
	spawn(1);
	for (unsigned i = 0; i <= GTV__PING_TIMES + 1; i++) {
		uint32_t tid = i % 2 ? W1 : W0;
		runs(tid, 1);
		now += US;
		stops(GTV_EV_SWITCH_YIELD, tid, 1, 0, 0);
	}
	it = only(GTV_FIND_PING_PONG);
	assert_int_equal(it->lane[0].kind, GTV_LANE_GT);
}

/* ---- locks ---- */

/* G1 waits while G2 takes L1 so many times, `waits` times; by then it gets it. */
static void barging(int waits, int takes_by_others, int false_wakes, unsigned by)
{
	story(0, 0);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	runs(W1, 2);
	for (int w = 0; w < waits; w++) {
		takes(W1, 2, 1);
		stops(GTV_EV_SWITCH_LOCK, W0, 1, 0, 1);
		for (int i = 0; i < takes_by_others; i++) {
			now += MS;
			drops(W1, 2, 1);
			if (i < false_wakes) {
				ready(W1, 1, 2, by);
				takes(W1, 2, 1);
				runs(W0, 1);
				stops(GTV_EV_SWITCH_LOCK, W0, 1, 0, 1);
			} else {
				takes(W1, 2, 1);
			}
		}
		now += MS;
		drops(W1, 2, 1);
		ready(W1, 1, 2, GTV_BY_GT);
		runs(W0, 1);
		takes(W0, 1, 1);
		now += MS;
		drops(W0, 1, 1);
	}
}

static void unfair_lock(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	barging(GTV__OVERTAKEN_WAITS, GTV__OVERTAKEN + 1, 0, 0);
	it = only(GTV_FIND_UNFAIR_LOCK);
	assert_int_equal(it->lane[0].id, 1);
	assert_int_equal(it->to_ns - it->from_ns, (GTV__OVERTAKEN + 2) * MS);
	assert_non_null(strstr(it->text, "others took it 11 times"));
	barging(GTV__OVERTAKEN_WAITS, GTV__OVERTAKEN, 0, 0);
	none();
	barging(GTV__OVERTAKEN_WAITS - 1, GTV__OVERTAKEN + 1, 0, 0);
	none();
	assert_int_equal(verdict[GTV_FIND_UNFAIR_LOCK], GTV_RULE_FINE);
}

static void false_wakeups(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	barging(GTV__FALSE_TIMES, 2, 1, GTV_BY_GT);
	it = only(GTV_FIND_FALSE_WAKEUPS);
	assert_int_equal(it->severity, GTV_SEV_WARNING);
	assert_non_null(strstr(it->text, "10 of 20 wake-ups for L1 were in vain"));
	barging(GTV__FALSE_TIMES - 1, 2, 1, GTV_BY_GT);
	none();
	barging(50, 2, 1, GTV_BY_TIMER); /* nobody said that it was free */
	none();
}

/* Two that spin for L1, one of which gets it `ratio` times as often. */
static void spinning(unsigned ratio, const char *kind)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_name name = {.id = 1};

	snprintf(name.extra, sizeof name.extra, "%s", kind);
	assert_int_equal(gtv_names_set(names, GTV_CLASS_LOCK, &name), 0);
	story(0, 0);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	runs(W1, 2);
	for (unsigned i = 0; i < 40 * (ratio + 1); i++) {
		uint32_t gt = i % (ratio + 1) ? 1 : 2, tid = gt == 1 ? W0 : W1;
		takes(tid, gt, 1);
		now += US;
		drops(tid, gt, 1);
	}
	stops(GTV_EV_SWITCH_EXIT, W1, 2, 0, 0);
	stops(GTV_EV_SWITCH_EXIT, W0, 1, 0, 0);
	told_with(names);
	gtv_names_free(names);
}

static void unequal_shares(void **state)
{
	(void)state;
	spinning(GTV__UNEQUAL + 1, "test-and-set");
	assert_int_equal(found, 1);
	assert_int_equal(list[0].kind, GTV_FIND_UNFAIR_LOCK);
	assert_int_equal(list[0].lane[0].id, 2);
	spinning(GTV__UNEQUAL - 2, "test-and-set");
	assert_int_equal(found, 0);
	/* Of a mutex the waits are told, and there are none. */
	spinning(GTV__UNEQUAL + 1, "mutex");
	assert_int_equal(found, 0);
}

/* ---- wait cycle ---- */

/* G1 has L1 and wants L2, G2 the other way round, or not quite. */
static void embrace(int closed)
{
	story(0, 0);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	runs(W1, 2);
	takes(W0, 1, 1);
	takes(W1, 2, 2);
	now += MS;
	stops(GTV_EV_SWITCH_LOCK, W0, 1, 0, 2);
	now += MS;
	if (closed)
		stops(GTV_EV_SWITCH_LOCK, W1, 2, 0, 1);
	now += 50 * MS;
}

static void wait_cycle(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	embrace(1);
	it = only(GTV_FIND_WAIT_CYCLE);
	assert_int_equal(it->severity, GTV_SEV_SERIOUS);
	assert_int_equal(it->lanes, 2);
	assert_int_equal(it->to_ns - it->from_ns, 50 * MS);
	assert_non_null(strstr(it->text, "G2 waits for L1, held by G1"));
	assert_non_null(strstr(it->text, "G1 waits for L2, held by G2"));
	assert_non_null(strstr(it->text, "to the end"));
	/* A time-out breaks it. */
	embrace(1);
	ready(W0, 1, 0, GTV_BY_TIMER);
	runs(W0, 1);
	drops(W0, 1, 1);
	now += MS;
	it = only(GTV_FIND_WAIT_CYCLE);
	assert_int_equal(it->severity, GTV_SEV_WARNING);
	assert_non_null(strstr(it->text, "until one gave up"));
	/* For what it holds itself. */
	story(0, 1);
	spawn(1);
	runs(W0, 1);
	takes(W0, 1, 1);
	stops(GTV_EV_SWITCH_LOCK, W0, 1, 0, 1);
	now += MS;
	it = only(GTV_FIND_WAIT_CYCLE);
	assert_non_null(strstr(it->text, "which it holds itself"));
	/* Each joins the other. */
	story(0, 1);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	stops(GTV_EV_SWITCH_JOIN, W0, 1, 2, 2);
	stops(GTV_EV_SWITCH_JOIN, W0, 2, 0, 1);
	now += MS;
	only(GTV_FIND_WAIT_CYCLE);
}

static void no_wait_cycle(void **state)
{
	(void)state;
	embrace(0);
	none();
	assert_int_equal(verdict[GTV_FIND_WAIT_CYCLE], GTV_RULE_FINE);
}

/* Nobody is left who could wake the others: not a circle that can be named. */
static void all_wait(void **state)
{
	(void)state;
	for (int who = 0; who < 3; who++) {
		story(0, 1);
		spawn(1);
		spawn(2);
		runs(W0, 1);
		stops(GTV_EV_SWITCH_CHAN, W0, 1, 2, 1);
		stops(who == 1 ? GTV_EV_SWITCH_SLEEP : GTV_EV_SWITCH_CHAN, W0, 2, 0, 2);
		now += who == 2 ? GTV__HUNG_NS - 1 : GTV__HUNG_NS;
		if (who)
			none();
		else
			assert_non_null(strstr(only(GTV_FIND_WAIT_CYCLE)->text,
					       "all 2 green threads wait for one another"));
	}
	/* The program ends while they wait: that is how a runtime ends a deadlock. */
	story(3, 1);
	spawn(1);
	runs(W0, 1);
	now += MS;
	stops(GTV_EV_SWITCH_CHAN, W0, 1, 0, 1);
	now += US;
	for (uint32_t tid = W0; tid <= W2; tid++)
		ev(GTV_EV_K_EXIT, tid, 0, 0, 0, W0);
	only(GTV_FIND_WAIT_CYCLE);
}

/* ---- what cannot be told ---- */

static void loss_blinds(void **state)
{
	(void)state;
	embrace(0);
	lost_one(GTV_SRC_RING);
	told_with(NULL);
	assert_int_equal(found, 0);
	assert_int_equal(verdict[GTV_FIND_WAIT_CYCLE], GTV_RULE_CANNOT);
	assert_string_equal(why[GTV_FIND_WAIT_CYCLE], "some of the evidence is lost");
	waits_beside_idle(MS / 2, 1);
	lost_one(GTV_SRC_BPF);
	told_with(NULL);
	assert_int_equal(found, 0);
	assert_int_equal(verdict[GTV_FIND_IDLE_CORE], GTV_RULE_CANNOT);
	assert_int_equal(verdict[GTV_FIND_WAIT_CYCLE], GTV_RULE_NOTHING);
	/* What lies before the loss is found, what it interrupts is not. */
	short_behind_long(20, MS, 10 * US, MS);
	lost_one(GTV_SRC_RING);
	told_with(NULL);
	assert_int_equal(found, 1);
	assert_int_equal(verdict[GTV_FIND_CONVOY], GTV_RULE_FOUND);
	kept(1, GTV__HOG_NS / 2);
	lost_one(GTV_SRC_RING);
	now += GTV__HOG_NS / 2 + 1;
	told_with(NULL);
	assert_int_equal(found, 0);
}

static void a_gap_blinds(void **state)
{
	struct gtv_findings *f = gtv_findings_new(0, NULL);
	struct gtv_model_sink sink = gtv_findings_sink(f);
	struct gtv_model *m = gtv_model_new(0, NULL, &sink);
	char text[96];

	(void)state;
	embrace(1);
	assert_int_equal(gtv_findings_feed(f, m, evs, count), 0);
	assert_int_equal(gtv_findings_gap(f, m, now, now + MS), 0);
	gtv_findings_finish(f, m, now + 2 * MS);
	assert_int_equal(gtv_findings_list(f, list, 32), 0);
	assert_int_equal(gtv_findings_verdict(f, GTV_FIND_WAIT_CYCLE, 0, text, sizeof text),
			 GTV_RULE_CANNOT);
	gtv_model_free(m);
	gtv_findings_free(f);
}

/* ---- the engine ---- */

/* Live: at any moment, and asking changes nothing. */
static void asked_meanwhile(void **state)
{
	struct gtv_findings *f = gtv_findings_new(0, NULL);
	struct gtv_model_sink sink = gtv_findings_sink(f);
	struct gtv_model *m = gtv_model_new(0, NULL, &sink);

	(void)state;
	short_behind_long(30, MS, 10 * US, MS);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(gtv_findings_feed(f, m, &evs[i], 1), 0);
		size_t n = gtv_findings_list(f, list, 32);
		assert_int_equal(gtv_findings_list(f, list, 32), n);
	}
	gtv_findings_finish(f, m, now);
	assert_int_equal(gtv_findings_list(f, list, 32), 1);
	struct gtv_finding whole = *only(GTV_FIND_CONVOY), again;
	gtv_findings_list(f, &again, 1);
	assert_int_equal(again.lost_ns, whole.lost_ns);
	assert_int_equal(again.times, whole.times);
	assert_string_equal(again.text, whole.text);
	gtv_model_free(m);
	gtv_findings_free(f);
}

/* A list that is too short has the worst. */
static void the_worst_come_first(void **state)
{
	struct gtv_finding one;

	(void)state;
	barging(40, 12, 10, GTV_BY_GT);
	told_with(NULL);
	assert_true(found >= 2);
	for (size_t i = 1; i < found; i++)
		assert_true(list[i - 1].severity > list[i].severity ||
			    (list[i - 1].severity == list[i].severity &&
			     list[i - 1].lost_ns >= list[i].lost_ns));
	struct gtv_findings *f = gtv_findings_new(0, NULL);
	struct gtv_model_sink sink = gtv_findings_sink(f);
	struct gtv_model *m = gtv_model_new(0, NULL, &sink);
	gtv_findings_feed(f, m, evs, count);
	gtv_findings_finish(f, m, now);
	assert_int_equal(gtv_findings_list(f, &one, 1), found);
	assert_int_equal(one.kind, list[0].kind);
	assert_int_equal(gtv_findings_list(f, NULL, 0), found);
	gtv_model_free(m);
	gtv_findings_free(f);
}

/* A million green threads, one after the other: the memory of one. */
static void memory_is_of_the_living(void **state)
{
	struct gtv_findings *f = gtv_findings_new(0, NULL);
	struct gtv_model_sink sink = gtv_findings_sink(f);
	struct gtv_model *m = gtv_model_new(0, NULL, &sink);
	uint32_t last = 300000;

	(void)state;
	story(0, 1);
	gtv_findings_feed(f, m, evs, count);
	for (uint32_t id = 1; id <= last; id++) {
		count = 0;
		now += US;
		ev(GTV_EV_SPAWN, W0, id, 0, 0, 0);
		ev(GTV_EV_SWITCH_RUN, W0, 0, id, 0, 1ull << 32);
		takes(W0, id, 1);
		drops(W0, id, 1);
		ev(GTV_EV_SWITCH_EXIT, W0, id, 0, 2, 0);
		gtv_findings_feed(f, m, evs, count);
	}
	assert_int_equal(f->gts.used, 0);
	assert_int_equal(f->gts.chunks, 1);
	assert_int_equal(f->gts.full, 0);
	gtv_model_free(m);
	gtv_findings_free(f);
}

/* The table keeps what is put in, through removals, and its bound. */
static void the_table_holds(void **state)
{
	struct gtv__f_table t;
	uint8_t in[2000] = {0};
	struct sim rnd = {.rng = 88172645463325252ull};

	(void)state;
	gtv__f_table_init(&t, 64, 1000);
	for (int i = 0; i < 200000; i++) {
		uint32_t id = sim_below(&rnd, 1999) + 1;
		if (sim_below(&rnd, 2)) {
			int full = t.used == 1000 && !in[id];
			assert_int_equal(!gtv__f_make(&t, id), full);
			in[id] = !full;
		} else {
			gtv__f_drop(&t, id);
			in[id] = 0;
		}
		id = sim_below(&rnd, 1999) + 1;
		assert_int_equal(gtv__f_get(&t, id) != NULL, in[id]);
		assert_int_equal(gtv__f_peek(&t, id) != NULL, in[id]);
	}
	gtv__f_table_free(&t);
}

static void feed_all(int at_level, const struct gtv_ev *e, size_t n)
{
	struct gtv_findings *f = gtv_findings_new(at_level, NULL);
	struct gtv_model_sink sink = gtv_findings_sink(f);
	struct gtv_model *m = gtv_model_new(at_level, NULL, &sink);
	char text[96];
	size_t all;

	gtv_findings_feed(f, m, e, n / 2);
	gtv_findings_list(f, list, 32);
	gtv_findings_feed(f, m, e + n / 2, n - n / 2);
	gtv_findings_finish(f, m, n ? e[n - 1].ts_ns : 0);
	all = gtv_findings_list(f, list, 32);
	for (size_t i = 0; i < all && i < 32; i++)
		assert_true(list[i].lanes <= GTV_FINDING_LANES && *list[i].text);
	for (unsigned k = 0; k < GTV_FIND_MAX; k++)
		gtv_findings_verdict(f, k, 0, text, sizeof text);
	gtv_model_free(m);
	gtv_findings_free(f);
}

/* Streams that no machine makes: true ones, damaged, and pure noise. */
static void no_stream_is_too_odd(void **state)
{
	static struct sim s; /* large */
	struct sim rnd = {.rng = 2463534242ull};

	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		sim_init(&s, seed, 3);
		s.blind = 1;
		while (s.count < 20000)
			sim_step(&s);
		feed_all(3, s.ev, s.count);
		for (int i = 0; i < 4000; i++) {
			struct gtv_ev *e = &s.ev[sim_below(&s, (uint32_t)s.count)];
			switch (sim_below(&rnd, 5)) {
			case 0:
				e->kind = (uint16_t)sim_below(&rnd, 130);
				break;
			case 1:
				e->gt = sim_below(&rnd, 200);
				break;
			case 2:
				e->obj = sim_below(&rnd, 200);
				break;
			case 3:
				e->ts_ns = sim_rand(&rnd);
				break;
			default:
				e->arg = sim_rand(&rnd);
			}
		}
		for (int at_level = 0; at_level <= 3; at_level++)
			feed_all(at_level, s.ev, s.count);
		for (size_t i = 0; i < s.count; i++) {
			uint64_t *words = (uint64_t *)&s.ev[i];
			for (size_t w = 0; w < sizeof *s.ev / sizeof *words; w++)
				words[w] = sim_rand(&rnd) << 20 ^ sim_rand(&rnd);
			s.ev[i].kind &= 127;
			if (i % 2)
				s.ev[i].gt %= 50;
			if (i % 3)
				s.ev[i].obj %= 50;
			s.ev[i].tid %= 60;
		}
		feed_all(3, s.ev, s.count);
		free(s.ev);
		free(s.fact);
		s.ev = NULL;
		s.fact = NULL;
	}
}

static void the_table_of_rules_is_whole(void **state)
{
	(void)state;
	for (unsigned k = 0; k < GTV_FIND_MAX; k++) {
		const struct gtv_rule *r = &gtv_rules[k];
		assert_true(*gtv_finding_key(k) && *gtv_finding_title(k));
		assert_true(r->finds && *r->finds && r->advice && *r->advice);
		assert_true(r->needs_user || r->needs_kernel);
		assert_int_equal(r->level > 0, r->blind != NULL);
		assert_true(r->limit[0].name != NULL);
		for (int i = 0; i < 4 && r->limit[i].name; i++)
			assert_true(r->limit[i].value && *r->limit[i].unit &&
				    *r->limit[i].why);
		for (unsigned j = 0; j < k; j++)
			assert_string_not_equal(gtv_finding_key(j), gtv_finding_key(k));
	}
}

static int clean(void **state)
{
	(void)state;
	free(evs);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(convoy),
		cmocka_unit_test(no_convoy),
		cmocka_unit_test(equals_are_no_convoy),
		cmocka_unit_test(holder_off_core),
		cmocka_unit_test(holder_on_core),
		cmocka_unit_test(starvation),
		cmocka_unit_test(no_starvation),
		cmocka_unit_test(never_yields),
		cmocka_unit_test(yields),
		cmocka_unit_test(blocking_call),
		cmocka_unit_test(no_blocking_call),
		cmocka_unit_test(oversubscription),
		cmocka_unit_test(idle_core),
		cmocka_unit_test(ping_pong),
		cmocka_unit_test(unfair_lock),
		cmocka_unit_test(false_wakeups),
		cmocka_unit_test(unequal_shares),
		cmocka_unit_test(wait_cycle),
		cmocka_unit_test(no_wait_cycle),
		cmocka_unit_test(all_wait),
		cmocka_unit_test(loss_blinds),
		cmocka_unit_test(a_gap_blinds),
		cmocka_unit_test(asked_meanwhile),
		cmocka_unit_test(the_worst_come_first),
		cmocka_unit_test(memory_is_of_the_living),
		cmocka_unit_test(the_table_holds),
		cmocka_unit_test(no_stream_is_too_odd),
		cmocka_unit_test(the_table_of_rules_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}
