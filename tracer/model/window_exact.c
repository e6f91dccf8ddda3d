/* SPDX-License-Identifier: MIT
 *
 * Regions: a stretch of the trace decoded to spans, kept by lane. A region grows to
 * the right by whole blocks, so a window that follows a live trace decodes only what
 * is new; to the left it must start again at a checkpoint, so it keeps a margin.
 */
#include "tracer/model/window_priv.h"

#include <stdlib.h>
#include <string.h>

#define SPANS_MAX (1u << 20) /* more are not kept when the window moves on */

/* ---- feeding a model from the store ---- */

static size_t gap_after(const struct gtv_store *st, uint64_t ts_ns)
{
	size_t count = gtv_store_gap_count(st), i = 0;
	uint64_t from, to, bytes;

	while (i < count && !gtv_store_gap(st, i, &from, &to, &bytes) && from < ts_ns)
		i++;
	return i;
}

/* What the flight recorder kept begins with a checkpoint. */
static int first_state(const struct gtv_store *st, size_t first_block, void **bytes,
		       size_t *size, size_t *idx)
{
	size_t checkpoint = gtv_store_first_checkpoint(st);
	uint64_t ts_ns;

	if (gtv_store_checkpoint(st, checkpoint, &ts_ns, idx) || *idx > first_block)
		return -GTV_ENOTFOUND;
	return gtv_store_load_checkpoint(st, checkpoint, bytes, size);
}

int gtv__feeder_seek(struct gtv__feeder *f, const struct gtv_store *st, struct gtv_ev *evs,
		     uint64_t from_ns, const struct gtv_model_sink *sink)
{
	struct gtv_store_info info;
	struct gtv_block_info block;
	void *bytes = NULL;
	size_t size, idx;

	gtv__feeder_fini(f);
	gtv_store_get_info(st, &info);
	*f = (struct gtv__feeder){.st = st, .evs = evs};
	f->m = gtv_model_new(info.level, gtv_store_names(st), sink);
	if (!f->m)
		return -GTV_ENOMEM;
	f->next_block = gtv_store_first_block(st);
	if (gtv_store_get_checkpoint(st, from_ns, &bytes, &size, &idx) &&
	    first_state(st, f->next_block, &bytes, &size, &idx))
		return 0;
	if (gtv_model_restore(f->m, bytes, size) == 0) {
		f->next_block = idx;
		if (idx && !gtv_store_block(st, idx - 1, &block)) {
			f->done_ns = block.to_ns;
			f->next_gap = gap_after(st, block.to_ns);
		}
	} else {
		/* A damaged checkpoint: from the start, which needs none. */
		gtv_model_free(f->m);
		f->m = gtv_model_new(info.level, gtv_store_names(st), sink);
		f->next_block = gtv_store_first_block(st);
	}
	free(bytes);
	return f->m ? 0 : -GTV_ENOMEM;
}

static void feed_gaps(struct gtv__feeder *f, uint64_t before_ns)
{
	uint64_t from, to, bytes;

	while (f->next_gap < gtv_store_gap_count(f->st) &&
	       !gtv_store_gap(f->st, f->next_gap, &from, &to, &bytes) &&
	       from <= before_ns) {
		gtv_model_gap(f->m, from, to);
		f->next_gap++;
	}
}

/* At once: a millisecond or two in a crowd. */
#define PART 512u

/* How many of `count` are a part: none of the same instant is left behind. */
static size_t part_of(const struct gtv_ev *evs, size_t count)
{
	size_t n = PART;

	if (count <= 2 * (size_t)PART)
		return count;
	while (n < count && evs[n].ts_ns == evs[n - 1].ts_ns)
		n++;
	return n;
}

/* The block's last event was fed. */
static void end_block(struct gtv__feeder *f, const struct gtv_block_info *block)
{
	struct gtv_block_info next;

	free(f->rest);
	f->rest = NULL;
	f->next_block++;
	/* Nothing happens between blocks. */
	f->done_ns =
		gtv_store_block(f->st, f->next_block, &next) ? block->to_ns : next.from_ns;
}

/* What others decode next takes the events' place: those that are left are kept. */
static int keep_rest(struct gtv__feeder *f, size_t fed, size_t count)
{
	f->rests = count - fed;
	f->fed = 0;
	f->rest = malloc(f->rests * sizeof *f->rest);
	if (!f->rest)
		return -GTV_ENOMEM;
	memcpy(f->rest, f->evs + fed, f->rests * sizeof *f->rest);
	f->done_ns = f->rest[0].ts_ns;
	return 0;
}

