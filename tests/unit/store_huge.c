/* SPDX-License-Identifier: MIT
 *
 * Files of more than 4 GiB, most of it holes: offsets are 64 bits everywhere, and what
 * was never written is not searched byte by byte.
 */
#include "tests/unit/store_make.h"
#include "tracer/store/inside.h"

#define BLOCKS	  4u
#define PER_BLOCK 50u
#define FILLERS	  70u /* of 64 MiB: 4.4 GiB */

/* A file that can have holes; in memory, for not every file system can. */
static int make_sparse(void)
{
	int fd = make_memory();

	if (ftruncate(fd, 8ll << 30) || ftruncate(fd, 0)) {
		print_message("skip: no file may be so large here\n");
		close(fd);
		skip();
	}
	return fd;
}

static void copy_range(int from, uint64_t at, uint64_t size, int to, uint64_t target)
{
	uint8_t *bytes = malloc(size);

	assert_non_null(bytes);
	assert_int_equal(pread(from, bytes, size, (off_t)at), size);
	assert_int_equal(pwrite(to, bytes, size, (off_t)target), size);
	free(bytes);
}

/* The heads of a file, from one to the next. */
static size_t heads_of(int fd, uint64_t size, struct gtv_head *heads, size_t max)
{
	uint8_t bytes[GTV_HEAD_BYTES];
	size_t count = 0;

	for (uint64_t at = 0; at < size; count++) {
		assert_true(count < max);
		assert_int_equal(pread(fd, bytes, sizeof bytes, (off_t)at), sizeof bytes);
		assert_int_equal(gtv_head_read(&heads[count], bytes), GTV_HEAD_GOOD);
		at += GTV_HEAD_BYTES + heads[count].stored_bytes;
	}
	return count;
}

/* A trace, then parts of a kind that nobody knows, then the trace's events again. */
static uint64_t make_huge(int fd)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_block_info block, next;
	uint8_t bytes[GTV_HEAD_BYTES];
	struct gtv_store *st;
	int small = make_memory();

	make_trace(&st, names, dup(small), BLOCKS, PER_BLOCK, 4);
	uint64_t end = make_size(small);
	copy_range(small, 0, end, fd, 0);
	for (unsigned i = 0; i < FILLERS; i++) {
		struct gtv_head head = {.version = 1,
					.kind = 200,
					.ordinal = BLOCKS,
					.stored_bytes = GTV_RAW_MAX,
					.raw_bytes = GTV_RAW_MAX};
		gtv_head_write(&head, bytes);
		assert_int_equal(pwrite(fd, bytes, sizeof bytes, (off_t)end), sizeof bytes);
		end += GTV_HEAD_BYTES + GTV_RAW_MAX;
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		assert_int_equal(gtv_store_block(st, i, &block), 0);
		assert_int_equal(pread(small, bytes, sizeof bytes, (off_t)block.offset),
				 sizeof bytes);
		struct gtv_head head;
		assert_int_equal(gtv_head_read(&head, bytes), GTV_HEAD_GOOD);
		next.offset = block.offset + GTV_HEAD_BYTES + head.stored_bytes;
		copy_range(small, block.offset, next.offset - block.offset, fd, end);
		end += next.offset - block.offset;
	}
	gtv_store_close(st);
	gtv_names_free(names);
	close(small);
	return end;
}

static void assert_both_ends(int fd, int complete)
{
	static struct gtv_ev a[GTV_BLOCK_MAX], b[GTV_BLOCK_MAX];
	struct gtv_store_stats stats;
	struct gtv_block_info block;
	struct gtv_store *st;

	assert_int_equal(gtv_store_open(&st, dup(fd), "huge", NULL), 0);
	gtv_store_get_stats(st, &stats);
	assert_int_equal(stats.complete, complete);
	assert_int_equal(stats.gaps, 0);
	assert_int_equal(gtv_store_block_count(st), 2 * BLOCKS);
	for (size_t i = 0; i < BLOCKS; i++) {
		assert_int_equal(gtv_store_block(st, BLOCKS + i, &block), 0);
		assert_true(block.offset > UINT32_MAX);
		assert_int_equal(gtv_store_read(st, i, a), PER_BLOCK);
		assert_int_equal(gtv_store_read(st, BLOCKS + i, b), PER_BLOCK);
		assert_memory_equal(a, b, PER_BLOCK * sizeof *a);
	}
	gtv_store_close(st);
}

