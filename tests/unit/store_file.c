/* SPDX-License-Identifier: MIT
 *
 * The store as its users see it: what is put in comes out, live and replayed, from
 * files, memory and pipes; a full disk leaves a valid trace.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "tests/unit/store_make.h"

static struct gtv_store *open_copy(int fd)
{
	struct gtv_store *st;
	struct gtv_err err = {0};
	int copy = make_copy(fd, make_size(fd));

	assert_int_equal(gtv_store_open(&st, copy, "copy", &err), 0);
	return st;
}

static void what_goes_in_comes_out(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info;
	struct gtv_store_stats stats;
	struct gtv_store *st, *back;
	struct gtv_err err = {0};
	int fd = make_memory(), writing = dup(fd);

	make_trace(&st, names, writing, 40, 300, make_seed());
	gtv_store_set_exit(st, 0x300);
	back = open_copy(fd); /* as if killed now */
	make_assert_same(st, back);
	gtv_store_get_stats(back, &stats);
	assert_false(stats.complete);
	assert_int_equal(stats.gaps, 0);
	assert_int_equal(stats.events, 40 * 300);
	gtv_store_get_info(back, &info);
	assert_int_equal(info.exit_status, -1);
	gtv_store_close(back);

	assert_int_equal(gtv_store_finish(st), 0);
	assert_int_equal(gtv_store_finish(st), 0);
	struct gtv_ev ev = {.kind = GTV_EV_END};
	assert_int_equal(gtv_store_append(st, &ev, 1), -GTV_EUSAGE);
	back = open_copy(fd);
	make_assert_same(st, back);
	gtv_store_get_stats(back, &stats);
	assert_true(stats.complete);
	assert_int_equal(stats.bytes, make_size(fd));
	gtv_store_get_info(back, &info);
	assert_int_equal(info.exit_status, 0x300);
	assert_string_equal(info.command, "./pingpong --rounds 3");
	assert_string_equal(info.host, "testhost");
	assert_int_equal(info.wall_ns, 1700000000000000000ull);
	assert_int_equal(info.version, 1);
	gtv_store_close(back);

	/* Not empty any more: nobody's file is overwritten from its middle. */
	assert_int_equal(gtv_store_create(&back, dup(fd), &info, names, &err), -GTV_EEXIST);
	gtv_store_close(st);
	gtv_names_free(names);
	close(fd);
}

static void questions_about_time(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_store *st;
	uint64_t from_ns, to_ns;
	void *bytes;
	size_t size, idx;

	make_trace(&st, names, make_memory(), 10, 10, 1);
	assert_int_equal(gtv_store_range(st, &from_ns, &to_ns), 0);
	assert_int_equal(from_ns, 1100000);
	assert_int_equal(to_ns, 11000001);
	assert_int_equal(gtv_store_find(st, 0), 0);
	assert_int_equal(gtv_store_find(st, 2000000), 0);
	assert_int_equal(gtv_store_find(st, 2000001), 1);
	assert_int_equal(gtv_store_find(st, 11000001), 10);
	assert_int_equal(gtv_store_get_checkpoint(st, 3999999, &bytes, &size, &idx),
			 -GTV_ENOTFOUND);
	assert_int_equal(gtv_store_get_checkpoint(st, 4000000, &bytes, &size, &idx), 0);
	assert_int_equal(idx, 3);
	assert_int_equal(size, 7);
	assert_memory_equal(bytes, "line 2\n", 7);
	free(bytes);
	assert_int_equal(gtv_store_get_zoom(st, 0, 99, &bytes, &size), -GTV_ENOTFOUND);
	assert_int_equal(gtv_store_read(st, 10, NULL), -GTV_ENOTFOUND);
	gtv_store_close(st);
	gtv_names_free(names);
}

