/* SPDX-License-Identifier: MIT
 *
 * A lock's past, and what of it fell into whose wait.
 */
#include "tracer/model/attribution_priv.h"

#include <stdlib.h>
#include <string.h>

void gtv__a_lock_free(struct gtv__a_lock *l)
{
	for (uint32_t i = 0; i < l->chunks; i++) {
		free(l->chunk[i].sum);
		free(l->chunk[i].piece);
	}
	free(l->chunk);
	free(l->holder);
	free(l->sum);
	free(l->late);
	free(l->bucket);
}

struct gtv__a_lock *gtv__a_lock_find(const struct gtv_attribution *a, uint32_t id)
{
	return gtv__map_get(&a->lock_map, id);
}

struct gtv__a_lock *gtv__a_lock(struct gtv_attribution *a, uint32_t id)
{
	struct gtv__a_lock *l = gtv__a_lock_find(a, id);

	if (l)
		return l;
	if (a->locks.count >= GTV__A_LOCKS || !(l = gtv__pool_new(&a->locks)) ||
	    gtv__map_set(&a->lock_map, id, l)) {
		a->is_short = 1;
		if (l)
			a->locks.count--;
		return NULL;
	}
	l->id = id;
	l->from_ns = UINT64_MAX;
	return l;
}

/* ---- pairs ---- */

static uint32_t hash(const struct gtv__a_lane *waiter, uint32_t lock, struct gtv_lane who)
{
	uint64_t h = waiter->lane.id | (uint64_t)waiter->lane.kind << 32;

	/* Multiplicative, Knuth's constant of 64 bits. */
	h = (h * 0x9e3779b97f4a7c15u ^ lock) * 0x9e3779b97f4a7c15u;
	h = (h ^ who.id ^ (uint64_t)who.kind << 32) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}

static uint32_t place(const struct gtv_attribution *a, const struct gtv__a_lane *waiter,
		      uint32_t lock, struct gtv_lane who)
{
	uint32_t at = hash(waiter, lock, who) & (a->slots - 1);

	for (; a->slot[at]; at = (at + 1) & (a->slots - 1)) {
		const struct gtv__a_pair *p = &a->pair[a->slot[at] - 1];
		if (p->waiter == waiter && p->lock == lock && p->who.id == who.id &&
		    p->who.kind == who.kind)
			break;
	}
	return at;
}

struct gtv__a_pair *gtv__a_pair_find(const struct gtv_attribution *a,
				     const struct gtv__a_lane *waiter, uint32_t lock,
				     struct gtv_lane who)
{
	uint32_t at = a->slots ? a->slot[place(a, waiter, lock, who)] : 0;

	return at ? &a->pair[at - 1] : NULL;
}

static int more_pairs(struct gtv_attribution *a)
{
	uint32_t cap = a->pair_cap ? a->pair_cap * 2 : 256, slots = cap * 2;
	struct gtv__a_pair *pair = realloc(a->pair, cap * sizeof *pair);
	uint32_t *slot;

	if (!pair)
		return -GTV_ENOMEM;
	a->pair = pair;
	slot = calloc(slots, sizeof *slot);
	if (!slot)
		return -GTV_ENOMEM;
	free(a->slot);
	a->slot = slot;
	a->slots = slots;
	a->pair_cap = cap;
	for (uint32_t i = 0; i < a->pairs; i++) {
		const struct gtv__a_pair *p = &pair[i];
		slot[place(a, p->waiter, p->lock, p->who)] = i + 1;
	}
	return 0;
}

/* NULL: there are too many. Totals and shares of nobody have most of the room. */
static struct gtv__a_pair *pair_make(struct gtv_attribution *a, struct gtv__a_lock *l,
				     struct gtv__a_lane *waiter, struct gtv_lane who)
{
	struct gtv__a_pair *p = gtv__a_pair_find(a, waiter, l->id, who);

