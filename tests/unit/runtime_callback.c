/* SPDX-License-Identifier: MIT
 *
 * Callbacks: their order beside green threads, times, descriptors, cancelling, and what
 * they are refused.
 */
#include <errno.h>

#include "runtime/policy/callback.h"
#include "tests/unit/runtime_log.h"

static void expect_everywhere(void (*fn)(void *), const char *log)
{
	static const char *const policies[] = {"asyncio", "green", "gmp", "threads",
					       "gil3"};

	for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
		expect_log(policies[i], fn, log);
}

static void say(void *letter)
{
	log_step(*(const char *)letter);
}

static void say_and_call(void *letters)
{
	const char *l = letters;

	log_step(l[0]);
	RIG_CHECK(gt_call_soon("next", say, (void *)(uintptr_t)&l[1]) == 0);
}

/* --- order ---------------------------------------------------------------------- */

static void beside_a_green_thread(void *arg)
{
	(void)arg;
	log_step('m');
	RIG_CHECK(gt_call_soon("first", say_and_call, "AC") == 0);
	RIG_CHECK(gt_spawn(NULL, say, "g") == 0);
	RIG_CHECK(gt_call_soon(NULL, say, "B") == 0);
	gt_yield();
	log_step('n');
	gt_yield();
}

static void the_loop_calls_in_its_turns(void **state)
{
	(void)state;
	expect_log("asyncio", beside_a_green_thread, "mAgBnC");
	expect_log("green", beside_a_green_thread, "mABCgn");
}

/* --- times ---------------------------------------------------------------------- */

static void three_later(void *arg)
{
	struct gt_callback *never, *called;

	(void)arg;
	RIG_CHECK(gt_call_later(400000000, "c", say, "c", NULL) == 0);
	RIG_CHECK(gt_call_later(0, "a", say, "a", &called) == 0);
	RIG_CHECK(gt_call_later(200000000, "b", say, "b", NULL) == 0);
	RIG_CHECK(gt_call_later(3600000000000, "x", say, "x", &never) == 0);
	RIG_CHECK(gt_sleep_ns(100000000) == 0); /* virtual time: 'a' has been called */
	RIG_CHECK(gt_call_cancel(never) == 0);
	RIG_CHECK(gt_call_cancel(called) == -EALREADY);
}

static void timers_call_in_order_unless_cancelled(void **state)
{
	(void)state;
	setenv("GT_SIM", "1", 1);
	expect_everywhere(three_later, "abc");
	unsetenv("GT_SIM");
}

/* On the real system, where any of it may be late. */
static uint32_t came; /* atomic */

static void comes(void *unused)
{
	(void)unused;
	__atomic_add_fetch(&came, 1, __ATOMIC_RELEASE);
}

static void some_later(void *arg)
{
	struct gt_callback *never, *called;

	(void)arg;
	RIG_CHECK(gt_call_later(2000000, "b", comes, NULL, NULL) == 0);
	RIG_CHECK(gt_call_later(0, "a", comes, NULL, &called) == 0);
	RIG_CHECK(gt_call_later(3600000000000, "x", comes, NULL, &never) == 0);
	while (__atomic_load_n(&came, __ATOMIC_ACQUIRE) < 2)
		RIG_CHECK(gt_sleep_ns(1000000) == 0);
	RIG_CHECK(gt_call_cancel(never) == 0);
	RIG_CHECK(gt_call_cancel(called) == -EALREADY);
}

static void timers_call_on_the_real_system(void **state)
{
	(void)state;
	expect_everywhere(some_later, NULL);
}

#define TIMERS 300

static void many_cancelled(void *arg)
{
	static struct gt_callback *timer[TIMERS];

	(void)arg;
	for (int i = 0; i < TIMERS; i++)
		RIG_CHECK(gt_call_later(3600000000000, "t", say, "t", &timer[i]) == 0);
	RIG_CHECK(gt__callback_timers() == TIMERS);
	for (int i = 0; i < TIMERS / 2; i++)
		RIG_CHECK(gt_call_cancel(timer[i]) == 0);
	RIG_CHECK(gt__callback_timers() == TIMERS);
	RIG_CHECK(gt_call_cancel(timer[TIMERS / 2]) == 0);
	RIG_CHECK(gt__callback_timers() == TIMERS / 2 - 1);
	for (int i = TIMERS / 2 + 1; i < TIMERS; i++)
		RIG_CHECK(gt_call_cancel(timer[i]) == 0);
	log_step('.');
}

static void cancelled_timers_are_thrown_out_by_the_hundred(void **state)
{
	(void)state;
	expect_log("asyncio", many_cancelled, ".");
	expect_log("green", many_cancelled, ".");
}

/* --- descriptors ------------------------------------------------------------------ */

static int pipe_fd[2];

static void read_one(void *arg)
{
	char byte;

	(void)arg;
	RIG_CHECK(gt_read(pipe_fd[0], &byte, 1) == 1);
	log_step(byte);
	if (byte == '3')
		RIG_CHECK(gt_off_readable(pipe_fd[0]) == 0);
}

static void write_one(void *arg)
{
	(void)arg;
	RIG_CHECK(gt_write(pipe_fd[1], "12", 2) == 2);
	RIG_CHECK(gt_off_writable(pipe_fd[1]) == 0);
	RIG_CHECK(gt_off_writable(pipe_fd[1]) == -ENOENT);
}

