/* SPDX-License-Identifier: MIT
 *
 * The GIL of gil2 and gil3 around system calls: released once around each that may
 * block, whether it does or not, and never taken for one who had let go of it; and what
 * is counted is what the trace tells.
 */
#include "tests/unit/runtime_rig.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>

#define CALLS 40
#define RINGS 8u
#define BYTES (1u << 22)
#define LOST  77 /* exit status: the rings were too small for so slow a machine */

static const char *const policies[] = {"gil2", "gil3", "gil3,interval=1ms,cores=1"};
#define POLICIES (sizeof policies / sizeof policies[0])

/* So many more drops and takes by now. */
static uint64_t drops(void)
{
	uint64_t n[GTV_COUNT_MAX], lost;

	gt__process_counts(n, &lost);
	RIG_CHECK(n[GTV_COUNT_GIL_TAKES] == n[GTV_COUNT_GIL_DROPS] + 1);
	return n[GTV_COUNT_GIL_DROPS];
}

static void one_each(void *unused)
{
	int fd[2];
	uint64_t before;
	char byte = 0;

	(void)unused;
	RIG_CHECK(pipe(fd) == 0);
	before = drops();
	for (int i = 0; i < CALLS; i++)
		RIG_CHECK(gt_write(fd[1], &byte, 1) == 1);
	RIG_CHECK(drops() == before + CALLS);
	for (int i = 0; i < CALLS; i++)
		RIG_CHECK(gt_read(fd[0], &byte, 1) == 1);
	RIG_CHECK(drops() == before + 2 * CALLS);
	/* One that waits, too: once in all. */
	RIG_CHECK(gt_poll(fd[0], POLLIN, 1000000) == 0);
	RIG_CHECK(drops() == before + 2 * CALLS + 1);
	RIG_CHECK(gt_accept(fd[0], NULL, NULL) == -ENOTSOCK);
	RIG_CHECK(gt_connect(fd[0], NULL, 0) == -ENOTSOCK);
	RIG_CHECK(drops() == before + 2 * CALLS + 3);
	/* Who does without it gets it back from nobody. */
	RIG_CHECK(gt_gil_release() == 1 && gt_gil_release() == 0);
	for (int i = 0; i < CALLS; i++)
		RIG_CHECK(gt_write(fd[1], &byte, 1) == 1);
	RIG_CHECK(gt_gil_release() == 0);
	gt_gil_acquire();
	RIG_CHECK(drops() == before + 2 * CALLS + 4);
	close(fd[0]);
	close(fd[1]);
}

static void one_each_child(void *arg)
{
	const struct gt_config config = {.policy = arg};

	RIG_CHECK(gt_run_config(&config, one_each, NULL) == 0);
}

static void it_is_released_around_each_system_call(void **state)
{
	(void)state;
	for (size_t i = 0; i < POLICIES; i++)
		assert_int_equal(
			rig_child(one_each_child, (void *)(uintptr_t)policies[i], NULL, 0),
			0);
}

/* Another computes meanwhile: it gets the GIL while we are in calls that do not wait. */
static uint32_t over;

static void computes(void *unused)
{
	(void)unused;
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
		gt_busy_ns(20000);
}

static void calls_beside(void *unused)
{
	struct gt *gt;
	int fd[2];
	char byte = 0;

	(void)unused;
	RIG_CHECK(pipe(fd) == 0 && gt_spawn(&gt, computes, NULL) == 0);
	for (int i = 0; i < CALLS; i++) {
		RIG_CHECK(gt_write(fd[1], &byte, 1) == 1);
		RIG_CHECK(gt_read(fd[0], &byte, 1) == 1);
	}
	__atomic_store_n(&over, 1, __ATOMIC_RELAXED);
	RIG_CHECK(gt_join(gt) == 0);
}

struct traced {
	struct rig rig;
	const char *policy;
	uint64_t *n; /* shared */
};

static void traced_child(void *arg)
{
	const struct traced *t = arg;
	const struct gt_config config = {.policy = t->policy};
	uint64_t lost;

	RIG_CHECK(gt__trace_map(t->rig.fd) == 0);
	RIG_CHECK(gt_run_config(&config, calls_beside, NULL) == 0);
	gt__process_counts(t->n, &lost);
	if (lost)
		_exit(LOST);
}

static uint64_t told(const struct rig *rig, int kind)
{
	uint64_t count = 0;

	for (uint32_t r = 0; r < RINGS; r++)
		for (uint64_t i = 0; i < BYTES / sizeof(struct gtv_event); i++)
			count += rig_event(rig, r, i)->kind == kind;
	return count;
}

static void what_is_counted_is_told(void **state)
{
	uint64_t *n =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(n != MAP_FAILED);
	for (size_t i = 0; i < POLICIES; i++) {
		struct traced t = {.policy = policies[i], .n = n};
		int status, tries = 0;

		for (;;) {
			t.rig = rig_make(RINGS, BYTES, GTV_CLOCK_MONO);
			status = rig_child(traced_child, &t, NULL, 0);
			if (!WIFEXITED(status) || WEXITSTATUS(status) != LOST ||
			    ++tries == 100)
				break;
			rig_free(&t.rig);
		}
		assert_int_equal(status, 0);
		assert_true(n[GTV_COUNT_GIL_DROPS] >= 2 * CALLS);
		assert_int_equal(n[GTV_COUNT_GIL_DROPS], told(&t.rig, GTV_EV_GIL_DROP));
		assert_int_equal(n[GTV_COUNT_GIL_HANDOFFS], told(&t.rig, GTV_EV_GIL_TAKE));
		assert_int_equal(n[GTV_COUNT_GIL_TAKES] - n[GTV_COUNT_GIL_HANDOFFS],
				 told(&t.rig, GTV_EV_GIL_RETAKE));
		assert_int_equal(n[GTV_COUNT_GIL_REQUESTS],
				 told(&t.rig, GTV_EV_GIL_REQUEST));
		assert_int_equal(n[GTV_COUNT_GIL_WAITS], told(&t.rig, GTV_EV_SWITCH_GIL));
		rig_free(&t.rig);
	}
	munmap(n, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_released_around_each_system_call),
		cmocka_unit_test(what_is_counted_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
