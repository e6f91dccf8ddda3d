/* SPDX-License-Identifier: MIT
 *
 * The answers about waits and locks. What goes on counts up to the moment that
 * gtv_attribution_now was told of.
 */
#include "tracer/model/attribution_priv.h"

#include <stdlib.h>
#include <string.h>

static struct gtv_lane nobody(uint32_t why)
{
	return (struct gtv_lane){.kind = 0, .id = why};
}

static const struct gtv_span *open_wait(const struct gtv_attribution *a,
					const struct gtv__a_lane *l)
{
	const struct gtv_span *open = gtv__a_open(a, &l->open, l->epoch), *lock;
	const struct gtv__a_lock *k = NULL;

	if (open && gtv__a_lock_of(open))
		k = gtv__a_lock_find(a, gtv__a_lock_of(open));
	if (!k)
		return NULL;
	/* Of an OS thread it may be one that it holds itself (attribution_lock.c). */
	lock = gtv__a_open(a, &k->open, k->epoch);
	if (l->lane.kind == GTV_LANE_THREAD && lock && !lock->gt && lock->tid == l->lane.id)
		return NULL;
	return open;
}

static const struct gtv_span *open_lock(const struct gtv_attribution *a,
					const struct gtv__a_lock *l)
{
	return gtv__a_open(a, &l->open, l->epoch);
}

/* Where it goes among `count` that are in order. */
static size_t place_of(const char *in, size_t count, const void *one, size_t bytes,
		       int (*order)(const void *, const void *))
{
	size_t lo = 0, hi = count;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (order(one, in + mid * bytes) < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* The first few of many: a screen asks for them in each frame, of a hundred thousand. */
static void pick_first(const char *all, size_t count, size_t bytes,
		       int (*order)(const void *, const void *), char *out, size_t max)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const char *one = all + i * bytes;
		if (kept == max && order(one, out + (max - 1) * bytes) >= 0)
			continue;
		size_t at = place_of(out, kept, one, bytes, order);
		kept += kept < max;
		memmove(out + (at + 1) * bytes, out + at * bytes, (kept - 1 - at) * bytes);
		memcpy(out + at * bytes, one, bytes);
	}
}

/* Fills at most max of `count`, most first. */
static size_t hand_out(void *all, size_t count, size_t bytes,
		       int (*order)(const void *, const void *), void *out, size_t max)
{
	if (max && count / 8 > max) {
		pick_first(all, count, bytes, order, out, max);
	} else if (max && count) {
		qsort(all, count, bytes, order);
		memcpy(out, all, (count < max ? count : max) * bytes);
	}
	free(all);
	return count;
}

/* ---- waits ---- */

static int wait_order(const void *x, const void *y)
{
	const struct gtv_attr_wait *a = x, *b = y;

	if (a->ns != b->ns)
		return a->ns > b->ns ? -1 : 1;
	return (a->lock > b->lock) - (a->lock < b->lock);
}

static void add_wait(struct gtv_attr_wait *w, const struct gtv_span *open)
{
	uint64_t ns = open->to_ns - open->from_ns;

	w->ns += ns;
	w->waits++;
	if (ns > w->max_ns) {
		w->max_ns = ns;
		w->max_from_ns = open->from_ns;
	}
}

size_t gtv_attr_waits(const struct gtv_attribution *a, struct gtv_lane lane,
		      struct gtv_attr_wait *out, size_t max)
{
	const struct gtv__a_lane *l = gtv__a_lane(a, lane);
	const struct gtv_span *open = l ? open_wait(a, l) : NULL;
	struct gtv_attr_wait *all;
	size_t count = 1;

	if (!l)
		return 0;
	for (uint32_t i = l->pairs; i; i = a->pair[i - 1].next)
		count++;
	all = calloc(count, sizeof *all);
	if (!all)
		return 0;
	count = 0;
	for (uint32_t i = l->pairs; i; i = a->pair[i - 1].next) {
		const struct gtv__a_pair *p = &a->pair[i - 1];
		if (p->who.kind || p->who.id != GTV__A_ALL)
			continue;
		if (!p->times && !(open && gtv__a_lock_of(open) == p->lock))
			continue; /* none of them was a wait after all */
		all[count] = (struct gtv_attr_wait){.lock = p->lock,
						    .ns = p->on_ns,
						    .waits = p->times,
						    .max_ns = p->max_ns,
						    .max_from_ns = p->max_from_ns};
		if (open && gtv__a_lock_of(open) == p->lock) {
			add_wait(&all[count], open);
			open = NULL;
		}
		count++;
	}
	if (open) {
		all[count].lock = gtv__a_lock_of(open);
		add_wait(&all[count++], open);
	}
	return hand_out(all, count, sizeof *all, wait_order, out, max);
}

