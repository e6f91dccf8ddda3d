/* SPDX-License-Identifier: MIT
 *
 * Attribution: small stories with known answers, and the simulated machine, whose every
 * wait must be split without rest, whatever order its ends are told in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/golden/convoy.h"
#include "tests/unit/model_sim.h"
#include "tracer/model/attribution.h"

#define LOCK 7u

static struct gtv_lane gt(uint32_t id)
{
	return (struct gtv_lane){GTV_LANE_GT, id};
}

static void wait_of(struct gtv_attribution *a, uint32_t who, uint64_t from, uint64_t to)
{
	gtv_attribution_span(a, &(struct gtv_span){.lane = gt(who),
						   .state = GTV_ST_LOCK,
						   .lock = LOCK,
						   .core = -1,
						   .from_ns = from,
						   .to_ns = to});
}

static void held_by(struct gtv_attribution *a, uint32_t who, unsigned state, uint64_t from,
		    uint64_t to)
{
	gtv_attribution_span(a, &(struct gtv_span){.lane = {GTV_LANE_LOCK, LOCK},
						   .state = (uint8_t)state,
						   .gt = who,
						   .core = -1,
						   .from_ns = from,
						   .to_ns = to,
						   .waiters = 1});
}

static void handed(struct gtv_attribution *a, uint32_t from, uint64_t drop, uint32_t to,
		   uint64_t take)
{
	gtv_attribution_edge(a, &(struct gtv_edge){.kind = GTV_EDGE_HANDOFF,
						   .from = gt(from),
						   .to = gt(to),
						   .from_ns = drop,
						   .to_ns = take,
						   .obj = LOCK});
}

static uint64_t sum_of(const struct gtv_attr_share *s, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += s[i].on_ns + s[i].off_ns;
	return sum;
}

static struct gtv_attribution *new_of(uint64_t from, uint64_t to)
{
	struct gtv_attribution *a = gtv_attribution_new(from, to);

	assert_non_null(a);
	return a;
}

/* G1 has it, loses its core meanwhile, lets go to G2, which waited from 100 to 190. */
static void story(struct gtv_attribution *a)
{
	held_by(a, 1, GTV_ST_HELD, 50, 120);
	held_by(a, 1, GTV_ST_HELD_PREEMPTED, 120, 150);
	held_by(a, 1, GTV_ST_HELD, 150, 180);
	wait_of(a, 2, 100, 190);
	held_by(a, 0, GTV_ST_FREE, 180, 200);
	handed(a, 1, 180, 2, 200);
}

static void a_wait_is_split(void **state)
{
	struct gtv_attribution *a = new_of(0, UINT64_MAX);
	struct gtv_attr_share s[8];
	struct gtv_attr_wait w[2];
	struct gtv_attr_lock l;

	(void)state;
	story(a);
	assert_int_equal(gtv_attr_waits(a, gt(2), w, 2), 1);
	assert_int_equal(w[0].lock, LOCK);
	assert_int_equal(w[0].ns, 90);
	assert_int_equal(w[0].waits, 1);
	assert_int_equal(w[0].max_from_ns, 100);
	assert_int_equal(gtv_attr_shares(a, gt(2), LOCK, s, 8), 2);
	assert_int_equal(s[0].why, GTV_ATTR_HOLDER);
	assert_int_equal(s[0].who.id, 1);
	assert_int_equal(s[0].on_ns, 50);
	assert_int_equal(s[0].off_ns, 30);
	assert_int_equal(s[0].handed, 1);
	assert_int_equal(s[0].max_ns, 80);
	assert_int_equal(s[0].max_from_ns, 100);
	assert_int_equal(s[1].why, GTV_ATTR_FREE);
	assert_int_equal(s[1].on_ns, 10);
	assert_int_equal(gtv_attr_lock(a, 0, &l), 0);
	assert_int_equal(l.on_ns, 100);
	assert_int_equal(l.off_ns, 30);
	assert_int_equal(l.free_ns, 20);
	assert_int_equal(l.on_ns + l.off_ns + l.free_ns + l.unknown_ns,
			 l.to_ns - l.from_ns);
	assert_int_equal(l.off_times, 1);
	assert_int_equal(l.off_max_ns, 30);
	assert_int_equal(l.off_max_from_ns, 120);
	assert_int_equal(l.handed, 1);
	assert_int_equal(l.handed_max_ns, 20);
	assert_in_range(l.handed_median_ns, 18, 22);
	gtv_attribution_free(a);
}

