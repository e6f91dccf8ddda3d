/* SPDX-License-Identifier: MIT
 *
 * The pieces of the lanes of a look, made when somebody asks, and who of them is busy.
 */
#include "tracer/model/window_priv.h"

#include <stdlib.h>
#include <string.h>

#define PIECES_MAX (1u << 17) /* of a lane; more are summed, not kept apart */

static int grow(void **array, size_t *cap, size_t count, size_t bytes)
{
	if (count < *cap)
		return 0;
	size_t more = *cap ? *cap * 2 : 64;
	void *grown = realloc(*array, more * bytes);
	if (!grown)
		return -GTV_ENOMEM;
	*array = grown;
	*cap = more;
	return 0;
}

/* ---- memory ---- */

static void array_free(struct gtv__spares *s, void *at, size_t cap, size_t bytes)
{
	if (cap && s->bytes + cap * bytes <= GTV__SPARE_BYTES &&
	    !grow((void **)&s->array, &s->cap, s->count, sizeof *s->array)) {
		s->array[s->count++] = (struct gtv__spare){at, cap};
		s->bytes += cap * bytes;
	} else {
		free(at);
	}
}

/* The last one that is given back first: it is in the cache. */
static void *array_take(struct gtv__spares *s, size_t *cap, size_t bytes)
{
	if (!s->count)
		return NULL;
	s->count--;
	*cap = s->array[s->count].cap;
	s->bytes -= *cap * bytes;
	return s->array[s->count].at;
}

static void spares_fini(struct gtv__spares *s)
{
	while (s->count)
		free(s->array[--s->count].at);
	free(s->array);
}

static void pieces_free(struct gtv_window *w, struct gtv__wlane *l)
{
	array_free(&w->spare_pieces, l->piece, l->cap, sizeof *l->piece);
	array_free(&w->spare_sums, l->sums, l->sums_cap, sizeof *l->sums);
	l->piece = NULL;
	l->sums = NULL;
	l->count = l->cap = l->sums_count = l->sums_cap = 0;
}

static int pieces_reserve(struct gtv__wlane *l, size_t count)
{
	if (count <= l->cap)
		return 0;
	struct gtv_piece *fresh = malloc((count + count / 2) * sizeof *fresh);
	if (!fresh)
		return -GTV_ENOMEM;
	free(l->piece); /* nothing is in it */
	l->piece = fresh;
	l->cap = count + count / 2;
	return 0;
}

#define FORGET_SLOTS 8192 /* half of them in use, at most */

/* Frees what is in the next slots of the table that is forgotten. */
static void forget_some(struct gtv_window *w, size_t slots)
{
	struct gtv__forgotten *old = &w->forgotten;

	for (; old->at < old->cap && slots; old->at++, slots--) {
		struct gtv__wlane *l = old->made[old->at];
		if (!l)
			continue;
		pieces_free(w, l);
		free(l);
	}
	if (old->at < old->cap)
		return;
	free(old->made);
	*old = (struct gtv__forgotten){0};
}

/* The table stays, for the next look. */
static void forget_all_here(struct gtv_window *w)
{
	for (size_t i = 0; i < w->made_cap; i++) {
		if (!w->made[i])
			continue;
		pieces_free(w, w->made[i]);
		free(w->made[i]);
		w->made[i] = NULL;
	}
}

void gtv__pieces_forget(struct gtv_window *w)
{
	for (int i = 0; i < GTV_LANE_KIND_MAX; i++)
		w->busy[i].known = w->busy[i].wanted = 0;
	for (int i = 0; i < GTV_LANE_KIND_MAX; i++)
		w->busy[i].at = w->busy[i].asked = w->busy[i].count = 0;
	if (!w->mades)
		return;
	/* Of a hundred thousand a part is freed with each look. */
	w->mades = 0;
	if (w->made_cap <= FORGET_SLOTS) {
		forget_all_here(w);
		return;
	}
	forget_some(w, SIZE_MAX);
	w->forgotten = (struct gtv__forgotten){w->made, w->made_cap, 0};
	w->made = NULL;
	w->made_cap = 0;
	forget_some(w, FORGET_SLOTS);
}

void gtv__pieces_forget_on(struct gtv_window *w)
{
	forget_some(w, FORGET_SLOTS);
}

void gtv__pieces_fini(struct gtv_window *w)
{
	gtv__pieces_forget(w);
	forget_some(w, SIZE_MAX);
	free(w->made);
	spares_fini(&w->spare_pieces);
	spares_fini(&w->spare_sums);
	for (int i = 0; i < GTV_LANE_KIND_MAX; i++)
		free(w->busy[i].lane);
}

