/* SPDX-License-Identifier: MIT
 *
 * Level 1 against the kernel's own accounts, as somebody without any privilege.
 */
#include <grp.h>
#include <sys/prctl.h>

#include "tests/kernel/source_load.h"

static int have_perf(struct watch *w, size_t ring_bytes)
{
	struct gtv_err err = {0};
	char line[700];

	if (access("/proc/self/exe", X_OK)) {
		print_message("skipped: nobody may not execute this test\n");
		return 0;
	}
	if (gtv_source_perf.probe(&err) == 0 &&
	    watch_open(w, &gtv_source_perf, ring_bytes, 0, &err) == 0)
		return 1;
	print_message("skipped: %s\n", gtv_err_line(&err, line, sizeof line));
	return 0;
}

/* On and off in turn, for each thread; never on two cores. */
static void check_alternates(const struct watch *w)
{
	for (int r = 0; r < ROLES; r++) {
		int on = 0, core = -1;
		for (size_t i = 0; i < w->count; i++) {
			const struct gtv_ev *ev = &w->ev[i];
			if (ev->tid != w->truth[r].tid)
				continue;
			if (ev->kind == GTV_EV_K_ON) {
				assert_false(on);
				on = 1;
				core = ev->core;
			} else if (ev->kind == GTV_EV_K_OFF) {
				assert_true(on);
				assert_int_equal(ev->core, core);
				assert_int_equal(!!(ev->flags & GTV_KF_PREEMPTED),
						 ev->state == GTV_OFF_PREEMPTED);
				on = 0;
			}
		}
	}
}

/* 0: running times were too far apart. */
static int truth_holds(int try)
{
	struct watch w;
	uint64_t switch_ns;
	int agreed;

	if (!have_perf(&w, 0))
		skip();
	assert_int_not_equal(geteuid(), 0);
	watch_run(&w, 1);
	switch_ns = watch_switch_ns(&w);
	print_message("%zu events, %lu lost; a switch of %lu ns\n", w.count,
		      (unsigned long)w.stats.lost, (unsigned long)switch_ns);
	assert_int_equal(w.stats.lost, 0);
	assert_int_equal(w.stats.corrupt, 0);
	/* Its records are written before the switch out and after the switch in: so long
	 * on this machine, and as long again. */
	check_accounts(&w, switch_ns > 1000 ? 2 * switch_ns : 2000);
	check_tree(&w);
	check_alternates(&w);
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

/* Nobody drains until all is over: what is missing is said, to the last record. */
static void test_overflow_is_counted(void **state)
{
	(void)state;
	struct watch w;
	uint64_t lost = 0, kept = 0, truth = 0;

	if (!have_perf(&w, 4096))
		skip();
	watch_run(&w, 0);
	for (size_t i = 0; i < w.count; i++) {
		const struct gtv_ev *ev = &w.ev[i];
		kept += ev->kind == GTV_EV_K_OFF;
		if (ev->kind != GTV_EV_LOSS)
			continue;
		assert_int_equal(ev->obj, GTV_SRC_PERF);
		assert_int_equal(ev->seq, 0);
		assert_true(ev->core >= 0);
		lost += ev->arg;
	}
	for (int r = 0; r < ROLES; r++)
		truth += w.truth[r].switches;
	print_message("%lu kept, %lu lost, of %lu and as many again\n", (unsigned long)kept,
		      (unsigned long)lost, (unsigned long)truth);
	assert_true(lost > 0);
	assert_int_equal(lost, w.stats.lost);
	/* Each switch is two records, off and on. */
	assert_true(2 * kept + lost + 100 >= 2 * truth);
	watch_close(&w);
}

static void become_nobody(void)
{
	if (geteuid() != 0)
		return;
	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
	    setresuid(65534, 65534, 65534) || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
		exit(1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_overflow_is_counted),
	};

	if (argc == 3 && !strcmp(argv[1], "work"))
		return work_main(argv[2]);
	become_nobody();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
