/* SPDX-License-Identifier: MIT
 *
 * A small trace made by hand for the tests of the commands: two green threads, one
 * worker, a lock, two cores, a loss. Times are SECOND_NS + µs given below.
 *
 *   µs   0 thread T100 goes on at C0 (level 3), W0 starts
 *       10 G1 spawned; 20 runs; 30 takes L1; 40 spawns G2
 *       50 T100 is preempted by T999; 70 back on
 *       80 G1 drops L1; 90 G1 yields to G2; 100 G2 waits for a channel, G1 runs
 *      110 G1 wakes G2; 120 G1 exits, G2 runs; 130 G2 exits
 *      140 three gt_yield lost since 135; 150 the end
 */
#ifndef CMD_TRACE_H
#define CMD_TRACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "tracer/base/event.h"
#include "tracer/base/names.h"
#include "tracer/store/store.h"

#define SECOND_NS    1000000000ull
#define AT(us)	     (SECOND_NS + (us)*1000ull)
#define PID	     100u
#define HOSTILE_NAME "G\033[31mreen\"2\\"

static inline struct gtv_ev trace_ev(unsigned kind, uint64_t us, uint32_t gt, uint32_t obj,
				     uint32_t seq, uint64_t arg)
{
	return (struct gtv_ev){.ts_ns = AT(us),
			       .kind = (uint16_t)kind,
			       .core = kind < GTV_EV_USER_MAX ? GTV_CORE_NONE : 0,
			       .tid = PID,
			       .gt = gt,
			       .obj = obj,
			       .seq = seq,
			       .arg = arg};
}

static inline void trace_name(struct gtv_names *names, enum gtv_class cls, uint32_t id,
			      uint32_t local, const char *text, const char *extra,
			      uint32_t flags)
{
	struct gtv_name n = {.id = id, .pid = PID, .local = local, .flags = flags};

	snprintf(n.text, sizeof n.text, "%s", text);
	snprintf(n.extra, sizeof n.extra, "%s", extra);
	assert_int_equal(gtv_names_set(names, cls, &n), 0);
}

static inline struct gtv_names *trace_names(void)
{
	struct gtv_names *names = gtv_names_new();

	assert_non_null(names);
	trace_name(names, GTV_CLASS_PROCESS, PID, 0, "prog", "gmp", GTV_NAME_OURS);
	trace_name(names, GTV_CLASS_THREAD, PID, 1, "prog", "", GTV_NAME_OURS);
	assert_int_equal(gtv_names_intern(names, GTV_CLASS_GT, PID, 1), 1);
	assert_int_equal(gtv_names_intern(names, GTV_CLASS_GT, PID, 2), 2);
	assert_int_equal(gtv_names_intern(names, GTV_CLASS_LOCK, PID, 1), 1);
	trace_name(names, GTV_CLASS_GT, 1, 1, "main", "", 0);
	trace_name(names, GTV_CLASS_GT, 2, 2, HOSTILE_NAME, "", 0);
	trace_name(names, GTV_CLASS_LOCK, 1, 1, "cache", "mutex", 0);
	return names;
}

#define TRACE_EVENTS 20

