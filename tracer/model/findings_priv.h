/* SPDX-License-Identifier: MIT
 *
 * Inside the findings: what the rules remember, and of whom.
 *
 *   findings.c         life, feeding, processes, loss, the end
 *   findings_table.c   records by id
 *   findings_gt.c      green threads: ready, running, waiting for one another
 *   findings_lock.c    locks: who waits how long for what, and in whose place
 *   findings_futex.c   locks without a runtime: waits that the kernel tells
 *   findings_thread.c  OS threads and cores
 *   findings_rules.c   the table of the rules, and when what was gathered is a finding
 *   findings_text.c    the words
 *
 * Records are of those that live now: what a rule found of one is added to its lock or
 * its process (gtv__found), so that nothing is kept of what has ended.
 */
#ifndef GTV_FINDINGS_PRIV_H
#define GTV_FINDINGS_PRIV_H

#include "tracer/model/findings.h"

#define US 1000ull
#define MS 1000000ull

/* At most so many records: what goes beyond is not looked at, and that is said. */
#define GTV__F_GTS     (1u << 17)
#define GTV__F_LOCKS   (1u << 15)
#define GTV__F_THREADS (1u << 16)
#define GTV__F_PROCS   (1u << 10)
#define GTV__F_CORES   8192
#define GTV__F_MEMBERS 8
#define GTV__F_CYCLES  16
#define GTV__F_SHARES  16

/* Thresholds. findings_rules.c gives each its unit and its reason. */
enum gtv__limits {
	GTV__CONVOY_WAITS = 10,
	GTV__CONVOY_RATIO = 10,
	GTV__CONVOY_SHARE = 5, /* a fifth */
	GTV__CONVOY_HOLD = 4,
	GTV__SPIN_OFF = 5, /* a fifth */
	GTV__STARVED_RUNS = 10,
	GTV__STARVED_TURNS = 4,
	GTV__OVER_RATIO = 2, /* a half */
	GTV__OVERTAKEN = 10,
	GTV__OVERTAKEN_WAITS = 3,
	GTV__OVERTAKEN_SHARE = 10, /* a tenth */
	GTV__UNEQUAL = 10,
	GTV__UNEQUAL_TAKES = 100,
	GTV__FALSE_TIMES = 10,
	GTV__FALSE_SHARE = 10, /* a tenth */
	GTV__PING_TIMES = 20,
	GTV__PING_SHARE = 2,	  /* a half */
	GTV__MATTERS_SHARE = 100, /* a hundredth */
};
#define GTV__STARVED_NS (100 * MS)
#define GTV__HOG_NS	(100 * MS)
#define GTV__BLOCK_NS	(1 * MS)
#define GTV__IDLE_NS	(1 * MS)
#define GTV__HUNG_NS	(100 * MS)
#define GTV__MATTERS_NS (10 * MS)

/* What a rule gathered about one lock, one process, or all. */
struct gtv__found {
	uint64_t times, lost_ns, first_ns;
	/* The worst: what makes it so, and its evidence. */
	uint64_t measure, from_ns, to_ns;
	uint64_t extra[2]; /* by rule */
	struct gtv_where where;
	struct gtv_lane who, by; /* by: kind 0 nobody known */
	uint32_t call;		 /* system call + 1 */
	uint32_t call_name;	 /* …or a declared call's name */
	uint32_t victims;
	uint8_t open;	 /* goes on */
	uint8_t members; /* of a cycle */
	uint32_t member[GTV__F_MEMBERS];
	uint32_t lock[GTV__F_MEMBERS]; /* for which each of them waits, 0: for its end */
};

enum gtv__f_state {
	GTV__F_NEW,
	GTV__F_READY,
	GTV__F_RUN,
	GTV__F_PEER,  /* waits for another green thread: lock, channel, join */
	GTV__F_OTHER, /* for something else */
	GTV__F_STATES
};

/* Sums of a process at a moment: to tell later what happened since. */
struct gtv__f_mark {
	uint64_t ns;
	uint64_t any_ns; /* in which somebody was ready */
	uint64_t sum_ns; /* of readiness of all */
	uint64_t runs;
};