static void block_closes_when_full_or_old(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info = make_info();
	struct gtv_store *st;
	struct gtv_block_info block;
	struct gtv_ev ev = {.ts_ns = 5000000, .kind = GTV_EV_MARK, .core = -1};
	uint64_t from_ns, to_ns;

	assert_int_equal(gtv_store_create_temp(&st, &info, names, NULL), 0);
	assert_int_equal(gtv_store_range(st, &from_ns, &to_ns), 1);
	assert_int_equal(gtv_store_append(st, &ev, 1), 0);
	assert_int_equal(gtv_store_flush(st, 29999999), 0);
	assert_int_equal(gtv_store_block_count(st), 0);
	assert_int_equal(gtv_store_flush(st, 30000000), 0);
	assert_int_equal(gtv_store_block_count(st), 1);
	struct gtv_ev *evs = calloc(2 * GTV_BLOCK_MAX + 7, sizeof *evs);
	for (int i = 0; i < 2 * GTV_BLOCK_MAX + 7; i++)
		evs[i] = ev;
	assert_int_equal(gtv_store_append(st, evs, 2 * GTV_BLOCK_MAX + 7), 0);
	assert_int_equal(gtv_store_block_count(st), 3);
	assert_int_equal(gtv_store_block(st, 2, &block), 0);
	assert_int_equal(block.count, GTV_BLOCK_MAX);
	free(evs);
	gtv_store_close(st);
	gtv_names_free(names);
}

/* Sources may lie about time: nothing is refused, and what is asked by time is found. */
static void times_out_of_order(void **state)
{
	(void)state;
	static const uint64_t ts_ns[][2] = {{100, 200}, {950, 300}, {400, 500}, {40, 1000}};
	static const size_t first_reaching[][2] = {
		{0, 0}, {200, 0}, {201, 1}, {950, 1}, {951, 3}};
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info = make_info();
	struct gtv_block_info block;
	struct gtv_store *st;
	struct gtv_ev back[2];
	uint64_t from_ns, to_ns;

	assert_int_equal(gtv_store_create_temp(&st, &info, names, NULL), 0);
	for (size_t b = 0; b < 4; b++) {
		struct gtv_ev evs[] = {{.ts_ns = ts_ns[b][0], .kind = GTV_EV_MARK},
				       {.ts_ns = ts_ns[b][1], .kind = GTV_EV_MARK}};
		assert_int_equal(gtv_store_append(st, evs, 2), 0);
		assert_int_equal(gtv_store_flush(st, 0), 0);
		assert_int_equal(gtv_store_read(st, b, back), 2);
		assert_memory_equal(evs, back, sizeof evs);
	}
	assert_int_equal(gtv_store_range(st, &from_ns, &to_ns), 0);
	assert_int_equal(from_ns, 40);
	assert_int_equal(to_ns, 1001);
	assert_int_equal(gtv_store_block(st, 1, &block), 0);
	assert_true(block.from_ns == 300 && block.to_ns == 950);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(gtv_store_find(st, first_reaching[i][0]),
				 first_reaching[i][1]);
	gtv_store_close(st);
	gtv_names_free(names);
}

static void loss_is_counted(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info = make_info();
	struct gtv_store_stats stats;
	struct gtv_store *st, *back;
	struct gtv_ev evs[] = {{.ts_ns = 1, .kind = GTV_EV_LOSS, .arg = 30, .core = -1},
			       {.ts_ns = 2, .kind = GTV_EV_MARK, .arg = 99, .core = -1},
			       {.ts_ns = 3, .kind = GTV_EV_LOSS, .arg = 12, .core = -1}};
	int fd = make_memory();

	assert_int_equal(gtv_store_create(&st, dup(fd), &info, names, NULL), 0);
	assert_int_equal(gtv_store_append(st, evs, 3), 0);
	assert_int_equal(gtv_store_finish(st), 0);
	back = open_copy(fd);
	gtv_store_get_stats(back, &stats);
	assert_int_equal(stats.lost, 42);
	gtv_store_close(back);
	gtv_store_close(st);
	gtv_names_free(names);
	close(fd);
}

