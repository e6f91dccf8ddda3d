/* SPDX-License-Identifier: MIT
 *
 * Stories for the tests of the findings: a few green threads, OS threads and locks that
 * do what they are told, and what the rules say of it.
 */
#ifndef MODEL_STORY_H
#define MODEL_STORY_H

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

static inline struct gtv_ev *ev(unsigned kind, uint32_t tid, uint32_t gt, uint32_t obj,
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
static inline void on_core(int core, uint32_t prev, uint32_t next, unsigned why_off)
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

static inline void wakes(uint32_t tid)
{
	if (level)
		ev(GTV_EV_K_WAKING, 0, 0, tid, 0, 0);
}

/* workers 0: each green thread is an OS thread. */
static inline void story(int at_level, uint32_t workers)
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

static inline void spawn(uint32_t gt)
{
	ev(GTV_EV_SPAWN, W0, gt, gt > 1 ? 1 : 0, 0, 0);
}

static inline void stops(unsigned kind, uint32_t tid, uint32_t gt, uint32_t next,
			 uint64_t what)
{
	uint32_t seq = gt ? ++gt_seq[gt] : 0, next_seq = next ? ++gt_seq[next] : 0;

	ev(kind, tid, gt, next, seq, what | (uint64_t)next_seq << 32);
}

static inline void runs(uint32_t tid, uint32_t gt)
{
	stops(GTV_EV_SWITCH_RUN, tid, 0, gt, 0);
}

static inline void ready(uint32_t tid, uint32_t gt, uint32_t waker, unsigned by)
{
	ev(GTV_EV_READY, tid, gt, waker, ++gt_seq[gt], 0)->state = (uint8_t)by;
}

static inline void takes(uint32_t tid, uint32_t gt, uint32_t lock)
{
	ev(GTV_EV_LOCK_TAKE, tid, gt, lock, ++lock_seq[lock], 0);
}

static inline void drops(uint32_t tid, uint32_t gt, uint32_t lock)
{
	ev(GTV_EV_LOCK_DROP, tid, gt, lock, ++lock_seq[lock], 0);
}

static inline void lost_one(unsigned source)
{
	ev(GTV_EV_LOSS, 0, 10, source, 0, 1);
}

/* Tells the story; it ends now. */
static inline void told_with(const struct gtv_names *names)
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

static inline const struct gtv_finding *of_kind(unsigned kind)
{
	for (size_t i = 0; i < found; i++)
		if (list[i].kind == kind)
			return &list[i];
	return NULL;
}

/* The story has this finding, and no other. */
static inline const struct gtv_finding *only(unsigned kind)
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

static inline void none(void)
{
	told_with(NULL);
	if (found)
		fail_msg("unexpected %s: %s", gtv_finding_key(list[0].kind), list[0].text);
}

/* G1 waits for L1 and holds it a moment, `times` times; G2 has it before. */
static inline void short_behind_long(int times, uint64_t wait, uint64_t hold,
				     uint64_t pause)
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

static inline void kept(uint32_t workers, uint64_t ns)
{
	story(0, workers);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	now += ns;
}

static inline void waits_beside_idle(uint64_t ns, int idle)
{
	story(3, 0);
	on_core(1, 0, idle ? 0 : OTHER, GTV_OFF_IDLE);
	now += MS;
	on_core(0, W0, OTHER, GTV_OFF_PREEMPTED);
	now += ns;
	on_core(0, OTHER, W0, GTV_OFF_SLEEP);
	now += MS;
}

/* G1 waits while G2 takes L1 so many times, `waits` times; by then it gets it. */
static inline void barging(int waits, int takes_by_others, int false_wakes, unsigned by)
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

/* G1 has L1 and wants L2, G2 the other way round, or not quite. */
static inline void embrace(int closed)
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

#endif
