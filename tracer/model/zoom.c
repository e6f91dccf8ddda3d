/* SPDX-License-Identifier: MIT
 *
 * Zoom summaries, made while recording.
 *
 * Each lane fills one tile a level. A span that fits into the tile being filled
 * adds to it; one that crosses a boundary completes the tile and leaves a run up to
 * its last boundary. What a level completes is handed up to the next, in order, so
 * most spans touch level 0 only and each level costs an eighth of the one below.
 *
 * Only closed spans come in, so a lane whose open span is long stands still. At a
 * flush its tile, if that is in the past, is cut where its last span ended: what
 * was known is stored, and the open span will follow as a run. After a flush at
 * `now` the store thus has all closed spans, at level 0, up to the tile of `now`.
 */
#include "tracer/model/zoom_priv.h"

#include <stdlib.h>
#include <string.h>

#define ACCS_MAX      (1u << 15) /* tiles being filled: above, all are cut */
#define OUT_BYTES_MAX (4u << 20) /* pieces of a level not yet stored */
#define LANE_BYTES    40	 /* a lane's place in a block, about */
#define FLUSH_TILES   64	 /* a level's block is worth storing */

struct gtv_zoom *gtv_zoom_new(struct gtv_store *st)
{
	struct gtv_zoom *z = calloc(1, sizeof *z);

	if (!z)
		return NULL;
	z->st = st;
	z->hash_cap = 256;
	z->hash = calloc(z->hash_cap, sizeof(struct gtv__zlane *));
	if (!z->hash) {
		free(z);
		return NULL;
	}
	return z;
}

static void out_free(struct gtv_zoom *z, struct gtv__zlane *l, unsigned level)
{
	if (!l->out[level])
		return;
	z->out_bytes[level] -= l->out[level]->size + LANE_BYTES;
	free(l->out[level]->bytes);
	free(l->out[level]);
	l->out[level] = NULL;
}

static void acc_free(struct gtv_zoom *z, struct gtv__zlane *l, unsigned level)
{
	if (!l->acc[level])
		return;
	free(l->acc[level]);
	l->acc[level] = NULL;
	z->accs--;
}

static void lane_free(struct gtv_zoom *z, struct gtv__zlane *l)
{
	for (unsigned level = 0; level < GTV_ZOOM_LEVELS; level++) {
		out_free(z, l, level);
		acc_free(z, l, level);
	}
	free(l);
	z->lanes--;
}

void gtv_zoom_free(struct gtv_zoom *z)
{
	if (!z)
		return;
	for (size_t i = 0; i < z->hash_cap; i++) {
		for (struct gtv__zlane *l = z->hash[i], *next; l; l = next) {
			next = l->next;
			lane_free(z, l);
		}
	}
	free(z->hash);
	free(z);
}

/* ---- lanes ---- */

static size_t place(const struct gtv_zoom *z, struct gtv_lane lane)
{
	return ((lane.id * 4 + lane.kind) * 2654435769u >> 8) & (z->hash_cap - 1);
}

struct gtv__zlane *gtv__zoom_find(const struct gtv_zoom *z, struct gtv_lane lane)
{
	struct gtv__zlane *l = z->hash[place(z, lane)];

	while (l && (l->lane.id != lane.id || l->lane.kind != lane.kind))
		l = l->next;
	return l;
}

static void hash_grow(struct gtv_zoom *z)
{
	size_t old_cap = z->hash_cap;
	struct gtv__zlane **old = z->hash, **big = calloc(old_cap * 4, sizeof *big);

	if (!big)
		return; /* slower, not wrong */
	z->hash = big;
	z->hash_cap = old_cap * 4;
	for (size_t i = 0; i < old_cap; i++) {
		for (struct gtv__zlane *l = old[i], *next; l; l = next) {
			size_t at = place(z, l->lane);
			next = l->next;
			l->next = big[at];
			big[at] = l;
		}
	}
	free(old);
}

