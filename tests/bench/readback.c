/* SPDX-License-Identifier: MIT
 *
 * Rows of reading back what was recorded, and of what recording needs.
 *
 *  decode_sched   ns an event of a perf.data of scheduling events, imported: from the file
 *                 into memory. The peers read the very same events out of the very same
 *                 file (for trace-cmd and babeltrace2 it is converted, its records kept),
 *                 in CPU time; they print them, so `gtviz events` is there beside them.
 *  report_10m     ms of `gtviz report` of 10 million events, from start to end.
 *  record_memory  the most of its own memory that a recorder takes at a high rate, with
 *                 rings of the default size, of 128 MB; and with --buffer 64M.
 *
 * From the environment: GTVIZ, TOOLS (pingpipe, evgen, tracegen) and O (where files go).
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/bench/bench.h"
#include "tests/bench/tracers.h"
#include "tracer/store/store.h"

#define ROUND_TRIPS "10000"
#define BIG_EVENTS  "10000000"
#define LIMIT_MB    128.0
#define RATE	    "3000000" /* user events a second */
#define LOOK_NS	    20000000

static const char *gtviz(void)
{
	return from_env("GTVIZ", "./gtviz");
}

static const char *file(const char *name)
{
	static char path[8][512];
	static unsigned turn;

	turn = (turn + 1) % 8;
	snprintf(path[turn], sizeof path[turn], "%s/bench-%s", from_env("O", "build"),
		 name);
	return path[turn];
}

