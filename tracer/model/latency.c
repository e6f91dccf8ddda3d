/* SPDX-License-Identifier: MIT
 *
 * Which event, span or edge is a latency of which kind. A wait for a lock is taken from
 * the events, as the model sums it: it begins when the lock is first wanted and ends when
 * it is had, whatever false wake-ups lie between.
 */
#include "tracer/model/latency.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"

/* Who wants which lock since when; open addressing by green thread. */
struct want {
	uint32_t gt, lock; /* gt 0: empty */
	uint64_t since_ns;
	uint8_t gil;
};

struct call {
	uint8_t source;
	uint32_t number;
	uint64_t errors, slept, asleep_ns;
	struct gtv_histogram *histogram;
};

struct gtv_latency {
	uint64_t from_ns, to_ns;
	struct gtv_histogram *histogram[GTV_LAT_MAX];
	struct {
		uint64_t count;
		struct gtv_case longest;
	} open[GTV_LAT_MAX];
	struct want *want;
	size_t want_cap, wants; /* cap: a power of two */
	struct call *call;
	size_t calls, call_cap;
	uint64_t calls_left;
};

const struct gtv_latency_name *gtv_latency_name(unsigned kind)
{
	static const struct gtv_latency_name name[GTV_LAT_MAX] = {
#define X(id, key, title, what, many) [GTV_LAT_##id] = {key, title, what, many},
		GTV_LATENCIES(X)
#undef X
	};

	return kind < GTV_LAT_MAX ? &name[kind] : NULL;
}

struct gtv_latency *gtv_latency_new(uint64_t from_ns, uint64_t to_ns)
{
	struct gtv_latency *l = calloc(1, sizeof *l);

	if (l) {
		l->from_ns = from_ns;
		l->to_ns = to_ns;
	}
	return l;
}

void gtv_latency_free(struct gtv_latency *l)
{
	if (!l)
		return;
	for (int k = 0; k < GTV_LAT_MAX; k++)
		gtv_histogram_free(l->histogram[k]);
	for (size_t i = 0; i < l->calls; i++)
		gtv_histogram_free(l->call[i].histogram);
	free(l->call);
	free(l->want);
	free(l);
}

static int is_in(const struct gtv_latency *l, uint64_t ts_ns)
{
	return ts_ns >= l->from_ns && ts_ns <= l->to_ns;
}

static int add_to(struct gtv_histogram **h, const struct gtv_case *c)
{
	if (!*h && !(*h = gtv_histogram_new()))
		return -GTV_ENOMEM;
	return gtv_histogram_add(*h, c);
}

static int add(struct gtv_latency *l, enum gtv_latency_kind kind, const struct gtv_case *c)
{
	return is_in(l, c->to_ns) ? add_to(&l->histogram[kind], c) : 0;
}

/* ---- who wants a lock ---- */

static size_t slot_of(const struct gtv_latency *l, uint32_t gt)
{
	return (size_t)(gt * 2654435769u) & (l->want_cap - 1);
}

static struct want *find_want(const struct gtv_latency *l, uint32_t gt)
{
	if (!l->wants)
		return NULL;
	for (size_t i = slot_of(l, gt); l->want[i].gt; i = (i + 1) & (l->want_cap - 1))
		if (l->want[i].gt == gt)
			return &l->want[i];
	return NULL;
}

static void put_want(struct gtv_latency *l, const struct want *w)
{
	size_t i = slot_of(l, w->gt);

	while (l->want[i].gt)
		i = (i + 1) & (l->want_cap - 1);
	l->want[i] = *w;
	l->wants++;
}

static int make_room(struct gtv_latency *l)
{
	struct want *old = l->want;
	size_t cap = l->want_cap;

	if (2 * (l->wants + 1) <= cap)
		return 0;
	l->want_cap = cap ? 2 * cap : 64;
	l->want = calloc(l->want_cap, sizeof *l->want);
	if (!l->want) {
		l->want = old;
		l->want_cap = cap;
		return -GTV_ENOMEM;
	}
	l->wants = 0;
	for (size_t i = 0; i < cap; i++)
		if (old[i].gt)
			put_want(l, &old[i]);
	free(old);
	return 0;
}

