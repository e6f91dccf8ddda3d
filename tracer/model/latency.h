/* SPDX-License-Identifier: MIT
 *
 * Latencies: how long things of each kind took in a stretch of a trace, as histograms
 * (histogram.h), and system calls as a table. Fed with the events before the model sees
 * them, and with the spans and edges that it makes of them; live and replay alike.
 */
#ifndef GTV_LATENCY_H
#define GTV_LATENCY_H

#include "tracer/base/event.h"
#include "tracer/model/histogram.h"
#include "tracer/model/span.h"

/* X(ID, "key in JSON", "title", "from what to what", "many of them"). In the order in
 * which they are shown. */
#define GTV_LATENCIES(X)                                                                   \
	X(GIL, "gil_wait", "GIL wait", "want to got", "waits")                             \
	X(LOCK, "lock_wait", "lock wait", "want to got", "waits")                          \
	X(RUNQ, "run_queue_wait", "run-queue wait", "OS thread: runnable to on a core",    \
	  "waits")                                                                         \
	X(HANDOFF, "handoff", "handoff", "drop to taken by another", "handoffs")           \
	X(READY, "ready_wait", "ready", "green thread: ready to running", "waits")         \
	X(WAKE, "wake_to_run", "wake to run", "green thread: woken by one to running",     \
	  "wakes")                                                                         \
	X(KWAKE, "wake_to_core", "wake to core", "OS thread: woken to on a core", "wakes") \
	X(CALL, "system_call", "system call", "begin to end", "calls")                     \
	X(ASLEEP, "asleep", "asleep in the kernel", "off its core to woken", "sleeps")     \
	X(BLOCKING, "blocking_call", "blocking call", "handed out to ready", "calls")      \
	X(IO, "io_wait", "io", "green thread: waits to ready", "waits")                    \
	X(CHAN, "chan_wait", "chan", "green thread: waits to ready", "waits")

enum gtv_latency_kind {
#define X(id, key, title, what, many) GTV_LAT_##id,
	GTV_LATENCIES(X)
#undef X
		GTV_LAT_MAX
};

struct gtv_latency_name {
	const char *key, *title, *what, *many;
};
const struct gtv_latency_name *gtv_latency_name(unsigned kind);

struct gtv_latency;

/* Counts what ended in [from_ns, to_ns]. Returns owned, NULL without memory. */
struct gtv_latency *gtv_latency_new(uint64_t from_ns, uint64_t to_ns);
void gtv_latency_free(struct gtv_latency *l);

/* Each 0 or -GTV_ENOMEM. */
int gtv_latency_event(struct gtv_latency *l, const struct gtv_ev *ev);
int gtv_latency_span(struct gtv_latency *l, const struct gtv_span *span);
int gtv_latency_edge(struct gtv_latency *l, const struct gtv_edge *edge);
/* Something is not known: waits for locks that were begun before it are not counted. */
void gtv_latency_gap(struct gtv_latency *l);

/* Counts nothing any more: what follows is cut off by the trace's end. */
void gtv_latency_stop(struct gtv_latency *l);

/* NULL if there was none of the kind. Borrows. */
const struct gtv_histogram *gtv_latency_histogram(const struct gtv_latency *l,
						  unsigned kind);
/* What has not ended yet: forget them, then tell each open span again. */
void gtv_latency_open_clear(struct gtv_latency *l);
void gtv_latency_open(struct gtv_latency *l, const struct gtv_span *span);
/* How many of a kind have not ended, and the longest of them so far. */
uint64_t gtv_latency_still_open(const struct gtv_latency *l, unsigned kind,
				struct gtv_case *longest);

/* Where a row of the table of calls comes from. */
enum gtv_call_source {
	GTV_CALL_TIMED = 1, /* K_SYSCALL: begin to end */
	GTV_CALL_ASLEEP,    /* a thread that slept in it, from its core to its waking */
	GTV_CALL_DECLARED,  /* the runtime's blocking calls, by name */
};

struct gtv_call_row {
	enum gtv_call_source source;
	uint32_t number;	/* the system call's, or the name's id (DECLARED) */
	uint64_t errors, slept; /* TIMED: returned -errno; left their core in it */
	uint64_t asleep_ns;	/* TIMED: of its time, asleep, where switches are known */
	const struct gtv_histogram *histogram;
};
#define GTV_CALLS_MAX 1024 /* told apart; the rest is counted in gtv_latency_calls_left */
size_t gtv_latency_call_count(const struct gtv_latency *l);
/* 0, or -GTV_ENOTFOUND. In no order. */
int gtv_latency_call(const struct gtv_latency *l, size_t idx, struct gtv_call_row *out);
uint64_t gtv_latency_calls_left(const struct gtv_latency *l);

#endif