static int feed_rest(struct gtv__feeder *f, const struct gtv_block_info *block)
{
	const struct gtv_ev *evs = f->rest + f->fed;
	size_t left = f->rests - f->fed, count = f->in_parts ? part_of(evs, left) : left;

	if (gtv_model_feed(f->m, evs, count))
		return -GTV_ENOMEM;
	f->fed += count;
	if (f->fed < f->rests)
		f->done_ns = f->rest[f->fed].ts_ns;
	else
		end_block(f, block);
	return 0;
}

/* Nothing is left of a trace that is over: what is open ends, a part of it at a time. */
static int end_step(struct gtv__feeder *f)
{
	struct gtv_store_stats stats;
	uint64_t from, to;

	gtv_store_get_stats(f->st, &stats);
	if (f->finished || !stats.complete || gtv_store_range(f->st, &from, &to))
		return 1;
	if (!f->ending) {
		feed_gaps(f, UINT64_MAX);
		gtv_model_finish_begin(f->m);
		f->end_at = (struct gtv_model_at){0};
		f->ending = 1;
		return 0;
	}
	if (gtv_model_finish_some(f->m, to, &f->end_at,
				  f->in_parts ? GTV__TOLD_AT_ONCE : SIZE_MAX))
		return 0;
	f->finished = 1;
	f->done_ns = to;
	return 1;
}

int gtv__feeder_step(struct gtv__feeder *f)
{
	struct gtv_block_info block;

	if (gtv_store_block(f->st, f->next_block, &block))
		return end_step(f);
	if (f->rest)
		return feed_rest(f, &block);
	feed_gaps(f, block.from_ns);
	long n = gtv_store_read(f->st, f->next_block, f->evs);
	size_t count = n > 0 ? (size_t)n : 0;
	size_t part = f->in_parts ? part_of(f->evs, count) : count;
	f->unreadable += n < 0;
	if (n < 0)
		gtv_model_gap(f->m, block.from_ns, block.to_ns);
	else if (gtv_model_feed(f->m, f->evs, part))
		return -GTV_ENOMEM;
	if (part < count)
		return keep_rest(f, part, count);
	end_block(f, &block);
	return 0;
}

int gtv__feeder_has_more(const struct gtv__feeder *f)
{
	struct gtv_block_info block;

	return !gtv_store_block(f->st, f->next_block, &block) || gtv__feeder_ends(f);
}

int gtv__feeder_ends(const struct gtv__feeder *f)
{
	struct gtv_block_info block;
	struct gtv_store_stats stats;

	if (!gtv_store_block(f->st, f->next_block, &block))
		return 0;
	gtv_store_get_stats(f->st, &stats);
	return stats.complete && !f->finished;
}

int gtv__feeder_is_near(const struct gtv__feeder *f, uint64_t from_ns)
{
	size_t block, next = f->next_block, at = gtv_store_first_checkpoint(f->st);
	uint64_t ts_ns;

	if (from_ns <= f->done_ns)
		return 1;
	while (!gtv_store_checkpoint(f->st, at, &ts_ns, &block) && ts_ns <= from_ns) {
		next = block;
		at++;
	}
	return next <= f->next_block;
}

void gtv__feeder_fini(struct gtv__feeder *f)
{
	gtv_model_free(f->m);
	f->m = NULL;
	free(f->rest);
	f->rest = NULL;
}

/* ---- regions ---- */

static size_t place(const struct gtv__region *r, struct gtv_lane lane)
{
	return ((lane.id * 4 + lane.kind) * 2654435769u >> 8) & (r->hash_cap - 1);
}

struct gtv__rlane *gtv__region_lane(const struct gtv__region *r, struct gtv_lane lane)
{
	struct gtv__rlane *l = r->hash_cap ? r->hash[place(r, lane)] : NULL;

	while (l && (l->lane.id != lane.id || l->lane.kind != lane.kind))
		l = l->next;
	return l;
}

