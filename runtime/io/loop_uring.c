/* SPDX-License-Identifier: MIT
 *
 * io_uring, by its system calls: two rings that the kernel and we share. A watch is an
 * entry written into the one, an answer is read from the other, and one system call a
 * turn hands over what was written and waits. (The order of loads and stores at the
 * rings' heads and tails is that of io_uring(7).)
 *
 * A poll in the ring keeps its file open, so one in vain is taken out at once. Answers
 * to polls that were replaced meanwhile are told by their generation, and ignored.
 * Where the kernel can (6.1), it works for us only within our calls: otherwise it
 * interrupts what the OS thread does, a blocking call too.
 */
#include "runtime/io/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/os/sys.h"

#if defined(SYS_io_uring_setup) && __has_include(<linux/io_uring.h>)
#include <linux/io_uring.h>
#endif

#ifdef IORING_SETUP_DEFER_TASKRUN

#define ENTRIES	  256u
#define TO_NOBODY UINT64_MAX /* the answer to a removal */
#define DEFER_WORK                                                                         \
	(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |                         \
	 IORING_SETUP_TASKRUN_FLAG)
/* Timeouts by argument (5.11) came last of these. */
#define NEEDED (IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG)

struct watched {
	uint32_t generation;
	uint32_t armed; /* the poll of this generation is in the ring */
};

static struct {
	int fd, kick_fd;
	char *rings;
	struct io_uring_sqe *sqes;
	size_t rings_bytes, sqes_bytes;
	uint32_t *sq_head, *sq_tail, *sq_flags, *cq_head, *cq_tail;
	uint32_t sq_mask, cq_mask, entries;
	struct io_uring_cqe *cqes;
	struct watched *watched; /* by descriptor */
	uint32_t watched_max;
} u = {.fd = -1};

/* ------------------------------------------------------------ system calls */

static __attribute__((noinline)) int setup(struct io_uring_params *params)
{
	static const uint32_t flags[] = {DEFER_WORK, 0};
	long fd = -1;

	for (size_t i = 0; i < 2 && fd < 0; i++) {
		memset(params, 0, sizeof *params);
		params->flags = flags[i];
		fd = syscall(SYS_io_uring_setup, ENTRIES, params);
		if (fd < 0 && errno != EINVAL)
			return -errno;
	}
	if (fd < 0)
		return -errno;
	if ((params->features & NEEDED) == NEEDED)
		return (int)fd;
	close((int)fd);
	return -ENOSYS;
}

/* Hands over what was written; waits for `wanted` answers. */
static __attribute__((noinline)) int enter(uint32_t wanted, uint64_t timeout_ns)
{
	struct __kernel_timespec ts = {.tv_sec = (int64_t)(timeout_ns / 1000000000),
				       .tv_nsec = (int64_t)(timeout_ns % 1000000000)};
	struct io_uring_getevents_arg arg = {
		.ts = timeout_ns == GT__NEVER ? 0 : (uint64_t)(uintptr_t)&ts};
	uint32_t written = *u.sq_tail - __atomic_load_n(u.sq_head, __ATOMIC_ACQUIRE);
	long n = syscall(SYS_io_uring_enter, u.fd, written, wanted,
			 IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof arg);

	return n < 0 ? -errno : (int)n;
}

/* ------------------------------------------------------------------ entries */

/* The next free one, zero; handed over by put. NULL: the kernel takes no more now. */
static struct io_uring_sqe *take(void)
{
	struct io_uring_sqe *sqe;

	if (*u.sq_tail - __atomic_load_n(u.sq_head, __ATOMIC_ACQUIRE) == u.entries)
		enter(0, 0);
	if (*u.sq_tail - __atomic_load_n(u.sq_head, __ATOMIC_ACQUIRE) == u.entries)
		return NULL;
	sqe = &u.sqes[*u.sq_tail & u.sq_mask];
	memset(sqe, 0, sizeof *sqe);
	return sqe;
}

static void put(void)
{
	__atomic_store_n(u.sq_tail, *u.sq_tail + 1, __ATOMIC_RELEASE);
}

static uint64_t name_of(int fd)
{
	return (uint64_t)u.watched[fd].generation << 32 | (uint32_t)fd;
}

static int put_removal(int fd)
{
	struct io_uring_sqe *sqe = take();

	if (!sqe)
		return -EAGAIN;
	sqe->opcode = IORING_OP_POLL_REMOVE;
	sqe->fd = -1;
	sqe->addr = name_of(fd);
	sqe->user_data = TO_NOBODY;
	put();
	u.watched[fd].armed = 0;
	return 0;
}

static int put_poll(int fd, short events)
{
	struct io_uring_sqe *sqe = take();

	if (!sqe)
		return -EAGAIN;
	u.watched[fd].generation++;
	sqe->opcode = IORING_OP_POLL_ADD;
	sqe->fd = fd;
	sqe->poll32_events = (uint16_t)events;
	sqe->user_data = name_of(fd);
	put();
	u.watched[fd].armed = 1;
	return 0;
}

/* ----------------------------------------------------------------- watching */

static int uring_watch(int fd, short events)
{
	int err = gt__loop_pollable(fd);

	if (!err)
		err = gt__loop_grow((void **)&u.watched, sizeof *u.watched, &u.watched_max,
				    fd);
	/* Even for the same events: the descriptor may be another file now. */
	if (!err && u.watched[fd].armed)
		err = put_removal(fd);
	return err ? err : put_poll(fd, events);
}

