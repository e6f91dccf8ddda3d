/* SPDX-License-Identifier: MIT
 *
 * The rules of the states, one short story each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tracer/model/model.h"
#include "tracer/model/syscall_names.h"

#define W0 1000u
#define W1 1001u

static struct gtv_ev evs[1024];
static size_t count;
static uint64_t counted; /* edges of the kind asked for */
static unsigned edge_kind;

static struct gtv_ev *ev(uint64_t ts, unsigned kind, uint32_t tid, uint32_t gt,
			 uint32_t obj, uint32_t seq, uint64_t arg)
{
	struct gtv_ev *e = &evs[count++];

	*e = (struct gtv_ev){.ts_ns = ts,
			     .kind = (uint16_t)kind,
			     .core = -1,
			     .tid = tid,
			     .gt = gt,
			     .obj = obj,
			     .seq = seq,
			     .arg = arg};
	return e;
}

static void k_switch(uint64_t ts, int core, uint32_t prev, uint32_t next, unsigned why)
{
	struct gtv_ev *e =
		ev(ts, GTV_EV_K_SWITCH, prev, 0, next, why == GTV_OFF_SLEEP ? 1 : 0, 0);

	e->core = core;
	e->state = (uint8_t)why;
	e->flags = (uint8_t)((prev >= W0 ? GTV_KF_PREV_OURS : 0) |
			     (next >= W0 ? GTV_KF_NEXT_OURS : 0));
}

static void on_edge(void *arg, const struct gtv_edge *edge)
{
	(void)arg;
	assert_true(edge->from_ns <= edge->to_ns);
	counted += edge->kind == edge_kind;
}

/* Runs the story; the model is finished at `end`. */
static struct gtv_model *told(int level, uint64_t end)
{
	struct gtv_model_sink sink = {.edge = on_edge};
	struct gtv_model *m = gtv_model_new(level, NULL, &sink);

	assert_non_null(m);
	counted = 0;
	assert_int_equal(gtv_model_feed(m, evs, count), 0);
	gtv_model_finish(m, end);
	count = 0;
	return m;
}

static void assert_faults(const struct gtv_model *m, int fault, uint64_t n)
{
	for (int f = 0; f < GTV_FAULT_MAX; f++)
		assert_int_equal(gtv_model_faults(m, (unsigned)f), f == fault ? n : 0);
	if (fault >= 0)
		assert_true(*gtv_model_fault_text(m, (unsigned)fault, NULL));
}

static struct gtv_gt_totals gt(const struct gtv_model *m, uint32_t id)
{
	struct gtv_gt_totals t = {0};

	for (size_t i = 0; i < gtv_model_gt_count(m); i++) {
		assert_int_equal(gtv_model_gt_totals(m, i, &t), 0);
		if (t.id == id)
			return t;
	}
	fail();
	return t;
}

static struct gtv_thread_totals thread(const struct gtv_model *m, uint32_t tid)
{
	struct gtv_thread_totals t = {0};

	for (size_t i = 0; i < gtv_model_thread_count(m); i++) {
		assert_int_equal(gtv_model_thread_totals(m, i, &t), 0);
		if (t.tid == tid)
			return t;
	}
	fail();
	return t;
}

static struct gtv_lock_totals lock(const struct gtv_model *m)
{
	struct gtv_lock_totals t = {0};

	assert_int_equal(gtv_model_lock_totals(m, 0, &t), 0);
	return t;
}

