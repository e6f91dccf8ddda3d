/* SPDX-License-Identifier: MIT
 *
 * Explain: the parts always sum to the span, and a convoy is told as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/model_rec.h"
#include "tracer/model/explain.h"
#include "tracer/model/syscall_names.h"

static void assert_explained(struct gtv_window *win, const struct gtv_names *names,
			     const struct gtv_span *s, struct gtv_explanation *x)
{
	uint64_t sum = 0;

	assert_int_equal(gtv_explain(win, names, s, x), 0);
	assert_true(x->causes >= 1 && x->causes <= GTV_CAUSES_MAX);
	for (int i = 0; i < x->parts; i++) {
		assert_true(x->part[i].ns > 0 && x->part[i].text[0]);
		sum += x->part[i].ns;
	}
	assert_int_equal(sum, s->to_ns - s->from_ns);
	for (int i = 0; i < x->causes; i++)
		assert_true(x->cause[i].text[0]);
}

/* Every kind of span of a random machine. */
static void sums(void **state)
{
	(void)state;
	struct recorder r;
	struct whole w;
	uint32_t seen = 0;
	simulate(11, 60000);
	rec_start(&r, &w);
	rec_feed(&r, sim.count);
	rec_finish(&r);
	struct gtv_window *win = gtv_window_new(r.st);
	struct gtv_explanation *x = malloc(sizeof *x);
	for (size_t i = 0; i < w.count; i++) {
		if (seen >> w.span[i].state & 1 && i % (w.count / 300))
			continue;
		seen |= 1u << w.span[i].state;
		assert_explained(win, r.names, &w.span[i], x);
	}
	assert_true(seen >> GTV_ST_GIL & 1 && seen >> GTV_ST_STALLED & 1 &&
		    seen >> GTV_ST_CHAN & 1 && seen >> GTV_ST_PREEMPTED & 1);
	free(x);
	gtv_window_free(win);
	rec_close(&r);
	sim_fini(&sim);
}

/* ---- a convoy, by hand ---- */

#define MS 1000000ull

static void ev(uint64_t ts, unsigned kind, uint32_t tid, uint32_t gt, uint32_t obj,
	       uint32_t seq, uint64_t arg)
{
	sim.now_ns = ts;
	struct gtv_ev *e = sim_ev(&sim, kind, tid);
	e->gt = gt;
	e->obj = obj;
	e->seq = seq;
	e->arg = arg;
}

static void k_switch(uint64_t ts, int core, uint32_t prev, uint32_t next, unsigned why)
{
	ev(ts, GTV_EV_K_SWITCH, prev, 0, next, why == GTV_OFF_SLEEP ? 203 : 0, 0);
	struct gtv_ev *e = &sim.ev[sim.count - 1];
	e->core = core;
	e->state = (uint8_t)why;
	e->flags = (uint8_t)((prev >= SIM_PID ? GTV_KF_PREV_OURS : 0) |
			     (next >= SIM_PID ? GTV_KF_NEXT_OURS : 0));
}

/* G1 on W0/C0 computes with the GIL; G2 on W1/C1 wants it for 10 ms, asks after 5; in
 * between cc1 takes C0 for 2 ms. */
static void convoy_events(void)
{
	uint64_t t = 1000 * MS;

	sim_init(&sim, 1, 0);
	sim.level = 3;
	k_switch(t, 0, 0, 1000, GTV_OFF_IDLE);
	k_switch(t, 1, 0, 1001, GTV_OFF_IDLE);
	ev(t + 10, GTV_EV_SPAWN, 1000, 1, 0, 0, 0);
	ev(t + 20, GTV_EV_SPAWN, 1000, 2, 0, 0, 0);
	ev(t + 30, GTV_EV_SWITCH_RUN, 1000, 0, 1, 0, 1ull << 32);
	ev(t + 40, GTV_EV_SWITCH_RUN, 1001, 0, 2, 0, 1ull << 32);
	ev(t + 50, GTV_EV_GIL_TAKE, 1000, 1, 1, 1, 0);
	ev(t + 1 * MS, GTV_EV_SWITCH_GIL, 1001, 2, 0, 2, 1);
	k_switch(t + 1 * MS + 500, 1, 1001, 0, GTV_OFF_SLEEP);
	k_switch(t + 3 * MS, 0, 1000, 77, GTV_OFF_PREEMPTED);
	k_switch(t + 5 * MS, 0, 77, 1000, GTV_OFF_PREEMPTED);
	ev(t + 6 * MS, GTV_EV_K_WAKING, 0, 0, 1001, 0, 0);
	k_switch(t + 6 * MS + 100, 1, 0, 1001, GTV_OFF_IDLE);
	ev(t + 6 * MS + 200, GTV_EV_GIL_REQUEST, 1001, 2, 1, 0, 0);
	k_switch(t + 6 * MS + 300, 1, 1001, 0, GTV_OFF_SLEEP);
	ev(t + 11 * MS - 1000, GTV_EV_GIL_DROP, 1000, 1, 1, 2, 0);
	sim.ev[sim.count - 1].flags = GTV_GIL_FORCED;
	ev(t + 11 * MS, GTV_EV_READY, 1000, 2, 1, 3, 0);
	sim.ev[sim.count - 1].state = GTV_BY_GT;
	ev(t + 11 * MS + 100, GTV_EV_K_WAKING, 1000, 0, 1001, 0, 0);
	k_switch(t + 11 * MS + 200, 1, 0, 1001, GTV_OFF_IDLE);
	ev(t + 11 * MS + 300, GTV_EV_SWITCH_RUN, 1001, 0, 2, 0, 4ull << 32);
	ev(t + 11 * MS + 400, GTV_EV_GIL_TAKE, 1001, 2, 1, 3, 0);
	ev(t + 12 * MS, GTV_EV_MARK, 1001, 2, 0, 0, 0);
}

