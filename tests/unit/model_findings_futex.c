/* SPDX-License-Identifier: MIT
 *
 * Convoys of plain pthreads: what waits for futexes prove, and what they do not.
 */
#include "tests/unit/model_story.h"

#define ADDR 0x5000
#define LOCK 1

/* W1 sleeps on the futex, which says that `owner` has it. */
static void sleeps_on_it(uint32_t owner)
{
	ev(GTV_EV_K_FUTEX, W1, 0, owner, 2, ADDR)->state = GTV_FUTEX_WAIT;
	evs[count - 1].core = 1;
	on_core(1, W1, 0, GTV_OFF_SLEEP);
}

static void woken_by(uint32_t tid, uint32_t who, int core)
{
	ev(GTV_EV_K_WAKING, tid, 0, who, 0, 0)->flags = GTV_KF_FUTEX;
	now += US;
	on_core(core, 0, who, GTV_OFF_IDLE);
}

/* W0 computes with it for `hold`; W1 waits for that, has `own` for itself, and waits
 * again. */
static void waits_again_and_again(int times, uint64_t hold, uint64_t own)
{
	story(3, 0);
	count = 0; /* no runtime here */
	for (uint32_t tid = W0; tid <= W1; tid++)
		ev(GTV_EV_K_THREAD, tid, 0, 0, 0, W0);
	on_core(0, 0, W0, GTV_OFF_IDLE);
	on_core(1, 0, W1, GTV_OFF_IDLE);
	now += MS;
	ev(GTV_EV_FUTEX_LOCK, W1, 0, LOCK, W0, ADDR);
	for (int i = 0; i < times; i++) {
		sleeps_on_it(W0);
		now += hold;
		woken_by(W0, W1, 1);
		now += own;
	}
}

static void a_convoy(void **state)
{
	const struct gtv_finding *it;

	(void)state;
	waits_again_and_again(GTV__CONVOY_WAITS, 5 * MS, 100 * US);
	it = only(GTV_FIND_CONVOY);
	assert_int_equal(it->lane[0].kind, GTV_LANE_THREAD);
	assert_int_equal(it->lane[0].id, W1);
	assert_int_equal(it->lane[1].kind, GTV_LANE_LOCK);
	assert_int_equal(it->lane[2].id, W0);
	assert_int_equal(it->times, GTV__CONVOY_WAITS);
	/* Up to the waking, not to when it had a core. */
	assert_int_equal(it->lost_ns, GTV__CONVOY_WAITS * 5 * MS);
	assert_int_equal(it->worst_ns, 5 * MS);
	/* From its waking to its next wait: no less is known. */
	assert_non_null(strstr(it->text, "T1001 waits 5 ms in the mean"));
	assert_non_null(strstr(it->text, "to hold it at most 101 µs"));
}

static void no_convoy(void **state)
{
	(void)state;
	waits_again_and_again(GTV__CONVOY_WAITS - 1, 5 * MS, 100 * US);
	none();
	/* It may have had it for a tenth of its wait and a little more. */
	waits_again_and_again(20, 5 * MS, 5 * MS / GTV__CONVOY_RATIO);
	none();
	/* Nothing is found, and nothing is promised: takes without waiting are not seen. */
	assert_int_equal(verdict[GTV_FIND_CONVOY], GTV_RULE_CANNOT);
	assert_int_equal(verdict[GTV_FIND_UNFAIR_LOCK], GTV_RULE_CANNOT);
}

/* Nobody names an owner: it may be a condition, and nobody's hold. */
static void a_condition_is_no_convoy(void **state)
{
	(void)state;
	story(3, 0);
	count = 0;
	for (uint32_t tid = W0; tid <= W1; tid++)
		ev(GTV_EV_K_THREAD, tid, 0, 0, 0, W0);
	on_core(0, 0, W0, GTV_OFF_IDLE);
	on_core(1, 0, W1, GTV_OFF_IDLE);
	now += MS;
	ev(GTV_EV_FUTEX_LOCK, W1, 0, LOCK, W0, ADDR);
	for (int i = 0; i < 50; i++) {
		sleeps_on_it(0);
		now += 5 * MS;
		woken_by(W0, W1, 1);
		now += 10 * US;
	}
	none();
}

/* What was lost may have been anything: the count begins anew. */
static void loss_begins_anew(void **state)
{
	(void)state;
	waits_again_and_again(GTV__CONVOY_WAITS - 1, 5 * MS, 100 * US);
	lost_one(GTV_SRC_BPF);
	for (int i = 0; i < GTV__CONVOY_WAITS - 2; i++) {
		sleeps_on_it(W0);
		now += 5 * MS;
		woken_by(W0, W1, 1);
		now += 100 * US;
	}
	told_with(NULL);
	assert_null(of_kind(GTV_FIND_CONVOY));
}

/* Of locks that spin: one took it once, and then only the other did. */
static void who_does_not_try_is_not_treated_unfairly(void **state)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_name name = {.id = LOCK, .pid = W0, .extra = "test-and-set"};

	(void)state;
	assert_non_null(names);
	gtv_names_set(names, GTV_CLASS_LOCK, &name);
	story(0, 0);
	spawn(1);
	spawn(2);
	runs(W0, 1);
	runs(W1, 2);
	takes(W0, 1, LOCK);
	now += MS;
	drops(W0, 1, LOCK);
	for (int i = 0; i < 2 * GTV__UNEQUAL_TAKES; i++) {
		takes(W1, 2, LOCK);
		now += MS;
		drops(W1, 2, LOCK);
	}
	told_with(names);
	assert_null(of_kind(GTV_FIND_UNFAIR_LOCK));
	gtv_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_convoy),
		cmocka_unit_test(no_convoy),
		cmocka_unit_test(a_condition_is_no_convoy),
		cmocka_unit_test(loss_begins_anew),
		cmocka_unit_test(who_does_not_try_is_not_treated_unfairly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
