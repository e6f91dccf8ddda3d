/* SPDX-License-Identifier: MIT
 *
 * Looks in parts: whoever has enough after a block is given what is known by then, each
 * look decodes no more, and in the end the same is known as by a look in one go. What is
 * counted is blocks, so that it holds on any machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/model_rec.h"
#include "tests/unit/model_sim.h"
#include "tracer/model/window.h"
#include "tracer/model/zoom.h"

static const enum gtv_lane_kind kinds[] = {GTV_LANE_CORE, GTV_LANE_THREAD, GTV_LANE_GT,
					   GTV_LANE_LOCK};

static struct sim sim;
static int asked; /* so often, after a block each */

static int enough_at_once(void *arg, int worked)
{
	(void)arg;
	(void)worked;
	asked++;
	return 1;
}

static int never_enough(void *arg, int worked)
{
	(void)arg;
	(void)worked;
	asked++;
	return 0;
}

static void assert_same(const struct gtv_window *a, const struct gtv_window *b)
{
	for (int k = 0; k < 4; k++) {
		size_t lanes = gtv_window_lane_count(a, kinds[k]);
		assert_int_equal(gtv_window_lane_count(b, kinds[k]), lanes);
		for (size_t i = 0; i < lanes; i++) {
			struct gtv_lane lane = gtv_window_lane(a, kinds[k], i);
			size_t n, m;
			const struct gtv_piece *p = gtv_window_pieces(a, lane, &n);
			const struct gtv_piece *q = gtv_window_pieces(b, lane, &m);
			assert_int_equal(gtv_window_lane(b, kinds[k], i).id, lane.id);
			assert_int_equal(n, m);
			for (size_t j = 0; j < n; j++) {
				assert_int_equal(p[j].span.from_ns, q[j].span.from_ns);
				assert_int_equal(p[j].span.to_ns, q[j].span.to_ns);
				assert_int_equal(p[j].span.state, q[j].span.state);
				assert_int_equal(p[j].spans, q[j].spans);
				for (unsigned st = 0; st < GTV_ST_MAX; st++)
					assert_int_equal(gtv_piece_ns(&p[j], st),
							 gtv_piece_ns(&q[j], st));
			}
		}
	}
}

/* Pieces touch and lie in order, whole look or not. */
static void assert_in_order(const struct gtv_window *w)
{
	for (int k = 0; k < 4; k++) {
		for (size_t i = 0; i < gtv_window_lane_count(w, kinds[k]); i++) {
			size_t n;
			const struct gtv_piece *p =
				gtv_window_pieces(w, gtv_window_lane(w, kinds[k], i), &n);
			for (size_t j = 1; j < n; j++)
				assert_int_equal(p[j].span.from_ns, p[j - 1].span.to_ns);
		}
	}
}

/* Looks in parts until all is known; returns in how many. */
static int look_in_parts(struct gtv_window *w, uint64_t from, uint64_t to, uint64_t cell)
{
	uint64_t known = 0;
	int parts = 1;

	gtv_window_patience(w, enough_at_once, NULL);
	asked = 0;
	assert_int_equal(gtv_window_look(w, from, to, cell), 0);
	while (gtv_window_unread(w)) {
		uint64_t now = gtv_window_known_ns(w);
		assert_true(now >= known && now >= from);
		known = now;
		/* A block of events or tiles and no more: then it is asked again. */
		assert_in_range(asked, 1, 40);
		assert_in_order(w);
		asked = 0;
		if (parts % 2)
			assert_int_equal(gtv_window_go_on(w), 0);
		assert_int_equal(gtv_window_look(w, from, to, cell), 0);
		assert_true(++parts < 5000);
	}
	assert_true(gtv_window_known_ns(w) == UINT64_MAX);
	assert_int_equal(gtv_window_go_on(w), 0);
	return parts;
}

static void parts_make_a_whole(void **state)
{
	struct recorder r;
	struct whole all;
	int most = 0;

	(void)state;
	simulate(5, 100000);
	rec_start(&r, &all);
	rec_feed(&r, sim.count);
	rec_finish(&r);
	uint64_t len = all.to_ns - all.from_ns;
	for (uint64_t width = len; width > 1000; width /= 4) {
		for (unsigned place = 0; place < 3; place++) {
			struct gtv_window *parted = gtv_window_new(r.st),
					  *whole = gtv_window_new(r.st);
			uint64_t from = all.from_ns + (len - width) / 2 * place;
			uint64_t cell = width / 175 + 1;
			int parts = look_in_parts(parted, from, from + width, cell);
			most = parts > most ? parts : most;
			assert_int_equal(gtv_window_look(whole, from, from + width, cell),
					 0);
			assert_false(gtv_window_unread(whole));
			assert_int_equal(gtv_window_exact(parted), gtv_window_exact(whole));
			assert_same(parted, whole);
			gtv_window_free(parted);
			gtv_window_free(whole);
		}
	}
	assert_true(most > 2);
	rec_close(&r);
	sim_fini(&sim);
}

/* What a whole look decodes is bounded by the way from a checkpoint and what is decoded
 * rather than read from tiles, however long the trace is. */
static void a_look_decodes_so_many_blocks_at_most(void **state)
{
	struct recorder r;
	struct whole all;

	(void)state;
	simulate(9, 400000);
	rec_start(&r, &all);
	rec_feed(&r, sim.count);
	rec_finish(&r);
	uint64_t len = all.to_ns - all.from_ns;
	size_t blocks = gtv_store_block_count(r.st);
	for (uint64_t width = len; width > 1000; width /= 2) {
		struct gtv_window *w = gtv_window_new(r.st);
		uint64_t from = all.from_ns + (len - width) / 3;
		gtv_window_patience(w, never_enough, NULL);
		asked = 0;
		assert_int_equal(gtv_window_look(w, from, from + width, width / 175 + 1),
				 0);
		assert_false(gtv_window_unread(w));
		/* The same look again costs nothing. */
		int before = asked;
		assert_int_equal(gtv_window_look(w, from, from + width, width / 175 + 1),
				 0);
		assert_int_equal(asked, before);
		assert_true((size_t)asked <= 64 + 4 * blocks);
		gtv_window_free(w);
	}
	rec_close(&r);
	sim_fini(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_make_a_whole),
		cmocka_unit_test(a_look_decodes_so_many_blocks_at_most),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
