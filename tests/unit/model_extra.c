/* SPDX-License-Identifier: MIT
 *
 * System calls and interrupts beside states: whose time an interrupt took, to the
 * nanosecond and never twice; what a sleep was for; what a call returned. And times
 * conserve as if nothing had been told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/model_rec.h"
#include "tracer/model/cause.h"
#include "tracer/model/explain.h"
#include "tracer/model/extra.h"

#define US	 1000ull
#define MS	 1000000ull
#define T0	 (1000 * MS)
#define NR_READ	 0
#define NR_WRITE 1
#define NET_RX	 3
#define OURS	 1000u
#define SECOND	 1001u
#define OTHER	 77u

static struct gtv_ev *ev(uint64_t ts, unsigned kind, int core, uint32_t tid, uint32_t obj,
			 uint32_t seq, uint64_t arg)
{
	sim.now_ns = ts;
	struct gtv_ev *e = sim_ev(&sim, kind, tid);
	e->core = core;
	e->obj = obj;
	e->seq = seq;
	e->arg = arg;
	return e;
}

static struct gtv_ev *k_switch(uint64_t ts, int core, uint32_t prev, uint32_t next,
			       unsigned why, uint32_t call)
{
	struct gtv_ev *e = ev(ts, GTV_EV_K_SWITCH, core, prev, next, call, 0);

	e->state = (uint8_t)why;
	e->flags = (uint8_t)((prev >= OURS ? GTV_KF_PREV_OURS : 0) |
			     (next >= OURS ? GTV_KF_NEXT_OURS : 0));
	return e;
}

/* It ended at `to`, after so long. */
static void irq(uint64_t to, uint64_t took, int core, uint32_t tid, uint32_t nr)
{
	ev(to, GTV_EV_K_IRQ, core, tid, (uint32_t)took, nr, 0);
}

static void softirq(uint64_t to, uint64_t took, int core, uint32_t tid, uint32_t vector)
{
	ev(to, GTV_EV_K_SOFTIRQ, core, tid, (uint32_t)took, vector, 0);
}

static void call(uint64_t to, uint64_t took, uint32_t tid, uint32_t nr, int64_t result,
		 int slept)
{
	ev(to, GTV_EV_K_SYSCALL, 0, tid, (uint32_t)took, nr + 1, (uint64_t)result)->flags =
		slept ? GTV_KF_SLEPT : 0;
}

/*
 * C0: T1000 runs 2 ms, and meanwhile
 *   irq 24, 100 us; softirq net_rx, 300 us, with an irq 24 of 50 us in it;
 *   write, 200 us, with an irq 24 of 20 us in it
 * then sleeps 3 ms in read for the disk (the call takes 4 ms, of which 1 ms after the
 * sleep), waits 500 us for C0: 400 us of a softirq, 100 us of T77; then a page fault.
 */
static void story(void)
{
	sim_init(&sim, 1, 0);
	sim.level = 3;
	ev(T0, GTV_EV_K_THREAD, -1, OURS, 0, 0, SIM_PID);
	ev(T0, GTV_EV_K_FORK, -1, OURS, SECOND, 0, SIM_PID);
	k_switch(T0, 0, 0, OURS, GTV_OFF_IDLE, 0);
	irq(T0 + 300 * US, 100 * US, 0, OURS, 24);
	irq(T0 + 700 * US, 50 * US, 0, OURS, 24);
	softirq(T0 + 800 * US, 300 * US, 0, OURS, NET_RX);
	irq(T0 + 1100 * US, 20 * US, 0, OURS, 24);
	call(T0 + 1200 * US, 200 * US, OURS, NR_WRITE, 512, 0);
	k_switch(T0 + 2 * MS, 0, OURS, OTHER, GTV_OFF_DISK, NR_READ + 1)->flags |=
		GTV_KF_IO;
	softirq(T0 + 4 * MS, 1 * MS, 0, OTHER, NET_RX); /* not of ours */
	ev(T0 + 5 * MS, GTV_EV_K_WAKING, 0, OTHER, OURS, 0, 0);
	softirq(T0 + 5400 * US, 400 * US, 0, OTHER, NET_RX);
	k_switch(T0 + 5500 * US, 0, OTHER, OURS, GTV_OFF_PREEMPTED, 0);
	call(T0 + 6 * MS, 4 * MS, OURS, NR_READ, 4096, 1);
	k_switch(T0 + 7 * MS, 0, OURS, 0, GTV_OFF_DISK, 0)->flags |=
		GTV_KF_FAULT | GTV_KF_IO;
	ev(T0 + 8 * MS, GTV_EV_K_WAKING, 1, 0, OURS, 0, 0);
	k_switch(T0 + 8 * MS, 0, 0, OURS, GTV_OFF_IDLE, 0);
	ev(T0 + 9 * MS, GTV_EV_K_MIGRATE, 0, 0, SECOND, 0, 1);
}

