/* SPDX-License-Identifier: MIT
 *
 * A trace that comes by a pipe: in pieces of any size it becomes the trace that the
 * file is; cut or damaged anywhere it loses what the file loses; and nobody waits for
 * somebody who has gone.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/unit/store_make.h"

#define BLOCKS	  12u
#define PER_BLOCK 60u

struct fixture {
	int fd;
	uint8_t *bytes;
	uint64_t size, unfinished; /* unfinished: up to what finishing added */
};

static int setup(void **state)
{
	static struct fixture f;
	struct gtv_names *names = gtv_names_new();
	struct gtv_store *st;

	signal(SIGPIPE, SIG_IGN);
	f.fd = make_memory();
	make_trace(&st, names, dup(f.fd), BLOCKS, PER_BLOCK, 77);
	f.unfinished = make_size(f.fd);
	assert_int_equal(gtv_store_finish(st), 0);
	gtv_store_close(st);
	gtv_names_free(names);
	f.size = make_size(f.fd);
	f.bytes = malloc(f.size);
	assert_non_null(f.bytes);
	assert_int_equal(pread(f.fd, f.bytes, f.size, 0), f.size);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->fd);
	free(f->bytes);
	return 0;
}

/* ---- A thread that writes into the pipe ---- */

struct pour {
	int fd;
	const uint8_t *bytes;
	uint64_t size, seed; /* seed 0: all at once */
	pthread_t thread;
};

static void *pour(void *arg)
{
	struct pour *p = arg;

	for (uint64_t done = 0; done < p->size;) {
		uint64_t n = p->seed ? 1 + make_random(&p->seed) % 700 : p->size;
		n = n < p->size - done ? n : p->size - done;
		ssize_t wrote = write(p->fd, p->bytes + done, n);
		if (wrote <= 0)
			break;
		done += (uint64_t)wrote;
	}
	close(p->fd);
	return NULL;
}

/* Opens a stream that brings these bytes. */
static int open_poured(struct gtv_store **st, const uint8_t *bytes, uint64_t size,
		       uint64_t seed, struct gtv_err *err)
{
	struct pour p = {.bytes = bytes, .size = size, .seed = seed};
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	p.fd = ends[1];
	assert_int_equal(pthread_create(&p.thread, NULL, pour, &p), 0);
	int rc = gtv_store_open_stream(st, ends[0], "pipe", err);
	while (!rc && gtv_store_stream(*st) == GTV_STREAM_GROWS)
		sched_yield();
	pthread_join(p.thread, NULL);
	return rc;
}

static struct gtv_store *open_file(const uint8_t *bytes, uint64_t size)
{
	struct gtv_store *st;
	struct gtv_err err;
	int fd = make_memory();

	assert_int_equal(write(fd, bytes, size), size);
	return gtv_store_open(&st, fd, "file", &err) ? NULL : st;
}

/* ---- Tests ---- */

static void pieces_become_the_trace(void **state)
{
	const struct fixture *f = *state;
	struct gtv_store *file = open_file(f->bytes, f->size), *st;
	uint64_t rnd = make_seed();
	struct gtv_err err = {0};

	for (int run = 0; run < 40; run++) {
		struct gtv_store_info a, b;
		struct gtv_store_stats stats;
		assert_int_equal(open_poured(&st, f->bytes, f->size,
					     run ? make_random(&rnd) : 0, &err),
				 0);
		assert_int_equal(gtv_store_stream(st), GTV_STREAM_ENDED);
		make_assert_same(st, file);
		gtv_store_get_info(st, &a);
		gtv_store_get_info(file, &b);
		assert_memory_equal(&a, &b, sizeof a);
		gtv_store_get_stats(st, &stats);
		assert_true(stats.complete);
		assert_int_equal(stats.gaps, 0);
		assert_int_equal(stats.bytes, f->size);
		gtv_store_close(st);
	}
	gtv_store_close(file);
}

