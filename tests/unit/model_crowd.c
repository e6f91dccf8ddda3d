/* SPDX-License-Identifier: MIT
 *
 * A crowd looked at in parts: more lanes than are told of at once. What is known before all
 * is read is true, each part is one piece of work, and the end is what a look in one go
 * knows. A look that reads nothing, where nothing was read since, is not made again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/tools/crowd.h"
#include "tracer/model/window.h"

#define CORES 48
#define GTS   20000
#define TURNS 60000
#define APART 7	 /* pieces between two looks */
#define LANES 31 /* of so many one is compared on the way */
#define TIMES 16

static const enum gtv_lane_kind kinds[] = {GTV_LANE_CORE, GTV_LANE_THREAD, GTV_LANE_GT,
					   GTV_LANE_LOCK};

static int asked;

static int enough_at_once(void *arg, int worked)
{
	(void)arg;
	(void)worked;
	asked++;
	return 1;
}

struct fixture {
	struct gtv_store *store;
	struct gtv_names *names;
	uint64_t from_ns, to_ns;
};

static int open_crowd(void **state)
{
	static struct fixture f;

	f.names = gtv_names_new();
	f.store = crowd_store(f.names, CORES, GTS, TURNS);
	assert_int_equal(gtv_store_range(f.store, &f.from_ns, &f.to_ns), 0);
	*state = &f;
	return 0;
}

static int close_crowd(void **state)
{
	struct fixture *f = *state;

	gtv_store_close(f->store);
	gtv_names_free(f->names);
	return 0;
}

static void assert_same_lane(const struct gtv_window *a, const struct gtv_window *b,
			     struct gtv_lane lane)
{
	size_t n, m;
	const struct gtv_piece *p = gtv_window_pieces(a, lane, &n);
	const struct gtv_piece *q = gtv_window_pieces(b, lane, &m);

	assert_int_equal(n, m);
	assert_int_equal(gtv_window_activity(a, lane), gtv_window_activity(b, lane));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(p[i].span.from_ns, q[i].span.from_ns);
		assert_int_equal(p[i].span.to_ns, q[i].span.to_ns);
		assert_int_equal(p[i].span.state, q[i].span.state);
		assert_int_equal(p[i].spans, q[i].spans);
	}
}

static void assert_same(const struct gtv_window *a, const struct gtv_window *b)
{
	assert_int_equal(gtv_window_exact(a), gtv_window_exact(b));
	for (int k = 0; k < 4; k++) {
		size_t lanes = gtv_window_lane_count(a, kinds[k]);

		assert_int_equal(gtv_window_lane_count(b, kinds[k]), lanes);
		for (size_t i = 0; i < lanes; i++) {
			struct gtv_lane lane = gtv_window_lane(a, kinds[k], i);

			assert_int_equal(gtv_window_lane(b, kinds[k], i).id, lane.id);
			assert_same_lane(a, b, lane);
		}
	}
}

/* What the lane does at a time; -1: that is not said. */
static int state_at(const struct gtv_window *w, struct gtv_lane lane, uint64_t ts_ns)
{
	size_t count;
	const struct gtv_piece *p = gtv_window_pieces(w, lane, &count);

	for (size_t i = 0; i < count; i++) {
		assert_true(!i || p[i].span.from_ns == p[i - 1].span.to_ns);
		if (p[i].span.from_ns <= ts_ns && ts_ns < p[i].span.to_ns)
			return p[i].span.state;
	}
	return -1;
}

/* As far as the look says that it knows, each lane does what it does indeed. */
static void assert_true_so_far(const struct gtv_window *now, const struct gtv_window *end,
			       uint64_t from_ns, uint64_t to_ns)
{
	uint64_t known_ns = gtv_window_known_ns(now);

	known_ns = known_ns < to_ns ? known_ns : to_ns;
	for (int k = 0; k < 4 && known_ns > from_ns && gtv_window_exact(end); k++) {
		size_t lanes = gtv_window_lane_count(end, kinds[k]);

		for (size_t i = 0; i < lanes; i += kinds[k] == GTV_LANE_GT ? LANES : 1) {
			struct gtv_lane lane = gtv_window_lane(end, kinds[k], i);

			for (uint64_t t = 0; t < TIMES; t++) {
				uint64_t at_ns = from_ns + (known_ns - from_ns) / TIMES * t;
				int state = state_at(end, lane, at_ns);

				assert_int_equal(state_at(now, lane, at_ns), state);
			}
		}
	}
}

