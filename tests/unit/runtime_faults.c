/* SPDX-License-Identifier: MIT
 *
 * What if memory or the system fails: the n-th allocation, then the n-th system call, for
 * every n that a small program comes to, under every policy. The program is told by an
 * error of what it called, goes on, and ends; nothing is leaked, nobody hangs. (As neco
 * tests itself.)
 *
 * The linker puts the functions below in the place of libc's (mk/check.mk).
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "tests/unit/runtime_rig.h"

#define CHILDREN 6
#define N_MAX	 3000u
#define HANG_S	 300
#define PATIENCE 1000000
#define LONG_NS	 60000000000

/* --- the faults ------------------------------------------------------------- */

enum what { NOTHING, ALLOCATIONS, CALLS };

static struct {
	uint32_t what, at; /* the at-th of these fails */
	uint32_t count;	   /* atomic: how many there were, while `on` */
	uint32_t on;
	uint32_t done;	  /* atomic: it has failed */
	int64_t blocks;	  /* atomic: allocated and not freed */
	int64_t mappings; /* atomic */
} f;

static int fails(enum what what)
{
	if (!f.on || f.what != what ||
	    __atomic_add_fetch(&f.count, 1, __ATOMIC_RELAXED) != f.at)
		return 0;
	__atomic_store_n(&f.done, 1, __ATOMIC_RELAXED);
	return 1;
}

static void *counted(void *block)
{
	if (block)
		__atomic_add_fetch(&f.blocks, 1, __ATOMIC_RELAXED);
	return block;
}

#define FAIL(what, error, result)                                                          \
	do {                                                                               \
		if (fails(what)) {                                                         \
			errno = (error);                                                   \
			return result;                                                     \
		}                                                                          \
	} while (0)

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void *__real_aligned_alloc(size_t align, size_t bytes);
void __real_free(void *block);

void *__wrap_malloc(size_t bytes)
{
	FAIL(ALLOCATIONS, ENOMEM, NULL);
	return counted(__real_malloc(bytes));
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	FAIL(ALLOCATIONS, ENOMEM, NULL);
	return counted(__real_calloc(count, bytes));
}

void *__wrap_realloc(void *block, size_t bytes)
{
	void *new;

	FAIL(ALLOCATIONS, ENOMEM, NULL);
	new = __real_realloc(block, bytes);
	return block ? new : counted(new);
}

void *__wrap_aligned_alloc(size_t align, size_t bytes)
{
	FAIL(ALLOCATIONS, ENOMEM, NULL);
	return counted(__real_aligned_alloc(align, bytes));
}

void __wrap_free(void *block)
{
	if (block)
		__atomic_sub_fetch(&f.blocks, 1, __ATOMIC_RELAXED);
	__real_free(block);
}

void *__real_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t bytes);
int __real_mprotect(void *at, size_t bytes, int prot);
int __real_madvise(void *at, size_t bytes, int advice);
int __real_epoll_create1(int flags);
int __real_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event);
int __real_eventfd(unsigned value, int flags);
int __real_pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg);
ssize_t __real_preadv2(int fd, const struct iovec *iov, int count, off_t at, int flags);
ssize_t __real_pwritev2(int fd, const struct iovec *iov, int count, off_t at, int flags);
int __real_sigaction(int number, const struct sigaction *new, struct sigaction *old);
long __real_syscall(long number, long a, long b, long c, long d, long e, long g);

/* Memory for stacks is an allocation, too. */
void *__wrap_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	void *got;

	FAIL(ALLOCATIONS, ENOMEM, MAP_FAILED);
	FAIL(CALLS, ENOMEM, MAP_FAILED);
	got = __real_mmap(at, bytes, prot, flags, fd, offset);
	if (got != MAP_FAILED)
		__atomic_add_fetch(&f.mappings, 1, __ATOMIC_RELAXED);
	return got;
}

int __wrap_munmap(void *at, size_t bytes)
{
	__atomic_sub_fetch(&f.mappings, 1, __ATOMIC_RELAXED);
	return __real_munmap(at, bytes);
}

int __wrap_mprotect(void *at, size_t bytes, int prot)
{
	FAIL(CALLS, ENOMEM, -1);
	return __real_mprotect(at, bytes, prot);
}

/* Older kernels know no guards by madvise: then mprotect makes them. */
int __wrap_madvise(void *at, size_t bytes, int advice)
{
	FAIL(CALLS, EINVAL, -1);
	return __real_madvise(at, bytes, advice);
}

int __wrap_epoll_create1(int flags)
{
	FAIL(CALLS, EMFILE, -1);
	return __real_epoll_create1(flags);
}

int __wrap_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event)
{
	if (op == EPOLL_CTL_ADD)
		FAIL(CALLS, ENOSPC, -1);
	return __real_epoll_ctl(epoll_fd, op, fd, event);
}

