/* SPDX-License-Identifier: MIT
 *
 * Patches: where the store has no tiles, because there are few events or because they
 * are not written yet, the events are decoded to tiles of our own. A patch that is
 * asked for more goes on where it ended, so one that follows a live trace, or a
 * window that moves on, decodes only what is new.
 */
#include "tracer/model/window_priv.h"

#include <stdlib.h>
#include <string.h>

#define PATCH_BYTES (16u << 20) /* before one that moved on starts anew */

static void patch_span(void *arg, const struct gtv_span *span)
{
	struct gtv__patch *p = arg;

	if (span->to_ns > p->from_ns)
		gtv_zoom_span(p->zoom, span);
}

static void patch_open(void *arg, const struct gtv_span *span)
{
	struct gtv__patch *p = arg;

	if (span->to_ns <= span->from_ns)
		return;
	if (p->opens == p->open_cap) {
		size_t cap = p->open_cap ? p->open_cap * 2 : 32;
		struct gtv_span *grown = realloc(p->open, cap * sizeof *grown);
		if (!grown) {
			p->no_memory = 1;
			return;
		}
		p->open = grown;
		p->open_cap = cap;
	}
	p->open[p->opens++] = *span;
}

static int open_order(const void *a, const void *b)
{
	const struct gtv_lane x = ((const struct gtv_span *)a)->lane;
	const struct gtv_lane y = ((const struct gtv_span *)b)->lane;

	if (x.kind != y.kind)
		return x.kind < y.kind ? -1 : 1;
	return (x.id > y.id) - (x.id < y.id);
}

const struct gtv_span *gtv__patch_open(const struct gtv__patch *p, struct gtv_lane lane)
{
	struct gtv_span key = {.lane = lane};

	return p->opens ? bsearch(&key, p->open, p->opens, sizeof key, open_order) : NULL;
}

static void patch_drop(struct gtv__patch *p)
{
	gtv__feeder_fini(&p->feeder);
	gtv_zoom_free(p->zoom);
	p->zoom = NULL;
	p->opens = 0;
	p->no_memory = p->unread = 0;
}

void gtv__patch_fini(struct gtv__patch *p)
{
	patch_drop(p);
	free(p->open);
	p->open = NULL;
	p->open_cap = 0;
}

static int patch_start(struct gtv__patch *p, const struct gtv_store *st, struct gtv_ev *evs,
		       uint64_t from_ns)
{
	struct gtv_model_sink sink = {.arg = p, .span = patch_span};

	patch_drop(p);
	p->zoom = gtv_zoom_new(NULL);
	if (!p->zoom)
		return -GTV_ENOMEM;
	p->from_ns = from_ns;
	return gtv__feeder_seek(&p->feeder, st, evs, from_ns, &sink);
}

static size_t patch_bytes(const struct gtv__patch *p)
{
	size_t bytes = 0;

	for (unsigned l = 0; l < GTV_ZOOM_LEVELS; l++)
		bytes += p->zoom->out_bytes[l];
	return bytes;
}

int gtv__patch_near(const struct gtv__patch *p, uint64_t from_ns, uint64_t to_ns,
		    uint64_t margin_ns)
{
	if (!p->zoom || p->from_ns > from_ns)
		return 0;
	if (p->feeder.done_ns >= to_ns || p->feeder.finished)
		return 1;
	if (patch_bytes(p) > PATCH_BYTES && (from_ns - p->from_ns) / 2 > to_ns - from_ns)
		return 0;
	return gtv__feeder_is_near(&p->feeder,
				   from_ns > margin_ns ? from_ns - margin_ns : 0);
}

int gtv__patch_load(struct gtv__patch *p, const struct gtv_store *st, struct gtv_ev *evs,
		    uint64_t from_ns, uint64_t to_ns, uint64_t margin_ns,
		    const struct gtv__patience *wait)
{
	int err = 0;

	if (!gtv__patch_near(p, from_ns, to_ns, margin_ns))
		err = patch_start(p, st, evs,
				  from_ns > margin_ns ? from_ns - margin_ns : 0);
	p->unread = 0;
	while (!err && !p->unread && (p->feeder.done_ns < to_ns || !p->feeder.next_block)) {
		err = gtv__feeder_step(&p->feeder);
		p->unread = !err && p->feeder.done_ns < to_ns && gtv__has_enough(wait);
	}
	p->opens = 0;
	if (err >= 0 && !p->feeder.finished)
		gtv_model_open_spans(p->feeder.m, p->feeder.done_ns, patch_open, p);
	if (err < 0 || p->zoom->err || p->no_memory) {
		patch_drop(p);
		return -GTV_ENOMEM;
	}
	if (p->opens)
		qsort(p->open, p->opens, sizeof *p->open, open_order);
	return 0;
}