/* Returns in how many pieces. */
static int look_in_pieces(const struct fixture *f, uint64_t from_ns, uint64_t to_ns)
{
	struct gtv_window *parted = gtv_window_new(f->store),
			  *whole = gtv_window_new(f->store);
	uint64_t cell_ns = (to_ns - from_ns) / 175 + 1, known_ns = 0;
	int pieces = 0;

	assert_int_equal(gtv_window_look(whole, from_ns, to_ns, cell_ns), 0);
	gtv_window_patience(parted, enough_at_once, NULL);
	assert_int_equal(gtv_window_look(parted, from_ns, to_ns, cell_ns), 0);
	for (; gtv_window_unread(parted); pieces++) {
		assert_true(pieces < 20000);
		asked = 0;
		assert_int_equal(gtv_window_go_on(parted), 0);
		assert_in_range(asked, 0, 8);
		if (pieces % APART)
			continue;
		assert_int_equal(gtv_window_look(parted, from_ns, to_ns, cell_ns), 0);
		assert_true(gtv_window_known_ns(parted) >= known_ns);
		known_ns = gtv_window_known_ns(parted);
		assert_true_so_far(parted, whole, from_ns, to_ns);
	}
	assert_int_equal(gtv_window_look(parted, from_ns, to_ns, cell_ns), 0);
	assert_same(parted, whole);
	gtv_window_free(parted);
	gtv_window_free(whole);
	return pieces;
}

static void pieces_make_a_whole(void **state)
{
	const struct fixture *f = *state;
	uint64_t all_ns = f->to_ns - f->from_ns;

	/* As tiles; exactly; to the end, where all that is open ends. */
	assert_true(look_in_pieces(f, f->from_ns, f->to_ns) > 10);
	assert_true(look_in_pieces(f, f->from_ns, f->from_ns + all_ns / 4) > 10);
	assert_true(look_in_pieces(f, f->from_ns + all_ns / 2,
				   f->from_ns + all_ns / 2 + all_ns / 50) > 3);
	look_in_pieces(f, f->to_ns - all_ns / 20, f->to_ns + all_ns / 10);
}

static void the_same_look_is_not_made_again(void **state)
{
	const struct fixture *f = *state;
	struct gtv_window *w = gtv_window_new(f->store), *whole = gtv_window_new(f->store);
	uint64_t from_ns = f->from_ns, to_ns = f->to_ns,
		 cell_ns = (to_ns - from_ns) / 175 + 1;

	gtv_window_patience(w, enough_at_once, NULL);
	assert_int_equal(gtv_window_look(w, from_ns, to_ns, cell_ns), 0);
	for (int pieces = 0; pieces < 60; pieces++)
		assert_int_equal(gtv_window_go_on(w), 0);
	assert_true(gtv_window_unread(w));
	assert_int_equal(gtv_window_look(w, from_ns, to_ns, cell_ns), 0);
	uint64_t looks = gtv_window_looks(w);
	gtv_window_patience(w, enough_at_once, NULL);
	assert_int_equal(gtv_window_look(w, from_ns, to_ns, cell_ns), 0);
	assert_true(gtv_window_unread(w));
	assert_int_equal(gtv_window_looks(w), looks);
	/* Something was read; */
	assert_int_equal(gtv_window_go_on(w), 0);
	assert_int_equal(gtv_window_look(w, from_ns, to_ns, cell_ns), 0);
	assert_int_equal(gtv_window_looks(w), ++looks);
	/* another part; */
	assert_int_equal(gtv_window_look(w, from_ns + 1, to_ns, cell_ns), 0);
	assert_int_equal(gtv_window_looks(w), ++looks);
	assert_int_equal(gtv_window_look(w, from_ns, to_ns, cell_ns), 0);
	assert_int_equal(gtv_window_looks(w), ++looks);
	/* and all the patience there is. */
	gtv_window_patience(w, NULL, NULL);
	assert_int_equal(gtv_window_look(w, from_ns, to_ns, cell_ns), 0);
	assert_false(gtv_window_unread(w));
	assert_int_equal(gtv_window_look(whole, from_ns, to_ns, cell_ns), 0);
	assert_same(w, whole);
	gtv_window_free(w);
	gtv_window_free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_make_a_whole),
		cmocka_unit_test(the_same_look_is_not_made_again),
	};
	return cmocka_run_group_tests(tests, open_crowd, close_crowd);
}
