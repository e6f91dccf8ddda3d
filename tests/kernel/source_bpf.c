/* SPDX-License-Identifier: MIT
 *
 * Level 3 against the kernel's own accounts.
 */
#include "tests/kernel/source_load.h"

/* Of the sleeps of a thread, how many were in that call with that argument? */
static size_t sleeps_in(const struct watch *w, uint32_t tid, long nr, uint64_t arg)
{
	size_t n = 0;

	for (size_t i = 0; i < w->count; i++)
		n += w->ev[i].kind == GTV_EV_K_SWITCH && w->ev[i].tid == tid &&
		     w->ev[i].state == GTV_OFF_SLEEP && w->ev[i].seq == (uint32_t)nr + 1 &&
		     (!arg || w->ev[i].arg == arg);
	return n;
}

static void check_calls(const struct watch *w)
{
	const struct truth *t = w->truth;

	assert_true(sleeps_in(w, t[PING].tid, SYS_read, t[PING].mark) +
			    sleeps_in(w, t[PONG].tid, SYS_read, t[PONG].mark) >=
		    ROUND_TRIPS / 4);
	assert_true(sleeps_in(w, t[FUTEX].tid, SYS_futex, t[FUTEX].mark) >= 1);
	assert_true(sleeps_in(w, t[NAP].tid, SYS_nanosleep, 0) +
			    sleeps_in(w, t[NAP].tid, SYS_clock_nanosleep, 0) >=
		    1);
	/* Who was preempted was in no call that matters. */
	for (size_t i = 0; i < w->count; i++)
		if (w->ev[i].kind == GTV_EV_K_SWITCH && w->ev[i].state == GTV_OFF_PREEMPTED)
			assert_int_equal(w->ev[i].seq, 0);
}

static void check_shape(const struct watch *w)
{
	long cores = sysconf(_SC_NPROCESSORS_CONF);

	for (size_t i = 0; i < w->count; i++) {
		const struct gtv_ev *ev = &w->ev[i];
		assert_int_not_equal(ev->kind, GTV_EV_LOSS);
		assert_true(ev->ts_ns >= w->start_ns && ev->ts_ns <= w->end_ns);
		assert_true(ev->core >= GTV_CORE_NONE && ev->core < cores);
		if (ev->kind != GTV_EV_K_SWITCH)
			continue;
		assert_int_equal(!!(ev->flags & GTV_KF_PREEMPTED),
				 ev->state == GTV_OFF_PREEMPTED);
		if (ev->tid == w->truth[PING].tid)
			assert_true(ev->flags & GTV_KF_PREV_OURS);
		if (ev->obj == w->truth[PING].tid)
			assert_true(ev->flags & GTV_KF_NEXT_OURS);
	}
	check_dead(w);
	assert_true(watch_count(w, GTV_EV_K_NEW, 0, w->truth[PING].tid) == 1);
	assert_int_equal(watch_count(w, GTV_EV_K_THREAD, w->pid, 0), 1);
	assert_int_equal(w->stats.lost, 0);
	assert_int_equal(w->stats.corrupt, 0);
	assert_int_equal(w->stats.events, w->count);
}

/* Everybody in a switch has a name, also those who are not ours. */
static void check_foreign_names(const struct watch *w)
{
	struct gtv_name name;

	for (size_t i = 0; i < w->count; i++)
		if (w->ev[i].kind == GTV_EV_K_SWITCH) {
			uint32_t tid = w->ev[i].tid;
			assert_true(!tid ||
				    !gtv_names_get(w->names, GTV_CLASS_THREAD, tid, &name));
			assert_true(!tid || name.text[0]);
			assert_true(!tid || !(w->ev[i].flags & GTV_KF_PREV_OURS) ==
						    !(name.flags & GTV_NAME_OURS));
		}
}

