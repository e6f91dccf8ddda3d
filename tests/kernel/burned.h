/* SPDX-License-Identifier: MIT
 *
 * tests/tools/burn under a tracer, and what it says of its threads: the kernel's own
 * figures, which those of a trace must agree with.
 */
#ifndef BURNED_H
#define BURNED_H

#include "tests/kernel/accept.h"
#include "tests/kernel/steal.h"

#define THREADS_MAX   12
#define STEAL_TICK_NS 10000000
#define WITHIN_NS     200000 /* or 0.5% */

/* What the program says of one of its threads. */
struct figures {
	int tid;
	uint64_t run_ns, switches, read_at_ns, steal_ns;
	uint64_t seen_switches; /* by the events, until read_at_ns */
	uint64_t on_ns;		/* since when it is on a core, 0: it is not */
	uint64_t after_ns;	/* how long it ran after read_at_ns */
};

struct burned {
	struct figures th[THREADS_MAX];
	int count;
	uint64_t steal_ns;
};

static inline void parse_figures(struct burned *b, const char *text)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		struct figures f = {0};

		line += *line == '\n';
		if (b->count < THREADS_MAX &&
		    sscanf(line, "%d %*s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
			   &f.tid, &f.run_ns, &f.switches, &f.read_at_ns, &f.steal_ns) == 5)
			b->th[b->count++] = f;
	}
	assert_true(b->count > 0);
	assert_non_null(strstr(text, "done"));
}

static inline void burn(struct burned *b, const char *const *argv)
{
	struct ran r;

	memset(b, 0, sizeof *b);
	b->steal_ns = machine_steal_ns();
	run(&r, NULL, argv);
	/* Where there is any steal, up to a tick of it does not show. */
	b->steal_ns =
		machine_steal_ns() ? machine_steal_ns() - b->steal_ns + STEAL_TICK_NS : 0;
	expect_exit(&r, 0, "burn");
	parse_figures(b, r.text[0]);
	for (int i = 0; i < b->count; i++)
		b->th[i].steal_ns += b->steal_ns;
	ran_free(&r);
}

static inline struct json_object *thread_row(struct json_object *report, int tid)
{
	struct json_object *list = get(report, "os_threads");

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (get_u64(o, "tid") == (uint64_t)tid)
			return o;
	}
	fail_msg("T%d is not in the report", tid);
	return NULL;
}

static inline int is_burner(const struct burned *b, int tid)
{
	for (int i = 0; i < b->count; i++)
		if (b->th[i].tid == tid)
			return 1;
	return 0;
}

static inline int perf_works(char *why, size_t size)
{
	const char *data = file_path("probe.data");
	const char *argv[] = {"perf", "sched", "record", "-k",	 "CLOCK_MONOTONIC",
			      "-o",   data,    "--",	 "true", NULL};
	struct ran r;
	int works;

	run(&r, NULL, argv);
	works = exit_code(&r) == 0;
	snprintf(why, size, "%.200s", works ? "" : r.text[1]);
	why[strcspn(why, "\n")] = 0;
	ran_free(&r);
	return works;
}

/* One run that `perf sched record` sees from outside, and gtviz from inside. */
static inline void burn_under_perf(struct burned *b, const char *level, const char *data,
				   const char *trace)
{
	char program[ACCEPT_PATH];
	const char *argv[] = {"perf",
			      "sched",
			      "record",
			      "-m",
			      "16M",
			      "-k",
			      "CLOCK_MONOTONIC",
			      "-o",
			      data,
			      "--",
			      gtviz_path(),
			      "record",
			      "--level",
			      level,
			      "-o",
			      trace,
			      "--",
			      program,
			      "300",
			      "6",
			      NULL};

	snprintf(program, sizeof program, "%s", build_path("tests/burn"));
	burn(b, argv);
}

#endif
