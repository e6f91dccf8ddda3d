/* SPDX-License-Identifier: MIT
 *
 * The n-th allocation or system call fails, for all n, in a run under procs, one with a
 * process executor, and one with channels over sockets: whoever asked gets an error, the
 * run ends, and no descriptor and no process is left.
 *
 * This program's own functions stand before libc's; each run is a process of its own.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "tests/unit/runtime_rig.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#define N_MAX	    1000
#define PATIENCE_S  300
#define NOT_REACHED 3

static long left; /* calls until the one that fails; atomic */
static int armed;

static int fails(void)
{
	return __atomic_load_n(&armed, __ATOMIC_RELAXED) &&
	       __atomic_sub_fetch(&left, 1, __ATOMIC_RELAXED) == 0;
}

/* A function of libc's that fails in its turn with `error`. */
#define STAND_BEFORE(type, name, params, args, failed, error)                              \
	type name params;                                                                  \
	type name params                                                                   \
	{                                                                                  \
		static type(*real) params;                                                 \
                                                                                           \
		if (!real)                                                                 \
			*(void **)&real = dlsym(RTLD_NEXT, #name);                         \
		if (fails()) {                                                             \
			errno = error;                                                     \
			return failed;                                                     \
		}                                                                          \
		return real args;                                                          \
	}

STAND_BEFORE(void *, mmap, (void *at, size_t n, int prot, int flags, int fd, off_t off),
	     (at, n, prot, flags, fd, off), MAP_FAILED, ENOMEM)
STAND_BEFORE(int, mprotect, (void *at, size_t n, int prot), (at, n, prot), -1, ENOMEM)
STAND_BEFORE(pid_t, fork, (void), (), -1, EAGAIN)
STAND_BEFORE(int, socketpair, (int domain, int type, int protocol, int fd[2]),
	     (domain, type, protocol, fd), -1, EMFILE)
STAND_BEFORE(int, socket, (int domain, int type, int protocol), (domain, type, protocol),
	     -1, EMFILE)
STAND_BEFORE(int, bind, (int fd, __CONST_SOCKADDR_ARG addr, socklen_t n), (fd, addr, n), -1,
	     EACCES)
STAND_BEFORE(int, listen, (int fd, int backlog), (fd, backlog), -1, EADDRINUSE)
STAND_BEFORE(int, epoll_create1, (int flags), (flags), -1, EMFILE)
STAND_BEFORE(int, eventfd, (unsigned value, int flags), (value, flags), -1, EMFILE)
STAND_BEFORE(int, epoll_ctl, (int fd, int op, int of, struct epoll_event *ev),
	     (fd, op, of, ev), -1, ENOMEM)

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);

void *malloc(size_t bytes)
{
	if (fails()) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
	if (fails()) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_calloc(count, bytes);
}

