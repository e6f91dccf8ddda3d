/* SPDX-License-Identifier: MIT
 *
 * What the talks tell of the systems appears by itself, in virtual time. Each fact is
 * held against its contrary: the same program where it must not be seen.
 */
#include "tests/unit/runtime_play.h"

#define WORK (100 * MS)

/* --- two computations: threads, gil3, gil2 ---------------------------------- */

static void computes(void *arg)
{
	(void)arg;
	gt_busy_ns(WORK);
}

static void twice(struct outcome *outcome, int together)
{
	uint64_t begin = gt__sys_now_ns();
	struct gt *gt[2];

	for (int i = 0; i < 2; i++) {
		RIG_CHECK(gt_spawn(&gt[i], computes, NULL) == 0);
		if (!together)
			RIG_CHECK(gt_join(gt[i]) == 0);
	}
	for (int i = 0; together && i < 2; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	outcome->ns = gt__sys_now_ns() - begin;
}

static void twice_together(void *outcome)
{
	twice(outcome, 1);
}

static void twice_in_turn(void *outcome)
{
	twice(outcome, 0);
}

/* What procs is for as well; its processes are not simulated (tests/bench/talks.c). */
static void threads_take_half(void **state)
{
	uint64_t sequential = run("threads", 1, twice_in_turn).ns;

	(void)state;
	assert_in_range(sequential, 2 * WORK, 2 * WORK * 11 / 10);
	assert_in_range(run("threads", 1, twice_together).ns, WORK, WORK * 11 / 10);
	assert_true(run("threads,cores=1", 1, twice_together).ns >= 2 * WORK);
}

/* Stripes: from one change of hands to the next. */
static void gil3_has_stripes_and_is_about_sequential(void **state)
{
	static const struct {
		const char *policy;
		uint64_t interval;
	} row[] = {{"gil3,cores=2", 5 * MS},
		   {"gil3,cores=2,interval=1ms", 1 * MS},
		   {"gil3,cores=2,interval=20ms", 20 * MS}};
	uint64_t sequential = run("gil3,cores=2", 1, twice_in_turn).ns;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct outcome got = run(row[i].policy, 1, twice_together);
		uint64_t stripes = 2 * WORK / row[i].interval;

		assert_in_range(got.ns, sequential * 9 / 10, sequential * 5 / 4);
		assert_in_range(got.n[GTV_COUNT_GIL_HANDOFFS], stripes * 7 / 10,
				stripes + 12);
		assert_true(got.n[GTV_COUNT_GIL_REQUESTS] >= stripes / 2);
	}
}

/* The lock is given back and taken again without a wait: on two cores the other one is
 * woken, and finds it gone. */
static void gil2_fights_on_two_cores_only(void **state)
{
	struct outcome turns = run("gil2,cores=2", 1, twice_in_turn);
	struct outcome one = run("gil2,cores=1", 1, twice_together);
	struct outcome two = run("gil2,cores=2", 1, twice_together);

	(void)state;
	assert_true(two.n[GTV_COUNT_GIL_WAITS] > 20 * one.n[GTV_COUNT_GIL_WAITS]);
	assert_true(two.n[GTV_COUNT_GIL_WAITS] > 10 * two.n[GTV_COUNT_GIL_HANDOFFS]);
	assert_true(two.ns > turns.ns && two.ns > one.ns);
}

/* --- slow calls, and who never lets others run ------------------------------- */

static long slow(void *unused)
{
	(void)unused;
	return gt_block_ns(100 * MS);
}

static void calls_slow(void *unused)
{
	(void)unused;
	RIG_CHECK(gt_blocking("slow", slow, NULL) == 0);
}

