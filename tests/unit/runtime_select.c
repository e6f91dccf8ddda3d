/* SPDX-License-Identifier: MIT
 *
 * Select over channels, timers and tickers, under every policy.
 */
#include <errno.h>

#include "tests/unit/runtime_rig.h"

#define SHORT_NS 2000000
#define LONG_NS	 3600000000000

static const char *policy;

static void run(void (*fn)(void *), void *arg)
{
	const struct gt_config config = {.policy = policy};

	RIG_CHECK(gt_run_config(&config, fn, arg) == 0);
}

static void run_main(void *arg)
{
	void (*const *fn)(void *) = arg;

	run(*fn, NULL);
}

static void under_every_policy(void (*fn)(void *))
{
	for (size_t i = 0; i < RIG_POLICIES; i++) {
		int status;

		policy = rig_policies[i];
		status = rig_child(run_main, &fn, NULL, 0);
		if (status)
			print_error("under %s\n", policy);
		assert_int_equal(status, 0);
	}
}

static struct gt_select_case recv_case(struct gt_chan *ch, void *to)
{
	return (struct gt_select_case){.chan = ch, .op = GT_SELECT_RECV, .elem = to};
}

static struct gt_select_case send_case(struct gt_chan *ch, void *from)
{
	return (struct gt_select_case){.chan = ch, .op = GT_SELECT_SEND, .elem = from};
}

/* --- what can be done at once ----------------------------------------------------- */

static void at_once(void *arg)
{
	struct gt_chan *a = gt_chan_new(sizeof(long), 1, "a"),
		       *b = gt_chan_new(sizeof(long), 1, "b");
	struct gt_select_case many[GT_SELECT_MAX + 1] = {{0}};
	struct gt_select_case cases[3];
	long five = 5, got = 0, other = 0;
	uint64_t before;

	(void)arg;
	cases[0] = recv_case(a, &got);
	cases[1] = recv_case(b, &other);
	cases[2] = recv_case(NULL, NULL);
	RIG_CHECK(gt_select(cases, 3, 0) == -ETIMEDOUT);
	RIG_CHECK(gt_select(many, GT_SELECT_MAX + 1, 0) == -EINVAL);
	before = gt__sys_now_ns();
	RIG_CHECK(gt_select(cases, 3, SHORT_NS) == -ETIMEDOUT);
	RIG_CHECK(gt_select(NULL, 0, SHORT_NS) == -ETIMEDOUT);
	RIG_CHECK(gt__sys_now_ns() - before >= 2 * SHORT_NS);
	cases[2] = send_case(b, &five);
	RIG_CHECK(gt_select(cases, 3, -1) == 2 && cases[2].result == 0);
	RIG_CHECK(gt_select(cases, 2, LONG_NS) == 1 && other == 5);
	RIG_CHECK(gt_chan_close(a) == 0);
	got = 7;
	RIG_CHECK(gt_select(cases, 2, -1) == 0 && cases[0].result == -EPIPE && !got);
	cases[0] = send_case(a, &five);
	RIG_CHECK(gt_select(cases, 1, -1) == 0 && cases[0].result == -EPIPE);
	cases[0].op = (enum gt_select_op)7;
	RIG_CHECK(gt_select(cases, 1, -1) == -EINVAL);
	gt_chan_free(a);
	gt_chan_free(b);
}

static void ready_cases(void **state)
{
	(void)state;
	under_every_policy(at_once);
}

/* Of two that are always ready neither is chosen too often: 1000 throws of a coin miss
 * 500 by 150 once in 10^20 runs. And the seed decides. */
static void toss(int *heads, uint64_t *bits)
{
	struct gt_chan *closed = gt_chan_new(0, 0, NULL);
	struct gt_select_case cases[2] = {recv_case(closed, NULL), recv_case(closed, NULL)};

	RIG_CHECK(gt_chan_close(closed) == 0);
	gt_select_seed(42);
	*heads = 0;
	for (int i = 0; i < 1000; i++) {
		int which = gt_select(cases, 2, -1);

		*heads += which;
		*bits = *bits * 31 + (uint64_t)which;
	}
	gt_chan_free(closed);
}

static void fair_main(void *arg)
{
	uint64_t first = 0, second = 0;
	int heads;

	(void)arg;
	toss(&heads, &first);
	toss(&heads, &second);
	RIG_CHECK(heads > 350 && heads < 650 && first == second);
}

static void choices_are_fair(void **state)
{
	(void)state;
	under_every_policy(fair_main);
}

/* --- selects against selects -------------------------------------------------------- */

#define PEERS  4
#define ROUNDS 200

static struct gt_chan *ring[3];
static long sent, received;

/* Sends on one or receives from another, whichever comes first: a peer never meets
 * itself, all wait in several lines at once, and each element sent is received. */
static void peer(void *arg)
{
	intptr_t me = (intptr_t)arg;
	long out = 1, in = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct gt_select_case cases[3] = {send_case(ring[me % 3], &out),
						  recv_case(ring[(me + 1) % 3], &in),
						  recv_case(ring[(me + 2) % 3], &in)};
		int which = gt_select(cases, 3, i % 2 ? 300000 : -1);

		RIG_CHECK(which == -ETIMEDOUT || (which >= 0 && which < 3));
		if (which == 0 && cases[0].result == 0)
			__atomic_fetch_add(&sent, 1, __ATOMIC_RELAXED);
		else if (which > 0 && cases[which].result == 0)
			__atomic_fetch_add(&received, in, __ATOMIC_RELAXED);
	}
}

