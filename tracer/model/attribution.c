/* SPDX-License-Identifier: MIT
 *
 * Lanes and their states: one short record for each state that a lane was ever in.
 */
#include "tracer/model/attribution_priv.h"

#include <stdlib.h>
#include <string.h>

struct gtv_attribution *gtv_attribution_new(uint64_t from_ns, uint64_t to_ns)
{
	struct gtv_attribution *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	a->from_ns = from_ns;
	a->to_ns = to_ns;
	a->gts.elem_bytes = a->threads.elem_bytes = sizeof(struct gtv__a_lane);
	a->locks.elem_bytes = sizeof(struct gtv__a_lock);
	a->states.elem_bytes = sizeof(struct gtv__a_state);
	return a;
}

void gtv_attribution_free(struct gtv_attribution *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->locks.count; i++)
		gtv__a_lock_free(gtv__pool_at(&a->locks, i));
	gtv__pool_free(&a->gts);
	gtv__pool_free(&a->threads);
	gtv__pool_free(&a->locks);
	gtv__pool_free(&a->states);
	free(a->gt_map.slot);
	free(a->thread_map.slot);
	free(a->lock_map.slot);
	free(a->pair);
	free(a->slot);
	free(a);
}

int gtv_attribution_is_short(const struct gtv_attribution *a)
{
	return a->is_short;
}

int gtv__a_clip(const struct gtv_attribution *a, uint64_t *from_ns, uint64_t *to_ns)
{
	if (*from_ns < a->from_ns)
		*from_ns = a->from_ns;
	if (*to_ns > a->to_ns)
		*to_ns = a->to_ns;
	return *from_ns < *to_ns;
}

const struct gtv_span *gtv__a_open(const struct gtv_attribution *a,
				   const struct gtv_span *open, uint32_t epoch)
{
	/* The next one: it is being told (gtv_attribution_now_some). */
	return epoch && (epoch == a->epoch || epoch == a->epoch + 1) ? open : NULL;
}

/* ---- lanes ---- */

struct gtv__a_lane *gtv__a_lane(const struct gtv_attribution *a, struct gtv_lane lane)
{
	if (lane.kind == GTV_LANE_GT)
		return gtv__map_get(&a->gt_map, lane.id);
	if (lane.kind == GTV_LANE_THREAD)
		return gtv__map_get(&a->thread_map, lane.id);
	return NULL;
}

static struct gtv__a_lane *lane_make(struct gtv_attribution *a, struct gtv_lane lane)
{
	struct gtv__a_lane *l = gtv__a_lane(a, lane);
	int is_gt = lane.kind == GTV_LANE_GT;
	struct gtv__pool *pool = is_gt ? &a->gts : &a->threads;

	if (l)
		return l;
	if (pool->count >= GTV__A_LANES || !(l = gtv__pool_new(pool)) ||
	    gtv__map_set(is_gt ? &a->gt_map : &a->thread_map, lane.id, l)) {
		a->is_short = 1;
		if (l)
			pool->count--;
		return NULL;
	}
	l->lane = lane;
	l->from_ns = UINT64_MAX;
	return l;
}

uint32_t gtv__a_lock_of(const struct gtv_span *s)
{
	if (s->lane.kind == GTV_LANE_GT)
		return s->state == GTV_ST_LOCK || s->state == GTV_ST_GIL ||
				       s->state == GTV_ST_STALLED
			       ? s->lock
			       : 0;
	/* A green thread's wait is told by its own lane. */
	return s->lane.kind == GTV_LANE_THREAD && s->state == GTV_ST_SLEEPING && !s->gt
		       ? s->lock
		       : 0;
}

/* ---- states ---- */

static uint64_t on(enum gtv_attr_on what, uint32_t id)
{
	return (uint64_t)what << 32 | id;
}

static uint64_t call_of(const struct gtv_span *s)
{
	/* An OS thread's may be one that it holds. */
	if (s->lock && (s->lane.kind == GTV_LANE_GT || !s->call))
		return on(GTV_ATTR_LOCK, s->lock);
	if (s->flags & GTV_SP_JOIN)
		return on(GTV_ATTR_JOIN_TID, s->who);
	return s->call ? on(GTV_ATTR_SYSCALL, s->call - 1) : 0;
}

/* What the span's state was spent on. */
static uint64_t what_of(const struct gtv_span *s)
{
	switch (s->state) {
	case GTV_ST_RUNNING:
	case GTV_ST_PREEMPTED:
	case GTV_ST_RUNNABLE:
		return s->core >= 0 ? on(GTV_ATTR_CORE, (uint32_t)s->core) : 0;
	case GTV_ST_READY:
		return s->tid ? on(GTV_ATTR_WORKER, s->tid) : 0;
	case GTV_ST_LOCK:
	case GTV_ST_GIL:
		return s->lock ? on(GTV_ATTR_LOCK, s->lock) : 0;
	case GTV_ST_CHAN:
		if (!s->call)
			return 0;
		return on(s->flags & GTV_SP_JOIN ? GTV_ATTR_JOIN : GTV_ATTR_CHAN, s->call);
	case GTV_ST_IO:
		return s->call ? on(GTV_ATTR_FD, s->call - 1) : 0;
	case GTV_ST_SYSCALL:
		return s->call ? on(GTV_ATTR_CALL, s->call) : 0;
	case GTV_ST_STALLED:
	case GTV_ST_SLEEPING:
	case GTV_ST_DISK:
		return call_of(s);
	default:
		return 0;
	}
}