static void ten_slow_calls(void *arg)
{
	struct outcome *outcome = arg;
	uint64_t begin = gt__sys_now_ns();
	struct gt *gt[10];

	for (int i = 0; i < 10; i++)
		RIG_CHECK(gt_spawn(&gt[i], calls_slow, NULL) == 0);
	for (int i = 0; i < 10; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	outcome->ns = gt__sys_now_ns() - begin;
}

static void slow_calls_overlap_under_green(void **state)
{
	static const char *const together[] = {"green", "asyncio,executor=threads",
					       "gmp,cores=1", "threads", "gil3"};

	(void)state;
	for (size_t i = 0; i < sizeof together / sizeof together[0]; i++) {
		uint64_t ns = run_on(8, together[i], 1, ten_slow_calls).ns;

		if (ns > 110 * MS)
			print_error("%s: %llu ns\n", together[i], (unsigned long long)ns);
		assert_in_range(ns, 100 * MS, 110 * MS);
	}
	assert_in_range(run("coop", 1, ten_slow_calls).ns, 1000 * MS, 1010 * MS);
	/* Two pool threads: five rounds. */
	assert_in_range(run("offset,pool=2", 1, ten_slow_calls).ns, 500 * MS, 510 * MS);
}

static void freezes(void *unused)
{
	(void)unused;
	gt_busy_ns(500 * MS);
}

/* How late a sleep of 1 ms comes back beside one that never waits. */
static void sleeps_beside(void *arg)
{
	struct outcome *outcome = arg;
	uint64_t begin = gt__sys_now_ns();
	struct gt *gt;

	RIG_CHECK(gt_spawn(&gt, freezes, NULL) == 0);
	RIG_CHECK(gt_sleep_ns(MS) == 0);
	outcome->ns = gt__sys_now_ns() - begin;
	RIG_CHECK(gt_join(gt) == 0);
}

static void who_never_yields_freezes_the_others(void **state)
{
	(void)state;
	assert_true(run("green", 1, sleeps_beside).ns >= 500 * MS);
	assert_true(run("quantum", 1, sleeps_beside).ns < 50 * MS);
	assert_true(run("gmp,cores=1", 1, sleeps_beside).ns < 50 * MS);
	assert_true(run("threads", 1, sleeps_beside).ns < 10 * MS);
}

/* --- offset's quirks --------------------------------------------------------- */

static void sleeps_1s(void *unused)
{
	(void)unused;
	RIG_CHECK(gt_sleep_ns(1000 * MS) == 0);
}

/* A timer of 1 s is waited for when one of 20 ms is set. */
static void late_timer(void *arg)
{
	struct outcome *outcome = arg;
	struct gt_timer *slow_one = gt_timer_new(1000 * MS, "1s"), *timer;
	uint64_t begin, sent;
	struct gt *gt;

	RIG_CHECK(gt_spawn(&gt, sleeps_1s, NULL) == 0);
	RIG_CHECK(gt_sleep_ns(MS) == 0);
	begin = gt__sys_now_ns();
	timer = gt_timer_new(20 * MS, "20ms");
	RIG_CHECK(slow_one && timer);
	RIG_CHECK(gt_chan_recv(gt_timer_chan(timer), &sent) == 0);
	outcome->ns = gt__sys_now_ns() - begin;
	RIG_CHECK(gt_chan_recv(gt_timer_chan(slow_one), &sent) == 0);
	RIG_CHECK(gt_join(gt) == 0);
	gt_timer_free(timer);
	gt_timer_free(slow_one);
}

static void offsets_timer_is_late(void **state)
{
	(void)state;
	assert_in_range(run("offset", 1, late_timer).ns, 990 * MS, 1010 * MS);
	assert_in_range(run("offset,quirks=0", 1, late_timer).ns, 20 * MS, 25 * MS);
	assert_in_range(run("green", 1, late_timer).ns, 20 * MS, 25 * MS);
}

/* Two pool threads, calls of 100 ms: their ends are two at a time. */
static struct outcome *ends;
static void notes_its_end(void *unused)
{
	(void)unused;
	RIG_CHECK(gt_blocking("slow", slow, NULL) == 0);
	ends->figure[ends->figure[7]++] = gt__sys_now_ns() - ends->ns;
}

static void calls_by_twos(void *outcome)
{
	struct gt *gt[6];

	ends = outcome;
	ends->ns = gt__sys_now_ns();
	for (int i = 0; i < 6; i++)
		RIG_CHECK(gt_spawn(&gt[i], notes_its_end, NULL) == 0);
	for (int i = 0; i < 6; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
}

static void offsets_pool_serves_two_at_a_time(void **state)
{
	struct outcome got = run("offset,pool=2", 1, calls_by_twos);

	(void)state;
	assert_int_equal(got.figure[7], 6);
	for (unsigned i = 0; i < 6; i++)
		assert_in_range(got.figure[i], (i / 2 + 1) * 100 * MS,
				(i / 2 + 1) * 100 * MS + 3 * MS);
}

/* --- the channel sum: who runs first ------------------------------------------- */

struct half {
	struct gt_chan *chan;
	long from, to;
};

static void sums_half(void *arg)
{
	static const long numbers[] = {7, 2, 8, -9, 4, 0};
	struct half *half = arg;
	long sum = 0;

	for (long i = half->from; i < half->to; i++)
		sum += numbers[i];
	RIG_CHECK(gt_chan_send(half->chan, &sum) == 0);
}

static void channel_sum(void *arg)
{
	struct outcome *outcome = arg;
	struct gt_chan *chan = gt_chan_new(sizeof(long), 0, "sum");
	struct half half[2] = {{chan, 0, 3}, {chan, 3, 6}};
	long x, y;

	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_spawn(NULL, sums_half, &half[i]) == 0);
	RIG_CHECK(gt_chan_recv(chan, &x) == 0 && gt_chan_recv(chan, &y) == 0);
	outcome->figure[0] = (uint64_t)x;
	outcome->figure[1] = (uint64_t)y;
	gt_yield();
	gt_chan_free(chan);
}

static void the_channel_sum_tells_gmp_from_offset(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 8; seed++) {
		struct outcome gmp = run("gmp", seed, channel_sum);
		struct outcome offset = run("offset", seed, channel_sum);

		assert_true((long)gmp.figure[0] == -5 && (long)gmp.figure[1] == 17);
		assert_true((long)offset.figure[0] == 17 && (long)offset.figure[1] == -5);
	}
}

