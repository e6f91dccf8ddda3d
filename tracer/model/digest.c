/* SPDX-License-Identifier: MIT */
#include "tracer/model/digest.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/model/model_priv.h"

/* What only spans tell: the waits of one lane. */
struct waits {
	struct gtv_lane lane;
	uint64_t ready_ns, ready_count, ready_max_ns, ready_max_at_ns;
};

struct gtv_digest {
	struct gtv__pool pool;	    /* of struct waits */
	struct gtv__map gt, thread; /* id -> struct waits */
	struct gtv_digest_lane *lane;
	size_t count;
	struct gtv_digest_totals totals;
};

struct gtv_digest *gtv_digest_new(void)
{
	struct gtv_digest *d = calloc(1, sizeof *d);

	if (d)
		d->pool.elem_bytes = sizeof(struct waits);
	return d;
}

void gtv_digest_free(struct gtv_digest *d)
{
	if (!d)
		return;
	gtv__pool_free(&d->pool);
	free(d->gt.slot);
	free(d->thread.slot);
	free(d->lane);
	free(d);
}

int gtv_digest_span(struct gtv_digest *d, const struct gtv_span *s)
{
	int ready = s->lane.kind == GTV_LANE_GT	      ? s->state == GTV_ST_READY
		    : s->lane.kind == GTV_LANE_THREAD ? s->state == GTV_ST_RUNNABLE
						      : 0;
	struct gtv__map *map = s->lane.kind == GTV_LANE_GT ? &d->gt : &d->thread;
	uint64_t ns = s->to_ns - s->from_ns;
	struct waits *w;

	if (!ready)
		return 0;
	w = gtv__map_get(map, s->lane.id);
	if (!w) {
		w = gtv__pool_new(&d->pool);
		if (!w || gtv__map_set(map, s->lane.id, w))
			return -GTV_ENOMEM;
		w->lane = s->lane;
	}
	w->ready_ns += ns;
	w->ready_count++;
	if (ns > w->ready_max_ns) {
		w->ready_max_ns = ns;
		w->ready_max_at_ns = s->from_ns;
	}
	return 0;
}

static void take_waits(const struct gtv__map *map, struct gtv_digest_lane *l)
{
	const struct waits *w = gtv__map_get(map, l->lane.id);

	if (!w)
		return;
	l->ready_ns = w->ready_ns;
	l->ready_count = w->ready_count;
	l->ready_max_ns = w->ready_max_ns;
	l->ready_max_at_ns = w->ready_max_at_ns;
}

static void take_gts(struct gtv_digest *d, const struct gtv_model *m)
{
	size_t count = gtv_model_gt_count(m);

	for (size_t i = 0; i < count; i++) {
		struct gtv_digest_lane *l = &d->lane[d->count];
		struct gtv_gt_totals t;

		if (gtv_model_gt_totals(m, i, &t))
			continue;
		*l = (struct gtv_digest_lane){
			.lane = {GTV_LANE_GT, t.id},
			.first_ns = t.spawn_ns,
			.end_ns = t.end_ns,
			.ended = t.exited,
			.run_ns = t.state_ns[GTV_ST_RUNNING],
			.lock_ns = t.state_ns[GTV_ST_LOCK] + t.state_ns[GTV_ST_GIL],
		};
		take_waits(&d->gt, l);
		d->totals.switches += t.switches;
		d->count++;
	}
}

/* OS threads tell of preemption in any case; they are lanes where there is nobody in
 * them. */
static void take_threads(struct gtv_digest *d, const struct gtv_model *m, int as_lanes)
{
	size_t count = gtv_model_thread_count(m);

	for (size_t i = 0; i < count; i++) {
		struct gtv_digest_lane *l = &d->lane[d->count];
		struct gtv_thread_totals t;

		if (gtv_model_thread_totals(m, i, &t) || !t.ours)
			continue;
		d->totals.preempted += t.switches - t.voluntary;
		if (!as_lanes)
			continue;
		*l = (struct gtv_digest_lane){
			.lane = {GTV_LANE_THREAD, t.tid},
			.first_ns = t.first_ns,
			.end_ns = t.end_ns,
			.run_ns = t.state_ns[GTV_ST_RUNNING],
		};
		take_waits(&d->thread, l);
		d->totals.switches += t.switches;
		d->count++;
	}
}

static void take_rest(struct gtv_digest *d, const struct gtv_model *m)
{
	size_t locks = gtv_model_lock_count(m), cores = gtv_model_core_count(m);
	struct gtv_digest_totals *sum = &d->totals;

	for (size_t i = 0; i < locks; i++) {
		struct gtv_lock_totals t;

		if (gtv_model_lock_totals(m, i, &t))
			continue;
		sum->handoffs += t.handoffs;
		sum->off_core_ns += t.held_preempted_ns + t.held_asleep_ns;
		/* Futexes' waiters are OS threads, whose states don't say for what. */
		sum->lock_ns += t.addr ? t.wait_ns : 0;
	}
	for (size_t i = 0; i < cores; i++) {
		struct gtv_core_totals t;

		if (gtv_model_core_totals(m, i, &t))
			continue;
		sum->core_ns += t.end_ns - t.first_ns - t.unknown_ns;
		sum->busy_ns += t.busy_ns;
	}
}

static int by_id(const void *a, const void *b)
{
	const struct gtv_digest_lane *x = a, *y = b;

	return x->lane.id < y->lane.id ? -1 : x->lane.id > y->lane.id;
}

