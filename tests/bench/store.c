/* SPDX-License-Identifier: MIT
 *
 * Rows of the store: what an event costs on disk in real recordings, what it costs
 * to read back, and how soon a big trace is on the screen.
 *
 * From the environment: GTVIZ and SAMPLES (what is recorded), TOOLS (tracegen) and
 * O (where files go; the big trace stays there).
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tracer/model/window.h"
#include "tracer/store/block.h"
#include "tracer/store/store.h"

#define CANNOT	      -1.0 /* "cannot be measured here" */
#define BIG_EVENTS    "10000000"
#define HUGE_EVENTS   "100000000"
#define BIG_CORES     "8"
#define SCREEN_CELLS  200u
#define DECODE_BLOCKS 200u
#define RAW_RECORD    32.0 /* bytes: struct gtv_event */

extern char **environ;

static const char *from_env(const char *name, const char *fallback)
{
	const char *value = getenv(name);
	return value && *value ? value : fallback;
}

/* Waits for a command whose output nobody wants; 0 if it ended well. */
static int run(const char *const *argv)
{
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	int error =
		posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error || waitpid(pid, &status, 0) < 0 || status) {
		fprintf(stderr, "%s: %s\n", argv[0], error ? strerror(error) : "failed");
		return -1;
	}
	return 0;
}

static struct gtv_store *open_trace(const char *path)
{
	struct gtv_store *st;
	struct gtv_err err = {0};
	char line[700];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && !gtv_store_open(&st, fd, path, &err))
		return st;
	fprintf(stderr, "%s\n", fd < 0 ? path : gtv_err_line(&err, line, sizeof line));
	return NULL;
}

/* ---- disk_bytes ---- */

/* Adds the events and bytes of one recorded run. */
static int record(const char *sample, const char *argument, uint64_t *events,
		  uint64_t *bytes)
{
	char program[512], path[512];
	struct gtv_store_stats stats;

	snprintf(program, sizeof program, "%s/%s", from_env("SAMPLES", "build/samples"),
		 sample);
	snprintf(path, sizeof path, "%s/bench-disk.gtv", from_env("O", "build"));
	const char *argv[] = {from_env("GTVIZ", "./gtviz"),
			      "record",
			      "-o",
			      path,
			      "--",
			      program,
			      argument,
			      NULL};
	struct gtv_store *st = run(argv) ? NULL : open_trace(path);
	if (!st)
		return -1;
	gtv_store_get_stats(st, &stats);
	gtv_store_close(st);
	unlink(path);
	*events += stats.events;
	*bytes += stats.bytes;
	return 0;
}

static double disk_ours(void)
{
	uint64_t events = 0, bytes = 0;

	if (record("pingpong", "20000", &events, &bytes) ||
	    record("fib", "30", &events, &bytes) ||
	    record("blocking", "50", &events, &bytes) || !events)
		return CANNOT;
	return (double)bytes / (double)events;
}

static double disk_raw(void)
{
	return RAW_RECORD;
}

/* ---- The big trace ---- */

/* Written once a build of tracegen, and kept. */
static const char *made_trace(const char *name, const char *count)
{
	static char path[512];
	char generator[512], partial[520];
	struct stat trace, maker;

	snprintf(path, sizeof path, "%s/%s", from_env("O", "build"), name);
	snprintf(partial, sizeof partial, "%s.tmp", path);
	snprintf(generator, sizeof generator, "%s/tracegen",
		 from_env("TOOLS", "build/tests"));
	if (stat(generator, &maker))
		return NULL;
	if (!stat(path, &trace) && trace.st_mtime >= maker.st_mtime)
		return path;
	const char *argv[] = {generator, count, BIG_CORES, partial, NULL};
	return run(argv) || rename(partial, path) ? NULL : path;
}

static const char *big_trace(void)
{
	return made_trace("bench-10m.gtv", BIG_EVENTS);
}

static const char *huge_trace(void)
{
	return made_trace("bench-100m.gtv", HUGE_EVENTS);
}

/* ---- decode ---- */

static struct gtv_ev *decoded, *copied;

