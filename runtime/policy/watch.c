/* SPDX-License-Identifier: MIT */
#include "runtime/policy/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_BYTES	(64u << 10)
#define LOOKS_PER_LIMIT 4u
/* Looks at a loop that sleeps before the monitor does. */
#define SLEEPY_LOOKS 2u

static struct {
	struct gt__watched *loop;
	const uint32_t *sleeping;
	uint64_t over_ns;
	uint32_t stop; /* futex */
	int verbose, started;
	pthread_t thread;
} m;

static void mark(struct gt__os *os, uint32_t gt, const char *what)
{
	union {
		struct {
			uint32_t obj, seq;
			uint64_t arg;
		} f;
		char text[GTV_TEXT_CHUNK];
	} text = {.text = ""};

	memcpy(text.text, what, strnlen(what, GTV_TEXT_CHUNK));
	gt__emit(&os->tr, GTV_EV_MARK, 0, 0, gt, text.f.obj, text.f.seq, text.f.arg);
}

/* A loop that goes on at this moment may overwrite what is left: then somebody later is
 * taken for who it was. */
static void report(struct gt__os *os, uint64_t picks)
{
	mark(os, 0, "loop is blocked");
	if (m.verbose)
		fprintf(stderr, "gt: the loop has been blocked for over %" PRIu64 " ms\n",
			m.over_ns / 1000000);
	__atomic_store_n(&m.loop->blocked, 1, __ATOMIC_RELAXED);
	gt__watch_left(m.loop, picks, 1);
}

void gt__watch_tell(struct gt__os *os, struct gt__watched *loop)
{
	if (__atomic_exchange_n(&loop->blocked, 0, __ATOMIC_RELAXED) && os->current)
		mark(os, os->current->id, "blocked the loop");
}

void gt__watch_wake(struct gt__watched *loop)
{
	__atomic_store_n(&loop->rests, 0, __ATOMIC_SEQ_CST);
	gt__sys_futex_wake(&loop->rests, 1);
}

static int is_stopped(void)
{
	return __atomic_load_n(&m.stop, __ATOMIC_ACQUIRE) != 0;
}

/* Until the loop goes on: who sets `sleeping` to 0 looks at `rests` afterwards. */
static void rest(void)
{
	__atomic_store_n(&m.loop->rests, 1, __ATOMIC_SEQ_CST);
	while (!is_stopped() && __atomic_load_n(m.sleeping, __ATOMIC_SEQ_CST) &&
	       __atomic_load_n(&m.loop->rests, __ATOMIC_SEQ_CST))
		gt__sys_futex_wait(&m.loop->rests, 1, GT__NEVER);
	__atomic_store_n(&m.loop->rests, 0, __ATOMIC_SEQ_CST);
}

static void watch(struct gt__os *os)
{
	uint64_t since = gt__sys_now_ns(), seen = 0;
	uint32_t sleepy = 0, said = 0;

	while (!is_stopped()) {
		uint64_t now, picks;

		gt__sys_futex_wait(&m.stop, 0,
				   gt__sys_now_ns() + m.over_ns / LOOKS_PER_LIMIT);
		now = gt__sys_now_ns();
		picks = __atomic_load_n(&m.loop->picks, __ATOMIC_RELAXED);
		if (__atomic_load_n(m.sleeping, __ATOMIC_SEQ_CST)) {
			if (++sleepy >= SLEEPY_LOOKS)
				rest();
			since = gt__sys_now_ns();
		} else if (picks != seen) {
			sleepy = said = 0;
			since = now;
		} else if (!said && now - since >= m.over_ns && !is_stopped()) {
			said = 1;
			report(os, picks);
			picks = __atomic_load_n(&m.loop->picks, __ATOMIC_RELAXED);
		}
		seen = picks;
	}
}

static void *monitor_thread(void *unused)
{
	struct gt__os os;

	(void)unused;
	gt__os_begin(&os);
	watch(&os);
	gt__os_end(&os);
	return NULL;
}

/* The simulated system is the same traced or not: there only who asks for it has one. */
void gt__watch_open(struct gt__os *os, struct gt__watched *loop, const uint32_t *sleeping,
		    uint64_t over_ns)
{
	const char *verbose = getenv("GT_VERBOSE");

	memset(&m, 0, sizeof m);
	m.verbose = verbose && !strcmp(verbose, "1");
	m.loop = loop;
	m.sleeping = sleeping;
	m.over_ns = over_ns;
	if (m.verbose || (os->tr.on && !gt__sim_on))
		m.started =
			!gt__sys_thread_start(&m.thread, STACK_BYTES, monitor_thread, NULL);
}

void gt__watch_close(void)
{
	if (!m.started)
		return;
	__atomic_store_n(&m.stop, 1, __ATOMIC_SEQ_CST);
	gt__sys_futex_wake(&m.stop, 1);
	gt__watch_wake(m.loop);
	gt__sys_thread_join(m.thread);
	m.started = 0;
}

void gt__watch_forked(void)
{
	m.started = 0;
}
