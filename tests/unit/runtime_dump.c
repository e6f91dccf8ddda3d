/* SPDX-License-Identifier: MIT
 *
 * What a deadlock's report, gt_dump and SIGQUIT say of green threads.
 */
#include <signal.h>

#include "tests/unit/runtime_rig.h"
#include "runtime/os/ctx.h"

static const char *policy;
static struct gt_mutex tally = GT_MUTEX_INIT("tally"), till = GT_MUTEX_INIT("till");
static uint32_t locked; /* atomic */

static void run(void (*fn)(void *))
{
	const struct gt_config config = {.policy = policy};

	RIG_CHECK(gt_run_config(&config, fn, NULL) == 0);
	exit(0);
}

static void contains(const char *text, const char *piece)
{
	if (!strstr(text, piece))
		print_error("under %s there is no \"%s\" in:\n%s\n", policy, piece, text);
	assert_non_null(strstr(text, piece));
}

/* --- deadlock -------------------------------------------------------------------- */

static void both(struct gt_mutex *first, struct gt_mutex *second)
{
	gt_mutex_lock(first);
	__atomic_fetch_add(&locked, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&locked, __ATOMIC_RELAXED) < 2)
		gt_yield();
	gt_mutex_lock(second);
}

static void one_way(void *arg)
{
	(void)arg;
	both(&tally, &till);
}

static void other_way(void *arg)
{
	(void)arg;
	both(&till, &tally);
}

static void receive(void *arg)
{
	gt_chan_recv(arg, NULL);
}

static void circle_inside(void *arg)
{
	struct gt *first, *second, *third;

	(void)arg;
	RIG_CHECK(gt_spawn_attr(&first, &(struct gt_attr){.name = "first"}, one_way,
				NULL) == 0);
	RIG_CHECK(gt_spawn_attr(&second, &(struct gt_attr){.name = "second"}, other_way,
				NULL) == 0);
	RIG_CHECK(gt_spawn(&third, receive, gt_chan_new(8, 0, "wire")) == 0);
	gt_join(first);
}

static void circle_child(void *arg)
{
	(void)arg;
	run(circle_inside);
}

static void a_deadlock_names_all(void **state)
{
	(void)state;
#ifdef GT_ASAN
	print_message("skipped: what a deadlock leaves behind is told as leaks\n");
	skip();
#endif
	for (size_t i = 0; i < RIG_POLICIES; i++) {
		char err[8192];
		int status;

		policy = rig_policies[i];
		status = rig_child(circle_child, NULL, err, sizeof err);
		contains(err, "gt: deadlock: all 4 green threads wait for one another\n");
		contains(err, "gt:   G1 \"main\" waits for the end of G2 \"first\"\n");
		contains(err, "gt:   G2 \"first\" waits for mutex \"till\" held by "
			      "G3 \"second\"\n");
		contains(err, "gt:   a cycle: G2 waits for mutex \"till\" of G3, which "
			      "waits for mutex \"tally\" of G2\n");
		contains(err, "gt:   G4 waits to receive from channel \"wire\"\n");
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 2);
	}
}

/* --- the listing ------------------------------------------------------------------- */

/* Listings until one says so. */
static void until_it_waits(void)
{
	char text[16384];

	do {
		int fd = memfd_create("listing", 0);
		ssize_t n;

		RIG_CHECK(fd >= 0);
		gt_sleep_ns(1000000);
		gt_dump(fd);
		n = pread(fd, text, sizeof text - 1, 0);
		text[n > 0 ? n : 0] = '\0';
		close(fd);
	} while (!strstr(text, "waits to receive"));
}

static void dump_inside(void *arg)
{
	struct gt_chan *wire = gt_chan_new(8, 0, "wire");
	struct gt *gt;
	long elem = 1;

	(void)arg;
	RIG_CHECK(gt_spawn_attr(&gt, &(struct gt_attr){.name = "reader"}, receive, wire) ==
		  0);
	until_it_waits();
	gt_dump(STDERR_FILENO);
	RIG_CHECK(gt_chan_send(wire, &elem) == 0 && gt_join(gt) == 0);
	gt_chan_free(wire);
}

static void dump_child(void *arg)
{
	(void)arg;
	run(dump_inside);
}

static void a_listing_has_states_and_stacks(void **state)
{
	(void)state;
	for (size_t i = 0; i < RIG_POLICIES; i++) {
		char err[16384];
		int status;

		policy = rig_policies[i];
		status = rig_child(dump_child, NULL, err, sizeof err);
		contains(err, " green threads under ");
		contains(err, "gt:   G1 \"main\" runs here\n");
		contains(err, "gt:   G2 \"reader\" waits to receive from channel \"wire\"");
#if defined(__x86_64__) || defined(__aarch64__)
		contains(err, "\"wire\", for ");
#endif
		contains(err, "gt:       at ");
		assert_int_equal(status, 0);
	}
}

/* --- SIGQUIT ------------------------------------------------------------------------- */

static void never_yields(void *arg)
{
	(void)arg;
	kill(getpid(), SIGQUIT);
	for (volatile int forever = 1; forever;)
		;
}

static void quit_inside(void *arg)
{
	struct gt *gt;

	(void)arg;
	RIG_CHECK(gt_spawn_attr(&gt, &(struct gt_attr){.name = "spinner"}, never_yields,
				NULL) == 0);
	gt_join(gt);
}

static void quit_child(void *arg)
{
	(void)arg;
	unsetenv("GT_SIGQUIT");
	run(quit_inside);
}

static void sigquit_lists_and_kills(void **state)
{
	(void)state;
#ifdef GT_TSAN
	print_message("skipped: ThreadSanitizer delays signals until a call of libc's\n");
	skip();
#endif
	for (size_t i = 0; i < RIG_POLICIES; i++) {
		char err[16384];
		int status;

		policy = rig_policies[i];
		status = rig_child(quit_child, NULL, err, sizeof err);
		contains(err, " green threads under ");
		contains(err, "gt:   G2 \"spinner\" ");
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGQUIT);
	}
}

static void quit_once(void *arg)
{
	(void)arg;
	raise(SIGQUIT); /* this OS thread's: handled before it returns */
}

static void continue_child(void *arg)
{
	(void)arg;
	setenv("GT_SIGQUIT", "continue", 1);
	run(quit_once);
}

static void sigquit_may_go_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < RIG_POLICIES; i++) {
		char err[8192];
		int status;

		policy = rig_policies[i];
		status = rig_child(continue_child, NULL, err, sizeof err);
		contains(err, "gt: 1 green threads under ");
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadlock_names_all),
		cmocka_unit_test(a_listing_has_states_and_stacks),
		cmocka_unit_test(sigquit_lists_and_kills),
		cmocka_unit_test(sigquit_may_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
