/* SPDX-License-Identifier: MIT */
#include "tracer/model/measure.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"

#define LANES_MAX (1u << 20)

struct lane_sums {
	struct gtv_lane lane; /* kind 0: a free place */
	struct gtv_measured sums;
};

struct gtv_measure {
	uint64_t from_ns, to_ns, events;
	struct lane_sums *lane; /* open addressing */
	size_t size, used;
	int failed;
};

static size_t slot_of(const struct gtv_measure *m, struct gtv_lane lane)
{
	uint64_t h = ((uint64_t)lane.kind << 32 | lane.id) * 0x9e3779b97f4a7c15u;

	for (size_t i = (size_t)(h >> 20) & (m->size - 1);; i = (i + 1) & (m->size - 1))
		if (!m->lane[i].lane.kind ||
		    (m->lane[i].lane.kind == lane.kind && m->lane[i].lane.id == lane.id))
			return i;
}

static int grow(struct gtv_measure *m, size_t size)
{
	struct lane_sums *old = m->lane;
	size_t old_size = m->size;

	m->lane = calloc(size, sizeof(*m->lane));
	if (!m->lane) {
		m->lane = old;
		return -GTV_ENOMEM;
	}
	m->size = size;
	for (size_t i = 0; i < old_size; i++)
		if (old[i].lane.kind)
			m->lane[slot_of(m, old[i].lane)] = old[i];
	free(old);
	return 0;
}

/* A lane's sums, new ones if it has none yet; NULL: no room. */
static struct gtv_measured *sums_of(struct gtv_measure *m, unsigned kind, uint32_t id)
{
	struct gtv_lane lane = {(uint8_t)kind, id};

	if (2 * (m->used + 1) > m->size && (m->size >= LANES_MAX || grow(m, 2 * m->size))) {
		m->failed = 1;
		return NULL;
	}
	struct lane_sums *l = &m->lane[slot_of(m, lane)];

	m->used += !l->lane.kind;
	l->lane = lane;
	return &l->sums;
}

struct gtv_measure *gtv_measure_new(uint64_t from_ns, uint64_t to_ns)
{
	struct gtv_measure *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->from_ns = from_ns;
	m->to_ns = to_ns;
	if (grow(m, 64)) {
		free(m);
		return NULL;
	}
	return m;
}

void gtv_measure_free(struct gtv_measure *m)
{
	if (!m)
		return;
	free(m->lane);
	free(m);
}

void gtv_measure_span(void *measure, const struct gtv_span *span)
{
	struct gtv_measure *m = measure;
	uint64_t from = span->from_ns > m->from_ns ? span->from_ns : m->from_ns;
	uint64_t to = span->to_ns < m->to_ns ? span->to_ns : m->to_ns;
	struct gtv_measured *s;

	if (to <= from || span->state >= GTV_ST_MAX ||
	    !(s = sums_of(m, span->lane.kind, span->lane.id)))
		return;
	s->state_ns[span->state] += to - from;
	s->spans++;
}

void gtv_measure_edge(void *measure, const struct gtv_edge *edge)
{
	struct gtv_measure *m = measure;
	struct gtv_measured *s;

	if (edge->kind != GTV_EDGE_HANDOFF || edge->to_ns < m->from_ns ||
	    edge->to_ns >= m->to_ns)
		return;
	if ((s = sums_of(m, edge->from.kind, edge->from.id)))
		s->handoffs++;
	if ((s = sums_of(m, edge->to.kind, edge->to.id)))
		s->handoffs++;
	if (edge->obj && (s = sums_of(m, GTV_LANE_LOCK, edge->obj)))
		s->handoffs++;
}

static void count_event(struct gtv_measure *m, const struct gtv_ev *ev)
{
	int stops = ev->kind < GTV_EV_USER_MAX && gtv_event_is_switch(ev->kind);
	int leaves = ev->kind == GTV_EV_K_SWITCH || ev->kind == GTV_EV_K_OFF;
	struct gtv_measured *s;

	m->events++;
	if (ev->tid && (s = sums_of(m, GTV_LANE_THREAD, ev->tid))) {
		s->events++;
		s->switches += (uint64_t)leaves;
	}
	if (ev->gt && ev->kind < GTV_EV_USER_MAX && (s = sums_of(m, GTV_LANE_GT, ev->gt))) {
		s->events++;
		s->switches += (uint64_t)stops;
	}
	if (ev->core >= 0 && (s = sums_of(m, GTV_LANE_CORE, (uint32_t)ev->core))) {
		s->events++;
		s->switches += (uint64_t)leaves;
	}
	if (ev->obj && ev->kind >= GTV_EV_LOCK_TAKE && ev->kind <= GTV_EV_GIL_DROP &&
	    (s = sums_of(m, GTV_LANE_LOCK, ev->obj)))
		s->events++;
}

void gtv_measure_events(void *measure, const struct gtv_ev *evs, size_t count)
{
	struct gtv_measure *m = measure;

	for (size_t i = 0; i < count; i++)
		if (evs[i].ts_ns >= m->from_ns && evs[i].ts_ns < m->to_ns)
			count_event(m, &evs[i]);
}

void gtv_measure_finish(struct gtv_measure *m, const struct gtv_model *model,
			uint64_t now_ns)
{
	gtv_model_open_spans(model, now_ns, gtv_measure_span, m);
}

int gtv_measure_lane(const struct gtv_measure *m, struct gtv_lane lane,
		     struct gtv_measured *out)
{
	const struct lane_sums *l = &m->lane[slot_of(m, lane)];
	uint64_t sum = 0;

	memset(out, 0, sizeof(*out));
	if (l->lane.kind)
		*out = l->sums;
	for (int st = 0; st < GTV_ST_MAX; st++)
		sum += out->state_ns[st];
	out->absent_ns = m->to_ns - m->from_ns > sum ? m->to_ns - m->from_ns - sum : 0;
	return l->lane.kind != 0;
}

uint64_t gtv_measure_all_events(const struct gtv_measure *m)
{
	return m->events;
}

int gtv_measure_failed(const struct gtv_measure *m)
{
	return m->failed;
}