	if (p)
		return p;
	if (a->pairs >= (who.kind ? GTV__A_PAIRS / 8 : GTV__A_PAIRS) ||
	    (a->pairs == a->pair_cap && more_pairs(a))) {
		a->is_short |= !who.kind;
		return NULL;
	}
	p = &a->pair[a->pairs++];
	*p = (struct gtv__a_pair){.waiter = waiter,
				  .who = who,
				  .lock = l->id,
				  .next = waiter->pairs,
				  .next_of_lock = l->pairs};
	waiter->pairs = l->pairs = a->pairs;
	a->slot[place(a, waiter, l->id, who)] = a->pairs;
	return p;
}

static struct gtv_lane nobody(uint32_t why)
{
	return (struct gtv_lane){.kind = 0, .id = why};
}

/* ---- accounts ---- */

static int same(struct gtv_lane a, struct gtv_lane b)
{
	return a.kind == b.kind && a.id == b.id;
}

/* The first holder is who was not kept apart. */
static int more_holders(struct gtv__a_lock *l)
{
	uint32_t cap = l->holder_cap ? l->holder_cap * 2 : 8;
	struct gtv__a_holder *holder = realloc(l->holder, cap * sizeof *holder);
	uint64_t *sum;

	if (!holder)
		return -GTV_ENOMEM;
	l->holder = holder;
	sum = realloc(l->sum, (GTV__A_FIXED + 2 * cap) * sizeof *sum);
	if (!sum)
		return -GTV_ENOMEM;
	if (!l->holder_cap) {
		memset(sum, 0, GTV__A_FIXED * sizeof *sum);
		memset(holder, 0, sizeof *holder);
		l->holders = 1;
	}
	memset(sum + GTV__A_FIXED + 2 * l->holder_cap, 0,
	       2 * (cap - l->holder_cap) * sizeof *sum);
	l->sum = sum;
	l->holder_cap = cap;
	return 0;
}

/* 0: not kept apart. */
static uint32_t holder_of(struct gtv__a_lock *l, struct gtv_lane who, int made)
{
	if (l->last_holder && same(l->holder[l->last_holder].who, who))
		return l->last_holder;
	for (uint32_t i = 1; i < l->holders; i++) {
		if (!same(l->holder[i].who, who))
			continue;
		if (made)
			l->last_holder = i;
		return i;
	}
	if (!made || l->holders > GTV__A_HOLDERS ||
	    (l->holders == l->holder_cap && more_holders(l)))
		return 0;
	l->holder[l->holders] = (struct gtv__a_holder){.who = who};
	l->last_holder = l->holders;
	return l->holders++;
}

static struct gtv_lane owner_of(const struct gtv_span *s)
{
	if (s->gt)
		return (struct gtv_lane){.kind = GTV_LANE_GT, .id = s->gt};
	return (struct gtv_lane){.kind = (uint8_t)(s->tid ? GTV_LANE_THREAD : 0),
				 .id = s->tid};
}

static int is_off(const struct gtv_span *s)
{
	return s->state == GTV_ST_HELD_PREEMPTED || s->state == GTV_ST_HELD_ASLEEP;
}

uint32_t gtv__a_account(struct gtv_attribution *a, struct gtv__a_lock *l,
			const struct gtv_span *s, int made)
{
	struct gtv_lane who = owner_of(s);
	uint32_t at;

	if (s->state == GTV_ST_FREE)
		return GTV__A_FREE;
	if ((s->state != GTV_ST_HELD && !is_off(s)) || !who.kind)
		return GTV__A_UNKNOWN;
	at = holder_of(l, who, made);
	a->is_short |= made && l->holders <= GTV__A_HOLDERS && !at;
	if (!at)
		return GTV__A_OTHERS_ON + (uint32_t)is_off(s);
	return GTV__A_FIXED + 2 * at + (uint32_t)is_off(s);
}

/* ---- the past ---- */

static void drop_chunks(struct gtv__a_lock *l, uint32_t n)
{
	if (!n)
		return;
	for (uint32_t i = 0; i < n; i++) {
		free(l->chunk[i].sum);
		free(l->chunk[i].piece);
	}
	l->chunks -= n;
	l->dropped += n;
	memmove(l->chunk, l->chunk + n, l->chunks * sizeof *l->chunk);
	l->begin_ns = l->chunk[0].from_ns;
}

