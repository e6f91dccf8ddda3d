/* SPDX-License-Identifier: MIT
 *
 * A full ring of the default size is drained in several steps: a drain takes so much at
 * once, says up to when all is there, and nothing comes late or is lost between them.
 */
#define RING_BYTES (8u << 20)
#include "tests/unit/source_rig.h"

#define MANY  200000u /* more than a drain takes, less than a ring holds */
#define FEW   100u
#define TOTAL (MANY + 2 * FEW)

/* What is due leaves the merge: in order of time. Returns how many. */
static size_t take_due(uint64_t watermark_ns, uint64_t *last_ns)
{
	static struct gtv_ev ev[4096];
	size_t all = 0, n;

	while ((n = gtv_merge_take(rig.merge, watermark_ns, ev, 4096))) {
		for (size_t i = 0; i < n; i++) {
			assert_true(ev[i].ts_ns >= *last_ns);
			assert_int_equal(ev[i].flags & GTV_EV_LATE, 0);
			*last_ns = ev[i].ts_ns;
		}
		all += n;
	}
	return all;
}

static void a_full_ring_is_drained_in_steps(void **state)
{
	struct producer busy, calm;
	uint64_t last_ns = 0, behind_ns;
	size_t all = 0, steps = 0;

	(void)state;
	rig_open(4);
	claim(&busy);
	claim_as(&calm, (uint32_t)getpid(), (uint32_t)getpid() + 1);
	publish(&busy, mk(GTV_EV_PROC_START, 0, 0, 0, 0));
	for (uint32_t i = 0; i < FEW; i++)
		publish(&calm, mk(GTV_EV_PARK, 0, 0, 0, 0));
	for (uint32_t i = 1; i < MANY; i++)
		publish(&busy, mk(GTV_EV_PARK, 0, 0, 0, 0));
	for (uint32_t i = 0; i < FEW; i++)
		publish(&calm, mk(GTV_EV_UNPARK, 0, 0, 0, 0));
	release(&busy);
	do {
		assert_int_equal(drain(), 0);
		behind_ns = gtv_source_ring_behind_ns(rig.src);
		/* What is left keeps its ring, closed or not. */
		assert_int_equal(busy.ring->state,
				 behind_ns == UINT64_MAX ? GTV_RING_FREE : GTV_RING_CLOSED);
		all += take_due(behind_ns, &last_ns);
		steps++;
	} while (behind_ns != UINT64_MAX);
	assert_true(steps > 1);
	assert_int_equal(all, TOTAL);
	assert_int_equal(gtv_merge_late(rig.merge), 0);
	assert_int_equal(stats().lost, 0);
	assert_int_equal(stats().events, TOTAL);
	rig_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_ring_is_drained_in_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
