/* SPDX-License-Identifier: MIT
 *
 * A lane, put together from the sources of a look: each is in order of time; a piece
 * that an earlier source has covered is skipped or clipped, and so is what reaches
 * beyond the time for which its source was taken. Runs are clipped exactly, tiles
 * pro rata.
 */
#include "tracer/model/window_priv.h"

#include <string.h>

struct joiner {
	uint64_t from_ns, to_ns; /* what is wanted */
	uint64_t limit_ns;	 /* the source is cut here */
	uint64_t covered_ns;	 /* the end of what was given */
	int any;
	int held; /* the last piece is not told yet: what follows may replace it */
	struct gtv__zpiece last;
	gtv__piece_fn *each;
	void *arg;
};

static void tell(struct joiner *j)
{
	if (j->held)
		j->each(j->arg, &j->last.p);
	j->held = 0;
}

static void give(struct joiner *j, const struct gtv__zpiece *z)
{
	tell(j);
	gtv__zpiece_copy(&j->last, z);
	j->held = j->any = 1;
	j->covered_ns = z->p.span.to_ns;
}

/* A tile cut to [from, to), pro rata: it still sums to its length. */
static void tile_clip(struct gtv__zpiece *z, uint64_t from_ns, uint64_t to_ns)
{
	struct gtv_span *span = &z->p.span;
	struct gtv_sums *s = &z->sums;
	uint64_t left = to_ns - from_ns, sum = 0;
	double part = (double)left / (double)(span->to_ns - span->from_ns);
	unsigned most = 0;

	for (unsigned st = 0; st < GTV_ST_MAX; st++) {
		s->state_ns[st] = (uint64_t)((double)s->state_ns[st] * part);
		sum += s->state_ns[st];
		if (s->state_ns[st] > s->state_ns[most])
			most = st;
	}
	s->state_ns[most] += left - sum; /* the rounding, up or down */
	for (int i = 0; i < GTV_SUM_IDS; i++)
		s->id_ns[i] = (uint64_t)((double)s->id_ns[i] * part);
	span->from_ns = from_ns;
	span->to_ns = to_ns;
}

/* Nothing is known of a hole; a thread's is a time without it: its id was used again. */
static void give_hole(struct joiner *j, struct gtv_lane lane, uint64_t to_ns)
{
	struct gtv__zpiece z;

	z.p = (struct gtv_piece){.span = {.lane = lane,
					  .core = -1,
					  .state = lane.kind == GTV_LANE_THREAD
							   ? GTV_ST_NONE
							   : GTV_ST_UNKNOWN,
					  .from_ns = j->covered_ns,
					  .to_ns = to_ns},
				 .spans = 1};
	z.p.states = 1u << z.p.span.state;
	give(j, &z);
}

/* Cuts what reaches beyond the source's limit, and a tile also where it reaches out of
 * what is wanted. */
static void limit(const struct joiner *j, struct gtv__zpiece *z)
{
	struct gtv_piece *p = &z->p;
	uint64_t from = p->span.from_ns, to = p->span.to_ns;

	if (p->spans > 1 && from < j->from_ns)
		from = j->from_ns;
	if (p->spans > 1 && to > j->to_ns)
		to = j->to_ns;
	if (to > j->limit_ns)
		to = j->limit_ns;
	if (from == p->span.from_ns && to == p->span.to_ns)
		return;
	if (p->spans > 1 && from < to) {
		tile_clip(z, from, to);
		return;
	}
	p->span.from_ns = from;
	p->span.to_ns = to;
}

static void join(struct joiner *j, struct gtv__zpiece *z, const struct gtv_span *whole)
{
	struct gtv_piece *p = &z->p;

	if (p->span.to_ns <= j->from_ns || p->span.from_ns >= j->to_ns ||
	    p->span.from_ns >= j->limit_ns ||
	    (j->any && (p->span.to_ns <= j->covered_ns || j->covered_ns >= j->to_ns)))
		return;
	limit(j, z);
	if (p->span.to_ns <= j->from_ns || (j->any && p->span.to_ns <= j->covered_ns))
		return;
	if (j->any && p->span.from_ns < j->covered_ns) {
		if (p->spans == 1)
			p->span.from_ns = j->covered_ns;
		else
			tile_clip(z, j->covered_ns, p->span.to_ns);
	} else if (j->any && p->span.from_ns > j->covered_ns) {
		if (p->spans == 1 && whole->from_ns <= j->covered_ns)
			p->span.from_ns = j->covered_ns;
		else
			give_hole(j, p->span.lane, p->span.from_ns);
	}
	give(j, z);
}

