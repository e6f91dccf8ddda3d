/* SPDX-License-Identifier: MIT
 *
 * Traces that are cut, torn and flipped, on the real screen: each opens, every view of it
 * can be gone through, and q leaves; or there is one line that says why not. The terminal
 * is given back in any case.
 *
 * The trace is simulated, so the damage is the same each time.
 * GTV_TEST_DAMAGED: how many of each kind; GTV_TEST_SEED: where else.
 */
#include "tests/e2e/pty.h"

#define COLS 100
#define ROWS 30
#define TORN 700 /* bytes */

static char dir[] = "/tmp/gtv-damaged-XXXXXX";
static char damaged[64];
static char *whole;
static size_t size;

static int record(void **state)
{
	const char *convoy = pty_sample("convoy");
	char out[PTY_LINE], trace[64];

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(trace, sizeof(trace), "%s/trace.gtv", dir);
	snprintf(damaged, sizeof(damaged), "%s/damaged.gtv", dir);
	if (!convoy) {
		print_error("the sample convoy is not built\n");
		return -1;
	}
	if (pty_command(
		    out, sizeof(out),
		    "GT_SIM=1 %s record -o %s --policy gil3,cores=2 %s --seconds 0.3 2>&1",
		    pty_gtviz(), trace, convoy)) {
		print_error("recording failed: %s\n", out);
		return -1;
	}
	FILE *f = fopen(trace, "re");

	fseek(f, 0, SEEK_END);
	size = (size_t)ftell(f);
	rewind(f);
	whole = malloc(size);
	int rc = !whole || fread(whole, 1, size, f) != size ? -1 : 0;
	fclose(f);
	return rc;
}

static int remove_dir(void **state)
{
	char out[16];

	(void)state;
	free(whole);
	return pty_command(out, sizeof(out), "rm -rf %s", dir);
}

static unsigned number(const char *name, unsigned fallback)
{
	const char *value = getenv(name);

	return value && *value ? (unsigned)strtoul(value, NULL, 0) : fallback;
}

static void spill(size_t bytes)
{
	FILE *f = fopen(damaged, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(whole, 1, bytes, f), bytes);
	fclose(f);
}

/* A frame, or what stands there instead. */
static int opened(struct pty *p, const void *unused)
{
	const char *text = pty_screen(p);

	(void)unused;
	return strstr(text, "┬") || strstr(text, "gtviz: ") || strstr(text, "┴");
}

static int in_view(struct pty *p, const void *name)
{
	return strstr(pty_row(p, 0), name) != NULL;
}

/* Through all views and back; what a selected wait says; the ends of time. */
static void look_around(struct pty *p)
{
	static const char *const views[][2] = {
		{"2", "threads"}, {"3", "locks"},    {"4", "latency"}, {"5", "load"},
		{"6", "calls"},	  {"7", "findings"}, {"8", "events"},  {"M", "marks"}};

	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		pty_keys(p, views[i][0]);
		pty_wait(p, views[i][1], in_view, views[i][1]);
		pty_keys(p, "jjk\r");
	}
	pty_keys(p, "1\t\t\tjj..,][\r\033cGww\033[Hssf");
}

/* Opens the damaged file. Returns whether it could be. */
static int judge(const char *what)
{
	struct pty p;
	int status, shown;

	print_message("%s\n", what);
	pty_gtviz_start(&p, COLS, ROWS, "replay", damaged, NULL);
	pty_wait(&p, "a frame or an error", opened, NULL);
	shown = p.alternate;
	if (shown) {
		look_around(&p);
		pty_keys(&p, ":quit\r");
	}
	status = pty_status(&p);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != (shown ? 0 : 1)) {
		print_error("status %#x\n", (unsigned)status);
		pty_fail(&p, what);
	}
	pty_wait_restored(&p);
	pty_close(&p);
	return shown;
}

static void cut_anywhere(void **state)
{
	unsigned count = number("GTV_TEST_DAMAGED", 5);
	char what[64];

	(void)state;
	for (unsigned i = 0; i < count; i++) {
		size_t bytes = size * (i + 1) / (count + 1);

		snprintf(what, sizeof(what), "the first %zu of %zu bytes", bytes, size);
		spill(bytes);
		assert_true(judge(what));
	}
	/* Not even a head. */
	spill(20);
	assert_false(judge("the first 20 bytes"));
}

static void it_is_said(void **state)
{
	struct pty p;

	(void)state;
	spill(size * 2 / 3);
	pty_gtviz_start(&p, COLS, ROWS, "replay", damaged, NULL);
	pty_wait_text(&p, "the recorder was killed: this is what it had written");
	pty_keys(&p, "q");
	assert_int_equal(pty_status(&p), 0);
	pty_wait_restored(&p);
	pty_close(&p);
}

static void torn_anywhere(void **state)
{
	unsigned count = number("GTV_TEST_DAMAGED", 5);
	char what[64], kept[TORN];

	(void)state;
	for (unsigned i = 0; i < count; i++) {
		size_t at = (size - TORN) * i / count;

		snprintf(what, sizeof(what), "%d bytes from %zu torn out", TORN, at);
		memcpy(kept, whole + at, TORN);
		memset(whole + at, 0, TORN);
		spill(size);
		memcpy(whole + at, kept, TORN);
		judge(what);
	}
}

static void flipped_anywhere(void **state)
{
	unsigned count = number("GTV_TEST_DAMAGED", 5);
	unsigned seed = number("GTV_TEST_SEED", 20261122);
	char what[64];

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (unsigned i = 0; i < count; i++) {
		size_t at = (size_t)rand() % size;
		char bit = (char)(1 << rand() % 8);

		snprintf(what, sizeof(what), "bit %#x of byte %zu flipped", bit & 0xff, at);
		whole[at] ^= bit;
		spill(size);
		whole[at] ^= bit;
		judge(what);
	}
}

/* Keys come from the terminal though standard input is something else. */
static void beside_a_pipe(void **state)
{
	struct pty p;
	char line[PTY_LINE];
	const char *const argv[] = {"/bin/sh", "-c", line, NULL};

	(void)state;
	spill(size);
	for (int i = 0; i < 2; i++) {
		snprintf(line, sizeof(line),
			 i ? "echo words | %s replay %s" : "%s replay %s </dev/null",
			 pty_gtviz(), damaged);
		pty_start(&p, COLS, ROWS, (char *const *)argv);
		pty_wait_taken(&p);
		pty_wait_text(&p, "┬");
		pty_keys(&p, "?");
		pty_wait_text(&p, "help");
		pty_keys(&p, "q");
		assert_int_equal(pty_status(&p), 0);
		pty_wait_restored(&p);
		pty_close(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_anywhere),	 cmocka_unit_test(it_is_said),
		cmocka_unit_test(torn_anywhere), cmocka_unit_test(flipped_anywhere),
		cmocka_unit_test(beside_a_pipe),
	};

	return cmocka_run_group_tests(tests, record, remove_dir);
}