/* Chunks that nobody can still be waiting since, or that are too many. */
static void forget(struct gtv__a_lock *l)
{
	if (l->chunks > 1 && l->quiet > l->dropped + 1 && l->late_first == l->late_count)
		drop_chunks(l, l->quiet - l->dropped - 1 < l->chunks
				       ? l->quiet - l->dropped - 1
				       : l->chunks - 1);
	if (l->chunks >= GTV__A_CHUNKS)
		drop_chunks(l, GTV__A_CHUNKS / 2);
}

static struct gtv__a_chunk *new_chunk(struct gtv__a_lock *l)
{
	struct gtv__a_chunk *c;

	forget(l);
	if (l->chunks == l->chunk_cap) {
		uint32_t cap = l->chunk_cap ? l->chunk_cap * 2 : 1;
		c = realloc(l->chunk, cap * sizeof *c);
		if (!c)
			return NULL;
		l->chunk = c;
		l->chunk_cap = cap;
	}
	c = &l->chunk[l->chunks];
	memset(c, 0, sizeof *c);
	c->from_ns = l->told_ns;
	c->accounts = GTV__A_FIXED + 2 * l->holders;
	c->sum = malloc(c->accounts * sizeof *c->sum);
	if (!c->sum)
		return NULL;
	memcpy(c->sum, l->sum, c->accounts * sizeof *c->sum);
	if (!l->chunks)
		l->begin_ns = c->from_ns;
	l->chunks++;
	return c;
}

static int add_piece(struct gtv__a_lock *l, uint64_t to_ns, uint32_t account)
{
	struct gtv__a_chunk *c = l->chunks ? &l->chunk[l->chunks - 1] : NULL;
	struct gtv__a_piece *p = c && c->count ? &c->piece[c->count - 1] : NULL;

	if (!p || p->account != account) {
		if (!c || c->count == GTV__A_CHUNK)
			c = new_chunk(l);
		if (!c)
			return -GTV_ENOMEM;
		if (c->count == c->cap) {
			uint32_t cap = c->cap ? c->cap * 2 : 8;
			p = realloc(c->piece, cap * sizeof *p);
			if (!p)
				return -GTV_ENOMEM;
			c->piece = p;
			c->cap = cap;
		}
		p = &c->piece[c->count++];
		p->account = account;
	}
	p->to_ns = to_ns;
	l->sum[account] += to_ns - l->told_ns;
	l->told_ns = to_ns;
	return 0;
}

/* The last chunk that begins at or before ts_ns. */
static const struct gtv__a_chunk *chunk_at(const struct gtv__a_lock *l, uint64_t ts_ns)
{
	uint32_t lo = 0, hi = l->chunks;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (l->chunk[mid].from_ns <= ts_ns)
			lo = mid;
		else
			hi = mid;
	}
	return &l->chunk[lo];
}

/* Adds (sign 1) or takes away the sums up to ts_ns, which lies in the told past. */
static void sums_at(const struct gtv__a_lock *l, uint64_t ts_ns, uint64_t sign,
		    uint64_t *out)
{
	const struct gtv__a_chunk *c = chunk_at(l, ts_ns);
	uint64_t at = c->from_ns;

	for (uint32_t i = 0; i < c->accounts; i++)
		out[i] += sign * c->sum[i];
	for (uint32_t i = 0; i < c->count && at < ts_ns; i++) {
		uint64_t to = c->piece[i].to_ns < ts_ns ? c->piece[i].to_ns : ts_ns;
		out[c->piece[i].account] += sign * (to - at);
		at = to;
	}
}

