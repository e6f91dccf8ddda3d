/* SPDX-License-Identifier: MIT
 *
 * Zoom blocks as bytes and back: the format is in zoom_priv.h. Reading trusts
 * nothing: lengths are bounded by the bytes there are, and sums are made to fit.
 */
#include "tracer/model/zoom_priv.h"

#include <stdlib.h>
#include <string.h>

#define VERSION		1
#define HEAD_TILE	1u
#define HEAD_GAP	2u
#define HEAD_SHARES	4u   /* a tile whose ids have shares, not ns */
#define SHARES		1024 /* of a tile's length */
#define PIECE_BYTES_MIN 11   /* a tile's, with numbers of one byte each */
#define LANE_BYTES_MIN	(7 + PIECE_BYTES_MIN)

/* ---- out ---- */

static void put(struct gtv__zout *o, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		o->bytes[o->size++] = (uint8_t)(v | 0x80);
	o->bytes[o->size++] = (uint8_t)v;
}

/* Room for one more piece or directory entry: at most 48 numbers of 10 bytes. */
static int reserve(struct gtv__zout *o, size_t more)
{
	if (o->size + more <= o->cap)
		return 0;
	size_t cap = o->cap * 2 > o->size + more ? o->cap * 2 : o->size + more;
	uint8_t *bytes = realloc(o->bytes, cap);
	if (!bytes)
		return -GTV_ENOMEM;
	o->bytes = bytes;
	o->cap = cap;
	return 0;
}

int gtv__zoom_state_active(uint8_t lane_kind, unsigned state)
{
	switch (lane_kind) {
	case GTV_LANE_CORE:
		return state == GTV_ST_BUSY;
	case GTV_LANE_LOCK:
		return state == GTV_ST_HELD || state == GTV_ST_HELD_PREEMPTED ||
		       state == GTV_ST_HELD_ASLEEP;
	default:
		return state == GTV_ST_RUNNING;
	}
}

uint64_t gtv__zoom_active(uint8_t lane_kind, const uint64_t *state_ns)
{
	uint64_t ns = 0;

	for (unsigned st = 0; st < GTV_ST_MAX; st++) {
		if (gtv__zoom_state_active(lane_kind, st))
			ns += state_ns[st];
	}
	return ns;
}

uint64_t gtv__piece_active(const struct gtv_piece *p)
{
	if (p->sums)
		return gtv__zoom_active(p->span.lane.kind, p->sums->state_ns);
	return gtv__zoom_state_active(p->span.lane.kind, p->span.state)
		       ? p->span.to_ns - p->span.from_ns
		       : 0;
}

static int out_begin(struct gtv__zout *o, uint64_t from_ns, uint64_t to_ns, unsigned head)
{
	if (reserve(o, 48 * 10))
		return -GTV_ENOMEM;
	if (!o->pieces)
		o->from_ns = o->to_ns = from_ns;
	if (from_ns != o->to_ns)
		head |= HEAD_GAP;
	put(o, head);
	if (head & HEAD_GAP)
		put(o, from_ns - o->to_ns);
	put(o, to_ns - from_ns);
	o->to_ns = to_ns;
	o->pieces++;
	return 0;
}

static void put_place(struct gtv__zout *o, const struct gtv_span *s)
{
	put(o, s->state);
	put(o, s->flags);
	put(o, (uint16_t)(s->core + 1));
	put(o, s->gt);
	put(o, s->tid);
	put(o, s->lock);
}

int gtv__zout_run(struct gtv__zout *o, const struct gtv_span *s, uint64_t from_ns,
		  uint64_t to_ns)
{
	if (out_begin(o, from_ns, to_ns, 0))
		return -GTV_ENOMEM;
	put(o, from_ns - s->from_ns);
	put(o, s->to_ns - to_ns);
	put_place(o, s);
	put(o, s->who);
	put(o, s->call);
	put(o, s->waiters);
	if (gtv__zoom_state_active(s->lane.kind, s->state))
		o->active_ns += to_ns - from_ns;
	return 0;
}

/* Who ran how long only decides what a cell shows: a thousandth is near enough, and a
 * third of the bytes. Nobody's share is 0. */
static uint64_t share_of(uint64_t ns, uint64_t length_ns)
{
	uint64_t share = (ns * SHARES + length_ns / 2) / length_ns;

	return share ? share : 1;
}

