/* SPDX-License-Identifier: MIT
 *
 * The truth about OS threads at level 3: their running times are those of the
 * kernel's schedstat, their switches those that the kernel counted, and a
 * simultaneous `perf sched record` sees the same switches in the same order.
 */
#include "tests/kernel/accept.h"

#define THREADS	      6
#define BURN_MS	      "2000"
#define STEAL_TICK_NS 10000000
#define WITHIN_NS     200000 /* or 1% */

/* What the program says of one of its threads. */
struct figures {
	int tid;
	uint64_t run_ns, switches, read_at_ns, steal_ns;
	uint64_t seen_switches; /* by the events, until read_at_ns */
};

struct burned {
	struct figures th[THREADS];
	int count;
	uint64_t steal_ns;
};

/* What the hypervisor took from all cores, in ticks of 10 ms: what it took around a
 * switch no thread can see, and the kernel leaves it out of running times. */
static uint64_t machine_steal_ns(void)
{
	FILE *f = fopen("/proc/stat", "re");
	uint64_t ticks = 0;

	if (f && fscanf(f, "cpu %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &ticks) != 1)
		ticks = 0;
	if (f)
		fclose(f);
	return ticks * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

static void parse_figures(struct burned *b, const char *text)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		struct figures f = {0};

		line += *line == '\n';
		if (b->count < THREADS &&
		    sscanf(line, "%d %*s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
			   &f.tid, &f.run_ns, &f.switches, &f.read_at_ns, &f.steal_ns) == 5)
			b->th[b->count++] = f;
	}
	assert_int_equal(b->count, THREADS);
	assert_non_null(strstr(text, "done"));
}

static void burn(struct burned *b, const char *const *argv)
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

static struct json_object *thread_row(struct json_object *report, int tid)
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

static void count_switches(void *arg, const char *line)
{
	struct burned *b = arg;
	int64_t tid = line_need(line, "prev_tid");
	uint64_t ts = (uint64_t)line_need(line, "ts_ns");

	for (int i = 0; i < b->count; i++)
		b->th[i].seen_switches += b->th[i].tid == tid && ts <= b->th[i].read_at_ns;
}

static void expect_run_time(struct json_object *row, const struct figures *f)
{
	uint64_t run = get_u64(row, "running_ns");
	uint64_t off = run > f->run_ns ? run - f->run_ns : f->run_ns - run;
	uint64_t within = f->run_ns / 100 > WITHIN_NS ? f->run_ns / 100 : WITHIN_NS;

	if (off > within + f->steal_ns)
		fail_msg("T%d ran %" PRIu64 " ns, schedstat says %" PRIu64
			 " (steal %" PRIu64 " ns)",
			 f->tid, run, f->run_ns, f->steal_ns);
}

static void running_times_and_switches_are_the_kernels(void **state)
{
	const char *trace = file_path("burn.gtv");
	char program[ACCEPT_PATH];
	const char *argv[] = {gtviz_path(), "record", "--level", "3", "-o", trace,
			      "--",	    program,  BURN_MS,	 "6", NULL};
	struct json_object *report;
	struct burned b;

	(void)state;
	NEED_LEVEL(3);
	snprintf(program, sizeof program, "%s", build_path("tests/burn"));
	burn(&b, argv);
	report = report_of(trace);
	each_event(trace, "sched_switch", count_switches, &b);
	for (int i = 0; i < b.count; i++) {
		const struct figures *f = &b.th[i];
		struct json_object *row = thread_row(report, f->tid);
		uint64_t all = get_u64(row, "switches");

		expect_run_time(row, f);
		/* Until the kernel's figure was read: exactly. After it, the thread
		 * woke and ended, which may cost it a core once or twice more. */
		if (!get_u64(get(report, "lost"), "total"))
			assert_int_equal(f->seen_switches, f->switches);
		assert_in_range(all, f->switches, f->switches + 3);
	}
	assert_int_equal(get_u64(report, "level"), 3);
	assert_good_trace(trace);
	json_object_put(report);
}

/* perf's view: lines of `perf script`, one a switch. */

struct switches {
	struct seen {
		uint64_t ts_ns;
		int prev, next;
	} * list;
	size_t count, room;
	uint64_t lost; /* as the witness itself says */
	const struct burned *burned;
};

static int is_burner(const struct burned *b, int tid)
{
	for (int i = 0; i < b->count; i++)
		if (b->th[i].tid == tid)
			return 1;
	return 0;
}

static void add_switch(struct switches *s, uint64_t ts_ns, int prev, int next)
{
	if (!is_burner(s->burned, prev))
		return;
	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 1024;
		s->list = realloc(s->list, s->room * sizeof *s->list);
		assert_non_null(s->list);
	}
	s->list[s->count++] = (struct seen){ts_ns, prev, next};
}