struct told {
	struct recorder r;
	struct whole w;
	struct gtv_window *win;
	struct gtv_explanation x;
};

static void tell(struct told *t)
{
	struct gtv_name name = {.id = 24 + 1, .text = "eth0\033"};

	rec_start(&t->r, &t->w);
	gtv_names_set(t->r.names, GTV_CLASS_IRQ, &name);
	rec_feed(&t->r, sim.count);
	for (unsigned f = 0; f < GTV_FAULT_MAX; f++)
		assert_int_equal(gtv_model_faults(t->r.m, f), 0);
	rec_finish(&t->r);
	t->win = gtv_window_new(t->r.st);
	assert_non_null(t->win);
}

static void forget(struct told *t)
{
	gtv_window_free(t->win);
	rec_close(&t->r);
	sim_fini(&sim);
}

static struct gtv_span span_at(struct told *t, unsigned kind, uint32_t id, uint64_t ts)
{
	struct gtv_lane lane = {.kind = (uint8_t)kind, .id = id};
	struct gtv_span s;

	assert_int_equal(gtv_window_span_at(t->win, lane, ts, &s), 0);
	return s;
}

static void explain(struct told *t, const struct gtv_span *s)
{
	uint64_t sum = 0;

	assert_int_equal(gtv_explain(t->win, t->r.names, s, &t->x), 0);
	for (int i = 0; i < t->x.parts; i++)
		sum += t->x.part[i].ns;
	assert_int_equal(sum, s->to_ns - s->from_ns);
}

static void says(const struct told *t, const char *text)
{
	for (int i = 0; i < t->x.causes; i++)
		if (strstr(t->x.cause[i].text, text) || strstr(t->x.cause[i].detail, text))
			return;
	for (int i = 0; i < t->x.causes; i++)
		print_message("  %s | %s\n", t->x.cause[i].text, t->x.cause[i].detail);
	fail_msg("nothing says \"%s\"", text);
}

static uint64_t part(const struct told *t, const char *text)
{
	for (int i = 0; i < t->x.parts; i++)
		if (strstr(t->x.part[i].text, text))
			return t->x.part[i].ns;
	return 0;
}

static struct gtv_thread_totals thread_totals(const struct gtv_model *m, uint32_t tid)
{
	struct gtv_thread_totals t;

	for (size_t i = 0; !gtv_model_thread_totals(m, i, &t); i++)
		if (t.tid == tid)
			return t;
	fail();
	return t;
}

