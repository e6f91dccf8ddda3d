/* SPDX-License-Identifier: MIT
 *
 * What interrupts take is a part of running and of nothing else: on a real machine, under a
 * load of threads that compute, sleep and write to a disk, every thread's states sum to
 * its life exactly, and what it lost to interrupts lies within its running.
 */
#include <sys/syscall.h>

#include "tests/kernel/accept.h"

#define TURNS 25

static uint64_t row_sum(struct json_object *row, const char *const *keys)
{
	uint64_t sum = 0;

	for (; *keys; keys++)
		sum += get_u64(row, *keys);
	return sum;
}

/* Sums of a list's rows; each must hold what `interrupted_ns` is within. */
static uint64_t check_rows(struct json_object *list, const char *const *parts,
			   const char *within, int whole)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *row = json_object_array_get_idx(list, i);
		uint64_t irq = get_u64(row, "interrupted_ns"), all = row_sum(row, parts);

		if (whole && all != get_u64(row, "end_ns") - get_u64(row, "first_ns"))
			fail_msg("does not conserve: %s", json_object_to_json_string(row));
		if (irq > (within ? get_u64(row, within) : all))
			fail_msg("interrupts took more than there was: %s",
				 json_object_to_json_string(row));
		sum += irq;
	}
	return sum;
}

/* What the events say, with what lies in one another counted twice. */
static uint64_t told_ns(struct json_object *report, uint64_t *times)
{
	struct json_object *list = get(report, "calls");
	uint64_t sum = 0;

	*times = 0;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *row = json_object_array_get_idx(list, i);
		const char *kind = json_object_get_string(get(row, "kind"));

		if (strcmp(kind, "irq") && strcmp(kind, "softirq"))
			continue;
		sum += get_u64(row, "total_ns");
		*times += get_u64(row, "count");
	}
	return sum;
}

static int work(const char *path)
{
	char bytes[65536];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	memset(bytes, 'x', sizeof bytes);
	for (int i = 0; i < TURNS && fd >= 0; i++) {
		uint64_t end = now_ns() + 10000000;
		while (now_ns() < end)
			;
		if (pwrite(fd, bytes, sizeof bytes, 0) < 0 || fsync(fd))
			return 1;
		nap_ms(1);
	}
	return close(fd);
}

static void interrupts_are_within_running(void **state)
{
	static const char *const thread_parts[] = {
		"running_ns", "runnable_ns", "sleeping_ns", "disk_ns",
		"stopped_ns", "unknown_ns",  NULL};
	static const char *const core_parts[] = {"busy_ns",	"other_ns",   "idle_ns",
						 "not_ours_ns", "unknown_ns", NULL};
	const char *trace = file_path("irq.gtv"), *file = file_path("written");
	char self[ACCEPT_PATH] = "";
	const char *argv[] = {gtviz_path(), "record", "--level", "3",	"--irq",
			      "--syscalls", "slept",  "-o",	 trace, "--",
			      self,	    "work",   file,	 NULL};
	uint64_t threads, cores, told, times;
	struct json_object *report;
	struct ran r;

	(void)state;
	NEED_LEVEL(3);
	assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
	run(&r, NULL, argv);
	if (exit_code(&r) == 125)
		SKIP("%.300s", r.text[1]);
	expect_exit(&r, 0, "record --irq");
	ran_free(&r);
	assert_good_trace(trace);
	report = report_of(trace);
	threads = check_rows(get(report, "os_threads"), thread_parts, "running_ns", 1);
	cores = check_rows(get(report, "cores"), core_parts, NULL, 0);
	told = told_ns(report, &times);
	print_message("%" PRIu64 " interrupts, %" PRIu64 " ns; %" PRIu64
		      " ns of cores, %" PRIu64 " ns of threads\n",
		      times, told, cores, threads);
	/* A core that computes for a quarter of a second hears the clock. */
	assert_true(times > 0 && cores > 0);
	assert_true(threads <= cores && cores <= told);
	json_object_put(report);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interrupts_are_within_running),
	};

	if (argc == 3 && !strcmp(argv[1], "work"))
		return work(argv[2]);
	return cmocka_run_group_tests(tests, accept_setup, accept_teardown);
}
