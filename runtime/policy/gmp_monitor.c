/* SPDX-License-Identifier: MIT
 *
 * The monitor, after Go's sysmon: an OS thread without a processor that looks at all
 * processors every 20 us; after 50 looks at which there was nothing to do, half as
 * often each time, down to every 10 ms. It
 *   - takes the processor of a worker that has been in one blocking call since its last
 *     look, and finds another worker for it;
 *   - asks a green thread to stop that has run for 10 ms (its slice, inherited by who
 *     goes on through run-next), at its next safe point and by signal (preempt.h), and
 *     by signal again at later looks, for it may have come where it was not safe;
 *   - sees to work that lies in a queue while processors are idle: who adds to its own
 *     queue mostly gets to it at once, and need not wake anybody for that;
 *   - polls, where nobody else did for 10 ms.
 * When all processors are idle it sleeps until one is not.
 */
#include <string.h>

#include "runtime/core/attach.h"
#include "runtime/policy/gmp.h"
#include "runtime/io/reactor.h"

#define TICK_MIN_NS   20000u
#define TICK_MAX_NS   10000000u
#define IDLE_LOOKS    50u
#define SLICE_NS      10000000u
#define ASK_AGAIN_NS  1000000u
#define POLL_NS	      10000000u
#define MONITOR_STACK (256u << 10)
/* A nap that is worth ending for new work. */
#define NAP_LONG_NS 200000u

#define s gt__gmp

static uint32_t idle_procs(void)
{
	return __atomic_load_n(&s.idle, __ATOMIC_SEQ_CST);
}

/* --------------------------------------------------------------- handoff */

/* p was taken from a call: does anybody need it? Go's handoffp has these rules. */
static void hand_off(struct gt__proc *p)
{
	uint32_t none = 0;

	if (gt__local_has_some(&p->local) || gt__local_has_next(&p->local) ||
	    gt__queue_count(&s.global)) {
		gt__gmp_proc_start(p, 0);
		return;
	}
	if (!idle_procs() &&
	    __atomic_compare_exchange_n(&s.searching, &none, 1, 0, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST)) {
		gt__gmp_proc_start(p, 1);
		return;
	}
	if (idle_procs() == s.count - 1 && gt__reactor_waiters() &&
	    !__atomic_load_n(&s.polled, __ATOMIC_SEQ_CST)) {
		gt__gmp_proc_start(p, 0); /* the last one: somebody must poll */
		return;
	}
	gt__gmp_proc_idle_put(p);
	/* What came meanwhile did not see it idle. */
	if (gt__queue_count(&s.global))
		gt__gmp_wake();
}

