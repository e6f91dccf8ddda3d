/* SPDX-License-Identifier: MIT
 *
 * asyncio: the loop's turns, its timers, its executors, and what it says of a step
 * that held it up.
 */
#include <pthread.h>

#include "tests/unit/runtime_log.h"

/* --- turns -------------------------------------------------------------------- */

static void read_then_step(void *arg)
{
	char byte;

	RIG_CHECK(gt_read(*(int *)arg, &byte, 1) == 1);
	log_step('R');
}

/* The descriptor is looked at between two turns: the reader is behind who is ready
 * already, and before who becomes ready during the turn. */
static void yield_beside_a_reader(void *arg)
{
	struct gt *gt;
	int fd[2];

	(void)arg;
	RIG_CHECK(pipe(fd) == 0 && gt_spawn(&gt, read_then_step, &fd[0]) == 0);
	gt_yield();
	RIG_CHECK(gt_write(fd[1], "x", 1) == 1);
	for (int i = 0; i < 4; i++) {
		log_step('m');
		gt_yield();
	}
	RIG_CHECK(gt_join(gt) == 0);
	close(fd[0]);
	close(fd[1]);
}

static void each_turn_polls(void **state)
{
	(void)state;
	expect_log("asyncio", yield_beside_a_reader, "mmRmm");
	expect_log("green", yield_beside_a_reader, "mmmmR"); /* it has no turns so short */
}

static void say(void *arg)
{
	log_step(*(const char *)arg);
}

static void spawn_and_say(void *arg)
{
	const char *letters = arg;

	log_step(letters[0]);
	RIG_CHECK(gt_spawn(NULL, say, (void *)(uintptr_t)&letters[1]) == 0);
	gt_yield();
	log_step(letters[2]);
}

static void two_that_spawn(void *arg)
{
	(void)arg;
	RIG_CHECK(gt_spawn(NULL, spawn_and_say, "axA") == 0);
	RIG_CHECK(gt_spawn(NULL, spawn_and_say, "byB") == 0);
}

static void what_comes_during_a_turn_runs_in_the_next(void **state)
{
	(void)state;
	expect_log("asyncio", two_that_spawn, "abxAyB");
}

struct nap {
	char letter;
	uint64_t ns;
};

static void nap_and_say(void *arg)
{
	const struct nap *nap = arg;

	RIG_CHECK(gt_sleep_ns(nap->ns) == 0);
	log_step(nap->letter);
}

static void three_naps(void *arg)
{
	static struct nap naps[] = {{'c', 150000000}, {'a', 50000000}, {'b', 100000000}};

	(void)arg;
	for (int i = 0; i < 3; i++)
		RIG_CHECK(gt_spawn(NULL, nap_and_say, &naps[i]) == 0);
}

static void timers_go_off_in_their_order(void **state)
{
	(void)state;
	setenv("GT_SIM", "1", 1);
	expect_log("asyncio", three_naps, "abc");
	unsetenv("GT_SIM");
}

/* --- executors ------------------------------------------------------------------ */

static void call_and_say(void *arg)
{
	const char *letters = arg;
	long result = 7;

	log_step(letters[0]);
	RIG_CHECK(gt_blocking("call", work_call, &result) == 7);
	log_step(letters[1]);
}

static void two_that_call(void *arg)
{
	(void)arg;
	RIG_CHECK(gt_spawn(NULL, call_and_say, "aA") == 0);
	RIG_CHECK(gt_spawn(NULL, call_and_say, "bB") == 0);
}

static void without_an_executor_a_call_freezes_the_loop(void **state)
{
	(void)state;
	expect_log("asyncio,executor=none", two_that_call, "aAbB");
}

/* An executor has at least this many threads. */
#define TOGETHER 5
static pthread_barrier_t barrier;

static long meet(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&barrier);
	return 0;
}

static void call_meet(void *arg)
{
	(void)arg;
	RIG_CHECK(gt_blocking("meet", meet, NULL) == 0);
}

/* None returns before all have been called. */
static void calls_that_meet(void *arg)
{
	(void)arg;
	RIG_CHECK(pthread_barrier_init(&barrier, NULL, TOGETHER) == 0);
	for (int i = 0; i < TOGETHER; i++)
		RIG_CHECK(gt_spawn(NULL, call_meet, NULL) == 0);
}

static void threads_make_calls_together(void **state)
{
	(void)state;
	expect_log("asyncio", calls_that_meet, NULL);
	expect_log("asyncio,executor=threads", calls_that_meet, NULL);
}

/* --- slow steps ------------------------------------------------------------------- */

static void hold_the_loop(void *arg)
{
	(void)arg;
	gt_busy_ns(400000000);
}

static void two_hold_the_loop(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_spawn(NULL, hold_the_loop, NULL) == 0);
}

static void slow_child(void *arg)
{
	struct play play = {arg, two_hold_the_loop, NULL};

	setenv("GT_VERBOSE", "1", 1);
	setenv("GT_SIM", "1", 1); /* where no other step can be slow */
	play_child(&play);
}

static void a_slow_step_is_told_once(void **state)
{
	static const char begin[] = "gt: green thread 2 held the loop for ";
	char err[1024];
	char *line_end;

	(void)state;
	assert_int_equal(rig_child(slow_child, "asyncio,slow=300ms", err, sizeof err), 0);
	assert_int_equal(strncmp(err, begin, sizeof begin - 1), 0);
	line_end = strchr(err, '\n');
	assert_non_null(line_end);
	assert_string_equal(line_end + 1, "");
	assert_int_equal(
		WEXITSTATUS(rig_child(slow_child, "asyncio,slow=1h", err, sizeof err)), 2);
	assert_int_equal(rig_child(slow_child, "asyncio,slow=1000s", err, sizeof err), 0);
	assert_string_equal(err, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_turn_polls),
		cmocka_unit_test(what_comes_during_a_turn_runs_in_the_next),
		cmocka_unit_test(timers_go_off_in_their_order),
		cmocka_unit_test(without_an_executor_a_call_freezes_the_loop),
		cmocka_unit_test(threads_make_calls_together),
		cmocka_unit_test(a_slow_step_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