/* ---- pieces ---- */

/* With room for its sums, if it is a tile; what is not given is not set. NULL: no memory.
 */
static struct gtv_piece *piece_add(struct gtv_window *w, struct gtv__wlane *l, int is_tile)
{
	if (grow((void **)&l->piece, &l->cap, l->count, sizeof *l->piece) ||
	    (is_tile &&
	     grow((void **)&l->sums, &l->sums_cap, l->sums_count, sizeof *l->sums))) {
		w->no_memory = 1;
		return NULL;
	}
	l->sums_count += is_tile != 0;
	return &l->piece[l->count++];
}

static void exact_piece(struct gtv_window *w, struct gtv__wlane *l,
			const struct gtv_span *span)
{
	struct gtv_piece *p = piece_add(w, l, 0);

	if (!p)
		return;
	p->span = *span;
	p->spans = 1;
	p->states = 1u << span->state;
	p->sums = NULL;
}

static void exact_pieces(struct gtv_window *w, struct gtv__wlane *l)
{
	const struct gtv__rlane *r = gtv__region_lane(&w->region, l->lane);

	if (!r)
		return;
	size_t at = gtv__rlane_find(r, w->from_ns), end = at;
	while (end < r->count && r->span[end].from_ns < w->to_ns)
		end++;
	if (pieces_reserve(l, end - at + 1))
		w->no_memory = 1;
	for (; at < end; at++)
		exact_piece(w, l, &r->span[at]);
	const struct gtv_span *last = gtv__rlane_open(r);
	if (last && last->to_ns > w->from_ns && last->from_ns < w->to_ns) {
		struct gtv_span open = *last;
		/* Within the trace it only was not decoded to its end. */
		if (w->region.feeder.next_block < w->first_block + w->blocks)
			open.flags &= (uint8_t)~GTV_SP_OPEN;
		exact_piece(w, l, &open);
	}
}

struct making {
	struct gtv_window *w;
	struct gtv__wlane *lane;
};

static void ids_merge(struct gtv_sums *a, const struct gtv_sums *b)
{
	uint32_t id[2 * GTV_SUM_IDS];
	uint64_t ns[2 * GTV_SUM_IDS];
	int n = 0;

	for (int i = 0; i < 2 * GTV_SUM_IDS; i++) {
		const struct gtv_sums *s = i < GTV_SUM_IDS ? a : b;
		uint32_t who = s->id[i % GTV_SUM_IDS];
		uint64_t much = s->id_ns[i % GTV_SUM_IDS];
		int k = 0;
		while (k < n && id[k] != who)
			k++;
		if (!much)
			continue;
		if (k == n) {
			id[n] = who;
			ns[n++] = much;
		} else {
			ns[k] += much;
		}
	}
	for (int i = 0; i < GTV_SUM_IDS; i++) {
		int best = -1;
		for (int k = 0; k < n; k++) {
			if (ns[k] && (best < 0 || ns[k] > ns[best]))
				best = k;
		}
		a->id[i] = best < 0 ? 0 : id[best];
		a->id_ns[i] = best < 0 ? 0 : ns[best];
		if (best >= 0)
			ns[best] = 0;
	}
}

/* Two tiles become one: a screen's cell needs no more. `sums`: those of a. */
static void tile_merge(struct gtv_piece *a, struct gtv_sums *sums,
		       const struct gtv_piece *b)
{
	uint64_t a_ns = sums->state_ns[a->span.state],
		 b_ns = gtv_piece_ns(b, b->span.state);
	uint64_t from = a->span.from_ns;

	a->states |= b->states;
	a->spans += b->spans;
	if (b->sums) {
		for (unsigned st = 0; st < GTV_ST_MAX; st++)
			sums->state_ns[st] += b->sums->state_ns[st];
		ids_merge(sums, b->sums);
	} else {
		sums->state_ns[b->span.state] += b_ns;
	}
	if (b_ns > a_ns)
		a->span = b->span;
	a->span.from_ns = from;
	a->span.to_ns = b->span.to_ns;
	for (unsigned st = 0; st < GTV_ST_MAX; st++) {
		if (sums->state_ns[st] > sums->state_ns[a->span.state])
			a->span.state = (uint8_t)st;
	}
}

