/* SPDX-License-Identifier: MIT
 *
 * The rules of the findings: for each a story that has it, near misses that have not,
 * and the thresholds at their edges.
 */
#include "tests/unit/model_story.h"

/* ---- convoy ---- */

static void convoy(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	short_behind_long(GTV__CONVOY_WAITS, MS, 10 * US, MS);
	it = only(GTV_FIND_CONVOY);
	assert_int_equal(it->times, GTV__CONVOY_WAITS);
	assert_int_equal(it->lost_ns, GTV__CONVOY_WAITS * MS);
	assert_int_equal(it->severity, GTV_SEV_SERIOUS);
	assert_int_equal(it->to_ns - it->from_ns, MS);
	assert_int_equal(it->lane[0].kind, GTV_LANE_GT);
	assert_int_equal(it->lane[0].id, 1);
	assert_int_equal(it->lane[1].kind, GTV_LANE_LOCK);
	assert_int_equal(it->lane[2].id, 2);
	assert_non_null(strstr(it->text, "G1 waits 1 ms in the mean for L1"));
	assert_non_null(strstr(it->text, "10 waits"));
	/* The same a thousand times faster, and slower. */
	short_behind_long(50, US, 10, US);
	only(GTV_FIND_CONVOY);
	short_behind_long(50, 100 * MS, MS, 100 * MS);
	only(GTV_FIND_CONVOY);
}

static void no_convoy(void **state)
{
	(void)state;
	short_behind_long(GTV__CONVOY_WAITS - 1, MS, 10 * US, MS);
	none();
	/* It holds the lock for a tenth of what it waits, and a little more. */
	short_behind_long(20, MS, MS / GTV__CONVOY_RATIO + US, MS);
	none();
	/* Waits that are a small part of its life. */
	short_behind_long(20, MS, 10 * US, 5 * MS);
	none();
	assert_int_equal(verdict[GTV_FIND_CONVOY], GTV_RULE_FINE);
}

/* Twelve that share a lock, each for as long as the others: a queue, no convoy. */
static void equals_are_no_convoy(void **state)
{
	uint32_t n = 12;

	(void)state;
	story(0, 0);
	for (uint32_t g = 1; g <= n; g++)
		spawn(g);
	for (uint32_t g = 1; g <= n; g++)
		runs(W0 + g, g);
	takes(W0 + 1, 1, 1);
	for (uint32_t g = 2; g <= n; g++)
		stops(GTV_EV_SWITCH_LOCK, W0 + g, g, 0, 1);
	for (uint32_t i = 0; i < 40 * n; i++) {
		uint32_t g = i % n + 1, next = (i + 1) % n + 1;
		now += MS;
		drops(W0 + g, g, 1);
		ready(W0 + g, next, g, GTV_BY_GT);
		stops(GTV_EV_SWITCH_LOCK, W0 + g, g, 0, 1);
		runs(W0 + next, next);
		takes(W0 + next, next, 1);
	}
	none();
}

/* ---- lock holder off core ---- */

/* G1 holds L1 and loses its core for a while; G2 waits for it, or not. */
static void holder_preempted(uint64_t off, int waited)
{
	story(3, 0);
	on_core(1, 0, W1, GTV_OFF_IDLE);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	runs(W1, 2);
	takes(W0, 1, 1);
	if (waited) {
		stops(GTV_EV_SWITCH_LOCK, W1, 2, 0, 1);
		on_core(1, W1, OTHER, GTV_OFF_SLEEP);
	}
	now += 100 * US;
	on_core(0, W0, OTHER, GTV_OFF_PREEMPTED);
	now += off;
	on_core(0, OTHER, W0, GTV_OFF_SLEEP);
	now += 100 * US;
	drops(W0, 1, 1);
	if (waited)
		ready(W0, 2, 1, GTV_BY_GT);
	now += 100 * MS;
}

static void holder_off_core(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	holder_preempted(4 * MS, 1);
	it = only(GTV_FIND_HOLDER_OFF_CORE);
	assert_int_equal(it->to_ns - it->from_ns, 4 * MS);
	assert_int_equal(it->lost_ns, 4 * MS);
	assert_int_equal(it->severity, GTV_SEV_WARNING);
	assert_non_null(strstr(it->text, "lost its core to T77"));
	/* Asleep: it sleeps in the kernel with the lock in its hand. */
	story(3, 0);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	takes(W0, 1, 1);
	on_core(1, 0, W1, GTV_OFF_IDLE);
	runs(W1, 2);
	stops(GTV_EV_SWITCH_LOCK, W1, 2, 0, 1);
	on_core(0, W0, OTHER, GTV_OFF_SLEEP);
	now += 20 * MS;
	wakes(W0);
	on_core(0, OTHER, W0, GTV_OFF_SLEEP);
	drops(W0, 1, 1);
	it = only(GTV_FIND_HOLDER_OFF_CORE);
	assert_non_null(strstr(it->text, "slept in"));
}

