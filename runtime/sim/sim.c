/* SPDX-License-Identifier: MIT
 *
 * The kernel of the simulation: cores, threads, and which of them is next. A
 * discrete-event simulation: of all that may happen next (a core goes on, a core that
 * is idle takes a thread, a time is over, descriptors are looked at) the earliest
 * happens, the seed choosing among equals. The random numbers are xorshift64*
 * (Sebastiano Vigna, 2014).
 */
#include "runtime/sim/sim.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/os/raw.h"
#include "runtime/core/rt.h"
#include "runtime/sim/sim_thread.h"
#include "runtime/sim/sim_trace.h"

#define CORES_MAX     1024u
#define CORES_DEFAULT 2u
#define RANDOM_FACTOR 0x2545f4914f6cdd1dull

uint32_t gt__sim_on;
void (*gt__sim_step)(void);
uint64_t (*gt__sim_choose)(uint64_t limit);
#undef gt__tick_wanted
uint32_t gt__tick_wanted;
uint32_t *gt__tick_word = &gt__tick_wanted;

struct core {
	uint64_t time;
	struct gt__sim_thread *current; /* NULL: idle */
};

static struct {
	struct core core[CORES_MAX];
	unsigned cores;
	struct gt__sim_thread *all, *self, first;
	uint64_t random, blocks, horizon, poll_at;
	uint32_t ready; /* threads that are */
	uint32_t tids, fd_waiters, policy_wants_tick;
	int picking; /* who goes on is being found: whatever happens, time does */
	struct gt__policy policy; /* the real one, whose switches cost time */
	const struct gt__policy *real;
} k;

/* Where the last run in this process left off. */
static uint64_t clock_ns = GT__SIM_START;
static uint32_t tids;

static uint64_t random_below(uint64_t limit)
{
	if (gt__sim_choose)
		return gt__sim_choose(limit);
	k.random ^= k.random >> 12;
	k.random ^= k.random << 25;
	k.random ^= k.random >> 27;
	return (k.random * RANDOM_FACTOR >> 11) % limit;
}

/* ------------------------------------------------------------------- time */

struct gt__sim_thread *gt__sim_self(void)
{
	return k.self;
}

struct gt__sim_thread *gt__sim_all(void)
{
	return k.all;
}

unsigned gt__sim_core_count(void)
{
	return k.cores;
}

uint64_t gt__sim_now(void)
{
	return k.core[k.self->core].time;
}

static void charge(uint64_t ns)
{
	k.core[k.self->core].time += ns;
	k.self->slice += ns;
	k.self->runtime += ns;
}

/* ---------------------------------------------------------------- wake-ups */

static uint64_t runtime_of_running(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < k.cores; i++)
		if (k.core[i].current && k.core[i].current->runtime < least)
			least = k.core[i].current->runtime;
	return least == UINT64_MAX ? 0 : least;
}

void gt__sim_make_ready(struct gt__sim_thread *t, uint64_t now, int result)
{
	uint64_t least = runtime_of_running();

	if (t->state == GT__SIM_WAITING)
		gt__sim_trace_wake(k.picking ? NULL : k.self, t, now);
	if (t->fd >= 0)
		k.fd_waiters--;
	t->fd = -1;
	t->state = GT__SIM_READY;
	k.ready++;
	t->result = result;
	t->word = NULL;
	t->joins = NULL;
	t->deadline = GT__NEVER;
	t->ready_at = now + GT__SIM_WAKE + random_below(GT__SIM_WAKE_JITTER);
	/* Who slept for long is not to have the core for as long. */
	if (least > GT__SIM_CREDIT && t->runtime < least - GT__SIM_CREDIT)
		t->runtime = least - GT__SIM_CREDIT;
	k.horizon = 0;
}

/* Looks at the real descriptors that are waited for; patience NULL: until there is
 * something. */
static void look_at_descriptors(uint64_t now, struct timespec *patience)
{
	struct pollfd fds[256];
	struct gt__sim_thread *who[256];
	nfds_t n = 0;

	for (struct gt__sim_thread *t = k.all; t && n < 256; t = t->next) {
		if (t->state != GT__SIM_WAITING || t->fd < 0)
			continue;
		fds[n] = (struct pollfd){.fd = t->fd, .events = t->events};
		who[n++] = t;
	}
	if (gt__raw_ppoll(fds, n, patience, NULL) <= 0)
		return;
	for (nfds_t i = 0; i < n; i++)
		if (fds[i].revents)
			gt__sim_make_ready(who[i], now, 1);
}

