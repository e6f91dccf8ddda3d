/* SPDX-License-Identifier: MIT
 *
 * Histograms against a sorted list of what went into them, and which events, spans and
 * edges become a latency of which kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tracer/base/err.h"
#include "tracer/model/histogram.h"
#include "tracer/model/latency.h"

#define MANY 20000

static uint64_t seed = 88172645463325252ull;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* From ns to hours, each power as likely; some rounds of few different ones. */
static uint64_t length_of(int round)
{
	uint64_t ns = next_random() >> (20 + next_random() % 44);

	return round % 3 == 0 ? 5000000 + next_random() % 100 : ns;
}

static void assert_near(uint64_t have, uint64_t want)
{
	uint64_t off = have > want ? have - want : want - have;

	assert_true(off <= 2 || off * 64 <= want);
}

static void percentiles_are_those_of_a_sorted_list(void **state)
{
	static uint64_t ns[MANY];
	static const unsigned permille[] = {1, 10, 250, 500, 900, 990, 999, 1000};

	(void)state;
	for (int round = 0; round < 9; round++) {
		struct gtv_histogram *h = gtv_histogram_new();
		size_t count = round < 4 ? 1 + next_random() % 7 : MANY;
		uint64_t sum = 0;

		assert_non_null(h);
		for (size_t i = 0; i < count; i++) {
			struct gtv_case c = {.from_ns = i, .lane = {GTV_LANE_GT, 1}};
			ns[i] = length_of(round);
			sum += ns[i];
			c.to_ns = i + ns[i];
			assert_int_equal(gtv_histogram_add(h, &c), 0);
		}
		qsort(ns, count, sizeof *ns, by_number);
		assert_int_equal(gtv_histogram_count(h), count);
		assert_int_equal(gtv_histogram_sum_ns(h), sum);
		assert_int_equal(gtv_histogram_min_ns(h), ns[0]);
		assert_int_equal(gtv_histogram_max_ns(h), ns[count - 1]);
		for (size_t p = 0; p < sizeof permille / sizeof *permille; p++) {
			size_t rank = (count * permille[p] + 999) / 1000;
			assert_near(gtv_histogram_percentile_ns(h, permille[p]),
				    ns[rank - 1]);
		}
		gtv_histogram_free(h);
	}
}

static void buckets_are_powers_of_two(void **state)
{
	(void)state;
	assert_int_equal(gtv_histogram_edge_ns(0), 0);
	assert_int_equal(gtv_histogram_edge_ns(1), 125);
	assert_int_equal(gtv_histogram_edge_ns(4), 1000);
	assert_int_equal(gtv_histogram_edge_ns(14), 1024000);
	for (unsigned b = 1; b < GTV_HISTOGRAM_BUCKETS - 1; b++) {
		uint64_t edge = gtv_histogram_edge_ns(b);
		assert_int_equal(gtv_histogram_bucket(edge), b);
		assert_int_equal(gtv_histogram_bucket(edge - 1), b - 1);
		assert_int_equal(gtv_histogram_bucket(edge + edge / 2), b);
	}
	assert_int_equal(gtv_histogram_bucket(0), 0);
	assert_true(gtv_histogram_bucket(UINT64_MAX) < GTV_HISTOGRAM_BUCKETS);
}