static void interrupts_are_a_part_of_running(void **state)
{
	struct gtv_core_totals c;
	struct gtv_thread_totals th;
	struct told t;

	(void)state;
	story();
	tell(&t);
	th = thread_totals(t.r.m, OURS);
	/* 100 + 300 (the 50 lie in it) + 20; what came while T77 was there is not its. */
	assert_int_equal(th.irq_ns, 420 * US);
	/* Its last run ends with the trace, right after the last event. */
	assert_int_equal(th.state_ns[GTV_ST_RUNNING], 2 * MS + 1500 * US + 1 * MS + 1);
	assert_int_equal(th.state_ns[GTV_ST_DISK], 3 * MS + 1 * MS);
	assert_int_equal(th.state_ns[GTV_ST_RUNNABLE], 500 * US);
	assert_int_equal(gtv_model_core_totals(t.r.m, 0, &c), 0);
	assert_int_equal(c.irq_ns, 420 * US + 1000 * US + 400 * US);
	assert_int_equal(c.busy_ns + c.other_ns + c.idle_ns + c.away_ns + c.unknown_ns,
			 c.end_ns - c.first_ns);
	forget(&t);
}

static void a_running_thread_was_slowed(void **state)
{
	struct gtv_link link;
	struct gtv_span s;
	struct told t;

	(void)state;
	story();
	tell(&t);
	s = span_at(&t, GTV_LANE_THREAD, OURS, T0 + 1 * MS);
	assert_int_equal(s.state, GTV_ST_RUNNING);
	explain(&t, &s);
	says(&t, "slowed for 420 µs by interrupts on C0");
	says(&t, "softirq net_rx 250 µs, irq 24 eth0\\x1b 170 µs");
	assert_int_equal(part(&t, "irq 24"), 170 * US);
	assert_int_equal(part(&t, "softirq net_rx"), 250 * US);
	assert_int_equal(part(&t, "in write"), 180 * US);
	assert_int_equal(part(&t, "running"), 2 * MS - 600 * US);
	/* As a link. */
	assert_int_equal(gtv_cause_of(t.win, &s, &link), 1);
	assert_int_equal(link.kind, GTV_CAUSE_IRQ);
	assert_int_equal(link.from.kind, GTV_LANE_CORE);
	assert_int_equal(link.from.id, 0);
	assert_int_equal(link.ns, 420 * US);
	assert_int_equal(link.obj, GTV_CAUSE_SOFT | NET_RX);
	/* The core's own lane says the same. */
	s = span_at(&t, GTV_LANE_CORE, 0, T0 + 1 * MS);
	explain(&t, &s);
	assert_int_equal(part(&t, "irq 24"), 170 * US);
	forget(&t);
}

static void a_waiting_thread_was_kept_by_interrupts(void **state)
{
	struct gtv_link chain[GTV_CHAIN_MAX];
	struct gtv_span s;
	struct told t;

	(void)state;
	story();
	tell(&t);
	s = span_at(&t, GTV_LANE_THREAD, OURS, T0 + 5200 * US);
	assert_int_equal(s.state, GTV_ST_RUNNABLE);
	explain(&t, &s);
	says(&t, "interrupts had C0 for 400 µs of it");
	says(&t, "softirq net_rx 400 µs");
	assert_int_equal(part(&t, "softirq net_rx"), 400 * US);
	assert_int_equal(part(&t, "has C0"), 100 * US);
	/* T77 was there all the time, but had a fifth of it. */
	assert_int_equal(gtv_cause_chain(t.win, &s, chain), 1);
	assert_int_equal(chain[0].kind, GTV_CAUSE_IRQ);
	assert_int_equal(chain[0].ns, 400 * US);
	forget(&t);
}

