/* SPDX-License-Identifier: MIT */
#include "tracer/source/idmap.h"

#include <stdlib.h>

#include "tracer/base/err.h"

void gtv_idmap_fini(struct gtv_idmap *map)
{
	free(map->slot);
	map->slot = NULL;
	map->size = map->used = 0;
}

static struct gtv_idmap_slot *find(const struct gtv_idmap *map, uint32_t local)
{
	if (!map->size)
		return NULL;
	for (uint32_t i = gtv_idmap_home(map, local); map->slot[i].local;
	     i = (i + 1) & (map->size - 1))
		if (map->slot[i].local == local)
			return &map->slot[i];
	return NULL;
}

void gtv_idmap_set(struct gtv_idmap *map, uint32_t local, uint32_t id)
{
	struct gtv_idmap_slot *slot = find(map, local);

	if (slot)
		slot->id = id;
}

static void place(struct gtv_idmap *map, uint32_t local, uint32_t id)
{
	uint32_t i = gtv_idmap_home(map, local);

	while (map->slot[i].local)
		i = (i + 1) & (map->size - 1);
	map->slot[i] = (struct gtv_idmap_slot){local, id};
}

static int grow(struct gtv_idmap *map)
{
	struct gtv_idmap old = *map;

	map->size = old.size ? 2 * old.size : 32;
	map->slot = calloc(map->size, sizeof *map->slot);
	if (!map->slot) {
		*map = old;
		return -GTV_ENOMEM;
	}
	for (uint32_t i = 0; i < old.size; i++)
		if (old.slot[i].local)
			place(map, old.slot[i].local, old.slot[i].id);
	free(old.slot);
	return 0;
}

int gtv_idmap_put(struct gtv_idmap *map, uint32_t local, uint32_t id)
{
	if (map->used >= map->size / 2 && grow(map) < 0)
		return -GTV_ENOMEM;
	place(map, local, id);
	map->used++;
	return 0;
}
