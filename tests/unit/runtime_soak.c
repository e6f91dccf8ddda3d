/* SPDX-License-Identifier: MIT
 *
 * Hours of virtual time of random operations of every kind that the runtime has, under
 * every policy on the simulated system, each step held against the policy's reference
 * model (runtime_watch.h). GT_SOAK_SECONDS says how much virtual time (20 s in the
 * tests, an hour in `make soak`), GT_SOAK_FIRST which seed is the first; a failure
 * names the seed and the policy, which with GT_SOAK_POLICY do it again.
 */
#include <errno.h>

#include "runtime/core/rt.h"
#include "runtime/sim/sim.h"
#include "tests/unit/runtime_watch.h"

#define ACTORS	   6
#define OPERATIONS 40
#define CHANS	   4
#define ECHOES	   2
#define READERS	   2
#define US	   1000ull
#define MS	   1000000ull

static const char *const policies[] = {
	"coop",
	"quantum",
	"quantum,tick=1ms,quantum=1",
	"green",
	"asyncio",
	"asyncio,loop=select",
	"asyncio,executor=none",
	"offset,pool=8", /* a wait for a descriptor takes a thread of it */
	"offset,quirks=0,pool=5",
	"gmp",
	"gmp,cores=1",
	"gmp,cores=5",
	"threads",
	"threads,cores=1",
	"gil2",
	"gil2,interval=3,cores=2",
	"gil3",
	"gil3,interval=300us,cores=1",
};
#define POLICIES (sizeof policies / sizeof policies[0])

/* What a run tells the test. */
struct told {
	uint64_t virtual_ns, operations, steps;
};

struct play {
	const char *policy;
	unsigned seed, cores;
	struct told *told; /* shared with the child */
};

static struct {
	struct told *told;
	struct gt_mutex mutex, token_mutex, echo_mutex[ECHOES];
	struct gt_cond more;
	struct gt_rwlock rw;
	struct gt_sem sem;
	struct gt_waitgroup all;
	struct gt_tas tas;
	struct gt_ticket ticket;
	struct gt_mcs mcs;
	struct gt_chan *chan[CHANS];
	int there[ECHOES][2], back[ECHOES][2];
	/* What the locks guard. */
	long in_mutex, in_spin[3], pair[2], tokens;
	uint32_t in_sem, writes, reads; /* atomic */
	/* Made and undone: equal in the end. All atomic. */
	uint64_t sent, received, begun, ended, calls, called, cleanups, cleaned;
} m;

struct actor {
	uint64_t random;
	int operations, depth;
};

#define ADD(word, n) __atomic_add_fetch(&(word), (n), __ATOMIC_RELAXED)
#define OK(call)     RIG_CHECK((call) == 0)

static uint64_t below(struct actor *a, uint64_t limit)
{
	a->random = a->random * 6364136223846793005ull + 1442695040888963407ull;
	return (a->random >> 33) % limit;
}

/* Mostly short, now and then long. */
static uint64_t some_time(struct actor *a)
{
	static const uint64_t most[] = {1 * US, 20 * US, 200 * US,
					2 * MS, 20 * MS, 200 * MS};

	return below(a, most[below(a, sizeof most / sizeof most[0])]);
}

/* --- operations ---------------------------------------------------------------- */

static void pauses(struct actor *a)
{
	uint64_t ns = some_time(a);

	switch (below(a, 6)) {
	case 0:
		gt_busy_ns(ns < 10 * MS ? ns / 2 : 5 * MS);
		break;
	case 1:
		OK(gt_sleep_ns(ns));
		break;
	case 2:
	case 3:
		gt_yield();
		break;
	default:
		gt_tick();
	}
}

static void locks(struct actor *a)
{
	long seen;

	if (below(a, 4) == 0) {
		int err = gt_mutex_trylock(&m.mutex);

		RIG_CHECK(err == 0 || err == -EBUSY);
		if (err)
			return;
	} else {
		OK(gt_mutex_lock(&m.mutex));
	}
	seen = m.in_mutex;
	RIG_CHECK(gt_mutex_lock(&m.mutex) == -EDEADLK);
	pauses(a);
	m.in_mutex = seen + 1;
	OK(gt_mutex_unlock(&m.mutex));
}