/* Rules 1 and 2: what the runtime declared wins; else the kernel refines. */
static void declared_wins(void **state)
{
	(void)state;
	k_switch(100, 0, 0, W0, GTV_OFF_IDLE);
	ev(110, GTV_EV_SPAWN, W0, 1, 0, 0, 0);
	ev(120, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 1ull << 32);
	k_switch(200, 0, W0, 77, GTV_OFF_PREEMPTED);
	k_switch(300, 0, 77, W0, GTV_OFF_PREEMPTED);
	k_switch(400, 0, W0, 0, GTV_OFF_SLEEP); /* a page fault, a raw read… */
	ev(500, GTV_EV_K_WAKING, 0, 0, W0, 0, 0);
	k_switch(520, 0, 0, W0, GTV_OFF_IDLE);
	ev(600, GTV_EV_SWITCH_IO, W0, 1, 0, 2, 5);
	k_switch(650, 0, W0, 0, GTV_OFF_SLEEP);
	ev(900, GTV_EV_K_WAKING, 0, 0, W0, 0, 0);
	k_switch(910, 0, 0, W0, GTV_OFF_IDLE);
	ev(920, GTV_EV_READY, W0, 1, 0, 3, 0)->state = GTV_BY_POLLER;
	ev(950, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 4ull << 32);
	ev(990, GTV_EV_SWITCH_EXIT, W0, 1, 0, 5, 0);
	struct gtv_model *m = told(3, 1000);
	struct gtv_gt_totals g = gt(m, 1);
	assert_faults(m, -1, 0);
	assert_int_equal(g.exited, 1);
	assert_int_equal(g.spawn_ns, 110);
	assert_int_equal(g.end_ns, 990);
	assert_int_equal(g.state_ns[GTV_ST_READY], 10 + 30);
	assert_int_equal(g.state_ns[GTV_ST_RUNNING], 80 + 100 + 80 + 40);
	assert_int_equal(g.state_ns[GTV_ST_PREEMPTED], 100 + 20);
	assert_int_equal(g.state_ns[GTV_ST_STALLED], 100);
	assert_int_equal(g.state_ns[GTV_ST_IO], 320);
	struct gtv_thread_totals t = thread(m, W0);
	assert_int_equal(t.state_ns[GTV_ST_SLEEPING], 100 + 250);
	assert_int_equal(t.state_ns[GTV_ST_RUNNABLE], 20 + 10);
	assert_int_equal(t.state_ns[GTV_ST_PREEMPTED], 100);
	assert_int_equal(t.switches, 3);
	assert_int_equal(t.voluntary, 2);
	gtv_model_free(m);
}

/* Rule 4: level 0 claims; level 1 knows only on and off. */
static void lower_levels(void **state)
{
	(void)state;
	for (int level = 0; level < 2; level++) {
		if (level)
			ev(100, GTV_EV_K_ON, W0, 0, 0, 0, 0)->core = 0;
		ev(110, GTV_EV_SPAWN, W0, 1, 0, 0, 0);
		ev(120, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 1ull << 32);
		if (level) {
			struct gtv_ev *off = ev(200, GTV_EV_K_OFF, W0, 0, 0, 0, 0);
			off->core = 0;
			off->flags = GTV_KF_PREEMPTED;
			ev(300, GTV_EV_K_ON, W0, 0, 0, 0, 0)->core = 1;
			ev(400, GTV_EV_K_OFF, W0, 0, 0, 0, 0)->core = 1;
			ev(600, GTV_EV_K_ON, W0, 0, 0, 0, 0)->core = 1;
		}
		ev(700, GTV_EV_MARK, W0, 1, 0, 0, 0);
		struct gtv_model *m = told(level, 1000);
		struct gtv_gt_totals g = gt(m, 1);
		assert_faults(m, -1, 0);
		assert_int_equal(g.exited, 0);
		assert_int_equal(g.end_ns, 1000);
		assert_int_equal(g.state_ns[GTV_ST_RUNNING], level ? 80 + 100 + 400 : 880);
		assert_int_equal(g.state_ns[GTV_ST_PREEMPTED], level ? 100 : 0);
		assert_int_equal(g.state_ns[GTV_ST_STALLED], level ? 200 : 0);
		if (level)
			assert_int_equal(thread(m, W0).migrations, 1);
		gtv_model_free(m);
	}
}