static void outputs_of_any_size(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info = make_info();
	struct gtv_store *st;
	size_t big = 600 << 10, size, sum = 0;
	char *text = malloc(big);
	uint64_t ts_ns;
	void *bytes;

	memset(text, 'x', big);
	assert_int_equal(gtv_store_create_temp(&st, &info, names, NULL), 0);
	for (uint64_t i = 0; i < 50000; i++)
		assert_int_equal(gtv_store_put_output(st, i, text, i % 7), 0);
	assert_int_equal(gtv_store_put_output(st, 50000, text, big), 0);
	assert_int_equal(gtv_store_finish(st), 0);
	for (size_t i = 0; i < 50000; i++) {
		assert_int_equal(gtv_store_get_output(st, i, &ts_ns, &bytes, &size), 0);
		assert_true(ts_ns == i && size == i % 7);
		free(bytes);
	}
	for (size_t i = 50000; i < gtv_store_output_count(st); i++) {
		assert_int_equal(gtv_store_get_output(st, i, &ts_ns, &bytes, &size), 0);
		sum += size;
		free(bytes);
	}
	assert_int_equal(sum, big);
	assert_int_equal(gtv_store_get_output(st, 12, &ts_ns, &bytes, &size), 0); /* back */
	assert_int_equal(ts_ns, 12);
	free(bytes);
	free(text);
	gtv_store_close(st);
	gtv_names_free(names);
}

/* Names change, and there are many: their order and last state survive both ways of
 * opening, with and without the snapshot at the end. */
static void names_keep_their_order(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info = make_info();
	struct gtv_store *st, *back;
	int fd = make_memory();

	assert_int_equal(gtv_store_create(&st, dup(fd), &info, names, NULL), 0);
	for (uint32_t i = 1; i <= 20000; i++) {
		struct gtv_name name = {.id = i, .pid = 7, .local = i};
		assert_int_equal(gtv_names_set(names, GTV_CLASS_GT, &name), 0);
		snprintf(name.text, sizeof name.text, "gt-%u", i);
		name.id = 1 + i * 7 % 20000; /* an earlier or later one gets its name */
		name.local = name.id;
		assert_int_equal(gtv_names_set(names, GTV_CLASS_GT, &name), 0);
		if (i % 500 == 0) {
			struct gtv_ev ev = {.ts_ns = i, .kind = GTV_EV_MARK, .core = -1};
			assert_int_equal(gtv_store_append(st, &ev, 1), 0);
			assert_int_equal(gtv_store_flush(st, 0), 0);
		}
	}
	back = open_copy(fd);
	make_assert_same(st, back);
	gtv_store_close(back);
	assert_int_equal(gtv_store_finish(st), 0);
	back = open_copy(fd);
	make_assert_same(st, back);
	gtv_store_close(back);
	gtv_store_close(st);
	gtv_names_free(names);
	close(fd);
}

/* ---- A reader beside the writer ---- */

struct beside {
	const struct gtv_store *st;
	atomic_int done;
	uint64_t events;
};

static void *read_beside(void *arg)
{
	struct beside *b = arg;
	struct gtv_ev *evs = malloc(GTV_BLOCK_MAX * sizeof *evs);
	size_t next = 0;

	for (int last = 0; !last;) {
		last = atomic_load(&b->done);
		for (; next < gtv_store_block_count(b->st); next++) {
			struct gtv_block_info info;
			struct gtv_name name;
			assert_int_equal(gtv_store_block(b->st, next, &info), 0);
			long n = gtv_store_read(b->st, next, evs);
			assert_int_equal(n, info.count);
			for (long i = 0; i < n; i++) /* its names came before it */
				assert_int_equal(gtv_names_get(gtv_store_names(b->st),
							       GTV_CLASS_GT, evs[i].gt,
							       &name),
						 0);
			assert_true(gtv_store_find(b->st, info.from_ns) <= next);
			b->events += (uint64_t)n;
		}
	}
	free(evs);
	return NULL;
}

