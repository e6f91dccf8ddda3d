/* SPDX-License-Identifier: MIT
 *
 * Traces of earlier formats, kept for ever: every later gtviz opens them, reads each
 * event as it was written, and finds nothing wrong with them. A file here is never
 * changed; a change of the format adds one.
 */
#include <fcntl.h>

#include "tests/unit/cmd_trace.h"
#include "tracer/cmd/cmd.h"
#include "tracer/model/zoom.h"

#define GOLDEN	      "tests/golden/trace-2026-11.gtv" /* tracegen 4000 3 FILE 11 */
#define GOLDEN_EVENTS 4011
#define GOLDEN_HASH   0xc314fe6991c08c2eull
#define GOLDEN_GTS    37

/* FNV-1a over the fields of all events. */
static uint64_t add(uint64_t hash, uint64_t v)
{
	for (int i = 0; i < 8; i++, v >>= 8)
		hash = (hash ^ (v & 0xff)) * 0x100000001b3u;
	return hash;
}

static uint64_t hash_events(const struct gtv_store *st, uint64_t *count)
{
	static struct gtv_ev evs[GTV_BLOCK_MAX];
	uint64_t hash = 0xcbf29ce484222325u;

	*count = 0;
	for (size_t b = 0; b < gtv_store_block_count(st); b++) {
		long n = gtv_store_read(st, b, evs);
		assert_true(n > 0);
		for (long i = 0; i < n; i++) {
			const struct gtv_ev *ev = &evs[i];
			hash = add(hash, ev->ts_ns);
			hash = add(hash,
				   (uint64_t)ev->kind << 16 | ev->flags << 8 | ev->state);
			hash = add(hash, (uint64_t)(uint32_t)ev->core << 32 | ev->tid);
			hash = add(hash, (uint64_t)ev->gt << 32 | ev->obj);
			hash = add(hash, ev->seq);
			hash = add(hash, ev->arg);
		}
		*count += (uint64_t)n;
	}
	return hash;
}

static struct gtv_store *open_golden(void)
{
	struct gtv_err err = {0};
	struct gtv_store *st;
	int fd = open(GOLDEN, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail_msg("%s: not there (run from the top of the tree)", GOLDEN);
	if (gtv_store_open(&st, fd, GOLDEN, &err))
		fail_msg("%s: %s", GOLDEN, err.why);
	return st;
}

static void every_event_is_as_it_was(void **state)
{
	struct gtv_store *st = open_golden();
	struct gtv_store_stats stats;
	uint64_t count, hash = hash_events(st, &count);

	(void)state;
	gtv_store_get_stats(st, &stats);
	assert_true(stats.complete);
	assert_int_equal(stats.gaps, 0);
	assert_int_equal(count, GOLDEN_EVENTS);
	if (hash != GOLDEN_HASH)
		fail_msg("the events hash to 0x%llx", (unsigned long long)hash);
	gtv_store_close(st);
}

static void its_names_are_there(void **state)
{
	struct gtv_store *st = open_golden();
	const struct gtv_names *names = gtv_store_names(st);
	struct gtv_name name;

	(void)state;
	assert_int_equal(gtv_names_count(names, GTV_CLASS_GT), GOLDEN_GTS);
	assert_int_equal(gtv_names_at(names, GTV_CLASS_LOCK, 0, &name), 0);
	assert_true(name.flags & GTV_NAME_IS_GIL);
	gtv_store_close(st);
}

static void count_piece(void *arg, const struct gtv_piece *piece)
{
	uint64_t *ns = arg;

	*ns += piece->span.to_ns - piece->span.from_ns;
}

static void its_tiles_are_there(void **state)
{
	struct gtv_store *st = open_golden();
	uint64_t ns = 0;

	(void)state;
	for (unsigned level = 0; level < GTV_ZOOM_LEVELS; level++)
		for (size_t i = 0; i < gtv_store_zoom_count(st, level); i++) {
			void *bytes;
			size_t size;
			assert_int_equal(gtv_store_get_zoom(st, level, i, &bytes, &size),
					 0);
			assert_int_equal(gtv_zoom_decode(bytes, size, count_piece, &ns), 0);
			free(bytes);
		}
	assert_true(ns > 0);
	gtv_store_close(st);
}

static int run_check(void *unused)
{
	struct gtv_options opts = {.file = GOLDEN};

	(void)unused;
	return gtv_cmd_check(&opts);
}

static void nothing_is_wrong_with_it(void **state)
{
	int rc;
	char *text = captured(run_check, NULL, &rc);

	(void)state;
	if (rc)
		fail_msg("%s", text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_is_as_it_was),
		cmocka_unit_test(its_names_are_there),
		cmocka_unit_test(its_tiles_are_there),
		cmocka_unit_test(nothing_is_wrong_with_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
