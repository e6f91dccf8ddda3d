/* SPDX-License-Identifier: MIT */
#include "tui/trace/reading.h"

#include <stdlib.h>
#include <time.h>

#include "runtime/abi/gtv_ring.h"
#include "tracer/cmd/part.h"
#include "tracer/cmd/report.h"
#include "tracer/cmd/walk.h"

struct tui_reading {
	struct tui_trace *trace;
	const struct tui_reading_ops *ops;
	void *arg;
	struct gtv_model *model;
	struct gtv_walk walk;
	uint64_t upto_ns, stop_ns; /* stop: nothing that begins later is wanted */
	int done, caught_up, failed, stopped;
	int is_part; /* `part` is what is read */
	struct gtv_part_reader part;
	struct gtv_walk_item item; /* of it, `fed` events were fed */
	size_t fed;
};

/* Fed at once: a block of a crowd takes longer than a frame. */
#define FEED 1024u

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

struct tui_reading *tui_reading_new(struct tui_trace *t, const struct tui_reading_ops *ops,
				    void *arg)
{
	struct gtv_model_sink sink = {
		.arg = arg, .span = ops->span, .edge = ops->edge, .note = ops->note};
	struct tui_reading *r = calloc(1, sizeof(*r));
	struct gtv_store_info info;

	if (!r)
		return NULL;
	r->trace = t;
	r->ops = ops;
	r->arg = arg;
	r->upto_ns = t->nav.first_ns;
	r->stop_ns = UINT64_MAX;
	gtv_store_get_info(t->store, &info);
	r->model = gtv_model_new(info.level, t->names, &sink);
	if (gtv_walk_init(&r->walk, t->store, 0) || !r->model) {
		tui_reading_free(r);
		return NULL;
	}
	gtv_report_begin(r->model, t->store);
	return r;
}

void tui_reading_range(struct tui_reading *r, uint64_t from_ns, uint64_t to_ns)
{
	const struct gtv_store *store = r->trace->store;
	struct gtv_block_info info;
	size_t size, block;
	void *bytes;

	r->stop_ns = to_ns;
	if (gtv_store_get_checkpoint(store, from_ns, &bytes, &size, &block))
		return;
	if (gtv_store_block(store, block, &info)) {
		free(bytes);
		return;
	}
	gtv_walk_fini(&r->walk);
	r->failed |= gtv_walk_init(&r->walk, store, info.from_ns) != 0 ||
		     gtv_model_restore(r->model, bytes, size) != 0;
	/* The block before may end at the same ns. */
	r->walk.block = block;
	r->upto_ns = info.from_ns;
	free(bytes);
}

int tui_reading_part(struct tui_reading *r, uint64_t from_ns, uint64_t to_ns)
{
	struct gtv_model_sink sink = {
		.arg = r->arg, .span = r->ops->span, .edge = r->ops->edge};
	struct gtv_store_info info;

	gtv_store_get_info(r->trace->store, &info);
	r->part = (struct gtv_part_reader){.from_ns = from_ns, .to_ns = to_ns};
	sink = gtv_part_sink(&r->part, &sink);
	gtv_model_free(r->model);
	r->model = r->part.model = gtv_model_new(info.level, r->trace->names, &sink);
	if (!r->model)
		return -GTV_ENOMEM;
	gtv_walk_fini(&r->walk);
	r->failed |= gtv_part_seek(&r->part, &r->walk, r->trace->store) != 0;
	r->is_part = 1;
	r->upto_ns = from_ns;
	return 0;
}

void tui_reading_free(struct tui_reading *r)
{
	if (!r)
		return;
	gtv_walk_fini(&r->walk);
	gtv_model_free(r->model);
	free(r);
}

void tui_reading_release(struct tui_reading *r)
{
	if (!r->done)
		return;
	gtv_walk_fini(&r->walk);
	gtv_model_free(r->model);
	r->walk = (struct gtv_walk){0};
	r->model = NULL;
}

/* The next events of the block. */
static int feed(struct tui_reading *r)
{
	const struct tui_reading_ops *ops = r->ops;
	const struct gtv_ev *evs = r->item.evs + r->fed;
	size_t count = r->item.count - r->fed;

	count = count < FEED ? count : FEED;
	r->fed += count;
	if (ops->events)
		ops->events(r->arg, evs, count);
	if (ops->feed)
		return ops->feed(r->arg, r->model, evs, count);
	return gtv_model_feed(r->model, evs, count);
}

