/* SPDX-License-Identifier: MIT
 *
 * A program with nothing but pthreads: its locks, their waits and holders, as gtviz
 * tells them, are those that the program knows (tests/tools/mutexes.c).
 */
#include "tests/kernel/accept.h"

#define ROUNDS	5
#define WAITERS 3

struct known {
	int holder;
	uint64_t lock, pi;
	/* What the events say. */
	size_t waits, held_by_holder, pi_waits, pi_held_by_holder, wakes;
};

static struct json_object *row_of(struct json_object *report, const char *name)
{
	struct json_object *list = get(report, "locks");
	size_t len = strlen(name);

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *have = json_object_get_string(get(o, "name"));

		/* "known_cond+8": a word within it. */
		if (!strncmp(have, name, len) && (!have[len] || have[len] == '+'))
			return o;
	}
	fail_msg("no lock %s in %s", name, json_object_to_json_string(list));
	return NULL;
}

static const char *text_of(struct json_object *o, const char *key)
{
	return json_object_get_string(get(o, key));
}

/* free, held three ways, unknown: its lifetime. */
static void assert_sum(struct json_object *o)
{
	assert_int_equal(get_u64(o, "held_on_core_ns") + get_u64(o, "held_preempted_ns") +
				 get_u64(o, "held_asleep_ns") + get_u64(o, "free_ns") +
				 get_u64(o, "unknown_ns"),
			 get_u64(o, "lifetime_ns"));
	assert_int_equal(get_u64(o, "held_off_core_ns"),
			 get_u64(o, "held_preempted_ns") + get_u64(o, "held_asleep_ns"));
}

static void on_wait(void *arg, const char *line)
{
	struct known *k = arg;
	uint64_t addr = (uint64_t)line_need(line, "address");
	int64_t owner = line_need(line, "owner_tid");

	k->waits += addr == k->lock;
	k->held_by_holder += addr == k->lock && owner == k->holder;
	k->pi_waits += addr == k->pi;
	k->pi_held_by_holder += addr == k->pi && owner == k->holder;
}

static void on_waking(void *arg, const char *line)
{
	struct known *k = arg;

	k->wakes += strstr(line, "\"futex\":true") != NULL;
}

static void record(const char *trace, struct known *k)
{
	char program[ACCEPT_PATH], rounds[16];
	const char *argv[] = {gtviz_path(), "record", "--level", "3",	 "-o",
			      trace,	    "--",     program,	 rounds, NULL};
	struct ran r;

	snprintf(program, sizeof program, "%s", build_path("tests/mutexes"));
	snprintf(rounds, sizeof rounds, "%d", ROUNDS);
	memset(k, 0, sizeof *k);
	run(&r, NULL, argv);
	expect_exit(&r, 0, "mutexes");
	if (sscanf(r.text[0], "holder %d known_lock %" SCNu64 " known_pi %" SCNu64,
		   &k->holder, &k->lock, &k->pi) != 3)
		fail_msg("what is this: %.200s", r.text[0]);
	ran_free(&r);
	assert_good_trace(trace);
	each_event(trace, "futex_wait", on_wait, k);
	each_event(trace, "sched_waking", on_waking, k);
}

static void check_mutex(struct json_object *o, const struct known *k)
{
	assert_string_equal(text_of(o, "kind"), "mutex");
	assert_int_equal(get_u64(o, "address"), k->lock);
	assert_true(json_object_get_boolean(get(o, "owner_seen")));
	assert_int_equal(get_u64(o, "waits"), k->waits);
	/* Each round every waiter slept at least once while the holder had it. A signal
	 * or a debugger could make one sleep twice; nothing else does. */
	assert_in_range(k->waits, ROUNDS * WAITERS, 2 * ROUNDS * WAITERS);
	assert_in_range(k->held_by_holder, ROUNDS * WAITERS, k->waits);
	/* The holder's takes are all witnessed; of the waiters' those that somebody still
	 * waited for. It went from hand to hand at most so often. */
	assert_in_range(get_u64(o, "takes"), ROUNDS, ROUNDS * (WAITERS + 1));
	assert_true(get_u64(o, "handoffs") <= get_u64(o, "takes"));
	assert_true(get_u64(o, "handoffs") >= ROUNDS);
	/* It was held by one that slept, and looked, and slept. */
	assert_true(get_u64(o, "held_asleep_ns") > 0);
	assert_true(get_u64(o, "held_on_core_ns") > 0);
	assert_true(get_u64(o, "wait_ns") >= get_u64(o, "wait_max_ns"));
	assert_true(get_u64(o, "wait_max_ns") > 0);
}

static void locks_are_those_of_the_program(void **state)
{
	const char *trace = file_path("mutexes.gtv");
	struct json_object *report, *list, *o;
	struct known k;

	(void)state;
	NEED_LEVEL(3);
	record(trace, &k);
	report = report_of(trace);
	list = get(report, "locks");
	for (size_t i = 0; i < json_object_array_length(list); i++)
		assert_sum(json_object_array_get_idx(list, i));
	assert_int_equal(get_u64(get(report, "trace"), "futex_waits_untold"), 0);
	check_mutex(row_of(report, "known_lock"), &k);
	o = row_of(report, "known_pi");
	assert_string_equal(text_of(o, "kind"), "pi mutex");
	assert_int_equal(get_u64(o, "address"), k.pi);
	assert_true(k.pi_held_by_holder >= WAITERS && k.pi_held_by_holder <= k.pi_waits);
	/* Its word holds the owner itself. */
	o = row_of(report, "known_robust");
	assert_string_equal(text_of(o, "kind"), "mutex");
	assert_true(json_object_get_boolean(get(o, "owner_seen")));
	assert_true(get_u64(o, "waits") >= WAITERS);
	assert_true(get_u64(o, "held_asleep_ns") > 0);
	/* Nobody owns a condition. */
	o = row_of(report, "known_cond");
	assert_string_equal(text_of(o, "kind"), "futex");
	assert_false(json_object_get_boolean(get(o, "owner_seen")));
	assert_int_equal(get_u64(o, "held_on_core_ns") + get_u64(o, "held_off_core_ns"), 0);
	assert_true(get_u64(o, "waits") >= 1);
	assert_true(k.wakes > 0);
	json_object_put(report);
}

/* Who waited is told for what, and who had it. */
static void waits_are_explained(void **state)
{
	const char *trace = file_path("mutexes.gtv");
	struct json_object *report;
	struct known k;
	struct ran r;
	char lane[32];

	(void)state;
	NEED_LEVEL(3);
	record(trace, &k);
	report = report_of(trace);
	snprintf(lane, sizeof lane, "L%" PRIu64,
		 get_u64(row_of(report, "known_lock"), "id"));
	const char *argv[] = {gtviz_path(), "shot", trace,    "--view", "explain",
			      "--select",   lane,   "--size", "140x40", NULL};
	run(&r, NULL, argv);
	expect_exit(&r, 0, "shot");
	if (!strstr(r.text[0], "known_lock"))
		fail_msg("the lock is not named:\n%.4000s", r.text[0]);
	ran_free(&r);
	json_object_put(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locks_are_those_of_the_program),
		cmocka_unit_test(waits_are_explained),
	};
	return cmocka_run_group_tests(tests, accept_setup, accept_teardown);
}
