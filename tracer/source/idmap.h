/* SPDX-License-Identifier: MIT
 *
 * Process-local ids to trace-unique ones, for one class of one process image: a small
 * hash in front of the names table, which would be asked several times an event.
 */
#ifndef GTV_IDMAP_H
#define GTV_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct gtv_idmap {
	struct gtv_idmap_slot {
		uint32_t local, id; /* local 0: empty */
	} * slot;
	uint32_t size, used;
	uint32_t salt; /* so that a program cannot choose ids that collide */
};

static inline uint32_t gtv_idmap_home(const struct gtv_idmap *map, uint32_t local)
{
	uint64_t h = (uint64_t)(local ^ map->salt) * 0x9e3779b97f4a7c15ull;

	return (uint32_t)((h ^ h >> 29) >> 8) & (map->size - 1);
}

/* All zero is an empty one; salt: any number the program does not know. */
void gtv_idmap_fini(struct gtv_idmap *map);
/* The id of `local` (not 0), or 0 if it is not there. */
static inline uint32_t gtv_idmap_get(const struct gtv_idmap *map, uint32_t local)
{
	if (!map->size)
		return 0;
	for (uint32_t i = gtv_idmap_home(map, local); map->slot[i].local;
	     i = (i + 1) & (map->size - 1))
		if (map->slot[i].local == local)
			return map->slot[i].id;
	return 0;
}
/* Adds; 0 or -GTV_ENOMEM. It must not be there yet. */
int gtv_idmap_put(struct gtv_idmap *map, uint32_t local, uint32_t id);
/* Changes the id of a local that is there. */
void gtv_idmap_set(struct gtv_idmap *map, uint32_t local, uint32_t id);

#endif