int gtv__zout_tile(struct gtv__zout *o, const struct gtv__zacc *acc, uint8_t lane_kind)
{
	struct gtv__zpiece z;
	unsigned ids = 0;
	uint32_t left = acc->states;

	gtv__zacc_piece(acc, (struct gtv_lane){.kind = lane_kind}, &z);
	if (out_begin(o, acc->from_ns, acc->to_ns, HEAD_TILE | HEAD_SHARES))
		return -GTV_ENOMEM;
	put(o, acc->spans);
	put(o, acc->states);
	for (unsigned st = 0; st < GTV_ST_MAX; st++) {
		if (!(left >> st & 1))
			continue;
		left &= ~(1u << st);
		if (left)
			put(o, acc->state_ns[st]);
	}
	while (ids < GTV_SUM_IDS && z.sums.id_ns[ids])
		ids++;
	put(o, ids);
	for (unsigned i = 0; i < ids; i++) {
		put(o, z.sums.id[i]);
		put(o, share_of(z.sums.id_ns[i], acc->to_ns - acc->from_ns));
	}
	put_place(o, &z.p.span);
	o->active_ns += gtv__zoom_active(lane_kind, acc->state_ns);
	return 0;
}

void gtv__zpiece_copy(struct gtv__zpiece *to, const struct gtv__zpiece *from)
{
	to->p = from->p;
	if (from->p.sums) {
		to->sums = from->sums;
		to->p.sums = &to->sums;
	}
}

static void piece_ids(const struct gtv__zacc *acc, struct gtv__zpiece *z)
{
	struct gtv_span *span = &z->p.span;
	struct gtv__zslot slot[GTV__ZOOM_SLOTS];

	memcpy(slot, acc->slot, sizeof slot);
	for (int i = 0; i < GTV_SUM_IDS; i++) {
		int best = 0;
		for (int k = 1; k < GTV__ZOOM_SLOTS; k++) {
			if (slot[k].ns > slot[best].ns)
				best = k;
		}
		if (!slot[best].ns)
			return;
		z->sums.id[i] = slot[best].id;
		z->sums.id_ns[i] = slot[best].ns;
		if (i == 0 && gtv__zoom_state_active(span->lane.kind, span->state)) {
			span->gt = slot[best].gt;
			span->tid = slot[best].tid;
			span->lock = slot[best].lock;
			span->core = slot[best].core;
			span->flags = slot[best].flags;
		}
		slot[best].ns = 0;
	}
}

void gtv__zacc_piece(const struct gtv__zacc *acc, struct gtv_lane lane,
		     struct gtv__zpiece *z)
{
	struct gtv_piece *p = &z->p;
	unsigned most = 0;

	memset(z, 0, sizeof *z);
	p->sums = &z->sums;
	for (unsigned st = 0; st < GTV_ST_MAX; st++) {
		z->sums.state_ns[st] = acc->state_ns[st];
		if (acc->state_ns[st] > acc->state_ns[most])
			most = st;
	}
	p->span.core = -1;
	if (acc->longest.state == most)
		p->span = acc->longest;
	p->span.lane = lane;
	p->span.state = (uint8_t)most;
	p->span.from_ns = acc->from_ns;
	p->span.to_ns = acc->to_ns;
	p->span.who = p->span.call = p->span.waiters = 0;
	p->spans = acc->spans;
	p->states = acc->states;
	piece_ids(acc, z);
}

int gtv__zoom_block(struct gtv__zlane *const *lane, size_t lanes, unsigned level,
		    void **bytes, size_t *size, uint64_t *from_ns)
{
	struct gtv__zout o = {0};
	size_t total = 64;

	*from_ns = UINT64_MAX;
	for (size_t i = 0; i < lanes; i++) {
		const struct gtv__zout *l = lane[i]->out[level];
		total += l->size + 7 * 10;
		if (l->from_ns < *from_ns)
			*from_ns = l->from_ns;
	}
	if (reserve(&o, total))
		return -GTV_ENOMEM;
	put(&o, VERSION);
	put(&o, level);
	put(&o, *from_ns);
	put(&o, lanes);
	for (size_t i = 0; i < lanes; i++) {
		const struct gtv__zout *l = lane[i]->out[level];
		put(&o, lane[i]->lane.kind);
		put(&o, lane[i]->lane.id);
		put(&o, l->from_ns - *from_ns);
		put(&o, l->to_ns - l->from_ns);
		put(&o, l->pieces);
		put(&o, l->size);
		put(&o, l->active_ns);
	}
	for (size_t i = 0; i < lanes; i++) {
		const struct gtv__zout *l = lane[i]->out[level];
		memcpy(o.bytes + o.size, l->bytes, l->size);
		o.size += l->size;
	}
	*bytes = o.bytes;
	*size = o.size;
	return 0;
}

