/* SPDX-License-Identifier: MIT
 *
 * The model against the simulated machine: the same states at the same instants,
 * sums that telescope, checkpoints that change nothing, loss that only makes
 * things unknown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/model_sim.h"

#define END_NS(s) ((s)->now_ns + 1000)

struct log {
	struct gtv_span *span;
	size_t count, cap;
	uint64_t edges, bad_edges;
};

static void log_span(void *arg, const struct gtv_span *span)
{
	struct log *log = arg;

	if (log->count == log->cap) {
		log->cap = log->cap ? log->cap * 2 : 1024;
		log->span = realloc(log->span, log->cap * sizeof *log->span);
		if (!log->span)
			abort();
	}
	log->span[log->count++] = *span;
}

static void log_edge(void *arg, const struct gtv_edge *edge)
{
	struct log *log = arg;

	log->edges++;
	log->bad_edges += edge->to_ns < edge->from_ns;
}

static struct gtv_model *model_of(int level, struct log *log)
{
	struct gtv_model_sink sink = {.arg = log, .span = log_span, .edge = log_edge};
	struct gtv_model *m = gtv_model_new(level, NULL, &sink);

	assert_non_null(m);
	return m;
}

static int by_lane(const void *a, const void *b)
{
	const struct gtv_span *x = a, *y = b;

	if (x->lane.kind != y->lane.kind)
		return x->lane.kind < y->lane.kind ? -1 : 1;
	if (x->lane.id != y->lane.id)
		return x->lane.id < y->lane.id ? -1 : 1;
	return (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

/* Spans of a lane touch and are not empty. */
static void assert_touching(const struct log *log)
{
	for (size_t i = 0; i < log->count; i++) {
		const struct gtv_span *s = &log->span[i];
		assert_true(s->to_ns > s->from_ns);
		if (i && !by_lane(&(struct gtv_span){.lane = s->lane},
				  &(struct gtv_span){.lane = s[-1].lane}))
			assert_int_equal(s->from_ns, s[-1].to_ns);
	}
}

/* Sums equal lifetimes, and of a core the wall time since it was first told of,
 * whatever was fed. */
static void assert_sums(const struct gtv_model *m)
{
	for (size_t i = 0; i < gtv_model_gt_count(m); i++) {
		struct gtv_gt_totals g;
		uint64_t sum = 0;
		assert_int_equal(gtv_model_gt_totals(m, i, &g), 0);
		for (int st = 0; st < GTV_ST_MAX; st++)
			sum += g.state_ns[st];
		assert_int_equal(sum, g.end_ns - g.spawn_ns);
		assert_int_equal(g.state_ns[GTV_ST_DONE], 0);
	}
	for (size_t i = 0; i < gtv_model_thread_count(m); i++) {
		struct gtv_thread_totals t;
		uint64_t sum = 0;
		assert_int_equal(gtv_model_thread_totals(m, i, &t), 0);
		for (int st = 0; st < GTV_ST_MAX; st++)
			sum += t.state_ns[st];
		assert_int_equal(sum, t.end_ns - t.first_ns);
	}
	for (size_t i = 0; i < gtv_model_lock_count(m); i++) {
		struct gtv_lock_totals l;
		assert_int_equal(gtv_model_lock_totals(m, i, &l), 0);
		assert_int_equal(l.held_on_ns + l.held_preempted_ns + l.held_asleep_ns +
					 l.free_ns + l.unknown_ns,
				 l.end_ns - l.first_ns);
	}
	for (size_t i = 0; i < gtv_model_core_count(m); i++) {
		struct gtv_core_totals c;
		assert_int_equal(gtv_model_core_totals(m, i, &c), 0);
		assert_int_equal(c.busy_ns + c.other_ns + c.idle_ns + c.away_ns +
					 c.unknown_ns,
				 c.end_ns - c.first_ns);
	}
}

