/* SPDX-License-Identifier: MIT
 *
 * Single spans: what a lane does at a time, whole, though the look knows tiles only or cut
 * it off. A probe decodes there and on to the span's end. Of a hundred thousand lanes it is
 * dear to ask what is open, so that is asked when twice as much was decoded as before.
 */
#include "tracer/model/window_priv.h"

#define SPAN_BLOCKS_MAX 256 /* decoded to find the end of one span */

/* All there is was read: what is open there is so indeed. */
static int is_at_end(const struct gtv__region *r, const struct gtv_store *st)
{
	struct gtv_store_stats stats;

	if (!r->valid || r->unread || r->feeder.next_block < gtv_store_block_count(st))
		return 0;
	gtv_store_get_stats(st, &stats);
	return r->feeder.finished || !stats.complete;
}

static int known(const struct gtv__region *r, const struct gtv_store *st,
		 struct gtv_lane lane, uint64_t ts_ns, struct gtv_span *out)
{
	return !gtv__region_at(r, lane, ts_ns, out) &&
	       (!(out->flags & GTV_SP_OPEN) || is_at_end(r, st));
}

/* First block of the store that ends at or after ts. */
static size_t block_of(const struct gtv_store *st, uint64_t ts_ns)
{
	size_t lo = gtv_store_first_block(st), hi = gtv_store_block_count(st);
	struct gtv_block_info info;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (!gtv_store_block(st, mid, &info) && info.to_ns < ts_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Where to decode to, for so many blocks more. */
static uint64_t blocks_on(const struct gtv_store *st, const struct gtv__feeder *f,
			  size_t blocks)
{
	size_t count = gtv_store_block_count(st), idx = f->next_block + blocks - 1;
	struct gtv_block_info info;

	if (idx >= count)
		idx = count ? count - 1 : 0;
	if (gtv_store_block(st, idx, &info) || info.to_ns <= f->done_ns)
		return f->done_ns + 1;
	return info.to_ns;
}

/* Decodes on until the span at ts has its end, or the trace does. 1: patience ended. */
static int probe(const struct gtv__span_parts *p, struct gtv_lane lane, uint64_t ts_ns,
		 struct gtv__patience *wait, struct gtv_span *out)
{
	size_t first = block_of(p->st, ts_ns), blocks = 1;
	uint64_t to_ns = ts_ns + 1;

	for (;;) {
		int err = gtv__region_load(p->probe, p->st, p->evs, ts_ns, to_ns, 0, wait);
		int unread = p->probe->unread;

		if (!err)
			err = gtv__region_at(p->probe, lane, ts_ns, out);
		if (!err && !(out->flags & GTV_SP_OPEN))
			return 0;
		if (unread && (!err || err == -GTV_ENOTFOUND))
			return 1;
		if (err)
			return err;
		const struct gtv__feeder *f = &p->probe->feeder;
		/* At the end of a trace that still grows, or was never finished, it is
		 * open indeed. */
		if (f->next_block >= gtv_store_block_count(p->st) && f->done_ns < to_ns)
			return 0;
		if (f->next_block >= first + SPAN_BLOCKS_MAX)
			return 0;
		to_ns = blocks_on(p->st, f, blocks);
		blocks *= 2;
	}
}

/* With that patience; 1: it ended first. */
static int span_at(struct gtv_window *w, struct gtv_lane lane, uint64_t ts_ns, int hasty,
		   struct gtv_span *out)
{
	struct gtv__span_parts p = gtv__window_span_parts(w);

	if (known(p.region, p.st, lane, ts_ns, out) ||
	    !gtv__tiles_run_at(p.tiles, lane, ts_ns, out) ||
	    known(p.probe, p.st, lane, ts_ns, out))
		return 0;
	if (!hasty && !p.wait->always)
		return probe(&p, lane, ts_ns, NULL, out);
	p.wait->worked = 0;
	if (gtv__has_enough(p.wait))
		return 1;
	/* Who has any patience has it for a piece. */
	p.wait->one = p.wait->going = 1;
	p.wait->worked = 0;
	int rc = probe(&p, lane, ts_ns, p.wait, out);
	p.wait->one = 0;
	p.wait->going = p.wait->always;
	return rc;
}

int gtv_window_span_at(struct gtv_window *w, struct gtv_lane lane, uint64_t ts_ns,
		       struct gtv_span *out)
{
	int rc = span_at(w, lane, ts_ns, 0, out);

	return rc > 0 ? -GTV_ENOTFOUND : rc;
}

int gtv_window_span_try(struct gtv_window *w, struct gtv_lane lane, uint64_t ts_ns,
			struct gtv_span *out)
{
	return span_at(w, lane, ts_ns, 1, out);
}

int gtv_window_span_step(struct gtv_window *w, struct gtv_lane lane, uint64_t ts_ns,
			 int dir, struct gtv_span *out)
{
	struct gtv_span now;
	int err = gtv_window_span_at(w, lane, ts_ns, &now);

	if (err)
		return err;
	if (dir > 0)
		return gtv_window_span_at(w, lane, now.to_ns, out);
	return now.from_ns ? gtv_window_span_at(w, lane, now.from_ns - 1, out)
			   : -GTV_ENOTFOUND;
}