static double cpu_s(void)
{
	struct rusage ru;

	getrusage(RUSAGE_CHILDREN, &ru);
	return (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	       (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
}

static struct gtv_store *open_trace(const char *path)
{
	struct gtv_store *st;
	struct gtv_err err = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && !gtv_store_open(&st, fd, path, &err) ? st : NULL;
}

/* ------------------------------------------------------------ decode_sched */

static double sched_events; /* < 0: cannot be recorded here */

/* perf records once; what the others read is made of that. */
static int prepare(void)
{
	char out[256];
	struct gtv_store_stats stats;

	if (sched_events)
		return sched_events < 0 ? -1 : 0;
	sched_events = CANNOT;
	const char *record[] = {"perf",
				"record",
				"-q",
				"-a",
				"-R",
				"-c",
				"1",
				"-m",
				"2048",
				"-e",
				"sched:sched_switch",
				"-e",
				"sched:sched_waking",
				"-o",
				file("sched.data"),
				"--",
				tool("pingpipe"),
				ROUND_TRIPS,
				NULL};
	const char *import[] = {gtviz(), "import",	    file("sched.data"),
				"-o",	 file("sched.gtv"), NULL};
	if (run(record, out, sizeof out) || run(import, out, sizeof out))
		return -1;
	struct gtv_store *st = open_trace(file("sched.gtv"));
	if (!st)
		return -1;
	gtv_store_get_stats(st, &stats);
	gtv_store_close(st);
	sched_events = stats.events ? (double)stats.events : CANNOT;
	return stats.events ? 0 : -1;
}

static double sched_ours(void)
{
	static struct gtv_ev evs[GTV_BLOCK_MAX];
	struct timespec from, to;
	struct gtv_store *st = prepare() ? NULL : open_trace(file("sched.gtv"));
	long n = 0;

	if (!st)
		return CANNOT;
	gtv_store_read(st, 0, evs); /* the first one allocates */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (size_t i = 0; i < gtv_store_block_count(st) && n >= 0; i++)
		n = gtv_store_read(st, i, evs);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	gtv_store_close(st);
	double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 +
		    (double)(to.tv_nsec - from.tv_nsec);
	return n < 0 ? CANNOT : ns / sched_events;
}

static double sched_copy(void)
{
	static struct gtv_ev from[GTV_BLOCK_MAX], to[GTV_BLOCK_MAX];

	from[0].ts_ns++;
	memcpy(to, from, sizeof to);
	uint64_t start_ns = bench_now_ns();
	for (unsigned i = 0; i < 100; i++) {
		memcpy(to, from, sizeof to);
		__asm__ volatile("" : : "r"(to) : "memory");
	}
	return (double)(bench_now_ns() - start_ns) / (100.0 * GTV_BLOCK_MAX);
}

/* CPU time of a command that prints all of them, an event. */
static double printed_by(const char *const *argv)
{
	static char out[4096];
	double before = cpu_s();

	if (prepare() || run(argv, out, sizeof out) || !out[0])
		return CANNOT;
	return (cpu_s() - before) * 1e9 / sched_events;
}

static double sched_gtviz_events(void)
{
	const char *argv[] = {gtviz(), "events", file("sched.gtv"), NULL};

	return printed_by(argv);
}

static double sched_perf_script(void)
{
	const char *argv[] = {"perf", "script", "-i", file("sched.data"), NULL};

	return printed_by(argv);
}

static double sched_trace_cmd(void)
{
	static int made;
	char out[256];
	const char *convert[] = {"python3", "tests/kernel/perf2dat.py", file("sched.data"),
				 file("sched.dat"), NULL};
	const char *argv[] = {"trace-cmd", "report", "-i", file("sched.dat"), NULL};

	if (prepare() || (!made && run(convert, out, sizeof out)))
		return CANNOT;
	made = 1;
	return printed_by(argv);
}

static double sched_babeltrace2(void)
{
	static int made;
	char out[256];
	const char *convert[] = {"perf",
				 "data",
				 "convert",
				 "-i",
				 file("sched.data"),
				 "--to-ctf",
				 file("sched.ctf"),
				 "--force",
				 NULL};
	const char *argv[] = {"babeltrace2", file("sched.ctf"), NULL};

	if (prepare() || (!made && run(convert, out, sizeof out)))
		return CANNOT;
	made = 1;
	return printed_by(argv);
}

/* -------------------------------------------------------------- report_10m */

/* The trace of `decode` and `frame`; made if it is not there. */
static const char *big_trace(void)
{
	const char *path = file("10m.gtv"), *partial = file("10m.gtv.tmp");
	const char *argv[] = {tool("tracegen"), BIG_EVENTS, "8", partial, NULL};
	struct stat trace, maker;
	char out[256];

	if (!stat(path, &trace) && !stat(tool("tracegen"), &maker) &&
	    trace.st_mtime >= maker.st_mtime)
		return path;
	return run(argv, out, sizeof out) || rename(partial, path) ? NULL : path;
}

static double report_ours(void)
{
	static char out[4096];
	const char *path = big_trace();
	const char *argv[] = {gtviz(), "report", path, NULL};
	uint64_t from_ns = bench_now_ns();

	if (!path || run(argv, out, sizeof out))
		return CANNOT;
	return (double)(bench_now_ns() - from_ns) / 1e6;
}

static double report_file(void)
{
	static char bytes[1 << 20];
	const char *path = big_trace();
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	uint64_t from_ns = bench_now_ns();

	if (fd < 0)
		return CANNOT;
	while (read(fd, bytes, sizeof bytes) > 0)
		;
	close(fd);
	return (double)(bench_now_ns() - from_ns) / 1e6;
}

/* ----------------------------------------------------------- record_memory */

static double own_mb(pid_t pid)
{
	char path[64], line[256];
	double kb = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "RssAnon: %lf", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb / 1024;
}

static double most_mb(const char *buffer)
{
	const char *argv[] = {gtviz(),	 "record", "-o", file("memory.gtv"),
			      "--level", "0",	   "--", tool("evgen"),
			      RATE,	 "3",	   NULL, NULL,
			      NULL};
	struct timespec nap = {.tv_nsec = LOOK_NS};
	posix_spawn_file_actions_t actions;
	double most = 0;
	int status = -1;
	pid_t pid;

	if (buffer) { /* else of the usual size */
		memmove(argv + 8, argv + 6, 4 * sizeof *argv);
		argv[6] = "--buffer";
		argv[7] = buffer;
	}
	posix_spawn_file_actions_init(&actions);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	int error =
		posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	while (!error && waitpid(pid, &status, WNOHANG) == 0) {
		double mb = own_mb(pid);
		most = mb > most ? mb : most;
		nanosleep(&nap, NULL);
	}
	unlink(file("memory.gtv"));
	return error || status || most <= 0 ? CANNOT : most;
}

static double memory_ours(void)
{
	return most_mb(NULL);
}

static double memory_large(void)
{
	return most_mb("64M");
}

static double memory_limit(void)
{
	return LIMIT_MB;
}

static const struct bench_row rows[] = {
	{.name = "decode_sched",
	 .unit = "ns/event",
	 .ours = sched_ours,
	 .reference = sched_copy,
	 .peers = {{"gtviz events", sched_gtviz_events},
		   {"perf script", sched_perf_script},
		   {"trace-cmd report", sched_trace_cmd},
		   {"babeltrace2", sched_babeltrace2}},
	 .rounds = 3},
	{.name = "report_10m",
	 .unit = "ms",
	 .ours = report_ours,
	 .reference = report_file,
	 .rounds = 5},
	{.name = "record_memory",
	 .unit = "MB",
	 .ours = memory_ours,
	 .reference = memory_limit,
	 .peers = {{"--buffer 64M", memory_large}},
	 .rounds = 3},
	{0},
};

int main(int argc, char **argv)
{
	int status = bench_main(argc, argv, rows);
	const char *const clean[] = {"rm",
				     "-rf",
				     file("sched.data"),
				     file("sched.gtv"),
				     file("sched.dat"),
				     file("sched.ctf"),
				     NULL};
	char out[16];

	if (sched_events)
		run(clean, out, sizeof out);
	return status;
}