/* ---- shares ---- */

static int share_order(const void *x, const void *y)
{
	const struct gtv_attr_share *a = x, *b = y;
	uint64_t an = a->on_ns + a->off_ns, bn = b->on_ns + b->off_ns;

	if (a->why != b->why)
		return a->why - b->why;
	if (an != bn)
		return an > bn ? -1 : 1;
	return (a->who.id > b->who.id) - (a->who.id < b->who.id);
}

/* The one of the list that is whose, made if there is none. */
static struct gtv_attr_share *share_of(struct gtv_attr_share *all, size_t *count,
				       unsigned why, struct gtv_lane who)
{
	for (size_t i = 0; i < *count; i++)
		if (all[i].why == why && all[i].who.kind == who.kind &&
		    all[i].who.id == who.id)
			return &all[i];
	all[*count] = (struct gtv_attr_share){.why = (uint8_t)why, .who = who};
	return &all[(*count)++];
}

static void add_open(struct gtv_attr_share *all, size_t *count, unsigned why,
		     struct gtv_lane who, const uint64_t ns[2], uint64_t from_ns)
{
	struct gtv_attr_share *s;

	if (!(ns[0] + ns[1]))
		return;
	s = share_of(all, count, why, who);
	s->on_ns += ns[0];
	s->off_ns += ns[1];
	if (ns[0] + ns[1] > s->max_ns) {
		s->max_ns = ns[0] + ns[1];
		s->max_from_ns = from_ns;
	}
}

/* The wait that goes on: of the lock's past what is told, and its open span. */
static void share_open(const struct gtv_attribution *a, struct gtv__a_lock *l,
		       const struct gtv_span *wait, struct gtv_attr_share *all,
		       size_t *count)
{
	uint64_t ns[GTV__A_FIXED + 2 * (GTV__A_HOLDERS + 1)];
	const struct gtv_span *open = open_lock(a, l);
	uint64_t none[2] = {0, 0};

	memset(ns, 0, sizeof ns);
	gtv__a_lock_past(l, wait->from_ns, wait->to_ns, ns);
	if (open) {
		uint64_t from =
			open->from_ns > wait->from_ns ? open->from_ns : wait->from_ns;
		uint64_t to = open->to_ns < wait->to_ns ? open->to_ns : wait->to_ns;
		struct gtv_attribution *mine = (struct gtv_attribution *)(uintptr_t)a;
		if (from < l->told_ns)
			from = l->told_ns;
		if (from < to)
			ns[gtv__a_account(mine, l, open, 0)] += to - from;
	}
	none[0] = ns[GTV__A_FREE];
	add_open(all, count, GTV_ATTR_FREE, nobody(0), none, wait->from_ns);
	add_open(all, count, GTV_ATTR_OTHERS, nobody(0), &ns[GTV__A_OTHERS_ON],
		 wait->from_ns);
	for (uint32_t i = 1; i < l->holders; i++)
		if (l->holder[i].who.kind != wait->lane.kind ||
		    l->holder[i].who.id != wait->lane.id)
			add_open(all, count, GTV_ATTR_HOLDER, l->holder[i].who,
				 &ns[GTV__A_FIXED + 2 * i], wait->from_ns);
}

static size_t closed_shares(const struct gtv_attribution *a, const struct gtv__a_lane *l,
			    uint32_t lock, struct gtv_attr_share *all, uint64_t *total)
{
	size_t count = 0;

	for (uint32_t i = l->pairs; i; i = a->pair[i - 1].next) {
		const struct gtv__a_pair *p = &a->pair[i - 1];
		if (p->lock != lock)
			continue;
		if (!p->who.kind && p->who.id == GTV__A_ALL) {
			*total += p->on_ns;
			continue;
		}
		all[count++] = (struct gtv_attr_share){
			.why = p->who.kind ? GTV_ATTR_HOLDER : (uint8_t)p->who.id,
			.who = p->who.kind ? p->who : nobody(0),
			.on_ns = p->on_ns,
			.off_ns = p->off_ns,
			.handed = p->times,
			.max_ns = p->max_ns,
			.max_from_ns = p->max_from_ns};
	}
	return count;
}