/* --- the boolean flip race ----------------------------------------------------- */

#define FLIPS 50000

static struct {
	int flag, with_mutex;
	struct gt_mutex mutex;
	uint64_t wrong; /* atomic */
} flip;

/* The slice can end at the safe point in the middle, and at the two around it. */
static void flips(void *unused)
{
	(void)unused;
	for (int i = 0; i < FLIPS; i++) {
		int wanted;

		if (flip.with_mutex)
			RIG_CHECK(gt_mutex_lock(&flip.mutex) == 0);
		wanted = !__atomic_load_n(&flip.flag, __ATOMIC_RELAXED);
		__atomic_store_n(&flip.flag, wanted, __ATOMIC_RELAXED);
		gt_tick();
		if (__atomic_load_n(&flip.flag, __ATOMIC_RELAXED) != wanted)
			__atomic_fetch_add(&flip.wrong, 1, __ATOMIC_RELAXED);
		if (flip.with_mutex)
			RIG_CHECK(gt_mutex_unlock(&flip.mutex) == 0);
		gt_busy_ns(300);
	}
}

static void race(void *arg)
{
	struct outcome *outcome = arg;
	struct gt *gt[2];

	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_spawn(&gt[i], flips, NULL) == 0);
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	outcome->figure[0] = flip.wrong;
}

static void race_with_mutex(void *outcome)
{
	flip.with_mutex = 1;
	race(outcome);
}

static void flips_race_on_two_cores_rarely_on_one_never_with_a_mutex(void **state)
{
	uint64_t two = run("threads,cores=2", 1, race).figure[0];
	uint64_t one = run("quantum,tick=1ms,quantum=1", 1, race).figure[0];

	(void)state;
	if (two < 2 * FLIPS / 100 || !one || one * 50 > two)
		print_error("wrong: %d on two cores, %d on one\n", (int)two, (int)one);
	assert_true(two > 2 * FLIPS / 100);
	assert_true(one > 0 && one * 50 < two);
	assert_int_equal(run("green", 1, race).figure[0], 0);
	assert_int_equal(run("threads,cores=2", 1, race_with_mutex).figure[0], 0);
	assert_int_equal(run("quantum,tick=1ms,quantum=1", 1, race_with_mutex).figure[0],
			 0);
}

