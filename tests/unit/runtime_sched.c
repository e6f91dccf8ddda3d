/* SPDX-License-Identifier: MIT
 *
 * The public interface under every policy: results, errors, ends.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/un.h>

#include "tests/unit/runtime_rig.h"
#include "runtime/os/ctx.h"

static const char *policy;

static void run(void (*fn)(void *), void *arg)
{
	const struct gt_config config = {.policy = policy};

	RIG_CHECK(gt_run_config(&config, fn, arg) == 0);
	exit(0);
}

/* Runs `fn` in a child a policy; the child checks for itself. */
static void under_every_policy(void (*fn)(void *))
{
	for (size_t i = 0; i < RIG_POLICIES; i++) {
		int status;

		policy = rig_policies[i];
		status = rig_child(fn, NULL, NULL, 0);
		if (status)
			print_error("under %s\n", policy);
		assert_int_equal(status, 0);
	}
}

static void run_work(void *arg)
{
	run(work_main, arg);
}

static void all_together(void **state)
{
	(void)state;
	under_every_policy(run_work);
}

/* --- errors and edges ------------------------------------------------------ */

static void nothing(void *arg)
{
	(void)arg;
}

static uint32_t hold_seen; /* atomic: somebody found it held */

static void hold(void *arg)
{
	RIG_CHECK(gt_mutex_lock(arg) == 0);
	while (!__atomic_load_n(&hold_seen, __ATOMIC_ACQUIRE))
		gt_sleep_ns(1000000);
	gt_sleep_ns(2000000);
	RIG_CHECK(gt_mutex_unlock(arg) == 0);
}

static void edges_inside(void *arg)
{
	struct gt_mutex m = GT_MUTEX_INIT(NULL);
	struct gt *gt;
	char long_name[100];

	(void)arg;
	memset(long_name, 'x', sizeof long_name - 1);
	long_name[99] = '\0';
	RIG_CHECK(gt_run(nothing, NULL) == -EBUSY);
	RIG_CHECK(gt_join(gt_self()) == -EINVAL && gt_join(NULL) == -EINVAL);
	RIG_CHECK(gt_id(gt_self()) == 1 && !strcmp(gt_name(gt_self()), "main"));
	gt_set_name(gt_self(), long_name);
	RIG_CHECK(strlen(gt_name(gt_self())) == 63);
	RIG_CHECK(gt_mutex_lock(&m) == 0 && gt_mutex_lock(&m) == -EDEADLK);
	RIG_CHECK(gt_mutex_trylock(&m) == -EBUSY && gt_mutex_unlock(&m) == 0);
	RIG_CHECK(gt_mutex_unlock(&m) == -EPERM);
	RIG_CHECK(gt_mutex_trylock(&m) == 0 && gt_mutex_unlock(&m) == 0);
	hold_seen = 0;
	RIG_CHECK(gt_spawn(&gt, hold, &m) == 0);
	while (gt_mutex_trylock(&m) == 0) {
		gt_mutex_unlock(&m);
		gt_yield();
	}
	__atomic_store_n(&hold_seen, 1, __ATOMIC_RELEASE);
	RIG_CHECK(gt_mutex_unlock(&m) == -EPERM);
	RIG_CHECK(gt_mutex_lock(&m) == 0 && gt_mutex_unlock(&m) == 0);
	RIG_CHECK(gt_join(gt) == 0);
	/* The end comes first, the join later. */
	RIG_CHECK(gt_spawn(&gt, nothing, NULL) == 0);
	RIG_CHECK(gt_sleep_ns(1000000) == 0 && gt_join(gt) == 0);
	RIG_CHECK(gt_spawn_attr(&gt, &(struct gt_attr){.stack_bytes = (size_t)1 << 40},
				nothing, NULL) == -ENOMEM);
	gt_mark("a mark of more than sixteen bytes");
	gt_gil_release();
	gt_gil_release();
	gt_gil_acquire();
	gt_gil_acquire();
	gt_tick();
}

static void edges_child(void *arg)
{
	struct gt_mutex m = GT_MUTEX_INIT("outside");
	struct gt *gt;
	char byte;
	long one = 1;

	/* Outside green threads. */
	RIG_CHECK(!gt_self() && gt_id(NULL) == 0 && !*gt_policy_name());
	RIG_CHECK(gt_spawn(&gt, nothing, NULL) == -EPERM && gt_mutex_lock(&m) == -EPERM);
	RIG_CHECK(gt_sleep_ns(1) == -EPERM && gt_read(0, &byte, 1) == -EPERM);
	RIG_CHECK(gt_blocking("call", work_call, &one) == 1);
	gt_yield();
	gt_tick();
	gt_gil_acquire();
	run(edges_inside, arg);
}

