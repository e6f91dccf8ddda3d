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
#include "tracer/model/cause.h"
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
 * between cc1 takes C0 for 2 ms. The lock is dropped so long before G2 is told. */
static void convoy_events(uint64_t free_ns)
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
	ev(t + 11 * MS - free_ns, GTV_EV_GIL_DROP, 1000, 1, 1, 2, 0);
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

static void explain_convoy(uint64_t free_ns)
{
	struct recorder r;
	struct whole w;
	struct gtv_span wait;
	convoy_events(free_ns);
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
	assert_int_equal(part(x, "runs and holds it"), 8 * MS - free_ns);
	assert_int_equal(part(x, "has its place"), 2 * MS);
	assert_int_equal(part(x, "free"), free_ns);
	free(x);
	gtv_window_free(win);
	rec_close(&r);
	sim_fini(&sim);
}

/* What happens in one instant shares a stamp: the drop then is the wait's last event. */
static void convoy(void **state)
{
	(void)state;
	explain_convoy(1000);
	explain_convoy(0);
}

/* ---- a chain without a runtime, by hand ---- */

#define FUTEX_ADDR 0x5000

static void futex_wait(uint64_t ts, int core, uint32_t tid, uint32_t owner, uint64_t addr,
		       uint32_t word)
{
	ev(ts, GTV_EV_K_FUTEX, tid, 0, owner, word, addr);
	sim.ev[sim.count - 1].core = core;
	sim.ev[sim.count - 1].state = GTV_FUTEX_WAIT;
	k_switch(ts, core, tid, 0, GTV_OFF_SLEEP);
}

/* Main joins T1001, which waits for the lock of T1002, whose core cc1 has for 9 ms. */
static void chain_events(void)
{
	uint64_t t = 1000 * MS;

	sim_init(&sim, 1, 0);
	sim.level = 3;
	ev(t, GTV_EV_K_THREAD, 1000, 0, 0, 0, SIM_PID);
	ev(t, GTV_EV_K_FORK, 1000, 0, 1001, 0, SIM_PID);
	ev(t, GTV_EV_K_FORK, 1000, 0, 1002, 0, SIM_PID);
	for (int i = 0; i < 3; i++)
		k_switch(t + 10, i, 0, 1000 + (uint32_t)i, GTV_OFF_IDLE);
	futex_wait(t + 100, 0, 1000, 0, 0x7000, 1001);
	ev(t + 200, GTV_EV_FUTEX_LOCK, 1001, 0, 1, SIM_PID, FUTEX_ADDR);
	futex_wait(t + 200, 1, 1001, 1002, FUTEX_ADDR, 2);
	k_switch(t + 1000, 2, 1002, 77, GTV_OFF_PREEMPTED);
	k_switch(t + 9 * MS, 2, 77, 1002, GTV_OFF_PREEMPTED);
	ev(t + 10 * MS, GTV_EV_K_WAKING, 1002, 0, 1001, 0, 0);
	sim.ev[sim.count - 1].flags = GTV_KF_FUTEX;
	k_switch(t + 10 * MS + 100, 1, 0, 1001, GTV_OFF_IDLE);
	ev(t + 10 * MS + 500, GTV_EV_K_EXIT, 1001, 0, 0, 0, SIM_PID);
	ev(t + 10 * MS + 600, GTV_EV_K_WAKING, 1001, 0, 1000, 0, 0);
	k_switch(t + 10 * MS + 700, 0, 0, 1000, GTV_OFF_IDLE);
	k_switch(t + 10 * MS + 800, 1, 1001, 0, GTV_OFF_DEAD);
	k_switch(t + 12 * MS, 0, 1000, 0, GTV_OFF_SLEEP);
}

static void assert_chain(struct gtv_window *win, const struct gtv_span *wait)
{
	struct gtv_link chain[GTV_CHAIN_MAX];

	assert_int_equal(gtv_window_look(win, wait->from_ns, wait->to_ns, 1000), 0);
	assert_int_equal(gtv_cause_chain(win, wait, chain), 3);
	assert_int_equal(chain[0].kind, GTV_CAUSE_PEER);
	assert_int_equal(chain[0].to.id, 1000);
	assert_int_equal(chain[0].from.id, 1001);
	assert_int_equal(chain[1].kind, GTV_CAUSE_HELD);
	assert_int_equal(chain[1].to.id, 1001);
	assert_int_equal(chain[1].from.id, 1002);
	assert_int_equal(chain[1].obj, 1);
	assert_int_equal(chain[2].kind, GTV_CAUSE_TAKEN);
	assert_int_equal(chain[2].to.id, 1002);
	assert_int_equal(chain[2].from.id, 77);
	assert_int_equal(chain[2].obj, 2); /* the core */
	for (int i = 0; i < 3; i++)
		assert_true(chain[i].ns <= wait->to_ns - wait->from_ns &&
			    chain[i].ns > 8 * MS - MS);
	/* Who had the core: all of that time. */
	struct gtv_core_share share[4];
	assert_int_equal(gtv_cause_core(win, 2, chain[2].span.from_ns, chain[2].span.to_ns,
					share, 4),
			 1);
	assert_int_equal(share[0].tid, 77);
	assert_int_equal(share[0].ns, 9 * MS - 1000);
}