/* ---- in ---- */

static inline int get(const uint8_t **at, const uint8_t *end, uint64_t *v)
{
	if (*at < end && !(**at & 0x80)) { /* most are small */
		*v = *(*at)++;
		return 0;
	}
	*v = 0;
	for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
		uint8_t b = *(*at)++;
		*v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return 0;
	}
	return -GTV_ECORRUPT;
}

static int dir_read(const uint8_t **at, const uint8_t *end, uint64_t block_from,
		    struct gtv__zdir *d)
{
	uint64_t v[7];

	for (int i = 0; i < 7; i++) {
		if (get(at, end, &v[i]))
			return -GTV_ECORRUPT;
	}
	if (!v[0] || v[0] >= GTV_LANE_KIND_MAX || v[1] > UINT32_MAX || v[4] > UINT32_MAX ||
	    v[5] > UINT32_MAX || !v[4] || v[5] / PIECE_BYTES_MIN < v[4] ||
	    block_from + v[2] < block_from || block_from + v[2] + v[3] < block_from + v[2])
		return -GTV_ECORRUPT;
	*d = (struct gtv__zdir){.lane = {.kind = (uint8_t)v[0], .id = (uint32_t)v[1]},
				.from_ns = block_from + v[2],
				.to_ns = block_from + v[2] + v[3],
				.pieces = (uint32_t)v[4],
				.bytes = (uint32_t)v[5],
				.active_ns = v[6]};
	return 0;
}

static int dir_order(struct gtv_lane a, struct gtv_lane b)
{
	if (a.kind != b.kind)
		return a.kind < b.kind ? -1 : 1;
	return (a.id > b.id) - (a.id < b.id);
}

int gtv__zblock_begin(struct gtv__zblock *b, const void *bytes, size_t size)
{
	const uint8_t *at = bytes, *end = at + size;
	uint64_t version, level, from, lanes;

	*b = (struct gtv__zblock){0};
	if (get(&at, end, &version) || version != VERSION || get(&at, end, &level) ||
	    level >= GTV_ZOOM_LEVELS || get(&at, end, &from) || get(&at, end, &lanes) ||
	    lanes > (uint64_t)(end - at) / LANE_BYTES_MIN || size > UINT32_MAX)
		return -GTV_ECORRUPT;
	b->dir = calloc(lanes ? lanes : 1, sizeof *b->dir);
	if (!b->dir)
		return -GTV_ENOMEM;
	b->at = at;
	b->end = end;
	b->level = (unsigned)level;
	b->from_ns = from;
	b->lanes = (size_t)lanes;
	return lanes != 0;
}

/* Ids rise within a kind, so each is the highest yet. No more memory than a fraction of the
 * directory's: a file may say any ids. */
static void rank_add(struct gtv__zblock *b, unsigned kind, uint32_t id)
{
	uint32_t place = id - b->first_id[kind], before = b->first[kind + 1] - 1;
	size_t word = place / 32, cap = b->rank_cap[kind];

	if (b->unranked[kind])
		return;
	if (word >= cap) {
		while (cap <= word)
			cap = cap ? cap * 2 : 64;
		struct gtv__zrank *grown =
			cap > b->lanes + 128 ? NULL
					     : realloc(b->rank[kind], cap * sizeof *grown);
		if (!grown) {
			free(b->rank[kind]);
			b->rank[kind] = NULL;
			b->unranked[kind] = 1;
			return;
		}
		b->rank[kind] = grown;
		b->rank_cap[kind] = cap;
	}
	for (; b->ranks[kind] <= word; b->ranks[kind]++)
		b->rank[kind][b->ranks[kind]] = (struct gtv__zrank){0, before};
	b->rank[kind][word].bit |= 1u << place % 32;
}

int gtv__zblock_go_on(struct gtv__zblock *b, size_t lanes)
{
	size_t stop = b->lanes - b->known > lanes ? b->known + lanes : b->lanes;

	for (; b->known < stop; b->known++) {
		struct gtv__zdir *d = &b->dir[b->known];
		if (dir_read(&b->at, b->end, b->from_ns, d) ||
		    (b->known && dir_order(d[-1].lane, d->lane) >= 0))
			goto corrupt;
		if (!b->first[d->lane.kind + 1]++)
			b->first_id[d->lane.kind] = d->lane.id;
		rank_add(b, d->lane.kind, d->lane.id);
		d->offset = (uint32_t)b->pieces_bytes;
		b->pieces_bytes += d->bytes;
		if (b->pieces_bytes > (uint64_t)(b->end - b->at))
			goto corrupt;
	}
	if (b->known < b->lanes)
		return 1;
	if (b->pieces_bytes > (uint64_t)(b->end - b->at))
		goto corrupt;
	for (unsigned kind = 0; kind < GTV_LANE_KIND_MAX; kind++)
		b->first[kind + 1] += b->first[kind];
	return 0;
corrupt:
	gtv__zblock_close(b);
	return -GTV_ECORRUPT;
}

