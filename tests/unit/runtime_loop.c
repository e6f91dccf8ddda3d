/* SPDX-License-Identifier: MIT
 *
 * The loop's kernel interfaces: one program of sockets, pipes, timeouts and many
 * descriptors must come out alike on each; what differs is said, never silent.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "tests/unit/runtime_rig.h"
#include "runtime/io/loop.h"
#include "runtime/core/rt.h"

#define LONG_NS	    600000000000ll /* never reached, or the test has failed */
#define PATIENCE_NS 60000000000u   /* a busy machine may take so long */

static const char *on_trial; /* in a child: the interface's name */

struct trial {
	const char *loop;
	void (*fn)(void *arg);
};

static void trial_child(void *arg)
{
	const struct trial *trial = arg;
	char policy[64];
	const struct gt_config config = {.policy = policy};

	on_trial = trial->loop;
	snprintf(policy, sizeof policy, "asyncio,loop=%s", trial->loop);
	RIG_CHECK(gt_run_config(&config, trial->fn, NULL) == 0);
}

static int is_here(const struct gt__loop *loop)
{
	char why[128];

	if (!gt__loop_check(loop, why, sizeof why))
		return 1;
	print_message("skip: %s\n", why);
	return 0;
}

static void on_each(void (*fn)(void *))
{
	for (int i = 0; i < GT__LOOPS; i++) {
		struct trial trial = {gt__loops[i]->name, fn};
		char err[1024];
		int status;

		if (!is_here(gt__loops[i]))
			continue;
		status = rig_child(trial_child, &trial, err, sizeof err);
		if (status)
			print_error("%s: %s", trial.loop, err);
		assert_int_equal(status, 0);
	}
}

static int is(const char *loop)
{
	return !strcmp(on_trial, loop);
}

/* --- the same on each ----------------------------------------------------------- */

static void all_of_it(void *arg)
{
	work_main(arg);
}

static void the_work_of_all_policies(void **state)
{
	(void)state;
	on_each(all_of_it);
}

static void echo_one(void *arg)
{
	int server = *(int *)arg, fd = gt_accept(server, NULL, NULL);
	char buf[64];
	ssize_t n;

	RIG_CHECK(fd >= 0);
	while ((n = gt_read(fd, buf, sizeof buf)) > 0)
		RIG_CHECK(gt_write(fd, buf, (size_t)n) == n);
	RIG_CHECK(n == 0);
	close(fd);
}

static void over_tcp(void *unused)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof addr;
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct gt *gt;
	char byte;

	(void)unused;
	RIG_CHECK(bind(server, (struct sockaddr *)&addr, bytes) == 0 &&
		  listen(server, 4) == 0 &&
		  getsockname(server, (struct sockaddr *)&addr, &bytes) == 0);
	RIG_CHECK(gt_spawn(&gt, echo_one, &server) == 0);
	RIG_CHECK(gt_connect(client, (struct sockaddr *)&addr, bytes) == 0);
	for (char c = 'a'; c <= 'z'; c++) {
		RIG_CHECK(gt_write(client, &c, 1) == 1);
		RIG_CHECK(gt_read(client, &byte, 1) == 1 && byte == c);
	}
	shutdown(client, SHUT_WR);
	RIG_CHECK(gt_read(client, &byte, 1) == 0);
	RIG_CHECK(gt_join(gt) == 0);
	close(client);
	close(server);
}

static void sockets(void **state)
{
	(void)state;
	on_each(over_tcp);
}

static void timeouts_of(void *unused)
{
	int fd[2];
	char byte = 'x';

	(void)unused;
	RIG_CHECK(pipe(fd) == 0);
	RIG_CHECK(gt_poll(fd[0], POLLIN, 2000000) == 0);
	RIG_CHECK(gt_poll(fd[1], POLLOUT, -1) == POLLOUT);
	/* The same number is another pipe now: what was asked of the old one is gone. */
	close(fd[0]);
	close(fd[1]);
	RIG_CHECK(pipe(fd) == 0);
	RIG_CHECK(gt_poll(fd[0], POLLIN, 2000000) == 0);
	RIG_CHECK(gt_write(fd[1], &byte, 1) == 1);
	RIG_CHECK(gt_poll(fd[0], POLLIN, LONG_NS) == POLLIN);
	close(fd[0]);
	close(fd[1]);
}

