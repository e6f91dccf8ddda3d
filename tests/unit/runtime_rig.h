/* SPDX-License-Identifier: MIT
 *
 * What the runtime's tests share: a memory file like the one that gtviz lends, work
 * that uses all of the runtime, children to run it in, and a judge of its events.
 */
#ifndef RUNTIME_RIG_H
#define RUNTIME_RIG_H

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "runtime/abi/gtv_ring.h"
#include "runtime/gt.h"
#include "runtime/os/os.h"
#include "runtime/os/sys.h"

static const char *const rig_policies[] = {"green",	  "asyncio",
					   "gmp",	  "gmp,cores=1",
					   "gmp,cores=4", "threads",
					   "quantum",	  "quantum,tick=100us,quantum=1",
					   "gil2",	  "gil2,interval=1,cores=2",
					   "gil3",	  "gil3,interval=1ms,cores=1"};
#define RIG_POLICIES (sizeof rig_policies / sizeof rig_policies[0])

struct rig {
	int fd;
	struct gtv_shm *shm;
	size_t bytes;
};

static inline struct rig rig_make(uint32_t rings, uint32_t ring_bytes, uint32_t clock)
{
	struct rig rig = {.fd = memfd_create("rings", MFD_ALLOW_SEALING)};

	rig.bytes = gtv_shm_size(rings, ring_bytes);
	assert_true(rig.fd >= 0);
	assert_int_equal(ftruncate(rig.fd, (off_t)rig.bytes), 0);
	assert_int_equal(
		fcntl(rig.fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	rig.shm = mmap(NULL, rig.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, rig.fd, 0);
	assert_true(rig.shm != MAP_FAILED);
	rig.shm->version = GTV_ABI_VERSION;
	rig.shm->clock = clock;
	rig.shm->ring_count = rings;
	rig.shm->ring_bytes = ring_bytes;
	rig.shm->total_bytes = rig.bytes;
	rig.shm->heartbeat_ns =
		UINT64_MAX; /* its reader never seems gone, however slow we are */
	rig.shm->enabled = 1;
	rig.shm->magic = GTV_SHM_MAGIC;
	return rig;
}

static inline void rig_free(struct rig *rig)
{
	munmap(rig->shm, rig->bytes);
	close(rig->fd);
}

static inline struct gtv_ring *rig_ring(const struct rig *rig, uint32_t idx)
{
	return (void *)((char *)rig->shm + gtv_ring_control_offset(idx));
}

static inline struct gtv_event *rig_event(const struct rig *rig, uint32_t idx, uint64_t pos)
{
	struct gtv_event *events =
		(void *)((char *)rig->shm + gtv_ring_data_offset(rig->shm->ring_count,
								 rig->shm->ring_bytes,
								 idx));

	return &events[pos & (rig->shm->ring_bytes / sizeof *events - 1)];
}

/* Runs fn in a child; returns its wait status, and what it wrote to stderr. */
static inline int rig_child(void (*fn)(void *), void *arg, char *err, size_t err_bytes)
{
	int pipe_fd[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(pipe_fd), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (err)
			dup2(pipe_fd[1], STDERR_FILENO);
		close(pipe_fd[0]);
		close(pipe_fd[1]);
		fn(arg);
		exit(0);
	}
	close(pipe_fd[1]);
	while ((n = read(pipe_fd[0], err ? err + len : (char[1]){0},
			 err ? err_bytes - 1 - len : 1)) > 0)
		len += err ? (size_t)n : 0;
	if (err)
		err[len] = '\0';
	close(pipe_fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* For children, where cmocka's jumps lead nowhere. */
#define RIG_CHECK(cond)                                                                    \
	do {                                                                               \
		if (!(cond)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
			fflush(stderr);                                                    \
			_exit(99);                                                         \
		}                                                                          \
	} while (0)

/* --- the work ------------------------------------------------------------- */

struct work {
	struct gt_mutex mutex;
	struct gt_chan *plain, *buffered;
	int pipe_fd[2];
	long counter, sum, calls;
};

static void work_yielder(void *arg)
{
	(void)arg;
	for (int i = 0; i < 50; i++)
		gt_yield();
}

static void work_locker(void *arg)
{
	struct work *w = arg;

	for (int i = 0; i < 50; i++) {
		RIG_CHECK(gt_mutex_lock(&w->mutex) == 0);
		long seen = w->counter;
		gt_tick();
		gt_yield();
		w->counter = seen + 1;
		RIG_CHECK(gt_mutex_unlock(&w->mutex) == 0);
	}
}

static void work_sender(void *arg)
{
	struct work *w = arg;

	for (long i = 1; i <= 60; i++)
		RIG_CHECK(gt_chan_send(i % 2 ? w->plain : w->buffered, &i) == 0);
}

static void work_receiver(void *arg)
{
	struct gt_chan **chan = arg;
	long got, sum = 0;

	while (gt_chan_recv(*chan, &got) == 0)
		sum += got;
	RIG_CHECK(got == 0);
	*(long *)(void *)(chan + 1) = sum;
}

static long work_call(void *arg)
{
	struct timespec ts = {.tv_nsec = 200000};

	nanosleep(&ts, NULL);
	return *(long *)arg;
}

static void work_waiter(void *arg)
{
	struct work *w = arg;

	for (long i = 0; i < 5; i++) {
		gt_sleep_ns(300000);
		RIG_CHECK(gt_blocking(i % 2 ? "call" : NULL, work_call, &i) == i);
		__atomic_fetch_add(&w->calls, 1, __ATOMIC_RELAXED);
	}
}

static void work_reader(void *arg)
{
	struct work *w = arg;
	char byte;

	for (int i = 0; i < 20; i++)
		RIG_CHECK(gt_read(w->pipe_fd[0], &byte, 1) == 1 && byte == (char)i);
}

static void work_writer(void *arg)
{
	struct work *w = arg;

	for (int i = 0; i < 20; i++) {
		char byte = (char)i;
		RIG_CHECK(gt_write(w->pipe_fd[1], &byte, 1) == 1);
		gt_yield();
	}
}

static void work_nest(void *arg)
{
	intptr_t depth = (intptr_t)arg;
	struct gt *gt;

	if (!depth)
		return;
	RIG_CHECK(gt_spawn(&gt, work_nest, (void *)(depth - 1)) == 0);
	RIG_CHECK(gt_spawn(NULL, work_nest, (void *)(depth - 1)) == 0);
	RIG_CHECK(gt_join(gt) == 0);
}

struct work_in {
	struct gt_chan *chan;
	long sum;
};

/* All of the runtime at once; checks its own results. */
static __attribute__((unused)) void work_main(void *arg)
{
	struct work w = {.mutex = GT_MUTEX_INIT("counter")};
	struct gt *gt[16], *receiver[2], *sender[3];
	struct work_in in[2];
	int n = 0;

	(void)arg;
	w.plain = gt_chan_new(sizeof(long), 0, "plain");
	w.buffered =
		gt_chan_new(sizeof(long), 4, "a name that is longer than sixteen bytes");
	in[0] = (struct work_in){w.plain, 0};
	in[1] = (struct work_in){w.buffered, 0};
	RIG_CHECK(w.plain && w.buffered && pipe(w.pipe_fd) == 0);
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_spawn(&receiver[i], work_receiver, &in[i]) == 0);
	for (int i = 0; i < 3; i++)
		RIG_CHECK(gt_spawn(&sender[i], work_sender, &w) == 0);
	for (int i = 0; i < 3; i++) {
		const struct gt_attr named = {.name = "locker", .stack_bytes = 100000};
		RIG_CHECK(gt_spawn_attr(&gt[n++], &named, work_locker, &w) == 0);
	}
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_spawn(&gt[n++], work_yielder, NULL) == 0);
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_spawn(&gt[n++], work_waiter, &w) == 0);
	RIG_CHECK(gt_spawn(&gt[n++], work_reader, &w) == 0);
	RIG_CHECK(gt_spawn(&gt[n++], work_writer, &w) == 0);
	RIG_CHECK(gt_spawn(&gt[n++], work_nest, (void *)3) == 0);
	for (int i = 0; i < 3; i++)
		RIG_CHECK(gt_join(sender[i]) == 0);
	RIG_CHECK(gt_chan_close(w.plain) == 0 && gt_chan_close(w.buffered) == 0);
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_join(receiver[i]) == 0);
	for (int i = 0; i < n; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	RIG_CHECK(w.counter == 150 && w.calls == 10);
	RIG_CHECK(in[0].sum == 3 * 900 && in[1].sum == 3 * 930);
	gt_chan_free(w.plain);
	gt_chan_free(w.buffered);
	close(w.pipe_fd[0]);
	close(w.pipe_fd[1]);
}

#endif
