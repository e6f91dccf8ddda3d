/* SPDX-License-Identifier: MIT
 *
 * The truth about OS threads at levels 3 and 2, under loads of random size: their
 * running times are those of the kernel's schedstat, their switches those that the
 * kernel counted; and a simultaneous `perf sched record` sees the same switches in the same
 * order.
 */
#include "tests/kernel/burned.h"

/* Half of all switches are seen by both witnesses within this. (Between the two looks at
 * one, a core may be taken away for as long as its owner likes.) */
#define APART_NS 1000000
#define TRIES	 5

static void count_switches(void *arg, const char *line)
{
	struct burned *b = arg;
	int64_t prev = line_need(line, "prev_tid"), next = line_need(line, "next_tid");
	uint64_t ts = (uint64_t)line_need(line, "ts_ns");

	for (int i = 0; i < b->count; i++) {
		struct figures *f = &b->th[i];

		if (f->tid == prev) {
			f->seen_switches += ts <= f->read_at_ns;
			if (f->on_ns && ts > f->read_at_ns)
				f->after_ns +=
					ts - (f->on_ns > f->read_at_ns ? f->on_ns
								       : f->read_at_ns);
			f->on_ns = 0;
		}
		if (f->tid == next)
			f->on_ns = ts;
	}
}

/* What it ran until the kernel's figure was read is the kernel's figure. 0: not within the
 * room, so there must be another try: a machine that is taken away between the kernel's
 * look at its clock and ours, and does not say so, is in no account. */
static int run_time_is(struct json_object *row, const struct figures *f, uint64_t lost)
{
	uint64_t run = get_u64(row, "running_ns") - f->after_ns;
	uint64_t off = run > f->run_ns ? run - f->run_ns : f->run_ns - run;
	uint64_t within = f->run_ns / 200 > WITHIN_NS ? f->run_ns / 200 : WITHIN_NS;

	/* At level 2 a switch that the kernel told nobody leaves a hole, and says so. */
	if (run < f->run_ns)
		within += get_u64(row, "unknown_ns");
	/* Nor does it then tell when that thread left its core. */
	if (off > within + f->steal_ns && lost && f->seen_switches < f->switches)
		SKIP("%" PRIu64
		     " switches of T%d were told to nobody, or lost, and counted so",
		     f->switches - f->seen_switches, f->tid);
	if (off <= within + f->steal_ns)
		return 1;
	print_message("T%d ran %" PRIu64 " ns, schedstat says %" PRIu64 " (steal %" PRIu64
		      " ns)\n",
		      f->tid, run, f->run_ns, f->steal_ns);
	return 0;
}

/* Whether all running times are the kernel's; the rest must be so at once. */
static int figures_are(struct json_object *report, const struct burned *b)
{
	uint64_t lost = get_u64(get(report, "lost"), "total");
	int good = 1;

	for (int i = 0; i < b->count; i++) {
		const struct figures *f = &b->th[i];
		struct json_object *row = thread_row(report, f->tid);
		uint64_t all = get_u64(row, "switches");

		assert_true(get_u64(row, "running_ns") >= f->after_ns);
		good &= run_time_is(row, f, lost);
		/* Until the kernel's figure was read: exactly. After it, the thread
		 * woke and ended, which may cost it a core some times more: how often is
		 * for the scheduler to say. */
		if (!lost) {
			assert_int_equal(f->seen_switches, f->switches);
			assert_true(all >= f->switches);
		}
	}
	return good;
}

/* Loads of random size, at that level. What is wrong, is wrong in each try. */
static void are_the_kernels_at(const char *level, int rounds)
{
	unsigned seed = env_number("GTV_TEST_SEED", (unsigned)now_ns());
	int tries = 0;

	print_message("GTV_TEST_SEED=%u\n", seed);
	for (int round = 0; round < rounds;) {
		char program[ACCEPT_PATH], ms[16], threads[16];
		const char *trace = file_path("burn.gtv");
		const char *argv[] = {gtviz_path(), "record", "--level", level,
				      "-o",	    trace,    "--",	 program,
				      ms,	    threads,  NULL};
		struct json_object *report;
		struct burned b;

		snprintf(program, sizeof program, "%s", build_path("tests/burn"));
		snprintf(ms, sizeof ms, "%u", 400 + (unsigned)rand_r(&seed) % 400);
		snprintf(threads, sizeof threads, "%u",
			 2 + (unsigned)rand_r(&seed) % (THREADS_MAX - 1));
		burn(&b, argv);
		assert_int_equal(b.count, atoi(threads));
		report = report_of(trace);
		each_event(trace, "sched_switch", count_switches, &b);
		tries++;
		if (figures_are(report, &b)) {
			round++;
			tries = 0;
		}
		assert_int_equal(get_u64(report, "level"), (uint64_t)atoi(level));
		assert_good_trace(trace);
		json_object_put(report);
		if (tries == TRIES)
			fail_msg("running times are not the kernel's in %d tries", tries);
	}
}

