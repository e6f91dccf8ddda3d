/* SPDX-License-Identifier: MIT
 *
 * What tells the policies apart: who runs when, what a wait holds up, where a slice
 * ends, what two that share gil2 do to each other; and the names they go by.
 */
#include <errno.h>
#include <sched.h>

#include "runtime/policy/pool.h"
#include "tests/unit/runtime_log.h"

/* --- order ------------------------------------------------------------------ */

static void steps_and_yield(void *arg)
{
	const char *letters = arg;

	for (; *letters; letters++) {
		log_step(*letters);
		gt_yield();
	}
}

/* Joins the second first, the first last, and says M after each join. */
static void three_that_yield(void *arg)
{
	static const char *const letters[] = {"aA", "bB", "cC"};
	struct gt *gt[3];

	(void)arg;
	for (int i = 0; i < 3; i++)
		RIG_CHECK(gt_spawn(&gt[i], steps_and_yield,
				   (void *)(uintptr_t)letters[i]) == 0);
	for (int i = 0; i < 3; i++) {
		RIG_CHECK(gt_join(gt[(i + 1) % 3]) == 0);
		log_step('M');
	}
}

static void each_has_its_order(void **state)
{
	(void)state;
	expect_log("single", three_that_yield, "aAbBMcCMM");
	expect_log("coop", three_that_yield, "abcABCMMM");
	expect_log("quantum,tick=1s", three_that_yield, "abcABCMMM");
	expect_log("green", three_that_yield, "abcABCMMM");
}

static void steps_and_sleep(void *arg)
{
	const char *letters = arg;

	log_step(letters[0]);
	gt_sleep_ns(3000000);
	log_step(letters[1]);
}

static void two_that_sleep(void *arg)
{
	struct gt *gt[2];

	(void)arg;
	RIG_CHECK(gt_spawn(&gt[0], steps_and_sleep, (void *)(uintptr_t) "aA") == 0);
	RIG_CHECK(gt_spawn(&gt[1], steps_and_sleep, (void *)(uintptr_t) "bB") == 0);
	RIG_CHECK(gt_join(gt[0]) == 0 && gt_join(gt[1]) == 0);
}

static void a_sleep_freezes_where_nothing_makes_it_cooperative(void **state)
{
	(void)state;
	expect_log("single", two_that_sleep, "aAbB");
	expect_log("coop", two_that_sleep, "aAbB");
	expect_log("quantum,tick=1s", two_that_sleep, "abAB");
	expect_log("green", two_that_sleep, "abAB");
}

static void steps_and_block(void *arg)
{
	const char *letters = arg;
	long result = 7;

	log_step(letters[0]);
	RIG_CHECK(gt_blocking("call", work_call, &result) == 7);
	log_step(letters[1]);
}

static void two_that_block(void *arg)
{
	struct gt *gt[2];

	(void)arg;
	RIG_CHECK(gt_spawn(&gt[0], steps_and_block, "aA") == 0);
	RIG_CHECK(gt_spawn(&gt[1], steps_and_block, "bB") == 0);
	RIG_CHECK(gt_join(gt[0]) == 0 && gt_join(gt[1]) == 0);
}

static void a_blocking_call_holds_up_everybody(void **state)
{
	(void)state;
	expect_log("single", two_that_block, "aAbB");
	expect_log("coop", two_that_block, "aAbB");
	expect_log("quantum,tick=1s", two_that_block, "aAbB");
}

/* A descriptor is a wait of coop's: the writer gets its turn. */
static void read_then_step(void *arg)
{
	char byte;

	log_step('r');
	RIG_CHECK(gt_read(*(int *)arg, &byte, 1) == 1);
	log_step('R');
}

static void reader_and_writer(void *arg)
{
	struct gt *gt;
	int fd[2];

	(void)arg;
	RIG_CHECK(pipe(fd) == 0 && gt_spawn(&gt, read_then_step, &fd[0]) == 0);
	gt_yield();
	log_step('w');
	RIG_CHECK(gt_write(fd[1], "x", 1) == 1);
	RIG_CHECK(gt_join(gt) == 0);
	close(fd[0]);
	close(fd[1]);
}