static void a_wait_ends_with_its_time(void **state)
{
	(void)state;
	on_each(timeouts_of);
}

/* After a wait in vain the peer hears of a close at once, though the loop is busy and
 * nobody waits for another descriptor. */
static void close_after_vain_wait(void *unused)
{
	int fd[2], heard = 0;
	uint64_t begin;

	(void)unused;
	RIG_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	RIG_CHECK(gt_poll(fd[0], POLLIN, 1000000) == 0);
	close(fd[0]);
	begin = gt__sys_now_ns();
	for (int i = 0; !heard && (i < 1000 || gt__sys_now_ns() - begin < PATIENCE_NS);
	     i++) {
		short revents;

		gt_yield();
		heard = gt__sys_poll(fd[1], POLLIN, 0, &revents) == 1;
	}
	RIG_CHECK(heard);
	close(fd[1]);
}

static void a_wait_in_vain_keeps_no_file_open(void **state)
{
	(void)state;
	on_each(close_after_vain_wait);
}

struct on_fd {
	int fd;
	short events;
	int64_t timeout_ns;
	int got;
};

static void poll_it(void *arg)
{
	struct on_fd *on = arg;

	on->got = gt_poll(on->fd, on->events, on->timeout_ns);
}

/* Several wait for one descriptor, for different things; one gives up. */
static void several_on_one(void *unused)
{
	static char full[1 << 16];
	struct on_fd on[4];
	struct gt *gt[4];
	int fd[2];

	(void)unused;
	RIG_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0);
	while (write(fd[0], full, sizeof full) > 0)
		;
	on[0] = (struct on_fd){fd[0], POLLIN, LONG_NS, -1};
	on[1] = (struct on_fd){fd[0], POLLOUT, LONG_NS, -1};
	on[2] = (struct on_fd){fd[0], POLLIN | POLLOUT, 1000000, -1};
	on[3] = (struct on_fd){fd[0], POLLIN, LONG_NS, -1};
	for (int i = 0; i < 4; i++)
		RIG_CHECK(gt_spawn(&gt[i], poll_it, &on[i]) == 0);
	RIG_CHECK(gt_join(gt[2]) == 0 && on[2].got == 0);
	RIG_CHECK(write(fd[1], "x", 1) == 1);
	RIG_CHECK(gt_join(gt[0]) == 0 && on[0].got == POLLIN);
	RIG_CHECK(gt_join(gt[3]) == 0 && on[3].got == POLLIN);
	RIG_CHECK(on[1].got == -1);
	while (read(fd[1], full, sizeof full) > 0)
		;
	RIG_CHECK(gt_join(gt[1]) == 0 && on[1].got & POLLOUT);
	close(fd[0]);
	close(fd[1]);
}

static void several_wait_for_one_descriptor(void **state)
{
	(void)state;
	on_each(several_on_one);
}

/* --- many ------------------------------------------------------------------------ */

#define MANY_MOST 1500
static int many[MANY_MOST][2], many_read;

static void read_one_each(void *arg)
{
	const int *fd = arg;
	char byte;

	RIG_CHECK(gt_read(fd[0], &byte, 1) == 1);
	many_read++;
	RIG_CHECK(gt_read(fd[0], &byte, 1) == 0);
	many_read++;
}

/* All are ready at once, twice: more answers than any interface gives at a time. */
static void with_many(void *unused)
{
	struct rlimit limit = {4096, 4096};
	int count = is("select") ? 450 : MANY_MOST;

	(void)unused;
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	if ((rlim_t)(2 * count + 100) > limit.rlim_cur)
		count = (int)(limit.rlim_cur - 100) / 2;
	for (int i = 0; i < count; i++) {
		RIG_CHECK(pipe(many[i]) == 0);
		RIG_CHECK(gt_spawn(NULL, read_one_each, many[i]) == 0);
	}
	gt_yield();
	for (int i = count - 1; i >= 0; i--)
		RIG_CHECK(write(many[i][1], "x", 1) == 1);
	while (many_read < count)
		gt_sleep_ns(100000);
	RIG_CHECK(many_read == count);
	for (int i = 0; i < count; i++)
		close(many[i][1]);
	while (many_read < 2 * count)
		gt_sleep_ns(100000);
	for (int i = 0; i < count; i++)
		close(many[i][0]);
}

static void many_descriptors(void **state)
{
	(void)state;
	on_each(with_many);
}