static void readers_beside_the_writer(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info = make_info();
	struct gtv_store *st;
	struct beside b[2] = {0};
	pthread_t thread[2];
	uint32_t total = 300000;

	assert_int_equal(gtv_store_create_temp(&st, &info, names, NULL), 0);
	for (int i = 0; i < 2; i++) {
		b[i].st = st;
		assert_int_equal(pthread_create(&thread[i], NULL, read_beside, &b[i]), 0);
	}
	for (uint32_t i = 0; i < total; i++) {
		uint32_t gt = 1 + i / 100;
		struct gtv_ev ev = {
			.ts_ns = i * 100, .kind = GTV_EV_MARK, .core = -1, .gt = gt};
		if (i % 100 == 0) {
			struct gtv_name name = {.id = gt};
			assert_int_equal(gtv_names_set(names, GTV_CLASS_GT, &name), 0);
		}
		assert_int_equal(gtv_store_append(st, &ev, 1), 0);
		if (i % 1000 == 0)
			assert_int_equal(
				gtv_store_flush(st, i % 3000 ? i * 100 + 50000 : 0), 0);
	}
	assert_int_equal(gtv_store_finish(st), 0);
	for (int i = 0; i < 2; i++) {
		atomic_store(&b[i].done, 1);
		pthread_join(thread[i], NULL);
		assert_int_equal(b[i].events, total);
	}
	gtv_store_close(st);
	gtv_names_free(names);
}

/* ---- Pipes and full disks ---- */

struct pipe_reader {
	int fd;
	struct gtv_store *st;
	int rc;
};

static void *open_pipe(void *arg)
{
	struct pipe_reader *r = arg;
	r->rc = gtv_store_open(&r->st, r->fd, "pipe", NULL);
	return NULL;
}

static void through_a_pipe(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new(), *names2 = gtv_names_new();
	struct gtv_store *st, *same;
	struct gtv_block_info block;
	struct gtv_ev *evs = malloc(GTV_BLOCK_MAX * sizeof *evs);
	pthread_t thread;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	/* A pipe that does not block, as a shell may leave it. */
	assert_int_equal(fcntl(fds[1], F_SETFL, O_WRONLY | O_NONBLOCK), 0);
	struct pipe_reader r = {.fd = fds[0]};
	assert_int_equal(pthread_create(&thread, NULL, open_pipe, &r), 0);
	make_trace(&st, names, fds[1], 50, 500, 3);
	assert_int_equal(gtv_store_block(st, 0, &block), 0);
	assert_true(gtv_store_read(st, 0, evs) < 0);
	assert_int_equal(gtv_store_finish(st), 0);
	gtv_store_close(st);
	pthread_join(thread, NULL);
	assert_int_equal(r.rc, 0);

	make_trace(&same, names2, make_memory(), 50, 500, 3);
	assert_int_equal(gtv_store_finish(same), 0);
	make_assert_same(same, r.st);
	gtv_store_close(same);
	gtv_store_close(r.st);
	gtv_names_free(names);
	gtv_names_free(names2);
	free(evs);
}

static void closed_pipe_is_an_error(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info = make_info();
	struct gtv_store *st;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(gtv_store_create(&st, fds[1], &info, names, NULL), 0);
	assert_int_equal(gtv_store_error(st)->code, 0);
	close(fds[0]);
	struct gtv_ev ev = {.ts_ns = 1, .kind = GTV_EV_MARK};
	assert_int_equal(gtv_store_append(st, &ev, 1), 0);
	assert_int_equal(gtv_store_flush(st, 0), -GTV_EIO);
	assert_int_equal(gtv_store_append(st, &ev, 1), -GTV_EIO);
	assert_int_equal(gtv_store_finish(st), -GTV_EIO);
	assert_int_equal(gtv_store_error(st)->code, GTV_EIO);
	gtv_store_close(st);
	gtv_names_free(names);
}

