/* SPDX-License-Identifier: MIT
 *
 * A process executor, as Python's concurrent.futures has it: a process a core, and a queue
 * of calls that is one longer. What it calls was registered before the run, so that all
 * processes have it; arguments and results are bytes.
 *
 * Each process has a Unix socket. A green thread that calls takes a place in the queue,
 * then an idle process, and a thread of the pool talks with that one until it has answered
 * or is dead, which its end of the socket says. A process is never replaced: Python's pool
 * is broken then for good, ours goes on with those that are left.
 *
 * The process runs one green thread, so it is in a trace what any traced process is.
 */
#include "runtime/policy/executor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/core/rt.h"

#define FUNCTIONS_MAX 64
#define STACK_BYTES   ((size_t)8 << 20) /* of who calls them: pages come when touched */

typedef long function(const void *in, size_t in_bytes, void *out, size_t out_bytes);

static struct {
	char name[GT__NAME_BYTES];
	function *fn;
} functions[FUNCTIONS_MAX];
static uint32_t function_count;

struct process {
	pid_t pid;
	int fd;	  /* -1: it is dead */
	int busy; /* somebody talks with it */
};

static struct {
	struct process *process;
	uint32_t count, live;
	struct gt_sem queue, idle;
} x;

/* What goes before the bytes of a call; the answer begins with its result, an int64_t. */
struct request {
	uint64_t in_bytes, out_bytes, function;
};

/* --------------------------------------------------------------- functions */

int gt_executor_register(const char *name, function *fn)
{
	if (gt__rt.policy)
		return -EBUSY;
	if (!name || !*name || !fn || strlen(name) >= GT__NAME_BYTES)
		return -EINVAL;
	for (uint32_t i = 0; i < function_count; i++)
		if (!strcmp(functions[i].name, name))
			return -EEXIST;
	if (function_count == FUNCTIONS_MAX)
		return -ENOSPC;
	strcpy(functions[function_count].name, name);
	functions[function_count++].fn = fn;
	return 0;
}

static int function_of(const char *name)
{
	for (uint32_t i = 0; i < function_count; i++)
		if (!strcmp(functions[i].name, name))
			return (int)i;
	return -ENOENT;
}

/* ------------------------------------------------------------- the process */

static int read_whole(int fd, void *buf, size_t bytes)
{
	for (size_t at = 0; at < bytes;) {
		ssize_t n = gt_read(fd, (char *)buf + at, bytes - at);

		if (n <= 0)
			return -EPIPE;
		at += (size_t)n;
	}
	return 0;
}

static int write_whole(int fd, const void *buf, size_t bytes)
{
	for (size_t at = 0; at < bytes;) {
		ssize_t n = gt_write(fd, (const char *)buf + at, bytes - at);

		if (n <= 0)
			return -EPIPE;
		at += (size_t)n;
	}
	return 0;
}

static int answer(int fd, const struct request *r, const char *in, char *out)
{
	int64_t result;

	gt_region_begin(functions[r->function].name);
	result = functions[r->function].fn(in, r->in_bytes, out, r->out_bytes);
	gt_region_end(functions[r->function].name);
	if (result > 0 && (uint64_t)result > r->out_bytes)
		result = -EMSGSIZE;
	if (write_whole(fd, &result, sizeof result))
		return -EPIPE;
	return result > 0 ? write_whole(fd, out, (size_t)result) : 0;
}

/* Until the other end is closed. Without memory it ends too, and its caller is told. */
static void serve(void *arg)
{
	int fd = *(const int *)arg, err = 0;
	struct request r;

	gt_set_name(gt_self(), "executor");
	while (!err && !read_whole(fd, &r, sizeof r)) {
		char *in = malloc(r.in_bytes + 1), *out = malloc(r.out_bytes + 1);

		err = in && out ? read_whole(fd, in, r.in_bytes) : -ENOMEM;
		if (!err)
			err = answer(fd, &r, in, out);
		free(in);
		free(out);
	}
}

static __attribute__((noreturn)) void process_main(int fd, uint32_t index, pid_t parent)
{
	const struct gt_config config = {.policy = "single", .stack_bytes = STACK_BYTES};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGPIPE, SIG_IGN);
	for (uint32_t i = 0; i < index; i++)
		close(x.process[i].fd);
	gt__run_in_child(&config, serve, &fd);
	fflush(NULL);
	gt__process_leave();
	_exit(0);
}

static int process_start(uint32_t index)
{
	pid_t parent = getpid(), pid;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
		return -errno;
	fflush(NULL); /* else both would write it */
	pid = fork();
	if (!pid) {
		close(fd[0]);
		process_main(fd[1], index, parent);
	}
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return -EAGAIN;
	}
	x.process[index] = (struct process){pid, fd[0], 0};
	x.count = x.live = index + 1;
	return 0;
}

int gt__executor_open(uint32_t processes)
{
	int err = 0;

	memset(&x, 0, sizeof x);
	x.process = calloc(processes, sizeof *x.process);
	if (!x.process)
		return -ENOMEM;
	for (uint32_t i = 0; i < processes && !err; i++)
		err = process_start(i);
	if (err)
		gt__executor_close();
	gt_sem_init(&x.queue, 2 * processes + 1, 2 * processes + 1, "call queue");
	gt_sem_init(&x.idle, processes, processes, "executor");
	return err;
}