static void errors_and_edges(void **state)
{
	(void)state;
	under_every_policy(edges_child);
}

/* --- channels: closing ------------------------------------------------------- */

static long sent; /* atomic */

static void send_until_closed(void *arg)
{
	long i = 0;
	int err;

	while (!(err = gt_chan_send(arg, &i)))
		__atomic_store_n(&sent, ++i, __ATOMIC_RELEASE);
	RIG_CHECK(err == -EPIPE);
}

static void chan_inside(void *arg)
{
	struct gt_chan *ch = gt_chan_new(sizeof(long), 2, NULL), *empty;
	struct gt *gt;
	long got = -1;

	(void)arg;
	RIG_CHECK(ch && gt_spawn(&gt, send_until_closed, ch) == 0);
	for (long i = 0; i < 10; i++)
		RIG_CHECK(gt_chan_recv(ch, &got) == 0 && got == i);
	while (__atomic_load_n(&sent, __ATOMIC_ACQUIRE) < 12) /* the buffer is full */
		gt_sleep_ns(1000000);
	RIG_CHECK(gt_chan_close(ch) == 0 && gt_chan_close(ch) == -EPIPE);
	RIG_CHECK(gt_join(gt) == 0);
	/* What was in the buffer is still received. */
	RIG_CHECK(gt_chan_recv(ch, &got) == 0 && got == 10);
	RIG_CHECK(gt_chan_recv(ch, NULL) == 0);
	RIG_CHECK(gt_chan_recv(ch, &got) == -EPIPE && got == 0);
	gt_chan_free(ch);
	empty = gt_chan_new(0, 1, "signal");
	RIG_CHECK(empty && gt_chan_send(empty, NULL) == 0 &&
		  gt_chan_recv(empty, NULL) == 0);
	gt_chan_free(empty);
	RIG_CHECK(!gt_chan_new((size_t)1 << 21, 0, NULL));
	RIG_CHECK(!gt_chan_new(1 << 20, SIZE_MAX / 2, NULL));
}

static void chan_child(void *arg)
{
	run(chan_inside, arg);
}

static void channels_close(void **state)
{
	(void)state;
	under_every_policy(chan_child);
}

/* --- order, time, descriptors ------------------------------------------------- */

static void napper(void *arg)
{
	uint64_t *woke = arg, nap = *woke;

	gt_sleep_ns(nap);
	*woke = gt__sys_now_ns();
}

static void time_inside(void *arg)
{
	/* In the order of their lengths, not of their starts, and not too early. */
	uint64_t woke[3] = {30000000, 10000000, 20000000}, start = gt__sys_now_ns();
	struct gt *gt[3];

	(void)arg;
	for (int i = 0; i < 3; i++)
		RIG_CHECK(gt_spawn(&gt[i], napper, &woke[i]) == 0);
	for (int i = 0; i < 3; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	RIG_CHECK(woke[1] - start >= 10000000 && woke[2] - start >= 20000000 &&
		  woke[0] - start >= 30000000);
	/* Each began when its OS thread came to it; only in virtual time that is at once.
	 */
	RIG_CHECK(!gt__sim_on || (woke[1] < woke[2] && woke[2] < woke[0]));
}

static void time_child(void *arg)
{
	run(time_inside, arg);
}

static void sleeps_last(void **state)
{
	(void)state;
	under_every_policy(time_child);
	setenv("GT_SIM", "1", 1);
	under_every_policy(time_child);
	unsetenv("GT_SIM");
}

static void connector(void *arg)
{
	struct sockaddr_in *addr = arg;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char buf[4];

	RIG_CHECK(fd >= 0 && gt_connect(fd, (void *)addr, sizeof *addr) == 0);
	RIG_CHECK(gt_write(fd, "ping", 4) == 4);
	RIG_CHECK(gt_read(fd, buf, 4) == 4 && !memcmp(buf, "pong", 4));
	close(fd);
}

static void writer(void *arg)
{
	/* More than the pipe holds: must wait for room. */
	char block[4096];
	size_t left = 50 * sizeof block;

	memset(block, 7, sizeof block);
	while (left) {
		ssize_t n = gt_write(*(int *)arg, block,
				     left < sizeof block ? left : sizeof block);
		RIG_CHECK(n > 0);
		left -= (size_t)n;
	}
	close(*(int *)arg);
}

static void io_inside(void *arg)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof addr;
	int fd[2], listener = socket(AF_INET, SOCK_STREAM, 0), conn;
	char buf[4096];
	size_t total = 0;
	struct gt *gt;
	uint64_t start;
	ssize_t n;

	(void)arg;
	RIG_CHECK(bind(listener, (void *)&addr, len) == 0 && listen(listener, 1) == 0);
	RIG_CHECK(getsockname(listener, (void *)&addr, &len) == 0);
	RIG_CHECK(gt_spawn(&gt, connector, &addr) == 0);
	conn = gt_accept(listener, NULL, NULL);
	RIG_CHECK(conn >= 0 && gt_read(conn, buf, sizeof buf) == 4 &&
		  !memcmp(buf, "ping", 4));
	RIG_CHECK(gt_write(conn, "pong", 4) == 4 && gt_join(gt) == 0);
	RIG_CHECK(gt_read(conn, buf, sizeof buf) == 0);
	close(conn);
	close(listener);

	RIG_CHECK(pipe(fd) == 0);
	start = gt__sys_now_ns();
	RIG_CHECK(gt_poll(fd[0], POLLIN, 3000000) == 0);
	RIG_CHECK(gt__sys_now_ns() - start >= 3000000);
	RIG_CHECK(gt_poll(fd[0], POLLIN, 0) == 0 && gt_poll(fd[1], POLLOUT, -1) == POLLOUT);
	RIG_CHECK(gt_spawn(&gt, writer, &fd[1]) == 0);
	RIG_CHECK(gt_poll(fd[0], POLLIN, -1) & POLLIN);
	while ((n = gt_read(fd[0], buf, sizeof buf)) > 0)
		total += (size_t)n;
	RIG_CHECK(n == 0 && total == 50 * 4096 && gt_join(gt) == 0);
	close(fd[0]);
	RIG_CHECK(gt_read(fd[0], buf, 1) == -EBADF && gt_poll(fd[0], POLLIN, -1) == -EBADF);

	FILE *file = tmpfile(); /* not pollable: called directly */
	RIG_CHECK(file && gt_write(fileno(file), "text", 4) == 4);
	RIG_CHECK(lseek(fileno(file), 0, SEEK_SET) == 0);
	RIG_CHECK(gt_read(fileno(file), buf, sizeof buf) == 4 && !memcmp(buf, "text", 4));
	fclose(file);
}