/* -------------------------------------------------------------- who is next */

enum what { NOTHING, RUN, DISPATCH, TIME_OVER };

struct next {
	enum what what;
	uint64_t at, second; /* when, and when the next after it may happen */
	unsigned core, equals;
	struct gt__sim_thread *thread;
};

static void consider(struct next *best, enum what what, uint64_t at, unsigned core,
		     struct gt__sim_thread *thread)
{
	if (best->what == NOTHING || at < best->at) {
		best->second = best->what == NOTHING ? GT__NEVER : best->at;
		best->equals = 1;
	} else {
		if (at < best->second)
			best->second = at;
		if (at != best->at || random_below(++best->equals))
			return;
	}
	best->what = what;
	best->at = at;
	best->core = core;
	best->thread = thread;
}

static int may_use(const struct gt__sim_thread *t, unsigned core)
{
	return core < t->cores && (!t->only || (core < 64 && t->only >> core & 1));
}

/* The ready thread that waited longest for its share. */
static struct gt__sim_thread *ready_for(unsigned core, uint64_t time, uint64_t *at)
{
	struct gt__sim_thread *best = NULL;

	if (!k.ready)
		return NULL;
	for (struct gt__sim_thread *t = k.all; t; t = t->next) {
		uint64_t from = t->ready_at > time ? t->ready_at : time;

		if (t->state != GT__SIM_READY || !may_use(t, core))
			continue;
		if (best && (from > *at || (from == *at && t->runtime >= best->runtime)))
			continue;
		best = t;
		*at = from;
	}
	return best;
}

static struct next find_next(void)
{
	struct next best = {.what = NOTHING};

	for (unsigned i = 0; i < k.cores; i++) {
		struct core *c = &k.core[i];
		struct gt__sim_thread *t;
		uint64_t at;

		if (c->current)
			consider(&best, RUN, c->time, i, c->current);
		else if ((t = ready_for(i, c->time, &at)))
			consider(&best, DISPATCH, at, i, t);
	}
	for (struct gt__sim_thread *t = k.all; t; t = t->next)
		if (t->state == GT__SIM_WAITING && t->deadline != GT__NEVER)
			consider(&best, TIME_OVER, t->deadline, 0, t);
	return best;
}

static void __attribute__((noreturn)) stuck(void)
{
	static const char text[] = "gt: simulation: every OS thread waits for ever\n";

	if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
		exit(2);
	exit(2);
}

static uint64_t latest(void)
{
	uint64_t time = 0;

	for (unsigned i = 0; i < k.cores; i++)
		if (k.core[i].time > time)
			time = k.core[i].time;
	return time;
}

/* Descriptors before the next happening: whether that changed what is next. */
static int descriptors_first(const struct next *next)
{
	uint64_t now = next->what == NOTHING ? latest() : next->at;
	int runs = next->what == RUN || next->what == DISPATCH;
	uint32_t before = k.fd_waiters;
	struct timespec at_once = {0};

	if (!before || (runs && now < k.poll_at))
		return 0;
	k.poll_at = now + GT__SIM_POLL;
	/* Nobody runs who could make them ready: that is for the world outside. */
	if (next->what == TIME_OVER)
		now = latest();
	look_at_descriptors(now, next->what == NOTHING ? NULL : &at_once);
	return k.fd_waiters != before || next->what == NOTHING;
}

static struct gt__sim_thread *pick(void)
{
	for (;;) {
		struct next next = find_next();
		struct core *c = &k.core[next.core];

		if (descriptors_first(&next))
			continue;
		if (next.what == NOTHING)
			stuck();
		if (next.what == TIME_OVER) {
			gt__sim_make_ready(next.thread, next.at, -ETIMEDOUT);
			continue;
		}
		if (next.what == RUN) {
			k.horizon = next.second;
			return next.thread;
		}
		gt__sim_trace_on(next.thread, next.core, next.at);
		c->time = next.at + GT__SIM_SWITCH;
		c->current = next.thread;
		next.thread->state = GT__SIM_RUNNING;
		k.ready--;
		next.thread->core = next.core;
		next.thread->slice = 0;
	}
}

static void go_on(void)
{
	struct gt__sim_thread *from = k.self, *to;

	k.picking = 1;
	to = pick();
	k.picking = 0;
	if (to != from) {
		k.self = to;
		gt__sim_switch(from, to);
	}
	if (gt__sim_step)
		gt__sim_step();
}

