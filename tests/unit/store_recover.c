/* SPDX-License-Identifier: MIT
 *
 * Damage: cut anywhere, flipped anywhere, of another kind or version. A trace opens
 * with what is left and says what is missing, or there is one clear error.
 *
 * The golden file is tests/golden/trace-v1.gtv: it must stay readable for ever.
 * GENERATE=1 writes it anew, for a format that has not been released.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "tests/unit/store_make.h"

#define BLOCKS	  12
#define PER_BLOCK 50

struct fixture {
	int fd; /* the undamaged file */
	uint64_t size, unfinished;
};

static int setup(void **state)
{
	struct gtv_names *names = gtv_names_new();
	struct fixture *f = calloc(1, sizeof *f);
	struct gtv_store *st;

	f->fd = make_memory();
	make_trace(&st, names, dup(f->fd), BLOCKS, PER_BLOCK, 11);
	f->unfinished = make_size(f->fd);
	gtv_store_set_exit(st, 0);
	assert_int_equal(gtv_store_finish(st), 0);
	f->size = make_size(f->fd);
	gtv_store_close(st);
	gtv_names_free(names);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	close(f->fd);
	free(f);
	return 0;
}

/* Opens a damaged file (Takes fd); the number of events that can be read, or -1 with
 * an error that says what is wrong. */
static int64_t try_open(int fd, struct gtv_store_stats *stats)
{
	struct gtv_store *st;
	struct gtv_err err = {0};

	int rc = gtv_store_open(&st, fd, "damaged.gtv", &err);
	if (rc) {
		assert_true(rc == -GTV_EFORMAT || rc == -GTV_EVERSION);
		assert_int_equal(err.code, -rc);
		assert_string_equal(err.what, "damaged.gtv");
		assert_true(err.why[0]);
		return -1;
	}
	int64_t events = (int64_t)make_read_all(st);
	gtv_store_get_stats(st, stats);
	gtv_store_close(st);
	return events;
}

/* Every length of the file: what was whole before the cut is all there. */
static void cut_at_every_byte(void **state)
{
	const struct fixture *f = *state;
	struct gtv_store_stats stats;
	int64_t last = -1;
	int work = make_copy(f->fd, f->size);

	for (uint64_t size = f->size; size-- > 0;) {
		assert_int_equal(ftruncate(work, (off_t)size), 0);
		int64_t events = try_open(dup(work), &stats);
		if (events < 0) {
			assert_true(size < 1000); /* not even the first block is whole */
			continue;
		}
		assert_false(stats.complete);
		assert_true(events % PER_BLOCK == 0);
		assert_true(last < 0 || events <= last);
		if (size >= f->unfinished)
			assert_int_equal(events, BLOCKS * PER_BLOCK);
		assert_true(stats.gaps <= 1);
		last = events;
	}
	close(work);
}

/* A torn last EVENTS block whose head is whole says until when it went. */
static void torn_block_is_a_gap_with_its_time(void **state)
{
	const struct fixture *f = *state;
	struct gtv_store *whole, *torn;
	struct gtv_block_info last;
	uint64_t from_ns, to_ns, bytes;

	assert_int_equal(gtv_store_open(&whole, make_copy(f->fd, f->size), "w", NULL), 0);
	assert_int_equal(gtv_store_block(whole, BLOCKS - 1, &last), 0);
	uint64_t cut = last.offset + GTV_HEAD_BYTES + 10;
	assert_int_equal(gtv_store_open(&torn, make_copy(f->fd, cut), "t", NULL), 0);
	assert_int_equal(gtv_store_block_count(torn), BLOCKS - 1);
	assert_int_equal(gtv_store_gap_count(torn), 1);
	assert_int_equal(gtv_store_gap(torn, 0, &from_ns, &to_ns, &bytes), 0);
	assert_int_equal(bytes, GTV_HEAD_BYTES + 10);
	assert_int_equal(to_ns, last.to_ns);
	assert_true(from_ns < last.from_ns);
	gtv_store_close(torn);
	gtv_store_close(whole);
}

static void flip(int fd, uint64_t byte, unsigned bit)
{
	uint8_t b;
	assert_int_equal(pread(fd, &b, 1, (off_t)byte), 1);
	b ^= (uint8_t)(1u << bit);
	assert_int_equal(pwrite(fd, &b, 1, (off_t)byte), 1);
}

/* One bit anywhere costs at most one block, with and without the index. */
static void one_bit_costs_one_block(void **state)
{
	const struct fixture *f = *state;
	struct gtv_store_stats stats;
	uint64_t rnd = make_seed();

	for (int run = 0; run < 4000; run++) {
		uint64_t size = run % 2 ? f->size : f->unfinished;
		uint64_t byte = make_random(&rnd) % (run % 4 < 2 ? size : 256);
		unsigned bit = (unsigned)(make_random(&rnd) % 8);
		int work = make_copy(f->fd, size);
		flip(work, byte, bit);
		int64_t events = try_open(work, &stats);
		if (events < (BLOCKS - 1) * PER_BLOCK)
			fail_msg("bit %u of byte %llu: %lld events are left", bit,
				 (unsigned long long)byte, (long long)events);
	}
}