static inline struct gtv__zlane *lane_of(struct gtv_zoom *z, struct gtv_lane lane)
{
	struct gtv__zlane **recent =
		&z->recent[(lane.id * 4 + lane.kind) % GTV__ZOOM_RECENT];
	struct gtv__zlane *l = *recent;

	if (l && l->lane.id == lane.id && l->lane.kind == lane.kind)
		return l;
	l = gtv__zoom_find(z, lane);
	if (!l) {
		if (z->lanes > z->hash_cap)
			hash_grow(z);
		l = calloc(1, sizeof *l);
		if (!l) {
			z->err = -GTV_ENOMEM;
			return NULL;
		}
		size_t at = place(z, lane);
		l->lane = lane;
		l->nr = z->made++;
		l->next = z->hash[at];
		z->hash[at] = l;
		z->lanes++;
	}
	return *recent = l;
}

/* ---- filling ---- */

static uint64_t tile_floor(unsigned level, uint64_t ts_ns)
{
	return ts_ns & ~(GTV_ZOOM_TILE_NS(level) - 1);
}

static uint64_t tile_end(unsigned level, const struct gtv__zacc *acc)
{
	return tile_floor(level, acc->from_ns) + GTV_ZOOM_TILE_NS(level);
}

/* Who a span shows in its lane, 0 nobody. */
static uint32_t slot_id(const struct gtv_span *s)
{
	switch (s->lane.kind) {
	case GTV_LANE_CORE:
		return s->state != GTV_ST_BUSY && s->state != GTV_ST_OTHER ? 0
		       : s->gt						   ? s->gt
			       : s->tid | GTV_SUM_TID;
	case GTV_LANE_LOCK: /* a futex has an OS thread for an owner */
		if (!s->gt && s->tid && gtv__zoom_state_active(s->lane.kind, s->state))
			return s->tid | GTV_SUM_TID;
		/* fall through */
	case GTV_LANE_THREAD:
		return gtv__zoom_state_active(s->lane.kind, s->state) ? s->gt : 0;
	default:
		return 0;
	}
}

static struct gtv__zslot *slot_for(struct gtv__zacc *acc, uint32_t id, uint64_t ns)
{
	struct gtv__zslot *least = &acc->slot[0], *last = &acc->slot[acc->last_slot];

	if (last->ns && last->id == id)
		return last;
	for (uint32_t i = 0; i < GTV__ZOOM_SLOTS; i++) {
		struct gtv__zslot *s = &acc->slot[i];
		if (s->id == id && s->ns) {
			acc->last_slot = i;
			return s;
		}
		if (s->ns < least->ns)
			least = s;
	}
	/* More than there are places for: the one with least gives way. */
	if (least->ns > ns)
		return NULL;
	*least = (struct gtv__zslot){.id = id};
	return least;
}

static void slot_add(struct gtv__zacc *acc, const struct gtv_span *s, uint64_t ns)
{
	uint32_t id = slot_id(s);
	struct gtv__zslot *slot = id ? slot_for(acc, id, ns) : NULL;

	if (!slot)
		return;
	slot->ns += ns;
	slot->gt = s->gt;
	slot->tid = s->tid;
	slot->core = s->core;
	slot->flags = s->flags;
	slot->lock = s->lock;
}

/* Field by field: its end was written a moment ago. */
static inline void keep_longest(struct gtv__zacc *acc, const struct gtv_span *s)
{
	acc->longest.from_ns = s->from_ns;
	acc->longest.to_ns = s->to_ns;
	acc->longest.lane = s->lane;
	acc->longest.state = s->state;
	acc->longest.flags = s->flags;
	acc->longest.core = s->core;
	acc->longest.gt = s->gt;
	acc->longest.tid = s->tid;
	acc->longest.lock = s->lock;
	acc->longest.who = s->who;
	acc->longest.call = s->call;
	acc->longest.waiters = s->waiters;
}

static inline void acc_add(struct gtv__zacc *acc, const struct gtv_span *s, uint64_t to_ns)
{
	uint64_t ns = to_ns - acc->to_ns;

	acc->to_ns = to_ns;
	acc->state_ns[s->state] += ns;
	acc->states |= 1u << s->state;
	if (!acc->spans)
		acc->first_ns = s->from_ns;
	acc->spans += !acc->spans || acc->last_ns != s->from_ns;
	acc->last_ns = s->from_ns;
	if (ns >= acc->longest_ns) {
		acc->longest_ns = ns;
		keep_longest(acc, s);
	}
	slot_add(acc, s, ns);
}

