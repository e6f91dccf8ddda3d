/* SPDX-License-Identifier: MIT
 *
 * The simulation's one writer. Cores go on in the order of their clocks, so whoever
 * writes has the earliest time of all, and the ring is in order of time as it is.
 */
#include "runtime/sim/sim_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "runtime/sim/sim_thread.h"
#include "runtime/core/trace.h"

#define TIDS_EACH   100000u		/* ids that a process has to itself */
#define IMAGE_BYTES ((uint64_t)1 << 32) /* a program's code lies within this */

static struct {
	struct gtv_shm *shm; /* NULL: not traced */
	struct gtv_producer tr;
	uint32_t pid, told; /* told: whose the next event is taken for */
	uint32_t first_core, cores;
	uint32_t childs_core; /* the first of the child that is being forked */
	uint64_t last_ns;
	/* A core was left, and if somebody comes at once that is one switch. */
	struct {
		int is;
		unsigned core;
		uint32_t tid, call;
		uint8_t why;
		uint64_t ns;
	} left;
} s;

/* ------------------------------------------------------------------ writing */

static void put(struct gtv_event *ev)
{
	if (!s.shm)
		return;
	if (ev->ts_raw < s.last_ns)
		ev->ts_raw = s.last_ns;
	s.last_ns = ev->ts_raw;
	if (!gt__trace_put(&s.tr, ev)) {
		s.shm = NULL;
		return;
	}
	if (__atomic_load_n(&s.shm->virtual_ns, __ATOMIC_RELAXED) < s.last_ns)
		__atomic_store_n(&s.shm->virtual_ns, s.last_ns, __ATOMIC_RELAXED);
}

static void put_sim(uint16_t kind, uint32_t gt, uint32_t obj, uint32_t seq, uint64_t arg,
		    uint8_t aux, uint64_t now_ns)
{
	put(&(struct gtv_event){.ts_raw = now_ns,
				.kind = kind,
				.aux = aux,
				.gt = gt,
				.u.f = {.obj = obj, .seq = seq, .arg = arg}});
}

static void tell_left(uint32_t comes)
{
	if (!s.left.is)
		return;
	s.left.is = 0;
	put_sim(GTV_EV_SIM_SWITCH, s.left.tid, comes, s.first_core + s.left.core,
		s.left.call, s.left.why, s.left.ns);
}

/* Where a function lies in the program's image: a loader puts that elsewhere each time.
 * 0: in a library. */
static uint64_t place_in_image(uint64_t address)
{
	uint64_t image = getauxval(AT_PHDR) & ~(uint64_t)4095;

	return address >= image && address - image < IMAGE_BYTES ? address - image : 0;
}

void gt__sim_emit(struct gtv_producer *tr, const struct gtv_event *ev)
{
	uint32_t tid = (uint32_t)gt__sim_self()->tid;
	struct gtv_event copy = *ev;

	if (!s.shm) {
		tr->on = 0;
		return;
	}
	tell_left(0);
	if (s.told != tid)
		put_sim(GTV_EV_SIM_THREAD, 0, tid, 0, 0, 0, ev->ts_raw);
	s.told = tid;
	if (ev->kind == GTV_EV_SPAWN)
		copy.u.f.arg = place_in_image(ev->u.f.arg);
	put(&copy);
}

/* ------------------------------------------------------- what the kernel does */

void gt__sim_trace_on(const struct gt__sim_thread *t, unsigned core, uint64_t now_ns)
{
	if (!s.shm)
		return;
	if (s.left.is && s.left.core == core && s.left.ns == now_ns) {
		tell_left((uint32_t)t->tid);
		return;
	}
	tell_left(0);
	put_sim(GTV_EV_SIM_SWITCH, 0, (uint32_t)t->tid, s.first_core + core, 0, 0, now_ns);
}

void gt__sim_trace_off(const struct gt__sim_thread *t, uint8_t why, uint64_t now_ns)
{
	if (!s.shm)
		return;
	tell_left(0);
	s.left.is = 1;
	s.left.core = t->core;
	s.left.tid = (uint32_t)t->tid;
	s.left.call = why == GTV_SIM_WAITS ? t->call : 0;
	s.left.why = why;
	s.left.ns = now_ns;
	if (why == GTV_SIM_ENDS)
		tell_left(0);
}

void gt__sim_trace_wake(const struct gt__sim_thread *t, const struct gt__sim_thread *woken,
			uint64_t now_ns)
{
	if (!s.shm)
		return;
	tell_left(0);
	put_sim(GTV_EV_SIM_WAKE, t ? (uint32_t)t->tid : 0, (uint32_t)woken->tid,
		s.first_core + (t ? t->core : woken->core), 0, 0, now_ns);
}

