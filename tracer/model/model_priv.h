/* SPDX-License-Identifier: MIT
 *
 * Inside the model: its objects and the few operations that its files share.
 *
 *   model.c         life, dispatch of events, loss and gaps, the end
 *   model_table.c   objects by id, lanes (the open span of each), faults
 *   model_gt.c      green threads: spawn, switch, ready, channels
 *   model_switch.c  the plain switch, shorter
 *   model_kernel.c  OS threads and cores
 *   model_lock.c    locks
 *   model_extra.c   system calls and interrupts: no states
 *   model_futex.c   locks of programs without a runtime, from futex waits
 *   model_save.c    the whole state as bytes and back
 *   model_totals.c  what was summed
 *
 * Each object has one lane, and each lane one open span. An event changes facts
 * (who runs where); a `show` function then derives the lane's state from facts,
 * and gtv__lane_set closes the open span if anything in it changed. States are
 * never edited directly, so a state can't disagree with the facts.
 */
#ifndef GTV_MODEL_PRIV_H
#define GTV_MODEL_PRIV_H

#include <stddef.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tracer/model/model.h"

/* More objects than this are not modelled: a hostile trace can't eat memory. */
#define GTV__OBJECTS_MAX (1u << 20)
#define GTV__CORES_MAX	 8192
#define GTV__WORKERS_MAX 4096
#define GTV__HELD_MAX	 256 /* locks of one owner */
#define GTV__FUTEXES_MAX 65536u
#define GTV__INSIDES	 8 /* interrupts that may lie within one to come */

/* id -> object. Open addressing; objects are never removed. */
struct gtv__map {
	struct gtv__slot {
		uint32_t id;
		void *obj; /* NULL: empty */
	} * slot;
	size_t cap, used;
	unsigned shift;
};

/* Objects of one size at addresses that never move. */
#define GTV__POOL_CHUNK 256
struct gtv__pool {
	char **chunk;
	size_t chunk_cap, count, elem_bytes;
};

struct gtv__lane {
	struct gtv_span cur; /* the open span; state NONE: not alive */
	uint64_t first_ns, end_ns;
	uint64_t state_ns[GTV_ST_MAX];
};

/* Ranges in which something was lost: sorted, disjoint. */
struct gtv__losses {
	struct {
		uint64_t from_ns, to_ns;
	} * range;
	size_t count, cap;
};
#define GTV__LOSSES_MAX 1024

/* In flags of a process: a runtime tells of it. */
#define GTV__PROC_RUNTIME 0x80000000u

struct gtv__proc {
	uint32_t pid;
	uint32_t flags; /* GTV_PROC_*, GTV__PROC_RUNTIME */
	uint32_t live_threads;
	struct gtv__gt *gts; /* alive ones */
	struct gtv__lock *locks;
	struct gtv__losses losses;
	uint32_t *worker_tid; /* by worker index */
	uint32_t worker_cap;
};

/* What the runtime says of a green thread. */
enum gtv__run {
	GTV__RUN_NEW, /* known by name only: no lane yet */
	GTV__RUN_UNKNOWN,
	GTV__RUN_READY,
	GTV__RUN_RUNNING,
	GTV__RUN_WAIT,
	GTV__RUN_DONE,
	GTV__RUN_MAX
};

struct gtv__gt {
	struct gtv__lane lane;
	uint32_t id, seq;
	uint8_t run;	  /* enum gtv__run */
	uint8_t doubt;	  /* the next number may be any */
	uint8_t state;	  /* READY or the wait's state */
	uint8_t flags;	  /* GTV_SP_* of it */
	uint8_t woken_by; /* enum gtv_by of the last READY */
	uint8_t exited;
	uint32_t who, call, held_count;
	struct gtv__thread *thread; /* runs there, or did last */
	struct gtv__proc *proc;
	struct gtv__gt *next, *prev; /* of the process, while alive */
	struct gtv__lock *held;	     /* list */
	struct gtv__lock *top;	     /* of these the one to show: a GIL first */
	struct gtv__lock *wait;	     /* the lock it waits for now */
	struct gtv__lock *want;	     /* …waited for and did not take yet */
	uint64_t want_ns;	     /* since when */
	uint64_t last_ns;	     /* its last event */
	/* Edges begun. */
	uint64_t wake_ns; /* made ready then by `waker`, 0 none */
	uint32_t waker;
	uint8_t wake_edge; /* enum gtv_edge_kind */
	uint64_t send_ns;  /* sent to send_peer, not yet received */
	uint32_t send_chan, send_peer;
	uint32_t owed_chan, owed_peer; /* received already, its send comes */
	uint64_t switches, waits;
	uint64_t irq_ns;
};

