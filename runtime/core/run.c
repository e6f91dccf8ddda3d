/* SPDX-License-Identifier: MIT
 *
 * The run, and the life of green threads: what does not depend on the policy.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/core/attach.h"
#include "runtime/core/cancel.h"
#include "runtime/core/dump.h"
#include "runtime/core/fiber.h"
#include "runtime/os/preempt.h"
#include "runtime/core/registry.h"
#include "runtime/core/rt.h"
#include "runtime/sim/sim.h"
#include "runtime/os/stack.h"

#define DEFAULT_POLICY	    "gmp"
#define DEFAULT_STACK_BYTES (64u << 10)
#define MIN_STACK_BYTES	    (16u << 10)
#define MAX_STACK_BYTES	    ((size_t)1 << 30)
#define PRIORITY_MIN	    (-20) /* as nice values */
#define PRIORITY_MAX	    19

struct gt__runtime gt__rt;
static uint32_t running; /* atomic: one run at a time */

const uint8_t gt__wait_counter[GTV_EV_USER_MAX] = {
	[GTV_EV_SWITCH_LOCK] = GTV_COUNT_LOCK_WAITS,
	[GTV_EV_SWITCH_GIL] = GTV_COUNT_GIL_WAITS,
	[GTV_EV_SWITCH_CHAN] = GTV_COUNT_CHAN_WAITS,
	[GTV_EV_SWITCH_JOIN] = GTV_COUNT_JOINS,
	[GTV_EV_SWITCH_IO] = GTV_COUNT_IO_WAITS,
	[GTV_EV_SWITCH_SLEEP] = GTV_COUNT_SLEEPS,
	[GTV_EV_SWITCH_SYSCALL] = GTV_COUNT_BLOCKING_CALLS,
};

/* -------------------------------------------------------------------- run */

static int is_verbose(void)
{
	const char *verbose = getenv("GT_VERBOSE");

	return verbose && !strcmp(verbose, "1");
}

static const struct gt__policy *policy_or_exit(const struct gt_config *config)
{
	const char *text = config ? config->policy : NULL, *from = "policy ";
	const struct gt__policy *policy;
	char error[256];

	if (!text) {
		text = getenv("GT_POLICY");
		from = "GT_POLICY: ";
	}
	policy = gt__policy_parse(text && *text ? text : DEFAULT_POLICY, error,
				  sizeof error);
	if (!policy) {
		fprintf(stderr, "gt: %s%s\n", from, error);
		exit(2);
	}
	if (gt__policy_alias() && is_verbose())
		fprintf(stderr, "gt: %s is policy %s here\n", gt__policy_alias(),
			policy->name);
	return policy;
}

static size_t stack_bytes_of(size_t wanted, size_t fallback)
{
	if (!wanted)
		wanted = fallback;
	if (wanted < MIN_STACK_BYTES)
		wanted = MIN_STACK_BYTES;
	if (gt__rt.policy->flags & GT__POLICY_PREEMPTS)
		wanted += gt__preempt_stack_bytes();
#if defined(GT_ASAN) || defined(GT_TSAN)
	wanted *= 4; /* instrumented frames are several times larger */
#endif
	return wanted;
}

static void name_copy(struct gt *gt, const char *name)
{
	size_t len = strnlen(name, GT__NAME_BYTES - 1);

	memcpy(gt->name, name, len);
	gt->name[len] = '\0';
}

static void attr_take(struct gt *gt, const struct gt_attr *attr)
{
	gt->priority = attr->priority;
	gt->cores = attr->cores;
	gt->result = attr->result;
	gt->result_bytes = gt->result ? attr->result_bytes : 0;
	if (attr->name)
		name_copy(gt, attr->name);
}

/* Inline, so that a spawn without attributes does not ask for them time and again. */
static inline __attribute__((always_inline)) struct gt *gt_make(const struct gt_attr *attr,
								void (*fn)(void *),
								void *arg)
{
	const size_t zero = offsetof(struct gt, cleanups),
		     zero_end = offsetof(struct gt, name) + 8;
	size_t bytes = attr ? attr->stack_bytes : 0;
	struct gt *gt;

	if (bytes > MAX_STACK_BYTES)
		return NULL;
	gt = gt__rt.policy->alloc(bytes ? stack_bytes_of(bytes, 0) : gt__rt.stack_bytes);
	if (!gt)
		return NULL;
	gt->next = NULL;
	gt->id = gt__rt.single ? ++gt__rt.gt_ids : gt__next_id(&gt__rt.gt_ids);
	gt->seq = gt->no_wait = gt->cancel = gt->wait_kind = 0;
	gt->wait_how = NULL;
	gt->home = NULL;
	gt->fn = fn;
	gt->arg = arg;
	gt->join = GT__JOIN_NOBODY;
	memset((char *)gt + zero, 0, zero_end - zero);
	if (attr)
		attr_take(gt, attr);
	__atomic_store_n(&gt->listed, 1, __ATOMIC_RELEASE);
	return gt;
}