/* A long hold of the only worker; harmful if the next to run was made ready, by the loop,
 * right after it. */
struct gtv__f_pending {
	uint8_t kind;
	uint64_t from_ns, to_ns, ns;
	uint32_t gt, tid, call, call_name; /* tid: if no green thread did it */
};

enum gtv__f_proc_rule {
	GTV__P_CYCLE,
	GTV__P_STARVED,
	GTV__P_HOG,
	GTV__P_BLOCK,
	GTV__P_PING,
	GTV__P_MAX
};

struct gtv__f_proc {
	uint32_t pid;
	uint8_t one_to_one, told; /* PROC_START was seen */
	uint32_t workers, threads;
	uint32_t main; /* its first green thread */
	uint32_t live, in[GTV__F_STATES];
	uint64_t changed_ns; /* somebody last did something */
	uint64_t runs;
	struct gtv__f_mark sums; /* up to sums.ns */
	struct gtv__f_pending pending;
	struct gtv__found found[GTV__P_MAX];
	struct gtv__found shown[GTV__P_MAX]; /* with what goes on: while a list is made */
};

/* A green thread and a lock that it waits for. */
struct gtv__f_need {
	uint32_t lock, waits, holds, worst_by;
	uint8_t flagged; /* it is in a convoy: counted with the lock */
	uint64_t since_ns, wait_ns, hold_ns, worst_ns, worst_from_ns;
};

struct gtv__f_gt {
	uint32_t id;
	uint32_t epoch;
	struct gtv__f_proc *proc;
	uint8_t state; /* enum gtv__f_state */
	uint8_t woken; /* from its wait for `want`, not by time */
	uint8_t by;    /* enum gtv_by of its last READY */
	uint8_t cycle; /* 1 + the one it is in */
	uint8_t ping;  /* counted */
	uint32_t waits_lock, waits_gt, waits_call;
	uint32_t tid, old_tid;	    /* ran there last, and before that elsewhere */
	struct gtv__f_mark mark;    /* when it came into its state */
	uint32_t ready_before;	    /* were ready when it became so */
	uint64_t off_ns, asleep_ns; /* in this run: taken off, asleep */
	uint32_t call;		    /* of the longest sleep */
	uint64_t call_ns;
	uint64_t goes, backs; /* to workers; back to the one before the last */
	uint64_t run_ns;      /* on a core */
	/* The lock it wants: from its first wait to its take. */
	uint32_t want, want_ahead, want_false;
	uint64_t want_ns, want_takes;
	struct gtv__f_need need[2];
	uint32_t share_lock, share;
	uint64_t first_back_ns;
};

struct gtv__f_share {
	uint32_t gt;
	uint64_t takes, first_ns, end_ns, run_ns; /* end 0: alive */
};

enum gtv__f_lock_rule {
	GTV__L_CONVOY,
	GTV__L_OFF,
	GTV__L_UNFAIR,
	GTV__L_FALSE,
	GTV__L_MAX
};

struct gtv__f_lock {
	uint32_t id;
	uint32_t epoch;
	uint8_t told;  /* by a runtime: a futex is not */
	uint8_t spins; /* its kind is one that nobody waits for, but all try */
	uint32_t owner, last_owner, waiters, takers;
	uint64_t takes, waits, wakes, false_wakes, wants, overtaken;
	uint64_t hold_from_ns, hold_ns, holds;
	uint64_t held_ns, off_ns, first_ns, last_ns;
	struct gtv__f_share *share; /* of locks that spin */
	/* Futexes: holds that are known are those with waiters. */
	uint32_t holder,
		taker; /* tids: was told to have it; came back from a wait for it */
	uint64_t told_to_ns, told_ns, told_holds;
	struct gtv__found found[GTV__L_MAX];
};

/* An OS thread and a futex that it waits for. */
struct gtv__f_futex {
	uint32_t lock, waits, owns, told, worst_by;
	uint8_t flagged; /* it is in a convoy: counted with the lock */
	uint64_t since_ns, wait_ns, worst_ns, worst_from_ns;
	uint64_t own_ns;	  /* it can have had it for so long, at most: sum of owns */
	uint64_t told_ns;	  /* …and is known to have, of told */
	uint64_t take_ns, end_ns; /* it may have it since then, 0 no; others have it then */
};