static void uring_forget(int fd)
{
	if ((uint32_t)fd >= u.watched_max || !u.watched[fd].armed)
		return;
	put_removal(fd);
	enter(0, 0);
}

static int is_empty(void)
{
	return *u.cq_head == __atomic_load_n(u.cq_tail, __ATOMIC_ACQUIRE);
}

static int has_work(void)
{
	uint32_t flags = __atomic_load_n(u.sq_flags, __ATOMIC_RELAXED);

	return flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW) ||
	       *u.sq_tail != __atomic_load_n(u.sq_head, __ATOMIC_ACQUIRE);
}

/* Whether it answers a poll that still stands. A poll that could not be: its descriptor
 * was closed before the kernel heard of it. */
static int is_answer(const struct io_uring_cqe *cqe, struct gt__loop_event *event)
{
	int fd = (int)(uint32_t)cqe->user_data;

	if (cqe->user_data == TO_NOBODY || !u.watched[fd].armed ||
	    cqe->user_data != name_of(fd))
		return 0;
	u.watched[fd].armed = 0;
	*event = (struct gt__loop_event){fd, cqe->res < 0 ? POLLNVAL : (short)cqe->res};
	return 1;
}

static int uring_wait(struct gt__loop_event *events, int max, uint64_t timeout_ns)
{
	int n = 0, count = 0;

	if (!is_empty())
		timeout_ns = 0;
	if (timeout_ns || has_work())
		n = enter(timeout_ns != 0, timeout_ns);
	while (count < max && !is_empty()) {
		uint32_t head = *u.cq_head;

		count += is_answer(&u.cqes[head & u.cq_mask], &events[count]);
		__atomic_store_n(u.cq_head, head + 1, __ATOMIC_RELEASE);
		if (count && events[count - 1].fd == u.kick_fd &&
		    !u.watched[u.kick_fd].armed)
			put_poll(u.kick_fd, POLLIN);
	}
	return count || n > 0 || n == -ETIME || n == -EINTR ? count : n;
}

/* ----------------------------------------------------------------- lifetime */

static void uring_close(void)
{
	if (u.rings)
		munmap(u.rings, u.rings_bytes);
	if (u.sqes)
		munmap(u.sqes, u.sqes_bytes);
	close(u.fd);
	free(u.watched);
	memset(&u, 0, sizeof u);
	u.fd = -1;
}

static void *map(size_t bytes, off_t what)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			u.fd, what);

	return at == MAP_FAILED ? NULL : at;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static int map_rings(const struct io_uring_params *p)
{
	u.rings_bytes =
		larger(p->sq_off.array + p->sq_entries * sizeof(uint32_t),
		       p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe));
	u.sqes_bytes = p->sq_entries * sizeof(struct io_uring_sqe);
	u.rings = map(u.rings_bytes, IORING_OFF_SQ_RING);
	u.sqes = map(u.sqes_bytes, IORING_OFF_SQES);
	return u.rings && u.sqes ? 0 : -ENOMEM;
}

static uint32_t *word(uint32_t offset)
{
	return (uint32_t *)(void *)(u.rings + offset);
}

static void find_words(const struct io_uring_params *p)
{
	u.sq_head = word(p->sq_off.head);
	u.sq_tail = word(p->sq_off.tail);
	u.sq_flags = word(p->sq_off.flags);
	u.sq_mask = *word(p->sq_off.ring_mask);
	u.cq_head = word(p->cq_off.head);
	u.cq_tail = word(p->cq_off.tail);
	u.cq_mask = *word(p->cq_off.ring_mask);
	u.cqes = (struct io_uring_cqe *)(void *)(u.rings + p->cq_off.cqes);
	u.entries = p->sq_entries;
	/* Entries are handed over in the order in which they lie. */
	for (uint32_t i = 0; i < p->sq_entries; i++)
		word(p->sq_off.array)[i] = i;
}

static int uring_open(int kick_fd)
{
	struct io_uring_params params;
	int err;

	u.kick_fd = kick_fd;
	u.fd = setup(&params);
	if (u.fd < 0)
		return u.fd;
	err = map_rings(&params);
	if (!err) {
		find_words(&params);
		err = uring_watch(kick_fd, POLLIN);
	}
	if (err)
		uring_close();
	return err;
}

/* valgrind, which is all that its program sees of the kernel, stops every OS thread while
 * one waits in io_uring_enter: who would end that wait, too. */
static int uring_probe(void)
{
	const char *preload = getenv("LD_PRELOAD");
	struct io_uring_params params;
	int fd = preload && strstr(preload, "vgpreload") ? -EOPNOTSUPP : setup(&params);

	return fd < 0 ? fd : close(fd);
}

#else /* headers older than 6.1 */

static int uring_probe(void)
{
	return -ENOSYS;
}

static int uring_open(int kick_fd)
{
	(void)kick_fd;
	return -ENOSYS;
}

static void uring_close(void)
{
}

static int uring_watch(int fd, short events)
{
	(void)fd;
	(void)events;
	return -ENOSYS;
}

static void uring_forget(int fd)
{
	(void)fd;
}

static int uring_wait(struct gt__loop_event *events, int max, uint64_t timeout_ns)
{
	(void)events;
	(void)max;
	(void)timeout_ns;
	return -ENOSYS;
}
#endif

const struct gt__loop gt__loop_uring = {
	.name = "uring",
	.probe = uring_probe,
	.open = uring_open,
	.close = uring_close,
	.watch = uring_watch,
	.forget = uring_forget,
	.wait = uring_wait,
};
