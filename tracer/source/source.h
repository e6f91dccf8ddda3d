/* SPDX-License-Identifier: MIT
 *
 * Sources: where events come from. One table, one file a source; a new source
 * is a new file and a line in source.c.
 *
 * Life: probe (doctor) -> open (with privileges; everything for all possible
 * cores) -> attach (the program stands before its exec, held by the launcher)
 * -> drain, often -> stop -> drain until dry -> close. Only open and attach may
 * need privileges.
 *
 * A program that runs already is adopted instead of attached: its threads are listed
 * again and again until no look finds one that the source does not follow yet.
 */
#ifndef GTV_SOURCE_H
#define GTV_SOURCE_H

#include <sys/types.h>

#include "tracer/base/err.h"
#include "tracer/base/event.h"
#include "tracer/base/names.h"
#include "tracer/base/procs.h"
#include "tracer/clock/clock.h"
#include "tracer/merge/merge.h"

struct gtv_source;

enum gtv_source_syscalls {
	GTV_SYSCALLS_NONE = 0,
	GTV_SYSCALLS_SLEPT = 1, /* those in which the thread left its core */
	GTV_SYSCALLS_ALL = 2,
};

struct gtv_source_config {
	struct gtv_names *names;  /* Borrows: sources name what they see */
	struct gtv_merge *merge;  /* Borrows: where drain delivers */
	struct gtv_clock *clock;  /* Borrows: raw -> ns of the user rings */
	size_t ring_bytes;	  /* a user ring, 0 default */
	unsigned ring_count;	  /* 0 default */
	size_t kernel_ring_bytes; /* a core, 0 default */
	int syscalls;		  /* --syscalls: enum gtv_source_syscalls; level 3 */
	int irq;		  /* --irq; level 3 */
	size_t extra_ring_bytes;  /* for what these two tell, 0 default */
	int all_tasks;		  /* --all: do not filter by the program's tree */
	pid_t self;		  /* never traced */
};

/* What a source has delivered and lost, for the status bar and the file. */
struct gtv_source_stats {
	uint64_t events;
	uint64_t lost; /* sum over kinds */
	uint64_t lost_kind[GTV_EV_MAX];
	unsigned fill_percent; /* of the fullest ring at the last drain */
	uint64_t fallbacks;    /* a feature of this kernel was missing */
	uint64_t corrupt;      /* records that no producer may write */
};

struct gtv_source_ops {
	const char *name; /* "bpf" */
	enum gtv_source_id id;
	int level; /* 3, 2, 1; 0 for the user rings */
	/* 0 if it would work here and now; else fills why and mend. */
	int (*probe)(struct gtv_err *err);
	/* What of it would not, in words ("" if all does): what it does without, and the
	 * options that it refuses. May be NULL: nothing. */
	void (*lacks)(char *buf, size_t size);
	int (*open)(struct gtv_source **out, const struct gtv_source_config *config,
		    struct gtv_err *err);
	/* `child` is stopped before its exec. */
	int (*attach)(struct gtv_source *src, pid_t child, struct gtv_err *err);
	/* Follows the listed threads of a running program that it does not follow yet, and
	 * whom they start from now on. How many these were, or -GTV_E*. NULL: it cannot. */
	int (*adopt)(struct gtv_source *src, const struct gtv_procs *tree,
		     struct gtv_err *err);
	/* Delivers what is there into config->merge. 0 or -GTV_E*. */
	int (*drain)(struct gtv_source *src);
	/* No more events are wanted; what is in the rings stays to be drained. */
	void (*stop)(struct gtv_source *src);
	void (*stats)(const struct gtv_source *src, struct gtv_source_stats *out);
	void (*close)(struct gtv_source *src); /* Takes */
};

/* First member of every source's own struct. */
struct gtv_source {
	const struct gtv_source_ops *ops;
	struct gtv_source_config config;
	/* Of a kernel source that is attached: how long its rings, when they are dry, hold
	 * the most that may come. 0: not known, so it wants to be drained all the time. */
	uint64_t room_ns;
};

/* All kernel sources, highest level first, NULL-terminated. Those not built in
 * are there too: their probe says so. */
extern const struct gtv_source_ops *const gtv_sources[];
/* The user rings: always opened. */
extern const struct gtv_source_ops gtv_source_ring;
/* Levels 3, 2 and 1. */
extern const struct gtv_source_ops gtv_source_bpf;
extern const struct gtv_source_ops gtv_source_tracepoint;
extern const struct gtv_source_ops gtv_source_perf;

/* The ring source's loan to the program: the descriptor that GTV_FD names (not
 * close-on-exec in the child; the launcher sees to it) and the abstract socket
 * name for GTV_SOCK. Borrows. */
int gtv_source_ring_fd(const struct gtv_source *src);
const char *gtv_source_ring_socket(const struct gtv_source *src);
/* Sleeps until a ring is half full, somebody wakes it or the time is over; what the
 * collector does between drains. */
void gtv_source_ring_wait(struct gtv_source *src, uint64_t timeout_ns);
/* Ends that, or the next one: from any thread. */
void gtv_source_ring_wake(struct gtv_source *src);
/* A drain takes so much at once: what it left in the rings is not earlier than this, so
 * nothing later may leave the merge. UINT64_MAX: it left nothing. */
uint64_t gtv_source_ring_behind_ns(const struct gtv_source *src);
/* Tells the producers that there is a reader, though it drains nothing just now. */
void gtv_source_ring_alive(struct gtv_source *src);
/* Under GTV_CLOCK_SIM: up to when all events are drained (a process that forked holds
 * that back, for its child may be behind it), or with `last` the last one's time; and how
 * many cores the simulated processes have. */
uint64_t gtv_source_ring_virtual_ns(const struct gtv_source *src, int last);
unsigned gtv_source_ring_virtual_cores(const struct gtv_source *src);
/* A program of the tree ended (reaped): its rings may be taken as closed. */
void gtv_source_ring_process_gone(struct gtv_source *src, pid_t pid);

#endif
