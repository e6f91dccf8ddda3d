/* SPDX-License-Identifier: MIT
 *
 * The collector's rounds grow while nothing comes and are short again at once; they never
 * grow past what a ring holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tracer/session/pace.h"

static void rounds_grow_while_nothing_comes(void **state)
{
	(void)state;
	struct gtv_pace pace;

	gtv_pace_begin(&pace, UINT64_MAX);
	for (uint64_t ns = GTV_PACE_SHORT_NS; ns < GTV_PACE_LONGEST_NS; ns *= 2) {
		assert_int_equal(pace.round_ns, ns);
		gtv_pace_turn(&pace, 0);
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pace.round_ns, GTV_PACE_LONGEST_NS);
		gtv_pace_turn(&pace, 0);
	}
	gtv_pace_turn(&pace, 1);
	assert_int_equal(pace.round_ns, GTV_PACE_SHORT_NS);
	gtv_pace_turn(&pace, 1);
	assert_int_equal(pace.round_ns, GTV_PACE_SHORT_NS);
	gtv_pace_turn(&pace, 0);
	assert_true(pace.round_ns > GTV_PACE_SHORT_NS);
}

static void no_round_outlasts_half_a_ring(void **state)
{
	(void)state;
	static const struct {
		uint64_t room_ns, longest_ns;
	} cases[] = {
		{0, GTV_PACE_SHORT_NS},
		{1, GTV_PACE_SHORT_NS},
		{2 * GTV_PACE_SHORT_NS, GTV_PACE_SHORT_NS},
		{2 * GTV_PACE_SHORT_NS + 2, GTV_PACE_SHORT_NS + 1},
		{26000000, 13000000},
		{2 * GTV_PACE_LONGEST_NS, GTV_PACE_LONGEST_NS},
		{UINT64_MAX, GTV_PACE_LONGEST_NS},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gtv_pace pace;
		gtv_pace_begin(&pace, cases[i].room_ns);
		for (int quiet = 0; quiet < 10; quiet++)
			gtv_pace_turn(&pace, 0);
		assert_int_equal(pace.round_ns, cases[i].longest_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounds_grow_while_nothing_comes),
		cmocka_unit_test(no_round_outlasts_half_a_ring),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
