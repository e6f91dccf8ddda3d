/* SPDX-License-Identifier: MIT
 *
 * Random programs on the simulated system, under every policy: they end, their sums are
 * right, and at each step of the simulation what must always hold does, and the policy's
 * reference model (runtime_watch.h) agrees. Tiny programs are run over all choices of
 * the scheduler, as far as the first few go.
 * GT_MODEL_FIRST and GT_MODEL_SEEDS say which seeds are tried.
 */
#include <errno.h>

#include "runtime/core/rt.h"
#include "runtime/sim/sim_thread.h"
#include "tests/unit/runtime_watch.h"

#define ACTORS	   5
#define OPERATIONS 14
#define PERMITS	   2u
#define ELEMENTS   2
#ifdef GT_TSAN /* forks slowly */
#define SEEDS 1u
#define EACH  2u /* policy */
#else
#define SEEDS 4u
#define EACH  1u
#endif
#define SCRIPT_DEPTH 9
#define US	     1000ull

static const char *const policies[] = {"coop",
				       "green",
				       "asyncio,executor=none",
				       "offset,pool=1",
				       "asyncio",
				       "offset",
				       "offset,quirks=0,pool=3",
				       "quantum",
				       "quantum,tick=100us,quantum=1",
				       "gmp,cores=1",
				       "gmp",
				       "gmp,cores=6",
				       "threads",
				       "gil2,interval=1,cores=2",
				       "gil3",
				       "gil3,interval=100us,cores=1",
				       "gil3,interval=100us,cores=3"};
#define POLICIES (sizeof policies / sizeof policies[0])

struct play {
	const char *policy;
	unsigned seed;
	void (*fn)(void *);
};

/* --- what holds at each step --------------------------------------------------- */

static struct {
	struct gt_mutex mutex, tokens_mutex;
	struct gt_sem sem;
	struct gt_cond more;
	struct gt_chan *chan[2];
	uint32_t begun, ended, in_mutex, in_sem; /* atomic */
	long locked, tokens, made, taken;
	int closing;
	long sent[2], received[2];
	uint64_t steps;
} m;

static struct gt *current_of(const struct gt__sim_thread *t)
{
	const struct gt__os *os = t == gt__sim_self() ? gt__os() : t->os;

	return t->state == GT__SIM_OVER || !os ? NULL : os->current;
}

/* No green thread is in two places, and who excludes others is alone. */
static void invariant(void)
{
	for (struct gt__sim_thread *a = gt__sim_all(); a; a = a->next)
		for (struct gt__sim_thread *b = a->next; b && current_of(a); b = b->next)
			RIG_CHECK(current_of(a) != current_of(b));
	RIG_CHECK(m.in_mutex <= 1);
	RIG_CHECK(m.in_sem <= PERMITS);
	RIG_CHECK(m.ended <= m.begun);
	for (int i = 0; i < 2; i++)
		RIG_CHECK(m.received[i] <= m.sent[i]);
	m.steps++;
	watch_step();
}

/* --- random programs ------------------------------------------------------------- */

struct actor {
	uint64_t random;
	int operations, may_spawn;
};

static uint64_t below(struct actor *a, uint64_t limit)
{
	a->random = a->random * 6364136223846793005ull + 1442695040888963407ull;
	return (a->random >> 33) % limit;
}

#define ADD(word, n) __atomic_fetch_add(&(word), (n), __ATOMIC_RELAXED)

static void in_the_mutex(struct actor *a)
{
	long seen;

	RIG_CHECK(gt_mutex_lock(&m.mutex) == 0);
	ADD(m.in_mutex, 1);
	seen = m.locked;
	if (below(a, 2))
		gt_yield();
	gt_busy_ns(below(a, 20) * US);
	m.locked = seen + 1;
	ADD(m.in_mutex, -1u);
	RIG_CHECK(gt_mutex_unlock(&m.mutex) == 0);
}

static void in_the_sem(struct actor *a)
{
	int64_t patience = below(a, 2) ? -1 : (int64_t)(below(a, 300) * US);
	int err = gt_sem_timedwait(&m.sem, patience);

	RIG_CHECK(err == 0 || (err == -ETIMEDOUT && patience >= 0));
	if (err)
		return;
	ADD(m.in_sem, 1);
	gt_yield();
	gt_busy_ns(below(a, 20) * US);
	ADD(m.in_sem, -1u);
	RIG_CHECK(gt_sem_post(&m.sem) == 0);
}

