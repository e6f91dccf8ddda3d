/* SPDX-License-Identifier: MIT
 *
 * What the loops of green and asyncio share: one OS thread runs all green threads, and
 * the pool's threads leave what they made ready in an inbox, whose owner may sleep in the
 * poller meanwhile.
 */
#ifndef GT_INBOX_H
#define GT_INBOX_H

#include "runtime/core/fiber.h"
#include "runtime/policy/pool.h"
#include "runtime/io/reactor.h"

struct gt__inbox {
	uint32_t sleeping; /* atomic: the hub waits in the poller */
	struct gt__queue queue;
};

/* By another OS thread than the owner. */
static inline void gt__inbox_put(struct gt__inbox *inbox, struct gt *gt)
{
	gt__queue_push(&inbox->queue, gt);
	if (__atomic_load_n(&inbox->sleeping, __ATOMIC_SEQ_CST))
		gt__reactor_kick();
}

static inline int gt__inbox_has_some(const struct gt__inbox *inbox)
{
	return gt__queue_count(&inbox->queue) != 0;
}

static inline void gt__inbox_empty(struct gt__inbox *inbox, void (*push)(struct gt *gt))
{
	uint32_t count;
	struct gt *gt = gt__queue_take(&inbox->queue, UINT32_MAX, &count);

	while (gt) {
		struct gt *next = gt->next;

		push(gt);
		gt = next;
	}
}

/* Nothing is ready: sleeps in the poller, unless nothing could end that sleep. What then
 * is in the inbox is for the caller to take. */
void gt__inbox_sleep(struct gt__os *os, struct gt__inbox *inbox);

#endif
