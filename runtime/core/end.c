/* SPDX-License-Identifier: MIT
 *
 * How green threads end otherwise than by a return: gt_exit with its cleanups, and
 * gt_detach; and the pointer that a program may leave with one.
 *
 * gt_exit goes back to where the function was called, under every policy the same way.
 * The compiler's own setjmp does it: it stores three words and saves no signal mask, so
 * that starting a green thread stays cheap.
 */
#include <errno.h>

#include "runtime/core/cancel.h"

/* Never inlined: the place to come back to needs a frame of its own. */
__attribute__((noinline)) void gt__call_body(struct gt *self)
{
	void *leave[GT__LEAVE_WORDS];

	self->leave = leave;
	if (!__builtin_setjmp(leave))
		self->fn(self->arg);
}

static struct gt *calling(void)
{
	struct gt__os *os = gt__os();

	return os ? os->current : NULL;
}

void gt_exit(void)
{
	struct gt *self = calling();
	struct gt_cleanup *cleanup;

	if (!self)
		return;
	/* Cleanups may wait: they are not cancelled. Nor is a callback's green thread. */
	if (!self->no_wait)
		__atomic_fetch_or(&self->cancel, GT__CANCEL_OFF, __ATOMIC_RELEASE);
	while ((cleanup = self->cleanups)) {
		self->cleanups = cleanup->next;
		cleanup->fn(cleanup->arg);
	}
#ifdef GT_ASAN
	__asan_handle_no_return();
#endif
	__builtin_longjmp(self->leave, 1);
}

int gt_cleanup_push(struct gt_cleanup *cleanup, void (*fn)(void *arg), void *arg)
{
	struct gt *self = calling();

	if (!self)
		return -EPERM;
	cleanup->fn = fn;
	cleanup->arg = arg;
	cleanup->next = self->cleanups;
	self->cleanups = cleanup;
	return 0;
}

int gt_cleanup_pop(struct gt_cleanup *cleanup, int execute)
{
	struct gt *self = calling();

	if (!self)
		return -EPERM;
	if (self->cleanups != cleanup)
		return -EINVAL;
	self->cleanups = cleanup->next;
	if (execute)
		cleanup->fn(cleanup->arg);
	return 0;
}

/* Whoever comes second, its end or this, frees it. */
int gt_detach(struct gt *gt)
{
	struct gt *joiner = GT__JOIN_NOBODY;

	if (!calling())
		return -EPERM;
	if (!gt || gt->detached)
		return -EINVAL;
	if (__atomic_compare_exchange_n(&gt->join, &joiner, GT__JOIN_DETACHED, 0,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return 0;
	if (joiner != GT__JOIN_ENDED)
		return -EINVAL;
	gt__acquired();
	gt->result = NULL; /* nobody asks for it any more */
	gt__free(gt);
	return 0;
}

void gt_set_data(void *data)
{
	struct gt *self = calling();

	if (self)
		self->data = data;
}

void *gt_data(const struct gt *gt)
{
	return gt ? gt->data : NULL;
}