static int hash_grow(struct gtv__region *r)
{
	struct gtv__region big = {.hash_cap = r->hash_cap ? r->hash_cap * 4 : 256};

	big.hash = calloc(big.hash_cap, sizeof(struct gtv__rlane *));
	if (!big.hash)
		return -GTV_ENOMEM;
	for (size_t i = 0; i < r->hash_cap; i++) {
		for (struct gtv__rlane *l = r->hash[i], *next; l; l = next) {
			size_t at = place(&big, l->lane);
			next = l->next;
			l->next = big.hash[at];
			big.hash[at] = l;
		}
	}
	free(r->hash);
	r->hash = big.hash;
	r->hash_cap = big.hash_cap;
	return 0;
}

static struct gtv__rlane *lane_of(struct gtv__region *r, struct gtv_lane lane)
{
	struct gtv__rlane *l = gtv__region_lane(r, lane);

	if (l)
		return l;
	if (r->lanes >= r->hash_cap && hash_grow(r))
		return NULL;
	if (r->lives == r->life_cap) {
		size_t cap = r->life_cap ? r->life_cap * 2 : 64;
		struct gtv__rlife *grown = realloc(r->life, cap * sizeof *grown);
		if (!grown)
			return NULL;
		r->life = grown;
		r->life_cap = cap;
	}
	l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	size_t at = place(r, lane);
	l->lane = lane;
	l->nr = (uint32_t)r->lives;
	r->life[r->lives++] = (struct gtv__rlife){.lane = lane};
	l->next = r->hash[at];
	r->hash[at] = l;
	r->lanes++;
	return l;
}

static void lane_add(struct gtv__region *r, struct gtv__rlane *l,
		     const struct gtv_span *span)
{
	if (l->count == l->cap) {
		/* In a crowd most have one. */
		size_t cap = l->cap ? l->cap * 2 : 1;
		struct gtv_span *grown = realloc(l->span, cap * sizeof *grown);
		if (!grown) {
			r->no_memory = 1;
			return;
		}
		l->span = grown;
		l->cap = cap;
	}
	l->span[l->count++] = *span;
	r->spans++;
	struct gtv__rlife *life = &r->life[l->nr];
	if (!life->to_ns)
		life->from_ns = span->from_ns;
	life->to_ns = span->to_ns;
}

static void lane_open(struct gtv__region *r, struct gtv__rlane *l,
		      const struct gtv_span *span)
{
	struct gtv__rlife *life = &r->life[l->nr];

	l->open = *span;
	life->open_ns = span->from_ns;
	life->end_ns = span->to_ns;
	life->quiet = !gtv__zoom_state_active(span->lane.kind, span->state);
}

static void keep_span(void *arg, const struct gtv_span *span)
{
	struct gtv__region *r = arg;
	struct gtv__rlane *l = span->to_ns > r->from_ns ? lane_of(r, span->lane) : NULL;

	if (span->to_ns <= r->from_ns)
		return;
	if (!l) {
		r->no_memory = 1;
		return;
	}
	if (!r->ends) {
		lane_add(r, l, span);
		return;
	}
	/* A hundred thousand end with the trace: memory for each is a long time. A lane may
	 * have two then, and only the last is kept so. */
	if (r->ended == l)
		lane_add(r, l, &l->open);
	lane_open(r, l, span);
	r->ended = l;
}

static void keep_edge(void *arg, const struct gtv_edge *edge)
{
	struct gtv__region *r = arg;

	if (edge->to_ns <= r->from_ns)
		return;
	if (r->edges == r->edge_cap) {
		size_t cap = r->edge_cap ? r->edge_cap * 2 : 256;
		struct gtv_edge *grown = realloc(r->edge, cap * sizeof *grown);
		if (!grown) {
			r->no_memory = 1;
			return;
		}
		r->edge = grown;
		r->edge_cap = cap;
	}
	r->edge[r->edges++] = *edge;
}

static struct gtv_note *note_open(struct gtv__region *r, uint32_t gt, const char *text)
{
	for (size_t i = r->notes; i-- > 0;) {
		struct gtv_note *note = &r->note[i];

		if (note->gt == gt && note->is_region && note->to_ns == UINT64_MAX &&
		    !strcmp(note->text, text))
			return note;
	}
	return NULL;
}