static void many_bits(void **state)
{
	const struct fixture *f = *state;
	struct gtv_store_stats stats;
	uint64_t rnd = make_seed();

	for (int run = 0; run < 2000; run++) {
		uint64_t size = run % 2 ? f->size : f->unfinished;
		int work = make_copy(f->fd, size);
		for (int flips = 2 + run % 40; flips--;)
			flip(work, make_random(&rnd) % size,
			     (unsigned)(make_random(&rnd) % 8));
		assert_true(try_open(work, &stats) <= BLOCKS * PER_BLOCK);
	}
}

/* A damaged head in the middle: the gap spans from the block before to the one after. */
static void gap_lies_between_neighbours(void **state)
{
	const struct fixture *f = *state;
	struct gtv_store *st;
	struct gtv_block_info before, lost, after;
	uint64_t from_ns, to_ns, bytes;
	int work = make_copy(f->fd, f->unfinished);

	assert_int_equal(gtv_store_open(&st, dup(work), "whole", NULL), 0);
	gtv_store_block(st, 4, &before);
	gtv_store_block(st, 5, &lost);
	gtv_store_block(st, 6, &after);
	gtv_store_close(st);
	flip(work, lost.offset + 20, 3);
	assert_int_equal(gtv_store_open(&st, work, "gap", NULL), 0);
	assert_int_equal(gtv_store_block_count(st), BLOCKS - 1);
	assert_int_equal(gtv_store_gap_count(st), 1);
	assert_int_equal(gtv_store_gap(st, 0, &from_ns, &to_ns, &bytes), 0);
	assert_int_equal(from_ns, before.to_ns);
	assert_int_equal(to_ns, after.from_ns);
	gtv_store_close(st);
}

/* A lost block that held no events is a gap without length. */
static void lost_names_cost_no_time(void **state)
{
	const struct fixture *f = *state;
	struct gtv_store *st;
	struct gtv_block_info block;
	uint64_t from_ns, to_ns, bytes;
	int work = make_copy(f->fd, f->unfinished);

	/* INFO is first, then the names of the first events. */
	assert_int_equal(gtv_store_open(&st, dup(work), "whole", NULL), 0);
	gtv_store_block(st, 0, &block);
	gtv_store_close(st);
	flip(work, block.offset - 1, 0); /* the payload of names */
	assert_int_equal(gtv_store_open(&st, work, "gap", NULL), 0);
	assert_int_equal(gtv_store_block_count(st), BLOCKS);
	assert_int_equal(gtv_store_gap_count(st), 1);
	assert_int_equal(gtv_store_gap(st, 0, &from_ns, &to_ns, &bytes), 0);
	assert_int_equal(from_ns, to_ns);
	gtv_store_close(st);
}

static int file_of(const void *bytes, size_t size)
{
	int fd = make_memory();
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	return fd;
}

static void files_of_another_kind(void **state)
{
	const struct fixture *f = *state;
	struct gtv_store *st;
	struct gtv_err err;
	char line[700];

	assert_int_equal(gtv_store_open(&st, make_memory(), "e", &err), -GTV_EFORMAT);
	assert_string_equal(gtv_err_line(&err, line, sizeof line), "e: the file is empty");
	assert_int_equal(gtv_store_open(&st, file_of("#!/bin/sh\n", 10), "x", &err),
			 -GTV_EFORMAT);
	assert_string_equal(gtv_err_line(&err, line, sizeof line), "x: not a gtviz trace");
	assert_int_equal(gtv_store_open(&st, file_of(GTV_BLOCK_MAGIC, 8), "m", &err),
			 -GTV_EFORMAT);
	assert_int_equal(gtv_store_open(&st, open("/", O_RDONLY), "/", &err), -GTV_EIO);
	assert_string_equal(gtv_err_line(&err, line, sizeof line), "/: Is a directory");
	assert_null(st);
	char *zeros = calloc(1, 3 << 20);
	assert_int_equal(gtv_store_open(&st, file_of(zeros, 3 << 20), "z", &err),
			 -GTV_EFORMAT);
	free(zeros);

	/* A later version, undamaged, is named; a damaged version byte is just damage. */
	uint8_t head[GTV_HEAD_BYTES];
	struct gtv_head h;
	int work = make_copy(f->fd, f->size);
	assert_int_equal(pread(work, head, sizeof head, 0), GTV_HEAD_BYTES);
	assert_int_equal(gtv_head_read(&h, head), GTV_HEAD_GOOD);
	h.version = 2;
	gtv_head_write(&h, head);
	assert_int_equal(pwrite(work, head, sizeof head, 0), GTV_HEAD_BYTES);
	assert_int_equal(gtv_store_open(&st, work, "later", &err), -GTV_EVERSION);
}