static void join_bytes(struct joiner *j, const uint8_t *bytes, size_t size,
		       struct gtv_lane lane, uint64_t from_ns, uint32_t pieces)
{
	struct gtv__zcursor c;
	struct gtv__zpiece z;
	struct gtv_span whole = {0};

	gtv__zcursor_init(&c, bytes, size, lane, from_ns, pieces);
	while (!gtv__zcursor_next(&c, &z, &whole)) {
		if (z.p.span.from_ns >= j->to_ns || z.p.span.from_ns >= j->limit_ns)
			return;
		join(j, &z, &whole);
	}
}

static void join_span(struct joiner *j, const struct gtv_span *span)
{
	struct gtv__zpiece z;

	z.p = (struct gtv_piece){.span = *span, .spans = 1, .states = 1u << span->state};
	join(j, &z, span);
}

static void join_out(struct joiner *j, const struct gtv__zout *o, struct gtv_lane lane)
{
	if (o)
		join_bytes(j, o->bytes, o->size, lane, o->from_ns, o->pieces);
}

/* Where a lane stood still, its block ends with a tile cut in the middle. If the patch
 * knows more of that tile it is given instead. */
static void complete_last(struct joiner *j, const struct gtv__zlane *l, unsigned wanted)
{
	struct gtv__zcursor c;
	struct gtv__zpiece z;
	const struct gtv_span *s = &z.p.span, *last = &j->last.p.span;

	for (unsigned level = wanted + 1; j->held && level-- > 0;) {
		const struct gtv__zout *o = l->out[level];
		if (!o)
			continue;
		gtv__zcursor_init(&c, o->bytes, o->size, l->lane, o->from_ns, o->pieces);
		while (!gtv__zcursor_next(&c, &z, NULL) && s->from_ns <= last->from_ns) {
			if (z.p.spans == 1 || s->from_ns != last->from_ns ||
			    s->to_ns <= j->covered_ns || s->to_ns > j->limit_ns ||
			    s->to_ns > j->to_ns)
				continue;
			j->held = 0;
			give(j, &z);
			return;
		}
	}
}

/* From where the lane is covered, up through finer levels to where a tile of the wanted
 * one begins: so none is cut. */
static void climb(struct joiner *j, const struct gtv__zlane *l, unsigned wanted)
{
	uint64_t limit_ns = j->limit_ns;

	for (unsigned level = 0; level < wanted; level++) {
		uint64_t tile = GTV_ZOOM_TILE_NS(level + 1);
		uint64_t next = (j->covered_ns + tile - 1) / tile * tile;
		j->limit_ns = next < limit_ns ? next : limit_ns;
		join_out(j, l->out[level], l->lane);
	}
	j->limit_ns = limit_ns;
}

/* From a patch: its zoom from the wanted level down, the tile being filled, the open
 * span. */
static void join_patch(struct joiner *j, const struct gtv__patch *patch, unsigned wanted,
		       struct gtv_lane lane)
{
	const struct gtv__zlane *l = gtv__zoom_find(patch->zoom, lane);
	const struct gtv_span *open = gtv__patch_open(patch, lane);
	struct gtv__zpiece z;

	if (l && j->any) {
		complete_last(j, l, wanted);
		climb(j, l, wanted);
	}
	for (unsigned level = wanted + 1; l && level-- > 0;)
		join_out(j, l->out[level], lane);
	if (l && l->acc[0] && l->acc[0]->spans == 1) {
		struct gtv_span last = l->acc[0]->longest;
		last.from_ns = l->acc[0]->from_ns;
		last.to_ns = l->acc[0]->to_ns;
		join_span(j, &last);
	} else if (l && l->acc[0]) {
		gtv__zacc_piece(l->acc[0], lane, &z);
		join(j, &z, &z.p.span);
	}
	if (open)
		join_span(j, open);
}