static void keep_note(void *arg, const struct gtv_ev *ev)
{
	struct gtv__region *r = arg;
	struct gtv_note note = {.from_ns = ev->ts_ns, .to_ns = ev->ts_ns, .gt = ev->gt};
	struct gtv_note *begun;

	memcpy(note.text, &ev->obj, sizeof ev->obj);
	memcpy(note.text + 4, &ev->seq, sizeof ev->seq);
	memcpy(note.text + 8, &ev->arg, sizeof ev->arg);
	note.is_region = ev->kind != GTV_EV_MARK;
	if (ev->kind == GTV_EV_REGION_BEGIN)
		note.to_ns = UINT64_MAX;
	if (ev->kind == GTV_EV_REGION_END) {
		begun = note_open(r, ev->gt, note.text);
		if (begun) {
			begun->to_ns = ev->ts_ns;
			return;
		}
		note.from_ns = 0; /* before what we know */
	}
	if (r->notes == r->note_cap) {
		size_t cap = r->note_cap ? r->note_cap * 2 : 64;
		struct gtv_note *grown = realloc(r->note, cap * sizeof *grown);
		if (!grown) {
			r->no_memory = 1;
			return;
		}
		r->note = grown;
		r->note_cap = cap;
	}
	r->note[r->notes++] = note;
}

static void keep_extra(void *arg, const struct gtv_ev *ev)
{
	struct gtv__region *r = arg;

	if (ev->ts_ns <= r->from_ns)
		return;
	if (r->extras == r->extra_cap) {
		size_t cap = r->extra_cap ? r->extra_cap * 2 : 256;
		struct gtv_extra *grown = realloc(r->extra, cap * sizeof *grown);
		if (!grown) {
			r->no_memory = 1;
			return;
		}
		r->extra = grown;
		r->extra_cap = cap;
	}
	r->extra[r->extras++] = gtv_extra_of(ev);
}

/* They are told in the same order each time: to follow it is faster than to look a
 * hundred thousand up. */
static void keep_open(void *arg, const struct gtv_span *span)
{
	struct gtv__region *r = arg;
	struct gtv__rlane **after = r->last_open ? &r->last_open->after : &r->first_open;
	struct gtv__rlane *l = *after;

	if (span->to_ns <= span->from_ns)
		return;
	if (!l || l->lane.id != span->lane.id || l->lane.kind != span->lane.kind)
		l = lane_of(r, span->lane);
	if (!l) {
		r->no_memory = 1;
		return;
	}
	*after = r->last_open = l;
	lane_open(r, l, span);
}

static void clear(struct gtv__region *r)
{
	for (size_t i = 0; i < r->hash_cap; i++) {
		for (struct gtv__rlane *l = r->hash[i], *next; l; l = next) {
			next = l->next;
			free(l->span);
			free(l);
		}
	}
	free(r->hash);
	r->hash = NULL;
	r->lives = r->opened_ns = r->opened_block = r->steps = 0;
	r->telling = 0;
	r->first_open = r->ended = NULL;
	r->hash_cap = r->lanes = r->spans = r->edges = r->notes = r->extras = 0;
	r->valid = 0;
}

void gtv__region_fini(struct gtv__region *r)
{
	clear(r);
	free(r->edge);
	r->edge = NULL;
	r->edge_cap = 0;
	free(r->note);
	r->note = NULL;
	r->note_cap = 0;
	free(r->extra);
	r->extra = NULL;
	r->extra_cap = 0;
	free(r->life);
	r->life = NULL;
	r->lives = r->life_cap = 0;
	gtv__feeder_fini(&r->feeder);
}

/* Whether going on from where the region ends beats a new start, which would be at the
 * checkpoint before start_ns. */
static int can_go_on(const struct gtv__region *r, uint64_t from_ns, uint64_t width_ns,
		     uint64_t start_ns)
{
	if (!r->valid || from_ns < r->from_ns)
		return 0;
	if (r->spans + r->extras > SPANS_MAX && from_ns - r->from_ns > 2 * width_ns)
		return 0;
	return gtv__feeder_is_near(&r->feeder, start_ns);
}

static int is_told(const struct gtv__region *r)
{
	return gtv__feeder_is_told(&r->feeder, r->opened_ns, r->opened_block);
}

uint64_t gtv__region_known_ns(const struct gtv__region *r)
{
	return is_told(r) ? r->feeder.done_ns : r->opened_ns;
}

/* Whoever was open is told again, or has a closed span that ends no earlier. The first at
 * once, the others as far as patience goes: 1, it ended before. */