size_t gtv_attr_shares(const struct gtv_attribution *a, struct gtv_lane lane, uint32_t lock,
		       struct gtv_attr_share *out, size_t max)
{
	const struct gtv__a_lane *l = gtv__a_lane(a, lane);
	struct gtv__a_lock *k = gtv__a_lock_find(a, lock);
	struct gtv_attr_share *all;
	uint64_t total = 0;
	size_t count = GTV__A_HOLDERS + 8;

	if (!l || !k)
		return 0;
	for (uint32_t i = l->pairs; i; i = a->pair[i - 1].next)
		count++;
	all = calloc(count, sizeof *all);
	if (!all)
		return 0;
	count = closed_shares(a, l, lock, all, &total);
	const struct gtv_span *wait = open_wait(a, l);
	if (wait && gtv__a_lock_of(wait) == lock) {
		total += wait->to_ns - wait->from_ns;
		share_open(a, k, wait, all, &count);
	}
	for (size_t i = 0; i < count; i++)
		total -= all[i].on_ns + all[i].off_ns;
	if (total)
		all[count++] =
			(struct gtv_attr_share){.why = GTV_ATTR_UNKNOWN, .on_ns = total};
	return hand_out(all, count, sizeof *all, share_order, out, max);
}

/* ---- locks ---- */

size_t gtv_attr_lock_count(const struct gtv_attribution *a)
{
	return a->locks.count;
}

static uint64_t median(const struct gtv__a_lock *l)
{
	uint64_t seen = 0;

	for (unsigned b = 0; l->bucket && b < GTV__A_BUCKETS; b++) {
		seen += l->bucket[b];
		if (2 * seen >= l->handed)
			return gtv__a_bucket_ns(b);
	}
	return 0;
}

/* On average; a hold that is not known or nought is taken for one nanosecond. */
static void find_convoy(const struct gtv_attribution *a, const struct gtv__a_lock *l,
			struct gtv_attr_lock *out)
{
	double worst = 0;

	for (uint32_t i = l->pairs; i; i = a->pair[i - 1].next_of_lock) {
		const struct gtv__a_pair *p = &a->pair[i - 1];
		const struct gtv__a_holder *h = NULL;
		if (p->who.kind || p->who.id != GTV__A_ALL || !p->times)
			continue;
		for (uint32_t k = 1; k < l->holders && !h; k++)
			if (l->holder[k].who.kind == p->waiter->lane.kind &&
			    l->holder[k].who.id == p->waiter->lane.id)
				h = &l->holder[k];
		if (!h || !h->takes)
			continue;
		uint64_t wait = p->on_ns / p->times,
			 hold = (h->on_ns + h->off_ns) / h->takes;
		double ratio = (double)wait / (double)(hold ? hold : 1);
		if (ratio <= worst)
			continue;
		worst = ratio;
		out->convoy_who = p->waiter->lane;
		out->convoy_wait_ns = wait;
		out->convoy_hold_ns = hold;
	}
}

/* What the open span adds. */
static void lock_open(const struct gtv_attribution *a, struct gtv__a_lock *l,
		      struct gtv_attr_lock *out)
{
	const struct gtv_span *open = open_lock(a, l);
	struct gtv_attribution *mine = (struct gtv_attribution *)(uintptr_t)a;
	uint64_t from, to;
	uint32_t account;

	if (!open)
		return;
	from = open->from_ns;
	to = open->to_ns;
	if (!gtv__a_clip(a, &from, &to))
		return;
	account = l->holder_cap ? gtv__a_account(mine, l, open, 0) : GTV__A_UNKNOWN;
	if (from < out->from_ns)
		out->from_ns = from;
	out->to_ns = to;
	if (account == GTV__A_FREE)
		out->free_ns += to - from;
	else if (account == GTV__A_UNKNOWN)
		out->unknown_ns += to - from;
	else if (account & 1)
		out->off_ns += to - from;
	else
		out->on_ns += to - from;
}

