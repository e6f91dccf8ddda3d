/* SPDX-License-Identifier: MIT
 *
 * The OS threads in sight, in the order in which they are shown: those of one process
 * together. Who a thread is, is asked of the names once: each look has thousands of
 * threads, and a lookup is a lock and a miss of the cache.
 */
#include "tracer/model/window_priv.h"

#include <stdlib.h>
#include <string.h>

/* A stamp says of which version of the names it is; 0 of none. */
static uint32_t stamp_of(uint64_t version)
{
	return ((uint32_t)version << 1 | 1u) & ~0x80000000u;
}

static struct gtv__thread ask(const struct gtv_names *names, uint32_t tid, uint32_t stamp)
{
	struct gtv_name name;

	if (gtv_names_get(names, GTV_CLASS_THREAD, tid, &name))
		name.pid = name.local = 0;
	return (struct gtv__thread){name.pid,
				    stamp | (name.local ? GTV__THREAD_WORKS : 0u)};
}

/* More than is needed, in pages that cost nothing until they are used. */
static int make_room(struct gtv__threads *t, uint32_t tid)
{
	size_t cap = t->cap ? t->cap : 1024;
	struct gtv__thread *grown;

	while (cap <= tid)
		cap *= 2;
	if (cap == t->cap)
		return 0;
	grown = calloc(cap, sizeof *grown);
	if (!grown)
		return -GTV_ENOMEM;
	if (t->cap)
		memcpy(grown, t->thread, t->cap * sizeof *grown);
	free(t->thread);
	t->thread = grown;
	t->cap = cap;
	return 0;
}

struct gtv__thread gtv__threads_get(struct gtv__threads *t, const struct gtv_names *names,
				    uint32_t tid)
{
	uint32_t stamp = stamp_of(t->version);

	if (tid >= GTV__SET_IDS || make_room(t, tid))
		return ask(names, tid, stamp);
	if ((t->thread[tid].stamp & ~GTV__THREAD_WORKS) != stamp)
		t->thread[tid] = ask(names, tid, stamp);
	return t->thread[tid];
}

static int shown_order(const void *a, const void *b)
{
	const struct gtv__shown *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->lane.id > y->lane.id) - (x->lane.id < y->lane.id);
}

/* Whether they are those that were put in order last. */
static int same_threads(const struct gtv__threads *t, const struct gtv_lane *lane,
			size_t count)
{
	if (t->showns != count || t->shown_version != t->version)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (t->asked[i].id != lane[i].id)
			return 0;
	return 1;
}

static int make_room_to_show(struct gtv__threads *t, size_t count)
{
	if (count > t->shown_cap) {
		struct gtv__shown *grown = realloc(t->shown, 2 * count * sizeof *grown);
		if (!grown)
			return -GTV_ENOMEM;
		t->shown = grown;
		t->shown_cap = 2 * count;
	}
	if (count > t->asked_cap) {
		struct gtv_lane *grown = realloc(t->asked, 2 * count * sizeof *grown);
		if (!grown)
			return -GTV_ENOMEM;
		t->asked = grown;
		t->asked_cap = 2 * count;
	}
	return 0;
}

int gtv__threads_settle(struct gtv__threads *t, const struct gtv_names *names,
			const struct gtv_lane *lane, size_t count)
{
	t->version = gtv_names_version(names);
	if (same_threads(t, lane, count))
		return 0;
	t->showns = 0;
	if (make_room_to_show(t, count))
		return -GTV_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		t->asked[i] = lane[i];
		t->shown[t->showns++] = (struct gtv__shown){
			gtv__threads_get(t, names, lane[i].id).pid, lane[i]};
	}
	if (count)
		qsort(t->shown, count, sizeof *t->shown, shown_order);
	t->shown_version = t->version;
	return 0;
}

void gtv__threads_fini(struct gtv__threads *t)
{
	free(t->thread);
	free(t->shown);
	free(t->asked);
	memset(t, 0, sizeof *t);
}
