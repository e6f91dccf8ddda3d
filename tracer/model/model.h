/* SPDX-License-Identifier: MIT
 *
 * The model: merged events in, spans and edges out, exactly as docs/design.md
 * ("States") says. It is a state machine that never guesses and never aborts:
 * what it cannot know is UNKNOWN, what contradicts is counted.
 *
 * It runs live behind the merge (zoom summaries, checkpoints) and in readers
 * (report, check, screen) over stored blocks; its whole state can be saved and
 * restored, so a reader can start at a checkpoint.
 */
#ifndef GTV_MODEL_H
#define GTV_MODEL_H

#include <stddef.h>

#include "tracer/base/event.h"
#include "tracer/base/names.h"
#include "tracer/model/span.h"

struct gtv_model;

struct gtv_model_sink {
	void *arg;
	/* A span ended. Per lane in order of time. May be NULL. */
	void (*span)(void *arg, const struct gtv_span *span);
	/* Both ends are known. May be NULL. */
	void (*edge)(void *arg, const struct gtv_edge *edge);
	/* A mark, or a region's begin or end, of a green thread: text in obj, seq and arg.
	 * May be NULL. */
	void (*note)(void *arg, const struct gtv_ev *ev);
	/* A system call or an interrupt ended (extra.h). May be NULL. */
	void (*extra)(void *arg, const struct gtv_ev *ev);
};

/* level: of the trace; names: Borrows, may grow meanwhile (flags OURS, GIL,
 * ONE_TO_ONE are read from it). Returns owned, NULL without memory. */
struct gtv_model *gtv_model_new(int level, const struct gtv_names *names,
				const struct gtv_model_sink *sink);
void gtv_model_free(struct gtv_model *m);

/* Changes whenever what the model makes of events may have: see model_id.c. */
uint32_t gtv_model_id(void);

/* Events must come in order of time. 0 or -GTV_ENOMEM. */
int gtv_model_feed(struct gtv_model *m, const struct gtv_ev *evs, size_t count);
/* Nothing is known of [from, to]: every open span becomes UNKNOWN from `from`. */
int gtv_model_gap(struct gtv_model *m, uint64_t from_ns, uint64_t to_ns);
/* The trace ends at end_ns: closes every open span there (states go on; feed may
 * be called again only after restore). */
void gtv_model_finish(struct gtv_model *m, uint64_t end_ns);
/* The same in parts, for there may be a hundred thousand: begun, which tells what is known
 * only at the end, and then the open spans of the next `count` lanes. *at begins with
 * noughts. Returns whether there are more; in between nothing else may be asked. */
struct gtv_model_at {
	unsigned kind;
	size_t idx;
};
void gtv_model_finish_begin(struct gtv_model *m);
int gtv_model_finish_some(struct gtv_model *m, uint64_t end_ns, struct gtv_model_at *at,
			  size_t count);
/* A part of a trace only: the totals begin anew at ts_ns, with what goes on then cut there;
 * spans told from now on begin at ts_ns at the earliest. Everything before it was fed, and
 * nothing after. The totals of what ended before are nought, its times too. */
void gtv_model_cut(struct gtv_model *m, uint64_t ts_ns);
/* …and before its finish: waits for locks that go on count in the totals up to ts_ns. */
void gtv_model_sum_waits(struct gtv_model *m, uint64_t ts_ns);
/* Calls `each` for the open span of every live lane, to_ns = now_ns, flag OPEN. */
void gtv_model_open_spans(const struct gtv_model *m, uint64_t now_ns,
			  void (*each)(void *arg, const struct gtv_span *span), void *arg);
/* The same a part at a time: of the next `count` lanes. *at begins with noughts; where it
 * stands nothing may be fed meanwhile. Returns whether there are more. */
int gtv_model_open_some(const struct gtv_model *m, uint64_t now_ns, struct gtv_model_at *at,
			size_t count, void (*each)(void *arg, const struct gtv_span *span),
			void *arg);

/* Whole state as bytes (Returns owned) and back; restore trusts nothing. The
 * totals below are not part of it. */