/* --- spinlocks: ten threads, one lock ------------------------------------------ */

#define FIGHTERS 10
#define FIGHT	 (200 * MS)

enum lock_kind { TAS, TICKET, MCS };

static struct {
	enum lock_kind kind;
	struct gt_tas tas;
	struct gt_ticket ticket;
	struct gt_mcs mcs;
	uint64_t end_ns;
} fight;

struct fighter {
	uint64_t count, worst_ns;
};

static void lock_it(struct gt_mcs_node *node)
{
	if (fight.kind == TAS)
		RIG_CHECK(gt_tas_lock(&fight.tas) == 0);
	else if (fight.kind == TICKET)
		RIG_CHECK(gt_ticket_lock(&fight.ticket) == 0);
	else
		RIG_CHECK(gt_mcs_lock(&fight.mcs, node) == 0);
}

static void unlock_it(struct gt_mcs_node *node)
{
	if (fight.kind == TAS)
		RIG_CHECK(gt_tas_unlock(&fight.tas) == 0);
	else if (fight.kind == TICKET)
		RIG_CHECK(gt_ticket_unlock(&fight.ticket) == 0);
	else
		RIG_CHECK(gt_mcs_unlock(&fight.mcs, node) == 0);
}

static void fights(void *arg)
{
	struct fighter *me = arg;
	struct gt_mcs_node node;
	uint64_t before = gt__sys_now_ns(), now;

	while (before < fight.end_ns) {
		lock_it(&node);
		now = gt__sys_now_ns();
		if (now - before > me->worst_ns)
			me->worst_ns = now - before;
		me->count++;
		gt_busy_ns(1 * US);
		unlock_it(&node);
		before = gt__sys_now_ns();
	}
}

/* figure: acquisitions of the one with the most, with the least, the longest wait. */
static void fight_for(struct outcome *outcome, enum lock_kind kind)
{
	struct fighter fighter[FIGHTERS] = {{0, 0}};
	struct gt *gt[FIGHTERS];

	fight.kind = kind;
	fight.end_ns = gt__sys_now_ns() + FIGHT;
	outcome->figure[1] = UINT64_MAX;
	for (int i = 0; i < FIGHTERS; i++)
		RIG_CHECK(gt_spawn(&gt[i], fights, &fighter[i]) == 0);
	for (int i = 0; i < FIGHTERS; i++) {
		RIG_CHECK(gt_join(gt[i]) == 0);
		if (fighter[i].count > outcome->figure[0])
			outcome->figure[0] = fighter[i].count;
		if (fighter[i].count < outcome->figure[1])
			outcome->figure[1] = fighter[i].count;
		if (fighter[i].worst_ns > outcome->figure[2])
			outcome->figure[2] = fighter[i].worst_ns;
	}
}

static void fight_tas(void *outcome)
{
	fight_for(outcome, TAS);
}

static void fight_ticket(void *outcome)
{
	fight_for(outcome, TICKET);
}

static void fight_mcs(void *outcome)
{
	fight_for(outcome, MCS);
}

/* The whole file runs under the other builds; ThreadSanitizer takes a minute for these two,
 * and meets the same code in runtime_sync, runtime_gil and runtime_model. */
static void too_long_here(void)
{
#if defined(__SANITIZE_THREAD__)
	print_message("skipped: under ThreadSanitizer it takes a minute of spinning\n");
	skip();
#endif
}

static void test_and_set_is_unfair(void **state)
{
	too_long_here();
	struct outcome tas = run_on(4, "threads", 1, fight_tas);
	struct outcome ticket = run_on(4, "threads", 1, fight_ticket);
	struct outcome mcs = run_on(4, "threads", 1, fight_mcs);

	(void)state;
	/* Most and least acquisitions, longest wait. */
	assert_true(tas.figure[0] > 20 * tas.figure[1]);
	assert_true(ticket.figure[0] < 2 * ticket.figure[1]);
	assert_true(mcs.figure[0] < 2 * mcs.figure[1]);
	assert_true(tas.figure[2] > 20 * ticket.figure[2]);
	assert_true(tas.figure[2] > 20 * mcs.figure[2]);
}

