/* SPDX-License-Identifier: MIT
 *
 * The command line: what is meant by what is typed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tracer/cmd/options.h"
#include "tracer/store/block.h"

#define ARGS_MAX 16

static struct gtv_options opts;
static struct gtv_err err;
static char *args[ARGS_MAX + 1];
static char line[512];

/* Parses a command line of words parted by single spaces. */
static int parse(const char *text)
{
	int argc = 0;

	snprintf(line, sizeof(line), "%s", text);
	for (char *word = strtok(line, " "); word && argc < ARGS_MAX;
	     word = strtok(NULL, " "))
		args[argc++] = word;
	args[argc] = NULL;
	memset(&err, 0, sizeof(err));
	return gtv_options_parse(&opts, argc, args, &err);
}

static void good(const char *text)
{
	if (parse(text))
		fail_msg("%s: %s: %s", text, err.what, err.why);
}

static void bad(const char *text, const char *what)
{
	assert_int_equal(parse(text), -GTV_EUSAGE);
	assert_int_equal(err.code, GTV_EUSAGE);
	if (!strstr(err.what, what))
		fail_msg("%s: the error is about \"%s\", not \"%s\"", text, err.what, what);
	assert_true(err.why[0] != 0);
	assert_true(err.mend[0] != 0);
}

static void a_program_and_what_is_its_own(void **state)
{
	(void)state;
	good("gtviz ./prog -o x --json");
	assert_int_equal(opts.command, GTV_COMMAND_RUN);
	assert_string_equal(opts.program[0], "./prog");
	assert_string_equal(opts.program[1], "-o");
	assert_string_equal(opts.program[3], "--json");
	assert_null(opts.program[4]);
	assert_null(opts.output);
	assert_int_equal(opts.level, -1);

	good("gtviz -o x --level 1 run --policy gil3 -- --odd --help");
	assert_int_equal(opts.command, GTV_COMMAND_RUN);
	assert_string_equal(opts.program[0], "--odd");
	assert_string_equal(opts.output, "x");
	assert_string_equal(opts.policy, "gil3");
	assert_int_equal(opts.level, 1);

	good("gtviz -- report");
	assert_int_equal(opts.command, GTV_COMMAND_RUN);
	assert_string_equal(opts.program[0], "report");

	good("gtviz record -ofile --buffer=64K --all --as-root prog -- x");
	assert_int_equal(opts.command, GTV_COMMAND_RECORD);
	assert_string_equal(opts.output, "file");
	assert_int_equal(opts.ring_bytes, 65536);
	assert_true(opts.all && opts.as_root);
	assert_string_equal(opts.program[1], "--");
}

static void options_before_and_after_a_file(void **state)
{
	(void)state;
	good("gtviz report f.gtv --json");
	assert_int_equal(opts.command, GTV_COMMAND_REPORT);
	assert_string_equal(opts.file, "f.gtv");
	assert_true(opts.json);
	good("gtviz --json report f.gtv");
	assert_true(opts.json);
	good("gtviz events --from 1.5s f.gtv --to 1600ms --lane C0 --kind gt_yield --csv");
	assert_int_equal(opts.from_ns, 1500000000);
	assert_int_equal(opts.to_ns, 1600000000);
	assert_string_equal(opts.lane, "C0");
	assert_string_equal(opts.kind, "gt_yield");
	good("gtviz shot f --size 80x24 --view explain --format svg -o -");
	assert_int_equal(opts.cols_count, 80);
	assert_int_equal(opts.rows_count, 24);
	assert_int_equal(opts.format, GTV_FORMAT_SVG);
	assert_string_equal(opts.output, "-");
	good("gtviz check -");
	assert_string_equal(opts.file, "-");
	good("gtviz check -- -odd");
	assert_string_equal(opts.file, "-odd");
}

