/* SPDX-License-Identifier: MIT
 *
 * A recorder for the model's tests: what the session's collector does, into an
 * unlinked file, and every span on the side.
 */
#ifndef MODEL_REC_H
#define MODEL_REC_H

#include "tests/unit/model_sim.h"
#include "tracer/model/window.h"
#include "tracer/model/zoom.h"

static struct sim sim; /* large */

struct whole {
	struct gtv_span *span; /* by lane, then time */
	size_t count, cap;
	uint64_t from_ns, to_ns;
};

/* A recorder: what the session's collector does. */
struct recorder {
	struct gtv_store *st;
	struct gtv_names *names;
	struct gtv_model *m;
	struct gtv_zoom *z;
	struct whole *whole;
	uint64_t zoomed_ns;
	size_t fed, checked;
};

static void rec_span(void *arg, const struct gtv_span *span)
{
	struct recorder *r = arg;
	struct whole *w = r->whole;

	gtv_zoom_span(r->z, span);
	if (w->count == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 4096;
		w->span = realloc(w->span, w->cap * sizeof *w->span);
		assert_non_null(w->span);
	}
	w->span[w->count++] = *span;
}

static void rec_start(struct recorder *r, struct whole *w)
{
	struct gtv_store_info info = {.level = sim.level, .core_count = SIM_CORES};
	struct gtv_model_sink sink = {.arg = r, .span = rec_span};
	struct gtv_err err = {0};

	memset(r, 0, sizeof *r);
	memset(w, 0, sizeof *w);
	r->whole = w;
	r->names = gtv_names_new();
	assert_int_equal(gtv_store_create_temp(&r->st, &info, r->names, &err), 0);
	r->m = gtv_model_new(sim.level, r->names, &sink);
	r->z = gtv_zoom_new(r->st);
	w->from_ns = sim.ev[0].ts_ns;
}

static void rec_feed(struct recorder *r, size_t count)
{
	const size_t step = 2000;

	for (; count && r->fed < sim.count;) {
		size_t n = sim.count - r->fed < step ? sim.count - r->fed : step;
		n = n < count ? n : count;
		const struct gtv_ev *ev = sim.ev + r->fed;
		gtv_model_feed(r->m, ev, n);
		assert_int_equal(gtv_store_append(r->st, ev, n), 0);
		assert_int_equal(gtv_store_flush(r->st, 0), 0);
		r->fed += n;
		count -= n;
		uint64_t now = ev[n - 1].ts_ns;
		if (now - r->zoomed_ns > 50000000) {
			assert_int_equal(gtv_zoom_flush(r->z, now, 0), 0);
			r->zoomed_ns = now;
		}
		if (r->fed - r->checked >= 10 * step) {
			void *bytes;
			size_t size;
			assert_int_equal(gtv_model_save(r->m, &bytes, &size), 0);
			assert_int_equal(gtv_store_put_checkpoint(r->st, now, bytes, size),
					 0);
			free(bytes);
			r->checked = r->fed;
		}
	}
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

static void rec_finish(struct recorder *r)
{
	struct whole *w = r->whole;
	uint64_t from;

	assert_int_equal(gtv_store_range(r->st, &from, &w->to_ns), 0);
	gtv_model_finish(r->m, w->to_ns);
	assert_int_equal(gtv_zoom_flush(r->z, w->to_ns, 1), 0);
	assert_int_equal(gtv_store_finish(r->st), 0);
	qsort(w->span, w->count, sizeof *w->span, by_lane);
}

static void rec_close(struct recorder *r)
{
	gtv_model_free(r->m);
	gtv_zoom_free(r->z);
	gtv_store_close(r->st);
	gtv_names_free(r->names);
	free(r->whole->span);
}

static inline void simulate(uint64_t seed, size_t events)
{
	sim_init(&sim, seed, 3);
	sim.blind = 1;
	while (sim.count < events)
		sim_step(&sim);
}

/* So many events a second, about, that all levels of tiles are worth storing. */
static inline void simulate_dense(uint64_t seed, size_t events)
{
	sim_init(&sim, seed, 3);
	sim.blind = 1;
	sim.step_ns = 400;
	sim.pause_ns = 25000;
	while (sim.count < events)
		sim_step(&sim);
}

#endif
