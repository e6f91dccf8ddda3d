/* SPDX-License-Identifier: MIT
 *
 * Wide windows: what a look is made of.
 *
 * Not all of a trace has tiles of the wanted level: where events are few they are
 * left out (see zoom_priv.h), and a level's last block lags behind by up to 64 tiles. So
 * a look begins as one hole. Blocks of the wanted level close most of it, and finer
 * ones what is not yet stored. If little remains it is decoded to a patch; else
 * coarser levels come first, for they reach where the wanted one does not. At last
 * everything that remains is decoded: a trace without any blocks can still be seen.
 *
 * In an unfinished trace the blocks do not know of spans still open, which may have
 * begun long ago: a patch at the end of what is stored tells them.
 */
#include "tracer/model/window_priv.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_BYTES  (64u << 20)
#define LOOK_BYTES   (64u << 20) /* of blocks in a look: more are as if they were bad */
#define LANES_OPENED 4096 /* of a block's directory, between two questions for patience */
#define PATCH_EVENTS                                                                       \
	(4 * GTV__EXACT_EVENTS) /* to decode rather than take coarser tiles                \
				 */

void gtv__tiles_init(struct gtv__tiles *t, const struct gtv_store *st,
		     const struct gtv_window *w)
{
	memset(t, 0, sizeof *t);
	t->st = st;
	t->w = w;
}

static void cached_free(struct gtv__tiles *t, struct gtv__zcached *c)
{
	t->info[c->level][c->idx].cached = NULL;
	gtv__lane_set_fini(&c->all);
	t->cached_bytes -= c->size;
	gtv__zblock_close(&c->block);
	free(c->bytes);
	free(c);
}

void gtv__tiles_fini(struct gtv__tiles *t)
{
	for (size_t i = 0; i < sizeof t->patch / sizeof t->patch[0]; i++)
		gtv__patch_fini(&t->patch[i]);
	for (size_t i = 0; i < t->cached_count; i++)
		cached_free(t, t->cached[i]);
	free(t->cached);
	free(t->use);
	for (unsigned l = 0; l < GTV_ZOOM_LEVELS; l++)
		free(t->info[l]);
}

/* Makes room for one more; 0 or -1. */
static int grow(void **array, size_t *cap, size_t count, size_t bytes)
{
	if (count < *cap)
		return 0;
	size_t more = *cap ? *cap * 2 : 32;
	void *grown = realloc(*array, more * bytes);
	if (!grown)
		return -1;
	*array = grown;
	*cap = more;
	return 0;
}

/* ---- what the store has ---- */

static int refresh_level(struct gtv__tiles *t, unsigned l)
{
	size_t count = gtv_store_zoom_count(t->st, l);

	if (!t->infos[l])
		t->first[l] = gtv_store_first_zoom(t->st, l);
	for (; t->first[l] + t->infos[l] < count; t->infos[l]++) {
		struct gtv__zinfo info = {0};
		size_t idx = t->first[l] + t->infos[l];
		if (gtv_store_zoom_info(t->st, l, idx, &info.from_ns, &info.to_ns))
			return 0;
		uint64_t back =
			(uint64_t)gtv_store_zoom_back(t->st, l, idx) * GTV_ZOOM_TILE_NS(l);
		info.reach_ns = info.from_ns > back ? info.from_ns - back : 0;
		if (grow((void **)&t->info[l], &t->info_cap[l], t->infos[l], sizeof info))
			return -GTV_ENOMEM;
		t->info[l][t->infos[l]] = info;
		if (info.to_ns > t->front_ns[l])
			t->front_ns[l] = info.to_ns;
	}
	return 0;
}

static int refresh_infos(struct gtv__tiles *t)
{
	int err = 0;

	for (unsigned l = 0; l < GTV_ZOOM_LEVELS && !err; l++)
		err = refresh_level(t, l);
	return err;
}

