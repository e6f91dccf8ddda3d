/* SPDX-License-Identifier: MIT
 *
 * The short way of plain switches (model_switch.c) against the long way of all events: the
 * same spans and edges in the same order, and the same state in the end, at each level.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/model_sim.h"
#include "tracer/model/model_priv.h"

#define STEPS 20000

struct told {
	uint64_t hash, spans, edges;
};

static void mix(uint64_t *hash, uint64_t value)
{
	*hash = (*hash ^ value) * 0x9e3779b97f4a7c15ull;
	*hash ^= *hash >> 29;
}

static void on_span(void *arg, const struct gtv_span *s)
{
	struct told *told = arg;

	told->spans++;
	mix(&told->hash, s->from_ns);
	mix(&told->hash, s->to_ns);
	mix(&told->hash, (uint64_t)s->lane.id << 8 | s->lane.kind);
	mix(&told->hash,
	    (uint64_t)s->state << 32 | (uint64_t)s->flags << 16 | (uint16_t)s->core);
	mix(&told->hash, (uint64_t)s->gt << 32 | s->tid);
	mix(&told->hash, (uint64_t)s->lock << 32 | s->who);
	mix(&told->hash, (uint64_t)s->call << 32 | s->waiters);
}

static void on_edge(void *arg, const struct gtv_edge *e)
{
	struct told *told = arg;

	told->edges++;
	mix(&told->hash, e->from_ns);
	mix(&told->hash, e->to_ns);
	mix(&told->hash, (uint64_t)e->from.id << 32 | e->to.id);
	mix(&told->hash, (uint64_t)e->obj << 8 | e->kind);
}

/* Feeds all; returns the state (free it). */
static void *fed(const struct sim *sim, int all_the_way, struct told *told, size_t *size)
{
	struct gtv_model_sink sink = {.arg = told, .span = on_span, .edge = on_edge};
	struct gtv_model *m = gtv_model_new(sim->level, NULL, &sink);
	void *bytes;

	memset(told, 0, sizeof *told);
	assert_non_null(m);
	m->all_the_way = all_the_way;
	assert_int_equal(gtv_model_feed(m, sim->ev, sim->count), 0);
	assert_int_equal(gtv_model_save(m, &bytes, size), 0);
	gtv_model_finish(m, sim->now_ns + 1);
	for (unsigned f = 0; f < GTV_FAULT_MAX; f++)
		mix(&told->hash, gtv_model_faults(m, f));
	gtv_model_free(m);
	return bytes;
}

/* What is lost, late, doubled or of another's, now and then: the short way must not take
 * what it should not. */
static void disturb(struct sim *sim)
{
	for (size_t i = 0; i < sim->count; i++) {
		struct gtv_ev *ev = &sim->ev[i];
		switch (sim_below(sim, 400)) {
		case 0:
			ev->seq++;
			break;
		case 1:
			ev->obj = 1 + sim_below(sim, 40);
			break;
		case 2:
			ev->kind = GTV_EV_PARK;
			break;
		case 3:
			ev->arg += 1ull << 32;
			break;
		case 4:
			ev->tid = sim_tid((int)sim_below(sim, SIM_THREADS));
			break;
		default:
			break;
		}
	}
}

static void both_ways(int level, int disturbed)
{
	static struct sim sim;
	struct told quick, slow;
	size_t quick_size, slow_size;

	for (uint64_t seed = 1; seed <= 8; seed++) {
		sim_init(&sim, seed, level);
		sim.blind = 1;
		for (int i = 0; i < STEPS; i++)
			sim_step(&sim);
		if (disturbed)
			disturb(&sim);
		void *a = fed(&sim, 0, &quick, &quick_size);
		void *b = fed(&sim, 1, &slow, &slow_size);
		assert_true(slow.spans > STEPS / 4);
		assert_int_equal(quick.spans, slow.spans);
		assert_int_equal(quick.edges, slow.edges);
		assert_true(quick.hash == slow.hash);
		assert_int_equal(quick_size, slow_size);
		assert_memory_equal(a, b, quick_size);
		free(a);
		free(b);
		sim_fini(&sim);
	}
}

static void level_0_both_ways(void **state)
{
	(void)state;
	both_ways(0, 0);
}

static void level_3_both_ways(void **state)
{
	(void)state;
	both_ways(3, 0);
}

static void false_events_both_ways(void **state)
{
	(void)state;
	both_ways(0, 1);
	both_ways(3, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(level_0_both_ways),
		cmocka_unit_test(level_3_both_ways),
		cmocka_unit_test(false_events_both_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