static void reads_or_writes(struct actor *a)
{
	if (below(a, 3)) {
		OK(gt_rwlock_rdlock(&m.rw));
		ADD(m.reads, 1);
		RIG_CHECK(!__atomic_load_n(&m.writes, __ATOMIC_RELAXED));
		RIG_CHECK(m.pair[0] == m.pair[1]);
		pauses(a);
		RIG_CHECK(m.pair[0] == m.pair[1]);
		ADD(m.reads, -1u);
	} else {
		OK(gt_rwlock_wrlock(&m.rw));
		RIG_CHECK(ADD(m.writes, 1) == 1);
		RIG_CHECK(!__atomic_load_n(&m.reads, __ATOMIC_RELAXED));
		m.pair[0]++;
		pauses(a);
		m.pair[1]++;
		ADD(m.writes, -1u);
	}
	OK(gt_rwlock_unlock(&m.rw));
}

static void counts_down(struct actor *a)
{
	int64_t patience = below(a, 2) ? -1 : (int64_t)some_time(a);
	int err = gt_sem_timedwait(&m.sem, patience);

	RIG_CHECK(err == 0 || (err == -ETIMEDOUT && patience >= 0));
	if (err)
		return;
	RIG_CHECK(ADD(m.in_sem, 1) <= 3);
	pauses(a);
	ADD(m.in_sem, -1u);
	OK(gt_sem_post(&m.sem));
}

/* Nothing may wait with a spinlock held: under N:1 nobody would get it back. */
static void spins(struct actor *a)
{
	uint64_t which = below(a, 3);
	struct gt_mcs_node node;
	long seen;

	if (which == 0)
		OK(gt_tas_lock(&m.tas));
	else if (which == 1)
		OK(gt_ticket_lock(&m.ticket));
	else
		OK(gt_mcs_lock(&m.mcs, &node));
	seen = m.in_spin[which];
	gt_busy_ns(below(a, 3) * US);
	m.in_spin[which] = seen + 1;
	if (which == 0)
		OK(gt_tas_unlock(&m.tas));
	else if (which == 1)
		OK(gt_ticket_unlock(&m.ticket));
	else
		OK(gt_mcs_unlock(&m.mcs, &node));
}

static void sends(struct actor *a)
{
	uint64_t n = 1 + below(a, 1000);

	OK(gt_chan_send(m.chan[below(a, CHANS)], &n));
	ADD(m.sent, n);
}

static void selects(struct actor *a)
{
	uint64_t n[2] = {1 + below(a, 1000), 1 + below(a, 1000)};
	struct gt_timer *timer = NULL;
	struct gt_select_case cases[3] = {
		{m.chan[below(a, CHANS)], GT_SELECT_SEND, &n[0], 0},
		{m.chan[below(a, CHANS)], GT_SELECT_SEND, &n[1], 0},
		{NULL, GT_SELECT_RECV, NULL, 0}};
	int64_t patience = below(a, 3) ? (int64_t)some_time(a) : below(a, 2) ? 0 : -1;
	int chosen;

	if (below(a, 2)) {
		timer = below(a, 2) ? gt_timer_new(some_time(a), "timer")
				    : gt_ticker_new(1 * US + some_time(a), "ticker");
		RIG_CHECK(timer);
		cases[2].chan = gt_timer_chan(timer);
	}
	chosen = gt_select(cases, 3, patience);
	RIG_CHECK(chosen >= 0 || (chosen == -ETIMEDOUT && patience >= 0));
	RIG_CHECK(chosen < 2 || timer || chosen == -ETIMEDOUT);
	if (chosen == 0 || chosen == 1)
		ADD(m.sent, n[chosen]);
	if (timer && below(a, 2))
		gt_timer_stop(timer);
	gt_timer_free(timer);
}

static void gives_tokens(struct actor *a)
{
	OK(gt_mutex_lock(&m.token_mutex));
	m.tokens++;
	OK(below(a, 2) ? gt_cond_signal(&m.more) : gt_cond_broadcast(&m.more));
	OK(gt_mutex_unlock(&m.token_mutex));
}

static void takes_tokens(struct actor *a)
{
	int err = 0;

	OK(gt_mutex_lock(&m.token_mutex));
	while (!m.tokens && !err)
		err = gt_cond_timedwait(&m.more, &m.token_mutex, (int64_t)some_time(a));
	RIG_CHECK(err == 0 || err == -ETIMEDOUT);
	if (m.tokens)
		m.tokens--;
	OK(gt_mutex_unlock(&m.token_mutex));
}

static long blocks(void *ns)
{
	return gt_block_ns(*(uint64_t *)ns) ? -1 : 7;
}

static void calls(struct actor *a)
{
	uint64_t ns = some_time(a);

	RIG_CHECK(gt_blocking(below(a, 2) ? "one" : "other", blocks, &ns) == 7);
}

