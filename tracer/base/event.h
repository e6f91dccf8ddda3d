/* SPDX-License-Identifier: MIT
 *
 * The event inside gtviz: what every source delivers, what is merged, modelled
 * and stored. Wire events (runtime/abi) keep their kinds; kernel and recorder
 * events have kinds of their own above them. Ids are unique in the trace: an
 * ingest step has replaced the process-local ids of the wire.
 *
 * Kinds reach the file: append-only, never renumbered.
 */
#ifndef GTV_BASE_EVENT_H
#define GTV_BASE_EVENT_H

#include <stdint.h>

#include "runtime/abi/gtv_event.h"

#define GTV_CORE_NONE (-1)

/*
 * Kernel events: tid and core are where it happened.
 *  K_SWITCH   tid who stops (0: idle), obj who goes on (0: idle), flags
 *             GTV_KF_*, state enum gtv_off: why the stopper stops,
 *             seq: system call number + 1 in which it stops (0: none known),
 *             arg: that call's first argument (a futex's address…)
 *  K_WAKING   tid the waker, obj the woken, core the waker's
 *  K_NEW      tid the parent or waker, obj a new thread's first wake-up, arg its core
 *  K_MIGRATE  obj who moves, arg the core it goes to, core the one it leaves
 *  K_FORK     tid parent, obj child thread, arg the child's process (tgid); of another
 *             program than the traced one (--all): flags GTV_KF_FOREIGN
 *  K_EXEC     tid; GTV_KF_FOREIGN
 *  K_EXIT     tid; arg its process; GTV_KF_FOREIGN
 *  K_ON       level 1: tid is on core from now (who was there is not known).
 *             Level 3, flags GTV_KF_RECOVERED: the kernel did not report the switch
 *             that put tid on core, but its account of running time says when: arg
 *             (ts_ns may be later, if by then the stream had passed it)
 *  K_OFF      level 1: tid leaves core, flags GTV_KF_PREEMPTED
 *  K_THREAD   tid existed when tracing began, arg its process; obj its parent; state
 *             GTV_OFF_STOPPED: held before its exec, its life begins when it goes on
 *  K_SYSCALL  --syscalls: tid's system call ended; seq its number + 1, arg what it
 *             returned (signed: -errno), obj and state how long it took
 *             (gtv_ev_took_ns; so it began at ts_ns less that), flags GTV_KF_SLEPT
 *  K_FUTEX    level 3: tid goes to sleep on a futex: right before its K_SWITCH, on the
 *             same core at the same ts_ns. arg: the word's address (of futex_waitv: the
 *             first one's), state enum gtv_futex, seq: the word as it is now, obj: the
 *             thread that the word or the mutex it belongs to says has it, 0 if neither
 *             does. Word and obj are the program's memory: a claim, not a fact
 *  K_IRQ      --irq: a device's interrupt was handled on core, while tid (0: idle) was
 *             there; seq its number, obj and state how long it took
 *  K_SOFTIRQ  --irq: the same of a soft interrupt; seq its vector (3: net rx…)
 * Recorder events:
 *  LOSS       obj source (enum gtv_source_id), tid the ring's thread or 0, core
 *             the kernel ring's or -1, seq the kind lost (0: unknown kind),
 *             arg how many, gt 0; ts_ns the end of the range and `from_ns`
 *             = ts_ns - loss_span (see gtv_ev_loss_from)
 *  OUTPUT     the program wrote: obj 1 or 2, arg bytes; text in the names blocks
 *  END        the program ended: tid its pid, arg wait status
 *  TICK       nothing happened for a while, and all up to ts_ns is here
 *  FUTEX_LOCK obj is the lock whose word is at address arg in the process of thread tid,
 *             which is about to wait for it: right before the first K_FUTEX of it
 */
#define GTV_KERNEL_EVENTS(X)                                                               \
	X(64, K_SWITCH, "sched_switch")                                                    \
	X(65, K_WAKING, "sched_waking")                                                    \
	X(66, K_NEW, "sched_wakeup_new")                                                   \
	X(67, K_MIGRATE, "sched_migrate")                                                  \
	X(68, K_FORK, "sched_fork")                                                        \
	X(69, K_EXEC, "sched_exec")                                                        \
	X(70, K_EXIT, "sched_exit")                                                        \
	X(71, K_ON, "thread_on")                                                           \
	X(72, K_OFF, "thread_off")                                                         \
	X(73, K_THREAD, "thread")                                                          \
	X(74, K_SYSCALL, "syscall")                                                        \
	X(75, K_FUTEX, "futex_wait")                                                       \
	X(76, K_IRQ, "irq")                                                                \
	X(77, K_SOFTIRQ, "softirq")                                                        \
	X(96, LOSS, "loss")                                                                \
	X(97, OUTPUT, "output")                                                            \
	X(98, END, "end")                                                                  \
	X(99, TICK, "tick")                                                                \
	X(100, FUTEX_LOCK, "futex_lock")