static void evict(struct gtv__tiles *t)
{
	while (t->cached_bytes > CACHE_BYTES) {
		size_t oldest = t->cached_count;
		for (size_t i = 0; i < t->cached_count; i++) {
			if (t->cached[i]->used < t->looks &&
			    (oldest == t->cached_count ||
			     t->cached[i]->used < t->cached[oldest]->used))
				oldest = i;
		}
		if (oldest == t->cached_count)
			return; /* all wanted now */
		cached_free(t, t->cached[oldest]);
		t->cached[oldest] = t->cached[--t->cached_count];
	}
}

/* What opening it came to: 0 opened, 1 not wholly, < 0 bad. */
static void cached_begun(struct gtv__zcached *c, int rc)
{
	c->opening = rc > 0;
	c->bad = rc < 0;
	if (rc >= 0)
		return;
	gtv__zblock_close(&c->block);
	free(c->bytes);
	c->bytes = NULL;
}

static struct gtv__zcached *cached_load(struct gtv__tiles *t, unsigned level, size_t idx)
{
	struct gtv__zcached *c = calloc(1, sizeof *c);

	if (!c || grow((void **)&t->cached, &t->cached_cap, t->cached_count, sizeof c)) {
		free(c);
		t->no_memory = 1;
		return NULL;
	}
	c->level = level;
	c->idx = idx;
	t->reads++;
	size_t size = 0;
	int rc = gtv_store_get_zoom(t->st, level, t->first[level] + idx, &c->bytes, &size);
	if (!rc)
		rc = gtv__zblock_begin(&c->block, c->bytes, size);
	/* Its ranks are a sixth of the directory at most, and mostly far less. */
	c->size = sizeof *c + size + c->block.lanes * sizeof *c->block.dir;
	cached_begun(c, rc < 0 || c->block.level != level ? -1 : rc);
	t->cached[t->cached_count++] = c;
	t->cached_bytes += c->size;
	t->info[level][idx].cached = c;
	return c;
}

/* Patience has ended: what the block would tell is not known yet. */
static int too_late(struct gtv__tiles *t, unsigned level, size_t idx)
{
	uint64_t from_ns = t->info[level][idx].from_ns;

	if (!gtv__has_enough_to_decode(t->wait))
		return 0;
	if (!t->unread || from_ns < t->known_ns)
		t->known_ns = from_ns;
	t->unread = 1;
	return 1;
}

/* The block, or NULL if it is bad, the look has enough, or patience has ended. */
static struct gtv__zcached *cached(struct gtv__tiles *t, unsigned level, size_t idx)
{
	struct gtv__zcached *c = t->info[level][idx].cached;
	int counted = c && c->used == t->looks;

	if (!counted && t->look_bytes > LOOK_BYTES)
		return NULL;
	if (!c && !too_late(t, level, idx))
		c = cached_load(t, level, idx);
	if (!c)
		return NULL;
	c->used = t->looks;
	if (!counted)
		t->look_bytes += c->size;
	while (c->opening && !too_late(t, level, idx)) {
		cached_begun(c, gtv__zblock_go_on(&c->block, LANES_OPENED));
		t->reads++;
	}
	return c->bad || c->opening ? NULL : c;
}

/* ---- the look ---- */

static unsigned level_for(uint64_t cell_ns)
{
	unsigned level = 0;

	while (level + 1 < GTV_ZOOM_LEVELS && GTV_ZOOM_TILE_NS(level + 1) <= cell_ns)
		level++;
	return level;
}

static int use_add(struct gtv__tiles *t, const struct gtv__source *source)
{
	if (grow((void **)&t->use, &t->use_cap, t->uses, sizeof *source))
		return -GTV_ENOMEM;
	t->use[t->uses++] = *source;
	return 0;
}

/* Those that are wanted first come first; of two, the one that ends first. */
static int source_order(const void *a, const void *b)
{
	const struct gtv__source *x = a, *y = b;

	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return (x->to_ns > y->to_ns) - (x->to_ns < y->to_ns);
}

/* Takes the level's blocks for a hole, and puts what they leave of it into `left`.
 * What reaches back into the hole helps, but covers nothing. */