static void sends(struct actor *a)
{
	uint64_t which = below(a, 2);
	long n = 1 + (long)below(a, 100);

	ADD(m.sent[which], n);
	RIG_CHECK(gt_chan_send(m.chan[which], &n) == 0);
}

static void selects(struct actor *a)
{
	long n = 1 + (long)below(a, 100);
	int64_t patience = below(a, 3) ? (int64_t)(below(a, 200) * US) : -1;
	struct gt_select_case cases[3] = {{m.chan[0], GT_SELECT_SEND, &n, 0},
					  {m.chan[1], GT_SELECT_SEND, &n, 0},
					  {NULL, GT_SELECT_RECV, NULL, 0}};
	int chosen;

	/* Counted before, for the receiver may be faster than we are. */
	ADD(m.sent[0], n);
	ADD(m.sent[1], n);
	chosen = gt_select(cases, 3, patience);
	RIG_CHECK(chosen == 0 || chosen == 1 || (chosen == -ETIMEDOUT && patience >= 0));
	for (int i = 0; i < 2; i++)
		if (i != chosen)
			ADD(m.sent[i], -n);
}

static void signals(struct actor *a)
{
	RIG_CHECK(gt_mutex_lock(&m.tokens_mutex) == 0);
	m.tokens++;
	m.made++;
	if (below(a, 2))
		RIG_CHECK(gt_cond_signal(&m.more) == 0);
	else
		RIG_CHECK(gt_cond_broadcast(&m.more) == 0);
	RIG_CHECK(gt_mutex_unlock(&m.tokens_mutex) == 0);
}

static long calls(void *ns)
{
	return gt_block_ns(*(uint64_t *)ns);
}

static void acts(void *arg);

static void spawns(struct actor *a)
{
	struct actor child = {.random = a->random, .operations = 3};
	struct gt *gt;

	RIG_CHECK(gt_spawn(&gt, acts, &child) == 0);
	gt_yield();
	RIG_CHECK(gt_join(gt) == 0);
	below(a, 2);
}

static void waits(struct actor *a)
{
	uint64_t ns = below(a, 200) * US;

	switch (below(a, 4)) {
	case 0:
		RIG_CHECK(gt_sleep_ns(ns) == 0);
		break;
	case 1:
		RIG_CHECK(gt_blocking("call", calls, &ns) == 0);
		break;
	case 2:
		gt_busy_ns(ns);
		break;
	default:
		gt_yield();
	}
}

static void acts(void *arg)
{
	struct actor *a = arg;

	ADD(m.begun, 1);
	while (a->operations-- > 0)
		switch (below(a, a->may_spawn ? 7 : 6)) {
		case 0:
			in_the_mutex(a);
			break;
		case 1:
			in_the_sem(a);
			break;
		case 2:
			sends(a);
			break;
		case 3:
			selects(a);
			break;
		case 4:
			signals(a);
			break;
		case 5:
			waits(a);
			break;
		default:
			spawns(a);
		}
	ADD(m.ended, 1);
}

static void receives(void *arg)
{
	long i = (long)(intptr_t)arg, n;

	while (gt_chan_recv(m.chan[i], &n) == 0)
		ADD(m.received[i], n);
}

static void takes_tokens(void *unused)
{
	(void)unused;
	RIG_CHECK(gt_mutex_lock(&m.tokens_mutex) == 0);
	while (!m.closing || m.tokens) {
		if (!m.tokens) {
			RIG_CHECK(gt_cond_wait(&m.more, &m.tokens_mutex) == 0);
			continue;
		}
		m.tokens--;
		m.taken++;
	}
	RIG_CHECK(gt_mutex_unlock(&m.tokens_mutex) == 0);
}

static void close_all(void)
{
	RIG_CHECK(gt_chan_close(m.chan[0]) == 0 && gt_chan_close(m.chan[1]) == 0);
	RIG_CHECK(gt_mutex_lock(&m.tokens_mutex) == 0);
	m.closing = 1;
	RIG_CHECK(gt_cond_broadcast(&m.more) == 0);
	RIG_CHECK(gt_mutex_unlock(&m.tokens_mutex) == 0);
}