/* Another has a better claim on our core. */
static int must_leave(void)
{
	uint64_t now = gt__sim_now();

	if (!k.ready)
		return 0;
	for (struct gt__sim_thread *t = k.all; t; t = t->next)
		if (t->state == GT__SIM_READY && t->ready_at <= now &&
		    may_use(t, k.self->core) &&
		    (k.self->slice >= GT__SIM_SLICE ||
		     t->runtime + GT__SIM_WAKE_PREEMPT < k.self->runtime))
			return 1;
	return 0;
}

static void leave_core(void)
{
	struct core *c = &k.core[k.self->core];

	gt__sim_trace_off(k.self, GTV_SIM_PREEMPTED, c->time);
	c->current = NULL;
	k.self->state = GT__SIM_READY;
	k.ready++;
	k.self->ready_at = c->time;
	k.horizon = 0;
}

void gt__sim_enter(uint64_t cost)
{
	charge(cost);
	/* Nothing else can happen before: nearly always so. */
	if (gt__sim_now() < k.horizon && k.self->slice < GT__SIM_SLICE &&
	    !(k.fd_waiters && gt__sim_now() >= k.poll_at))
		return;
	if (must_leave())
		leave_core();
	go_on();
}

int gt__sim_wait(uint64_t deadline)
{
	struct gt__sim_thread *t = k.self;

	gt__sim_trace_off(t, GTV_SIM_WAITS, gt__sim_now());
	t->state = GT__SIM_WAITING;
	t->deadline = deadline;
	t->blocked = ++k.blocks;
	if (t->fd >= 0)
		k.fd_waiters++;
	k.core[t->core].current = NULL;
	go_on();
	return t->result;
}

/* ---------------------------------------------------------------- services */

int gt__sim_tick(void)
{
	gt__sim_enter(GT__SIM_TICK);
	return __atomic_load_n(&k.policy_wants_tick, __ATOMIC_RELAXED) != 0;
}

void gt__sim_relax(void)
{
	gt__sim_enter(GT__SIM_TICK);
}

void gt__sim_fight(void)
{
	if (k.self->cores > 1)
		gt__sim_enter(GT__SIM_FIGHT);
}

void gt__sim_yield(void)
{
	gt__sim_enter(GT__SIM_CALL);
	k.self->slice = GT__SIM_SLICE;
	gt__sim_enter(0);
}

void gt__sim_futex_wake(uint32_t *word, int count)
{
	gt__sim_enter(GT__SIM_CALL);
	while (count-- > 0) {
		struct gt__sim_thread *first = NULL;

		for (struct gt__sim_thread *t = k.all; t; t = t->next)
			if (t->state == GT__SIM_WAITING && t->word == word &&
			    (!first || t->blocked < first->blocked))
				first = t;
		if (!first)
			return;
		gt__sim_make_ready(first, gt__sim_now(), 0);
	}
}

void gt__sim_event_was_set(void)
{
	k.poll_at = 0;
	k.horizon = 0;
	gt__sim_enter(GT__SIM_CALL);
}

unsigned gt__sim_cpu_count(void)
{
	return k.self->cores;
}

void gt__sim_cpu_limit(unsigned count)
{
	if (count < k.self->cores)
		k.self->cores = count;
}

void gt__sim_cpu_only(uint64_t mask)
{
	unsigned cores = k.self->cores;

	if (cores < 64 && !(mask & (((uint64_t)1 << cores) - 1)))
		return;
	k.self->only = mask;
	if (may_use(k.self, k.self->core))
		return;
	leave_core();
	go_on();
}

/* ----------------------------------------------------- threads come and go */

void gt__sim_add(struct gt__sim_thread *t)
{
	t->tid = (pid_t)k.tids++;
	t->core = 0;
	t->fd = -1;
	t->cores = k.self ? k.self->cores : k.cores;
	t->only = k.self ? k.self->only : 0;
	t->deadline = GT__NEVER;
	t->next = k.all;
	k.all = t;
	if (!k.self)
		return;
	gt__sim_trace_start(k.self, t, gt__sim_now());
	gt__sim_make_ready(t, gt__sim_now(), 0);
}

void gt__sim_remove(struct gt__sim_thread *t)
{
	struct gt__sim_thread **at = &k.all;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
}

