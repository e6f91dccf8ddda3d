/* SPDX-License-Identifier: MIT
 *
 * The critical path: a scene known by heart, piece by piece; and random lanes with random
 * causes, in which the pieces must touch and sum to the interval whatever the causes say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tracer/base/err.h"
#include "tracer/model/critical.h"

#define LANES_MAX 8
#define SPANS_MAX 64

struct scene {
	int lanes;
	struct {
		int count;
		struct gtv_span span[SPANS_MAX];
		struct gtv_lane by[SPANS_MAX]; /* who ended it; kind 0 nobody */
		uint64_t by_ns[SPANS_MAX];
	} lane[LANES_MAX];
};

static struct gtv_lane gt(uint32_t id)
{
	return (struct gtv_lane){GTV_LANE_GT, id};
}

static int find(const struct scene *s, struct gtv_lane lane, uint64_t ts_ns)
{
	if (!lane.id || lane.id > (uint32_t)s->lanes)
		return -1;
	for (int i = 0; i < s->lane[lane.id - 1].count; i++) {
		const struct gtv_span *span = &s->lane[lane.id - 1].span[i];
		if (span->from_ns <= ts_ns && ts_ns < span->to_ns)
			return i;
	}
	return -1;
}

static int span_at(void *arg, struct gtv_lane lane, uint64_t ts_ns, struct gtv_span *out)
{
	const struct scene *s = arg;
	int i = find(s, lane, ts_ns);

	if (i < 0)
		return -GTV_ENOTFOUND;
	*out = s->lane[lane.id - 1].span[i];
	return 0;
}

static int cause(void *arg, const struct gtv_span *span, struct gtv_lane *who,
		 uint64_t *at_ns)
{
	const struct scene *s = arg;
	int i = find(s, span->lane, span->from_ns);

	if (i < 0 || !s->lane[span->lane.id - 1].by[i].kind)
		return 0;
	*who = s->lane[span->lane.id - 1].by[i];
	*at_ns = s->lane[span->lane.id - 1].by_ns[i];
	return 1;
}

static void put(struct scene *s, uint32_t id, uint64_t from_ns, uint64_t to_ns,
		unsigned state, uint32_t by, uint64_t by_ns)
{
	int i = s->lane[id - 1].count++;

	s->lane[id - 1].span[i] = (struct gtv_span){.from_ns = from_ns,
						    .to_ns = to_ns,
						    .lane = gt(id),
						    .state = (uint8_t)state};
	if (by)
		s->lane[id - 1].by[i] = gt(by);
	s->lane[id - 1].by_ns[i] = by_ns;
}

/*
 *   us     0        10         40   50        100
 *   G1     runs     gil wait ..............  runs        woken by G2's drop at 85, on at 90
 *   G2     chan wait .........  runs        85 done      woken by G3's send at 40, on at 45
 *   G3     runs ..............  40 sleeps
 */
static void scene_of_three(struct scene *s)
{
	memset(s, 0, sizeof *s);
	s->lanes = 3;
	put(s, 1, 0, 10, GTV_ST_RUNNING, 0, 0);
	put(s, 1, 10, 90, GTV_ST_GIL, 2, 85);
	put(s, 1, 90, 100, GTV_ST_RUNNING, 0, 0);
	put(s, 2, 0, 45, GTV_ST_CHAN, 3, 40);
	put(s, 2, 45, 85, GTV_ST_RUNNING, 0, 0);
	put(s, 3, 0, 40, GTV_ST_RUNNING, 0, 0);
	put(s, 3, 40, 100, GTV_ST_SLEEP, 0, 0);
}

static void piece_is(const struct gtv_critical *c, size_t i, uint32_t who, unsigned state,
		     uint64_t from_ns, uint64_t to_ns)
{
	assert_in_range(i, 0, c->count - 1);
	assert_int_equal(c->piece[i].who.id, who);
	assert_int_equal(c->piece[i].state, state);
	assert_int_equal(c->piece[i].from_ns, from_ns);
	assert_int_equal(c->piece[i].to_ns, to_ns);
}