/* A file of valid blocks that lie: sizes, counts and times that no writer writes. */
static void lying_heads(void **state)
{
	(void)state;
	static const struct gtv_head lies[] = {
		{.kind = GTV_BLOCK_EVENTS, .count = 0},
		{.kind = GTV_BLOCK_EVENTS, .count = 5, .from_ns = 9, .to_ns = 8},
		{.kind = GTV_BLOCK_EVENTS, .count = UINT32_MAX, .raw_bytes = 100},
		{.kind = GTV_BLOCK_EVENTS, .count = 1, .raw_bytes = UINT32_MAX},
		{.kind = GTV_BLOCK_OUTPUT, .count = UINT32_MAX, .raw_bytes = 100},
		{.kind = GTV_BLOCK_ZOOM, .aux = UINT32_MAX},
		{.kind = GTV_BLOCK_CHECKPOINT, .raw_bytes = GTV_RAW_MAX, .flags = 1},
		{.kind = GTV_BLOCK_NAMES, .raw_bytes = GTV_RAW_MAX_SMALL, .flags = 1},
		{.kind = GTV_BLOCK_EVENTS,
		 .count = 1,
		 .stored_bytes = UINT32_MAX,
		 .raw_bytes = 1},
		{.kind = GTV_BLOCK_FOOTER, .from_ns = 0, .to_ns = 64, .count = 1},
		{.kind = 200, .count = 3},
	};
	struct gtv_store_stats stats;

	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		uint8_t bytes[2 * GTV_HEAD_BYTES];
		struct gtv_head head = lies[i];
		head.version = 1;
		gtv_head_write(&head, bytes);
		gtv_head_write(&head, bytes + GTV_HEAD_BYTES);
		assert_true(try_open(file_of(bytes, sizeof bytes), &stats) <= 0);
	}
}

/* ---- A writer that is killed for real ---- */

static void write_until_killed(int fd, _Atomic uint64_t *written)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info = make_info();
	struct gtv_store *st;
	uint64_t rnd = 5;

	if (gtv_store_create(&st, fd, &info, names, NULL))
		_exit(1);
	for (uint64_t i = 1;; i++) {
		struct gtv_ev ev = make_wild(&rnd, i * 1000);
		gtv_names_intern(names, GTV_CLASS_GT, 1, (uint32_t)i);
		if (gtv_store_append(st, &ev, 1))
			_exit(1);
		if (i % 50 == 0) {
			if (gtv_store_flush(st, 0))
				_exit(1);
			atomic_store(written, i);
		}
	}
}

/* What was flushed before a SIGKILL is in the file, and all of it can be read. */
static void killed_writer_loses_nothing_flushed(void **state)
{
	(void)state;
	uint64_t rnd = make_seed();
	_Atomic uint64_t *written =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(written != MAP_FAILED);
	for (int run = 0; run < 30; run++) {
		struct gtv_store_stats stats;
		uint64_t until = make_random(&rnd) % 5000;
		int fd = make_memory();
		atomic_store(written, 0);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			write_until_killed(fd, written);
		while (atomic_load(written) <= until)
			sched_yield();
		kill(pid, SIGKILL);
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		uint64_t flushed = atomic_load(written);
		int64_t events = try_open(fd, &stats);
		assert_true(events >= (int64_t)flushed);
		assert_true(stats.gaps <= 1);
	}
	munmap(written, 4096);
}

static void golden_file_stays_readable(void **state)
{
	(void)state;
	const char *path = "tests/golden/trace-v1.gtv";
	struct gtv_names *names = gtv_names_new();
	struct gtv_store *st, *same;
	struct gtv_store_info info;
	struct gtv_err err = {0};
	static struct gtv_ev a[GTV_BLOCK_MAX], b[GTV_BLOCK_MAX];

	if (getenv("GENERATE")) {
		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
		make_trace(&same, names, fd, 5, 40, 1);
		gtv_store_set_exit(same, 0x2a00);
		assert_int_equal(gtv_store_finish(same), 0);
		gtv_store_close(same);
		gtv_names_free(names);
		names = gtv_names_new();
	}
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		fail_msg("%s: %s (run from the top of the tree)", path, strerror(errno));
	assert_int_equal(gtv_store_open(&st, fd, path, &err), 0);
	make_trace(&same, names, make_memory(), 5, 40, 1);
	assert_int_equal(gtv_store_block_count(st), 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(gtv_store_read(st, i, a), 40);
		assert_int_equal(gtv_store_read(same, i, b), 40);
		assert_memory_equal(a, b, 40 * sizeof *a);
	}
	gtv_store_get_info(st, &info);
	assert_int_equal(info.exit_status, 0x2a00);
	assert_int_equal(gtv_store_output_count(st), 5);
	assert_int_equal(gtv_names_count(gtv_store_names(st), GTV_CLASS_GT), 5);
	gtv_store_close(st);
	gtv_store_close(same);
	gtv_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(torn_block_is_a_gap_with_its_time),
		cmocka_unit_test(one_bit_costs_one_block),
		cmocka_unit_test(many_bits),
		cmocka_unit_test(gap_lies_between_neighbours),
		cmocka_unit_test(lost_names_cost_no_time),
		cmocka_unit_test(files_of_another_kind),
		cmocka_unit_test(lying_heads),
		cmocka_unit_test(killed_writer_loses_nothing_flushed),
		cmocka_unit_test(golden_file_stays_readable),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