uint64_t gtv__a_lock_past(const struct gtv__a_lock *l, uint64_t from_ns, uint64_t to_ns,
			  uint64_t *out)
{
	if (!l->chunks)
		return 0;
	if (from_ns < l->begin_ns)
		from_ns = l->begin_ns;
	if (to_ns > l->told_ns)
		to_ns = l->told_ns;
	if (from_ns >= to_ns)
		return 0;
	sums_at(l, to_ns, 1, out);
	sums_at(l, from_ns, UINT64_MAX, out); /* minus one */
	return to_ns - from_ns;
}

/* ---- waits ---- */

static void add_share(struct gtv_attribution *a, struct gtv__a_lock *l,
		      struct gtv__a_lane *waiter, struct gtv_lane who, const uint64_t ns[2],
		      uint64_t from_ns)
{
	struct gtv__a_pair *p;

	if (!(ns[0] + ns[1]))
		return;
	p = pair_make(a, l, waiter, who);
	if (!p && who.kind)
		p = pair_make(a, l, waiter, nobody(GTV_ATTR_OTHERS));
	if (!p)
		return;
	p->on_ns += ns[0];
	p->off_ns += ns[1];
	if (ns[0] + ns[1] > p->max_ns) {
		p->max_ns = ns[0] + ns[1];
		p->max_from_ns = from_ns;
	}
}

/* An OS thread's wait is told: count it by its length. */
static void count_longest(struct gtv__a_lock *l, struct gtv__a_pair *p,
			  const struct gtv__a_late *w)
{
	uint64_t ns = w->to_ns - w->from_ns;

	if (ns > l->wait_max_ns) {
		l->wait_max_ns = ns;
		l->wait_max_from_ns = w->from_ns;
		l->wait_max_who = w->waiter->lane;
	}
	if (!p)
		return;
	p->last_ns = w->to_ns;
	if (ns <= p->max_ns)
		return;
	p->max_ns = ns;
	p->max_from_ns = w->from_ns;
}

/* The lock of an OS thread's span is the one that it sleeps on or, else, one that it holds:
 * only the lock's past tells which. A hold is no wait: it is taken back. */
static int is_hold(struct gtv_attribution *a, struct gtv__a_lock *l,
		   const struct gtv__a_late *w, const uint64_t *ns)
{
	uint64_t own = 0, length = w->to_ns - w->from_ns;
	struct gtv__a_pair *p;

	if (w->waiter->lane.kind != GTV_LANE_THREAD)
		return 0;
	p = gtv__a_pair_find(a, w->waiter, l->id, nobody(GTV__A_ALL));
	for (uint32_t i = 1; i < l->holders; i++)
		if (same(l->holder[i].who, w->waiter->lane))
			own = ns[GTV__A_FIXED + 2 * i] + ns[GTV__A_FIXED + 2 * i + 1];
	if (own <= length / 2) {
		count_longest(l, p, w);
		return 0;
	}
	l->waits--;
	l->wait_ns -= length;
	if (p) {
		p->times--;
		p->on_ns -= length;
	}
	return 1;
}

/* Who had it while the waiter waited, from the lock's past. What that does not tell is the
 * rest: no share is written for it, so that it is unknown until told. */
static void settle(struct gtv_attribution *a, struct gtv__a_lock *l,
		   const struct gtv__a_late *w)
{
	uint64_t ns[GTV__A_FIXED + 2 * (GTV__A_HOLDERS + 1)];
	uint64_t part[2];

	memset(ns, 0, (GTV__A_FIXED + 2 * l->holders) * sizeof *ns);
	if (!gtv__a_lock_past(l, w->from_ns, w->to_ns, ns) || is_hold(a, l, w, ns))
		return;
	part[0] = ns[GTV__A_FREE];
	part[1] = 0;
	add_share(a, l, w->waiter, nobody(GTV_ATTR_FREE), part, w->from_ns);
	add_share(a, l, w->waiter, nobody(GTV_ATTR_OTHERS), &ns[GTV__A_OTHERS_ON],
		  w->from_ns);
	for (uint32_t i = 1; i < l->holders; i++)
		if (!same(l->holder[i].who, w->waiter->lane))
			add_share(a, l, w->waiter, l->holder[i].who,
				  &ns[GTV__A_FIXED + 2 * i], w->from_ns);
}