static int fill_hole(struct gtv__tiles *t, unsigned level, struct gtv__hole hole,
		     int is_last, struct gtv__hole *left, size_t *lefts)
{
	uint64_t at = hole.from_ns;

	for (size_t i = 0; i < t->infos[level]; i++) {
		const struct gtv__zinfo *info = &t->info[level][i];
		if (info->reach_ns >= hole.to_ns || info->to_ns <= hole.from_ns)
			continue;
		struct gtv__source s = {.block = cached(t, level, i)};
		if (!s.block)
			continue;
		s.from_ns = info->from_ns > hole.from_ns ? info->from_ns : hole.from_ns;
		if (s.from_ns > hole.to_ns)
			s.from_ns = hole.to_ns;
		s.to_ns = is_last ? UINT64_MAX : hole.to_ns;
		if (use_add(t, &s))
			return -GTV_ENOMEM;
		if (info->to_ns <= at || info->from_ns >= hole.to_ns)
			continue;
		if (info->from_ns > at) {
			if (*lefts >= GTV__HOLES_MAX)
				continue; /* the rest stays one hole */
			left[(*lefts)++] = (struct gtv__hole){at, info->from_ns};
		}
		at = info->to_ns;
	}
	if (at < hole.to_ns && *lefts <= GTV__HOLES_MAX)
		left[(*lefts)++] = (struct gtv__hole){at, hole.to_ns};
	else if (is_last)
		t->end_level = level;
	return t->no_memory ? -GTV_ENOMEM : 0;
}

static int fill(struct gtv__tiles *t, unsigned level, uint64_t end_ns)
{
	struct gtv__hole left[GTV__HOLES_MAX + 1];
	size_t lefts = 0;

	for (size_t i = 0; i < t->holes; i++) {
		int err = fill_hole(t, level, t->hole[i], t->hole[i].to_ns == end_ns, left,
				    &lefts);
		if (err)
			return err;
	}
	memcpy(t->hole, left, lefts * sizeof *left);
	t->holes = lefts;
	return 0;
}

/* Events to decode for holes a to b, and what lies between them. */
static uint64_t hole_events(const struct gtv__tiles *t, size_t a, size_t b)
{
	return gtv__window_block_events(t->w, t->hole[a].from_ns, t->hole[b].to_ns);
}

/* How many of the holes the first patch takes for the holes to cost little: all, or all
 * but the last, which has one of its own; 0: they would cost much. */
static size_t patch_split(const struct gtv__tiles *t)
{
	size_t last = t->holes - 1;

	if (hole_events(t, 0, last) <= PATCH_EVENTS)
		return t->holes;
	if (last &&
	    hole_events(t, 0, last - 1) + hole_events(t, last, last) <= PATCH_EVENTS)
		return last;
	return 0;
}

/* The patch that knows the stretch already, or the one not used for longest. */
static struct gtv__patch *patch_for(struct gtv__tiles *t, uint64_t from_ns, uint64_t to_ns,
				    uint64_t margin_ns)
{
	const size_t count = sizeof t->patch / sizeof t->patch[0];
	struct gtv__patch *oldest = &t->patch[0];

	for (size_t i = 0; i < count; i++) {
		if (gtv__patch_near(&t->patch[i], from_ns, to_ns, margin_ns))
			return &t->patch[i];
		if (t->patch[i].used < oldest->used)
			oldest = &t->patch[i];
	}
	return oldest;
}

/* If patience ends within it, its source does too. */
static int use_patch(struct gtv__tiles *t, struct gtv_ev *evs, struct gtv__hole hole,
		     struct gtv__source source, struct gtv__patience *wait)
{
	uint64_t margin = gtv__window_margin(t->w, hole.from_ns, hole.to_ns);
	struct gtv__patch *p = patch_for(t, hole.from_ns, hole.to_ns, margin);

	source.patch = p;
	int err = gtv__patch_load(p, t->st, evs, hole.from_ns, hole.to_ns, margin, wait);
	if (err)
		return err;
	if (p->unread) {
		uint64_t known_ns = gtv__patch_known_ns(p);

		if (p->elsewhere || known_ns < source.from_ns)
			known_ns = source.from_ns;
		t->known_ns = known_ns;
		t->unread = 1;
		if (known_ns < source.to_ns)
			source.to_ns = known_ns;
	}
	if (p->elsewhere)
		return 0;
	p->used = t->looks;
	return use_add(t, &source);
}