static struct gtv__a_state *state_of(const struct gtv__a_lane *l, unsigned state)
{
	struct gtv__a_state *st = l->states;

	while (st && st->state != state)
		st = st->next;
	return st;
}

static struct gtv__a_state *state_make(struct gtv_attribution *a, struct gtv__a_lane *l,
				       unsigned state)
{
	struct gtv__a_state *st = state_of(l, state);

	if (st)
		return st;
	st = gtv__pool_new(&a->states);
	if (!st) {
		a->is_short = 1;
		return NULL;
	}
	st->state = (uint8_t)state;
	st->next = l->states;
	l->states = st;
	return st;
}

static void add_on(struct gtv__a_state *st, uint64_t what, uint64_t ns)
{
	for (int i = 0; i < 2; i++) {
		if (!st->on[i].ns)
			st->on[i].what = what;
		if (st->on[i].what != what)
			continue;
		st->on[i].ns += ns;
		return;
	}
	/* What comes now pushes the lesser one out, once more time fell outside than it
	 * has: a rough heavy hitter, good enough to name one thing. */
	int less = st->on[0].ns > st->on[1].ns;
	st->other_ns += ns;
	if (st->other_ns > st->on[less].ns) {
		st->other_ns = st->other_ns - ns + st->on[less].ns;
		st->on[less].what = what;
		st->on[less].ns = ns;
	}
}

static void add_span(struct gtv__a_state *st, const struct gtv_span *s, uint64_t from_ns,
		     uint64_t to_ns)
{
	uint64_t ns = to_ns - from_ns;

	st->ns += ns;
	st->spans++;
	if (ns > st->max_ns) {
		st->max_ns = ns;
		st->max_from_ns = from_ns;
	}
	add_on(st, what_of(s), ns);
}

void gtv_attribution_span(struct gtv_attribution *a, const struct gtv_span *s)
{
	uint64_t from_ns = s->from_ns, to_ns = s->to_ns;
	struct gtv__a_state *st;
	struct gtv__a_lane *l;
	uint32_t lock;

	if (s->lane.kind == GTV_LANE_LOCK) {
		gtv__a_lock_span(a, s);
		return;
	}
	if ((s->lane.kind != GTV_LANE_GT && s->lane.kind != GTV_LANE_THREAD) ||
	    !gtv__a_clip(a, &from_ns, &to_ns) || !(l = lane_make(a, s->lane)) ||
	    !(st = state_make(a, l, s->state)))
		return;
	add_span(st, s, from_ns, to_ns);
	l->epoch = 0; /* what was open is told now */
	if (from_ns < l->from_ns)
		l->from_ns = from_ns;
	if (to_ns > l->to_ns)
		l->to_ns = to_ns;
	lock = gtv__a_lock_of(s);
	if (lock)
		gtv__a_lock_wait(a, l, lock, from_ns, to_ns);
}

/* ---- what goes on ---- */

static void take_open(void *arg, const struct gtv_span *s)
{
	struct gtv_attribution *a = arg;
	uint64_t from_ns = s->from_ns, to_ns = s->to_ns;

	if (!gtv__a_clip(a, &from_ns, &to_ns))
		return;
	if (s->lane.kind == GTV_LANE_LOCK) {
		struct gtv__a_lock *k = gtv__a_lock(a, s->lane.id);
		if (!k)
			return;
		k->open = *s;
		k->epoch = a->epoch + 1;
	} else if (s->lane.kind == GTV_LANE_GT || s->lane.kind == GTV_LANE_THREAD) {
		struct gtv__a_lane *l = lane_make(a, s->lane);
		if (!l)
			return;
		l->open = *s;
		l->open.from_ns = from_ns;
		l->open.to_ns = to_ns;
		l->epoch = a->epoch + 1;
	}
}

int gtv_attribution_now_some(struct gtv_attribution *a, const struct gtv_model *m,
			     uint64_t now_ns, struct gtv_model_at *at, size_t count)
{
	if (gtv_model_open_some(m, now_ns, at, count, take_open, a))
		return 1;
	a->epoch++;
	a->now_ns = now_ns;
	return 0;
}

void gtv_attribution_now(struct gtv_attribution *a, const struct gtv_model *m,
			 uint64_t now_ns)
{
	struct gtv_model_at at = {0};

	while (gtv_attribution_now_some(a, m, now_ns, &at, SIZE_MAX))
		;
}

/* ---- the answers ---- */

static const struct gtv__pool *pool_of(const struct gtv_attribution *a,
				       enum gtv_lane_kind kind)
{
	return kind == GTV_LANE_GT ? &a->gts : &a->threads;
}