/* A block is there as soon as its last byte is, and with it the names it needs. */
static void each_block_when_it_is_whole(void **state)
{
	const struct fixture *f = *state;
	struct gtv_store *file = open_file(f->bytes, f->unfinished), *st;
	struct gtv_block_info block, next;
	uint64_t done = 0;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	for (size_t i = 0; i < BLOCKS; i++) {
		assert_int_equal(gtv_store_block(file, i, &block), 0);
		uint64_t end = f->unfinished;
		if (!gtv_store_block(file, i + 1, &next))
			end = next.offset;
		/* All but the last byte of what lies before the next block of events. */
		assert_int_equal(write(ends[1], f->bytes + done, end - done - 1),
				 end - done - 1);
		if (!i)
			assert_int_equal(gtv_store_open_stream(&st, ends[0], "p", NULL), 0);
		while (gtv_store_block_count(st) <= i)
			sched_yield();
		assert_int_equal(gtv_store_block_count(st), i + 1);
		assert_true(gtv_names_count(gtv_store_names(st), GTV_CLASS_GT) > i);
		assert_int_equal(gtv_store_stream(st), GTV_STREAM_GROWS);
		done = end - 1;
	}
	gtv_store_close(st); /* the writer is still there: nobody waits for it */
	assert_int_equal(write(ends[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
	gtv_store_close(file);
}

static void assert_alike(const struct gtv_store *st, const struct gtv_store *file)
{
	struct gtv_store_stats a, b;

	gtv_store_get_stats(st, &a);
	gtv_store_get_stats(file, &b);
	assert_int_equal(a.events, b.events);
	assert_int_equal(a.lost, b.lost);
	assert_int_equal(make_read_all(st), make_read_all(file));
	for (int c = 1; c < GTV_CLASS_MAX; c++)
		assert_int_equal(gtv_names_count(gtv_store_names(st), (enum gtv_class)c),
				 gtv_names_count(gtv_store_names(file), (enum gtv_class)c));
}

/* Cut anywhere, the stream has what a file cut there has, and says that it was cut. */
static void cut_anywhere(void **state)
{
	const struct fixture *f = *state;
	uint64_t rnd = make_seed();
	struct gtv_store *st;

	for (uint64_t size = 0; size < f->size; size += 1 + make_random(&rnd) % 60) {
		struct gtv_err err = {0};
		struct gtv_store *file = open_file(f->bytes, size);
		int rc = open_poured(&st, f->bytes, size, make_random(&rnd), &err);
		if (!file) {
			assert_int_not_equal(rc, 0);
			assert_int_not_equal(err.code, 0);
			continue;
		}
		assert_int_equal(rc, 0);
		assert_int_equal(gtv_store_stream(st), GTV_STREAM_CUT);
		assert_alike(st, file);
		gtv_store_close(st);
		gtv_store_close(file);
	}
}

/* Flipped bits cost the stream what they cost the file of a killed recorder. */
static void damaged_anywhere(void **state)
{
	const struct fixture *f = *state;
	uint64_t rnd = make_seed(), size = f->unfinished;
	uint8_t *bytes = malloc(size);
	struct gtv_store *st;

	assert_non_null(bytes);
	for (int run = 0; run < 300; run++) {
		struct gtv_err err = {0};
		memcpy(bytes, f->bytes, size);
		for (int n = 1 + run % 12; n--;)
			bytes[make_random(&rnd) % size] ^= (uint8_t)(1u << (run % 8));
		struct gtv_store *file = open_file(bytes, size);
		int rc = open_poured(&st, bytes, size, make_random(&rnd), &err);
		assert_int_equal(rc == 0, file != NULL);
		if (rc)
			continue;
		assert_int_equal(gtv_store_stream(st), GTV_STREAM_CUT);
		assert_alike(st, file);
		gtv_store_close(st);
		gtv_store_close(file);
	}
	free(bytes);
}

static void what_is_no_trace(void **state)
{
	const struct fixture *f = *state;
	uint8_t *zeros = calloc(1, 3 << 20), head[GTV_HEAD_BYTES];
	struct gtv_store *st;
	struct gtv_head h;
	struct gtv_err err;
	char line[700];

	assert_non_null(zeros);
	assert_int_equal(open_poured(&st, zeros, 0, 0, &err), -GTV_EFORMAT);
	assert_string_equal(gtv_err_line(&err, line, sizeof line),
			    "pipe: the file is empty");
	assert_int_equal(
		open_poured(&st, (const uint8_t *)"ssh: no such host\n", 18, 0, &err),
		-GTV_EFORMAT);
	assert_string_equal(gtv_err_line(&err, line, sizeof line),
			    "pipe: not a gtviz trace");
	/* Endless nonsense is not waited for to its end. */
	assert_int_equal(open_poured(&st, zeros, 3 << 20, 0, &err), -GTV_EFORMAT);
	memcpy(head, f->bytes, sizeof head);
	assert_int_equal(gtv_head_read(&h, head), GTV_HEAD_GOOD);
	h.version = 2;
	gtv_head_write(&h, head);
	assert_int_equal(open_poured(&st, head, sizeof head, 0, &err), -GTV_EVERSION);
	assert_null(st);
	free(zeros);
	/* The same with more behind it, that came at once (found by the fuzzer). */
	uint8_t *bytes = malloc(f->size);
	assert_non_null(bytes);
	memcpy(bytes, f->bytes, f->size);
	memcpy(bytes, head, sizeof head);
	assert_int_equal(open_poured(&st, bytes, f->size, 0, &err), -GTV_EVERSION);
	free(bytes);
}

static void a_file_is_no_stream(void **state)
{
	const struct fixture *f = *state;
	struct gtv_store *st;

	assert_int_equal(
		gtv_store_open_stream(&st, make_copy(f->fd, f->size), "file", NULL), 0);
	assert_int_equal(gtv_store_stream(st), GTV_STREAM_NONE);
	assert_int_equal(gtv_store_block_count(st), BLOCKS);
	gtv_store_close(st);
	assert_int_equal(gtv_store_open_stream(&st, open("/", O_RDONLY), "/", NULL),
			 -GTV_EIO);
}

/* No room to keep what comes: said, and what came before stays. */
static void full_spool(void **state)
{
	const struct fixture *f = *state;
	struct rlimit old, tight;
	struct gtv_store *st;
	struct gtv_err err = {0};

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight = (struct rlimit){f->size / 2, old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	int rc = open_poured(&st, f->bytes, f->size, 5, &err);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(rc, 0);
	assert_int_equal(gtv_store_stream(st), GTV_STREAM_FAILED);
	assert_int_equal(gtv_store_error(st)->code, GTV_EFULL);
	assert_true(make_read_all(st) > 0);
	gtv_store_close(st);
}

/* ---- The writer's side ---- */

struct slow {
	int fd, go; /* nothing is read before `go` is set */
	pthread_t thread;
	uint64_t got;
};

static void *read_slowly(void *arg)
{
	struct slow *s = arg;
	char buf[65536];
	ssize_t n;

	while (!__atomic_load_n(&s->go, __ATOMIC_ACQUIRE))
		sched_yield();
	while ((n = read(s->fd, buf, sizeof buf)) > 0)
		s->got += (uint64_t)n;
	return NULL;
}

static void let_go(void *arg)
{
	struct slow *s = arg;

	__atomic_store_n(&s->go, 1, __ATOMIC_RELEASE);
}

/* A reader that takes nothing: the writer says that it waits, and goes on when it can. */
static void a_slow_reader(void **state)
{
	(void)state;
	for (int socket = 0; socket < 2; socket++) {
		struct slow slow = {0};
		struct gtv_names *names = gtv_names_new();
		struct gtv_store_info info = make_info();
		struct gtv_store_stats stats;
		struct gtv_store *st;
		uint64_t rnd = 3;
		int ends[2];

		if (socket)
			assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		else
			assert_int_equal(pipe(ends), 0);
		slow.fd = ends[0];
		assert_int_equal(gtv_store_create(&st, ends[1], &info, names, NULL), 0);
		gtv_store_on_wait(st, let_go, &slow);
		assert_int_equal(pthread_create(&slow.thread, NULL, read_slowly, &slow), 0);
		for (uint64_t i = 0; i < 100000; i++) {
			struct gtv_ev ev = make_wild(&rnd, 2000000 + i);
			assert_int_equal(gtv_store_append(st, &ev, 1), 0);
		}
		assert_int_equal(gtv_store_finish(st), 0);
		assert_int_equal(slow.go, 1); /* it had to wait */
		gtv_store_get_stats(st, &stats);
		gtv_store_close(st);
		pthread_join(slow.thread, NULL);
		close(ends[0]);
		assert_int_equal(slow.got, stats.bytes);
		gtv_names_free(names);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_become_the_trace),
		cmocka_unit_test(each_block_when_it_is_whole),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(damaged_anywhere),
		cmocka_unit_test(what_is_no_trace),
		cmocka_unit_test(a_file_is_no_stream),
		cmocka_unit_test(full_spool),
		cmocka_unit_test(a_slow_reader),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