static int tell_open(struct gtv__region *r, struct gtv__patience *wait)
{
	size_t count = wait && wait->enough ? GTV__TOLD_AT_ONCE : SIZE_MAX;
	int more;

	do {
		if (r->telling && gtv__has_enough_to_decode(wait))
			return 1;
		if (!r->telling) {
			r->tells_at = (struct gtv_model_at){0};
			r->last_open = NULL;
		}
		r->telling = 1;
		more = gtv_model_open_some(r->feeder.m, r->feeder.done_ns, &r->tells_at,
					   count, keep_open, r);
	} while (more);
	/* Else it might lead round and round. */
	*(r->last_open ? &r->last_open->after : &r->first_open) = NULL;
	r->telling = 0;
	r->opened_ns = r->feeder.done_ns;
	r->opened_block = r->feeder.next_block;
	r->steps = 0;
	return 0;
}

static int region_step(struct gtv__region *r)
{
	r->ends = r->feeder.ending;
	int err = gtv__feeder_step(&r->feeder);
	r->ends = 0;
	r->steps++;
	if (r->feeder.finished)
		r->feeder.ending = 0;
	return err;
}

/* As with patches (window_patch.c). */
static int region_go_on(struct gtv__region *r, uint64_t to_ns, struct gtv__patience *wait)
{
	struct gtv__feeder *f = &r->feeder;
	int err = 0;

	if (r->telling)
		r->unread = tell_open(r, wait);
	while (!err && !r->unread &&
	       (f->done_ns < to_ns || !f->next_block || f->rest || f->ending)) {
		/* A window may reach behind the end: nothing is unread there. */
		r->unread = gtv__feeder_has_more(f) && gtv__has_enough_to_decode(wait);
		if (!r->unread)
			err = region_step(r);
	}
	if (err < 0 || r->telling || f->ending || is_told(r))
		return err;
	if (!r->unread || r->steps * GTV__TOLD_A_STEP >= r->lanes)
		r->unread |= tell_open(r, wait);
	return err;
}

int gtv__region_load(struct gtv__region *r, const struct gtv_store *st, struct gtv_ev *evs,
		     uint64_t from_ns, uint64_t to_ns, uint64_t margin_ns,
		     struct gtv__patience *wait)
{
	struct gtv_model_sink sink = {r, keep_span, keep_edge, keep_note, keep_extra};
	int err = 0;
	uint64_t start_ns = from_ns > margin_ns ? from_ns - margin_ns : 0;

	r->unread = r->elsewhere = 0;
	if (!can_go_on(r, from_ns, to_ns - from_ns, start_ns)) {
		r->unread = r->elsewhere = gtv__has_enough_to_decode(wait);
		if (r->elsewhere)
			return 0;
		clear(r);
		r->from_ns = start_ns;
		err = gtv__feeder_seek(&r->feeder, st, evs, r->from_ns, &sink);
		if (err)
			return err;
		r->valid = 1;
	}
	r->feeder.in_parts = wait && wait->enough;
	err = region_go_on(r, to_ns, wait);
	/* Nothing can be shown before what is open was told once. */
	r->elsewhere = r->unread && !r->opened_ns && !r->opened_block;
	if (err < 0 || r->no_memory) {
		r->no_memory = r->unread = 0;
		clear(r);
		return -GTV_ENOMEM;
	}
	if (wait)
		wait->crowd = r->lanes > GTV__CROWD;
	return 0;
}

size_t gtv__rlane_find(const struct gtv__rlane *l, uint64_t ts_ns)
{
	size_t lo = 0, hi = l->count;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (l->span[mid].to_ns <= ts_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int gtv__region_at(const struct gtv__region *r, struct gtv_lane lane, uint64_t ts_ns,
		   struct gtv_span *out)
{
	const struct gtv__rlane *l = gtv__region_lane(r, lane);

	if (!r->valid || !l || ts_ns < r->from_ns)
		return -GTV_ENOTFOUND;
	size_t i = gtv__rlane_find(l, ts_ns);
	if (i < l->count && l->span[i].from_ns <= ts_ns) {
		*out = l->span[i];
		return 0;
	}
	const struct gtv_span *open = i == l->count ? gtv__rlane_open(l) : NULL;
	if (open && open->to_ns > ts_ns && open->from_ns <= ts_ns) {
		*out = *open;
		return 0;
	}
	return -GTV_ENOTFOUND;
}
