/* SPDX-License-Identifier: MIT
 *
 * A window that is read in parts, blocks and all, with other looks between: in the end it
 * tells what one tells that was read at once; and before, nothing that it does not know.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "tests/unit/model_rec.h"
#include "tracer/model/window_priv.h"

static const enum gtv_lane_kind kinds[] = {GTV_LANE_CORE, GTV_LANE_THREAD, GTV_LANE_GT,
					   GTV_LANE_LOCK};

/* So many pieces of work, then enough. */
static int some(void *arg, int worked)
{
	int *left = arg;

	(void)worked;
	return (*left)-- <= 0;
}

static size_t same_pieces(const struct gtv_window *a, const struct gtv_window *b)
{
	size_t seen = 0;

	for (int k = 0; k < 4; k++) {
		size_t lanes = gtv_window_lane_count(a, kinds[k]);

		assert_int_equal(gtv_window_lane_count(b, kinds[k]), lanes);
		for (size_t i = 0; i < lanes; i++) {
			struct gtv_lane lane = gtv_window_lane(a, kinds[k], i);
			size_t n, m;
			const struct gtv_piece *p = gtv_window_pieces(a, lane, &n);
			const struct gtv_piece *q = gtv_window_pieces(b, lane, &m);

			assert_int_equal(n, m);
			for (size_t at = 0; at < n; at++) {
				assert_int_equal(p[at].span.from_ns, q[at].span.from_ns);
				assert_int_equal(p[at].span.to_ns, q[at].span.to_ns);
				assert_int_equal(p[at].span.state, q[at].span.state);
				assert_int_equal(p[at].spans, q[at].spans);
			}
			seen += n;
		}
	}
	return seen;
}

/* Of what is known, no lane has a piece behind it that would have to be taken back. */
static void known_only(const struct gtv_window *w, const struct gtv_window *whole)
{
	uint64_t known_ns = gtv_window_known_ns(w);

	if (!gtv_window_exact(w) || known_ns == UINT64_MAX)
		return;
	for (int k = 0; k < 4; k++)
		for (size_t i = 0; i < gtv_window_lane_count(w, kinds[k]); i++) {
			struct gtv_lane lane = gtv_window_lane(w, kinds[k], i);
			size_t n, m, at = 0;
			const struct gtv_piece *p = gtv_window_pieces(w, lane, &n);
			const struct gtv_piece *q = gtv_window_pieces(whole, lane, &m);

			for (size_t j = 0; j + 1 < n && p[j].span.to_ns < known_ns; j++) {
				while (at < m && q[at].span.from_ns < p[j].span.from_ns)
					at++;
				assert_true(at < m);
				assert_int_equal(q[at].span.from_ns, p[j].span.from_ns);
				assert_int_equal(q[at].span.to_ns, p[j].span.to_ns);
				assert_int_equal(q[at].span.state, p[j].span.state);
			}
		}
}

static void in_parts(void **state)
{
	struct gtv_window *win, *whole;
	struct recorder r;
	struct whole w;
	int halves = 0, parts = 0;

	(void)state;
	simulate(3, 120000);
	rec_start(&r, &w);
	rec_feed(&r, sim.count);
	rec_finish(&r);
	win = gtv_window_new(r.st);
	whole = gtv_window_new(r.st);
	uint64_t len = w.to_ns - w.from_ns;
	for (int i = 0; i < 60; i++) {
		uint64_t from = w.from_ns + (uint64_t)(i * 5 % 59) * len / 64;
		uint64_t to = from + len / (uint64_t)(4 + i % 5 * 9);
		uint64_t cell_ns = 1;

		/* Most begin anew, some go on from what is known. */
		if (i % 3) {
			gtv_window_free(win);
			gtv_window_free(whole);
			win = gtv_window_new(r.st);
			whole = gtv_window_new(r.st);
		}
		assert_int_equal(gtv_window_look(whole, from, to, cell_ns), 0);
		for (int k = 0; k < 10000; k++) {
			int left = 1 + k % 3;
			struct gtv_span span;

			gtv_window_patience(win, some, &left);
			assert_int_equal(gtv_window_look(win, from, to, cell_ns), 0);
			halves += win->region.feeder.rest != NULL;
			for (size_t p = 0; p < 3; p++)
				halves += win->tiles.patch[p].feeder.rest != NULL;
			known_only(win, whole);
			gtv_window_patience(win, NULL, NULL);
			/* Decoded where the events of the others were. */
			if (k % 4 == 1)
				(void)gtv_window_span_at(
					win, (struct gtv_lane){GTV_LANE_GT, 1},
					w.from_ns + (uint64_t)(k % 7) * len / 8, &span);
			if (!gtv_window_unread(win))
				break;
			parts++;
			left = 2;
			gtv_window_patience(win, some, &left);
			assert_int_equal(gtv_window_go_on(win), 0);
		}
		assert_false(gtv_window_unread(win));
		assert_int_equal(gtv_window_look(win, from, to, cell_ns), 0);
		assert_true(same_pieces(win, whole) > 10);
	}
	print_message("%d parts, a block half fed %d times\n", parts, halves);
	assert_true(parts > 50 && halves > 10);
	gtv_window_free(win);
	gtv_window_free(whole);
	rec_close(&r);
	sim_fini(&sim);
}

/* Nobody wants it any more: it ends soon, and asked again it is whole. */
static void until(void **state)
{
	struct gtv_window *win, *whole;
	struct gtv_span span, same;
	struct recorder r;
	struct whole w;
	int left = 3;

	(void)state;
	simulate(3, 120000);
	rec_start(&r, &w);
	rec_feed(&r, sim.count);
	rec_finish(&r);
	win = gtv_window_new(r.st);
	whole = gtv_window_new(r.st);
	gtv_window_until(win, some, &left);
	assert_int_equal(gtv_window_look(win, w.from_ns, w.to_ns, 1), 0);
	assert_true(gtv_window_unread(win));
	for (uint32_t gt = 1; gt < 9; gt++) {
		struct gtv_lane lane = {GTV_LANE_GT, gt};
		uint64_t at_ns = w.from_ns + (w.to_ns - w.from_ns) * gt / 10;
		int rc = gtv_window_span_at(whole, lane, at_ns, &same);

		left = 0;
		if (gtv_window_span_at(win, lane, at_ns, &span))
			memset(&span, 0, sizeof(span));
		else
			assert_memory_equal(&span, &same, sizeof(span));
		left = 1 << 20;
		assert_int_equal(gtv_window_span_at(win, lane, at_ns, &span), rc);
		if (!rc)
			assert_memory_equal(&span, &same, sizeof(span));
	}
	assert_int_equal(gtv_window_look(win, w.from_ns, w.to_ns, 1), 0);
	assert_int_equal(gtv_window_look(whole, w.from_ns, w.to_ns, 1), 0);
	assert_true(same_pieces(win, whole) > 10);
	gtv_window_free(win);
	gtv_window_free(whole);
	rec_close(&r);
	sim_fini(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_parts),
		cmocka_unit_test(until),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