static void holder_on_core(void **state)
{
	(void)state;
	holder_preempted(4 * MS, 0); /* nobody wants it */
	none();
	holder_preempted(MS / 2, 1); /* too short to matter */
	none();
	assert_int_equal(verdict[GTV_FIND_HOLDER_OFF_CORE], GTV_RULE_FINE);
	level = 0;
	short_behind_long(3, MS, MS, MS);
	none();
	assert_int_equal(verdict[GTV_FIND_HOLDER_OFF_CORE], GTV_RULE_CANNOT);
	assert_string_equal(why[GTV_FIND_HOLDER_OFF_CORE],
			    "level 0 does not show what the kernel does to a holder");
}

/* ---- starvation ---- */

/* G1 is ready for a while, in which G2 and G3 run in turns. */
static void passed_over(uint64_t ns, unsigned turns)
{
	story(0, 1);
	spawn(1);
	spawn(2);
	spawn(3);
	runs(W0, 2);
	for (unsigned i = 1; i < turns; i++) {
		now += ns / turns;
		if (i % 2)
			stops(GTV_EV_SWITCH_YIELD, W0, 2, 3, 0);
		else
			stops(GTV_EV_SWITCH_YIELD, W0, 3, 2, 0);
	}
	now = 1000000000 + ns;
	stops(GTV_EV_SWITCH_YIELD, W0, turns % 2 ? 2 : 3, 1, 0);
	now += MS;
}

static void starvation(void **state)
{
	const struct gtv_finding *it;
	uint64_t at;

	(void)state;
	passed_over(GTV__STARVED_NS, GTV__STARVED_RUNS);
	it = only(GTV_FIND_STARVATION);
	assert_int_equal(it->lane[0].id, 1);
	assert_int_equal(it->to_ns - it->from_ns, GTV__STARVED_NS);
	assert_non_null(strstr(it->text, "G1 was ready for 100 ms"));
	/* An OS thread whose core another program has. */
	story(3, 0);
	at = now;
	on_core(0, W0, OTHER, GTV_OFF_PREEMPTED);
	now += GTV__STARVED_NS;
	on_core(0, OTHER, W0, GTV_OFF_PREEMPTED);
	it = only(GTV_FIND_STARVATION);
	assert_int_equal(it->from_ns, at);
	assert_int_equal(it->lane[0].kind, GTV_LANE_THREAD);
}

static void no_starvation(void **state)
{
	(void)state;
	passed_over(GTV__STARVED_NS - 1, 20);
	none();
	passed_over(GTV__STARVED_NS, GTV__STARVED_RUNS - 1);
	none();
	assert_int_equal(verdict[GTV_FIND_STARVATION], GTV_RULE_FINE);
	story(3, 0);
	on_core(0, W0, OTHER, GTV_OFF_PREEMPTED);
	now += GTV__STARVED_NS - 1;
	on_core(0, OTHER, W0, GTV_OFF_PREEMPTED);
	none();
}

/* ---- never yields ---- */

static void never_yields(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	kept(1, GTV__HOG_NS);
	stops(GTV_EV_SWITCH_YIELD, W0, 1, 2, 0);
	now += MS;
	it = only(GTV_FIND_NEVER_YIELDS);
	assert_int_equal(it->lane[0].id, 1);
	assert_int_equal(it->to_ns - it->from_ns, GTV__HOG_NS);
	assert_int_equal(it->lost_ns, GTV__HOG_NS);
	/* It goes on to the end of the trace. */
	kept(1, GTV__HOG_NS);
	it = only(GTV_FIND_NEVER_YIELDS);
	assert_non_null(strstr(it->text, "still does"));
	/* Two workers, both kept. */
	kept(2, 0);
	spawn(3);
	runs(W1, 2);
	now += GTV__HOG_NS;
	stops(GTV_EV_SWITCH_YIELD, W1, 2, 3, 0);
	now += 1;
	only(GTV_FIND_NEVER_YIELDS);
	/* Who waits for the loop is told to be ready only afterwards. */
	story(0, 1);
	spawn(1);
	spawn(2);
	runs(W0, 2);
	stops(GTV_EV_SWITCH_IO, W0, 2, 1, 5);
	now += GTV__HOG_NS;
	stops(GTV_EV_SWITCH_SLEEP, W0, 1, 0, 0);
	now += 10 * US;
	ready(W0, 2, 0, GTV_BY_POLLER);
	runs(W0, 2);
	now += MS;
	it = only(GTV_FIND_NEVER_YIELDS);
	assert_int_equal(it->lane[1].id, 2);
}

