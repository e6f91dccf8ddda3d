/* SPDX-License-Identifier: MIT
 *
 * Lengths become y = ns * 32 / 125, so that a power of two of y begins at 125 ns, 1 µs
 * and so on: y's highest bit is the bucket, the five bits below it the part.
 */
#include "tracer/model/histogram.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"

#define PART_BITS 5
#define FIRST_NS  125u	       /* bucket 1 begins here */
#define LONGEST	  (1ull << 55) /* over a year: longer ones are counted as that */

_Static_assert(1 << PART_BITS == GTV_HISTOGRAM_PARTS, "parts are bits of y");

/* What a bucket keeps beside its counts; only of buckets that have something. What each
 * length must look at comes first: the rest is seldom touched. */
struct kept {
	uint64_t floor_ns; /* shorter ones are not among the worst */
	uint64_t least;	   /* no count of who is less */
	uint16_t worst_count, who_count, least_at;
	uint64_t key[GTV_HISTOGRAM_WHO]; /* who: their lanes */
	struct gtv_histogram_who who[GTV_HISTOGRAM_WHO];
	struct gtv_case worst[GTV_HISTOGRAM_CASES]; /* a heap: the least of them first */
};

struct gtv_histogram {
	uint64_t count, sum_ns, min_ns, max_ns;
	uint64_t part[GTV_HISTOGRAM_BUCKETS][GTV_HISTOGRAM_PARTS];
	uint64_t in[GTV_HISTOGRAM_BUCKETS];
	struct kept *kept[GTV_HISTOGRAM_BUCKETS];
};

struct gtv_histogram *gtv_histogram_new(void)
{
	return calloc(1, sizeof(struct gtv_histogram));
}

void gtv_histogram_free(struct gtv_histogram *h)
{
	for (unsigned b = 0; h && b < GTV_HISTOGRAM_BUCKETS; b++)
		free(h->kept[b]);
	free(h);
}

/* ---- buckets and their parts ---- */

static unsigned place(uint64_t ns, unsigned *part)
{
	uint64_t y = (ns < LONGEST ? ns : LONGEST) * GTV_HISTOGRAM_PARTS / FIRST_NS;
	unsigned bit;

	if (y < GTV_HISTOGRAM_PARTS) {
		*part = (unsigned)y;
		return 0;
	}
	bit = 63u - (unsigned)__builtin_clzll(y) - PART_BITS;
	*part = (unsigned)(y >> bit) & (GTV_HISTOGRAM_PARTS - 1);
	return bit + 1;
}

/* The first ns of a part; part may be GTV_HISTOGRAM_PARTS. */
static uint64_t part_ns(unsigned b, unsigned part)
{
	uint64_t y = b ? (uint64_t)(GTV_HISTOGRAM_PARTS + part) << (b - 1) : part;

	return (y * FIRST_NS + GTV_HISTOGRAM_PARTS - 1) / GTV_HISTOGRAM_PARTS;
}

unsigned gtv_histogram_bucket(uint64_t length_ns)
{
	unsigned part;

	return place(length_ns, &part);
}

uint64_t gtv_histogram_edge_ns(unsigned b)
{
	return b ? (uint64_t)FIRST_NS << (b - 1) : 0;
}

/* ---- the longest ---- */

/* a is a worse case than b: longer, or as long and earlier. */
static int is_worse(const struct gtv_case *a, const struct gtv_case *b)
{
	uint64_t x = gtv_case_ns(a), y = gtv_case_ns(b);

	return x != y ? x > y : a->from_ns < b->from_ns;
}

static void sift_down(struct gtv_case *heap, size_t count, size_t i)
{
	for (;;) {
		size_t least = i, child = 2 * i + 1;
		struct gtv_case swap;

		for (size_t c = child; c < child + 2 && c < count; c++)
			if (is_worse(&heap[least], &heap[c]))
				least = c;
		if (least == i)
			return;
		swap = heap[i];
		heap[i] = heap[least];
		heap[least] = swap;
		i = least;
	}
}

static void keep_worst(struct kept *k, const struct gtv_case *c)
{
	size_t i = k->worst_count;

	if (gtv_case_ns(c) < k->floor_ns)
		return;

	if (i == GTV_HISTOGRAM_CASES) {
		if (!is_worse(c, &k->worst[0]))
			return;
		k->worst[0] = *c;
		sift_down(k->worst, i, 0);
		k->floor_ns = gtv_case_ns(&k->worst[0]);
		return;
	}
	k->worst_count++;
	for (; i && is_worse(&k->worst[(i - 1) / 2], c); i = (i - 1) / 2)
		k->worst[i] = k->worst[(i - 1) / 2];
	k->worst[i] = *c;
}

