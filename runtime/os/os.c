/* SPDX-License-Identifier: MIT
 *
 * The registry of our OS threads, the process's counts, and fork.
 *
 * After fork the child is another process to the trace: its one OS thread claims a
 * ring of its own, says PROC_START, and counts from nothing. Locks that somebody
 * else might have held at that moment are taken before the fork and released on
 * both sides after it.
 */
#include "runtime/os/os.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/os/lock.h"
#include "runtime/core/registry.h"
#include "runtime/core/rt.h"
#include "runtime/sim/sim.h"

#define WAITS_PER_LOOK	64u   /* a power of two; see gt__os_about */
#define CALL_NAMES	1024u /* a power of two; filled to three quarters */
#define CALL_NAME_BYTES 64

#ifdef __x86_64__
_Thread_local struct gt__os *gt__os_tls;
#else
static _Thread_local struct gt__os *gt__os_tls;
__attribute__((noinline)) struct gt__os *gt__os(void)
{
	__asm__ volatile("" ::: "memory");
	return gt__os_tls;
}
#endif

__attribute__((noinline)) void gt__os_tls_set(struct gt__os *os)
{
	gt__os_tls = os;
}

static struct {
	uint32_t lk;
	int begun, stats;
	struct gt__os *all;
	uint64_t n[GTV_COUNT_MAX], lost; /* of OS threads that ended */
	/* what PROC_START said */
	int announced;
	uint32_t workers, flags;
	uint32_t run_pid; /* with GTV_PROC_SHARED_IDS: who began the run; else 0 */
	char policy[32];
} proc;

static int wants_stats;

static struct {
	uint32_t lk, count;
	struct {
		uint32_t id; /* 0: free */
		uint32_t told;
		char name[CALL_NAME_BYTES];
	} slot[CALL_NAMES];
} calls;

/* ------------------------------------------------------------- OS threads */

void gt__os_begin(struct gt__os *os)
{
	memset(os, 0, offsetof(struct gt__os, alternate));
	if (gt__rt.policy && !(gt__rt.policy->flags & GT__POLICY_ONE_TO_ONE))
		os->seldom = WAITS_PER_LOOK - 1;
	gt__lk_lock(&proc.lk);
	os->next = proc.all;
	os->link = &proc.all;
	if (os->next)
		os->next->link = &os->next;
	proc.all = os;
	gt__lk_unlock(&proc.lk);
	gt__trace_claim(&os->tr);
	os->tid = (uint32_t)gt__sys_tid();
	gt__os_tls = os;
	gt__overflow_stack(os->alternate, sizeof os->alternate);
}

void gt__os_end(struct gt__os *os)
{
	gt__overflow_stack_end(os->alternate);
	gt__os_tls = NULL;
	gt__trace_close(&os->tr);
	gt__lk_lock(&proc.lk);
	*os->link = os->next;
	if (os->next)
		os->next->link = os->link;
	for (int i = 0; i < GTV_COUNT_MAX; i++)
		proc.n[i] += os->n[i];
	proc.lost += os->tr.lost;
	gt__lk_unlock(&proc.lk);
}

