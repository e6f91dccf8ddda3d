/* SPDX-License-Identifier: MIT */
#include "runtime/core/registry.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/core/arena.h"
#include "runtime/core/cancel.h"
#include "runtime/sync/chan.h"
#include "runtime/os/lock_shared.h"

#define TRIES	    1000
#define LISTED_MAX  100
#define CIRCLE_MAX  64
#define STRING_PAGE 4096u /* no page is smaller */

/* Reads what others write at the same time, and says so by its name. */
#if defined(GT_TSAN)
#define RACY __attribute__((no_sanitize("thread")))
#else
#define RACY
#endif

static struct gt__registry own, *all = &own;

/* ------------------------------------------------------------------ the list */

void gt__registry_share(struct gt__registry *shared)
{
	all = shared ? shared : &own;
}

/* Whoever was changing the list died: who comes after whom is always right, the rest
 * follows from that. */
static void put_right(void)
{
	struct gt *last = NULL;

	for (struct gt *gt = all->first; gt; gt = gt->list_next) {
		gt->list_prev = last;
		last = gt;
	}
	all->last = last;
}

static void lock(void)
{
	if (all == &own)
		gt__lk_lock(&all->lk);
	else if (gt__shared_lock(&all->lk))
		put_right();
}

static void unlock(void)
{
	if (all == &own)
		gt__lk_unlock(&all->lk);
	else
		gt__shared_unlock(&all->lk);
}

void gt__registry_died(pid_t pid)
{
	if (all != &own)
		gt__shared_lock_died(&all->lk, pid);
}

void gt__registry_add(struct gt *gt)
{
	lock();
	gt->list_next = NULL;
	gt->list_prev = all->last;
	if (all->last)
		__atomic_store_n(&all->last->list_next, gt, __ATOMIC_RELEASE);
	else
		all->first = gt;
	all->last = gt;
	unlock();
}

void gt__registry_remove(struct gt *gt)
{
	lock();
	if (gt->list_prev)
		gt->list_prev->list_next = gt->list_next;
	else
		all->first = gt->list_next;
	if (gt->list_next)
		gt->list_next->list_prev = gt->list_prev;
	else
		all->last = gt->list_prev;
	unlock();
}

void gt__registry_before_fork(void)
{
	lock();
}

void gt__registry_after_fork(int in_child)
{
	if (in_child && all != &own)
		return; /* the parent's to unlock */
	if (in_child)
		all->lk = 0;
	else
		unlock();
}

