/* SPDX-License-Identifier: MIT */
#include "tui/scene/spots.h"

#include <stddef.h>

void tui_spot(struct tui_spots *spots, enum tui_spot_kind kind, int x, int y, int width,
	      int height, unsigned long number)
{
	if (spots && spots->count < TUI_SPOTS_MAX)
		spots->spot[spots->count++] =
			(struct tui_spot){kind, x, y, width, height, number};
}

const struct tui_spot *tui_spot_at(const struct tui_spots *spots, int x, int y, int times)
{
	for (int i = spots->count; i-- > 0;) {
		const struct tui_spot *s = &spots->spot[i];

		if (x >= s->x && x < s->x + s->width && y >= s->y && y < s->y + s->height &&
		    (s->kind == TUI_SPOT_TIME) == times)
			return s;
	}
	return NULL;
}
