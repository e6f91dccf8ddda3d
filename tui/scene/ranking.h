/* SPDX-License-Identifier: MIT
 *
 * A hundred thousand rows put in order in a millisecond or two: by a key of 64 bits, the
 * greatest first, rows with the same key as they were.
 */
#ifndef TUI_SCENE_RANKING_H
#define TUI_SCENE_RANKING_H

#include <stddef.h>
#include <stdint.h>

struct tui_ranked {
	uint64_t key;
	uint32_t idx;
};

/* spare: room for as many. */
void tui_rank(struct tui_ranked *row, struct tui_ranked *spare, size_t count);

#endif
