/* SPDX-License-Identifier: MIT
 *
 * Rows about tracing and drawing: what `gtviz record` costs the program that it
 * watches, and what a frame of the screen costs.
 *
 * The programs are found through the environment that `make bench` gives: GTVIZ,
 * TOOLS (pingpipe, tracegen) and O (where temporary files go).
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tracer/model/window.h"
#include "tracer/store/store.h"
#include "tui/canvas.h"
#include "tui/nav.h"
#include "tui/view.h"

#define ROUND_TRIPS  "100000"
#define FRAME_EVENTS "10000000"
#define FRAME_CORES  "8"
#define FRAME_COLS   200
#define FRAME_ROWS   60
#define CANNOT	     -1.0 /* "cannot be measured here" */
#define ARGS_MAX     16

extern char **environ;

static const char *from_env(const char *name, const char *fallback)
{
	const char *value = getenv(name);
	return value && *value ? value : fallback;
}

static const char *tool(const char *name)
{
	static char path[2][512];
	static int turn;
	turn = !turn;
	snprintf(path[turn], sizeof path[turn], "%s/%s", from_env("TOOLS", "build/tests"),
		 name);
	return path[turn];
}

static const char *scratch(const char *name)
{
	static char path[2][512];
	static int turn;
	turn = !turn;
	snprintf(path[turn], sizeof path[turn], "%s/bench-%s", from_env("O", "build"),
		 name);
	return path[turn];
}

/* Runs a command and keeps the beginning of its stdout; stderr is dropped unless
 * it fails. 0, or -1 if it cannot be run or does not end well. */
static int run(const char *const *argv, char *out, size_t size)
{
	posix_spawn_file_actions_t actions;
	int fds[2], status = -1;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	int error =
		posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);

	size_t used = 0;
	char rest[4096];
	while (!error) {
		char *to = used + 1 < size ? out + used : rest;
		size_t room = used + 1 < size ? size - 1 - used : sizeof rest;
		ssize_t got = read(fds[0], to, room);
		if (got <= 0)
			break;
		if (to != rest)
			used += (size_t)got;
	}
	close(fds[0]);
	out[used] = 0;
	if (error || waitpid(pid, &status, 0) < 0 || status) {
		fprintf(stderr, "%s: %s\n", argv[0], error ? strerror(error) : "failed");
		return -1;
	}
	return 0;
}

/* ---- what tracing costs ---------------------------------------------------------- */

/* pingpipe prints the ns of its loop among what its tracer may print: the tracers'
 * own start and end are not counted, only what they do to the program. */
static double pingpipe_under(const char *const *tracer)
{
	const char *argv[ARGS_MAX];
	char out[65536];
	int argc = 0;

	while (*tracer)
		argv[argc++] = *tracer++;
	argv[argc++] = tool("pingpipe");
	argv[argc++] = ROUND_TRIPS;
	argv[argc] = NULL;
	if (run(argv, out, sizeof out) < 0)
		return CANNOT;
	for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
		char *end;
		unsigned long long ns = strtoull(line, &end, 10);
		if (end != line && !*end && ns > 1000000)
			return (double)ns / 1e6;
	}
	return CANNOT;
}

/* A tracer that loses events looks fast: the first trace of a row must hold every
 * switch of the round trips, or the row cannot be measured. */
static int holds_every_switch(const char *trace)
{
	static char out[1 << 20];
	const char *argv[] = {from_env("GTVIZ", "./gtviz"), "report", "--json", trace,
			      NULL};
	unsigned long long switches = 0;

	if (run(argv, out, sizeof out) < 0)
		return 0;
	const char *at = strstr(out, "\"os_threads\"");
	const char *end = at ? strstr(at, "\"locks\"") : NULL;
	while (at && (at = strstr(at, "\"switches\":")) && (!end || at < end)) {
		at += strlen("\"switches\":");
		switches += strtoull(at, NULL, 10);
	}
	if (switches < 2 * strtoull(ROUND_TRIPS, NULL, 10)) {
		fprintf(stderr, "the trace holds %llu switches of at least 2 x %s\n",
			switches, ROUND_TRIPS);
		return 0;
	}
	return 1;
}

static double recorded(const char *level)
{
	static int checked;
	const char *trace = scratch("pingpong.gtv");
	const char *tracer[] = {from_env("GTVIZ", "./gtviz"),
				"record",
				"-o",
				trace,
				"--level",
				level,
				"--",
				NULL};
	double ms = pingpipe_under(tracer);

	if (ms >= 0 && !checked) {
		checked = 1;
		if (!holds_every_switch(trace))
			ms = CANNOT;
	}
	unlink(trace);
	return ms;
}

static double pingpong_l3(void)
{
	return recorded("3");
}

static double pingpong_l1(void)
{
	return recorded("1");
}

static double pingpong_untraced(void)
{
	static const char *const nobody[] = {NULL};
	return pingpipe_under(nobody);
}

static double pingpong_perf_sched(void)
{
	const char *data = scratch("perf.data");
	const char *tracer[] = {"perf", "sched", "record", "-o", data, "--", NULL};
	double ms = pingpipe_under(tracer);
	unlink(data);
	return ms;
}

/* bpftrace only counts: less than a trace, shown as what the hooks alone cost. It
 * takes the command as one word. */
