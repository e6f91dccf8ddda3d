/* SPDX-License-Identifier: MIT
 *
 * How a running program begins to be traced, without stopping it:
 *
 *   1. the memory file is fetched; `on` is set for every OS thread of ours, and `limit` put
 *      below its head, so that its next event takes the slow way. There, as long as the
 *      trace has not begun, nothing is written;
 *   2. a barrier on all OS threads (membarrier): whoever begins an event from here on
 *      sees `on`. Who looked before is still to do what it tells, but nobody can do the
 *      next thing to the same green thread or lock until that is done;
 *   3. the file becomes the process's, and the trace begins: each OS thread claims its ring
 * at its next event;
 *   4. the rundown: what every green thread does, told into a ring of its own. It may be
 *      out of date before it is read: who reads takes it only for what has told nothing
 *      itself, and takes the first event after it as it comes.
 *
 * Nothing here takes a lock that the interrupted thread might hold, or allocates: what
 * cannot be had now is left, and gtviz asks again. The memory file stays mapped for who
 * may be in the midst of an event: when the trace ends, memory of nobody's takes its place.
 */
#include "runtime/core/attach.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "runtime/abi/gtv_attach.h"
#include "runtime/core/cancel.h"
#include "runtime/policy/gil.h"
#include "runtime/core/registry.h"
#include "runtime/core/rt.h"
#include "runtime/sim/sim.h"
#include "runtime/core/told.h"

__attribute__((visibility("hidden"))) struct gtv_attach gt__attach_point;

__asm__(".pushsection .note.gtviz,\"a\",@note\n"
	"	.balign 4\n"
	"	.long 6\n" /* with its 0 */
	"	.long 8\n"
	"	.long 1\n"
	"	.asciz \"" GTV_NOTE_NAME "\"\n"
	"	.balign 4\n"
	"	.quad gt__attach_point - .\n"
	".popsection");

#define ATTACH_SIGNAL SIGURG

static struct sigaction before;
static int installed;
static uint32_t serving; /* atomic: one at a time */

/* ------------------------------------------------------------- the rundown */

/* Reads what others write at the same time, and says so by its name. */
#if defined(GT_TSAN)
#define RACY __attribute__((no_sanitize("thread")))
#else
#define RACY
#endif

static RACY void tell_gt(struct gtv_producer *tr, const struct gt *gt)
{
	uint32_t kind = __atomic_load_n(&gt->wait_kind, __ATOMIC_RELAXED),
		 what = gt->wait_what, seq = gt->seq, tid = 0;

	if (!kind && __atomic_load_n(&gt->join, __ATOMIC_RELAXED) == GT__JOIN_ENDED)
		return;
	if (!kind) {
		tid = gt__os_tid_of(gt);
		kind = tid ? GTV_EV_SWITCH_RUN : GTV_EV_READY;
		what = 0;
	}
	if (gt->name[0])
		gt__trace_text(tr, GTV_TEXT_GT, gt->id, gt->name);
	gt__emit(tr, GTV_EV_GT_STATE, 0, (uint8_t)kind, gt->id, tid, seq, what);
}

/* The mutex that somebody waits for: who has it. */
static RACY void tell_lock(struct gtv_producer *tr, const struct gt *gt)
{
	const struct gt__wait_how *how = __atomic_load_n(&gt->wait_how, __ATOMIC_RELAXED);
	struct gt_mutex m;
	char name[GT__NAME_BYTES] = "";
	struct gt *owner;
	uint32_t id = 0;

	if (gt->wait_kind != GTV_EV_SWITCH_LOCK || !how || !how->noun ||
	    strcmp(how->noun, "mutex") != 0 || !gt->wait_on ||
	    !gt__peek(&m, gt->wait_on, sizeof m) || !m.id)
		return;
	owner = m.owner;
	/* Who ended with it, or was freed meanwhile, is not named. */
	if (owner && !gt__peek(&id, &owner->id, sizeof id))
		return;
	gt__trace_text(tr, GTV_TEXT_LOCK_KIND, m.id, "mutex");
	if (m.name && gt__peek(name, m.name, sizeof name - 1))
		gt__trace_text(tr, GTV_TEXT_LOCK, m.id, name);
	gt__emit(tr, GTV_EV_LOCK_STATE, 0, 0, id, m.id, m.seq, 0);
}

