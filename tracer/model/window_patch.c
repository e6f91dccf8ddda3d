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

static int open_at_grow(struct gtv__patch *p)
{
	size_t cap = p->open_at_cap ? p->open_at_cap * 2 : 64;
	uint32_t *grown = calloc(cap, sizeof *grown);

	if (!grown)
		return -GTV_ENOMEM;
	free(p->open_at);
	p->open_at = grown;
	p->open_at_cap = cap;
	for (size_t i = 0; i < p->opens; i++)
		p->open_at[open_place(p, p->open[i].lane)] = (uint32_t)i + 1;
	return 0;
}

static void patch_tell(struct gtv__patch *p, const struct gtv_span *span)
{
	gtv_zoom_span(p->zoom, span);
	know_life(p, span);
}

static void patch_open(void *arg, const struct gtv_span *span)
{
	struct gtv__patch *p = arg;

	if (span->to_ns <= span->from_ns)
		return;
	if ((2 * p->opens >= p->open_at_cap && open_at_grow(p)) ||
	    grow((void **)&p->open, &p->open_cap, p->opens, sizeof *p->open)) {
		p->no_memory = 1;
		return;
	}
	size_t at = open_place(p, span->lane);
	if (p->open_at[at]) {
		/* At the end a lane may have two: only the last is kept so. */
		struct gtv_span *before = &p->open[p->open_at[at] - 1];
		patch_tell(p, before);
		*before = *span;
		return;
	}
	p->open[p->opens++] = *span;
	p->open_at[at] = (uint32_t)p->opens;
	p->same_lanes = 0;
}

static void open_none(struct gtv__patch *p)
{
	p->opens = p->same = 0;
	p->same_lanes = 0;
	if (p->open_at)
		memset(p->open_at, 0, p->open_at_cap * sizeof *p->open_at);
}

/* They are told in the same order each time: as long as they are the same ones, each has
 * its place already. */
static void patch_open_again(void *arg, const struct gtv_span *span)
{
	struct gtv__patch *p = arg;

	if (span->to_ns <= span->from_ns)
		return;
	if (p->same < p->opens) {
		struct gtv_span *was = &p->open[p->same];
		if (was->lane.id == span->lane.id && was->lane.kind == span->lane.kind) {
			*was = *span;
			p->same++;
			return;
		}
		memset(p->open_at, 0, p->open_at_cap * sizeof *p->open_at);
		p->opens = p->same;
		for (size_t i = 0; i < p->opens; i++)
			p->open_at[open_place(p, p->open[i].lane)] = (uint32_t)i + 1;
	}
	patch_open(p, span);
	p->same = p->opens;
}

/* Those that were told before and are no more. */
static void open_end(struct gtv__patch *p)
{
	while (p->opens > p->same) {
		/* Nothing that was put in later lies behind its place. */
		p->open_at[open_place(p, p->open[p->opens - 1].lane)] = 0;
		p->opens--;
		p->same_lanes = 0;
	}
}

/* All of them, if each is open in [from, to): as bits that hold while they are the same. */
int gtv__patch_open_lanes(struct gtv__patch *p, uint64_t from_ns, uint64_t to_ns,
			  struct gtv__lane_set *set)
{
	if (p->open_most_from_ns >= to_ns || (p->open_least_to_ns <= from_ns && !p->unread))
		return 0;
	if (!p->same_lanes) {
		gtv__lane_set_fini(&p->open_lanes);
		p->open_lanes = (struct gtv__lane_set){0};
		for (size_t i = 0; i < p->opens; i++)
			gtv__lane_set_add(&p->open_lanes, p->open[i].lane);
		p->same_lanes = 1;
	}
	gtv__lane_set_or(set, &p->open_lanes);
	return 1;
}

/* What is open has been told: from when, until when. */
static void know_open(struct gtv__patch *p)
{
	p->open_most_from_ns = 0;
	p->open_least_to_ns = UINT64_MAX;
	for (size_t i = 0; i < p->opens; i++) {
		const struct gtv_span *s = &p->open[i];
		if (s->from_ns > p->open_most_from_ns)
			p->open_most_from_ns = s->from_ns;
		if (s->to_ns < p->open_least_to_ns)
			p->open_least_to_ns = s->to_ns;
	}
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
		patch_open(p, span);
	else
		patch_tell(p, span);
}

static void patch_drop(struct gtv__patch *p)
{
	gtv__feeder_fini(&p->feeder);
	gtv_zoom_free(p->zoom);
	p->zoom = NULL;
	p->lives = 0;
	p->opened_ns = p->opened_block = 0;
	open_none(p);
	know_open(p);
	p->no_memory = p->unread = p->elsewhere = p->ends = 0;
}

void gtv__patch_fini(struct gtv__patch *p)
{
	patch_drop(p);
	free(p->open);
	free(p->open_at);
	free(p->life);
	gtv__lane_set_fini(&p->open_lanes);
	p->open_lanes = (struct gtv__lane_set){0};
	p->open = NULL;
	p->open_at = NULL;
	p->life = NULL;
	p->open_cap = p->open_at_cap = p->life_cap = 0;
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
	p->ends = gtv__feeder_ends(&p->feeder);
	if (p->ends)
		open_none(p);
	int err = gtv__feeder_step(&p->feeder);
	if (p->ends)
		know_open(p);
	p->ends = 0;
	return err;
}

/* What is open is known already if nothing was decoded. */
static void ask_open(struct gtv__patch *p)
{
	if (p->feeder.finished ||
	    (p->opened_ns == p->feeder.done_ns && p->opened_block == p->feeder.next_block))
		return;
	p->same = 0;
	gtv_model_open_spans(p->feeder.m, p->feeder.done_ns, patch_open_again, p);
	open_end(p);
	know_open(p);
	p->opened_ns = p->feeder.done_ns;
	p->opened_block = p->feeder.next_block;
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
	while (!err &&
	       (p->feeder.done_ns < to_ns || !p->feeder.next_block || p->feeder.rest)) {
		/* A window may reach behind the end: nothing is unread there. */
		p->unread =
			gtv__feeder_has_more(&p->feeder) && gtv__has_enough_to_decode(wait);
		if (p->unread)
			break;
		err = patch_step(p);
	}
	if (err >= 0)
		ask_open(p);
	if (wait)
		wait->crowd = p->opens > GTV__CROWD;
	if (err < 0 || p->zoom->err || p->no_memory) {
		patch_drop(p);
		return -GTV_ENOMEM;
	}
	return 0;
}
