/* SPDX-License-Identifier: MIT
 *
 * While one block is looked at, a thread decodes the next one: a third of a report's time
 * is decoding. It is asked for one block at a time, and only for what is listed already, so
 * that a trace that still comes reads as it does without. Where there is no thread to be
 * had, blocks are read when they are due.
 */
#include "tracer/cmd/walk.h"

#include <pthread.h>
#include <stdlib.h>

struct gtv_walk_gap {
	uint64_t from_ns, to_ns, bytes;
	size_t idx;
};

/* A few blocks are read sooner than a thread is started. */
#define WORTH_A_THREAD 8u

struct gtv_walk_ahead {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	const struct gtv_store *store;
	struct gtv_ev *evs; /* where the block asked for goes */
	size_t block;
	long result; /* of gtv_store_read */
	enum { IDLE, ASKED, DONE, OVER } state;
};

static void *read_ahead(void *arg)
{
	struct gtv_walk_ahead *a = arg;

	pthread_mutex_lock(&a->lock);
	for (;;) {
		while (a->state == IDLE || a->state == DONE)
			pthread_cond_wait(&a->changed, &a->lock);
		if (a->state == OVER)
			break;
		pthread_mutex_unlock(&a->lock);
		long result = gtv_store_read(a->store, a->block, a->evs);
		pthread_mutex_lock(&a->lock);
		a->result = result;
		if (a->state == ASKED)
			a->state = DONE;
		pthread_cond_broadcast(&a->changed);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* NULL: it goes without. */
static struct gtv_walk_ahead *ahead_new(const struct gtv_store *store)
{
	struct gtv_walk_ahead *a;

	if (gtv_store_block_count(store) < WORTH_A_THREAD)
		return NULL;
	a = calloc(1, sizeof *a);
	if (!a)
		return NULL;
	a->store = store;
	a->evs = malloc(GTV_BLOCK_MAX * sizeof *a->evs);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	if (a->evs && !pthread_create(&a->thread, NULL, read_ahead, a))
		return a;
	free(a->evs);
	free(a);
	return NULL;
}

static void ahead_free(struct gtv_walk_ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->state = OVER;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	free(a->evs);
	free(a);
}

static void ask(struct gtv_walk *w, size_t block)
{
	struct gtv_walk_ahead *a = w->ahead;

	if (!a || block >= gtv_store_block_count(w->store))
		return;
	pthread_mutex_lock(&a->lock);
	a->block = block;
	a->state = ASKED;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

/* The block's events into w->evs: those that were read ahead, if it was that one. */
static long fetch(struct gtv_walk *w, size_t block)
{
	struct gtv_walk_ahead *a = w->ahead;
	struct gtv_ev *evs;
	long result = 0;
	int here = 0;

	if (a) {
		pthread_mutex_lock(&a->lock);
		while (a->state == ASKED)
			pthread_cond_wait(&a->changed, &a->lock);
		here = a->state == DONE && a->block == block;
		result = a->result;
		a->state = IDLE;
		pthread_mutex_unlock(&a->lock);
	}
	if (here) {
		evs = w->evs;
		w->evs = a->evs;
		a->evs = evs;
	} else {
		result = gtv_store_read(w->store, block, w->evs);
	}
	ask(w, block + 1);
	return result;
}

static int earlier(const void *a, const void *b)
{
	const struct gtv_walk_gap *x = a, *y = b;

	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return (x->idx > y->idx) - (x->idx < y->idx);
}

/* The store lists its gaps as it found them: damaged names after all others. */
static int sort_gaps(struct gtv_walk *w)
{
	size_t count = gtv_store_gap_count(w->store);

	w->gaps = calloc(count + 1, sizeof *w->gaps);
	for (size_t i = 0; w->gaps && i < count; i++) {
		struct gtv_walk_gap *g = &w->gaps[w->gap_count];

		g->idx = i;
		w->gap_count +=
			!gtv_store_gap(w->store, i, &g->from_ns, &g->to_ns, &g->bytes);
	}
	if (w->gap_count)
		qsort(w->gaps, w->gap_count, sizeof *w->gaps, earlier);
	return w->gaps ? 0 : -GTV_ENOMEM;
}

int gtv_walk_init(struct gtv_walk *w, const struct gtv_store *store, uint64_t from_ns)
{
	*w = (struct gtv_walk){.store = store};
	w->evs = malloc(GTV_BLOCK_MAX * sizeof *w->evs);
	if (!w->evs || sort_gaps(w))
		return -GTV_ENOMEM;
	w->block = from_ns ? gtv_store_find(store, from_ns) : gtv_store_first_block(store);
	while (w->gap < w->gap_count && w->gaps[w->gap].to_ns < from_ns)
		w->gap++;
	w->ahead = ahead_new(store);
	return 0;
}

void gtv_walk_fini(struct gtv_walk *w)
{
	ahead_free(w->ahead);
	w->ahead = NULL;
	free(w->evs);
	free(w->gaps);
	w->evs = NULL;
	w->gaps = NULL;
}

/* The next gap, if it begins before `ts_ns`. Its limits are guesses from its
 * neighbours, so it never reaches into the block after it. */
static int gap_before(struct gtv_walk *w, uint64_t ts_ns, struct gtv_walk_item *item)
{
	const struct gtv_walk_gap *gap = &w->gaps[w->gap];

	if (w->gap == w->gap_count || gap->from_ns >= ts_ns)
		return 0;
	w->gap++;
	*item = (struct gtv_walk_item){.gap = 1,
				       .from_ns = gap->from_ns,
				       .to_ns = gap->to_ns < ts_ns ? gap->to_ns : ts_ns,
				       .gap_bytes = gap->bytes};
	return 1;
}

static int read_block(struct gtv_walk *w, struct gtv_walk_item *item)
{
	long n = fetch(w, w->block++);

	item->from_ns = item->block.from_ns;
	item->to_ns = w->done_ns = item->block.to_ns;
	if (n == -GTV_ECORRUPT || n == -GTV_ENOTFOUND) /* dropped just now */
		item->gap = item->block_damaged = 1;
	else if (n < 0)
		return (int)n;
	else
		item->count = (size_t)n;
	item->evs = w->evs;
	return 0;
}

/* A store that keeps its last part only was faster than we: a gap. */
static int dropped(struct gtv_walk *w, struct gtv_walk_item *item)
{
	size_t first = gtv_store_first_block(w->store);
	struct gtv_block_info block;

	if (w->block >= first || gtv_store_block(w->store, first, &block))
		return 0;
	w->block = first;
	*item = (struct gtv_walk_item){.gap = 1, .to_ns = block.from_ns};
	item->from_ns = w->done_ns < block.from_ns ? w->done_ns : block.from_ns;
	return 1;
}

int gtv_walk_next(struct gtv_walk *w, struct gtv_walk_item *item)
{
	*item = (struct gtv_walk_item){0};
	struct gtv_block_info next;

	if (dropped(w, item))
		return 0;
	if (gtv_store_block(w->store, w->block, &next))
		return !gap_before(w, UINT64_MAX, item);
	if (gap_before(w, next.from_ns, item))
		return 0;
	item->block = next;
	return read_block(w, item);
}
