/* SPDX-License-Identifier: MIT
 *
 * The merge against a sort, with seeds; lateness, ties, and its speed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "tracer/merge/merge.h"

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t rng_state;

static uint32_t rng(uint32_t below)
{
	rng_state = rng_state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((rng_state >> 33) % below);
}

struct item {
	struct gtv_ev ev;
	int stream, pos;
};

static int compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->ev.ts_ns != y->ev.ts_ns)
		return x->ev.ts_ns < y->ev.ts_ns ? -1 : 1;
	if (x->ev.seq != y->ev.seq)
		return x->ev.seq < y->ev.seq ? -1 : 1;
	if (x->stream != y->stream)
		return x->stream - y->stream;
	return x->pos - y->pos;
}

static struct gtv_ev event(uint64_t ts, uint32_t seq, uint32_t tid)
{
	return (struct gtv_ev){.ts_ns = ts, .kind = GTV_EV_READY, .seq = seq, .tid = tid};
}

/* Random streams, each nearly in order, pushed in random order and taken in rounds,
 * come out as a sort of everything would have them. seq is a function of the time
 * and the stream, so that a stream's own order never contradicts the sort's. */
static void one_round(uint64_t seed)
{
	enum { MAX = 5000 };
	static struct item items[MAX];
	struct gtv_merge *m = gtv_merge_new();
	uint64_t clock[20] = {0}, upto = 0;
	int streams = 1 + (int)(seed % 20), n = 0, taken = 0;

	rng_state = seed;
	for (int i = 0; i < streams; i++)
		assert_int_equal(gtv_merge_stream(m, (uint64_t)i), i);
	while (n < MAX) {
		int burst = 1 + (int)rng(200);
		for (int i = 0; i < burst && n < MAX; i++) {
			int s = (int)rng((uint32_t)streams);
			clock[s] = clock[s] < upto ? upto : clock[s];
			clock[s] += rng(4);
			uint64_t back = rng(8) ? 0 : rng(5);
			uint64_t ts = clock[s] < upto + back ? upto : clock[s] - back;
			items[n] = (struct item){
				event(ts, (uint32_t)ts % 3 + (uint32_t)s % 2, 0), s, n};
			items[n].ev.tid = (uint32_t)n;
			assert_int_equal(gtv_merge_push(m, s, &items[n].ev), 0);
			n++;
		}
		qsort(items + taken, (size_t)(n - taken), sizeof items[0], compare);
		upto += rng(20);
		struct gtv_ev ev;
		while (!gtv_merge_pop(m, upto, &ev)) {
			assert_true(taken < n);
			assert_memory_equal(&ev, &items[taken].ev, sizeof ev);
			taken++;
		}
		assert_true(taken == n || items[taken].ev.ts_ns > upto);
		assert_int_equal(gtv_merge_queued(m), n - taken);
	}
	struct gtv_ev ev;
	for (; !gtv_merge_pop(m, UINT64_MAX, &ev); taken++)
		assert_memory_equal(&ev, &items[taken].ev, sizeof ev);
	assert_int_equal(taken, n);
	assert_int_equal(gtv_merge_late(m), 0);
	gtv_merge_free(m);
}

static void test_against_a_sort(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++)
		one_round(seed);
}

/* All that is due, in batches. Returns how many. */
static uint32_t take_tids(struct gtv_merge *m, uint64_t watermark, size_t batch,
			  uint32_t *tid)
{
	struct gtv_ev ev[64];
	uint32_t n = 0;
	size_t got;

	while ((got = gtv_merge_take(m, watermark, ev, batch)))
		for (size_t i = 0; i < got; i++)
			tid[n++] = ev[i].tid;
	return n;
}

/* However the pushes are cut into rounds and the events into batches, the result is the
 * same. */
static void test_rounds_do_not_matter(void **state)
{
	(void)state;
	enum { N = 3000 };
	static uint32_t first[N], again[N];

	for (int cut = 0; cut < 10; cut++) {
		struct gtv_merge *m = gtv_merge_new();
		struct gtv_ev ev;
		uint32_t got = 0;
		rng_state = 99;
		for (int i = 0; i < 5; i++)
			gtv_merge_stream(m, 5 - (uint64_t)i);
		for (uint32_t i = 0; i < N; i++) {
			ev = event(i / 7, rng(3), i);
			assert_int_equal(gtv_merge_push(m, (int)rng(5), &ev), 0);
			/* One by one, or in batches. */
			if (cut && !(i % (uint32_t)(cut * 13)) && i / 7 > 0)
				got += take_tids(m, i / 7 - 1, (uint32_t)cut % 4 * 7 + 1,
						 again + got);
		}
		got += take_tids(m, UINT64_MAX, cut ? 64 : 1, again + got);
		assert_int_equal(got, N);
		if (!cut)
			memcpy(first, again, sizeof first);
		assert_memory_equal(first, again, sizeof first);
		gtv_merge_free(m);
	}
}