/* The same with a range: only what lies in it. */
static void a_range_clips(void **state)
{
	struct gtv_attribution *a = new_of(110, 140);
	struct gtv_attr_share s[8];
	struct gtv_attr_lane lane;
	struct gtv_attr_lock l;

	(void)state;
	story(a);
	assert_int_equal(gtv_attr_lane(a, GTV_LANE_GT, 0, &lane), 0);
	assert_int_equal(lane.life_ns, 30);
	assert_int_equal(lane.wait_ns, 30);
	assert_int_equal(gtv_attr_shares(a, gt(2), LOCK, s, 8), 1);
	assert_int_equal(s[0].on_ns, 10);
	assert_int_equal(s[0].off_ns, 20);
	assert_int_equal(s[0].handed, 0);
	assert_int_equal(gtv_attr_lock(a, 0, &l), 0);
	assert_int_equal(l.on_ns, 10);
	assert_int_equal(l.off_ns, 20);
	gtv_attribution_free(a);
}

/* What the lock's past does not tell is unknown, never somebody's. */
static void unknown_is_its_own(void **state)
{
	struct gtv_attribution *a = new_of(0, UINT64_MAX);
	struct gtv_attr_share s[8];

	(void)state;
	held_by(a, 1, GTV_ST_HELD, 100, 110);
	held_by(a, 0, GTV_ST_UNKNOWN, 110, 130);
	held_by(a, 3, GTV_ST_HELD, 140, 150); /* nothing is told of 130 to 140 */
	wait_of(a, 2, 90, 160);
	assert_int_equal(gtv_attr_shares(a, gt(2), LOCK, s, 8), 1);
	assert_int_equal(s[0].why, GTV_ATTR_UNKNOWN); /* its end is not told yet */
	assert_int_equal(s[0].on_ns, 70);
	held_by(a, 0, GTV_ST_HELD, 150, 170); /* by nobody that is known */
	assert_int_equal(gtv_attr_shares(a, gt(2), LOCK, s, 8), 3);
	assert_int_equal(s[0].on_ns, 10);
	assert_int_equal(s[1].on_ns, 10);
	assert_int_equal(s[2].why, GTV_ATTR_UNKNOWN);
	assert_int_equal(s[2].on_ns, 50);
	assert_int_equal(sum_of(s, 3), 70);
	gtv_attribution_free(a);
}

/* An OS thread that sleeps with a lock in its hand does not wait for it, though its span
 * names the lock; one that sleeps on it does. */
static void a_hold_is_no_wait(void **state)
{
	struct gtv_attribution *a = new_of(0, UINT64_MAX);
	struct gtv_span s = {.lane = {GTV_LANE_THREAD, 41},
			     .state = GTV_ST_SLEEPING,
			     .lock = LOCK,
			     .core = -1,
			     .from_ns = 110,
			     .to_ns = 150};
	struct gtv_attr_share share[4];
	struct gtv_attr_wait w;
	struct gtv_attr_lock l;

	(void)state;
	gtv_attribution_span(a, &s);
	s.lane.id = 42;
	gtv_attribution_span(a, &s);
	gtv_attribution_span(a, &(struct gtv_span){.lane = {GTV_LANE_LOCK, LOCK},
						   .state = GTV_ST_HELD_ASLEEP,
						   .tid = 41,
						   .core = -1,
						   .from_ns = 100,
						   .to_ns = 160,
						   .waiters = 1});
	assert_int_equal(gtv_attr_waits(a, (struct gtv_lane){GTV_LANE_THREAD, 41}, &w, 1),
			 0);
	assert_int_equal(gtv_attr_waits(a, s.lane, &w, 1), 1);
	assert_int_equal(w.ns, 40);
	assert_int_equal(w.max_ns, 40);
	assert_int_equal(gtv_attr_shares(a, s.lane, LOCK, share, 4), 1);
	assert_int_equal(share[0].who.id, 41);
	assert_int_equal(share[0].off_ns, 40);
	assert_int_equal(gtv_attr_lock(a, 0, &l), 0);
	assert_int_equal(l.waits, 1);
	assert_int_equal(l.wait_ns, 40);
	assert_int_equal(l.wait_max_who.id, 42);
	gtv_attribution_free(a);
}

/* A wait of a million holds is split as exactly as one of three; and where its past was
 * too long to keep, the rest is unknown. */