/* A lock: handed on, held off core, woken in vain, waited for until it is taken. */
static void locks(void **state)
{
	(void)state;
	k_switch(10, 0, 0, W0, GTV_OFF_IDLE);
	k_switch(10, 1, 0, W1, GTV_OFF_IDLE);
	for (uint32_t g = 1; g <= 3; g++)
		ev(20, GTV_EV_SPAWN, W0, g, 0, 0, 0);
	ev(30, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 1ull << 32);
	ev(30, GTV_EV_SWITCH_RUN, W1, 0, 2, 0, 1ull << 32);
	ev(100, GTV_EV_LOCK_TAKE, W0, 1, 9, 1, 0);
	ev(200, GTV_EV_SWITCH_LOCK, W1, 2, 3, 2, 1ull << 32 | 9);
	k_switch(300, 0, W0, 77, GTV_OFF_PREEMPTED);
	k_switch(400, 0, 77, W0, GTV_OFF_PREEMPTED);
	ev(500, GTV_EV_LOCK_DROP, W0, 1, 9, 2, 0);
	ev(510, GTV_EV_READY, W0, 2, 1, 3, 0)->state = GTV_BY_GT;
	ev(520, GTV_EV_LOCK_TAKE, W1, 3, 9, 3, 0); /* barges in */
	ev(600, GTV_EV_SWITCH_YIELD, W1, 3, 2, 2, 4ull << 32);
	ev(620, GTV_EV_SWITCH_LOCK, W1, 2, 3, 5, 3ull << 32 | 9); /* in vain */
	ev(700, GTV_EV_LOCK_DROP, W1, 3, 9, 4, 0);
	ev(710, GTV_EV_READY, W1, 2, 3, 6, 0)->state = GTV_BY_GT;
	ev(720, GTV_EV_SWITCH_YIELD, W1, 3, 2, 4, 7ull << 32);
	ev(750, GTV_EV_LOCK_TAKE, W1, 2, 9, 5, 0);
	ev(800, GTV_EV_LOCK_DROP, W1, 2, 9, 6, 0);
	edge_kind = GTV_EDGE_HANDOFF;
	struct gtv_model *m = told(3, 1000);
	struct gtv_lock_totals l = lock(m);
	assert_faults(m, -1, 0);
	assert_int_equal(counted, 2);
	assert_int_equal(l.takes, 3);
	assert_int_equal(l.handoffs, 2);
	assert_int_equal(l.waits, 2);
	assert_int_equal(l.false_wakeups, 1);
	assert_int_equal(l.wait_ns, 750 - 200);
	assert_int_equal(l.held_preempted_ns, 100 + 20); /* the kernel's; G3 was ready */
	assert_int_equal(l.held_on_ns, 200 + 100 + 80 + 80 + 50);
	assert_int_equal(l.held_on_ns + l.held_preempted_ns + l.held_asleep_ns + l.free_ns,
			 1000 - 100);
	gtv_model_free(m);
}

static int by_time(const void *a, const void *b)
{
	const struct gtv_ev *x = a, *y = b;

	return (x->ts_ns > y->ts_ns) - (x->ts_ns < y->ts_ns);
}

/* Contradictions are counted, each as what it is. */
static void faults(void **state)
{
	(void)state;
	struct gtv_model *m;
	ev(10, GTV_EV_SPAWN, W0, 1, 0, 0, 0);
	ev(20, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 1ull << 32);
	ev(30, GTV_EV_SWITCH_SLEEP, W0, 1, 0, 2, 0);
	ev(40, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 3ull << 32);
	m = told(0, 100);
	assert_faults(m, GTV_FAULT_WAKE, 1);
	gtv_model_free(m);

	ev(10, GTV_EV_SPAWN, W0, 1, 0, 0, 0);
	ev(20, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 1ull << 32);
	ev(30, GTV_EV_SWITCH_RUN, W1, 0, 1, 0, 2ull << 32);
	m = told(0, 100);
	assert_faults(m, GTV_FAULT_TWO_PLACES, 1);
	gtv_model_free(m);

	ev(10, GTV_EV_LOCK_TAKE, W0, 1, 9, 1, 0);
	ev(20, GTV_EV_LOCK_TAKE, W0, 2, 9, 2, 0);
	ev(30, GTV_EV_LOCK_DROP, W0, 1, 9, 3, 0);
	m = told(0, 100);
	assert_faults(m, GTV_FAULT_LOCK, 2);
	gtv_model_free(m);

	ev(10, GTV_EV_SPAWN, W0, 1, 0, 0, 0);
	ev(50, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 2ull << 32);
	m = told(0, 100);
	assert_faults(m, GTV_FAULT_SEQ, 1);
	assert_int_equal(gt(m, 1).state_ns[GTV_ST_UNKNOWN], 40);
	gtv_model_free(m);

	k_switch(10, 0, 0, W0, GTV_OFF_IDLE);
	k_switch(20, 0, W0, 0, GTV_OFF_SLEEP);
	ev(30, GTV_EV_MARK, W0, 0, 0, 0, 0);
	k_switch(40, 0, 0, W0, GTV_OFF_IDLE);
	m = told(3, 100);
	assert_faults(m, GTV_FAULT_OFF_CORE, 1);
	gtv_model_free(m);

	/* Cut off before the event that would have said why: nothing is proved. */
	k_switch(10, 0, 0, W0, GTV_OFF_IDLE);
	k_switch(20, 0, W0, 0, GTV_OFF_SLEEP);
	ev(30, GTV_EV_MARK, W0, 0, 0, 0, 0);
	m = told(3, 100);
	assert_faults(m, -1, 0);
	gtv_model_free(m);
}