/* The runtime's calls past libc's names; those of the scheduling itself do not fail. */
long syscall(long number, ...)
{
	static long (*real)(long number, ...);
	__builtin_va_list list;
	long a[6];

	__builtin_va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = __builtin_va_arg(list, long);
	__builtin_va_end(list);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	if ((number == SYS_sendto || number == SYS_connect || number == SYS_accept4) &&
	    fails()) {
		errno = number == SYS_connect ? ECONNREFUSED : ECONNRESET;
		return -1;
	}
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* --- the runs --------------------------------------------------------------------------
 */

struct play {
	const char *policy;
	void (*fn)(void *);
	long n;
};

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	RIG_CHECK(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void play_child(void *arg)
{
	const struct play *play = arg;
	const struct gt_config config = {.policy = play->policy};
	int before = open_descriptors(), after;

	alarm(PATIENCE_S);
	left = play->n;
	armed = 1;
	gt_run_config(&config, play->fn, NULL);
	armed = 0;
	after = open_descriptors();
	if (after != before)
		fprintf(stderr, "%s: %d descriptors became %d\n", play->policy, before,
			after);
	RIG_CHECK(after == before);
	RIG_CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	exit(left > 0 ? NOT_REACHED : 0);
}

static void each_fails_once(const char *policy, void (*fn)(void *))
{
	struct play play = {policy, fn, 1};
	char err[2048];
	int status = 0;

	for (; play.n < N_MAX && !status; play.n++)
		status = rig_child(play_child, &play, err, sizeof err);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != NOT_REACHED)
		fail_msg("%s, n %ld: wait status %#x: %s", policy, play.n - 1, status, err);
	print_message("%s: %ld calls failed, one at a time\n", policy, play.n - 2);
	assert_true(play.n > 5);
}

/* --- procs -------------------------------------------------------------------------------
 */

static void send_one(void *arg)
{
	long value = 5;

	gt_chan_send(arg, &value);
}

static void procs_main(void *arg)
{
	struct gt_chan *chan = gt_chan_new(sizeof(long), 0, "numbers");
	struct gt_timer *timer = gt_timer_new(1000, "soon");
	static long value;
	struct gt *gt[2];

	(void)arg;
	for (int i = 0; chan && i < 2; i++) {
		if (gt_spawn(&gt[i], send_one, chan))
			continue;
		RIG_CHECK(gt_chan_recv(chan, &value) == 0 && value == 5);
		RIG_CHECK(gt_join(gt[i]) == 0);
	}
	if (timer)
		RIG_CHECK(gt_chan_recv(gt_timer_chan(timer), NULL) == 0);
	gt_timer_free(timer);
	gt_chan_free(chan);
}

static void procs_bears_it(void **state)
{
	(void)state;
	each_fails_once("procs", procs_main);
}

/* --- the executor
 * ------------------------------------------------------------------------- */

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

static void call(void *arg)
{
	long value = 21,
	     result = gt_executor_call("twice", &value, sizeof value, &value, sizeof value);

	(void)arg;
	RIG_CHECK(result < 0 || (result == sizeof value && value == 42));
}

static void executor_main(void *arg)
{
	struct gt *gt[3];
	int err[3];

	for (int i = 0; i < 3; i++)
		err[i] = gt_spawn(&gt[i], call, arg);
	for (int i = 0; i < 3; i++)
		if (!err[i])
			RIG_CHECK(gt_join(gt[i]) == 0);
}

static void the_executor_bears_it(void **state)
{
	(void)state;
	assert_int_equal(gt_executor_register("twice", twice), 0);
	each_fails_once("asyncio,executor=processes", executor_main);
}

/* --- channels over sockets
 * ------------------------------------------------------------------- */

static char address[64];
static uint32_t accepted; /* atomic: whether it was one or an error */

static void accept_and_receive(void *arg)
{
	const struct gt_chan_link end = {GT_CHAN_RECEIVES, sizeof(long), 2, "in"};
	int listener = *(int *)arg;
	struct gt_chan *chan;
	long value, last = 0;
	int err = gt_chan_accept(&chan, listener, &end);

	__atomic_store_n(&accepted, 1, __ATOMIC_RELEASE);
	if (err)
		return;
	while (gt_chan_recv(chan, &value) == 0)
		RIG_CHECK(value == ++last);
	gt_chan_free(chan);
}

static void connect_and_send(void)
{
	const struct gt_chan_link end = {GT_CHAN_SENDS, sizeof(long), 0, "out"};
	struct gt_chan *chan;

	while (gt_chan_connect(&chan, address, &end))
		if (__atomic_load_n(&accepted, __ATOMIC_ACQUIRE))
			return;
	for (long i = 1; i <= 3; i++)
		if (gt_chan_send(chan, &i))
			break;
	gt_chan_free(chan);
}

static void link_main(void *arg)
{
	int listener = gt_chan_listen(address);
	struct gt *gt;

	(void)arg;
	if (listener < 0)
		return;
	if (!gt_spawn(&gt, accept_and_receive, &listener)) {
		connect_and_send(); /* until the other one has got it, or an error */
		RIG_CHECK(gt_join(gt) == 0);
	}
	close(listener);
}

static void links_bear_it(void **state)
{
	(void)state;
	snprintf(address, sizeof address, "unix:@gt-nth-%d", (int)getpid());
	each_fails_once("green", link_main);
	each_fails_once("gmp", link_main);
}

#else

static void not_here(void **state)
{
	(void)state;
	print_message("skipped: malloc is the sanitizer's here\n");
	skip();
}
#define procs_bears_it	      not_here
#define the_executor_bears_it not_here
#define links_bear_it	      not_here

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(procs_bears_it),
		cmocka_unit_test(the_executor_bears_it),
		cmocka_unit_test(links_bear_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