/* Decodes what remains: holes [0, split) by one patch, the others by another. */
static int patch_holes(struct gtv__tiles *t, struct gtv_ev *evs, size_t split,
		       uint64_t end_ns, struct gtv__patience *wait)
{
	int err = 0;

	for (size_t a = 0, b = split; a < t->holes && !err && !t->unread;
	     a = b, b = t->holes) {
		struct gtv__hole h = {t->hole[a].from_ns, t->hole[b - 1].to_ns};
		struct gtv__source s = {.from_ns = h.from_ns,
					.to_ns = h.to_ns == end_ns ? UINT64_MAX : h.to_ns};
		err = use_patch(t, evs, h, s, wait);
	}
	return err;
}

/* What is not decoded yet is shown by coarser tiles, where there are any. */
static int preview(struct gtv__tiles *t, uint64_t end_ns)
{
	size_t lefts = 0;
	int err = 0;

	for (size_t i = 0; i < t->holes; i++) {
		struct gtv__hole h = t->hole[i];
		h.from_ns = h.from_ns > t->known_ns ? h.from_ns : t->known_ns;
		if (h.from_ns < h.to_ns)
			t->hole[lefts++] = h;
	}
	t->holes = lefts;
	for (unsigned l = t->level + 1; !err && t->holes && l < GTV_ZOOM_LEVELS; l++)
		err = fill(t, l, end_ns);
	return err;
}

/* What is open where the blocks that cover the look's end know no more. */
static int patch_open_spans(struct gtv__tiles *t, struct gtv_ev *evs,
			    struct gtv__patience *wait)
{
	struct gtv__hole h = {t->front_ns[t->end_level], t->front_ns[t->end_level] + 1};
	struct gtv__source s = {.from_ns = UINT64_MAX, .to_ns = UINT64_MAX};
	struct gtv_store_stats stats;

	gtv_store_get_stats(t->st, &stats);
	int err = stats.complete ? 0 : use_patch(t, evs, h, s, wait);
	/* Whoever is open may have begun at any time. */
	if (t->unread)
		t->known_ns = 0;
	return err;
}

int gtv__tiles_look(struct gtv__tiles *t, struct gtv_ev *evs, uint64_t from_ns,
		    uint64_t to_ns, uint64_t cell_ns, struct gtv__patience *wait)
{
	uint64_t begin, end;
	size_t split = 0;
	int err = refresh_infos(t);

	t->looks++;
	t->uses = t->holes = t->look_bytes = 0;
	t->no_memory = t->unread = 0;
	t->wait = wait;
	t->level = level_for(cell_ns);
	if (err || gtv_store_range(t->st, &begin, &end))
		return err;
	begin = from_ns > begin ? from_ns : begin;
	end = to_ns < end ? to_ns : end;
	if (begin >= end)
		return 0;
	t->hole[t->holes++] = (struct gtv__hole){begin, end};
	for (unsigned l = t->level + 1; !err && t->holes && l-- > 0;)
		err = fill(t, l, end);
	for (unsigned l = t->level + 1; !err && t->holes && l < GTV_ZOOM_LEVELS; l++) {
		split = patch_split(t);
		if (split)
			break;
		err = fill(t, l, end);
	}
	/* Tiles may end with the last event, and range a ns later. */
	if (t->holes && t->hole[t->holes - 1].to_ns - t->hole[t->holes - 1].from_ns == 1 &&
	    t->front_ns[t->end_level] == end - 1)
		t->holes--;
	int end_known = t->holes && t->hole[t->holes - 1].to_ns == end;
	if (!err && t->holes && !t->unread)
		err = patch_holes(t, evs, split ? split : t->holes, end, wait);
	if (!err && !end_known && !t->unread)
		err = patch_open_spans(t, evs, wait);
	else if (!err && t->unread)
		err = preview(t, end);
	if (t->uses)
		qsort(t->use, t->uses, sizeof *t->use, source_order);
	evict(t);
	if (err)
		t->uses = 0;
	return err;
}

