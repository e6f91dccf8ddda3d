/* SPDX-License-Identifier: MIT */
#include "tracer/base/progress.h"

#include <stddef.h>

static _Thread_local struct gtv_progress *told;

void gtv_progress_to(struct gtv_progress *p)
{
	told = p;
}

void gtv_progress_at(enum gtv_step step, uint64_t done, uint64_t all)
{
	if (!told)
		return;
	/* Each is a figure to be read by a person: no order is needed among them. */
	atomic_store_explicit(&told->all, all, memory_order_relaxed);
	atomic_store_explicit(&told->done, done, memory_order_relaxed);
	atomic_store_explicit(&told->step, (int)step, memory_order_relaxed);
}
