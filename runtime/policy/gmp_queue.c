/* SPDX-License-Identifier: MIT */
#include "runtime/policy/gmp_queue.h"

int gt__local_spill(struct gt__local *q, struct gt *gt, uint32_t head,
		    struct gt__queue *global)
{
	struct gt *batch[GT__LOCAL_MAX / 2 + 1];
	uint32_t n = GT__LOCAL_MAX / 2;

	for (uint32_t i = 0; i < n; i++)
		batch[i] = __atomic_load_n(&q->slot[(head + i) % GT__LOCAL_MAX],
					   __ATOMIC_RELAXED);
	if (!__atomic_compare_exchange_n(&q->head, &head, head + n, 0, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return 0;
	batch[n] = gt;
	for (uint32_t i = 0; i < n; i++)
		batch[i]->next = batch[i + 1];
	gt__queue_push_all(global, batch[0], batch[n], n + 1);
	return 1;
}

struct gt *gt__local_steal(struct gt__local *mine, struct gt__local *victim,
			   uint32_t *count, struct gt **first)
{
	for (;;) {
		uint32_t head = __atomic_load_n(&victim->head, __ATOMIC_ACQUIRE);
		uint32_t tail = __atomic_load_n(&victim->tail, __ATOMIC_ACQUIRE);
		uint32_t n = tail - head - (tail - head) / 2;

		if (!n)
			return NULL;
		if (n > GT__LOCAL_MAX / 2) /* head and tail are not of one moment */
			continue;
		for (uint32_t i = 0; i < n; i++) {
			struct gt *gt =
				__atomic_load_n(&victim->slot[(head + i) % GT__LOCAL_MAX],
						__ATOMIC_RELAXED);

			__atomic_store_n(&mine->slot[(mine->tail + i) % GT__LOCAL_MAX], gt,
					 __ATOMIC_RELAXED);
		}
		if (!__atomic_compare_exchange_n(&victim->head, &head, head + n, 0,
						 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		struct gt *last =
			__atomic_load_n(&mine->slot[(mine->tail + n - 1) % GT__LOCAL_MAX],
					__ATOMIC_RELAXED);

		*first = __atomic_load_n(&mine->slot[mine->tail % GT__LOCAL_MAX],
					 __ATOMIC_RELAXED);
		*count = n;
		__atomic_store_n(&mine->tail, mine->tail + n - 1, __ATOMIC_RELEASE);
		return last;
	}
}