/* Very many numbers are missing before somebody says why: nobody's fault; and each one's
 * if nobody does. */
static void many_gaps(void **state)
{
	const uint32_t many = 300;

	(void)state;
	for (int told_why = 0; told_why < 2; told_why++) {
		ev(5, GTV_EV_MARK, W1, 0, 0, 0, 0);
		for (uint32_t i = 1; i <= many; i++) {
			ev(10 + i, GTV_EV_SPAWN, W0, i, 0, 0, 0);
			ev(400 + 2 * i, GTV_EV_SWITCH_RUN, W0, 0, i, 0, 2ull << 32);
			ev(401 + 2 * i, GTV_EV_SWITCH_SLEEP, W0, i, 0, 3, 0);
		}
		qsort(evs, count, sizeof *evs, by_time);
		if (told_why)
			evs[count++] = (struct gtv_ev){.ts_ns = 1100,
						       .kind = GTV_EV_LOSS,
						       .core = -1,
						       .obj = GTV_SRC_RING,
						       .seq = GTV_EV_READY,
						       .gt = 700,
						       .arg = many};
		struct gtv_model *m = told(0, 1200);
		if (told_why)
			assert_faults(m, -1, 0);
		else
			assert_faults(m, GTV_FAULT_SEQ, many);
		gtv_model_free(m);
	}
}

/* A missing number and a loss: unknown from the loss on, and nobody's fault, even
 * if the loss is told after the gap was seen. */
static void gaps(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		struct gtv_ev loss = {.ts_ns = late ? 70 : 40,
				      .kind = GTV_EV_LOSS,
				      .core = -1,
				      .tid = W1,
				      .obj = GTV_SRC_RING,
				      .seq = GTV_EV_READY,
				      .gt = late ? 40 : 10,
				      .arg = 1};
		ev(5, GTV_EV_MARK, W1, 0, 0, 0, 0);
		ev(10, GTV_EV_SPAWN, W0, 1, 0, 0, 0);
		if (!late)
			evs[count++] = loss;
		ev(60, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 2ull << 32);
		if (late)
			evs[count++] = loss;
		struct gtv_model *m = told(0, 100);
		assert_faults(m, -1, 0);
		assert_int_equal(gt(m, 1).state_ns[GTV_ST_UNKNOWN], late ? 50 : 30);
		assert_int_equal(gtv_model_lost(m)[GTV_EV_READY], 1);
		gtv_model_free(m);
	}
}

/* A killed program: its green threads end with its last thread. */
static void killed(void **state)
{
	(void)state;
	ev(5, GTV_EV_K_THREAD, W0, 0, 0, 0, W0);
	ev(6, GTV_EV_K_FORK, W0, 0, W1, 0, W0);
	k_switch(10, 0, 0, W0, GTV_OFF_IDLE);
	ev(20, GTV_EV_SPAWN, W0, 1, 0, 0, 0);
	ev(21, GTV_EV_SPAWN, W0, 2, 0, 0, 0);
	ev(30, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 1ull << 32);
	ev(50, GTV_EV_K_EXIT, W0, 0, 0, 0, W0);
	k_switch(60, 0, W0, W1, GTV_OFF_DEAD);
	ev(70, GTV_EV_K_EXIT, W1, 0, 0, 0, W0);
	k_switch(80, 0, W1, 0, GTV_OFF_DEAD);
	struct gtv_model *m = told(3, 1000);
	assert_faults(m, -1, 0);
	assert_int_equal(gt(m, 1).end_ns, 70);
	assert_int_equal(gt(m, 1).exited, 0);
	assert_int_equal(gt(m, 2).end_ns, 70);
	assert_int_equal(gt(m, 2).state_ns[GTV_ST_READY], 49);
	assert_int_equal(thread(m, W0).end_ns, 60);
	assert_int_equal(thread(m, W0).switches, 0);
	gtv_model_free(m);
}

