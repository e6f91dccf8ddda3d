/* SPDX-License-Identifier: MIT
 *
 * The critical path through one who ends and only then tells whom it woke: however long it
 * is kept from telling, its end is where the path leaves it, and nothing is unknown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tracer/model/critical.h"
#include "tracer/store/store.h"

#define START	   1000000u
#define GIL	   7u
#define AT(ns)	   (START + (uint64_t)(ns))
#define TID(gt)	   (100u + (gt))
#define NOBODY	   0u
#define SEQ(n)	   ((uint32_t)(n))
#define RUN_SEQ(n) ((uint64_t)(n) << 32)

static struct gtv_ev event(uint64_t ns, unsigned kind, uint32_t by, uint32_t gt,
			   uint32_t obj)
{
	return (struct gtv_ev){.ts_ns = AT(ns),
			       .kind = (uint16_t)kind,
			       .tid = TID(by),
			       .core = (int16_t)(by - 1),
			       .gt = gt,
			       .obj = obj};
}

/* G1 has the GIL from 10 on, drops it at 60, ends at 61, and tells at `told_ns` that it
 * woke G2, which has waited since 20 and runs 10 later, to 2000. */
static struct gtv_store *story(struct gtv_names *names, uint64_t told_ns)
{
	const struct gtv_store_info info = {
		.core_count = 2, .start_ns = START, .pid = TID(1), .exit_status = -1};
	struct gtv_ev ev[] = {
		event(0, GTV_EV_SPAWN, 1, 1, NOBODY),
		event(1, GTV_EV_SPAWN, 1, 2, NOBODY),
		event(2, GTV_EV_SWITCH_RUN, 1, NOBODY, 1),
		event(3, GTV_EV_SWITCH_RUN, 2, NOBODY, 2),
		event(10, GTV_EV_GIL_TAKE, 1, 1, GIL),
		event(20, GTV_EV_SWITCH_GIL, 2, 2, NOBODY),
		event(60, GTV_EV_GIL_DROP, 1, 1, GIL),
		event(61, GTV_EV_SWITCH_EXIT, 1, 1, NOBODY),
		event(told_ns, GTV_EV_READY, 1, 2, 1),
		event(told_ns + 10, GTV_EV_SWITCH_RUN, 2, NOBODY, 2),
		event(told_ns + 12, GTV_EV_GIL_TAKE, 2, 2, GIL),
		event(1990, GTV_EV_GIL_DROP, 2, 2, GIL),
		event(2000, GTV_EV_SWITCH_EXIT, 2, 2, NOBODY),
	};
	struct gtv_store *st;

	ev[2].arg = ev[3].arg = RUN_SEQ(1);
	ev[4].seq = SEQ(1);
	ev[5].seq = SEQ(2);
	ev[5].arg = GIL;
	ev[6].seq = ev[7].seq = SEQ(2);
	ev[8].seq = SEQ(3);
	ev[8].state = GTV_BY_GT;
	ev[9].arg = RUN_SEQ(4);
	ev[10].seq = SEQ(3);
	ev[11].seq = SEQ(4);
	ev[12].seq = SEQ(5);
	assert_int_equal(gtv_store_create_temp(&st, &info, names, NULL), 0);
	assert_int_equal(gtv_store_append(st, ev, sizeof(ev) / sizeof(*ev)), 0);
	gtv_store_set_exit(st, 0);
	assert_int_equal(gtv_store_finish(st), 0);
	return st;
}

static void the_path_leaves_it_at_its_end(void **state)
{
	static const uint64_t told_ns[] = {62, 100, 1900};
	const struct gtv_lane g2 = {GTV_LANE_GT, 2};

	(void)state;
	for (size_t i = 0; i < sizeof(told_ns) / sizeof(*told_ns); i++) {
		struct gtv_names *names = gtv_names_new();
		struct gtv_store *st = story(names, told_ns[i]);
		struct gtv_window *w = gtv_window_new(st);
		uint64_t first_ns = AT(25), at_ns = AT(2000), ran_ns = 0;
		struct gtv_critical path;

		assert_int_equal(gtv_critical_find(w, g2, first_ns, at_ns, &path), 0);
		for (size_t k = 0; k < path.count; k++) {
			const struct gtv_critical_piece *p = &path.piece[k];

			print_message("told at %llu: G%u %u from %llu to %llu\n",
				      (unsigned long long)told_ns[i], p->who.id, p->state,
				      (unsigned long long)(p->from_ns - START),
				      (unsigned long long)(p->to_ns - START));
			assert_int_equal(p->to_ns, at_ns);
			at_ns = p->from_ns;
			assert_int_not_equal(p->state, GTV_ST_UNKNOWN);
			if (p->who.id == 1)
				ran_ns += p->to_ns - p->from_ns;
		}
		assert_int_equal(at_ns, first_ns);
		assert_int_equal(ran_ns, 61 - 25);
		gtv_critical_fini(&path);
		gtv_window_free(w);
		gtv_store_close(st);
		gtv_names_free(names);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_path_leaves_it_at_its_end)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