static void acc_merge(struct gtv__zacc *acc, const struct gtv__zacc *more)
{
	for (unsigned st = 0; st < GTV_ST_MAX; st++)
		acc->state_ns[st] += more->state_ns[st];
	acc->states |= more->states;
	acc->spans += more->spans - (acc->last_ns == more->first_ns);
	acc->last_ns = more->last_ns;
	acc->to_ns = more->to_ns;
	if (more->longest_ns >= acc->longest_ns) {
		acc->longest_ns = more->longest_ns;
		acc->longest = more->longest;
	}
	for (int i = 0; i < GTV__ZOOM_SLOTS; i++) {
		const struct gtv__zslot *m = &more->slot[i];
		struct gtv__zslot *slot = m->ns ? slot_for(acc, m->id, m->ns) : NULL;
		if (!slot)
			continue;
		uint64_t ns = slot->ns + m->ns;
		*slot = *m;
		slot->ns = ns;
	}
}

static struct gtv__zacc *acc_new(struct gtv_zoom *z, struct gtv__zlane *l, unsigned level)
{
	struct gtv__zacc *acc = calloc(1, sizeof *acc);

	if (!acc) {
		z->err = -GTV_ENOMEM;
		return NULL;
	}
	l->acc[level] = acc;
	z->accs++;
	return acc;
}

static struct gtv__zout *out_of(struct gtv_zoom *z, struct gtv__zlane *l, unsigned level)
{
	if (l->out[level])
		return l->out[level];
	l->out[level] = calloc(1, sizeof *l->out[level]);
	if (l->out[level])
		z->out_bytes[level] += LANE_BYTES;
	else
		z->err = -GTV_ENOMEM;
	return l->out[level];
}

static void add_acc(struct gtv_zoom *z, struct gtv__zlane *l, unsigned level,
		    const struct gtv__zacc *more);

/* The tile is done (or cut): its piece, and its sum for the level above. */
static void complete(struct gtv_zoom *z, struct gtv__zlane *l, unsigned level)
{
	struct gtv__zacc *acc = l->acc[level];
	struct gtv__zout *out = out_of(z, l, level);
	size_t before = out ? out->size : 0;
	int err = 0;

	if (out && acc->spans == 1)
		err = gtv__zout_run(out, &acc->longest, acc->from_ns, acc->to_ns);
	else if (out)
		err = gtv__zout_tile(out, acc, l->lane.kind);
	if (err)
		z->err = err;
	else if (out)
		z->out_bytes[level] += out->size - before;
	l->acc[level] = NULL;
	z->accs--;
	if (level + 1 < GTV_ZOOM_LEVELS)
		add_acc(z, l, level + 1, acc);
	free(acc);
}

/* A sum from the level below: it lies in one tile here. */
static void add_acc(struct gtv_zoom *z, struct gtv__zlane *l, unsigned level,
		    const struct gtv__zacc *more)
{
	struct gtv__zacc *acc = l->acc[level];

	if (acc && acc->to_ns != more->from_ns) {
		complete(z, l, level);
		acc = NULL;
	}
	if (acc) {
		acc_merge(acc, more);
	} else {
		acc = acc_new(z, l, level);
		if (!acc)
			return;
		*acc = *more;
	}
	if (acc->to_ns == tile_end(level, acc))
		complete(z, l, level);
}

/* The part [from, to) of a span. */
static void add_span(struct gtv_zoom *z, struct gtv__zlane *l, unsigned level,
		     const struct gtv_span *s, uint64_t from_ns, uint64_t to_ns)
{
	struct gtv__zacc *acc = l->acc[level];

	if (acc && acc->to_ns != from_ns) {
		complete(z, l, level); /* the lane lived twice */
		acc = NULL;
	}
	if (acc) {
		uint64_t end = tile_end(level, acc);
		from_ns = to_ns < end ? to_ns : end;
		acc_add(acc, s, from_ns);
		if (from_ns == end)
			complete(z, l, level);
	}
	uint64_t floor = tile_floor(level, to_ns);
	if (from_ns < floor) {
		struct gtv__zout *out = out_of(z, l, level);
		size_t before = out ? out->size : 0;
		if (!out || gtv__zout_run(out, s, from_ns, floor)) {
			z->err = -GTV_ENOMEM;
			return;
		}
		z->out_bytes[level] += out->size - before;
		if (level + 1 < GTV_ZOOM_LEVELS)
			add_span(z, l, level + 1, s, from_ns, floor);
		from_ns = floor;
	}
	if (from_ns >= to_ns)
		return;
	acc = acc_new(z, l, level);
	if (!acc)
		return;
	acc->from_ns = acc->to_ns = from_ns;
	acc_add(acc, s, to_ns);
}