/* Goes with any that is left over, so that nobody waits for ever. */
static void partner(void *arg)
{
	struct gt_waitgroup *left = arg;
	struct gt_select_case cases[3];
	long in = 0;

	for (int i = 0; i < 3; i++)
		cases[i] = recv_case(ring[i], &in);
	for (;;) {
		int which = gt_select(cases, 3, -1);

		if (cases[which].result)
			break;
		__atomic_fetch_add(&received, in, __ATOMIC_RELAXED);
	}
	RIG_CHECK(gt_waitgroup_done(left) == 0);
}

static void many_main(void *arg)
{
	struct gt_waitgroup left = GT_WAITGROUP_INIT(NULL);
	struct gt *gt[PEERS];

	(void)arg;
	sent = received = 0;
	RIG_CHECK(gt_waitgroup_add(&left, 1) == 0);
	for (size_t i = 0; i < 3; i++)
		ring[i] = gt_chan_new(sizeof(long), i == 2, NULL);
	for (intptr_t i = 0; i < PEERS; i++)
		RIG_CHECK(gt_spawn(&gt[i], peer, (void *)i) == 0);
	RIG_CHECK(gt_spawn(NULL, partner, &left) == 0);
	for (int i = 0; i < PEERS; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	/* Closing wakes the partner, who waits in all three. */
	for (int i = 0; i < 3; i++) {
		long in = 0;

		RIG_CHECK(gt_chan_close(ring[i]) == 0);
		while (gt_chan_recv(ring[i], &in) == 0)
			__atomic_fetch_add(&received, in, __ATOMIC_RELAXED);
	}
	RIG_CHECK(gt_waitgroup_wait(&left) == 0);
	RIG_CHECK(sent == received && sent > 0);
	for (int i = 0; i < 3; i++)
		gt_chan_free(ring[i]);
}

static void selects_meet(void **state)
{
	(void)state;
	under_every_policy(many_main);
}

/* --- timers ----------------------------------------------------------------------------
 */

static void timers_main(void *arg)
{
	uint64_t before = gt__sys_now_ns(), at, last = 0;
	struct gt_timer *soon = gt_timer_new(SHORT_NS, "soon"),
			*never = gt_timer_new(LONG_NS, NULL),
			*ticker = gt_ticker_new(SHORT_NS / 2, "ticker");
	struct gt_select_case cases[2];

	(void)arg;
	RIG_CHECK(soon && never && ticker);
	cases[0] = recv_case(gt_timer_chan(never), &at);
	cases[1] = recv_case(gt_timer_chan(soon), &at);
	RIG_CHECK(gt_select(cases, 2, LONG_NS) == 1 && at - before >= SHORT_NS);
	RIG_CHECK(gt_timer_stop(soon) == 0 && gt_timer_stop(never) == 1);
	RIG_CHECK(gt_timer_stop(never) == 0);
	for (int i = 0; i < 5; i++) {
		RIG_CHECK(gt_chan_recv(gt_timer_chan(ticker), &at) == 0 && at > last);
		last = at;
	}
	RIG_CHECK(last - before >= 5 * (SHORT_NS / 2));
	RIG_CHECK(gt_timer_stop(ticker) == 1);
	gt_timer_free(soon);
	gt_timer_free(never);
	gt_timer_free(ticker);
	gt_timer_free(NULL);
}

static void timers_and_tickers(void **state)
{
	(void)state;
	under_every_policy(timers_main);
	assert_null(gt_timer_new(1, NULL));
}

/* None goes off before its time, whatever the order in which they were made; those that
 * were stopped do not at all. */
static void order_main(void *arg)
{
	enum { TIMERS = 40 };
	struct gt_timer *timer[TIMERS];
	int stopped[TIMERS] = {0};
	uint64_t due[TIMERS], at;

	(void)arg;
	for (uint64_t i = 0; i < TIMERS; i++) {
		uint64_t after_ns = SHORT_NS + i * 7 % TIMERS * 100000;

		due[i] = gt__sys_now_ns() + after_ns;
		timer[i] = gt_timer_new(after_ns, NULL);
		RIG_CHECK(timer[i]);
	}
	for (int i = 0; i < TIMERS; i += 4)
		stopped[i] = gt_timer_stop(timer[i]);
	for (int i = 0; i < TIMERS; i++) {
		struct gt_select_case c = recv_case(gt_timer_chan(timer[i]), &at);

		if (stopped[i])
			RIG_CHECK(gt_select(&c, 1, 0) == -ETIMEDOUT);
		else
			RIG_CHECK(gt_select(&c, 1, -1) == 0 && at >= due[i]);
		gt_timer_free(timer[i]);
	}
}

static void timers_in_order(void **state)
{
	(void)state;
	under_every_policy(order_main);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ready_cases),	   cmocka_unit_test(choices_are_fair),
		cmocka_unit_test(selects_meet),	   cmocka_unit_test(timers_and_tickers),
		cmocka_unit_test(timers_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