static void random_program(void *arg)
{
	const struct play *play = arg;
	struct actor actor[ACTORS];
	struct gt *gt[ACTORS], *helper[4];

	m.chan[0] = gt_chan_new(sizeof(long), 0, "plain");
	m.chan[1] = gt_chan_new(sizeof(long), ELEMENTS, "buffered");
	gt_select_seed(play->seed);
	gt_sem_init(&m.sem, PERMITS, PERMITS, "sem");
	for (long i = 0; i < 2; i++) {
		RIG_CHECK(gt_spawn(&helper[i], receives, (void *)i) == 0);
		RIG_CHECK(gt_spawn(&helper[2 + i], takes_tokens, NULL) == 0);
	}
	for (unsigned i = 0; i < ACTORS; i++) {
		actor[i] = (struct actor){play->seed * 1000ull + i, OPERATIONS, 1};
		below(&actor[i], 2);
		RIG_CHECK(gt_spawn(&gt[i], acts, &actor[i]) == 0);
	}
	for (int i = 0; i < ACTORS; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	close_all();
	for (int i = 0; i < 4; i++)
		RIG_CHECK(gt_join(helper[i]) == 0);
	RIG_CHECK(m.begun == m.ended && !m.in_mutex && !m.in_sem && !m.tokens);
	RIG_CHECK(m.sent[0] == m.received[0] && m.sent[1] == m.received[1]);
	RIG_CHECK(m.made == m.taken);
	gt_chan_free(m.chan[0]);
	gt_chan_free(m.chan[1]);
}

static void play_child(void *arg)
{
	struct play *play = arg;
	const struct gt_config config = {.policy = play->policy};
	char seed[16];

	snprintf(seed, sizeof seed, "%u", play->seed);
	setenv("GT_SIM", seed, 1);
	alarm(600);
	watch_begin(play->policy);
	gt__sim_step = invariant;
	RIG_CHECK(gt_run_config(&config, play->fn, play) == 0);
	watch_end();
	RIG_CHECK(m.steps > 0 || play->fn != random_program);
}

static unsigned number(const char *name, unsigned fallback)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : fallback;
}

static void random_programs_end(void **state)
{
	unsigned first = number("GT_MODEL_FIRST", 1);
	unsigned seeds = number("GT_MODEL_SEEDS", SEEDS);

	(void)state;
	for (size_t i = 0; i < POLICIES; i += EACH)
		for (unsigned seed = first; seed < first + seeds; seed++) {
			struct play play = {policies[i], seed, random_program};
			int status = rig_child(play_child, &play, NULL, 0);

			if (status)
				print_error("policy %s, GT_SIM=%u\n", policies[i], seed);
			assert_int_equal(status, 0);
		}
}

/* --- single: one after another ------------------------------------------------------ */

static void nests(void *arg)
{
	struct actor *a = arg, child[3];
	struct gt *gt[3];

	for (int i = 0; i < 3 && a->operations > 0; i++) {
		child[i] = (struct actor){a->random + below(a, 9), a->operations - 1, 1};
		RIG_CHECK(gt_spawn(&gt[i], nests, &child[i]) == 0);
	}
	gt_yield();
	RIG_CHECK(gt_sleep_ns(below(a, 50) * US) == 0);
	for (int i = 0; i < 3 && a->operations > 0; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	signals(a);
}

/* Nothing that waits for another but its end: that would be for ever. */
static void nest_program(void *arg)
{
	const struct play *play = arg;
	struct actor actor = {play->seed, 3, 1};

	nests(&actor);
}

static void single_goes_through_the_line(void **state)
{
	static const char *const all[] = {"single", "coop", "offset", "gmp,cores=1"};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		for (unsigned seed = 1; seed <= SEEDS; seed++) {
			struct play play = {all[i], seed, nest_program};
			int status = rig_child(play_child, &play, NULL, 0);

			if (status)
				print_error("policy %s, GT_SIM=%u\n", all[i], seed);
			assert_int_equal(status, 0);
		}
}

/* --- deadlocks are told, and only they --------------------------------------------- */

/* What they hold is never given back. */
static int leaks_are_fine;
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return leaks_are_fine;
}

static void wait_for_ever(void *unused)
{
	struct gt_chan *nobody_sends = gt_chan_new(sizeof(int), 0, "nobody sends");

	(void)unused;
	gt_chan_recv(nobody_sends, NULL);
}

static void all_wait(void *unused)
{
	struct gt *gt[2];

	(void)unused;
	leaks_are_fine = 1;
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_spawn(&gt[i], wait_for_ever, NULL) == 0);
	gt_join(gt[0]);
}