/* A wake that overtakes the sleep, and a switch that the kernel kept to itself. */
static void kernel_quirks(void **state)
{
	(void)state;
	struct gtv_model *m;
	k_switch(10, 0, 0, W0, GTV_OFF_IDLE);
	ev(100, GTV_EV_K_WAKING, W1, 0, W0, 0, 0);
	k_switch(101, 0, W0, 77, GTV_OFF_SLEEP);
	k_switch(200, 0, 77, W0, GTV_OFF_PREEMPTED);
	m = told(3, 300);
	assert_faults(m, -1, 0);
	assert_int_equal(thread(m, W0).state_ns[GTV_ST_RUNNABLE], 99);
	gtv_model_free(m);

	k_switch(10, 0, 0, W0, GTV_OFF_IDLE);
	k_switch(100, 0, W0, 0, GTV_OFF_SLEEP);
	ev(250, GTV_EV_MARK, W0, 0, 0, 0, 0); /* it runs again? */
	struct gtv_ev *on = ev(260, GTV_EV_K_ON, W0, 0, 0, 0, 200);
	on->core = 0;
	on->flags = GTV_KF_RECOVERED;
	k_switch(300, 0, W0, 0, GTV_OFF_SLEEP);
	m = told(3, 400);
	assert_faults(m, -1, 0);
	/* From its user event on: what was shown before that stays. */
	assert_int_equal(thread(m, W0).state_ns[GTV_ST_RUNNING], 90 + 50);
	struct gtv_core_totals c;
	assert_int_equal(gtv_model_core_totals(m, 0, &c), 0);
	assert_int_equal(c.idle_ns, 100 + 100);
	assert_int_equal(c.busy_ns, 190);
	gtv_model_free(m);
}

static void on_fault_span(void *calls, const struct gtv_span *span)
{
	if (span->lane.kind == GTV_LANE_THREAD && span->state == GTV_ST_DISK)
		((uint32_t *)calls)[span->from_ns / 100] = span->call;
}

/* One that sleeps in a page fault is in no system call, and says so. */
static void page_faults(void **state)
{
	uint32_t calls[5] = {0};
	struct gtv_model_sink sink = {.arg = calls, .span = on_fault_span};

	(void)state;
	k_switch(10, 0, 0, W0, GTV_OFF_IDLE);
	k_switch(100, 0, W0, 0, GTV_OFF_DISK);
	evs[count - 1].flags |= GTV_KF_FAULT | GTV_KF_IO;
	k_switch(200, 0, 0, W0, GTV_OFF_IDLE);
	k_switch(300, 0, W0, 0, GTV_OFF_DISK);
	evs[count - 1].seq = 1;
	evs[count - 1].flags |= GTV_KF_IO;
	struct gtv_model *m = gtv_model_new(3, NULL, &sink);
	assert_int_equal(gtv_model_feed(m, evs, count), 0);
	gtv_model_finish(m, 400);
	count = 0;
	assert_int_equal(calls[1], GTV_CALL_FAULT);
	assert_int_equal(calls[3], 1);
	assert_string_equal(gtv_syscall_name(NULL, GTV_CALL_FAULT - 1), "page fault");
	gtv_model_free(m);
}

/* With --all other programs fork and end too: they are nobody's threads here. At level 2
 * a thread runs on after its exit is told, as at level 3. */
static void others_and_level_2(void **state)
{
	(void)state;
	k_switch(10, 0, 0, W0, GTV_OFF_IDLE);
	ev(20, GTV_EV_K_FORK, 77, 0, 78, 0, 78)->flags = GTV_KF_FOREIGN;
	ev(30, GTV_EV_K_EXIT, 78, 0, 0, 0, 78)->flags = GTV_KF_FOREIGN;
	ev(50, GTV_EV_K_EXIT, W0, 0, 0, 0, W0);
	k_switch(60, 0, W0, 0, GTV_OFF_DEAD);
	struct gtv_model *m = told(2, 100);
	assert_faults(m, -1, 0);
	assert_int_equal(gtv_model_thread_count(m), 1);
	assert_int_equal(thread(m, W0).end_ns, 60);
	assert_int_equal(thread(m, W0).state_ns[GTV_ST_RUNNING], 50);
	gtv_model_free(m);
}