/* What the kernel says of an OS thread. */
enum gtv__on {
	GTV__K_UNKNOWN,
	GTV__K_ON,
	GTV__K_RUNNABLE,  /* woken */
	GTV__K_PREEMPTED, /* left its core still runnable */
	GTV__K_SLEEPING,
	GTV__K_DISK,
	GTV__K_STOPPED,
	GTV__K_DEAD,
	GTV__K_MAX
};

struct gtv__thread {
	struct gtv__lane lane;
	uint32_t tid, pid;
	uint8_t on;	    /* enum gtv__on */
	uint8_t exiting;    /* K_EXIT was seen */
	uint8_t gt_known;   /* `gt` is a fact, not just never heard of */
	uint8_t io;	    /* it sleeps for input or output */
	int32_t core;	    /* on it, or queued there; -1 unknown */
	int32_t last_core;  /* ran there last */
	uint32_t taker;	    /* tid that has the core it waits for */
	uint32_t call;	    /* system call + 1 in which it sleeps */
	struct gtv__gt *gt; /* the runtime runs it here */
	struct gtv__proc *proc;
	uint64_t last_ns;  /* last kernel event */
	uint64_t left_ns;  /* last left a core */
	uint64_t early_ns; /* told something while off, 0 no: the next kernel event says why
			    */
	uint64_t wake_ns;  /* woken then by `waker`, 0 none */
	uint32_t waker;
	uint64_t switches, voluntary, migrations, irq_ns;
	/* Futexes: model_futex.c. */
	struct gtv__lock *futex; /* it sleeps on it */
	struct gtv__lock *want;	 /* …or did last, and has done nothing else since */
	uint64_t want_ns;	 /* wants it since then */
	uint64_t sleep_ns;	 /* sleeps on it since then */
	struct gtv__lock *trial; /* it may have taken that one: not proved yet */
	struct gtv__lock *has;	 /* list: those that it is known to hold, and trial */
	uint32_t has_count;
	uint32_t whom; /* it waits for that thread's lock, or end */
	uint8_t joins; /* …its end */
	uint8_t woken; /* how, for want */
};

enum gtv__core_known {
	GTV__CORE_UNKNOWN, /* evidence is lost */
	GTV__CORE_KNOWN,   /* runs `tid`, 0 idle */
	GTV__CORE_AWAY,	   /* none of ours: all that the source's filter lets us know */
};

struct gtv__core {
	struct gtv__lane lane;
	int32_t core;
	uint8_t known;		    /* enum gtv__core_known */
	uint32_t tid;		    /* 0 idle */
	struct gtv__thread *thread; /* of the program, or NULL */
	uint64_t switches, irq_ns;
	struct {
		uint64_t from_ns, to_ns;
	} inside[GTV__INSIDES]; /* interrupts told last: model_extra.c */
	unsigned insides;
};

struct gtv__lock {
	struct gtv__lane lane;
	uint32_t id, seq;
	uint8_t seen;  /* a numbered event was */
	uint8_t known; /* held or free is a fact */
	uint8_t held;
	uint8_t doubt;
	uint8_t gil;
	uint8_t gone; /* its process ended */
	struct gtv__gt *owner;
	struct gtv__lock *next_held, *next; /* of the owner; of the process */
	struct gtv__proc *proc;
	uint32_t waiters, last_owner;
	uint64_t last_ns;
	uint64_t drop_ns; /* dropped then by last_owner, 0 none */
	uint64_t handoffs, takes, waits, false_wakeups, requests, wait_ns, wait_max_ns;
	/* A futex's: its owners are OS threads, also last_owner. */
	uint64_t addr;		     /* 0: no futex */
	uint8_t mutex;		     /* an owner was named once: it is one */
	struct gtv__lock *next_addr; /* of the same hash */
	struct gtv__thread *holder;  /* NULL: not known, or nobody */
	struct gtv__lock *next_has;  /* of its holder */
	struct gtv__trial *trial;    /* whether holder has it is not proved yet */
};