static void echoes_all(void *arg)
{
	intptr_t i = (intptr_t)arg;
	char buf[16];
	ssize_t n;

	while ((n = gt_read(m.there[i][0], buf, sizeof buf)) > 0)
		RIG_CHECK(gt_write(m.back[i][1], buf, (size_t)n) == n);
	RIG_CHECK(n == 0);
}

static void goes_round(struct actor *a)
{
	uint64_t i = below(a, ECHOES);
	char out[8], in[8];
	size_t bytes = 1 + below(a, sizeof out), got = 0;

	memset(out, (int)below(a, 256), sizeof out);
	OK(gt_mutex_lock(&m.echo_mutex[i]));
	RIG_CHECK(gt_write(m.there[i][1], out, bytes) == (ssize_t)bytes);
	if (below(a, 3) == 0) {
		int ready = gt_poll(m.back[i][0], POLLIN, (int64_t)some_time(a));

		RIG_CHECK(ready == 0 || ready == POLLIN || ready == -ETIMEDOUT);
	}
	while (got < bytes) {
		ssize_t n = gt_read(m.back[i][0], in + got, bytes - got);

		RIG_CHECK(n > 0);
		got += (size_t)n;
	}
	RIG_CHECK(!memcmp(in, out, bytes));
	OK(gt_mutex_unlock(&m.echo_mutex[i]));
}

static void is_called(void *unused)
{
	(void)unused;
	RIG_CHECK(gt_sleep_ns(1) == -EDEADLK);
	ADD(m.called, 1);
}

static void calls_back(struct actor *a)
{
	ADD(m.calls, 1);
	if (below(a, 2))
		OK(gt_call_soon("soon", is_called, NULL));
	else
		OK(gt_call_later(some_time(a), "later", is_called, NULL, NULL));
}

static void cleans(void *unused)
{
	(void)unused;
	ADD(m.cleaned, 1);
}

static void acts(void *arg);

static void child_ends(void *arg)
{
	struct actor *a = arg, copy = *a;
	struct gt_cleanup cleanup;
	int leaves = (int)below(&copy, 2);

	free(a);
	OK(gt_cleanup_push(&cleanup, cleans, NULL));
	ADD(m.cleanups, 1);
	acts(&copy);
	if (leaves)
		gt_exit(); /* says waitgroup_done below, by no way but the cleanup's */
	OK(gt_cleanup_pop(&cleanup, 1));
}

static void spawns(struct actor *a)
{
	struct actor *child;
	struct gt *gt;

	if (a->depth >= 3)
		return;
	child = malloc(sizeof *child);
	RIG_CHECK(child);
	*child = (struct actor){a->random ^ 0x9e3779b97f4a7c15ull,
				1 + (int)below(a, OPERATIONS / 8), a->depth + 1};
	OK(gt_waitgroup_add(&m.all, 1));
	if (below(a, 3) == 0) {
		OK(gt_spawn(NULL, child_ends, child));
		return;
	}
	OK(gt_spawn(&gt, child_ends, child));
	pauses(a);
	if (below(a, 2))
		OK(gt_detach(gt));
	else
		OK(gt_join(gt));
}

static void acts(void *arg)
{
	static void (*const operations[])(struct actor *) = {
		pauses,	      locks,	  reads_or_writes, counts_down, spins,
		sends,	      selects,	  gives_tokens,	   calls,	goes_round,
		takes_tokens, calls_back, spawns};
	struct actor *a = arg;

	ADD(m.begun, 1);
	while (a->operations-- > 0) {
		operations[below(a, sizeof operations / sizeof operations[0])](a);
		ADD(m.told->operations, 1);
	}
	ADD(m.ended, 1);
	OK(gt_waitgroup_done(&m.all));
}

/* --- a program of these -------------------------------------------------------------- */

static void receives(void *arg)
{
	struct gt_select_case cases[CHANS];
	uint64_t n[CHANS];
	int open = CHANS, chosen;

	(void)arg;
	for (int i = 0; i < CHANS; i++)
		cases[i] = (struct gt_select_case){m.chan[i], GT_SELECT_RECV, &n[i], 0};
	while (open) {
		chosen = gt_select(cases, CHANS, -1);
		RIG_CHECK(chosen >= 0 && chosen < CHANS);
		if (cases[chosen].result == 0) {
			ADD(m.received, n[chosen]);
			continue;
		}
		RIG_CHECK(cases[chosen].result == -EPIPE);
		cases[chosen].chan = NULL;
		open--;
	}
}