/* Between other programs' threads the kernel source tells nothing: not a guess. */
static void filtered_core(void **state)
{
	(void)state;
	struct gtv_core_totals c;
	k_switch(10, 0, 0, W0, GTV_OFF_IDLE);
	k_switch(100, 0, W0, 77, GTV_OFF_SLEEP);
	k_switch(400, 0, 78, W0, GTV_OFF_PREEMPTED);
	k_switch(500, 0, W0, 77, GTV_OFF_SLEEP);
	k_switch(600, 0, 77, W0, GTV_OFF_PREEMPTED);
	struct gtv_model *m = told(3, 700);
	assert_int_equal(gtv_model_core_totals(m, 0, &c), 0);
	assert_int_equal(c.unknown_ns, 0);
	assert_int_equal(c.away_ns, 300);
	assert_int_equal(c.other_ns, 100);
	assert_int_equal(c.busy_ns, 90 + 100 + 100);
	gtv_model_free(m);
}

/* Rule 2: whatever the kernel calls its sleep, a green thread that the runtime runs is
 * stalled then, with the call as cause; a new thread's first wait is for a core. */
static void stalls(void **state)
{
	(void)state;
	static const unsigned why[] = {GTV_OFF_SLEEP, GTV_OFF_DISK, GTV_OFF_STOPPED};
	static const unsigned state_of[] = {GTV_ST_SLEEPING, GTV_ST_DISK, GTV_ST_STOPPED};
	for (int i = 0; i < 3; i++) {
		ev(5, GTV_EV_K_THREAD, W0, 0, 0, 0, W0);
		ev(6, GTV_EV_K_FORK, W0, 0, W1, 0, W0);
		ev(8, GTV_EV_K_NEW, W0, 0, W1, 0, 1);
		k_switch(10, 0, 0, W0, GTV_OFF_IDLE);
		ev(20, GTV_EV_SPAWN, W0, 1, 0, 0, 0);
		ev(20, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 1ull << 32);
		k_switch(50, 1, 0, W1, GTV_OFF_IDLE);
		k_switch(100, 0, W0, 0, why[i]);
		ev(300, GTV_EV_K_WAKING, W1, 0, W0, 0, 0);
		k_switch(350, 0, 0, W0, GTV_OFF_IDLE);
		struct gtv_model *m = told(3, 400);
		assert_faults(m, -1, 0);
		assert_int_equal(gt(m, 1).state_ns[GTV_ST_STALLED], 200);
		assert_int_equal(gt(m, 1).state_ns[GTV_ST_PREEMPTED], 50);
		assert_int_equal(gt(m, 1).state_ns[GTV_ST_RUNNING], 80 + 50);
		assert_int_equal(thread(m, W0).state_ns[state_of[i]], 200);
		assert_int_equal(thread(m, W0).state_ns[GTV_ST_RUNNABLE], 50);
		assert_int_equal(thread(m, W1).state_ns[GTV_ST_RUNNABLE], 50 - 8);
		gtv_model_free(m);
	}
}

/* Rule 3: one to one. Made ready, it is ready, though its OS thread is woken and waits
 * for a core; so is one that the runtime preempted. */