void gtv_zoom_begin(struct gtv_zoom *z, uint64_t ts_ns)
{
	z->begin_ns = ts_ns;
}

void gtv_zoom_span(struct gtv_zoom *z, const struct gtv_span *span)
{
	uint64_t from_ns = span->from_ns > z->begin_ns ? span->from_ns : z->begin_ns;

	if (span->to_ns <= from_ns || span->state >= GTV_ST_MAX)
		return;
	struct gtv__zlane *l = lane_of(z, span->lane);
	if (!l)
		return;
	/* Nearly always it goes on in the tile that is being filled. */
	struct gtv__zacc *acc = l->acc[0];
	if (acc && acc->to_ns == from_ns && span->to_ns < tile_end(0, acc)) {
		acc_add(acc, span, span->to_ns);
		return;
	}
	add_span(z, l, 0, span, from_ns, span->to_ns);
	if (!z->st || z->err)
		return;
	if (z->accs > ACCS_MAX)
		z->err = gtv_zoom_flush(z, span->to_ns, 1);
	else if (z->out_bytes[0] > 2 * OUT_BYTES_MAX)
		z->err = gtv_zoom_flush(z, span->to_ns, 0);
}

/* ---- storing ---- */

static int by_lane(const void *a, const void *b)
{
	const struct gtv_lane x = (*(struct gtv__zlane *const *)a)->lane;
	const struct gtv_lane y = (*(struct gtv__zlane *const *)b)->lane;

	if (x.kind != y.kind)
		return x.kind < y.kind ? -1 : 1;
	return (x.id > y.id) - (x.id < y.id);
}

/* The level's lanes that have pieces; returns how many. */
static size_t lanes_with(const struct gtv_zoom *z, unsigned level, struct gtv__zlane **lane)
{
	size_t lanes = 0;

	for (size_t i = 0; i < z->hash_cap; i++) {
		for (struct gtv__zlane *l = z->hash[i]; l; l = l->next) {
			if (l->out[level])
				lane[lanes++] = l;
		}
	}
	return lanes;
}

static uint64_t count_pieces(struct gtv__zlane *const *lane, size_t lanes, unsigned level)
{
	uint64_t pieces = 0;

	for (size_t i = 0; i < lanes; i++)
		pieces += lane[i]->out[level]->pieces;
	return pieces;
}

/* Whether the stretch [from, to) of a level is worth its bytes: see zoom_priv.h. */
static int is_dense(const struct gtv_zoom *z, unsigned level, uint64_t from_ns,
		    uint64_t to_ns, uint64_t events, uint64_t pieces)
{
	uint64_t stretch = events - z->flushed_events[level];
	uint64_t gain = z->dense[level] ? GTV__ZOOM_GAIN / 2 : GTV__ZOOM_GAIN;
	double wanted = GTV__ZOOM_DENSE * (double)(to_ns - from_ns) /
			(double)GTV_ZOOM_TILE_NS(level + 1);

	if (level >= GTV__ZOOM_ALWAYS)
		return 1;
	if (events <= GTV__EXACT_EVENTS || stretch / gain < pieces)
		return 0;
	return (double)stretch > (z->dense[level] ? wanted / 2 : wanted);
}

/* Drops what the sparse stretch has, but for the ends of spans that began where tiles
 * are stored. Returns how many lanes have such. */
static size_t keep_ends(struct gtv_zoom *z, unsigned level, struct gtv__zlane **lane,
			size_t lanes)
{
	size_t kept = 0;

	for (size_t i = 0; i < lanes; i++) {
		struct gtv__zout *out = lane[i]->out[level];
		size_t before = out->size;
		gtv__zout_trim(out, lane[i]->lane, z->stored_ns[level]);
		z->out_bytes[level] -= before - out->size;
		if (out->pieces)
			lane[kept++] = lane[i];
		else
			out_free(z, lane[i], level);
	}
	return kept;
}