static double pingpong_bpftrace(void)
{
	char command[600], out[4096];
	const char *argv[] = {"bpftrace",
			      "-e",
			      "tracepoint:sched:sched_switch { @s++ } "
			      "tracepoint:sched:sched_waking { @w++ }",
			      "-c",
			      command,
			      NULL};
	snprintf(command, sizeof command, "%s %s", tool("pingpipe"), ROUND_TRIPS);
	if (run(argv, out, sizeof out) < 0)
		return CANNOT;
	for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
		char *end;
		unsigned long long ns = strtoull(line, &end, 10);
		if (end != line && !*end && ns > 1000000)
			return (double)ns / 1e6;
	}
	return CANNOT;
}

/* ---- what a frame costs ---------------------------------------------------------- */

struct picture {
	struct gtv_store *store;
	struct gtv_window *window;
	struct tui_canvas canvas;
	uint64_t first_ns, last_ns;
};

static int picture_open(struct picture *p, struct gtv_store *store)
{
	p->store = store;
	p->window = gtv_window_new(store);
	if (gtv_store_range(store, &p->first_ns, &p->last_ns) != 0)
		p->first_ns = p->last_ns = 0;
	return p->window && tui_canvas_init(&p->canvas, FRAME_COLS, FRAME_ROWS) == 0 ? 0
										     : -1;
}

static double draw_ms(struct picture *p, uint64_t from_ns, uint64_t to_ns)
{
	static const struct tui_facts facts = {.mode = TUI_REPLAY, .command = "bench"};
	struct tui_nav nav;
	struct tui_scene scene = {.store = p->store,
				  .names = gtv_store_names(p->store),
				  .window = p->window,
				  .nav = &nav,
				  .facts = &facts};

	tui_nav_init(&nav, p->first_ns, p->last_ns, 0);
	if (to_ns > from_ns)
		tui_nav_window(&nav, from_ns, to_ns);
	uint64_t begin_ns = bench_now_ns();
	tui_canvas_clear(&p->canvas);
	if (tui_view_by_id(TUI_VIEW_TIMELINE)->draw(&p->canvas, &scene) != 0)
		return CANNOT;
	return (double)(bench_now_ns() - begin_ns) / 1e6;
}

/* The 10 M-event trace is written once a build and kept. */
static int trace_of_10m(struct picture *p)
{
	const char *path = scratch("10m.gtv"), *generator = tool("tracegen");
	const char *argv[] = {generator, FRAME_EVENTS, FRAME_CORES, path, NULL};
	struct stat trace, maker;
	struct gtv_store *store;
	char out[256];

	if (stat(generator, &maker) < 0)
		return -1;
	if ((stat(path, &trace) < 0 || trace.st_mtime < maker.st_mtime) &&
	    run(argv, out, sizeof out) < 0)
		return -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || gtv_store_open(&store, fd, path, NULL) != 0)
		return -1;
	return picture_open(p, store);
}

/* From the whole trace in to a microsecond around three places of it, each window
 * an eighth of the last: every level of zoom, and exact spans. The worst counts. */
static double frame_worst(void)
{
	static struct picture p;
	double worst_ms = 0;

	if (!p.store && trace_of_10m(&p) != 0)
		return CANNOT;
	for (unsigned place = 1; place <= 3; place++) {
		uint64_t middle_ns = p.first_ns + (p.last_ns - p.first_ns) / 4 * place;
		for (uint64_t width_ns = p.last_ns - p.first_ns; width_ns > 1000;
		     width_ns /= 8) {
			uint64_t half_ns = width_ns / 2;
			uint64_t from_ns = middle_ns > p.first_ns + half_ns
						   ? middle_ns - half_ns
						   : p.first_ns;
			double ms = draw_ms(&p, from_ns, from_ns + width_ns);
			if (ms < 0)
				return CANNOT;
			if (ms > worst_ms) {
				worst_ms = ms;
				if (getenv("BENCH_VERBOSE"))
					fprintf(stderr, "%.3f ms for %llu ns at place %u\n",
						ms, (unsigned long long)width_ns, place);
			}
		}
	}
	return worst_ms;
}

static double frame_empty(void)
{
	static struct picture p;
	static const struct gtv_store_info info = {.level = 3, .core_count = 8};
	struct gtv_store *store;

	if (!p.store) {
		if (gtv_store_create_temp(&store, &info, gtv_names_new(), NULL) != 0 ||
		    picture_open(&p, store) != 0)
			return CANNOT;
	}
	return draw_ms(&p, 0, 0);
}

static const struct bench_row rows[] = {
	{.name = "trace_pingpong_l3",
	 .unit = "ms",
	 .ours = pingpong_l3,
	 .reference = pingpong_untraced,
	 .peers = {{"perf sched record", pingpong_perf_sched},
		   {"bpftrace counting", pingpong_bpftrace}},
	 .rounds = 7},
	{.name = "trace_pingpong_l1",
	 .unit = "ms",
	 .ours = pingpong_l1,
	 .reference = pingpong_untraced,
	 .rounds = 7},
	{.name = "frame", .unit = "ms", .ours = frame_worst, .reference = frame_empty},
	{0},
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, rows);
}