struct gtv__fault {
	uint64_t count, ts_ns;
	char text[160];
};

/*
 * Something contradicts, and no loss is known that explains it. But a loss is
 * told when its range ends, so one may yet come: a suspicion is a fault only if
 * none does.
 */
struct gtv__suspect {
	uint64_t from_ns, ts_ns; /* the loss must meet this, up to */
	uint64_t to_ns;		 /* the last's ts_ns */
	uint64_t count;		 /* of one fault and process, where there were too many */
	const struct gtv__proc *proc; /* of user events; NULL: kernel events */
	uint8_t fault;
	char text[160];
};
#define GTV__SUSPECTS_MAX 64

struct gtv_model {
	int level;
	const struct gtv_names *names;
	struct gtv_model_sink sink;
	uint64_t now_ns;
	int retro; /* boundaries may be moved back silently: the past became unknown */
	int no_memory;
	int all_the_way; /* for tests: no short cuts */
	struct gtv__map gt_map, thread_map, lock_map, proc_map;
	struct gtv__pool gts, threads, locks, procs, cores;
	struct gtv__core **core; /* by number */
	size_t core_cap;
	struct gtv__thread *last_thread; /* the one just looked up: mostly asked again */
	struct gtv__losses any_losses;	 /* of rings, process unknown */
	struct gtv__losses kernel_losses;
	struct gtv__fault fault[GTV_FAULT_MAX];
	struct gtv__suspect suspect[GTV__SUSPECTS_MAX];
	size_t suspects;
	uint64_t kind_count[GTV_EV_MAX];
	uint64_t lost[GTV_EV_MAX];
	struct gtv__map futex_map; /* by hash of process and address */
	struct gtv__lock **futex;  /* all of them */
	size_t futexes;
	uint64_t futex_untold; /* waits on what the recorder gave no number */
	uint64_t counts[GTV_COUNT_MAX];
};

/* model_table.c */
static inline size_t gtv__map_place(const struct gtv__map *map, uint32_t id)
{
	return (id * 2654435769u) >> map->shift;
}
static inline void *gtv__map_get(const struct gtv__map *map, uint32_t id)
{
	if (!map->cap)
		return NULL;
	for (size_t i = gtv__map_place(map, id);; i = (i + 1) & (map->cap - 1)) {
		if (!map->slot[i].obj || map->slot[i].id == id)
			return map->slot[i].obj;
	}
}
int gtv__map_set(struct gtv__map *map, uint32_t id, void *obj);
void *gtv__pool_new(struct gtv__pool *pool);
void *gtv__pool_at(const struct gtv__pool *pool, size_t idx);
void gtv__pool_free(struct gtv__pool *pool);

/* Objects by id; made if new. NULL: without memory, or too many. */
struct gtv__proc *gtv__proc(struct gtv_model *m, uint32_t pid);
struct gtv__gt *gtv__gt(struct gtv_model *m, uint32_t id, const struct gtv__thread *by);
struct gtv__lock *gtv__lock(struct gtv_model *m, uint32_t id, const struct gtv__thread *by);
struct gtv__gt *gtv__gt_new(struct gtv_model *m, uint32_t id, struct gtv__proc *p);
struct gtv__lock *gtv__lock_new(struct gtv_model *m, uint32_t id, struct gtv__proc *p);
struct gtv__core *gtv__core(struct gtv_model *m, int32_t core);
struct gtv__thread *gtv__thread_new(struct gtv_model *m, uint32_t tid, uint32_t pid);
struct gtv__thread *gtv__thread_find_slowly(struct gtv_model *m, uint32_t tid);
/* Alive, or NULL. */
static inline struct gtv__thread *gtv__thread_find(struct gtv_model *m, uint32_t tid)
{
	if (m->last_thread && m->last_thread->tid == tid)
		return m->last_thread;
	return gtv__thread_find_slowly(m, tid);
}
/* Makes: it is ours. */
static inline struct gtv__thread *gtv__thread(struct gtv_model *m, uint32_t tid)
{
	struct gtv__thread *t = gtv__thread_find(m, tid);

	return t || !tid ? t : gtv__thread_new(m, tid, 0);
}