/* The limit of a file's size stands for a full disk: write fails the same way, with
 * a part of the block written. */
static void full_disk_leaves_a_valid_trace(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info = make_info();
	struct rlimit was, limit;
	struct gtv_store *st, *back;
	struct gtv_store_stats stats;
	char path[] = "/tmp/gtviz-full-XXXXXX";
	uint64_t rnd = make_seed(), stored = 0;
	int rc = 0, fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	limit = was;
	limit.rlim_cur = 100001;
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(gtv_store_create(&st, dup(fd), &info, names, NULL), 0);
	for (uint64_t i = 1; !rc; i++) {
		struct gtv_ev ev = make_wild(&rnd, i * 1000);
		rc = gtv_store_append(st, &ev, 1);
		if (!rc && i % 100 == 0)
			rc = gtv_store_flush(st, 0);
		stored = rc ? stored : i;
	}
	setrlimit(RLIMIT_FSIZE, &was);
	assert_int_equal(rc, -GTV_EFULL);
	assert_int_equal(gtv_store_error(st)->code, GTV_EFULL);
	assert_int_equal(gtv_store_finish(st), -GTV_EFULL);
	back = open_copy(fd);
	make_assert_same(st, back);
	gtv_store_get_stats(back, &stats);
	assert_int_equal(stats.gaps, 0); /* the torn block was taken back */
	assert_true(stats.events > 0 && stats.events <= stored);
	gtv_store_close(back);
	gtv_store_close(st);
	gtv_names_free(names);
	close(fd);
}

/* More blocks than the writer remembers, in a store that nobody reads meanwhile: the
 * index is whole all the same. */
static void many_blocks_have_their_index(void **state)
{
	(void)state;
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info = make_info();
	struct gtv_store_stats stats, now;
	struct gtv_store *st, *back;
	uint64_t rnd = 9, from_ns, to_ns;
	int fd = make_memory();
	const unsigned blocks = 10000;

	assert_int_equal(gtv_store_create(&st, dup(fd), &info, names, NULL), 0);
	gtv_store_unread(st);
	for (unsigned i = 0; i < blocks; i++) {
		struct gtv_ev ev = make_wild(&rnd, info.start_ns + 1 + i * 1000);
		assert_int_equal(gtv_store_append(st, &ev, 1), 0);
		assert_int_equal(gtv_store_flush(st, 0), 0);
	}
	gtv_store_get_stats(st, &now);
	assert_int_equal(now.blocks, blocks);
	assert_int_equal(gtv_store_block_count(st), 1); /* it remembers no more */
	assert_int_equal(gtv_store_range(st, &from_ns, &to_ns), 0);
	assert_int_equal(from_ns, info.start_ns + 1);
	assert_true(to_ns > info.start_ns + (blocks - 1) * 1000u);
	assert_int_equal(gtv_store_finish(st), 0);
	gtv_store_close(st);
	gtv_names_free(names);

	back = open_copy(fd);
	gtv_store_get_stats(back, &stats);
	assert_true(stats.complete);
	assert_int_equal(stats.blocks, blocks);
	assert_int_equal(stats.events, now.events);
	assert_int_equal(make_read_all(back), blocks);
	gtv_store_close(back);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(questions_about_time),
		cmocka_unit_test(block_closes_when_full_or_old),
		cmocka_unit_test(times_out_of_order),
		cmocka_unit_test(loss_is_counted),
		cmocka_unit_test(outputs_of_any_size),
		cmocka_unit_test(names_keep_their_order),
		cmocka_unit_test(readers_beside_the_writer),
		cmocka_unit_test(through_a_pipe),
		cmocka_unit_test(many_blocks_have_their_index),
		cmocka_unit_test(closed_pipe_is_an_error),
		cmocka_unit_test(full_disk_leaves_a_valid_trace),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