static void settle_told(struct gtv_attribution *a, struct gtv__a_lock *l)
{
	while (l->late_first < l->late_count && l->late[l->late_first].to_ns <= l->told_ns)
		settle(a, l, &l->late[l->late_first++]);
	if (l->late_first == l->late_count)
		l->late_first = l->late_count = 0;
}

static void put_late(struct gtv_attribution *a, struct gtv__a_lock *l,
		     struct gtv__a_late late)
{
	if (l->late_count == l->late_cap && l->late_first) {
		l->late_count -= l->late_first;
		memmove(l->late, l->late + l->late_first, l->late_count * sizeof late);
		l->late_first = 0;
	}
	if (l->late_count == l->late_cap) {
		size_t cap = l->late_cap ? l->late_cap * 2 : 8;
		struct gtv__a_late *p = realloc(l->late, cap * sizeof *p);
		if (!p) {
			a->is_short = 1;
			return;
		}
		l->late = p;
		l->late_cap = cap;
	}
	l->late[l->late_count++] = late;
}

void gtv__a_lock_wait(struct gtv_attribution *a, struct gtv__a_lane *waiter, uint32_t lock,
		      uint64_t from_ns, uint64_t to_ns)
{
	struct gtv__a_lock *l = gtv__a_lock(a, lock);
	const struct gtv__a_late wait = {waiter, from_ns, to_ns};
	struct gtv__a_pair *p;

	if (!l)
		return;
	l->waits++;
	l->wait_ns += to_ns - from_ns;
	p = pair_make(a, l, waiter, nobody(GTV__A_ALL));
	if (p) {
		p->on_ns += to_ns - from_ns;
		p->times++;
	}
	if (waiter->lane.kind == GTV_LANE_GT)
		count_longest(l, p, &wait);
	put_late(a, l, wait);
	settle_told(a, l);
}

/* ---- spans and edges ---- */

/* A holder's figures, as far as they lie in the range. */
static void count_hold(struct gtv__a_lock *l, uint32_t account, const struct gtv_span *s,
		       uint64_t from_ns, uint64_t to_ns)
{
	struct gtv__a_holder *h =
		&l->holder[account < GTV__A_FIXED ? 0 : (account - GTV__A_FIXED) / 2];
	uint64_t ns = to_ns - from_ns;

	if (!is_off(s)) {
		l->ns[GTV__A_OTHERS_ON] += ns;
		h->on_ns += ns;
		return;
	}
	l->ns[GTV__A_OTHERS_OFF] += ns;
	h->off_ns += ns;
	if (!(s->flags & GTV_SP_WHO_TID) || !s->who)
		return;
	if (!h->taker_ns || h->taker == s->who) {
		h->taker = s->who;
		h->taker_ns += ns;
	} else if ((h->other_ns += ns) > h->taker_ns) {
		h->other_ns -= ns;
		h->taker = s->who;
		h->taker_ns = ns;
	}
}

/* One stretch off core may be several spans: who waits meanwhile changes. */
static void count_off(struct gtv__a_lock *l, struct gtv__a_holder *h, uint64_t from_ns,
		      uint64_t to_ns, int goes_on)
{
	if (!goes_on) {
		h->off_times++;
		l->off_from_ns = from_ns;
	}
	if (to_ns - l->off_from_ns <= h->off_max_ns)
		return;
	h->off_max_ns = to_ns - l->off_from_ns;
	h->off_max_from_ns = l->off_from_ns;
}

