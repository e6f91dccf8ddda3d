/* SPDX-License-Identifier: MIT
 *
 * The family: forks and exits in any order leave exactly the living.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tracer/session/family.h"

static void feed(struct gtv_family *f, unsigned kind, uint32_t tid, uint32_t obj,
		 uint64_t arg)
{
	struct gtv_ev ev = {.kind = (uint16_t)kind, .tid = tid, .obj = obj, .arg = arg};
	gtv_family_feed(f, &ev);
}

static void only_living_processes_are_named(void **state)
{
	(void)state;
	struct gtv_family *f = gtv_family_new();
	struct gtv_names *names = gtv_names_new();
	uint32_t self = (uint32_t)getpid();
	char text[256];

	/* A process that lives (this one), a thread of it, and one long gone. */
	feed(f, GTV_EV_K_FORK, 1, self, self);
	feed(f, GTV_EV_K_FORK, self, 4000000, self);
	feed(f, GTV_EV_K_FORK, 1, 3999999, 3999999);
	assert_int_equal(gtv_family_survivors(f, 1, names, text, sizeof text), 1);
	char want[32];
	snprintf(want, sizeof want, "(%u)", self);
	assert_non_null(strstr(text, want));
	/* The direct child itself is no survivor. */
	assert_int_equal(gtv_family_survivors(f, self, names, text, sizeof text), 0);
	feed(f, GTV_EV_K_EXIT, self, 0, self);
	assert_int_equal(gtv_family_survivors(f, 1, names, text, sizeof text), 0);
	gtv_names_free(names);
	gtv_family_free(f);
}

static void many_come_and_go(void **state)
{
	(void)state;
	struct gtv_family *f = gtv_family_new();
	struct gtv_names *names = gtv_names_new();
	uint32_t self = (uint32_t)getpid();
	char text[64];

	feed(f, GTV_EV_K_FORK, 1, self, self);
	srand(7);
	for (int round = 0; round < 20000; round++) {
		uint32_t tid = 5000000u + (uint32_t)(rand() % 3000);
		feed(f, round % 3 ? GTV_EV_K_EXIT : GTV_EV_K_FORK, tid, tid, tid);
	}
	for (uint32_t tid = 5000000; tid < 5003000; tid++)
		feed(f, GTV_EV_K_EXIT, tid, 0, tid);
	assert_int_equal(gtv_family_survivors(f, 1, names, text, sizeof text), 1);
	gtv_names_free(names);
	gtv_family_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_living_processes_are_named),
		cmocka_unit_test(many_come_and_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