/* The lane shows `content` (state, flags, core, gt … waiters) from ts on. */
void gtv__lane_set(struct gtv_model *m, struct gtv__lane *lane, uint64_t ts_ns,
		   const struct gtv_span *content);
void gtv__lane_end(struct gtv_model *m, struct gtv__lane *lane, uint64_t ts_ns);
void gtv__lane_unknown(struct gtv_model *m, struct gtv__lane *lane, uint64_t ts_ns);
static inline int gtv__lane_alive(const struct gtv__lane *lane)
{
	return lane->cur.state != GTV_ST_NONE;
}
/* Ends the open span at ts: sums it and shows it. */
static inline void gtv__lane_close(struct gtv_model *m, struct gtv__lane *lane,
				   uint64_t ts_ns)
{
	struct gtv_span *cur = &lane->cur;

	if (ts_ns <= cur->from_ns)
		return;
	cur->to_ns = ts_ns;
	lane->state_ns[cur->state] += ts_ns - cur->from_ns;
	if (m->sink.span)
		m->sink.span(m->sink.arg, cur);
	cur->from_ns = ts_ns;
}
void gtv__edge(struct gtv_model *m, enum gtv_edge_kind kind, uint64_t from_ns,
	       struct gtv_lane from, uint64_t to_ns, struct gtv_lane to, uint32_t obj);
static inline struct gtv_lane gtv__lane_of(enum gtv_lane_kind kind, uint32_t id)
{
	return (struct gtv_lane){.kind = (uint8_t)kind, .id = id};
}

void gtv__fault(struct gtv_model *m, enum gtv_fault fault, uint64_t ts_ns, const char *fmt,
		...) __attribute__((format(printf, 4, 5)));
/* A fault unless a loss that meets [from, ts] is told yet: of the user events of
 * `proc`, or with NULL of kernel events. */