/* ---- who ---- */

static int is_same(struct gtv_lane a, struct gtv_lane b)
{
	return a.kind == b.kind && a.id == b.id;
}

static uint64_t key_of(struct gtv_lane lane)
{
	return (uint64_t)lane.kind << 32 | lane.id;
}

/* One of those with the least count. The search goes round: where all are about as
 * frequent, the next is near. */
static size_t find_least(struct kept *k)
{
	uint64_t least = UINT64_MAX;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < GTV_HISTOGRAM_WHO; i++) {
			size_t at = (k->least_at + i) % GTV_HISTOGRAM_WHO;
			if (k->who[at].count == k->least) {
				k->least_at = (uint16_t)at;
				return at;
			}
			least = k->who[at].count < least ? k->who[at].count : least;
		}
		k->least = least;
	}
	return 0;
}

/* Space-saving: who is new takes the place of the least, and its count as a doubt. The
 * keys lie together: looking through them is most of the work. */
static void count_who(struct kept *k, struct gtv_lane lane)
{
	uint64_t key = key_of(lane);
	size_t at;

	for (size_t i = 0; i < k->who_count; i++)
		if (k->key[i] == key) {
			k->who[i].count++;
			return;
		}
	if (k->who_count < GTV_HISTOGRAM_WHO) {
		k->key[k->who_count] = key;
		k->who[k->who_count++] =
			(struct gtv_histogram_who){.lane = lane, .count = 1};
		return;
	}
	at = find_least(k);
	k->key[at] = key;
	k->who[at] = (struct gtv_histogram_who){
		.lane = lane, .count = k->who[at].count + 1, .over = k->who[at].count};
}

/* ---- adding and asking ---- */

int gtv_histogram_add(struct gtv_histogram *h, const struct gtv_case *c)
{
	uint64_t ns = gtv_case_ns(c);
	unsigned part, b = place(ns, &part);
	struct kept *k = h->kept[b];

	if (!k && !(k = h->kept[b] = calloc(1, sizeof *k)))
		return -GTV_ENOMEM;
	h->min_ns = h->count && h->min_ns < ns ? h->min_ns : ns;
	h->max_ns = h->max_ns > ns ? h->max_ns : ns;
	h->count++;
	h->sum_ns += ns;
	h->in[b]++;
	h->part[b][part]++;
	keep_worst(k, c);
	count_who(k, c->lane);
	return 0;
}

uint64_t gtv_histogram_count(const struct gtv_histogram *h)
{
	return h->count;
}

uint64_t gtv_histogram_sum_ns(const struct gtv_histogram *h)
{
	return h->sum_ns;
}

uint64_t gtv_histogram_min_ns(const struct gtv_histogram *h)
{
	return h->min_ns;
}

uint64_t gtv_histogram_max_ns(const struct gtv_histogram *h)
{
	return h->max_ns;
}

uint64_t gtv_histogram_in(const struct gtv_histogram *h, unsigned b)
{
	return b < GTV_HISTOGRAM_BUCKETS ? h->in[b] : 0;
}

/* The rank-th shortest, from the middle of its part. */
static uint64_t ranked_ns(const struct gtv_histogram *h, uint64_t rank)
{
	for (unsigned b = 0; b < GTV_HISTOGRAM_BUCKETS; b++) {
		if (rank > h->in[b]) {
			rank -= h->in[b];
			continue;
		}
		for (unsigned p = 0; p < GTV_HISTOGRAM_PARTS; p++) {
			if (rank <= h->part[b][p])
				return (part_ns(b, p) + part_ns(b, p + 1) - 1) / 2;
			rank -= h->part[b][p];
		}
	}
	return h->max_ns;
}

uint64_t gtv_histogram_percentile_ns(const struct gtv_histogram *h, unsigned permille)
{
	uint64_t rank = h->count / 1000 * permille;
	uint64_t ns;

	rank += (h->count % 1000 * permille + 999) / 1000;
	if (rank <= 1)
		return h->min_ns;
	if (rank >= h->count)
		return h->max_ns;
	ns = ranked_ns(h, rank);
	if (ns < h->min_ns)
		return h->min_ns;
	return ns < h->max_ns ? ns : h->max_ns;
}

