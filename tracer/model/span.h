/* SPDX-License-Identifier: MIT
 *
 * Spans and edges: what the model makes of events. A span is an interval in
 * which one lane had one state; an edge is a cause between two lanes. The spans
 * of a lane are half-open and touch: their lengths sum to its lifetime.
 */
#ifndef GTV_SPAN_H
#define GTV_SPAN_H

#include <stdint.h>

/* Lanes. Values reach the file's zoom blocks: append-only. */
enum gtv_lane_kind {
	GTV_LANE_CORE = 1,   /* id: core number */
	GTV_LANE_THREAD = 2, /* id: tid */
	GTV_LANE_GT = 3,     /* id: trace-unique green thread */
	GTV_LANE_LOCK = 4,   /* id: trace-unique lock */
	GTV_LANE_KIND_MAX
};

struct gtv_lane {
	uint8_t kind;
	uint32_t id;
};

/* States of green threads, OS threads, locks and cores, in the order in which
 * attribution bars show them. Reaches the file: append-only. */
#define GTV_STATES(X)                                                                      \
	X(NONE, "none")		  /* not alive, or never seen */                           \
	X(RUNNING, "running")	  /* on a core (level 0: claimed) */                       \
	X(PREEMPTED, "preempted") /* the kernel took its core */                           \
	X(READY, "ready")                                                                  \
	X(STALLED, "stalled") /* its OS thread sleeps in the kernel */                     \
	X(LOCK, "lock")                                                                    \
	X(GIL, "gil")                                                                      \
	X(CHAN, "chan") /* waits for another green thread */                               \
	X(IO, "io")                                                                        \
	X(SLEEP, "sleep")                                                                  \
	X(SYSCALL, "syscall")                                                              \
	X(UNKNOWN, "unknown") /* the evidence is lost */                                   \
	X(DONE, "done")                                                                    \
	/* OS threads: running and preempted as above */                                   \
	X(RUNNABLE, "runnable") /* woken, not yet on a core */                             \
	X(SLEEPING, "sleeping")                                                            \
	X(DISK, "disk")                                                                    \
	X(STOPPED, "stopped")                                                              \
	/* locks */                                                                        \
	X(FREE, "free")                                                                    \
	X(HELD, "held") /* its owner is on a core */                                       \
	X(HELD_PREEMPTED, "held off core, preempted")                                      \
	X(HELD_ASLEEP, "held off core, asleep")                                            \
	/* cores */                                                                        \
	X(IDLE, "idle")                                                                    \
	X(BUSY, "busy")	    /* runs a thread of the program */                             \
	X(OTHER, "other")   /* runs another program's thread */                            \
	X(AWAY, "not ours") /* idle or with others: which, is filtered out */

enum gtv_state {
#define X(id, name) GTV_ST_##id,
	GTV_STATES(X)
#undef X
		GTV_ST_MAX
};
_Static_assert(GTV_ST_MAX <= 32, "a set of states is a 32-bit mask");

const char *gtv_state_name(unsigned state);

struct gtv_span {
	uint64_t from_ns, to_ns;
	struct gtv_lane lane;
	uint8_t state;	  /* enum gtv_state */
	uint8_t flags;	  /* GTV_SP_* */
	int16_t core;	  /* where, -1 none or unknown */
	uint32_t gt;	  /* core, thread lane: green thread inside, 0 none; lock: owner */
	uint32_t tid;	  /* OS thread involved: of the core, of the gt, of the owner */
	uint32_t lock;	  /* gt: what it waits for (LOCK, GIL) or 0; core, thread: a lock
			   * that its green thread holds, 0 none; asleep (thread:
			   * SLEEPING, gt: STALLED): the futex it waits for */
	uint32_t who;	  /* the cause: gt: owner of the lock it waits for, or who woke it,
			   * or peer; a thread id when flags say GTV_SP_WHO_TID (who took
			   * the core) */
	uint32_t call;	  /* system call number + 1 (stalled, sleeping), or call name id
			   * (syscall), or fd + 1 (io), or channel (chan), or joined gt */
	uint32_t waiters; /* lock: green threads waiting for it in this span */
};

/* call of one that waits for its memory: above all numbers of system calls. */
#define GTV_CALL_FAULT 4097u

#define GTV_SP_OPEN    1u /* not ended yet: to_ns is the present end of the trace */
#define GTV_SP_WHO_TID 2u /* who is an OS thread */
#define GTV_SP_JOIN    4u /* chan: waits for call (a green thread) to end; thread: for who */
#define GTV_SP_GIL     8u  /* lock is a GIL */
#define GTV_SP_PREEMPT 16u /* ready: the runtime preempted it */
#define GTV_SP_OURS    32u /* core: the thread belongs to the program's tree */
#define GTV_SP_IO      64u /* asleep: for input or output, as the kernel accounts it */

enum gtv_edge_kind {
	GTV_EDGE_WAKE = 1,    /* who made it ready -> it runs */
	GTV_EDGE_HANDOFF = 2, /* the lock's drop -> the next take */
	GTV_EDGE_CHAN = 3,    /* send -> receive */
	GTV_EDGE_STEAL = 4,
	GTV_EDGE_SPAWN = 5,   /* spawn -> first run */
	GTV_EDGE_JOIN = 6,    /* exit -> the joiner is ready */
	GTV_EDGE_KWAKE = 7,   /* kernel: waker -> woken thread on a core */
	GTV_EDGE_PREEMPT = 8, /* kernel: who took its core, then -> it is back; obj core */
};

struct gtv_edge {
	uint64_t from_ns, to_ns;
	struct gtv_lane from, to; /* green threads; KWAKE, STEAL: OS threads */
	uint8_t kind;
	uint32_t obj; /* the lock, channel or stolen green thread, 0 none */
};

#endif
