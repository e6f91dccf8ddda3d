/* SPDX-License-Identifier: MIT
 *
 * Part of a trace: the model's sums begin anew at an instant, and end at another. What
 * goes on across either is cut there, so that the parts of a trace sum to all of it.
 */
#include "tracer/model/model_priv.h"

/* Waits for locks are summed when they end: what goes on is taken up to ts_ns. */
static void sum_want(struct gtv__lock *l, uint64_t since_ns, uint64_t ts_ns)
{
	uint64_t ns = ts_ns > since_ns ? ts_ns - since_ns : 0;

	l->wait_ns += ns;
	if (ns > l->wait_max_ns)
		l->wait_max_ns = ns;
}

/* It waits for the lock that it wants, or was woken and is on its way. */
static int still_wants(const struct gtv__gt *g)
{
	return g->want && (g->wait == g->want || g->run == GTV__RUN_READY);
}

void gtv_model_sum_waits(struct gtv_model *m, uint64_t ts_ns)
{
	for (size_t i = 0; i < m->gts.count; i++) {
		struct gtv__gt *g = gtv__pool_at(&m->gts, i);
		if (still_wants(g) && ts_ns > g->want_ns) {
			sum_want(g->want, g->want_ns, ts_ns);
			g->want_ns = ts_ns;
		}
	}
	for (size_t i = 0; i < m->threads.count; i++) {
		struct gtv__thread *t = gtv__pool_at(&m->threads, i);
		if (t->want && t->sleep_ns && ts_ns > t->sleep_ns) {
			sum_want(t->want, t->sleep_ns, ts_ns);
			t->sleep_ns = t->want_ns = ts_ns;
		}
	}
}

/* What ended before has no part in what follows: times of nought say so. */
static void cut_lane(struct gtv__lane *lane, uint64_t ts_ns)
{
	memset(lane->state_ns, 0, sizeof(lane->state_ns));
	if (!gtv__lane_alive(lane)) {
		lane->first_ns = lane->end_ns = 0;
		return;
	}
	if (lane->cur.from_ns < ts_ns)
		lane->cur.from_ns = ts_ns;
	lane->first_ns = lane->cur.from_ns;
}

static void cut_threads(struct gtv_model *m, uint64_t ts_ns)
{
	for (size_t i = 0; i < m->threads.count; i++) {
		struct gtv__thread *t = gtv__pool_at(&m->threads, i);
		cut_lane(&t->lane, ts_ns);
		t->switches = t->voluntary = t->migrations = t->irq_ns = 0;
	}
	for (size_t i = 0; i < m->cores.count; i++) {
		struct gtv__core *c = gtv__pool_at(&m->cores, i);
		cut_lane(&c->lane, ts_ns);
		c->switches = c->irq_ns = 0;
	}
}

static void cut_gts(struct gtv_model *m, uint64_t ts_ns)
{
	for (size_t i = 0; i < m->gts.count; i++) {
		struct gtv__gt *g = gtv__pool_at(&m->gts, i);
		cut_lane(&g->lane, ts_ns);
		g->switches = g->waits = g->irq_ns = 0;
	}
	for (size_t i = 0; i < m->locks.count; i++) {
		struct gtv__lock *l = gtv__pool_at(&m->locks, i);
		cut_lane(&l->lane, ts_ns);
		l->handoffs = l->takes = l->waits = 0;
		l->false_wakeups = l->requests = 0;
		l->wait_ns = l->wait_max_ns = 0;
	}
}

void gtv_model_cut(struct gtv_model *m, uint64_t ts_ns)
{
	gtv_model_sum_waits(m, ts_ns);
	cut_threads(m, ts_ns);
	cut_gts(m, ts_ns);
	memset(m->kind_count, 0, sizeof(m->kind_count));
	memset(m->lost, 0, sizeof(m->lost));
	m->futex_untold = 0;
}