static void running_times_and_switches_are_the_kernels(void **state)
{
	(void)state;
	NEED_LEVEL(3);
	are_the_kernels_at("3", 3);
}

static void at_level_2_too(void **state)
{
	(void)state;
	NEED_LEVEL(2);
	are_the_kernels_at("2", 3);
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

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* In what the two do not agree; empty: in nothing. */
static char differ[256];

/* The same switches in the same order, each thread's own; clocks agree to 1 ms. */
static void compare(const struct switches *ours, const struct switches *perfs)
{
	int64_t *apart = calloc(ours->count + 1, sizeof *apart);

	assert_non_null(apart);
	differ[0] = 0;
	if (ours->count != perfs->count)
		snprintf(differ, sizeof differ,
			 "gtviz sees %zu switches of the program's threads, perf %zu",
			 ours->count, perfs->count);
	for (size_t i = 0; i < ours->count && !differ[0]; i++) {
		const struct seen *x = &ours->list[i], *y = &perfs->list[i];

		apart[i] = llabs((int64_t)(x->ts_ns - y->ts_ns));
		if (x->prev != y->prev || x->next != y->next)
			snprintf(differ, sizeof differ,
				 "switch %zu: gtviz T%d to T%d at %" PRIu64
				 ", perf T%d to T%d at %" PRIu64,
				 i, x->prev, x->next, x->ts_ns, y->prev, y->next, y->ts_ns);
	}
	qsort(apart, ours->count, sizeof *apart, by_size);
	if (!differ[0] && apart[ours->count / 2] > APART_NS)
		snprintf(differ, sizeof differ, "their times are %" PRId64 " ns apart",
			 apart[ours->count / 2]);
	free(apart);
}

/* One run, seen by both. 1: differ says in what they do not agree; 0: one of the two lost
 * something, and why says which. */
static int seen_by_both(const char **why)
{
	const char *trace = file_path("both.gtv"), *data = file_path("perf.data");
	struct burned b;
	struct switches ours = {.burned = &b}, perfs = {.burned = &b};
	struct json_object *report;
	uint64_t lost;

	burn_under_perf(&b, "3", data, trace);
	report = report_of(trace);
	lost = get_u64(get(report, "lost"), "total");
	json_object_put(report);
	each_event(trace, "sched_switch", add_ours, &ours);
	read_perf(&perfs, data);
	assert_true(ours.count > 0);
	qsort(ours.list, ours.count, sizeof *ours.list, by_thread_and_time);
	if (perfs.count)
		qsort(perfs.list, perfs.count, sizeof *perfs.list, by_thread_and_time);
	compare(&ours, &perfs);
	print_message("%zu switches, seen by both: %s\n", ours.count,
		      differ[0] ? differ : "the same");
	free(ours.list);
	free(perfs.list);
	*why = lost ? "gtviz lost events, by its own account"
		    : "perf lost events, by its own account";
	return !lost && !perfs.lost;
}

/* perf does not say of all that it lost, so it has some runs: what gtviz did wrong, it
 * would do wrong in each. */
static void perf_sched_record_sees_the_same_switches(void **state)
{
	const char *lost = "";
	char why[256];
	int seen = 0;

	(void)state;
	NEED_LEVEL(3);
	if (!perf_works(why, sizeof why))
		SKIP("perf sched record does not work here: %s", why);
	for (int try = 0; try < TRIES; try++) {
		if (!seen_by_both(&lost))
			continue;
		if (!differ[0])
			return;
		seen++;
	}
	if (seen)
		fail_msg("%s", differ);
	SKIP("%s", lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(running_times_and_switches_are_the_kernels),
		cmocka_unit_test(at_level_2_too),
		cmocka_unit_test(perf_sched_record_sees_the_same_switches),
	};

	return cmocka_run_group_tests(tests, accept_setup, accept_teardown);
}