static void down_to_the_root(void **state)
{
	(void)state;
	struct recorder r;
	struct whole w;
	struct gtv_span wait;
	chain_events();
	rec_start(&r, &w);
	name(r.names, GTV_CLASS_LOCK, 1, "counter_lock", 0);
	name(r.names, GTV_CLASS_THREAD, 1002, "worker-2", 0);
	name(r.names, GTV_CLASS_THREAD, 77, "kworker/1", 0);
	rec_feed(&r, sim.count);
	for (unsigned f = 0; f < GTV_FAULT_MAX; f++)
		assert_int_equal(gtv_model_faults(r.m, f), 0);
	rec_finish(&r);
	struct gtv_window *win = gtv_window_new(r.st);
	struct gtv_lane first = {.kind = GTV_LANE_THREAD, .id = 1000};
	struct gtv_lane second = {.kind = GTV_LANE_THREAD, .id = 1001};
	struct gtv_explanation *x = malloc(sizeof *x);
	assert_int_equal(gtv_window_span_at(win, first, 1005 * MS, &wait), 0);
	assert_explained(win, r.names, &wait, x);
	assert_true(says(x, "waits for a thread's end"));
	assert_true(says(x, "waited itself for counter_lock: held by worker-2 (1002)"));
	assert_true(says(x, "off core for 9 ms because kworker/1 (77) ran"));
	assert_true(says(x, "kworker/1 (77) 100 %"));
	assert_chain(win, &wait);
	/* From the lock's own lane too. */
	struct gtv_lane lock = {.kind = GTV_LANE_LOCK, .id = 1};
	assert_int_equal(gtv_window_span_at(win, lock, 1005 * MS, &wait), 0);
	assert_int_equal(wait.state, GTV_ST_HELD_PREEMPTED);
	assert_explained(win, r.names, &wait, x);
	assert_true(says(x, "held by worker-2 (1002)"));
	assert_true(says(x, "off core for 9 ms because kworker/1 (77) ran"));
	assert_int_equal(gtv_window_span_at(win, second, 1005 * MS, &wait), 0);
	assert_int_equal(wait.lock, 1);
	assert_int_equal(wait.who, 1002);
	assert_explained(win, r.names, &wait, x);
	assert_true(says(x, "waits for counter_lock for 10 ms"));
	assert_true(says(x, "counter_lock is held by worker-2 (1002)"));
	assert_int_equal(part(x, "kworker/1 (77) has its place"), 9 * MS - 1000);
	assert_int_equal(part(x, "runs and holds it"),
			 wait.to_ns - wait.from_ns - 9 * MS + 1000);
	free(x);
	gtv_window_free(win);
	rec_close(&r);
	sim_fini(&sim);
}

/* Who sleeps with a lock in its hand does not wait for it. */
static void asleep_with_a_lock(void **state)
{
	uint64_t t = 1000 * MS;
	struct gtv_link link;
	struct recorder r;
	struct whole w;
	struct gtv_span nap, held;

	(void)state;
	sim_init(&sim, 1, 0);
	sim.level = 3;
	k_switch(t, 0, 0, 1000, GTV_OFF_IDLE);
	ev(t + 10, GTV_EV_SPAWN, 1000, 1, 0, 0, 0);
	ev(t + 30, GTV_EV_SWITCH_RUN, 1000, 0, 1, 0, 1ull << 32);
	ev(t + 50, GTV_EV_LOCK_TAKE, 1000, 1, 1, 1, 0);
	k_switch(t + 1 * MS, 0, 1000, 0, GTV_OFF_SLEEP);
	ev(t + 6 * MS, GTV_EV_K_WAKING, 0, 0, 1000, 0, 0);
	k_switch(t + 6 * MS + 100, 0, 0, 1000, GTV_OFF_IDLE);
	ev(t + 7 * MS, GTV_EV_LOCK_DROP, 1000, 1, 1, 2, 0);
	ev(t + 8 * MS, GTV_EV_MARK, 1000, 1, 0, 0, 0);
	rec_start(&r, &w);
	rec_feed(&r, sim.count);
	rec_finish(&r);
	struct gtv_window *win = gtv_window_new(r.st);
	struct gtv_lane thread = {.kind = GTV_LANE_THREAD, .id = 1000};
	struct gtv_lane lock = {.kind = GTV_LANE_LOCK, .id = 1};
	assert_int_equal(gtv_window_span_at(win, thread, 1003 * MS, &nap), 0);
	assert_int_equal(nap.state, GTV_ST_SLEEPING);
	assert_int_equal(nap.lock, 0);
	assert_true(gtv_cause_of(win, &nap, &link));
	assert_int_equal(link.kind, GTV_CAUSE_CALL);
	/* That it has it all the while, the lock's lane says; running, its own does. */
	assert_int_equal(gtv_window_span_at(win, lock, 1003 * MS, &held), 0);
	assert_int_equal(held.state, GTV_ST_HELD_ASLEEP);
	assert_int_equal(held.gt, 1);
	assert_int_equal(gtv_window_span_at(win, thread, 1000 * MS + 500000, &nap), 0);
	assert_int_equal(nap.lock, 1);
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
		cmocka_unit_test(down_to_the_root),
		cmocka_unit_test(asleep_with_a_lock),
		cmocka_unit_test(syscalls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