/* ---- lanes ---- */

static void block_lanes(const struct gtv__zblock *b, uint64_t from_ns, uint64_t to_ns,
			struct gtv__lane_set *set)
{
	for (size_t k = 0; k < b->lanes; k++) {
		if (b->dir[k].from_ns < to_ns && b->dir[k].to_ns > from_ns)
			gtv__lane_set_add(set, b->dir[k].lane);
	}
}

/* All of a block's lanes, if each of them lives in [from, to): known once for ever. */
static int whole_block(struct gtv__zcached *c, uint64_t from_ns, uint64_t to_ns,
		       struct gtv__lane_set *set)
{
	const struct gtv__zblock *b = &c->block;

	if (!c->all_known) {
		c->all_known = 1;
		c->least_to_ns = UINT64_MAX;
		for (size_t k = 0; k < b->lanes; k++) {
			gtv__lane_set_add(&c->all, b->dir[k].lane);
			if (b->dir[k].from_ns > c->most_from_ns)
				c->most_from_ns = b->dir[k].from_ns;
			if (b->dir[k].to_ns < c->least_to_ns)
				c->least_to_ns = b->dir[k].to_ns;
		}
	}
	if (c->most_from_ns >= to_ns || c->least_to_ns <= from_ns)
		return 0;
	gtv__lane_set_or(set, &c->all);
	return 1;
}

static void patch_lanes(const struct gtv__patch *p, uint64_t from_ns, uint64_t to_ns,
			struct gtv__lane_set *set)
{
	for (size_t i = 0; i < p->lives; i++) {
		if (p->life[i].from_ns < to_ns && p->life[i].to_ns > from_ns)
			gtv__lane_set_add(set, p->life[i].lane);
	}
	if (gtv__patch_open_lanes(p, from_ns, to_ns, set))
		return;
	for (size_t i = 0; i < p->opens; i++) {
		if (p->open[i].from_ns < to_ns && (p->open[i].to_ns > from_ns || p->unread))
			gtv__lane_set_add(set, p->open[i].lane);
	}
}

void gtv__tiles_lanes(const struct gtv__tiles *t, uint64_t from_ns, uint64_t to_ns,
		      struct gtv__lane_set *set)
{
	for (size_t i = 0; i < t->uses; i++) {
		const struct gtv__source *s = &t->use[i];
		uint64_t to = to_ns < s->to_ns ? to_ns : s->to_ns;
		if (s->patch)
			patch_lanes(s->patch, from_ns, to, set);
		else if (!whole_block(s->block, from_ns, to, set))
			block_lanes(&s->block->block, from_ns, to, set);
	}
}

/* ---- single spans ---- */

int gtv__tiles_run_at(struct gtv__tiles *t, struct gtv_lane lane, uint64_t ts_ns,
		      struct gtv_span *out)
{
	if (refresh_infos(t))
		return -GTV_ENOTFOUND;
	t->wait = NULL; /* the look is over: this is one block */
	for (size_t i = 0; i < t->infos[0]; i++) {
		if (t->info[0][i].reach_ns > ts_ns || t->info[0][i].to_ns <= ts_ns)
			continue;
		struct gtv__zcached *c = cached(t, 0, i);
		const struct gtv__zdir *d = c ? gtv__zblock_find(&c->block, lane) : NULL;
		if (!d || d->from_ns > ts_ns || d->to_ns <= ts_ns)
			continue;
		struct gtv__zcursor cur;
		struct gtv__zpiece z;
		gtv__zcursor_init(&cur, c->block.at + d->offset, d->bytes, lane, d->from_ns,
				  d->pieces);
		while (!gtv__zcursor_next(&cur, &z, out) && z.p.span.from_ns <= ts_ns) {
			if (z.p.span.to_ns > ts_ns && z.p.spans == 1)
				return 0;
		}
	}
	return -GTV_ENOTFOUND;
}