/* --- the convoy: a byte sent round, beside threads that compute ---------------- */

#define ROUNDS_FOR (1000 * MS)

static struct {
	int there[2], back[2];
	uint32_t over; /* atomic */
	uint64_t rounds;
} echo;

/* Another process, to the runtime: an OS thread that is none of its. */
static void *echoes(void *unused)
{
	short revents;
	char byte;

	(void)unused;
	for (;;) {
		RIG_CHECK(gt__sys_poll(echo.there[0], POLLIN, GT__NEVER, &revents) == 1);
		if (read(echo.there[0], &byte, 1) != 1)
			return NULL;
		RIG_CHECK(write(echo.back[1], &byte, 1) == 1);
	}
}

static void goes_round(void *unused)
{
	uint64_t end = gt__sys_now_ns() + ROUNDS_FOR;
	char byte = 'x';

	(void)unused;
	while (gt__sys_now_ns() < end) {
		RIG_CHECK(gt_write(echo.there[1], &byte, 1) == 1);
		RIG_CHECK(gt_read(echo.back[0], &byte, 1) == 1);
		echo.rounds++;
	}
	__atomic_store_n(&echo.over, 1, __ATOMIC_RELAXED);
}

static void spins(void *unused)
{
	(void)unused;
	while (!__atomic_load_n(&echo.over, __ATOMIC_RELAXED))
		gt_busy_ns(10 * US);
}

