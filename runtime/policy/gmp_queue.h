/* SPDX-License-Identifier: MIT
 *
 * A processor's own queue, after Go's (Dmitry Vyukov): a ring of 256 that only its
 * owner fills and from whose head anybody may take, and a run-next place for what was
 * made ready last, which goes first. What does not fit goes, with half of the ring,
 * into the queue that all processors share.
 *
 * An owner is whoever holds the processor; it changes only by operations that order
 * what the last one did before what the next one does.
 */
#ifndef GT_GMP_QUEUE_H
#define GT_GMP_QUEUE_H

#include "runtime/core/fiber.h"

#define GT__LOCAL_MAX 256u

struct gt__local {
	_Alignas(64) uint32_t head;
	_Alignas(64) uint32_t tail;
	struct gt *run_next;
	struct gt *slot[GT__LOCAL_MAX];
};

/* Full: half of q and gt go to `global`. Returns 0: another took some meanwhile. */
int gt__local_spill(struct gt__local *q, struct gt *gt, uint32_t head,
		    struct gt__queue *global);

/* At the tail. The owner. */
static inline void gt__local_put(struct gt__local *q, struct gt *gt,
				 struct gt__queue *global)
{
	for (;;) {
		uint32_t head = __atomic_load_n(&q->head, __ATOMIC_ACQUIRE);

		if (__builtin_expect(q->tail - head < GT__LOCAL_MAX, 1)) {
			__atomic_store_n(&q->slot[q->tail % GT__LOCAL_MAX], gt,
					 __ATOMIC_RELAXED);
			__atomic_store_n(&q->tail, q->tail + 1, __ATOMIC_RELEASE);
			return;
		}
		if (gt__local_spill(q, gt, head, global))
			return;
	}
}

/* From the head. The owner. */
static inline struct gt *gt__local_get(struct gt__local *q)
{
	uint32_t head = __atomic_load_n(&q->head, __ATOMIC_ACQUIRE);

	while (head != q->tail) {
		struct gt *gt =
			__atomic_load_n(&q->slot[head % GT__LOCAL_MAX], __ATOMIC_RELAXED);

		if (__atomic_compare_exchange_n(&q->head, &head, head + 1, 0,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return gt;
	}
	return NULL;
}

/* gt goes next; returns whom it displaces, or NULL. The owner. */
static inline struct gt *gt__local_next_put(struct gt__local *q, struct gt *gt)
{
	return __atomic_exchange_n(&q->run_next, gt, __ATOMIC_ACQ_REL);
}

/* Anybody. */
static inline struct gt *gt__local_next_take(struct gt__local *q)
{
	if (!__atomic_load_n(&q->run_next, __ATOMIC_RELAXED))
		return NULL;
	return __atomic_exchange_n(&q->run_next, NULL, __ATOMIC_ACQ_REL);
}

/* There is something beside run-next. Anybody. */
static inline int gt__local_has_some(const struct gt__local *q)
{
	uint32_t tail = __atomic_load_n(&q->tail, __ATOMIC_SEQ_CST);

	return __atomic_load_n(&q->head, __ATOMIC_SEQ_CST) != tail;
}

static inline int gt__local_has_next(const struct gt__local *q)
{
	return __atomic_load_n(&q->run_next, __ATOMIC_SEQ_CST) != NULL;
}

/* Half of the victim's ring (rounded up) into `mine`, which is empty, but for the last
 * one, which is returned; *count: how many, *first: the first. NULL: there was none. */
struct gt *gt__local_steal(struct gt__local *mine, struct gt__local *victim,
			   uint32_t *count, struct gt **first);

#endif
