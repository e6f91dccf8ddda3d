/* SPDX-License-Identifier: MIT
 *
 * A hash from 64-bit keys to 64-bit values: open addressing, at most half full.
 */
#ifndef GTV_EXPORT_KEYS_H
#define GTV_EXPORT_KEYS_H

#include <stddef.h>
#include <stdint.h>

struct gtv__keys {
	struct gtv__key {
		uint64_t key, value;
	} * slot; /* key 0: free */
	size_t cap, used;
};

/* The value of a key (not 0), 0 at first. Valid until the next call. NULL without
 * memory. */
uint64_t *gtv__keys_at(struct gtv__keys *keys, uint64_t key);
void gtv__keys_free(struct gtv__keys *keys);

#endif