static void a_long_wait(void **state)
{
	struct gtv_attribution *a = new_of(0, UINT64_MAX);
	struct gtv_attr_share s[8];
	uint64_t ns = 1000;
	size_t count;

	(void)state;
	for (int i = 0; i < 100000; i++, ns += 10) {
		held_by(a, 1, GTV_ST_HELD, ns, ns + 5);
		held_by(a, 3 + (uint32_t)i % 2, GTV_ST_HELD_ASLEEP, ns + 5, ns + 10);
	}
	wait_of(a, 2, 1003, ns - 4);
	count = gtv_attr_shares(a, gt(2), LOCK, s, 8);
	assert_int_equal(count, 3);
	assert_int_equal(s[0].who.id, 1);
	assert_int_equal(s[0].on_ns, 5 * 100000 - 3);
	assert_int_equal(s[1].who.id, 3);
	assert_int_equal(s[1].off_ns, 5 * 50000);
	assert_int_equal(s[2].off_ns, 5 * 50000 - 4);
	for (int i = 0; i < 400000; i++, ns += 2) {
		held_by(a, 1, GTV_ST_HELD, ns, ns + 1);
		held_by(a, 4, GTV_ST_HELD, ns + 1, ns + 2);
	}
	wait_of(a, 5, 1003, ns);
	count = gtv_attr_shares(a, gt(5), LOCK, s, 8);
	assert_int_equal(sum_of(s, count), ns - 1003);
	assert_int_equal(s[count - 1].why, GTV_ATTR_UNKNOWN);
	gtv_attribution_free(a);
}

/* More holders than are kept apart: nothing is lost. */
static void many_holders(void **state)
{
	struct gtv_attribution *a = new_of(0, UINT64_MAX);
	struct gtv_attr_share s[600];
	size_t count;

	(void)state;
	for (uint32_t i = 0; i < 500; i++)
		held_by(a, 100 + i, GTV_ST_HELD, 1000 + 10 * i, 1010 + 10 * i);
	wait_of(a, 2, 1000, 6000);
	count = gtv_attr_shares(a, gt(2), LOCK, s, 600);
	assert_in_range(count, 50, 80);
	assert_int_equal(s[count - 1].why, GTV_ATTR_OTHERS);
	assert_int_equal(s[count - 1].on_ns, (500 - (count - 1)) * 10);
	assert_int_equal(sum_of(s, count), 5000);
	gtv_attribution_free(a);
}

/* ---- whole traces ---- */

struct feeding {
	struct gtv_attribution *a;
	uint64_t wait_ns; /* for locks, by the spans alone */
};

static void on_span(void *arg, const struct gtv_span *s)
{
	struct feeding *f = arg;

	gtv_attribution_span(f->a, s);
	if (s->lane.kind == GTV_LANE_GT && s->lock &&
	    (s->state == GTV_ST_LOCK || s->state == GTV_ST_GIL ||
	     s->state == GTV_ST_STALLED))
		f->wait_ns += s->to_ns - s->from_ns;
	if (s->lane.kind == GTV_LANE_THREAD && s->lock && !s->gt &&
	    s->state == GTV_ST_SLEEPING)
		f->wait_ns += s->to_ns - s->from_ns;
}

static void on_edge(void *arg, const struct gtv_edge *e)
{
	gtv_attribution_edge(((struct feeding *)arg)->a, e);
}

/* States sum to lives, shares to waits, waits to what the spans were. */
static void assert_conserves(const struct feeding *f)
{
	struct gtv_attr_share s[512];
	struct gtv_attr_wait w[64];
	uint64_t all = 0, locks = 0;

	for (int kind = GTV_LANE_THREAD; kind <= GTV_LANE_GT; kind++)
		for (size_t i = 0; i < gtv_attr_count(f->a, kind); i++) {
			struct gtv_attr_lane l;
			uint64_t ns[GTV_ST_MAX], sum = 0;
			assert_int_equal(gtv_attr_lane(f->a, kind, i, &l), 0);
			assert_int_equal(gtv_attr_find(f->a, l.lane), i);
			gtv_attr_times(f->a, kind, i, ns);
			for (int st = 0; st < GTV_ST_MAX; st++)
				sum += ns[st];
			assert_int_equal(sum, l.to_ns - l.from_ns);
			assert_int_equal(sum, l.life_ns);
			size_t waits = gtv_attr_waits(f->a, l.lane, w, 64);
			assert_in_range(waits, 0, 64);
			for (size_t k = 0; k < waits; k++) {
				size_t n = gtv_attr_shares(f->a, l.lane, w[k].lock, s, 512);
				assert_in_range(n, 1, 512);
				assert_int_equal(sum_of(s, n), w[k].ns);
				all += w[k].ns;
			}
		}
	assert_int_equal(all, f->wait_ns);
	for (size_t i = 0; i < gtv_attr_lock_count(f->a); i++) {
		struct gtv_attr_lock l;
		assert_int_equal(gtv_attr_lock(f->a, i, &l), 0);
		assert_int_equal(l.on_ns + l.off_ns + l.free_ns + l.unknown_ns,
				 l.to_ns - l.from_ns);
		locks += l.wait_ns;
	}
	assert_int_equal(locks, f->wait_ns);
	assert_false(gtv_attribution_is_short(f->a));
}

