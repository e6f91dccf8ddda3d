/* SPDX-License-Identifier: MIT
 *
 * The process executor: that functions are called in other processes, side by side and
 * all in the end; that errors come back; and that the death of a process is an error to
 * whoever called, and hangs nobody.
 */
#include <errno.h>
#include <signal.h>

#include "tests/unit/runtime_rig.h"

#define MANY 40	  /* more than the queue is long */
#define MOST 4200 /* calls, where there are a thousand cores */
#define BIG  ((size_t)4 << 20)

struct play {
	const char *policy;
	void (*fn)(void *arg);
};

static long twice(const void *in, size_t in_bytes, void *out, size_t out_bytes)
{
	long value;

	if (in_bytes != sizeof value || out_bytes < sizeof value)
		return -EINVAL;
	memcpy(&value, in, sizeof value);
	value *= 2;
	memcpy(out, &value, sizeof value);
	return sizeof value;
}

static long who(const void *in, size_t in_bytes, void *out, size_t out_bytes)
{
	pid_t pid = getpid();

	(void)in, (void)in_bytes, (void)out_bytes;
	memcpy(out, &pid, sizeof pid);
	return sizeof pid;
}

static long mirror(const void *in, size_t in_bytes, void *out, size_t out_bytes)
{
	RIG_CHECK(in_bytes <= out_bytes);
	for (size_t i = 0; i < in_bytes; i++)
		((char *)out)[i] = ((const char *)in)[in_bytes - 1 - i];
	return (long)in_bytes;
}

static long refuse(const void *in, size_t in_bytes, void *out, size_t out_bytes)
{
	(void)in, (void)in_bytes, (void)out, (void)out_bytes;
	return -EDOM;
}

static long boast(const void *in, size_t in_bytes, void *out, size_t out_bytes)
{
	(void)in, (void)in_bytes, (void)out;
	return (long)out_bytes + 1;
}

static long die(const void *in, size_t in_bytes, void *out, size_t out_bytes)
{
	(void)in, (void)in_bytes, (void)out, (void)out_bytes;
	raise(SIGKILL);
	return 0;
}

static long await(const void *in, size_t in_bytes, void *out, size_t out_bytes);

static void play_child(void *arg)
{
	const struct play *play = arg;
	const struct gt_config config = {.policy = play->policy};

	RIG_CHECK(gt_executor_register("twice", twice) == 0);
	RIG_CHECK(gt_executor_register("who", who) == 0);
	RIG_CHECK(gt_executor_register("mirror", mirror) == 0);
	RIG_CHECK(gt_executor_register("refuse", refuse) == 0);
	RIG_CHECK(gt_executor_register("boast", boast) == 0);
	RIG_CHECK(gt_executor_register("die", die) == 0);
	RIG_CHECK(gt_executor_register("await", await) == 0);
	RIG_CHECK(gt_executor_register("die", twice) == -EEXIST);
	RIG_CHECK(gt_executor_register("", die) == -EINVAL);
	RIG_CHECK(gt_run_config(&config, play->fn, NULL) == 0);
	RIG_CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD); /* no zombies */
}

static void expect_good(const char *policy, void (*fn)(void *))
{
	struct play play = {policy, fn};

	assert_int_equal(rig_child(play_child, &play, NULL, 0), 0);
}

static const char *const processes = "asyncio,executor=processes";

static void call_twice(void *arg)
{
	long value = *(long *)arg;

	RIG_CHECK(gt_executor_call("twice", &value, sizeof value, arg, sizeof value) ==
		  sizeof value);
}

static void many_calls(void *arg)
{
	static long value[MANY];
	struct gt *gt[MANY];

	(void)arg;
	for (long i = 0; i < MANY; i++) {
		value[i] = i;
		RIG_CHECK(gt_spawn(&gt[i], call_twice, &value[i]) == 0);
	}
	for (long i = 0; i < MANY; i++) {
		RIG_CHECK(gt_join(gt[i]) == 0);
		RIG_CHECK(value[i] == 2 * i);
	}
}

static void all_calls_are_made(void **state)
{
	(void)state;
	expect_good(processes, many_calls);
	expect_good("asyncio", many_calls);
	expect_good("asyncio,executor=none", many_calls);
	expect_good("gmp", many_calls);
	expect_good("gil3", many_calls);
}

static void elsewhere(void *arg)
{
	pid_t pid = 0;

	(void)arg;
	RIG_CHECK(gt_executor_call("who", NULL, 0, &pid, sizeof pid) == sizeof pid);
	RIG_CHECK(pid > 0 && pid != getpid());
}

