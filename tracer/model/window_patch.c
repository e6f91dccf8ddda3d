/* SPDX-License-Identifier: MIT
 *
 * Patches: where the store has no tiles, because there are few events or because they
 * are not written yet, the events are decoded to tiles of our own. A patch that is
 * asked for more goes on where it ended, so one that follows a live trace, or a
 * window that moves on, decodes only what is new.
 */
#include "tracer/model/window_priv.h"

#include <stdlib.h>
#include <string.h>

#define PATCH_BYTES (16u << 20) /* before one that moved on starts anew */

static int grow(void **array, size_t *cap, size_t count, size_t bytes)
{
	if (count < *cap)
		return 0;
	size_t more = *cap ? *cap * 2 : 32;
	void *grown = realloc(*array, more * bytes);
	if (!grown)
		return -GTV_ENOMEM;
	*array = grown;
	*cap = more;
	return 0;
}

/* ---- when its lanes live ---- */

/* The zoom has just looked the lane up: it is found at once. */
static void know_life(struct gtv__patch *p, const struct gtv_span *span)
{
	const struct gtv__zlane *l = gtv__zoom_find(p->zoom, span->lane);

	if (!l)
		return;
	if (l->nr < p->lives) {
		if (span->to_ns > p->life[l->nr].to_ns)
			p->life[l->nr].to_ns = span->to_ns;
		return;
	}
	if (grow((void **)&p->life, &p->life_cap, p->lives, sizeof *p->life)) {
		p->no_memory = 1;
		return;
	}
	p->life[p->lives++] = (struct gtv__zlife){span->lane, span->from_ns, span->to_ns};
}

/* ---- what is open ---- */

static size_t open_place(const struct gtv__patch *p, struct gtv_lane lane)
{
	size_t at = (lane.id * 4 + lane.kind) * 2654435769u >> 7 & (p->open_at_cap - 1);

	while (p->open_at[at] && (p->open[p->open_at[at] - 1].lane.id != lane.id ||
				  p->open[p->open_at[at] - 1].lane.kind != lane.kind))
		at = (at + 1) & (p->open_at_cap - 1);
	return at;
}

static void patch_tell(struct gtv__patch *p, const struct gtv_span *span)
{
	gtv_zoom_span(p->zoom, span);
	know_life(p, span);
}

static int same_lane(struct gtv_lane a, struct gtv_lane b)
{
	return a.id == b.id && a.kind == b.kind;
}

/* They are told in the same order each time. */
static void next_add(void *arg, const struct gtv_span *span)
{
	struct gtv__patch *p = arg;
	struct gtv__next *n = &p->next;

	if (span->to_ns <= span->from_ns)
		return;
	/* At the end a lane may have two: only the last is kept so. */
	if (n->count && same_lane(n->span[n->count - 1].lane, span->lane)) {
		patch_tell(p, &n->span[n->count - 1]);
		n->count--;
	} else {
		n->same += n->same == n->count && n->count < p->opens &&
			   same_lane(p->open[n->count].lane, span->lane);
	}
	if (grow((void **)&n->span, &n->cap, n->count, sizeof *n->span)) {
		p->no_memory = 1;
		return;
	}
	n->span[n->count++] = *span;
	n->most_from_ns = span->from_ns > n->most_from_ns ? span->from_ns : n->most_from_ns;
	n->least_to_ns = span->to_ns < n->least_to_ns ? span->to_ns : n->least_to_ns;
}

static void next_none(struct gtv__patch *p)
{
	p->next.count = p->next.same = 0;
	p->next.most_from_ns = 0;
	p->next.least_to_ns = UINT64_MAX;
	p->telling = 0;
	p->tells_at = (struct gtv_model_at){0};
}

