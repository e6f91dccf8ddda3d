/* SPDX-License-Identifier: MIT
 *
 * Talks as text: what is read, what stays from step to step, and that each fault is told
 * with its line and how to mend it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tui/app/talk.h"
#include "tui/scene/talk.h"

static int last_line;
static char last_what[320], last_mend[320];

static void keep_fault(void *arg, int line, const char *what, const char *mend)
{
	(void)arg;
	last_line = line;
	snprintf(last_what, sizeof(last_what), "%s", what);
	snprintf(last_mend, sizeof(last_mend), "%s", mend);
}

static struct tui_talk *parse(const char *text, int faults)
{
	struct tui_talk_faults f = {.fault = keep_fault};
	struct tui_talk *t = tui_talk_parse(text, strlen(text), "talks/", &f);

	assert_non_null(t);
	if (f.count != faults)
		print_message("line %d: %s (%s)\n", last_line, last_what, last_mend);
	assert_int_equal(f.count, faults);
	return t;
}

static const char whole[] = "# A comment, and a blank line\n"
			    "\n"
			    "talk \"One lock \\\"GIL\\\"\"\n"
			    "chapter \"Fight\"   # so\n"
			    "  run --policy gil3 --irq fib 30 2\n"
			    "  recording fight.gtv\n"
			    "  expect wait>2ms\n"
			    "  within 5s\n"
			    "  window 40ms\n"
			    "step\n"
			    "  caption \"Two threads,\" \"one lock.\"\n"
			    "  lanes C0 C1 GIL\n"
			    "  note \"First.\"\n"
			    "  note \"Then.\"\n"
			    "step\n"
			    "  at wait G3\n"
			    "  big \"{span}\"\n"
			    "  wait 3s\n"
			    "chapter \"Peace\"\n"
			    "  recording peace.gtv\n"
			    "step\n"
			    "  at mark done 2\n"
			    "  play 0.01\n"
			    "  view threads\n";

static void reads_all(void **state)
{
	struct tui_talk *t = parse(whole, 0);
	char path[256];

	(void)state;
	assert_string_equal(t->title, "One lock \"GIL\"");
	assert_int_equal(t->chapters, 2);
	assert_int_equal(t->steps, 3);
	assert_string_equal(t->chapter[0].run[0], "--policy");
	assert_string_equal(t->chapter[0].run[tui_talk_program(&t->chapter[0])], "fib");
	assert_int_equal(t->chapter[0].within_ns, 5000000000ull);
	assert_int_equal(t->chapter[0].expect.alts, 1);
	assert_string_equal(tui_talk_path(t, t->chapter[0].recording, path, sizeof(path)),
			    "talks/fight.gtv");
	assert_string_equal(tui_talk_path(t, t->chapter[1].recording, path, sizeof(path)),
			    "talks/peace.gtv");
	/* The second step has what the first said, but not its notes. */
	const struct tui_talk_step *s = t->step;

	assert_string_equal(s[0].notes, "First.\nThen.");
	assert_int_equal(s[0].window_ns, 40000000);
	assert_int_equal(s[1].window_ns, 40000000);
	assert_string_equal(s[1].caption[1], "one lock.");
	assert_int_equal(s[1].lanes, 3);
	assert_null(s[1].notes);
	assert_int_equal(s[1].at, TUI_AT_WAIT);
	assert_string_equal(s[1].at_lane, "G3");
	assert_int_equal(s[1].wait, TUI_WAIT_TIME);
	/* A chapter begins anew. */
	assert_int_equal(s[2].lanes, 0);
	assert_string_equal(s[2].caption[0], "");
	assert_int_equal(s[2].at, TUI_AT_HIT);
	assert_int_equal(s[2].at_nth, 2);
	assert_int_equal(s[2].play_permille, 10);
	assert_int_equal(s[2].view, TUI_VIEW_THREADS);
	tui_talk_free(t);
}

