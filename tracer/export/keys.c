/* SPDX-License-Identifier: MIT */
#include "tracer/export/keys.h"

#include <stdlib.h>

static struct gtv__key *find(const struct gtv__keys *keys, uint64_t key)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15ull >> 20) & (keys->cap - 1);

	while (keys->slot[i].key && keys->slot[i].key != key)
		i = (i + 1) & (keys->cap - 1);
	return &keys->slot[i];
}

static int grow(struct gtv__keys *keys)
{
	struct gtv__keys big = {.cap = keys->cap ? 2 * keys->cap : 64, .used = keys->used};

	big.slot = calloc(big.cap, sizeof *big.slot);
	if (!big.slot)
		return -1;
	for (size_t i = 0; i < keys->cap; i++)
		if (keys->slot[i].key)
			*find(&big, keys->slot[i].key) = keys->slot[i];
	free(keys->slot);
	*keys = big;
	return 0;
}

uint64_t *gtv__keys_at(struct gtv__keys *keys, uint64_t key)
{
	if (2 * keys->used >= keys->cap && grow(keys))
		return NULL;

	struct gtv__key *at = find(keys, key);

	if (!at->key) {
		at->key = key;
		keys->used++;
	}
	return &at->value;
}

void gtv__keys_free(struct gtv__keys *keys)
{
	free(keys->slot);
	*keys = (struct gtv__keys){0};
}