/* Other lanes than before are open. */
static void open_lanes_anew(struct gtv__patch *p)
{
	size_t cap = p->open_at_cap ? p->open_at_cap : 64;

	gtv__lane_set_fini(&p->open_lanes);
	p->open_lanes = (struct gtv__lane_set){0};
	while (cap < 2 * p->opens)
		cap *= 2;
	if (cap != p->open_at_cap) {
		free(p->open_at);
		p->open_at = malloc(cap * sizeof *p->open_at);
		p->open_at_cap = p->open_at ? cap : 0;
	}
	if (!p->open_at) {
		p->opens = 0;
		p->no_memory = 1;
		return;
	}
	memset(p->open_at, 0, cap * sizeof *p->open_at);
	for (size_t i = 0; i < p->opens; i++) {
		gtv__lane_set_add(&p->open_lanes, p->open[i].lane);
		p->open_at[open_place(p, p->open[i].lane)] = (uint32_t)i + 1;
	}
}

/* All are told. */
static void next_take(struct gtv__patch *p)
{
	struct gtv__next *n = &p->next;
	struct gtv_span *was = p->open;
	size_t was_cap = p->open_cap;
	int same = n->same == n->count && n->count == p->opens;

	p->open = n->span;
	p->opens = n->count;
	p->open_cap = n->cap;
	n->span = was;
	n->cap = was_cap;
	p->open_most_from_ns = n->most_from_ns;
	p->open_least_to_ns = n->least_to_ns;
	if (!same)
		open_lanes_anew(p);
	next_none(p);
}

int gtv__patch_open_lanes(const struct gtv__patch *p, uint64_t from_ns, uint64_t to_ns,
			  struct gtv__lane_set *set)
{
	if (p->open_most_from_ns >= to_ns || (p->open_least_to_ns <= from_ns && !p->unread))
		return 0;
	gtv__lane_set_or(set, &p->open_lanes);
	return 1;
}

const struct gtv_span *gtv__patch_open(const struct gtv__patch *p, struct gtv_lane lane)
{
	size_t at = p->opens ? open_place(p, lane) : 0;

	return p->opens && p->open_at[at] ? &p->open[p->open_at[at] - 1] : NULL;
}

/* A hundred thousand lanes end with the trace: a tile each would cost more memory, and
 * time, than all before. */
static void patch_span(void *arg, const struct gtv_span *span)
{
	struct gtv__patch *p = arg;

	if (span->to_ns <= p->from_ns)
		return;
	if (p->ends)
		next_add(p, span);
	else
		patch_tell(p, span);
}

static void patch_drop(struct gtv__patch *p)
{
	gtv__feeder_fini(&p->feeder);
	gtv_zoom_free(p->zoom);
	p->zoom = NULL;
	p->lives = 0;
	p->opened_ns = p->opened_block = p->steps = 0;
	next_none(p);
	p->opens = 0;
	p->open_most_from_ns = 0;
	p->open_least_to_ns = UINT64_MAX;
	gtv__lane_set_fini(&p->open_lanes);
	p->open_lanes = (struct gtv__lane_set){0};
	p->no_memory = p->unread = p->elsewhere = p->ends = 0;
}

void gtv__patch_fini(struct gtv__patch *p)
{
	patch_drop(p);
	free(p->open);
	free(p->next.span);
	free(p->open_at);
	free(p->life);
	p->open = p->next.span = NULL;
	p->open_at = NULL;
	p->life = NULL;
	p->open_cap = p->next.cap = p->open_at_cap = p->life_cap = 0;
}

static int patch_start(struct gtv__patch *p, const struct gtv_store *st, struct gtv_ev *evs,
		       uint64_t from_ns)
{
	struct gtv_model_sink sink = {.arg = p, .span = patch_span};

	patch_drop(p);
	p->zoom = gtv_zoom_new(NULL);
	if (!p->zoom)
		return -GTV_ENOMEM;
	p->from_ns = from_ns;
	return gtv__feeder_seek(&p->feeder, st, evs, from_ns, &sink);
}

static size_t patch_bytes(const struct gtv__patch *p)
{
	size_t bytes = 0;

	for (unsigned l = 0; l < GTV_ZOOM_LEVELS; l++)
		bytes += p->zoom->out_bytes[l];
	return bytes;
}