static void here(void *arg)
{
	pid_t pid = 0;

	(void)arg;
	RIG_CHECK(gt_executor_call("who", NULL, 0, &pid, sizeof pid) == sizeof pid);
	RIG_CHECK(pid == getpid());
}

static void processes_are_others(void **state)
{
	(void)state;
	expect_good(processes, elsewhere);
	expect_good("asyncio", here);
	expect_good("green", here);
}

static void errors(void *arg)
{
	char out[4];

	(void)arg;
	RIG_CHECK(gt_executor_call("refuse", NULL, 0, NULL, 0) == -EDOM);
	RIG_CHECK(gt_executor_call("boast", NULL, 0, out, 4) == -EMSGSIZE);
	RIG_CHECK(gt_executor_call("nosuch", NULL, 0, NULL, 0) == -ENOENT);
	RIG_CHECK(gt_executor_register("late", twice) == -EBUSY);
}

static void errors_come_back(void **state)
{
	long value = 1;

	(void)state;
	expect_good(processes, errors);
	expect_good("green", errors);
	assert_int_equal(gt_executor_call("twice", &value, 8, &value, 8), -EPERM);
}

static void big_buffers(void *arg)
{
	char *in = malloc(BIG), *out = calloc(1, BIG);

	(void)arg;
	RIG_CHECK(in && out);
	for (size_t i = 0; i < BIG; i++)
		in[i] = (char)(i * 7);
	RIG_CHECK(gt_executor_call("mirror", in, BIG, out, BIG) == (long)BIG);
	for (size_t i = 0; i < BIG; i++)
		RIG_CHECK(out[i] == in[BIG - 1 - i]);
	free(in);
	free(out);
}

static void buffers_may_be_big(void **state)
{
	(void)state;
	expect_good(processes, big_buffers);
}

static void call_die(void *arg)
{
	(void)arg;
	RIG_CHECK(gt_executor_call("die", NULL, 0, NULL, 0) == -ECHILD);
}

/* All processes die; those who wait in the queue, and behind it, are told. */
static void all_die(void *arg)
{
	static struct gt *gt[MOST];
	unsigned cpus = gt__sys_cpu_count();
	unsigned calls = cpus + 3 * cpus + 2;
	long value = 3;

	(void)arg;
	call_die(NULL);
	if (cpus > 1) { /* the others go on */
		call_twice(&value);
		RIG_CHECK(value == 6);
	}
	for (unsigned i = 0; i < calls && i < MOST; i++)
		RIG_CHECK(gt_spawn(&gt[i], call_die, NULL) == 0);
	for (unsigned i = 0; i < calls && i < MOST; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	RIG_CHECK(gt_executor_call("twice", &value, 8, &value, 8) == -ECHILD);
}

static void the_dead_hang_nobody(void **state)
{
	(void)state;
	expect_good(processes, all_die);
}

static int gate[2];

static long await(const void *in, size_t in_bytes, void *out, size_t out_bytes)
{
	char byte;

	(void)in, (void)in_bytes, (void)out, (void)out_bytes;
	return read(gate[0], &byte, 1);
}

static void call_await(void *done)
{
	RIG_CHECK(gt_executor_call("await", NULL, 0, done, 1) == 1);
	*(int *)done = 1;
}

/* Who is cancelled while it waits for a process leaves its place to others. */
static void some_are_cancelled(void *arg)
{
	static struct gt *gt[MOST];
	static int done[MOST];
	int busy = (int)gt__sys_cpu_count(), all = busy + 3;

	RIG_CHECK(all <= MOST);
	for (int i = 0; i < all; i++)
		RIG_CHECK(gt_spawn(&gt[i], call_await, &done[i]) == 0);
	for (int i = 0; i < 10; i++)
		gt_yield();
	for (int i = busy; i < all; i++)
		RIG_CHECK(gt_cancel(gt[i]) == 0 && gt_join(gt[i]) == -ECANCELED &&
			  !done[i]);
	for (int i = 0; i < busy; i++)
		RIG_CHECK(write(gate[1], "x", 1) == 1);
	for (int i = 0; i < busy; i++)
		RIG_CHECK(gt_join(gt[i]) == 0 && done[i]);
	many_calls(arg);
}

static void the_cancelled_keep_nothing(void **state)
{
	(void)state;
	assert_int_equal(pipe(gate), 0);
	expect_good(processes, some_are_cancelled);
	close(gate[0]);
	close(gate[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_calls_are_made),
		cmocka_unit_test(processes_are_others),
		cmocka_unit_test(errors_come_back),
		cmocka_unit_test(buffers_may_be_big),
		cmocka_unit_test(the_dead_hang_nobody),
		cmocka_unit_test(the_cancelled_keep_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
