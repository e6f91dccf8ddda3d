/* SPDX-License-Identifier: MIT
 *
 * Columns: every field of every kind comes back, whatever it holds; and no bytes
 * harm the decoder.
 */
#include "tests/unit/store_make.h"
#include "tracer/store/codec.h"

struct fixture {
	struct gtv_codec *codec;
	struct gtv_ev *evs, *back;
	uint8_t *raw;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	f->codec = gtv_codec_new();
	f->evs = calloc(GTV_BLOCK_MAX, sizeof *f->evs);
	f->back = calloc(GTV_BLOCK_MAX, sizeof *f->back);
	f->raw = malloc(GTV_CODEC_RAW_MAX);
	*state = f;
	return !(f->codec && f->evs && f->back && f->raw);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	gtv_codec_free(f->codec);
	free(f->evs);
	free(f->back);
	free(f->raw);
	free(f);
	return 0;
}

static size_t round_trip(struct fixture *f, uint32_t count, uint64_t base_ns)
{
	size_t size = gtv_codec_encode(f->codec, base_ns, f->evs, count, f->raw);
	assert_true(size <= GTV_CODEC_RAW_MAX);
	memset(f->back, 0xee, count * sizeof *f->back);
	assert_int_equal(gtv_codec_decode(f->codec, base_ns, f->raw, size, f->back, count),
			 0);
	assert_memory_equal(f->evs, f->back, count * sizeof *f->evs);
	return size;
}

static void wild_events_come_back(void **state)
{
	struct fixture *f = *state;
	uint64_t rnd = make_seed();

	for (int run = 0; run < 60; run++) {
		uint32_t count = 1 + (uint32_t)(make_random(&rnd) %
						(run % 20 ? 300 : GTV_BLOCK_MAX));
		uint64_t ts_ns = make_random(&rnd) >> 8;
		for (uint32_t i = 0; i < count; i++)
			f->evs[i] = make_wild(&rnd, ts_ns += make_random(&rnd) % 5000);
		round_trip(f, count, f->evs[0].ts_ns);
	}
}

/* The worst block there is must fit the bound: all streams differ, all fields miss. */
static void worst_block_fits(void **state)
{
	struct fixture *f = *state;
	uint64_t rnd = make_seed();

	for (uint32_t i = 0; i < GTV_BLOCK_MAX; i++) {
		f->evs[i] = (struct gtv_ev){.ts_ns = make_random(&rnd),
					    .kind = (uint16_t)make_random(&rnd),
					    .flags = (uint8_t)make_random(&rnd),
					    .state = (uint8_t)make_random(&rnd),
					    .core = (int32_t)(i * 2654435761u | 1u << 30) &
						    INT32_MAX,
					    .tid = (uint32_t)make_random(&rnd) | 1u << 31,
					    .gt = (uint32_t)make_random(&rnd) | 1u << 31,
					    .obj = (uint32_t)make_random(&rnd) | 1u << 31,
					    .seq = (uint32_t)make_random(&rnd),
					    .arg = make_random(&rnd)};
	}
	assert_true(round_trip(f, GTV_BLOCK_MAX, 0) > GTV_BLOCK_MAX * 40);
}

static void time_may_go_back(void **state)
{
	struct fixture *f = *state;
	static const uint64_t ts_ns[] = {UINT64_MAX, 0, 5, 3, UINT64_MAX - 1};

	for (uint32_t i = 0; i < 5; i++)
		f->evs[i] =
			(struct gtv_ev){.ts_ns = ts_ns[i], .kind = GTV_EV_MARK, .core = -1};
	round_trip(f, 5, 7);
}

/* Two green threads over a channel: every event is as predicted. */
static void steady_pattern_costs_little(void **state)
{
	struct fixture *f = *state;
	uint32_t seq[3] = {0}, count = 0;

	for (uint64_t t = 0; count + 2 <= GTV_BLOCK_MAX; t += 100) {
		uint32_t from = 1 + (uint32_t)(t / 100 % 2), to = 3 - from;
		f->evs[count++] = (struct gtv_ev){.ts_ns = t,
						  .kind = GTV_EV_READY,
						  .state = GTV_BY_GT,
						  .core = GTV_CORE_NONE,
						  .tid = 77,
						  .gt = to,
						  .obj = from,
						  .seq = ++seq[to]};
		f->evs[count] = (struct gtv_ev){.ts_ns = t + 40,
						.kind = GTV_EV_SWITCH_CHAN,
						.core = GTV_CORE_NONE,
						.tid = 77,
						.gt = from,
						.obj = to,
						.seq = ++seq[from]};
		f->evs[count++].arg = (uint64_t)++seq[to] << 32 | 9;
	}
	/* A mask and one byte of time each: nothing else but the first few. */
	assert_true(round_trip(f, count, 0) < count * 2 + 512);
}

static void hostile_bytes_do_no_harm(void **state)
{
	struct fixture *f = *state;
	uint64_t rnd = make_seed();

	for (int run = 0; run < 3000; run++) {
		uint32_t count = 1 + (uint32_t)(make_random(&rnd) % 64);
		for (uint32_t i = 0; i < count; i++)
			f->evs[i] = make_wild(&rnd, i);
		size_t size = gtv_codec_encode(f->codec, 0, f->evs, count, f->raw);
		for (int flips = 1 + run % 4; flips--;)
			f->raw[make_random(&rnd) % (run % 2 ? size : 64 % size)] ^=
				(uint8_t)(1u << make_random(&rnd) % 8);
		/* An exact heap copy, so that a sanitizer sees a byte too far. */
		size_t cut = run % 3 ? size : make_random(&rnd) % size;
		uint8_t *copy = malloc(cut + !cut);
		memcpy(copy, f->raw, cut);
		int rc = gtv_codec_decode(f->codec, 0, copy, cut, f->back, count);
		assert_true(rc == 0 || rc == -GTV_ECORRUPT);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wild_events_come_back),
		cmocka_unit_test(worst_block_fits),
		cmocka_unit_test(time_may_go_back),
		cmocka_unit_test(steady_pattern_costs_little),
		cmocka_unit_test(hostile_bytes_do_no_harm),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
