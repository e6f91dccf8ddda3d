/* SPDX-License-Identifier: MIT
 *
 * The rings: how wire events travel from a traced program to gtviz.
 *
 * gtviz makes one memory file, seals it against shrinking and growing, and
 * lends it to the program as a descriptor named in the environment (GTV_FD).
 * It holds a header page, a control page a ring, and the rings' data. Each OS
 * thread that emits claims a ring of its own: one producer, one consumer, no
 * locks. Publishing is a store-release of `head`, so whatever a thread
 * committed before it died is still there to read.
 *
 *   producer writes: head, dropped[], loss_*      reader writes: tail
 *   claim: state FREE -> LIVE by compare-and-swap   end: LIVE -> CLOSED by the
 *   producer (or by the reader when the thread is dead); CLOSED -> FREE by the
 *   reader once drained.
 *
 * A full ring drops the newest event and counts it by kind. When there is room
 * again the producer writes one LOST event a kind, with the range of time. If
 * the reader is gone (full, and the heartbeat over five seconds old) the producer
 * switches its tracing off and runs on.
 *
 * Neither side may trust the other: the reader reads an index once and bounds
 * it; the producer only ever masks its own private index.
 */
#ifndef GTV_RING_H
#define GTV_RING_H

#include "gtv_event.h"

#define GTV_SHM_MAGIC	       0x31676e6972767467ull /* "gtvring1", little-endian */
#define GTV_SHM_PAGE	       4096u
#define GTV_SHM_RINGS_DEFAULT  64u
#define GTV_RING_BYTES_DEFAULT (8u << 20) /* at least, unless asked for less */
/* A reader that has been still for so long: another one may take its place; and for so
 * long: it is gone, and nothing more is written or counted. Between the two what has no
 * room is counted: a reader may only be waiting for a core. */
#define GTV_HEARTBEAT_STALE_NS 1000000000ull
#define GTV_HEARTBEAT_GONE_NS  5000000000ull
/* Virtual clocks start here, and the first simulated process's ids. */
#define GTV_SIM_START_NS 1000000000ull
#define GTV_SIM_PID	 1000u

#define GTV_ENV_FD   "GTV_FD"	/* decimal descriptor of the memory file */
#define GTV_ENV_SOCK "GTV_SOCK" /* abstract socket that hands it out again */

enum gtv_clock_kind {
	GTV_CLOCK_MONO = 0, /* clock_gettime(CLOCK_MONOTONIC), ns */
	GTV_CLOCK_TSC = 1,  /* rdtsc / cntvct_el0 */
	/* Virtual ns of a simulated system: only simulated programs emit. One does not drop
	 * events, but waits for the reader: nothing of it may depend on real time. */
	GTV_CLOCK_SIM = 2,
};

enum gtv_ring_state { GTV_RING_FREE = 0, GTV_RING_LIVE = 1, GTV_RING_CLOSED = 2 };

/* First page of the memory file. */
struct gtv_shm {
	__u64 magic;
	__u32 version; /* GTV_ABI_VERSION */
	__u32 clock;   /* enum gtv_clock_kind */
	__u32 ring_count;
	__u32 ring_bytes;   /* data of one ring: a power of two */
	__u64 total_bytes;  /* of the file: a check on the arithmetic */
	__u64 heartbeat_ns; /* atomic, CLOCK_MONOTONIC, by the reader */
	__u32 enabled;	    /* atomic: 0 asks every producer to stop */
	__u32 doorbell;	    /* futex word: a ring is half full, or rings grow few */
	__u32 waiting;	    /* atomic: the reader sleeps on doorbell */
	__u32 pad;
	__u64 unringed[GTV_EV_USER_MAX]; /* atomic: dropped for want of a ring */
	/* GTV_CLOCK_SIM: */
	__u64 virtual_ns;    /* atomic: how far a simulated process has come */
	__u32 sim_processes; /* atomic: begun so far; each has its own tids and cores */
	__u32 sim_cores;     /* atomic: of all of them */
};

/* A ring's control page: page 1 + index of the memory file. */
struct gtv_ring {
	__u64 head; /* atomic: events ever published, by the producer */
	__u8 pad0[56];
	__u64 tail; /* atomic: events ever consumed, by the reader */
	__u8 pad1[56];
	__u32 state; /* atomic: enum gtv_ring_state */
	__u32 pid;
	__u32 tid;
	__u32 generation;     /* counts claims */
	__u64 loss_first_raw; /* range of what is dropped and not yet told: */
	__u64 loss_last_raw;  /* valid while dropped[k] > told[k] for some k */
	__u8 pad2[32];
	__u64 dropped[GTV_EV_USER_MAX]; /* atomic: ever dropped, by kind */
	__u64 told[GTV_EV_USER_MAX];	/* atomic: of these told by LOST events */
};

#ifdef __cplusplus
static_assert(sizeof(struct gtv_ring) <= GTV_SHM_PAGE, "control page");
static_assert(sizeof(struct gtv_shm) <= GTV_SHM_PAGE, "header page");
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct gtv_shm) == 584, "shm header");
_Static_assert(__builtin_offsetof(struct gtv_shm, unringed) == 56, "shm header");
_Static_assert(__builtin_offsetof(struct gtv_ring, tail) == 64, "own lines");
_Static_assert(__builtin_offsetof(struct gtv_ring, state) == 128, "own lines");
_Static_assert(__builtin_offsetof(struct gtv_ring, dropped) == 192, "ring");
_Static_assert(sizeof(struct gtv_ring) == 192 + 2 * 8 * GTV_EV_USER_MAX, "ring");
#endif

static inline __u64 gtv_shm_size(__u32 rings, __u32 ring_bytes)
{
	return GTV_SHM_PAGE + (__u64)rings * (GTV_SHM_PAGE + (__u64)ring_bytes);
}

/* Where ring `idx` keeps its control page and its events. */
static inline __u64 gtv_ring_control_offset(__u32 idx)
{
	return GTV_SHM_PAGE * (1ull + idx);
}

static inline __u64 gtv_ring_data_offset(__u32 rings, __u32 ring_bytes, __u32 idx)
{
	return GTV_SHM_PAGE * (1ull + rings) + (__u64)idx * ring_bytes;
}

#endif