/* 0: running times were too far apart. */
static int truth_holds(int try)
{
	struct watch w;
	int agreed;

	if (!watch_have(&w, &gtv_source_bpf, 0, 0))
		skip();
	watch_run(&w, 1);
	print_message("%zu events, %u lost\n", w.count, (unsigned)w.stats.lost);
	check_accounts(&w, 0);
	check_shape(&w);
	check_tree(&w);
	check_wakers(&w);
	check_calls(&w);
	check_foreign_names(&w);
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

static void test_overflow_is_counted(void **state)
{
	(void)state;
	struct watch w;
	uint64_t lost = 0, switches = 0;

	if (!watch_have(&w, &gtv_source_bpf, 4096, 0))
		skip();
	watch_run(&w, 0);
	for (size_t i = 0; i < w.count; i++) {
		const struct gtv_ev *ev = &w.ev[i];
		if (ev->kind != GTV_EV_LOSS)
			continue;
		assert_int_equal(ev->obj, GTV_SRC_BPF);
		assert_true(gtv_ev_loss_from(ev) >= w.start_ns && ev->ts_ns <= w.end_ns);
		lost += ev->arg;
		switches += ev->seq == GTV_EV_K_SWITCH ? ev->arg : 0;
	}
	assert_true(lost > 0);
	assert_int_equal(lost, w.stats.lost);
	assert_int_equal(switches, w.stats.lost_kind[GTV_EV_K_SWITCH]);
	/* What was kept and what was dropped is at least what the threads say. */
	uint64_t truth = 0;
	for (int r = 0; r < ROLES; r++)
		truth += w.truth[r].switches;
	assert_true(switches + watch_count(&w, GTV_EV_K_SWITCH, 0, 0) >= truth);
	assert_int_equal(w.stats.fill_percent, 100);
	/* The tree is not in those rings: it is known all the same. */
	check_tree(&w);
	watch_close(&w);
}

static int all_hold(int try)
{
	struct stranger stranger = {0};
	struct watch w;
	size_t foreign = 0;
	int agreed;

	if (!watch_have(&w, &gtv_source_bpf, 0, 1))
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
	agreed = agree(&w, try);
	watch_close(&w);
	return agreed;
}

/* --all: also what has nothing to do with the program. */
static void test_all_tasks(void **state)
{
	(void)state;
	for (int try = 0; !all_hold(try); try++)
		;
}

/*
 * The only child of this process, reaped: it slept at least once in our sight, and
 * came to a core no more often than the kernel counted it leaving one. How often
 * before its sleep is not ours to say: it may be held before it has come to wait.
 */
static int saw_one_life(const struct watch *w, uint32_t pid)
{
	size_t exits = watch_count(w, GTV_EV_K_EXIT, pid, 0),
	       runs = watch_count(w, GTV_EV_K_SWITCH, 0, pid);
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	size_t left = (size_t)(usage.ru_nvcsw + usage.ru_nivcsw);
	if (exits == 1 && runs >= 1 && runs <= left)
		return 1;
	fprintf(stderr, "%zu exits, %zu times on a core (kernel %zu)\n", exits, runs, left);
	return 0;
}

/* Without any privilege, rings can still be drained. */
static void test_drain_without_privileges(void **state)
{
	(void)state;
	struct watch w;
	int status;

	if (!watch_have(&w, &gtv_source_bpf, 0, 0))
		skip();
	pid_t pid = fork();
	if (!pid) {
		struct gtv_user nobody = {
			.uid = 65534, .gid = 65534, .sudo = 1, .name = "nobody"};
		struct gtv_err err = {0};
		char line[700];
		char *argv[] = {"sleep", "0.1", NULL};
		struct gtv_launch child;
		struct gtv_launch_config config = {
			.argv = argv, .user = &nobody, .ring_fd = -1};
		struct timespec pause = {.tv_nsec = 1000000};
		if (gtv_launch_hold(&child, &config, &err) ||
		    w.src->ops->attach(w.src, child.pid, &err) ||
		    gtv_privileges_drop(&nobody, 0, &err) || gtv_launch_go(&child, &err)) {
			fprintf(stderr, "%s\n", gtv_err_line(&err, line, sizeof line));
			_exit(2);
		}
		while (gtv_launch_poll(&child, &status)) {
			if (w.src->ops->drain(w.src) < 0)
				_exit(3);
			nanosleep(&pause, NULL);
		}
		w.src->ops->stop(w.src);
		if (w.src->ops->drain(w.src) < 0)
			_exit(3);
		watch_take(&w, UINT64_MAX);
		_exit(saw_one_life(&w, (uint32_t)child.pid) ? 0 : 4);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	watch_close(&w);
}

static void test_probe_agrees_with_open(void **state)
{
	(void)state;
	struct gtv_err a = {0}, b = {0};
	struct watch w;
	int probed = gtv_source_bpf.probe(&a),
	    opened = watch_open(&w, &gtv_source_bpf, 0, 0, &b);

	assert_int_equal(probed, opened);
	assert_string_equal(a.why, b.why);
	watch_close(&w);
}

/* Not allowed: said in one line, with the remedy. */
static void test_unprivileged_is_told(void **state)
{
	(void)state;
	int status;

	if (geteuid() != 0 || gtv_source_bpf.probe(NULL)) {
		print_message("skipped: needs root and BPF, to do without\n");
		skip();
	}
	pid_t pid = fork();
	if (!pid) {
		struct gtv_err err = {0};
		if (setresuid(65534, 65534, 65534))
			_exit(2);
		if (gtv_source_bpf.probe(&err) != -GTV_EPERM)
			_exit(3);
		_exit(strstr(err.why, "CAP_BPF") && strstr(err.mend, "sudo") ? 0 : 4);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_overflow_is_counted),
		cmocka_unit_test(test_all_tasks),
		cmocka_unit_test(test_drain_without_privileges),
		cmocka_unit_test(test_probe_agrees_with_open),
		cmocka_unit_test(test_unprivileged_is_told),
	};

	if (argc == 3 && !strcmp(argv[1], "work"))
		return work_main(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