/* The loop calls a function that computes: nobody else runs, no green thread did it. */
static void called_back(uint64_t ns)
{
	story(0, 1);
	spawn(1);
	spawn(2);
	runs(W0, 2);
	stops(GTV_EV_SWITCH_SLEEP, W0, 2, 0, 0);
	ev(GTV_EV_CALLBACK_BEGIN, W0, 0, 5, 0, 0);
	now += ns;
	ev(GTV_EV_CALLBACK_END, W0, 0, 5, 0, 0);
	runs(W0, 1);
	now += MS;
}

static void a_callback_keeps_the_loop(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	called_back(GTV__HOG_NS);
	it = only(GTV_FIND_NEVER_YIELDS);
	assert_int_equal(it->lane[0].kind, GTV_LANE_THREAD);
	assert_int_equal(it->lane[0].id, W0);
	called_back(GTV__HOG_NS - 1);
	none();
}

static void yields(void **state)
{
	(void)state;
	kept(1, GTV__HOG_NS - 1);
	stops(GTV_EV_SWITCH_YIELD, W0, 1, 2, 0);
	none();
	assert_int_equal(verdict[GTV_FIND_NEVER_YIELDS], GTV_RULE_FINE);
	/* Another worker was there for the other. */
	kept(2, MS);
	runs(W1, 2);
	now += GTV__HOG_NS;
	stops(GTV_EV_SWITCH_SLEEP, W0, 1, 0, 0);
	none();
	/* An OS thread of its own. */
	kept(0, GTV__HOG_NS);
	stops(GTV_EV_SWITCH_YIELD, W0, 1, 2, 0);
	none();
	assert_int_equal(verdict[GTV_FIND_NEVER_YIELDS], GTV_RULE_NOTHING);
	/* Alone: who sleeps is in time. */
	story(0, 1);
	spawn(1);
	spawn(2);
	runs(W0, 2);
	stops(GTV_EV_SWITCH_SLEEP, W0, 2, 1, 0);
	now += GTV__HOG_NS;
	stops(GTV_EV_SWITCH_IO, W0, 1, 0, 4);
	now += 50 * MS;
	ready(W0, 2, 0, GTV_BY_TIMER);
	runs(W0, 2);
	none();
}

/* ---- blocking call ---- */

/* G1 sleeps in the kernel on its worker, and G2 is ready. */
static void sleeps_on_worker(uint64_t ns, uint32_t workers, int other_ready)
{
	story(3, workers);
	spawn(1);
	if (other_ready)
		spawn(2);
	runs(W0, 1);
	now += 10 * US;
	on_core(0, W0, 0, GTV_OFF_SLEEP);
	now += ns;
	wakes(W0);
	now += US;
	on_core(0, 0, W0, GTV_OFF_IDLE);
	now += 10 * US;
	stops(GTV_EV_SWITCH_YIELD, W0, 1, other_ready ? 2 : 1, 0);
	now += 10 * US;
}

static void blocking_call(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	sleeps_on_worker(GTV__BLOCK_NS, 1, 1);
	it = only(GTV_FIND_BLOCKING_CALL);
	assert_int_equal(it->lane[0].id, 1);
	assert_int_equal(it->to_ns - it->from_ns, GTV__BLOCK_NS);
	sleeps_on_worker(10 * MS, 2, 1); /* a worker of two, and nobody else ran */
	only(GTV_FIND_BLOCKING_CALL);
	/* Longer than what a hog needs: still no hog. */
	sleeps_on_worker(GTV__HOG_NS * 2, 1, 1);
	only(GTV_FIND_BLOCKING_CALL);
	/* A call that the runtime declares and makes on its worker, at level 0. */
	story(0, 1);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	stops(GTV_EV_SWITCH_SYSCALL, W0, 1, 0, 3);
	ev(GTV_EV_CALL_BEGIN, W0, 1, 3, 0, 0);
	now += 2 * MS;
	ev(GTV_EV_CALL_END, W0, 1, 3, 0, 0);
	ready(W0, 1, 0, GTV_BY_POOL);
	runs(W0, 2);
	only(GTV_FIND_BLOCKING_CALL);
}