struct gtv__f_thread {
	uint32_t tid;
	struct gtv__f_proc *proc;
	uint8_t worker, off, ping; /* off: it sleeps, since off_mark */
	int32_t core, old_core;
	/* Off a core it waits for one: for which, how long ours had that when it began, and
	 * had those that it waited for before. */
	int32_t queue;
	uint64_t queue_ours_ns, queue_own_ns;
	uint32_t gt; /* ran here last */
	struct gtv__f_mark off_mark;
	uint32_t call_gt, call_name; /* makes a declared call */
	struct gtv__f_mark call_mark;
	uint32_t back_name; /* the loop calls a callback */
	struct gtv__f_mark back_mark;
	uint32_t waits_tid; /* sleeps on a futex that says who has it */
	uint8_t cycle;	    /* 1 + the one it is in */
	uint64_t goes, backs, first_back_ns;
	struct gtv__f_futex futex;
};

struct gtv__f_core {
	uint64_t idle_ns;		 /* since then, 0: not idle */
	uint64_t ours_since_ns, ours_ns; /* one of ours is on it; were in all */
	uint32_t tid;			 /* of ours, who was on it last */
};

struct gtv__f_cycle {
	struct gtv__f_proc *proc;
	uint64_t from_ns;
	uint8_t members;
	uint8_t threads; /* members are OS threads that wait on futexes */
	uint32_t member[GTV__F_MEMBERS], lock[GTV__F_MEMBERS];
};

/* Records by id. Open addressing; a record keeps its address. */
struct gtv__f_table {
	struct gtv__f_slot {
		uint32_t id;
		void *rec; /* NULL: empty */
	} * slot;
	uint32_t cap, used, max, full; /* full: so many were not taken */
	unsigned bytes;
	void *free; /* list */
	void **chunk;
	size_t chunks;
	struct gtv__f_slot last[16]; /* looked up, by the id's low bits */
};

struct gtv_findings {
	int level;
	const struct gtv_names *names;
	uint64_t first_ns, now_ns;
	uint32_t epoch;
	int finished, no_memory, filtered;
	uint64_t lost_user, lost_kernel;
	/* shared: several green threads on a worker; futex: a lock that no runtime tells */
	uint8_t saw_gt, saw_shared, saw_lock, saw_futex, saw_thread;
	struct gtv__f_table gts, locks, threads, procs;
	struct gtv__f_core *core; /* by number */
	uint32_t cores, idle;
	uint64_t over_run_ns;
	struct gtv__found over, idle_core;
	struct gtv__f_cycle cycle[GTV__F_CYCLES];
};

/* findings_table.c */
void gtv__f_table_init(struct gtv__f_table *t, unsigned bytes, uint32_t max);
void gtv__f_table_free(struct gtv__f_table *t);
void *gtv__f_get(struct gtv__f_table *t, uint32_t id);
void *gtv__f_peek(const struct gtv__f_table *t, uint32_t id);
/* Made, zeroed, if there is none; its first member is the id. NULL: full. */
void *gtv__f_make(struct gtv__f_table *t, uint32_t id);
void gtv__f_drop(struct gtv__f_table *t, uint32_t id);
/* Walks: *at from 0. NULL at the end. Nothing may be dropped meanwhile. */
void *gtv__f_next(const struct gtv__f_table *t, uint32_t *at);

/* findings.c */
struct gtv__f_proc *gtv__f_proc(struct gtv_findings *f, uint32_t pid);
void gtv__f_proc_advance(struct gtv__f_proc *p, uint64_t ns);
struct gtv__f_mark gtv__f_mark(struct gtv__f_proc *p, uint64_t ns);
/* Once more; 1 if it is the worst now: the caller says who. */
int gtv__found(struct gtv__found *a, uint64_t from_ns, uint64_t to_ns, uint64_t lost_ns,
	       uint64_t measure);
