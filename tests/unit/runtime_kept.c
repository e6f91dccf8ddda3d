/* SPDX-License-Identifier: MIT
 *
 * Descriptors that stay watched between waits: what may happen to them meanwhile.
 */
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/runtime_rig.h"
#include "runtime/gt.h"

#define TRIPS 100

static double cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Sleeping costs nothing: in one of five tries, for a machine that is taken away just then,
 * and does not say so, lengthens what is on a core; a loop that spins does so in each. */
static int sleeps_for_nothing(void)
{
	for (int i = 0; i < 5; i++) {
		double cpu = cpu_seconds();

		gt_sleep_ns(300000000);
		cpu = cpu_seconds() - cpu;
		if (cpu < 0.15)
			return 1;
		fprintf(stderr, "%.3f s on a core in 0.3 s of sleep\n", cpu);
	}
	return 0;
}

static void echo(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char byte;

	while (gt_read(fd, &byte, 1) == 1)
		RIG_CHECK(gt_write(fd, &byte, 1) == 1);
}

static void go_to_and_fro(int fd)
{
	for (int i = 0; i < TRIPS; i++) {
		char byte = (char)i, back = 0;

		RIG_CHECK(gt_write(fd, &byte, 1) == 1);
		RIG_CHECK(gt_read(fd, &back, 1) == 1 && back == byte);
	}
}

static void pair_make(int pair[2])
{
	RIG_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
}

/* A new file under the old number, while the old one is gone, or open elsewhere and
 * always ready. */
static void numbers_are_used_again(void *arg)
{
	int pair[2], dup_of_old = -1, stays_open = arg != NULL;
	struct gt *gt;

	for (int round = 0; round < 5; round++) {
		int old[2] = {-1, -1};

		if (round)
			memcpy(old, pair, sizeof old);
		pair_make(pair);
		if (round) {
			if (stays_open)
				dup_of_old = dup(old[0]);
			RIG_CHECK(dup2(pair[0], old[0]) == old[0]);
			close(pair[0]);
			pair[0] = old[0];
			if (stays_open)
				RIG_CHECK(write(old[1], "x", 1) == 1);
		}
		RIG_CHECK(gt_spawn(&gt, echo, (void *)(intptr_t)pair[1]) == 0);
		go_to_and_fro(pair[0]);
		shutdown(pair[1], SHUT_RD);
		gt_join(gt);
	}
	RIG_CHECK(sleeps_for_nothing());
	RIG_CHECK(stays_open == (dup_of_old >= 0));
}

/* The far end goes, or has more to say than anybody wants to hear. */
static void nobody_listens(void *arg)
{
	int pair[2];
	struct gt *gt;
	char byte;

	(void)arg;
	pair_make(pair);
	RIG_CHECK(gt_spawn(&gt, echo, (void *)(intptr_t)pair[1]) == 0);
	go_to_and_fro(pair[0]);
	RIG_CHECK(gt_write(pair[0], "last", 4) == 4);
	gt_sleep_ns(1000000);
	shutdown(pair[0], SHUT_WR);
	gt_join(gt);
	close(pair[1]);
	RIG_CHECK(sleeps_for_nothing());
	for (int i = 0; i < 4; i++)
		RIG_CHECK(gt_read(pair[0], &byte, 1) == 1 && byte == "last"[i]);
	RIG_CHECK(gt_read(pair[0], &byte, 1) == 0);
}

/* A regular file under the number of a connection that went to and fro. */
static void a_file_is_no_connection(void *arg)
{
	FILE *file = tmpfile();
	int pair[2];
	struct gt *gt;
	char bytes[4];

	(void)arg;
	pair_make(pair);
	RIG_CHECK(file && fwrite("file", 4, 1, file) == 1 && fflush(file) == 0);
	RIG_CHECK(gt_spawn(&gt, echo, (void *)(intptr_t)pair[1]) == 0);
	go_to_and_fro(pair[0]);
	RIG_CHECK(dup2(fileno(file), pair[0]) == pair[0]);
	RIG_CHECK(lseek(pair[0], 0, SEEK_SET) == 0);
	RIG_CHECK(gt_read(pair[0], bytes, 4) == 4 && !memcmp(bytes, "file", 4));
	gt_join(gt);
}

struct job {
	const char *policy;
	void (*fn)(void *arg);
	void *arg;
};

static void job_run(void *arg)
{
	const struct job *job = arg;
	const struct gt_config config = {.policy = job->policy};

	RIG_CHECK(gt_run_config(&config, job->fn, job->arg) == 0);
}

/* One that waits for ever is ended by an alarm, and fails. */
static void under_each(void (*fn)(void *arg), void *arg)
{
	static const char *const policies[] = {"green", "asyncio", "gmp,cores=1"};

	for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
		struct job job = {policies[i], fn, arg};
		int status = rig_child(job_run, &job, NULL, 0);

		if (status)
			print_error("under %s\n", policies[i]);
		assert_int_equal(status, 0);
	}
}

static void a_closed_descriptor_number_is_used_again(void **state)
{
	(void)state;
	under_each(numbers_are_used_again, NULL);
}

static void a_closed_descriptor_is_open_elsewhere(void **state)
{
	(void)state;
	under_each(numbers_are_used_again, "stays open");
}

static void what_nobody_waits_for_costs_nothing(void **state)
{
	(void)state;
	under_each(nobody_listens, NULL);
}

static void a_file_takes_a_connections_number(void **state)
{
	(void)state;
	under_each(a_file_is_no_connection, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_descriptor_number_is_used_again),
		cmocka_unit_test(a_closed_descriptor_is_open_elsewhere),
		cmocka_unit_test(what_nobody_waits_for_costs_nothing),
		cmocka_unit_test(a_file_takes_a_connections_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
