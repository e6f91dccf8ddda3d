/* SPDX-License-Identifier: MIT
 *
 * The order of deadlines (runtime/io/deadlines.h) against the plainest that there is: all
 * of them in a list, looked through each time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "runtime/io/deadlines.h"
#include "runtime/os/sys.h"

#define DUES  3000u
#define STEPS 60000u

static struct {
	struct gt__due due;
	int in, removable;
} all[DUES];

static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16) % n;
}

static uint64_t earliest(void)
{
	uint64_t ns = GT__NEVER;

	for (uint32_t i = 0; i < DUES; i++)
		if (all[i].in && all[i].due.ns < ns)
			ns = all[i].due.ns;
	return ns;
}

static void add(struct gt__deadlines *d, uint32_t i, uint64_t ns)
{
	if (all[i].in)
		return;
	all[i].in = 1;
	all[i].removable = !random_below(4);
	all[i].due = (struct gt__due){ns, GT__DUE_NOWHERE};
	assert_int_equal(gt__deadlines_add(d, &all[i].due, all[i].removable), 0);
}

static void take_out(struct gt__deadlines *d, uint32_t i)
{
	if (all[i].removable) /* also one that was taken */
		gt__deadlines_remove(d, &all[i].due);
	else
		assert_int_equal(gt__deadlines_find_and_remove(d, &all[i].due), all[i].in);
	all[i].in = 0;
}

/* Takes what is due: each time one of the earliest. */
static void take(struct gt__deadlines *d, uint64_t now)
{
	struct gt__due *due;

	for (;;) {
		uint64_t ns = earliest();

		assert_int_equal(gt__deadlines_next(d), ns);
		due = gt__deadlines_take(d, now);
		if (!due)
			break;
		assert_int_equal(due->ns, ns);
		assert_true(ns <= now);
		for (uint32_t i = 0; i < DUES; i++)
			if (&all[i].due == due) {
				assert_true(all[i].in);
				all[i].in = 0;
			}
	}
	assert_true(earliest() > now);
}

/* Lengths of sleep as programs have them: a few of their own, some at random. */
static void against_the_plainest(void **state)
{
	static const uint32_t usual[] = {500, 500, 500, 20, 7000, 60};
	struct gt__deadlines d = {.heap = NULL};
	uint64_t now = 1;

	(void)state;
	seed = 88172645463325252u;
	for (uint32_t step = 0; step < STEPS; step++) {
		uint32_t i = random_below(DUES), what = random_below(100);

		if (what < 70)
			add(&d, i, now + usual[random_below(6)]);
		else if (what < 85)
			add(&d, i, now + random_below(2000));
		else if (what < 97)
			take_out(&d, i);
		else
			take(&d, now += random_below(60));
	}
	take(&d, GT__NEVER - 1);
	gt__deadlines_free(&d);
}

/* Equal ones that were added one after the other come in that order. */
static void equal_in_order(void **state)
{
	struct gt__deadlines d = {.heap = NULL};

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		all[i].due.ns = 5;
		assert_int_equal(gt__deadlines_add(&d, &all[i].due, 0), 0);
	}
	assert_null(gt__deadlines_take(&d, 4));
	for (uint32_t i = 0; i < 100; i++)
		assert_ptr_equal(gt__deadlines_take(&d, 5), &all[i].due);
	assert_null(gt__deadlines_take(&d, 5));
	assert_int_equal(gt__deadlines_next(&d), GT__NEVER);
	gt__deadlines_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(against_the_plainest),
		cmocka_unit_test(equal_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