static void add_ours(void *arg, const char *line)
{
	add_switch(arg, (uint64_t)line_need(line, "ts_ns"),
		   (int)line_need(line, "prev_tid"), (int)line_need(line, "next_tid"));
}

/* "  12.345678901: sched:sched_switch: … prev_pid=7 … next_pid=8 …" */
static void add_perfs(struct switches *s, const char *line)
{
	const char *prev = strstr(line, "prev_pid="), *next = strstr(line, "next_pid=");
	uint64_t sec, ns;

	if (!prev || !next || sscanf(line, " %" SCNu64 ".%" SCNu64 ":", &sec, &ns) != 2)
		return;
	add_switch(s, sec * 1000000000u + ns, atoi(prev + 9), atoi(next + 9));
}

static int by_thread_and_time(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->prev != y->prev)
		return x->prev < y->prev ? -1 : 1;
	return (x->ts_ns > y->ts_ns) - (x->ts_ns < y->ts_ns);
}

static void read_perf(struct switches *s, const char *data)
{
	char command[3 * ACCEPT_PATH], *line = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(command, sizeof command,
		 "perf script --ns --show-lost-events -F time,event,trace -i '%s' "
		 "2>/dev/null",
		 data);
	f = popen(command, "r");
	assert_non_null(f);
	while (getline(&line, &size, f) > 0)
		if (strstr(line, "sched_switch:"))
			add_perfs(s, line);
		else if (strstr(line, "PERF_RECORD_LOST"))
			s->lost++;
	free(line);
	pclose(f);
}

/* The same switches in the same order, each thread's own; clocks agree to 1 ms. */
static void expect_same(const struct switches *ours, const struct switches *perfs)
{
	if (ours->count != perfs->count)
		fail_msg("gtviz sees %zu switches of the program's threads, perf %zu",
			 ours->count, perfs->count);
	for (size_t i = 0; i < ours->count; i++) {
		const struct seen *x = &ours->list[i], *y = &perfs->list[i];
		int64_t apart = (int64_t)(x->ts_ns - y->ts_ns);

		if (x->prev != y->prev || x->next != y->next || llabs(apart) > 1000000)
			fail_msg("switch %zu: gtviz T%d to T%d at %" PRIu64
				 ", perf T%d to T%d at %" PRIu64,
				 i, x->prev, x->next, x->ts_ns, y->prev, y->next, y->ts_ns);
	}
}

static int perf_works(char *why, size_t size)
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

static void perf_sched_record_sees_the_same_switches(void **state)
{
	const char *trace = file_path("both.gtv"), *data = file_path("perf.data");
	char program[ACCEPT_PATH], why[256];
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
			      "3",
			      "-o",
			      trace,
			      "--",
			      program,
			      "300",
			      "6",
			      NULL};
	struct burned b;
	struct switches ours = {.burned = &b}, perfs = {.burned = &b};

	(void)state;
	NEED_LEVEL(3);
	if (!perf_works(why, sizeof why))
		SKIP("perf sched record does not work here: %s", why);
	snprintf(program, sizeof program, "%s", build_path("tests/burn"));
	burn(&b, argv);
	each_event(trace, "sched_switch", add_ours, &ours);
	read_perf(&perfs, data);
	qsort(ours.list, ours.count, sizeof *ours.list, by_thread_and_time);
	qsort(perfs.list, perfs.count, sizeof *perfs.list, by_thread_and_time);
	assert_true(ours.count > 0);
	/* On a machine this busy perf is no witness. */
	if (perfs.lost)
		SKIP("perf lost events, by its own account");
	expect_same(&ours, &perfs);
	print_message("%zu switches seen by both\n", ours.count);
	free(ours.list);
	free(perfs.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(running_times_and_switches_are_the_kernels),
		cmocka_unit_test(perf_sched_record_sees_the_same_switches),
	};

	return cmocka_run_group_tests(tests, accept_setup, accept_teardown);
}
