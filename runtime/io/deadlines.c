/* SPDX-License-Identifier: MIT */
#include "runtime/io/deadlines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/os/sys.h"

#define FIRST_MAX  64u /* room for so many at first; a power of two */
#define LINE_BYTES 64
#define AHEAD	   3u /* so many takes before its own is a deadline's owner loaded */

/* The deadline lies beside its owner's address: a hundred thousand owners, each on a stack
 * of its own, are not touched when others come or go. */
struct gt__deadline {
	uint64_t ns;
	uintptr_t whose; /* struct gt__due, and REMOVABLE */
};

#define REMOVABLE 1u

static struct gt__due *owner(struct gt__deadline deadline)
{
	return (struct gt__due *)(deadline.whose & ~(uintptr_t)REMOVABLE);
}

/* Its stack has gone from the caches, perhaps from the list of pages, too. What it goes on
 * with lies there in a few lines: below what the sleep's caller left, above where it
 * switched. (Called, it would be left out: it does nothing that a compiler sees.) */
static inline __attribute__((always_inline)) void load(struct gt__deadline deadline)
{
	const char *at = (const char *)(deadline.whose & ~(uintptr_t)(LINE_BYTES - 1));

	__builtin_prefetch(at - 5 * LINE_BYTES, 1);
	__builtin_prefetch(at - 4 * LINE_BYTES, 1);
	__builtin_prefetch(at - LINE_BYTES, 1);
	__builtin_prefetch(at, 1);
	__builtin_prefetch(at + LINE_BYTES, 1);
	__builtin_prefetch(at + 2 * LINE_BYTES, 1);
}

/* -------------------------------------------------------------------- lines */

static struct gt__deadline *lane_at(const struct gt__deadlines *d, uint32_t lane,
				    uint32_t i)
{
	return &d->lane[lane].at[(d->lane[lane].head + i) & (d->lane[lane].max - 1)];
}

static int lane_grow(struct gt__deadlines *d, uint32_t lane)
{
	uint32_t max = d->lane[lane].max ? 2 * d->lane[lane].max : FIRST_MAX;
	struct gt__deadline *at = malloc(max * sizeof *at);

	if (!at)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->lane[lane].count; i++)
		at[i] = *lane_at(d, lane, i);
	free(d->lane[lane].at);
	d->lane[lane].at = at;
	d->lane[lane].head = 0;
	d->lane[lane].max = max;
	return 0;
}

/* Where it is the last: behind the latest that is not after it, else in an empty line.
 * GT__LANES: nowhere. */
static uint32_t lane_for(const struct gt__deadlines *d, uint64_t ns)
{
	uint32_t best = GT__LANES;

	for (uint32_t i = 0; i < GT__LANES; i++) {
		int empty = !d->lane[i].count;

		if (!empty && d->lane[i].last_ns > ns)
			continue;
		if (best == GT__LANES || !d->lane[best].count ||
		    (!empty && d->lane[i].last_ns > d->lane[best].last_ns))
			best = i;
	}
	return best;
}

static int lane_add(struct gt__deadlines *d, uint32_t lane, struct gt__deadline deadline)
{
	if (d->lane[lane].count == d->lane[lane].max && lane_grow(d, lane))
		return -ENOMEM;
	*lane_at(d, lane, d->lane[lane].count++) = deadline;
	d->lane[lane].last_ns = deadline.ns;
	return 0;
}

static struct gt__due *lane_take(struct gt__deadlines *d, uint32_t lane)
{
	struct gt__due *due = owner(*lane_at(d, lane, 0));

	d->lane[lane].head++;
	if (--d->lane[lane].count >= AHEAD)
		load(*lane_at(d, lane, AHEAD - 1));
	return due;
}

static void lane_close_up(struct gt__deadlines *d, uint32_t lane, uint32_t gap)
{
	for (uint32_t i = gap; i + 1 < d->lane[lane].count; i++)
		*lane_at(d, lane, i) = *lane_at(d, lane, i + 1);
	if (--d->lane[lane].count)
		d->lane[lane].last_ns = lane_at(d, lane, d->lane[lane].count - 1)->ns;
}

/* --------------------------------------------------------------------- heap */

static inline void heap_set(struct gt__deadlines *d, uint32_t idx,
			    struct gt__deadline deadline)
{
	d->heap[idx] = deadline;
	if (deadline.whose & REMOVABLE)
		owner(deadline)->place = idx;
}

