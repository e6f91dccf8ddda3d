/* SPDX-License-Identifier: MIT
 *
 * The flight recorder: what is kept is bounded and its numbers stay; it is written while
 * more comes, just as it was when it was asked for; nothing is written over.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/unit/store_make.h"
#include "tracer/model/window.h"
#include "tracer/model/model.h"
#include "tracer/session/flight.h"

#define PART 10000u /* events; random figures, so that they take some room */

struct rig {
	struct gtv_names *names;
	struct gtv_store *store;
	struct gtv_model *model;
	struct gtv_flight *flight;
	uint64_t ts_ns, random, events;
};

static void rig_init(struct rig *r)
{
	struct gtv_store_info info = make_info();
	struct gtv_err err = {0};

	*r = (struct rig){.names = gtv_names_new(), .ts_ns = info.start_ns, .random = 7};
	assert_int_equal(gtv_store_create_kept(&r->store, &info, r->names, &err), 0);
	r->model = gtv_model_new(info.level, r->names, &(struct gtv_model_sink){0});
	assert_non_null(r->model);
}

static void rig_fini(struct rig *r)
{
	gtv_flight_free(r->flight);
	gtv_model_free(r->model);
	gtv_store_close(r->store);
	gtv_names_free(r->names);
}

static void rig_flight(struct rig *r, int fd, const char *path, uint64_t max_bytes)
{
	struct gtv_flight_config config = {.fd = fd, .path = path, .max_bytes = max_bytes};

	r->flight = gtv_flight_new(&config, r->store);
	assert_non_null(r->flight);
}

static void put_state(struct rig *r)
{
	void *bytes;
	size_t size;

	assert_int_equal(gtv_model_save(r->model, &bytes, &size), 0);
	assert_int_equal(gtv_store_put_checkpoint(r->store, r->ts_ns, bytes, size), 0);
	free(bytes);
	if (r->flight)
		gtv_flight_state(r->flight, r->ts_ns);
}

/* A part of the trace, as the collector makes it. */
static void feed(struct rig *r, unsigned parts)
{
	static struct gtv_ev evs[PART];

	for (; parts; parts--) {
		for (unsigned i = 0; i < PART; i++) {
			r->ts_ns += make_random(&r->random) % 4096 + 1;
			evs[i] = (struct gtv_ev){.ts_ns = r->ts_ns,
						 .kind = GTV_EV_MARK,
						 .core = GTV_CORE_NONE,
						 .tid = 100,
						 .gt = 1,
						 .arg = make_random(&r->random)};
		}
		assert_int_equal(gtv_model_feed(r->model, evs, PART), 0);
		assert_int_equal(gtv_store_append(r->store, evs, PART), 0);
		r->events += PART;
		if (r->flight && gtv_flight_wants_state(r->flight, r->ts_ns))
			put_state(r);
		assert_int_equal(gtv_store_flush(r->store, 0), 0);
		if (r->flight)
			gtv_flight_turn(r->flight, r->ts_ns);
	}
}

static uint64_t kept_bytes(const struct rig *r)
{
	struct gtv_store_stats stats;

	gtv_store_get_stats(r->store, &stats);
	return stats.bytes - stats.dropped_bytes;
}

static uint64_t count_events(const char *path, int fd, uint64_t *begin_ns)
{
	struct gtv_err err = {0};
	struct gtv_store *st;
	size_t block;

	fd = fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(gtv_store_open(&st, fd, "written", &err), 0);
	uint64_t events = make_read_all(st);
	*begin_ns = 0;
	if (gtv_store_checkpoint(st, 0, begin_ns, &block))
		*begin_ns = 0;
	gtv_store_close(st);
	return events;
}

static void wait_written(struct rig *r, unsigned count)
{
	struct gtv_flight_told told;

	do {
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
		gtv_flight_told(r->flight, &told);
	} while (told.written < count);
}

/* ---- the store ---- */

