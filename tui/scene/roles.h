/* SPDX-License-Identifier: MIT
 *
 * The fills of those who run (ident.h), kept from frame to frame: a wide window shows
 * thousands of green threads, and to look each name up costs a miss of the cache or two.
 */
#ifndef TUI_SCENE_ROLES_H
#define TUI_SCENE_ROLES_H

#include "tui/scene/ident.h"

#define TUI_ROLES_GTS	  65536
#define TUI_ROLES_THREADS 1024

struct tui_roles {
	const struct gtv_names *names;
	uint64_t version; /* of the names, for which what is kept holds */
	struct tui_ident_first first;
	struct tui_kept_role {
		uint32_t id;
		uint8_t role; /* 0: not asked */
		uint8_t ours; /* threads: tui_ident_is_ours */
	} gt[TUI_ROLES_GTS], thread[TUI_ROLES_THREADS];
};

/* Zeroed, but for the names, which are borrowed; free() it. NULL: no memory. */
struct tui_roles *tui_roles_new(const struct gtv_names *names);
/* Before a frame: forgets what names have changed. */
void tui_roles_begin(struct tui_roles *roles);
/* As tui_ident_gt, tui_ident_thread and tui_ident_is_ours. */
int tui_roles_gt(struct tui_roles *roles, uint32_t gt);
int tui_roles_thread(struct tui_roles *roles, uint32_t tid);
int tui_roles_is_ours(struct tui_roles *roles, uint32_t tid);

#endif