/* The sums' places are told when no more come, for until then they may move. */
static void make_piece(void *arg, const struct gtv_piece *p)
{
	struct making *mk = arg;
	struct gtv__wlane *l = mk->lane;
	struct gtv_piece *last = l->count ? &l->piece[l->count - 1] : NULL;

	if (last && ((last->spans > 1 && p->spans > 1 &&
		      p->span.to_ns - last->span.from_ns <= mk->w->cell_ns) ||
		     l->count >= PIECES_MAX)) {
		tile_merge(last, &l->sums[l->sums_count - 1], p);
		return;
	}
	/* Of too many the last is a tile, to which all others are added. */
	int is_tile = p->sums || l->count >= PIECES_MAX - 1;
	last = piece_add(mk->w, l, is_tile);
	if (!last)
		return;
	*last = *p;
	last->sums = is_tile ? l->sums : NULL;
	if (p->sums) {
		l->sums[l->sums_count - 1] = *p->sums;
	} else if (is_tile) {
		l->sums[l->sums_count - 1] = (struct gtv_sums){0};
		l->sums[l->sums_count - 1].state_ns[p->span.state] =
			p->span.to_ns - p->span.from_ns;
	}
}

static void tell_sums(struct gtv__wlane *l)
{
	struct gtv_sums *s = l->sums;

	for (size_t i = 0; i < l->count && s < l->sums + l->sums_count; i++) {
		if (l->piece[i].sums)
			l->piece[i].sums = s++;
	}
}

/* Where a lane's pieces are, or would go. */
static size_t made_place(const struct gtv_window *w, struct gtv_lane lane)
{
	size_t at = (lane.id * 4 + lane.kind) * 2654435769u >> 7 & (w->made_cap - 1);

	while (w->made[at] &&
	       (w->made[at]->lane.id != lane.id || w->made[at]->lane.kind != lane.kind))
		at = (at + 1) & (w->made_cap - 1);
	return at;
}

static int made_grow(struct gtv_window *w)
{
	struct gtv__wlane **old = w->made;
	size_t cap = w->made_cap;

	if (2 * w->mades < cap)
		return 0;
	w->made = calloc(cap ? cap * 2 : 256, sizeof(struct gtv__wlane *));
	if (!w->made) {
		w->made = old;
		return -GTV_ENOMEM;
	}
	w->made_cap = cap ? cap * 2 : 256;
	for (size_t i = 0; i < cap; i++) {
		if (old[i])
			w->made[made_place(w, old[i]->lane)] = old[i];
	}
	free(old);
	return 0;
}

/* What is kept of a lane in sight, NULL if it is not; a cache, which const callers don't
 * see. */
static struct gtv__wlane *kept_lane(const struct gtv_window *const_w, struct gtv_lane lane)
{
	struct gtv_window *w = (struct gtv_window *)(uintptr_t)const_w;
	struct gtv__wlane *l = w->made_cap ? w->made[made_place(w, lane)] : NULL;

	if (l || !gtv__lane_set_has(&w->set, lane))
		return l;
	l = made_grow(w) ? NULL : calloc(1, sizeof *l);
	if (!l)
		return NULL;
	l->lane = lane;
	w->made[made_place(w, lane)] = l;
	w->mades++;
	return l;
}

static void make_pieces(struct making *mk, struct gtv_lane lane)
{
	struct gtv_window *w = mk->w;
	struct gtv__wlane *l = mk->lane;

	if (!l->cap)
		l->piece = array_take(&w->spare_pieces, &l->cap, sizeof *l->piece);
	if (w->exact) {
		exact_pieces(w, l);
		return;
	}
	if (!l->sums_cap)
		l->sums = array_take(&w->spare_sums, &l->sums_cap, sizeof *l->sums);
	gtv__tiles_pieces(&w->tiles, lane, w->from_ns, w->to_ns, make_piece, mk);
	tell_sums(l);
}

const struct gtv_piece *gtv_window_pieces(const struct gtv_window *w, struct gtv_lane lane,
					  size_t *count)
{
	struct gtv__wlane *l = w->blank ? NULL : kept_lane(w, lane);
	struct making mk = {(struct gtv_window *)(uintptr_t)w, l};

	*count = 0;
	if (!l)
		return NULL;
	if (!l->has_pieces)
		make_pieces(&mk, lane);
	l->has_pieces = 1;
	*count = l->count;
	return l->piece;
}

void gtv_window_drop_pieces(struct gtv_window *w, struct gtv_lane lane)
{
	struct gtv__wlane *l = w->made_cap ? w->made[made_place(w, lane)] : NULL;

	if (!l)
		return;
	pieces_free(w, l);
	l->has_pieces = 0;
}

