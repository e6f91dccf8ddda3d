/* SPDX-License-Identifier: MIT
 *
 * green's loop, as gevent's: when it looks at the poller although somebody is ready, and
 * what it says of one that holds it up.
 */
#include "tests/unit/runtime_log.h"

#include "runtime/sim/sim.h"

#define MS 1000000ull

/* --- the interval, in virtual time -----------------------------------------------------
 */

static uint64_t written_ns, read_ns;
static int over;

static void reader(void *fd)
{
	char byte;

	RIG_CHECK(gt_read(*(int *)fd, &byte, 1) == 1);
	read_ns = gt__sys_now_ns();
	over = 1;
}

static void yielder(void *unused)
{
	(void)unused;
	while (!over) {
		gt_busy_ns(10000);
		gt_yield();
	}
}

static void ready_beside_a_reader(void *unused)
{
	struct gt *gt[3];
	int fd[2];

	(void)unused;
	RIG_CHECK(pipe(fd) == 0 && gt_spawn(&gt[0], reader, &fd[0]) == 0);
	gt_yield();
	for (int i = 1; i < 3; i++)
		RIG_CHECK(gt_spawn(&gt[i], yielder, NULL) == 0);
	written_ns = gt__sys_now_ns();
	RIG_CHECK(gt_write(fd[1], "x", 1) == 1);
	for (int i = 0; i < 3; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	/* Not before the interval is over, and then after 50 callbacks at most; the
	 * interval itself begins at a look. */
	RIG_CHECK(read_ns - written_ns >= 5 * MS);
	RIG_CHECK(read_ns - written_ns <= 5 * MS + 3 * 50 * 11000);
}

static void the_poller_waits_for_the_interval(void **state)
{
	(void)state;
	setenv("GT_SIM", "1", 1);
	expect_log("green", ready_beside_a_reader, NULL);
	unsetenv("GT_SIM");
}

/* --- the monitor -----------------------------------------------------------------------
 */

static int marks(const struct rig *rig, const char *text, uint32_t gt)
{
	int count = 0;

	for (uint32_t r = 0; r < rig->shm->ring_count; r++)
		for (uint64_t i = 0; i < rig->shm->ring_bytes / sizeof(struct gtv_event);
		     i++) {
			const struct gtv_event *ev = rig_event(rig, r, i);

			count += ev->kind == GTV_EV_MARK && ev->gt == gt &&
				 !strncmp(ev->u.text, text, GTV_TEXT_CHUNK);
		}
	return count;
}

static const struct rig *told_here; /* NULL: nobody is told */

/* For a second, and until that is told: the monitor may have to wait for a core. */
static void held_up(void *unused)
{
	struct gt *gt;
	int tries = 0;

	(void)unused;
	RIG_CHECK(gt_spawn(&gt, yielder, NULL) == 0);
	gt_yield();
	do
		gt_block_ns(1000 * MS);
	while (told_here && !marks(told_here, "loop is blocked", 0) && ++tries < 60);
	over = 1;
	RIG_CHECK(gt_join(gt) == 0);
}

/* Nobody waits for a loop that sleeps. */
static void not_held_up(void *unused)
{
	(void)unused;
	RIG_CHECK(gt_sleep_ns(1500 * MS) == 0);
}

struct heard {
	void (*fn)(void *);
	const char *policy;
	struct rig *rig; /* NULL: not traced */
};

static void heard_child(void *arg)
{
	const struct heard *heard = arg;
	const struct gt_config config = {.policy = heard->policy};

	told_here = heard->rig;
	if (heard->rig)
		RIG_CHECK(gt__trace_map(heard->rig->fd) == 0);
	RIG_CHECK(gt_run_config(&config, heard->fn, NULL) == 0);
}

static void it_is_said_once_on_stderr_if_asked(void **state)
{
	struct heard heard = {held_up, "green,slow=40ms", NULL};
	char err[1024], *line;

	(void)state;
	setenv("GT_SIM", "1", 1); /* where nothing but the program holds it up */
	assert_int_equal(rig_child(heard_child, &heard, err, sizeof err), 0);
	assert_null(strstr(err, "blocked"));
	setenv("GT_VERBOSE", "1", 1);
	assert_int_equal(rig_child(heard_child, &heard, err, sizeof err), 0);
	line = strstr(err, "gt: the loop has been blocked for over 40 ms\n");
	assert_non_null(line);
	heard = (struct heard){not_held_up, "green,slow=1s", NULL};
	assert_int_equal(rig_child(heard_child, &heard, err, sizeof err), 0);
	unsetenv("GT_VERBOSE");
	unsetenv("GT_SIM");
	assert_null(strstr(err, "blocked"));
}

/* By the monitor while it lasts; by the loop, who knows who it was, afterwards. */
static void the_trace_has_it(void **state)
{
	struct rig rig = rig_make(4, 1 << 20, GTV_CLOCK_MONO);
	struct heard heard = {held_up, "green,slow=40ms", &rig};

	(void)state;
	assert_int_equal(rig_child(heard_child, &heard, NULL, 0), 0);
	assert_true(marks(&rig, "loop is blocked", 0) >= 1);
	assert_true(marks(&rig, "blocked the loop", 1) >= 1);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_poller_waits_for_the_interval),
		cmocka_unit_test(it_is_said_once_on_stderr_if_asked),
		cmocka_unit_test(the_trace_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
