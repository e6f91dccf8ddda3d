/* SPDX-License-Identifier: MIT
 *
 * Many green threads at once: each stack has its guard, no deadline is forgotten, and
 * where the process's memory ends a spawn says so and the run goes on.
 */
#include <errno.h>
#include <sys/resource.h>

#include "runtime/core/rt.h"
#include "tests/unit/runtime_rig.h"

#define GUARDED_MAX 20000
#define SLEEPERS    300
#define LIMIT_MORE  ((rlim_t)64 << 20)
#define LIMIT_MAX   100000
#define LATE_NS	    20000000000u /* whose byte comes long before */

static struct gt *all[LIMIT_MAX];

static void wait_for_close(void *ch)
{
	gt_chan_recv(ch, NULL);
}

static void join_all(struct gt_chan *ch, int count)
{
	gt_chan_close(ch);
	for (int i = 0; i < count; i++)
		assert_int_equal(gt_join(all[i]), 0);
	gt_chan_free(ch);
}

/* The kernel cannot read a guard for us, and can read the page above it. */
static void assert_guarded(const struct gt *gt, int out)
{
	const char *low = gt->stack_low;

	assert_int_equal(write(out, low, 1), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(write(out, low + sysconf(_SC_PAGESIZE), 1), 1);
}

/* Two mappings each: as many as the kernel allows a process. */
static int guarded_count(void)
{
	FILE *f = fopen("/proc/sys/vm/max_map_count", "re");
	int most = 65530;

	if (f && fscanf(f, "%d", &most) != 1)
		most = 65530;
	if (f)
		fclose(f);
	return most / 2 - 2000 < GUARDED_MAX ? most / 2 - 2000 : GUARDED_MAX;
}

static void hold_guarded(void *unused)
{
	struct gt_chan *ch = gt_chan_new(0, 0, NULL);
	int pipe_fd[2], count = guarded_count();

	(void)unused;
	assert_true(count >= 100);
	assert_int_equal(pipe(pipe_fd), 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(gt_spawn(&all[i], wait_for_close, ch), 0);
	gt_yield();
	for (int i = 0; i < count; i += count / 100)
		assert_guarded(all[i], pipe_fd[1]);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	join_all(ch, count);
}

static void test_guards(void **state)
{
	const struct gt_config config = {.policy = "green"};

	(void)state;
#ifdef GT_TSAN
	print_message("no 20,000 fibers under ThreadSanitizer\n");
	skip();
#endif
	assert_int_equal(gt_run_config(&config, hold_guarded, NULL), 0);
}

/* Exit status 0: a spawn failed with -ENOMEM, and all that there are end. */
static void spawn_to_limit(void *unused)
{
	struct gt_chan *ch = gt_chan_new(0, 0, NULL);
	int count = 0, err = 0;

	(void)unused;
	while (count < LIMIT_MAX && !(err = gt_spawn(&all[count], wait_for_close, ch)))
		count++;
	if (err != -ENOMEM || count < 100)
		_exit(3);
	gt_yield();
	gt_chan_close(ch);
	for (int i = 0; i < count; i++)
		if (gt_join(all[i]))
			_exit(4);
	gt_chan_free(ch);
}

static void limited(void *unused)
{
	const struct gt_config config = {.policy = "green"};
	unsigned long pages = 0;
	struct rlimit limit;
	FILE *f = fopen("/proc/self/statm", "r");

	(void)unused;
	if (!f || fscanf(f, "%lu", &pages) != 1)
		_exit(5);
	fclose(f);
	limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + LIMIT_MORE;
	limit.rlim_max = RLIM_INFINITY;
	if (setrlimit(RLIMIT_AS, &limit))
		_exit(6);
	_exit(gt_run_config(&config, spawn_to_limit, NULL) ? 7 : 0);
}

static void test_limit(void **state)
{
	(void)state;
#if defined(GT_ASAN) || defined(GT_TSAN)
	print_message("a sanitizer needs more memory than the limit leaves\n");
	skip();
#endif
	assert_int_equal(rig_child(limited, NULL, NULL, 0), 0);
}

struct sleeper {
	struct gt *gt;
	uint64_t ns;
	int fd[2]; /* -1: it only sleeps */
	int result;
};

static void sleeper(void *arg)
{
	struct sleeper *me = arg;
	uint64_t end = gt__sys_now_ns() + me->ns;

	if (me->fd[0] < 0)
		gt_sleep_ns(me->ns);
	else
		me->result = gt_poll(me->fd[0], POLLIN, (int64_t)me->ns);
	if (me->result != POLLIN && gt__sys_now_ns() < end)
		me->result = -1; /* early */
}

/* In three: one sleeps, one polls in vain, one gets its byte and leaves the heap
 * from its middle. */
static void many_deadlines(void *unused)
{
	static struct sleeper sleepers[SLEEPERS];
	uint32_t random = 12345;

	(void)unused;
	for (int i = 0; i < SLEEPERS; i++) {
		struct sleeper *s = &sleepers[i];

		random = random * 1664525u + 1013904223u;
		s->ns = i % 3 == 2 ? LATE_NS + random : random % 100000000u;
		s->fd[0] = s->fd[1] = -1;
		if (i % 3)
			assert_int_equal(pipe(s->fd), 0);
		assert_int_equal(gt_spawn(&s->gt, sleeper, s), 0);
	}
	gt_sleep_ns(20000000);
	for (int i = 2; i < SLEEPERS; i += 3)
		assert_int_equal(write(sleepers[i].fd[1], "x", 1), 1);
	for (int i = 0; i < SLEEPERS; i++) {
		assert_int_equal(gt_join(sleepers[i].gt), 0);
		assert_int_equal(sleepers[i].result, i % 3 == 2 ? POLLIN : 0);
		if (i % 3) {
			close(sleepers[i].fd[0]);
			close(sleepers[i].fd[1]);
		}
	}
}

static void test_deadlines(void **state)
{
	static const char *const policies[] = {"green", "gmp,cores=2", "quantum"};

	(void)state;
	for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
		const struct gt_config config = {.policy = policies[i]};
		uint64_t start = gt__sys_now_ns();

		assert_int_equal(gt_run_config(&config, many_deadlines, NULL), 0);
		assert_true(gt__sys_now_ns() - start < LATE_NS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guards),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_deadlines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