static void what_was_dropped_keeps_its_numbers(void **state)
{
	static struct gtv_ev evs[GTV_BLOCK_MAX];
	struct gtv_block_info before, after;
	struct gtv_store_stats stats;
	uint64_t from_ns, to_ns, at_ns;
	size_t block, size;
	struct rig r;
	void *bytes;

	(void)state;
	rig_init(&r);
	feed(&r, 1);
	put_state(&r);
	assert_int_equal(gtv_store_drop(r.store, 0), -GTV_EUSAGE); /* nothing follows */
	assert_int_equal(gtv_store_put_output(r.store, r.ts_ns, "old", 3), 0);
	feed(&r, 1);
	put_state(&r);
	assert_int_equal(gtv_store_put_output(r.store, r.ts_ns, "new", 3), 0);
	feed(&r, 1);
	assert_int_equal(gtv_store_checkpoint(r.store, 1, &at_ns, &block), 0);
	assert_int_equal(gtv_store_block(r.store, block, &before), 0);

	assert_int_equal(gtv_store_drop(r.store, 1), 0);
	assert_int_equal(gtv_store_first_block(r.store), block);
	assert_int_equal(gtv_store_first_checkpoint(r.store), 1);
	assert_int_equal(gtv_store_block(r.store, block, &after), 0);
	assert_memory_equal(&before, &after, sizeof before);
	assert_int_equal(gtv_store_read(r.store, block - 1, evs), -GTV_ENOTFOUND);
	assert_true(gtv_store_read(r.store, block, evs) > 0);
	assert_int_equal(gtv_store_find(r.store, 0), block);
	assert_int_equal(gtv_store_range(r.store, &from_ns, &to_ns), 0);
	assert_int_equal(from_ns, at_ns);
	gtv_store_get_stats(r.store, &stats);
	assert_int_equal(stats.dropped_events, 2 * PART);
	assert_int_equal(stats.events, 3 * PART);
	/* The state before it is gone, its own is there. */
	assert_int_equal(
		gtv_store_get_checkpoint(r.store, at_ns - 1, &bytes, &size, &block),
		-GTV_ENOTFOUND);
	assert_int_equal(gtv_store_get_checkpoint(r.store, at_ns, &bytes, &size, &block),
			 0);
	free(bytes);
	assert_int_equal(gtv_store_first_output(r.store), 1);
	assert_int_equal(gtv_store_get_output(r.store, 0, &at_ns, &bytes, &size),
			 -GTV_ENOTFOUND);
	assert_int_equal(gtv_store_get_output(r.store, 1, &at_ns, &bytes, &size), 0);
	assert_memory_equal(bytes, "new", 3);
	free(bytes);
	assert_int_equal(gtv_store_drop(r.store, 0), -GTV_EUSAGE);
	rig_fini(&r);
}

static void what_is_kept_is_bounded(void **state)
{
	uint64_t most = 0, least = UINT64_MAX;
	const uint64_t max = 1u << 20;
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_flight(&r, -1, "unused", max);
	for (int i = 0; i < 60; i++) {
		feed(&r, 1);
		uint64_t kept = kept_bytes(&r);
		most = kept > most ? kept : most;
		if (gtv_store_first_block(r.store))
			least = kept < least ? kept : least;
	}
	assert_true(gtv_store_first_block(r.store) > 0);
	assert_true(most <= max + max / 4); /* a part more comes before it is dropped */
	assert_true(least >= max / 2);
	rig_fini(&r);
}

static atomic_int ended;

/* Looks here and there, as a screen does. What it gets is there, or said to be gone. */
static void *look_around(void *arg)
{
	struct rig *r = arg;
	struct gtv_window *w = gtv_window_new(r->store);
	struct gtv_ev *evs = malloc(GTV_BLOCK_MAX * sizeof *evs);
	uint64_t random = 3, looks = 0;

	do { /* once at least, however late it begins */
		uint64_t from_ns, to_ns;
		size_t count = gtv_store_block_count(r->store);
		long n = count ? gtv_store_read(r->store, make_random(&random) % count, evs)
			       : 0;

		assert_true(n >= 0 || n == -GTV_ENOTFOUND || n == -GTV_ECORRUPT);
		if (!gtv_store_range(r->store, &from_ns, &to_ns))
			assert_int_equal(gtv_window_look(w, from_ns, to_ns,
							 (to_ns - from_ns) / 100 + 1),
					 0);
		looks++;
	} while (!atomic_load(&ended));
	gtv_window_free(w);
	free(evs);
	return (void *)(uintptr_t)looks;
}

static void readers_may_be_anywhere(void **state)
{
	pthread_t thread;
	struct rig r;
	void *looks;

	(void)state;
	rig_init(&r);
	rig_flight(&r, -1, "unused", 256u << 10);
	atomic_store(&ended, 0);
	assert_int_equal(pthread_create(&thread, NULL, look_around, &r), 0);
	feed(&r, 80);
	atomic_store(&ended, 1);
	pthread_join(thread, &looks);
	assert_true(looks != NULL);
	assert_true(gtv_store_first_block(r.store) > 0);
	rig_fini(&r);
}