static int by_case(const void *a, const void *b)
{
	const struct gtv_case *x = a, *y = b;

	if (gtv_case_ns(x) != gtv_case_ns(y))
		return gtv_case_ns(x) > gtv_case_ns(y) ? -1 : 1;
	return (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

static void the_worst_of_each_bucket_are_kept(void **state)
{
	static struct gtv_case all[MANY];
	struct gtv_case worst[GTV_HISTOGRAM_CASES];
	struct gtv_histogram *h = gtv_histogram_new();
	uint64_t in = 0;

	(void)state;
	assert_non_null(h);
	for (size_t i = 0; i < MANY; i++) {
		all[i] = (struct gtv_case){
			i, i + length_of(1) % 3000000, {GTV_LANE_GT, 7}, {0, 0}};
		assert_int_equal(gtv_histogram_add(h, &all[i]), 0);
	}
	qsort(all, MANY, sizeof *all, by_case);
	for (unsigned b = 0; b < GTV_HISTOGRAM_BUCKETS; b++) {
		size_t n = gtv_histogram_worst(h, (int)b, worst, GTV_HISTOGRAM_CASES);
		size_t at = 0, expected = 0;
		for (size_t i = 0; i < MANY; i++) {
			if (gtv_histogram_bucket(gtv_case_ns(&all[i])) != b)
				continue;
			expected++;
			if (at < n)
				assert_memory_equal(&worst[at++], &all[i], sizeof *worst);
		}
		assert_int_equal(gtv_histogram_in(h, b), expected);
		assert_int_equal(n, expected < GTV_HISTOGRAM_CASES ? expected
								   : GTV_HISTOGRAM_CASES);
		in += expected;
	}
	assert_int_equal(in, MANY);
	size_t n = gtv_histogram_worst(h, GTV_HISTOGRAM_ALL, worst, 20);
	assert_int_equal(n, 20);
	for (size_t i = 0; i < n; i++)
		assert_memory_equal(&worst[i], &all[i], sizeof *worst);
	gtv_histogram_free(h);
}

static void add_one(struct gtv_histogram *h, uint32_t gt, uint64_t ns)
{
	struct gtv_case c = {
		.from_ns = 1000, .to_ns = 1000 + ns, .lane = {GTV_LANE_GT, gt}};

	assert_int_equal(gtv_histogram_add(h, &c), 0);
}

/* The frequent ones among many, between their bounds; few are exact. */
static void who_is_in_a_bucket(void **state)
{
	struct gtv_histogram_who who[GTV_HISTOGRAM_WHO];
	struct gtv_histogram *h = gtv_histogram_new();
	size_t n;

	(void)state;
	assert_non_null(h);
	for (int i = 0; i < 30; i++)
		add_one(h, 1 + (uint32_t)i % 3, 300);
	for (int i = 0; i < 5; i++)
		add_one(h, 9, 90000);
	n = gtv_histogram_who(h, (int)gtv_histogram_bucket(300), who, GTV_HISTOGRAM_WHO);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(who[i].lane.id, i + 1);
		assert_int_equal(who[i].count, 10);
		assert_int_equal(who[i].over, 0);
	}
	n = gtv_histogram_who(h, GTV_HISTOGRAM_ALL, who, 2);
	assert_int_equal(n, 2);
	assert_int_equal(gtv_histogram_who(h, 0, who, 2), 0);
	/* Of all: five of one lane, ten of each other; no list was full. */
	n = gtv_histogram_who(h, GTV_HISTOGRAM_ALL, who, GTV_HISTOGRAM_WHO);
	assert_int_equal(n, 4);
	assert_int_equal(who[3].lane.id, 9);
	assert_int_equal(who[3].count, 5);
	assert_int_equal(who[0].over + who[3].over, 0);
	/* One of a thousand lanes has a third of all: it is first, and bounded. */
	for (uint32_t i = 0; i < 3000; i++)
		add_one(h, i % 3 ? 1000 + i : 77, 7000);
	n = gtv_histogram_who(h, (int)gtv_histogram_bucket(7000), who, GTV_HISTOGRAM_WHO);
	assert_int_equal(n, GTV_HISTOGRAM_WHO);
	assert_int_equal(who[0].lane.id, 77);
	assert_true(who[0].count >= 1000 && who[0].count - who[0].over <= 1000);
	/* Spread over two buckets, and still bounded. */
	for (uint32_t i = 0; i < 900; i++)
		add_one(h, i % 3 ? 5000 + i : 77, 500);
	n = gtv_histogram_who(h, GTV_HISTOGRAM_ALL, who, 1);
	assert_int_equal(n, 1);
	assert_int_equal(who[0].lane.id, 77);
	assert_true(who[0].count >= 1300 && who[0].count - who[0].over <= 1300);
	gtv_histogram_free(h);
}

/* ---- kinds ---- */

static struct gtv_ev event(uint64_t ts_ns, unsigned kind, uint32_t gt, uint32_t obj,
			   uint64_t arg)
{
	return (struct gtv_ev){
		.ts_ns = ts_ns, .kind = (uint16_t)kind, .gt = gt, .obj = obj, .arg = arg};
}

static void tell(struct gtv_latency *l, struct gtv_ev ev)
{
	assert_int_equal(gtv_latency_event(l, &ev), 0);
}

static uint64_t counted(const struct gtv_latency *l, unsigned kind)
{
	const struct gtv_histogram *h = gtv_latency_histogram(l, kind);

	return h ? gtv_histogram_count(h) : 0;
}

static void a_lock_is_waited_for_until_it_is_had(void **state)
{
	struct gtv_latency *l = gtv_latency_new(0, UINT64_MAX);
	struct gtv_case c;

	(void)state;
	tell(l, event(100, GTV_EV_SWITCH_LOCK, 1, 0, 5));
	tell(l, event(200, GTV_EV_SWITCH_LOCK, 1, 0, 5)); /* woken in vain */
	tell(l, event(250, GTV_EV_LOCK_TAKE, 2, 5, 0));	  /* another, without waiting */
	tell(l, event(900, GTV_EV_LOCK_TAKE, 1, 5, 0));
	tell(l, event(950, GTV_EV_LOCK_TAKE, 1, 5, 0)); /* again: it did not wait */
	assert_int_equal(counted(l, GTV_LAT_LOCK), 1);
	gtv_histogram_worst(gtv_latency_histogram(l, GTV_LAT_LOCK), GTV_HISTOGRAM_ALL, &c,
			    1);
	assert_int_equal(c.from_ns, 100);
	assert_int_equal(c.to_ns, 900);
	assert_int_equal(c.lane.id, 1);
	assert_int_equal(c.by.id, 5);
	tell(l, event(1000, GTV_EV_SWITCH_GIL, 1, 0, 6));
	tell(l, event(1100, GTV_EV_LOSS, 0, 0, 1)); /* whatever came of it */
	tell(l, event(1200, GTV_EV_GIL_TAKE, 1, 6, 0));
	assert_int_equal(counted(l, GTV_LAT_GIL), 0);
	tell(l, event(1300, GTV_EV_SWITCH_GIL, 1, 0, 6));
	tell(l, event(1400, GTV_EV_SWITCH_EXIT, 1, 0, 0));
	tell(l, event(1500, GTV_EV_GIL_TAKE, 1, 6, 0));
	assert_int_equal(counted(l, GTV_LAT_GIL), 0);
	gtv_latency_free(l);
}

/* Thousands wait at once, and get it in another order: against a plain array. */
static void many_waiters(void **state)
{
	static uint64_t since[3001];
	struct gtv_latency *l = gtv_latency_new(0, UINT64_MAX);
	uint64_t waits = 0, sum = 0;

	(void)state;
	for (uint64_t ts = 1000; ts < 60000; ts++) {
		uint32_t gt = 1 + (uint32_t)(next_random() % 3000);
		if (since[gt] && next_random() % 2) {
			tell(l, event(ts, GTV_EV_LOCK_TAKE, gt, 5, 0));
			waits++;
			sum += ts - since[gt];
			since[gt] = 0;
		} else if (!since[gt]) {
			tell(l, event(ts, GTV_EV_SWITCH_LOCK, gt, 0, 5));
			since[gt] = ts;
		}
	}
	assert_int_equal(counted(l, GTV_LAT_LOCK), waits);
	assert_int_equal(gtv_histogram_sum_ns(gtv_latency_histogram(l, GTV_LAT_LOCK)), sum);
	gtv_latency_free(l);
}

static void end_span(struct gtv_latency *l, unsigned kind, unsigned state, uint64_t from_ns,
		     uint64_t to_ns, uint32_t call)
{
	struct gtv_span s = {.from_ns = from_ns,
			     .to_ns = to_ns,
			     .lane = {(uint8_t)kind, 3},
			     .state = (uint8_t)state,
			     .call = call};

	assert_int_equal(gtv_latency_span(l, &s), 0);
}

static void spans_and_edges_have_their_kinds(void **state)
{
	struct gtv_latency *l = gtv_latency_new(1000, 2000);
	struct gtv_edge hand = {.from_ns = 1200,
				.to_ns = 1230,
				.from = {GTV_LANE_GT, 1},
				.to = {GTV_LANE_GT, 2},
				.kind = GTV_EDGE_HANDOFF,
				.obj = 5};
	struct gtv_case longest;

	(void)state;
	end_span(l, GTV_LANE_GT, GTV_ST_READY, 900, 1500, 0);
	end_span(l, GTV_LANE_GT, GTV_ST_READY, 900, 999, 0); /* ended before */
	end_span(l, GTV_LANE_GT, GTV_ST_READY, 900, 2001, 0);
	end_span(l, GTV_LANE_GT, GTV_ST_RUNNING, 1500, 1600, 0);
	end_span(l, GTV_LANE_THREAD, GTV_ST_RUNNABLE, 1500, 1600, 0);
	end_span(l, GTV_LANE_THREAD, GTV_ST_PREEMPTED, 1500, 1600, 0);
	assert_int_equal(gtv_latency_edge(l, &hand), 0);
	hand.kind = GTV_EDGE_SPAWN;
	assert_int_equal(gtv_latency_edge(l, &hand), 0);
	assert_int_equal(counted(l, GTV_LAT_READY), 1);
	assert_int_equal(counted(l, GTV_LAT_RUNQ), 2);
	assert_int_equal(counted(l, GTV_LAT_HANDOFF), 1);
	assert_int_equal(counted(l, GTV_LAT_IO), 0);
	gtv_latency_open(l, &(struct gtv_span){.from_ns = 1700,
					       .to_ns = 1900,
					       .lane = {GTV_LANE_GT, 8},
					       .state = GTV_ST_GIL});
	assert_int_equal(gtv_latency_still_open(l, GTV_LAT_GIL, &longest), 1);
	assert_int_equal(gtv_case_ns(&longest), 200);
	gtv_latency_open_clear(l);
	assert_int_equal(gtv_latency_still_open(l, GTV_LAT_GIL, &longest), 0);
	gtv_latency_free(l);
}

/* The row of a source and number; count 0 if there is none. */
static struct gtv_call_row row_of(const struct gtv_latency *l, enum gtv_call_source source,
				  uint32_t number)
{
	struct gtv_call_row row;

	for (size_t i = 0; i < gtv_latency_call_count(l); i++)
		if (!gtv_latency_call(l, i, &row) && row.source == source &&
		    row.number == number)
			return row;
	return (struct gtv_call_row){0};
}

static void calls_by_number(void **state)
{
	struct gtv_latency *l = gtv_latency_new(0, UINT64_MAX);
	struct gtv_ev ev = event(5000, GTV_EV_K_SYSCALL, 0, 4000, 10);
	struct gtv_call_row row;

	(void)state;
	ev.seq = 1; /* number 0 */
	end_span(l, GTV_LANE_THREAD, GTV_ST_SLEEPING, 1500, 4500, 1);
	assert_null(row_of(l, GTV_CALL_TIMED, 0).histogram); /* not ended yet */
	ev.flags = GTV_KF_SLEPT;
	tell(l, ev);
	ev.flags = 0;
	ev.ts_ns = 6000;
	ev.obj = 100;
	ev.arg = (uint64_t)-11;
	tell(l, ev);
	row = row_of(l, GTV_CALL_TIMED, 0);
	assert_non_null(row.histogram);
	assert_int_equal(gtv_histogram_count(row.histogram), 2);
	assert_int_equal(gtv_histogram_sum_ns(row.histogram), 4100);
	assert_int_equal(row.errors, 1);
	assert_int_equal(row.slept, 1);
	assert_int_equal(row.asleep_ns, 3000);
	row = row_of(l, GTV_CALL_ASLEEP, 0);
	assert_int_equal(gtv_histogram_sum_ns(row.histogram), 3000);
	assert_int_equal(counted(l, GTV_LAT_CALL), 2);
	assert_int_equal(counted(l, GTV_LAT_ASLEEP), 1);
	end_span(l, GTV_LANE_GT, GTV_ST_SYSCALL, 100, 300, 7);
	assert_non_null(row_of(l, GTV_CALL_DECLARED, 7).histogram);
	/* More numbers than are told apart are counted, not kept. */
	for (uint32_t i = 0; i < GTV_CALLS_MAX + 50; i++) {
		ev.seq = 2 + i;
		tell(l, ev);
	}
	assert_int_equal(gtv_latency_call_count(l), GTV_CALLS_MAX);
	assert_true(gtv_latency_calls_left(l) >= 50);
	gtv_latency_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_are_those_of_a_sorted_list),
		cmocka_unit_test(buckets_are_powers_of_two),
		cmocka_unit_test(the_worst_of_each_bucket_are_kept),
		cmocka_unit_test(who_is_in_a_bucket),
		cmocka_unit_test(a_lock_is_waited_for_until_it_is_had),
		cmocka_unit_test(many_waiters),
		cmocka_unit_test(spans_and_edges_have_their_kinds),
		cmocka_unit_test(calls_by_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
