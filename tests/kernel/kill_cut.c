/* SPDX-License-Identifier: MIT
 *
 * Damaged traces through the real commands: a recorded trace cut at many places of
 * its end, and with random bits flipped. check and report end by themselves, with
 * one of their own exit statuses and something said, never with a signal. (The
 * store's unit test tries every byte; this one, the commands that people run.)
 */
#include "tests/kernel/accept.h"

#define TAIL_BYTES 65536

struct bytes {
	char *at;
	size_t len;
};

static struct bytes whole;

static struct bytes slurp(const char *path)
{
	struct bytes b = {NULL, 0};
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0);
	b.at = malloc((size_t)st.st_size);
	assert_non_null(b.at);
	b.len = (size_t)st.st_size;
	assert_int_equal(read(fd, b.at, b.len), (ssize_t)b.len);
	close(fd);
	return b;
}

static void spill(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

/* Runs a command over the file, with an option or two; it must judge, not die. Returns its
 * exit status. */
static int judge_with(const char *command, const char *path, const char *what,
		      const char *option, const char *value)
{
	const char *argv[] = {gtviz_path(), command, path, option, value, NULL};
	struct ran r;
	int code;

	run(&r, NULL, argv);
	code = exit_code(&r);
	if (code != 0 && code != 1)
		fail_msg("%s of a trace %s: wait status %#x\n%.3000s", command, what,
			 r.status, r.text[1]);
	/* A trace may have lost all its events and nothing else. */
	if (!r.len[0] && !r.len[1] && strcmp(command, "events"))
		fail_msg("%s of a trace %s says nothing", command, what);
	if (r.text[1] && strstr(r.text[1], "Sanitizer"))
		fail_msg("%s of a trace %s: %.3000s", command, what, r.text[1]);
	ran_free(&r);
	return code;
}

static int judge(const char *command, const char *path, const char *what)
{
	return judge_with(command, path, what, NULL, NULL);
}

/* Every view, and what leaves for others. */
static void judge_more(const char *path, const char *what)
{
	static const char *const views[] = {"timeline", "threads", "locks",
					    "latency",	"load",	   "calls",
					    "findings", "events",  "compare"};

	for (size_t i = 0; i < sizeof views / sizeof *views; i++)
		judge_with("shot", path, what, "--view", views[i]);
	judge_with("export", path, what, "--to=chrome", "--output=-");
	judge_with("export", path, what, "--to=perfetto", "--output=-");
	judge_with("shot", path, what, "--view=compare", path);
	judge_with("report", path, what, "--json", NULL);
}

/* Each tenth with all that there is: a process takes its time. GTV_TEST_ALL for all. */
static void judge_all(const char *path, const char *what)
{
	static unsigned files;

	judge("check", path, what);
	judge("report", path, what);
	judge("events", path, what);
	if (files++ % (env_number("GTV_TEST_ALL", 0) ? 1 : 10) == 0)
		judge_more(path, what);
}

static void a_trace_cut_anywhere_is_judged(void **state)
{
	const char *path = file_path("cut.gtv");
	size_t tail = whole.len < TAIL_BYTES ? whole.len : TAIL_BYTES;
	unsigned cuts = env_number("GTV_TEST_CUTS", 60);
	char what[64];

	(void)state;
	for (unsigned i = 0; i < cuts; i++) {
		/* The last bytes one by one, then ever wider apart. */
		size_t off = i < 16 ? i : 16 + (size_t)(i - 16) * (tail - 16) / cuts;

		snprintf(what, sizeof what, "without its last %zu bytes", off);
		spill(path, whole.at, whole.len - off);
		judge_all(path, what);
	}
}

static void a_trace_with_flipped_bits_is_judged(void **state)
{
	const char *path = file_path("flip.gtv");
	unsigned flips = env_number("GTV_TEST_FLIPS", 40), faults = 0;
	unsigned seed = env_number("GTV_TEST_SEED", (unsigned)now_ns());
	char what[64];

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (unsigned i = 0; i < flips; i++) {
		size_t at = (size_t)rand() % whole.len;
		char bit = (char)(1 << rand() % 8);

		snprintf(what, sizeof what, "with bit %#x of byte %zu flipped", bit & 0xff,
			 at);
		whole.at[at] ^= bit;
		spill(path, whole.at, whole.len);
		whole.at[at] ^= bit;
		judge_all(path, what);
		faults += judge("check", path, what) == 1;
	}
	print_message("check found a fault in %u of %u\n", faults, flips);
	/* Nearly every byte is under a checksum; a few are filling, and chance chooses. */
	assert_true(faults >= flips / 2);
}

static void nothing_at_all_is_one_clear_error(void **state)
{
	const char *path = file_path("empty.gtv");

	(void)state;
	spill(path, "", 0);
	assert_int_equal(judge("check", path, "of no bytes"), 1);
	assert_int_equal(judge("report", path, "of no bytes"), 1);
	spill(path, "\0\1\2\3 not a trace at all", 24);
	assert_int_equal(judge("check", path, "that is none"), 1);
	assert_int_equal(judge("check", file_path("none"), "that is not there"), 1);
}

static int setup(void **state)
{
	char program[ACCEPT_PATH];
	const char *argv[] = {gtviz_path(), "record", "-o", NULL,
			      "--",	    program,  "24", NULL};
	struct ran r;

	if (accept_setup(state))
		return -1;
	snprintf(program, sizeof program, "%s", build_path("samples/fib"));
	argv[3] = file_path("whole.gtv");
	run(&r, NULL, argv);
	if (exit_code(&r) != 0) {
		print_message("record: %s\n", r.text[1]);
		return -1;
	}
	ran_free(&r);
	whole = slurp(argv[3]);
	return 0;
}

static int teardown(void **state)
{
	free(whole.at);
	return accept_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_trace_cut_anywhere_is_judged),
		cmocka_unit_test(a_trace_with_flipped_bits_is_judged),
		cmocka_unit_test(nothing_at_all_is_one_clear_error),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