/* Those behind it in its run move up, so that no search ends too early. */
static void drop_want(struct gtv_latency *l, struct want *w)
{
	size_t mask = l->want_cap - 1, hole = (size_t)(w - l->want);

	for (size_t i = (hole + 1) & mask; l->want[i].gt; i = (i + 1) & mask) {
		size_t home = slot_of(l, l->want[i].gt);
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		l->want[hole] = l->want[i];
		hole = i;
	}
	l->want[hole].gt = 0;
	l->wants--;
}

void gtv_latency_gap(struct gtv_latency *l)
{
	if (l->want)
		memset(l->want, 0, l->want_cap * sizeof *l->want);
	l->wants = 0;
}

void gtv_latency_stop(struct gtv_latency *l)
{
	l->from_ns = UINT64_MAX;
	l->to_ns = 0;
}

static int wants(struct gtv_latency *l, const struct gtv_ev *ev)
{
	struct want now = {.gt = ev->gt,
			   .lock = (uint32_t)ev->arg,
			   .since_ns = ev->ts_ns,
			   .gil = ev->kind == GTV_EV_SWITCH_GIL};
	struct want *w = find_want(l, ev->gt);

	if (!now.gt || !now.lock)
		return 0;
	if (!w) {
		if (make_room(l))
			return -GTV_ENOMEM;
		put_want(l, &now);
	} else if (w->lock != now.lock) {
		*w = now;
	}
	return 0;
}

static int takes(struct gtv_latency *l, const struct gtv_ev *ev)
{
	struct want *w = ev->gt ? find_want(l, ev->gt) : NULL;
	struct gtv_case c;
	int gil;

	if (!w || w->lock != ev->obj)
		return 0;
	c = (struct gtv_case){w->since_ns,
			      ev->ts_ns,
			      {.kind = GTV_LANE_GT, .id = ev->gt},
			      {.kind = GTV_LANE_LOCK, .id = ev->obj}};
	gil = w->gil;
	drop_want(l, w);
	return add(l, gil ? GTV_LAT_GIL : GTV_LAT_LOCK, &c);
}

/* ---- system calls ---- */

/* The row of that source and number, a new one if there is room; *row NULL if not. */
static int call_row(struct gtv_latency *l, unsigned source, uint32_t number,
		    struct call **row)
{
	*row = NULL;
	for (size_t i = 0; i < l->calls; i++) {
		struct call *c = &l->call[i];
		if (c->source != source || c->number != number)
			continue;
		*row = c;
		return 0;
	}
	if (l->calls == GTV_CALLS_MAX) {
		l->calls_left++;
		return 0;
	}
	if (l->calls == l->call_cap) {
		size_t cap = l->call_cap ? 2 * l->call_cap : 32;
		struct call *more = realloc(l->call, cap * sizeof *more);
		if (!more)
			return -GTV_ENOMEM;
		l->call = more;
		l->call_cap = cap;
	}
	*row = &l->call[l->calls++];
	**row = (struct call){.source = (uint8_t)source, .number = number};
	return 0;
}

static int add_call(struct gtv_latency *l, unsigned source, uint32_t number,
		    const struct gtv_case *c, struct call **row)
{
	int rc = is_in(l, c->to_ns) ? call_row(l, source, number, row) : 0;

	return rc || !*row ? rc : add_to(&(*row)->histogram, c);
}

static int call_ended(struct gtv_latency *l, const struct gtv_ev *ev)
{
	uint64_t took = gtv_ev_took_ns(ev);
	struct gtv_case c = {.from_ns = took < ev->ts_ns ? ev->ts_ns - took : 0,
			     .to_ns = ev->ts_ns,
			     .lane = {.kind = GTV_LANE_THREAD, .id = ev->tid},
			     .by = {.id = ev->seq}};
	struct call *row = NULL;
	int rc = add(l, GTV_LAT_CALL, &c);

	if (!rc)
		rc = add_call(l, GTV_CALL_TIMED, ev->seq - 1, &c, &row);
	if (rc || !row)
		return rc;
	row->slept += (ev->flags & GTV_KF_SLEPT) != 0;
	row->errors += (int64_t)ev->arg < 0 && (int64_t)ev->arg >= -4095;
	return 0;
}

