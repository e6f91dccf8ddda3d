/* SPDX-License-Identifier: MIT
 *
 * A look at a place costs what lies between it and the nearest checkpoint, however long
 * the trace is: counted in blocks that are read, not in time.
 */
#include "tests/unit/store_make.h"
#include "tracer/model/model.h"
#include "tracer/model/window.h"

#define PER_BLOCK  100u
#define CHECKPOINT 64u /* blocks apart */
#define STEP_NS	   1000u

/* Two threads take turns on a core; a checkpoint of the model every so often. */
static struct gtv_store *make_long(unsigned blocks)
{
	struct gtv_store_info info = make_info();
	struct gtv_names *names = gtv_names_new();
	struct gtv_model *m = gtv_model_new(3, names, NULL);
	struct gtv_store *st, *back;
	int fd = make_memory();

	assert_non_null(m);
	assert_int_equal(gtv_store_create(&st, dup(fd), &info, names, NULL), 0);
	for (unsigned i = 0; i < blocks * PER_BLOCK; i++) {
		struct gtv_ev ev = {.ts_ns = info.start_ns + i * STEP_NS,
				    .kind = GTV_EV_K_SWITCH,
				    .state = GTV_OFF_SLEEP,
				    .flags = GTV_KF_PREV_OURS | GTV_KF_NEXT_OURS,
				    .tid = 100 + i % 2,
				    .obj = 100 + (i + 1) % 2};
		assert_int_equal(gtv_store_append(st, &ev, 1), 0);
		assert_int_equal(gtv_model_feed(m, &ev, 1), 0);
		if ((i + 1) % PER_BLOCK)
			continue;
		assert_int_equal(gtv_store_flush(st, 0), 0);
		if ((i + 1) / PER_BLOCK % CHECKPOINT == 0) {
			void *bytes;
			size_t size;
			assert_int_equal(gtv_model_save(m, &bytes, &size), 0);
			gtv_store_put_checkpoint(st, ev.ts_ns, bytes, size);
			free(bytes);
		}
	}
	assert_int_equal(gtv_store_finish(st), 0);
	gtv_store_close(st);
	gtv_model_free(m);
	gtv_names_free(names);
	assert_int_equal(gtv_store_open(&back, fd, "long", NULL), 0);
	return back;
}

/* The most blocks that one look at some place reads. */
static uint64_t worst_look(unsigned blocks)
{
	struct gtv_store *st = make_long(blocks);
	uint64_t rnd = make_seed(), worst = 0, from_ns, to_ns;

	assert_int_equal(gtv_store_range(st, &from_ns, &to_ns), 0);
	for (int look = 0; look < 40; look++) {
		struct gtv_store_stats before, after;
		struct gtv_window *w = gtv_window_new(st);
		uint64_t at = from_ns + make_random(&rnd) % (to_ns - from_ns - 50000);
		assert_non_null(w);
		gtv_store_get_stats(st, &before);
		assert_int_equal(gtv_window_look(w, at, at + 50000, 500), 0);
		gtv_store_get_stats(st, &after);
		assert_true(gtv_window_exact(w));
		assert_true(after.reads > before.reads);
		if (after.reads - before.reads > worst)
			worst = after.reads - before.reads;
		gtv_window_free(w);
	}
	gtv_store_close(st);
	return worst;
}

static void a_long_trace_is_no_slower(void **state)
{
	uint64_t some = worst_look(4 * CHECKPOINT), many = worst_look(32 * CHECKPOINT);

	(void)state;
	print_message("at most %u and %u blocks\n", (unsigned)some, (unsigned)many);
	/* A checkpoint, the blocks up to the next one, and a few around the window. */
	assert_true(some <= CHECKPOINT + 16);
	assert_true(many <= CHECKPOINT + 16);
}

/* Finding the block of a time is a search by halves: it reads nothing. */
static void finding_reads_nothing(void **state)
{
	struct gtv_store *st = make_long(8 * CHECKPOINT);
	struct gtv_store_stats before, after;
	struct gtv_block_info block;
	uint64_t rnd = make_seed();

	(void)state;
	gtv_store_get_stats(st, &before);
	for (int i = 0; i < 1000; i++) {
		size_t want = make_random(&rnd) % gtv_store_block_count(st);
		assert_int_equal(gtv_store_block(st, want, &block), 0);
		assert_int_equal(gtv_store_find(st, block.from_ns), want);
	}
	gtv_store_get_stats(st, &after);
	assert_int_equal(after.reads, before.reads);
	gtv_store_close(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_trace_is_no_slower),
		cmocka_unit_test(finding_reads_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