int gtv__patch_near(const struct gtv__patch *p, uint64_t from_ns, uint64_t to_ns,
		    uint64_t margin_ns)
{
	if (!p->zoom || p->from_ns > from_ns)
		return 0;
	if (p->feeder.done_ns >= to_ns || p->feeder.finished)
		return 1;
	if (patch_bytes(p) > PATCH_BYTES && (from_ns - p->from_ns) / 2 > to_ns - from_ns)
		return 0;
	return gtv__feeder_is_near(&p->feeder,
				   from_ns > margin_ns ? from_ns - margin_ns : 0);
}

static int patch_step(struct gtv__patch *p)
{
	p->ends = p->feeder.ending;
	int err = gtv__feeder_step(&p->feeder);
	p->ends = 0;
	p->steps++;
	if (p->feeder.finished && p->feeder.ending) {
		p->feeder.ending = 0;
		next_take(p);
		free(p->next.span); /* that was the last time */
		p->next.span = NULL;
		p->next.cap = 0;
	}
	return err;
}

/* ---- telling what is open ---- */

static int is_told(const struct gtv__patch *p)
{
	return gtv__feeder_is_told(&p->feeder, p->opened_ns, p->opened_block);
}

uint64_t gtv__patch_known_ns(const struct gtv__patch *p)
{
	return is_told(p) ? p->feeder.done_ns : p->opened_ns;
}

/* The first lanes at once, the others as far as patience goes: 1, it ended before. */
static int tell_open(struct gtv__patch *p, struct gtv__patience *wait)
{
	size_t count = wait && wait->enough ? GTV__TOLD_AT_ONCE : SIZE_MAX;
	int more;

	do {
		if (p->telling && gtv__has_enough_to_decode(wait))
			return 1;
		p->telling = 1;
		more = gtv_model_open_some(p->feeder.m, p->feeder.done_ns, &p->tells_at,
					   count, next_add, p);
	} while (more);
	p->opened_ns = p->feeder.done_ns;
	p->opened_block = p->feeder.next_block;
	p->steps = 0;
	next_take(p);
	return 0;
}

/* What is open is told at the end of the stretch, and on the way when so much was decoded
 * that this is worth its time; before more is decoded all of it must be told. */
static int patch_go_on(struct gtv__patch *p, uint64_t to_ns, struct gtv__patience *wait)
{
	struct gtv__feeder *f = &p->feeder;
	int err = 0;

	if (p->telling)
		p->unread = tell_open(p, wait);
	while (!err && !p->unread &&
	       (f->done_ns < to_ns || !f->next_block || f->rest || f->ending)) {
		/* A window may reach behind the end: nothing is unread there. */
		p->unread = gtv__feeder_has_more(f) && gtv__has_enough_to_decode(wait);
		if (!p->unread)
			err = patch_step(p);
	}
	if (err < 0 || p->telling || f->ending || is_told(p))
		return err;
	if (!p->unread || p->steps * GTV__TOLD_A_STEP >= p->opens)
		p->unread |= tell_open(p, wait);
	return err;
}

int gtv__patch_load(struct gtv__patch *p, const struct gtv_store *st, struct gtv_ev *evs,
		    uint64_t from_ns, uint64_t to_ns, uint64_t margin_ns,
		    struct gtv__patience *wait)
{
	int err = 0;

	p->unread = p->elsewhere = 0;
	if (!gtv__patch_near(p, from_ns, to_ns, margin_ns)) {
		p->unread = p->elsewhere = gtv__has_enough_to_decode(wait);
		if (p->elsewhere)
			return 0;
		err = patch_start(p, st, evs,
				  from_ns > margin_ns ? from_ns - margin_ns : 0);
	}
	p->feeder.in_parts = wait && wait->enough;
	if (!err)
		err = patch_go_on(p, to_ns, wait);
	/* Nothing can be shown before what is open was told once. */
	p->elsewhere = p->unread && !p->opened_ns && !p->opened_block;
	if (wait)
		wait->crowd = p->opens > GTV__CROWD || p->next.count > GTV__CROWD;
	if (err < 0 || p->zoom->err || p->no_memory) {
		patch_drop(p);
		return -GTV_ENOMEM;
	}
	return 0;
}