static void convoy(struct outcome *outcome, int spinners)
{
	struct gt *gt[3];
	pthread_t peer;

	RIG_CHECK(pipe(echo.there) == 0 && pipe(echo.back) == 0);
	RIG_CHECK(gt__sys_thread_start(&peer, 65536, echoes, NULL) == 0);
	RIG_CHECK(gt_spawn(&gt[0], goes_round, NULL) == 0);
	for (int i = 0; i < spinners; i++)
		RIG_CHECK(gt_spawn(&gt[1 + i], spins, NULL) == 0);
	for (int i = 0; i < 1 + spinners; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	close(echo.there[1]);
	gt__sys_thread_join(peer);
	outcome->figure[0] = echo.rounds;
	for (int i = 0; i < 2; i++)
		close(echo.back[i]);
	close(echo.there[0]);
}

static void convoy_alone(void *outcome)
{
	convoy(outcome, 0);
}

static void convoy_beside_one(void *outcome)
{
	convoy(outcome, 1);
}

static void convoy_beside_two(void *outcome)
{
	convoy(outcome, 2);
}

static uint64_t rounds(const char *policy, void (*fn)(void *))
{
	return run_on(4, policy, 1, fn).figure[0];
}

static void gil3_makes_a_convoy(void **state)
{
	too_long_here();
	uint64_t alone = rounds("gil3", convoy_alone);
	uint64_t one = rounds("gil3", convoy_beside_one);
	uint64_t two = rounds("gil3", convoy_beside_two);
	uint64_t quick = rounds("gil3,interval=500us", convoy_beside_one);
	uint64_t slow_one = rounds("gil3,interval=50ms", convoy_beside_one);
	uint64_t gil2 = rounds("gil2", convoy_beside_one);

	(void)state;
	print_message("round trips in a second: gil3 alone %lu, beside one %lu, beside two "
		      "%lu, 500 us %lu, 50 ms %lu; gil2 beside one %lu\n",
		      (unsigned long)alone, (unsigned long)one, (unsigned long)two,
		      (unsigned long)quick, (unsigned long)slow_one, (unsigned long)gil2);
	/* One or two intervals a round: the lock is let go to write, too, and the one that
	 * computes may still be awake to take it. */
	assert_true(alone > 5000);
	assert_in_range(one, 90, 200);
	assert_in_range(two, 80, 110);
	assert_in_range(quick, 700, 2000);
	assert_in_range(slow_one, 9, 21);
	/* Not so where the lock is often free, and where there is none. */
	assert_true(gil2 > 2 * one);
	assert_true(rounds("threads", convoy_beside_one) > alone / 2);
	assert_true(rounds("gmp", convoy_beside_one) > alone / 2);
}

/* --- Go's system, on the simulated one as on the real ------------------------- */

static long short_call(void *unused)
{
	(void)unused;
	return 0;
}

static void calls_shortly(void *unused)
{
	(void)unused;
	for (int i = 0; i < 100; i++)
		RIG_CHECK(gt_blocking("short", short_call, NULL) == 0);
}

static void beside(struct outcome *outcome, void (*caller)(void *))
{
	uint64_t begin = gt__sys_now_ns();
	struct gt *gt[2];

	RIG_CHECK(gt_spawn(&gt[0], computes, NULL) == 0);
	RIG_CHECK(gt_spawn(&gt[1], caller, NULL) == 0);
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	outcome->ns = gt__sys_now_ns() - begin;
}

static void slow_call_beside(void *outcome)
{
	beside(outcome, calls_slow);
}

static void short_calls_beside(void *outcome)
{
	beside(outcome, calls_shortly);
}

/* One processor: it goes to another worker while a call lasts, and stays if that is over
 * before the monitor looks twice. */
static void gmp_hands_its_processor_off_on_slow_calls(void **state)
{
	struct outcome slow_one = run("gmp,cores=1", 1, slow_call_beside);
	struct outcome short_ones = run("gmp,cores=1", 1, short_calls_beside);

	(void)state;
	assert_in_range(slow_one.ns, WORK, WORK + 30 * MS);
	assert_true(slow_one.n[GTV_COUNT_HANDOFFS] >= 1);
	assert_int_equal(short_ones.n[GTV_COUNT_BLOCKING_CALLS], 100);
	assert_true(short_ones.n[GTV_COUNT_HANDOFFS] <= 2);
}

static void three_compute(void *arg)
{
	struct gt *gt[3];

	(void)arg;
	for (int i = 0; i < 3; i++)
		RIG_CHECK(gt_spawn(&gt[i], computes, NULL) == 0);
	for (int i = 0; i < 3; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
}

/* A slice of 10 ms, and up to as much until the monitor looks. */
static void slices_are_the_policys(void **state)
{
	static const struct {
		const char *policy;
		uint64_t least, most;
	} row[] = {{"gmp,cores=1", 12, 30},
		   {"quantum", 13, 16},			     /* of 20 ms */
		   {"quantum,tick=1ms,quantum=2", 130, 155}, /* of 2 ms */
		   {"quantum,tick=10ms,units=18", 2, 3},     /* of 60 ms */
		   {"quantum,tick=10ms,units=36", 0, 0},     /* of 120 ms: they are done */
		   {"green", 0, 0},
		   {"coop", 0, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		uint64_t n = run(row[i].policy, 1, three_compute).n[GTV_COUNT_PREEMPTIONS];

		if (n < row[i].least || n > row[i].most)
			print_error("%s: %d preemptions\n", row[i].policy, (int)n);
		assert_in_range(n, row[i].least, row[i].most);
	}
}

static void steals(void **state)
{
	struct outcome got = run_on(8, "gmp", 1, three_compute);

	(void)state;
	assert_true(got.n[GTV_COUNT_STEALS] >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_take_half),
		cmocka_unit_test(gil3_has_stripes_and_is_about_sequential),
		cmocka_unit_test(gil2_fights_on_two_cores_only),
		cmocka_unit_test(slow_calls_overlap_under_green),
		cmocka_unit_test(who_never_yields_freezes_the_others),
		cmocka_unit_test(offsets_timer_is_late),
		cmocka_unit_test(offsets_pool_serves_two_at_a_time),
		cmocka_unit_test(the_channel_sum_tells_gmp_from_offset),
		cmocka_unit_test(flips_race_on_two_cores_rarely_on_one_never_with_a_mutex),
		cmocka_unit_test(test_and_set_is_unfair),
		cmocka_unit_test(gil3_makes_a_convoy),
		cmocka_unit_test(gmp_hands_its_processor_off_on_slow_calls),
		cmocka_unit_test(slices_are_the_policys),
		cmocka_unit_test(steals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
