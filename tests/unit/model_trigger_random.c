/* SPDX-License-Identifier: MIT
 *
 * Triggers beside a count over all spans of a random machine: the same hits, in order,
 * however the events are cut into batches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/model_rec.h"
#include "tracer/model/trigger.h"

static struct gtv_condition parsed(const char *text)
{
	struct gtv_condition c;

	assert_int_equal(gtv_condition_parse(&c, text, NULL), 0);
	return c;
}

struct expected {
	struct gtv_trigger_hit *at;
	size_t count;
};

static uint32_t same(const struct gtv_span *s)
{
	if (s->lane.kind == GTV_LANE_LOCK)
		return s->gt ? s->gt : s->tid;
	return s->lock;
}

/* All stretches of these states of a kind of lane that last so long. */
static void expect(struct expected *e, const struct whole *w, enum gtv_lane_kind kind,
		   uint32_t states, int keyed, uint64_t min_ns)
{
	for (size_t i = 0; i < w->count;) {
		const struct gtv_span *a = &w->span[i], *z = a;

		/* A thread waits for a lock, or it just sleeps. */
		if (a->lane.kind != kind || !(states >> a->state & 1) ||
		    (kind == GTV_LANE_THREAD && !a->lock)) {
			i++;
			continue;
		}
		for (i++; i < w->count; i++, z++) {
			const struct gtv_span *b = &w->span[i];

			if (b->lane.kind != kind || b->lane.id != a->lane.id ||
			    b->from_ns != z->to_ns || !(states >> b->state & 1) ||
			    (keyed && same(a) != same(b)))
				break;
		}
		if (z->to_ns - a->from_ns < min_ns)
			continue;
		e->at[e->count++] = (struct gtv_trigger_hit){.ts_ns = a->from_ns + min_ns,
							     .from_ns = a->from_ns,
							     .lane = a->lane};
	}
}

static int by_time(const void *a, const void *b)
{
	const struct gtv_trigger_hit *x = a, *y = b;
	static const int rank[] = {9, 3, 2, 0, 1};

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	if (x->lane.kind != y->lane.kind)
		return rank[x->lane.kind] - rank[y->lane.kind];
	return (x->lane.id > y->lane.id) - (x->lane.id < y->lane.id);
}

static void told_beside(const char *text, const struct whole *w, struct expected *e,
			size_t step)
{
	struct gtv_condition c = parsed(text);
	struct gtv_watch *watch = gtv_watch_new(&c, sim.level, NULL, 0);
	struct gtv_model_sink sink = gtv_watch_sink(watch, NULL);
	struct gtv_model *m = gtv_model_new(sim.level, NULL, &sink);
	struct gtv_trigger_hit h;
	size_t n = 0;

	qsort(e->at, e->count, sizeof(*e->at), by_time);
	for (size_t i = 0, left = sim.count;; i += step, left = sim.count - i) {
		step = left < step ? left : step;
		if (left)
			gtv_watch_feed(watch, m, sim.ev + i, step);
		else
			gtv_watch_upto(watch, m, w->to_ns);
		for (; gtv_watch_next(watch, &h); n++) {
			assert_true(n < e->count);
			assert_int_equal(h.ts_ns, e->at[n].ts_ns);
			assert_int_equal(h.from_ns, e->at[n].from_ns);
			assert_int_equal(h.lane.kind, e->at[n].lane.kind);
			assert_int_equal(h.lane.id, e->at[n].lane.id);
		}
		if (!left)
			break;
	}
	assert_int_equal(n, e->count);
	gtv_model_free(m);
	gtv_watch_free(watch);
}

static void beside_all_spans(void **state)
{
	const uint32_t held =
		1u << GTV_ST_HELD | 1u << GTV_ST_HELD_PREEMPTED | 1u << GTV_ST_HELD_ASLEEP;
	struct recorder r;
	struct whole w;

	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		simulate(seed, 20000);
		rec_start(&r, &w);
		rec_feed(&r, sim.count);
		rec_finish(&r);
		struct expected e = {calloc(w.count, sizeof(*e.at)), 0};

		for (size_t step = 1; step <= 1000; step *= 10) {
			/* The watch keeps 256 hits between two looks: enough for all. */
			e.count = 0;
			expect(&e, &w, GTV_LANE_GT,
			       1u << GTV_ST_LOCK | 1u << GTV_ST_GIL | 1u << GTV_ST_CHAN, 1,
			       300000);
			expect(&e, &w, GTV_LANE_THREAD, 1u << GTV_ST_SLEEPING, 1, 300000);
			told_beside("wait>300us", &w, &e, step);
			assert_true(e.count > 3);
			e.count = 0;
			expect(&e, &w, GTV_LANE_LOCK, held, 1, 200000);
			told_beside("hold>200us", &w, &e, step);
			assert_true(e.count > 3);
			e.count = 0;
			expect(&e, &w, GTV_LANE_GT, 1u << GTV_ST_STALLED, 0, 0);
			told_beside("state=stalled", &w, &e, step);
			assert_true(e.count > 3);
		}
		free(e.at);
		rec_close(&r);
		sim_fini(&sim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beside_all_spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
