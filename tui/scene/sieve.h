/* SPDX-License-Identifier: MIT
 *
 * What a filter lets through, remembered: of a hundred thousand lanes each verdict is a
 * look-up of names or of what the lane does, which is too much for a frame. So each frame
 * judges some more lanes; those not judged yet are not listed, or stay as they were judged
 * before the window moved. Lanes come in any order.
 */
#ifndef TUI_SCENE_SIEVE_H
#define TUI_SCENE_SIEVE_H

#include <stddef.h>

#include "tui/scene/filter.h"

struct gtv_window;

struct tui_sieve {
	struct tui_filter filter;
	struct tui_sieve_bits {
		uint64_t *fits, *judged;
		size_t words;
	} bits[GTV_LANE_KIND_MAX];
	uint64_t looks, names; /* of this pass over the lanes: the window, and the names */
	long left;	       /* what may still be judged now, in names */
	size_t unjudged;       /* asked for since the pass or the frame began */
};

void tui_sieve_fini(struct tui_sieve *s);
/* Before lanes are asked for: so many names may be looked up, or far fewer lanes'
 * doings.
 * Another filter begins anew; another window or other names when all were judged. */
void tui_sieve_begin(struct tui_sieve *s, const struct tui_filter *filter,
		     const struct gtv_names *names, const struct gtv_window *window,
		     long work);
/* As tui_filter_lane. */
int tui_sieve_lane(struct tui_sieve *s, const struct gtv_names *names,
		   struct gtv_window *window, struct gtv_lane lane);
/* Some lanes that were asked for wait for their verdict. */
int tui_sieve_unread(const struct tui_sieve *s);

#endif