int __wrap_eventfd(unsigned value, int flags)
{
	FAIL(CALLS, EMFILE, -1);
	return __real_eventfd(value, flags);
}

int __wrap_pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg)
{
	if (fails(CALLS))
		return EAGAIN;
	return __real_pthread_create(out, attr, fn, arg);
}

ssize_t __wrap_preadv2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
	FAIL(CALLS, EINTR, -1);
	return __real_preadv2(fd, iov, count, at, flags);
}

ssize_t __wrap_pwritev2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
	FAIL(CALLS, EOPNOTSUPP, -1);
	return __real_pwritev2(fd, iov, count, at, flags);
}

int __wrap_sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
	FAIL(CALLS, EINVAL, -1);
	return __real_sigaction(number, new, old);
}

/* Waits are interrupted; what an old kernel does not know is not there. */
static int error_of(long number)
{
	switch (number) {
	case SYS_futex:
	case SYS_clock_nanosleep:
	case SYS_epoll_pwait:
	case SYS_ppoll:
	case SYS_read:
	case SYS_write:
		return EINTR;
#ifdef SYS_epoll_pwait2
	case SYS_epoll_pwait2:
		return ENOSYS;
#endif
	case SYS_membarrier:
		return ENOSYS;
	default:
		return 0;
	}
}

long __wrap_syscall(long number, long a, long b, long c, long d, long e, long g);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long g)
{
	/* FUTEX_WAIT_BITSET is one that waits; a wake-up does not fail. */
	int waits = number != SYS_futex || (b & 127) == 9;

	if (error_of(number) && waits)
		FAIL(CALLS, error_of(number), -1);
	return __real_syscall(number, a, b, c, d, e, g);
}

/* --- the program -------------------------------------------------------------- */

static struct {
	struct gt_mutex mutex;
	struct gt_cond cond;
	struct gt_sem sem;
	struct gt_chan *chan;
	int pipe_fd[2];
	uint32_t called; /* atomic */
	long sum;
} w;

/* Errors that say "not now": what there was too little of. */
static int is_lack(long err)
{
	return err == -ENOMEM || err == -EAGAIN || err == -EMFILE || err == -ENOSPC ||
	       err == -EINVAL;
}

/* 1: it went well; 0: it did not, and said why. */
static int ok(long err, int line)
{
	if (err >= 0)
		return 1;
	if (!is_lack(err) || !__atomic_load_n(&f.done, __ATOMIC_RELAXED)) {
		fprintf(stderr, "line %d: %ld\n", line, err);
		_exit(98);
	}
	return 0;
}
#define OK(call) ok((call), __LINE__)

static void locker(void *arg)
{
	RIG_CHECK(gt_mutex_lock(&w.mutex) == 0);
	gt_yield();
	w.sum += (intptr_t)arg;
	RIG_CHECK(gt_mutex_unlock(&w.mutex) == 0);
	OK(gt_sleep_ns(20000));
	RIG_CHECK(gt_sem_post(&w.sem) == 0);
}

static void sender(void *arg)
{
	long one = 1;

	(void)arg;
	RIG_CHECK(gt_chan_send(w.chan, &one) == 0);
	OK(gt_write(w.pipe_fd[1], "x", 1));
}

static long call(void *arg)
{
	return *(long *)arg;
}

static void called(void *arg)
{
	(void)arg;
	__atomic_store_n(&w.called, 1, __ATOMIC_RELEASE);
}

static void waits_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		if (!OK(gt_sleep_ns(LONG_NS)))
			return;
}

static void times(void)
{
	struct gt_select_case c = {w.chan, GT_SELECT_RECV, NULL, 0};
	struct gt_timer *timer;
	uint64_t at;
	int err;

	err = gt_select(&c, 1, 50000);
	RIG_CHECK(err == -ETIMEDOUT || !OK(err));
	err = gt_sem_timedwait(&w.sem, 50000);
	RIG_CHECK(err == -ETIMEDOUT || !OK(err));
	timer = gt_timer_new(50000, "timer");
	RIG_CHECK(timer || f.done);
	if (timer)
		RIG_CHECK(gt_chan_recv(gt_timer_chan(timer), &at) == 0);
	gt_timer_free(timer);
}