/* --- what ends a wait from outside ------------------------------------------------- */

static long short_call(void *arg)
{
	return *(long *)arg;
}

/* The loop sleeps in the kernel: a pool thread's answer must end that. */
static void calls_beside_a_wait(void *unused)
{
	struct on_fd on = {.events = POLLIN, .timeout_ns = LONG_NS};
	struct gt *gt;
	int fd[2];

	(void)unused;
	RIG_CHECK(pipe(fd) == 0);
	on.fd = fd[0];
	RIG_CHECK(gt_spawn(&gt, poll_it, &on) == 0);
	for (long i = 0; i < 50; i++)
		RIG_CHECK(gt_blocking("call", short_call, &i) == i);
	RIG_CHECK(gt_write(fd[1], "x", 1) == 1);
	RIG_CHECK(gt_join(gt) == 0 && on.got == POLLIN);
	close(fd[0]);
	close(fd[1]);
}

static void a_kick_ends_the_wait(void **state)
{
	(void)state;
	on_each(calls_beside_a_wait);
}

static int called;

static void take_byte(void *arg)
{
	int fd = *(int *)arg;
	char byte;

	RIG_CHECK(gt_read(fd, &byte, 1) == 1);
	if (++called == 3)
		RIG_CHECK(gt_off_readable(fd) == 0);
}

static void bytes_for_callbacks(void *unused)
{
	static int fd[2];

	(void)unused;
	RIG_CHECK(pipe(fd) == 0);
	RIG_CHECK(gt_on_readable(fd[0], "bytes", take_byte, &fd[0]) == 0);
	for (int i = 1; i <= 3; i++) {
		RIG_CHECK(gt_write(fd[1], "x", 1) == 1);
		while (called < i)
			gt_sleep_ns(100000);
	}
	close(fd[0]);
	close(fd[1]);
}

static void callbacks_on_each(void **state)
{
	(void)state;
	on_each(bytes_for_callbacks);
}

static void fork_beside_a_wait(void *unused)
{
	struct on_fd on = {.events = POLLIN, .timeout_ns = LONG_NS};
	struct gt *gt;
	int fd[2], status = 1;
	pid_t pid;

	(void)unused;
	RIG_CHECK(pipe(fd) == 0);
	on.fd = fd[0];
	RIG_CHECK(gt_spawn(&gt, poll_it, &on) == 0);
	gt_yield();
	pid = fork();
	RIG_CHECK(pid >= 0);
	if (pid) { /* the child has had its byte first: each has a loop of its own */
		RIG_CHECK(waitpid(pid, &status, 0) == pid && status == 0);
		RIG_CHECK(on.got == 0);
	}
	RIG_CHECK(gt_write(fd[1], "x", 1) == 1);
	RIG_CHECK(gt_join(gt) == 0 && on.got == POLLIN);
	RIG_CHECK(read(fd[0], &status, 1) == 1);
	if (!pid)
		_exit(0);
	close(fd[0]);
	close(fd[1]);
}

static void after_fork_each_has_its_own(void **state)
{
	(void)state;
#ifdef GT_TSAN
	print_message("skip: thread sanitizer loses its fibers at a fork\n");
	skip();
#endif
	on_each(fork_beside_a_wait);
}

/* --- what differs, and errors ------------------------------------------------------- */

static void closed_while_waited_for(void *unused)
{
	int fd[2], told = is("select") || is("poll");
	struct on_fd on = {.events = POLLIN, .timeout_ns = told ? LONG_NS : 20000000};
	struct gt *gt;

	(void)unused;
	if (told) /* at once, but a busy machine may close it late */
		on.timeout_ns = 10000000000;
	RIG_CHECK(pipe(fd) == 0);
	on.fd = fd[0];
	RIG_CHECK(gt_spawn(&gt, poll_it, &on) == 0);
	gt_sleep_ns(1000000); /* the kernel has been asked by now */
	close(fd[0]);
	RIG_CHECK(gt_join(gt) == 0);
	/* In io_uring and under epoll the wait is for the file, not for its number. */
	RIG_CHECK(told ? on.got == -EBADF : on.got == 0);
	close(fd[1]);
}

static void select_and_poll_tell_of_a_closed_one(void **state)
{
	(void)state;
	on_each(closed_while_waited_for);
}