void gt__sim_over(void)
{
	struct gt__sim_thread *self = k.self;

	for (struct gt__sim_thread *t = k.all; t; t = t->next)
		if (t->state == GT__SIM_WAITING && t->joins == self)
			gt__sim_make_ready(t, gt__sim_now(), 0);
	gt__sim_trace_off(self, GTV_SIM_ENDS, gt__sim_now());
	self->state = GT__SIM_OVER;
	k.core[self->core].current = NULL;
	go_on();
	abort(); /* nobody goes on with one that is over */
}

void gt__sim_before_fork(void)
{
	if (!gt__sim_on)
		return;
	k.self->child_pid = gt__sim_trace_fork(k.self, gt__sim_now());
	gt__sim_enter(GT__SIM_CALL); /* so that the child begins after that */
}

void gt__sim_forked(void)
{
	struct gt__sim_thread *self = k.self;

	if (!gt__sim_on)
		return;
	if (self->child_pid) {
		self->tid = (pid_t)self->child_pid;
		k.tids = self->child_pid + 1;
		gt__sim_trace_forked(self, k.cores, gt__sim_now());
	}
	for (unsigned i = 0; i < k.cores; i++)
		if (k.core[i].current != self)
			k.core[i].current = NULL;
	k.all = self;
	self->next = NULL;
	k.fd_waiters = k.ready = 0;
	k.horizon = 0;
}

/* ------------------------------------------------------------------ the run */

static void yield_costs(struct gt__os *os)
{
	gt__sim_enter(GT__SIM_SWITCH_GT);
	k.real->yield(os);
}

static struct gt__os *park_costs(struct gt__os *os, uint16_t kind, uint8_t aux,
				 uint32_t what, void (*publish)(void *), void *arg)
{
	gt__sim_enter(GT__SIM_SWITCH_GT);
	return k.real->park(os, kind, aux, what, publish, arg);
}

static int parse_number(const char **text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(*text, &end, 10);
	if (errno || **text < '0' || **text > '9')
		return -1;
	*text = end;
	return 0;
}

/* "SEED" or "SEED,cores=N". */
static uint64_t seed_or_exit(const char *text, uint64_t *cores)
{
	static const char more[] = ",cores=";
	const char *at = text;
	uint64_t seed;
	int err = parse_number(&at, &seed);

	if (!err && !strncmp(at, more, sizeof more - 1)) {
		at += sizeof more - 1;
		err = parse_number(&at, cores) || !*cores || *cores > CORES_MAX;
	}
	if (err || *at) {
		fprintf(stderr,
			"gt: GT_SIM: '%.40s' is no seed (a number, such as 1; or "
			"1,cores=N with up to %u cores)\n",
			text, CORES_MAX);
		exit(2);
	}
	return seed;
}

const struct gt__policy *gt__sim_begin(const struct gt__policy *policy, uint64_t cores)
{
	const char *text = getenv("GT_SIM");

	if (!text || !*text)
		return policy;
	memset(&k, 0, sizeof k);
	k.random = seed_or_exit(text, &cores) * RANDOM_FACTOR + 1;
	k.cores = cores ? (unsigned)(cores < CORES_MAX ? cores : CORES_MAX) : CORES_DEFAULT;
	k.tids = gt__sim_trace_begin(k.cores, &clock_ns);
	for (unsigned i = 0; i < k.cores; i++)
		k.core[i].time = clock_ns;
	gt__sim_add(&k.first);
	if (k.tids < tids)
		k.tids = tids;
	k.self = k.core[0].current = &k.first;
	k.first.state = GT__SIM_RUNNING;
	gt__ctx_adopt(&k.first.ctx);
	k.real = policy;
	k.policy = *policy;
	k.policy.yield = yield_costs;
	k.policy.park = park_costs;
	k.policy.next = NULL; /* none passes park by */
	/* Each safe point is ours, and the policy has a word of its own. */
	gt__tick_word = &k.policy_wants_tick;
	gt__tick_wanted = 1;
	gt__sim_on = 1;
	gt__sim_trace_begun(&k.first, clock_ns);
	return &k.policy;
}

void gt__sim_end(void)
{
	if (!gt__sim_on)
		return;
	gt__sim_trace_off(&k.first, GTV_SIM_WAITS, gt__sim_now());
	k.first.state = GT__SIM_WAITING;
	clock_ns = latest();
	tids = k.tids;
	gt__sim_on = 0;
	gt__tick_word = &gt__tick_wanted;
	gt__tick_wanted = 0;
}