/* ---- writing ---- */

/* Where it is written is a pipe that nobody reads: it cannot be finished. Meanwhile all
 * goes on. */
static void collecting_goes_on_while_it_is_written(void **state)
{
	struct gtv_flight_told told;
	uint64_t begin_ns, kept;
	size_t first;
	int ends[2];
	struct rig r;

	(void)state;
	rig_init(&r);
	assert_int_equal(pipe(ends), 0);
	rig_flight(&r, ends[1], "unused", 1u << 20);
	feed(&r, 20);
	struct gtv_store_stats stats;
	gtv_store_get_stats(r.store, &stats);
	kept = r.events - stats.dropped_events;
	first = gtv_store_first_block(r.store);
	assert_true(first > 0);

	assert_int_equal(gtv_flight_write(r.flight, r.ts_ns), 0);
	feed(&r, 20); /* more than is kept */
	gtv_flight_told(r.flight, &told);
	assert_true(told.writing);
	assert_int_equal(told.written, 0);
	assert_int_equal(gtv_store_first_block(r.store), first);
	assert_int_equal(gtv_flight_write(r.flight, r.ts_ns), -GTV_EUSAGE);

	/* To its end: what was kept then, and none of what came later. */
	assert_int_equal(count_events(NULL, ends[0], &begin_ns), kept);
	assert_true(begin_ns > make_info().start_ns);
	wait_written(&r, 1);
	gtv_flight_told(r.flight, &told);
	assert_int_equal(told.err.code, 0);
	assert_false(told.writing);
	feed(&r, 1);
	assert_true(gtv_store_first_block(r.store) > first);
	rig_fini(&r);
}

static void nothing_is_written_over(void **state)
{
	char dir[] = "/tmp/flight-XXXXXX", path[64], other[64], victim[64];
	struct gtv_flight_told told;
	struct stat st;
	uint64_t begin_ns;
	struct rig r;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/a.b/x.gtv", dir);
	snprintf(other, sizeof other, "%s/a.b", dir);
	assert_int_equal(mkdir(other, 0700), 0);
	snprintf(other, sizeof other, "%s/a.b/x-2.gtv", dir);
	snprintf(victim, sizeof victim, "%s/victim", dir);
	assert_int_equal(symlink(victim, other), 0); /* planted, where the second goes */
	rig_init(&r);
	rig_flight(&r, open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600), path,
		   1u << 20);
	feed(&r, 2);
	assert_int_equal(gtv_flight_write(r.flight, r.ts_ns), 0);
	wait_written(&r, 1);
	assert_int_equal(count_events(path, -1, &begin_ns), 2 * PART);
	assert_int_equal(begin_ns, 0); /* nothing was dropped: from the very beginning */
	feed(&r, 1);
	assert_int_equal(gtv_flight_write(r.flight, r.ts_ns), 0);
	assert_int_equal(gtv_flight_finish(r.flight, r.ts_ns, 7 << 8), 0);
	gtv_flight_told(r.flight, &told);
	assert_int_equal(told.written, 3);
	assert_int_equal(access(victim, F_OK), -1);
	assert_int_equal(count_events(path, -1, &begin_ns), 2 * PART);
	for (int i = 3; i <= 4; i++) {
		snprintf(other, sizeof other, "%s/a.b/x-%d.gtv", dir, i);
		assert_int_equal(count_events(other, -1, &begin_ns), 3 * PART);
		assert_int_equal(stat(other, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	assert_string_equal(told.path, other);
	rig_fini(&r);

	/* A directory that is not there: said, and it goes on. */
	rig_init(&r);
	snprintf(other, sizeof other, "%s/none/x.gtv", dir);
	rig_flight(&r, -1, other, 1u << 20);
	feed(&r, 1);
	assert_true(gtv_flight_write(r.flight, r.ts_ns) < 0);
	gtv_flight_told(r.flight, &told);
	assert_int_not_equal(told.err.code, 0);
	assert_false(told.writing);
	rig_fini(&r);
	snprintf(victim, sizeof victim, "rm -r %s", dir);
	assert_int_equal(system(victim), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_dropped_keeps_its_numbers),
		cmocka_unit_test(what_is_kept_is_bounded),
		cmocka_unit_test(readers_may_be_anywhere),
		cmocka_unit_test(collecting_goes_on_while_it_is_written),
		cmocka_unit_test(nothing_is_written_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
