/* SPDX-License-Identifier: MIT */
#include "tracer/cmd/part.h"

#include <stdlib.h>

static void on_span(void *arg, const struct gtv_span *span)
{
	const struct gtv_part_reader *p = arg;

	if (p->begun && p->sink.span)
		p->sink.span(p->sink.arg, span);
}

static void on_edge(void *arg, const struct gtv_edge *edge)
{
	const struct gtv_part_reader *p = arg;

	if (p->begun && p->sink.edge)
		p->sink.edge(p->sink.arg, edge);
}

static void on_note(void *arg, const struct gtv_ev *ev)
{
	const struct gtv_part_reader *p = arg;

	if (p->begun && p->sink.note)
		p->sink.note(p->sink.arg, ev);
}

static void on_extra(void *arg, const struct gtv_ev *ev)
{
	const struct gtv_part_reader *p = arg;

	if (p->begun && p->sink.extra)
		p->sink.extra(p->sink.arg, ev);
}

struct gtv_model_sink gtv_part_sink(struct gtv_part_reader *p,
				    const struct gtv_model_sink *sink)
{
	p->sink = *sink;
	return (struct gtv_model_sink){.arg = p,
				       .span = on_span,
				       .edge = on_edge,
				       .note = on_note,
				       .extra = on_extra};
}

int gtv_part_seek(struct gtv_part_reader *p, struct gtv_walk *walk,
		  const struct gtv_store *store)
{
	struct gtv_block_info info;
	size_t size, block;
	void *bytes;
	int rc;

	if (gtv_store_get_checkpoint(store, p->from_ns, &bytes, &size, &block) ||
	    gtv_store_block(store, block, &info))
		return gtv_walk_init(walk, store, 0);
	rc = gtv_walk_init(walk, store, info.from_ns);
	if (!rc)
		rc = gtv_model_restore(p->model, bytes, size);
	free(bytes);
	/* The block before may end at the same ns. */
	walk->block = block;
	return rc;
}

static void begin(struct gtv_part_reader *p)
{
	gtv_model_cut(p->model, p->from_ns);
	p->begun = 1;
}

static int take_gap(struct gtv_part_reader *p, struct gtv_walk_item *item)
{
	if (!p->begun && item->from_ns < p->from_ns)
		gtv_model_gap(p->model, item->from_ns,
			      item->to_ns < p->from_ns ? item->to_ns : p->from_ns);
	if (!p->begun && item->to_ns >= p->from_ns)
		begin(p);
	if (!p->begun)
		return 0;
	if (item->from_ns < p->from_ns)
		item->from_ns = p->from_ns;
	if (item->to_ns > p->to_ns)
		item->to_ns = p->to_ns;
	return item->from_ns < item->to_ns;
}

/* How many of the events lie before ts_ns. */
static size_t before(const struct gtv_ev *evs, size_t count, uint64_t ts_ns)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (evs[middle].ts_ns < ts_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int gtv_part_take(struct gtv_part_reader *p, struct gtv_walk_item *item)
{
	size_t first = 0, end;

	if (item->from_ns >= p->to_ns)
		p->over = 1;
	if (p->over)
		return 0;
	if (item->gap)
		return take_gap(p, item);
	if (!p->begun) {
		first = before(item->evs, item->count, p->from_ns);
		gtv_model_feed(p->model, item->evs, first);
		if (first == item->count)
			return 0;
		begin(p);
	}
	end = before(item->evs, item->count, p->to_ns);
	p->over = end < item->count;
	item->evs += first;
	item->count = end > first ? end - first : 0;
	return item->count > 0;
}

uint64_t gtv_part_end(struct gtv_part_reader *p, uint64_t end_ns)
{
	if (end_ns > p->to_ns)
		end_ns = p->to_ns;
	if (!p->begun)
		begin(p);
	if (end_ns < p->from_ns)
		end_ns = p->from_ns;
	gtv_model_sum_waits(p->model, end_ns);
	return end_ns;
}