static void io_child(void *arg)
{
	run(io_inside, arg);
}

static void input_and_output(void **state)
{
	(void)state;
	under_every_policy(io_child);
}

/* What the stuck ones hold is never given back; asked by the leak checker. */
static int leaks_are_fine;
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return leaks_are_fine;
}

/* --- deadlock ------------------------------------------------------------------ */

static void wait_for_ever(void *arg)
{
	struct gt_mutex *m = arg;

	gt_mutex_lock(m);
	gt_chan_recv(gt_chan_new(8, 0, NULL), NULL);
}

static void deadlock_inside(void *arg)
{
	struct gt_mutex m = GT_MUTEX_INIT(NULL);
	struct gt *gt;

	(void)arg;
	for (int i = 0; i < 4; i++)
		RIG_CHECK(gt_spawn(&gt, wait_for_ever, &m) == 0);
	gt_sleep_ns(1000000);
	gt_join(gt);
}

static void deadlock_child(void *arg)
{
	leaks_are_fine = 1;
	run(deadlock_inside, arg);
}

static void deadlock_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < RIG_POLICIES; i++) {
		char err[4096];
		int status;

		policy = rig_policies[i];
		status = rig_child(deadlock_child, NULL, err, sizeof err);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 2);
		assert_ptr_equal(err, strstr(err, "gt: deadlock: all 5 green threads wait "
						  "for one another\n"));
	}
}

/* --- many, and again and again --------------------------------------------------- */

/* ThreadSanitizer takes milliseconds to make a thread. */
#ifdef GT_TSAN
#define MANY 60
#else
#define MANY 600
#endif

static long done_count;

/* Each that waits for a GIL looks again after every interval: hundreds, of a millisecond,
 * keep one core busy with that. */
static int many(void)
{
	return strncmp(policy, "gil", 3) ? MANY : 60;
}

static void bump(void *arg)
{
	(void)arg;
	gt_yield();
	__atomic_fetch_add(&done_count, 1, __ATOMIC_RELAXED);
}

static void stress_inside(void *arg)
{
	static struct gt *gt[MANY];

	(void)arg;
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < many(); i++)
			RIG_CHECK(gt_spawn(i % 3 ? &gt[i] : NULL, bump, NULL) == 0);
		for (int i = 0; i < many(); i++)
			RIG_CHECK(i % 3 == 0 || gt_join(gt[i]) == 0);
	}
}

static void stress_child(void *arg)
{
	const struct gt_config config = {.policy = policy};

	for (int i = 0; i < 3; i++) {
		done_count = 0;
		RIG_CHECK(gt_run_config(&config, stress_inside, arg) == 0);
		RIG_CHECK(done_count == 5 * many());
	}
	exit(0);
}