int gtv_histogram_range(const struct gtv_histogram *h, unsigned *first, unsigned *last)
{
	*first = *last = 0;
	if (!h->count)
		return -1;
	while (!h->in[*first])
		++*first;
	*last = GTV_HISTOGRAM_BUCKETS - 1;
	while (!h->in[*last])
		--*last;
	return 0;
}

static int by_count(const void *a, const void *b)
{
	const struct gtv_histogram_who *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->lane.kind != y->lane.kind)
		return x->lane.kind < y->lane.kind ? -1 : 1;
	return (x->lane.id > y->lane.id) - (x->lane.id < y->lane.id);
}

/* What a bucket says of a lane: its count, or what one may have had whose place another
 * took. */
static struct gtv_histogram_who said_of(const struct kept *k, struct gtv_lane lane)
{
	struct gtv_histogram_who who = {.lane = lane};
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < k->who_count; i++) {
		if (is_same(k->who[i].lane, lane))
			return k->who[i];
		least = k->who[i].count < least ? k->who[i].count : least;
	}
	if (k->who_count == GTV_HISTOGRAM_WHO)
		who.count = who.over = least;
	return who;
}

static int is_listed(const struct gtv_histogram_who *who, size_t count,
		     struct gtv_lane lane)
{
	for (size_t i = 0; i < count; i++)
		if (is_same(who[i].lane, lane))
			return 1;
	return 0;
}

/* All that any bucket lists, each with what all buckets say of it. */
static size_t who_of_all(const struct gtv_histogram *h, struct gtv_histogram_who *who)
{
	size_t count = 0;

	for (unsigned b = 0; b < GTV_HISTOGRAM_BUCKETS; b++) {
		const struct kept *k = h->kept[b];
		for (size_t i = 0; k && i < k->who_count; i++) {
			struct gtv_histogram_who all = {.lane = k->who[i].lane};
			if (is_listed(who, count, all.lane))
				continue;
			for (unsigned o = 0; o < GTV_HISTOGRAM_BUCKETS; o++) {
				struct gtv_histogram_who one = {0};
				if (h->kept[o])
					one = said_of(h->kept[o], all.lane);
				all.count += one.count;
				all.over += one.over;
			}
			who[count++] = all;
		}
	}
	return count;
}

size_t gtv_histogram_who(const struct gtv_histogram *h, int b,
			 struct gtv_histogram_who *out, size_t max)
{
	struct gtv_histogram_who who[GTV_HISTOGRAM_BUCKETS * GTV_HISTOGRAM_WHO];
	size_t count = 0;

	if (b >= GTV_HISTOGRAM_BUCKETS || (b >= 0 && !h->kept[b]))
		return 0;
	if (b >= 0) {
		count = h->kept[b]->who_count;
		memcpy(who, h->kept[b]->who, count * sizeof *who);
	} else {
		count = who_of_all(h, who);
	}
	if (!count)
		return 0;
	qsort(who, count, sizeof *who, by_count);
	count = count < max ? count : max;
	memcpy(out, who, count * sizeof *who);
	return count;
}

static int by_length(const void *a, const void *b)
{
	if (is_worse(a, b))
		return -1;
	return is_worse(b, a) ? 1 : 0;
}

static size_t worst_of(const struct kept *k, struct gtv_case *out, size_t max)
{
	struct gtv_case sorted[GTV_HISTOGRAM_CASES];
	size_t count = k ? k->worst_count : 0;

	if (!count)
		return 0;
	memcpy(sorted, k->worst, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, by_length);
	count = count < max ? count : max;
	memcpy(out, sorted, count * sizeof *sorted);
	return count;
}

size_t gtv_histogram_worst(const struct gtv_histogram *h, int b, struct gtv_case *out,
			   size_t max)
{
	size_t count = 0;

	if (b >= GTV_HISTOGRAM_BUCKETS)
		return 0;
	if (b >= 0)
		return worst_of(h->kept[b], out, max);
	/* A bucket of which not all are kept ends the list: shorter ones are missing. */
	for (unsigned at = GTV_HISTOGRAM_BUCKETS; at-- > 0 && count < max;) {
		count += worst_of(h->kept[at], out + count, max - count);
		if (h->in[at] > GTV_HISTOGRAM_CASES)
			break;
	}
	return count;
}
