/* SPDX-License-Identifier: MIT
 *
 * The model's frame: life, which file an event goes to, what loss does, the end.
 */
#include "tracer/model/model_priv.h"

#include <stdlib.h>

struct gtv_model *gtv_model_new(int level, const struct gtv_names *names,
				const struct gtv_model_sink *sink)
{
	struct gtv_model *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->level = level;
	m->names = names;
	if (sink)
		m->sink = *sink;
	m->gts.elem_bytes = sizeof(struct gtv__gt);
	m->threads.elem_bytes = sizeof(struct gtv__thread);
	m->locks.elem_bytes = sizeof(struct gtv__lock);
	m->procs.elem_bytes = sizeof(struct gtv__proc);
	m->cores.elem_bytes = sizeof(struct gtv__core);
	return m;
}

void gtv_model_free(struct gtv_model *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->procs.count; i++) {
		struct gtv__proc *p = gtv__pool_at(&m->procs, i);
		free(p->losses.range);
		free(p->worker_tid);
	}
	gtv__futexes_free(m);
	gtv__pool_free(&m->gts);
	gtv__pool_free(&m->threads);
	gtv__pool_free(&m->locks);
	gtv__pool_free(&m->procs);
	gtv__pool_free(&m->cores);
	free(m->gt_map.slot);
	free(m->thread_map.slot);
	free(m->lock_map.slot);
	free(m->proc_map.slot);
	free(m->core);
	free(m->any_losses.range);
	free(m->kernel_losses.range);
	free(m);
}

/* ---- what is worth a line in no other file ---- */

static void ev_worker_start(struct gtv_model *m, struct gtv__thread *t, uint32_t worker)
{
	struct gtv__proc *p = t->proc;

	if (worker >= GTV__WORKERS_MAX)
		return;
	if (worker >= p->worker_cap) {
		uint32_t cap = p->worker_cap ? p->worker_cap : 16;
		while (cap <= worker)
			cap *= 2;
		uint32_t *tid = realloc(p->worker_tid, cap * sizeof *tid);
		if (!tid) {
			m->no_memory = 1;
			return;
		}
		memset(tid + p->worker_cap, 0, (cap - p->worker_cap) * sizeof *tid);
		p->worker_tid = tid;
		p->worker_cap = cap;
	}
	p->worker_tid[worker] = t->tid;
}

/* Another says it, who says nothing of what the worker does. */
static void ev_worker_state(struct gtv_model *m, struct gtv__thread *t,
			    const struct gtv_ev *ev)
{
	struct gtv__thread *worker = gtv__thread(m, (uint32_t)ev->arg);

	if (worker && worker->proc == t->proc)
		ev_worker_start(m, worker, ev->obj);
}

/* Level 0 believes a worker that says it goes to sleep. */
static void ev_park(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev)
{
	if (m->level != 0)
		return;
	t->on = ev->kind == GTV_EV_PARK ? GTV__K_SLEEPING : GTV__K_UNKNOWN;
	gtv__thread_show(m, t, ev->ts_ns);
}

static void user_event(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__thread *t = gtv__thread(m, ev->tid);

	if (!t)
		return;
	if (!(ev->flags & GTV_EV_LATE) && t->on != GTV__K_ON)
		gtv__thread_evidence(m, t, ev->ts_ns);
	if (gtv_event_is_switch(ev->kind)) {
		if (!gtv__switch_plain(m, t, ev))
			gtv__gt_event(m, t, ev);
		return;
	}
	switch (ev->kind) {
	case GTV_EV_PROC_START:
		t->proc->flags |= GTV__PROC_RUNTIME;
		t->proc->flags |= (uint32_t)ev->arg & GTV_PROC_ONE_TO_ONE;
		break;
	case GTV_EV_WORKER_START:
		t->proc->flags |= GTV__PROC_RUNTIME;
		ev_worker_start(m, t, ev->obj);
		break;
	case GTV_EV_WORKER_STATE:
		ev_worker_state(m, t, ev);
		break;
	case GTV_EV_SPAWN:
	case GTV_EV_READY:
	case GTV_EV_STEAL:
	case GTV_EV_GT_STATE:
	case GTV_EV_CHAN_SEND:
	case GTV_EV_CHAN_RECV:
		gtv__gt_event(m, t, ev);
		break;
	case GTV_EV_LOCK_TAKE:
	case GTV_EV_LOCK_DROP:
	case GTV_EV_GIL_TAKE:
	case GTV_EV_GIL_RETAKE:
	case GTV_EV_GIL_DROP:
	case GTV_EV_GIL_REQUEST:
	case GTV_EV_LOCK_STATE:
		gtv__lock_event(m, t, ev);
		break;
	case GTV_EV_PARK:
	case GTV_EV_UNPARK:
		ev_park(m, t, ev);
		break;
	case GTV_EV_MARK:
	case GTV_EV_REGION_BEGIN:
	case GTV_EV_REGION_END:
		if (m->sink.note)
			m->sink.note(m->sink.arg, ev);
		break;
	default: /* names, calls of the pool: nobody's state */
		break;
	}
}