static void totals_agree(const struct gtv_model *m, const struct feeding *f)
{
	for (size_t i = 0; i < gtv_model_gt_count(m); i++) {
		struct gtv_gt_totals t;
		uint64_t ns[GTV_ST_MAX];
		assert_int_equal(gtv_model_gt_totals(m, i, &t), 0);
		if (t.end_ns == t.spawn_ns)
			continue;
		long at = gtv_attr_find(f->a, gt(t.id));
		assert_true(at >= 0);
		gtv_attr_times(f->a, GTV_LANE_GT, (size_t)at, ns);
		assert_memory_equal(ns, t.state_ns, sizeof ns);
	}
}

/* The machine of the model's tests, told whole and with losses. */
static void a_simulated_machine(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct sim *s = calloc(1, sizeof *s);
		struct feeding f = {.a = new_of(0, UINT64_MAX)};
		struct gtv_model_sink sink = {.arg = &f, .span = on_span, .edge = on_edge};
		struct gtv_model *m = gtv_model_new(3, NULL, &sink);
		assert_non_null(s);
		assert_non_null(m);
		sim_init(s, seed, 3);
		for (int i = 0; i < 4000; i++)
			sim_step(s);
		gtv_model_feed(m, s->ev, s->count / 2);
		if (seed % 3 == 0)
			gtv_model_gap(m, s->ev[s->count / 2 - 1].ts_ns,
				      s->ev[s->count / 2].ts_ns);
		gtv_model_feed(m, s->ev + s->count / 2, s->count - s->count / 2);
		gtv_model_finish(m, s->now_ns + 1000);
		assert_true(f.wait_ns > 0);
		assert_conserves(&f);
		totals_agree(m, &f);
		gtv_model_free(m);
		gtv_attribution_free(f.a);
		sim_fini(s);
		free(s);
	}
}

/* The convoy: who made the echo thread wait, as the picture has it; live, what goes on
 * counts, and again when it has ended. */
static void the_convoy(void **state)
{
	struct gtv_names *names = gtv_names_new();
	struct feeding f = {.a = new_of(0, UINT64_MAX)};
	struct gtv_model_sink sink = {.arg = &f, .span = on_span, .edge = on_edge};
	struct gtv_model *m = gtv_model_new(3, names, &sink);
	struct gtv_attr_share s[8];
	struct gtv_attr_wait w[2];
	struct gtv_attr_lock l;
	struct convoy c;
	size_t n;

	(void)state;
	assert_non_null(m);
	convoy_names(names);
	convoy_script(&c, 60);
	for (size_t i = 0; i < c.count; i += 100) {
		size_t part = c.count - i < 100 ? c.count - i : 100;
		uint64_t now = c.ev[i + part - 1].ts_ns + 5;
		assert_int_equal(gtv_model_feed(m, c.ev + i, part), 0);
		gtv_attribution_now(f.a, m, now);
		for (uint32_t g = 1; g <= 4; g++) {
			size_t waits = gtv_attr_waits(f.a, gt(g), w, 2);
			if (!waits)
				continue;
			assert_int_equal(waits, 1);
			n = gtv_attr_shares(f.a, gt(g), CONVOY_GIL, s, 8);
			assert_int_equal(sum_of(s, n), w[0].ns);
			for (size_t k = 0; k < n; k++)
				assert_true(s[k].why != GTV_ATTR_UNKNOWN);
		}
	}
	gtv_model_finish(m, c.ev[c.count - 1].ts_ns);
	assert_conserves(&f);
	n = gtv_attr_shares(f.a, gt(3), CONVOY_GIL, s, 8);
	assert_int_equal(n, 3); /* never for the saver: it is away then */
	assert_true(s[0].who.id + s[1].who.id == 3);
	/* cc1 had C0 for 4 ms while spin-a held the GIL. */
	assert_int_equal(s[s[0].who.id == 1 ? 0 : 1].off_ns, 4 * CONVOY_MS);
	assert_int_equal(s[2].why, GTV_ATTR_FREE);
	assert_int_equal(gtv_attr_lock(f.a, 0, &l), 0);
	assert_int_equal(l.off_times, 1);
	assert_int_equal(l.off_max_ns, 4 * CONVOY_MS);
	assert_int_equal(l.convoy_who.id, 3);
	assert_int_equal(l.handed_max_ns, 32 * CONVOY_US);
	free(c.ev);
	gtv_model_free(m);
	gtv_attribution_free(f.a);
	gtv_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_is_split),     cmocka_unit_test(a_range_clips),
		cmocka_unit_test(unknown_is_its_own),  cmocka_unit_test(a_hold_is_no_wait),
		cmocka_unit_test(a_long_wait),	       cmocka_unit_test(many_holders),
		cmocka_unit_test(a_simulated_machine), cmocka_unit_test(the_convoy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