void gtv__tiles_pieces(const struct gtv__tiles *t, struct gtv_lane lane, uint64_t from_ns,
		       uint64_t to_ns, gtv__piece_fn *each, void *arg)
{
	struct joiner j = {.from_ns = from_ns,
			   .to_ns = to_ns,
			   .covered_ns = from_ns,
			   .each = each,
			   .arg = arg};

	for (size_t i = 0; i < t->uses; i++) {
		const struct gtv__source *s = &t->use[i];
		j.limit_ns = s->to_ns;
		if (s->patch) {
			join_patch(&j, s->patch, t->level, lane);
			continue;
		}
		const struct gtv__zblock *b = &s->block->block;
		const struct gtv__zdir *d = gtv__zblock_find(b, lane);
		if (d && d->to_ns > j.covered_ns && d->from_ns < to_ns)
			join_bytes(&j, b->at + d->offset, d->bytes, lane, d->from_ns,
				   d->pieces);
	}
	tell(&j);
}

/* ---- activity ---- */

struct active {
	uint64_t from_ns, to_ns, ns;
};

static void active_piece(void *arg, const struct gtv_piece *p)
{
	struct active *a = arg;
	uint64_t from = p->span.from_ns > a->from_ns ? p->span.from_ns : a->from_ns;
	uint64_t to = p->span.to_ns < a->to_ns ? p->span.to_ns : a->to_ns;
	uint64_t ns, whole = p->span.to_ns - p->span.from_ns;

	if (to <= from)
		return;
	ns = gtv__piece_active(p);
	if (to - from == whole)
		a->ns += ns;
	else if (p->spans == 1)
		a->ns += ns ? to - from : 0;
	else
		a->ns += (uint64_t)((double)ns * (double)(to - from) / (double)whole);
}

/* A block's part of the lane lies inside the window, and its sum is in the directory. If it
 * ends with a tile cut in the middle, a patch may know more of that: then it is decoded,
 * but only if no other block follows. */
struct last_cut {
	const struct gtv__zblock *block;
	const struct gtv__zdir *dir; /* NULL: none */
	uint64_t covered_ns;	     /* before it */
	int any;
};

/* What comes may replace its last tile. */
static void cut_decode(struct last_cut *cut, struct joiner *j)
{
	const struct gtv__zdir *d = cut->dir;
	uint64_t limit_ns = j->limit_ns;

	if (!d)
		return;
	cut->dir = NULL;
	j->covered_ns = cut->covered_ns;
	j->any = cut->any;
	j->limit_ns = UINT64_MAX; /* its own was behind its end */
	join_bytes(j, cut->block->at + d->offset, d->bytes, d->lane, d->from_ns, d->pieces);
	j->limit_ns = limit_ns;
}

/* Nothing will. */
static void cut_take(struct last_cut *cut, struct active *a)
{
	if (cut->dir)
		a->ns += cut->dir->active_ns;
	cut->dir = NULL;
}

uint64_t gtv__tiles_activity(const struct gtv__tiles *t, struct gtv_lane lane,
			     uint64_t from_ns, uint64_t to_ns)
{
	struct active a = {from_ns, to_ns, 0};
	struct joiner j = {.from_ns = from_ns,
			   .to_ns = to_ns,
			   .covered_ns = from_ns,
			   .each = active_piece,
			   .arg = &a};
	struct last_cut cut = {0};

	for (size_t i = 0; i < t->uses; i++) {
		const struct gtv__source *s = &t->use[i];
		j.limit_ns = s->to_ns;
		if (s->patch) {
			cut_decode(&cut, &j);
			join_patch(&j, s->patch, t->level, lane);
			continue;
		}
		const struct gtv__zblock *b = &s->block->block;
		const struct gtv__zdir *d = gtv__zblock_find(b, lane);
		if (!d || d->to_ns <= j.covered_ns || d->from_ns >= to_ns)
			continue;
		if (d->from_ns < j.covered_ns || d->to_ns > to_ns ||
		    d->to_ns > j.limit_ns) {
			cut_decode(&cut, &j);
			join_bytes(&j, b->at + d->offset, d->bytes, lane, d->from_ns,
				   d->pieces);
			continue;
		}
		cut_take(&cut, &a);
		tell(&j);
		if (d->to_ns % GTV_ZOOM_TILE_NS(b->level))
			cut = (struct last_cut){b, d, j.covered_ns, j.any};
		else
			a.ns += d->active_ns;
		j.covered_ns = d->to_ns;
		j.any = 1;
	}
	cut_take(&cut, &a);
	tell(&j);
	return a.ns;
}