void gt__free(struct gt *gt)
{
	__atomic_store_n(&gt->listed, 0, __ATOMIC_RELEASE);
	gt__rt.policy->free(gt);
}

static inline void tell_spawn(struct gt__os *os, const struct gt *gt, uint32_t parent,
			      int named)
{
	GT_COUNT(os, SPAWNS);
	gt__emit(&os->tr, GTV_EV_SPAWN, 0, 0, gt->id, parent, 0, (uintptr_t)gt->fn);
	if (named && gt->name[0])
		gt__trace_text(&os->tr, GTV_TEXT_GT, gt->id, gt->name);
}

static int run_with(struct gt__os *os, void (*fn)(void *), void *arg)
{
	const struct gt_attr attr = {.name = "main"};
	const struct gt__policy *policy = gt__rt.policy;
	uint32_t flags = 0;
	struct gt *first;
	int err;

	gt__cancel_open();
	first = gt_make(&attr, fn, arg);
	if (!first)
		return -ENOMEM;
	if (policy->flags & GT__POLICY_ONE_TO_ONE)
		flags |= GTV_PROC_ONE_TO_ONE;
	if (policy->flags & GT__POLICY_GIL)
		flags |= GTV_PROC_HAS_GIL;
	if (gt__rt.shared_ids)
		flags |= GTV_PROC_SHARED_IDS;
	first->detached = 1;
	gt__process_announce(os, policy->workers(), flags, policy->name);
	tell_spawn(os, first, 0, 1);
	err = policy->run(first, os);
	if (err) {
		gt__stack_pool_drain(); /* no stack is kept: there is no worker */
		gt__free(first);
	}
	return err;
}

/* The simulated cores that the policy is asked for; 0: no number. */
static uint64_t sim_cores(const struct gt__policy *policy)
{
	for (int i = 0; i < GT__PARAMS_MAX && policy->params[i].name; i++)
		if (!strcmp(policy->params[i].name, "cores"))
			return gt__param("cores");
	return 0;
}

int gt_run_config(const struct gt_config *config, void (*fn)(void *arg), void *arg)
{
	const struct gt__policy *policy = policy_or_exit(config);
	struct gt__os *os;
	int err;

	if (__atomic_exchange_n(&running, 1, __ATOMIC_ACQUIRE))
		return -EBUSY;
	gt__process_begin();
	gt__rt.policy = gt__sim_begin(policy, sim_cores(policy));
	gt__rt.single = !!(policy->flags & GT__POLICY_SINGLE);
	gt__rt.timers_late = gt__rt.peek_yields = 0;
	gt__rt.stack_bytes =
		stack_bytes_of(config ? config->stack_bytes : 0, DEFAULT_STACK_BYTES);
	gt__fences = !gt__rt.single && gt__trace_is_on();
	gt__io_begin();
	gt__overflow_open();
	gt__dump_open();
	gt__attach_open();
	os = gt__rt.policy->os_new();
	err = os ? 0 : -ENOMEM;
	if (os) {
		gt__os_begin(os);
		os->is_worker = 1;
		err = run_with(os, fn, arg);
		gt__os_end(os);
		gt__rt.policy->os_free(os);
	}
	gt__attach_close();
	gt__dump_close();
	gt__overflow_close();
	gt__rt.policy = NULL;
	gt__sim_end();
	__atomic_store_n(&running, 0, __ATOMIC_RELEASE);
	return err;
}

int gt__run_in_child(const struct gt_config *config, void (*fn)(void *arg), void *arg)
{
	gt__overflow_close();
	gt__rt.policy = NULL;
	__atomic_store_n(&running, 0, __ATOMIC_RELEASE);
	return gt_run_config(config, fn, arg);
}

int gt_run(void (*fn)(void *arg), void *arg)
{
	return gt_run_config(NULL, fn, arg);
}

const char *gt_policy_name(void)
{
	const struct gt__policy *policy = gt__rt.policy;

	return policy ? policy->name : "";
}

void gt__run_forked(struct gt__os *os)
{
	if (os->current)
		gt__trace_text(&os->tr, GTV_TEXT_GT, os->current->id, os->current->name);
	if (gt__rt.policy && gt__rt.policy->forked)
		gt__rt.policy->forked(os);
}

void gt__deadlock(uint32_t waiting)
{
	char line[128];
	int len = snprintf(
		line, sizeof line,
		waiting == 1 ? "gt: deadlock: the one green thread left waits for ever\n"
			     : "gt: deadlock: all %u green threads wait for one another\n",
		waiting);

	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		exit(2);
	gt__tell_deadlock(STDERR_FILENO);
	exit(2);
}