static int put_lanes(struct gtv_zoom *z, unsigned level, struct gtv__zlane **lane,
		     size_t lanes, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t first_ns, back = 0;
	size_t size;
	void *bytes;

	qsort(lane, lanes, sizeof(struct gtv__zlane *), by_lane);
	int err = gtv__zoom_block(lane, lanes, level, &bytes, &size, &first_ns);
	if (err)
		return err;
	for (size_t i = 0; i < lanes; i++)
		out_free(z, lane[i], level);
	if (first_ns < from_ns)
		back = (from_ns - first_ns - 1) / GTV_ZOOM_TILE_NS(level) + 1;
	err = gtv_store_put_zoom_back(z->st, level, from_ns, to_ns,
				      back > UINT32_MAX ? UINT32_MAX : (uint32_t)back,
				      bytes, size);
	free(bytes);
	/* Too large to be stored: as if it were sparse. */
	return err == -GTV_EFULL && !gtv_store_error(z->st)->code ? 0 : err;
}

static int store_level(struct gtv_zoom *z, unsigned level, struct gtv__zlane **lane,
		       uint64_t to_ns)
{
	uint64_t from = z->flushed_ns[level], start, end;
	size_t lanes = lanes_with(z, level, lane);
	struct gtv_store_stats stats;
	int err = 0;

	gtv_store_get_stats(z->st, &stats);
	if (!from && z->begin_ns)
		from = z->begin_ns < to_ns ? z->begin_ns : to_ns;
	else if (!from && !gtv_store_range(z->st, &start, &end))
		from = start < to_ns ? start : to_ns;
	z->dense[level] = is_dense(z, level, from, to_ns, stats.events,
				   count_pieces(lane, lanes, level));
	if (!z->dense[level]) {
		lanes = keep_ends(z, level, lane, lanes);
		from = to_ns;
	}
	if (lanes)
		err = put_lanes(z, level, lane, lanes, from, to_ns);
	if (z->dense[level])
		z->stored_ns[level] = to_ns;
	z->flushed_events[level] = stats.events;
	z->flushed_ns[level] = to_ns;
	return err;
}

/* Cuts the tiles that lie in the past; all, if `all`. From below, for each hands
 * its sum up. */
static void cut(struct gtv_zoom *z, uint64_t now_ns, int all)
{
	for (size_t i = 0; i < z->hash_cap; i++) {
		for (struct gtv__zlane *l = z->hash[i]; l; l = l->next) {
			for (unsigned level = 0; level < GTV_ZOOM_LEVELS; level++) {
				if (l->acc[level] &&
				    (all || tile_end(level, l->acc[level]) <= now_ns))
					complete(z, l, level);
			}
		}
	}
}

/* Lanes that have nothing left. */
static void sweep(struct gtv_zoom *z)
{
	memset(z->recent, 0, sizeof z->recent);
	for (size_t i = 0; i < z->hash_cap; i++) {
		struct gtv__zlane **at = &z->hash[i];
		while (*at) {
			struct gtv__zlane *l = *at;
			int used = 0;
			for (unsigned level = 0; level < GTV_ZOOM_LEVELS; level++)
				used |= l->acc[level] || l->out[level];
			if (used) {
				at = &l->next;
				continue;
			}
			*at = l->next;
			lane_free(z, l);
		}
	}
}

int gtv_zoom_flush(struct gtv_zoom *z, uint64_t now_ns, int last)
{
	struct gtv__zlane **lane = malloc((z->lanes + 1) * sizeof *lane);
	int err = z->err;

	if (!lane)
		return -GTV_ENOMEM;
	cut(z, now_ns, last);
	for (unsigned level = 0; level < GTV_ZOOM_LEVELS && !err; level++) {
		uint64_t front = last ? now_ns : tile_floor(level, now_ns);
		if (!last && z->out_bytes[level] < OUT_BYTES_MAX &&
		    front - z->flushed_ns[level] < FLUSH_TILES * GTV_ZOOM_TILE_NS(level))
			continue;
		if (front > z->flushed_ns[level])
			err = store_level(z, level, lane, front);
	}
	free(lane);
	sweep(z);
	return err ? err : z->err;
}