static void program(void *arg)
{
	const struct gt_attr attr = {.name = "wide", .stack_bytes = 100000};
	struct gt *gt[3] = {NULL}, *slow;
	long seven = 7, got;
	int count = 0;
	char byte;

	(void)arg;
	memset(&w, 0, sizeof w);
	gt_sem_init(&w.sem, 0, 8, "sem");
	RIG_CHECK(pipe(w.pipe_fd) == 0);
	w.chan = gt_chan_new(sizeof(long), 0, "chan");
	RIG_CHECK(w.chan || f.done);
	for (intptr_t i = 0; i < 3; i++)
		count +=
			OK(gt_spawn_attr(&gt[i], i == 1 ? &attr : NULL, locker, (void *)i));
	for (int i = 0; i < count; i++)
		RIG_CHECK(gt_sem_wait(&w.sem) == 0);
	for (int i = 0; i < 3; i++)
		if (gt[i])
			RIG_CHECK(gt_join(gt[i]) == 0);
	if (w.chan && OK(gt_spawn(&gt[0], sender, NULL))) {
		RIG_CHECK(gt_chan_recv(w.chan, &got) == 0 && got == 1);
		OK(gt_timedread(w.pipe_fd[0], &byte, 1, LONG_NS));
		RIG_CHECK(gt_join(gt[0]) == 0);
	}
	OK(gt_poll(w.pipe_fd[0], POLLIN, 30000));
	RIG_CHECK(gt_blocking("call", call, &seven) == 7);
	if (w.chan)
		times();
	if (OK(gt_call_later(1000, "later", called, NULL, NULL)))
		while (!__atomic_load_n(&w.called, __ATOMIC_ACQUIRE))
			OK(gt_sleep_ns(20000));
	if (OK(gt_spawn(&slow, waits_for_ever, NULL))) {
		gt_yield();
		RIG_CHECK(gt_cancel(slow) == 0 || f.done);
		got = gt_join(slow);
		RIG_CHECK(got == -ECANCELED || (got == 0 && f.done));
	}
	gt_chan_free(w.chan);
	close(w.pipe_fd[0]);
	close(w.pipe_fd[1]);
}

/* --- every n -------------------------------------------------------------------- */

static const char *policy;

static int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	RIG_CHECK(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Twice: what is made once a process is there after the first. Then nothing may stay. */
static void child(uint32_t what, uint32_t at)
{
	const struct gt_config config = {.policy = policy};
	int64_t blocks, mappings;
	int fds, err;

	alarm(HANG_S);
	RIG_CHECK(gt_run_config(&config, program, NULL) == 0);
	blocks = f.blocks;
	mappings = f.mappings;
	fds = open_fds();
	f.what = what;
	f.at = at;
	f.on = 1;
	err = gt_run_config(&config, program, NULL);
	f.on = 0;
	OK(err);
	if (f.blocks != blocks || f.mappings != mappings || open_fds() != fds) {
		fprintf(stderr, "left: %ld blocks, %ld mappings, %d descriptors\n",
			(long)(f.blocks - blocks), (long)(f.mappings - mappings),
			open_fds() - fds);
		_exit(97);
	}
	_exit(f.done ? 0 : 96); /* 96: there were not so many */
}

static pid_t start(uint32_t what, uint32_t at)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		child(what, at);
	return pid;
}

/* Each n in a process of its own, some at a time. */
static void every_one(enum what what)
{
	struct {
		pid_t pid;
		uint32_t at;
	} running[CHILDREN] = {{0, 0}};
	uint32_t next = 1, end = 0, alive = 0;

	while (!end || alive) {
		int status;
		pid_t pid;

		for (int i = 0; !end && i < CHILDREN; i++)
			if (!running[i].pid) {
				running[i].at = next;
				running[i].pid = start(what, next++);
				alive++;
			}
		pid = wait(&status);
		assert_true(pid > 0);
		alive--;
		for (int i = 0; i < CHILDREN; i++) {
			if (running[i].pid != pid)
				continue;
			running[i].pid = 0;
			if (WIFEXITED(status) && WEXITSTATUS(status) == 96)
				end = 1;
			else if (status) {
				print_error("%s, %s %u: status %x\n", policy,
					    what == CALLS ? "call" : "allocation",
					    running[i].at, (unsigned)status);
				fail();
			}
		}
		assert_true(next < N_MAX);
	}
	print_message("%s: %u %s\n", policy, next - CHILDREN,
		      what == CALLS ? "calls" : "allocations");
}

static const char *const policies[] = {"green", "asyncio", "offset,pool=4", "quantum",
				       "gmp",	"threads", "gil2",	    "gil3"};

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
		policy = policies[i];
		every_one(ALLOCATIONS);
	}
}

static void every_call_may_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
		policy = policies[i];
		every_one(CALLS);
	}
}

/* FAULT="POLICY 1|2 N": that one alone, here, to be looked at. */
static void one_alone(const char *text)
{
	static char name[64];
	unsigned what, at;

	if (sscanf(text, "%63s %u %u", name, &what, &at) != 3)
		exit(2);
	policy = name;
	child(what, at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(every_call_may_fail),
	};

	if (getenv("FAULT"))
		one_alone(getenv("FAULT"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
