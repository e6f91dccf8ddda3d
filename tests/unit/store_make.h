/* SPDX-License-Identifier: MIT
 *
 * What the tests of the store have in common: a seeded generator, events of every
 * kind, a small trace with one of everything, and files in memory.
 */
#ifndef STORE_MAKE_H
#define STORE_MAKE_H

#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tracer/store/block.h"
#include "tracer/store/store.h"

/* xorshift64*: the same figures on every machine. */
static inline uint64_t make_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

/* A seed of one's own: GTV_SEED repeats a run. */
static inline uint64_t make_seed(void)
{
	const char *text = getenv("GTV_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 20260101;
	print_message("seed: GTV_SEED=%llu\n", (unsigned long long)seed);
	return seed ? seed : 1;
}

/* An event with anything in any field, small figures and huge ones. */
static inline struct gtv_ev make_wild(uint64_t *rnd, uint64_t ts_ns)
{
	static const uint32_t masks[] = {0, 1, 0xf, 0xff, 0xffff, 0xffffffff};
	uint32_t field[5];

	for (int i = 0; i < 5; i++)
		field[i] = (uint32_t)make_random(rnd) & masks[make_random(rnd) % 6];
	return (struct gtv_ev){
		.ts_ns = ts_ns,
		.kind = (uint16_t)(make_random(rnd) % 8 ? make_random(rnd) % GTV_EV_MAX
							: make_random(rnd)),
		.flags = (uint8_t)(make_random(rnd) & masks[make_random(rnd) % 4]),
		.state = (uint8_t)(make_random(rnd) & masks[make_random(rnd) % 4]),
		.core = make_random(rnd) % 3 ? (int32_t)field[4] : GTV_CORE_NONE,
		.tid = field[0],
		.gt = field[1],
		.obj = field[2],
		.seq = field[3],
		.arg = make_random(rnd) & (make_random(rnd) % 2 ? UINT64_MAX : 0xffff),
	};
}

static inline int make_memory(void)
{
	int fd = memfd_create("store-test", MFD_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* A second file in memory with the same bytes. */
static inline int make_copy(int fd, uint64_t size)
{
	int copy = make_memory();
	char buf[4096];
	for (uint64_t done = 0; done < size;) {
		size_t want = size - done < sizeof buf ? (size_t)(size - done) : sizeof buf;
		ssize_t n = pread(fd, buf, want, (off_t)done);
		assert_true(n > 0);
		assert_int_equal(write(copy, buf, (size_t)n), n);
		done += (uint64_t)n;
	}
	return copy;
}

static inline uint64_t make_size(int fd)
{
	struct stat sb;
	assert_int_equal(fstat(fd, &sb), 0);
	return (uint64_t)sb.st_size;
}

static inline struct gtv_store_info make_info(void)
{
	return (struct gtv_store_info){
		.level = 3,
		.core_count = 4,
		.clock = 1,
		.start_ns = 1000000,
		.wall_ns = 1700000000000000000ull,
		.uid = 1000,
		.pid = 4242,
		.exit_status = -1,
		.host = "testhost",
		.kernel = "6.1.0-test",
		.command = "./pingpong --rounds 3",
	};
}

/* A trace with some of everything: `blocks` event blocks of `per_block` events, each
 * behind new names, with checkpoints, zoom blocks and outputs between. The last event
 * of block b is at (b + 1) ms + start. Leaves *st open, unfinished. */
static inline void make_trace(struct gtv_store **st, struct gtv_names *names, int fd,
			      unsigned blocks, unsigned per_block, uint64_t seed)
{
	struct gtv_store_info info = make_info();
	struct gtv_err err = {0};
	uint64_t rnd = seed;

	assert_int_equal(gtv_store_create(st, fd, &info, names, &err), 0);
	for (unsigned b = 0; b < blocks; b++) {
		struct gtv_name name = {.id = b + 1, .pid = 4242, .local = b};
		snprintf(name.text, sizeof name.text, "thread-%u", b);
		assert_int_equal(gtv_names_set(names, GTV_CLASS_GT, &name), 0);
		uint64_t from_ns = info.start_ns + b * 1000000ull;
		for (unsigned i = 0; i < per_block; i++) {
			struct gtv_ev ev =
				make_wild(&rnd, from_ns + (i + 1) * 1000000ull / per_block);
			assert_int_equal(gtv_store_append(*st, &ev, 1), 0);
		}
		char text[32];
		snprintf(text, sizeof text, "line %u\n", b);
		assert_int_equal(gtv_store_put_output(*st, from_ns + 5, text, strlen(text)),
				 0);
		assert_int_equal(gtv_store_flush(*st, 0), 0);
		if (b % 3 == 2)
			assert_int_equal(gtv_store_put_checkpoint(*st, from_ns + 1000000,
								  text, strlen(text)),
					 0);
		assert_int_equal(gtv_store_put_zoom(*st, b % 6, from_ns, from_ns + 1000000,
						    text, strlen(text)),
				 0);
	}
}

/* Reads all that can be read, as a tool would. Returns the events. */
static inline uint64_t make_read_all(const struct gtv_store *st)
{
	struct gtv_ev *evs = malloc(GTV_BLOCK_MAX * sizeof *evs);
	uint64_t events = 0, ns, from_ns, to_ns;
	void *bytes;
	size_t size, idx;

	assert_non_null(evs);
	for (size_t b = 0; b < gtv_store_block_count(st); b++) {
		long n = gtv_store_read(st, b, evs);
		assert_true(n == -GTV_ECORRUPT || (n > 0 && n <= GTV_BLOCK_MAX));
		events += n > 0 ? (uint64_t)n : 0;
	}
	free(evs);
	for (unsigned level = 0; level < 17; level++)
		for (size_t i = 0; i < gtv_store_zoom_count(st, level); i++) {
			assert_int_equal(
				gtv_store_zoom_info(st, level, i, &from_ns, &to_ns), 0);
			if (!gtv_store_get_zoom(st, level, i, &bytes, &size))
				free(bytes);
		}
	for (size_t i = 0; i < gtv_store_output_count(st); i++)
		if (!gtv_store_get_output(st, i, &ns, &bytes, &size))
			free(bytes);
	for (uint64_t at = 0; at < 64; at++)
		if (!gtv_store_get_checkpoint(st, at << 58 | at << 20, &bytes, &size,
					      &idx)) {
			assert_true(idx <= gtv_store_block_count(st));
			free(bytes);
		}
	for (size_t i = 0; i < gtv_store_gap_count(st); i++) {
		uint64_t lost;
		assert_int_equal(gtv_store_gap(st, i, &from_ns, &to_ns, &lost), 0);
		assert_true(from_ns <= to_ns);
		assert_true(lost > 0);
	}
	gtv_store_range(st, &from_ns, &to_ns);
	return events;
}

/* The same trace by another way must answer every question alike. */
static inline void make_assert_same(const struct gtv_store *a, const struct gtv_store *b)
{
	static struct gtv_ev ea[GTV_BLOCK_MAX], eb[GTV_BLOCK_MAX];
	struct gtv_block_info ia, ib;
	struct gtv_name na, nb;
	uint64_t from_a, to_a, from_b, to_b, ts_a, ts_b;
	void *pa, *pb;
	size_t sa, sb;

	assert_int_equal(gtv_store_block_count(a), gtv_store_block_count(b));
	for (size_t i = 0; i < gtv_store_block_count(a); i++) {
		assert_int_equal(gtv_store_block(a, i, &ia), 0);
		assert_int_equal(gtv_store_block(b, i, &ib), 0);
		assert_memory_equal(&ia, &ib, sizeof ia);
		assert_int_equal(gtv_store_read(a, i, ea), ia.count);
		assert_int_equal(gtv_store_read(b, i, eb), ia.count);
		assert_memory_equal(ea, eb, ia.count * sizeof *ea);
	}
	assert_int_equal(gtv_store_range(a, &from_a, &to_a),
			 gtv_store_range(b, &from_b, &to_b));
	assert_int_equal(from_a, from_b);
	assert_int_equal(to_a, to_b);
	for (int c = 1; c < GTV_CLASS_MAX; c++) {
		enum gtv_class cls = (enum gtv_class)c;
		size_t count = gtv_names_count(gtv_store_names(a), cls);
		assert_int_equal(count, gtv_names_count(gtv_store_names(b), cls));
		for (size_t i = 0; i < count; i++) {
			gtv_names_at(gtv_store_names(a), cls, i, &na);
			gtv_names_at(gtv_store_names(b), cls, i, &nb);
			assert_memory_equal(&na, &nb, sizeof na);
		}
	}
	assert_int_equal(gtv_store_output_count(a), gtv_store_output_count(b));
	for (size_t i = 0; i < gtv_store_output_count(a); i++) {
		assert_int_equal(gtv_store_get_output(a, i, &ts_a, &pa, &sa), 0);
		assert_int_equal(gtv_store_get_output(b, i, &ts_b, &pb, &sb), 0);
		assert_int_equal(ts_a, ts_b);
		assert_int_equal(sa, sb);
		assert_memory_equal(pa, pb, sa);
		free(pa);
		free(pb);
	}
	for (unsigned l = 0; l < 6; l++) {
		assert_int_equal(gtv_store_zoom_count(a, l), gtv_store_zoom_count(b, l));
		for (size_t i = 0; i < gtv_store_zoom_count(a, l); i++) {
			gtv_store_zoom_info(a, l, i, &from_a, &to_a);
			gtv_store_zoom_info(b, l, i, &from_b, &to_b);
			assert_true(from_a == from_b && to_a == to_b);
			assert_int_equal(gtv_store_get_zoom(a, l, i, &pa, &sa), 0);
			assert_int_equal(gtv_store_get_zoom(b, l, i, &pb, &sb), 0);
			assert_int_equal(sa, sb);
			assert_memory_equal(pa, pb, sa);
			free(pa);
			free(pb);
		}
	}
	for (uint64_t ts_ns = 0; ts_ns < to_a + 2000000; ts_ns += 250000) {
		size_t ba, bb;
		int rc = gtv_store_get_checkpoint(a, ts_ns, &pa, &sa, &ba);
		assert_int_equal(rc, gtv_store_get_checkpoint(b, ts_ns, &pb, &sb, &bb));
		if (rc)
			continue;
		assert_int_equal(ba, bb);
		assert_int_equal(sa, sb);
		assert_memory_equal(pa, pb, sa);
		free(pa);
		free(pb);
	}
}

#endif
