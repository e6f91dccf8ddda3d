/* SPDX-License-Identifier: MIT
 *
 * Zoom and window against the spans of a whole trace: exact looks give those spans,
 * tiles give their sums to the nanosecond, and single spans are found anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "tests/unit/model_rec.h"
#include "tracer/model/zoom_priv.h"

/* Where a lane's spans begin in the list, which is in order of lanes. */
static size_t first_of(const struct whole *w, struct gtv_lane lane)
{
	const struct gtv_span key = {.lane = lane};
	size_t lo = 0, hi = w->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (by_lane(&w->span[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* ns of each state of a lane in [from, to), from the whole list. */
static int exact_sums(const struct whole *w, struct gtv_lane lane, uint64_t from,
		      uint64_t to, uint64_t *sum)
{
	int any = 0;

	memset(sum, 0, GTV_ST_MAX * sizeof *sum);
	for (size_t i = first_of(w, lane); i < w->count; i++) {
		const struct gtv_span *s = &w->span[i];
		if (s->lane.kind != lane.kind || s->lane.id != lane.id || s->from_ns >= to)
			break;
		if (s->to_ns <= from)
			continue;
		sum[s->state] += (s->to_ns < to ? s->to_ns : to) -
				 (s->from_ns > from ? s->from_ns : from);
		any = 1;
	}
	return any;
}

/* Pieces touch, and each sums to its length. */
static void assert_pieces(const struct gtv_piece *p, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t sum = 0;
		assert_true(p[i].span.to_ns > p[i].span.from_ns);
		assert_true(p[i].spans >= 1);
		for (unsigned st = 0; st < GTV_ST_MAX; st++) {
			sum += gtv_piece_ns(&p[i], st);
			assert_true(!gtv_piece_ns(&p[i], st) || p[i].states >> st & 1);
		}
		assert_int_equal(sum, p[i].span.to_ns - p[i].span.from_ns);
		if (i)
			assert_int_equal(p[i].span.from_ns, p[i - 1].span.to_ns);
	}
}

static const enum gtv_lane_kind kinds[] = {GTV_LANE_CORE, GTV_LANE_THREAD, GTV_LANE_GT,
					   GTV_LANE_LOCK};

static void check_exact(const struct gtv_window *win, const struct whole *w, uint64_t from,
			uint64_t to)
{
	size_t lanes = 0, at = 0;

	assert_true(gtv_window_exact(win));
	for (int k = 0; k < 4; k++) {
		for (size_t i = 0; i < gtv_window_lane_count(win, kinds[k]); i++, lanes++) {
			struct gtv_lane lane = gtv_window_lane(win, kinds[k], i);
			uint64_t sum[GTV_ST_MAX];
			size_t n;
			const struct gtv_piece *p = gtv_window_pieces(win, lane, &n);
			assert_true(n > 0);
			assert_pieces(p, n);
			assert_true(exact_sums(w, lane, from, to, sum));
			uint64_t active = sum[kinds[k] == GTV_LANE_CORE ? GTV_ST_BUSY
									: GTV_ST_RUNNING];
			if (kinds[k] == GTV_LANE_LOCK)
				active = sum[GTV_ST_HELD] + sum[GTV_ST_HELD_PREEMPTED] +
					 sum[GTV_ST_HELD_ASLEEP];
			assert_int_equal(gtv_window_activity(win, lane), active);
			struct gtv_span key = {.lane = lane, .from_ns = p[0].span.from_ns};
			const struct gtv_span *s =
				bsearch(&key, w->span, w->count, sizeof key, by_lane);
			assert_non_null(s);
			for (at = 0; at < n; at++) {
				/* The last may end where decoding did. */
				assert_int_equal(s[at].from_ns, p[at].span.from_ns);
				assert_int_equal(s[at].state, p[at].span.state);
				assert_int_equal(s[at].gt, p[at].span.gt);
				assert_int_equal(s[at].tid, p[at].span.tid);
				if (at + 1 < n)
					assert_int_equal(s[at].to_ns, p[at].span.to_ns);
			}
		}
	}
	assert_true(lanes >= SIM_CORES);
}

static void exact(void **state)
{
	(void)state;
	struct recorder r;
	struct whole w;
	simulate(1, 60000);
	rec_start(&r, &w);
	rec_feed(&r, sim.count);
	rec_finish(&r);
	struct gtv_window *win = gtv_window_new(r.st);
	uint64_t len = w.to_ns - w.from_ns;
	for (int i = 0; i < 60; i++) {
		/* Jumps, and moves to the right and the left. */
		uint64_t from =
			w.from_ns +
			(uint64_t)(i % 10 < 5 ? (i % 10) * 31 + i : i * 7) * len / 600;
		uint64_t to = from + len / (uint64_t)(20 + i);
		assert_int_equal(gtv_window_look(win, from, to, 1000), 0);
		check_exact(win, &w, from, to);
	}
	assert_int_equal(gtv_window_look(win, w.from_ns, w.to_ns, 1000), 0);
	assert_int_equal(gtv_window_events(win), sim.count);
	check_exact(win, &w, w.from_ns, w.to_ns);
	size_t edges;
	gtv_window_edges(win, &edges);
	assert_true(edges > 100);
	gtv_window_free(win);
	rec_close(&r);
	sim_fini(&sim);
}

/* Each lane's tiles over whole tiles sum to what the spans do. */
static void check_tiles(const struct gtv_window *win, const struct whole *w, uint64_t from,
			uint64_t to)
{
	for (int k = 0; k < 4; k++) {
		size_t lanes = gtv_window_lane_count(win, kinds[k]);
		assert_true(lanes > 0);
		for (size_t i = 0; i < lanes; i += 1 + lanes / 20) {
			struct gtv_lane lane = gtv_window_lane(win, kinds[k], i);
			uint64_t want[GTV_ST_MAX], got[GTV_ST_MAX] = {0}, active = 0;
			size_t n;
			const struct gtv_piece *p = gtv_window_pieces(win, lane, &n);
			assert_pieces(p, n);
			exact_sums(w, lane, from, to, want);
			for (size_t j = 0; j < n; j++) {
				uint64_t a = p[j].span.from_ns, b = p[j].span.to_ns;
				if (p[j].spans ==
				    1) { /* a run may reach out of the window */
					a = a > from ? a : from;
					b = b < to ? b : to;
					got[p[j].span.state] += b - a;
					continue;
				}
				assert_true(a >= from && b <= to);
				for (unsigned st = 0; st < GTV_ST_MAX; st++)
					got[st] += gtv_piece_ns(&p[j], st);
			}
			for (int st = 0; st < GTV_ST_MAX; st++)
				assert_int_equal(got[st], want[st]);
			active = kinds[k] == GTV_LANE_CORE ? want[GTV_ST_BUSY]
							   : want[GTV_ST_RUNNING];
			if (kinds[k] == GTV_LANE_LOCK)
				active = want[GTV_ST_HELD] + want[GTV_ST_HELD_PREEMPTED] +
					 want[GTV_ST_HELD_ASLEEP];
			assert_int_equal(gtv_window_activity(win, lane), active);
		}
	}
}

/* Looks at [from, to) and a part of it, in tiles of every level but the last two. */
static void look_at_levels(struct gtv_window *win, const struct whole *w)
{
	for (unsigned level = 0; level < 4; level++) {
		uint64_t tile = GTV_ZOOM_TILE_NS(level);
		uint64_t from = w->from_ns / tile * tile, to = (w->to_ns / tile + 1) * tile;
		assert_int_equal(gtv_window_look(win, from, to, tile), 0);
		assert_false(gtv_window_exact(win));
		check_tiles(win, w, from, to);
		from += (to - from) / 8 / tile * tile;
		to -= (to - from) / 8 / tile * tile;
		assert_int_equal(gtv_window_look(win, from, to, tile), 0);
		if (!gtv_window_exact(win))
			check_tiles(win, w, from, to);
	}
}

static void tiles(void **state)
{
	(void)state;
	struct recorder r;
	struct whole w;
	simulate_dense(2, 800000);
	rec_start(&r, &w);
	rec_feed(&r, sim.count);
	rec_finish(&r);
	assert_true(gtv_store_zoom_count(r.st, 0) > 2);
	struct gtv_window *win = gtv_window_new(r.st);
	look_at_levels(win, &w);
	gtv_window_free(win);
	rec_close(&r);
	sim_fini(&sim);
}

/* Few events: nothing fine is stored, and looks are the same. */
static void sparse(void **state)
{
	(void)state;
	struct recorder r;
	struct whole w;
	sim_init(&sim, 7, 3);
	sim.blind = 1;
	sim.pause_ns = 20000000;
	while (sim.count < 200000)
		sim_step(&sim);
	rec_start(&r, &w);
	rec_feed(&r, sim.count);
	rec_finish(&r);
	assert_int_equal(gtv_store_zoom_count(r.st, 0), 0);
	struct gtv_window *win = gtv_window_new(r.st);
	look_at_levels(win, &w);
	gtv_window_free(win);
	rec_close(&r);
	sim_fini(&sim);
}

/* Busy and quiet stretches by turns, and lanes that sleep through several: windows of all
 * widths, at places of all sorts, know every nanosecond of every lane. */
static void mixed(void **state)
{
	(void)state;
	struct recorder r;
	struct whole w;
	sim_init(&sim, 8, 3);
	sim.blind = 1;
	while (sim.count < 700000) {
		sim.step_ns = 400;
		sim.pause_ns = sim.count / 70000 % 2 ? 30000000 : 25000;
		sim_step(&sim);
	}
	rec_start(&r, &w);
	rec_feed(&r, sim.count);
	rec_finish(&r);
	assert_true(gtv_store_zoom_count(r.st, 0) > 2);
	struct gtv_window *win = gtv_window_new(r.st);
	unsigned tiled = 0;
	for (int i = 0; i < 200; i++) {
		unsigned level = (unsigned)i % 3;
		uint64_t tile = GTV_ZOOM_TILE_NS(level);
		/* Near an event chosen by chance: most are where it is busy. */
		uint64_t from = sim.ev[sim_below(&sim, (uint32_t)sim.count)].ts_ns;
		uint64_t before = tile * sim_below(&sim, 120);
		from = from - w.from_ns > before ? from - before : w.from_ns;
		uint64_t to = from + tile * (100 + sim_below(&sim, 150));
		from = from / tile * tile;
		to = (to / tile + 1) * tile;
		assert_int_equal(gtv_window_look(win, from, to, tile), 0);
		if (gtv_window_exact(win) || from >= w.to_ns)
			continue;
		check_tiles(win, &w, from, to);
		tiled++;
	}
	assert_true(tiled > 30);
	gtv_window_free(win);
	rec_close(&r);
	sim_fini(&sim);
}

/* A trace that grows: every look shows all lanes up to its end. */
static void grow_and_look(void)
{
	struct recorder r;
	struct whole w;
	rec_start(&r, &w);
	struct gtv_window *win = gtv_window_new(r.st);
	while (r.fed < sim.count) {
		uint64_t from, to;
		rec_feed(&r, 26000);
		assert_int_equal(gtv_store_range(r.st, &from, &to), 0);
		for (unsigned level = 0; level < 3; level++) {
			assert_int_equal(
				gtv_window_look(win, from, to, GTV_ZOOM_TILE_NS(level)), 0);
			assert_int_equal(gtv_window_lane_count(win, GTV_LANE_CORE),
					 SIM_CORES);
			for (size_t i = 0; i < gtv_window_lane_count(win, GTV_LANE_THREAD);
			     i++) {
				size_t n;
				const struct gtv_piece *p = gtv_window_pieces(
					win, gtv_window_lane(win, GTV_LANE_THREAD, i), &n);
				assert_true(n > 0);
				for (size_t k = 1; k < n; k++)
					assert_int_equal(p[k].span.from_ns,
							 p[k - 1].span.to_ns);
				/* All of its time, and nothing of it unknown but before the
				 * kernel first told of it. */
				assert_true(p[n - 1].span.to_ns + 1 >= to);
				for (size_t k = 1; k < n; k++)
					assert_false(p[k].states >> GTV_ST_UNKNOWN & 1);
			}
		}
		assert_int_equal(gtv_window_look(win, to - 3000000, to + 1000000, 20000),
				 0);
		assert_true(gtv_window_exact(win));
	}
	rec_finish(&r);
	assert_int_equal(gtv_window_look(win, w.from_ns / 8388608 * 8388608,
					 (w.to_ns / 8388608 + 1) * 8388608, 8388608),
			 0);
	check_tiles(win, &w, w.from_ns / 8388608 * 8388608,
		    (w.to_ns / 8388608 + 1) * 8388608);
	gtv_window_free(win);
	rec_close(&r);
	sim_fini(&sim);
}

static void live(void **state)
{
	(void)state;
	simulate_dense(3, 400000);
	grow_and_look();
}

static void live_sparse(void **state)
{
	(void)state;
	sim_init(&sim, 9, 3);
	sim.blind = 1;
	sim.pause_ns = 12000000;
	while (sim.count < 200000)
		sim_step(&sim);
	grow_and_look();
}

/* The recorder is killed in the middle: what it had put away is seen to its end. */
static void killed(void **state)
{
	(void)state;
	struct recorder r;
	struct whole w;
	uint64_t from, to;
	simulate_dense(10, 600000);
	rec_start(&r, &w);
	rec_feed(&r, 500000);
	struct gtv_window *win = gtv_window_new(r.st);
	assert_int_equal(gtv_store_range(r.st, &from, &to), 0);
	gtv_model_finish(r.m, to);
	qsort(w.span, w.count, sizeof *w.span, by_lane);
	for (unsigned level = 0; level < GTV_ZOOM_LEVELS; level++) {
		uint64_t tile = GTV_ZOOM_TILE_NS(level);
		uint64_t end = (to - 1) / tile * tile;
		/* To the last whole tile, and far from the end: lanes that sleep since
		 * are there too. */
		for (int far = 0; far < 2 && level < 3; far++) {
			uint64_t b = far ? from + (end - from) / 3 : end;
			uint64_t a = from / tile * tile;
			b = b / tile * tile;
			assert_int_equal(gtv_window_look(win, a, b, tile), 0);
			if (!gtv_window_exact(win))
				check_tiles(win, &w, a, b);
		}
		assert_int_equal(gtv_window_look(win, from, to, tile), 0);
		assert_int_equal(gtv_window_lane_count(win, GTV_LANE_CORE), SIM_CORES);
	}
	gtv_window_free(win);
	rec_close(&r);
	sim_fini(&sim);
}

/* Small blocks that unpack to much, and tell of the whole trace: a look takes few. */
static void hostile(void **state)
{
	(void)state;
	const size_t size = GTV_ZOOM_BYTES_MAX;
	struct recorder r;
	struct whole w;
	struct rusage before, after;
	uint8_t *bytes = calloc(1, size);
	simulate(11, 100000);
	rec_start(&r, &w);
	rec_feed(&r, sim.count);
	for (unsigned i = 0; i < 60; i++)
		assert_int_equal(
			gtv_store_put_zoom(r.st, i % 3, w.from_ns, UINT64_MAX, bytes, size),
			0);
	assert_int_equal(gtv_store_put_zoom(r.st, 0, 0, 1, bytes, size + 1), -GTV_EFULL);
	free(bytes);
	rec_finish(&r);
	getrusage(RUSAGE_SELF, &before);
	struct gtv_window *win = gtv_window_new(r.st);
	for (unsigned level = 0; level < 3; level++) {
		uint64_t tile = GTV_ZOOM_TILE_NS(level);
		uint64_t from = w.from_ns / tile * tile, to = (w.to_ns / tile + 1) * tile;
		assert_int_equal(gtv_window_look(win, from, to, tile), 0);
		check_tiles(win, &w, from, to);
	}
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 300l << 10); /* KiB */
	gtv_window_free(win);
	rec_close(&r);
	sim_fini(&sim);
}

static size_t put_number(uint8_t *at, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		at[n++] = (uint8_t)(v | 0x80);
	at[n++] = (uint8_t)v;
	return n;
}

/* Well formed, and all of one lane: a million pieces of a ns each. */
static void hostile_lane(void **state)
{
	(void)state;
	const uint64_t pieces = 1200000;
	const uint8_t piece[] = {0, 1, 0, 0, GTV_ST_BUSY, 0, 1, 0, 1, 0, 0, 0, 0};
	struct recorder r;
	struct whole w;
	struct rusage before, after;
	uint8_t *bytes = malloc(100 + pieces * sizeof piece);
	simulate(12, 100000);
	rec_start(&r, &w);
	rec_feed(&r, sim.count);
	const uint64_t head[] = {1, 0, w.from_ns, 1,	  GTV_LANE_CORE,
				 1, 0, pieces,	  pieces, pieces * sizeof piece,
				 0};
	size_t size = 0;
	for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
		size += put_number(bytes + size, head[i]);
	for (uint64_t i = 0; i < pieces; i++, size += sizeof piece)
		memcpy(bytes + size, piece, sizeof piece);
	for (unsigned i = 0; i < 30; i++)
		assert_int_equal(gtv_store_put_zoom(r.st, 0, w.from_ns, w.from_ns + pieces,
						    bytes, size),
				 0);
	free(bytes);
	rec_finish(&r);
	getrusage(RUSAGE_SELF, &before);
	struct gtv_window *win = gtv_window_new(r.st);
	uint64_t tile = GTV_ZOOM_TILE_NS(0);
	assert_int_equal(gtv_window_look(win, w.from_ns, w.to_ns, tile), 0);
	size_t n;
	const struct gtv_piece *p =
		gtv_window_pieces(win, (struct gtv_lane){GTV_LANE_CORE, 1}, &n);
	assert_true(n >= 1u << 17);
	assert_pieces(p, n);
	assert_true(p[n - 1].span.to_ns >= w.to_ns - 1);
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 300l << 10); /* KiB */
	gtv_window_free(win);
	rec_close(&r);
	sim_fini(&sim);
}

static void single_spans(void **state)
{
	(void)state;
	struct recorder r;
	struct whole w;
	simulate(4, 120000);
	rec_start(&r, &w);
	rec_feed(&r, sim.count);
	rec_finish(&r);
	struct gtv_window *win = gtv_window_new(r.st);
	for (size_t i = 0; i < w.count; i += 1 + w.count / 150) {
		const struct gtv_span *s = &w.span[i];
		struct gtv_span got;
		uint64_t mid = s->from_ns + (s->to_ns - s->from_ns) / 2;
		assert_int_equal(gtv_window_span_at(win, s->lane, mid, &got), 0);
		assert_memory_equal(&got, s, offsetof(struct gtv_span, waiters) + 4);
		if (i + 1 < w.count && s[1].lane.id == s->lane.id &&
		    s[1].lane.kind == s->lane.kind) {
			assert_int_equal(gtv_window_span_step(win, s->lane, mid, 1, &got),
					 0);
			assert_memory_equal(&got, s + 1,
					    offsetof(struct gtv_span, waiters) + 4);
			assert_int_equal(
				gtv_window_span_step(win, s->lane, got.from_ns, -1, &got),
				0);
			assert_memory_equal(&got, s,
					    offsetof(struct gtv_span, waiters) + 4);
		}
	}
	struct gtv_span none;
	assert_int_equal(gtv_window_span_at(win, (struct gtv_lane){GTV_LANE_GT, 99999},
					    w.from_ns, &none),
			 -GTV_ENOTFOUND);
	gtv_window_free(win);
	rec_close(&r);
	sim_fini(&sim);
}

/* No zoom blocks, no checkpoints, no end: a recorder killed early. */
static void bare(void **state)
{
	(void)state;
	struct gtv_store_info info = {.level = 3, .core_count = SIM_CORES};
	struct gtv_names *names = gtv_names_new();
	struct gtv_err err = {0};
	struct gtv_store *st;
	uint64_t from, to;
	simulate(5, 300000);
	assert_int_equal(gtv_store_create_temp(&st, &info, names, &err), 0);
	struct gtv_window *win = gtv_window_new(st);
	assert_int_equal(gtv_window_look(win, 0, 1000000000, 1000), 0);
	assert_int_equal(gtv_window_lane_count(win, GTV_LANE_CORE), 0);
	assert_int_equal(gtv_store_append(st, sim.ev, sim.count), 0);
	assert_int_equal(gtv_store_flush(st, 0), 0);
	assert_int_equal(gtv_store_range(st, &from, &to), 0);
	assert_int_equal(gtv_window_look(win, from, to, 8388608), 0);
	assert_false(gtv_window_exact(win));
	assert_int_equal(gtv_window_lane_count(win, GTV_LANE_CORE), SIM_CORES);
	size_t n;
	const struct gtv_piece *p =
		gtv_window_pieces(win, (struct gtv_lane){GTV_LANE_CORE, 1}, &n);
	assert_true(n > 5);
	assert_pieces(p, n);
	assert_true(p[n - 1].span.to_ns + 1 >= to);
	gtv_window_free(win);
	gtv_store_close(st);
	gtv_names_free(names);
	sim_fini(&sim);
}

struct sums {
	uint64_t from_ns; /* what is before does not count */
	uint64_t ns[GTV_ST_MAX];
};

static void sum_piece(void *arg, const struct gtv_piece *p)
{
	struct sums *sum = arg;

	if (p->spans == 1) {
		uint64_t from = p->span.from_ns;
		from = from > sum->from_ns ? from : sum->from_ns;
		if (from < p->span.to_ns)
			sum->ns[p->span.state] += p->span.to_ns - from;
		return;
	}
	for (unsigned st = 0; st < GTV_ST_MAX; st++)
		sum->ns[st] += gtv_piece_ns(p, st);
}

/* A lane at a time, or at once: the same directory, or the same refusal. */
static void open_in_parts(const void *bytes, size_t size)
{
	struct gtv__zblock whole, parts;
	int rc = gtv__zblock_begin(&parts, bytes, size);
	size_t steps = 0;

	for (; rc > 0; steps++)
		rc = gtv__zblock_go_on(&parts, 1);
	assert_int_equal(gtv__zblock_open(&whole, bytes, size), rc);
	if (!rc) {
		assert_int_equal(parts.lanes, whole.lanes);
		assert_int_equal(steps, whole.lanes);
		assert_ptr_equal(parts.at, whole.at);
		assert_memory_equal(parts.dir, whole.dir, whole.lanes * sizeof *whole.dir);
		for (size_t i = 0; i < whole.lanes; i++) {
			struct gtv_lane lane = whole.dir[i].lane;
			assert_ptr_equal(gtv__zblock_find(&whole, lane), &whole.dir[i]);
			lane.id++;
			if (i + 1 == whole.lanes || whole.dir[i + 1].lane.id != lane.id ||
			    whole.dir[i + 1].lane.kind != lane.kind)
				assert_null(gtv__zblock_find(&whole, lane));
		}
	}
	gtv__zblock_close(&parts);
	gtv__zblock_close(&whole);
}

static void read_damaged(const void *bytes, size_t size)
{
	struct sums waste;

	for (int k = 0; k < 300; k++) {
		uint8_t *bad = malloc(size);
		size_t cut = k % 4 ? size : sim_below(&sim, (uint32_t)size);
		memcpy(bad, bytes, cut);
		if (cut)
			bad[sim_below(&sim, (uint32_t)cut)] ^=
				(uint8_t)(1u << sim_below(&sim, 8));
		gtv_zoom_decode(bad, cut, sum_piece, &waste);
		if (k < 8)
			open_in_parts(bad, cut);
		free(bad);
	}
}

/* Every level keeps every nanosecond of what it covers; damaged blocks are refused or
 * read safely. */
static void zoom_blocks(void **state)
{
	(void)state;
	struct recorder r;
	struct whole w;
	simulate_dense(6, 300000);
	rec_start(&r, &w);
	rec_feed(&r, sim.count);
	rec_finish(&r);
	for (unsigned level = 0; level < GTV_ZOOM_LEVELS; level++) {
		struct sums got = {0}, want = {0};
		uint64_t to;
		assert_true(gtv_store_zoom_count(r.st, level) > 0);
		for (size_t i = 0; i < gtv_store_zoom_count(r.st, level); i++) {
			void *bytes;
			size_t size;
			gtv_store_zoom_info(r.st, level, i, i ? &to : &got.from_ns, &to);
			assert_int_equal(gtv_store_get_zoom(r.st, level, i, &bytes, &size),
					 0);
			assert_int_equal(gtv_zoom_decode(bytes, size, sum_piece, &got), 0);
			open_in_parts(bytes, size);
			read_damaged(bytes, size);
			free(bytes);
		}
		for (size_t i = 0; i < w.count; i++) {
			uint64_t from = w.span[i].from_ns;
			from = from > got.from_ns ? from : got.from_ns;
			if (from < w.span[i].to_ns)
				want.ns[w.span[i].state] += w.span[i].to_ns - from;
		}
		for (int st = 0; st < GTV_ST_MAX; st++)
			assert_int_equal(got.ns[st], want.ns[st]);
	}
	rec_close(&r);
	sim_fini(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact),	cmocka_unit_test(tiles),
		cmocka_unit_test(sparse),	cmocka_unit_test(mixed),
		cmocka_unit_test(live),		cmocka_unit_test(live_sparse),
		cmocka_unit_test(killed),	cmocka_unit_test(hostile),
		cmocka_unit_test(hostile_lane), cmocka_unit_test(bare),
		cmocka_unit_test(single_spans), cmocka_unit_test(zoom_blocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
