/* SPDX-License-Identifier: MIT
 *
 * The truth about counts and times: what a trace says of a program on libgt is what
 * the runtime itself says at its end (GT_STATS), to the last event, for each sample
 * under each policy; and the times in states sum to each green thread's lifetime, as
 * recomputed here from the bare events, to the nanosecond.
 */
#include "tests/kernel/accept.h"

#include "tracer/base/event.h"

static const char *const policies[] = {"green",
				       "gmp",
				       "threads",
				       "gil3",
				       "single",
				       "coop",
				       "quantum",
				       "gil2",
				       "offset",
				       "procs",
				       "asyncio,executor=processes"};
#define POLICIES (sizeof policies / sizeof policies[0])

struct sample {
	const char *name;
	const char *args[4];
};

/* single is for programs whose green threads wait for none but by joining them: the
 * others would be a deadlock there, and rightly. procs is not for those that share
 * memory. */
static int is_meant_for(const struct sample *sample, const char *policy)
{
	if (!strcmp(policy, "procs"))
		return !!strcmp(sample->name, "blocking");
	return strcmp(policy, "single") || !strcmp(sample->name, "fib");
}

static const struct sample samples[] = {
	{"pingpong", {"20000", NULL}},
	{"fib", {"30", NULL}},
	{"blocking", {NULL}},
	{"executor", {"22", "9", NULL}},
};
#define SAMPLES (sizeof samples / sizeof samples[0])

static struct json_object *sum_up(struct json_object *sum, struct json_object *o)
{
	if (!sum)
		return o;
	for (unsigned c = 0; c < GTV_COUNT_MAX; c++) {
		const char *name = gtv_counter_name(c);

		json_object_object_add(
			sum, name,
			json_object_new_uint64(get_u64(sum, name) + get_u64(o, name)));
	}
	json_object_put(o);
	return sum;
}

/* The runtime's own figures: a line of JSON a process on stderr. Returns owned. */
static struct json_object *stats_of(const struct ran *r)
{
	struct json_object *o = NULL;

	for (const char *line = r->text[1]; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line != '{')
			continue;
		o = sum_up(o, json_tokener_parse(line));
	}
	if (!o)
		fail_msg("no GT_STATS line on stderr: %.500s", r->text[1]);
	return o;
}

/* Runs a sample under `record`; its figures, Returned owned. */
static struct json_object *record(const struct sample *sample, const char *policy,
				  const char *ring, const char *trace)
{
	const struct how how = {.env = {"GT_STATS=1"}};
	const char *argv[16] = {gtviz_path(), "record", "-o", trace, "--policy", policy};
	int n = 6;
	struct ran r;

	if (ring) {
		argv[n++] = "--buffer";
		argv[n++] = ring;
	}
	argv[n++] = "--";
	argv[n++] = build_path("samples/");
	char program[ACCEPT_PATH + 32];
	snprintf(program, sizeof program, "%s%s", argv[n - 1], sample->name);
	argv[n - 1] = program;
	for (int i = 0; i < 4 && sample->args[i]; i++)
		argv[n++] = sample->args[i];
	run(&r, &how, argv);
	expect_exit(&r, 0, program);

	struct json_object *stats = stats_of(&r);

	ran_free(&r);
	return stats;
}

/* counts + what the lost events would have added. */
static void expect_counts(struct json_object *stats, struct json_object *report,
			  const char *what)
{
	struct json_object *counts = get(report, "counts");
	struct json_object *lost = get(get(report, "lost"), "user");
	uint64_t add[GTV_COUNT_MAX] = {0};

	json_object_object_foreach(lost, kind, number)
	{
		uint64_t adds = gtv_event_counts(gtv_event_kind(kind));

		for (unsigned c = 0; c < GTV_COUNT_MAX; c++)
			if (adds >> c & 1)
				add[c] += json_object_get_uint64(number);
	}
	for (unsigned c = 0; c < GTV_COUNT_MAX; c++) {
		const char *name = gtv_counter_name(c);
		uint64_t truth = get_u64(stats, name), seen = get_u64(counts, name);

		if (truth != seen + add[c])
			fail_msg("%s: %s: the runtime says %" PRIu64 ", the trace %" PRIu64
				 " + %" PRIu64 " lost",
				 what, name, truth, seen, add[c]);
	}
}

/* Spawn and exit of each green thread, from the events alone. */
struct lives {
	uint64_t *spawn, *exit;
	size_t room;
	uint64_t last_ns;
};

static uint64_t *life_slot(struct lives *l, uint64_t **which, uint64_t gt)
{
	assert_true(gt < 1u << 24);
	if (gt >= l->room) {
		size_t room = 2 * (size_t)gt + 64;

		l->spawn = realloc(l->spawn, room * sizeof *l->spawn);
		l->exit = realloc(l->exit, room * sizeof *l->exit);
		assert_true(l->spawn && l->exit);
		memset(l->spawn + l->room, 0, (room - l->room) * sizeof *l->spawn);
		memset(l->exit + l->room, 0, (room - l->room) * sizeof *l->exit);
		l->room = room;
	}
	return &(*which)[gt];
}