/* ---------------------------------------------------------- green threads */

static struct gt *current_of(struct gt__os *os)
{
	return os ? os->current : NULL;
}

static int attr_check(const struct gt_attr *attr)
{
	unsigned cpus;

	if (attr->priority < PRIORITY_MIN || attr->priority > PRIORITY_MAX)
		return -EINVAL;
	if (!attr->cores)
		return 0;
	if (!(gt__rt.policy->flags & GT__POLICY_ONE_TO_ONE))
		return -ENOTSUP;
	cpus = gt__sys_cpu_count();
	return cpus < 64 && !(attr->cores & (((uint64_t)1 << cpus) - 1)) ? -EINVAL : 0;
}

static inline __attribute__((always_inline)) int spawn(struct gt **out,
						       const struct gt_attr *attr,
						       void (*fn)(void *arg), void *arg)
{
	struct gt__os *os = gt__os();
	struct gt *self = current_of(os), *gt;
	int err;

	if (!self)
		return -EPERM;
	err = attr ? attr_check(attr) : 0;
	if (err)
		return err;
	gt = gt_make(attr, fn, arg);
	if (!gt)
		return -ENOMEM;
	gt->detached = !out;
	if (out)
		*out = gt;
	tell_spawn(os, gt, self->id, attr != NULL);
	gt__rt.policy->start(os, gt);
	return 0;
}

int gt_spawn_attr(struct gt **out, const struct gt_attr *attr, void (*fn)(void *arg),
		  void *arg)
{
	return spawn(out, attr, fn, arg);
}

int gt_spawn(struct gt **out, void (*fn)(void *arg), void *arg)
{
	return spawn(out, NULL, fn, arg);
}

void gt__ended(struct gt__os *os, struct gt *gt)
{
	uint32_t id = gt->id;
	struct gt *joiner;

	if (gt->detached) {
		gt__free(gt);
		return;
	}
	joiner = __atomic_exchange_n(&gt->join, GT__JOIN_ENDED, __ATOMIC_ACQ_REL);
	gt__acquired();
	if (joiner == GT__JOIN_DETACHED)
		gt__free(gt);
	else if (joiner) /* gt is the joiner's from here on */
		gt__ready(os, joiner, GTV_BY_GT, id);
}

struct join {
	struct gt *self, *target;
	uint32_t state; /* atomic: whether it may be published */
	uint32_t left;	/* atomic: was cancelled, as who asked saw, or we did */
};

enum { JOIN_OPENING, JOIN_OPEN, JOIN_LEFT };