int gtv_digest_finish(struct gtv_digest *d, const struct gtv_model *m)
{
	size_t gts = gtv_model_gt_count(m), threads = gtv_model_thread_count(m);
	uint64_t first_ns = UINT64_MAX, end_ns = 0;

	free(d->lane);
	d->count = 0;
	d->totals = (struct gtv_digest_totals){0};
	d->lane = calloc(gts + threads + 1, sizeof *d->lane);
	if (!d->lane)
		return -GTV_ENOMEM;
	take_gts(d, m);
	take_threads(d, m, gts == 0);
	take_rest(d, m);
	for (size_t i = 0; i < d->count; i++) {
		const struct gtv_digest_lane *l = &d->lane[i];

		d->totals.run_ns += l->run_ns;
		d->totals.lock_ns += l->lock_ns;
		d->totals.ready_ns += l->ready_ns;
		first_ns = l->first_ns < first_ns ? l->first_ns : first_ns;
		end_ns = l->end_ns > end_ns ? l->end_ns : end_ns;
	}
	d->totals.duration_ns = end_ns > first_ns ? end_ns - first_ns : 0;
	qsort(d->lane, d->count, sizeof *d->lane, by_id);
	return 0;
}

const struct gtv_digest_lane *gtv_digest_lanes(const struct gtv_digest *d, size_t *count)
{
	*count = d->count;
	return d->lane;
}

const struct gtv_digest_lane *gtv_digest_lane(const struct gtv_digest *d,
					      struct gtv_lane lane)
{
	struct gtv_digest_lane key = {.lane = lane};
	const struct gtv_digest_lane *l = NULL;

	if (d->count)
		l = bsearch(&key, d->lane, d->count, sizeof *d->lane, by_id);
	return l && l->lane.kind == lane.kind ? l : NULL;
}

const struct gtv_digest_totals *gtv_digest_get_totals(const struct gtv_digest *d)
{
	return &d->totals;
}

/* ---- who is who ---- */

struct named {
	uint32_t id, nth; /* the how many-th of its name */
	size_t order;
	struct gtv_name name;
};

/* Equal ones next to each other, in the order of the trace. */
static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int c = strcmp(x->name.text, y->name.text);

	return c ? c : x->order < y->order ? -1 : x->order > y->order;
}

static int by_order(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return x->order < y->order ? -1 : x->order > y->order;
}

static int compare_named(const struct named *x, const struct named *y)
{
	int c = strcmp(x->name.text, y->name.text);

	return c ? c : x->nth < y->nth ? -1 : x->nth > y->nth;
}

/* What a trace has of a kind, by name. Returns owned; NULL: none, or no memory. */
static struct named *list_names(const struct gtv_names *names, enum gtv_lane_kind kind,
				size_t *count)
{
	enum gtv_class cls = kind == GTV_LANE_GT       ? GTV_CLASS_GT
			     : kind == GTV_LANE_THREAD ? GTV_CLASS_THREAD
						       : GTV_CLASS_LOCK;
	size_t all = gtv_names_count(names, cls);
	struct named *list;

	all = all < GTV_MATCH_NAMES ? all : GTV_MATCH_NAMES;
	*count = 0;
	list = calloc(all + 1, sizeof *list);
	for (size_t i = 0; list && i < all; i++) {
		struct named *n = &list[*count];

		if (gtv_names_at(names, cls, i, &n->name))
			continue;
		if (kind == GTV_LANE_THREAD && !(n->name.flags & GTV_NAME_OURS))
			continue;
		n->id = n->name.id;
		n->order = (*count)++;
	}
	if (!list)
		return NULL;
	qsort(list, *count, sizeof *list, by_name);
	for (size_t i = 1; i < *count; i++)
		if (!strcmp(list[i].name.text, list[i - 1].name.text))
			list[i].nth = list[i - 1].nth + 1;
	return list;
}

static size_t add(struct gtv_match *out, size_t n, size_t max, enum gtv_lane_kind kind,
		  const struct named *a, const struct named *b)
{
	if (n < max)
		out[n] = (struct gtv_match){.kind = (uint8_t)kind,
					    .has = {a != NULL, b != NULL},
					    .id = {a ? a->id : 0, b ? b->id : 0}};
	return n + 1;
}

/* The one of the same name and number in a list by name. */
static const struct named *find(const struct named *list, size_t count,
				const struct named *x)
{
	size_t lo = 0, hi = count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = compare_named(&list[mid], x);

		if (!c)
			return &list[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

size_t gtv_digest_match(const struct gtv_names *a, const struct gtv_names *b,
			enum gtv_lane_kind kind, struct gtv_match *out, size_t max)
{
	size_t na, nb, n = 0;
	struct named *la = list_names(a, kind, &na), *lb = list_names(b, kind, &nb);
	struct named *copy = la && na ? malloc(na * sizeof *la) : NULL;

	if (!la || !lb || (na && !copy)) {
		free(la);
		free(lb);
		free(copy);
		return 0;
	}
	if (na) {
		memcpy(copy, la, na * sizeof *la);
		qsort(copy, na, sizeof *copy, by_order);
	}
	for (size_t i = 0; i < na; i++)
		n = add(out, n, max, kind, &copy[i], find(lb, nb, &copy[i]));
	free(copy);
	for (size_t i = 0; i < nb; i++)
		lb[i].nth |= find(la, na, &lb[i]) ? 1u << 31 : 0; /* has its other one */
	if (nb)
		qsort(lb, nb, sizeof *lb, by_order);
	for (size_t i = 0; i < nb; i++)
		if (!(lb[i].nth >> 31))
			n = add(out, n, max, kind, NULL, &lb[i]);
	free(la);
	free(lb);
	return n;
}