static void test_ties(void **state)
{
	(void)state;
	struct gtv_merge *m = gtv_merge_new();
	int a = gtv_merge_stream(m, 2), b = gtv_merge_stream(m, 1);
	struct gtv_ev in[] = {event(5, 9, 1), event(5, 1, 2), event(5, 8, 3),
			      event(5, 9, 4)};
	uint32_t want[] = {3, 4, 1, 2}; /* number, then stream; position within a stream */
	struct gtv_ev ev;

	gtv_merge_push(m, a, &in[0]);
	gtv_merge_push(m, a, &in[1]);
	gtv_merge_push(m, b, &in[2]);
	gtv_merge_push(m, b, &in[3]);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(gtv_merge_pop(m, 5, &ev), 0);
		assert_int_equal(ev.tid, want[i]);
	}
	assert_int_equal(gtv_merge_pop(m, UINT64_MAX, &ev), 1);
	gtv_merge_free(m);
}

static void test_late(void **state)
{
	(void)state;
	struct gtv_merge *m = gtv_merge_new();
	int a = gtv_merge_stream(m, 1), b = gtv_merge_stream(m, 2);
	struct gtv_ev ev = event(50, 1, 1);
	struct gtv_ev loss = {.ts_ns = 40, .kind = GTV_EV_LOSS, .gt = 10, .arg = 3};

	gtv_merge_push(m, a, &ev);
	assert_int_equal(gtv_merge_pop(m, 100, &ev), 0);
	assert_int_equal(gtv_merge_pop(m, 100, &ev), 1);
	ev = event(99, 1, 2);
	gtv_merge_push(m, b, &ev);
	gtv_merge_push(m, b, &loss);
	ev = event(100, 1, 3);
	gtv_merge_push(m, b, &ev);
	assert_int_equal(gtv_merge_late(m), 2);
	assert_int_equal(gtv_merge_pop(m, 100, &ev), 0);
	assert_int_equal(ev.tid, 2);
	assert_int_equal(ev.ts_ns, 100);
	assert_int_equal(gtv_merge_pop(m, 100, &ev), 0);
	assert_int_equal(ev.kind, GTV_EV_LOSS);
	assert_int_equal(gtv_ev_loss_from(&ev), 30);
	assert_int_equal(gtv_merge_pop(m, 100, &ev), 0);
	assert_int_equal(ev.tid, 3);
	gtv_merge_free(m);
}

static void test_bad_stream(void **state)
{
	(void)state;
	struct gtv_merge *m = gtv_merge_new();
	struct gtv_ev ev = event(1, 1, 1);

	assert_true(gtv_merge_push(m, 0, &ev) < 0);
	assert_true(gtv_merge_push(m, -1, &ev) < 0);
	assert_int_equal(gtv_merge_pop(m, UINT64_MAX, &ev), 1);
	gtv_merge_free(m);
}

/* A stream that is never empty: 1,000 wait at any time, and once 200,000. */
static void test_burst_is_given_back(void **state)
{
	(void)state;
	struct gtv_merge *m = gtv_merge_new();
	uint64_t in = 0, out = 0;
	struct gtv_ev ev;

	gtv_merge_stream(m, 0);
	for (int round = 0; round < 2000; round++) {
		uint64_t want = round == 100 ? 200000 : 1000;

		for (; in < out + want; in++) {
			ev = event(in, 1, 1);
			assert_int_equal(gtv_merge_push(m, 0, &ev), 0);
		}
		if (round == 100)
			assert_true(gtv_merge_bytes(m) >= 200000 * sizeof(ev));
		uint64_t upto = in - 500;

		while (!gtv_merge_pop(m, upto - 1, &ev))
			assert_int_equal(ev.ts_ns, out++);
		assert_int_equal(out, upto);
	}
	assert_true(gtv_merge_bytes(m) <= 32768 * sizeof(ev));
	gtv_merge_free(m);
}

static void test_speed(void **state)
{
	(void)state;
	enum { STREAMS = 70, EACH = 20000, ROUND = 500 };
	struct gtv_merge *m = gtv_merge_new();
	struct gtv_ev ev;
	uint64_t out = 0;

	for (int i = 0; i < STREAMS; i++)
		gtv_merge_stream(m, (uint64_t)i);
	uint64_t start = now_ns();
	for (uint64_t i = 0; i < EACH; i += ROUND) {
		for (int s = 0; s < STREAMS; s++)
			for (uint64_t j = i; j < i + ROUND; j++) {
				ev = event(j * 100 + (uint64_t)(s * 7), 1, 1);
				gtv_merge_push(m, s, &ev);
			}
		while (!gtv_merge_pop(m, i * 100, &ev))
			out++;
	}
	while (!gtv_merge_pop(m, UINT64_MAX, &ev))
		out++;
	uint64_t ns = now_ns() - start;
	print_message("%.1f ns an event, %d streams\n", (double)ns / (double)out, STREAMS);
	assert_int_equal(out, STREAMS * EACH);
	gtv_merge_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_a_sort),
		cmocka_unit_test(test_rounds_do_not_matter),
		cmocka_unit_test(test_ties),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_bad_stream),
		cmocka_unit_test(test_burst_is_given_back),
		cmocka_unit_test(test_speed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
