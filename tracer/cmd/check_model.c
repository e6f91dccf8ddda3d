/* SPDX-License-Identifier: MIT
 *
 * Tiles are compared by a fingerprint that is linear: the sum of every nanosecond in a
 * state times a weight that belongs to (lane, state). Pieces and spans of the time that
 * a level covers have equal fingerprints if, and but for a chance of 2^-64 only if, each
 * lane was as long in each state; and neither has to be kept.
 */
#include "tracer/cmd/check_model.h"
#include "tracer/cmd/report.h"

#include <stdlib.h>
#include <string.h>

struct cover {
	uint64_t from_ns, to_ns;
};

struct level {
	struct cover *cover; /* by time, touching ones joined */
	size_t count;
	uint64_t spans, tiles; /* the fingerprints */
	int unreadable;	       /* told elsewhere */
};

struct gtv_recheck {
	const struct gtv_store *store;
	struct gtv_model *model;
	struct level level[GTV_ZOOM_LEVELS];
	size_t blocks, next_checkpoint;
	int whole;	   /* all so far could be read */
	uint64_t begin_ns; /* what began before counts from here */
	uint64_t end_ns;
	uint64_t wrong, first_wrong_ns;
};

static uint64_t weight(struct gtv_lane lane, unsigned state)
{
	uint64_t x = (uint64_t)lane.id << 16 | (uint64_t)lane.kind << 8 | state;

	/* splitmix64's finaliser */
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* ---- What is covered ---- */

static size_t first_reaching(const struct level *l, uint64_t ns)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (l->cover[mid].to_ns > ns)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* How much of [from, to) the level covers. */
static uint64_t covered(const struct level *l, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t ns = 0;

	for (size_t i = first_reaching(l, from_ns);
	     i < l->count && l->cover[i].from_ns < to_ns; i++) {
		uint64_t from = l->cover[i].from_ns, to = l->cover[i].to_ns;
		ns += (to < to_ns ? to : to_ns) - (from > from_ns ? from : from_ns);
	}
	return ns;
}

static int learn_cover(struct level *l, const struct gtv_store *store, unsigned n)
{
	size_t blocks = gtv_store_zoom_count(store, n);

	l->cover = calloc(blocks + 1, sizeof *l->cover);
	if (!l->cover)
		return -GTV_ENOMEM;
	for (size_t i = 0; i < blocks; i++) {
		uint64_t from, to;
		if (gtv_store_zoom_info(store, n, i, &from, &to) || from >= to)
			continue;
		struct cover *last = l->count ? &l->cover[l->count - 1] : NULL;
		if (last && from < last->to_ns)
			l->unreadable = 1; /* out of order: the file lies */
		else if (last && from == last->to_ns)
			last->to_ns = to;
		else
			l->cover[l->count++] = (struct cover){from, to};
	}
	return 0;
}

/* ---- Both sides ---- */

static void add_span(void *arg, const struct gtv_span *span)
{
	struct gtv_recheck *c = arg;
	uint64_t w = weight(span->lane, span->state), from_ns = span->from_ns;

	if (from_ns < c->begin_ns)
		from_ns = c->begin_ns;
	if (from_ns >= span->to_ns)
		return;

	for (unsigned n = 0; n < GTV_ZOOM_LEVELS; n++)
		if (c->level[n].count)
			c->level[n].spans +=
				w * covered(&c->level[n], from_ns, span->to_ns);
}

static void add_piece(void *arg, const struct gtv_piece *piece)
{
	struct level *l = arg;
	const struct gtv_span *s = &piece->span;

	if (piece->spans == 1)
		l->tiles += weight(s->lane, s->state) * covered(l, s->from_ns, s->to_ns);
	else if (covered(l, s->from_ns, s->to_ns)) /* tiles lie inside as a whole */
		for (unsigned st = 0; st < GTV_ST_MAX; st++)
			l->tiles += weight(s->lane, st) * gtv_piece_ns(piece, st);
}

static void add_tiles(struct level *l, const struct gtv_store *store, unsigned n)
{
	for (size_t i = 0; i < gtv_store_zoom_count(store, n); i++) {
		void *bytes;
		size_t size;
		if (gtv_store_get_zoom(store, n, i, &bytes, &size)) {
			l->unreadable = 1;
			continue;
		}
		l->unreadable |= gtv_zoom_decode(bytes, size, add_piece, l) != 0;
		free(bytes);
	}
}

/* ---- Checkpoints ---- */

static void compare_checkpoint(struct gtv_recheck *c, uint64_t ts_ns, const void *bytes,
			       size_t size)
{
	void *ours;
	size_t our_size;

	if (gtv_model_save(c->model, &ours, &our_size))
		return;
	if ((our_size != size || memcmp(ours, bytes, size) != 0) && !c->wrong++)
		c->first_wrong_ns = ts_ns;
	free(ours);
}

/* Those that stand before the next block. */
static void compare_checkpoints(struct gtv_recheck *c)
{
	uint64_t ts_ns;
	size_t size, block;
	void *bytes;

	while (!gtv_store_checkpoint(c->store, c->next_checkpoint, &ts_ns, &block) &&
	       block <= c->blocks) {
		if (block == c->blocks && c->whole &&
		    !gtv_store_load_checkpoint(c->store, c->next_checkpoint, &bytes,
					       &size)) {
			compare_checkpoint(c, ts_ns, bytes, size);
			free(bytes);
		}
		c->next_checkpoint++;
	}
}

/* ---- The walk ---- */

struct gtv_recheck *gtv_recheck_new(const struct gtv_store *store)
{
	struct gtv_recheck *c = calloc(1, sizeof *c);
	struct gtv_model_sink sink = {.arg = c, .span = add_span};
	struct gtv_store_info info;
	struct gtv_store_stats stats;
	int rc = 0;

	if (!c)
		return NULL;
	c->store = store;
	gtv_store_get_info(store, &info);
	gtv_store_get_stats(store, &stats);
	/* What a killed recorder still had open is in no tile. */
	for (unsigned n = 0; n < GTV_ZOOM_LEVELS && stats.complete; n++)
		rc |= learn_cover(&c->level[n], store, n);
	c->model = gtv_model_new(info.level, gtv_store_names(store), &sink);
	c->whole = !gtv_store_gap_count(store) && info.model == gtv_model_id();
	if (c->model)
		c->begin_ns = gtv_report_begin(c->model, store);
	if (!rc && c->model)
		return c;
	gtv_recheck_free(c);
	return NULL;
}

void gtv_recheck_free(struct gtv_recheck *c)
{
	if (!c)
		return;
	for (unsigned n = 0; n < GTV_ZOOM_LEVELS; n++)
		free(c->level[n].cover);
	gtv_model_free(c->model);
	free(c);
}

void gtv_recheck_item(struct gtv_recheck *c, const struct gtv_walk_item *item)
{
	if (item->gap) {
		c->whole = 0;
		return;
	}
	if (!c->whole)
		return;
	compare_checkpoints(c);
	c->blocks++;
	if (gtv_model_feed(c->model, item->evs, item->count))
		c->whole = 0;
}

void gtv_recheck_finish(struct gtv_recheck *c, uint64_t end_ns)
{
	if (!c->whole)
		return;
	compare_checkpoints(c);
	/* The recorder ended a little after the last event. */
	for (unsigned n = 0; n < GTV_ZOOM_LEVELS; n++) {
		const struct level *l = &c->level[n];
		if (l->count && l->cover[l->count - 1].to_ns > end_ns)
			end_ns = l->cover[l->count - 1].to_ns;
	}
	gtv_model_finish(c->model, end_ns);
	for (unsigned n = 0; n < GTV_ZOOM_LEVELS; n++)
		if (c->level[n].count)
			add_tiles(&c->level[n], c->store, n);
}

uint64_t gtv_recheck_checkpoints(const struct gtv_recheck *c, uint64_t *first_ns)
{
	*first_ns = c->first_wrong_ns;
	return c->wrong;
}

int gtv_recheck_zoom(const struct gtv_recheck *c, unsigned level)
{
	const struct level *l = &c->level[level];

	return c->whole && !l->unreadable && l->spans != l->tiles;
}