static void wrong_usage_is_one_clear_line(void **state)
{
	(void)state;
	bad("gtviz", "no program");
	bad("gtviz record -o f", "record");
	bad("gtviz record prog", "record");
	bad("gtviz report", "report");
	bad("gtviz report a b", "b");
	bad("gtviz replay a b c", "c");
	bad("gtviz report a b", "b");
	bad("gtviz doctor a", "a");
	bad("gtviz help nothing", "nothing");
	bad("gtviz --nonsense prog", "--nonsense");
	bad("gtviz -x prog", "-x");
	good("gtviz --cast=f prog");
	bad("gtviz export f", "export");
	bad("gtviz report f --csv", "--csv");
	bad("gtviz events f --csv --json", "--csv");
	bad("gtviz record -o", "-o");
	bad("gtviz record -o f --all=yes prog", "--all=yes");
	bad("gtviz --level 4 prog", "--level");
	good("gtviz --level 2 prog");
	bad("gtviz --buffer 1 prog", "--buffer");
	bad("gtviz --rings 0 prog", "--rings");
	bad("gtviz --rings 4097 prog", "--rings");
	bad("gtviz --rings 8x prog", "--rings");
	bad("gtviz run --param interval=1ms prog", "--param");
	bad("gtviz --buffer 10s prog", "--buffer");
	bad("gtviz --buffer 8MB prog", "--buffer");
	bad("gtviz shot f --size 80", "--size");
	bad("gtviz shot f --size 0x10", "--size");
	bad("gtviz shot f --size 80x24x1", "--size");
	bad("gtviz shot f --size 4000x24", "--size");
	bad("gtviz shot f --format png", "--format");
	bad("gtviz events f --from 10", "--from");
	bad("gtviz events f --from 2s --to 1s", "--to");
}

static void help_needs_nothing_else(void **state)
{
	(void)state;
	good("gtviz --help");
	assert_int_equal(opts.command, GTV_COMMAND_HELP);
	good("gtviz --version");
	assert_true(gtv_options_given(&opts, GTV_OPTION_VERSION));
	good("gtviz record --help");
	assert_int_equal(opts.command, GTV_COMMAND_RECORD);
	good("gtviz help shot");
	assert_string_equal(opts.topic, "shot");
	good("gtviz help --man-options");
	assert_true(gtv_options_given(&opts, GTV_OPTION_MAN_OPTIONS));
}

static void times(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} fine[] = {
		{"1.5s", 1500000000}, {"20ms", 20000000},   {"300us", 300000},
		{"300µs", 300000},    {"7ns", 7},	    {"0", 0},
		{"0.1s", 100000000},  {"0.0000000019s", 1}, {"1.000001ms", 1000001},
		{"2.9ns", 2},
	};
	static const char *const wrong[] = {"",
					    "1",
					    "s",
					    "1.s",
					    ".5s",
					    "-1s",
					    "1 s",
					    "1h",
					    "1e3s",
					    "1.5",
					    "0.0",
					    "+1s",
					    "1ss",
					    "1,5s",
					    "99999999999999999999s",
					    "18446744074s"};
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++) {
		assert_int_equal(gtv_options_time(fine[i].text, &ns), 0);
		assert_int_equal(ns, fine[i].ns);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (!gtv_options_time(wrong[i], &ns))
			fail_msg("\"%s\" was taken for a time", wrong[i]);
}

static void sizes(void **state)
{
	size_t bytes;

	(void)state;
	assert_int_equal(gtv_options_bytes("4096", &bytes), 0);
	assert_int_equal(bytes, 4096);
	assert_int_equal(gtv_options_bytes("3m", &bytes), 0);
	assert_int_equal(bytes, 3 << 20);
	assert_int_equal(gtv_options_bytes("1G", &bytes), 0);
	assert_int_equal(bytes, 1 << 30);
	assert_true(gtv_options_bytes("", &bytes) < 0);
	assert_true(gtv_options_bytes("K", &bytes) < 0);
	assert_true(gtv_options_bytes("1KB", &bytes) < 0);
	assert_true(gtv_options_bytes("99999999999G", &bytes) < 0);
}