static void begin(const struct play *play, struct gt **helper)
{
	m.told = play->told;
	gt_select_seed(play->seed);
	gt_sem_init(&m.sem, 3, 3, "three");
	for (int i = 0; i < CHANS; i++) {
		m.chan[i] = gt_chan_new(sizeof(uint64_t), i < 2 ? 0 : (size_t)i, "chan");
		RIG_CHECK(m.chan[i]);
	}
	for (intptr_t i = 0; i < ECHOES; i++) {
		RIG_CHECK(pipe(m.there[i]) == 0 && pipe(m.back[i]) == 0);
		OK(gt_spawn(&helper[i], echoes_all, (void *)i));
	}
	for (int i = 0; i < READERS; i++)
		OK(gt_spawn(&helper[ECHOES + i], receives, NULL));
}

static void end(struct gt **helper)
{
	OK(gt_waitgroup_wait(&m.all));
	for (int i = 0; i < CHANS; i++)
		OK(gt_chan_close(m.chan[i]));
	for (int i = 0; i < ECHOES; i++)
		close(m.there[i][1]);
	for (int i = 0; i < ECHOES + READERS; i++)
		OK(gt_join(helper[i]));
	while (__atomic_load_n(&m.called, __ATOMIC_RELAXED) < m.calls) {
		gt_yield(); /* under coop a sleep lets nobody else run */
		OK(gt_sleep_ns(1 * MS));
	}
	for (int i = 0; i < CHANS; i++)
		gt_chan_free(m.chan[i]);
	for (int i = 0; i < ECHOES; i++) {
		close(m.there[i][0]);
		close(m.back[i][0]);
		close(m.back[i][1]);
	}
}

static void program(void *arg)
{
	const struct play *play = arg;
	uint64_t from = gt__sys_now_ns();
	struct actor actor[ACTORS];
	struct gt *helper[ECHOES + READERS];

	begin(play, helper);
	for (unsigned i = 0; i < ACTORS; i++) {
		actor[i] = (struct actor){play->seed * 1000ull + i, OPERATIONS, 0};
		below(&actor[i], 2);
		OK(gt_waitgroup_add(&m.all, 1));
		OK(gt_spawn(NULL, acts, &actor[i]));
	}
	end(helper);
	RIG_CHECK(m.sent == m.received && m.begun == m.ended && m.calls == m.called);
	RIG_CHECK(!m.in_sem && !m.reads && !m.writes && m.pair[0] == m.pair[1]);
	play->told->virtual_ns += gt__sys_now_ns() - from;
}

static void step(void)
{
	m.told->steps++;
	watch_step();
}

static void play_child(void *arg)
{
	struct play *play = arg;
	const struct gt_config config = {.policy = play->policy};
	char seed[32];

	snprintf(seed, sizeof seed, "%u,cores=%u", play->seed, play->cores);
	setenv("GT_SIM", seed, 1);
	alarm(600);
	m.told = play->told;
	watch_begin(play->policy);
	gt__sim_step = step;
	OK(gt_run_config(&config, program, play));
	watch_end();
	RIG_CHECK(m.cleanups == m.cleaned);
}

/* --- hours of them ----------------------------------------------------------------------
 */

static uint64_t number(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : fallback;
}

static void random_operations_for_hours(void **state)
{
	uint64_t seconds = number("GT_SOAK_SECONDS", 20), programs = 0;
	unsigned seed = (unsigned)number("GT_SOAK_FIRST", 1);
	const char *only = getenv("GT_SOAK_POLICY");
	struct told *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(told != MAP_FAILED);
	for (; programs < 2 * POLICIES || told->virtual_ns / 1000000000 < seconds;
	     seed++, programs++) {
		struct play play = {only ? only : policies[seed % POLICIES], seed,
				    1 + seed % 4, told};
		int status = rig_child(play_child, &play, NULL, 0);

		if (status)
			print_error("GT_SIM=%u,cores=%u: GT_SOAK_FIRST=%u "
				    "GT_SOAK_POLICY=%s\n",
				    seed, play.cores, seed, play.policy);
		assert_int_equal(status, 0);
	}
	print_message("soak: %llu programs, %llu operations, %llu steps, %llu virtual s\n",
		      (unsigned long long)programs, (unsigned long long)told->operations,
		      (unsigned long long)told->steps,
		      (unsigned long long)(told->virtual_ns / 1000000000));
	munmap(told, sizeof *told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations_for_hours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