static void no_blocking_call(void **state)
{
	(void)state;
	sleeps_on_worker(GTV__BLOCK_NS - 1, 1, 1);
	none();
	sleeps_on_worker(50 * MS, 1, 0); /* nobody else is there */
	none();
	sleeps_on_worker(50 * MS, 0, 1); /* OS threads */
	none();
	assert_int_equal(verdict[GTV_FIND_BLOCKING_CALL], GTV_RULE_NOTHING);
	/* A pool's thread makes the call: that is what it is for. */
	story(0, 1);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	stops(GTV_EV_SWITCH_SYSCALL, W0, 1, 0, 3);
	ev(GTV_EV_CALL_BEGIN, W1, 1, 3, 0, 0);
	now += 20 * MS;
	ev(GTV_EV_CALL_END, W1, 1, 3, 0, 0);
	ready(W1, 1, 0, GTV_BY_POOL);
	runs(W0, 2);
	none();
	assert_int_equal(verdict[GTV_FIND_BLOCKING_CALL], GTV_RULE_CANNOT);
}

/* ---- cores ---- */

/* Three that compute, on one core of ours: slices of a millisecond. */
static void slices(int turns, uint32_t taker, int other_idle)
{
	story(3, 0);
	on_core(1, 0, other_idle ? 0 : OTHER, GTV_OFF_IDLE);
	for (int i = 0; i < turns; i++) {
		now += MS / 2;
		on_core(0, W0, taker, GTV_OFF_PREEMPTED);
		now += MS / 2;
		on_core(0, taker, W0, GTV_OFF_PREEMPTED);
	}
}

static void oversubscription(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	slices(50, W1, 0);
	it = only(GTV_FIND_OVERSUBSCRIPTION);
	assert_int_equal(it->severity, GTV_SEV_SERIOUS);
	slices(50, OTHER, 0);
	none();
	slices(50, W1, 1);
	none(); /* a core is idle: there are enough of them */
	assert_int_equal(verdict[GTV_FIND_OVERSUBSCRIPTION], GTV_RULE_FINE);
	level = 1;
	told_with(NULL);
	assert_int_equal(verdict[GTV_FIND_OVERSUBSCRIPTION], GTV_RULE_CANNOT);
}

static void idle_core(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	waits_beside_idle(GTV__IDLE_NS, 1);
	it = only(GTV_FIND_IDLE_CORE);
	assert_int_equal(it->lane[0].kind, GTV_LANE_THREAD);
	assert_int_equal(it->lane[1].kind, GTV_LANE_CORE);
	assert_int_equal(it->lane[1].id, 1);
	waits_beside_idle(GTV__IDLE_NS - 1, 1);
	none();
	waits_beside_idle(10 * MS, 0);
	none();
	assert_int_equal(verdict[GTV_FIND_IDLE_CORE], GTV_RULE_FINE);
}

static void to_and_fro(int backs, int cores)
{
	story(3, 0);
	for (int i = 0; i <= backs + 1; i++) {
		now += MS;
		on_core(i % cores, W0, 0, GTV_OFF_SLEEP);
		now += MS;
		wakes(W0);
		on_core((i + 1) % cores, 0, W0, GTV_OFF_IDLE);
	}
}

static void ping_pong(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	to_and_fro(GTV__PING_TIMES - 1, 2);
	it = only(GTV_FIND_PING_PONG);
	assert_int_equal(it->times, GTV__PING_TIMES);
	assert_int_equal(it->severity, GTV_SEV_NOTE);
	to_and_fro(GTV__PING_TIMES - 2, 2);
	none();
	to_and_fro(100, 1); /* it stays */
	none();
	to_and_fro(100, 3); /* it goes round: never back */
	none();
	assert_int_equal(verdict[GTV_FIND_PING_PONG], GTV_RULE_FINE);
	/* A green thread between two workers. */
	story(0, 2);
	spawn(1);
	for (unsigned i = 0; i <= GTV__PING_TIMES + 1; i++) {
		uint32_t tid = i % 2 ? W1 : W0;
		runs(tid, 1);
		now += US;
		stops(GTV_EV_SWITCH_YIELD, tid, 1, 0, 0);
	}
	it = only(GTV_FIND_PING_PONG);
	assert_int_equal(it->lane[0].kind, GTV_LANE_GT);
}