/* ---- loss ---- */

static int kind_is_transition(unsigned kind)
{
	return kind == 0 || kind == GTV_EV_SPAWN || kind == GTV_EV_READY ||
	       gtv_event_is_switch(kind);
}

static int kind_is_lock(unsigned kind)
{
	return kind == 0 || (kind >= GTV_EV_LOCK_TAKE && kind <= GTV_EV_GIL_DROP);
}

/*
 * Events of a ring are gone. What concerns waiting and ready green threads and
 * free locks shows later, as missing numbers. What ran on that thread when the
 * loss began was moved by the lost events: unknown at once, from its start, but
 * for the spans that kernel events have closed since: a loss is told when it is
 * over, and what was shown stays.
 */
static void user_loss(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__thread *t = ev->tid ? gtv__thread_find(m, ev->tid) : NULL;
	uint64_t from = gtv_ev_loss_from(ev);
	struct gtv__gt *g = t ? t->gt : NULL;

	if (kind_is_transition(ev->seq) || kind_is_lock(ev->seq)) {
		gtv__losses_add(t ? &t->proc->losses : &m->any_losses, from, ev->ts_ns);
		gtv__absolve(m, 0, t ? t->proc : NULL, from, ev->ts_ns);
	}
	if (g && kind_is_lock(ev->seq)) {
		while (g->held)
			gtv__lock_unknown(m, g->held, from);
	}
	if (t && (ev->seq == 0 || gtv_event_is_switch(ev->seq))) {
		if (g)
			gtv__gt_unknown(m, g, from);
		t->gt_known = 0;
		m->retro++;
		gtv__place_show(m, t, from);
		m->retro--;
	}
}

/* Events of a core (or of all) are gone. */
static void kernel_loss(struct gtv_model *m, const struct gtv_ev *ev)
{
	uint64_t from = gtv_ev_loss_from(ev);

	gtv__losses_add(&m->kernel_losses, from, ev->ts_ns);
	gtv__absolve(m, 1, NULL, from, ev->ts_ns);
	gtv__futexes_lost(m, from);
	for (size_t i = 0; i < m->cores.count; i++) {
		struct gtv__core *c = gtv__pool_at(&m->cores, i);
		if (ev->core >= 0 && c->core != ev->core)
			continue;
		if (c->thread)
			gtv__thread_unknown(m, c->thread, from);
		gtv__core_unknown(m, c, from);
	}
}

static void ev_loss(struct gtv_model *m, const struct gtv_ev *ev)
{
	if (ev->seq < GTV_EV_MAX)
		m->lost[ev->seq] += ev->arg;
	if (ev->gt > ev->ts_ns)
		return; /* a range from before time: no true one */
	if (ev->obj != GTV_SRC_BPF && ev->obj != GTV_SRC_PERF)
		user_loss(m, ev);
	if (ev->obj != GTV_SRC_RING)
		kernel_loss(m, ev);
}

/* The direct child was reaped. Where the kernel told of its threads' ends this
 * changes nothing any more. */