static void many_and_several_runs(void **state)
{
	(void)state;
	under_every_policy(stress_child);
}

/* A pair that plays ping-pong through run-next must not starve the rest. */
static void bounce(void *arg)
{
	struct gt_chan **ch = arg;
	long ball;

	while (!gt_chan_recv(ch[0], &ball))
		if (gt_chan_send(ch[1], &ball))
			break;
}

static void starve_inside(void *arg)
{
	struct gt_chan *ab = gt_chan_new(8, 0, NULL), *ba = gt_chan_new(8, 0, NULL);
	struct gt_chan *one[2] = {ab, ba}, *two[2] = {ba, ab};
	struct gt *gt[2];
	long ball = 0;

	(void)arg;
	RIG_CHECK(gt_spawn(&gt[0], bounce, one) == 0 && gt_spawn(&gt[1], bounce, two) == 0);
	RIG_CHECK(gt_chan_send(ab, &ball) == 0);
	for (int i = 0; i < 20; i++)
		gt_yield();
	RIG_CHECK(gt_sleep_ns(1000000) == 0);
	gt_chan_close(ab);
	gt_chan_close(ba);
	RIG_CHECK(gt_join(gt[0]) == 0 && gt_join(gt[1]) == 0);
	gt_chan_free(ab);
	gt_chan_free(ba);
}

static void starve_child(void *arg)
{
	run(starve_inside, arg);
}

static void nobody_starves(void **state)
{
	(void)state;
	under_every_policy(starve_child);
}

/* Two that compute under the GIL take turns: each asks the other to drop it. */
#define TURNS 12
static int turns, whose; /* of who holds the GIL */

static void compute(void *arg)
{
	uint64_t end = gt__sys_now_ns() + 30000000000ull;
	int me = (int)(intptr_t)arg;

	while (turns < TURNS && gt__sys_now_ns() < end) {
		turns += whose != me;
		whose = me;
		gt_tick();
	}
}

static void gil_inside(void *arg)
{
	struct gt *gt[2];

	(void)arg;
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_spawn(&gt[i], compute, (void *)(intptr_t)(i + 1)) == 0);
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	RIG_CHECK(turns >= TURNS);
}

static void gil_child(void *arg)
{
	const struct gt_config config = {.policy = "gil3,interval=2ms"};
	uint64_t n[GTV_COUNT_MAX], lost;

	RIG_CHECK(gt_run_config(&config, gil_inside, arg) == 0);
	gt__process_counts(n, &lost);
	RIG_CHECK(n[GTV_COUNT_GIL_REQUESTS] >= 3);
	RIG_CHECK(n[GTV_COUNT_GIL_HANDOFFS] >= n[GTV_COUNT_GIL_REQUESTS]);
	RIG_CHECK(n[GTV_COUNT_GIL_TAKES] == n[GTV_COUNT_GIL_DROPS]);
	exit(0);
}

static void the_gil_is_shared(void **state)
{
	(void)state;
	assert_int_equal(rig_child(gil_child, NULL, NULL, 0), 0);
}

/* --- stacks ------------------------------------------------------------------------ */

static __attribute__((noinline)) int sink(volatile int *deeper)
{
	volatile char frame[1024];

	frame[*deeper & 1023] = 1;
	return *deeper ? sink(deeper) + frame[*deeper & 1023] : 0;
}

static void overflow_inside(void *arg)
{
	volatile int deeper = 1;

	(void)arg;
	sink(&deeper);
}

static void overflow_child(void *arg)
{
	signal(SIGSEGV, SIG_DFL); /* instead of cmocka's own handler, inherited */
	run(overflow_inside, arg);
}

/* Runs into the guard page, not into somebody else's stack. */
static void an_overflow_is_caught(void **state)
{
	char err[4096];

	(void)state;
#if defined(GT_ASAN) || defined(GT_TSAN)
	print_message("skipped: the sanitizer takes the signal\n");
	skip();
#endif
	for (size_t i = 0; i < RIG_POLICIES; i++) {
		int status;

		policy = rig_policies[i];
		status = rig_child(overflow_child, NULL, err, sizeof err);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSEGV);
		assert_non_null(strstr(err, "gt: stack overflow: green thread 1 \"main\" "
					    "has used up its stack of "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_together),
		cmocka_unit_test(errors_and_edges),
		cmocka_unit_test(channels_close),
		cmocka_unit_test(sleeps_last),
		cmocka_unit_test(input_and_output),
		cmocka_unit_test(deadlock_is_told),
		cmocka_unit_test(many_and_several_runs),
		cmocka_unit_test(nobody_starves),
		cmocka_unit_test(the_gil_is_shared),
		cmocka_unit_test(an_overflow_is_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