enum gtv_kernel_kind {
#define X(num, id, name) GTV_EV_##id = num,
	GTV_KERNEL_EVENTS(X)
#undef X
		GTV_EV_MAX = 128,
};

/* Why a thread left its core (K_SWITCH.state): decoded by the source, since
 * encodings differ by kernel. */
enum gtv_off {
	GTV_OFF_PREEMPTED = 0, /* still runnable */
	GTV_OFF_SLEEP = 1,     /* interruptible */
	GTV_OFF_DISK = 2,      /* uninterruptible */
	GTV_OFF_STOPPED = 3,   /* stopped or traced */
	GTV_OFF_DEAD = 4,      /* zombie or dead: its last switch */
	GTV_OFF_IDLE = 5,      /* an idle kernel thread */
	GTV_OFF_UNKNOWN = 6,
};

/* K_FUTEX.state: how it waits, and so what the word may be. */
enum gtv_futex {
	GTV_FUTEX_WAIT = 1,    /* a mutex of pthreads, a condition, anything */
	GTV_FUTEX_PI = 2,      /* the kernel's own kind: the word holds the owner's tid */
	GTV_FUTEX_REQUEUE = 3, /* a condition, to be moved to a mutex */
	GTV_FUTEX_WAITV = 4,   /* several words: the first is told */
};

/* In flags, of every kind but LOSS: it reached the merge when its time had passed (its
 * thread was kept off a core between reading the clock and publishing), so ts_ns is
 * when it could still be put in, not when it happened. */
#define GTV_EV_LATE 128u

#define GTV_KF_PREEMPTED 1u /* the kernel preempted it (level 3: prev_state 0) */
#define GTV_KF_PREV_OURS 2u /* the stopper belongs to the program's tree */
#define GTV_KF_NEXT_OURS 4u /* the one going on belongs to it */
#define GTV_KF_RECOVERED 8u /* K_ON: not reported, but reconstructed */
#define GTV_KF_FUTEX	 16u /* K_WAKING: by a call that wakes the futex that obj sleeps on */
/* K_SWITCH, level 3: why the stopper sleeps, beside the call it is in. */
#define GTV_KF_IO      16u /* for input or output (the kernel's in_iowait) */
#define GTV_KF_FAULT   32u /* in a page fault: its memory is being brought */
#define GTV_KF_FOREIGN 64u /* K_FORK, K_EXEC, K_EXIT: another program's (--all) */
#define GTV_KF_SLEPT   1u  /* K_SYSCALL: it left its core in the call */

enum gtv_source_id {
	GTV_SRC_RING = 1,
	GTV_SRC_BPF = 2,
	GTV_SRC_PERF = 3,
	GTV_SRC_RECORDER = 4,
};

struct gtv_ev {
	uint64_t ts_ns; /* CLOCK_MONOTONIC */
	uint16_t kind;	/* enum gtv_user_kind or gtv_kernel_kind */
	uint8_t flags;
	uint8_t state; /* enum gtv_off, or the wire's aux */
	int32_t core;  /* GTV_CORE_NONE if not known */
	uint32_t tid;  /* the OS thread that emitted or to which it happened */
	uint32_t gt;   /* trace-unique green thread, 0 none */
	uint32_t obj;  /* by kind: trace-unique gt, lock or channel, a tid… */
	uint32_t seq;
	uint64_t arg;
};
_Static_assert(sizeof(struct gtv_ev) == 40, "event");

/* A LOSS event's range is [from, ts_ns]; its length travels in gt (low 32 bits)
 * and flags/state are 0. Ranges longer than 4.29 s are cut into several. */
static inline uint64_t gtv_ev_loss_from(const struct gtv_ev *ev)
{
	return ev->ts_ns - ev->gt;
}

/* How long what K_SYSCALL, K_IRQ and K_SOFTIRQ tell of took, exactly up to 4.29 s, to a
 * millionth beyond: obj is the time in ns, shifted down by state bits. */
static inline uint64_t gtv_ev_took_ns(const struct gtv_ev *ev)
{
	return (uint64_t)ev->obj << (ev->state & 31);
}

/* The stable name of a kind ("gt_yield", "sched_switch"), NULL if unknown. */
const char *gtv_event_name(unsigned kind);
/* The kind of that name, 0 if there is none. */
unsigned gtv_event_kind(const char *name);
/* Which counters one event of the kind adds to: bits 1 << enum gtv_counter. */
uint64_t gtv_event_counts(unsigned kind);
/* "net_rx"…: the soft interrupt of that vector, NULL if there is none. */
const char *gtv_event_softirq(uint32_t vector);
/* "spawns"… for an enum gtv_counter. */
const char *gtv_counter_name(unsigned counter);

static inline int gtv_event_is_switch(unsigned kind)
{
	return kind >= GTV_EV_SWITCH_RUN && kind <= GTV_EV_SWITCH_EXIT;
}

#endif