static void rundown(struct gtv_producer *tr)
{
	gt__os_all_tell_workers(tr);
	gt__told_again(tr);
	if (gt__rt.policy->flags & GT__POLICY_GIL)
		gt__gil_tell(tr);
	for (struct gt *gt = gt__registry_next(NULL); gt; gt = gt__registry_next(gt)) {
		tell_gt(tr, gt);
		tell_lock(tr, gt);
		gt__trace_give_way(tr);
	}
}

/* -------------------------------------------------------------- the request */

/* 0 or -errno; -EAGAIN: not now. */
static int begin(const struct gtv_attach *at)
{
	struct gtv_producer tr = {.on = 0};
	struct gt__trace_next next;
	char name[sizeof at->socket];
	int err;

	if (gt__sim_on || gt__rt.shared_ids)
		return -ENOTSUP;
	if (gt__registry_try())
		return -EAGAIN;
	if (gt__os_all_try()) {
		gt__registry_leave();
		return -EAGAIN;
	}
	memcpy(name, at->socket, sizeof name);
	name[sizeof name - 1] = 0;
	err = gt__trace_fetch(&next, name);
	if (!err) {
		gt__os_all_switch_on();
		gt__sys_barrier();
		gt__trace_take(&next);
		gt__trace_claim_first(&tr);
		gt__process_tell(&tr);
		gt__trace_go();
		__atomic_store_n(&gt__fences, !gt__rt.single, __ATOMIC_RELAXED);
		rundown(&tr);
		gt__trace_close(&tr);
	}
	gt__os_all_leave();
	gt__registry_leave();
	return err;
}

static int end(void)
{
	if (gt__os_all_try())
		return -EAGAIN;
	gt__trace_end();
	gt__os_all_switch_on(); /* each sees at its next event that it is over */
	gt__os_all_leave();
	return 0;
}

static void serve(void)
{
	struct gtv_attach *at = &gt__attach_point;
	uint32_t request = __atomic_load_n(&at->request, __ATOMIC_ACQUIRE), nobody = 0;
	int result = -EINVAL;

	if (request == at->answered || !gt__rt.policy ||
	    !__atomic_compare_exchange_n(&serving, &nobody, 1, 0, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return;
	if (at->want == GTV_ATTACH_BEGIN)
		result = begin(at);
	else if (at->want == GTV_ATTACH_END)
		result = end();
	if (result != -EAGAIN) {
		at->result = result;
		__atomic_store_n(&at->answered, request, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&serving, 0, __ATOMIC_RELEASE);
}

static void handle(int number, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)number;
	(void)info;
	(void)context;
	serve();
	errno = saved;
}

/* ---------------------------------------------------------------- on or off */

void gt__attach_open(void)
{
	struct sigaction ours = {.sa_sigaction = handle,
				 .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};

	gt__attach_point.result = gt__sim_on ? -ENOTSUP : -EADDRINUSE; /* if it stays so */
	installed = !gt__sim_on && !sigaction(ATTACH_SIGNAL, NULL, &before) &&
		    !(before.sa_flags & SA_SIGINFO) &&
		    (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN) &&
		    !sigaction(ATTACH_SIGNAL, &ours, NULL);
	gt__attach_point.version = GTV_ATTACH_VERSION;
	gt__attach_point.tid = (uint32_t)gt__sys_tid();
	gt__attach_point.helper = 0;
	__atomic_store_n(&gt__attach_point.magic, installed ? GTV_ATTACH_MAGIC : 0,
			 __ATOMIC_RELEASE);
}

void gt__attach_close(void)
{
	struct sigaction now;

	gt__attach_point.result = -ESRCH;
	__atomic_store_n(&gt__attach_point.magic, 0, __ATOMIC_RELEASE);
	if (installed && !sigaction(ATTACH_SIGNAL, NULL, &now) &&
	    now.sa_flags & SA_SIGINFO && now.sa_sigaction == handle)
		sigaction(ATTACH_SIGNAL, &before, NULL);
	installed = 0;
}

void gt__attach_helper(int is)
{
	__atomic_store_n(&gt__attach_point.helper, is ? (uint32_t)gt__sys_tid() : 0,
			 __ATOMIC_RELEASE);
}