void gtv__suspect(struct gtv_model *m, enum gtv_fault fault, const struct gtv__proc *proc,
		  uint64_t from_ns, uint64_t ts_ns, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* Such a loss was told. proc NULL: of which process is not known. */
void gtv__absolve(struct gtv_model *m, int kernel, const struct gtv__proc *proc,
		  uint64_t from_ns, uint64_t to_ns);
void gtv__losses_add(struct gtv__losses *l, uint64_t from_ns, uint64_t to_ns);
/* The first instant after ts_ns at which something was lost: 1 and *at, or 0. */
int gtv__losses_after(const struct gtv__losses *l, uint64_t ts_ns, uint64_t *at_ns);
/* …of the user events of a process. */
int gtv__user_loss_after(const struct gtv_model *m, const struct gtv__proc *proc,
			 uint64_t ts_ns, uint64_t *at_ns);

/* The living OS thread that it runs on or ran on last, 0 none. */
static inline uint32_t gtv__gt_tid(const struct gtv__gt *g)
{
	return g->thread && g->thread->on != GTV__K_DEAD ? g->thread->tid : 0;
}

/* What the one that stops, but not for a lock, does from now. In the header: for plain
 * switches a call would tell. */
static inline void gtv__gt_stops(struct gtv__gt *g, const struct gtv_ev *ev)
{
	uint32_t what = (uint32_t)ev->arg;

	g->flags = 0;
	g->who = g->call = 0;
	g->run = GTV__RUN_WAIT;
	switch (ev->kind) {
	case GTV_EV_SWITCH_CHAN:
		g->state = GTV_ST_CHAN;
		g->call = what;
		break;
	case GTV_EV_SWITCH_JOIN:
		g->state = GTV_ST_CHAN;
		g->flags = GTV_SP_JOIN;
		g->call = g->who = what;
		break;
	case GTV_EV_SWITCH_IO:
		g->state = GTV_ST_IO;
		g->call = what + 1;
		break;
	case GTV_EV_SWITCH_SLEEP:
		g->state = GTV_ST_SLEEP;
		break;
	case GTV_EV_SWITCH_SYSCALL:
		g->state = GTV_ST_SYSCALL;
		g->call = what;
		break;
	default: /* yield, preempt; RUN with a stopper is a yield by another name */
		g->run = GTV__RUN_READY;
		g->state = GTV_ST_READY;
		g->flags = ev->kind == GTV_EV_SWITCH_PREEMPT ? GTV_SP_PREEMPT : 0;
	}
	g->waits += g->run == GTV__RUN_WAIT;
}

/* model_switch.c: a switch of the most frequent kind, from one that runs here to one that
 * is ready, neither with anything that others could see of it. Returns whether it was one.
 */
int gtv__switch_plain(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev);

/* model_gt.c */
void gtv__gt_event(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev);
void gtv__gt_show(struct gtv_model *m, struct gtv__gt *g, uint64_t ts_ns);
/* Nothing is known of it from ts_ns until its next event. */
void gtv__gt_unknown(struct gtv_model *m, struct gtv__gt *g, uint64_t ts_ns);
void gtv__gt_end(struct gtv_model *m, struct gtv__gt *g, uint64_t ts_ns, int exited);
void gtv__gt_link(struct gtv__gt *g, struct gtv__proc *proc);

/* model_kernel.c */
void gtv__kernel_event(struct gtv_model *m, const struct gtv_ev *ev);
/* A user event of t: it is on a core now, whatever we knew. */
void gtv__thread_evidence(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns);
void gtv__thread_show(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns);
void gtv__core_show(struct gtv_model *m, struct gtv__core *c, uint64_t ts_ns);
/* The lanes of t and of the core it is on. */
void gtv__place_show(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns);
void gtv__thread_unknown(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns);
void gtv__core_unknown(struct gtv_model *m, struct gtv__core *c, uint64_t ts_ns);
void gtv__thread_end(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns);
void gtv__proc_end(struct gtv_model *m, struct gtv__proc *p, uint64_t ts_ns);

/* model_lock.c */
void gtv__lock_event(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev);
void gtv__lock_show(struct gtv_model *m, struct gtv__lock *l, uint64_t ts_ns);
void gtv__lock_unknown(struct gtv_model *m, struct gtv__lock *l, uint64_t ts_ns);
void gtv__lock_wait(struct gtv_model *m, struct gtv__gt *g, struct gtv__lock *l,
		    uint64_t ts_ns);
void gtv__lock_unwait(struct gtv_model *m, struct gtv__gt *g, uint64_t ts_ns);
/* Puts l into the list of its owner, or takes it out. */
void gtv__lock_hold(struct gtv__lock *l, struct gtv__gt *owner);

/* model_extra.c */
void gtv__extra_event(struct gtv_model *m, const struct gtv_ev *ev);

/* model_futex.c */
void gtv__futex_event(struct gtv_model *m, const struct gtv_ev *ev);
/* What a thread did, by a switch or a waking. */
void gtv__futex_woken(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev);
void gtv__futex_on(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns);
void gtv__futex_off(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev,
		    int asleep);
/* It ended, or nothing is known of it. */
void gtv__futex_thread_gone(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns);
void gtv__futex_lock_gone(struct gtv_model *m, struct gtv__lock *l);
void gtv__futex_show(struct gtv_model *m, struct gtv__lock *l, uint64_t ts_ns);
void gtv__futex_unknown(struct gtv_model *m, struct gtv__lock *l, uint64_t ts_ns);
/* Kernel events were lost: who holds what is not known. */
void gtv__futexes_lost(struct gtv_model *m, uint64_t ts_ns);
void gtv__futexes_finish(struct gtv_model *m);
void gtv__futexes_free(struct gtv_model *m);
/* The one to show of those that t holds for sure, and others wait for. */
struct gtv__lock *gtv__futex_held(const struct gtv__thread *t);
/* What a sleeping thread's span says of it: the lock, and who has that. */
void gtv__futex_content(const struct gtv__thread *t, struct gtv_span *s);
/* l is the futex at that address of its process. */
int gtv__futex_is(struct gtv_model *m, struct gtv__lock *l, uint64_t addr);
/* For a checkpoint: what is on trial. parts: -1 none. */
struct gtv__futex_saved {
	uint64_t from_ns, drop_ns;
	uint32_t dropper;
	int sure, count;
	struct gtv_span part[16]; /* from_ns of each is when it begins */
};
void gtv__futex_save(const struct gtv__lock *l, struct gtv__futex_saved *out);
/* t holds l; saved: on trial, as it was. 0 or -GTV_E*. */
int gtv__futex_restore(struct gtv_model *m, struct gtv__lock *l, struct gtv__thread *t,
		       const struct gtv__futex_saved *saved);

#endif