static void note_life(void *arg, const char *line)
{
	struct lives *l = arg;
	uint64_t ts = (uint64_t)line_need(line, "ts_ns");
	uint64_t gt = (uint64_t)line_need(line, "gt");

	if (line_kind(line, "gt_spawn"))
		*life_slot(l, &l->spawn, gt) = ts;
	else if (line_kind(line, "gt_exit"))
		*life_slot(l, &l->exit, gt) = ts;
	l->last_ns = ts;
}

static void expect_life(const struct lives *l, struct json_object *gt, const char *what)
{
	uint64_t id = get_u64(gt, "id"), life = get_u64(gt, "lifetime_ns"), sum = 0;
	uint64_t end;

	if (id >= l->room || !l->spawn[id])
		fail_msg("%s: G%" PRIu64 " has no gt_spawn", what, id);
	end = l->exit[id] ? l->exit[id] : l->last_ns;
	if (life != end - l->spawn[id])
		fail_msg("%s: G%" PRIu64 " lived %" PRIu64 " ns, its events say %" PRIu64,
			 what, id, life, end - l->spawn[id]);
	json_object_object_foreach(get(gt, "states"), state, ns)
	{
		(void)state;
		sum += json_object_get_uint64(ns);
	}
	if (sum != life)
		fail_msg("%s: G%" PRIu64 ": its states sum to %" PRIu64
			 " ns, it lived %" PRIu64,
			 what, id, sum, life);
}

static void expect_times(struct json_object *report, const char *trace, const char *what)
{
	struct lives lives = {NULL, NULL, 0, 0};
	struct json_object *list = get(report, "green_threads");

	each_event(trace, NULL, note_life, &lives);
	assert_true(json_object_array_length(list) > 0);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		expect_life(&lives, json_object_array_get_idx(list, i), what);
	free(lives.spawn);
	free(lives.exit);
}

static void try_one(const struct sample *sample, const char *policy)
{
	const char *trace = file_path("truth.gtv");
	char what[64];
	struct json_object *stats = record(sample, policy, NULL, trace);
	struct json_object *report = report_of(trace);
	uint64_t lost = get_u64(get(report, "lost"), "total");

	snprintf(what, sizeof what, "%s under %s", sample->name, policy);
	/* A machine busy with other things may lose some even from 8 MiB rings: then
	 * it is the sum that must agree. */
	if (lost)
		print_message("%s: %" PRIu64 " events were lost\n", what, lost);
	expect_counts(stats, report, what);
	if (!lost)
		expect_times(report, trace, what);
	assert_good_trace(trace);
	json_object_put(stats);
	json_object_put(report);
}

static void try_sample(const char *name)
{
	for (size_t s = 0; s < SAMPLES; s++)
		for (size_t p = 0; p < POLICIES; p++)
			if (!strcmp(samples[s].name, name) &&
			    is_meant_for(&samples[s], policies[p]))
				try_one(&samples[s], policies[p]);
}

static void pingpong_counts_and_times_are_the_runtimes_own(void **state)
{
	(void)state;
	try_sample("pingpong");
}

static void fib_counts_and_times_are_the_runtimes_own(void **state)
{
	(void)state;
	try_sample("fib");
}

static void executor_counts_and_times_are_the_runtimes_own(void **state)
{
	(void)state;
	try_sample("executor");
}

static void blocking_counts_and_times_are_the_runtimes_own(void **state)
{
	(void)state;
	try_sample("blocking");
}

/* The smallest ring, so that the rings overflow: nothing goes uncounted. */
static void counts_and_lost_are_the_runtimes_own(void **state)
{
	uint64_t lost = 0;

	(void)state;
	for (size_t s = 0; s < SAMPLES; s++) {
		for (size_t p = 0; p < POLICIES; p++) {
			if (!is_meant_for(&samples[s], policies[p]))
				continue;
			const char *trace = file_path("lossy.gtv");
			struct json_object *stats =
				record(&samples[s], policies[p], "64K", trace);
			struct json_object *report = report_of(trace);
			char what[64];

			snprintf(what, sizeof what, "%s under %s, small rings",
				 samples[s].name, policies[p]);
			lost += get_u64(get(report, "lost"), "total");
			expect_counts(stats, report, what);
			json_object_put(stats);
			json_object_put(report);
		}
	}
	print_message("%" PRIu64 " events lost and counted\n", lost);
	if (!lost)
		SKIP("this machine was too fast to lose any event from 64 KiB rings");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pingpong_counts_and_times_are_the_runtimes_own),
		cmocka_unit_test(fib_counts_and_times_are_the_runtimes_own),
		cmocka_unit_test(blocking_counts_and_times_are_the_runtimes_own),
		cmocka_unit_test(executor_counts_and_times_are_the_runtimes_own),
		cmocka_unit_test(counts_and_lost_are_the_runtimes_own),
	};

	return cmocka_run_group_tests(tests, accept_setup, accept_teardown);
}
