/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
 *
 * What the kernel part and source/bpf.c share: records, and the headers of the rings.
 *
 * A core's ring is a segment of one mmapable array of records, with one producer:
 * the scheduler's tracepoints on that core, which run with interrupts off. `head` is
 * published last. User space reads through a mapping and writes `tail` the same way,
 * so draining needs no system call and no privilege.
 *
 * Tracepoints that can be interrupted (fork, exec, exit, rename, and a thread that
 * wakes itself) would be a second producer; they use a BPF ring buffer, which can
 * stand that and is rarely written. What is opt-in (system calls, interrupts) can be
 * interrupted too, and comes often: it has a BPF ring buffer of its own.
 */
#ifndef GTV_BPF_H
#define GTV_BPF_H

#include <linux/types.h>

/* Kinds of records: those of events (tracer/base/event.h), and names. */
enum {
	GTV_BPF_SWITCH = 64,
	GTV_BPF_WAKING = 65,
	GTV_BPF_NEW = 66,
	GTV_BPF_MIGRATE = 67, /* seq: the core it leaves */
	GTV_BPF_FORK = 68,
	GTV_BPF_EXEC = 69,
	GTV_BPF_EXIT = 70,
	GTV_BPF_ON = 71, /* ts_ns: when tid came on this core; arg: when that was noticed */
	GTV_BPF_SYSCALL = 74, /* obj: how long, shifted down by state bits, like the next */
	GTV_BPF_FUTEX = 75,
	GTV_BPF_IRQ = 76,
	GTV_BPF_SOFTIRQ = 77,
	GTV_BPF_NAME = 79, /* tid, obj its process, seq 1 if of the tree; comm */
};
#define GTV_BPF_KINDS 16 /* loss is counted by kind & 15 */

struct gtv_bpf_rec {
	__u8 kind;
	__u8 flags; /* GTV_KF_* */
	__u8 state; /* enum gtv_off */
	__u8 pad;
	__u32 tid;
	__u32 obj;
	__u32 seq;
	union {
		struct {
			__u64 ts_ns; /* CLOCK_MONOTONIC */
			__u64 arg;
		} t;
		char comm[16];
	} u;
};

/* In the BPF ring buffer a record says its core itself. */
struct gtv_bpf_slow {
	struct gtv_bpf_rec rec;
	__u32 core;
	__u32 pad;
};

/* A core's header; one more at the end is the BPF ring buffer's (losses only). */
struct gtv_bpf_core {
	__u64 head; /* records ever written, by the kernel part */
	__u8 pad0[56];
	__u64 tail;  /* records ever read, by user space */
	__u64 epoch; /* by user space: rises when a loss has been told */
	__u8 pad1[48];
	__u64 dropped[GTV_BPF_KINDS];	   /* ever */
	__u64 loss_first_ns, loss_last_ns; /* range of what was dropped in loss_epoch */
	__u64 loss_epoch;
	__s32 runnable;		  /* threads of the tree that run or wait on this core */
	__u32 untagged;		  /* forks whose child could not be followed (no memory) */
	__u64 irq_ns, softirq_ns; /* when the one that is being handled began */
	__u8 pad2[16];
};

enum {
	GTV_TAG_NEW = 0, /* no switch yet, and ran_ns is not known */
	GTV_TAG_ON = 1,
	GTV_TAG_OFF = 2,
};

/* In task storage: a thread of the tree. */
struct gtv_bpf_tag {
	__s32 core;    /* where it runs or waits to run; -1: it sleeps */
	__u32 on;      /* GTV_TAG_*: where its last switch left it */
	__u64 ran_ns;  /* the kernel's account of its running time when it last left one */
	__u64 call_ns; /* --syscalls: when its call began */
	__u32 call;    /* that call's number + 1; 0: none that was seen to begin */
	__u32 slept;   /* it left its core in it */
	__u64 futex;   /* asleep on the word at that address, 0 none */
};

/*
 * Where the tag of a thread lies that has been on a core: at a place that its address
 * gives, so that finding it is no call (on some machines a call of the kernel's costs as
 * much as all the rest: each return is made safe against speculation). If another
 * thread has that place, or none of both is known, the tag is in task storage.
 */
struct gtv_bpf_hot {
	__u64 task; /* whose; 0: free */
	struct gtv_bpf_tag tag;
	__u8 pad[16];
};
#define GTV_BPF_HOT 4096 /* places, a power of two */

/* GTV_BPF_FUTEX: enum gtv_futex. */
enum {
	GTV_BPF_FUTEX_WAIT = 1,
	GTV_BPF_FUTEX_PI = 2,
	GTV_BPF_FUTEX_REQUEUE = 3,
	GTV_BPF_FUTEX_WAITV = 4,
};

/* Which system calls are told: enum of the constant `calls`. */
enum {
	GTV_CALLS_NONE = 0,
	GTV_CALLS_SLEPT = 1,
	GTV_CALLS_ALL = 2,
};

#define GTV_BPF_SEEN 512 /* per core: whose names have been told */

_Static_assert(sizeof(struct gtv_bpf_rec) == 32, "record");
_Static_assert(sizeof(struct gtv_bpf_core) == 320, "core header");
_Static_assert(sizeof(struct gtv_bpf_hot) == 64, "a line each");
_Static_assert(__builtin_offsetof(struct gtv_bpf_core, tail) == 64, "own lines");
_Static_assert(__builtin_offsetof(struct gtv_bpf_core, dropped) == 128, "own lines");

#endif