/* What the range has of it. same_hold: its holder had it right before. */
static void count_span(struct gtv_attribution *a, struct gtv__a_lock *l,
		       const struct gtv_span *s, uint32_t account, int same_hold)
{
	uint64_t from_ns = s->from_ns, to_ns = s->to_ns;
	struct gtv__a_holder *h;

	if (!gtv__a_clip(a, &from_ns, &to_ns))
		return;
	if (from_ns < l->from_ns)
		l->from_ns = from_ns;
	if (to_ns > l->to_ns)
		l->to_ns = to_ns;
	if (account < GTV__A_OTHERS_ON) {
		l->ns[account] += to_ns - from_ns;
		return;
	}
	count_hold(l, account, s, from_ns, to_ns);
	h = &l->holder[account < GTV__A_FIXED ? 0 : (account - GTV__A_FIXED) / 2];
	/* What goes on when the range begins was taken before. */
	h->takes += !same_hold && s->from_ns != a->from_ns;
	if (is_off(s))
		count_off(l, h, from_ns, to_ns, same_hold && account == l->last_account);
}

void gtv__a_lock_span(struct gtv_attribution *a, const struct gtv_span *s)
{
	struct gtv__a_lock *l = gtv__a_lock(a, s->lane.id);
	uint32_t account;
	int same_hold;

	if (!l || (!l->holder_cap && more_holders(l)))
		return;
	if (!l->chunks)
		l->told_ns = s->from_ns;
	account = gtv__a_account(a, l, s, 1);
	same_hold = account >= GTV__A_OTHERS_ON && s->from_ns == l->last_to_ns &&
		    account >> 1 == l->last_account >> 1;
	if (account >= GTV__A_OTHERS_ON && !same_hold)
		l->held_ns = s->from_ns;
	if (s->from_ns > l->told_ns && add_piece(l, s->from_ns, GTV__A_UNKNOWN))
		a->is_short = 1;
	if (s->to_ns > l->told_ns && add_piece(l, s->to_ns, account))
		a->is_short = 1;
	if (!s->waiters)
		l->quiet = l->dropped + l->chunks;
	settle_told(a, l);
	count_span(a, l, s, account, same_hold);
	l->last_account = account;
	l->last_to_ns = s->to_ns;
	l->epoch = 0; /* what was open is told now */
}

/* Eight buckets to a doubling, exact below eight. */
static unsigned bucket_of(uint64_t ns)
{
	unsigned top;

	if (ns < 8)
		return (unsigned)ns;
	top = 63u - (unsigned)__builtin_clzll(ns);
	return (top - 2) * 8 + (unsigned)(ns >> (top - 3) & 7);
}

uint64_t gtv__a_bucket_ns(unsigned bucket)
{
	unsigned top = bucket / 8 + 2;
	uint64_t from;

	if (bucket < 8)
		return bucket;
	from = (uint64_t)(8 + bucket % 8) << (top - 3);
	return from + ((uint64_t)1 << (top - 3)) / 2;
}

void gtv_attribution_edge(struct gtv_attribution *a, const struct gtv_edge *e)
{
	struct gtv__a_lock *l;
	struct gtv__a_lane *to;
	struct gtv__a_pair *p;
	uint64_t ns = e->to_ns - e->from_ns;

	if (e->kind != GTV_EDGE_HANDOFF || e->to_ns < a->from_ns || e->to_ns >= a->to_ns ||
	    !(l = gtv__a_lock(a, e->obj)))
		return;
	l->handoffs++;
	to = gtv__a_lane(a, e->to);
	p = to ? gtv__a_pair_find(a, to, l->id, nobody(GTV__A_ALL)) : NULL;
	/* It was woken for it, or told that it may: its wait ended in the last hold or
	 * since.
	 */
	if (!p || p->last_ns < l->held_ns)
		return;
	p = pair_make(a, l, to, e->from);
	if (!p)
		p = pair_make(a, l, to, nobody(GTV_ATTR_OTHERS));
	if (p)
		p->times++;
	l->handed++;
	if (ns > l->handed_max_ns || l->handed == 1) {
		l->handed_max_ns = ns;
		l->handed_max_from_ns = e->from_ns;
	}
	if (!l->bucket)
		l->bucket = calloc(GTV__A_BUCKETS, sizeof *l->bucket);
	if (l->bucket)
		l->bucket[bucket_of(ns)]++;
	else
		a->is_short = 1;
}