static uint64_t exact_activity(const struct gtv_window *w, struct gtv_lane lane)
{
	const struct gtv__rlane *r = gtv__region_lane(&w->region, lane);
	uint64_t ns = 0;

	if (!r)
		return 0;
	for (size_t i = gtv__rlane_find(r, w->from_ns); i <= r->count; i++) {
		const struct gtv_span *s = i < r->count ? &r->span[i] : gtv__rlane_open(r);
		if (!s)
			break;
		uint64_t from = s->from_ns > w->from_ns ? s->from_ns : w->from_ns;
		uint64_t to = s->to_ns < w->to_ns ? s->to_ns : w->to_ns;
		if (s->from_ns >= w->to_ns)
			break;
		if (to > from && gtv__zoom_state_active(lane.kind, s->state))
			ns += to - from;
	}
	return ns;
}

uint64_t gtv_window_activity(const struct gtv_window *w, struct gtv_lane lane)
{
	struct gtv__wlane *l = kept_lane(w, lane);

	if (!l)
		return 0;
	/* While nothing is known lanes keep their order. */
	if (w->blank)
		return l->activity_ns;
	if (!l->has_activity)
		l->activity_ns = w->exact ? exact_activity(w, lane)
					  : gtv__tiles_activity(&w->tiles, lane, w->from_ns,
								w->to_ns);
	l->has_activity = 1;
	return l->activity_ns;
}

/* ---- who is busy ---- */

#define TILES_ASKED 8192 /* lanes whose tiles are summed in a look */
#define ASKED_APART 16	 /* lanes between two questions for patience */

/* In order of the lane's kind: the next one to ask, or none. Exact looks know who can be
 * active at all; they lie in the same order, but for OS threads, which go by process. */
static int next_lane(struct gtv_window *w, enum gtv_lane_kind kind, struct gtv__busy *b,
		     struct gtv_lane *out)
{
	const struct gtv__lane_set *lively = &w->lively;
	int by_id = w->exact && kind != GTV_LANE_THREAD;
	size_t end = by_id ? lively->first[kind + 1] - lively->first[kind]
			   : gtv_window_lane_count(w, kind);

	while (b->at < end) {
		*out = by_id ? lively->lane[lively->first[kind] + b->at]
			     : gtv_window_lane(w, kind, b->at);
		b->at++;
		if (!w->exact || (by_id ? gtv__lane_set_has(&w->set, *out)
					: gtv__lane_set_has(lively, *out)))
			return 1;
	}
	return 0;
}

static void find_busy(struct gtv_window *w, enum gtv_lane_kind kind, struct gtv__busy *b)
{
	size_t lanes = gtv_window_lane_count(w, kind);
	struct gtv_lane lane;

	b->wanted = 1;
	w->wait.worked = 0;
	while (!b->known) {
		if (b->asked % ASKED_APART == 0 && gtv__has_enough(&w->wait)) {
			b->unasked = w->exact ? 0 : lanes - b->at;
			return;
		}
		if (!next_lane(w, kind, b, &lane)) {
			b->unasked = 0;
			b->known = 1;
			return;
		}
		if ((!w->exact && b->asked >= TILES_ASKED) ||
		    grow((void **)&b->lane, &b->cap, b->count, sizeof lane)) {
			b->unasked = lanes - --b->at;
			b->known = 1;
			return;
		}
		b->asked++;
		if (gtv_window_activity(w, lane))
			b->lane[b->count++] = lane;
	}
}

const struct gtv_lane *gtv_window_busy(const struct gtv_window *w, enum gtv_lane_kind kind,
				       size_t *count, size_t *unasked)
{
	struct gtv_window *cache = (struct gtv_window *)(uintptr_t)w;

	*count = *unasked = 0;
	if (kind <= 0 || kind >= GTV_LANE_KIND_MAX)
		return NULL;
	if (!w->busy[kind].known && !w->blank)
		find_busy(cache, kind, &cache->busy[kind]);
	*count = w->busy[kind].count;
	*unasked = w->busy[kind].unasked;
	return w->busy[kind].lane;
}

int gtv_window_busy_unread(const struct gtv_window *w)
{
	for (int kind = 1; kind < GTV_LANE_KIND_MAX; kind++)
		if (w->busy[kind].wanted && !w->busy[kind].known)
			return 1;
	return 0;
}

void gtv__busy_go_on(struct gtv_window *w)
{
	for (int kind = 1; kind < GTV_LANE_KIND_MAX; kind++)
		if (w->busy[kind].wanted && !w->blank)
			find_busy(w, (enum gtv_lane_kind)kind, &w->busy[kind]);
}
