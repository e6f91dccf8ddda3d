/* SPDX-License-Identifier: MIT
 *
 * `gtviz shot`: every view in every format, from the golden file; overlays and the cursor
 * by options; help as the user has bound the keys.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tracer/cmd/options.h"
#include "tui/scene/settings.h"
#include "tui/app/shot.h"
#include "tui/scene/view.h"

#define TRACE "tests/golden/trace-2026-11.gtv"
#define COLS  100
#define ROWS  30

static char out_path[] = "/tmp/gtviz-shot-XXXXXX";

/* What the command line prints, as one string to be freed; the status in *rc. */
static char *shot(const char *const *more, int *rc)
{
	char *argv[24] = {"gtviz", "shot", TRACE, "--size", "100x30", "-o", out_path};
	struct gtv_options opts;
	struct gtv_err err;
	int argc = 7, fd;
	char *text = calloc(1, 4 << 20);
	ssize_t n;

	for (; *more; more++)
		argv[argc++] = (char *)(uintptr_t)*more;
	assert_non_null(text);
	assert_int_equal(gtv_options_parse(&opts, argc, argv, &err), 0);
	fd = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	close(fd);
	*rc = tui_shot(&opts);
	fd = open(out_path, O_RDONLY);
	assert_true(fd >= 0);
	n = read(fd, text, (4 << 20) - 1);
	assert_true(n >= 0);
	close(fd);
	return text;
}

static int lines_of(const char *text)
{
	int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* The first word of the title is in all three. */
static void every_view_in_every_format(void **state)
{
	static const char *const format[] = {"text", "ansi", "svg"};

	(void)state;
	for (int v = 0; tui_views[v]; v++)
		for (int f = 0; f < 3; f++) {
			const char *more[12] = {"--view",  tui_views[v]->name, "--format",
						format[f], "--select",	       "G3"};
			int rc, n = 6;
			if (tui_views[v]->id == TUI_VIEW_COMPARE)
				more[n++] = TRACE;
			more[n] = NULL;
			char *text = shot(more, &rc);
			/* The hall's picture has no title bar. */
			const char *title =
				tui_views[v]->id == TUI_VIEW_PRESENTER ? "" : "gtviz";
			if (rc || !*text || !strstr(text, title))
				fail_msg("%s as %s", tui_views[v]->name, format[f]);
			if (f == 0)
				assert_int_equal(lines_of(text), ROWS);
			assert_int_equal(strstr(text, "\033[") != NULL, f == 1);
			assert_int_equal(strstr(text, "<svg") != NULL, f == 2);
			if (f == 2)
				assert_non_null(strstr(text, "</svg>"));
			free(text);
		}
}

static void overlays(void **state)
{
	int rc;
	char *text = shot((const char *const[]){"--critical", "--select", "G3", NULL}, &rc);

	(void)state;
	assert_int_equal(rc, 0);
	assert_non_null(strstr(text, "critical"));
	free(text);
	text = shot((const char *const[]){"--at", "2500us", "--view", "events", NULL}, &rc);
	assert_int_equal(rc, 0);
	assert_non_null(strstr(text, "0.002 5"));
	free(text);
	text = shot((const char *const[]){"--at", "10s", NULL}, &rc);
	assert_int_not_equal(rc, 0);
	free(text);
}

static const struct tui_key_binding *binding_of(enum tui_action action)
{
	const struct tui_key_binding *b = tui_keys;

	while (b->action != action)
		b++;
	return b;
}

static void keys_as_they_are_bound(void **state)
{
	struct tui_keymap map = {.count = 0};
	struct gtv_err err;
	char buf[32];

	(void)state;
	const struct tui_key_binding *in = binding_of(TUI_ACT_ZOOM_IN),
				     *out = binding_of(TUI_ACT_ZOOM_OUT);

	assert_string_equal(tui_keymap_words(NULL, in, buf, sizeof(buf)), "w +");
	assert_string_equal(tui_keymap_words(&map, in, buf, sizeof(buf)), "w +");
	assert_int_equal(tui_keymap_bind(&map, "w", "zoom-out", &err), 0);
	assert_int_equal(tui_keymap_bind(&map, "F", "zoom-in", &err), 0);
	assert_string_equal(tui_keymap_words(&map, in, buf, sizeof(buf)), "+ F");
	assert_string_equal(tui_keymap_words(&map, out, buf, sizeof(buf)), "s - w");
	assert_int_equal(tui_keymap_bind(&map, "+", "none", &err), 0);
	assert_string_equal(tui_keymap_words(&map, in, buf, sizeof(buf)), "F");
	/* Each of the table's keys does what the help says, bound or not. */
	for (const struct tui_key_binding *b = tui_keys; b->keys; b++)
		assert_true(*tui_keymap_words(NULL, b, buf, sizeof(buf)));
}

static int begin(void **state)
{
	int fd = mkstemp(out_path);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int end(void **state)
{
	(void)state;
	return unlink(out_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_view_in_every_format),
		cmocka_unit_test(overlays),
		cmocka_unit_test(keys_as_they_are_bound),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