static void a_descriptor_is_waited_for(void **state)
{
	(void)state;
	expect_log("coop", reader_and_writer, "rwR");
	expect_log("quantum,tick=1s", reader_and_writer, "rwR");
}

/* --- coop: to look is not to wait --------------------------------------------- */

static void look_into(void *arg)
{
	struct gt_select_case one = {.chan = arg, .op = GT_SELECT_RECV};

	log_step('p');
	RIG_CHECK(gt_select(&one, 1, 0) == -ETIMEDOUT);
	log_step('P');
}

static void a_look_and_another(void *arg)
{
	struct gt_chan *ch = gt_chan_new(1, 0, "messages");
	struct gt *gt[2];

	(void)arg;
	RIG_CHECK(ch && gt_spawn(&gt[0], look_into, ch) == 0);
	RIG_CHECK(gt_spawn(&gt[1], steps_and_yield, (void *)(uintptr_t) "a") == 0);
	RIG_CHECK(gt_join(gt[0]) == 0 && gt_join(gt[1]) == 0);
	gt_chan_free(ch);
}

static void a_peek_keeps_the_core_or_not(void **state)
{
	(void)state;
	expect_log("coop", a_look_and_another, "pPa");
	expect_log("coop,peek=keeps", a_look_and_another, "pPa");
	expect_log("coop,peek=yields", a_look_and_another, "paP");
	expect_log("green", a_look_and_another, "pPa");
}

/* --- offset: the order in which calls come back ---------------------------------- */

static uint32_t calls_ended = UINT32_MAX; /* the first may end at 0 */

/* Ends as the arg-th of all, from 0. */
static long end_in_turn(void *arg)
{
	while (__atomic_load_n(&calls_ended, __ATOMIC_ACQUIRE) != (uint32_t)(uintptr_t)arg)
		sched_yield();
	return 0;
}

static void block_in_turn(void *arg)
{
	uintptr_t turn = (uintptr_t)arg;

	gt_blocking("turn", end_in_turn, (void *)turn);
	log_step((char)('a' + turn));
}

/* Keeps the only core until all three have come back. */
static void three_that_come_back(void *arg)
{
	struct gt *gt[3];

	(void)arg;
	for (uintptr_t i = 0; i < 3; i++)
		RIG_CHECK(gt_spawn(&gt[i], block_in_turn, (void *)i) == 0);
	gt_yield();
	for (uint32_t left = 3; left--;) {
		__atomic_fetch_add(&calls_ended, 1, __ATOMIC_RELEASE);
		while (gt__pool_pending() > left)
			sched_yield();
	}
	for (int i = 0; i < 3; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
}

static void timer_order(void *arg)
{
	uint64_t begin = gt__sys_now_ns(), sent;
	struct gt_timer *later = gt_timer_new(400000000, "later"), *sooner;

	gt_yield(); /* who serves timers has gone to sleep for the first */
	sooner = gt_timer_new(1000000, "sooner");
	RIG_CHECK(later && sooner);
	RIG_CHECK(gt_chan_recv(gt_timer_chan(sooner), &sent) == 0);
	(void)arg;
	log_step(sent - begin >= 400000000 ? 'l' : 's');
	gt_timer_free(sooner);
	gt_timer_free(later);
}

/* Whose sleeps end while nobody looks come back last in, first out. */
static void two_that_sleep_in_either_order(void *arg)
{
	two_that_sleep(arg);
	if (!strcmp(log_text, "abBA"))
		memcpy(log_text, "abAB", 4);
}

static void offset_has_its_own_order(void **state)
{
	(void)state;
	expect_log("offset", three_that_yield, "abcABCMMM");
	expect_log("offset", two_that_sleep_in_either_order, "abAB");
	expect_log("offset,pool=3", three_that_come_back, "cba");
	expect_log("green", three_that_come_back, "abc");
}

static void offset_fires_late(void **state)
{
	(void)state;
	setenv("GT_SIM", "1", 1); /* where nothing else can make it late */
	expect_log("offset", timer_order, "l");
	expect_log("offset,quirks=0", timer_order, "s");
	expect_log("green", timer_order, "s");
	unsetenv("GT_SIM");
}

/* --- single: what never ends is told ------------------------------------------ */

static void receive(void *arg)
{
	gt_chan_recv(arg, NULL);
}

static void receive_what_nobody_sends(void *arg)
{
	struct gt_chan *ch = gt_chan_new(8, 0, NULL);
	struct gt *gt;

	(void)arg;
	RIG_CHECK(ch && gt_spawn(&gt, receive, ch) == 0);
	gt_join(gt);
}

static int leaks_are_fine;
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return leaks_are_fine;
}