/* The joiner may be found now, unless the end came first: then it is ready at once. */
static void publish_join(void *arg)
{
	struct join *join = arg;
	struct gt *self = join->self, *target = join->target, *nobody = GT__JOIN_NOBODY;
	uint32_t opening = JOIN_OPENING;

	if (gt__rt.single) /* it is published: see gt_join */
		return;
	if (!__atomic_compare_exchange_n(&join->state, &opening, JOIN_OPEN, 0,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		gt__ready(gt__os(), self, GTV_BY_GT, 0);
		return;
	}
	if (__atomic_compare_exchange_n(&target->join, &nobody, self, 0, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return;
	gt__acquired();
	gt__ready(gt__os(), self, GTV_BY_GT, target->id);
}

/* For struct gt__wait_how. Once it is open it is about to be published. */
static int leave_join(struct gt__os *os, struct gt *gt)
{
	struct join *join = gt->wait_arg;
	struct gt *target = join->target, *seen = gt;
	uint32_t opening = JOIN_OPENING;

	(void)os;
	if (!gt__rt.single &&
	    __atomic_compare_exchange_n(&join->state, &opening, JOIN_LEFT, 0,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		__atomic_store_n(&join->left, 1, __ATOMIC_RELAXED);
		return 0;
	}
	while (!__atomic_compare_exchange_n(&target->join, &seen, GT__JOIN_NOBODY, 0,
					    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		if (seen != GT__JOIN_NOBODY)
			return 0;
		seen = gt;
		gt__sys_relax();
	}
	__atomic_store_n(&join->left, 1, __ATOMIC_RELAXED);
	return 1;
}

/* It has ended, and is ours. Takes. */
static int joined(struct gt *gt)
{
	int err = gt->error;

	if (!err && __atomic_load_n(&gt->cancel, __ATOMIC_RELAXED) & GT__CANCEL_DONE)
		err = -ECANCELED;
	gt__free(gt);
	return err;
}

int gt_join(struct gt *gt)
{
	static const struct gt__wait_how how = {NULL, leave_join};
	struct gt__os *os = gt__os();
	struct gt *self = current_of(os), *joiner;
	struct join join = {.self = self, .target = gt};

	if (!self)
		return -EPERM;
	if (!gt || gt->detached)
		return -EINVAL;
	if (gt == self)
		return -EDEADLK;
	joiner = __atomic_load_n(&gt->join, __ATOMIC_ACQUIRE);
	if (joiner == GT__JOIN_ENDED)
		return joined(gt);
	if (joiner != GT__JOIN_NOBODY)
		return -EINVAL;
	if (self->no_wait)
		return -EDEADLK;
	if (gt__wait_begin(self, &how, NULL, &join)) {
		__atomic_store_n(&join.left, 1, __ATOMIC_RELAXED);
	} else {
		if (gt__rt.single) /* nobody can come between */
			gt->join = self;
		os = gt__park_here(os, GTV_EV_SWITCH_JOIN, 0, gt->id, publish_join, &join);
	}
	/* From where they lie anyway: no register lives through the switch, and what does
	 * were read from memory each time before it, too. */
	if (gt__wait_end(os->current) && __atomic_load_n(&join.left, __ATOMIC_RELAXED))
		gt__cancel_act();
	return joined(join.target);
}

void gt_yield(void)
{
	struct gt__os *os = gt__os();

	if (current_of(os) && !os->current->no_wait)
		gt__rt.policy->yield(os);
}

struct gt *gt_self(void)
{
	return current_of(gt__os());
}

uint32_t gt_id(const struct gt *gt)
{
	return gt ? gt->id : 0;
}

void gt_set_name(struct gt *gt, const char *name)
{
	struct gt__os *os = gt__os();

	if (!gt)
		return;
	name_copy(gt, name);
	if (os)
		gt__trace_text(&os->tr, GTV_TEXT_GT, gt->id, gt->name);
}

const char *gt_name(const struct gt *gt)
{
	return gt ? gt->name : "";
}

void gt__publish_guard(void *guard)
{
	gt__guard_unlock(guard);
}

/* --------------------------------------------------------- smaller things */

int gt_sleep_ns(uint64_t ns)
{
	uint64_t now = gt__sys_now_ns();
	struct gt__os *os = gt__os();
	int err;

	if (!current_of(os))
		return -EPERM;
	if (os->current->no_wait)
		return -EDEADLK;
	err = gt__rt.policy->sleep_until(os,
					 ns < GT__NEVER - now ? now + ns : GT__NEVER - 1);
	if (err == GT__CANCELLED)
		gt__cancel_act();
	return err;
}

void gt__tick_slow(void)
{
	struct gt__os *os = gt__os();
	uint32_t wanted;

	if (gt__sim_on && !gt__sim_tick())
		return;
	wanted = __atomic_load_n(&gt__tick_wanted, __ATOMIC_RELAXED);
	if (!current_of(os))
		return;
	if (wanted & GT__TICK_CANCEL)
		gt__cancel_tick(os);
	if (wanted & ~GT__TICK_CANCEL && gt__rt.policy->tick)
		gt__rt.policy->tick(os);
}

/* An event that is mostly text. */
static void tell_text(uint16_t kind, const char *text)
{
	struct gt__os *os = gt__os();
	union {
		struct {
			uint32_t obj, seq;
			uint64_t arg;
		} f;
		char text[GTV_TEXT_CHUNK];
	} mark = {.text = ""};

	if (!current_of(os))
		return;
	memcpy(mark.text, text, strnlen(text, GTV_TEXT_CHUNK));
	gt__emit(&os->tr, kind, 0, 0, os->current->id, mark.f.obj, mark.f.seq, mark.f.arg);
}

void gt_mark(const char *text)
{
	tell_text(GTV_EV_MARK, text);
}

void gt_region_begin(const char *name)
{
	tell_text(GTV_EV_REGION_BEGIN, name);
}

void gt_region_end(const char *name)
{
	tell_text(GTV_EV_REGION_END, name);
}

long gt_blocking(const char *name, long (*fn)(void *arg), void *arg)
{
	struct gt__os *os = gt__os();
	struct gt *self = current_of(os);
	long result;

	if (!self)
		return fn(arg);
	if (self->no_wait)
		return -EDEADLK;
	if (gt__cancel_due(self))
		gt__cancel_act();
	self->nopreempt++; /* fn may be called right here, by a runtime that waits for it */
	result =
		gt__rt.policy->blocking(os, gt__call_id(os, name ? name : "call"), fn, arg);
	self->nopreempt--;
	if (gt__cancel_due(self))
		gt__cancel_act();
	return result;
}

static int gil(int acquire)
{
	struct gt__os *os = gt__os();

	return current_of(os) && gt__rt.policy->gil && gt__rt.policy->gil(os, acquire);
}

void gt_gil_acquire(void)
{
	gil(1);
}

int gt_gil_release(void)
{
	return gil(0);
}
