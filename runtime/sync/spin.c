/* SPDX-License-Identifier: MIT
 *
 * Spinlocks. To a trace who spins is running: only takes and drops are told, numbered
 * by the owner as a mutex's are. Every so many looks a spinner yields: under N:1, and
 * on a core that the holder needs, looking harder does not help. Only test-and-set on
 * OS threads does not.
 */
#include <errno.h>

#include "runtime/core/rt.h"
#include "runtime/core/told.h"

#define LOOKS 100u

static uint32_t spin_id(struct gt__os *os, struct gt__spin *spin, const char *kind)
{
	if (!spin->id) { /* it is ours: nobody else does this now */
		spin->id = gt__object_id(&gt__rt.lock_ids, spin);
		gt__told_name(&os->tr, GTV_TEXT_LOCK, spin->id, kind, spin->name);
	}
	return spin->id;
}

static int may_lock(const struct gt__spin *spin)
{
	struct gt *self = gt_self();

	if (!self)
		return -EPERM;
	return __atomic_load_n(&spin->owner, __ATOMIC_RELAXED) == self ? -EDEADLK : 0;
}

static int taken(struct gt__spin *spin, const char *kind)
{
	struct gt__os *os = gt__os();

	gt__acquired();
	__atomic_store_n(&spin->owner, os->current, __ATOMIC_RELAXED);
	GT_COUNT(os, LOCK_TAKES);
	if (gt__trace_wants(&os->tr)) {
		uint32_t id = spin_id(os, spin, kind);

		gt__emit_on(&os->tr, GTV_EV_LOCK_TAKE, 0, 0, os->current->id, id,
			    ++spin->seq, 0);
	}
	return 0;
}

/* Before it is released. */
static int dropped(struct gt__spin *spin, const char *kind)
{
	struct gt__os *os = gt__os();
	struct gt *self = os ? os->current : NULL;

	if (!self || __atomic_load_n(&spin->owner, __ATOMIC_RELAXED) != self)
		return -EPERM;
	__atomic_store_n(&spin->owner, NULL, __ATOMIC_RELAXED);
	GT_COUNT(os, LOCK_DROPS);
	if (gt__trace_wants(&os->tr)) {
		uint32_t id = spin_id(os, spin, kind);

		gt__emit_on(&os->tr, GTV_EV_LOCK_DROP, 0, 0, self->id, id, ++spin->seq, 0);
	}
	return 0;
}

static inline void look_again(uint32_t *looks)
{
	gt_tick();
	if (gt__rt.single || ++*looks % LOOKS == 0)
		gt_yield();
	else
		gt__sys_relax();
}

/* A callback can let nobody else run: where nobody else does, a lock that is not free
 * stays so. */
static int is_hopeless(int taken)
{
	return taken && gt__rt.single && gt_self()->no_wait;
}

/* ------------------------------------------------------------ test-and-set */

/* The textbook's does nothing but look. Where the kernel preempts, so does this: a
 * holder that lost its core holds up all, and has the lock again when it is back. */
static inline void look_hard(uint32_t *looks)
{
	const unsigned kind = gt__rt.policy->flags;

	if ((kind & GT__POLICY_ONE_TO_ONE) && !(kind & GT__POLICY_GIL)) {
		gt_tick();
		gt__sys_relax();
	} else {
		look_again(looks);
	}
}

static int tas_try(struct gt_tas *tas)
{
	return !__atomic_load_n(&tas->held, __ATOMIC_RELAXED) &&
	       !__atomic_exchange_n(&tas->held, 1, __ATOMIC_ACQUIRE);
}

int gt_tas_lock(struct gt_tas *tas)
{
	uint32_t looks = 0;
	int err = may_lock(&tas->spin);

	if (err)
		return err;
	if (is_hopeless(__atomic_load_n(&tas->held, __ATOMIC_RELAXED) != 0))
		return -EDEADLK;
	while (!tas_try(tas))
		look_hard(&looks);
	return taken(&tas->spin, "test-and-set");
}

int gt_tas_trylock(struct gt_tas *tas)
{
	if (!gt_self())
		return -EPERM;
	return tas_try(tas) ? taken(&tas->spin, "test-and-set") : -EBUSY;
}

int gt_tas_unlock(struct gt_tas *tas)
{
	int err = dropped(&tas->spin, "test-and-set");

	if (!err)
		__atomic_store_n(&tas->held, 0, __ATOMIC_RELEASE);
	return err;
}

/* ------------------------------------------------------------------ ticket */

int gt_ticket_lock(struct gt_ticket *ticket)
{
	uint32_t looks = 0, mine;
	int err = may_lock(&ticket->spin);

	if (err)
		return err;
	if (is_hopeless(__atomic_load_n(&ticket->next, __ATOMIC_RELAXED) !=
			__atomic_load_n(&ticket->serving, __ATOMIC_RELAXED)))
		return -EDEADLK;
	mine = __atomic_fetch_add(&ticket->next, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&ticket->serving, __ATOMIC_ACQUIRE) != mine)
		look_again(&looks);
	return taken(&ticket->spin, "ticket");
}

int gt_ticket_unlock(struct gt_ticket *ticket)
{
	int err = dropped(&ticket->spin, "ticket");

	if (!err)
		__atomic_fetch_add(&ticket->serving, 1, __ATOMIC_RELEASE);
	return err;
}

/* --------------------------------------------------------------------- MCS */

int gt_mcs_lock(struct gt_mcs *mcs, struct gt_mcs_node *node)
{
	struct gt_mcs_node *before;
	uint32_t looks = 0;
	int err = may_lock(&mcs->spin);

	if (err)
		return err;
	if (is_hopeless(__atomic_load_n(&mcs->last, __ATOMIC_RELAXED) != NULL))
		return -EDEADLK;
	node->next = NULL;
	node->waits = 1;
	before = __atomic_exchange_n(&mcs->last, node, __ATOMIC_ACQ_REL);
	if (before) {
		__atomic_store_n(&before->next, node, __ATOMIC_RELEASE);
		while (__atomic_load_n(&node->waits, __ATOMIC_ACQUIRE))
			look_again(&looks);
	}
	return taken(&mcs->spin, "mcs");
}

/* Who is behind us, NULL nobody. One who has come but not yet linked itself to us is a
 * few instructions away, unless it lost its core there. */
static struct gt_mcs_node *heir_of(struct gt_mcs *mcs, struct gt_mcs_node *node)
{
	struct gt_mcs_node *heir = __atomic_load_n(&node->next, __ATOMIC_ACQUIRE),
			   *self = node;
	uint32_t looks = 0;

	if (heir || __atomic_compare_exchange_n(&mcs->last, &self, NULL, 0,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return heir;
	while (!(heir = __atomic_load_n(&node->next, __ATOMIC_ACQUIRE)))
		if (++looks % LOOKS)
			gt__sys_relax();
		else
			gt__sys_yield();
	return heir;
}

int gt_mcs_unlock(struct gt_mcs *mcs, struct gt_mcs_node *node)
{
	struct gt_mcs_node *heir;
	int err = dropped(&mcs->spin, "mcs");

	if (err)
		return err;
	heir = heir_of(mcs, node);
	if (heir)
		__atomic_store_n(&heir->waits, 0, __ATOMIC_RELEASE);
	return 0;
}