static void stuck_child(void *arg)
{
	const struct gt_config config = {.policy = "single"};

	leaks_are_fine = 1;
	gt_run_config(&config, receive_what_nobody_sends, arg);
}

static void single_tells_a_wait_without_end(void **state)
{
	char err[1024];
	int status = rig_child(stuck_child, NULL, err, sizeof err);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 2);
	assert_string_equal(err, "gt: deadlock: green thread 2 waits for another, and "
				 "under single none begins before it has ended\n");
}

/* --- quantum: slices ------------------------------------------------------------ */

static struct {
	int who;	   /* who ran last, 0: it has ended, its slice with it */
	uint64_t seen_ns;  /* when it was last seen */
	uint64_t begin_ns; /* no later than its slice began */
	uint64_t shortest_ns;
	int slices, least; /* how many there were, and are to be */
} seen;
#define LEAST_NS 30000000000ull /* however long that takes, up to this */

/* Slices are measured from before their beginning to after their end: never too short,
 * however busy the machine is. */
static void compute(void *arg)
{
	int me = (int)(intptr_t)arg;
	uint64_t now = gt__sys_now_ns(), end = now + 40000000;

	for (; now < end || (seen.slices < seen.least && now < end + LEAST_NS);
	     now = gt__sys_now_ns()) {
		if (seen.who != me) {
			if (seen.who && now - seen.begin_ns < seen.shortest_ns)
				seen.shortest_ns = now - seen.begin_ns;
			seen.slices += seen.who != 0;
			seen.begin_ns = seen.seen_ns;
			seen.who = me;
		}
		seen.seen_ns = now;
		gt_tick();
	}
	seen.who = 0;
}

static void compute_without_safe_points(void *arg)
{
	uint64_t end = gt__sys_now_ns() + 10000000;

	log_step(*(const char *)arg);
	while (gt__sys_now_ns() < end)
		;
	log_step(((const char *)arg)[1]);
}

static void two_compute(void *arg)
{
	struct gt *gt[2];

	(void)arg;
	seen.least = 4;
	seen.seen_ns = gt__sys_now_ns();
	for (intptr_t i = 0; i < 2; i++)
		RIG_CHECK(gt_spawn(&gt[i], compute, (void *)(i + 1)) == 0);
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
}

static void one_computes(void *arg)
{
	(void)arg;
	compute((void *)1);
}

static void counts_of(const char *policy, void (*fn)(void *), uint64_t n[GTV_COUNT_MAX])
{
	const struct gt_config config = {.policy = policy};
	uint64_t lost;

	RIG_CHECK(gt_run_config(&config, fn, NULL) == 0);
	gt__process_counts(n, &lost);
}

static void slices_child(void *arg)
{
	uint64_t n[GTV_COUNT_MAX];

	(void)arg;
	seen.shortest_ns = UINT64_MAX;
	/* Three ticks, the first of them begun already: more than two. */
	counts_of("quantum,tick=1ms,quantum=3,preempt=points", two_compute, n);
	RIG_CHECK(n[GTV_COUNT_PREEMPTIONS] >= 3 && n[GTV_COUNT_YIELDS] == 0);
	RIG_CHECK(seen.slices >= 3 && seen.shortest_ns >= 2000000);
}

static void slice_in_time_child(void *arg)
{
	uint64_t n[GTV_COUNT_MAX];

	(void)arg;
	seen.shortest_ns = UINT64_MAX;
	/* 5 ms are three ticks of 2 ms; more than two of them. */
	counts_of("quantum,tick=2ms,slice=5ms,preempt=points", two_compute, n);
	RIG_CHECK(n[GTV_COUNT_PREEMPTIONS] >= 2 && seen.shortest_ns >= 4000000);
}