static void one_to_one(void **state)
{
	(void)state;
	k_switch(10, 0, 0, W0, GTV_OFF_IDLE);
	ev(11, GTV_EV_PROC_START, W0, 0, 0, 1, GTV_PROC_ONE_TO_ONE);
	ev(20, GTV_EV_SPAWN, W0, 1, 0, 0, 0);
	ev(30, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 1ull << 32);
	ev(100, GTV_EV_SWITCH_SLEEP, W0, 1, 0, 2, 0);
	k_switch(110, 0, W0, 77, GTV_OFF_SLEEP);
	k_switch(120, 1, 0, W1, GTV_OFF_IDLE);
	ev(200, GTV_EV_READY, W1, 1, 0, 3, 0)->state = GTV_BY_TIMER;
	ev(210, GTV_EV_K_WAKING, W1, 0, W0, 0, 0);
	k_switch(300, 0, 77, W0, GTV_OFF_PREEMPTED);
	ev(310, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 4ull << 32);
	ev(400, GTV_EV_SWITCH_PREEMPT, W0, 1, 0, 5, 0);
	ev(450, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 6ull << 32);
	struct gtv_model *m = told(3, 500);
	struct gtv_gt_totals g = gt(m, 1);
	assert_faults(m, -1, 0);
	assert_int_equal(g.state_ns[GTV_ST_SLEEP], 100);
	assert_int_equal(g.state_ns[GTV_ST_READY], 10 + 110 + 50);
	assert_int_equal(g.state_ns[GTV_ST_PREEMPTED], 0);
	assert_int_equal(g.state_ns[GTV_ST_RUNNING], 70 + 90 + 50);
	gtv_model_free(m);
}

/* Rule 5: a boundary before the last one of its object is moved, and counted. */
static void clamped(void **state)
{
	(void)state;
	ev(10, GTV_EV_SPAWN, W0, 1, 0, 0, 0);
	ev(100, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 1ull << 32);
	ev(90, GTV_EV_SWITCH_SLEEP, W0, 1, 0, 2, 0);
	struct gtv_model *m = told(0, 200);
	assert_int_equal(gtv_model_faults(m, GTV_FAULT_TIME), 1);
	assert_true(gtv_model_faults(m, GTV_FAULT_CLAMPED) > 0);
	assert_int_equal(gt(m, 1).state_ns[GTV_ST_READY], 90);
	assert_int_equal(gt(m, 1).state_ns[GTV_ST_RUNNING], 0);
	assert_int_equal(gt(m, 1).state_ns[GTV_ST_SLEEP], 100);
	gtv_model_free(m);
}

/* A lock is held asleep while its owner waits, whether it said so or the kernel; and by
 * one that ended with it, for ever. */
static void held_asleep(void **state)
{
	(void)state;
	k_switch(10, 0, 0, W0, GTV_OFF_IDLE);
	ev(20, GTV_EV_SPAWN, W0, 1, 0, 0, 0);
	ev(30, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 1ull << 32);
	ev(100, GTV_EV_LOCK_TAKE, W0, 1, 9, 1, 0);
	k_switch(200, 0, W0, 0, GTV_OFF_DISK);
	ev(250, GTV_EV_K_WAKING, 0, 0, W0, 0, 0);
	k_switch(300, 0, 0, W0, GTV_OFF_IDLE);
	ev(400, GTV_EV_SWITCH_IO, W0, 1, 0, 2, 5);
	ev(500, GTV_EV_READY, W0, 1, 0, 3, 0)->state = GTV_BY_POLLER;
	ev(600, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 4ull << 32);
	ev(700, GTV_EV_SWITCH_EXIT, W0, 1, 0, 5, 0);
	struct gtv_model *m = told(3, 1000);
	struct gtv_lock_totals l = lock(m);
	assert_faults(m, -1, 0);
	assert_int_equal(l.held_asleep_ns, 50 + 100 + 300);
	assert_int_equal(l.held_preempted_ns, 50 + 100); /* woken; ready */
	assert_int_equal(l.held_on_ns, 100 + 100 + 100);
	assert_int_equal(l.held_on_ns + l.held_preempted_ns + l.held_asleep_ns + l.free_ns +
				 l.unknown_ns,
			 l.end_ns - l.first_ns);
	gtv_model_free(m);
}

