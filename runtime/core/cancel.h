/* SPDX-License-Identifier: MIT
 *
 * Cancelling: how a green thread that waits is taken out of its wait.
 *
 * Who waits says how (struct gt__wait_how) before it can be found, and takes that back
 * when it goes on. Who cancels sets ASKED and BUSY, looks how the other waits, and has
 * it leave; BUSY keeps the other from going further, so that what lies on its stack, and
 * what it waits for, stay there. Each writes one word and then reads the other's, and one
 * of the two at least must see what was written. Where there are several OS threads, who
 * cancels sees to that for both, by a barrier on all of them (membarrier): so a wait
 * costs two loads and four stores, none of them locked.
 */
#ifndef GT_CANCEL_H
#define GT_CANCEL_H

#include "runtime/core/rt.h"

/* What waits return inside the runtime: the caller puts all in order, then acts. No
 * system call's errno. */
#define GT__CANCELLED (-0x10000)

/* struct gt's `cancel`. DONE: it acts on it. OVER: it has ended. */
enum {
	GT__CANCEL_ASKED = 1,
	GT__CANCEL_BUSY = 2,
	GT__CANCEL_OFF = 4,
	GT__CANCEL_DONE = 8,
	GT__CANCEL_OVER = 16
};

struct gt__wait_how {
	const char
		*noun; /* of wait_on: "mutex", "to send on channel"; NULL: see wait_kind */
	/* Called by who cancels: gt waits so, or is about to, or was woken meanwhile. Takes
	 * it out of where its waker finds it; 1: it is the caller's to make ready. NULL:
	 * this wait is no place to be cancelled at. */
	int (*leave)(struct gt__os *os, struct gt *gt);
};

/* A request is to be acted upon by this wait, or at this safe point. */
int gt__cancel_due(const struct gt *self);
/* Nobody reaches for us any more. Returns 1. */
int gt__cancel_settle(struct gt *self);
/* Ends the calling green thread, whose request is due. Nothing of the runtime's may be
 * held. */
void gt__cancel_act(void) __attribute__((noreturn));
/* A safe point, the request of somebody is out. */
void gt__cancel_tick(struct gt__os *os);
/* A run begins. */
void gt__cancel_open(void);

/* `fences`: gt__rt.cancel_fences, which are never on a single OS thread. */
static inline void gt__wait_set(struct gt *self, const struct gt__wait_how *how,
				uint32_t fences)
{
	if (__builtin_expect(fences, 0))
		(void)__atomic_exchange_n(&self->wait_how, how, __ATOMIC_SEQ_CST);
	else
		__atomic_store_n(&self->wait_how, how, __ATOMIC_RELEASE);
	__asm__ volatile("" ::: "memory");
}

/* The calling green thread is about to wait, and whatever keeps wakers from finding it is
 * held. 1: it is not to, for it was cancelled: it releases that, and calls wait_end. */
static inline int gt__wait_begin_with(struct gt *self, const struct gt__wait_how *how,
				      const void *on, void *arg, uint32_t fences)
{
	self->wait_on = on;
	self->wait_arg = arg;
	gt__wait_set(self, how, fences);
	return __builtin_expect(__atomic_load_n(&self->cancel, __ATOMIC_ACQUIRE) &
					GT__CANCEL_ASKED,
				0) &&
	       gt__cancel_due(self);
}

static inline int gt__wait_begin(struct gt *self, const struct gt__wait_how *how,
				 const void *on, void *arg)
{
	return gt__wait_begin_with(self, how, on, arg, gt__rt.cancel_fences);
}

/* It goes on. 0: nobody has cancelled it. Else `leave` may have been called, and is not
 * being called any more. No guard may be held. */
static inline int gt__wait_end_with(struct gt *self, uint32_t fences)
{
	gt__wait_set(self, NULL, fences);
	return __builtin_expect(__atomic_load_n(&self->cancel, __ATOMIC_ACQUIRE) &
					(GT__CANCEL_ASKED | GT__CANCEL_BUSY),
				0)
		       ? gt__cancel_settle(self)
		       : 0;
}

static inline int gt__wait_end(struct gt *self)
{
	return gt__wait_end_with(self, gt__rt.cancel_fences);
}

void gt__cancel_over_late(struct gt *self, uint32_t was);
/* Its function has returned: from here on it cannot be cancelled. */
static inline void gt__cancel_over(struct gt *self)
{
	uint32_t was;

	if (gt__rt.single) {
		was = __atomic_load_n(&self->cancel, __ATOMIC_RELAXED);
		__atomic_store_n(&self->cancel, was | GT__CANCEL_OVER, __ATOMIC_RELAXED);
	} else {
		was = __atomic_fetch_or(&self->cancel, GT__CANCEL_OVER, __ATOMIC_ACQ_REL);
	}
	if (__builtin_expect(was & (GT__CANCEL_ASKED | GT__CANCEL_BUSY), 0))
		gt__cancel_over_late(self, was);
}

/* A sleep or poll in the kernel that another OS thread may end. */
struct gt__stoppable {
	pthread_t thread; /* that is in it */
	pid_t pid;	  /* or the process; 0: ours */
	uint32_t stop;	  /* atomic: asked */
	uint32_t back;	  /* atomic: it has returned */
};

/* Ends it; returns when it has ended. */
void gt__stop(struct gt__stoppable *s);

#endif
