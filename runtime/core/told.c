/* SPDX-License-Identifier: MIT */
#include "runtime/core/told.h"

#include <stdio.h>

#include "runtime/core/rt.h"

#define NAMES_MAX 1024u

/* Written once, `id` last: who sees that sees all. */
static struct {
	uint32_t id, class;
	const char *kind;
	char name[GT__NAME_BYTES];
} names[NAMES_MAX];
static uint32_t taken; /* atomic; may pass NAMES_MAX */

static void tell(struct gtv_producer *tr, uint32_t class, uint32_t id, const char *kind,
		 const char *name)
{
	if (kind)
		gt__trace_text(tr, GTV_TEXT_LOCK_KIND, id, kind);
	if (name && name[0])
		gt__trace_text(tr, (enum gtv_text) class, id, name);
}

void gt__told_name(struct gtv_producer *tr, enum gtv_text class, uint32_t id,
		   const char *kind, const char *name)
{
	uint32_t i = NAMES_MAX;

	tell(tr, class, id, kind, name);
	if (name && __atomic_load_n(&taken, __ATOMIC_RELAXED) < NAMES_MAX)
		i = __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
	if (i >= NAMES_MAX)
		return;
	names[i].class = class;
	names[i].kind = kind;
	snprintf(names[i].name, sizeof names[i].name, "%s", name);
	__atomic_store_n(&names[i].id, id, __ATOMIC_RELEASE);
}

void gt__told_again(struct gtv_producer *tr)
{
	for (uint32_t i = 0; i < NAMES_MAX; i++) {
		uint32_t id = __atomic_load_n(&names[i].id, __ATOMIC_ACQUIRE);

		if (!id)
			continue;
		tell(tr, names[i].class, id, names[i].kind, names[i].name);
		gt__trace_give_way(tr);
	}
}