int gtv__zblock_open(struct gtv__zblock *b, const void *bytes, size_t size)
{
	int rc = gtv__zblock_begin(b, bytes, size);

	return rc > 0 ? gtv__zblock_go_on(b, b->lanes) : rc;
}

void gtv__zblock_close(struct gtv__zblock *b)
{
	free(b->dir);
	b->dir = NULL;
	b->lanes = b->known = 0;
	for (unsigned kind = 0; kind < GTV_LANE_KIND_MAX; kind++) {
		free(b->rank[kind]);
		b->rank[kind] = NULL;
	}
}

/* Without ranks: ids rise, so one lies no further from its kind's first than the two
 * differ. */
const struct gtv__zdir *gtv__zblock_find(const struct gtv__zblock *b, struct gtv_lane lane)
{
	size_t lo = b->first[lane.kind], hi = b->first[lane.kind + 1];
	uint32_t first_id = b->first_id[lane.kind];

	if (lo == hi || lane.id < first_id)
		return NULL;
	if (b->rank[lane.kind]) {
		const struct gtv__zrank *r = b->rank[lane.kind];
		size_t word = (lane.id - first_id) / 32;
		uint32_t bit = 1u << (lane.id - first_id) % 32;
		if (word >= b->ranks[lane.kind] || !(r[word].bit & bit))
			return NULL;
		return &b->dir[lo + r[word].before +
			       (unsigned)__builtin_popcount(r[word].bit & (bit - 1))];
	}
	if (lane.id - first_id < hi - lo)
		hi = lo + (lane.id - first_id) + 1;
	if (b->dir[hi - 1].lane.id == lane.id)
		return &b->dir[hi - 1];
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (b->dir[mid].lane.id == lane.id)
			return &b->dir[mid];
		if (b->dir[mid].lane.id < lane.id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

void gtv__zcursor_init(struct gtv__zcursor *c, const uint8_t *bytes, size_t size,
		       struct gtv_lane lane, uint64_t from_ns, uint32_t pieces)
{
	*c = (struct gtv__zcursor){.at = bytes,
				   .end = bytes ? bytes + size : bytes,
				   .pos_ns = from_ns,
				   .lane = lane,
				   .left = pieces};
}

static int get_place(struct gtv__zcursor *c, struct gtv_span *s)
{
	uint64_t v[6];

	for (int i = 0; i < 6; i++) {
		if (get(&c->at, c->end, &v[i]))
			return -GTV_ECORRUPT;
	}
	if (v[0] >= GTV_ST_MAX || v[1] > UINT8_MAX || v[2] > INT16_MAX)
		return -GTV_ECORRUPT;
	s->state = (uint8_t)v[0];
	s->flags = (uint8_t)v[1];
	s->core = (int16_t)((int)v[2] - 1);
	s->gt = (uint32_t)v[3];
	s->tid = (uint32_t)v[4];
	s->lock = (uint32_t)v[5];
	return 0;
}

static int get_run(struct gtv__zcursor *c, struct gtv_piece *p, struct gtv_span *whole)
{
	struct gtv_span *s = &p->span;
	uint64_t lead, tail, v[3];

	if (get(&c->at, c->end, &lead) || get(&c->at, c->end, &tail) || get_place(c, s) ||
	    lead > s->from_ns || s->to_ns + tail < s->to_ns)
		return -GTV_ECORRUPT;
	for (int i = 0; i < 3; i++) {
		if (get(&c->at, c->end, &v[i]))
			return -GTV_ECORRUPT;
	}
	s->who = (uint32_t)v[0];
	s->call = (uint32_t)v[1];
	s->waiters = (uint32_t)v[2];
	p->spans = 1;
	p->states = 1u << s->state;
	if (whole) {
		*whole = *s;
		whole->from_ns -= lead;
		whole->to_ns += tail;
	}
	return 0;
}

static int get_tile_sums(struct gtv__zcursor *c, struct gtv__zpiece *z)
{
	struct gtv_piece *p = &z->p;
	uint64_t mask, spans, ns, left = p->span.to_ns - p->span.from_ns;

	if (get(&c->at, c->end, &spans) || get(&c->at, c->end, &mask) || !mask ||
	    mask >> GTV_ST_MAX)
		return -GTV_ECORRUPT;
	p->spans = spans < 2 ? 2 : spans > UINT32_MAX ? UINT32_MAX : (uint32_t)spans;
	p->states = (uint32_t)mask;
	for (unsigned st = 0; st < GTV_ST_MAX; st++) {
		if (!(mask >> st & 1))
			continue;
		mask &= ~(1ull << st);
		if (!mask) {
			z->sums.state_ns[st] = left;
			break;
		}
		if (get(&c->at, c->end, &ns) || ns > left)
			return -GTV_ECORRUPT;
		z->sums.state_ns[st] = ns;
		left -= ns;
	}
	return 0;
}

static int get_tile(struct gtv__zcursor *c, struct gtv__zpiece *z, int shares)
{
	uint64_t ids, v[2], length = z->p.span.to_ns - z->p.span.from_ns;
	uint64_t most = shares ? SHARES : length;

	memset(&z->sums, 0, sizeof z->sums);
	z->p.sums = &z->sums;
	if (get_tile_sums(c, z) || get(&c->at, c->end, &ids) || ids > GTV_SUM_IDS)
		return -GTV_ECORRUPT;
	for (unsigned i = 0; i < ids; i++) {
		if (get(&c->at, c->end, &v[0]) || get(&c->at, c->end, &v[1]) || v[1] > most)
			return -GTV_ECORRUPT;
		z->sums.id[i] = (uint32_t)v[0];
		z->sums.id_ns[i] =
			shares ? length / SHARES * v[1] + length % SHARES * v[1] / SHARES
			       : v[1];
	}
	return get_place(c, &z->p.span);
}

int gtv__zcursor_next(struct gtv__zcursor *c, struct gtv__zpiece *z, struct gtv_span *whole)
{
	struct gtv_piece *p = &z->p;
	uint64_t head, gap = 0, length;

	if (!c->left)
		return 1;
	c->left--;
	memset(p, 0, sizeof *p);
	if (get(&c->at, c->end, &head) || head > (HEAD_TILE | HEAD_GAP | HEAD_SHARES) ||
	    (head & HEAD_GAP && get(&c->at, c->end, &gap)) ||
	    get(&c->at, c->end, &length) || !length || c->pos_ns + gap < gap ||
	    c->pos_ns + gap + length < length) {
		c->left = 0;
		return -GTV_ECORRUPT;
	}
	p->span.lane = c->lane;
	p->span.from_ns = c->pos_ns + gap;
	p->span.to_ns = c->pos_ns = p->span.from_ns + length;
	int err = head & HEAD_TILE ? get_tile(c, z, (head & HEAD_SHARES) != 0)
				   : get_run(c, p, whole);
	if (err)
		c->left = 0;
	return err;
}

void gtv__zout_trim(struct gtv__zout *out, struct gtv_lane lane, uint64_t ts_ns)
{
	struct gtv__zcursor c;
	struct gtv__zpiece z;
	struct gtv__zout kept = *out;

	kept.size = kept.pieces = 0;
	kept.active_ns = 0;
	kept.to_ns = kept.from_ns;
	gtv__zcursor_init(&c, out->bytes, out->size, lane, out->from_ns, out->pieces);
	while (!gtv__zcursor_next(&c, &z, NULL) && z.p.span.from_ns < ts_ns) {
		kept.size = (size_t)(c.at - out->bytes);
		kept.pieces++;
		kept.active_ns += gtv__piece_active(&z.p);
		kept.to_ns = z.p.span.to_ns;
	}
	*out = kept;
}

int gtv_zoom_decode(const void *bytes, size_t size,
		    void (*each)(void *arg, const struct gtv_piece *piece), void *arg)
{
	struct gtv__zblock b;
	struct gtv__zpiece z;
	int err = gtv__zblock_open(&b, bytes, size);

	if (err)
		return err;
	for (size_t i = 0; i < b.lanes && err >= 0; i++) {
		const struct gtv__zdir *d = &b.dir[i];
		struct gtv__zcursor c;
		gtv__zcursor_init(&c, b.at + d->offset, d->bytes, d->lane, d->from_ns,
				  d->pieces);
		while (!(err = gtv__zcursor_next(&c, &z, NULL)))
			each(arg, &z.p);
	}
	gtv__zblock_close(&b);
	return err < 0 ? err : 0;
}
