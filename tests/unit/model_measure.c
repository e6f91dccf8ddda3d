/* SPDX-License-Identifier: MIT
 *
 * What lanes did between two instants: beside all spans of a random machine, for any
 * interval, and always summing to it exactly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/model_rec.h"
#include "tracer/model/measure.h"

static struct whole whole;

/* As a reader does: events, then the model, then what is open. */
static struct gtv_measure *measured(uint64_t from_ns, uint64_t to_ns)
{
	struct gtv_measure *m = gtv_measure_new(from_ns, to_ns);
	struct gtv_model_sink sink = {
		.arg = m, .span = gtv_measure_span, .edge = gtv_measure_edge};
	struct gtv_model *model = gtv_model_new(sim.level, NULL, &sink);

	assert_non_null(m);
	for (size_t i = 0; i < sim.count; i += 777) {
		size_t n = sim.count - i < 777 ? sim.count - i : 777;

		gtv_measure_events(m, sim.ev + i, n);
		gtv_model_feed(model, sim.ev + i, n);
	}
	gtv_measure_finish(m, model, whole.to_ns);
	gtv_model_free(model);
	assert_false(gtv_measure_failed(m));
	return m;
}

/* The same by adding up. `at` is the lane's first span; returns behind its last. */
static size_t add_up(size_t at, uint64_t from_ns, uint64_t to_ns, struct gtv_measured *out)
{
	struct gtv_lane lane = whole.span[at].lane;

	memset(out, 0, sizeof(*out));
	out->absent_ns = to_ns - from_ns;
	for (; at < whole.count && whole.span[at].lane.kind == lane.kind &&
	       whole.span[at].lane.id == lane.id;
	     at++) {
		const struct gtv_span *s = &whole.span[at];
		uint64_t a = s->from_ns > from_ns ? s->from_ns : from_ns;
		uint64_t b = s->to_ns < to_ns ? s->to_ns : to_ns;

		if (b <= a)
			continue;
		out->state_ns[s->state] += b - a;
		out->absent_ns -= b - a;
		out->spans++;
	}
	return at;
}

static void beside_all_spans(uint64_t from_ns, uint64_t to_ns)
{
	struct gtv_measure *m = measured(from_ns, to_ns);
	struct gtv_measured want, have;
	uint64_t events = 0;

	for (size_t i = 0; i < whole.count;) {
		struct gtv_lane lane = whole.span[i].lane;
		uint64_t sum = 0;

		i = add_up(i, from_ns, to_ns, &want);
		gtv_measure_lane(m, lane, &have);
		for (int st = 0; st < GTV_ST_MAX; st++)
			sum += have.state_ns[st];
		assert_int_equal(sum + have.absent_ns, to_ns - from_ns);
		assert_memory_equal(have.state_ns, want.state_ns, sizeof(want.state_ns));
		assert_int_equal(have.absent_ns, want.absent_ns);
		assert_int_equal(have.spans, want.spans);
	}
	for (size_t i = 0; i < sim.count; i++)
		events += sim.ev[i].ts_ns >= from_ns && sim.ev[i].ts_ns < to_ns;
	assert_int_equal(gtv_measure_all_events(m), events);
	gtv_measure_free(m);
}

static void intervals(void **state)
{
	struct recorder r;

	(void)state;
	simulate(5, 20000);
	rec_start(&r, &whole);
	rec_feed(&r, sim.count);
	rec_finish(&r);
	uint64_t from = whole.from_ns, range = whole.to_ns - from;

	beside_all_spans(from, whole.to_ns);
	beside_all_spans(from + range / 3, from + range / 2);
	beside_all_spans(from + range / 2, from + range / 2 + 1);
	beside_all_spans(from - 100, from + range / 7);
	beside_all_spans(whole.to_ns - 5000, whole.to_ns + 1000000);
	rec_close(&r);
	sim_fini(&sim);
}

/* Counts by hand: G1 stops twice, lock 1 goes from hand to hand once. */
static void counts(void **state)
{
	struct gtv_measure *m = gtv_measure_new(100, 200);
	struct gtv_measured out;
	const struct gtv_ev evs[] = {
		{.ts_ns = 99, .kind = GTV_EV_SWITCH_YIELD, .core = -1, .tid = 9, .gt = 1},
		{.ts_ns = 100, .kind = GTV_EV_SWITCH_YIELD, .core = -1, .tid = 9, .gt = 1},
		{.ts_ns = 150,
		 .kind = GTV_EV_LOCK_TAKE,
		 .core = -1,
		 .tid = 9,
		 .gt = 1,
		 .obj = 1},
		{.ts_ns = 160, .kind = GTV_EV_SWITCH_LOCK, .core = -1, .tid = 9, .gt = 1},
		{.ts_ns = 170, .kind = GTV_EV_K_SWITCH, .core = 2, .tid = 9, .obj = 10},
		{.ts_ns = 200, .kind = GTV_EV_K_SWITCH, .core = 2, .tid = 10, .obj = 9},
	};
	struct gtv_edge edge = {.from_ns = 140,
				.to_ns = 150,
				.from = {GTV_LANE_GT, 2},
				.to = {GTV_LANE_GT, 1},
				.kind = GTV_EDGE_HANDOFF,
				.obj = 1};

	(void)state;
	gtv_measure_events(m, evs, sizeof(evs) / sizeof(*evs));
	gtv_measure_edge(m, &edge);
	edge.kind = GTV_EDGE_WAKE;
	gtv_measure_edge(m, &edge);
	edge.kind = GTV_EDGE_HANDOFF;
	edge.to_ns = 200;
	gtv_measure_edge(m, &edge);
	assert_int_equal(gtv_measure_all_events(m), 4);
	assert_true(gtv_measure_lane(m, (struct gtv_lane){GTV_LANE_GT, 1}, &out));
	assert_int_equal(out.switches, 2);
	assert_int_equal(out.events, 3);
	assert_int_equal(out.handoffs, 1);
	assert_int_equal(out.absent_ns, 100);
	assert_true(gtv_measure_lane(m, (struct gtv_lane){GTV_LANE_LOCK, 1}, &out));
	assert_int_equal(out.handoffs, 1);
	assert_int_equal(out.events, 1);
	assert_true(gtv_measure_lane(m, (struct gtv_lane){GTV_LANE_CORE, 2}, &out));
	assert_int_equal(out.switches, 1);
	assert_true(gtv_measure_lane(m, (struct gtv_lane){GTV_LANE_THREAD, 9}, &out));
	assert_int_equal(out.switches, 1);
	assert_false(gtv_measure_lane(m, (struct gtv_lane){GTV_LANE_THREAD, 10}, &out));
	gtv_measure_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals),
		cmocka_unit_test(counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