int gtv_attr_lock(const struct gtv_attribution *a, size_t idx, struct gtv_attr_lock *out)
{
	struct gtv__a_lock *l;

	if (idx >= a->locks.count)
		return -GTV_ENOTFOUND;
	l = gtv__pool_at(&a->locks, idx);
	*out = (struct gtv_attr_lock){.id = l->id,
				      .from_ns = l->from_ns,
				      .to_ns = l->to_ns,
				      .on_ns = l->ns[GTV__A_OTHERS_ON],
				      .off_ns = l->ns[GTV__A_OTHERS_OFF],
				      .free_ns = l->ns[GTV__A_FREE],
				      .unknown_ns = l->ns[GTV__A_UNKNOWN],
				      .waits = l->waits,
				      .wait_ns = l->wait_ns,
				      .wait_max_ns = l->wait_max_ns,
				      .wait_max_from_ns = l->wait_max_from_ns,
				      .wait_max_who = l->wait_max_who,
				      .handoffs = l->handoffs,
				      .handed = l->handed,
				      .handed_median_ns = median(l),
				      .handed_max_ns = l->handed_max_ns,
				      .handed_max_from_ns = l->handed_max_from_ns};
	lock_open(a, l, out);
	if (out->from_ns > out->to_ns)
		out->from_ns = out->to_ns;
	for (uint32_t i = 0; i < l->holders; i++) {
		const struct gtv__a_holder *h = &l->holder[i];
		out->off_times += h->off_times;
		if (h->off_max_ns <= out->off_max_ns)
			continue;
		out->off_max_ns = h->off_max_ns;
		out->off_max_from_ns = h->off_max_from_ns;
	}
	find_convoy(a, l, out);
	return 0;
}

static int holder_order(const void *x, const void *y)
{
	const struct gtv_attr_holder *a = x, *b = y;
	uint64_t an = a->on_ns + a->off_ns, bn = b->on_ns + b->off_ns;

	if (an != bn)
		return an > bn ? -1 : 1;
	return (a->who.id > b->who.id) - (a->who.id < b->who.id);
}

size_t gtv_attr_holders(const struct gtv_attribution *a, uint32_t lock,
			struct gtv_attr_holder *out, size_t max)
{
	const struct gtv__a_lock *l = gtv__a_lock_find(a, lock);
	struct gtv_attr_holder *all;
	size_t count = 0;

	if (!l || !l->holders || !(all = calloc(l->holders, sizeof *all)))
		return 0;
	for (uint32_t i = 0; i < l->holders; i++) {
		const struct gtv__a_holder *h = &l->holder[i];
		if (h->on_ns + h->off_ns == 0)
			continue;
		all[count++] =
			(struct gtv_attr_holder){.who = h->who,
						 .on_ns = h->on_ns,
						 .off_ns = h->off_ns,
						 .takes = h->takes,
						 .off_times = h->off_times,
						 .off_max_ns = h->off_max_ns,
						 .off_max_from_ns = h->off_max_from_ns,
						 .taker = h->taker};
	}
	return hand_out(all, count, sizeof *all, holder_order, out, max);
}

static int pair_order(const void *x, const void *y)
{
	const struct gtv_attr_pair *a = x, *b = y;

	if (a->off_ns != b->off_ns)
		return a->off_ns > b->off_ns ? -1 : 1;
	if (a->handed != b->handed)
		return a->handed > b->handed ? -1 : 1;
	if (a->on_ns != b->on_ns)
		return a->on_ns > b->on_ns ? -1 : 1;
	if (a->from.id != b->from.id)
		return a->from.id > b->from.id ? 1 : -1;
	return (a->to.id > b->to.id) - (a->to.id < b->to.id);
}

size_t gtv_attr_pairs(const struct gtv_attribution *a, uint32_t lock,
		      struct gtv_attr_pair *out, size_t max)
{
	const struct gtv__a_lock *l = gtv__a_lock_find(a, lock);
	struct gtv_attr_pair *all;
	size_t count = 0;

	for (uint32_t i = l ? l->pairs : 0; i; i = a->pair[i - 1].next_of_lock)
		count++;
	if (!count || !(all = calloc(count, sizeof *all)))
		return 0;
	count = 0;
	for (uint32_t i = l->pairs; i; i = a->pair[i - 1].next_of_lock) {
		const struct gtv__a_pair *p = &a->pair[i - 1];
		if (!p->who.kind)
			continue;
		all[count++] = (struct gtv_attr_pair){.from = p->who,
						      .to = p->waiter->lane,
						      .on_ns = p->on_ns,
						      .off_ns = p->off_ns,
						      .handed = p->times};
	}
	return hand_out(all, count, sizeof *all, pair_order, out, max);
}