static void a_deadlock_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < POLICIES; i += EACH) {
		struct play play = {policies[i], 1, all_wait};
		char err[4096]; /* a sanitizer may have its say, too */
		int status = rig_child(play_child, &play, err, sizeof err);

		if (!strstr(err, "deadlock"))
			print_error("policy %s: %s\n", policies[i], err);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
		assert_non_null(strstr(err, "gt: deadlock: all 3 green threads"));
	}
}

/* --- every choice ------------------------------------------------------------------- */

/* A run of the scheduler: what it chose at its first choices, and of how many. */
static struct {
	unsigned chosen[SCRIPT_DEPTH], of[SCRIPT_DEPTH], at, runs;
} script;

/* Of many (a delay's nanoseconds) the least and the most are enough. */
static uint64_t choose(uint64_t limit)
{
	unsigned at = script.at, of = limit > 4 ? 2 : (unsigned)limit;

	if (at >= SCRIPT_DEPTH || limit < 2)
		return 0;
	script.of[at] = of;
	script.at++;
	return limit > 4 ? script.chosen[at] * (limit - 1) : script.chosen[at];
}

/* The next script in the order of counting; 0: that was all. */
static int next_script(void)
{
	unsigned at = script.at;

	while (at-- > 0) {
		if (++script.chosen[at] < script.of[at])
			return 1;
		script.chosen[at] = 0;
	}
	return 0;
}

static struct {
	struct gt_mutex mutex;
	struct gt_cond cond;
	struct gt_chan *chan;
	int count, flag;
	long sum;
} tiny;

static void tiny_locks(void *arg)
{
	long n = (long)(intptr_t)arg;
	int seen;

	RIG_CHECK(gt_mutex_lock(&tiny.mutex) == 0);
	seen = tiny.count;
	gt_tick();
	tiny.count = seen + 1;
	if (tiny.count == 2) {
		tiny.flag = 1;
		RIG_CHECK(gt_cond_signal(&tiny.cond) == 0);
	}
	RIG_CHECK(gt_mutex_unlock(&tiny.mutex) == 0);
	RIG_CHECK(gt_chan_send(tiny.chan, &n) == 0);
}

static void tiny_program(void *unused)
{
	struct gt *gt[2];
	long n;

	(void)unused;
	memset(&tiny, 0, sizeof tiny);
	tiny.chan = gt_chan_new(sizeof(long), 0, "tiny");
	for (long i = 0; i < 2; i++)
		RIG_CHECK(gt_spawn(&gt[i], tiny_locks, (void *)(i + 1)) == 0);
	RIG_CHECK(gt_mutex_lock(&tiny.mutex) == 0);
	while (!tiny.flag)
		RIG_CHECK(gt_cond_wait(&tiny.cond, &tiny.mutex) == 0);
	RIG_CHECK(gt_mutex_unlock(&tiny.mutex) == 0);
	for (int i = 0; i < 2; i++) {
		RIG_CHECK(gt_chan_recv(tiny.chan, &n) == 0);
		tiny.sum += n;
	}
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	RIG_CHECK(tiny.count == 2 && tiny.sum == 3);
	gt_chan_free(tiny.chan);
}

static void every_choice_child(void *policy)
{
	const struct gt_config config = {.policy = policy};

	setenv("GT_SIM", "1", 1);
	alarm(600);
	gt__sim_choose = choose;
	gt__sim_step = invariant;
	watch_begin(policy);
	do {
		script.at = 0;
		RIG_CHECK(gt_run_config(&config, tiny_program, NULL) == 0);
		watch_end();
		script.runs++;
	} while (next_script());
	/* One OS thread, or one core, leaves little to choose. */
	RIG_CHECK(gt__rt.single || strstr(policy, "cores=1") || script.runs > 16);
}

static void a_tiny_program_ends_whatever_is_chosen(void **state)
{
	(void)state;
	for (size_t i = 0; i < POLICIES; i += EACH) {
		char *policy = strdup(policies[i]);
		int status = rig_child(every_choice_child, policy, NULL, 0);

		if (status)
			print_error("policy %s\n", policy);
		free(policy);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_programs_end),
		cmocka_unit_test(single_goes_through_the_line),
		cmocka_unit_test(a_deadlock_is_told),
		cmocka_unit_test(a_tiny_program_ends_whatever_is_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