static const struct gtv__a_lane *lane_at(const struct gtv_attribution *a,
					 enum gtv_lane_kind kind, size_t idx)
{
	const struct gtv__pool *pool = pool_of(a, kind);

	return idx < pool->count ? gtv__pool_at(pool, idx) : NULL;
}

size_t gtv_attr_count(const struct gtv_attribution *a, enum gtv_lane_kind kind)
{
	return pool_of(a, kind)->count;
}

long gtv_attr_find(const struct gtv_attribution *a, struct gtv_lane lane)
{
	const struct gtv__pool *pool = pool_of(a, lane.kind);
	const struct gtv__a_lane *l = gtv__a_lane(a, lane);

	for (size_t i = 0; l && i < pool->count; i += GTV__POOL_CHUNK) {
		const struct gtv__a_lane *first = gtv__pool_at(pool, i);
		if (l >= first && l < first + GTV__POOL_CHUNK)
			return (long)i + (l - first);
	}
	return -1;
}

static int is_wait(unsigned state)
{
	return state != GTV_ST_RUNNING && state != GTV_ST_UNKNOWN;
}

static void count_state(struct gtv_attr_lane *out, unsigned state, uint64_t ns,
			uint64_t spans, uint64_t max_ns)
{
	out->life_ns += ns;
	if (state == GTV_ST_RUNNING) {
		out->run_ns += ns;
		out->runs += spans;
	} else if (state == GTV_ST_UNKNOWN) {
		out->unknown_ns += ns;
	} else {
		out->wait_ns += ns;
	}
	if (is_wait(state) && max_ns > out->worst_ns)
		out->worst_ns = max_ns;
}

int gtv_attr_lane(const struct gtv_attribution *a, enum gtv_lane_kind kind, size_t idx,
		  struct gtv_attr_lane *out)
{
	const struct gtv__a_lane *l = lane_at(a, kind, idx);
	const struct gtv_span *open;

	if (!l)
		return -GTV_ENOTFOUND;
	*out = (struct gtv_attr_lane){
		.lane = l->lane, .from_ns = l->from_ns, .to_ns = l->to_ns};
	for (const struct gtv__a_state *st = l->states; st; st = st->next)
		count_state(out, st->state, st->ns, st->spans, st->max_ns);
	open = gtv__a_open(a, &l->open, l->epoch);
	if (open) {
		uint64_t ns = open->to_ns - open->from_ns;
		count_state(out, open->state, ns, 1, ns);
		if (open->from_ns < out->from_ns)
			out->from_ns = open->from_ns;
		out->to_ns = open->to_ns;
	}
	return 0;
}

void gtv_attr_times(const struct gtv_attribution *a, enum gtv_lane_kind kind, size_t idx,
		    uint64_t ns[GTV_ST_MAX])
{
	const struct gtv__a_lane *l = lane_at(a, kind, idx);
	const struct gtv_span *open;

	memset(ns, 0, GTV_ST_MAX * sizeof *ns);
	if (!l)
		return;
	for (const struct gtv__a_state *st = l->states; st; st = st->next)
		ns[st->state] += st->ns;
	open = gtv__a_open(a, &l->open, l->epoch);
	if (open)
		ns[open->state] += open->to_ns - open->from_ns;
}

static void tell_state(const struct gtv__a_state *st, struct gtv_attr_state *out)
{
	int most = st->on[1].ns > st->on[0].ns;

	*out = (struct gtv_attr_state){.state = st->state,
				       .on = (uint8_t)(st->on[most].what >> 32),
				       .on_id = (uint32_t)st->on[most].what,
				       .more = st->on[!most].ns || st->other_ns,
				       .ns = st->ns,
				       .spans = st->spans,
				       .max_ns = st->max_ns,
				       .max_from_ns = st->max_from_ns};
}

static int by_time(const void *x, const void *y)
{
	const struct gtv_attr_state *a = x, *b = y;

	if (a->ns != b->ns)
		return a->ns > b->ns ? -1 : 1;
	return a->state - b->state;
}

size_t gtv_attr_states(const struct gtv_attribution *a, enum gtv_lane_kind kind, size_t idx,
		       struct gtv_attr_state *out, size_t max)
{
	const struct gtv__a_lane *l = lane_at(a, kind, idx);
	struct gtv_attr_state all[GTV_ST_MAX];
	const struct gtv_span *open = NULL;
	size_t count = 0;

	if (!l)
		return 0;
	open = gtv__a_open(a, &l->open, l->epoch);
	for (const struct gtv__a_state *st = l->states; st; st = st->next) {
		struct gtv__a_state with = *st;
		if (open && open->state == st->state) {
			add_span(&with, open, open->from_ns, open->to_ns);
			open = NULL;
		}
		tell_state(&with, &all[count++]);
	}
	if (open) {
		struct gtv__a_state only = {.state = open->state};
		add_span(&only, open, open->from_ns, open->to_ns);
		tell_state(&only, &all[count++]);
	}
	qsort(all, count, sizeof *all, by_time);
	for (size_t i = 0; i < count && i < max; i++)
		out[i] = all[i];
	return count;
}