static void assert_no_faults(const struct gtv_model *m, uint64_t seed)
{
	for (unsigned f = 0; f < GTV_FAULT_MAX; f++) {
		if (gtv_model_faults(m, f))
			print_message("seed %lu: %s: %s\n", (unsigned long)seed,
				      gtv_fault_name(f), gtv_model_fault_text(m, f, NULL));
		assert_int_equal(gtv_model_faults(m, f), 0);
	}
}

/* The span of `sorted` at an instant. */
static const struct gtv_span *find(const struct log *sorted, struct gtv_lane lane,
				   uint64_t ts)
{
	size_t lo = 0, hi = sorted->count;
	struct gtv_span key = {.lane = lane, .from_ns = ts};

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (by_lane(&sorted->span[mid], &key) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NULL;
	const struct gtv_span *s = &sorted->span[lo - 1];
	return s->lane.kind == lane.kind && s->lane.id == lane.id && s->to_ns > ts ? s
										   : NULL;
}

static void compare(const struct sim *s, const struct sim_fact *f,
		    const struct gtv_span *span, uint64_t seed)
{
	uint32_t state = span ? span->state : (uint32_t)GTV_ST_NONE;
	int same = state == f->state;

	if (same && span) {
		switch (f->lane.kind) {
		case GTV_LANE_LOCK:
			same = span->gt == f->a && span->waiters == f->b;
			break;
		case GTV_LANE_THREAD:
			same = span->gt == f->a;
			break;
		case GTV_LANE_CORE:
			same = span->tid == f->a && span->gt == f->b;
			break;
		default:
			break;
		}
	}
	if (!same)
		print_message(
			"seed %lu level %d: lane %u/%u at %lu: truth %s %u %u, model %s\n",
			(unsigned long)seed, s->level, f->lane.kind, f->lane.id,
			(unsigned long)f->ts_ns, gtv_state_name(f->state), f->a, f->b,
			gtv_state_name(state));
	assert_true(same);
}

/* Truth and model agree at the start and the end of every fact. */
static void assert_truth(const struct sim *s, struct log *log, uint64_t seed)
{
	qsort(log->span, log->count, sizeof *log->span, by_lane);
	assert_touching(log);
	for (size_t i = 0; i < s->facts; i++) {
		struct sim_fact f = s->fact[i];
		if (f.lane.kind == GTV_LANE_THREAD)
			f.lane.id = sim_tid((int)f.lane.id);
		compare(s, &f, find(log, f.lane, f.ts_ns), seed);
		/* …and nothing changed just before it. */
		const struct gtv_span *at = find(log, f.lane, f.ts_ns);
		if (at)
			assert_true(at->from_ns <= f.ts_ns);
	}
	/* No more changes than the truth has: each span starts at a fact, or differs
	 * from the last only in what the truth does not tell. */
	for (size_t i = 1; i < log->count; i++) {
		const struct gtv_span *a = &log->span[i - 1], *b = &log->span[i];
		if (b->from_ns > s->fact[0].ts_ns && a->lane.kind == b->lane.kind &&
		    a->lane.id == b->lane.id && a->state != b->state &&
		    (s->level || a->lane.kind != GTV_LANE_THREAD)) {
			int found = 0;
			uint32_t id = b->lane.kind == GTV_LANE_THREAD ? b->lane.id - SIM_PID
								      : b->lane.id;
			for (size_t k = 0; k < s->facts && !found; k++)
				found = s->fact[k].ts_ns == b->from_ns &&
					s->fact[k].lane.kind == b->lane.kind &&
					s->fact[k].lane.id == id &&
					s->fact[k].state == b->state;
			assert_true(found);
		}
	}
}

static struct sim sim; /* large */

static void simulate(uint64_t seed, int level, int steps)
{
	sim_init(&sim, seed, level);
	for (int i = 0; i < steps; i++)
		sim_step(&sim);
}

static void truth(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		int level = seed % 4 ? 3 : 0;
		struct log log = {0};
		struct gtv_model *m = model_of(level, &log);
		simulate(seed, level, 1500);
		assert_int_equal(gtv_model_feed(m, sim.ev, sim.count), 0);
		gtv_model_finish(m, END_NS(&sim));
		assert_no_faults(m, seed);
		assert_sums(m);
		assert_int_equal(log.bad_edges, 0);
		assert_true(log.edges > 0);
		assert_truth(&sim, &log, seed);
		gtv_model_free(m);
		free(log.span);
		sim_fini(&sim);
	}
}