static void a_sleep_says_for_what_and_its_call_what_it_returned(void **state)
{
	const struct gtv_extra *x;
	struct gtv_span s;
	struct told t;
	char text[96];

	(void)state;
	story();
	tell(&t);
	s = span_at(&t, GTV_LANE_THREAD, OURS, T0 + 3 * MS);
	assert_int_equal(s.state, GTV_ST_DISK);
	assert_true(s.flags & GTV_SP_IO);
	assert_string_equal(gtv_extra_sleep_word(t.r.names, &s, text, sizeof text),
			    "read, for disk I/O");
	explain(&t, &s);
	assert_int_equal(part(&t, "asleep in read, for disk I/O"), 3 * MS);
	says(&t, "read returned 4096 after 4 ms");
	x = gtv_extra_call_at(t.win, OURS, s.from_ns);
	assert_non_null(x);
	assert_int_equal(x->from_ns, T0 + 2 * MS);
	assert_int_equal(x->to_ns, T0 + 6 * MS);
	assert_true(x->slept);
	assert_null(gtv_extra_call_at(t.win, OURS, T0 + 1500 * US));
	assert_null(gtv_extra_call_at(t.win, SECOND, s.from_ns));
	s = span_at(&t, GTV_LANE_THREAD, OURS, T0 + 7500 * US);
	assert_string_equal(gtv_extra_sleep_word(t.r.names, &s, text, sizeof text),
			    "a page fault, for disk I/O");
	explain(&t, &s);
	assert_int_equal(part(&t, "asleep in a page fault, for disk I/O"), 1 * MS);
	/* The call that ended is not that sleep's. */
	assert_null(strstr(t.x.cause[0].detail, "returned"));
	forget(&t);
}

/* A checkpoint between the sleep's begin and its end knows what it is for. */
static void a_checkpoint_keeps_what_a_sleep_is_for(void **state)
{
	struct gtv_model *a, *b;
	void *bytes, *again;
	size_t size, size_again, upto = 0;

	(void)state;
	story();
	while (sim.ev[upto].ts_ns < T0 + 3 * MS)
		upto++;
	a = gtv_model_new(3, NULL, NULL);
	b = gtv_model_new(3, NULL, NULL);
	assert_int_equal(gtv_model_feed(a, sim.ev, upto), 0);
	assert_int_equal(gtv_model_save(a, &bytes, &size), 0);
	assert_int_equal(gtv_model_restore(b, bytes, size), 0);
	assert_int_equal(gtv_model_save(b, &again, &size_again), 0);
	assert_int_equal(size, size_again);
	assert_memory_equal(bytes, again, size);
	assert_int_equal(gtv_model_feed(b, sim.ev + upto, sim.count - upto), 0);
	assert_int_equal(thread_totals(b, OURS).state_ns[GTV_ST_DISK],
			 4 * MS); /* the open span went on */
	free(bytes);
	free(again);
	gtv_model_free(a);
	gtv_model_free(b);
	sim_fini(&sim);
}

/* A green thread that runs there is interrupted as its OS thread is; its lock stays held.
 */
static void a_green_thread_is_slowed_too(void **state)
{
	struct gtv_gt_totals g;
	struct gtv_span s;
	struct told t;

	(void)state;
	sim_init(&sim, 1, 0);
	sim.level = 3;
	k_switch(T0, 0, 0, OURS, GTV_OFF_IDLE, 0);
	ev(T0 + 10, GTV_EV_SPAWN, -1, OURS, 0, 0, 0)->gt = 1;
	ev(T0 + 20, GTV_EV_SWITCH_RUN, -1, OURS, 1, 0, 1ull << 32);
	ev(T0 + 30, GTV_EV_LOCK_TAKE, -1, OURS, 1, 1, 0)->gt = 1;
	softirq(T0 + 1 * MS, 300 * US, 0, OURS, NET_RX);
	ev(T0 + 2 * MS, GTV_EV_SWITCH_EXIT, -1, OURS, 0, 2, 0)->gt = 1;
	irq(T0 + 3 * MS, 100 * US, 0, OURS, 24); /* the scheduler's time */
	k_switch(T0 + 4 * MS, 0, OURS, 0, GTV_OFF_SLEEP, 1);
	tell(&t);
	assert_int_equal(gtv_model_gt_totals(t.r.m, 0, &g), 0);
	assert_int_equal(g.irq_ns, 300 * US);
	assert_int_equal(g.state_ns[GTV_ST_RUNNING], 2 * MS - 20);
	assert_int_equal(thread_totals(t.r.m, OURS).irq_ns, 400 * US);
	s = span_at(&t, GTV_LANE_GT, 1, T0 + 1 * MS);
	explain(&t, &s);
	says(&t, "slowed for 300 µs by interrupts on C0");
	assert_int_equal(part(&t, "softirq net_rx"), 300 * US);
	s = span_at(&t, GTV_LANE_LOCK, 1, T0 + 1 * MS);
	assert_int_equal(s.state, GTV_ST_HELD);
	explain(&t, &s);
	forget(&t);
}