static void offsets_beyond_four_gigabytes(void **state)
{
	static struct gtv_head heads[256];
	int fd = make_sparse();
	uint64_t size = make_huge(fd);
	size_t count = heads_of(fd, size, heads, 256);

	(void)state;
	assert_both_ends(fd, 0);
	/* The same with an index. */
	uint8_t *raw = malloc(count * GTV_INDEX_ENTRY_BYTES), bytes[GTV_HEAD_BYTES];
	assert_non_null(raw);
	for (size_t i = 0; i < count; i++)
		gtv_index_write(&heads[i], raw + i * GTV_INDEX_ENTRY_BYTES);
	uint32_t bytes_count = (uint32_t)(count * GTV_INDEX_ENTRY_BYTES);
	struct gtv_head index = {.version = 1,
				 .kind = GTV_BLOCK_INDEX,
				 .count = (uint32_t)count,
				 .stored_bytes = bytes_count,
				 .raw_bytes = bytes_count,
				 .payload_hash = gtv_payload_hash(raw, bytes_count)};
	gtv_head_write(&index, bytes);
	assert_int_equal(pwrite(fd, bytes, sizeof bytes, (off_t)size), sizeof bytes);
	assert_int_equal(pwrite(fd, raw, bytes_count, (off_t)size + GTV_HEAD_BYTES),
			 bytes_count);
	free(raw);
	struct gtv_head footer = {.version = 1,
				  .kind = GTV_BLOCK_FOOTER,
				  .count = 1,
				  .from_ns = size,
				  .to_ns = size + GTV_HEAD_BYTES + bytes_count,
				  .payload_hash = gtv_payload_hash(NULL, 0)};
	gtv_head_write(&footer, bytes);
	assert_int_equal(pwrite(fd, bytes, sizeof bytes, (off_t)footer.to_ns),
			 sizeof bytes);
	assert_both_ends(fd, 1);
	close(fd);
}

/* Gigabytes that were never written are one gap, and soon passed over. */
static void a_hole_is_a_gap(void **state)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_stats stats;
	struct gtv_block_info block;
	struct gtv_store *st;
	int fd = make_sparse(), small = make_memory();

	(void)state;
	make_trace(&st, names, dup(small), BLOCKS, PER_BLOCK, 4);
	uint64_t size = make_size(small), far = 7ull << 30;
	assert_int_equal(gtv_store_block(st, 2, &block), 0);
	gtv_store_close(st);
	gtv_names_free(names);
	copy_range(small, 0, block.offset, fd, 0);
	copy_range(small, block.offset, size - block.offset, fd, far);
	assert_int_equal(gtv_store_open(&st, fd, "hole", NULL), 0);
	gtv_store_get_stats(st, &stats);
	assert_int_equal(stats.gaps, 1);
	assert_int_equal(stats.events, BLOCKS * PER_BLOCK);
	gtv_store_close(st);
	close(small);
}

static void a_hole_alone_is_no_trace(void **state)
{
	struct gtv_err err;
	struct gtv_store *st;
	int fd = make_sparse();

	(void)state;
	assert_int_equal(ftruncate(fd, 8ll << 30), 0);
	assert_int_equal(gtv_store_open(&st, fd, "zeros", &err), -GTV_EFORMAT);
	assert_string_equal(err.why, "not a gtviz trace");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_beyond_four_gigabytes),
		cmocka_unit_test(a_hole_is_a_gap),
		cmocka_unit_test(a_hole_alone_is_no_trace),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