static void watch_a_pipe(void *arg)
{
	(void)arg;
	RIG_CHECK(pipe(pipe_fd) == 0);
	RIG_CHECK(gt_on_readable(pipe_fd[0], "in", read_one, NULL) == 0);
	RIG_CHECK(gt_on_readable(pipe_fd[0], "in", read_one, NULL) == -EEXIST);
	RIG_CHECK(gt_on_writable(pipe_fd[1], "out", write_one, NULL) == 0);
	RIG_CHECK(gt_on_readable(-1, "in", read_one, NULL) == -EBADF);
	while (log_len < 2)
		RIG_CHECK(gt_sleep_ns(1000000) == 0);
	RIG_CHECK(gt_write(pipe_fd[1], "3", 1) == 1);
}

static void descriptors_call_while_they_are_ready(void **state)
{
	(void)state;
	expect_log("asyncio", watch_a_pipe, "123");
	expect_log("green", watch_a_pipe, "123");
}

/* --- what would wait ----------------------------------------------------------------- */

static struct {
	struct gt_mutex held, own;
	struct gt_cond cond;
	struct gt_sem sem;
	struct gt_chan *plain, *buffered, *last;
	struct gt *gt, *other;
} w;

static long no_call(void *arg)
{
	(void)arg;
	return 0;
}

static void try_to_wait(void *arg)
{
	struct gt_select_case one = {.chan = w.plain, .op = GT_SELECT_RECV};
	char byte = 'x';

	(void)arg;
	RIG_CHECK(gt_sleep_ns(1) == -EDEADLK);
	RIG_CHECK(gt_chan_recv(w.plain, &byte) == -EDEADLK);
	RIG_CHECK(gt_chan_send(w.plain, &byte) == -EDEADLK);
	RIG_CHECK(gt_select(&one, 1, -1) == -EDEADLK);
	RIG_CHECK(gt_select(&one, 1, 0) == -ETIMEDOUT);
	RIG_CHECK(gt_mutex_lock(&w.held) == -EDEADLK);
	RIG_CHECK(gt_sem_wait(&w.sem) == -EDEADLK);
	RIG_CHECK(gt_mutex_lock(&w.own) == 0);
	RIG_CHECK(gt_cond_wait(&w.cond, &w.own) == -EDEADLK);
	RIG_CHECK(gt_mutex_unlock(&w.own) == 0);
	RIG_CHECK(gt_read(pipe_fd[0], &byte, 1) == -EDEADLK);
	RIG_CHECK(gt_poll(pipe_fd[0], POLLIN, -1) == -EDEADLK);
	RIG_CHECK(gt_poll(pipe_fd[0], POLLIN, 0) == 0);
	RIG_CHECK(gt_blocking("call", no_call, NULL) == -EDEADLK);
	RIG_CHECK(gt_join(w.other) == -EDEADLK);
	gt_yield();
	log_step('c');
	RIG_CHECK(gt_spawn(NULL, say, "s") == 0);
	RIG_CHECK(gt_chan_send(w.buffered, &byte) == 0);
	gt_exit();
	RIG_CHECK(0);
}

static void wait_for_end(void *chan)
{
	char byte;

	RIG_CHECK(gt_chan_recv(*(struct gt_chan **)chan, &byte) == 0 && byte == 'x');
}

static void refuse_to_wait(void *arg)
{
	(void)arg;
	w.plain = gt_chan_new(1, 0, "plain");
	w.buffered = gt_chan_new(1, 1, "buffered");
	gt_sem_init(&w.sem, 0, 1, "sem");
	w.last = gt_chan_new(1, 0, "last");
	RIG_CHECK(w.plain && w.buffered && w.last && pipe(pipe_fd) == 0);
	RIG_CHECK(gt_mutex_lock(&w.held) == 0);
	RIG_CHECK(gt_spawn(&w.gt, wait_for_end, &w.buffered) == 0);
	RIG_CHECK(gt_spawn(&w.other, wait_for_end, &w.last) == 0);
	RIG_CHECK(gt_call_soon("tries", try_to_wait, NULL) == 0);
	RIG_CHECK(gt_join(w.gt) == 0);
	RIG_CHECK(gt_chan_send(w.last, "x") == 0 && gt_join(w.other) == 0);
	RIG_CHECK(gt_mutex_unlock(&w.held) == 0);
	gt_chan_free(w.plain);
	gt_chan_free(w.buffered);
	gt_chan_free(w.last);
}

static void what_would_wait_is_refused(void **state)
{
	(void)state;
	expect_everywhere(refuse_to_wait, "cs");
}

/* --- counts ----------------------------------------------------------------------- */

static void count_child(void *policy)
{
	const struct gt_config config = {.policy = policy};

	setenv("GT_STATS", "1", 1);
	RIG_CHECK(gt_run_config(&config, beside_a_green_thread, NULL) == 0);
}

static void each_is_counted(void **state)
{
	static const char *const policies[] = {"asyncio", "green"};
	char err[4096];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(rig_child(count_child, (void *)(uintptr_t)policies[i], err,
					   sizeof err),
				 0);
		assert_non_null(strstr(err, "\"callbacks\":3,"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_loop_calls_in_its_turns),
		cmocka_unit_test(timers_call_in_order_unless_cancelled),
		cmocka_unit_test(timers_call_on_the_real_system),
		cmocka_unit_test(cancelled_timers_are_thrown_out_by_the_hundred),
		cmocka_unit_test(descriptors_call_while_they_are_ready),
		cmocka_unit_test(what_would_wait_is_refused),
		cmocka_unit_test(each_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