static void ev_end(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__proc *p = gtv__map_get(&m->proc_map, ev->tid);

	if (!p)
		return;
	gtv__proc_end(m, p, ev->ts_ns);
	for (size_t i = 0; i < m->threads.count; i++) {
		struct gtv__thread *t = gtv__pool_at(&m->threads, i);
		if (t->proc == p && m->level == 0)
			gtv__thread_end(m, t, ev->ts_ns);
	}
}

int gtv_model_feed(struct gtv_model *m, const struct gtv_ev *evs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct gtv_ev *ev = &evs[i];

		if (ev->ts_ns < m->now_ns)
			gtv__fault(m, GTV_FAULT_TIME, ev->ts_ns,
				   "an event lies %llu ns before the one told before it",
				   (unsigned long long)(m->now_ns - ev->ts_ns));
		else
			m->now_ns = ev->ts_ns;
		if (ev->kind >= GTV_EV_MAX)
			continue; /* of a later version */
		m->kind_count[ev->kind]++;
		if (ev->kind < GTV_EV_USER_MAX)
			user_event(m, ev);
		else if (ev->kind == GTV_EV_LOSS)
			ev_loss(m, ev);
		else if (ev->kind == GTV_EV_END)
			ev_end(m, ev);
		else
			gtv__kernel_event(m, ev);
	}
	return m->no_memory ? -GTV_ENOMEM : 0;
}

int gtv_model_gap(struct gtv_model *m, uint64_t from_ns, uint64_t to_ns)
{
	gtv__losses_add(&m->any_losses, from_ns, to_ns);
	gtv__losses_add(&m->kernel_losses, from_ns, to_ns);
	gtv__absolve(m, 0, NULL, from_ns, to_ns);
	gtv__absolve(m, 1, NULL, from_ns, to_ns);
	for (size_t i = 0; i < m->cores.count; i++)
		gtv__core_unknown(m, gtv__pool_at(&m->cores, i), from_ns);
	for (size_t i = 0; i < m->threads.count; i++) {
		struct gtv__thread *t = gtv__pool_at(&m->threads, i);
		t->gt_known = 0;
		if (gtv__lane_alive(&t->lane))
			gtv__thread_unknown(m, t, from_ns);
	}
	for (size_t i = 0; i < m->gts.count; i++) {
		struct gtv__gt *g = gtv__pool_at(&m->gts, i);
		gtv__gt_unknown(m, g, from_ns);
		g->want = NULL;
		g->wake_ns = g->send_ns = 0;
		g->owed_peer = 0;
		g->doubt = 1;
	}
	for (size_t i = 0; i < m->locks.count; i++) {
		struct gtv__lock *l = gtv__pool_at(&m->locks, i);
		gtv__lock_unknown(m, l, from_ns);
		l->doubt = 1;
	}
	/* Threads lost their green threads after they were shown. */
	m->retro++;
	for (size_t i = 0; i < m->threads.count; i++) {
		struct gtv__thread *t = gtv__pool_at(&m->threads, i);
		if (gtv__lane_alive(&t->lane))
			gtv__thread_show(m, t, from_ns);
	}
	m->retro--;
	if (to_ns > m->now_ns)
		m->now_ns = to_ns;
	return m->no_memory ? -GTV_ENOMEM : 0;
}

/* ---- the end ---- */

static void each_lane(const struct gtv_model *m,
		      void (*each)(void *arg, struct gtv__lane *lane), void *arg)
{
	for (size_t i = 0; i < m->cores.count; i++)
		each(arg, &((struct gtv__core *)gtv__pool_at(&m->cores, i))->lane);
	for (size_t i = 0; i < m->threads.count; i++)
		each(arg, &((struct gtv__thread *)gtv__pool_at(&m->threads, i))->lane);
	for (size_t i = 0; i < m->gts.count; i++)
		each(arg, &((struct gtv__gt *)gtv__pool_at(&m->gts, i))->lane);
	for (size_t i = 0; i < m->locks.count; i++)
		each(arg, &((struct gtv__lock *)gtv__pool_at(&m->locks, i))->lane);
}

struct end_at {
	struct gtv_model *m;
	uint64_t ts_ns;
};

