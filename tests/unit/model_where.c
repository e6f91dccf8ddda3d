/* SPDX-License-Identifier: MIT
 *
 * Where something happened: no case is forgotten, whatever the order and the range, and
 * what is far from every case is said to be so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tracer/model/where.h"

#define CASES 200

static uint64_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static void nothing_is_nowhere(void **state)
{
	struct gtv_where w = {0};

	(void)state;
	assert_false(gtv_where_has(&w, 0, UINT64_MAX));
}

static void one_is_there_alone(void **state)
{
	struct gtv_where w = {0};
	uint64_t at = 70000000000000u;

	(void)state;
	gtv_where_add(&w, at, at);
	assert_true(gtv_where_has(&w, at, at + 1));
	assert_false(gtv_where_has(&w, at + 2048, at + 1000000));
	assert_false(gtv_where_has(&w, at - 1000000, at - 2048));
}

/* Ranges from a microsecond to a day, begun anywhere, in no order. */
static void none_is_forgotten(void **state)
{
	uint64_t seed = 1, from[CASES], to[CASES];

	(void)state;
	for (int round = 0; round < 60; round++) {
		struct gtv_where w = {0};
		uint64_t base = next(&seed) << 15, range = 1000ull << round % 37;

		for (int i = 0; i < CASES; i++) {
			from[i] = base + (next(&seed) << 6) % range;
			to[i] = from[i] + next(&seed) % (range / 8);
			gtv_where_add(&w, from[i], to[i]);
		}
		for (int i = 0; i < CASES; i++) {
			assert_true(gtv_where_has(&w, from[i], from[i] + 1));
			assert_true(gtv_where_has(&w, to[i] - (to[i] > from[i]), to[i]));
		}
		/* At most a step, a hundredth or so of all, from the ends. */
		assert_false(gtv_where_has(&w, 0, base - range / 50 - 2048));
		assert_false(gtv_where_has(&w, base + range + range / 8 + range / 50 + 2048,
					   UINT64_MAX));
	}
}

static void a_gap_stays(void **state)
{
	struct gtv_where w = {0};

	(void)state;
	for (uint64_t at = 0; at < 100; at++) {
		gtv_where_add(&w, (at + 900) * 1000000, (at + 900) * 1000000 + 5);
		gtv_where_add(&w, at * 1000000, at * 1000000 + 5);
	}
	assert_true(gtv_where_has(&w, 50000000, 51000000));
	assert_true(gtv_where_has(&w, 950000000, 951000000));
	assert_false(gtv_where_has(&w, 110000000, 890000000));
}

/* To the end of time, where sums overflow. */
static void the_ends_of_time(void **state)
{
	struct gtv_where w = {0};

	(void)state;
	gtv_where_add(&w, UINT64_MAX - 1, UINT64_MAX);
	gtv_where_add(&w, 0, 1);
	assert_true(gtv_where_has(&w, 0, 1));
	assert_true(gtv_where_has(&w, UINT64_MAX - 1, UINT64_MAX));
	assert_false(gtv_where_has(&w, UINT64_MAX / 4, UINT64_MAX / 2));
	gtv_where_add(&w, 0, UINT64_MAX);
	assert_true(gtv_where_has(&w, UINT64_MAX / 4, UINT64_MAX / 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_nowhere), cmocka_unit_test(one_is_there_alone),
		cmocka_unit_test(none_is_forgotten),  cmocka_unit_test(a_gap_stays),
		cmocka_unit_test(the_ends_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