int gtv_model_save(const struct gtv_model *m, void **bytes, size_t *size);
int gtv_model_restore(struct gtv_model *m, const void *bytes, size_t size);

/* Faults: what a true trace never has; `check` prints them. */
enum gtv_fault {
	GTV_FAULT_TIME,	      /* events out of order */
	GTV_FAULT_SEQ,	      /* an object's number jumped with no loss to explain it */
	GTV_FAULT_TWO_CORES,  /* a thread on two cores, or two on one */
	GTV_FAULT_TWO_PLACES, /* a green thread in two places */
	GTV_FAULT_LOCK,	      /* taken while held, dropped by another */
	GTV_FAULT_OFF_CORE,   /* a user event of a thread that was not on a core */
	GTV_FAULT_WAKE,	      /* a wait that ended before its wake */
	GTV_FAULT_CLAMPED,    /* a boundary moved to keep order */
	GTV_FAULT_MAX
};
const char *gtv_fault_name(unsigned fault);
uint64_t gtv_model_faults(const struct gtv_model *m, unsigned fault);
/* The first of that kind: when, and a line about it. Borrows. "" if none. */
const char *gtv_model_fault_text(const struct gtv_model *m, unsigned fault,
				 uint64_t *ts_ns);

/* Totals since new (spans closed, and by finish the open ones). */
struct gtv_gt_totals {
	uint32_t id;
	uint64_t spawn_ns, end_ns; /* end: exit, or the trace's end */
	int exited;
	uint64_t state_ns[GTV_ST_MAX]; /* sum = end - spawn exactly */
	uint64_t switches, waits;
	uint64_t irq_ns; /* of its running: interrupts had it (--irq) */
};
struct gtv_thread_totals {
	uint32_t tid, pid;
	uint64_t first_ns, end_ns;
	uint64_t state_ns[GTV_ST_MAX];
	uint64_t switches;  /* times it left a core, its last (dead) left out */
	uint64_t voluntary; /* of these asleep; the rest preempted */
	uint64_t migrations;
	uint64_t irq_ns; /* of its running, as above */
	int ours;
};
struct gtv_lock_totals {
	uint32_t id;
	uint64_t first_ns, end_ns;
	uint64_t addr; /* of a futex, else 0: its figures are of waits only */
	int mutex;     /* futex: it was seen to have owners */
	uint64_t handoffs, takes, waits, false_wakeups, requests;
	/* Up to wait_ns: they sum to end - first exactly. */
	uint64_t held_on_ns, held_preempted_ns, held_asleep_ns, free_ns, unknown_ns;
	uint64_t wait_ns, wait_max_ns;
};
struct gtv_core_totals {
	int core;
	uint64_t first_ns, end_ns; /* what follows, but for switches, sums to end - first */
	uint64_t busy_ns, other_ns, idle_ns, away_ns, unknown_ns, switches;
	uint64_t irq_ns; /* interrupts had it, whoever was there */
};
size_t gtv_model_gt_count(const struct gtv_model *m);
size_t gtv_model_thread_count(const struct gtv_model *m);
size_t gtv_model_lock_count(const struct gtv_model *m);
size_t gtv_model_core_count(const struct gtv_model *m);
int gtv_model_gt_totals(const struct gtv_model *m, size_t idx, struct gtv_gt_totals *out);
int gtv_model_thread_totals(const struct gtv_model *m, size_t idx,
			    struct gtv_thread_totals *out);
int gtv_model_lock_totals(const struct gtv_model *m, size_t idx,
			  struct gtv_lock_totals *out);
int gtv_model_core_totals(const struct gtv_model *m, size_t idx,
			  struct gtv_core_totals *out);
/* counts[GTV_COUNT_MAX]: what the events add to (ring events only), and what is
 * known lost, by kind (lost[GTV_EV_MAX]). Borrows. */
const uint64_t *gtv_model_counts(const struct gtv_model *m);
const uint64_t *gtv_model_lost(const struct gtv_model *m);
/* Waits on futexes that the recorder did not follow: there were too many. */
uint64_t gtv_model_futex_untold(const struct gtv_model *m);

#endif