static void end_lane(void *arg, struct gtv__lane *lane)
{
	const struct end_at *end = arg;

	end->m->retro++;
	gtv__lane_end(end->m, lane, end->ts_ns);
	end->m->retro--;
}

/* What was lost after an object's last event may have moved it: nothing that
 * comes later can tell any more. */
static void doubt_the_silent(struct gtv_model *m)
{
	uint64_t at;

	for (size_t i = 0; i < m->gts.count; i++) {
		struct gtv__gt *g = gtv__pool_at(&m->gts, i);
		if (g->run != GTV__RUN_RUNNING && gtv__lane_alive(&g->lane) &&
		    gtv__user_loss_after(m, g->proc, g->last_ns, &at))
			gtv__gt_unknown(m, g, at);
	}
	for (size_t i = 0; i < m->locks.count; i++) {
		struct gtv__lock *l = gtv__pool_at(&m->locks, i);
		if (l->addr)
			continue;
		int runs = l->owner && l->owner->run == GTV__RUN_RUNNING;
		if (!runs && gtv__user_loss_after(m, l->proc, l->last_ns, &at))
			gtv__lock_unknown(m, l, at);
	}
}

struct open_each {
	uint64_t now_ns;
	void (*each)(void *arg, const struct gtv_span *span);
	void *arg;
};

static void open_lane(void *arg, struct gtv__lane *lane)
{
	const struct open_each *open = arg;
	struct gtv_span span = lane->cur;

	if (!gtv__lane_alive(lane))
		return;
	span.to_ns = open->now_ns > span.from_ns ? open->now_ns : span.from_ns;
	span.flags |= GTV_SP_OPEN;
	open->each(open->arg, &span);
}

void gtv_model_open_spans(const struct gtv_model *m, uint64_t now_ns,
			  void (*each)(void *arg, const struct gtv_span *span), void *arg)
{
	struct open_each open = {now_ns, each, arg};

	each_lane(m, open_lane, &open);
}

/* In the order of each_lane. */
static struct gtv__lane *lane_at(const struct gtv_model *m, unsigned kind, size_t idx)
{
	switch (kind) {
	case 0:
		return &((struct gtv__core *)gtv__pool_at(&m->cores, idx))->lane;
	case 1:
		return &((struct gtv__thread *)gtv__pool_at(&m->threads, idx))->lane;
	case 2:
		return &((struct gtv__gt *)gtv__pool_at(&m->gts, idx))->lane;
	default:
		return &((struct gtv__lock *)gtv__pool_at(&m->locks, idx))->lane;
	}
}

/* Calls for each of the next `count` lanes. */
static int some_lanes(const struct gtv_model *m, struct gtv_model_at *at, size_t count,
		      void (*each)(void *arg, struct gtv__lane *lane), void *arg)
{
	const size_t counts[] = {m->cores.count, m->threads.count, m->gts.count,
				 m->locks.count};

	for (; at->kind < 4; at->kind++, at->idx = 0) {
		while (at->idx < counts[at->kind] && count) {
			each(arg, lane_at(m, at->kind, at->idx++));
			count--;
		}
		if (at->idx < counts[at->kind])
			return 1;
	}
	return 0;
}

int gtv_model_open_some(const struct gtv_model *m, uint64_t now_ns, struct gtv_model_at *at,
			size_t count, void (*each)(void *arg, const struct gtv_span *span),
			void *arg)
{
	struct open_each open = {now_ns, each, arg};

	return some_lanes(m, at, count, open_lane, &open);
}

void gtv_model_finish_begin(struct gtv_model *m)
{
	doubt_the_silent(m);
	gtv__futexes_finish(m);
}

int gtv_model_finish_some(struct gtv_model *m, uint64_t end_ns, struct gtv_model_at *at,
			  size_t count)
{
	struct end_at end = {m, end_ns};

	return some_lanes(m, at, count, end_lane, &end);
}

void gtv_model_finish(struct gtv_model *m, uint64_t end_ns)
{
	struct gtv_model_at at = {0};

	gtv_model_finish_begin(m);
	gtv_model_finish_some(m, end_ns, &at, SIZE_MAX);
}