/* Also from signal handlers: whoever was interrupted may hold the lock. */
#ifdef GT_TSAN
__attribute__((no_sanitize("thread")))
#endif
int gt__os_runs(const struct gt *gt)
{
	uint32_t unlocked = 0;
	int runs = 0;

	if (!__atomic_compare_exchange_n(&proc.lk, &unlocked, 1, 0, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return 0;
	for (struct gt__os *os = proc.all; os && !runs; os = os->next)
		runs = os->current == gt;
	gt__lk_unlock(&proc.lk);
	return runs;
}

#ifdef GT_TSAN
#define RACY __attribute__((no_sanitize("thread")))
#else
#define RACY
#endif

int gt__os_all_try(void)
{
	for (int i = 0; i < 1000; i++) {
		uint32_t unlocked = 0;

		if (__atomic_compare_exchange_n(&proc.lk, &unlocked, 1, 0, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return 0;
		gt__sys_relax();
	}
	return -EBUSY;
}

void gt__os_all_leave(void)
{
	gt__lk_unlock(&proc.lk);
}

RACY void gt__os_all_switch_on(void)
{
	for (struct gt__os *os = proc.all; os; os = os->next)
		gt__trace_poke(&os->tr);
}

void gt__os_worker_start(struct gt__os *os, uint32_t index)
{
	__atomic_store_n(&os->number, index + 1, __ATOMIC_RELAXED);
	gt__emit(&os->tr, GTV_EV_WORKER_START, 0, 0, 0, index, 0, 0);
}

void gt__os_worker_stop(struct gt__os *os, uint32_t index)
{
	__atomic_store_n(&os->number, 0, __ATOMIC_RELAXED);
	gt__emit(&os->tr, GTV_EV_WORKER_STOP, 0, 0, 0, index, 0, 0);
}

void gt__os_all_tell_workers(struct gtv_producer *tr)
{
	for (struct gt__os *os = proc.all; os; os = os->next) {
		uint32_t number = __atomic_load_n(&os->number, __ATOMIC_RELAXED);

		if (number)
			gt__emit(tr, GTV_EV_WORKER_STATE, 0, 0, 0, number - 1, 0, os->tid);
	}
}

RACY uint32_t gt__os_tid_of(const struct gt *gt)
{
	for (struct gt__os *os = proc.all; os; os = os->next)
		if (os->current == gt)
			return os->tid;
	return 0;
}

/* --------------------------------------------------------------- GT_STATS */

void gt__process_counts(uint64_t counts[GTV_COUNT_MAX], uint64_t *lost)
{
	gt__lk_lock(&proc.lk);
	memcpy(counts, proc.n, sizeof proc.n);
	*lost = proc.lost;
	/* Empty once a run is over; a program that calls exit within one still has
	 * OS threads, whose counters are read as they are. */
	for (struct gt__os *os = proc.all; os; os = os->next) {
		for (int i = 0; i < GTV_COUNT_MAX; i++)
			counts[i] += __atomic_load_n(&os->n[i], __ATOMIC_RELAXED);
		*lost += __atomic_load_n(&os->tr.lost, __ATOMIC_RELAXED);
	}
	gt__lk_unlock(&proc.lk);
}

static void print_stats(void)
{
	static const char *const names[] = {
#define X(id, name) #name,
		GTV_COUNTERS(X)
#undef X
	};
	uint64_t n[GTV_COUNT_MAX], lost;
	char line[2048];
	size_t len;
	struct gt__os *os = gt__os();

	if (os)
		gt__trace_close(&os->tr);
	gt__process_counts(n, &lost);
	len = (size_t)snprintf(line, sizeof line, "{\"pid\":%d,\"policy\":\"%s\"",
			       (int)getpid(), proc.policy);
	for (int i = 0; i < GTV_COUNT_MAX; i++)
		len += (size_t)snprintf(line + len, sizeof line - len, ",\"%s\":%llu",
					names[i], (unsigned long long)n[i]);
	len += (size_t)snprintf(line + len, sizeof line - len, ",\"lost\":%llu}\n",
				(unsigned long long)lost);
	/* One write, so that the lines of several processes do not mix. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

void gt__process_leave(void)
{
	struct gt__os *os = gt__os();

	if (wants_stats)
		print_stats();
	else if (os)
		gt__trace_close(&os->tr);
}

/* ----------------------------------------------------------- announcements */

void gt__process_tell(struct gtv_producer *tr)
{
	/* Calls are named anew where they are next made. */
	for (uint32_t i = 0; i < CALL_NAMES; i++)
		__atomic_store_n(&calls.slot[i].told, 0, __ATOMIC_RELEASE);
	gt__emit(tr, GTV_EV_PROC_START, 0, 0, 0, proc.workers, GTV_ABI_VERSION,
		 proc.flags | (uint64_t)proc.run_pid << 32);
	gt__trace_text(tr, GTV_TEXT_POLICY, 0, proc.policy);
}

static void announce(struct gt__os *os)
{
	gt__process_tell(&os->tr);
}

void gt__process_announce(struct gt__os *os, uint32_t workers, uint32_t flags,
			  const char *policy)
{
	uint32_t run_pid = flags & GTV_PROC_SHARED_IDS ? (uint32_t)getpid() : 0;

	if (proc.announced && proc.workers == workers && proc.flags == flags &&
	    proc.run_pid == run_pid && !strcmp(proc.policy, policy))
		return;
	proc.announced = 1;
	proc.workers = workers;
	proc.flags = flags;
	proc.run_pid = run_pid;
	snprintf(proc.policy, sizeof proc.policy, "%s", policy);
	announce(os);
}

/* -------------------------------------------------------------- call names */

static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (int i = 0; s[i] && i < CALL_NAME_BYTES - 1; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return h;
}

/* The id of a name that has been told already, without the lock: a slot's name is there
 * before its id, and neither changes. 0: it is not known yet. */
static uint32_t call_id_known(uint32_t i, const char *name)
{
	uint32_t id;

	while ((id = __atomic_load_n(&calls.slot[i].id, __ATOMIC_ACQUIRE)) &&
	       strncmp(calls.slot[i].name, name, CALL_NAME_BYTES - 1))
		i = (i + 1) & (CALL_NAMES - 1);
	return id && __atomic_load_n(&calls.slot[i].told, __ATOMIC_ACQUIRE) ? id : 0;
}

uint32_t gt__call_id(struct gt__os *os, const char *name)
{
	uint32_t i = hash(name) & (CALL_NAMES - 1), id = call_id_known(i, name), tell;

	if (id)
		return id;
	gt__lk_lock(&calls.lk);
	while (calls.slot[i].id && strncmp(calls.slot[i].name, name, CALL_NAME_BYTES - 1))
		i = (i + 1) & (CALL_NAMES - 1);
	if (!calls.slot[i].id && calls.count < CALL_NAMES / 4 * 3) {
		strncpy(calls.slot[i].name, name, CALL_NAME_BYTES - 1);
		__atomic_store_n(&calls.slot[i].id, ++calls.count, __ATOMIC_RELEASE);
	}
	id = calls.slot[i].id;
	tell = id && !calls.slot[i].told;
	__atomic_store_n(&calls.slot[i].told, calls.slot[i].told | tell, __ATOMIC_RELEASE);
	gt__lk_unlock(&calls.lk);
	if (tell)
		gt__trace_text(&os->tr, GTV_TEXT_CALL, id, name);
	return id;
}

/* -------------------------------------------------------------------- fork */

static void before_fork(void)
{
	gt__sim_before_fork();
	gt__lk_lock(&proc.lk);
	gt__lk_lock(&calls.lk);
	gt__registry_before_fork();
}

static void after_fork_parent(void)
{
	gt__registry_after_fork(0);
	gt__lk_unlock(&calls.lk);
	gt__lk_unlock(&proc.lk);
}

static void after_fork_child(void)
{
	struct gt__os *os = gt__os();

	gt__registry_after_fork(1);
	proc.lk = 0;
	calls.lk = 0;
	memset(proc.n, 0, sizeof proc.n);
	proc.lost = 0;
	for (uint32_t i = 0; i < CALL_NAMES; i++)
		calls.slot[i].told = 0;
	/* Only the calling OS thread came along. */
	proc.all = os;
	if (!os) {
		proc.announced = 0;
		return;
	}
	os->next = NULL;
	os->link = &proc.all;
	memset(os->n, 0, sizeof os->n);
	gt__sim_forked();
	gt__trace_forget(&os->tr);
	gt__trace_claim(&os->tr);
	announce(os);
	gt__run_forked(os);
}

void gt__process_begin(void)
{
	const char *stats = getenv("GT_STATS");

	if (proc.begun)
		return;
	proc.begun = 1;
	gt__trace_open();
	pthread_atfork(before_fork, after_fork_parent, after_fork_child);
	wants_stats = stats && *stats && strcmp(stats, "0");
	if (wants_stats)
		atexit(print_stats);
}
