/* SPDX-License-Identifier: MIT
 *
 * A histogram of lengths of time, in memory that does not grow with their number.
 * It is drawn by powers of two, as runqlat does, but counts finer: each power is cut
 * into 32 equal parts (log-linear, the idea of HdrHistogram), so that a percentile is
 * right to a 64th. Each power of two also keeps its longest cases, and who they
 * were (the "space-saving" list of Metwally, Agrawal, El Abbadi: Efficient computation
 * of frequent and top-k elements in data streams, 2005).
 */
#ifndef GTV_HISTOGRAM_H
#define GTV_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "tracer/model/span.h"

/* Bucket 0 is [0, 125 ns), bucket b is [125 << (b - 1), 125 << b): so one begins at
 * 1 µs, and edges are powers of two in µs. */
#define GTV_HISTOGRAM_BUCKETS 51
#define GTV_HISTOGRAM_PARTS   32 /* of a bucket, counted apart */
#define GTV_HISTOGRAM_CASES   48 /* longest kept, of each bucket */
#define GTV_HISTOGRAM_WHO     16 /* lanes told apart, of each bucket */
#define GTV_HISTOGRAM_ALL     (-1)
/* A percentile is at most so far from the truth: 1/64 of it, or 2 ns. */
#define GTV_HISTOGRAM_ERROR_PERMILLE 16

struct gtv_histogram;

/* One of the lengths: when, whose, and what it was about (a lock, who woke it; kind 0:
 * nothing, or id is a number that the caller knows). */
struct gtv_case {
	uint64_t from_ns, to_ns;
	struct gtv_lane lane, by;
};

/* One of those who are in a bucket. */
struct gtv_histogram_who {
	struct gtv_lane lane;
	uint64_t count; /* at most this */
	uint64_t over;	/* and at least count - over; 0: exact */
};

struct gtv_histogram *gtv_histogram_new(void); /* Returns owned, NULL without memory */
void gtv_histogram_free(struct gtv_histogram *h);
/* 0 or -GTV_ENOMEM. */
int gtv_histogram_add(struct gtv_histogram *h, const struct gtv_case *c);

uint64_t gtv_histogram_count(const struct gtv_histogram *h);
uint64_t gtv_histogram_sum_ns(const struct gtv_histogram *h);
uint64_t gtv_histogram_min_ns(const struct gtv_histogram *h); /* 0 if empty */
uint64_t gtv_histogram_max_ns(const struct gtv_histogram *h);
/* The length that so many of a thousand are not longer than (nearest rank); the
 * longest and the shortest are exact. 0 if empty. */
uint64_t gtv_histogram_percentile_ns(const struct gtv_histogram *h, unsigned permille);

unsigned gtv_histogram_bucket(uint64_t length_ns);
/* Where a bucket begins; b may be GTV_HISTOGRAM_BUCKETS. */
uint64_t gtv_histogram_edge_ns(unsigned b);
uint64_t gtv_histogram_in(const struct gtv_histogram *h, unsigned b);
/* First and last bucket with something in it. 0, or -1 if there is none. */
int gtv_histogram_range(const struct gtv_histogram *h, unsigned *first, unsigned *last);
/* Who is in a bucket (or GTV_HISTOGRAM_ALL), most first; at most max. Returns how many. */
size_t gtv_histogram_who(const struct gtv_histogram *h, int b,
			 struct gtv_histogram_who *out, size_t max);
/* The longest of a bucket (or of all), longest first, of equal ones the earliest; at
 * most max, and at most GTV_HISTOGRAM_CASES of a bucket. Returns how many. */
size_t gtv_histogram_worst(const struct gtv_histogram *h, int b, struct gtv_case *out,
			   size_t max);

static inline uint64_t gtv_case_ns(const struct gtv_case *c)
{
	return c->to_ns > c->from_ns ? c->to_ns - c->from_ns : 0;
}

#endif
