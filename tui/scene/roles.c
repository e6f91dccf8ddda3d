/* SPDX-License-Identifier: MIT */
#include "tui/scene/roles.h"

#include <stdlib.h>
#include <string.h>

struct tui_roles *tui_roles_new(const struct gtv_names *names)
{
	struct tui_roles *roles = calloc(1, sizeof(*roles));
	if (!roles)
		return NULL;
	roles->names = names;
	roles->version = UINT64_MAX;
	return roles;
}

void tui_roles_begin(struct tui_roles *roles)
{
	uint64_t version = gtv_names_version(roles->names);
	if (version == roles->version)
		return;
	memset(roles->gt, 0, sizeof(roles->gt));
	memset(roles->thread, 0, sizeof(roles->thread));
	tui_ident_first_gts(roles->names, &roles->first);
	roles->version = version;
}

int tui_roles_gt(struct tui_roles *roles, uint32_t gt)
{
	struct tui_kept_role *kept = &roles->gt[gt % TUI_ROLES_GTS];
	if (kept->id != gt || kept->role == 0)
		*kept = (struct tui_kept_role){
			gt, (uint8_t)tui_ident_gt_of(roles->names, &roles->first, gt), 0};
	return kept->role;
}

/* Who the first twelve are is looked for each time. */
static const struct tui_kept_role *thread(struct tui_roles *roles, uint32_t tid)
{
	struct tui_kept_role *kept = &roles->thread[tid % TUI_ROLES_THREADS];
	if (kept->id != tid || kept->role == 0)
		*kept = (struct tui_kept_role){tid,
					       (uint8_t)tui_ident_thread(roles->names, tid),
					       tui_ident_is_ours(roles->names, tid) != 0};
	return kept;
}

int tui_roles_thread(struct tui_roles *roles, uint32_t tid)
{
	return thread(roles, tid)->role;
}

int tui_roles_is_ours(struct tui_roles *roles, uint32_t tid)
{
	return thread(roles, tid)->ours;
}