/* ---- locks ---- */

static void unfair_lock(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	barging(GTV__OVERTAKEN_WAITS, GTV__OVERTAKEN + 1, 0, 0);
	it = only(GTV_FIND_UNFAIR_LOCK);
	assert_int_equal(it->lane[0].id, 1);
	assert_int_equal(it->to_ns - it->from_ns, (GTV__OVERTAKEN + 2) * MS);
	assert_non_null(strstr(it->text, "others took it 11 times"));
	barging(GTV__OVERTAKEN_WAITS, GTV__OVERTAKEN, 0, 0);
	none();
	barging(GTV__OVERTAKEN_WAITS - 1, GTV__OVERTAKEN + 1, 0, 0);
	none();
	assert_int_equal(verdict[GTV_FIND_UNFAIR_LOCK], GTV_RULE_FINE);
}

static void false_wakeups(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	barging(GTV__FALSE_TIMES, 2, 1, GTV_BY_GT);
	it = only(GTV_FIND_FALSE_WAKEUPS);
	assert_int_equal(it->severity, GTV_SEV_WARNING);
	assert_non_null(strstr(it->text, "10 of 20 wake-ups for L1 were in vain"));
	barging(GTV__FALSE_TIMES - 1, 2, 1, GTV_BY_GT);
	none();
	barging(50, 2, 1, GTV_BY_TIMER); /* nobody said that it was free */
	none();
}

/* Two that spin for L1, one of which gets it `ratio` times as often. */
static void spinning(unsigned ratio, const char *kind)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_name name = {.id = 1};

	snprintf(name.extra, sizeof name.extra, "%s", kind);
	assert_int_equal(gtv_names_set(names, GTV_CLASS_LOCK, &name), 0);
	story(0, 0);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	runs(W1, 2);
	for (unsigned i = 0; i < 40 * (ratio + 1); i++) {
		uint32_t gt = i % (ratio + 1) ? 1 : 2, tid = gt == 1 ? W0 : W1;
		takes(tid, gt, 1);
		now += US;
		drops(tid, gt, 1);
	}
	stops(GTV_EV_SWITCH_EXIT, W1, 2, 0, 0);
	stops(GTV_EV_SWITCH_EXIT, W0, 1, 0, 0);
	told_with(names);
	gtv_names_free(names);
}

static void unequal_shares(void **state)
{
	(void)state;
	spinning(GTV__UNEQUAL + 1, "test-and-set");
	assert_int_equal(found, 1);
	assert_int_equal(list[0].kind, GTV_FIND_UNFAIR_LOCK);
	assert_int_equal(list[0].lane[0].id, 2);
	spinning(GTV__UNEQUAL - 2, "test-and-set");
	assert_int_equal(found, 0);
	/* Of a mutex the waits are told, and there are none. */
	spinning(GTV__UNEQUAL + 1, "mutex");
	assert_int_equal(found, 0);
}

/* ---- wait cycle ---- */

static void wait_cycle(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	embrace(1);
	it = only(GTV_FIND_WAIT_CYCLE);
	assert_int_equal(it->severity, GTV_SEV_SERIOUS);
	assert_int_equal(it->lanes, 2);
	assert_int_equal(it->to_ns - it->from_ns, 50 * MS);
	assert_non_null(strstr(it->text, "G2 waits for L1, held by G1"));
	assert_non_null(strstr(it->text, "G1 waits for L2, held by G2"));
	assert_non_null(strstr(it->text, "to the end"));
	/* A time-out breaks it. */
	embrace(1);
	ready(W0, 1, 0, GTV_BY_TIMER);
	runs(W0, 1);
	drops(W0, 1, 1);
	now += MS;
	it = only(GTV_FIND_WAIT_CYCLE);
	assert_int_equal(it->severity, GTV_SEV_WARNING);
	assert_non_null(strstr(it->text, "until one gave up"));
	/* For what it holds itself. */
	story(0, 1);
	spawn(1);
	runs(W0, 1);
	takes(W0, 1, 1);
	stops(GTV_EV_SWITCH_LOCK, W0, 1, 0, 1);
	now += MS;
	it = only(GTV_FIND_WAIT_CYCLE);
	assert_non_null(strstr(it->text, "held by G1 itself"));
	/* Each joins the other. */
	story(0, 1);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	stops(GTV_EV_SWITCH_JOIN, W0, 1, 2, 2);
	stops(GTV_EV_SWITCH_JOIN, W0, 2, 0, 1);
	now += MS;
	only(GTV_FIND_WAIT_CYCLE);
}