/* One edge of each kind, from its cause to what it caused. */
static void edges(void **state)
{
	(void)state;
	static const unsigned expected[] = {
		[GTV_EDGE_WAKE] = 2,  [GTV_EDGE_HANDOFF] = 1, [GTV_EDGE_CHAN] = 1,
		[GTV_EDGE_STEAL] = 1, [GTV_EDGE_SPAWN] = 3,   [GTV_EDGE_JOIN] = 1,
		[GTV_EDGE_KWAKE] = 1, [GTV_EDGE_PREEMPT] = 1};
	for (unsigned kind = GTV_EDGE_WAKE; kind <= GTV_EDGE_PREEMPT; kind++) {
		k_switch(10, 0, 0, W0, GTV_OFF_IDLE);
		k_switch(10, 1, 0, W1, GTV_OFF_IDLE);
		ev(11, GTV_EV_WORKER_START, W0, 0, 0, 0, 0);
		ev(12, GTV_EV_WORKER_START, W1, 0, 1, 0, 0);
		for (uint32_t g = 1; g <= 3; g++)
			ev(20, GTV_EV_SPAWN, W0, g, g == 1 ? 2 : 1, 0, 0);
		ev(30, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 1ull << 32);
		ev(40, GTV_EV_STEAL, W1, 2, 0, 0, 1);
		ev(50, GTV_EV_SWITCH_RUN, W1, 0, 2, 0, 1ull << 32);
		ev(60, GTV_EV_LOCK_TAKE, W0, 1, 9, 1, 0);
		ev(70, GTV_EV_LOCK_DROP, W0, 1, 9, 2, 0);
		ev(80, GTV_EV_LOCK_TAKE, W1, 2, 9, 3, 0);
		ev(90, GTV_EV_SWITCH_CHAN, W1, 2, 3, 2, 1ull << 32 | 7);
		ev(100, GTV_EV_CHAN_SEND, W0, 1, 7, 0, 2);
		ev(110, GTV_EV_READY, W0, 2, 1, 3, 0)->state = GTV_BY_GT;
		ev(120, GTV_EV_SWITCH_JOIN, W1, 3, 2, 2, 4ull << 32 | 1);
		ev(130, GTV_EV_CHAN_RECV, W1, 2, 7, 0, 1);
		ev(140, GTV_EV_SWITCH_EXIT, W0, 1, 0, 2, 0);
		ev(150, GTV_EV_READY, W0, 3, 1, 3, 0)->state = GTV_BY_GT;
		ev(160, GTV_EV_SWITCH_RUN, W0, 0, 3, 0, 4ull << 32);
		k_switch(200, 0, W0, 77, GTV_OFF_PREEMPTED);
		k_switch(300, 0, 77, W0, GTV_OFF_PREEMPTED);
		k_switch(400, 0, W0, 0, GTV_OFF_SLEEP);
		ev(500, GTV_EV_K_WAKING, W1, 0, W0, 0, 0);
		k_switch(600, 0, 0, W0, GTV_OFF_IDLE);
		edge_kind = kind;
		struct gtv_model *m = told(3, 1000);
		assert_faults(m, -1, 0);
		if (counted != expected[kind])
			fail_msg("%u edges of kind %u", (unsigned)counted, kind);
		gtv_model_free(m);
	}
}

/* Counts are those of the kinds, whatever became of the events. */
static void counts(void **state)
{
	(void)state;
	ev(10, GTV_EV_SPAWN, W0, 1, 0, 0, 0);
	ev(20, GTV_EV_SWITCH_RUN, W0, 0, 1, 0, 1ull << 32);
	ev(30, GTV_EV_SWITCH_JOIN, W0, 1, 0, 2, 7);
	ev(40, GTV_EV_READY, W0, 1, 0, 3, 0);
	struct gtv_model *m = told(0, 100);
	const uint64_t *n = gtv_model_counts(m);
	assert_int_equal(n[GTV_COUNT_SPAWNS], 1);
	assert_int_equal(n[GTV_COUNT_SWITCHES], 2);
	assert_int_equal(n[GTV_COUNT_JOINS], 1);
	assert_int_equal(n[GTV_COUNT_WAKES], 1);
	assert_int_equal(n[GTV_COUNT_EXITS], 0);
	assert_int_equal(gt(m, 1).state_ns[GTV_ST_CHAN], 10);
	gtv_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(declared_wins),
		cmocka_unit_test(lower_levels),
		cmocka_unit_test(locks),
		cmocka_unit_test(faults),
		cmocka_unit_test(gaps),
		cmocka_unit_test(killed),
		cmocka_unit_test(kernel_quirks),
		cmocka_unit_test(filtered_core),
		cmocka_unit_test(many_gaps),
		cmocka_unit_test(counts),
		cmocka_unit_test(stalls),
		cmocka_unit_test(one_to_one),
		cmocka_unit_test(clamped),
		cmocka_unit_test(held_asleep),
		cmocka_unit_test(edges),
		cmocka_unit_test(page_faults),
		cmocka_unit_test(others_and_level_2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