static void process_bury(struct process *p)
{
	if (p->fd >= 0) {
		shutdown(p->fd, SHUT_RDWR);
		close(p->fd);
		p->fd = -1;
	}
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void gt__executor_close(void)
{
	for (uint32_t i = 0; i < x.count; i++)
		process_bury(&x.process[i]);
	free(x.process);
	x.process = NULL;
	x.count = x.live = 0;
}

void gt__executor_forked(void)
{
	for (uint32_t i = 0; i < x.count; i++)
		if (x.process[i].fd >= 0)
			close(x.process[i].fd);
	for (uint32_t i = 0; i < x.count; i++)
		x.process[i].fd = -1;
	x.count = x.live = 0; /* calls are told so; who is to be buried is its parent's */
}

/* -------------------------------------------------------------------- calls */

struct call {
	int function, fd;
	int broken; /* the process is dead */
	const void *in;
	void *out;
	size_t in_bytes, out_bytes;
};

static int send_whole(int fd, const void *buf, size_t bytes)
{
	for (size_t at = 0; at < bytes;) {
		ssize_t n = send(fd, (const char *)buf + at, bytes - at, MSG_NOSIGNAL);

		if (n <= 0 && errno != EINTR)
			return -EPIPE;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int recv_whole(int fd, void *buf, size_t bytes)
{
	for (size_t at = 0; at < bytes;) {
		ssize_t n = recv(fd, (char *)buf + at, bytes - at, 0);

		if (!n || (n < 0 && errno != EINTR))
			return -EPIPE;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* In a thread of the pool. */
static long talk(void *arg)
{
	struct call *c = arg;
	struct request r = {c->in_bytes, c->out_bytes, (uint64_t)c->function};
	int64_t result = 0;

	c->broken = send_whole(c->fd, &r, sizeof r) ||
		    send_whole(c->fd, c->in, c->in_bytes) ||
		    recv_whole(c->fd, &result, sizeof result) ||
		    (result > 0 && (uint64_t)result > c->out_bytes) ||
		    (result > 0 && recv_whole(c->fd, c->out, (size_t)result));
	return c->broken ? -ECHILD : (long)result;
}

static long call_here(void *arg)
{
	const struct call *c = arg;
	long result = functions[c->function].fn(c->in, c->in_bytes, c->out, c->out_bytes);

	return result > 0 && (unsigned long)result > c->out_bytes ? -EMSGSIZE : result;
}

static struct process *idle_process(void)
{
	for (uint32_t i = 0; i < x.count; i++)
		if (x.process[i].fd >= 0 && !x.process[i].busy)
			return &x.process[i];
	return NULL;
}

/* A call that has a process. Cleanups give back what one holds who is cancelled. */
struct talk {
	struct call *call;
	struct process *process;
};

/* There is an idle process for each count of `idle`. When the last one is dead, all who
 * wait go through, one after the other, to be told so. */
static void leave_process(void *arg)
{
	struct process *p = ((const struct talk *)arg)->process;
	int broken = ((const struct talk *)arg)->call->broken;

	p->busy = 0;
	if (broken && p->fd >= 0) {
		shutdown(p->fd, SHUT_RDWR);
		close(p->fd);
		p->fd = -1;
		x.live--;
	}
	if (!broken || !x.live)
		gt_sem_post(&x.idle);
}

static void leave_queue(void *arg)
{
	(void)arg;
	gt_sem_post(&x.queue);
}

static long call_with(const char *name, struct call *c)
{
	int err = gt_sem_wait(&x.idle);
	struct talk talk_of = {c, idle_process()};
	struct gt_cleanup cleanup;
	long result;

	if (err)
		return err;
	if (!talk_of.process) {
		gt_sem_post(&x.idle);
		return -ECHILD;
	}
	talk_of.process->busy = 1;
	c->fd = talk_of.process->fd;
	gt_cleanup_push(&cleanup, leave_process, &talk_of);
	result = gt_blocking(name, talk, c);
	gt_cleanup_pop(&cleanup, 1);
	return result;
}

long gt_executor_call(const char *name, const void *in, size_t in_bytes, void *out,
		      size_t out_bytes)
{
	struct call c = {function_of(name), -1, 0, in, out, in_bytes, out_bytes};
	struct gt *self = gt_self();
	struct gt_cleanup cleanup;
	long result;

	if (!self)
		return -EPERM;
	if (c.function < 0)
		return c.function;
	if (!x.process)
		return gt_blocking(name, call_here, &c);
	if (self->no_wait)
		return -EDEADLK;
	if (!x.live)
		return -ECHILD;
	result = gt_sem_wait(&x.queue);
	if (result)
		return result;
	gt_cleanup_push(&cleanup, leave_queue, NULL);
	result = call_with(name, &c);
	gt_cleanup_pop(&cleanup, 1);
	return result;
}