static int feed_gap(struct tui_reading *r, uint64_t from_ns, uint64_t to_ns)
{
	const struct tui_reading_ops *ops = r->ops;

	if (ops->gap)
		ops->gap(r->arg, from_ns, to_ns);
	if (ops->feed_gap)
		return ops->feed_gap(r->arg, r->model, from_ns, to_ns);
	return gtv_model_gap(r->model, from_ns, to_ns);
}

/* What comes next. 1: there is no more now. */
static int next_item(struct tui_reading *r)
{
	struct gtv_walk_item *item = &r->item;
	int rc = gtv_walk_next(&r->walk, item);

	r->fed = 0;
	if (rc) {
		r->failed |= rc < 0;
		item->count = 0;
		item->gap = 0;
		return 1;
	}
	if (item->from_ns > r->stop_ns) {
		item->count = 0;
		r->stopped = 1;
		return 1;
	}
	if (r->is_part && !gtv_part_take(&r->part, item)) {
		item->count = 0;
		r->stopped = r->part.over;
		return r->stopped;
	}
	return 0;
}

/* One part of the trace. 1: there is no more now. */
static int read_part(struct tui_reading *r)
{
	uint64_t to;
	int rc = 0;

	if (r->item.gap || r->fed >= r->item.count) {
		if (next_item(r))
			return 1;
	}
	/* The last gap may have no end. */
	to = r->item.to_ns < r->trace->nav.last_ns ? r->item.to_ns : r->trace->nav.last_ns;
	if (!r->item.gap)
		rc = feed(r);
	else if (r->item.from_ns < to)
		rc = feed_gap(r, r->item.from_ns, to);
	r->failed |= rc != 0;
	/* What is read of a block is known as far as its events. */
	if (!r->item.gap && r->fed < r->item.count)
		to = r->item.evs[r->fed - 1].ts_ns;
	if (to > r->upto_ns)
		r->upto_ns = to;
	return r->failed;
}

static void finish(struct tui_reading *r)
{
	uint64_t last_ns = r->trace->nav.last_ns, end_ns = last_ns ? last_ns - 1 : 0;

	if (r->is_part)
		end_ns = gtv_part_end(&r->part, end_ns);
	if (r->ops->finish)
		r->ops->finish(r->arg, r->model, end_ns);
	else
		gtv_model_finish(r->model, end_ns);
	r->upto_ns = last_ns < r->stop_ns ? last_ns : r->stop_ns;
	if (r->is_part)
		r->upto_ns = last_ns < r->part.to_ns ? last_ns : r->part.to_ns;
	r->done = 1;
}

/* So many lanes that a part takes longer than a frame. */
#define CROWD 4096u

static int is_crowd(const struct tui_trace *t)
{
	return gtv_names_count(t->names, GTV_CLASS_GT) +
		       gtv_names_count(t->names, GTV_CLASS_THREAD) >
	       CROWD;
}

int tui_reading_waits(const struct tui_trace *t)
{
	return t->patience.answering && is_crowd(t);
}

int tui_reading_go(struct tui_reading *r, uint64_t budget_ns)
{
	uint64_t began_ns = now_ns();
	int parts = 0;

	if (r->done || tui_reading_waits(r->trace))
		return 0;
	if (r->failed) {
		finish(r);
		return 1;
	}
	do {
		r->caught_up = read_part(r);
		parts += !r->caught_up;
	} while (!r->caught_up && now_ns() - began_ns < budget_ns);
	if (r->caught_up && (r->trace->facts.mode != TUI_LIVE || r->failed || r->stopped)) {
		finish(r);
		return 1;
	}
	return parts > 0;
}

int tui_reading_done(const struct tui_reading *r)
{
	return r->done;
}

int tui_reading_caught_up(const struct tui_reading *r)
{
	return r->caught_up;
}

uint64_t tui_reading_upto_ns(const struct tui_reading *r)
{
	return r->upto_ns;
}

int tui_reading_failed(const struct tui_reading *r)
{
	return r->failed;
}

const struct gtv_model *tui_reading_model(const struct tui_reading *r)
{
	return r->model;
}