static void back_through_two_causes(void **state)
{
	struct scene s;
	struct gtv_critical c;
	struct gtv_critical_source source = {&s, span_at, cause};

	(void)state;
	scene_of_three(&s);
	assert_int_equal(gtv_critical_walk(&source, gt(1), 0, 100, &c), 0);
	assert_int_equal(c.count, 5);
	piece_is(&c, 0, 1, GTV_ST_RUNNING, 90, 100);
	piece_is(&c, 1, 1, GTV_ST_GIL, 85, 90);
	piece_is(&c, 2, 2, GTV_ST_RUNNING, 45, 85);
	piece_is(&c, 3, 2, GTV_ST_CHAN, 40, 45);
	piece_is(&c, 4, 3, GTV_ST_RUNNING, 0, 40);
	assert_false(c.cut);
	gtv_critical_fini(&c);
}

/* The wait alone, cut at both ends. */
static void a_part_of_it(void **state)
{
	struct scene s;
	struct gtv_critical c;
	struct gtv_critical_source source = {&s, span_at, cause};

	(void)state;
	scene_of_three(&s);
	assert_int_equal(gtv_critical_walk(&source, gt(1), 30, 88, &c), 0);
	assert_int_equal(c.count, 4);
	piece_is(&c, 0, 1, GTV_ST_GIL, 85, 88);
	piece_is(&c, 1, 2, GTV_ST_RUNNING, 45, 85);
	piece_is(&c, 2, 2, GTV_ST_CHAN, 40, 45);
	piece_is(&c, 3, 3, GTV_ST_RUNNING, 30, 40);
	gtv_critical_fini(&c);
}

/* A wait that nobody ended is its own piece; what no lane tells is unknown. */
static void what_has_no_cause(void **state)
{
	struct scene s;
	struct gtv_critical c;
	struct gtv_critical_source source = {&s, span_at, cause};

	(void)state;
	scene_of_three(&s);
	assert_int_equal(gtv_critical_walk(&source, gt(3), 20, 120, &c), 0);
	assert_int_equal(c.count, 1);
	piece_is(&c, 0, 0, GTV_ST_UNKNOWN, 20, 120);
	gtv_critical_fini(&c);
	assert_int_equal(gtv_critical_walk(&source, gt(3), 20, 100, &c), 0);
	assert_int_equal(c.count, 2);
	piece_is(&c, 0, 3, GTV_ST_SLEEP, 40, 100);
	piece_is(&c, 1, 3, GTV_ST_RUNNING, 20, 40);
	gtv_critical_fini(&c);
}

static void random_scene(struct scene *s)
{
	static const uint8_t states[] = {GTV_ST_RUNNING, GTV_ST_GIL,   GTV_ST_CHAN,
					 GTV_ST_READY,	 GTV_ST_SLEEP, GTV_ST_UNKNOWN};
	memset(s, 0, sizeof *s);
	s->lanes = 1 + rand() % LANES_MAX;
	for (uint32_t id = 1; id <= (uint32_t)s->lanes; id++) {
		uint64_t at = (uint64_t)(rand() % 50);
		for (int i = 1 + rand() % (SPANS_MAX - 1); i > 0; i--) {
			uint64_t to = at + 1 + (uint64_t)(rand() % 40);
			put(s, id, at, to, states[rand() % 6],
			    rand() % 3 ? 1 + (uint32_t)(rand() % s->lanes) : 0,
			    at + (uint64_t)(rand() % 60));
			at = to + (rand() % 10 == 0); /* now and then nothing is told */
		}
	}
}

static void the_pieces_are_the_interval(void **state)
{
	(void)state;
	srand(4711);
	for (int round = 0; round < 3000; round++) {
		struct scene s;
		struct gtv_critical c;
		struct gtv_critical_source source = {&s, span_at, cause};
		random_scene(&s);
		uint64_t from = (uint64_t)(rand() % 300);
		uint64_t to = from + 1 + (uint64_t)(rand() % 900), at = to;
		assert_int_equal(gtv_critical_walk(&source,
						   gt(1 + (uint32_t)(rand() % s.lanes)),
						   from, to, &c),
				 0);
		for (size_t i = 0; i < c.count; i++) {
			assert_int_equal(c.piece[i].to_ns, at);
			assert_true(c.piece[i].from_ns < at);
			at = c.piece[i].from_ns;
		}
		assert_int_equal(at, from);
		gtv_critical_fini(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(back_through_two_causes),
		cmocka_unit_test(a_part_of_it),
		cmocka_unit_test(what_has_no_cause),
		cmocka_unit_test(the_pieces_are_the_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
