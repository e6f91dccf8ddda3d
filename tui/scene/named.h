/* SPDX-License-Identifier: MIT
 *
 * All lanes that a word of a filter names, of a hundred thousand: each name is looked at
 * where it is, without a look-up or a copy.
 */
#ifndef TUI_SCENE_NAMED_H
#define TUI_SCENE_NAMED_H

#include <stddef.h>

#include "tui/scene/filter.h"

/* Those of a kind (threads, green threads, locks) for which tui_filter_name says yes, in
 * the order of the names. At most max. Returns how many. */
size_t tui_named(const struct tui_filter_term *term, const struct gtv_names *names,
		 enum gtv_lane_kind kind, struct gtv_lane *out, size_t max);

#endif