static void beyond_select(void *unused)
{
	struct rlimit limit = {4096, 4096};
	int fd[2], high = FD_SETSIZE + 5;
	char byte;

	(void)unused;
	setrlimit(RLIMIT_NOFILE, &limit);
	RIG_CHECK(pipe(fd) == 0 && dup2(fd[0], high) == high);
	if (is("select")) {
		RIG_CHECK(gt_read(high, &byte, 1) == -EINVAL);
		RIG_CHECK(gt_poll(high, POLLIN, LONG_NS) == -EINVAL);
		/* It is asked for nothing that can be said at once. */
		RIG_CHECK(write(fd[1], "x", 1) == 1);
		RIG_CHECK(gt_read(high, &byte, 1) == 1);
	}
	RIG_CHECK(gt_poll(high, POLLIN, 1000000) == (is("select") ? -EINVAL : 0));
	close(high);
	close(fd[0]);
	close(fd[1]);
}

static void select_ends_at_fd_setsize(void **state)
{
	(void)state;
	on_each(beyond_select);
}

static void not_for_waiting(void *unused)
{
	char path[] = "/tmp/gt-loop-XXXXXX", byte;
	int fd = mkstemp(path);
	short revents;

	(void)unused;
	RIG_CHECK(fd >= 0 && unlink(path) == 0);
	for (int i = 0; i < GT__LOOPS; i++) {
		const struct gt__loop *loop =
			i == GT__LOOP_EPOLL ? &gt__loop_kept : gt__loops[i];

		if (!is(loop->name))
			continue;
		RIG_CHECK(loop->watch(fd, POLLIN) == -EPERM);
		RIG_CHECK(loop->watch(fd + 100, POLLIN) == -EBADF);
	}
	RIG_CHECK(gt__rt.policy->io_wait(gt__os(), fd, POLLIN, GT__NEVER, &revents) ==
		  -EPERM);
	RIG_CHECK(gt_write(fd, "x", 1) == 1 && lseek(fd, 0, SEEK_SET) == 0);
	RIG_CHECK(gt_read(fd, &byte, 1) == 1 && byte == 'x');
	close(fd);
	RIG_CHECK(gt_read(fd, &byte, 1) == -EBADF);
}

static void a_file_cannot_be_waited_for(void **state)
{
	(void)state;
	on_each(not_for_waiting);
}

/* From now on this process has a kernel without io_uring. */
static void refuse_uring(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {sizeof filter / sizeof filter[0], filter};

	RIG_CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	RIG_CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0);
}

static void nothing(void *unused)
{
	(void)unused;
}

static void without_uring(void *unused)
{
	struct trial trial = {"epoll", nothing};

	(void)unused;
	refuse_uring();
	trial_child(&trial);
	setenv("GT_POLICY", "asyncio,loop=uring", 1);
	gt_run(nothing, NULL);
}

static void a_kernel_may_refuse_uring(void **state)
{
	char err[512];
	int status = rig_child(without_uring, NULL, err, sizeof err);

	(void)state;
	assert_int_equal(WEXITSTATUS(status), 2);
	assert_string_equal(err,
			    "gt: GT_POLICY: parameter loop cannot be 'uring' here: the "
			    "kernel refuses it: Operation not permitted (one of "
			    "select|poll|epoll|uring)\n");
}

static void asyncore_child(void *unused)
{
	const struct gt_config config = {.policy = "asyncore"};

	(void)unused;
	on_trial = "select";
	RIG_CHECK(gt_run_config(&config, beyond_select, NULL) == 0);
}

static void asyncore_is_select(void **state)
{
	(void)state;
	assert_int_equal(rig_child(asyncore_child, NULL, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_work_of_all_policies),
		cmocka_unit_test(sockets),
		cmocka_unit_test(a_wait_ends_with_its_time),
		cmocka_unit_test(a_wait_in_vain_keeps_no_file_open),
		cmocka_unit_test(several_wait_for_one_descriptor),
		cmocka_unit_test(many_descriptors),
		cmocka_unit_test(a_kick_ends_the_wait),
		cmocka_unit_test(callbacks_on_each),
		cmocka_unit_test(after_fork_each_has_its_own),
		cmocka_unit_test(select_and_poll_tell_of_a_closed_one),
		cmocka_unit_test(select_ends_at_fd_setsize),
		cmocka_unit_test(a_file_cannot_be_waited_for),
		cmocka_unit_test(a_kernel_may_refuse_uring),
		cmocka_unit_test(asyncore_is_select),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
