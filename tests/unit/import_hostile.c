/* SPDX-License-Identifier: MIT
 * The importers over damaged files: cut at each byte, with flipped bits. They run from
 * the corpus of the fuzzers; what is fed must be in order and in bounds (import_feed.h),
 * and nothing may be read outside of the bytes (the sanitizers see to that).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GTV_LIBFUZZER 1
#include "tests/fuzz/import_whole.h"

#define CORPUS "tests/fuzz/corpus/"

typedef int import_fn(struct gtv__feed *f, const uint8_t *bytes, size_t size,
		      struct gtv_err *err);

static uint8_t *slurp(const char *path, size_t *size)
{
	FILE *in = fopen(path, "rb");
	uint8_t *data = malloc(1u << 20);

	if (!in || !data)
		fail_msg("%s cannot be read", path);
	*size = fread(data, 1, 1u << 20, in);
	fclose(in);
	return data;
}

/* Lengths that cut a head, a record or the end; of the middle only some. */
static size_t next_length(size_t at, size_t size)
{
	return at < 600 || size - at < 200 ? at + 1 : at + 37;
}

static void cut_at_each_byte(const char *path, import_fn *import, uint64_t events)
{
	struct receiver r = {0};
	size_t size, whole;
	uint8_t *data = slurp(path, &size);

	assert_int_equal(import_bytes(import, data, size, &r), 0);
	assert_true(r.events >= events);
	whole = (size_t)r.events;
	for (size_t n = 0; n < size; n = next_length(n, size)) {
		r = (struct receiver){0};
		import_bytes(import, data, n, &r);
		/* LOSS may be told where switches are cut off. */
		assert_true(r.events <= 2 * whole);
	}
	free(data);
}

static void flip_bits(const char *path, import_fn *import)
{
	size_t size;
	uint8_t *data = slurp(path, &size);
	uint64_t seed = 7;

	for (int round = 0; round < 400; round++) {
		struct receiver r = {0};
		size_t at[4];

		for (int i = 0; i < 4; i++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			at[i] = (size_t)(seed >> 33) % size;
			data[at[i]] ^= (uint8_t)(1u << (seed >> 60 & 7));
		}
		import_bytes(import, data, size, &r);
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		data[at[seed >> 62]] ^= 0xff;
	}
	free(data);
}

static void perf_cut(void **state)
{
	(void)state;
#ifndef GTV_HAVE_TRACEEVENT
	print_message("skip: built without libtraceevent\n");
	skip();
#endif
	cut_at_each_byte(CORPUS "import_perf/file", gtv__import_perf, 40);
	cut_at_each_byte(CORPUS "import_perf/pipe", gtv__import_perf, 40);
	cut_at_each_byte(CORPUS "import_perf/compressed", gtv__import_perf, 40);
}

/* In a process of its own, as gtviz does it: formats that are damaged are the
 * library's affair. */
static void whole(const char *path, int rounds)
{
	size_t size;
	uint8_t *data = slurp(path, &size);
	uint64_t seed = 11;

	for (int i = 0; i < rounds; i++) {
		int fd = memfd_create("in", MFD_CLOEXEC);
		size_t n = i % 2 ? size : size * (size_t)i / (size_t)rounds;

		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		if (i % 2)
			data[(size_t)(seed >> 33) % size] ^=
				(uint8_t)(1u << (seed >> 60 & 7));
		assert_int_equal(write(fd, data, n), n);
		import_whole(fd, "in");
		close(fd);
	}
	free(data);
}

static void whole_damaged(void **state)
{
	(void)state;
	whole(CORPUS "import_perf/file", 60);
	whole(CORPUS "import_dat/v6", 60);
	whole(CORPUS "import_dat/v7", 60);
}

static void text_cut(void **state)
{
	(void)state;
	cut_at_each_byte(CORPUS "import_text/tracefs", gtv__import_text, 4);
	cut_at_each_byte(CORPUS "import_text/trace-cmd", gtv__import_text, 20);
	cut_at_each_byte(CORPUS "import_text/perf", gtv__import_text, 30);
}

static void text_flipped(void **state)
{
	(void)state;
	flip_bits(CORPUS "import_text/tracefs", gtv__import_text);
	flip_bits(CORPUS "import_text/trace-cmd", gtv__import_text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(perf_cut),
		cmocka_unit_test(whole_damaged),
		cmocka_unit_test(text_cut),
		cmocka_unit_test(text_flipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