void gt__sim_trace_start(const struct gt__sim_thread *t, const struct gt__sim_thread *child,
			 uint64_t now_ns)
{
	if (!s.shm)
		return;
	tell_left(0);
	put_sim(GTV_EV_SIM_START, (uint32_t)t->tid, (uint32_t)child->tid,
		s.first_core + t->core, s.pid, 0, now_ns);
}

/* ----------------------------------------------------------- begins and ends */

static uint32_t next_pid(void)
{
	return GTV_SIM_PID +
	       TIDS_EACH * __atomic_fetch_add(&s.shm->sim_processes, 1, __ATOMIC_RELAXED);
}

static uint32_t reserve_cores(unsigned cores)
{
	return __atomic_fetch_add(&s.shm->sim_cores, cores, __ATOMIC_RELAXED);
}

static void take_cores(uint32_t first, unsigned cores, uint64_t now_ns)
{
	s.cores = cores;
	s.first_core = first;
	for (unsigned i = 0; i < cores; i++)
		put_sim(GTV_EV_SIM_SWITCH, 0, 0, s.first_core + i, 0, GTV_SIM_WAITS,
			now_ns);
}

/* At exit, who is there ends. Time does not pass. */
static void at_exit(void)
{
	tell_left(0);
	for (struct gt__sim_thread *t = s.shm ? gt__sim_all() : NULL; t; t = t->next) {
		if (t->state == GT__SIM_OVER)
			continue;
		if (t->state != GT__SIM_RUNNING)
			gt__sim_trace_on(t, t->core, s.last_ns);
		gt__sim_trace_off(t, GTV_SIM_ENDS, s.last_ns);
	}
	s.shm = NULL;
	gt__trace_close(&s.tr);
}

uint32_t gt__sim_trace_begin(unsigned cores, uint64_t *clock_ns)
{
	static int registered;
	uint64_t before;

	if (!s.pid) {
		s.pid = GTV_SIM_PID;
		s.shm = gt__trace_simulated();
		if (!s.shm)
			return s.pid;
		s.pid = next_pid();
		gt__trace_claim_ring(&s.tr);
		if (!s.tr.ring)
			s.shm = NULL;
	}
	if (!s.shm)
		return s.pid;
	if (!registered)
		registered = !atexit(at_exit);
	before = __atomic_load_n(&s.shm->virtual_ns, __ATOMIC_RELAXED);
	if (*clock_ns < before)
		*clock_ns = before;
	if (cores > s.cores && s.cores)
		take_cores(reserve_cores(cores), cores, *clock_ns);
	return s.pid;
}

static void tell_process(uint32_t parent, uint64_t now_ns, uint32_t first, unsigned cores)
{
	/* Without a ring: its events go the slow way, into the one that all share. */
	struct gtv_producer ringless = {.on = 1, .clock = GTV_CLOCK_SIM};

	put_sim(GTV_EV_SIM_PROC, parent, s.pid, 0, 0, 0, now_ns);
	s.told = s.pid;
	take_cores(first, cores, now_ns);
	gt__trace_text(&ringless, GTV_TEXT_THREAD, s.pid, program_invocation_short_name);
}

void gt__sim_trace_begun(const struct gt__sim_thread *first, uint64_t now_ns)
{
	if (!s.shm)
		return;
	if (!s.cores)
		tell_process(0, now_ns, reserve_cores(gt__sim_core_count()),
			     gt__sim_core_count());
	else
		gt__sim_trace_wake(NULL, first, now_ns);
	gt__sim_trace_on(first, 0, now_ns);
}

uint32_t gt__sim_trace_fork(const struct gt__sim_thread *t, uint64_t now_ns)
{
	uint32_t child;

	if (!s.shm)
		return 0;
	/* By the parent: which of its children begins first is not for the seed to say. */
	child = next_pid();
	s.childs_core = reserve_cores(gt__sim_core_count());
	tell_left(0);
	put_sim(GTV_EV_SIM_START, (uint32_t)t->tid, child, s.first_core + t->core, child, 0,
		now_ns);
	return child;
}

void gt__sim_trace_forked(const struct gt__sim_thread *first, unsigned cores,
			  uint64_t now_ns)
{
	uint32_t parent = s.pid;

	if (!s.shm)
		return;
	gt__trace_forget(&s.tr);
	gt__trace_claim_ring(&s.tr);
	s.left.is = 0;
	s.pid = (uint32_t)first->tid;
	if (!s.tr.ring) {
		s.shm = NULL;
		return;
	}
	tell_process(parent, now_ns, s.childs_core, cores);
	gt__sim_trace_on(first, first->core, now_ns);
}
