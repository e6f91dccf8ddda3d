/* SPDX-License-Identifier: MIT
 *
 * Level 2 against the kernel's own accounts.
 */
#include "tests/kernel/source_load.h"

static void check_shape(const struct watch *w)
{
	long cores = sysconf(_SC_NPROCESSORS_CONF);
	struct gtv_name name;

	for (size_t i = 0; i < w->count; i++) {
		const struct gtv_ev *ev = &w->ev[i];

		assert_true(ev->core >= GTV_CORE_NONE && ev->core < cores);
		assert_int_equal(ev->gt * (ev->kind != GTV_EV_LOSS), 0);
		if (ev->kind != GTV_EV_K_SWITCH)
			continue;
		assert_int_equal(!!(ev->flags & GTV_KF_PREEMPTED),
				 ev->state == GTV_OFF_PREEMPTED);
		for (int r = PING; r < ROLES; r++) {
			if (ev->tid == w->truth[r].tid)
				assert_true(ev->flags & GTV_KF_PREV_OURS);
			if (ev->obj == w->truth[r].tid)
				assert_true(ev->flags & GTV_KF_NEXT_OURS);
		}
		if (ev->tid && !(ev->flags & GTV_KF_PREV_OURS)) {
			assert_int_equal(
				gtv_names_get(w->names, GTV_CLASS_THREAD, ev->tid, &name),
				0);
			assert_true(name.text[0]);
			assert_false(name.flags & GTV_NAME_OURS);
		}
	}
	check_dead(w);
	check_wakers(w);
	assert_int_equal(watch_count(w, GTV_EV_K_NEW, 0, w->truth[PING].tid), 1);
	assert_int_equal(watch_count(w, GTV_EV_K_THREAD, w->pid, 0), 1);
	assert_int_equal(w->stats.corrupt, 0);
}

/* Of the machine's threads only those that have to do with the program. */
static void check_filter(const struct watch *w)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct gtv_ev *ev = &w->ev[i];
		struct gtv_name name;

		assert_false(ev->flags & GTV_KF_FOREIGN && ev->kind != GTV_EV_LOSS);
		if (ev->kind == GTV_EV_K_WAKING) {
			assert_int_equal(
				gtv_names_get(w->names, GTV_CLASS_THREAD, ev->obj, &name),
				0);
			assert_true(name.flags & GTV_NAME_OURS);
		}
	}
}

/* 0: running times were too far apart. */
static int truth_holds(int try)
{
	struct watch w;
	int agreed;

	if (!watch_have(&w, &gtv_source_tracepoint, 0, 0))
		skip();
	watch_run(&w, 1);
	print_message("%zu events, %lu lost\n", w.count, (unsigned long)w.stats.lost);
	/* A switch that the kernel told nobody is the only one that may be missing. */
	assert_int_equal(w.stats.lost, w.stats.lost_kind[GTV_EV_K_SWITCH]);
	check_accounts(&w, 0);
	check_shape(&w);
	check_filter(&w);
	check_tree(&w);
	agreed = agree(&w, try);
	watch_close(&w);
	return agreed;
}

static void test_truth(void **state)
{
	(void)state;
	for (int try = 0; !truth_holds(try); try++)
		;
}

static int all_hold(int try)
{
	struct stranger stranger = {0};
	struct watch w;
	size_t foreign = 0;
	int agreed;

	if (!watch_have(&w, &gtv_source_tracepoint, 0, 1))
		skip();
	stranger.pid = start_stranger();
	w.more = stranger_has_not_moved;
	w.more_arg = &stranger;
	watch_run(&w, 1);
	kill(stranger.pid, SIGKILL);
	waitpid(stranger.pid, NULL, 0);
	for (size_t i = 0; i < w.count; i++)
		foreign += w.ev[i].kind == GTV_EV_K_SWITCH &&
			   !(w.ev[i].flags & (GTV_KF_PREV_OURS | GTV_KF_NEXT_OURS));
	assert_true(foreign > 0);
	check_accounts(&w, 0);
	check_shape(&w);
	agreed = agree(&w, try);
	watch_close(&w);
	return agreed;
}

static void test_all_tasks(void **state)
{
	(void)state;
	for (int try = 0; !all_hold(try); try++)
		;
}

/* Nobody drains until all is over: what is missing is said. */
static void test_overflow_is_counted(void **state)
{
	(void)state;
	struct watch w;
	uint64_t lost = 0, truth = 0;

	if (!watch_have(&w, &gtv_source_tracepoint, 4096, 0))
		skip();
	watch_run(&w, 0);
	for (size_t i = 0; i < w.count; i++)
		if (w.ev[i].kind == GTV_EV_LOSS) {
			assert_int_equal(w.ev[i].obj, GTV_SRC_PERF);
			lost += w.ev[i].arg;
		}
	for (int r = 0; r < ROLES; r++)
		truth += w.truth[r].switches;
	assert_true(lost > 0);
	assert_int_equal(lost, w.stats.lost);
	assert_true(watch_count(&w, GTV_EV_K_SWITCH, 0, 0) + lost >= truth);
	watch_close(&w);
}

static void test_unprivileged_is_told(void **state)
{
	(void)state;
	int status;

	if (geteuid() != 0 || gtv_source_tracepoint.probe(NULL)) {
		print_message("skipped: needs root and tracepoints, to do without\n");
		skip();
	}
	pid_t pid = fork();
	if (!pid) {
		struct gtv_err err = {0};
		if (setresuid(65534, 65534, 65534))
			_exit(2);
		/* Where tracefs and perf are open to all, it just works. */
		int rc = gtv_source_tracepoint.probe(&err);
		_exit(!rc || (rc == -GTV_EPERM && err.why[0] && err.mend[0]) ? 0 : 3);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_all_tasks),
		cmocka_unit_test(test_overflow_is_counted),
		cmocka_unit_test(test_unprivileged_is_told),
	};

	if (argc == 3 && !strcmp(argv[1], "work"))
		return work_main(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
