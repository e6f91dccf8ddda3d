/* SPDX-License-Identifier: MIT
 *
 * Records by id, for what lives now. Linear probing; a removal moves those behind it
 * up (Knuth, The Art of Computer Programming 3, 6.4, algorithm R), so that a table
 * through which millions pass stays as small as what is alive at once.
 */
#include "tracer/model/findings_priv.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 64

void gtv__f_table_init(struct gtv__f_table *t, unsigned bytes, uint32_t max)
{
	memset(t, 0, sizeof *t);
	t->bytes = bytes;
	t->max = max;
}

void gtv__f_table_free(struct gtv__f_table *t)
{
	for (size_t i = 0; i < t->chunks; i++)
		free(t->chunk[i]);
	free(t->chunk);
	free(t->slot);
}

static uint32_t home(const struct gtv__f_table *t, uint32_t id)
{
	return (id * 0x9e3779b1u >> 7) & (t->cap - 1);
}

static uint32_t find(const struct gtv__f_table *t, uint32_t id)
{
	uint32_t at = home(t, id);

	while (t->slot[at].rec && t->slot[at].id != id)
		at = (at + 1) & (t->cap - 1);
	return at;
}

void *gtv__f_get(struct gtv__f_table *t, uint32_t id)
{
	struct gtv__f_slot *last = &t->last[id % 16];

	if (last->id == id && last->rec)
		return last->rec;
	if (!t->used)
		return NULL;
	*last = (struct gtv__f_slot){id, t->slot[find(t, id)].rec};
	return last->rec;
}

void *gtv__f_peek(const struct gtv__f_table *t, uint32_t id)
{
	return t->used ? t->slot[find(t, id)].rec : NULL;
}

static int grow(struct gtv__f_table *t)
{
	struct gtv__f_slot *old = t->slot;
	uint32_t cap = t->cap;

	t->cap = cap ? cap * 2 : 64;
	t->slot = calloc(t->cap, sizeof *t->slot);
	if (!t->slot) {
		t->slot = old;
		t->cap = cap;
		return -1;
	}
	for (uint32_t i = 0; i < cap; i++)
		if (old[i].rec)
			t->slot[find(t, old[i].id)] = old[i];
	free(old);
	return 0;
}

static void *record(struct gtv__f_table *t)
{
	char *chunk;
	void **list;

	if (!t->free) {
		list = realloc(t->chunk, (t->chunks + 1) * sizeof *list);
		if (!list)
			return NULL;
		t->chunk = list;
		chunk = malloc((size_t)t->bytes * CHUNK);
		if (!chunk)
			return NULL;
		t->chunk[t->chunks++] = chunk;
		for (size_t i = 0; i < CHUNK; i++) {
			void *rec = chunk + i * t->bytes;
			memcpy(rec, &t->free, sizeof(void *));
			t->free = rec;
		}
	}
	void *rec = t->free;
	memcpy(&t->free, rec, sizeof(void *));
	memset(rec, 0, t->bytes);
	return rec;
}

void *gtv__f_make(struct gtv__f_table *t, uint32_t id)
{
	void *rec = gtv__f_get(t, id);

	if (rec)
		return rec;
	if (t->used >= t->max || (t->used * 4 >= t->cap * 3 && grow(t)) ||
	    !(rec = record(t))) {
		t->full++;
		return NULL;
	}
	memcpy(rec, &id, sizeof id);
	t->slot[find(t, id)] = t->last[id % 16] = (struct gtv__f_slot){id, rec};
	t->used++;
	return rec;
}

void gtv__f_drop(struct gtv__f_table *t, uint32_t id)
{
	uint32_t at, next, mask = t->cap - 1;

	if (!gtv__f_get(t, id))
		return;
	at = find(t, id);
	memcpy(t->slot[at].rec, &t->free, sizeof(void *));
	t->free = t->slot[at].rec;
	t->last[id % 16].rec = NULL;
	t->used--;
	for (next = (at + 1) & mask; t->slot[next].rec; next = (next + 1) & mask) {
		/* It may move up unless its home lies behind the hole. */
		if (((next - home(t, t->slot[next].id)) & mask) < ((next - at) & mask))
			continue;
		t->slot[at] = t->slot[next];
		at = next;
	}
	t->slot[at].rec = NULL;
}

void *gtv__f_next(const struct gtv__f_table *t, uint32_t *at)
{
	while (*at < t->cap) {
		void *rec = t->slot[(*at)++].rec;
		if (rec)
			return rec;
	}
	return NULL;
}