static void heap_up(struct gt__deadlines *d, uint32_t idx, struct gt__deadline deadline)
{
	while (idx && d->heap[(idx - 1) / 4].ns > deadline.ns) {
		heap_set(d, idx, d->heap[(idx - 1) / 4]);
		idx = (idx - 1) / 4;
	}
	heap_set(d, idx, deadline);
}

static uint32_t earliest_child(const struct gt__deadlines *d, uint32_t idx)
{
	uint32_t child = 4 * idx + 1, end = child + 4, best = child;

	if (end > d->heap_count)
		end = d->heap_count;
	while (++child < end)
		if (d->heap[child].ns < d->heap[best].ns)
			best = child;
	return best;
}

static void heap_down(struct gt__deadlines *d, uint32_t idx, struct gt__deadline deadline)
{
	while (4 * idx + 1 < d->heap_count) {
		uint32_t child = earliest_child(d, idx);

		if (d->heap[child].ns >= deadline.ns)
			break;
		heap_set(d, idx, d->heap[child]);
		idx = child;
	}
	heap_set(d, idx, deadline);
}

static int heap_add(struct gt__deadlines *d, struct gt__deadline deadline)
{
	if (d->heap_count == d->heap_max) {
		uint32_t max = d->heap_max ? d->heap_max * 2 : FIRST_MAX;
		struct gt__deadline *heap = realloc(d->heap, max * sizeof *heap);

		if (!heap)
			return -ENOMEM;
		d->heap = heap;
		d->heap_max = max;
	}
	heap_up(d, d->heap_count++, deadline);
	return 0;
}

static void heap_take(struct gt__deadlines *d, uint32_t idx)
{
	struct gt__deadline gone = d->heap[idx], last = d->heap[--d->heap_count];

	if (gone.whose & REMOVABLE)
		owner(gone)->place = GT__DUE_NOWHERE;
	if (idx == d->heap_count)
		return;
	if (last.ns < gone.ns)
		heap_up(d, idx, last);
	else
		heap_down(d, idx, last);
}

/* ---------------------------------------------------------------------- all */

int gt__deadlines_add(struct gt__deadlines *d, struct gt__due *due, int removable)
{
	struct gt__deadline deadline = {due->ns,
					(uintptr_t)due | (removable ? REMOVABLE : 0)};
	uint32_t lane = removable ? GT__LANES : lane_for(d, due->ns);

	return lane < GT__LANES ? lane_add(d, lane, deadline) : heap_add(d, deadline);
}

/* GT__LANES: the heap has it. */
static uint32_t first_lane(const struct gt__deadlines *d, uint64_t *ns)
{
	uint32_t first = GT__LANES;

	*ns = d->heap_count ? d->heap[0].ns : GT__NEVER;
	for (uint32_t i = 0; i < GT__LANES; i++)
		if (d->lane[i].count && lane_at(d, i, 0)->ns < *ns) {
			*ns = lane_at(d, i, 0)->ns;
			first = i;
		}
	return first;
}

uint64_t gt__deadlines_next(const struct gt__deadlines *d)
{
	uint64_t ns;

	first_lane(d, &ns);
	return ns;
}

struct gt__due *gt__deadlines_take(struct gt__deadlines *d, uint64_t until_ns)
{
	uint64_t ns;
	uint32_t lane = first_lane(d, &ns);
	struct gt__due *due;

	if (ns == GT__NEVER || ns > until_ns)
		return NULL;
	if (lane < GT__LANES)
		return lane_take(d, lane);
	due = owner(d->heap[0]);
	heap_take(d, 0);
	if (d->heap_count)
		load(d->heap[0]);
	return due;
}

void gt__deadlines_remove(struct gt__deadlines *d, struct gt__due *due)
{
	if (due->place != GT__DUE_NOWHERE)
		heap_take(d, due->place);
}

int gt__deadlines_find_and_remove(struct gt__deadlines *d, const struct gt__due *due)
{
	for (uint32_t i = 0; i < d->heap_count; i++)
		if (owner(d->heap[i]) == due) {
			heap_take(d, i);
			return 1;
		}
	for (uint32_t lane = 0; lane < GT__LANES; lane++)
		for (uint32_t i = 0; i < d->lane[lane].count; i++)
			if (owner(*lane_at(d, lane, i)) == due) {
				lane_close_up(d, lane, i);
				return 1;
			}
	return 0;
}

void gt__deadlines_free(struct gt__deadlines *d)
{
	for (uint32_t lane = 0; lane < GT__LANES; lane++)
		free(d->lane[lane].at);
	free(d->heap);
	memset(d, 0, sizeof *d);
}
