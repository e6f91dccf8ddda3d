/* SPDX-License-Identifier: MIT
 *
 * gt_pin_begin: who is pinned goes on on one OS thread, whatever it waited for, while
 * processors and workers come and go around it; and what is left of it when it is over.
 */
#include "tests/unit/runtime_rig.h"

#include <errno.h>
#include <poll.h>

#define PINNED 6
#define ROUNDS 12

static const char *const cores[] = {"gmp,cores=1", "gmp,cores=2", "gmp,cores=4"};
#define CORES (sizeof cores / sizeof cores[0])

static struct gt_chan *chan;
static struct gt_mutex mutex = GT_MUTEX_INIT("shared");
static int pipe_fd[2];
static uint32_t stopping; /* atomic */

static long nap(void *arg)
{
	usleep((useconds_t)(uintptr_t)arg);
	return 5;
}

static void ender(void *unused)
{
	(void)unused;
	gt_yield();
}

/* All that a green thread may wait for. */
static void wait_in_all_ways(unsigned round)
{
	short events = POLLIN;
	struct gt *gt;
	long got;

	gt_yield();
	RIG_CHECK(gt_sleep_ns(round % 3 * 100000) == 0);
	RIG_CHECK(gt_chan_send(chan, &(long){round}) == 0);
	RIG_CHECK(gt_chan_recv(chan, &got) == 0);
	RIG_CHECK(gt_mutex_lock(&mutex) == 0);
	gt_yield();
	RIG_CHECK(gt_mutex_unlock(&mutex) == 0);
	RIG_CHECK(gt_blocking("nap", nap, (void *)(uintptr_t)(round % 4 * 300)) == 5);
	RIG_CHECK(gt_poll(pipe_fd[0], events, 200000) == 0);
	RIG_CHECK(gt_spawn(&gt, ender, NULL) == 0 && gt_join(gt) == 0);
}

static void pinned(void *arg)
{
	pid_t here;

	for (unsigned i = 0; i < ROUNDS; i++) {
		gt_pin_begin();
		gt_pin_begin();
		here = gettid();
		wait_in_all_ways(i);
		RIG_CHECK(gettid() == here);
		gt_pin_end();
		wait_in_all_ways(i + 1);
		RIG_CHECK(gettid() == here);
		gt_pin_end();
		gt_pin_end(); /* one too many does nothing */
		gt_yield();
	}
	if (arg)
		gt_pin_begin(); /* its end ends it */
}

/* Others, who are stolen, and keep the processors changing hands. */
static void unpinned(void *arg)
{
	while (!__atomic_load_n(&stopping, __ATOMIC_RELAXED)) {
		gt_yield();
		RIG_CHECK(gt_blocking("nap", nap, arg) == 5);
		gt_busy_ns(200000);
	}
}

static void pinned_and_others(void *unused)
{
	struct gt *gt[PINNED], *other[3];

	(void)unused;
	chan = gt_chan_new(sizeof(long), PINNED, "shared");
	RIG_CHECK(chan && pipe(pipe_fd) == 0);
	for (uintptr_t i = 0; i < 3; i++)
		RIG_CHECK(gt_spawn(&other[i], unpinned, (void *)(i * 700)) == 0);
	for (uintptr_t i = 0; i < PINNED; i++)
		RIG_CHECK(gt_spawn(&gt[i], pinned, (void *)(i % 2)) == 0);
	for (int i = 0; i < PINNED; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	__atomic_store_n(&stopping, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 3; i++)
		RIG_CHECK(gt_join(other[i]) == 0);
	gt_chan_free(chan);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
}

static void run_child(void *arg)
{
	const struct gt_config config = {.policy = arg};

	stopping = 0;
	RIG_CHECK(gt_run_config(&config, pinned_and_others, NULL) == 0);
}

static void who_is_pinned_stays_where_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < CORES; i++)
		assert_int_equal(rig_child(run_child, (void *)(uintptr_t)cores[i], NULL, 0),
				 0);
}

static void under_every_policy_it_is_allowed(void **state)
{
	static const char *const all[] = {"green", "asyncio", "quantum", "threads", "gil3"};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		assert_int_equal(rig_child(run_child, (void *)(uintptr_t)all[i], NULL, 0),
				 0);
}

/* --- a worker that others must come back to makes no long call -------------------------
 */

static uint32_t called, came_back;

static long wait_for_the_other(void *unused)
{
	(void)unused;
	__atomic_store_n(&called, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&came_back, __ATOMIC_ACQUIRE))
		usleep(1000);
	return 0;
}

/* Runs on main's worker, while main waits for the channel. */
static void caller(void *unused)
{
	(void)unused;
	RIG_CHECK(gt_blocking("long", wait_for_the_other, NULL) == 0);
}

static void waker(void *unused)
{
	long byte = 1;

	(void)unused;
	while (!__atomic_load_n(&called, __ATOMIC_ACQUIRE))
		gt_yield();
	RIG_CHECK(gt_chan_send(chan, &byte) == 0);
}

static void pinned_to_a_caller(void *unused)
{
	struct gt *gt[2];
	pid_t here = gettid();
	long got;

	(void)unused;
	chan = gt_chan_new(sizeof(long), 0, NULL);
	gt_pin_begin();
	RIG_CHECK(gt_spawn(&gt[0], caller, NULL) == 0 &&
		  gt_spawn(&gt[1], waker, NULL) == 0);
	RIG_CHECK(gt_chan_recv(chan, &got) == 0 && gettid() == here);
	__atomic_store_n(&came_back, 1, __ATOMIC_RELEASE);
	gt_pin_end();
	RIG_CHECK(gt_join(gt[0]) == 0 && gt_join(gt[1]) == 0);
	gt_chan_free(chan);
}

static void calling_child(void *arg)
{
	const struct gt_config config = {.policy = arg};

	RIG_CHECK(gt_run_config(&config, pinned_to_a_caller, NULL) == 0);
}

static void a_call_does_not_keep_others_from_their_home(void **state)
{
	(void)state;
	for (size_t i = 0; i < CORES; i++)
		assert_int_equal(
			rig_child(calling_child, (void *)(uintptr_t)cores[i], NULL, 0), 0);
}

/* --- the end of it all -----------------------------------------------------------------
 */

static void stuck(void *unused)
{
	long got;

	(void)unused;
	gt_pin_begin();
	gt_chan_recv(chan, &got);
}

static void all_stuck(void *unused)
{
	(void)unused;
	chan = gt_chan_new(sizeof(long), 0, NULL);
	gt_spawn(NULL, stuck, NULL);
	stuck(NULL);
}

int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return chan != NULL; /* who waits for ever leaks */
}

static void stuck_child(void *arg)
{
	const struct gt_config config = {.policy = arg};

	gt_run_config(&config, all_stuck, NULL);
}

static void a_deadlock_of_pinned_ones_is_told(void **state)
{
	char err[512];

	(void)state;
	for (size_t i = 0; i < CORES; i++) {
		int status = rig_child(stuck_child, (void *)(uintptr_t)cores[i], err,
				       sizeof err);

		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
		assert_non_null(strstr(err, "deadlock"));
	}
}

static void outside_it_does_nothing(void **state)
{
	(void)state;
	gt_pin_begin();
	gt_pin_end();
	assert_null(gt_self());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_pinned_stays_where_it_is),
		cmocka_unit_test(under_every_policy_it_is_allowed),
		cmocka_unit_test(a_call_does_not_keep_others_from_their_home),
		cmocka_unit_test(a_deadlock_of_pinned_ones_is_told),
		cmocka_unit_test(outside_it_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