/* Saved and restored after every event: the same spans. */
static void checkpoints(void **state)
{
	(void)state;
	for (uint64_t seed = 100; seed < 108; seed++) {
		struct log whole = {0}, parts = {0};
		simulate(seed, seed % 2 ? 3 : 0, 700);
		struct gtv_model *m = model_of(sim.level, &whole);
		gtv_model_feed(m, sim.ev, sim.count);
		gtv_model_finish(m, END_NS(&sim));
		gtv_model_free(m);
		m = model_of(sim.level, &parts);
		for (size_t i = 0; i < sim.count; i++) {
			void *bytes, *again;
			size_t size, size2;
			assert_int_equal(gtv_model_feed(m, &sim.ev[i], 1), 0);
			assert_int_equal(gtv_model_save(m, &bytes, &size), 0);
			gtv_model_free(m);
			m = model_of(sim.level, &parts);
			assert_int_equal(gtv_model_restore(m, bytes, size), 0);
			assert_int_equal(gtv_model_save(m, &again, &size2), 0);
			assert_int_equal(size, size2);
			assert_memory_equal(bytes, again, size);
			free(bytes);
			free(again);
		}
		gtv_model_finish(m, END_NS(&sim));
		assert_no_faults(m, seed);
		gtv_model_free(m);
		qsort(whole.span, whole.count, sizeof *whole.span, by_lane);
		qsort(parts.span, parts.count, sizeof *parts.span, by_lane);
		assert_int_equal(whole.count, parts.count);
		for (size_t i = 0; i < whole.count; i++)
			assert_memory_equal(&whole.span[i], &parts.span[i],
					    offsetof(struct gtv_span, waiters) + 4);
		free(whole.span);
		free(parts.span);
		sim_fini(&sim);
	}
}

/*
 * Some events of one ring are lost, and told so when the loss is over. Nothing may
 * be a fault, and what the model says of the time outside the told ranges is the
 * truth, or unknown.
 */
static int in_loss(const struct gtv_ev *ev, size_t n, uint64_t ts)
{
	for (size_t i = 0; i < n; i++) {
		if (ev[i].kind == GTV_EV_LOSS && ts >= gtv_ev_loss_from(&ev[i]) &&
		    ts <= ev[i].ts_ns)
			return 1;
	}
	return 0;
}

static size_t lose(struct gtv_ev *out, uint64_t seed)
{
	size_t n = 0;
	uint32_t tid = sim_tid((int)(seed % SIM_THREADS));
	struct sim *s = &sim;

	for (size_t i = 0; i < s->count;) {
		if (i < s->count / 4 || sim_below(s, 60)) {
			out[n++] = s->ev[i++];
			continue;
		}
		/* A ring that overflows: for a while nothing of that thread gets in. */
		size_t end = i + 1 + sim_below(s, 40);
		uint64_t first = 0, last = 0, count[GTV_EV_USER_MAX] = {0};
		for (; i < s->count && i < end; i++) {
			const struct gtv_ev *ev = &s->ev[i];
			if (ev->kind >= GTV_EV_USER_MAX || ev->tid != tid) {
				out[n++] = *ev;
				continue;
			}
			first = first ? first : ev->ts_ns;
			last = ev->ts_ns;
			count[ev->kind]++;
		}
		for (unsigned k = 0; k < GTV_EV_USER_MAX; k++) {
			if (!count[k])
				continue;
			/* Told when there is room: just before the thread's next event, at
			 * the range's end. The order of time puts it there. */
			struct gtv_ev loss = {.ts_ns = last,
					      .kind = GTV_EV_LOSS,
					      .core = -1,
					      .tid = tid,
					      .obj = GTV_SRC_RING,
					      .seq = k,
					      .gt = (uint32_t)(last - first),
					      .arg = count[k]};
			size_t at = n++;
			while (at && out[at - 1].ts_ns > last) {
				out[at] = out[at - 1];
				at--;
			}
			out[at] = loss;
		}
	}
	return n;
}