/* Files may say anything: it adds up all the same. */
static void nonsense_conserves(void **state)
{
	struct gtv_core_totals c;
	struct gtv_thread_totals th;
	struct gtv_model *m = gtv_model_new(3, NULL, NULL);

	(void)state;
	sim_init(&sim, 1, 0);
	sim.level = 3;
	irq(T0 - 1, 5, 7, OURS, 1); /* a core that nobody has heard of */
	k_switch(T0, 0, 0, OURS, GTV_OFF_IDLE, 0);
	irq(T0 + 10, 5000, 0, OURS, 1); /* began before all */
	irq(T0 + 100, 50, 0, OURS, 1);
	irq(T0 + 120, 60, 0, OURS, 2); /* overlaps the one before */
	irq(T0 + 120, 0, 0, OURS, 2);
	irq(T0 + 200, 10, -1, OURS, 2);
	irq(T0 + 300, 10, 0, SECOND, 2); /* who was not there */
	for (uint64_t i = 0; i < 100; i++)
		irq(T0 + 1000 + i * 10, 5, 0, OURS, 3);
	ev(T0 + 2000, GTV_EV_K_IRQ, 0, OURS, UINT32_MAX, 3, 0)->state = 255;
	ev(T0 + 2100, GTV_EV_K_SYSCALL, 0, OURS, UINT32_MAX, 0, 0)->state = 31;
	k_switch(T0 + 3000, 0, OURS, 0, GTV_OFF_SLEEP, 0);
	assert_int_equal(gtv_model_feed(m, sim.ev, sim.count), 0);
	gtv_model_finish(m, T0 + 4000);
	th = thread_totals(m, OURS);
	assert_int_equal(gtv_model_core_totals(m, 0, &c), 0);
	assert_true(th.irq_ns <= th.state_ns[GTV_ST_RUNNING]);
	assert_true(th.irq_ns <= c.irq_ns && c.irq_ns <= c.end_ns - c.first_ns);
	gtv_model_free(m);
	sim_fini(&sim);
}

static void words_of_results(void **state)
{
	static const struct {
		int64_t result;
		const char *text;
	} want[] = {
		{0, "0"},
		{4096, "4096"},
		{-11, "-EAGAIN"},
		{-512, "nothing: a signal came"},
		{-4000, "error 4000"},
		{0x7f0012345000, "0x7f0012345000"},
	};
	struct gtv_extra x = {.kind = GTV_EV_K_SYSCALL};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		x.result = want[i].result;
		assert_string_equal(gtv_extra_result(&x, text, sizeof text), want[i].text);
	}
	assert_string_equal(gtv_extra_word(NULL, GTV_EV_K_SOFTIRQ, 77, text, sizeof text),
			    "softirq 77");
	assert_string_equal(gtv_extra_word(NULL, GTV_EV_K_IRQ, 9, text, sizeof text),
			    "irq 9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interrupts_are_a_part_of_running),
		cmocka_unit_test(a_running_thread_was_slowed),
		cmocka_unit_test(a_waiting_thread_was_kept_by_interrupts),
		cmocka_unit_test(a_sleep_says_for_what_and_its_call_what_it_returned),
		cmocka_unit_test(a_checkpoint_keeps_what_a_sleep_is_for),
		cmocka_unit_test(a_green_thread_is_slowed_too),
		cmocka_unit_test(nonsense_conserves),
		cmocka_unit_test(words_of_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