static int retake(struct gt__proc *p, uint32_t status, uint64_t now)
{
	uint32_t tick = __atomic_load_n(&p->call_tick, __ATOMIC_RELAXED);

	if (p->seen.call_tick != tick) {
		p->seen.call_tick = tick;
		p->seen.call_ns = now;
		return 0;
	}
	/* Without work it can stay, but not for ever: it would keep us awake. */
	if (!gt__local_has_some(&p->local) && !gt__local_has_next(&p->local) &&
	    !gt__queue_count(&s.global) &&
	    idle_procs() + __atomic_load_n(&s.searching, __ATOMIC_RELAXED) &&
	    now < p->seen.call_ns + SLICE_NS)
		return 0;
	__atomic_fetch_add(&s.away, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_compare_exchange_n(&p->status, &status, GT__PROC_IDLE, 0,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
		__atomic_fetch_sub(&s.away, 1, __ATOMIC_SEQ_CST);
		return 0;
	}
	hand_off(p);
	return 1;
}

/* ---------------------------------------------------------- running ones */

/* As Go's, that is no reason to look more often. */
static void ask(struct gt__proc *p, uint64_t now)
{
	struct gt__gmp_worker *w = __atomic_load_n(&p->worker, __ATOMIC_RELAXED);

	if (!__atomic_exchange_n(&p->asked, 1, __ATOMIC_RELAXED))
		__atomic_fetch_add(&gt__tick_wanted, 1, __ATOMIC_RELAXED);
	else if (now < p->seen.ask_ns + ASK_AGAIN_NS)
		return;
	p->seen.ask_ns = now;
	gt__preempt_ask(&w->target);
}

/* Something has lain in its queue since the last look. */
static int is_behind(struct gt__proc *p)
{
	const struct gt *next = __atomic_load_n(&p->local.run_next, __ATOMIC_RELAXED);
	int same = next && next == p->seen.run_next;

	p->seen.run_next = next;
	return same || gt__local_has_some(&p->local);
}

static int look_at_running(struct gt__proc *p, uint64_t now)
{
	uint32_t tick = __atomic_load_n(&p->tick, __ATOMIC_RELAXED);

	if (p->seen.tick != tick) {
		p->seen.tick = tick;
		p->seen.tick_ns = now;
	} else if (now >= p->seen.tick_ns + SLICE_NS) {
		ask(p, now);
	}
	if (!is_behind(p) || !idle_procs())
		return 0;
	gt__gmp_wake();
	return 1;
}

/* ------------------------------------------------------------ the monitor */

static int look(uint64_t now)
{
	int done = 0;

	for (uint32_t i = 0; i < s.count; i++) {
		struct gt__proc *p = &s.proc[i];
		uint32_t status = __atomic_load_n(&p->status, __ATOMIC_ACQUIRE);

		if ((status & 3) == GT__PROC_CALL)
			done |= retake(p, status, now);
		else if ((status & 3) == GT__PROC_RUNNING)
			done |= look_at_running(p, now);
	}
	/* No worker could be had for a processor, or none was idle in time. */
	if (idle_procs() && gt__queue_count(&s.global))
		gt__gmp_wake();
	return done;
}

static void poll_for_others(struct gt__os *os, uint64_t now)
{
	static uint32_t polls;
	static uint64_t polls_ns;
	uint32_t seen = __atomic_load_n(&s.polls, __ATOMIC_RELAXED);

	if (seen != polls) {
		polls = seen;
		polls_ns = now;
	}
	if (now >= polls_ns + POLL_NS && gt__gmp_poll_once(os))
		polls_ns = now;
}

/* Until `until_ns`, or poked. */
static void nap(enum gt__nap how, uint64_t until_ns)
{
	__atomic_store_n(&s.monitor_nap, how, __ATOMIC_SEQ_CST);
	if (how != GT__NAP_DEEP || idle_procs() == s.count)
		if (!gt__gmp_stopped())
			gt__sys_futex_wait(&s.monitor_word, 0, until_ns);
	__atomic_store_n(&s.monitor_nap, GT__NAP_SHORT, __ATOMIC_SEQ_CST);
}

static void watch(struct gt__os *os)
{
	uint64_t pause = TICK_MIN_NS;
	uint32_t idle_looks = 0;

	while (!gt__gmp_stopped()) {
		uint64_t now;

		if (idle_procs() == s.count)
			nap(GT__NAP_DEEP, GT__NEVER);
		else
			nap(pause >= NAP_LONG_NS ? GT__NAP_LONG : GT__NAP_SHORT,
			    gt__sys_now_ns() + pause);
		if (__atomic_exchange_n(&s.monitor_word, 0, __ATOMIC_ACQ_REL)) {
			idle_looks = 0; /* poked: something begins */
			pause = TICK_MIN_NS;
			continue;
		}
		now = gt__sys_now_ns();
		poll_for_others(os, now);
		if (look(now)) {
			idle_looks = 0;
			pause = TICK_MIN_NS;
		} else if (++idle_looks > IDLE_LOOKS && pause < TICK_MAX_NS) {
			pause = pause * 2 < TICK_MAX_NS ? pause * 2 : TICK_MAX_NS;
		}
	}
}

static void *monitor_thread(void *unused)
{
	struct gt__os os;

	(void)unused;
	gt__os_begin(&os);
	gt__attach_helper(1);
	watch(&os);
	gt__attach_helper(0);
	gt__os_end(&os);
	return NULL;
}

void gt__gmp_monitor_poke(void)
{
	__atomic_store_n(&s.monitor_word, 1, __ATOMIC_SEQ_CST);
	gt__sys_futex_wake(&s.monitor_word, 1);
}

int gt__gmp_monitor_start(void)
{
	return gt__sys_thread_start(&s.monitor, MONITOR_STACK, monitor_thread, NULL);
}

void gt__gmp_monitor_end(void)
{
	gt__gmp_monitor_poke();
	gt__sys_thread_join(s.monitor);
}