static inline size_t trace_fill(struct gtv_ev *e)
{
	size_t n = 0;
	struct gtv_ev k = trace_ev(GTV_EV_K_SWITCH, 0, 0, PID, 0, 0);

	k.tid = 0;
	k.state = GTV_OFF_IDLE;
	k.flags = GTV_KF_NEXT_OURS;
	e[n++] = k;
	e[n++] = trace_ev(GTV_EV_PROC_START, 1, 0, 1, GTV_ABI_VERSION, 0);
	e[n++] = trace_ev(GTV_EV_WORKER_START, 2, 0, 0, 0, 0);
	e[n++] = trace_ev(GTV_EV_SPAWN, 10, 1, 0, 0, 0xabc);
	e[n++] = trace_ev(GTV_EV_SWITCH_RUN, 20, 0, 1, 0, 1ull << 32);
	e[n++] = trace_ev(GTV_EV_LOCK_TAKE, 30, 1, 1, 1, 0);
	e[n++] = trace_ev(GTV_EV_SPAWN, 40, 2, 1, 0, 0xdef);
	k = trace_ev(GTV_EV_K_SWITCH, 50, 0, 999, 0, 0);
	k.state = GTV_OFF_PREEMPTED;
	k.flags = GTV_KF_PREV_OURS | GTV_KF_PREEMPTED;
	e[n++] = k;
	k = trace_ev(GTV_EV_K_SWITCH, 70, 0, PID, 0, 0);
	k.tid = 999;
	k.state = GTV_OFF_SLEEP;
	k.flags = GTV_KF_NEXT_OURS;
	e[n++] = k;
	e[n++] = trace_ev(GTV_EV_LOCK_DROP, 80, 1, 1, 2, 0);
	e[n++] = trace_ev(GTV_EV_SWITCH_YIELD, 90, 1, 2, 2, 1ull << 32);
	e[n++] = trace_ev(GTV_EV_SWITCH_CHAN, 100, 2, 1, 2, 3ull << 32);
	e[n++] = trace_ev(GTV_EV_READY, 110, 2, 1, 3, 0);
	e[n - 1].state = GTV_BY_GT;
	e[n++] = trace_ev(GTV_EV_SWITCH_EXIT, 120, 1, 2, 4, 4ull << 32);
	e[n++] = trace_ev(GTV_EV_SWITCH_EXIT, 130, 2, 0, 5, 0);
	e[n++] = trace_ev(GTV_EV_LOSS, 140, 5000, GTV_SRC_RING, GTV_EV_SWITCH_YIELD, 3);
	e[n++] = trace_ev(GTV_EV_END, 150, 0, 0, 0, 0);
	return n;
}

/* Writes the trace into `fd` and leaves it open elsewhere: the bytes stay. */
static inline void trace_write(int fd, int finished)
{
	struct gtv_store_info info = {.level = 3,
				      .core_count = 2,
				      .start_ns = SECOND_NS,
				      .pid = PID,
				      .exit_status = -1,
				      .command = "./prog \033[2J"};
	struct gtv_ev evs[TRACE_EVENTS];
	struct gtv_names *names = trace_names();
	struct gtv_store *st;
	struct gtv_err err;
	size_t n = trace_fill(evs);

	assert_int_equal(gtv_store_create(&st, dup(fd), &info, names, &err), 0);
	/* Two blocks, so that there is a border. */
	assert_int_equal(gtv_store_append(st, evs, n / 2), 0);
	assert_int_equal(gtv_store_flush(st, 0), 0);
	assert_int_equal(gtv_store_append(st, evs + n / 2, n - n / 2), 0);
	assert_int_equal(gtv_store_flush(st, 0), 0);
	if (finished) {
		gtv_store_set_exit(st, 0);
		assert_int_equal(gtv_store_finish(st), 0);
	}
	gtv_store_close(st);
	gtv_names_free(names);
}

static inline int trace_file(int finished)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);

	assert_true(fd >= 0);
	trace_write(fd, finished);
	return fd;
}

/* Path that a command can open. */
static inline const char *fd_path(int fd)
{
	static char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return path;
}

static inline struct gtv_store *trace_open(int fd)
{
	struct gtv_store *st;
	struct gtv_err err = {0};

	if (gtv_store_open(&st, dup(fd), "test", &err))
		fail_msg("open: %s: %s", err.what, err.why);
	return st;
}

/* Runs `call` with stdout (and stderr) going into a buffer; Returned owned. */
static inline char *captured(int (*call)(void *arg), void *arg, int *rc)
{
	int file = memfd_create("out", MFD_CLOEXEC), out = dup(1), err = dup(2);
	char *text;
	off_t len;

	fflush(NULL);
	dup2(file, 1);
	dup2(file, 2);
	*rc = call(arg);
	fflush(NULL);
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	len = lseek(file, 0, SEEK_END);
	text = calloc(1, (size_t)len + 1);
	assert_non_null(text);
	assert_int_equal(pread(file, text, (size_t)len, 0), len);
	close(file);
	return text;
}

#endif