static double decode_ours(void)
{
	const char *path = big_trace();
	struct gtv_store *st = path ? open_trace(path) : NULL;
	uint64_t events = 0;

	if (!st)
		return CANNOT;
	decoded = decoded ? decoded : calloc(GTV_BLOCK_MAX, sizeof *decoded);
	size_t blocks = gtv_store_block_count(st);
	blocks = blocks < DECODE_BLOCKS ? blocks : DECODE_BLOCKS;
	gtv_store_read(st, 0, decoded); /* the first one allocates */
	uint64_t from_ns = bench_now_ns();
	for (size_t i = 0; i < blocks; i++) {
		long n = gtv_store_read(st, i, decoded);
		if (n < 0)
			break;
		events += (uint64_t)n;
	}
	uint64_t ns = bench_now_ns() - from_ns;
	gtv_store_close(st);
	return events ? (double)ns / (double)events : CANNOT;
}

static double decode_copy(void)
{
	if (!copied && decode_ours() < 0) /* something to copy */
		return CANNOT;
	copied = copied ? copied : calloc(GTV_BLOCK_MAX, sizeof *copied);
	uint64_t from_ns = bench_now_ns();
	for (unsigned i = 0; i < DECODE_BLOCKS; i++) {
		memcpy(copied, decoded, GTV_BLOCK_MAX * sizeof *copied);
		__asm__ volatile("" : : "r"(copied) : "memory");
	}
	return (double)(bench_now_ns() - from_ns) / (DECODE_BLOCKS * (double)GTV_BLOCK_MAX);
}

/* ---- open_10m, open_100m ---- */

static double first_frame(const char *path)
{
	uint64_t from_ns, to_ns;
	double ms = CANNOT;

	if (!path)
		return CANNOT;
	uint64_t start_ns = bench_now_ns();
	struct gtv_store *st = open_trace(path);
	if (!st)
		return CANNOT;
	struct gtv_window *w = gtv_window_new(st);
	if (w && !gtv_store_range(st, &from_ns, &to_ns) &&
	    !gtv_window_look(w, from_ns, to_ns, (to_ns - from_ns) / SCREEN_CELLS))
		ms = (double)(bench_now_ns() - start_ns) / 1e6;
	gtv_window_free(w);
	gtv_store_close(st);
	return ms;
}

/* Reads the INDEX blocks and the footer, nothing more. */
static double index_alone(const char *path)
{
	uint8_t bytes[GTV_HEAD_BYTES];
	struct gtv_head footer;
	struct stat sb;
	double ms = CANNOT;

	uint64_t start_ns = bench_now_ns();
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return CANNOT;
	if (!fstat(fd, &sb) && sb.st_size > GTV_HEAD_BYTES &&
	    pread(fd, bytes, sizeof bytes, sb.st_size - GTV_HEAD_BYTES) == GTV_HEAD_BYTES &&
	    gtv_head_read(&footer, bytes) == GTV_HEAD_GOOD &&
	    footer.kind == GTV_BLOCK_FOOTER) {
		size_t size = (size_t)sb.st_size - (size_t)footer.from_ns;
		char *index = malloc(size);
		if (index && pread(fd, index, size, (off_t)footer.from_ns) == (ssize_t)size)
			ms = (double)(bench_now_ns() - start_ns) / 1e6;
		free(index);
	}
	close(fd);
	return ms;
}

static double open_ours(void)
{
	return first_frame(big_trace());
}

static double open_index(void)
{
	return index_alone(big_trace());
}

static double huge_ours(void)
{
	return first_frame(huge_trace());
}

static double huge_index(void)
{
	return index_alone(huge_trace());
}

static const struct bench_row rows[] = {
	{.name = "disk_bytes",
	 .unit = "B/event",
	 .ours = disk_ours,
	 .reference = disk_raw,
	 .rounds = 3},
	{.name = "decode",
	 .unit = "ns/event",
	 .ours = decode_ours,
	 .reference = decode_copy},
	{.name = "open_10m", .unit = "ms", .ours = open_ours, .reference = open_index},
	{.name = "open_100m",
	 .unit = "ms",
	 .ours = huge_ours,
	 .reference = huge_index,
	 .rounds = 3},
	{0},
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, rows);
}