static void loss(void **state)
{
	(void)state;
	uint64_t unknown = 0;
	for (uint64_t seed = 200; seed < 260; seed++) {
		struct log log = {0};
		simulate(seed, 3, 1200);
		struct gtv_ev *ev = calloc(sim.count * 2 + 64, sizeof *ev);
		size_t n = lose(ev, seed);
		struct gtv_model *m = model_of(3, &log);
		gtv_model_feed(m, ev, n);
		gtv_model_finish(m, END_NS(&sim));
		assert_no_faults(m, seed);
		assert_sums(m);
		qsort(log.span, log.count, sizeof *log.span, by_lane);
		assert_touching(&log);
		for (size_t i = 0; i < sim.facts; i++) {
			struct sim_fact f = sim.fact[i];
			if (f.lane.kind != GTV_LANE_GT && f.lane.kind != GTV_LANE_LOCK)
				continue;
			const struct gtv_span *span = find(&log, f.lane, f.ts_ns);
			/* Never heard of, or its end was lost. */
			if (!span || span->state == GTV_ST_UNKNOWN ||
			    f.state == GTV_ST_NONE ||
			    (span->state != f.state && in_loss(ev, n, f.ts_ns)))
				continue;
			if (span->state != f.state)
				print_message("seed %lu: %u/%u at %lu: truth %s, model %s "
					      "[%lu %lu)\n",
					      (unsigned long)seed, f.lane.kind, f.lane.id,
					      (unsigned long)f.ts_ns,
					      gtv_state_name(f.state),
					      gtv_state_name(span->state),
					      (unsigned long)span->from_ns,
					      (unsigned long)span->to_ns);
			assert_int_equal(span->state, f.state);
		}
		for (size_t i = 0; i < log.count; i++)
			unknown += log.span[i].state == GTV_ST_UNKNOWN;
		gtv_model_free(m);
		free(log.span);
		free(ev);
		sim_fini(&sim);
	}
	assert_true(unknown > 100);
}

/* A part of the file is missing: unknown, and no faults after it. */
static void gap(void **state)
{
	(void)state;
	for (uint64_t seed = 300; seed < 330; seed++) {
		struct log log = {0};
		simulate(seed, 3, 1200);
		struct gtv_model *m = model_of(3, &log);
		size_t a = sim.count / 3, b = sim.count / 2;
		gtv_model_feed(m, sim.ev, a);
		gtv_model_gap(m, sim.ev[a].ts_ns, sim.ev[b - 1].ts_ns);
		gtv_model_feed(m, sim.ev + b, sim.count - b);
		gtv_model_finish(m, END_NS(&sim));
		assert_no_faults(m, seed);
		assert_sums(m);
		qsort(log.span, log.count, sizeof *log.span, by_lane);
		assert_touching(&log);
		for (size_t i = 0; i < sim.facts; i++) {
			struct sim_fact f = sim.fact[i];
			if (f.lane.kind == GTV_LANE_THREAD)
				f.lane.id = sim_tid((int)f.lane.id);
			const struct gtv_span *span = find(&log, f.lane, f.ts_ns);
			if (span && span->state != GTV_ST_UNKNOWN && f.state != GTV_ST_NONE)
				assert_int_equal(span->state, f.state);
		}
		gtv_model_free(m);
		free(log.span);
		sim_fini(&sim);
	}
}