static int says(const struct gtv_explanation *x, const char *text)
{
	for (int i = 0; i < x->causes; i++) {
		if (strstr(x->cause[i].text, text) || strstr(x->cause[i].detail, text))
			return 1;
	}
	return 0;
}

static uint64_t part(const struct gtv_explanation *x, const char *text)
{
	for (int i = 0; i < x->parts; i++) {
		if (strstr(x->part[i].text, text))
			return x->part[i].ns;
	}
	return 0;
}

static void name(struct gtv_names *names, enum gtv_class cls, uint32_t id, const char *text,
		 uint32_t flags)
{
	struct gtv_name n = {.id = id, .pid = SIM_PID, .flags = flags};

	snprintf(n.text, sizeof n.text, "%s", text);
	gtv_names_set(names, cls, &n);
}

static void convoy(void **state)
{
	(void)state;
	struct recorder r;
	struct whole w;
	struct gtv_span wait;
	convoy_events();
	rec_start(&r, &w);
	name(r.names, GTV_CLASS_GT, 1, "spin\033[31m", 0);
	name(r.names, GTV_CLASS_GT, 2, "echo", 0);
	name(r.names, GTV_CLASS_LOCK, 1, "", GTV_NAME_IS_GIL);
	name(r.names, GTV_CLASS_THREAD, 77, "cc1", 0);
	rec_feed(&r, sim.count);
	for (unsigned f = 0; f < GTV_FAULT_MAX; f++)
		assert_int_equal(gtv_model_faults(r.m, f), 0);
	rec_finish(&r);
	struct gtv_window *win = gtv_window_new(r.st);
	struct gtv_lane g2 = {.kind = GTV_LANE_GT, .id = 2};
	assert_int_equal(gtv_window_span_at(win, g2, 1005 * MS, &wait), 0);
	assert_int_equal(wait.state, GTV_ST_GIL);
	assert_int_equal(wait.who, 1);
	assert_int_equal(wait.to_ns - wait.from_ns, 10 * MS);
	struct gtv_explanation *x = malloc(sizeof *x);
	assert_explained(win, r.names, &wait, x);
	assert_true(says(x, "G2 echo waits for GIL for 10 ms"));
	assert_true(says(x, "GIL is held by G1 spin\\x1b[31m"));
	assert_true(says(x, "off its core for 2 ms"));
	assert_true(says(x, "cc1"));
	assert_true(says(x, "G2 echo asked for it after 5 ms"));
	assert_true(says(x, "forced by the request"));
	assert_int_equal(part(x, "runs and holds it"), 8 * MS - 1000);
	assert_int_equal(part(x, "has its place"), 2 * MS);
	assert_int_equal(part(x, "free"), 1000);
	free(x);
	gtv_window_free(win);
	rec_close(&r);
	sim_fini(&sim);
}

/* The numbers are those of the machine that the trace is of. */
static void syscalls(void **state)
{
	struct gtv_names *names = gtv_names_new();

	(void)state;
	assert_non_null(gtv_syscall_name(names, 0));
	gtv_names_set_kernel(names, "Linux 6.1.0 x86_64");
	assert_null(gtv_syscall_name(names, 100000));
	assert_string_equal(gtv_syscall_name(names, 202), "futex");
	gtv_names_set_kernel(names, "Linux 6.1.0 aarch64");
	assert_string_equal(gtv_syscall_name(names, 98), "futex");
	gtv_names_set_kernel(names, "Linux 6.1.0 armv7l");
	assert_null(gtv_syscall_name(names, 240));
	gtv_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums),
		cmocka_unit_test(convoy),
		cmocka_unit_test(syscalls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