/* Each line is put alone into a step; the talk is whole but for it. */
static void each_fault_is_told(void **state)
{
	static const struct {
		const char *line, *what, *mend;
	} faults[] = {
		{"captoin \"x\"", "nobody knows", "caption"},
		{"caption", "too few", "caption \"LINE\""},
		{"caption \"a\" \"b\" \"c\"", "too many", "caption \"LINE\""},
		{"caption \"a", "does not end", "close"},
		{"view nowhere", "no view", "gtviz help shot"},
		{"rows sheep", "no rows", "worker"},
		{"lanes 1 2 3 4 5 6 7 8 9", "hall sees 8", "fewer"},
		{"window soon", "no time", "40ms"},
		{"window 0ms", "shows nothing", "all"},
		{"at nowhere", "no place", "finding NAME"},
		{"at mark", "not said", "mark NAME"},
		{"at finding sheep", "sheep", ""},
		{"at mark x 0", "not which", "first"},
		{"play backwards", "no speed", "real time"},
		{"play 11", "no speed", "real time"},
		{"critical maybe", "maybe", "on or off"},
		{"wait for", "no time", "40ms"},
		{"run fib", "belongs to the chapter", "before"},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		snprintf(text, sizeof(text),
			 "talk \"T\"\nchapter \"C\"\nrecording x.gtv\nstep\n%s\n",
			 faults[i].line);
		struct tui_talk *t = parse(text, 1);

		assert_int_equal(last_line, 5);
		if (!strstr(last_what, faults[i].what) ||
		    !strstr(last_mend, faults[i].mend))
			fail_msg("%s: %s (%s)", faults[i].line, last_what, last_mend);
		tui_talk_free(t);
	}
}

static void the_whole_is_looked_at(void **state)
{
	(void)state;
	tui_talk_free(parse("", 2));		       /* title, chapter */
	tui_talk_free(parse("talk \"T\"\nstep\n", 2)); /* step, no chapter */
	tui_talk_free(parse("talk \"T\"\nchapter \"C\"\nrun x\n", 1)); /* no step */
	assert_int_equal(last_line, 2);
	tui_talk_free(parse("talk \"T\"\nchapter \"C\"\nstep\n", 1)); /* nothing to show */
	tui_talk_free(parse("talk \"T\"\nchapter \"C\"\nrun --irq\nstep\n", 1));
	assert_int_equal(last_line, 3);
}

/* Its manual page has each directive and each key. */
static void manual_has_all(void **state)
{
	static const char *const keys[] = {
#define X(keys, help) keys,
		TUI_TALK_KEYS(X)
#undef X
	};
	char *page, item[128];
	FILE *f = fopen("docs/gtviz-talk.5", "r");
	size_t size = 0, n;

	(void)state;
	assert_non_null(f);
	page = calloc(1, 65536);
	assert_non_null(page);
	while ((n = fread(page + size, 1, 65535 - size, f)) > 0)
		size += n;
	fclose(f);
	for (int i = 0; tui_talk_directive(i); i++) {
		snprintf(item, sizeof(item), "\n.It Ic %s", tui_talk_directive(i));
		if (!strstr(page, item))
			fail_msg("docs/gtviz-talk.5: nothing of \"%s\"",
				 tui_talk_directive(i));
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		snprintf(item, sizeof(item), "\n.It Ic %.*s", (int)strcspn(keys[i], "."),
			 keys[i]);
		if (!strstr(page, item))
			fail_msg("docs/gtviz-talk.5: nothing of the keys %s", keys[i]);
	}
	free(page);
}

/* Bytes of any kind: told, never a crash (ASan watches). */
static void senseless_bytes(void **state)
{
	unsigned seed = 1;
	char text[600];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		size_t size = sizeof(whole) - 1;

		memcpy(text, whole, size);
		for (int i = 0; i < 8; i++) {
			seed = seed * 1103515245u + 12345u;
			text[(seed >> 8) % size] = (char)(seed >> 20);
		}
		struct tui_talk_faults f = {.fault = keep_fault};
		struct tui_talk *t = tui_talk_parse(text, (seed >> 4) % size, "", &f);

		assert_non_null(t);
		tui_talk_free(t);
	}
}

/* Whoever wrote it: the trace goes nowhere else, and nobody becomes root. */
static void a_strangers_talk(void **state)
{
	static const char *const bad[] = {
		"run --as-root x a", "run -o x a",	 "run -ox b a",
		"run -p 1 a",	     "run --output=x a", "run --pid 1 a",
		"recording /etc/x",  "recording ../x",	 "recording a/../../x",
	};
	static const char *const good[] = {
		"run --policy gil3 a -o x",
		"run a --as-root",
		"recording a..b/x.gtv",
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "talk \"T\"\nchapter \"C\"\n%s\nstep\n",
			 bad[i]);
		tui_talk_free(parse(text, 1));
		assert_int_equal(last_line, 3);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(text, sizeof(text), "talk \"T\"\nchapter \"C\"\n%s\nstep\n",
			 good[i]);
		tui_talk_free(parse(text, 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all),
		cmocka_unit_test(each_fault_is_told),
		cmocka_unit_test(the_whole_is_looked_at),
		cmocka_unit_test(manual_has_all),
		cmocka_unit_test(senseless_bytes),
		cmocka_unit_test(a_strangers_talk),
	};
	return cmocka_run_group_tests_name("talk", tests, NULL, NULL);
}