int gtv_latency_event(struct gtv_latency *l, const struct gtv_ev *ev)
{
	struct want *w;

	switch (ev->kind) {
	case GTV_EV_SWITCH_LOCK:
	case GTV_EV_SWITCH_GIL:
		return wants(l, ev);
	case GTV_EV_LOCK_TAKE:
	case GTV_EV_GIL_TAKE:
	case GTV_EV_GIL_RETAKE:
		return takes(l, ev);
	case GTV_EV_SWITCH_EXIT:
		w = find_want(l, ev->gt);
		if (w)
			drop_want(l, w);
		return 0;
	case GTV_EV_LOSS:
		gtv_latency_gap(l);
		return 0;
	case GTV_EV_K_SYSCALL:
		return call_ended(l, ev);
	default:
		return 0;
	}
}

/* ---- spans and edges ---- */

/* The kind that such a span is one of; GTV_LAT_MAX: of none. Locks' are not waits for
 * their green threads (see above), but for OS threads that wait for a futex's owner. */
static enum gtv_latency_kind kind_of(const struct gtv_span *s)
{
	if (s->lane.kind == GTV_LANE_GT) {
		switch (s->state) {
		case GTV_ST_READY:
			return GTV_LAT_READY;
		case GTV_ST_CHAN:
			return GTV_LAT_CHAN;
		case GTV_ST_IO:
			return GTV_LAT_IO;
		case GTV_ST_SYSCALL:
			return GTV_LAT_BLOCKING;
		default:
			return GTV_LAT_MAX;
		}
	}
	if (s->lane.kind != GTV_LANE_THREAD)
		return GTV_LAT_MAX;
	switch (s->state) {
	case GTV_ST_RUNNABLE:
	case GTV_ST_PREEMPTED:
		return GTV_LAT_RUNQ;
	case GTV_ST_SLEEPING:
	case GTV_ST_DISK:
		return GTV_LAT_ASLEEP;
	default:
		return GTV_LAT_MAX;
	}
}

/* It sleeps on a futex that somebody has: a lock. */
static int waits_for_owner(const struct gtv_span *s)
{
	return s->lane.kind == GTV_LANE_THREAD && s->state == GTV_ST_SLEEPING && s->lock &&
	       s->who && s->flags & GTV_SP_WHO_TID && !(s->flags & GTV_SP_JOIN);
}

static struct gtv_case case_of(const struct gtv_span *s)
{
	struct gtv_case c = {.from_ns = s->from_ns, .to_ns = s->to_ns, .lane = s->lane};

	if (s->lock && s->lane.kind != GTV_LANE_LOCK &&
	    (s->state == GTV_ST_SLEEPING || s->state == GTV_ST_LOCK))
		c.by = (struct gtv_lane){GTV_LANE_LOCK, s->lock};
	else if (s->state == GTV_ST_SLEEPING || s->state == GTV_ST_DISK ||
		 s->state == GTV_ST_SYSCALL)
		c.by.id = s->call;
	else if (s->who)
		c.by = (struct gtv_lane){
			s->flags & GTV_SP_WHO_TID ? GTV_LANE_THREAD : GTV_LANE_GT, s->who};
	return c;
}