static void alone_child(void *arg)
{
	uint64_t n[GTV_COUNT_MAX];

	(void)arg;
	counts_of("quantum,tick=1ms,quantum=1", one_computes, n);
	RIG_CHECK(n[GTV_COUNT_PREEMPTIONS] == 0 && n[GTV_COUNT_SWITCHES] == 2);
}

static void slices_end_at_ticks(void **state)
{
	(void)state;
	assert_int_equal(rig_child(slices_child, NULL, NULL, 0), 0);
	assert_int_equal(rig_child(slice_in_time_child, NULL, NULL, 0), 0);
	assert_int_equal(rig_child(alone_child, NULL, NULL, 0), 0);
}

static void two_without_safe_points(void *arg)
{
	struct gt *gt[2];

	(void)arg;
	RIG_CHECK(gt_spawn(&gt[0], compute_without_safe_points, "aA") == 0);
	RIG_CHECK(gt_spawn(&gt[1], compute_without_safe_points, "bB") == 0);
	RIG_CHECK(gt_join(gt[0]) == 0 && gt_join(gt[1]) == 0);
}

static void without_safe_points_nobody_is_preempted(void **state)
{
	(void)state;
	expect_log("quantum,tick=1ms,quantum=1,preempt=points", two_without_safe_points,
		   "aAbB");
}

/* --- gil2 ------------------------------------------------------------------------- */

#define TICKS 1000

static void tick_often(void *arg)
{
	(void)arg;
	for (int i = 0; i < TICKS; i++)
		gt_tick();
}

static void three_tick(void *arg)
{
	struct gt *gt[2];

	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_spawn(&gt[i], tick_often, NULL) == 0);
	tick_often(arg);
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
}

/* One counter for all, so the number of releases is known whoever ticks: every 50th
 * tick, each thread's end, and each join that waits. */
static void ticks_child(void *arg)
{
	uint64_t n[GTV_COUNT_MAX];

	(void)arg;
	counts_of("gil2,interval=50", three_tick, n);
	RIG_CHECK(n[GTV_COUNT_GIL_DROPS] == 3 * TICKS / 50 + 3 + n[GTV_COUNT_JOINS]);
	RIG_CHECK(n[GTV_COUNT_GIL_TAKES] == n[GTV_COUNT_GIL_DROPS]);
	RIG_CHECK(n[GTV_COUNT_GIL_REQUESTS] == 0);
	RIG_CHECK(n[GTV_COUNT_GIL_HANDOFFS] >= 3);
}

static void gil2_is_released_every_so_many_ticks(void **state)
{
	(void)state;
	assert_int_equal(rig_child(ticks_child, NULL, NULL, 0), 0);
}

static size_t cpu_of[2]; /* two that we may use */

static int two_cpus(void)
{
	cpu_set_t set;
	int found = 0;

	if (sched_getaffinity(0, sizeof set, &set))
		return 0;
	for (size_t cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpu_of[found++] = cpu;
	return found == 2;
}

/* A green thread is an OS thread here: it can stay on one CPU. */
static void compute_there(void *arg)
{
	uint64_t end;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(*(size_t *)arg, &set);
	RIG_CHECK(sched_setaffinity(0, sizeof set, &set) == 0);
	end = gt__sys_now_ns() + 100000000;
	while (gt__sys_now_ns() < end)
		gt_tick();
}

static void two_pinned_apart(void *arg)
{
	struct gt *gt[2];

	(void)arg;
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_spawn(&gt[i], compute_there, &cpu_of[i]) == 0);
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
}

/* A wait that ended well is a handoff: what is over was woken for nothing. Others on
 * a busy machine may keep one of the two away for a while: then again. */
static void false_wakes_child(void *arg)
{
	uint64_t n[GTV_COUNT_MAX];

	(void)arg;
	for (int round = 0; round < 200; round++) {
		counts_of("gil2", two_pinned_apart, n);
		if (n[GTV_COUNT_GIL_WAITS] > n[GTV_COUNT_GIL_HANDOFFS])
			return;
	}
	RIG_CHECK(!"a false wake-up");
}

static void gil2_wakes_for_nothing_on_two_cores(void **state)
{
	(void)state;
	if (!two_cpus()) {
		print_message("skipped: false wake-ups need two CPUs\n");
		skip();
	}
	assert_int_equal(rig_child(false_wakes_child, NULL, NULL, 0), 0);
}