/* Two OS threads, each asleep on a futex that says the other has it. */
static void futexes(uint32_t second_owner)
{
	story(3, 0);
	on_core(1, 0, W1, GTV_OFF_IDLE);
	now += MS;
	ev(GTV_EV_K_FUTEX, W0, 0, W1, 0, 0x1000)->state = GTV_FUTEX_WAIT;
	on_core(0, W0, 0, GTV_OFF_SLEEP);
	now += MS;
	ev(GTV_EV_K_FUTEX, W1, 0, second_owner, 0, 0x2000)->state = GTV_FUTEX_WAIT;
	on_core(1, W1, 0, GTV_OFF_SLEEP);
	now += 200 * MS;
}

static void wait_cycle_of_os_threads(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	futexes(W0);
	it = only(GTV_FIND_WAIT_CYCLE);
	assert_int_equal(it->severity, GTV_SEV_SERIOUS);
	assert_int_equal(it->lanes, 2);
	assert_int_equal(it->lane[0].kind, GTV_LANE_THREAD);
	assert_int_equal(it->to_ns - it->from_ns, 200 * MS);
	/* Killed: woken first. */
	futexes(W0);
	wakes(W0);
	wakes(W1);
	on_core(0, 0, W0, GTV_OFF_IDLE);
	on_core(1, 0, W1, GTV_OFF_IDLE);
	for (uint32_t tid = W0; tid <= W2; tid++)
		ev(GTV_EV_K_EXIT, tid, 0, 0, 0, W0);
	it = only(GTV_FIND_WAIT_CYCLE);
	assert_int_equal(it->severity, GTV_SEV_SERIOUS);
	futexes(W2); /* who has the other waits for nobody */
	none();
	futexes(0); /* nobody is named */
	none();
}

static void no_wait_cycle(void **state)
{
	(void)state;
	embrace(0);
	none();
	assert_int_equal(verdict[GTV_FIND_WAIT_CYCLE], GTV_RULE_FINE);
}

/* Nobody is left who could wake the others: not a circle that can be named. */
static void all_wait(void **state)
{
	(void)state;
	for (int who = 0; who < 3; who++) {
		story(0, 1);
		spawn(1);
		spawn(2);
		runs(W0, 1);
		stops(GTV_EV_SWITCH_CHAN, W0, 1, 2, 1);
		stops(who == 1 ? GTV_EV_SWITCH_SLEEP : GTV_EV_SWITCH_CHAN, W0, 2, 0, 2);
		now += who == 2 ? GTV__HUNG_NS - 1 : GTV__HUNG_NS;
		if (who)
			none();
		else
			assert_non_null(strstr(only(GTV_FIND_WAIT_CYCLE)->text,
					       "all 2 green threads wait for one another"));
	}
	/* The program ends while they wait: that is how a runtime ends a deadlock. */
	story(3, 1);
	spawn(1);
	runs(W0, 1);
	now += MS;
	stops(GTV_EV_SWITCH_CHAN, W0, 1, 0, 1);
	now += US;
	for (uint32_t tid = W0; tid <= W2; tid++)
		ev(GTV_EV_K_EXIT, tid, 0, 0, 0, W0);
	only(GTV_FIND_WAIT_CYCLE);
}

static int clean(void **state)
{
	(void)state;
	free(evs);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(convoy),
		cmocka_unit_test(no_convoy),
		cmocka_unit_test(equals_are_no_convoy),
		cmocka_unit_test(holder_off_core),
		cmocka_unit_test(holder_on_core),
		cmocka_unit_test(starvation),
		cmocka_unit_test(no_starvation),
		cmocka_unit_test(never_yields),
		cmocka_unit_test(a_callback_keeps_the_loop),
		cmocka_unit_test(yields),
		cmocka_unit_test(blocking_call),
		cmocka_unit_test(no_blocking_call),
		cmocka_unit_test(oversubscription),
		cmocka_unit_test(idle_core),
		cmocka_unit_test(ping_pong),
		cmocka_unit_test(unfair_lock),
		cmocka_unit_test(false_wakeups),
		cmocka_unit_test(unequal_shares),
		cmocka_unit_test(wait_cycle),
		cmocka_unit_test(wait_cycle_of_os_threads),
		cmocka_unit_test(no_wait_cycle),
		cmocka_unit_test(all_wait),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}