static int span_call(struct gtv_latency *l, const struct gtv_span *s,
		     const struct gtv_case *c)
{
	struct call *row = NULL, *timed = NULL;
	int rc;

	if (s->state == GTV_ST_SYSCALL)
		return s->call ? add_call(l, GTV_CALL_DECLARED, s->call, c, &row) : 0;
	if (!s->call)
		return 0;
	rc = add_call(l, GTV_CALL_ASLEEP, s->call - 1, c, &row);
	for (size_t i = 0; i < l->calls && !timed; i++)
		if (l->call[i].source == GTV_CALL_TIMED && l->call[i].number == s->call - 1)
			timed = &l->call[i];
	/* The first of its kind ends after its first sleep: the row is made here then. */
	if (!rc && row && !timed)
		rc = call_row(l, GTV_CALL_TIMED, s->call - 1, &timed);
	if (!rc && row && timed)
		timed->asleep_ns += gtv_case_ns(c);
	return rc;
}

int gtv_latency_span(struct gtv_latency *l, const struct gtv_span *span)
{
	enum gtv_latency_kind kind = kind_of(span);
	struct gtv_case c;
	int rc;

	if (kind == GTV_LAT_MAX || !is_in(l, span->to_ns))
		return 0;
	c = case_of(span);
	rc = add(l, kind, &c);
	if (!rc && waits_for_owner(span))
		rc = add(l, GTV_LAT_LOCK, &c);
	if (!rc && (kind == GTV_LAT_ASLEEP || kind == GTV_LAT_BLOCKING))
		rc = span_call(l, span, &c);
	return rc;
}

int gtv_latency_edge(struct gtv_latency *l, const struct gtv_edge *edge)
{
	struct gtv_case c = {edge->from_ns, edge->to_ns, edge->to, edge->from};

	switch (edge->kind) {
	case GTV_EDGE_WAKE: /* who joined has one too */
		return add(l, GTV_LAT_WAKE, &c);
	case GTV_EDGE_KWAKE:
		return add(l, GTV_LAT_KWAKE, &c);
	case GTV_EDGE_HANDOFF:
		c.by = edge->obj ? (struct gtv_lane){GTV_LANE_LOCK, edge->obj} : c.by;
		return add(l, GTV_LAT_HANDOFF, &c);
	default:
		return 0;
	}
}

/* ---- asking ---- */

const struct gtv_histogram *gtv_latency_histogram(const struct gtv_latency *l,
						  unsigned kind)
{
	return kind < GTV_LAT_MAX ? l->histogram[kind] : NULL;
}

void gtv_latency_open_clear(struct gtv_latency *l)
{
	memset(l->open, 0, sizeof l->open);
}

static void note_open(struct gtv_latency *l, enum gtv_latency_kind kind,
		      const struct gtv_case *c)
{
	l->open[kind].count++;
	if (gtv_case_ns(c) > gtv_case_ns(&l->open[kind].longest))
		l->open[kind].longest = *c;
}

void gtv_latency_open(struct gtv_latency *l, const struct gtv_span *span)
{
	enum gtv_latency_kind kind = kind_of(span);
	struct gtv_case c = case_of(span);

	if (kind != GTV_LAT_MAX)
		note_open(l, kind, &c);
	if (span->lane.kind == GTV_LANE_GT && span->state == GTV_ST_LOCK)
		note_open(l, GTV_LAT_LOCK, &c);
	if (span->lane.kind == GTV_LANE_GT && span->state == GTV_ST_GIL)
		note_open(l, GTV_LAT_GIL, &c);
}

uint64_t gtv_latency_still_open(const struct gtv_latency *l, unsigned kind,
				struct gtv_case *longest)
{
	*longest = l->open[kind].longest;
	return l->open[kind].count;
}

size_t gtv_latency_call_count(const struct gtv_latency *l)
{
	return l->calls;
}

int gtv_latency_call(const struct gtv_latency *l, size_t idx, struct gtv_call_row *out)
{
	const struct call *c = idx < l->calls ? &l->call[idx] : NULL;

	if (!c || !c->histogram)
		return -GTV_ENOTFOUND;
	*out = (struct gtv_call_row){.source = c->source,
				     .number = c->number,
				     .errors = c->errors,
				     .slept = c->slept,
				     .asleep_ns = c->asleep_ns,
				     .histogram = c->histogram};
	return 0;
}

uint64_t gtv_latency_calls_left(const struct gtv_latency *l)
{
	return l->calls_left;
}