/* --- names -------------------------------------------------------------------------- */

static void say_name(void *arg)
{
	(void)arg;
	fprintf(stderr, "under %s\n", gt_policy_name());
}

static void name_child(void *arg)
{
	setenv("GT_POLICY", arg, 1);
	gt_run(say_name, NULL);
}

static void verbose_child(void *arg)
{
	setenv("GT_VERBOSE", "1", 1);
	name_child(arg);
}

static void expect_err(void (*fn)(void *), const char *policy, const char *text)
{
	char err[1024];

	rig_child(fn, (void *)(uintptr_t)policy, err, sizeof err);
	assert_string_equal(err, text);
}

static void well_known_names_are_ours(void **state)
{
	static const char *const names[][2] = {
		{"dos", "single"},
		{"windows1", "coop"},
		{"windowsnt", "quantum"},
		{"unix", "quantum"},
		{"windows95", "quantum"},
		{"xp", "quantum"},
		{"windowsserver", "quantum"},
		{"linuxserver", "quantum"},
		{"gevent", "green"},
		{"eventlet", "green"},
		{"evergreen", "green"},
		{"gruvi", "green"},
		{"uvloop", "asyncio"},
		{"twisted", "asyncio"},
		{"node,executor=none", "asyncio"},
		{"go", "gmp"},
		{"goroutine", "gmp"},
		{"pthread", "threads"},
		{"freethreaded", "threads"},
		{"cpython2", "gil2"},
		{"cpython3", "gil3"},
		{"cpython2,cores=1", "gil2"},
		{"single", "single"},
		{"unix,tick=4ms", "quantum"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char text[64];

		snprintf(text, sizeof text, "under %s\n", names[i][1]);
		expect_err(name_child, names[i][0], text);
	}
	expect_err(verbose_child, "gevent",
		   "gt: gevent is policy green here\nunder green\n");
	expect_err(verbose_child, "green", "under green\n");
}

/* All of them, in the order of the table. */
static void tell_the_policies(void)
{
	static const char begin[] = "gt: GT_POLICY: no policy 'gev' (there are: single, ";
	char err[1024];

	rig_child(name_child, (void *)(uintptr_t) "gev", err, sizeof err);
	assert_memory_equal(err, begin, sizeof begin - 1);
	assert_non_null(strstr(err, ", gil3"));
	assert_non_null(strstr(err, ")\n"));
}

static void wrong_parameters_are_told(void **state)
{
	(void)state;
	expect_err(name_child, "single,tick=1ms",
		   "gt: GT_POLICY: policy single takes no parameter 'tick' (it takes "
		   "none)\n");
	expect_err(name_child, "unix,interval=2",
		   "gt: GT_POLICY: policy quantum takes no parameter 'interval' (it "
		   "takes: tick, quantum, slice, units, preempt)\n");
	expect_err(name_child, "quantum,quantum=0",
		   "gt: GT_POLICY: parameter quantum cannot be '0' (a number from 1 to "
		   "10000)\n");
	expect_err(name_child, "gil2,interval=5ms",
		   "gt: GT_POLICY: parameter interval cannot be '5ms' (a number from 1 "
		   "to 1000000000)\n");
	tell_the_policies();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_order),
		cmocka_unit_test(a_sleep_freezes_where_nothing_makes_it_cooperative),
		cmocka_unit_test(a_blocking_call_holds_up_everybody),
		cmocka_unit_test(a_descriptor_is_waited_for),
		cmocka_unit_test(a_peek_keeps_the_core_or_not),
		cmocka_unit_test(offset_has_its_own_order),
		cmocka_unit_test(offset_fires_late),
		cmocka_unit_test(single_tells_a_wait_without_end),
		cmocka_unit_test(slices_end_at_ticks),
		cmocka_unit_test(without_safe_points_nobody_is_preempted),
		cmocka_unit_test(gil2_is_released_every_so_many_ticks),
		cmocka_unit_test(gil2_wakes_for_nothing_on_two_cores),
		cmocka_unit_test(well_known_names_are_ours),
		cmocka_unit_test(wrong_parameters_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