/* Parses `gtviz [--] FILE` of a file with these bytes at its begin. */
static void parse_file(const char *dashes, const char *bytes, size_t size)
{
	static char path[32];
	char text[64];
	int fd;

	strcpy(path, "/tmp/gtv-options-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (int)size);
	close(fd);
	snprintf(text, sizeof(text), "gtviz %s%s", dashes, path);
	good(text);
	unlink(path);
	assert_string_equal(opts.program ? opts.program[0] : opts.file, path);
}

/* What begins as a trace is opened again; anything else is a program. */
static void a_trace_or_a_program(void **state)
{
	(void)state;
	parse_file("", "#!/bin/sh\n", 10);
	assert_int_equal(opts.command, GTV_COMMAND_RUN);
	parse_file("", GTV_BLOCK_MAGIC "x", GTV_MAGIC_BYTES + 1);
	assert_int_equal(opts.command, GTV_COMMAND_REPLAY);
	parse_file("", GTV_BLOCK_MAGIC, GTV_MAGIC_BYTES - 1);
	assert_int_equal(opts.command, GTV_COMMAND_RUN);
	parse_file("-- ", GTV_BLOCK_MAGIC "x", GTV_MAGIC_BYTES + 1);
	assert_int_equal(opts.command, GTV_COMMAND_RUN);
}

/* Each line of the list has the fields it promises. */
static void the_list_for_the_manual(void **state)
{
	char *text = NULL, *save = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int options = 0, cmds = 0;

	(void)state;
	gtv_options_man(out);
	fclose(out);
	for (char *row = strtok_r(text, "\n", &save); row;
	     row = strtok_r(NULL, "\n", &save)) {
		int tabs = 0;

		for (const char *p = row; *p; p++)
			tabs += *p == '\t';
		if (!strncmp(row, "option\t", 7)) {
			options++;
			assert_int_equal(tabs, 5);
		} else if (!strncmp(row, "finding\t", 8)) {
			assert_int_equal(tabs, 1);
		} else if (!strncmp(row, "threshold\t", 10)) {
			assert_int_equal(tabs, 2);
		} else {
			cmds++;
			assert_int_equal(tabs, 3);
		}
	}
	assert_int_equal(options, GTV_OPTION_MAX);
	assert_int_equal(cmds, GTV_COMMAND_MAX);
	free(text);
}

static void only_the_last_so_much(void **state)
{
	(void)state;
	good("gtviz record --ring 64M -o x prog");
	assert_int_equal(opts.keep_bytes, 64u << 20);
	assert_int_equal(opts.keep_ns, 0);
	good("gtviz record --ring=30s -o x prog");
	assert_int_equal(opts.keep_bytes, 0);
	assert_int_equal(opts.keep_ns, 30000000000u);
	bad("gtviz record --ring 3 -o x prog", "--ring");
	bad("gtviz record --ring much -o x prog", "--ring");
	bad("gtviz record --ring 64M -o - prog", "--ring");
	good("gtviz run --ring 64M prog");
	assert_null(opts.output);
	bad("gtviz replay --ring 64M x", "--ring");
}

static void a_process_instead_of_a_program(void **state)
{
	(void)state;
	good("gtviz -p 4711");
	assert_int_equal(opts.command, GTV_COMMAND_RUN);
	assert_string_equal(opts.attach, "4711");
	assert_null(opts.program);
	good("gtviz record --pid=sshd -o x");
	assert_int_equal(opts.command, GTV_COMMAND_RECORD);
	assert_string_equal(opts.attach, "sshd");
	bad("gtviz record -p 4711", "record");
	bad("gtviz -p 4711 ./prog", "-p");
	bad("gtviz -p", "-p");
	bad("gtviz report -p 1 x.gtv", "--pid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_instead_of_a_program),
		cmocka_unit_test(only_the_last_so_much),
		cmocka_unit_test(a_program_and_what_is_its_own),
		cmocka_unit_test(options_before_and_after_a_file),
		cmocka_unit_test(wrong_usage_is_one_clear_line),
		cmocka_unit_test(help_needs_nothing_else),
		cmocka_unit_test(times),
		cmocka_unit_test(sizes),
		cmocka_unit_test(a_trace_or_a_program),
		cmocka_unit_test(the_list_for_the_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