static inline struct gtv_lane gtv__f_lane(unsigned kind, uint32_t id)
{
	return (struct gtv_lane){.kind = (uint8_t)(id ? kind : 0), .id = id};
}
/* A hold of the only worker: whether it harmed, the next to run will tell. */
void gtv__f_pend(struct gtv__f_proc *p, const struct gtv__f_pending *hold);

/* findings_gt.c */
struct gtv__f_gt *gtv__f_gt(struct gtv_findings *f, uint32_t id, struct gtv__f_thread *t);
void gtv__f_gt_event(struct gtv_findings *f, struct gtv__f_thread *t,
		     const struct gtv_ev *ev);
void gtv__f_gt_span(struct gtv_findings *f, const struct gtv_span *s);
/* All of a process that ended. */
void gtv__f_gt_end(struct gtv_findings *f, struct gtv__f_proc *p, uint64_t ns);
/* What goes on at ns counts as if it ended then: into found[GTV__P_MAX]. */
void gtv__f_gt_open(const struct gtv_findings *f, const struct gtv__f_gt *g,
		    const struct gtv__f_proc *p, uint64_t ns, struct gtv__found *found);
/* All of them wait for one another. */
void gtv__f_gt_hung(const struct gtv_findings *f, const struct gtv__f_proc *p, uint64_t ns,
		    struct gtv__found *found);
void gtv__f_gt_cycles(const struct gtv_findings *f, const struct gtv__f_proc *p,
		      uint64_t ns, struct gtv__found *found);

/* findings_lock.c */
struct gtv__f_lock *gtv__f_lock(struct gtv_findings *f, uint32_t id);
void gtv__f_lock_event(struct gtv_findings *f, struct gtv__f_thread *t,
		       const struct gtv_ev *ev);
void gtv__f_lock_wait(struct gtv_findings *f, struct gtv__f_gt *g, uint32_t lock,
		      uint64_t ns);
void gtv__f_lock_unwait(struct gtv_findings *f, struct gtv__f_gt *g, int woken);
void gtv__f_lock_leave(struct gtv_findings *f, struct gtv__f_gt *g, uint64_t ns);
void gtv__f_lock_span(struct gtv_findings *f, const struct gtv_span *s);
/* The most and the least fortunate of a lock that spins; 0: there is no such pair. */
int gtv__f_lock_unequal(const struct gtv_findings *f, const struct gtv__f_lock *l,
			struct gtv__found *found);

/* findings_futex.c */
/* t slept on a futex. */
void gtv__f_futex_wait(struct gtv_findings *f, struct gtv__f_thread *t,
		       const struct gtv_span *s);
/* A futex's lane said who has it. */
void gtv__f_futex_held(struct gtv_findings *f, struct gtv__f_lock *l,
		       const struct gtv_span *s);

/* findings_thread.c */
struct gtv__f_thread *gtv__f_thread(struct gtv_findings *f, uint32_t tid, uint32_t pid);
void gtv__f_thread_event(struct gtv_findings *f, const struct gtv_ev *ev);
void gtv__f_thread_call(struct gtv_findings *f, struct gtv__f_thread *t,
			const struct gtv_ev *ev);
void gtv__f_thread_span(struct gtv_findings *f, const struct gtv_span *s);
/* There and back again: 1 if it is one time too many. */
int gtv__f_ping(uint64_t goes, uint64_t *backs);

void gtv__f_thread_callback(struct gtv_findings *f, struct gtv__f_thread *t,
			    const struct gtv_ev *ev);

/* findings_gt.c: a cycle was found; NULL: there are too many. */
struct gtv__f_cycle *gtv__f_cycle_new(struct gtv_findings *f, const struct gtv__f_cycle *c,
				      uint8_t *idx);
void gtv__f_cycle_add(struct gtv__found *a, const struct gtv__f_cycle *c, uint64_t ns,
		      int open);

/* findings_text.c: the rest of a finding that has its kind and numbers. */
struct gtv__f_about {
	const struct gtv_findings *f;
	const struct gtv__found *a;
	const struct gtv__f_lock *lock; /* …or */
	const struct gtv__f_proc *proc; /* …or of all */
};
void gtv__f_text(const struct gtv__f_about *q, struct gtv_finding *out);

#endif