int gt__registry_try(void)
{
	if (all != &own) {
		int got = gt__shared_trylock(&all->lk);

		if (got > 0)
			put_right();
		return got < 0 ? got : 0;
	}
	for (int i = 0; i < TRIES; i++) {
		uint32_t unlocked = 0;

		if (__atomic_compare_exchange_n(&all->lk, &unlocked, 1, 0, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return 0;
		gt__sys_relax();
	}
	return -EBUSY;
}

void gt__registry_leave(void)
{
	unlock();
}

static int is_listed(const struct gt *gt)
{
	return __atomic_load_n(&gt->listed, __ATOMIC_ACQUIRE) != 0;
}

RACY struct gt *gt__registry_next(struct gt *gt)
{
	gt = gt ? gt->list_next : all->first;
	while (gt && !is_listed(gt))
		gt = gt->list_next;
	return gt;
}

RACY struct gt *gt__registry_after(uint32_t id)
{
	struct gt *next = NULL;

	for (struct gt *gt = all->first; gt; gt = gt->list_next)
		if (is_listed(gt) && gt->id > id && (!next || gt->id < next->id))
			next = gt;
	return next;
}

/* NULL if it is none of ours any more. */
static RACY const struct gt *known(const struct gt *wanted)
{
	for (struct gt *gt = all->first; gt; gt = gt->list_next)
		if (gt == wanted && is_listed(gt))
			return gt;
	return NULL;
}

/* ---------------------------------------------------------------- the words */

int gt__peek(void *to, const void *from, size_t bytes)
{
	struct iovec local = {to, bytes}, remote = {(void *)(uintptr_t)from, bytes};
	ssize_t n = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

	return n == (ssize_t)bytes;
}

/* As much of a string as can be read; "" for NULL. */
static void peek_string(char *to, size_t bytes, const char *from)
{
	size_t len = 0;

	memset(to, 0, bytes);
	while (from && len < bytes - 1) {
		size_t part = STRING_PAGE - (uintptr_t)(from + len) % STRING_PAGE;

		if (part > bytes - 1 - len)
			part = bytes - 1 - len;
		if (!gt__peek(to + len, from + len, part) || memchr(to + len, 0, part))
			return;
		len += part;
	}
}

static void tell_name(struct gt__text *text, const char *name)
{
	gt__text_add(text, " \"");
	gt__text_add(text, name);
	gt__text_add(text, "\"");
}

RACY void gt__tell_gt(struct gt__text *text, const struct gt *gt)
{
	gt__text_add(text, "G");
	gt__text_number(text, gt->id);
	if (gt->name[0])
		tell_name(text, gt->name);
}

static int is(const char *noun, const char *what)
{
	return noun && !strcmp(noun, what);
}

/* What a thing that gt waits for is, NULL: no thing. */
static RACY const char *noun_of(const struct gt *gt)
{
	const struct gt__wait_how *how = __atomic_load_n(&gt->wait_how, __ATOMIC_RELAXED);

	return how ? how->noun : NULL;
}

/* A thing's name, or its number in a trace. */
static RACY void tell_thing(struct gt__text *text, const struct gt *gt)
{
	const char *noun = noun_of(gt), *borrowed = NULL;
	struct gt__waitline line;
	struct gt_mutex mutex;
	char name[GT__NAME_BYTES] = "";

	if (!noun || !gt->wait_on)
		return;
	if (strstr(noun, "channel"))
		peek_string(name, sizeof name, ((const struct gt_chan *)gt->wait_on)->name);
	else if (is(noun, "mutex") && gt__peek(&mutex, gt->wait_on, sizeof mutex))
		borrowed = mutex.name;
	else if (!is(noun, "mutex") && gt__peek(&line, gt->wait_on, sizeof line))
		borrowed = line.name;
	if (borrowed)
		peek_string(name, sizeof name, borrowed);
	if (name[0]) {
		tell_name(text, name);
	} else {
		gt__text_add(text, " ");
		gt__text_number(text, gt->wait_what);
	}
}

/* Who holds what gt waits for, as far as one can be named. *gone: it has ended. */
static RACY const struct gt *holder(const struct gt *gt, int *gone)
{
	const struct gt *owner = NULL;
	struct gt_rwlock rw;
	struct gt_mutex mutex;

	*gone = 0;
	if (gt->wait_kind == GTV_EV_SWITCH_JOIN) {
		owner = gt__registry_after(gt->wait_what - 1);
		return owner && owner->id == gt->wait_what ? owner : NULL;
	}
	if (gt->wait_kind != GTV_EV_SWITCH_LOCK || !gt->wait_on)
		return NULL;
	if (is(noun_of(gt), "mutex") && gt__peek(&mutex, gt->wait_on, sizeof mutex))
		owner = mutex.owner;
	else if (is(noun_of(gt), "rwlock") && gt__peek(&rw, gt->wait_on, sizeof rw))
		owner = rw.owner;
	*gone = owner && !known(owner);
	return *gone ? NULL : owner;
}

static RACY void tell_waited_for(struct gt__text *text, const struct gt *gt)
{
	const char *noun = noun_of(gt);
	const struct gt *owner;
	int gone;

	if (!noun) {
		gt__text_add(text, "for another green thread");
		return;
	}
	if (strncmp(noun, "to ", 3) != 0)
		gt__text_add(text, "for ");
	gt__text_add(text, noun);
	tell_thing(text, gt);
	owner = holder(gt, &gone);
	if (owner) {
		gt__text_add(text, " held by ");
		gt__tell_gt(text, owner);
	} else if (gone) {
		gt__text_add(text, " held by a green thread that has ended");
	}
}

RACY void gt__tell_waits(struct gt__text *text, const struct gt *gt)
{
	const struct gt *target;
	int gone;

	gt__text_add(text, "waits ");
	switch (gt->wait_kind) {
	case GTV_EV_SWITCH_JOIN:
		gt__text_add(text, "for the end of ");
		target = holder(gt, &gone);
		if (target) {
			gt__tell_gt(text, target);
		} else {
			gt__text_add(text, "G");
			gt__text_number(text, gt->wait_what);
		}
		break;
	case GTV_EV_SWITCH_IO:
		gt__text_add(text, "for descriptor ");
		gt__text_number(text, gt->wait_what);
		break;
	case GTV_EV_SWITCH_SLEEP:
		gt__text_add(text, "for a time: it sleeps");
		break;
	case GTV_EV_SWITCH_SYSCALL:
		gt__text_add(text, "for a blocking call");
		break;
	case GTV_EV_SWITCH_GIL:
		gt__text_add(text, "for the GIL");
		break;
	default:
		tell_waited_for(text, gt);
	}
}

/* ------------------------------------------------------------- the deadlock */

/* How many steps lead from gt back to itself, 0: none do. Said once: by the one of the
 * circle with the smallest number. */
static RACY int circle(const struct gt *gt)
{
	const struct gt *at = gt;
	int gone;

	for (int steps = 1; steps <= CIRCLE_MAX; steps++) {
		at = at->wait_kind ? holder(at, &gone) : NULL;
		if (!at || at->id < gt->id)
			return 0;
		if (at == gt)
			return steps;
	}
	return 0;
}

static RACY void tell_circle(int fd, const struct gt *gt)
{
	struct gt__text text = {.len = 0};
	const struct gt *at = gt;
	int steps = circle(gt), gone;

	if (!steps)
		return;
	gt__text_add(&text, "gt:   a cycle: G");
	gt__text_number(&text, gt->id);
	while (steps--) {
		gt__text_add(&text, at->wait_kind == GTV_EV_SWITCH_JOIN ? " joins"
									: " waits for ");
		if (at->wait_kind != GTV_EV_SWITCH_JOIN) {
			gt__text_add(&text, noun_of(at) ? noun_of(at) : "");
			tell_thing(&text, at);
			gt__text_add(&text, " of");
		}
		at = holder(at, &gone);
		if (!at)
			break;
		gt__text_add(&text, " G");
		gt__text_number(&text, at->id);
		if (steps)
			gt__text_add(&text, ", which");
	}
	gt__text_write(&text, fd);
}

RACY void gt__tell_deadlock(int fd)
{
	struct gt__text text = {.len = 0};
	uint64_t more = 0;
	struct gt *gt;
	int told = 0;

	if (gt__registry_try())
		return;
	for (gt = gt__registry_after(0); gt && told < LISTED_MAX;
	     gt = gt__registry_after(gt->id)) {
		if (!gt->wait_kind)
			continue;
		gt__text_add(&text, "gt:   ");
		gt__tell_gt(&text, gt);
		gt__text_add(&text, " ");
		gt__tell_waits(&text, gt);
		gt__text_write(&text, fd);
		tell_circle(fd, gt);
		told++;
	}
	if (gt) {
		uint32_t last = gt->id;

		for (gt = gt__registry_next(NULL); gt; gt = gt__registry_next(gt))
			more += gt->id >= last && gt->wait_kind;
		gt__text_add(&text, "gt:   and ");
		gt__text_number(&text, more);
		gt__text_add(&text, " more");
		gt__text_write(&text, fd);
	}
	gt__registry_leave();
}