/* Garbage: never a crash, and the sums still hold. */
static void hostile(void **state)
{
	(void)state;
	static const uint32_t few[] = {0, 1, 2, 3, 4, 7, 1000, 1001, 0xffffffffu};
	for (uint64_t seed = 400; seed < 480; seed++) {
		struct log log = {0};
		sim_init(&sim, seed, 0);
		struct gtv_model *m = model_of((int)(seed % 4), &log);
		uint64_t ts = 1000000;
		for (int i = 0; i < 3000; i++) {
			struct gtv_ev ev = {.ts_ns = ts,
					    .kind = (uint16_t)sim_below(&sim, 100),
					    .flags = (uint8_t)sim_below(&sim, 8),
					    .state = (uint8_t)sim_below(&sim, 8),
					    .core = (int32_t)sim_below(&sim, 5) - 1,
					    .tid = few[sim_below(&sim, 9)],
					    .gt = few[sim_below(&sim, 9)],
					    .obj = few[sim_below(&sim, 9)],
					    .seq = sim_below(&sim, 10),
					    .arg = (uint64_t)sim_below(&sim, 9) << 32 |
						   few[sim_below(&sim, 9)]};
			ts += sim_below(&sim, 1000);
			if (!sim_below(&sim, 50))
				ev.ts_ns -= sim_below(&sim, 100000);
			if (!sim_below(&sim, 500))
				ev.core = (int32_t)sim_rand(&sim);
			gtv_model_feed(m, &ev, 1);
			if (!sim_below(&sim, 700))
				gtv_model_gap(m, ev.ts_ns - sim_below(&sim, 9000),
					      ev.ts_ns);
		}
		gtv_model_finish(m, ts);
		assert_sums(m);
		qsort(log.span, log.count, sizeof *log.span, by_lane);
		for (size_t i = 0; i < log.count; i++)
			assert_true(log.span[i].to_ns > log.span[i].from_ns);
		gtv_model_free(m);
		free(log.span);
		sim_fini(&sim);
	}
}

/* A damaged checkpoint is refused or makes a model that still works. */
static void hostile_checkpoint(void **state)
{
	(void)state;
	simulate(500, 3, 900);
	struct log log = {0};
	struct gtv_model *m = model_of(3, &log);
	void *bytes;
	size_t size;
	gtv_model_feed(m, sim.ev, sim.count / 2);
	assert_int_equal(gtv_model_save(m, &bytes, &size), 0);
	gtv_model_free(m);
	int accepted = 0;
	for (int i = 0; i < 4000; i++) {
		uint8_t *bad = malloc(size);
		size_t cut = i % 3 ? size : sim_below(&sim, (uint32_t)size);
		memcpy(bad, bytes, size);
		for (int k = 0; k < 3 && i % 3; k++)
			bad[sim_below(&sim, (uint32_t)size)] ^=
				(uint8_t)(1u << sim_below(&sim, 8));
		m = model_of(3, &log);
		uint8_t *exact =
			malloc(cut ? cut : 1); /* so that a sanitizer sees the end */
		memcpy(exact, bad, cut);
		if (!gtv_model_restore(m, exact, cut)) {
			gtv_model_feed(m, sim.ev + sim.count / 2,
				       sim.count - sim.count / 2);
			gtv_model_finish(m, END_NS(&sim));
			assert_sums(m);
			accepted++;
		}
		gtv_model_free(m);
		log.count = 0;
		free(bad);
		free(exact);
	}
	assert_true(accepted > 0);
	free(bytes);
	free(log.span);
	sim_fini(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truth),   cmocka_unit_test(checkpoints),
		cmocka_unit_test(loss),	   cmocka_unit_test(gap),
		cmocka_unit_test(hostile), cmocka_unit_test(hostile_checkpoint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
